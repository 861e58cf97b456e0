//! One answer to every question: the name has the address 192.0.2.1.

/// The header's length.
const HEADER: usize = 12;

/// The answer to a question; `None` where it is no question at all.
pub(super) fn answer(question: &[u8]) -> Option<Vec<u8>> {
    let name = HEADER + name_length(question.get(HEADER..)?)?;
    let asked = question.get(HEADER..name + 4)?;
    let mut answer = Vec::with_capacity(name + 4 + 16);
    answer.extend_from_slice(question.get(..2)?);
    // A response, recursion desired as asked and available, no error.
    answer.extend_from_slice(&[0x80 | (question[2] & 0x01), 0x80]);
    // One question, one answer.
    answer.extend_from_slice(&[0, 1, 0, 1, 0, 0, 0, 0]);
    answer.extend_from_slice(asked);
    // The name of the question, A, IN, 60 seconds, four bytes.
    answer.extend_from_slice(&[0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]);
    Some(answer)
}

/// How many bytes a name takes that is not compressed, its end included.
fn name_length(mut labels: &[u8]) -> Option<usize> {
    let mut length = 1;
    loop {
        match *labels.first()? {
            0 => return Some(length),
            label @ 1..=63 => {
                let label = usize::from(label) + 1;
                length += label;
                labels = labels.get(label..)?;
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUESTION: &[u8] =
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x03com\x00\x00\x01\x00\x01";

    #[test]
    fn a_question_gets_its_own_number_back_and_one_address() {
        let answer = answer(QUESTION).expect("an answer");
        assert_eq!(&answer[..2], &QUESTION[..2]);
        assert_eq!(&answer[12..QUESTION.len()], &QUESTION[12..]);
        assert_eq!(&answer[answer.len() - 4..], &[192, 0, 2, 1]);
    }

    #[test]
    fn whatever_else_comes_gets_nothing() {
        for length in 0..QUESTION.len() {
            assert_eq!(answer(&QUESTION[..length]), None, "{length} bytes");
        }
        assert_eq!(answer(&[0xff; 64]), None);
    }
}
