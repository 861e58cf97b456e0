//! Whether an answer is a success: blackbox_exporter's checks in its order. All are made, and the first that fails gives the
//! probe its reason.

use http1::header::LAST_MODIFIED;
use http1::{HeaderMap, Version};

use super::body::{self, Reader, Reading};
use super::cel;
use super::exchange::Answer;
use super::phases::Roundtrip;
use crate::frame::{Failure, KeptBody, Metric, Probe, Reason, Record, metric};
use crate::module::{Compression, HeaderRule, Http};

/// Success until something speaks against it.
struct Verdict<'a> {
    record: &'a Record,
    failure: Option<Failure>,
}

impl Verdict<'_> {
    fn is_success(&self) -> bool {
        self.failure.is_none()
    }

    fn fail(&mut self, failure: Failure) {
        self.record.step(format_args!("{failure}"));
        self.failure.get_or_insert(failure);
    }

    /// Takes the outcome of a check, and sets the metric that says whether it failed.
    fn take(&mut self, outcome: Result<(), Failure>, due_to: &'static Metric) {
        self.record.set(due_to, if outcome.is_ok() { 0.0 } else { 1.0 });
        if let Err(failure) = outcome {
            self.fail(failure);
        }
    }
}

/// Judges the last answer of a chain, reading its body on the way. `is_read`: the body of a redirect that is not followed is
/// not. What the answer says goes into the record.
pub(super) async fn judge(
    module: &Http,
    answer: Answer,
    is_read: bool,
    times: &mut Roundtrip,
    probe: &Probe<'_>,
) -> Result<(), Failure> {
    let record = probe.record;
    let mut verdict = Verdict { record, failure: None };
    let Answer { status, version, ref headers, content_length, ref session, ready, .. } = answer;
    record.step(format_args!("Received HTTP response status_code={}", status.as_u16()));
    check_status(module, status.as_u16(), &mut verdict);
    check_headers(module, headers, &mut verdict);
    record_head(record, status.as_u16(), version, headers, content_length);
    let is_tls = session.is_some();
    if let Some(session) = session {
        record.set(&metric::HTTP_SSL, 1.0);
        record.set_with(&metric::TLS_CIPHER_INFO, &[("cipher", session.cipher)], 1.0);
        probe.record_session(session);
    }
    if let Compression::Unknown(name) = &module.compression {
        verdict.fail(undecodable(&format!("unsupported compression algorithm {name:?}")));
    }
    let reader = Some(reader(module)).filter(|_| verdict.is_success()).unwrap_or(Reader::Nobody);
    let mut reading = if is_read {
        body::read(answer.body, module, reader, probe).await
    } else {
        closed(&module.compression)
    };
    times.transfer = times.first_byte.map(|first_byte| ready.elapsed().saturating_sub(first_byte));
    check_body(module, &mut reading, &mut verdict, probe).await;
    if is_read {
        record.set(&metric::HTTP_UNCOMPRESSED_BODY_LENGTH, reading.length as f64);
        if let Some(failure) = reading.failure {
            record.step(format_args!("Failed to read HTTP response body err={failure}"));
            verdict.fail(failure);
        }
    }
    check_version(module, version, &mut verdict);
    check_tls(module, is_tls, &mut verdict);
    verdict.failure.map_or(Ok(()), Err)
}

fn record_head(
    record: &Record,
    status: u16,
    version: Version,
    headers: &HeaderMap,
    content_length: i64,
) {
    record.set(&metric::HTTP_STATUS_CODE, f64::from(status));
    record.set(&metric::HTTP_CONTENT_LENGTH, content_length as f64);
    record.set(&metric::HTTP_VERSION, protocol(version).1);
    let modified = headers.get(LAST_MODIFIED).and_then(|value| value.to_str().ok());
    let modified = modified.and_then(|text| httpdate::parse_http_date(text).ok());
    if let Some(since) = modified.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok()) {
        record.set(&metric::HTTP_LAST_MODIFIED, since.as_secs_f64());
    }
}

/// As `valid_http_versions` has it, and as a number.
fn protocol(version: Version) -> (&'static str, f64) {
    match version {
        Version::HTTP_10 => ("HTTP/1.0", 1.0),
        Version::HTTP_2 => ("HTTP/2.0", 2.0),
        _ => ("HTTP/1.1", 1.1),
    }
}

fn check_status(module: &Http, status: u16, verdict: &mut Verdict<'_>) {
    let wanted = &module.valid_status_codes;
    let message = if wanted.is_empty() {
        if (200..300).contains(&status) {
            return;
        }
        format!("Invalid HTTP response status code, wanted 2xx: {status}")
    } else {
        if wanted.contains(&i64::from(status)) {
            return;
        }
        format!("Invalid HTTP response status code: {status}, wanted one of {wanted:?}")
    };
    verdict.fail(Failure::new(Reason::Status, message));
}

