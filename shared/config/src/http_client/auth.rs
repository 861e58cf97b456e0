//! How requests are authorized: `basic_auth`, `authorization`, `oauth2`, the older `bearer_token`.

use secrecy::SecretString;

use super::{Choice, Proxy, Tls, refuse, take_text};
use crate::endpoint::Endpoint;
use crate::finding::Findings;
use crate::mapping::Mapping;
use crate::node::Node;
use crate::secret::Secret;

/// How requests are authorized.
#[derive(Debug, Clone)]
pub enum Auth {
    /// `basic_auth`; a part that is not given is empty.
    Basic {
        /// The user.
        username: Secret,
        /// The password.
        password: Secret,
    },
    /// `authorization` or `bearer_token`: the header is `scheme credentials`.
    Authorization {
        /// `Bearer` unless `type` says otherwise.
        scheme: String,
        /// What follows the scheme; empty if not given.
        credentials: Secret,
    },
    /// `oauth2`, with the grant `client_credentials`.
    OAuth2(Box<OAuth2>),
    /// AWS Signature Version 4; read by the section that takes `sigv4`.
    SigV4(SigV4),
}

/// Where tokens come from. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct OAuth2 {
    /// The client's name.
    pub client_id: String,
    /// The client's secret; empty if not given.
    pub client_secret: Secret,
    /// Where tokens are asked for.
    pub token_url: Endpoint,
    /// Joined by spaces in the request.
    pub scopes: Vec<String>,
    /// More form fields of the request, by name; they may be passwords.
    pub endpoint_params: Vec<(String, SecretString)>,
    /// TLS towards the token URL.
    pub tls: Tls,
    /// Proxy towards the token URL.
    pub proxy: Proxy,
}

/// AWS Signature Version 4 (`sigv4` of `remote_write`). What is absent comes from the process's own credentials.
#[derive(Debug, Clone, Default)]
pub struct SigV4 {
    /// The receiver's region.
    pub region: Option<String>,
    /// An access key's id.
    pub access_key: Option<String>,
    /// Its secret part.
    pub secret_key: Option<SecretString>,
    /// A profile of the shared configuration files.
    pub profile: Option<String>,
    /// A role to assume.
    pub role_arn: Option<String>,
    /// What the role wants to hear.
    pub external_id: Option<String>,
    /// Whether the role is asked for at a FIPS endpoint.
    pub use_fips_sts_endpoint: bool,
    /// The service to sign for; absent: `aps`.
    pub service_name: Option<String>,
}

const ONE_OF_ALL: &str = "at most one of basic_auth, oauth2 & authorization must be configured";

impl Auth {
    pub(super) fn take(mapping: &mut Mapping<'_>, findings: &mut Findings) -> Option<Self> {
        let block = mapping.node();
        let basic = mapping.take("basic_auth");
        let authorization = mapping.take("authorization");
        let oauth2 = mapping.take("oauth2");
        let bearer = Choice::take_two(mapping, "bearer_token", findings);
        let reason = match (bearer.given, authorization, basic.or(oauth2)) {
            (2.., _, _) => {
                Some("at most one of bearer_token & bearer_token_file must be configured")
            }
            (1, _, Some(_)) => Some(
                "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured",
            ),
            (1, Some(_), None) => {
                Some("authorization is not compatible with bearer_token & bearer_token_file")
            }
            (0, Some(_), Some(_)) => Some(ONE_OF_ALL),
            _ => (basic.is_some() && oauth2.is_some()).then_some(ONE_OF_ALL),
        };
        if let Some(reason) = reason {
            findings.error(block, reason);
        }
        let basic = basic.and_then(|node| read_basic(node, findings));
        let authorization = authorization.and_then(|node| read_authorization(node, findings));
        let oauth2 = oauth2.and_then(|node| OAuth2::read(node, findings));
        let bearer = bearer
            .secret
            .map(|credentials| Self::Authorization { scheme: "Bearer".to_owned(), credentials });
        basic.or(authorization).or(oauth2.map(|it| Self::OAuth2(Box::new(it)))).or(bearer)
    }

    /// Everything in it that may be kept elsewhere.
    pub(super) fn secrets(&self) -> Vec<&Secret> {
        match self {
            Self::Basic { username, password } => vec![username, password],
            Self::Authorization { scheme: _, credentials } => vec![credentials],
            Self::OAuth2(oauth2) => oauth2.secrets(),
            Self::SigV4(_) => Vec::new(),
        }
    }
}

