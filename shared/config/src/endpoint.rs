//! URLs that may hold secrets, as people write them: `https://user:password@host/path?token=…`.

use std::fmt;
use std::ops::Deref;

use url::Url;

/// Where requests go. It is used as the [`Url`] that it is, and shown without what may be secret in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

impl From<Url> for Endpoint {
    fn from(url: Url) -> Self {
        Self(url)
    }
}

impl Deref for Endpoint {
    type Target = Url;

    fn deref(&self) -> &Url {
        &self.0
    }
}

/// As [`redacted`] has it.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redacted(&self.0))
    }
}

/// As [`redacted`] has it.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

/// A URL without credentials, query and fragment, which may be secrets.
pub fn redacted(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Refused only by URLs without a host, which have no credentials either.
    let _no_host = url.set_username("").and_then(|()| url.set_password(None));
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_used_whole_and_shown_without_credentials_and_query() {
        let table = [
            ("https://u:p@example.com:8443/a/b?key=1#f", "https://example.com:8443/a/b"),
            ("http://example.com", "http://example.com/"),
        ];
        for (written, expected) in table {
            let url = Url::parse(written).expect("a URL");
            let endpoint = Endpoint::from(url.clone());
            assert_eq!(endpoint.as_str(), url.as_str());
            assert_eq!(endpoint.to_string(), expected);
            assert_eq!(format!("{endpoint:?}"), format!("Endpoint({expected})"));
        }
    }
}
