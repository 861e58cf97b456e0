//! Dialogues over a connection: what tcp and websocket probes share. An expectation is looked for in one message at a time (a
//! line, a websocket message); what it found fills the labels of `probe_expect_info` and what is sent next. Pure, but for the
//! record.

use series::go_regex::{BytesCaptures, BytesTemplate, GoBytesRegex};

use crate::frame::{Record, metric};
use crate::module::Exchange;

/// An expectation that was met by a message.
#[derive(Debug)]
pub(crate) struct Found<'e, 'm> {
    regex: &'e GoBytesRegex,
    captures: BytesCaptures<'m>,
}

impl<'e, 'm> Found<'e, 'm> {
    /// What the pattern finds in the message, if anything.
    pub(crate) fn search(regex: &'e GoBytesRegex, message: &'m [u8]) -> Option<Self> {
        let captures = regex.captures(message)?;
        Some(Self { regex, captures })
    }

    /// What is to be sent, with the groups of the match in the places of `${1}` and the like.
    pub(crate) fn fill(&self, send: &[u8]) -> Vec<u8> {
        self.regex.expand(&BytesTemplate::parse(send), &self.captures)
    }

    /// `probe_expect_info` with the labels of this step, if it has some.
    ///
    /// Two steps with labels give two samples. The original registers the metric anew for each and panics at the second.
    pub(crate) fn record_labels(&self, exchange: &Exchange, record: &Record) {
        if exchange.labels.is_empty() {
            return;
        }
        let mut labels: Vec<(&str, String)> = Vec::with_capacity(exchange.labels.len());
        for (name, template) in &exchange.labels {
            let value = self.regex.expand(template, &self.captures);
            // A label's value is text, and stray bytes are none.
            let value = String::from_utf8_lossy(&value).into_owned();
            match labels.iter_mut().find(|(known, _)| known == name) {
                Some((_, earlier)) => *earlier = value,
                None => labels.push((name, value)),
            }
        }
        let labels: Vec<(&str, &str)> =
            labels.iter().map(|(name, value)| (*name, value.as_str())).collect();
        record.set_with(&metric::EXPECT_INFO, &labels, 1.0);
    }
}

/// What a step sends, as bytes: with the groups of its match, if it had one to wait for. `None` where it sends nothing; a
/// text that comes out empty is not sent either.
pub(crate) fn outgoing(exchange: &Exchange, found: Option<&Found<'_, '_>>) -> Option<Vec<u8>> {
    let send = exchange.send.as_deref()?;
    let filled = found.map_or_else(|| send.to_vec(), |found| found.fill(send));
    (!filled.is_empty()).then_some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::Expect;

    fn exchange(pattern: &str, labels: &[(&str, &str)], send: Option<&[u8]>) -> Exchange {
        let regex = GoBytesRegex::new(pattern).expect(pattern);
        let label = |(name, value): &(&str, &str)| {
            ((*name).to_owned(), BytesTemplate::parse(value.as_bytes()))
        };
        Exchange {
            expect: Some(Expect::Regex(regex)),
            labels: labels.iter().map(label).collect(),
            send: send.map(<[u8]>::to_vec),
            starttls: false,
        }
    }

    fn regex(exchange: &Exchange) -> &GoBytesRegex {
        match &exchange.expect {
            Some(Expect::Regex(regex)) => regex,
            _ => unreachable!("made so above"),
        }
    }

    #[test]
    fn what_is_sent_holds_the_groups_of_the_match() {
        for (sentence, pattern, message, send, expected) in [
            (
                "a group by number",
                "^PING :(.+)$",
                &b"PING :abc"[..],
                &b"PONG ${1}"[..],
                &b"PONG abc"[..],
            ),
            ("a group by name", "^(?P<verb>[A-Z]+)", b"HELO x", b"got $verb", b"got HELO"),
            ("stray bytes stay", "^(.)", b"\xff!", b"\x00${1}\xfe", b"\x00\xff\xfe"),
            ("two dollar signs are one", "x", b"x", b"$$1", b"$1"),
        ] {
            let exchange = exchange(pattern, &[], Some(send));
            let found = Found::search(regex(&exchange), message).expect(sentence);
            assert_eq!(outgoing(&exchange, Some(&found)).as_deref(), Some(expected), "{sentence}");
        }
    }

    #[test]
    fn without_a_match_the_text_goes_out_as_it_is() {
        let mut exchange = exchange("x", &[], Some(b"NICK ${1}"));
        assert_eq!(outgoing(&exchange, None).as_deref(), Some(&b"NICK ${1}"[..]));
        exchange.send = Some(Vec::new());
        assert_eq!(outgoing(&exchange, None), None, "nothing to send");
        exchange.send = None;
        assert_eq!(outgoing(&exchange, None), None);
    }

    #[test]
    fn a_group_that_matched_nothing_leaves_nothing_to_send() {
        let exchange = exchange("a(b)?", &[], Some(b"${1}"));
        let found = Found::search(regex(&exchange), b"a").expect("a match");
        assert_eq!(outgoing(&exchange, Some(&found)), None);
    }

    #[test]
    fn labels_are_filled_and_each_step_with_labels_gives_a_sample() {
        let record = Record::start(false);
        let ssh = exchange(
            "^SSH-2.0-([^ -]+)(?: (.*))?$",
            &[("version", "got ${1} here"), ("comment", "${1} on ${2}"), ("version", "$1")],
            None,
        );
        let line = b"SSH-2.0-OpenSSH_6.9p1 Debian-2\xff";
        Found::search(regex(&ssh), line).expect("a match").record_labels(&ssh, &record);
        let second = exchange("z", &[("other", "1")], None);
        Found::search(regex(&second), b"z").expect("a match").record_labels(&second, &record);
        let none = exchange("z", &[], None);
        Found::search(regex(&none), b"z").expect("a match").record_labels(&none, &record);
        let (gauges, _) = record.into_parts();
        let labels: Vec<_> = gauges.iter().map(|gauge| gauge.labels.clone()).collect();
        let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            labels,
            [
                vec![
                    own("version", "OpenSSH_6.9p1"),
                    own("comment", "OpenSSH_6.9p1 on Debian-2\u{fffd}"),
                ],
                vec![own("other", "1")],
            ]
        );
        assert!(gauges.iter().all(|gauge| gauge.metric == &metric::EXPECT_INFO));
    }
}
