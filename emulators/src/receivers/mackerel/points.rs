//! The body of a service metrics post: what the API takes, what it refuses, and what it takes although
//! a careful client would not send it.
//!
//! Pure. Statuses marked "assumed" in the comments are nowhere documented.

use std::collections::BTreeSet;

use serde_json::{Number, Value};

/// Metrics are kept by the minute.
const MINUTE: i64 = 60;
/// Points this far from the present, in seconds, are dropped without a word (ahead: assumed).
const DAY: i64 = 24 * 60 * 60;
/// A lint of ours: the service documents no limit.
const LONGEST_NAME: usize = 128;

/// One value of a service metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The metric's name.
    pub name: String,
    /// Unix seconds, without their fraction.
    pub time: i64,
    /// The number as it was written.
    pub value: Number,
}

impl Point {
    /// Does the service record it, or is it more than a day away from `now` (Unix seconds)?
    #[must_use]
    pub fn is_recorded(&self, now: i64) -> bool {
        (now - DAY..=now + DAY).contains(&self.time)
    }

    /// The minute that it is recorded under, in Unix seconds.
    #[must_use]
    pub fn minute(&self) -> i64 {
        self.time - self.time.rem_euclid(MINUTE)
    }
}

/// The points of a body, in order.
///
/// # Errors
/// Why the whole body is refused with 400 (assumed: one bad element refuses all).
pub fn parse(body: &[u8]) -> Result<Vec<Point>, String> {
    let value: Value = serde_json::from_slice(body).map_err(|e| format!("invalid JSON: {e}"))?;
    let Value::Array(elements) = value else {
        return Err("the body is not an array".to_owned());
    };
    let point = |(index, element)| point(element).map_err(|why| format!("[{index}]: {why}"));
    elements.iter().enumerate().map(point).collect()
}

fn point(element: &Value) -> Result<Point, String> {
    let member = |key| element.get(key).ok_or_else(|| format!("{key} is missing"));
    let name = member("name")?.as_str().ok_or("name is not a string")?;
    let is_valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.is_empty() || !name.chars().all(is_valid) {
        return Err(format!("invalid metric name: {name:?}"));
    }
    let time = member("time")?.as_f64().ok_or("time is not a number")?;
    let Value::Number(value) = member("value")? else {
        return Err("value is not a number".to_owned());
    };
    // A time may have a fraction. The conversion saturates, far outside of what is recorded.
    let time = time.floor() as i64;
    Ok(Point { name: name.to_owned(), time, value: value.clone() })
}

/// What the service takes but our clients must not send.
#[must_use]
pub fn lint(points: &[Point]) -> Vec<String> {
    let mut breaches = Vec::new();
    if points.is_empty() {
        breaches.push("the array is empty".to_owned());
    }
    let mut seen = BTreeSet::new();
    for point in points {
        let (name, minute) = (&point.name, point.minute());
        if !seen.insert((name, minute)) {
            breaches.push(format!("{name} has two values for {minute} in one request"));
        }
    }
    for name in points.iter().map(|p| p.name.as_str()).collect::<BTreeSet<_>>() {
        if name.starts_with('.') || name.ends_with('.') || name.contains("..") {
            breaches.push(format!("{name:?} has a dot in a wrong place"));
        }
        if name.len() > LONGEST_NAME {
            breaches.push(format!("{name:?} has {} characters", name.len()));
        }
    }
    breaches
}
