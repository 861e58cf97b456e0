//! `template.yaml` as CloudFormation would read it, as far as roles go: the functions that their policies use, and no more.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tests::template;

use super::grants::Grant;
use super::{ACCOUNT, BUCKET, REGION};

/// The template.
pub(super) struct Template(Value);

/// The template with values for its parameters; the others have their defaults.
struct Deployed<'a> {
    template: &'a Value,
    parameters: &'a BTreeMap<&'static str, String>,
}

impl Template {
    /// Reads the file.
    pub(super) fn read() -> Self {
        Self(template::read())
    }

    /// All that a role allows, by its own policies and by those that are attached to it.
    pub(super) fn given(
        &self,
        role: &str,
        parameters: &BTreeMap<&'static str, String>,
    ) -> BTreeSet<Grant> {
        let deployed = Deployed { template: &self.0, parameters };
        let properties = |id: &str| deployed.resolved(&self.0["Resources"][id]["Properties"]);
        let role = properties(role);
        let own =
            items(&role["Policies"]).into_iter().map(|policy| policy["PolicyDocument"].clone());
        let attached = items(&role["ManagedPolicyArns"]).into_iter();
        let attached = attached.map(|id| properties(text(&id))["PolicyDocument"].clone());
        let documents: Vec<Value> = own.chain(attached).collect();
        assert!(documents.iter().all(Value::is_object), "{documents:#?}");
        documents
            .iter()
            .flat_map(|document| items(&document["Statement"]))
            .flat_map(|one| grants(&one))
            .collect()
    }
}

impl Deployed<'_> {
    fn resolved(&self, node: &Value) -> Value {
        self.resolve(node).unwrap_or(Value::Null)
    }

    /// The value; nothing where CloudFormation leaves it out.
    fn resolve(&self, node: &Value) -> Option<Value> {
        match node {
            Value::Array(items) => {
                Some(items.iter().filter_map(|item| self.resolve(item)).collect())
            }
            Value::Object(map) => match map.iter().next() {
                Some((function, argument)) if map.len() == 1 && is_function(function) => {
                    self.call(function, argument)
                }
                _ => {
                    let members = map.iter();
                    let members = members
                        .filter_map(|(key, value)| Some((key.clone(), self.resolve(value)?)));
                    Some(Value::Object(members.collect()))
                }
            },
            plain => Some(plain.clone()),
        }
    }

    fn call(&self, function: &str, argument: &Value) -> Option<Value> {
        let argument_at = |index: usize| self.resolved(&argument[index]);
        match function {
            "Ref" => self.reference(text(argument)),
            "Fn::GetAtt" => {
                Some(attribute(&format!("{}.{}", text(&argument[0]), text(&argument[1]))).into())
            }
            "Fn::Sub" => Some(self.substituted(text(argument)).into()),
            "Fn::If" => {
                let condition = &self.template["Conditions"][text(&argument[0])];
                self.resolve(&argument[if self.resolved(condition) == true { 1 } else { 2 }])
            }
            "Fn::Equals" => Some((argument_at(0) == argument_at(1)).into()),
            "Fn::Not" => Some((argument_at(0) == false).into()),
            "Fn::Join" => {
                let parts = items(&argument_at(1));
                let parts: Vec<&str> = parts.iter().map(text).collect();
                Some(parts.join(text(&argument[0])).into())
            }
            other => panic!("{other} is not known here"),
        }
    }

    /// A parameter, something of AWS's own, or the name of a resource.
    fn reference(&self, name: &str) -> Option<Value> {
        let fixed = match name {
            "AWS::NoValue" => return None,
            "AWS::Partition" => "aws",
            "AWS::Region" => REGION,
            "AWS::AccountId" => ACCOUNT,
            "AWS::URLSuffix" => "amazonaws.com",
            "AWS::StackName" => "stack",
            "Store" => BUCKET,
            _ => {
                let parameter = &self.template["Parameters"][name];
                let value = self.parameters.get(name).map(|value| json!(value));
                let value = value.unwrap_or_else(|| parameter["Default"].clone());
                return Some(match text_or(&parameter["Type"], "") {
                    "" => name.into(),
                    "CommaDelimitedList" => text(&value).split(',').collect(),
                    _ => value,
                });
            }
        };
        Some(fixed.into())
    }

    fn substituted(&self, text: &str) -> String {
        let mut pieces = text.split("${");
        let mut whole = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (name, rest) = piece.split_once('}').expect("a name ends with }");
            whole += &match name.contains('.') {
                true => attribute(name),
                false => text_or(&self.reference(name).unwrap_or_default(), name).to_owned(),
            };
            whole += rest;
        }
        whole
    }
}

fn is_function(key: &str) -> bool {
    key == "Ref" || key.starts_with("Fn::")
}

/// The bucket has a known ARN; those of the rest stand for themselves.
fn attribute(name: &str) -> String {
    if name == "Store.Arn" { format!("arn:aws:s3:::{BUCKET}") } else { name.to_owned() }
}

/// A statement as all of its combinations of action, resource and values of conditions.
fn grants(statement: &Value) -> Vec<Grant> {
    assert_eq!(statement["Effect"], "Allow", "{statement}");
    let mut conditions = vec![BTreeMap::new()];
    for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
        for (key, values) in keys.as_object().into_iter().flatten() {
            let with = |before: &BTreeMap<String, String>, value: &Value| {
                let mut after = before.clone();
                after.insert(format!("{operator} {key}"), text(value).to_owned());
                after
            };
            let values = items(values);
            conditions = conditions
                .iter()
                .flat_map(|before| {
                    values.iter().map(|value| with(before, value)).collect::<Vec<_>>()
                })
                .collect();
        }
    }
    let mut grants = Vec::new();
    for action in items(&statement["Action"]) {
        for resource in items(&statement["Resource"]) {
            grants.extend(conditions.iter().map(|conditions| Grant {
                action: text(&action).to_owned(),
                resource: text(&resource).to_owned(),
                conditions: conditions.clone(),
            }));
        }
    }
    assert!(!grants.is_empty(), "{statement} allows nothing");
    grants
}

/// The items of a list; one that stands alone is one.
fn items(node: &Value) -> Vec<Value> {
    match node {
        Value::Null => Vec::new(),
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    }
}

fn text(node: &Value) -> &str {
    node.as_str().unwrap_or_else(|| panic!("{node} is no text"))
}

fn text_or<'a>(node: &'a Value, other: &'a str) -> &'a str {
    node.as_str().unwrap_or(other)
}
