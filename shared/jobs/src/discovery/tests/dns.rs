use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, CNAME, MX, NS, SRV};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinSet;

use super::{ask, discovery, job, labels, targets, targets_despite};
use crate::Discovery;

/// What a server makes of a question over UDP (false) or TCP (true); `None`: it says nothing.
type Answer = fn(&Message, bool) -> Option<Message>;

/// A server over both transports that notes which questions it got.
struct Server {
    address: SocketAddr,
    questions: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

impl Server {
    async fn start(answer: Answer) -> Self {
        let (udp, tcp) = loop {
            let tcp = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = tcp.local_addr().expect("it is bound");
            // Somebody else may have the same port of the other kind.
            if let Ok(udp) = UdpSocket::bind(address).await {
                break (udp, tcp);
            }
        };
        let address = udp.local_addr().expect("it is bound");
        let questions = Arc::<Mutex<Vec<String>>>::default();
        let mut tasks = JoinSet::new();
        tasks.spawn(serve_udp(udp, answer, Arc::clone(&questions)));
        tasks.spawn(serve_tcp(tcp, answer, Arc::clone(&questions)));
        Self { address, questions, _tasks: tasks }
    }

    /// Asks this server, and waits for it however busy the machine is.
    fn discovery(&self) -> Discovery {
        let mut discovery = discovery().with_name_servers(vec![self.address]);
        let servers = discovery.name_servers.as_mut().expect("they were given");
        servers.patience = Duration::from_secs(60);
        discovery
    }

    fn questions(&self) -> Vec<String> {
        self.questions.lock().expect("a lock").clone()
    }
}

fn note(questions: &Mutex<Vec<String>>, question: &Message, transport: &str) {
    let query = &question.queries[0];
    let edns = if question.edns.is_some() { " edns" } else { "" };
    let text = format!("{} {} {transport}{edns}", query.name(), query.query_type());
    questions.lock().expect("a lock").push(text);
}

async fn serve_udp(socket: UdpSocket, answer: Answer, questions: Arc<Mutex<Vec<String>>>) {
    let mut buffer = [0; 4096];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let question = Message::from_vec(&buffer[..length]).expect("a question");
        note(&questions, &question, "udp");
        if let Some(answer) = answer(&question, false) {
            let bytes = answer.to_vec().expect("an answer");
            // Somebody else's answer comes first.
            let stray =
                Message::response(question.metadata.id.wrapping_add(1), question.metadata.op_code);
            for bytes in [&b"garbage"[..], &stray.to_vec().expect("an answer"), &bytes] {
                socket.send_to(bytes, from).await.expect("loopback");
            }
        }
    }
}

async fn serve_tcp(listener: TcpListener, answer: Answer, questions: Arc<Mutex<Vec<String>>>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let length = stream.read_u16().await.expect("a length");
        let mut buffer = vec![0; length.into()];
        stream.read_exact(&mut buffer).await.expect("a question");
        let question = Message::from_vec(&buffer).expect("a question");
        note(&questions, &question, "tcp");
        if let Some(answer) = answer(&question, true) {
            let bytes = answer.to_vec().expect("an answer");
            let length = u16::try_from(bytes.len()).expect("it is short");
            stream
                .write_all(&[&length.to_be_bytes(), &bytes[..]].concat())
                .await
                .expect("loopback");
        }
    }
}

fn name(text: &str) -> Name {
    Name::from_ascii(text).expect("a name")
}

fn reply(question: &Message, records: Vec<RData>) -> Message {
    let mut reply = question.clone().into_response();
    reply.metadata.message_type = MessageType::Response;
    reply.edns = None;
    let owner = question.queries[0].name().clone();
    for data in records {
        reply.add_answer(Record::from_rdata(owner.clone(), 60, data));
    }
    reply
}

fn refuse(question: &Message, code: ResponseCode) -> Message {
    let mut reply = reply(question, Vec::new());
    reply.metadata.response_code = code;
    reply
}

