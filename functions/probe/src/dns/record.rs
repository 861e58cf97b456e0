//! Records as miekg/dns prints them: `name. TTL class type data`, tabs between the five. Patterns in `validate_*_rrs` are
//! matched against this text, so every space and quote of it counts.
//!
//! What a type's data looks like is one row of [`fields`]. As in miekg/dns, data that ends between two fields leaves the
//! others empty or 0, and data that is longer than its fields makes the whole message unreadable.

use super::field::Field::{self, *};
use super::names;
use super::wire::{Malformed, Reader};

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// What patterns are matched against.
    pub(super) text: String,
    /// The serial number, if this is a SOA record.
    pub(super) serial: Option<u32>,
    /// The upper bits of the answer's code, if this is an OPT record.
    pub(super) upper_rcode: Option<u16>,
}

/// What stands before the data.
struct Header {
    name: String,
    kind: u16,
    class: u16,
    ttl: u32,
}

const SOA: u16 = 6;
const OPT: u16 = 41;

impl Record {
    /// Reads the next record.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let name = reader.name()?;
        let (kind, class) = (reader.u16()?, reader.u16()?);
        let ttl = reader.u32()?;
        let length = reader.u16()?;
        let mut data = reader.part(usize::from(length))?;
        let header = Header { name, kind, class, ttl };
        let serial = if kind == SOA { Some(serial(data.clone())?) } else { None };
        let upper_rcode = (kind == OPT).then(|| (ttl >> 24) as u16 * 16);
        let text = header.with_data(&mut data)?;
        if !data.is_done() {
            return Err(Malformed("the data of a record is longer than its type allows"));
        }
        Ok(Self { text, serial, upper_rcode })
    }
}

impl Header {
    fn with_data(&self, data: &mut Reader<'_>) -> Result<String, Malformed> {
        let Self { name, kind, class, ttl } = self;
        let Some(fields) = fields(*kind) else {
            let mut text = format!("{name}\t{ttl}\tCLASS{class}\tTYPE{kind}\t\\# ");
            Unknown.write(data, &mut text)?;
            return Ok(text);
        };
        if *kind == OPT {
            return super::opt::text(*class, *ttl, data);
        }
        let (class, kind_text) = (names::class_text(*class), names::type_text(*kind));
        let comment = if *kind == NULL { ";" } else { "" };
        let mut text = format!("{comment}{name}\t{ttl}\t{class}\t{kind_text}\t");
        for (at, field) in fields.iter().enumerate() {
            let before = text.len();
            if at > 0 {
                text.push(' ');
            }
            let begin = text.len();
            field.write(data, &mut text)?;
            if field.vanishes() && text.len() == begin {
                text.truncate(before);
            }
        }
        Ok(text)
    }
}

const NULL: u16 = 10;

/// The data of a type, field by field. `None` for types without a form of their own, which are printed as
/// [RFC 3597](https://www.rfc-editor.org/rfc/rfc3597) has it. So are TKEY and TSIG, though miekg/dns has words for them:
/// they belong to other dialogues than a query and its answer.
fn fields(kind: u16) -> Option<&'static [Field]> {
    Some(match kind {
        1 => &[Ipv4],                            // A
        2..=5 | 7..=9 | 12 | 23 | 39 => &[Name], // NS MD MF CNAME MB MG MR PTR NSAP-PTR DNAME
        SOA => &[Name, Name, U32, U32, U32, U32, U32],
        NULL => &[Raw],
        13 | 20 => &[Quoted, Quoted],            // HINFO ISDN
        14 | 17 | 58 => &[Name, Name],           // MINFO RP TALINK
        15 | 18 | 21 | 36 | 107 => &[U16, Name], // MX AFSDB RT KX LP
        16 | 56 | 99 | 258 | 261 => &[Texts],    // TXT NINFO SPF AVC RESINFO
        19 => &[Bare],                           // X25
        24 | 46 => &[Type, U8, U8, U32, Time, Time, U16, Name, Base64], // SIG RRSIG
        25 | 48 | 57 | 60 => &[U16, U8, U8, Base64], // KEY DNSKEY RKEY CDNSKEY
        26 => &[U16, Name, Name],                // PX
        27 => &[Bare, Bare, Bare],               // GPOS
        28 => &[Ipv6],                           // AAAA
        29 => &[Location],                       // LOC
        30 | 47 => &[Name, Types],               // NXT NSEC
        31 | 32 => &[UpperHex],                  // EID NIMLOC
        33 => &[U16, U16, U16, Name],            // SRV
        35 => &[U16, U16, Quoted, Quoted, Quoted, Name], // NAPTR
        37 => &[CertificateType, U16, Algorithm, Base64], // CERT
        OPT | 128 | 255 => &[],                  // NXNAME ANY
        42 => &[Prefixes],                       // APL
        43 | 59 | 32768 | 32769 => &[U16, U8, U8, UpperHex], // DS CDS TA DLV
        44 => &[U8, U8, UpperHex],               // SSHFP
        45 => &[IpsecKey],
        49 | 61 => &[Base64],                          // DHCID OPENPGPKEY
        50 => &[U8, U8, U16, Salt, HashedName, Types], // NSEC3
        51 => &[U8, U8, U16, Salt],                    // NSEC3PARAM
        52 => &[U8, U8, U8, Hex],                      // TLSA
        53 => &[U8, U8, U8, HexInPieces],              // SMIMEA
        55 => &[HostIdentity],                         // HIP
        62 => &[U32, U16, Types],                      // CSYNC
        63 => &[U32, U8, U8, Hex],                     // ZONEMD
        64 | 65 => &[U16, Name, Parameters],           // SVCB HTTPS
        100 => &[Quoted],                              // UINFO
        101 | 102 => &[U32],                           // UID GID
        104 => &[U16, NodeId],                         // NID
        105 => &[U16, Ipv4],                           // L32
        106 => &[U16, Locator],                        // L64
        108 => &[Hyphenated(6)],                       // EUI48
        109 => &[Hyphenated(8)],                       // EUI64
        256 => &[U16, U16, QuotedValue],               // URI
        257 => &[U8, Bare, QuotedValue],               // CAA
        260 => &[Relay],                               // AMTRELAY
        _ => return None,
    })
}

/// The serial number behind the two names of a SOA record.
fn serial(mut data: Reader<'_>) -> Result<u32, Malformed> {
    for _ in 0..2 {
        if !data.is_done() {
            data.name()?;
        }
    }
    if data.is_done() { Ok(0) } else { data.u32() }
}

#[cfg(test)]
mod tests;
