//! Logs. In Lambda: one JSON object a line with the `timestamp` and `level` that Lambda's log filter understands
//! ([AWS: log levels](https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html)); without a
//! valid timestamp Lambda takes every line for INFO. By hand: short lines on stderr.
//!
//! Each run says one line, its report. Nothing is logged for a single series, target or retry.

use std::fmt;

use clock::Clock;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::filter::{FilterFn, filter_fn};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// The field whose text is JSON: its keys become keys of the line.
pub(crate) const REPORT: &str = "report";

/// The crates whose own log level is the one that was asked for. Their names are compared whole: `aws` is ours,
/// `aws_sigv4`, which writes canonical requests at the level DEBUG, is not.
const OURS: [&str; 7] = ["cloudfront", "runtime", "sinks", "metric_data", "store", "aws", "http"];

/// Logs JSON to stdout from now on, at the level that Lambda was told.
pub fn init_json(level: Option<&str>) {
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .event_format(JsonLines { clock: Clock::System })
        .with_writer(std::io::stdout)
        .finish();
    // A second subscriber in one process would be a defect of a test, not of a run: the first one stays.
    drop(subscriber.with(filter(limit(level.unwrap_or("info")))).try_init());
}

/// Logs short lines to stderr from now on.
pub fn init_text(level: Option<&str>) {
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(std::io::stderr)
        .with_target(false)
        .without_time()
        .compact()
        .finish();
    drop(subscriber.with(filter(limit(level.unwrap_or("warn")))).try_init());
}

/// What is said at a level. A function of ours rather than `EnvFilter`: that one compiles regexes,
/// which would be felt at each cold start, and compares the beginnings of names.
fn filter(level: LevelFilter) -> FilterFn<impl Fn(&Metadata<'_>) -> bool> {
    filter_fn(move |metadata| is_said(level, metadata.target(), *metadata.level()))
        .with_max_level_hint(level.max(LevelFilter::WARN))
}

/// A level in Lambda's words.
fn limit(level: &str) -> LevelFilter {
    match level.to_ascii_lowercase().as_str() {
        "fatal" => LevelFilter::ERROR,
        level => level.parse().unwrap_or(LevelFilter::INFO),
    }
}

/// Libraries say warnings only. The Lambda runtime says nothing: it would repeat each failed run without its report.
fn is_said(limit: LevelFilter, target: &str, level: Level) -> bool {
    let name = target.split("::").next().unwrap_or(target);
    if name == "lambda_runtime" {
        return false;
    }
    let limit = if OURS.contains(&name) { limit } else { limit.min(LevelFilter::WARN) };
    level <= limit
}

struct JsonLines {
    clock: Clock,
}

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = Line(Map::new());
        line.0.insert("timestamp".to_owned(), self.clock.now().to_string().into());
        line.0.insert("level".to_owned(), event.metadata().level().as_str().into());
        event.record(&mut line);
        writeln!(writer, "{}", Value::Object(line.0))
    }
}

/// The fields of one line.
struct Line(Map<String, Value>);

impl Line {
    fn text(&mut self, field: &Field, text: String) {
        match serde_json::from_str(&text) {
            Ok(Value::Object(keys)) if field.name() == REPORT => self.0.extend(keys),
            _ => drop(self.0.insert(field.name().to_owned(), text.into())),
        }
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value.to_owned());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use series::Timestamp;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("nobody panics here").write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_has_timestamp_level_message_and_the_keys_of_a_report() {
        let captured = Captured::default();
        let writer = captured.clone();
        let clock = Clock::manual(Timestamp::from_secs(1_795_166_760));
        let subscriber = tracing_subscriber::fmt()
            .event_format(JsonLines { clock })
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(report = r#"{"function":"cloudfront","samples":60}"#, "run");
            tracing::warn!(count = 3, "a \"quoted\" warning");
        });
        let text = String::from_utf8(captured.0.lock().expect("nobody panics here").clone())
            .expect("text");
        insta::assert_snapshot!(text, @r#"
        {"timestamp":"2026-11-20T09:26:00Z","level":"INFO","message":"run","function":"cloudfront","samples":60}
        {"timestamp":"2026-11-20T09:26:00Z","level":"WARN","message":"a \"quoted\" warning","count":3}
        "#);
    }

    #[test]
    fn lambdas_level_rules_ours_and_libraries_stay_quiet() {
        for (asked, target, level, said) in [
            ("info", "runtime::lambda", Level::INFO, true),
            ("info", "runtime::lambda", Level::DEBUG, false),
            ("DEBUG", "aws::calls", Level::DEBUG, true),
            ("DEBUG", "aws_sigv4::http_request", Level::DEBUG, false),
            ("TRACE", "hyper", Level::WARN, true),
            ("TRACE", "hyper", Level::INFO, false),
            ("FATAL", "sinks", Level::ERROR, true),
            ("FATAL", "sinks", Level::WARN, false),
            ("ERROR", "hyper", Level::WARN, false),
            ("loud", "sinks", Level::INFO, true),
        ] {
            assert_eq!(is_said(limit(asked), target, level), said, "{asked}: {level} of {target}");
        }
    }
}