fn zone(question: &Message, _over_tcp: bool) -> Option<Message> {
    let srv = |target, port| RData::SRV(SRV::new(1, 2, port, name(target)));
    let records = match question.queries[0].query_type() {
        RecordType::SRV => vec![srv("a.example.", 8080), srv("b.example.", 81)],
        RecordType::A => {
            vec![RData::CNAME(CNAME(name("c.example."))), RData::A(A::new(192, 0, 2, 1))]
        }
        RecordType::AAAA => vec![
            RData::AAAA(AAAA::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
            RData::AAAA(AAAA::new(0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0202)),
        ],
        RecordType::MX => vec![RData::MX(MX::new(10, name("mail.example.")))],
        RecordType::NS => vec![RData::NS(NS(name("ns.example.")))],
        _ => Vec::new(),
    };
    Some(reply(question, records))
}

#[tokio::test]
async fn each_type_of_record_gives_its_targets_and_labels() {
    let server = Server::start(zone).await;
    let discovery = server.discovery();
    let of_name = ("__meta_dns_name", "x.example");
    type Pairs<'a> = &'a [(&'a str, &'a str)];
    let table: [(&str, &str, Pairs<'_>); 5] = [
        (
            "SRV",
            "a.example:8080",
            &[
                of_name,
                ("__meta_dns_srv_record_port", "8080"),
                ("__meta_dns_srv_record_target", "a.example."),
            ],
        ),
        ("a", "192.0.2.1:9", &[of_name]),
        ("AAAA", "[2001:db8::1]:9", &[of_name]),
        ("MX", "mail.example:9", &[of_name, ("__meta_dns_mx_record_target", "mail.example.")]),
        ("NS", "ns.example:9", &[of_name, ("__meta_dns_ns_record_target", "ns.example.")]),
    ];
    for (kind, target, expected) in table {
        let job = job(&format!("dns_sd_configs: [{{names: [x.example], type: {kind}, port: 9}}]"));
        let (groups, errors) = ask(&discovery, &job, 0).await.expect("known");
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(
            (groups[0].targets.as_slice(), groups[0].source.as_str()),
            (&[target.to_owned()][..], "x.example")
        );
        assert_eq!(groups[0].labels, labels(expected), "{kind}");
        if kind == "AAAA" {
            assert_eq!(groups[1].targets, ["192.0.2.2:9"], "as Go writes an IPv4 address inside");
        }
        let questions = server.questions();
        let asked = format!("x.example. {} udp edns", kind.to_uppercase());
        assert_eq!(questions.last(), Some(&asked));
    }
}

#[tokio::test]
async fn several_names_are_asked_for_and_remembered_for_their_interval() {
    let server = Server::start(zone).await;
    let discovery = server.discovery();
    let job = job("dns_sd_configs: [{names: [x.example, y.example.]}]");
    let expected = ["a.example:8080", "b.example:81", "a.example:8080", "b.example:81"];
    assert_eq!(targets(&discovery, &job, 0).await, expected);
    assert_eq!(targets(&discovery, &job, 26).await, expected);
    assert_eq!(server.questions().len(), 2);
    assert_eq!(targets(&discovery, &job, 27).await, expected);
    assert_eq!(server.questions().len(), 4);
}

#[tokio::test]
async fn an_answer_that_is_too_long_for_udp_comes_over_tcp() {
    let server = Server::start(|question, over_tcp| match over_tcp {
        true => zone(question, true),
        false => Some(zone(question, false)?.truncate()),
    })
    .await;
    let job = job("dns_sd_configs: [{names: [x.example]}]");
    assert_eq!(targets(&server.discovery(), &job, 0).await.len(), 2);
    assert_eq!(server.questions(), ["x.example. SRV udp edns", "x.example. SRV tcp"]);
}

#[tokio::test]
async fn a_name_that_does_not_exist_has_no_targets() {
    let server = Server::start(|question, _| Some(refuse(question, ResponseCode::NXDomain))).await;
    let job = job("dns_sd_configs: [{names: [x.example]}]");
    assert!(targets(&server.discovery(), &job, 0).await.is_empty());
}

#[tokio::test]
async fn a_name_that_cannot_be_looked_up_keeps_its_targets() {
    let server = Server::start(|question, _| {
        let is_second = question.metadata.recursion_desired
            && question.queries[0].name().to_ascii() == "broken.example.";
        if is_second {
            Some(refuse(question, ResponseCode::ServFail))
        } else {
            zone(question, false)
        }
    })
    .await;
    let job = job("dns_sd_configs: [{names: [x.example, broken.example]}]");
    let (known, error) = targets_despite(&server.discovery(), &job, 0).await;
    assert_eq!(known, ["a.example:8080", "b.example:81"]);
    assert!(
        error.starts_with("find targets with dns_sd_configs: broken.example: could not resolve"),
        "{error}"
    );
    let job = super::job("dns_sd_configs: [{names: [broken.example]}]");
    assert!(ask(&server.discovery(), &job, 0).await.is_err());
}

#[tokio::test]
async fn the_next_server_is_asked_where_one_refuses_or_says_nothing() {
    let refusing = Server::start(|question, _| Some(refuse(question, ResponseCode::Refused))).await;
    let silent = Server::start(|_, _| None).await;
    let good = Server::start(zone).await;
    let servers = [&refusing, &silent, &good].map(|server| server.address);
    let discovery = discovery().with_name_servers(servers.to_vec());
    let job = job("dns_sd_configs: [{names: [x.example], type: A, port: 80}]");
    assert_eq!(targets(&discovery, &job, 0).await, ["192.0.2.1:80"]);
    assert_eq!((refusing.questions().len(), silent.questions().len()), (1, 1));
}

#[tokio::test]
async fn a_name_that_is_none_is_told() {
    let server = Server::start(zone).await;
    let label = "x".repeat(64);
    let job = job(&format!("dns_sd_configs: [{{names: [{label}.example]}}]"));
    let error = ask(&server.discovery(), &job, 0).await.expect_err("nothing is known");
    assert!(error.message.contains("could not resolve"), "{error:?}");
    assert!(server.questions().is_empty());
}
