//! The answer: a message of strangers, read whole or not at all, as miekg/dns reads it.

use super::query::{Query, Question};
use super::record::Record;
use super::wire::{Malformed, Reader};

/// What an answer may come to as text. A message has at most 64 KiB, of which real ones make a few hundred.
pub(super) const MOST_TEXT: usize = 1 << 20;

/// What a server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) id: u16,
    is_response: bool,
    questions: Vec<Question>,
    /// The code, with the upper bits of an OPT record if there is one.
    pub(super) rcode: u16,
    pub(super) answer: Vec<Record>,
    pub(super) authority: Vec<Record>,
    pub(super) additional: Vec<Record>,
}

impl Answer {
    /// Reads a message. One that ends where a record would begin has fewer records than it says, as in the original.
    pub(super) fn read(message: &[u8]) -> Result<Self, Malformed> {
        const RESPONSE: u16 = 0x8000;
        let mut reader = Reader::new(message, 0);
        let too_short = Malformed("it is shorter than a header");
        let mut word = || reader.u16().map_err(|_| too_short);
        let (id, flags) = (word()?, word()?);
        let counts = [word()?, word()?, word()?, word()?];
        let mut questions = Vec::new();
        for _ in 0..counts[0] {
            if reader.is_done() {
                break;
            }
            questions.push(Question::read(&mut reader)?);
        }
        let mut left = MOST_TEXT;
        let answer = section(counts[1], &mut reader, &mut left)?;
        let authority = section(counts[2], &mut reader, &mut left)?;
        let additional = section(counts[3], &mut reader, &mut left)?;
        let upper = additional.iter().rev().find_map(|record| record.upper_rcode);
        let rcode = flags & 15 | upper.unwrap_or_default();
        let is_response = flags & RESPONSE != 0;
        Ok(Self { id, is_response, questions, rcode, answer, authority, additional })
    }

    /// What is wrong with it as the answer to this query, beyond its transaction. Some servers that refuse leave the
    /// question out.
    pub(super) fn mismatch(&self, query: &Query) -> Option<&'static str> {
        if !self.is_response {
            return Some("what came back is a query, not an answer");
        }
        let is_asked = self.questions.iter().all(|question| query.is_asked_in(question));
        (!is_asked).then_some("what came back answers another question")
    }

    /// The serial number of the zone: that of the last SOA record of the answer, 0 where there is none.
    pub(super) fn serial(&self) -> u32 {
        self.answer.iter().rev().find_map(|record| record.serial).unwrap_or_default()
    }
}

fn section(
    count: u16,
    reader: &mut Reader<'_>,
    left: &mut usize,
) -> Result<Vec<Record>, Malformed> {
    // The count is the sender's word; room is made for what is there.
    let mut records = Vec::new();
    for _ in 0..count {
        if reader.is_done() {
            break;
        }
        let record = Record::read(reader)?;
        let rest = left.checked_sub(record.text.len());
        *left = rest.ok_or(Malformed("it is too large as a text"))?;
        records.push(record);
    }
    Ok(records)
}

#[cfg(test)]
mod tests;
