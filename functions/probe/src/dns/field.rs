//! The fields of records' data: how each is read, and how miekg/dns writes it.

use std::fmt::{Display, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use time::OffsetDateTime;

use super::escape;
use super::names;
use super::rare;
use super::svcb;
use super::wire::{Malformed, Reader};

/// A field, by what it looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    U8,
    U16,
    U32,
    Name,
    Ipv4,
    Ipv6,
    /// One text, in quotes.
    Quoted,
    /// One text, without quotes.
    Bare,
    /// Texts in quotes, to the end.
    Texts,
    /// The rest as one value in quotes.
    QuotedValue,
    /// The rest as it came.
    Raw,
    /// The rest, in the way of RFC 3597: its length, and hexadecimal digits.
    Unknown,
    /// The rest, in hexadecimal digits.
    Hex,
    UpperHex,
    /// The rest, in pieces of 1024 digits.
    HexInPieces,
    /// The rest.
    Base64,
    /// The code of a type, as its name.
    Type,
    /// A moment as seconds, written as digits from the year to the second.
    Time,
    /// Types that exist, as a bitmap to the end.
    Types,
    /// A salt behind its length; `-` where there is none.
    Salt,
    /// A hash behind its length, in base 32.
    HashedName,
    CertificateType,
    Algorithm,
    /// 8 octets, colons between pairs.
    NodeId,
    Locator,
    /// This many octets, hyphens between them.
    Hyphenated(usize),
    /// Pairs of key and value, to the end.
    Parameters,
    Location,
    Prefixes,
    IpsecKey,
    Relay,
    HostIdentity,
}

impl Field {
    /// Whether an empty one leaves no space where it would stand.
    pub(super) fn vanishes(self) -> bool {
        matches!(self, Self::Types | Self::Ipv4 | Self::Parameters)
    }

    /// Reads the field and writes it as text.
    pub(super) fn write(self, data: &mut Reader<'_>, out: &mut String) -> Result<(), Malformed> {
        match self {
            Self::U8 => number(u32::from(absent_or(data, Reader::u8)?), out),
            Self::U16 => number(u32::from(absent_or(data, Reader::u16)?), out),
            Self::U32 => number(absent_or(data, Reader::u32)?, out),
            Self::Name => out.push_str(&absent_or(data, Reader::name)?),
            Self::Ipv4 => optional(data, ipv4, out)?,
            Self::Ipv6 => optional(data, ipv6, out)?,
            Self::Quoted => escape::quoted(absent_or(data, Reader::string)?, out),
            Self::Bare => escape::text(absent_or(data, Reader::string)?, out),
            Self::Texts => texts(data, out)?,
            Self::QuotedValue => escape::quoted_value(data.rest(), out),
            Self::Raw => raw(data.rest(), out),
            Self::Unknown => unknown(data.rest(), out),
            Self::Hex => hex(data.rest(), out),
            Self::UpperHex => upper_hex(data.rest(), out),
            Self::HexInPieces => hex_in_pieces(data.rest(), out),
            Self::Base64 => STANDARD.encode_string(data.rest(), out),
            Self::Type => out.push_str(&names::type_text(absent_or(data, Reader::u16)?)),
            Self::Time => time(absent_or(data, Reader::u32)?, out),
            Self::Types => types(data, out)?,
            Self::Salt => salt(absent_or(data, Reader::string)?, out),
            Self::HashedName => base32(absent_or(data, Reader::string)?, out),
            Self::CertificateType => certificate_type(absent_or(data, Reader::u16)?, out),
            Self::Algorithm => algorithm(absent_or(data, Reader::u8)?, out),
            Self::NodeId => hex_with(':', 2, octets(data, 8)?, out),
            Self::Locator => locator(octets(data, 8)?, out),
            Self::Hyphenated(count) => hex_with('-', 1, octets(data, count)?, out),
            Self::Parameters => svcb::parameters(data, out)?,
            Self::Location => rare::location(data, out)?,
            Self::Prefixes => rare::prefixes(data, out)?,
            Self::IpsecKey => rare::ipsec_key(data, out)?,
            Self::Relay => rare::relay(data, out)?,
            Self::HostIdentity => rare::host_identity(data, out)?,
        }
        Ok(())
    }
}

/// A field, or its zero value where the data ended before it.
pub(super) fn absent_or<'m, T: Default>(
    data: &mut Reader<'m>,
    read: impl FnOnce(&mut Reader<'m>) -> Result<T, Malformed>,
) -> Result<T, Malformed> {
    if data.is_done() { Ok(T::default()) } else { read(data) }
}

/// Just so many octets; zeros where the data ended before them.
fn octets<'m>(data: &mut Reader<'m>, count: usize) -> Result<&'m [u8], Malformed> {
    if data.is_done() { Ok(&[0; 8][..count]) } else { data.take(count) }
}

/// Something that leaves nothing at all where the data ended before it.
fn optional<T: Display>(
    data: &mut Reader<'_>,
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, Malformed>,
    out: &mut String,
) -> Result<(), Malformed> {
    if !data.is_done() {
        display(read(data)?, out);
    }
    Ok(())
}

pub(super) fn ipv4(data: &mut Reader<'_>) -> Result<Ipv4Addr, Malformed> {
    data.u32().map(Ipv4Addr::from)
}

pub(super) fn ipv6(data: &mut Reader<'_>) -> Result<Ipv6Addr, Malformed> {
    let mut octets = [0; 16];
    octets.copy_from_slice(data.take(16)?);
    Ok(Ipv6Addr::from(octets))
}

