//! Which permission a call takes: one row an operation. An operation that has no row fails the test.

use std::collections::{BTreeMap, BTreeSet};

use emulators::faults::Call;

use super::{ACCOUNT, REGION, SECRET};

/// One action on one pattern of resources, under conditions that name one value each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Grant {
    pub(super) action: String,
    pub(super) resource: String,
    /// `operator key` → value.
    pub(super) conditions: BTreeMap<String, String>,
}

impl Grant {
    fn on(action: &str, resource: impl Into<String>) -> Self {
        Self { action: action.to_owned(), resource: resource.into(), conditions: BTreeMap::new() }
    }

    fn only(mut self, condition: &str, value: impl Into<String>) -> Self {
        self.conditions.insert(condition.to_owned(), value.into());
        self
    }
}

/// What Lambda does with a function's role.
pub(super) fn of_lambda_itself(name: &str) -> BTreeSet<Grant> {
    let log = format!("{name}LogGroup.Arn");
    ["logs:CreateLogStream", "logs:PutLogEvents"].map(|action| Grant::on(action, &log)).into()
}

/// What a call of AWS takes.
pub(super) fn of_call(call: &Call) -> Vec<Grant> {
    let operation = format!("{}:{}", call.service, call.operation);
    let named = |grants: fn(&str) -> Vec<Grant>| {
        assert!(!call.names.is_empty(), "{operation} names nothing");
        call.names.iter().flat_map(|name| grants(name)).collect()
    };
    match operation.as_str() {
        "cloudwatch:GetMetricData"
        | "cloudwatch:ListMetrics"
        | "cloudfront:ListDistributions"
        | "ecs:ListClusters"
        | "ecs:ListServices"
        | "ecs:ListTasks" => vec![Grant::on(&operation, "*")],
        "cloudfront:ListTagsForResource" => named(|name| {
            let distributions = format!("arn:aws:cloudfront::{ACCOUNT}:distribution/");
            assert!(name.starts_with(&distributions), "{name}");
            vec![Grant::on("cloudfront:ListTagsForResource", distributions + "*")]
        }),
        "ecs:DescribeClusters" | "ecs:ListContainerInstances" => in_ecs(&operation, "cluster"),
        "ecs:DescribeServices" => in_ecs(&operation, "service"),
        "ecs:DescribeTasks" => in_ecs(&operation, "task"),
        "ecs:DescribeContainerInstances" => in_ecs(&operation, "container-instance"),
        // The object may be missing. S3 says so only to those who may list it: its key counts as the prefix.
        "s3:GetObject" => named(|name| vec![object("s3:GetObject", name), list(name)]),
        "s3:PutObject" => named(|name| vec![object("s3:PutObject", name)]),
        "s3:DeleteObject" | "s3:DeleteObjects" => {
            named(|name| vec![object("s3:DeleteObject", name)])
        }
        "s3:ListObjectsV2" => named(|name| vec![list(name)]),
        "ssm:GetParametersByPath" => named(|path| {
            let path = parameter(path);
            vec![
                decrypt_parameter(&format!("{path}/*")),
                Grant::on("ssm:GetParametersByPath", path),
            ]
        }),
        "ssm:GetParameter" => named(|name| secret("ssm:GetParameter", name)),
        "ssm:GetParameters" => named(|name| secret("ssm:GetParameters", name)),
        "sts:AssumeRole" => named(|role| vec![Grant::on("sts:AssumeRole", role)]),
        // Everybody may ask that.
        "sts:GetCallerIdentity" => Vec::new(),
        _ => panic!("which permission does {operation} take?"),
    }
}

/// What a request to a workspace takes: `…/workspaces/ws-1/api/v1/remote_write`.
pub(super) fn of_remote_write(url: &str) -> Grant {
    let path = url.split_once("/workspaces/").map(|(_, path)| path);
    let workspace = path.and_then(|path| path.split('/').next()).expect("the URL of a workspace");
    Grant::on("aps:RemoteWrite", format!("arn:aws:aps:{REGION}:{ACCOUNT}:workspace/{workspace}"))
}

/// Any region: the configuration chooses.
fn in_ecs(operation: &str, kind: &str) -> Vec<Grant> {
    vec![Grant::on(operation, format!("arn:aws:ecs:*:{ACCOUNT}:{kind}/*"))]
}

fn object(action: &str, name: &str) -> Grant {
    Grant::on(action, format!("arn:aws:s3:::{}", folder(name).join("/")))
}

fn list(name: &str) -> Grant {
    let [bucket, folder] = folder(name);
    Grant::on("s3:ListBucket", format!("arn:aws:s3:::{bucket}"))
        .only("StringLike s3:prefix", folder)
}

/// The bucket, and the folder of a key in which one function is at home: `state/ecs/*`; `config/*` belongs to all.
fn folder(name: &str) -> [String; 2] {
    let (bucket, key) = name.split_once('/').expect("a bucket and a key");
    let levels = if key.starts_with("config/") { 1 } else { 2 };
    let folders: Vec<&str> = key.split('/').collect();
    assert!(folders.len() > levels, "{key} lies in nobody's folder");
    [bucket.to_owned(), format!("{}/*", folders[..levels].join("/"))]
}

fn parameter(name: &str) -> String {
    format!("arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{name}")
}

/// A parameter with a secret in it, or one that refers to Secrets Manager.
fn secret(action: &str, name: &str) -> Vec<Grant> {
    const REFERENCES: &str = "/aws/reference/secretsmanager/";
    if let Some(name) = name.strip_prefix(REFERENCES) {
        // The ARN's last six characters are Secrets Manager's own.
        assert!(SECRET.rsplit_once('-').is_some_and(|(arn, _)| arn.ends_with(name)), "{name}");
        return vec![
            Grant::on(action, parameter(&format!("{REFERENCES}*"))),
            Grant::on("secretsmanager:GetSecretValue", SECRET),
            decrypt("secretsmanager", "SecretARN", SECRET),
        ];
    }
    let path = name.strip_prefix("/hostless/secret/").map(|_| parameter("/hostless/secret/*"));
    let path = path.unwrap_or_else(|| panic!("{name} lies outside of SecretPath"));
    vec![decrypt_parameter(&path), Grant::on(action, path)]
}

fn decrypt_parameter(arn: &str) -> Grant {
    decrypt("ssm", "PARAMETER_ARN", arn)
}

/// A key of the account's own, which only the service may use it with, and only for this.
fn decrypt(service: &str, context: &str, value: &str) -> Grant {
    Grant::on("kms:Decrypt", format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/*"))
        .only("StringEquals kms:ViaService", format!("{service}.{REGION}.amazonaws.com"))
        .only(&format!("StringLike kms:EncryptionContext:{context}"), value)
}
