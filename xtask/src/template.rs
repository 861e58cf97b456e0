//! `template.yaml`: whether CloudFormation would take it, and whether checkov finds it careful.
//!
//! checkov reads a template as it is with the defaults of its parameters: it leaves out the resources that a default turns
//! off, and has no opinion of a policy that holds an `!If`. So it is shown what CloudFormation would make of the template
//! with everything turned on, once for each place where the configuration can be.

use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::run::Workspace;
use crate::tools;

/// What is checked twice, and the conditions that do not hold then.
const RENDERINGS: [(&str, &[&str]); 2] = [
    ("configuration in the bucket", &[]),
    ("configuration in Parameter Store", &["ConfigInBucket"]),
];

/// The types that checkov has checks for. One of them without any would be one that it did not see.
const WATCHED: [&str; 5] = [
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Role",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::Serverless::Function",
];

/// Reads the short forms (`!Ref`) as the AWS CLI does.
const TO_JSON: &str = "\
import json
from awscli.customizations.cloudformation.yamlhelper import yaml_parse
print(json.dumps(yaml_parse(open('template.yaml').read())))";

/// Fails at the first program that complains.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    workspace.call("sam", ["validate", "--lint"]).env("SAM_CLI_TELEMETRY", "0").run()?;
    workspace.call("cfn-lint", ["template.yaml"]).run()?;
    let json = workspace
        .call("python3", ["-c", TO_JSON])
        .quiet()
        .context("failed to read template.yaml with the AWS CLI's parser")?;
    let template: Value = serde_json::from_str(&json).context("failed to read template.yaml")?;
    RENDERINGS.iter().try_for_each(|(name, off)| {
        let rendered = rendered(&template, off);
        let report = checkov(workspace, &rendered)?;
        let findings = findings(&rendered, &report);
        if !findings.is_empty() {
            bail!("checkov, {name}:\n{}", findings.join("\n"));
        }
        let count = |what: &str| report["summary"][what].as_u64().unwrap_or(0);
        eprintln!(
            "    checkov, {name}: {} checks passed, {} are explained in the template",
            count("passed"),
            count("skipped")
        );
        Ok(())
    })
}

/// What checkov says of a template. It talks to nobody: no guidelines are fetched, and no newer version is looked for.
///
/// It starts beside the template, which it knows by a bare name: it writes the path into values that refer to a resource,
/// and takes a path of forty letters and slashes for a secret key.
fn checkov(workspace: &Workspace, template: &Value) -> Result<Value> {
    let folder = workspace.target.join("checkov");
    let file = folder.join("template.json");
    fs::write(&file, serde_json::to_string_pretty(template)?)
        .with_context(|| format!("failed to write {}", file.display()))?;
    let program = tools::checkov(workspace).display().to_string();
    let call = workspace
        .call(&program, ["--framework", "cloudformation", "--skip-download", "--output", "json"])
        .args(["--soft-fail", "--file", "template.json"])
        .within(&folder)
        .env("CKV_SKIP_PACKAGE_UPDATE_CHECK", "true");
    let report = call.quiet().with_context(|| format!("failed to run `{call}`"))?;
    serde_json::from_str(&report).with_context(|| format!("failed to read what `{call}` says"))
}

/// The template with every condition true but those that are named.
fn rendered(node: &Value, off: &[&str]) -> Value {
    match node {
        Value::Object(map) => {
            match map.get("Fn::If").and_then(Value::as_array).map(Vec::as_slice) {
                Some([condition, yes, no]) => {
                    let is_off = off.iter().any(|name| condition == name);
                    rendered(if is_off { no } else { yes }, off)
                }
                _ => map
                    .iter()
                    .filter(|(key, value)| !(*key == "Condition" && value.is_string()))
                    .map(|(key, value)| (key.clone(), rendered(value, off)))
                    .filter(|(_, value)| !is_nothing(value))
                    .collect(),
            }
        }
        Value::Array(items) => {
            items.iter().map(|item| rendered(item, off)).filter(|item| !is_nothing(item)).collect()
        }
        plain => plain.clone(),
    }
}

/// CloudFormation's way to say that something is not there.
fn is_nothing(node: &Value) -> bool {
    node["Ref"] == "AWS::NoValue"
}

/// What failed, and what was not looked at.
fn findings(template: &Value, report: &Value) -> Vec<String> {
    let checks = |outcome: &str| report["results"][outcome].as_array().into_iter().flatten();
    let text = |check: &Value, key: &str| check[key].as_str().unwrap_or_default().to_owned();
    let failed = checks("failed_checks").map(|check| {
        format!(
            "{} {}: {}",
            text(check, "check_id"),
            text(check, "resource"),
            text(check, "check_name")
        )
    });
    let resources = template["Resources"].as_object().into_iter().flatten();
    let watched = resources.filter_map(|(name, resource)| {
        let kind = resource["Type"].as_str()?;
        WATCHED.contains(&kind).then(|| format!("{kind}.{name}"))
    });
    let was_seen = |resource: &String| {
        ["passed_checks", "failed_checks", "skipped_checks"]
            .iter()
            .any(|outcome| checks(outcome).any(|check| check["resource"] == *resource))
    };
    let unseen = watched.filter(|resource| !was_seen(resource));
    failed.chain(unseen.map(|resource| format!("{resource} was not looked at"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_condition_holds_but_those_that_are_named() {
        let template = json!({"Resources": {"A": {
            "Type": "T",
            "Condition": "WithA",
            "List": [{"Fn::If": ["X", "yes", {"Ref": "AWS::NoValue"}]}, "always"],
            "Deep": {"Fn::If": ["Y", {"Fn::If": ["X", 1, 2]}, 3]},
            "Statement": {"Condition": {"StringLike": {"k": "v"}}},
        }}});
        let all = json!({"Resources": {"A": {
            "Type": "T", "List": ["yes", "always"], "Deep": 1,
            "Statement": {"Condition": {"StringLike": {"k": "v"}}},
        }}});
        assert_eq!(rendered(&template, &[]), all);
        let one_off = rendered(&template, &["X"]);
        assert_eq!(one_off["Resources"]["A"]["List"], json!(["always"]));
        assert_eq!(one_off["Resources"]["A"]["Deep"], 2);
    }

    #[test]
    fn what_failed_and_what_was_not_seen_is_said() {
        let template = json!({"Resources": {
            "Store": {"Type": "AWS::S3::Bucket"},
            "Role": {"Type": "AWS::IAM::Role"},
            "Alarm": {"Type": "AWS::CloudWatch::Alarm"},
        }});
        let failed = json!({"check_id": "CKV_AWS_21", "check_name": "versioning", "resource": "AWS::S3::Bucket.Store"});
        let report = json!({"results": {"failed_checks": [failed], "passed_checks": []}});
        let expected = [
            "CKV_AWS_21 AWS::S3::Bucket.Store: versioning",
            "AWS::IAM::Role.Role was not looked at",
        ];
        assert_eq!(findings(&template, &report), expected);
        let skipped = json!({"resource": "AWS::IAM::Role.Role"});
        let report = json!({"results": {
            "passed_checks": [{"resource": "AWS::S3::Bucket.Store"}], "skipped_checks": [skipped],
        }});
        assert_eq!(findings(&template, &report), Vec::<String>::new());
    }
}
