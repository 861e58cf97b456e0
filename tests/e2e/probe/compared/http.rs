//! HTTP without TLS.

use tests::nginx::Nginx;
use tests::targets::certificates::Authority;
use tests::targets::web::{Piece, Request, plain};

use super::{Site, cases, compare};

/// nginx, and a server of our own for what nginx does not do.
fn site() -> Site {
    let mut site = Site::new();
    let nginx = Nginx::start(&Authority::new("test").server());
    site.place("nginx", nginx.plain());
    site.keep(nginx);
    let web = site.targets.web(None, answer);
    site.place("web", web.addr);
    site.place("web_port", web.addr.port());
    site.place("nobody", site.targets.nobody());
    site.file("token", "planted-target-token");
    site.file("password", "planted-target-password");
    site
}

fn answer(request: &Request) -> Vec<Piece> {
    let bytes = |text: &str| vec![Piece::Bytes(text.as_bytes().to_vec())];
    let encoded = |encoding: &str, body: &[u8]| {
        plain("200 OK", &format!("Content-Encoding: {encoding}\r\n"), body)
    };
    match request.path.split('?').next().unwrap_or_default() {
        // The body "hello" in each encoding: a stored block, and an uncompressed one.
        "/deflate" => encoded("deflate", b"\x01\x05\x00\xfa\xffhello"),
        "/br" => encoded("br", b"\x0b\x02\x80hello\x03"),
        "/not-gzip" => encoded("gzip", b"hello"),
        "/bearer" => match request.header("authorization") {
            Some("Bearer planted-target-token") => plain("200 OK", "", b"in"),
            _ => plain("401 Unauthorized", "", b"out"),
        },
        "/echo" => {
            let said = [request.method.as_bytes(), b" ", &request.body].concat();
            plain("200 OK", "", &said)
        }
        "/chunked" => bytes(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
        ),
        "/broken-chunk" => {
            bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n")
        }
        "/until-close" => bytes("HTTP/1.1 200 OK\r\n\r\nhello"),
        "/short" => bytes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello"),
        "/http10" => bytes("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
        "/early" => bytes(
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        ),
        "/modified" => plain("200 OK", "Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\n", b"old"),
        "/modified-wrongly" => plain("200 OK", "Last-Modified: yesterday\r\n", b"old"),
        "/invalid-utf8" => plain("200 OK", "", b"caf\xe9 \xff\xfe up"),
        "/garbage" => bytes("SSH-2.0-OpenSSH_9.2\r\n\r\n\r\n"),
        "/closed" => Vec::new(),
        "/silent" => vec![Piece::Silence],
        "/stalled" => {
            let head = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal".to_vec();
            vec![Piece::Bytes(head), Piece::Silence]
        }
        "/endless" => {
            let head = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
            vec![Piece::Bytes(head), Piece::Endless(vec![b'x'; 64 * 1024])]
        }
        "/endless-headers" => {
            let head = b"HTTP/1.1 200 OK\r\n".to_vec();
            let header = [b"X-Bomb: ", &[b'x'; 8192][..], b"\r\n"].concat();
            vec![Piece::Bytes(head), Piece::Endless(header)]
        }
        "/nowhere" => plain("302 Found", "", b""),
        "/astray" => plain("302 Found", "Location: http://[::1/\r\n", b""),
        "/to-refused" => plain("302 Found", "Location: http://127.0.0.1:1/\r\n", b""),
        "/multiple" => plain("300 Multiple Choices", "Location: /ok\r\n", b""),
        "/not-modified" => bytes("HTTP/1.1 304 Not Modified\r\n\r\n"),
        _ => plain("200 OK", "Content-Type: text/plain\r\n", b"hello"),
    }
}

const CASES: &str = include_str!("http.txt");

#[tokio::test]
async fn http_probes_say_what_the_original_says() {
    compare("http", &site(), &cases(CASES)).await;
}
