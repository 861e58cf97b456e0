//! One call over one HTTP/2 connection that is driven by hand: nothing of it outlives the probe.

use std::future::poll_fn;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::{Bytes, BytesMut};
use h2::RecvStream;
use h2::client::{ResponseFuture, SendRequest};
use http1::header::{CONTENT_TYPE, TE, USER_AGENT};
use http1::{HeaderMap, HeaderName, HeaderValue, Method, Request, Version};
use tokio::io::{AsyncRead, AsyncWrite};

use super::health;
use super::status::{INTERNAL, OK, RESOURCE_EXHAUSTED, Status, UNAVAILABLE, UNKNOWN};

/// An answer of the health service is ten bytes long; grpc-go takes 4 MiB.
const LARGEST: usize = 64 * 1024;

/// Headers and trailers of an answer; h2 takes 16 MiB.
const LARGEST_HEAD: u32 = 64 * 1024;

/// Headers that belong to the protocol: grpc-go does not let metadata set them.
const RESERVED: [&str; 9] = [
    "content-type",
    "user-agent",
    "grpc-message-type",
    "grpc-encoding",
    "grpc-message",
    "grpc-status",
    "grpc-status-details-bin",
    "grpc-timeout",
    "te",
];

/// What is asked.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) is_tls: bool,
    pub(super) authority: &'a str,
    pub(super) service: &'a str,
    pub(super) metadata: &'a [(String, String)],
}

impl Call<'_> {
    /// Makes the call. The name of the state, or the status of a call that failed.
    pub(super) async fn make<S>(&self, stream: S) -> Result<String, Status>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let request = self.request()?;
        let shaken = h2::client::Builder::new()
            .max_header_list_size(LARGEST_HEAD)
            .enable_push(false)
            .handshake(stream);
        let (client, connection) = shaken.await.map_err(|error| unavailable(&error))?;
        let exchanged = exchange(client, request, health::request(self.service));
        // The connection moves only while it is asked to, and it ends when its last stream does.
        tokio::select! {
            biased;
            exchanged = exchanged => exchanged,
            broken = connection => Err(match broken {
                Err(error) => unavailable(&error),
                Ok(()) => Status::concluded(UNAVAILABLE, "the server closed the connection"),
            }),
        }
    }

    fn request(&self) -> Result<Request<()>, Status> {
        let scheme = if self.is_tls { "https" } else { "http" };
        let uri = format!("{scheme}://{}{}", self.authority, health::METHOD);
        let mut request = Request::builder()
            .method(Method::POST)
            .version(Version::HTTP_2)
            .uri(uri)
            .body(())
            .map_err(|error| Status::concluded(INTERNAL, format!("no such authority: {error}")))?;
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert(TE, HeaderValue::from_static("trailers"));
        headers.insert(USER_AGENT, HeaderValue::from_static(crate::frame::USER_AGENT));
        for (name, value) in self.metadata {
            add(headers, name, value)?;
        }
        Ok(request)
    }
}

/// Adds an entry of the metadata. Values of keys that end in `-bin` are bytes, and travel in Base64.
fn add(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), Status> {
    let name = name.to_ascii_lowercase();
    if RESERVED.contains(&name.as_str()) || name.starts_with(':') {
        return Ok(());
    }
    let wrong = || {
        let message = format!("metadata {name:?} cannot stand in a header");
        Status::concluded(INTERNAL, message)
    };
    let value = match name.ends_with("-bin") {
        true => STANDARD_NO_PAD.encode(value),
        false if value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) => value.to_owned(),
        false => return Err(wrong()),
    };
    let mut value = HeaderValue::try_from(value).map_err(|_| wrong())?;
    value.set_sensitive(true);
    let name = HeaderName::try_from(&name).map_err(|_| wrong())?;
    headers.append(name, value);
    Ok(())
}

async fn exchange(
    client: SendRequest<Bytes>,
    request: Request<()>,
    message: Vec<u8>,
) -> Result<String, Status> {
    let broken = |error: h2::Error| Status::of_broken(&error);
    let mut client = client.ready().await.map_err(broken)?;
    let (response, mut body) = client.send_request(request, false).map_err(broken)?;
    body.send_data(Bytes::from(message), true).map_err(broken)?;
    let (head, body) = answered(response).await?;
    let is_grpc = head.headers.get(CONTENT_TYPE).is_some_and(is_grpc);
    if !is_grpc || head.status != 200 {
        let content_type = head.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
        let content_type = String::from_utf8_lossy(content_type.unwrap_or_default());
        let told = Status::of_trailers(&head.headers).filter(|_| is_grpc);
        return Err(told.unwrap_or_else(|| Status::of_http(head.status, &content_type)));
    }
    if let Some(status) = Status::of_trailers(&head.headers) {
        return ended(status, &[]);
    }
    let (message, trailers) = whole(body).await?;
    let status = trailers.as_ref().and_then(Status::of_trailers);
    ended(
        status.unwrap_or_else(|| Status::concluded(UNKNOWN, "the answer has no grpc-status")),
        &message,
    )
}

async fn answered(
    response: ResponseFuture,
) -> Result<(http1::response::Parts, RecvStream), Status> {
    let response = response.await.map_err(|error| Status::of_broken(&error))?;
    Ok(response.into_parts())
}

fn is_grpc(content_type: &HeaderValue) -> bool {
    let rest = content_type.as_bytes().to_ascii_lowercase();
    let rest = rest.strip_prefix(b"application/grpc");
    rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}

/// The body and the trailers behind it.
async fn whole(mut body: RecvStream) -> Result<(BytesMut, Option<HeaderMap>), Status> {
    let mut message = BytesMut::new();
    while let Some(piece) = body.data().await {
        let piece = piece.map_err(|error| Status::of_broken(&error))?;
        let taken = body.flow_control().release_capacity(piece.len());
        taken.map_err(|error| Status::of_broken(&error))?;
        if message.len() + piece.len() > LARGEST {
            return Err(Status::concluded(
                RESOURCE_EXHAUSTED,
                "the answer is larger than a health check's can be",
            ));
        }
        message.extend_from_slice(&piece);
    }
    let trailers = poll_fn(|context| body.poll_trailers(context)).await;
    Ok((message, trailers.map_err(|error| Status::of_broken(&error))?))
}

fn ended(status: Status, message: &[u8]) -> Result<String, Status> {
    if status.code != OK {
        return Err(status);
    }
    health::answer(message).map_err(|error| Status::concluded(INTERNAL, error.to_string()))
}

fn unavailable(error: &h2::Error) -> Status {
    Status::concluded(UNAVAILABLE, error.to_string())
}
