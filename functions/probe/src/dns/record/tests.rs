//! One row for each type: its data as bytes, and what it is printed as. Texts that RFCs have as examples are in their form but
//! for spaces, which are miekg/dns's.

use super::*;

/// Data put together piece by piece.
#[derive(Default)]
struct Data(Vec<u8>);

impl Data {
    fn u8(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    fn u16(mut self, value: u16) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    fn u32(mut self, value: u32) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    fn name(mut self, name: &str) -> Self {
        for label in name.split('.').filter(|label| !label.is_empty()) {
            self = self.string(label.as_bytes());
        }
        self.u8(0)
    }

    fn string(mut self, text: &[u8]) -> Self {
        self = self.u8(u8::try_from(text.len()).expect("short"));
        self.octets(text)
    }

    fn octets(mut self, octets: &[u8]) -> Self {
        self.0.extend(octets);
        self
    }

    fn hex(self, digits: &str) -> Self {
        let digits: Vec<u8> = digits.bytes().filter(u8::is_ascii_hexdigit).collect();
        let octet = |pair: &[u8]| {
            let pair = std::str::from_utf8(pair).expect("digits");
            u8::from_str_radix(pair, 16).expect("digits")
        };
        let octets: Vec<u8> = digits.chunks(2).map(octet).collect();
        self.octets(&octets)
    }
}

fn data() -> Data {
    Data::default()
}

fn read(kind: u16, class: u16, data: &[u8]) -> Result<Record, Malformed> {
    let length = u16::try_from(data.len()).expect("short");
    let header = Data::default().name("a.example").u16(kind).u16(class).u32(60).u16(length);
    let message = header.octets(data).0;
    let mut reader = Reader::new(&message, 0);
    let record = Record::read(&mut reader)?;
    assert!(reader.is_done());
    Ok(record)
}

/// The text behind `a.example. 60 IN TYPE `.
fn printed(kind: u16, data: &Data) -> String {
    let text = read(kind, 1, &data.0).expect("a record").text;
    let begin = format!("a.example.\t60\tIN\t{}\t", names::type_text(kind));
    text.strip_prefix(&begin).unwrap_or_else(|| panic!("{text:?} begins with {begin:?}")).to_owned()
}

#[test]
fn common_types_are_printed_as_miekg_dns_does() {
    for (kind, data, expected) in [
        (1, data().octets(&[192, 0, 2, 1]), "192.0.2.1"),
        (28, data().hex("20010db8000000000000000000000001"), "2001:db8::1"),
        (28, data().hex("00000000000000000000ffffc0000201"), "::ffff:192.0.2.1"),
        (28, data().hex("000000000000000000000000c0000201"), "::c000:201"),
        (2, data().name("ns1.isp.net"), "ns1.isp.net."),
        (5, data().name("Www.Example.com"), "Www.Example.com."),
        (5, data().name(""), "."),
        (12, data().name("host name.example"), r"host\ name.example."),
        (39, data().name("x.y"), "x.y."),
        (15, data().u16(10).name("mx.example"), "10 mx.example."),
        (
            6,
            data()
                .name("ns.example.com")
                .name("noc.example.com")
                .u32(1000)
                .u32(7200)
                .u32(3600)
                .u32(1_209_600)
                .u32(u32::MAX),
            "ns.example.com. noc.example.com. 1000 7200 3600 1209600 4294967295",
        ),
        (16, data().string(b"v=spf1 -all"), r#""v=spf1 -all""#),
        (16, data().string(b"a").string(b"").string(b"b\"c\\d;\x07"), r#""a" "" "b\"c\\d;\007""#),
        (33, data().u16(1).u16(2).u16(443).name("s.example"), "1 2 443 s.example."),
        (
            35,
            data()
                .u16(100)
                .u16(50)
                .string(b"s")
                .string(b"z3950+N2L")
                .string(b"!^(.*)$!\\1!")
                .name(""),
            r#"100 50 "s" "z3950+N2L" "!^(.*)$!\\1!" ."#,
        ),
        (
            257,
            data().u8(0).string(b"issue").octets(b"ca.example.net; policy=\"ev\""),
            r#"0 issue "ca.example.net; policy=\"ev\"""#,
        ),
        (52, data().u8(3).u8(1).u8(1).hex("0AFF"), "3 1 1 0aff"),
        (
            256,
            data().u16(10).u16(1).octets(b"ftp://ftp1.example/"),
            r#"10 1 "ftp://ftp1.example/""#,
        ),
        (13, data().string(b"VAX-11/780").string(b"UNIX"), r#""VAX-11/780" "UNIX""#),
        (44, data().u8(2).u8(1).hex("123456789abcdef67890"), "2 1 123456789ABCDEF67890"),
    ] {
        assert_eq!(printed(kind, &data), expected);
    }
}

#[test]
fn signatures_and_keys_are_printed_as_miekg_dns_does() {
    // RFC 4034, section 4.3.
    let bitmap = data().hex("0006400100000003 041b").octets(&[0; 26]).u8(0x20).0;
    // RFC 5155, appendix A.
    let hashed = data().hex("174eb2409fe28bcb4887a1836f957f0a8425e27b").0;
    for (kind, data, expected) in [
        (
            43,
            data().u16(60485).u8(5).u8(1).hex("2BB183AF5F22588179A53B0A98631FAD1A292118"),
            "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118",
        ),
        (48, data().u16(257).u8(3).u8(13).octets(b"\x01\x02\x03\x04"), "257 3 13 AQIDBA=="),
        (48, data().u16(257).u8(3).u8(13), "257 3 13 "),
        (
            46,
            data()
                .u16(1)
                .u8(5)
                .u8(3)
                .u32(86400)
                .u32(1_048_354_263)
                .u32(1_045_762_263)
                .u16(2642)
                .name("example.com")
                .octets(b"\xa0\x90\x75"),
            "A 5 3 86400 20030322173103 20030220173103 2642 example.com. oJB1",
        ),
        (
            46,
            data().u16(65280).u8(1).u8(1).u32(0).u32(u32::MAX).u32(0).u16(1).name("").octets(b"\0"),
            "TYPE65280 1 1 0 21060207062815 19700101000000 1 . AA==",
        ),
        (
            47,
            data().name("host.example.com").octets(&bitmap),
            "host.example.com. A MX RRSIG NSEC TYPE1234",
        ),
        (47, data().name("x"), "x."),
        (
            50,
            data().u8(1).u8(1).u16(12).string(b"\xaa\xbb\xcc\xdd").string(&hashed).hex("0001 20"),
            "1 1 12 AABBCCDD 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR NS",
        ),
        (50, data().u8(1).u8(0).u16(0).string(b"").string(b"\xff"), "1 0 0 - VS"),
        (51, data().u8(1).u8(0).u16(10).string(b""), "1 0 10 -"),
        (37, data().u16(1).u16(7).u8(8).octets(b"cert"), "PKIX 7 RSASHA256 Y2VydA=="),
        (37, data().u16(999).u16(7).u8(4).octets(b"x"), "999 7 4 eA=="),
        (62, data().u32(66).u16(3).hex("0004 60000008"), "66 3 A NS AAAA"),
        (63, data().u32(2018).u8(1).u8(1).hex("C68090"), "2018 1 1 c68090"),
        (49, data().octets(b"\0\x01\x02"), "AAEC"),
        (61, data().octets(b"pgp"), "cGdw"),
    ] {
        assert_eq!(printed(kind, &data), expected);
    }
}

#[test]
fn service_bindings_are_printed_as_miekg_dns_does() {
    // Data and, but for quotes and escapes, texts of RFC 9460, appendix D.
    for (data, expected) in [
        (data().u16(0).name("foo.example.com"), "0 foo.example.com."),
        (data().u16(1).name(""), "1 ."),
        (
            data().u16(16).name("foo.example.com").hex("0003 0002 0035"),
            "16 foo.example.com. port=\"53\"",
        ),
        (
            data().u16(1).name("foo.example.com").hex("029b 0009").octets(b"hello\xd2qoo"),
            r#"1 foo.example.com. key667="hello\210qoo""#,
        ),
        (
            data()
                .u16(1)
                .name("foo.example.com")
                .hex("0006 0020 20010db8000000000000000000000001 20010db8000000000000000000530001"),
            r#"1 foo.example.com. ipv6hint="2001:db8::1,2001:db8::53:1""#,
        ),
        (
            data()
                .u16(16)
                .name("foo.example.org")
                .hex("0000 0004 0001 0004")
                .hex("0001 0009 02 6832 05 68332d3139")
                .hex("0004 0004 c0000201"),
            r#"16 foo.example.org. mandatory="alpn,ipv4hint" alpn="h2,h3-19" ipv4hint="192.0.2.1""#,
        ),
        (
            data()
                .u16(16)
                .name("foo.example.org")
                .hex("0001 000c")
                .string(b"f\\oo,bar")
                .string(b"h2"),
            r#"16 foo.example.org. alpn="f\\\092oo\\\044bar,h2""#,
        ),
        (
            data().u16(1).name("").hex("0001 0003 02 6832  0002 0000  0005 0003 010203"),
            r#"1 . alpn="h2" no-default-alpn="" ech="AQID""#,
        ),
        (
            data().u16(1).name("").hex("0007 0010").octets(b"/dns-query{?dns}").hex("0008 0000"),
            r#"1 . dohpath="/dns-query{?dns}" ohttp="""#,
        ),
        (data().u16(1).name("").hex("fffe 0004").octets(b"a \";"), r#"1 . key65534="a\ \"\;""#),
    ] {
        assert_eq!(printed(64, &data), expected);
        assert_eq!(printed(65, &data), expected);
    }
}

#[test]
fn rare_types_are_printed_as_miekg_dns_does() {
    for (kind, data, expected) in [
        (17, data().name("box.x").name("txt.x"), "box.x. txt.x."),
        (14, data().name("a").name("b"), "a. b."),
        (18, data().u16(1).name("db.x"), "1 db.x."),
        (19, data().string(b"311061700956"), "311061700956"),
        (20, data().string(b"150862028003217").string(b"004"), r#""150862028003217" "004""#),
        (21, data().u16(2).name("r"), "2 r."),
        (23, data().name("n.x"), "n.x."),
        (26, data().u16(10).name("a").name("b"), "10 a. b."),
        (
            27,
            data().string(b"-32.6882").string(b"116.8652").string(b"10.0"),
            "-32.6882 116.8652 10.0",
        ),
        (
            29,
            // RFC 1876, section 4: 42 21 54 N 71 06 18 W -24m 30m 10000m 10m.
            data()
                .u8(0)
                .u8(0x33)
                .u8(0x16)
                .u8(0x13)
                .u32((1 << 31) + 152_514_000)
                .u32((1 << 31) - 255_978_000)
                .u32(9_997_600),
            "42 21 54.000 N 71 06 18.000 W -24m 30m 10000m 10m",
        ),
        (
            29,
            data().u8(0).u8(0x10).u8(0x21).u8(0).u32(1 << 31).u32((1 << 31) + 1).u32(10_000_001),
            "00 00 0.000 S 00 00 0.001 E 0.01m 0.01m 0.20m 0.00m",
        ),
        (31, data().hex("E32C6F78163A9348"), "E32C6F78163A9348"),
        (36, data().u16(1).name("k.x"), "1 k.x."),
        (
            42,
            data()
                .hex("0001 15 03 c0a820  0001 1c 84 c0a82601  0002 80 10")
                .hex("ff000000000000000000000000000001"),
            "1:192.168.32.0/21 !1:192.168.38.1/28 2:ff00::1/128",
        ),
        (
            45,
            data().u8(10).u8(1).u8(2).octets(&[192, 0, 2, 38]).octets(b"k"),
            "10 1 2 192.0.2.38 aw==",
        ),
        (45, data().u8(10).u8(0).u8(2).octets(b"k"), "10 0 2 . aw=="),
        (45, data().u8(10).u8(3).u8(2).name("gw.x").octets(b"k"), "10 3 2 gw.x. aw=="),
        (53, data().u8(3).u8(0).u8(0).hex("AB"), "3 0 0 ab"),
        (
            55,
            data().u8(2).u8(2).u16(3).hex("2001").octets(b"key").name("rvs.example"),
            "2 2001 a2V5 rvs.example.",
        ),
        (58, data().name("a").name("b"), "a. b."),
        (99, data().string(b"v=spf1"), r#""v=spf1""#),
        (100, data().string(b"u"), r#""u""#),
        (101, data().u32(7), "7"),
        (104, data().u16(10).hex("00144fffff20ee64"), "10 0014:4fff:ff20:ee64"),
        (105, data().u16(10).octets(&[10, 1, 2, 0]), "10 10.1.2.0"),
        (106, data().u16(10).hex("20010db811401000"), "10 2001:0DB8:1140:1000"),
        (107, data().u16(10).name("l64.x"), "10 l64.x."),
        (108, data().hex("00005e00532a"), "00-00-5e-00-53-2a"),
        (109, data().hex("00005eef1000002a"), "00-00-5e-ef-10-00-00-2a"),
        (255, data(), ""),
        (260, data().u8(10).u8(0x81).octets(&[203, 0, 113, 15]), "10 1 1 203.0.113.15"),
        (260, data().u8(10).u8(3).name("r.x"), "10 0 3 r.x."),
        (32769, data().u16(1).u8(5).u8(1).hex("ab"), "1 5 1 AB"),
    ] {
        assert_eq!(printed(kind, &data), expected, "type {kind}");
    }
    let half = "ab".repeat(512);
    assert_eq!(printed(53, &data().u8(3).u8(0).u8(0).hex(&half)), format!("3 0 0 {half} "));
    let more = data().u8(3).u8(0).u8(0).hex(&half).u8(1);
    assert_eq!(printed(53, &more), format!("3 0 0 {half} 01"));
}

#[test]
fn types_without_a_form_of_their_own_are_printed_as_rfc_3597_has_it() {
    for (kind, expected) in [
        (65280, "a.example.\t60\tCLASS1\tTYPE65280\t\\# 3 0102ff"),
        (34, "a.example.\t60\tCLASS1\tTYPE34\t\\# 3 0102ff"),
        (250, "a.example.\t60\tCLASS1\tTYPE250\t\\# 3 0102ff"),
    ] {
        assert_eq!(read(kind, 1, b"\x01\x02\xff").expect("a record").text, expected);
    }
    assert_eq!(
        read(65280, 3, b"").expect("a record").text,
        "a.example.\t60\tCLASS3\tTYPE65280\t\\# 0 "
    );
}

#[test]
fn classes_and_comments_are_printed_as_miekg_dns_does() {
    let text = |kind, class, data: &[u8]| read(kind, class, data).expect("a record").text;
    assert_eq!(text(16, 3, b"\x07goCHAOS"), "a.example.\t60\tCH\tTXT\t\"goCHAOS\"");
    assert_eq!(text(1, 255, &[1, 2, 3, 4]), "a.example.\t60\tCLASS255\tA\t1.2.3.4");
    assert_eq!(text(10, 1, b"x\xff\xfe"), ";a.example.\t60\tIN\tNULL\tx\u{fffd}\u{fffd}");
    let opt = read(41, 1232, b"\0\x0a\0\x02\xab\xcd").expect("a record");
    assert_eq!(
        opt.text,
        "\n;; OPT PSEUDOSECTION:\n; EDNS: version 0; flags: ; udp: 1232\n; LOCAL OPT: 10:0xabcd"
    );
    assert_eq!(opt.upper_rcode, Some(0));
}

#[test]
fn data_that_ends_between_fields_leaves_the_others_empty() {
    for (kind, data, expected) in [
        (1, data(), ""),
        (28, data(), ""),
        (15, data(), "0 "),
        (15, data().u16(10), "10 "),
        (6, data().name("ns").name("box").u32(5), "ns. box. 5 0 0 0 0"),
        (6, data(), "  0 0 0 0 0"),
        (16, data(), ""),
        (13, data().string(b"cpu"), r#""cpu" """#),
        (105, data().u16(3), "3"),
        (109, data(), "00-00-00-00-00-00-00-00"),
        (257, data(), r#"0  """#),
    ] {
        assert_eq!(printed(kind, &data), expected, "type {kind}");
    }
    assert_eq!(read(6, 1, &data().name("ns").name("box").u32(5).0).expect("SOA").serial, Some(5));
    assert_eq!(read(6, 1, b"").expect("SOA").serial, Some(0));
}

#[test]
fn wrong_data_is_refused_with_its_cause() {
    for (sentence, kind, data, expected) in [
        ("an address that is too short", 1, data().octets(&[1, 2, 3]), "middle of a field"),
        ("an address that is too long", 1, data().octets(&[1, 2, 3, 4, 5]), "longer than"),
        ("a name that is cut off", 5, data().u8(3).octets(b"ab"), "middle of a field"),
        ("a name that points behind its data", 5, data().u16(0xcfff), "middle of a field"),
        ("half a number", 15, data().u8(1), "middle of a field"),
        ("a text that is cut off", 16, data().u8(200).octets(b"x"), "middle of a field"),
        ("blocks out of order", 47, data().name("x").hex("0101 80 0001 80"), "out of order"),
        ("an empty block", 47, data().name("x").hex("0000"), "wrong length"),
        (
            "a block that is too long",
            47,
            data().name("x").u8(0).u8(33).octets(&[1; 33]),
            "wrong length",
        ),
        (
            "keys out of order",
            64,
            data().u16(1).name("").hex("0003 0002 0001 0001 0002 0168"),
            "not in order",
        ),
        ("a key twice", 64, data().u16(1).name("").hex("0002 0000 0002 0000"), "not in order"),
        ("the reserved key", 64, data().u16(1).name("").hex("ffff 0000"), "not in order"),
        ("a port of three octets", 64, data().u16(1).name("").hex("0003 0003 000102"), "too long"),
        ("a hint without address", 64, data().u16(1).name("").hex("0004 0000"), "empty"),
        ("half an address", 64, data().u16(1).name("").hex("0004 0002 c000"), "middle of a field"),
        (
            "IPv4 for IPv6",
            64,
            data().u16(1).name("").hex("0006 0010 00000000000000000000ffffc0000201"),
            "IPv4",
        ),
        ("a prefix of no family", 42, data().hex("0003 00 00"), "no known family"),
        ("a prefix that is too long", 42, data().hex("0001 21 00"), "too long"),
        ("a prefix with zeros at its end", 42, data().hex("0001 10 02 c000"), "ends in zeros"),
        ("ANY with data", 255, data().u8(1), "longer than"),
    ] {
        let error = read(kind, 1, &data.0).expect_err(sentence);
        assert!(error.0.contains(expected), "{sentence}: {error}");
    }
}

#[test]
fn a_record_whose_names_would_fill_the_memory_is_refused() {
    // A name of 254 odd octets at the beginning, and 30,000 pointers to it.
    let mut message = Vec::new();
    for _ in 0..4 {
        message.push(62);
        message.extend([0xff; 62]);
    }
    message.push(0);
    let at = message.len();
    let data = data().u32(0).octets(&[0xc0, 0].repeat(30_000)).0;
    let length = u16::try_from(data.len()).expect("it fits");
    message.extend(Data::default().name("").u16(55).u16(1).u32(0).u16(length).octets(&data).0);
    let error = Record::read(&mut Reader::new(&message, at)).expect_err("30 MB");
    assert!(error.0.contains("too large"), "{error}");
}
