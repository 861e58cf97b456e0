//! Parameter Store: a path of documents, and single values.

use std::collections::BTreeMap;

use aws_sdk_ssm::operation::get_parameter::GetParameterError;
use aws_sdk_ssm::types::Parameter;
use aws_smithy_runtime_api::client::result::SdkError;
use secrecy::SecretString;

use crate::Aws;
use crate::reason::reason;

/// The most names that one GetParameters call takes, and the most parameters that one page of a path holds.
const PAGE: usize = 10;

/// Where the parameters of this prefix are secrets of Secrets Manager.
pub(crate) const SECRETS_MANAGER: &str = "/aws/reference/secretsmanager/";

/// Reads parameters, decrypted.
#[derive(Debug, Clone)]
pub struct ParameterStore(aws_sdk_ssm::Client);

/// Why a parameter could not be read.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum ParameterError {
    /// There is none of this name.
    #[error("read parameter {0}: it does not exist")]
    NotFound(String),
    /// The service refused, or could not be reached.
    #[error("read parameter {name}: {reason}")]
    Failed {
        /// The parameter or the path.
        name: String,
        /// What the service said.
        reason: String,
    },
}

impl ParameterStore {
    pub(crate) fn new(aws: &Aws) -> Self {
        let config = aws_sdk_ssm::config::Builder::from(aws.config()).interceptor(aws.counter());
        Self(aws_sdk_ssm::Client::from_conf(config.build()))
    }

    /// Every parameter under a path, at any depth, in the order of their names. A path that holds nothing is empty,
    /// not an error: the service does not tell the two apart.
    pub async fn by_path(&self, path: &str) -> Result<Vec<(String, String)>, ParameterError> {
        let mut found = BTreeMap::new();
        let mut token = None;
        loop {
            let page = self
                .0
                .get_parameters_by_path()
                .path(path)
                .recursive(true)
                .with_decryption(true)
                .set_max_results(i32::try_from(PAGE).ok())
                .set_next_token(token)
                .send()
                .await
                .map_err(|error| failed(path, reason(&error)))?;
            found.extend(page.parameters.unwrap_or_default().into_iter().filter_map(named));
            // A page may be empty and still not be the last.
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(found.into_iter().collect());
            }
        }
    }

    /// One value.
    pub async fn get(&self, name: &str) -> Result<SecretString, ParameterError> {
        let answer = self.0.get_parameter().name(name).with_decryption(true).send().await;
        let answer = answer.map_err(|error| refused(name, &error))?;
        let value = answer.parameter.and_then(|parameter| parameter.value);
        value
            .map(SecretString::from)
            .ok_or_else(|| failed(name, "the answer holds no value".to_owned()))
    }
}

fn named(parameter: Parameter) -> Option<(String, String)> {
    Some((parameter.name?, parameter.value?))
}

fn failed(name: &str, reason: String) -> ParameterError {
    ParameterError::Failed { name: name.to_owned(), reason }
}

fn refused<R: std::fmt::Debug>(
    name: &str,
    error: &SdkError<GetParameterError, R>,
) -> ParameterError {
    let reason = reason(error);
    let missing = error.as_service_error().is_some_and(|error| {
        // A reference to a secret that does not exist comes back as another error of Parameter Store, with the
        // words of Secrets Manager inside.
        error.is_parameter_not_found()
            || (name.starts_with(SECRETS_MANAGER) && reason.contains("ResourceNotFoundException"))
    });
    if missing { ParameterError::NotFound(name.to_owned()) } else { failed(name, reason) }
}
