//! What the environment says about AWS: region, credentials and endpoints, from the lookup that was handed in.
//!
//! The SDK reads the process's environment by itself. The same variables are read here first, so that the demo and
//! the tests point the SDK at their emulators without touching the process they live in.

use std::collections::BTreeMap;

use aws_credential_types::Credentials;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use crate::Environment;

/// The variable that names an endpoint for every service; `_<SERVICE>` behind it for one.
pub(crate) const ENDPOINT: &str = "AWS_ENDPOINT_URL";

/// The services that hostless calls, as their endpoint variables name them.
const SERVICES: [&str; 6] = ["CLOUDFRONT", "CLOUDWATCH", "ECS", "S3", "SSM", "STS"];

/// What the environment says.
pub(crate) struct Given {
    /// The region of the function, else the default one.
    pub(crate) region: Option<Region>,
    /// The access key, as Lambda gives it to a function.
    pub(crate) credentials: Option<Credentials>,
    endpoints: BTreeMap<String, String>,
}

impl Given {
    /// Reads the variables.
    pub(crate) fn read(environment: Environment<'_>) -> Self {
        let region = non_empty(environment, "AWS_REGION")
            .or_else(|| non_empty(environment, "AWS_DEFAULT_REGION"))
            .map(Region::new);
        let names = SERVICES.iter().map(|service| format!("{ENDPOINT}_{service}"));
        let endpoints = std::iter::once(ENDPOINT.to_owned())
            .chain(names)
            .filter_map(|name| non_empty(environment, &name).map(|url| (name, url)))
            .collect();
        Self { region, credentials: credentials(environment), endpoints }
    }

    /// The endpoints, in front of those that the SDK found in its own places.
    pub(crate) fn endpoints_before(self, rest: SdkConfig) -> Endpoints {
        Endpoints { given: self.endpoints, rest }
    }
}

fn credentials(environment: Environment<'_>) -> Option<Credentials> {
    let key = non_empty(environment, "AWS_ACCESS_KEY_ID")?;
    let secret = non_empty(environment, "AWS_SECRET_ACCESS_KEY")?;
    let token = non_empty(environment, "AWS_SESSION_TOKEN");
    Some(Credentials::new(key, secret, token, None, "Environment"))
}

/// Endpoints from the environment, in front of what the SDK found in its own places.
#[derive(Debug)]
pub(crate) struct Endpoints {
    given: BTreeMap<String, String>,
    rest: SdkConfig,
}

impl Endpoints {
    /// The endpoint of one service: its own variable before the common one.
    fn endpoint(&self, service: &str) -> Option<String> {
        let service = service.to_uppercase().replace([' ', '-'], "_");
        let own = self.given.get(&format!("{ENDPOINT}_{service}"));
        own.or_else(|| self.given.get(ENDPOINT)).cloned()
    }
}

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let given = (key.env() == ENDPOINT).then(|| self.endpoint(key.service_id())).flatten();
        given.or_else(|| self.rest.service_config()?.load_config(key))
    }
}

fn non_empty(environment: Environment<'_>, name: &str) -> Option<String> {
    environment(name).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(variables: &[(&str, &str)], service: &str) -> Option<String> {
        let variables: BTreeMap<String, String> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let endpoints = Given::read(&|name| variables.get(name).cloned())
            .endpoints_before(SdkConfig::builder().build());
        let key =
            ServiceConfigKey::builder().service_id(service).env(ENDPOINT).profile("endpoint_url");
        endpoints.load_config(key.build().expect("a whole key"))
    }

    #[test]
    fn the_endpoint_of_a_service_stands_before_the_common_one() {
        let variables = [(ENDPOINT, "http://all"), ("AWS_ENDPOINT_URL_SSM", "http://ssm")];
        assert_eq!(endpoint(&variables, "SSM").as_deref(), Some("http://ssm"));
        assert_eq!(endpoint(&variables, "CloudWatch").as_deref(), Some("http://all"));
        assert_eq!(endpoint(&[(ENDPOINT, "")], "SSM"), None, "an empty variable is none");
    }

    #[test]
    fn a_key_without_its_secret_is_no_credentials() {
        let lookup = |name: &str| (name == "AWS_ACCESS_KEY_ID").then(|| "AKID".to_owned());
        assert!(Given::read(&lookup).credentials.is_none());
    }

    #[test]
    fn the_region_of_the_function_stands_before_the_default_one() {
        let lookup = |name: &str| match name {
            "AWS_REGION" => Some("eu-west-1".to_owned()),
            "AWS_DEFAULT_REGION" => Some("us-west-2".to_owned()),
            _ => None,
        };
        assert_eq!(Given::read(&lookup).region, Some(Region::new("eu-west-1")));
    }
}
