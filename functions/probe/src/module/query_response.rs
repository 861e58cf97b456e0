//! `query_response`: a dialogue, of tcp and websocket probes (and of unix ones, where it is checked alone).

use std::fmt;

use config::{Findings, Mapping, Node};
use series::go_regex::{BytesTemplate, GoBytesRegex};

use super::reading::{read_regex, take_bytes, take_list, take_switch, take_text};

/// One step of a dialogue.
pub(crate) struct Exchange {
    pub(crate) expect: Option<Expect>,
    /// Labels of `probe_expect_info`, with the groups of the match in their values.
    pub(crate) labels: Vec<(String, BytesTemplate)>,
    /// What is sent then; `!!binary` makes it any bytes. After a match of [`Expect::Regex`] it is a [`BytesTemplate`] with
    /// the groups of that match, otherwise it goes out as it is.
    pub(crate) send: Option<Vec<u8>>,
    pub(crate) starttls: bool,
}

/// What is waited for.
#[derive(Debug)]
pub(crate) enum Expect {
    /// A line (a message, in a websocket) that matches.
    Regex(GoBytesRegex),
    /// Just these bytes.
    Bytes(Vec<u8>),
}

/// What is sent may be a password, and stays out.
impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { expect, labels, send, starttls } = self;
        f.debug_struct("Exchange")
            .field("expect", expect)
            .field("labels", labels)
            .field("send_bytes", &send.as_ref().map(Vec::len))
            .field("starttls", starttls)
            .finish()
    }
}

pub(super) fn take_exchanges(mapping: &mut Mapping<'_>, findings: &mut Findings) -> Vec<Exchange> {
    take_list(mapping, "query_response", findings, read_exchange)
}

fn read_exchange(node: &Node, findings: &mut Findings) -> Option<Exchange> {
    let mut mapping = node.mapping(findings)?;
    // An empty pattern is one, and matches anything; an empty key is not there.
    let regex = mapping.take("expect").and_then(|node| read_regex(node, findings));
    let bytes = take_bytes(&mut mapping, "expect_bytes", findings);
    let labels = take_list(&mut mapping, "labels", findings, read_label);
    let send = take_bytes(&mut mapping, "send", findings);
    let starttls = take_switch(&mut mapping, "starttls", false, findings);
    mapping.finish_as("plain", findings);
    let expect = match (regex, bytes) {
        (Some(_), Some(_)) => {
            findings
                .error(node, "expect and expect_bytes are mutually exclusive; write one of them");
            return None;
        }
        (regex, bytes) => regex.map(Expect::Regex).or(bytes.map(Expect::Bytes)),
    };
    Some(Exchange { expect, labels, send, starttls })
}

fn read_label(node: &Node, findings: &mut Findings) -> Option<(String, BytesTemplate)> {
    let mut mapping = node.mapping(findings)?;
    let name = take_text(&mut mapping, "name", findings);
    let value = take_bytes(&mut mapping, "value", findings).unwrap_or_default();
    mapping.finish_as("Label", findings);
    Some((name, BytesTemplate::parse(&value)))
}
