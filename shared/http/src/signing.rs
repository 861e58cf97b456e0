//! AWS Signature Version 4 for requests that no SDK makes: remote write to Amazon Managed Service for Prometheus.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http1::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http1::{HeaderMap, HeaderName, HeaderValue, Method};
use series::Timestamp;
use url::Url;

use crate::SendError;

/// What is signed beside `host`, `x-amz-date` and `x-amz-security-token`: headers that nothing on the way rewrites.
const SIGNED: [HeaderName; 3] =
    [CONTENT_TYPE, CONTENT_ENCODING, HeaderName::from_static("x-prometheus-remote-write-version")];

/// What a signature is made for.
pub(crate) struct Scope<'a> {
    pub(crate) region: &'a str,
    pub(crate) service: &'a str,
    pub(crate) now: Timestamp,
}

/// Adds the signature to `headers`. For each attempt anew: the date is part of it, and credentials rotate.
pub(crate) fn sign_request(
    method: &Method,
    url: &Url,
    headers: &mut HeaderMap,
    body: &[u8],
    credentials: &Credentials,
    scope: &Scope<'_>,
) -> Result<(), SendError> {
    let identity = credentials.clone().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(scope.region)
        .name(scope.service)
        .time(system_time(scope.now))
        .settings(SigningSettings::default())
        .build()
        .map_err(invalid)?
        .into();
    let added = {
        let signed = headers.iter().filter(|(name, _)| SIGNED.contains(name));
        let signed = signed.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let request =
            SignableRequest::new(method.as_str(), url.as_str(), signed, SignableBody::Bytes(body));
        let signed = sign(request.map_err(invalid)?, &params).map_err(invalid)?;
        signed.into_parts().0.into_parts().0
    };
    for header in added {
        let mut value = HeaderValue::from_str(header.value()).map_err(invalid)?;
        // A receiver that finds the date wrong says so, and people need to see which it was.
        value.set_sensitive(header.name() != "x-amz-date");
        headers.insert(HeaderName::from_static(header.name()), value);
    }
    Ok(())
}

fn system_time(at: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(at.as_millis()).unwrap_or(0))
}

fn invalid(error: impl std::fmt::Display) -> SendError {
    SendError::Signature(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of AWS's published test suite.
    fn credentials(token: Option<&str>) -> Credentials {
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        Credentials::new("AKIDEXAMPLE", secret, token.map(str::to_owned), None, "test")
    }

    fn signed(
        method: &Method,
        url: &str,
        headers: &[(HeaderName, &'static str)],
        body: &str,
    ) -> HeaderMap {
        let mut map: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect();
        let now = Timestamp::parse_rfc3339("2015-08-30T12:36:00Z").expect("a time");
        let scope = Scope { region: "us-east-1", service: "service", now };
        let url = Url::parse(url).expect("a URL");
        sign_request(method, &url, &mut map, body.as_bytes(), &credentials(None), &scope)
            .expect("signed");
        map
    }

    fn authorization(headers: &HeaderMap) -> &str {
        headers["authorization"].to_str().expect("ASCII")
    }

    /// `get-vanilla`, `post-vanilla` and `post-x-www-form-urlencoded` of the AWS Signature Version 4 test suite.
    #[test]
    fn the_published_vectors_come_out() {
        let scope = "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request";
        let get = signed(&Method::GET, "https://example.amazonaws.com/", &[], "");
        assert_eq!(
            authorization(&get),
            format!(
                "AWS4-HMAC-SHA256 {scope}, SignedHeaders=host;x-amz-date, \
                 Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
            )
        );
        let post = signed(&Method::POST, "https://example.amazonaws.com/", &[], "");
        assert_eq!(
            authorization(&post),
            format!(
                "AWS4-HMAC-SHA256 {scope}, SignedHeaders=host;x-amz-date, \
                 Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
            )
        );
        let form = [(CONTENT_TYPE, "application/x-www-form-urlencoded")];
        let post = signed(&Method::POST, "https://example.amazonaws.com/", &form, "Param1=value1");
        assert_eq!(
            authorization(&post),
            format!(
                "AWS4-HMAC-SHA256 {scope}, SignedHeaders=content-type;host;x-amz-date, \
                 Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"
            )
        );
    }

    #[test]
    fn only_headers_that_stay_as_they_are_get_signed() {
        let headers = [
            (CONTENT_TYPE, "application/x-protobuf"),
            (CONTENT_ENCODING, "snappy"),
            (HeaderName::from_static("x-prometheus-remote-write-version"), "0.1.0"),
            (HeaderName::from_static("user-agent"), "hostless"),
            (HeaderName::from_static("x-scope-orgid"), "tenant"),
        ];
        let headers = signed(&Method::POST, "https://aps.test:8443/api", &headers, "body");
        let expected = "SignedHeaders=content-encoding;content-type;host;x-amz-date;\
                        x-prometheus-remote-write-version,";
        assert!(authorization(&headers).contains(expected), "{}", authorization(&headers));
        assert!(headers["authorization"].is_sensitive());
        assert_eq!(headers["x-amz-date"], "20150830T123600Z");
        assert!(!headers.contains_key("x-amz-content-sha256"));
    }

    #[test]
    fn a_session_token_is_sent_and_signed() {
        let mut headers = HeaderMap::new();
        let scope = Scope { region: "eu-west-1", service: "aps", now: Timestamp::from_secs(0) };
        let url = Url::parse("https://aps.test/").expect("a URL");
        let credentials = credentials(Some("token"));
        sign_request(&Method::POST, &url, &mut headers, b"", &credentials, &scope).expect("signed");
        assert_eq!(headers["x-amz-security-token"], "token");
        assert!(authorization(&headers).contains("host;x-amz-date;x-amz-security-token"));
    }
}
