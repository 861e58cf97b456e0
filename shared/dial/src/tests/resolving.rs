//! Names, addresses, connections.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use clock::Clock;
use http::Roots;
use tokio::net::TcpListener;

use super::laboratory::NOW;
use crate::{Dialer, Family, Preference};

const ANY: Preference = Preference { family: Family::V6, fallback: true };
const SIX: Preference = Preference { family: Family::V6, fallback: false };
const FOUR: Preference = Preference { family: Family::V4, fallback: false };

fn dialer(hosts: &[(&str, &[&str])]) -> Dialer {
    let parse = |text: &&str| text.parse::<IpAddr>().expect("an address");
    let known = hosts
        .iter()
        .map(|(name, addresses)| ((*name).to_owned(), addresses.iter().map(parse).collect()));
    let roots = Roots::of(&|_| Some("/nowhere".to_owned()));
    Dialer::new(roots, Clock::manual(NOW)).with_hosts(known.collect::<BTreeMap<_, _>>())
}

#[tokio::test]
async fn addresses_are_taken_at_their_word() {
    let dialer = dialer(&[]);
    let cases = [
        ("192.0.2.1", ANY, Ok("192.0.2.1")),
        ("192.0.2.1", FOUR, Ok("192.0.2.1")),
        ("192.0.2.1", SIX, Err("address 192.0.2.1: no suitable address found")),
        // Even where there is no route to it.
        ("2001:db8::1", ANY, Ok("2001:db8::1")),
        ("[2001:db8::1]", SIX, Ok("2001:db8::1")),
        ("[2001:db8::1]", FOUR, Err("address [2001:db8::1]: no suitable address found")),
        ("::ffff:192.0.2.1", FOUR, Ok("192.0.2.1")),
        ("", ANY, Err("lookup : no such host")),
    ];
    for (host, preference, expected) in cases {
        let found = dialer.resolve(host, preference).await;
        let found = found.map(|address| address.to_string()).map_err(|error| error.to_string());
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(found, expected, "{host}");
    }
}

#[tokio::test]
async fn known_names_are_not_asked_for() {
    let dialer = dialer(&[
        ("Two.example", &["192.0.2.1", "192.0.2.2"]),
        ("none.example", &[]),
        ("unreachable.example", &["ff0e::1234", "192.0.2.3"]),
    ]);
    let two = dialer.resolve("two.EXAMPLE", FOUR).await.expect("the first");
    assert_eq!(two.to_string(), "192.0.2.1");
    let last = dialer.resolve("two.example", ANY).await.expect("the last");
    assert_eq!(last.to_string(), "192.0.2.2");
    let error = dialer.resolve("two.example", SIX).await.expect_err("of the other family");
    assert_eq!(error.to_string(), "address two.example: no suitable address found");
    let error = dialer.resolve("none.example", ANY).await.expect_err("no address");
    assert_eq!(error.to_string(), "unable to find ip; no fallback");
    let all = dialer.resolve_all("two.example").await.expect("all");
    assert_eq!(all.len(), 2);
    assert_eq!(
        dialer.resolve_all("[::1]").await.expect("itself"),
        ["::1".parse::<IpAddr>().expect("an address")]
    );
}

#[tokio::test]
async fn the_systems_resolver_knows_this_machine() {
    let localhost = dialer(&[]).resolve("localhost", FOUR).await.expect("localhost");
    assert!(localhost.is_loopback(), "{localhost}");
}

#[tokio::test]
async fn connections_are_made_at_once_or_not_at_all() {
    let dialer = dialer(&[]);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let stream = dialer.connect(address).await.expect("a connection");
    assert!(stream.nodelay().expect("an option"));
    drop((stream, listener));
    let closed: SocketAddr = address;
    let error = dialer.connect(closed).await.expect_err("nobody listens");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
}
