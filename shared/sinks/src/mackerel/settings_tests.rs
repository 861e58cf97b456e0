//! Tests of [`settings`](super::settings).

use std::time::Duration;

use config::{Findings, Secret};

use super::settings::Settings;
use crate::testing::{errors_of, sections};

fn read(entry: &str) -> Settings {
    let mut findings = Findings::new();
    let sections = sections(&format!("mackerel: [{entry}]"), &mut findings);
    let settings = Settings::read(&sections.list("mackerel")[0], &mut findings);
    assert!(findings.is_empty(), "{findings:?}");
    settings.expect("settings")
}

fn errors(entry: &str) -> Vec<String> {
    errors_of(&format!("mackerel: [{entry}]"), |sections, findings| {
        for node in sections.list("mackerel") {
            drop(Settings::read(&node, findings));
        }
    })
}

#[test]
fn service_and_key_are_enough() {
    let settings =
        read("{service: production, api_key_file: 'ssm:/hostless/secret/mackerel-api-key'}");
    assert_eq!(settings.base_url.as_str(), "https://api.mackerelio.com/");
    assert_eq!(settings.catch_up, Duration::from_secs(84_600));
    assert_eq!(settings.reread, Duration::from_secs(300));
    let place = settings.api_key.reference().map(ToString::to_string);
    assert_eq!(place.as_deref(), Some("ssm:/hostless/secret/mackerel-api-key"));
}

#[test]
fn everything_can_be_said() {
    let settings = read(
        "{service: a-b_2, api_key: 'top-secret', base_url: 'http://127.0.0.1:1', catch_up: 1h, reread: 0s, \
         write_relabel_configs: [{source_labels: [region], regex: us-.*, action: keep}], \
         names: [{match: aws_cloudfront_requests_sum, name: 'cloudfront.requests.{alias}'}, {match: a, name: x}]}",
    );
    assert!(matches!(settings.api_key, Secret::Inline(_)));
    assert_eq!((settings.relabeling.len(), settings.names.len()), (1, 2));
    assert_eq!((settings.catch_up, settings.reread), (Duration::from_secs(3600), Duration::ZERO));
    assert!(!format!("{settings:?}").contains("top-secret"));
}

#[test]
fn each_mistake_is_found_at_its_place() {
    let key = "api_key: k";
    let table = [
        (format!("{{{key}}}"), "mackerel[0]: service is missing: the name of a Mackerel service"),
        (
            format!("{{service: _web, {key}}}"),
            "mackerel[0].service: \"_web\" is not a Mackerel service name: 2 to 63 letters, digits, \"-\" and \"_\", \
             the first a letter or digit",
        ),
        ("{service: web}".into(), "mackerel[0]: api_key or api_key_file is missing"),
        (
            "{service: web, api_key: a, api_key_file: /b}".into(),
            "mackerel[0]: at most one of api_key & api_key_file must be configured",
        ),
        ("{service: web, api_key: '  '}".into(), "mackerel[0].api_key: is empty"),
        (
            format!("{{service: web, {key}, base_url: api.mackerelio.com}}"),
            "mackerel[0].base_url: URL without a scheme; it must begin with one, such as https://",
        ),
        (
            format!("{{service: web, {key}, catch_up: 24h}}"),
            "mackerel[0]: catch_up must be shorter than 1d: Mackerel does not record points that are older",
        ),
        (
            format!("{{service: web, {key}, catch_up: 0s}}"),
            "mackerel[0].catch_up: must be greater than 0",
        ),
        (
            format!("{{service: web, {key}, catch_up: 1h, reread: 2h}}"),
            "mackerel[0].reread: must not be longer than catch_up",
        ),
        (
            format!("{{service: web, {key}, servce: x}}"),
            "mackerel[0].servce: unknown key; did you mean \"service\"?",
        ),
        (
            format!("{{service: web, {key}, names: [{{name: x}}]}}"),
            "mackerel[0].names[0]: match is missing",
        ),
        (
            format!("{{service: web, {key}, names: [{{match: x}}]}}"),
            "mackerel[0].names[0]: name is missing",
        ),
        (
            format!("{{service: web, {key}, names: [{{match: '(', name: x}}]}}"),
            "mackerel[0].names[0].match: error parsing regexp: missing closing ): `^(?s:()$`",
        ),
        (
            format!("{{service: web, {key}, names: [{{match: x, name: 'a.{{b c}}'}}]}}"),
            "mackerel[0].names[0].name: \"a.{b c}\" has a placeholder {b c} that is no label name, \"metric\" or \
             \"resource\"",
        ),
        (
            format!(
                "{{service: web, {key}, names: [{{match: x, name: a.b}}, {{match: y, name: a.b}}]}}"
            ),
            "mackerel[0].names[1]: gives the name \"a.b\", which mackerel[0].names[0] gives already",
        ),
    ];
    for (entry, expected) in table {
        assert_eq!(errors(&entry), [format!("test.yml: {expected}")], "{entry}");
    }
}
