//! What the remote write receiver asks for before it takes a request.

use emulators::receivers::present::Present;
use emulators::receivers::remote_write::{Auth, Options, RemoteWriteReceiver, SigV4};
use emulators::sigv4::{Key, Verifier};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::client::{NOW, WRITE_HEADERS, body, exchange, named};
use crate::remote_write::{PATH, start};

const AMP_PATH: &str = "/workspaces/ws-1/api/v1/remote_write";

/// The status of a right request to `path` with more headers.
fn status(receiver: &RemoteWriteReceiver, path: &str, more: &[(&str, &str)]) -> u16 {
    let headers = [&WRITE_HEADERS, more].concat();
    let body = body(&[named("m", &[(0, 1.0)])]);
    exchange(receiver.addr(), "POST", path, &headers, &body).expect("an answer").status
}

#[test]
fn basic_and_bearer_are_checked() {
    let basic = Auth::Basic { username: "user".into(), password: "pass:word".into() };
    let bearer = Auth::Bearer("token".into());
    for (auth, right) in [(basic, "Basic dXNlcjpwYXNzOndvcmQ="), (bearer, "Bearer token")] {
        let receiver = start(Options { auth, ..Options::default() });
        assert_eq!(status(&receiver, PATH, &[]), 401);
        assert_eq!(status(&receiver, PATH, &[("authorization", "Bearer other")]), 401);
        assert_eq!(status(&receiver, PATH, &[("authorization", "Basic dXNlcjpwYXNz")]), 401);
        assert!(receiver.series().is_empty());
        assert_eq!(status(&receiver, PATH, &[("authorization", right)]), 200);
        assert_eq!(receiver.accepted().len(), 1);
    }
}

#[test]
fn required_headers_are_required() {
    let required_headers = vec![("x-scope-orgid".to_owned(), "tenant".to_owned())];
    let receiver = start(Options { required_headers, ..Options::default() });
    assert_eq!(status(&receiver, PATH, &[]), 400);
    assert_eq!(status(&receiver, PATH, &[("X-Scope-OrgID", "other")]), 400);
    assert_eq!(status(&receiver, PATH, &[("X-Scope-OrgID", "tenant")]), 200);
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A signature over host and date, written out step by step from the specification.
fn sign(host: &str, body: &[u8], region: &str, access_key: &str, secret: &str) -> String {
    let signed = "host;x-amz-date";
    let canonical = format!(
        "POST\n{AMP_PATH}\n\nhost:{host}\nx-amz-date:20261120T092600Z\n\n{signed}\n{}",
        hex(&Sha256::digest(body))
    );
    let scope = format!("20261120/{region}/aps/aws4_request");
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n20261120T092600Z\n{scope}\n{}",
        hex(&Sha256::digest(canonical.as_bytes()))
    );
    let parts = ["20261120", region, "aps", "aws4_request"];
    let first = format!("AWS4{secret}").into_bytes();
    let key = parts.into_iter().fold(first, |key, part| hmac(&key, part));
    let signature = hex(&hmac(&key, &to_sign));
    format!(
        "AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={signed}, Signature={signature}"
    )
}

#[test]
fn signatures_for_aps_are_verified() {
    let verifier = Verifier::new([Key {
        access_key: "AKIDEXAMPLE".into(),
        secret: "secret".into(),
        session_token: None,
        account: "111111111111".into(),
    }]);
    let sigv4 = SigV4 {
        verifier: verifier.clone(),
        region: "eu-west-1".into(),
        now: Present::fixed_ms(NOW),
    };
    let auth = Auth::SigV4(sigv4);
    let receiver = start(Options { auth, path: AMP_PATH.into(), ..Options::default() });
    let host = receiver.addr().to_string();
    let sent = body(&[named("m", &[(0, 1.0)])]);
    let signed = |region, access_key, secret| {
        let authorization = sign(&host, &sent, region, access_key, secret);
        status(
            &receiver,
            AMP_PATH,
            &[("authorization", &authorization), ("x-amz-date", "20261120T092600Z")],
        )
    };
    assert_eq!(status(&receiver, AMP_PATH, &[]), 403, "no signature");
    assert_eq!(signed("eu-west-1", "AKIDEXAMPLE", "wrong"), 403, "wrong key");
    assert_eq!(signed("eu-west-1", "AKIDOTHER", "secret"), 403, "unknown key");
    assert_eq!(signed("us-east-1", "AKIDEXAMPLE", "secret"), 403, "wrong region");
    assert!(receiver.series().is_empty());
    assert_eq!(signed("eu-west-1", "AKIDEXAMPLE", "secret"), 200);
    verifier.remove("AKIDEXAMPLE");
    assert_eq!(signed("eu-west-1", "AKIDEXAMPLE", "secret"), 403, "rotated away");
}
