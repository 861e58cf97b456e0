//! Scripted faults around the handler of a receiver.

use std::future::pending;

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::Response;
use futures::stream;

use crate::connection::Connection;
use crate::faults::{Attempt, Fault, Faults};
use crate::long_body::{CHUNK, with_long_body};

/// Serves one request, or lets the script do to it what it says for `operation`.
///
/// `serve` carries the request out; where the fault is that nothing was done, it is not called.
pub(super) async fn answer(
    faults: &Faults,
    operation: &str,
    connection: &Connection,
    serve: impl FnOnce() -> Response,
) -> Response {
    let Some(fault) = faults.next(Attempt::of(operation)) else {
        return serve();
    };
    match fault {
        Fault::Throttle => plain(429, "too many requests\n".to_owned()),
        Fault::WrongKey => plain(403, "forbidden\n".to_owned()),
        Fault::Status(status, body) => plain(status, body),
        Fault::Answer(status, headers, body) => with_headers(status, &headers, body),
        Fault::Delay(time) => {
            let response = serve();
            tokio::time::sleep(time).await;
            response
        }
        Fault::CutConnection => {
            connection.cut();
            plain(500, String::new())
        }
        Fault::CutAfter => {
            connection.cut();
            serve()
        }
        Fault::LongBody(bytes) => long(serve(), bytes),
        Fault::CutInBody => cut_in_body(serve()),
        Fault::Hang => pending().await,
        aws @ (Fault::PartialData(_)
        | Fault::InternalError(_)
        | Fault::Forbidden(_)
        | Fault::DropPage
        | Fault::LateData(_)
        | Fault::AccessDenied
        | Fault::Conflict) => plain(501, format!("a receiver knows nothing of {aws:?}\n")),
    }
}

/// An answer of plain text.
pub(super) fn plain(status: u16, body: String) -> Response {
    with_headers(status, &[], body)
}

/// An answer with headers.
///
/// # Panics
/// When a test scripts a status or a header that HTTP does not have.
pub(super) fn with_headers(status: u16, headers: &[(String, String)], body: String) -> Response {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(Body::from(body)).expect("a status and headers that HTTP has")
}

/// The same answer with a body of `bytes` bytes.
fn long(mut response: Response, bytes: usize) -> Response {
    if response.status() == StatusCode::NO_CONTENT {
        // That one cannot have a body.
        *response.status_mut() = StatusCode::OK;
    }
    with_long_body(response, bytes)
}

/// The same answer, announced longer than it is and then broken off.
fn cut_in_body(response: Response) -> Response {
    let mut response = long(response, 0);
    let broken = [Ok(Bytes::from_static(CHUNK)), Err(std::io::ErrorKind::ConnectionReset.into())];
    *response.body_mut() =
        Body::from_stream(stream::iter::<[Result<_, std::io::Error>; 2]>(broken));
    response.headers_mut().insert(header::CONTENT_LENGTH, (2 * CHUNK.len()).into());
    response
}
