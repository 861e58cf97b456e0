//! The frame of gzip (RFC 1952) around deflate, a piece at a time, members one after another.

use flate2::{Crc, Decompress};

use super::decode::{DecodeError, Decoded, inflate};

/// Takes members apart.
pub(super) struct Gzip {
    state: State,
    inflate: Decompress,
    checksum: Crc,
    /// Whether a member has come to its end.
    had_member: bool,
}

/// What comes next.
enum State {
    /// The first bytes of a member, up to the flags; how many were seen.
    Fixed(usize),
    /// What the flags announce.
    Optional(Optional),
    Body,
    /// Checksum and length; those seen so far.
    Trailer(Vec<u8>),
}

/// The optional parts of a header that are still to come.
#[derive(Clone, Copy)]
struct Optional {
    flags: u8,
    /// Of the extra field: how many bytes of its length were seen, and how many are to be skipped.
    extra: (u8, u16),
    /// Bytes of the header's checksum that were seen.
    checksum: u8,
}

const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
const FIXED: usize = 10;
const FLAGS_AT: usize = 3;
const HAS_CHECKSUM: u8 = 1 << 1;
const HAS_EXTRA: u8 = 1 << 2;
const HAS_NAME: u8 = 1 << 3;
const HAS_COMMENT: u8 = 1 << 4;

impl Gzip {
    pub(super) fn new() -> Self {
        Self {
            state: State::Fixed(0),
            inflate: Decompress::new(false),
            checksum: Crc::new(),
            had_member: false,
        }
    }

    /// Decodes some of the input; see [`super::decode::Decoder::step`].
    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Decoded, DecodeError> {
        let mut read = 0;
        while let Some(byte) = input.get(read) {
            if let State::Body = self.state {
                let (decoded, is_over) = inflate(&mut self.inflate, &input[read..], output)?;
                self.checksum.update(&output[..decoded.written]);
                if is_over {
                    self.state = State::Trailer(Vec::new());
                }
                let decoded = Decoded { read: read + decoded.read, written: decoded.written };
                if decoded.written > 0 || !is_over {
                    return Ok(decoded);
                }
                read = decoded.read;
                continue;
            }
            self.frame(*byte)?;
            read += 1;
        }
        Ok(Decoded { read, written: 0 })
    }

    /// One byte outside of the body.
    fn frame(&mut self, byte: u8) -> Result<(), DecodeError> {
        match &mut self.state {
            State::Fixed(seen) => {
                if MAGIC.get(*seen).is_some_and(|expected| *expected != byte) {
                    let reason = "gzip: invalid header";
                    return Err(DecodeError { at_start: !self.had_member, reason });
                }
                // What comes after the flags depends on them: the rest of the ten bytes is skipped there.
                if *seen == FLAGS_AT {
                    self.take_flags(byte);
                } else {
                    *seen += 1;
                }
            }
            State::Optional(optional) => {
                optional.take(byte);
                self.enter_body();
            }
            State::Trailer(seen) => {
                seen.push(byte);
                if seen.len() == 8 {
                    let trailer = std::mem::take(seen);
                    self.end_member(&trailer)?;
                }
            }
            State::Body => {}
        }
        Ok(())
    }

    fn take_flags(&mut self, flags: u8) {
        // Time, extra flags and system follow: six bytes that say nothing to us.
        let skipped = u16::try_from(FIXED - FLAGS_AT - 1).unwrap_or_default();
        self.state = State::Optional(Optional { flags, extra: (2, skipped), checksum: 0 });
    }

    fn enter_body(&mut self) {
        if let State::Optional(optional) = &self.state
            && optional.is_over()
        {
            self.state = State::Body;
        }
    }

    fn end_member(&mut self, trailer: &[u8]) -> Result<(), DecodeError> {
        let number =
            |bytes: &[u8]| bytes.iter().rev().fold(0, |all, byte| all << 8 | u32::from(*byte));
        let (checksum, length) = trailer.split_at(4);
        if number(checksum) != self.checksum.sum() || number(length) != self.checksum.amount() {
            return Err(DecodeError { at_start: false, reason: "gzip: invalid checksum" });
        }
        *self = Self { had_member: true, ..Self::new() };
        Ok(())
    }

    /// Whether the input may end here.
    pub(super) fn finish(&self) -> Result<(), DecodeError> {
        match self.state {
            State::Fixed(0) if self.had_member => Ok(()),
            State::Fixed(_) | State::Optional(_) => Err(DecodeError {
                at_start: !self.had_member,
                reason: "gzip: the header ends early",
            }),
            State::Body | State::Trailer(_) => {
                Err(DecodeError { at_start: false, reason: "gzip: the body ends early" })
            }
        }
    }
}

impl Optional {
    fn take(&mut self, byte: u8) {
        let (seen, skip) = &mut self.extra;
        if *skip > 0 && *seen == 2 {
            *skip -= 1;
        } else if self.flags & HAS_EXTRA != 0 {
            // The length's two bytes, the lower one first; then as many as they say.
            match *seen {
                2 => (*seen, *skip) = (1, u16::from(byte)),
                _ => {
                    (*seen, *skip) = (2, *skip | u16::from(byte) << 8);
                    self.flags &= !HAS_EXTRA;
                }
            }
        } else if self.flags & HAS_NAME != 0 {
            self.flags &= if byte == 0 { !HAS_NAME } else { !0 };
        } else if self.flags & HAS_COMMENT != 0 {
            self.flags &= if byte == 0 { !HAS_COMMENT } else { !0 };
        } else {
            self.checksum += 1;
            self.flags &= if self.checksum == 2 { !HAS_CHECKSUM } else { !0 };
        }
    }

    fn is_over(&self) -> bool {
        let announced = HAS_CHECKSUM | HAS_EXTRA | HAS_NAME | HAS_COMMENT;
        self.extra == (2, 0) && self.flags & announced == 0
    }
}
