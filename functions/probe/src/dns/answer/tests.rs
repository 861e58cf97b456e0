//! Whole messages: right ones, wrong ones, and any bytes at all.

use proptest::prelude::*;

use super::*;

/// Flags of an answer, with this code.
const fn flags(rcode: u16) -> u16 {
    0x8180 | rcode
}

/// A message with these counts, whose body is put together by whoever calls.
fn message(flags: u16, counts: [u16; 4], body: &[&[u8]]) -> Vec<u8> {
    let words = [0x1234, flags, counts[0], counts[1], counts[2], counts[3]];
    [words.map(u16::to_be_bytes).as_flattened(), &body.concat()].concat()
}

/// example.com. IN A.
const QUESTION: &[u8] = b"\x07example\x03com\0\0\x01\0\x01";
/// A record of 192.0.2.1 whose name points to the question's.
const ADDRESS: &[u8] = b"\xc0\x0c\0\x01\0\x01\0\0\x0e\x10\0\x04\xc0\0\x02\x01";
/// The name servers of com, whose names point into the question and into each other.
const SERVER: &[u8] = b"\xc0\x14\0\x02\0\x01\0\0\0\x01\0\x05\x02ns\xc0\x0c";
/// A zone's authority with serial number 7.
const AUTHORITY: &[u8] =
    b"\xc0\x0c\0\x06\0\x01\0\0\0\x01\0\x16\0\0\0\0\0\x07\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04";

fn query() -> Query {
    Query::new(0x1234, "Example.com", (1, 1), true).expect("a name")
}

fn texts(records: &[Record]) -> Vec<&str> {
    records.iter().map(|record| record.text.as_str()).collect()
}

#[test]
fn an_answer_has_a_code_and_three_sections() {
    let bytes = message(flags(3), [1, 2, 1, 1], &[QUESTION, ADDRESS, ADDRESS, SERVER, AUTHORITY]);
    let answer = Answer::read(&bytes).expect("an answer");
    assert_eq!((answer.id, answer.rcode), (0x1234, 3));
    assert_eq!(texts(&answer.answer), ["example.com.\t3600\tIN\tA\t192.0.2.1"; 2]);
    assert_eq!(texts(&answer.authority), ["com.\t1\tIN\tNS\tns.example.com."]);
    assert_eq!(texts(&answer.additional), ["example.com.\t1\tIN\tSOA\t. . 7 1 2 3 4"]);
    assert_eq!(answer.mismatch(&query()), None);
    assert_eq!(answer.serial(), 0, "it is not in the answer section");
}

#[test]
fn the_last_serial_number_counts() {
    let mut later = AUTHORITY.to_vec();
    later[17] = 9;
    let bytes = message(flags(0), [0, 3, 0, 0], &[]);
    let at = bytes.len();
    let zone = b"\x01z\0";
    let own = |record: &[u8]| [zone, &record[2..]].concat();
    let bytes = [bytes, own(AUTHORITY), own(&later), own(ADDRESS)].concat();
    assert_eq!(at, 12);
    assert_eq!(Answer::read(&bytes).expect("an answer").serial(), 9);
}

#[test]
fn counts_are_the_sender_s_word() {
    for (sentence, counts, body, expected) in [
        ("more than there are", [1, 9, 9, 9], &[QUESTION, ADDRESS][..], [1, 0, 0]),
        ("fewer than there are", [1, 1, 0, 0], &[QUESTION, ADDRESS, ADDRESS], [1, 0, 0]),
        ("a header alone", [1, 1, 1, 1], &[], [0, 0, 0]),
        ("65535 of nothing", [u16::MAX; 4], &[], [0, 0, 0]),
    ] {
        let answer = Answer::read(&message(flags(5), counts, body)).expect(sentence);
        let found = [&answer.answer, &answer.authority, &answer.additional].map(Vec::len);
        assert_eq!(found, expected, "{sentence}");
        assert_eq!(answer.mismatch(&query()), None, "{sentence}");
    }
}

#[test]
fn an_opt_record_has_the_upper_bits_of_the_code() {
    let opt = b"\0\0\x29\x04\xd0\x01\0\0\0\0\0";
    let bytes = message(flags(7), [0, 0, 0, 1], &[opt]);
    assert_eq!(Answer::read(&bytes).expect("an answer").rcode, 23);
}

