//! `valid_rcodes` and `validate_*_rrs`, with the original's meaning, which in one place is not what the name says.

use series::go_regex::GoRegex;

use super::names;
use super::record::Record;
use crate::frame::{self, Failure, Reason};
use crate::module::RecordRules;

/// Whether a code is among those that are valid: those named, or `NOERROR` where none is named. A name that nobody knows
/// fails the probe.
pub(super) fn check_rcode(
    rcode: u16,
    valid: &[String],
    record: &frame::Record,
) -> Result<(), Failure> {
    let mut codes = Vec::with_capacity(valid.len());
    for name in valid {
        let Some(code) = names::rcode(name) else {
            record.step(format_args!("Invalid rcode rcode={name}"));
            let message = format!(
                "valid_rcodes: {name:?} is no answer code: give a name such as NOERROR, SERVFAIL or NXDOMAIN"
            );
            return Err(Failure::new(Reason::Module, message));
        };
        codes.push(code);
    }
    if codes.is_empty() {
        codes.push(0);
    }
    let name = names::rcode_text(rcode);
    if codes.contains(&rcode) {
        record.step(format_args!("Rcode is valid rcode={rcode} string_rcode={name}"));
        return Ok(());
    }
    let step = "Rcode is not one of the valid rcodes";
    record.step(format_args!("{step} rcode={rcode} string_rcode={name} valid_rcodes={codes:?}"));
    let expected = codes.iter().map(|code| names::rcode_text(*code)).collect::<Vec<_>>().join(", ");
    Err(Failure::new(
        Reason::Status,
        format!("the answer's code is {rcode} {name}, not {expected}"),
    ))
}

/// Checks the records of a section (`Answer`, `Authority`, `Additional`). Patterns are compiled here and now: without
/// records a wrong one does not matter, otherwise it fails the probe.
///
/// `fail_if_all_match_regexp` fails where *not* all records match all patterns. That is what blackbox_exporter does, and
/// its tests ask for it.
pub(super) fn check_records(
    section: &str,
    records: &[Record],
    rules: &RecordRules,
    record: &frame::Record,
) -> Result<(), Failure> {
    record.step(format_args!("Validating {section} RRs"));
    let checked =
        if records.is_empty() { check_absence(rules) } else { check_all(records, rules, record) };
    checked.map_err(|(reason, message)| {
        record.step(format_args!("{message}"));
        record.step(format_args!("{section} RRs validation failed"));
        Failure::new(reason, format!("{section} section: {message}"))
    })
}

type Checked = Result<(), (Reason, String)>;

/// Where there are no records, only rules that ask for some can fail.
fn check_absence(rules: &RecordRules) -> Checked {
    let asks = [
        (&rules.fail_if_not_matches, "fail_if_not_matches_regexp"),
        (&rules.fail_if_none_matches, "fail_if_none_matches_regexp"),
    ];
    match asks.iter().find(|(patterns, _)| !patterns.is_empty()) {
        Some((_, rule)) => Err(failed(format!("{rule} specified but no RRs returned"))),
        None => Ok(()),
    }
}

fn check_all(records: &[Record], rules: &RecordRules, record: &frame::Record) -> Checked {
    let RecordRules {
        fail_if_matches,
        fail_if_all_match,
        fail_if_not_matches,
        fail_if_none_matches,
    } = rules;
    let forbidden = compile(fail_if_matches)?;
    let all_of_all = compile(fail_if_all_match)?;
    let needed = compile(fail_if_not_matches)?;
    let any_of_any = compile(fail_if_none_matches)?;
    let (mut all_match, mut any_matches) = (true, false);
    for one in records {
        let text = one.text.as_str();
        record.step(format_args!("Validating RR rr={text}"));
        let fits = |pattern: &&GoRegex| pattern.is_match(text);
        if let Some(pattern) = forbidden.iter().find(fits) {
            let step = "At least one RR matched regexp";
            return Err(failed(format!("{step} regexp={} rr={text}", pattern.as_str())));
        }
        all_match &= all_of_all.iter().all(|pattern| fits(&pattern));
        if let Some(pattern) = needed.iter().find(|pattern| !fits(pattern)) {
            let step = "At least one RR did not match regexp";
            return Err(failed(format!("{step} regexp={} rr={text}", pattern.as_str())));
        }
        any_matches |= any_of_any.iter().any(|pattern| fits(&pattern));
    }
    if !all_match {
        return Err(failed("Not all RRs matched regexp".to_owned()));
    }
    if !any_of_any.is_empty() && !any_matches {
        return Err(failed("None of the RRs did matched any regexp".to_owned()));
    }
    Ok(())
}

