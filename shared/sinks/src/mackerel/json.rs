//! Points on the wire: a JSON list of `{"name": …, "time": …, "value": …}`
//! ([API](https://mackerel.io/api-docs/entry/service-metrics)), and the way back from a body that waited in a store.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize, Serializer};

use super::points::{MOST_BYTES, MOST_POINTS};
use crate::DamagedBody;

/// Mackerel keeps one value a minute.
pub(super) const MINUTE: Duration = Duration::from_secs(60);

/// One value of one metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// The name, shared by all points of its metric: a sink that lags has a hundred thousand of them.
    #[serde(serialize_with = "as_text")]
    pub name: Arc<str>,
    /// Seconds since the epoch, a whole minute.
    pub time: i64,
    /// The value, a finite number.
    pub value: f64,
}

/// The body of one post.
pub fn encode(points: &[Point]) -> Bytes {
    serde_json::to_vec(points).expect("names and finite numbers are JSON").into()
}

fn as_text<S: Serializer>(name: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(name)
}

/// A point as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    time: i64,
    value: f64,
}

/// The points of a body that [`encode`] made.
///
/// # Errors
/// When it is none that we wrote.
pub fn decode(body: &[u8]) -> Result<Vec<Point>, DamagedBody> {
    let length = body.len();
    if length > MOST_BYTES {
        return Err(DamagedBody(format!("its {length} bytes are more than a post holds")));
    }
    // What serde says of a value may repeat it; where it stopped is enough.
    let read: Vec<Read<'_>> = serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        DamagedBody(format!("it is no list of points (line {line}, column {column})"))
    })?;
    match read.len() {
        0 => return Err(DamagedBody("it holds nothing".to_owned())),
        1..=MOST_POINTS => {}
        count => return Err(DamagedBody(format!("its {count} points are more than a post holds"))),
    }
    let points = read.into_iter().map(|Read { name, time, value }| Point {
        name: Arc::from(&*name),
        time,
        value,
    });
    let points: Vec<_> = points.collect();
    let is_ours = |point: &Point| {
        !point.name.is_empty() && point.time.rem_euclid(MINUTE.as_secs().cast_signed()) == 0
    };
    match points.iter().position(|point| !is_ours(point)) {
        Some(at) => Err(DamagedBody(format!("point {} has no name or no whole minute", at + 1))),
        None => Ok(points),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refusal(body: &[u8]) -> String {
        decode(body).expect_err("no body of ours").to_string()
    }

    #[test]
    fn what_is_no_body_of_ours_is_refused_with_a_reason() {
        let many = encode(&vec![Point { name: "a".into(), time: 60, value: 1.0 }; MOST_POINTS + 1]);
        let long = vec![b' '; MOST_BYTES + 1];
        let cases: [(&[u8], &str); 12] = [
            (b"", "it is no list of points (line 1, column "),
            (b"\xff\xfe", "it is no list of points (line 1, column "),
            (b"[]", "it holds nothing"),
            (b"{}", "it is no list of points (line 1, column "),
            (br#"[{"name":"a","time":60,"value":1}"#, "it is no list of points (line 1, column "),
            (
                br#"[{"name":"a","time":60,"value":1e999}]"#,
                "it is no list of points (line 1, column ",
            ),
            (
                br#"[{"name":"a","time":60.5,"value":1}]"#,
                "it is no list of points (line 1, column ",
            ),
            (
                br#"[{"name":"a","time":60,"value":1,"key":"planted"}]"#,
                "it is no list of points (line 1, column ",
            ),
            (br#"[{"name":"a","time":61,"value":1}]"#, "point 1 has no name or no whole minute"),
            (br#"[{"name":"","time":60,"value":1}]"#, "point 1 has no name or no whole minute"),
            (&many, "its 501 points are more than a post holds"),
            (&long, "its 102401 bytes are more than a post holds"),
        ];
        for (body, reason) in cases {
            let text = refusal(body);
            assert!(text.starts_with(&format!("read a kept body: {reason}")), "{text}");
            assert!(!text.contains("planted"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn points_come_back_as_they_were(
            points in proptest::collection::vec(("[A-Za-z0-9._-]{1,128}", any::<i32>(), -1e300..1e300f64), 1..50),
        ) {
            let points: Vec<_> = points
                .into_iter()
                .map(|(name, minute, value)| Point { name: name.into(), time: i64::from(minute) * 60, value })
                .collect();
            let body = encode(&points);
            let back = decode(&body).expect("a body of ours");
            prop_assert_eq!(&back, &points);
            prop_assert_eq!(encode(&back), body);
        }
    }
}