fn check_headers(module: &Http, headers: &HeaderMap, verdict: &mut Verdict<'_>) {
    let (bad, good) = (&module.fail_if_header_matches, &module.fail_if_header_not_matches);
    if verdict.is_success() && !(bad.is_empty() && good.is_empty()) {
        let bad = bad.iter().try_for_each(|rule| check_header(rule, headers, true));
        let outcome =
            bad.and_then(|()| good.iter().try_for_each(|rule| check_header(rule, headers, false)));
        verdict.take(outcome, &metric::FAILED_DUE_TO_REGEX);
    }
}

fn check_header(rule: &HeaderRule, headers: &HeaderMap, is_bad: bool) -> Result<(), Failure> {
    let HeaderRule { header, regexp, allow_missing } = rule;
    let failed = |what: &str| {
        let message = format!("{what} header={header} regexp={:?}", regexp.as_str());
        Err(Failure::new(Reason::Header, message))
    };
    let mut values = headers.get_all(header).iter().peekable();
    if values.peek().is_none() {
        return if *allow_missing { Ok(()) } else { failed("Missing required header") };
    }
    match values.any(|value| regexp.is_match(value.as_bytes())) {
        true if is_bad => failed("Header matched regular expression"),
        false if !is_bad => failed("Header did not match regular expression"),
        _ => Ok(()),
    }
}

fn has_expressions(module: &Http) -> bool {
    !(module.fail_if_body_matches.is_empty() && module.fail_if_body_not_matches.is_empty())
}

pub(super) fn has_cel(module: &Http) -> bool {
    module.fail_if_body_json_matches.is_some() || module.fail_if_body_json_not_matches.is_some()
}

/// Who looks at a body. The original has one reader for both, and regular expressions read it to its end: CEL then sees nothing.
fn reader(module: &Http) -> Reader {
    match (has_expressions(module), has_cel(module)) {
        (true, _) => Reader::Expressions,
        (false, true) => Reader::Cel,
        (false, false) => Reader::Nobody,
    }
}

async fn check_body(
    module: &Http,
    reading: &mut Reading,
    verdict: &mut Verdict<'_>,
    probe: &Probe<'_>,
) {
    // A body that has not even the header of its compression is looked at by nobody.
    if reading.is_undecodable {
        if let Some(failure) = &reading.failure {
            verdict.fail(failure.clone());
        }
        return;
    }
    let whole = match &reading.failure {
        None => Ok(std::mem::take(&mut reading.kept)),
        Some(failure) => Err(failure.clone()),
    };
    if verdict.is_success() && has_expressions(module) {
        let outcome = whole.as_ref().map_err(Failure::clone);
        let outcome = outcome.and_then(|body| check_expressions(module, body.bytes()));
        verdict.take(outcome, &metric::FAILED_DUE_TO_REGEX);
    }
    if verdict.is_success() && has_cel(module) {
        let left = if has_expressions(module) { Ok(KeptBody::default()) } else { whole };
        let outcome = match left {
            Ok(body) => cel::check(module, body, probe).await,
            Err(failure) => Err(failure),
        };
        verdict.take(outcome, &metric::FAILED_DUE_TO_CEL);
    }
}

fn check_expressions(module: &Http, body: &[u8]) -> Result<(), Failure> {
    let matched = module.fail_if_body_matches.iter().find(|regex| regex.is_match(body));
    let missing = || module.fail_if_body_not_matches.iter().find(|regex| !regex.is_match(body));
    let message = match (matched, matched.is_none().then(missing).flatten()) {
        (Some(regex), _) => format!("Body matched regular expression regexp={:?}", regex.as_str()),
        (None, Some(regex)) => {
            format!("Body did not match regular expression regexp={:?}", regex.as_str())
        }
        (None, None) => return Ok(()),
    };
    Err(Failure::new(Reason::Body, message))
}

fn check_version(module: &Http, version: Version, verdict: &mut Verdict<'_>) {
    let (name, _) = protocol(version);
    let wanted = &module.valid_http_versions;
    if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == name) {
        let message = format!("Invalid HTTP version number: {name}, wanted one of {wanted:?}");
        verdict.fail(Failure::new(Reason::Version, message));
    }
}

fn check_tls(module: &Http, is_tls: bool, verdict: &mut Verdict<'_>) {
    if is_tls && module.fail_if_ssl {
        verdict.fail(Failure::new(Reason::Ssl, "Final request was over SSL"));
    } else if !is_tls && module.fail_if_not_ssl && verdict.is_success() {
        verdict.fail(Failure::new(Reason::Ssl, "Final request was not over SSL"));
    }
}

/// What stands for the body of a redirect that is not followed: it is closed, and whoever wants to look at it fails.
fn closed(compression: &Compression) -> Reading {
    let message = "the body of a redirect that is not followed is not read";
    Reading {
        failure: Some(Failure::new(Reason::Body, message)),
        is_undecodable: *compression == Compression::Gzip,
        ..Reading::default()
    }
}

fn undecodable(why: &str) -> Failure {
    let message = format!("Failed to get decompressor for HTTP response body: {why}");
    Failure::new(Reason::Compression, message)
}
