//! A DNS server by hand: over UDP, TCP and TLS, with answers that a test writes down as records or as bytes
//! (RFC 1035, section 4).

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use super::Targets;

/// Types of records by their number.
pub mod kinds {
    /// An IPv4 address.
    pub const A: u16 = 1;
    /// A name server.
    pub const NS: u16 = 2;
    /// Another name.
    pub const CNAME: u16 = 5;
    /// The start of a zone.
    pub const SOA: u16 = 6;
    /// A mail server.
    pub const MX: u16 = 15;
    /// Text.
    pub const TXT: u16 = 16;
    /// An IPv6 address.
    pub const AAAA: u16 = 28;
    /// A service.
    pub const SRV: u16 = 33;
    /// Whatever there is.
    pub const ANY: u16 = 255;
    /// Who may issue certificates.
    pub const CAA: u16 = 257;
}

/// A resource record of class IN.
#[derive(Debug, Clone)]
pub struct Record {
    name: String,
    kind: u16,
    ttl: u32,
    data: Vec<u8>,
}

/// What is answered to one question.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The response code; NOERROR is 0.
    pub code: u8,
    /// Whether the server says that it knows best.
    pub authoritative: bool,
    /// The answer section.
    pub answers: Vec<Record>,
    /// The authority section.
    pub authorities: Vec<Record>,
    /// The additional section.
    pub additional: Vec<Record>,
}

/// How questions are met.
#[derive(Debug, Clone)]
pub enum Zone {
    /// By name (in lower case, with its last dot) and type; anything else does not exist (3).
    Records(BTreeMap<(String, u16), Answer>),
    /// With these bytes instead of a message.
    Garbage(Vec<u8>),
    /// With a message that belongs to another question.
    WrongId,
    /// Not at all.
    Silence,
}

impl Record {
    /// Any record.
    pub fn new(name: &str, kind: u16, data: Vec<u8>) -> Self {
        Self { name: name.to_owned(), kind, ttl: 3600, data }
    }

    /// An IPv4 address.
    pub fn a(name: &str, address: [u8; 4]) -> Self {
        Self::new(name, kinds::A, Ipv4Addr::from(address).octets().to_vec())
    }

    /// An IPv6 address.
    pub fn aaaa(name: &str, address: Ipv6Addr) -> Self {
        Self::new(name, kinds::AAAA, address.octets().to_vec())
    }

    /// Another name of type `kind`: NS, CNAME.
    pub fn name(name: &str, kind: u16, other: &str) -> Self {
        Self::new(name, kind, wire_name(other))
    }

    /// A mail server.
    pub fn mx(name: &str, preference: u16, server: &str) -> Self {
        let data = [preference.to_be_bytes().to_vec(), wire_name(server)].concat();
        Self::new(name, kinds::MX, data)
    }

    /// Texts.
    pub fn txt(name: &str, texts: &[&[u8]]) -> Self {
        let one = |text: &&[u8]| [&[length(text.len())], *text].concat();
        Self::new(name, kinds::TXT, texts.iter().flat_map(one).collect())
    }

    /// The start of a zone with its serial number.
    pub fn soa(name: &str, serial: u32) -> Self {
        let mut data =
            [wire_name(&format!("ns.{name}")), wire_name(&format!("admin.{name}"))].concat();
        for number in [serial, 7200, 600, 86_400, 300] {
            data.extend(number.to_be_bytes());
        }
        Self::new(name, kinds::SOA, data)
    }

    /// A service.
    pub fn srv(name: &str, port: u16, server: &str) -> Self {
        let numbers = [10_u16, 20, port].map(u16::to_be_bytes).concat();
        Self::new(name, kinds::SRV, [numbers, wire_name(server)].concat())
    }

    /// Who may issue certificates.
    pub fn caa(name: &str, issuer: &str) -> Self {
        let tag = b"issue";
        let data = [&[0, length(tag.len())], &tag[..], issuer.as_bytes()].concat();
        Self::new(name, kinds::CAA, data)
    }

