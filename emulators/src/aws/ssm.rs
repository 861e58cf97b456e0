//! Systems Manager Parameter Store: GetParameter, GetParameters and GetParametersByPath.
//!
//! With its real quirks: ten parameters a page at most, an empty page after a last full one, and
//! secrets of Secrets Manager under `/aws/reference/secretsmanager/`, which must be asked for
//! decrypted.

use std::collections::BTreeMap;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::error::ServiceError;
use super::front::Context;
use super::protocol::node::{Node, map, time};
use crate::faults::locked;

const SECRETS: &str = "/aws/reference/secretsmanager/";
const MAX_RESULTS: usize = 10;

/// A parameter, or a secret when its name starts with `/aws/reference/secretsmanager/`.
#[derive(Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Full name.
    pub name: String,
    /// The value in clear.
    pub value: String,
    /// Whether it is encrypted.
    pub kind: ParameterKind,
}

/// The type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// Plain text.
    String,
    /// Comma-separated plain text.
    StringList,
    /// Encrypted; comes in clear only with `WithDecryption`.
    SecureString,
}

impl Parameter {
    /// A plain parameter.
    #[must_use]
    pub fn string(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into(), kind: ParameterKind::String }
    }

    /// An encrypted parameter.
    #[must_use]
    pub fn secure(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { kind: ParameterKind::SecureString, ..Self::string(name, value) }
    }

    /// A secret of Secrets Manager.
    #[must_use]
    pub fn secret(name: &str, value: impl Into<String>) -> Self {
        Self::secure(format!("{SECRETS}{name}"), value)
    }
}

impl std::fmt::Debug for Parameter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, kind, value: _ } = self;
        formatter
            .debug_struct("Parameter")
            .field("name", name)
            .field("kind", kind)
            .finish_non_exhaustive()
    }
}

/// All parameters, by name.
#[derive(Debug)]
pub(crate) struct Parameters {
    stored: Mutex<BTreeMap<String, (Parameter, usize)>>,
    account: String,
    region: String,
}

impl Parameters {
    pub(crate) fn of(account: String, region: String) -> Self {
        Self { stored: Mutex::default(), account, region }
    }

    pub(crate) fn replace(&self, parameters: impl IntoIterator<Item = Parameter>) {
        *locked(&self.stored) = parameters
            .into_iter()
            .map(|parameter| (parameter.name.clone(), (parameter, 1)))
            .collect();
    }

    pub(crate) fn put(&self, parameter: Parameter) {
        let mut stored = locked(&self.stored);
        let version = stored.get(&parameter.name).map_or(1, |(_, version)| version + 1);
        stored.insert(parameter.name.clone(), (parameter, version));
    }

    /// One parameter as the API shows it.
    fn show(&self, name: &str, decrypted: bool) -> Option<Node> {
        let stored = locked(&self.stored);
        let (Parameter { name, value, kind }, version) = stored.get(name)?;
        let kind_name = match kind {
            ParameterKind::String => "String",
            ParameterKind::StringList => "StringList",
            ParameterKind::SecureString => "SecureString",
        };
        let encrypted = *kind == ParameterKind::SecureString && !decrypted;
        let shown = if encrypted { ciphertext(value) } else { value.clone() };
        let Self { account, region, .. } = self;
        let slash = if name.starts_with('/') { "" } else { "/" };
        Some(map([
            ("ARN", format!("arn:aws:ssm:{region}:{account}:parameter{slash}{name}").into()),
            ("DataType", "text".into()),
            ("LastModifiedDate", time(1_700_000_000)),
            ("Name", name.as_str().into()),
            ("Type", kind_name.into()),
            ("Value", shown.into()),
            ("Version", (*version).into()),
        ]))
    }

    /// The names under `path`; secrets are referred to, not listed.
    fn under(&self, path: &str, recursive: bool) -> Vec<String> {
        let prefix = format!("{}/", path.trim_end_matches('/'));
        locked(&self.stored)
            .keys()
            .filter(|name| !name.starts_with(SECRETS))
            .filter(|name| {
                name.strip_prefix(&prefix).is_some_and(|rest| recursive || !rest.contains('/'))
            })
            .cloned()
            .collect()
    }
}