fn read_basic(node: &Node, findings: &mut Findings) -> Option<Auth> {
    let mut mapping = node.mapping(findings)?;
    let mut part = |key: &str, findings: &mut Findings| {
        let reason =
            format!("at most one of basic_auth {key}, {key}_file & {key}_ref must be configured");
        Choice::take(&mut mapping, key, findings)
            .at_most_one(node, &reason, findings)
            .unwrap_or_else(Secret::empty)
    };
    let username = part("username", findings);
    let password = part("password", findings);
    mapping.finish_as("plain", findings);
    Some(Auth::Basic { username, password })
}

fn read_authorization(node: &Node, findings: &mut Findings) -> Option<Auth> {
    let mut mapping = node.mapping(findings)?;
    let scheme = take_text(&mut mapping, "type", findings).unwrap_or_default();
    let scheme = match scheme.trim() {
        "" => "Bearer",
        scheme => scheme,
    };
    if scheme.eq_ignore_ascii_case("basic") {
        findings.error(
            node,
            r#"authorization type cannot be set to "basic", use "basic_auth" instead"#,
        );
    }
    let reason = "at most one of authorization credentials & credentials_file must be configured";
    let credentials = Choice::take(&mut mapping, "credentials", findings)
        .at_most_one(node, reason, findings)
        .unwrap_or_else(Secret::empty);
    mapping.finish_as("Authorization", findings);
    Some(Auth::Authorization { scheme: scheme.to_owned(), credentials })
}

/// Keys of the grant `jwt-bearer` alone.
const JWT_KEYS: [&str; 8] = [
    "client_certificate_key_id",
    "client_certificate_key",
    "client_certificate_key_file",
    "client_certificate_key_ref",
    "signature_algorithm",
    "iss",
    "audience",
    "claims",
];

impl OAuth2 {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let mut mapping = node.mapping(findings)?;
        check_grant(&mut mapping, findings);
        let client_id = take_text(&mut mapping, "client_id", findings);
        if client_id.is_none() {
            findings.error(node, "oauth2 client_id must be configured");
        }
        let reason = "at most one of oauth2 client_secret, client_secret_file & client_secret_ref \
                      must be configured using grant-type=client_credentials";
        let client_secret = Choice::take(&mut mapping, "client_secret", findings)
            .at_most_one(node, reason, findings)
            .unwrap_or_else(Secret::empty);
        let token_url = take_token_url(&mut mapping, findings);
        let scopes = mapping.take("scopes").and_then(|node| node.strings(findings));
        let endpoint_params =
            mapping.take("endpoint_params").map(|node| read_params(node, findings));
        let tls = Tls::take(&mut mapping, findings);
        let proxy = Proxy::take(&mut mapping, findings);
        mapping.finish_as("plain", findings);
        Some(Self {
            client_id: client_id?,
            client_secret,
            token_url: token_url?,
            scopes: scopes.unwrap_or_default(),
            endpoint_params: endpoint_params.unwrap_or_default(),
            tls,
            proxy,
        })
    }

    fn secrets(&self) -> Vec<&Secret> {
        let mut secrets = vec![&self.client_secret];
        secrets.extend(self.tls.secrets());
        secrets.extend(self.proxy.secrets());
        secrets
    }
}

fn check_grant(mapping: &mut Mapping<'_>, findings: &mut Findings) {
    let Some(node) = mapping.take("grant_type") else {
        return refuse_jwt(mapping, findings);
    };
    match node.string(findings).as_deref() {
        None | Some("" | "client_credentials") => refuse_jwt(mapping, findings),
        Some("urn:ietf:params:oauth:grant-type:jwt-bearer") => {
            findings.error(node, "the jwt-bearer grant is not supported; client_credentials is");
            // One finding is enough for the keys that belong to the refused grant.
            for key in JWT_KEYS {
                mapping.take(key);
            }
        }
        Some(other) => findings.error(node, format!("unknown grant_type {other:?}")),
    }
}

fn refuse_jwt(mapping: &mut Mapping<'_>, findings: &mut Findings) {
    for key in JWT_KEYS {
        refuse(mapping, key, findings);
    }
}

fn take_token_url(mapping: &mut Mapping<'_>, findings: &mut Findings) -> Option<Endpoint> {
    let Some(node) = mapping.take("token_url").filter(|node| !super::is_empty(node)) else {
        findings.error(mapping.node(), "oauth2 token_url must be configured");
        return None;
    };
    node.url(findings)
}

fn read_params(node: &Node, findings: &mut Findings) -> Vec<(String, SecretString)> {
    let Some(params) = node.mapping(findings) else {
        return Vec::new();
    };
    params
        .entries()
        .filter_map(|(name, value)| Some((name.to_owned(), value.secret_string(findings)?)))
        .collect()
}
