//! botocore reads the same values over each of CloudWatch's three protocols.

use std::path::PathBuf;
use std::process::Command;

use emulators::aws::{AwsEmulator, Options};
use serde_json::{Value, json};

/// 2026-11-20T09:26:00Z.
const NOW: i64 = 1_795_166_760;

/// The Python of the venv that `cargo xtask test` fills, or the one that `AWS_PYTHON` names.
#[expect(
    clippy::disallowed_methods,
    reason = "a test is told by its environment where the programs are"
)]
fn python() -> PathBuf {
    let path = std::env::var_os("AWS_PYTHON").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/venv/bin/python"),
        PathBuf::from,
    );
    assert!(
        path.exists(),
        "no Python with botocore at {}: run `cargo xtask test`, which installs it, or set AWS_PYTHON",
        path.display()
    );
    path
}

fn read_over(protocol: &str) {
    let emulator = AwsEmulator::start(Options { now: Some(NOW), ..Options::default() });
    let distribution = emulator.fleet().distributions[0].id.clone();
    let window = NOW - 720..NOW - 120;
    let output = Command::new(python())
        .env_clear()
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .envs(emulator.environment())
        .arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/botocore_protocols.py"))
        .args([protocol, &distribution, &window.start.to_string(), &window.end.to_string()])
        .output()
        .expect("Python runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{protocol}: {errors}");
    let got: Value = serde_json::from_slice(&output.stdout).expect("JSON");

    let expected = |metric, statistic| {
        let points = emulator.expected(&distribution, metric, statistic, window.clone());
        assert_eq!(points.len(), 10);
        json!(points)
    };
    assert_eq!(got["points"]["requests"], expected("Requests", "Sum"), "{protocol}");
    assert_eq!(got["points"]["latency"], expected("OriginLatency", "p90"), "{protocol}");
    assert_eq!(got["pages"], 3, "{protocol}: 20 points, 7 a page");
    assert_eq!(got["metrics"], 5, "{protocol}: one of the demo's six has no traffic");
    assert_eq!(got["error"], "ValidationError", "{protocol}");
}

#[test]
fn cbor() {
    read_over("smithy-rpc-v2-cbor");
}

#[test]
fn json_1_0() {
    read_over("json");
}

#[test]
fn query_and_xml() {
    read_over("query");
}
