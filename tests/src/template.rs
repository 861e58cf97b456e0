//! `template.yaml`, read as the AWS CLI reads it: its short forms (`!Ref`) are AWS's own idea of YAML.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::child;

const TO_JSON: &str = "\
import json, sys
from awscli.customizations.cloudformation.yamlhelper import yaml_parse
print(json.dumps(yaml_parse(open(sys.argv[1]).read())))";

/// The template, with `{"Ref": …}` for `!Ref …`.
///
/// # Panics
/// When the file cannot be read.
pub fn read() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    let python = child::program("HOSTLESS_VENV", "bin/python");
    let output = Command::new(python).args(["-c", TO_JSON]).arg(file).output();
    let output = output.expect("the venv's Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("Python prints JSON")
}