#[test]
fn what_is_no_answer_to_the_query_says_why() {
    let other = b"\x05other\0\0\x01\0\x01";
    for (sentence, flags, question, expected) in [
        ("a query that comes back", 0x0100, QUESTION, Some("a query, not an answer")),
        ("the answer to another question", flags(0), &other[..], Some("another question")),
        ("the answer", flags(0), QUESTION, None),
    ] {
        let answer = Answer::read(&message(flags, [1, 0, 0, 0], &[question])).expect(sentence);
        match (answer.mismatch(&query()), expected) {
            (Some(what), Some(expected)) => assert!(what.contains(expected), "{sentence}: {what}"),
            (found, expected) => assert_eq!(found, expected, "{sentence}"),
        }
    }
}

#[test]
fn what_is_cut_off_in_the_middle_is_refused() {
    let whole = message(flags(0), [1, 1, 1, 1], &[QUESTION, ADDRESS, SERVER, AUTHORITY]);
    let ends = [12, 12 + QUESTION.len()];
    let after_each = [ADDRESS, SERVER, AUTHORITY].iter().scan(ends[1], |at, record| {
        *at += record.len();
        Some(*at)
    });
    let ends: Vec<usize> = ends.into_iter().chain(after_each).collect();
    for length in 0..=whole.len() {
        let read = Answer::read(&whole[..length]);
        assert_eq!(read.is_ok(), ends.contains(&length), "{length}: {read:?}");
    }
    assert_eq!(Answer::read(b"\0\x01\x80"), Err(Malformed("it is shorter than a header")));
}

#[test]
fn an_answer_that_would_fill_the_memory_is_refused() {
    // One name of 252 odd octets, which are 1,000 characters, and 4,000 records that point to it.
    let name = [&[62_u8][..], &[0xff; 62]].concat().repeat(4);
    let question = [&name[..], b"\0\0\x01\0\x01"].concat();
    let record: &[u8] = b"\xc0\x0c\0\x01\0\x01\0\0\0\0\0\x04\x01\x02\x03\x04";
    let bytes = message(flags(0), [1, 4000, 0, 0], &[&question, &record.repeat(4000)]);
    let error = Answer::read(&bytes).expect_err("4 MB");
    assert!(error.0.contains("too large"), "{error}");
    let fewer = message(flags(0), [1, 900, 0, 0], &[&question, &record.repeat(900)]);
    assert_eq!(Answer::read(&fewer).expect("0.9 MB").answer.len(), 900);
}

/// What a program other than a name server might send: bytes, of which many are small.
fn octet() -> impl Strategy<Value = u8> {
    prop_oneof![0..4_u8, Just(0xc0), 0x0c..0x20_u8, any::<u8>()]
}

fn check(bytes: &[u8]) {
    let Ok(answer) = Answer::read(bytes) else { return };
    let records = [&answer.answer, &answer.authority, &answer.additional];
    let text: usize = records.iter().flat_map(|section| texts(section)).map(str::len).sum();
    assert!(text <= MOST_TEXT, "{text}");
}

proptest! {
    #[test]
    fn any_bytes_are_an_answer_or_are_refused(
        body in proptest::collection::vec(octet(), 0..200),
        counts in proptest::array::uniform4(0..4_u16),
        kind in 0..262_u16,
    ) {
        check(&body);
        check(&message(flags(0), counts, &[&body]));
        // The body as the data of a record of each type.
        let length = u16::try_from(body.len()).expect("short");
        let header = [b"\x01a\0", &kind.to_be_bytes()[..], b"\0\x01\0\0\0\0", &length.to_be_bytes()];
        check(&message(flags(0), [0, 1, 0, 0], &[&header.concat(), &body]));
    }

    #[test]
    fn an_answer_with_wrong_bytes_is_another_one_or_is_refused(
        places in proptest::collection::vec((any::<prop::sample::Index>(), octet()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes =
            message(flags(0), [1, 2, 1, 1], &[QUESTION, ADDRESS, ADDRESS, SERVER, AUTHORITY]);
        for (place, octet) in places {
            let place = place.index(bytes.len());
            bytes[place] = octet;
        }
        check(&bytes);
        check(&bytes[..cut.index(bytes.len())]);
    }
}
