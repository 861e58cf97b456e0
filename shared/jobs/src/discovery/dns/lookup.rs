//! One question to the name servers: over UDP, and over TCP where the answer is too long for that.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use clock::Budget;
use hickory_proto::op::{Edns, Message, MessageType, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

use super::NameServers;

/// How long an answer over UDP may be.
const LONGEST_DATAGRAM: u16 = 4096;

/// The records of the first full name that exists. None where every server that matters says that there is no such name.
///
/// # Errors
/// When some name could not be looked up, so that nobody knows.
pub(super) async fn lookup(
    servers: &NameServers,
    name: &str,
    record_type: RecordType,
    budget: &Budget,
) -> Result<Vec<RData>, String> {
    let mut failures = Vec::new();
    for full_name in servers.full_names(name) {
        match lookup_full(servers, &full_name, record_type, budget).await {
            Ok(Some(records)) => return Ok(records),
            Ok(None) => {}
            Err(failure) => failures.push(failure),
        }
    }
    match failures.is_empty() {
        true => Ok(Vec::new()),
        false => Err(format!("could not resolve {name:?}: {}", failures.join("; "))),
    }
}

/// `None`: there is no such name.
async fn lookup_full(
    servers: &NameServers,
    name: &str,
    record_type: RecordType,
    budget: &Budget,
) -> Result<Option<Vec<RData>>, String> {
    let query = Name::from_ascii(name).map_err(|error| error.to_string())?;
    let query = Query::query(query, record_type);
    let mut failures = Vec::new();
    for server in &servers.servers {
        let end = budget.at_most(servers.patience).end();
        let outcome = tokio::time::timeout_at(end, ask(*server, &query)).await;
        let failure = match outcome {
            Ok(Ok(answer)) => match answer.metadata.response_code {
                ResponseCode::NoError => {
                    return Ok(Some(
                        answer.answers.into_iter().map(|record| record.data).collect(),
                    ));
                }
                ResponseCode::NXDomain => return Ok(None),
                other => other.to_string(),
            },
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        failures.push(format!("{server} for {name}: {failure}"));
    }
    Err(failures.join("; "))
}

async fn ask(server: SocketAddr, query: &Query) -> io::Result<Message> {
    let mut question = Message::query();
    question.metadata.recursion_desired = true;
    question.add_query(query.clone());
    let over_tcp = question.to_vec().map_err(io::Error::other)?;
    let mut edns = Edns::new();
    edns.set_max_payload(LONGEST_DATAGRAM);
    question.set_edns(edns);
    let over_udp = question.to_vec().map_err(io::Error::other)?;
    let id = question.metadata.id;
    let answer = ask_udp(server, &over_udp, id).await?;
    if answer.metadata.truncation { ask_tcp(server, &over_tcp, id).await } else { Ok(answer) }
}

async fn ask_udp(server: SocketAddr, question: &[u8], id: u16) -> io::Result<Message> {
    let any: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    socket.send(question).await?;
    let mut buffer = [0; LONGEST_DATAGRAM as usize];
    loop {
        let length = socket.recv(&mut buffer).await?;
        // What does not fit is somebody else's: the wait goes on.
        if let Some(answer) = read(&buffer[..length], id) {
            return Ok(answer);
        }
    }
}

async fn ask_tcp(server: SocketAddr, question: &[u8], id: u16) -> io::Result<Message> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(question.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), question].concat()).await?;
    let length = stream.read_u16().await?;
    let mut buffer = vec![0; length.into()];
    stream.read_exact(&mut buffer).await?;
    let answer = read(&buffer, id).ok_or_else(|| io::Error::other("not an answer"))?;
    if answer.metadata.truncation {
        return Err(io::Error::other("got truncated message on TCP (64kiB limit exceeded?)"));
    }
    Ok(answer)
}

/// The answer to a question.
fn read(bytes: &[u8], id: u16) -> Option<Message> {
    let message = Message::from_vec(bytes).ok()?;
    let metadata = &message.metadata;
    (metadata.id == id && metadata.message_type == MessageType::Response).then_some(message)
}
