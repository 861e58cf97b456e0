//! The original's own configurations. The tables beside this file cover the same behaviour.

use std::path::Path;

use cases::corpus;
use serde_json::Value;

use super::{module, read};
use crate::module::CelProgram;

fn json(folder: &Path, name: &str) -> Value {
    let text = std::fs::read_to_string(folder.join(name)).expect("the corpus has this file");
    serde_json::from_str(&text).expect("JSON")
}

fn errors(findings: &[String]) -> Vec<&String> {
    findings.iter().filter(|finding| !finding.starts_with("warning: ")).collect()
}

#[test]
fn good_files_are_good_and_bad_ones_are_bad_in_the_same_words() {
    let Some(folder) = corpus::folder("blackbox") else { return };
    let expected = json(&folder, "config/expected.json");
    let files = expected["files"].as_object().expect("files");
    assert_eq!(files.len(), 19);
    for (name, expected) in files {
        let body = std::fs::read(folder.join("config").join(name)).expect("a file");
        let (modules, findings) = read(body);
        if expected["valid"] == true {
            assert!(errors(&findings).is_empty(), "{name}: {findings:?}");
            assert!(!modules.is_empty(), "{name}");
            let shown = format!("{modules:?} {findings:?}");
            assert!(!shown.contains("mysecret") && !shown.contains("mypassword"), "{name}");
        } else {
            let text = expected["error_contains"].as_str().expect("an error");
            let text = text.trim_start_matches("error parsing config file: ");
            assert!(findings.iter().any(|finding| finding.contains(text)), "{name}: {findings:?}");
        }
    }
}

#[test]
fn what_the_samples_warn_of_is_known() {
    let Some(folder) = corpus::folder("blackbox") else { return };
    for (name, expected) in [
        ("blackbox-good.yml", &["icmp_test.prober"][..]),
        ("blackbox.yml", &["icmp.prober", "icmp_ttl5.prober", "http_3xx.http.enable_http3"]),
        (
            "example.yml",
            &[
                "http_2xx_oauth_client_credentials.http.valid_http_versions[1]",
                "icmp_example.prober",
                "unix_socket_ping.prober",
            ],
        ),
        ("websocket-inline.yml", &[]),
    ] {
        let body = std::fs::read(folder.join("config/good").join(name)).expect("a file");
        let (_, findings) = read(body);
        let place = |finding: &String| {
            let finding = finding.trim_start_matches("warning: modules.");
            finding.split_once(": ").expect("a place").0.to_owned()
        };
        assert_eq!(findings.iter().map(place).collect::<Vec<_>>(), expected, "{name}");
    }
}

#[test]
fn accept_encodings() {
    let Some(folder) = corpus::folder("blackbox") else { return };
    let file = json(&folder, "config/accept_encoding.json");
    let cases = file["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 9);
    for case in cases {
        let header = &case["accept_encoding_header"];
        let section = serde_json::json!({"prober": "http", "http": {
            "compression": case["compression"], "headers": {"Accept-Encoding": header}}});
        let (module, findings) = module(&section.to_string());
        assert_eq!(module.is_some(), case["valid"] == true, "{}: {findings:?}", case["id"]);
    }
}

#[test]
fn cel_programs() {
    let Some(folder) = corpus::folder("blackbox") else { return };
    let file = json(&folder, "config/cel_programs.json");
    let cases = file["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 3);
    for case in cases {
        let expression = case["expression"].as_str().expect("an expression");
        let compiled = CelProgram::compile(expression);
        assert_eq!(compiled.is_ok(), case["compiles"] == true, "{expression}: {compiled:?}");
    }
}

/// The expressions of the HTTP probe's cases, on the bodies that their servers send.
#[test]
fn cel_expressions_on_bodies() {
    let Some(folder) = corpus::folder("blackbox") else { return };
    let file = json(&folder, "behaviour/http.json");
    let mut count = 0;
    for case in file["cases"].as_array().expect("cases") {
        let http = &case["module"]["http"];
        let (key, fails_on) = match http["fail_if_body_json_matches_cel"].as_str() {
            Some(_) => ("fail_if_body_json_matches_cel", true),
            None => ("fail_if_body_json_not_matches_cel", false),
        };
        let Some(expression) = http[key].as_str() else { continue };
        let body = case["server"]["routes"][0]["body"].as_str().unwrap_or_default();
        let outcome = CelProgram::compile(expression).expect(expression).matches(body.as_bytes());
        let success = outcome.as_ref().is_ok_and(|matches| *matches != fails_on);
        assert_eq!(success, case["expect"]["success"] == true, "{}: {outcome:?}", case["id"]);
        count += 1;
    }
    assert_eq!(count, 16);
}

/// All modules of the behaviour cases can be read; those that may not, are refused in the original's words.
#[test]
fn modules_of_behaviour_cases() {
    let Some(folder) = corpus::folder("blackbox") else { return };
    let mut count = 0;
    for name in ["http", "dns", "tcp", "grpc", "websocket", "unix", "timeouts"] {
        let file = json(&folder, &format!("behaviour/{name}.json"));
        for case in file["cases"].as_array().expect("cases") {
            let Some(written) = case.get("module").filter(|module| module.is_object()) else {
                continue;
            };
            let (module, findings) = module(&written.to_string());
            let refused = case["expect"]["config_error"].as_str();
            let is_type = written["dns"]["query_type"] == "NOT_A_VALID_QUERY_TYPE";
            match refused {
                Some(text) => {
                    assert!(findings.concat().contains(text), "{}: {findings:?}", case["id"]);
                }
                None => assert_eq!(module.is_some(), !is_type, "{}: {findings:?}", case["id"]),
            }
            count += 1;
        }
    }
    assert!(count > 130, "{count}");
}
