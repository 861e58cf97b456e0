//! What holds for any bytes that come back from a web server: the probe ends, with a status that is one, a body inside its limit,
//! and the same outcome a second time.
//!
//! Input: a byte that chooses the compression, then the answer.

use probe::fuzzing::http_answer;

/// `body_size_limit` of the module.
const LIMIT: f64 = 1024.0 * 1024.0;

pub(crate) fn check(input: &[u8]) {
    let answer = http_answer(input);
    for (name, _, value) in &answer.gauges {
        match *name {
            "probe_http_status_code" => {
                let ranges = if answer.succeeded { 200.0..300.0 } else { 0.0..1000.0 };
                assert!(ranges.contains(value), "{name} {value}");
            }
            "probe_http_uncompressed_body_length" => {
                assert!((0.0..=LIMIT).contains(value), "{name} {value}");
            }
            _ => {}
        }
    }
    assert_eq!(http_answer(input), answer, "reading twice finds the same");
}