pub(super) fn call(
    context: &Context<'_>,
    operation: &str,
    request: &Node,
) -> Result<Node, ServiceError> {
    let parameters = &context.world.parameters;
    let decrypted = request.boolean("WithDecryption")?.unwrap_or(false);
    match operation {
        "GetParameter" => {
            let name = request.required_text("Name")?;
            check_reference(name, decrypted)?;
            let parameter = parameters
                .show(name, decrypted)
                .ok_or_else(|| ServiceError::sender("ParameterNotFound", String::new()))?;
            Ok(map([("Parameter", parameter)]))
        }
        "GetParameters" => get_parameters(parameters, request, decrypted),
        "GetParametersByPath" => by_path(parameters, request, decrypted),
        other => Err(ServiceError::unknown_operation(other)),
    }
}

fn check_reference(name: &str, decrypted: bool) -> Result<(), ServiceError> {
    if name.starts_with(SECRETS) && !decrypted {
        let message = "WithDecryption flag must be True for retrieving a Secret Manager secret.";
        return Err(ServiceError::sender("ValidationException", message));
    }
    Ok(())
}

fn get_parameters(
    parameters: &Parameters,
    request: &Node,
    decrypted: bool,
) -> Result<Node, ServiceError> {
    let names = request.texts("Names")?;
    if names.is_empty() || names.len() > MAX_RESULTS {
        let message =
            format!("{} names; Member must have length from 1 to {MAX_RESULTS}", names.len());
        return Err(ServiceError::sender("ValidationException", message));
    }
    names.iter().try_for_each(|name| check_reference(name, decrypted))?;
    let (found, missing): (Vec<_>, Vec<_>) = names
        .iter()
        .map(|&name| (name, parameters.show(name, decrypted)))
        .partition(|(_, found)| found.is_some());
    Ok(map([
        ("Parameters", found.into_iter().filter_map(|(_, node)| node).collect()),
        ("InvalidParameters", missing.into_iter().map(|(name, _)| name).collect()),
    ]))
}

fn by_path(parameters: &Parameters, request: &Node, decrypted: bool) -> Result<Node, ServiceError> {
    let path = request.required_text("Path")?;
    if !path.starts_with('/') {
        let message = "The parameter path must begin with a forward slash";
        return Err(ServiceError::sender("ValidationException", message));
    }
    let wanted = request.integer("MaxResults")?.unwrap_or(10);
    let page_size = usize::try_from(wanted)
        .ok()
        .filter(|size| (1..=MAX_RESULTS).contains(size))
        .ok_or_else(|| {
            let message = format!(
                "{wanted} at 'maxResults': Member must have value between 1 and {MAX_RESULTS}"
            );
            ServiceError::sender("ValidationException", message)
        })?;
    let start = request.text("NextToken")?.map(token_to_start).transpose()?.unwrap_or(0);

    let names = parameters.under(path, request.boolean("Recursive")?.unwrap_or(false));
    let page: Vec<&String> = names.iter().skip(start).take(page_size).collect();
    // As in AWS, a full page does not know whether it is the last: an empty one may follow.
    let next =
        (page.len() == page_size).then(|| BASE64.encode(format!("ssm:{}", start + page_size)));
    Ok(map([
        (
            "Parameters",
            page.into_iter().filter_map(|name| parameters.show(name, decrypted)).collect(),
        ),
        ("NextToken", next.into()),
    ]))
}

fn token_to_start(token: &str) -> Result<usize, ServiceError> {
    BASE64
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok()?.strip_prefix("ssm:")?.parse().ok())
        .ok_or_else(|| {
            ServiceError::sender("InvalidNextToken", "The specified token is not valid.")
        })
}

/// What an encrypted value looks like to who does not ask for its decryption; the value cannot be
/// read back from it.
fn ciphertext(value: &str) -> String {
    let digest = crate::sigv4::sha256_hex(value.as_bytes());
    format!("AQICAH{}", BASE64.encode(digest))
}
