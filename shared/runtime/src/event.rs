//! What an invocation asks for. Events are read leniently, from a JSON value: what AWS sends may carry anything, what a
//! person types may not, since a misspelt key would silently do something else.

use serde_json::{Map, Value};
use series::{Timestamp, Window};

use crate::hash::StableHash;

/// What one invocation asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The time of the event; absent for "now".
    pub time: Option<Timestamp>,
    /// An explicit window of CloudWatch data, by hand; leaves the state alone.
    pub window: Option<Window>,
    /// Collect and convert, send nothing, keep the state.
    pub dry_run: bool,
    /// The part of the targets that this invocation serves.
    pub shard: Shard,
}

/// One of `count` parts of the targets, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which part.
    pub index: u32,
    /// Of how many.
    pub count: u32,
}

impl Shard {
    /// Whether something with this key belongs to this part. Stable over versions and platforms.
    pub fn holds(self, key: &str) -> bool {
        // The lowest bits of FNV-1a follow from the lowest bits of the bytes alone, and cancel out where a key says a thing
        // twice: the upper half is mixed in.
        let hash = StableHash::of(key);
        (hash ^ hash >> 32) % u64::from(self.count) == u64::from(self.index)
    }
}

impl Default for Shard {
    fn default() -> Self {
        Self { index: 0, count: 1 }
    }
}

/// An event that nobody could have meant.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("event: {0}")]
pub struct EventError(String);

/// The keys that a person may type.
const KEYS: [&str; 5] = ["time", "from", "to", "dry_run", "shard"];

impl Event {
    /// Reads an event: an EventBridge rule's, an EventBridge Scheduler's (own input or default payload), or one by hand.
    pub fn read(event: &Value) -> Result<Self, EventError> {
        let Value::Object(keys) = event else {
            return Err(EventError(format!("must be an object, found {event}")));
        };
        if !is_from_aws(keys) {
            refuse_unknown_keys(keys)?;
        }
        Ok(Self {
            time: time(keys, "time")?,
            window: window(keys)?,
            dry_run: boolean(keys, "dry_run")?,
            shard: keys.get("shard").map_or(Ok(Shard::default()), shard)?,
        })
    }
}

/// Both schedulers name themselves: `detail-type` "Scheduled Event", `source` "aws.events" or "aws.scheduler".
fn is_from_aws(keys: &Map<String, Value>) -> bool {
    let source = keys.get("source").and_then(Value::as_str).unwrap_or_default();
    keys.contains_key("detail-type") || source.starts_with("aws.")
}

fn refuse_unknown_keys(keys: &Map<String, Value>) -> Result<(), EventError> {
    match keys.keys().find(|key| !KEYS.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => {
            Err(EventError(format!("unknown key \"{key}\"; known are {}", KEYS.join(", "))))
        }
    }
}

fn time(keys: &Map<String, Value>, key: &str) -> Result<Option<Timestamp>, EventError> {
    match keys.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Timestamp::parse_rfc3339(text)
            .map(Some)
            .map_err(|error| EventError(format!("{key}: {error}"))),
        Some(other) => Err(EventError(format!("{key}: must be an RFC 3339 time, found {other}"))),
    }
}

fn window(keys: &Map<String, Value>) -> Result<Option<Window>, EventError> {
    match (time(keys, "from")?, time(keys, "to")?) {
        (None, None) => Ok(None),
        (Some(from), Some(to)) if from < to => Ok(Some(Window::new(from, to))),
        (Some(from), Some(to)) => Err(EventError(format!("from {from} must be before to {to}"))),
        _ => Err(EventError("from and to go together".to_owned())),
    }
}

fn boolean(keys: &Map<String, Value>, key: &str) -> Result<bool, EventError> {
    match keys.get(key) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(value)) => Ok(*value),
        Some(other) => Err(EventError(format!("{key}: must be true or false, found {other}"))),
    }
}

fn shard(value: &Value) -> Result<Shard, EventError> {
    let number =
        |key: &str| value.get(key).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
    match (number("index"), number("count")) {
        (Some(index), Some(count)) if index < count => Ok(Shard { index, count }),
        _ => Err(EventError(format!(
            "shard: must be {{\"index\": 0, \"count\": 4}} with index below count, found {value}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).expect("a time")
    }

    #[test]
    fn every_form_of_a_scheduled_event_gives_its_time() {
        let rule = json!({"version": "0", "id": "x", "detail-type": "Scheduled Event", "source": "aws.events",
            "account": "123456789012", "time": "2015-10-08T16:53:06Z", "region": "us-east-1", "resources": [], "detail": {}});
        let scheduler_default = json!({"version": "0", "source": "aws.scheduler", "detail-type": "Scheduled Event",
            "time": "2015-10-08T16:53:06Z", "detail": "{}"});
        let scheduler = json!({"time": "2015-10-08T16:53:06Z"});
        for event in [rule, scheduler_default, scheduler] {
            let read = Event::read(&event).expect("an event");
            assert_eq!(read.time, Some(at("2015-10-08T16:53:06Z")));
            assert_eq!((read.window, read.dry_run, read.shard), (None, false, Shard::default()));
        }
    }

    #[test]
    fn an_empty_event_means_now() {
        assert_eq!(Event::read(&json!({})).expect("an event").time, None);
    }

    #[test]
    fn a_window_a_dry_run_and_a_shard_are_read() {
        let event = json!({"from": "2026-11-20T09:00:00Z", "to": "2026-11-20T10:00:00Z", "dry_run": true,
            "shard": {"index": 3, "count": 4}});
        let read = Event::read(&event).expect("an event");
        assert_eq!(
            read.window,
            Some(Window::new(at("2026-11-20T09:00:00Z"), at("2026-11-20T10:00:00Z")))
        );
        assert!(read.dry_run);
        assert_eq!(read.shard, Shard { index: 3, count: 4 });
    }

    #[test]
    fn every_key_belongs_to_exactly_one_shard() {
        for key in ["", "a", "AWS/CloudFront|Requests|DistributionId=E1,Region=Global|Sum"] {
            let holders =
                (0..4).filter(|index| Shard { index: *index, count: 4 }.holds(key)).count();
            assert_eq!(holders, 1, "{key}");
            assert!(Shard::default().holds(key));
        }
    }

    #[test]
    fn keys_that_say_a_name_twice_are_divided_all_the_same() {
        for index in 0..4 {
            let shard = Shard { index, count: 4 };
            let held = (0..1000).filter(|n| shard.holds(&format!("up{{a=\"{n}\"}} {n}"))).count();
            assert!((200..300).contains(&held), "shard {index}: {held}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        let cases = [
            (
                json!({"tiem": "x"}),
                "event: unknown key \"tiem\"; known are time, from, to, dry_run, shard",
            ),
            (json!([]), "event: must be an object, found []"),
            (json!({"time": 5}), "event: time: must be an RFC 3339 time, found 5"),
            (json!({"from": "2026-11-20T09:00:00Z"}), "event: from and to go together"),
            (
                json!({"from": "2026-11-20T09:00:00Z", "to": "2026-11-20T09:00:00Z"}),
                "event: from 2026-11-20T09:00:00Z must be before to 2026-11-20T09:00:00Z",
            ),
            (json!({"dry_run": "yes"}), "event: dry_run: must be true or false, found \"yes\""),
            (
                json!({"shard": {"index": 4, "count": 4}}),
                "event: shard: must be {\"index\": 0, \"count\": 4} with index below count, found {\"index\":4,\"count\":4}",
            ),
        ];
        for (event, message) in cases {
            assert_eq!(Event::read(&event).expect_err("a mistake").to_string(), message);
        }
    }
}