fn failed(message: String) -> (Reason, String) {
    (Reason::Records, message)
}

fn compile(patterns: &[String]) -> Result<Vec<GoRegex>, (Reason, String)> {
    let compile = |pattern: &String| {
        GoRegex::new(pattern).map_err(|error| {
            let message = format!("Error matching regexp regexp={pattern} err={error}");
            (Reason::Module, message)
        })
    };
    patterns.iter().map(compile).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(texts: &[&str]) -> Vec<Record> {
        let record =
            |text: &&str| Record { text: (*text).to_owned(), serial: None, upper_rcode: None };
        texts.iter().map(record).collect()
    }

    fn rules(rule: &str, patterns: &[&str]) -> RecordRules {
        let patterns = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        let mut rules = RecordRules::default();
        match rule {
            "matches" => rules.fail_if_matches = patterns,
            "all_match" => rules.fail_if_all_match = patterns,
            "not_matches" => rules.fail_if_not_matches = patterns,
            "none_matches" => rules.fail_if_none_matches = patterns,
            _ => unreachable!("{rule}"),
        }
        rules
    }

    #[test]
    fn records_are_checked_as_the_original_checks_them() {
        let (one, two) = ("a.\t60\tIN\tA\t192.0.2.1", "a.\t60\tIN\tA\t192.0.2.2");
        let both = [one, two];
        for (sentence, texts, rule, patterns, expected) in [
            ("no rule, no failure", &both[..], "matches", &[][..], ""),
            ("one that matches fails", &both, "matches", &["2$"], "At least one RR matched"),
            ("none that matches is fine", &both, "matches", &["3$"], ""),
            ("tabs stand between the parts", &both, "matches", &["IN A"], ""),
            ("each must match", &both, "not_matches", &["1$"], "At least one RR did not match"),
            ("each matches", &both, "not_matches", &["192", "IN\tA"], ""),
            ("no records, though some must match", &[], "not_matches", &["."], "no RRs returned"),
            ("one of them is enough", &both, "none_matches", &["x", "2$"], ""),
            ("none matches any", &both, "none_matches", &["x", "y"], "None of the RRs"),
            ("no records, though one must match", &[], "none_matches", &["."], "no RRs returned"),
            ("all match, which its name says should fail", &both, "all_match", &["192"], ""),
            ("not all match, which fails", &both, "all_match", &["1$"], "Not all RRs matched"),
            ("not all patterns match", &both, "all_match", &["192", "x"], "Not all RRs matched"),
            ("no records, nothing to match", &[], "all_match", &["."], ""),
            ("a pattern that is none", &both, "all_match", &["("], "Error matching regexp"),
            ("a pattern that is none, without records", &[], "all_match", &["("], ""),
        ] {
            let checked = check_records(
                "Answer",
                &records(texts),
                &rules(rule, patterns),
                &frame::Record::start(false),
            );
            match checked {
                Ok(()) => assert_eq!(expected, "", "{sentence}"),
                Err(failure) => {
                    assert!(!expected.is_empty(), "{sentence}: {failure}");
                    assert!(failure.message.contains(expected), "{sentence}: {failure}");
                    let is_wrong = expected.starts_with("Error");
                    let reason = if is_wrong { Reason::Module } else { Reason::Records };
                    assert_eq!(failure.reason, reason, "{sentence}");
                }
            }
        }
    }

    #[test]
    fn codes_are_valid_by_name() {
        for (sentence, rcode, valid, expected) in [
            ("no list is NOERROR", 0, &[][..], None),
            ("no list is NOERROR alone", 3, &[], Some(Reason::Status)),
            ("one of a list", 3, &["SERVFAIL", "NXDOMAIN"], None),
            ("none of a list", 0, &["SERVFAIL", "NXDOMAIN"], Some(Reason::Status)),
            (
                "an unknown name, even behind a right one",
                0,
                &["NOERROR", "x"],
                Some(Reason::Module),
            ),
            ("the old spelling", 4, &["NOTIMPL"], None),
            ("an extended code", 23, &["BADCOOKIE"], None),
        ] {
            let valid: Vec<String> = valid.iter().map(|name| (*name).to_owned()).collect();
            let checked = check_rcode(rcode, &valid, &frame::Record::start(false));
            assert_eq!(checked.err().map(|failure| failure.reason), expected, "{sentence}");
        }
    }
}
