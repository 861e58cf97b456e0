//! Reading a body: decompressed, counted, and kept as far as somebody wants to look at it.

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Body;

use super::decode::{DecodeError, Decoder};
use crate::frame::{Bodies, Failure, KeptBody, Probe, Reason};
use crate::module::Http;

/// How much of a body is kept for regular expressions where no `body_size_limit` says otherwise. A larger one fails the probe: what
/// lies beyond could not be judged.
const KEPT: u64 = 10 * 1024 * 1024;

/// How much of a body is kept for CEL, whatever `body_size_limit` says: as values, a list of numbers takes twenty times the
/// memory of its text, and an expression looks at each of them.
const KEPT_FOR_CEL: u64 = 256 * 1024;

/// How much is decompressed before others get their turn.
const PIECE: usize = 64 * 1024;

const STEP: &str = "read the body";

/// Who looks at a body once it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    Nobody,
    /// Regular expressions.
    Expressions,
    /// CEL expressions.
    Cel,
}

/// A body that was read, or why not to its end.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Bytes after decompression.
    pub(super) length: u64,
    /// The bytes themselves, if they were wanted.
    pub(super) kept: KeptBody,
    /// What went wrong, if something did.
    pub(super) failure: Option<Failure>,
    /// Whether it was wrong at first sight: no header of the expected compression.
    pub(super) is_undecodable: bool,
}

/// Where decompressed bytes go.
struct Sink<'a> {
    reading: Reading,
    /// How long the body may be.
    limit: u64,
    /// For whom it is kept.
    reader: Reader,
    /// How much of it may be kept.
    most: u64,
    /// Room for it.
    bodies: &'a Bodies,
}

/// Reads a body to its end.
pub(super) async fn read<B>(
    mut body: B,
    module: &Http,
    reader: Reader,
    probe: &Probe<'_>,
) -> Reading
where
    B: Body<Data = Bytes, Error = hyper::Error> + Unpin,
{
    let limit = module.body_size_limit.unwrap_or(u64::MAX);
    let most = match reader {
        Reader::Cel => KEPT_FOR_CEL,
        Reader::Expressions | Reader::Nobody => module.body_size_limit.unwrap_or(KEPT),
    };
    let bodies = &probe.equipment.bodies;
    let mut sink = Sink { reading: Reading::default(), limit, reader, most, bodies };
    // Nobody knows an unknown compression: the body is counted as it comes.
    let mut decoder = Decoder::of(&module.compression).unwrap_or(Decoder::Plain);
    let read = read_into(&mut sink, &mut decoder, &mut body, probe).await;
    sink.reading.failure = read.err().map(|broken| match broken {
        Broken::Wire(failure) => failure,
        Broken::Code(DecodeError { at_start, reason }) => {
            sink.reading.is_undecodable = at_start;
            Failure::new(Reason::Compression, format!("decompress the body: {reason}"))
        }
    });
    sink.reading
}

/// Why reading ended early.
enum Broken {
    Wire(Failure),
    Code(DecodeError),
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        Self::Wire(failure)
    }
}

impl From<DecodeError> for Broken {
    fn from(error: DecodeError) -> Self {
        Self::Code(error)
    }
}

async fn read_into<B>(
    sink: &mut Sink<'_>,
    decoder: &mut Decoder,
    body: &mut B,
    probe: &Probe<'_>,
) -> Result<(), Broken>
where
    B: Body<Data = Bytes, Error = hyper::Error> + Unpin,
{
    let mut piece = match decoder {
        Decoder::Plain => Vec::new(),
        _ => vec![0; PIECE],
    };
    while let Some(frame) = probe.within(STEP, body.frame()).await? {
        let frame = frame.map_err(|error| {
            Failure::new(Reason::Protocol, format!("{STEP}: {}", super::exchange::reason(&error)))
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if let Decoder::Plain = decoder {
            sink.take(&data)?;
        } else {
            decode(sink, decoder, &data, &mut piece, probe).await?;
        }
    }
    Ok(decoder.finish()?)
}

/// Decompresses what came, with a break for others after each piece.
async fn decode(
    sink: &mut Sink<'_>,
    decoder: &mut Decoder,
    mut input: &[u8],
    piece: &mut [u8],
    probe: &Probe<'_>,
) -> Result<(), Broken> {
    loop {
        let written = if input.is_empty() {
            decoder.flush(piece)?
        } else {
            let decoded = decoder.step(input, piece)?;
            input = &input[decoded.read..];
            decoded.written
        };
        if written == 0 && input.is_empty() {
            return Ok(());
        }
        sink.take(&piece[..written])?;
        probe.within(STEP, tokio::task::yield_now()).await?;
    }
}

impl Sink<'_> {
    fn take(&mut self, data: &[u8]) -> Result<(), Failure> {
        let room = self.limit.saturating_sub(self.reading.length);
        let fitting = &data[..data.len().min(usize::try_from(room).unwrap_or(usize::MAX))];
        self.reading.length += fitting.len() as u64;
        if fitting.len() < data.len() {
            let message = format!("the body is larger than body_size_limit, {} bytes", self.limit);
            return Err(Failure::new(Reason::BodySize, message));
        }
        if self.reader == Reader::Nobody {
            return Ok(());
        }
        if self.reading.length > self.most {
            return Err(self.too_large());
        }
        let kept = self.reading.kept.extend(fitting, self.bodies);
        kept.map_err(|no_room| Failure::new(Reason::BodySize, no_room.to_string()))
    }

    fn too_large(&self) -> Failure {
        let why = match self.reader {
            Reader::Cel => "which is as much as CEL expressions look at",
            Reader::Expressions | Reader::Nobody => {
                "which is as much as is kept for expressions; set body_size_limit to keep more"
            }
        };
        let message = format!("the body is larger than {} bytes, {why}", self.most);
        Failure::new(Reason::BodySize, message)
    }
}