    fn wire(&self) -> Vec<u8> {
        let mut wire = wire_name(&self.name);
        wire.extend(self.kind.to_be_bytes());
        wire.extend([0, 1]);
        wire.extend(self.ttl.to_be_bytes());
        wire.extend(count(self.data.len()));
        wire.extend(&self.data);
        wire
    }
}

impl Targets {
    /// A server for datagrams.
    pub fn dns(&self, zone: Zone) -> SocketAddr {
        self.udp(move |socket| async move {
            let mut buffer = vec![0; 4096];
            loop {
                let (length, peer) = socket.recv_from(&mut buffer).await?;
                if let Some(answer) = answer(&zone, &buffer[..length]) {
                    socket.send_to(&answer, peer).await?;
                }
            }
        })
    }

    /// A server for connections, inside TLS where there is something to speak it with.
    pub fn dns_stream(&self, zone: Zone, tls: Option<TlsAcceptor>) -> SocketAddr {
        let zone = Arc::new(zone);
        self.tcp(move |stream| {
            let (zone, tls) = (Arc::clone(&zone), tls.clone());
            async move {
                match tls {
                    None => converse(stream, &zone).await,
                    Some(tls) => converse(tls.accept(stream).await?, &zone).await,
                }
            }
        })
    }
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, zone: &Zone) -> io::Result<()> {
    loop {
        let length = stream.read_u16().await?;
        let mut question = vec![0; length.into()];
        stream.read_exact(&mut question).await?;
        let Some(answer) = answer(zone, &question) else { return std::future::pending().await };
        stream.write_all(&[&count(answer.len())[..], &answer].concat()).await?;
        stream.flush().await?;
    }
}

/// The answer to a message of one question; nothing where it is none, or where silence is kept.
fn answer(zone: &Zone, message: &[u8]) -> Option<Vec<u8>> {
    let (head, body) = message.split_at_checked(12)?;
    let (name, rest) = read_name(body)?;
    let kind = u16::from_be_bytes(rest.get(..2)?.try_into().ok()?);
    let question = &body[..body.len() - rest.len() + 4];
    let answer = match zone {
        Zone::Silence => return None,
        Zone::Garbage(bytes) => return Some(bytes.clone()),
        Zone::WrongId => &Answer::default(),
        Zone::Records(records) => match records.get(&(name, kind)) {
            Some(answer) => answer,
            None => &Answer { code: 3, ..Answer::default() },
        },
    };
    let wrong = matches!(zone, Zone::WrongId);
    let id = [head[0] ^ u8::from(wrong), head[1]];
    // An answer (QR), with the question's opcode and wish for recursion, which is available.
    let flags =
        [0x80 | (head[2] & 0x79) | (u8::from(answer.authoritative) << 2), 0x80 | answer.code];
    let sections = [&answer.answers, &answer.authorities, &answer.additional];
    let counts = sections.iter().flat_map(|section| count(section.len()));
    let mut message: Vec<u8> = id.into_iter().chain(flags).chain([0, 1]).chain(counts).collect();
    message.extend(question);
    message.extend(sections.into_iter().flatten().flat_map(Record::wire));
    Some(message)
}

/// A name in lower case with its last dot, and what stands behind it.
fn read_name(mut wire: &[u8]) -> Option<(String, &[u8])> {
    let mut name = String::new();
    loop {
        let (length, rest) = wire.split_first()?;
        if *length == 0 {
            let name = if name.is_empty() { ".".to_owned() } else { name };
            return Some((name, rest));
        }
        let (label, rest) = rest.split_at_checked(usize::from(*length))?;
        name += &String::from_utf8_lossy(label).to_lowercase();
        name.push('.');
        wire = rest;
    }
}

fn wire_name(name: &str) -> Vec<u8> {
    let labels = name.split('.').filter(|label| !label.is_empty());
    let mut wire: Vec<u8> =
        labels.flat_map(|label| [&[length(label.len())], label.as_bytes()].concat()).collect();
    wire.push(0);
    wire
}

fn length(bytes: usize) -> u8 {
    u8::try_from(bytes).expect("a text of less than 256 bytes")
}

fn count(number: usize) -> [u8; 2] {
    u16::try_from(number).expect("less than 65536").to_be_bytes()
}
