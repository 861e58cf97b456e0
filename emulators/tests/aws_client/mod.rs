//! A client of a few lines: one request a connection, signed by AWS's own signer, so that a test
//! sees every byte of the answer, and that there is none.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use emulators::aws::AwsEmulator;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (header, value) = line.split_once(':')?;
            header.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

/// A request that is not signed yet.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: &'a [u8],
    /// The signing name.
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
}

impl Request<'_> {
    /// Signs and sends; `None`: the connection closed without an answer.
    pub(crate) fn send(&self, emulator: &AwsEmulator) -> Option<Answer> {
        let url = emulator.url();
        let host = url.strip_prefix("http://").expect("a loopback URL");
        let mut headers = vec![("host".to_owned(), host.to_owned())];
        headers
            .extend(self.headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())));
        headers.extend(self.signature(emulator, &headers));

        let mut request = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        for (name, value) in &headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        let length = self.body.len();
        request.push_str(&format!("content-length: {length}\r\nconnection: close\r\n\r\n"));
        let mut stream = TcpStream::connect(host).expect("the emulator listens");
        stream.write_all(request.as_bytes()).expect("the emulator reads");
        stream.write_all(self.body).expect("the emulator reads");
        let mut answer = Vec::new();
        // A connection that is cut may be reset, too.
        stream.read_to_end(&mut answer).ok();
        (!answer.is_empty()).then(|| parse(&answer))
    }

    fn signature(
        &self,
        emulator: &AwsEmulator,
        headers: &[(String, String)],
    ) -> Vec<(String, String)> {
        let key = emulator.key();
        let token = key.session_token.clone();
        let identity = Credentials::new(&key.access_key, &key.secret, token, None, "test").into();
        let mut settings = SigningSettings::default();
        if self.service == "s3" {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service)
            .time(now())
            .settings(settings)
            .build()
            .expect("all parameters")
            .into();
        let url = format!("{}{}", emulator.url(), self.path);
        let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let signable =
            SignableRequest::new(self.method, &url, headers, SignableBody::Bytes(self.body))
                .expect("a request");
        let (instructions, _) = sign(signable, &parameters).expect("a signature").into_parts();
        instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

#[expect(clippy::disallowed_methods, reason = "the emulator checks signatures against real time")]
fn now() -> SystemTime {
    SystemTime::now()
}

fn parse(answer: &[u8]) -> Answer {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a whole head");
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status line");
    Answer { status, head, body: answer[end + 4..].to_vec() }
}
