//! TCP, with TLS, STARTTLS and dialogues.

use tests::targets::certificates::{Authority, Identity};
use tests::targets::script::{Line, say};
use tests::targets::tls::Tls;

use super::{Site, cases, compare};

fn site() -> Site {
    let mut site = Site::new();
    let authority = Authority::new("test");
    let (server, expired, own) = (authority.server(), authority.expired(), Identity::self_signed());
    let secure = |identity: &Identity| Line::Secure(Tls::of(identity).acceptor());
    let mut place = |name: &str, lines: Vec<Line>| {
        let addr = site.targets.script(lines);
        site.place(name, addr);
        site.place(&format!("{name}_port"), addr.port());
    };
    place("mute", vec![Line::Stay]);
    place("closed", vec![]);
    place("ssh", vec![say("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), Line::Stay]);
    place("chatty", vec![say("one\r\ntwo\r\n"), say("three\nfour"), Line::Stay]);
    place("brief", vec![say("one\ntwo\nlast")]);
    place(
        "irc",
        vec![
            say(":irc NOTICE AUTH :*** Looking up\n"),
            Line::Hear("NICK prober"),
            Line::Hear("USER prober prober prober :prober"),
            say("PING :CLEARLYMADEUP\n"),
            Line::Hear("PONG CLEARLYMADEUP"),
            say(":irc 001 prober :Welcome\n"),
        ],
    );
    place(
        "smtp",
        vec![
            say("220 mail.example ESMTP\r\n"),
            Line::Hear("EHLO prober"),
            say("250-mail.example\r\n250 STARTTLS\r\n"),
            Line::Hear("STARTTLS"),
            say("220 2.0.0 Ready\r\n"),
            secure(&server),
            Line::Hear("EHLO prober"),
            say("250 AUTH PLAIN\r\n"),
            Line::Stay,
        ],
    );
    place("bytes", vec![Line::Say(b"\x00\xff\xfe ready\n".to_vec()), Line::Stay]);
    place("endless", vec![Line::Repeat(vec![b'x'; 8192])]);
    place("tls", vec![secure(&server), say("+OK ready\r\n"), Line::Stay]);
    place("tls_expired", vec![secure(&expired), say("+OK ready\r\n"), Line::Stay]);
    place("tls_self", vec![secure(&own), say("+OK ready\r\n"), Line::Stay]);
    site.place("nobody", site.targets.nobody());
    site.file("ca", &authority.root_pem());
    site.file("self_ca", own.chain_pem());
    site
}

const CASES: &str = include_str!("tcp.txt");

#[tokio::test]
async fn tcp_probes_say_what_the_original_says() {
    compare("tcp", &site(), &cases(CASES)).await;
}
