//! Bodies that are longer than anybody means to read, made on the way.

use std::iter::repeat_n;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::Response;
use futures::stream;

/// What such bodies are made of.
pub(crate) const CHUNK: &[u8] = &[b'x'; 64 * 1024];

/// The same answer with a body of `bytes` bytes.
pub(crate) fn with_long_body(mut response: Response, bytes: usize) -> Response {
    let whole = repeat_n(CHUNK.len(), bytes / CHUNK.len());
    let sizes = whole.chain(Some(bytes % CHUNK.len()).filter(|rest| *rest > 0));
    let chunks = sizes.map(|size| Ok::<_, std::io::Error>(Bytes::from_static(&CHUNK[..size])));
    *response.body_mut() = Body::from_stream(stream::iter(chunks));
    response.headers_mut().insert(header::CONTENT_LENGTH, bytes.into());
    response
}
