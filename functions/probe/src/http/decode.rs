//! Decompression, a bounded piece at a time: a few bytes may hold gigabytes, and neither memory nor the other probes are to
//! notice.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use flate2::{Decompress, FlushDecompress, Status};

use super::gzip::Gzip;
use crate::module::Compression;

/// What a body is taken apart with.
pub(super) enum Decoder {
    /// As it is.
    Plain,
    /// Raw deflate, and whether it has come to its end: what follows is nobody's.
    Deflate {
        inflate: Decompress,
        is_over: bool,
    },
    Gzip(Box<Gzip>),
    Brotli {
        state: Box<Brotli>,
        is_over: bool,
    },
}

/// The window is at most 16 MiB: large windows are no part of HTTP.
type Brotli = BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>;

/// How far one step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decoded {
    pub(super) read: usize,
    pub(super) written: usize,
}

/// Why a body is not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DecodeError {
    /// Whether it was so at first sight: there is no header.
    pub(super) at_start: bool,
    pub(super) reason: &'static str,
}

impl Decoder {
    /// The decoder of a compression; none where nobody knows it.
    pub(super) fn of(compression: &Compression) -> Option<Self> {
        Some(match compression {
            Compression::None | Compression::Identity => Self::Plain,
            Compression::Deflate => {
                Self::Deflate { inflate: Decompress::new(false), is_over: false }
            }
            Compression::Gzip => Self::Gzip(Box::new(Gzip::new())),
            Compression::Brotli => {
                let [bytes, numbers, codes] = std::array::from_fn(|_| StandardAlloc::default());
                let state = Box::new(BrotliState::new_strict(bytes, numbers, codes));
                Self::Brotli { state, is_over: false }
            }
            Compression::Unknown(_) => return None,
        })
    }

    /// Decodes some of the input into the output, both not empty. Where nothing was written, all of the input was read.
    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Decoded, DecodeError> {
        let passed_over = Decoded { read: input.len(), written: 0 };
        match self {
            Self::Plain => {
                let length = input.len().min(output.len());
                output[..length].copy_from_slice(&input[..length]);
                Ok(Decoded { read: length, written: length })
            }
            Self::Deflate { is_over: true, .. } | Self::Brotli { is_over: true, .. } => {
                Ok(passed_over)
            }
            Self::Deflate { inflate: state, is_over } => {
                let (decoded, ended) = inflate(state, input, output)?;
                *is_over = ended;
                Ok(if ended && decoded.written == 0 { passed_over } else { decoded })
            }
            Self::Gzip(gzip) => gzip.step(input, output),
            Self::Brotli { state, is_over } => {
                let (decoded, ended) = brotli(state, input, output)?;
                *is_over = ended;
                Ok(if ended && decoded.written == 0 { passed_over } else { decoded })
            }
        }
    }

    /// What is still inside after all input was read: brotli and deflate keep back what does not fit, which may be all that was
    /// left up to the end.
    pub(super) fn flush(&mut self, output: &mut [u8]) -> Result<usize, DecodeError> {
        match self {
            Self::Deflate { is_over: true, .. } | Self::Brotli { is_over: true, .. } => Ok(0),
            Self::Brotli { state, is_over } => {
                let (decoded, ended) = brotli(state, &[], output)?;
                *is_over = ended;
                Ok(decoded.written)
            }
            Self::Deflate { inflate: state, is_over } => {
                let (decoded, ended) = inflate(state, &[], output)?;
                *is_over = ended;
                Ok(decoded.written)
            }
            Self::Plain | Self::Gzip(_) => Ok(0),
        }
    }

    /// Whether the input may end here.
    pub(super) fn finish(&self) -> Result<(), DecodeError> {
        match self {
            Self::Plain
            | Self::Deflate { is_over: true, .. }
            | Self::Brotli { is_over: true, .. } => Ok(()),
            Self::Gzip(gzip) => gzip.finish(),
            Self::Deflate { .. } => Err(broken("deflate: the body ends early")),
            Self::Brotli { .. } => Err(broken("brotli: the body ends early")),
        }
    }
}

/// Decodes raw deflate; also says whether it has come to its end.
pub(super) fn inflate(
    state: &mut Decompress,
    input: &[u8],
    output: &mut [u8],
) -> Result<(Decoded, bool), DecodeError> {
    let (read, written) = (state.total_in(), state.total_out());
    let status = state
        .decompress(input, output, FlushDecompress::None)
        .map_err(|_| broken("deflate: the body is corrupt"))?;
    let done = |total: u64, before: u64| usize::try_from(total - before).unwrap_or(usize::MAX);
    let decoded =
        Decoded { read: done(state.total_in(), read), written: done(state.total_out(), written) };
    Ok((decoded, status == Status::StreamEnd))
}

fn brotli(
    state: &mut Brotli,
    input: &[u8],
    output: &mut [u8],
) -> Result<(Decoded, bool), DecodeError> {
    let (mut available, mut read) = (input.len(), 0);
    let (mut room, mut written, mut total) = (output.len(), 0, 0);
    let result = BrotliDecompressStream(
        &mut available,
        &mut read,
        input,
        &mut room,
        &mut written,
        output,
        &mut total,
        state,
    );
    match result {
        BrotliResult::ResultFailure => Err(broken("brotli: the body is corrupt")),
        other => Ok((Decoded { read, written }, matches!(other, BrotliResult::ResultSuccess))),
    }
}

fn broken(reason: &'static str) -> DecodeError {
    DecodeError { at_start: false, reason }
}
