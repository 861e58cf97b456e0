//! Records in zone file form, and answers made of them.

use super::super::names;

/// An answer to a query with this code and these sections of records.
pub(super) fn answer(query: &[u8], rcode: u16, sections: [&[String]; 3]) -> Vec<u8> {
    let recursion_desired = u16::from(query[2] & 1) << 8;
    let flags = 0x8080 | recursion_desired | rcode;
    let counts = sections.map(|section| u16::try_from(section.len()).expect("a few"));
    let mut message = query[..2].to_vec();
    for word in [flags, 1, counts[0], counts[1], counts[2]] {
        message.extend(word.to_be_bytes());
    }
    message.extend(&query[12..]);
    for record in sections.into_iter().flatten() {
        message.extend(self::record(record));
    }
    message
}

/// Type and class that a query asks for.
pub(super) fn asked(query: &[u8]) -> (u16, u16) {
    let word = |behind: usize| {
        let at = query.len() - behind;
        u16::from_be_bytes([query[at], query[at + 1]])
    };
    (word(4), word(2))
}

/// `name ttl class type data`.
fn record(text: &str) -> Vec<u8> {
    let parts: Vec<&str> = text.splitn(5, ' ').collect();
    let [owner, ttl, class, kind, data] = parts[..] else { panic!("{text}") };
    let data = self::data(kind, data);
    let mut record = name(owner);
    record.extend(names::type_code(kind).expect(kind).to_be_bytes());
    record.extend(names::class_code(class).expect(class).to_be_bytes());
    record.extend(ttl.parse::<u32>().expect(ttl).to_be_bytes());
    record.extend(u16::try_from(data.len()).expect("short").to_be_bytes());
    record.extend(data);
    record
}

fn data(kind: &str, text: &str) -> Vec<u8> {
    match kind {
        "A" => text.parse::<std::net::Ipv4Addr>().expect(text).octets().to_vec(),
        "AAAA" => text.parse::<std::net::Ipv6Addr>().expect(text).octets().to_vec(),
        "NS" => name(text),
        "TXT" => {
            let text = text.trim_matches('"');
            let length = u8::try_from(text.len()).expect("short");
            [&[length], text.as_bytes()].concat()
        }
        "SOA" => {
            let parts: Vec<&str> = text.split(' ').collect();
            let numbers = parts[2..]
                .iter()
                .flat_map(|number| number.parse::<u32>().expect(number).to_be_bytes());
            [name(parts[0]), name(parts[1]), numbers.collect()].concat()
        }
        other => panic!("{other}"),
    }
}

fn name(text: &str) -> Vec<u8> {
    let labels = text.split('.').filter(|label| !label.is_empty());
    let label = |label: &str| {
        let length = u8::try_from(label.len()).expect("short");
        [&[length], label.as_bytes()].concat()
    };
    labels.flat_map(label).chain([0]).collect()
}
