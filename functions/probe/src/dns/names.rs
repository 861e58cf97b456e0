//! Names of types, classes and answer codes, as miekg/dns (on which blackbox_exporter stands) knows them: configuration files
//! hold these names, and records are printed with them.

/// The types that have a name. miekg/dns knows no other.
const TYPES: [(u16, &str); 88] = [
    (0, "None"),
    (1, "A"),
    (2, "NS"),
    (3, "MD"),
    (4, "MF"),
    (5, "CNAME"),
    (6, "SOA"),
    (7, "MB"),
    (8, "MG"),
    (9, "MR"),
    (10, "NULL"),
    (12, "PTR"),
    (13, "HINFO"),
    (14, "MINFO"),
    (15, "MX"),
    (16, "TXT"),
    (17, "RP"),
    (18, "AFSDB"),
    (19, "X25"),
    (20, "ISDN"),
    (21, "RT"),
    (23, "NSAP-PTR"),
    (24, "SIG"),
    (25, "KEY"),
    (26, "PX"),
    (27, "GPOS"),
    (28, "AAAA"),
    (29, "LOC"),
    (30, "NXT"),
    (31, "EID"),
    (32, "NIMLOC"),
    (33, "SRV"),
    (34, "ATMA"),
    (35, "NAPTR"),
    (36, "KX"),
    (37, "CERT"),
    (39, "DNAME"),
    (41, "OPT"),
    (42, "APL"),
    (43, "DS"),
    (44, "SSHFP"),
    (45, "IPSECKEY"),
    (46, "RRSIG"),
    (47, "NSEC"),
    (48, "DNSKEY"),
    (49, "DHCID"),
    (50, "NSEC3"),
    (51, "NSEC3PARAM"),
    (52, "TLSA"),
    (53, "SMIMEA"),
    (55, "HIP"),
    (56, "NINFO"),
    (57, "RKEY"),
    (58, "TALINK"),
    (59, "CDS"),
    (60, "CDNSKEY"),
    (61, "OPENPGPKEY"),
    (62, "CSYNC"),
    (63, "ZONEMD"),
    (64, "SVCB"),
    (65, "HTTPS"),
    (99, "SPF"),
    (100, "UINFO"),
    (101, "UID"),
    (102, "GID"),
    (103, "UNSPEC"),
    (104, "NID"),
    (105, "L32"),
    (106, "L64"),
    (107, "LP"),
    (108, "EUI48"),
    (109, "EUI64"),
    (128, "NXNAME"),
    (249, "TKEY"),
    (250, "TSIG"),
    (251, "IXFR"),
    (252, "AXFR"),
    (253, "MAILB"),
    (254, "MAILA"),
    (255, "ANY"),
    (256, "URI"),
    (257, "CAA"),
    (258, "AVC"),
    (260, "AMTRELAY"),
    (261, "RESINFO"),
    (32768, "TA"),
    (32769, "DLV"),
    (65535, "Reserved"),
];

const CLASSES: [(u16, &str); 6] =
    [(1, "IN"), (2, "CS"), (3, "CH"), (4, "HS"), (254, "NONE"), (255, "ANY")];

/// 16 is BADSIG, though of an answer without TSIG it would be BADVERS.
const RCODES: [(u16, &str); 20] = [
    (0, "NOERROR"),
    (1, "FORMERR"),
    (2, "SERVFAIL"),
    (3, "NXDOMAIN"),
    (4, "NOTIMP"),
    (5, "REFUSED"),
    (6, "YXDOMAIN"),
    (7, "YXRRSET"),
    (8, "NXRRSET"),
    (9, "NOTAUTH"),
    (10, "NOTZONE"),
    (11, "DSOTYPENI"),
    (16, "BADSIG"),
    (17, "BADKEY"),
    (18, "BADTIME"),
    (19, "BADMODE"),
    (20, "BADNAME"),
    (21, "BADALG"),
    (22, "BADTRUNC"),
    (23, "BADCOOKIE"),
];

/// The code of a type; names are written in capitals.
pub(crate) fn type_code(name: &str) -> Option<u16> {
    code(&TYPES, name)
}

/// The code of a class.
pub(crate) fn class_code(name: &str) -> Option<u16> {
    code(&CLASSES, name)
}

/// The answer code of a name; an old spelling of NOTIMP is one, too.
pub(super) fn rcode(name: &str) -> Option<u16> {
    code(&RCODES, if name == "NOTIMPL" { "NOTIMP" } else { name })
}

/// A type as it is printed.
pub(super) fn type_text(code: u16) -> String {
    name(&TYPES, code).map_or_else(|| format!("TYPE{code}"), str::to_owned)
}

/// A class as it is printed. `ANY` is a type as well, and so is printed as a number.
pub(super) fn class_text(code: u16) -> String {
    let name = name(&CLASSES, code).filter(|name| type_code(name).is_none());
    name.map_or_else(|| format!("CLASS{code}"), str::to_owned)
}

/// The name of an answer code, empty where it has none.
pub(super) fn rcode_text(code: u16) -> &'static str {
    name(&RCODES, code).unwrap_or_default()
}

fn code(table: &[(u16, &str)], name: &str) -> Option<u16> {
    table.iter().find(|(_, own)| *own == name).map(|(code, _)| *code)
}

fn name(table: &[(u16, &'static str)], code: u16) -> Option<&'static str> {
    table.binary_search_by_key(&code, |(own, _)| *own).ok().map(|at| table[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_in_order_and_names_stand_once() {
        for table in [&TYPES[..], &CLASSES, &RCODES] {
            assert!(table.is_sorted_by(|a, b| a.0 < b.0));
            for (code_of, name) in table {
                assert_eq!(code(table, name), Some(*code_of));
            }
        }
    }

    #[test]
    fn codes_are_printed_as_names_where_they_have_one() {
        assert_eq!((type_text(28), type_text(65280)), ("AAAA".to_owned(), "TYPE65280".to_owned()));
        assert_eq!((class_text(1), class_text(3)), ("IN".to_owned(), "CH".to_owned()));
        assert_eq!((class_text(254), class_text(255)), ("NONE".to_owned(), "CLASS255".to_owned()));
        assert_eq!((rcode_text(3), rcode_text(12)), ("NXDOMAIN", ""));
    }

    #[test]
    fn names_are_exact() {
        assert_eq!((type_code("SOA"), type_code("soa"), type_code("TYPE6")), (Some(6), None, None));
        assert_eq!((class_code("CH"), class_code("CHAOS")), (Some(3), None));
        assert_eq!(
            (rcode("NOTIMP"), rcode("NOTIMPL"), rcode("NXDOMAINE")),
            (Some(4), Some(4), None)
        );
    }
}
