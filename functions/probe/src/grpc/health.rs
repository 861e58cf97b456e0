//! The messages of gRPC's health service, and how they stand on the wire. Pure.
//!
//! Two messages of one field each: writing them by hand is shorter than what generates them.
//! ([service](https://github.com/grpc/grpc/blob/master/doc/health-checking.md),
//! [framing](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md))

/// The method that is called.
pub(super) const METHOD: &str = "/grpc.health.v1.Health/Check";

/// The names of the states, by number.
pub(super) const STATES: [&str; 4] = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

/// A flag, and the length of the message in four bytes.
const PREFIX: usize = 5;

/// Field 1 with a length in front of its bytes: `service` of the request.
const SERVICE: u8 = 0x0a;

/// The request for the state of a service, framed; "" is the server as a whole.
pub(super) fn request(service: &str) -> Vec<u8> {
    let mut message = Vec::new();
    if !service.is_empty() {
        message.push(SERVICE);
        push_number(&mut message, service.len() as u64);
        message.extend_from_slice(service.as_bytes());
    }
    let mut frame = vec![0];
    frame.extend_from_slice(&u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes());
    frame.extend(message);
    frame
}

/// Why bytes are no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum AnswerError {
    #[error("the answer is compressed, which was not offered")]
    Compressed,
    #[error("the answer is not one whole message")]
    Cut,
    #[error("the answer is no HealthCheckResponse")]
    Message,
}

/// The name of the state in a framed answer.
pub(super) fn answer(frame: &[u8]) -> Result<String, AnswerError> {
    let (prefix, message) = frame.split_at_checked(PREFIX).ok_or(AnswerError::Cut)?;
    let [flag, length @ ..] = prefix else { return Err(AnswerError::Cut) };
    if *flag != 0 {
        return Err(AnswerError::Compressed);
    }
    let length = length.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
    if message.len() != length {
        return Err(AnswerError::Cut);
    }
    // What is not set is 0, and a number that has no name is its own.
    let state = state(message).ok_or(AnswerError::Message)?;
    let known = usize::try_from(state).ok().and_then(|state| STATES.get(state));
    Ok(known.map_or_else(|| state.to_string(), |name| (*name).to_owned()))
}

/// `status`, field 1; the last one counts, and other fields are passed over.
fn state(mut message: &[u8]) -> Option<i32> {
    let mut state = 0;
    while !message.is_empty() {
        let key = take_number(&mut message)?;
        match (key >> 3, key & 7) {
            (1, 0) => state = take_number(&mut message)? as i32,
            (1, _) => return None,
            (0, _) => return None,
            (_, 0) => drop(take_number(&mut message)?),
            (_, 1) => message = message.get(8..)?,
            (_, 2) => {
                let length = usize::try_from(take_number(&mut message)?).ok()?;
                message = message.get(length..)?;
            }
            (_, 5) => message = message.get(4..)?,
            _ => return None,
        }
    }
    Some(state)
}

fn push_number(message: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        message.push(number as u8 | 0x80);
        number >>= 7;
    }
    message.push(number as u8);
}

fn take_number(message: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = message.split_first()?;
        *message = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_request_names_its_service_and_the_whole_server_is_no_name() {
        assert_eq!(request(""), [0, 0, 0, 0, 0]);
        assert_eq!(request("abc"), [0, 0, 0, 0, 5, 0x0a, 3, b'a', b'b', b'c']);
        let long = request(&"x".repeat(300));
        assert_eq!(&long[..8], [0, 0, 0, 1, 0x2f, 0x0a, 0xac, 0x02]);
        assert_eq!(long.len(), 308);
    }

    #[test]
    fn an_answer_is_a_state() {
        for (frame, expected) in [
            (&[0, 0, 0, 0, 2, 8, 1][..], Ok("SERVING")),
            (&[0, 0, 0, 0, 2, 8, 2], Ok("NOT_SERVING")),
            (&[0, 0, 0, 0, 2, 8, 3], Ok("SERVICE_UNKNOWN")),
            (&[0, 0, 0, 0, 0], Ok("UNKNOWN")),
            (&[0, 0, 0, 0, 2, 8, 9], Ok("9")),
            (&[0, 0, 0, 0, 6, 0x12, 1, b'x', 8, 2, 0], Err(AnswerError::Message)),
            (&[0, 0, 0, 0, 5, 0x12, 1, b'x', 8, 2], Ok("NOT_SERVING")),
            (&[0, 0, 0, 0, 7, 0x15, 1, 2, 3, 4, 8, 1], Ok("SERVING")),
            (&[0, 0, 0, 0, 2, 0x0a, 0], Err(AnswerError::Message)),
            (&[0, 0, 0, 0, 3, 0x12, 9, 9], Err(AnswerError::Message)),
            (&[1, 0, 0, 0, 2, 8, 1], Err(AnswerError::Compressed)),
            (&[0, 0, 0, 0, 3, 8, 1], Err(AnswerError::Cut)),
            (&[0, 0, 0, 0, 1, 8, 1], Err(AnswerError::Cut)),
            (&[0, 255, 255, 255, 255], Err(AnswerError::Cut)),
            (&[0, 0, 0], Err(AnswerError::Cut)),
            (&[], Err(AnswerError::Cut)),
        ] {
            assert_eq!(answer(frame), expected.map(str::to_owned), "{frame:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_answer_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _any = answer(&bytes);
            let mut framed = vec![0];
            framed.extend((bytes.len() as u32).to_be_bytes());
            framed.extend(&bytes);
            let _any = answer(&framed);
        }
    }
}
