//! DNS over UDP, TCP and TLS.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use tests::targets::certificates::Authority;
use tests::targets::dns::{Answer, Record, Zone, kinds};
use tests::targets::tls::Tls;

use super::{Site, cases, compare};

fn zone() -> Zone {
    let name = "example.com.";
    let answers = |records: Vec<Record>| Answer { answers: records, ..Answer::default() };
    let a = || Record::a(name, [192, 0, 2, 1]);
    let full = Answer {
        authoritative: true,
        answers: vec![a(), Record::a(name, [192, 0, 2, 2])],
        authorities: vec![Record::name(name, kinds::NS, "ns.example.com.")],
        additional: vec![
            Record::a("ns.example.com.", [192, 0, 2, 53]),
            Record::aaaa("ns.example.com.", Ipv6Addr::LOCALHOST),
        ],
        ..Answer::default()
    };
    let records = [
        (kinds::A, full),
        (kinds::ANY, answers(vec![a(), Record::mx(name, 10, "mail.example.com.")])),
        (
            kinds::AAAA,
            answers(vec![Record::aaaa(name, Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))]),
        ),
        (kinds::MX, answers(vec![Record::mx(name, 10, "mail.example.com.")])),
        (kinds::NS, answers(vec![Record::name(name, kinds::NS, "ns.example.com.")])),
        (kinds::CNAME, answers(vec![Record::name(name, kinds::CNAME, "www.example.net.")])),
        (kinds::SOA, answers(vec![Record::soa(name, 2_026_112_001)])),
        (
            kinds::TXT,
            answers(vec![Record::txt(name, &[b"v=spf1 -all", b"a \"quote\" and \xff\\"])]),
        ),
        (kinds::SRV, answers(vec![Record::srv(name, 5060, "sip.example.com.")])),
        (kinds::CAA, answers(vec![Record::caa(name, "ca.example")])),
    ];
    let mut zone: BTreeMap<_, _> =
        records.into_iter().map(|(kind, answer)| ((name.to_owned(), kind), answer)).collect();
    let refused = Answer { code: 5, ..Answer::default() };
    zone.insert(("refused.example.".to_owned(), kinds::A), refused);
    zone.insert(("failing.example.".to_owned(), kinds::A), Answer { code: 2, ..Answer::default() });
    zone.insert(("empty.example.".to_owned(), kinds::A), Answer::default());
    Zone::Records(zone)
}

fn site() -> Site {
    let mut site = Site::new();
    let authority = Authority::new("test");
    let tls = Tls::of(&authority.server()).acceptor();
    let udp = site.targets.dns(zone());
    site.place("udp", udp);
    site.place("udp_port", udp.port());
    site.place("tcp", site.targets.dns_stream(zone(), None));
    site.place("tls", site.targets.dns_stream(zone(), Some(tls)));
    site.place("garbage", site.targets.dns(Zone::Garbage(b"\xff\xfe no message".to_vec())));
    site.place("garbage_tcp", site.targets.dns_stream(Zone::Garbage(vec![0xff; 40]), None));
    site.place("wrong_id", site.targets.dns(Zone::WrongId));
    site.place("silent", site.targets.dns(Zone::Silence));
    site.place("silent_tcp", site.targets.dns_stream(Zone::Silence, None));
    site.place("nobody", site.targets.nobody());
    site.file("ca", &authority.root_pem());
    site
}

const CASES: &str = include_str!("dns.txt");

#[tokio::test]
async fn dns_probes_say_what_the_original_says() {
    compare("dns", &site(), &cases(CASES)).await;
}
