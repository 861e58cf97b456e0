//! The verifier against AWS's published examples, and against what it must refuse.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

use super::*;

/// The keys of AWS's documentation and test suite.
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
/// 2015-08-30T12:36:00Z.
const THEN: i64 = 1_440_938_160;

struct Example {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: &'static [u8],
}

impl Example {
    fn new(method: Method, uri: &'static str, headers: &[(&'static str, &str)]) -> Self {
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_str(value).expect("a header value"),
                )
            })
            .collect();
        Self { method, uri: Uri::from_static(uri), headers, body: b"" }
    }

    fn list_users() -> Self {
        Self::new(
            Method::GET,
            "/?Action=ListUsers&Version=2010-05-08",
            &[
                ("host", "iam.amazonaws.com"),
                ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
                ("x-amz-date", "20150830T123600Z"),
                (
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
                     SignedHeaders=content-type;host;x-amz-date, \
                     Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
                ),
            ],
        )
    }

    /// An example of the SigV4 test suite, whose requests all go to `example.amazonaws.com`.
    fn of_suite(method: Method, uri: &'static str, signature: &str) -> Self {
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature={signature}"
        );
        Self::new(
            method,
            uri,
            &[
                ("host", "example.amazonaws.com"),
                ("x-amz-date", "20150830T123600Z"),
                ("authorization", &authorization),
            ],
        )
    }

    fn request(&self) -> SignedRequest<'_> {
        SignedRequest {
            method: &self.method,
            uri: &self.uri,
            headers: &self.headers,
            body: self.body,
        }
    }

    fn verify(&self, service: &str) -> Result<Caller, SigV4Error> {
        verifier().verify_at(self.request(), service, THEN)
    }
}

fn verifier() -> Verifier {
    Verifier::new([Key {
        access_key: "AKIDEXAMPLE".into(),
        secret: SECRET.into(),
        session_token: None,
        account: "123456789012".into(),
    }])
}

#[test]
fn the_list_users_example_of_the_user_guide() {
    let caller = Example::list_users().verify("iam").expect("AWS's own signature");
    assert_eq!(caller.account, "123456789012");
    assert_eq!((caller.region.as_str(), caller.service.as_str()), ("us-east-1", "iam"));
}

#[test]
fn examples_of_the_test_suite() {
    let examples = [
        (
            "get-vanilla",
            Method::GET,
            "/",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "post-vanilla",
            Method::POST,
            "/",
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        (
            "get-vanilla-query-order-key-case",
            Method::GET,
            "/?Param2=value2&Param1=value1",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            "get-slash (normalized)",
            Method::GET,
            "//",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "get-relative (normalized)",
            Method::GET,
            "/example/..",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
    ];
    for (name, method, uri, signature) in examples {
        let verified = Example::of_suite(method, uri, signature).verify("service");
        assert!(verified.is_ok(), "{name}: {verified:?}");
    }
}

#[test]
fn the_get_object_example_of_the_s3_guide() {
    // "Authenticating Requests: Using the Authorization Header", example GET Object, of
    // 2013-05-24T00:00:00Z.
    let example = Example::new(
        Method::GET,
        "/test.txt",
        &[
            ("host", "examplebucket.s3.amazonaws.com"),
            ("range", "bytes=0-9"),
            (
                "x-amz-content-sha256",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
            ("x-amz-date", "20130524T000000Z"),
            (
                "authorization",
                "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
                 SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,\
                 Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            ),
        ],
    );
    let verifier = Verifier::new([Key {
        access_key: "AKIAIOSFODNN7EXAMPLE".into(),
        secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
        session_token: None,
        account: "1".into(),
    }]);
    verifier.verify_at(example.request(), "s3", 1_369_353_600).expect("AWS's own signature");
}

#[test]
fn what_was_changed_after_signing_is_refused() {
    let mut other_query = Example::list_users();
    other_query.uri = Uri::from_static("/?Action=DeleteUsers&Version=2010-05-08");
    let mut other_body = Example::list_users();
    other_body.body = b"{}";
    let mut other_header = Example::list_users();
    other_header.headers.insert("content-type", HeaderValue::from_static("text/plain"));
    for changed in [other_query, other_body, other_header] {
        assert!(matches!(changed.verify("iam"), Err(SigV4Error::Mismatch { .. })));
    }
}

#[test]
fn refusals_say_why() {
    let example = Example::list_users();
    assert!(matches!(example.verify("monitoring"), Err(SigV4Error::Scope(_))));
    let late = verifier().verify_at(example.request(), "iam", THEN + 901);
    assert!(matches!(late, Err(SigV4Error::Skewed { .. })), "{late:?}");
    let unknown = Verifier::default().verify_at(example.request(), "iam", THEN);
    assert_eq!(unknown, Err(SigV4Error::UnknownKey));

    let mut anonymous = Example::list_users();
    anonymous.headers.remove("authorization");
    assert_eq!(anonymous.verify("iam"), Err(SigV4Error::Missing));

    let mut unsigned = Example::list_users();
    unsigned.headers.insert("x-amz-target", HeaderValue::from_static("X"));
    assert_eq!(unsigned.verify("iam"), Err(SigV4Error::UnsignedHeader("x-amz-target".into())));

    let mut with_token = Example::list_users();
    with_token.headers.insert("x-amz-security-token", HeaderValue::from_static("none asked for"));
    assert_eq!(with_token.verify("iam"), Err(SigV4Error::SessionToken));

    let mut wrong_hash = Example::list_users();
    wrong_hash.headers.insert("x-amz-content-sha256", HeaderValue::from_static("00"));
    assert!(wrong_hash.verify("iam").is_err());
}

#[test]
fn debug_output_keeps_the_secret() {
    assert!(!format!("{:?}", verifier()).contains(SECRET));
}