pub(super) fn display(value: impl Display, out: &mut String) {
    // Writing to a string cannot fail.
    write!(out, "{value}").unwrap_or_default();
}

pub(super) fn number(value: u32, out: &mut String) {
    display(value, out);
}

/// Bytes that need not be UTF-8: a stray one becomes U+FFFD, which is what Go's patterns take it for.
fn raw(octets: &[u8], out: &mut String) {
    for chunk in octets.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
}

fn unknown(octets: &[u8], out: &mut String) {
    display(octets.len(), out);
    out.push(' ');
    hex(octets, out);
}

pub(super) fn hex(octets: &[u8], out: &mut String) {
    hex_with(' ', octets.len(), octets, out);
}

pub(super) fn upper_hex(octets: &[u8], out: &mut String) {
    let begin = out.len();
    hex(octets, out);
    out[begin..].make_ascii_uppercase();
}

fn salt(octets: &[u8], out: &mut String) {
    if octets.is_empty() {
        out.push('-');
    }
    upper_hex(octets, out);
}

fn locator(octets: &[u8], out: &mut String) {
    let begin = out.len();
    hex_with(':', 2, octets, out);
    out[begin..].make_ascii_uppercase();
}

/// Hexadecimal digits, with a separator after every so many octets.
fn hex_with(separator: char, every: usize, octets: &[u8], out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (at, octet) in octets.iter().enumerate() {
        if at > 0 && at % every == 0 {
            out.push(separator);
        }
        out.push(char::from(DIGITS[usize::from(octet >> 4)]));
        out.push(char::from(DIGITS[usize::from(octet & 15)]));
    }
}

/// Pieces of 512 octets; where they come out even, an empty one follows.
fn hex_in_pieces(octets: &[u8], out: &mut String) {
    hex_with(' ', 512, octets, out);
    if !octets.is_empty() && octets.len().is_multiple_of(512) {
        out.push(' ');
    }
}

/// Base 32 with the digits of RFC 4648's extended hex alphabet, unpadded.
fn base32(octets: &[u8], out: &mut String) {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHIJKLMNOPQRSTUV";
    let (mut bits, mut held) = (0_u16, 0);
    for octet in octets {
        bits = bits << 8 | u16::from(*octet);
        held += 8;
        while held >= 5 {
            held -= 5;
            out.push(char::from(DIGITS[usize::from(bits >> held & 31)]));
        }
        bits &= (1 << held) - 1;
    }
    if held > 0 {
        out.push(char::from(DIGITS[usize::from(bits << (5 - held) & 31)]));
    }
}

fn texts(data: &mut Reader<'_>, out: &mut String) -> Result<(), Malformed> {
    let begin = out.len();
    while !data.is_done() {
        if out.len() > begin {
            out.push(' ');
        }
        escape::quoted(data.string()?, out);
    }
    Ok(())
}

/// The bitmap of [RFC 4034](https://www.rfc-editor.org/rfc/rfc4034#section-4.1.2).
fn types(data: &mut Reader<'_>, out: &mut String) -> Result<(), Malformed> {
    let begin = out.len();
    let mut next_window = 0;
    while !data.is_done() {
        let window = u16::from(data.u8()?);
        if window < next_window {
            return Err(Malformed("the blocks of a type bitmap are out of order"));
        }
        next_window = window + 1;
        let block = data.string()?;
        if block.is_empty() || block.len() > 32 {
            return Err(Malformed("a block of a type bitmap has a wrong length"));
        }
        for (at, octet) in block.iter().enumerate() {
            for bit in (0..8).filter(|bit| octet & 0x80 >> bit != 0) {
                if out.len() > begin {
                    out.push(' ');
                }
                out.push_str(&names::type_text(window * 256 + at as u16 * 8 + bit));
            }
        }
    }
    Ok(())
}

fn time(seconds: u32, out: &mut String) {
    let at = OffsetDateTime::from_unix_timestamp(i64::from(seconds))
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = at.to_calendar_date();
    let (hour, minute, second) = at.to_hms();
    let month = u8::from(month);
    let text = format_args!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}");
    display(text, out);
}

fn certificate_type(code: u16, out: &mut String) {
    const NAMES: [&str; 8] = ["PKIX", "SPKI", "PGP", "IPIX", "ISPKI", "IPGP", "ACPKIX", "IACPKIX"];
    match code {
        1..=8 => out.push_str(NAMES[usize::from(code) - 1]),
        253 => out.push_str("URI"),
        254 => out.push_str("OID"),
        _ => number(u32::from(code), out),
    }
}

/// Algorithms have names in CERT records only.
fn algorithm(code: u8, out: &mut String) {
    let name = match code {
        1 => "RSAMD5",
        2 => "DH",
        3 => "DSA",
        5 => "RSASHA1",
        6 => "DSA-NSEC3-SHA1",
        7 => "RSASHA1-NSEC3-SHA1",
        8 => "RSASHA256",
        10 => "RSASHA512",
        12 => "ECC-GOST",
        13 => "ECDSAP256SHA256",
        14 => "ECDSAP384SHA384",
        15 => "ED25519",
        16 => "ED448",
        252 => "INDIRECT",
        253 => "PRIVATEDNS",
        254 => "PRIVATEOID",
        _ => return number(u32::from(code), out),
    };
    out.push_str(name);
}
