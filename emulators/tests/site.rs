//! The site as its guests see it.

use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use emulators::site::{Certificates, Door, Site};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

fn site() -> Site {
    let in_a_century = SystemTime::UNIX_EPOCH + Duration::from_secs(4_102_444_800);
    Site::start(Certificates::until(in_a_century))
}

fn ask(mut stream: impl Read + Write) -> String {
    stream.write_all(REQUEST).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

fn connect(site: &Site, door: Door) -> TcpStream {
    TcpStream::connect(site.addr(door)).expect("a connection")
}

#[test]
fn the_page_has_the_status_that_it_is_given() {
    let site = site();
    assert!(ask(connect(&site, Door::Http)).starts_with("HTTP/1.1 200 "));
    site.set_status(503);
    assert!(ask(connect(&site, Door::Http)).starts_with("HTTP/1.1 503 "));
}

#[test]
fn a_chain_of_three_leads_to_the_authority() {
    let site = site();
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(site.authority().as_bytes()).expect("PEM");
    roots.add(root).expect("a root");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "localhost".try_into().expect("a name");
    let session = ClientConnection::new(Arc::new(config), name).expect("a session");
    let mut stream = StreamOwned::new(session, connect(&site, Door::Https));
    assert!(ask(&mut stream).contains("All is well."));
    assert_eq!(stream.conn.peer_certificates().map(<[_]>::len), Some(3));
}

#[test]
fn each_guest_is_written_down_once() {
    let site = site();
    ask(connect(&site, Door::Http));
    ask(connect(&site, Door::Http));
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let question = b"\0\x01\x01\0\0\x01\0\0\0\0\0\0\x01a\0\0\x01\0\x01";
    socket.send_to(question, site.addr(Door::Dns)).expect("sent");
    socket.recv_from(&mut [0; 64]).expect("an answer");
    let mut doors: Vec<Door> = Vec::new();
    // A guest has its answer a moment before the site has written that down.
    while doors.len() < 3 {
        doors.extend(site.served().into_iter().map(|(door, _)| door));
        std::thread::yield_now();
    }
    doors.sort();
    assert_eq!(doors, [Door::Http, Door::Http, Door::Dns]);
    assert_eq!(site.served(), []);
}
