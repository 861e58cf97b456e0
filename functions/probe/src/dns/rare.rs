//! Fields of records that one hardly meets, whose parts depend on each other.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::answer::MOST_TEXT;
use super::field::{absent_or, display, hex, ipv4, ipv6, number};
use super::wire::{Malformed, Reader};

/// LOC ([RFC 1876](https://www.rfc-editor.org/rfc/rfc1876)).
pub(super) fn location(data: &mut Reader<'_>, out: &mut String) -> Result<(), Malformed> {
    absent_or(data, Reader::u8)?; // the version
    let size = absent_or(data, Reader::u8)?;
    let horizontal = absent_or(data, Reader::u8)?;
    let vertical = absent_or(data, Reader::u8)?;
    angle(absent_or(data, Reader::u32)?, ["N", "S"], out);
    angle(absent_or(data, Reader::u32)?, ["E", "W"], out);
    let altitude = absent_or(data, Reader::u32)?;
    let metres = f64::from(altitude) / 100.0 - 100_000.0;
    let decimals = if altitude % 100 == 0 { 0 } else { 2 };
    display(format_args!("{metres:.decimals$}m "), out);
    for (precision, behind) in [(size, "m "), (horizontal, "m "), (vertical, "m")] {
        centimetres(precision, out);
        out.push_str(behind);
    }
    Ok(())
}

/// Thousandths of a second of arc from the equator or the prime meridian, which are 2³¹.
fn angle(value: u32, directions: [&str; 2], out: &mut String) {
    const ORIGIN: u32 = 1 << 31;
    const MINUTE: u32 = 60_000;
    const DEGREE: u32 = 60 * MINUTE;
    let direction = if value > ORIGIN { directions[0] } else { directions[1] };
    let distance = value.abs_diff(ORIGIN);
    let (degrees, minutes) = (distance / DEGREE, distance % DEGREE / MINUTE);
    let seconds = f64::from(distance % MINUTE) / 1000.0;
    display(format_args!("{degrees:02} {minutes:02} {seconds:.3} {direction} "), out);
}

/// A digit and a power of ten, in centimetres, as metres.
fn centimetres(precision: u8, out: &mut String) {
    let (digit, power) = (precision >> 4, precision & 15);
    match power {
        0 => display(format_args!("0.{digit:02}"), out),
        1 => display(format_args!("0.{:02}", digit * 10), out),
        _ => {
            number(u32::from(digit), out);
            out.extend(std::iter::repeat_n('0', usize::from(power) - 2));
        }
    }
}

/// APL ([RFC 3123](https://www.rfc-editor.org/rfc/rfc3123)).
pub(super) fn prefixes(data: &mut Reader<'_>, out: &mut String) -> Result<(), Malformed> {
    let begin = out.len();
    while !data.is_done() {
        if out.len() > begin {
            out.push(' ');
        }
        let family = data.u16()?;
        let prefix = data.u8()?;
        let length = data.u8()?;
        let octets = data.take(usize::from(length & 0x7f))?;
        if octets.last() == Some(&0) {
            return Err(Malformed("an address prefix ends in zeros"));
        }
        let address = padded(family, octets)
            .filter(|address| prefix <= if address.is_ipv4() { 32 } else { 128 })
            .ok_or(Malformed("an address prefix is of no known family, or too long"))?;
        let negation = if length & 0x80 == 0 { "" } else { "!" };
        display(format_args!("{negation}{family}:{address}/{prefix}"), out);
    }
    Ok(())
}

fn padded(family: u16, octets: &[u8]) -> Option<IpAddr> {
    let mut whole = [0; 16];
    whole.get_mut(..octets.len())?.copy_from_slice(octets);
    match family {
        1 if octets.len() <= 4 => {
            Some(Ipv4Addr::new(whole[0], whole[1], whole[2], whole[3]).into())
        }
        2 => Some(Ipv6Addr::from(whole).into()),
        _ => None,
    }
}

/// IPSECKEY ([RFC 4025](https://www.rfc-editor.org/rfc/rfc4025)).
pub(super) fn ipsec_key(data: &mut Reader<'_>, out: &mut String) -> Result<(), Malformed> {
    let precedence = absent_or(data, Reader::u8)?;
    let kind = absent_or(data, Reader::u8)?;
    let algorithm = absent_or(data, Reader::u8)?;
    display(format_args!("{precedence} {kind} {algorithm} "), out);
    gateway(kind, data, out)?;
    out.push(' ');
    STANDARD.encode_string(data.rest(), out);
    Ok(())
}

/// AMTRELAY ([RFC 8777](https://www.rfc-editor.org/rfc/rfc8777)).
pub(super) fn relay(data: &mut Reader<'_>, out: &mut String) -> Result<(), Malformed> {
    let precedence = absent_or(data, Reader::u8)?;
    let kind = absent_or(data, Reader::u8)?;
    let (optional, kind) = (kind >> 7, kind & 0x7f);
    display(format_args!("{precedence} {optional} {kind} "), out);
    gateway(kind, data, out)
}

/// An address or a name, by its kind.
fn gateway(kind: u8, data: &mut Reader<'_>, out: &mut String) -> Result<(), Malformed> {
    match kind {
        1 if !data.is_done() => display(ipv4(data)?, out),
        2 if !data.is_done() => display(ipv6(data)?, out),
        3 => out.push_str(&absent_or(data, Reader::name)?),
        1 | 2 => out.push_str("<nil>"),
        _ => out.push('.'),
    }
    Ok(())
}

/// HIP ([RFC 8005](https://www.rfc-editor.org/rfc/rfc8005)).
pub(super) fn host_identity(data: &mut Reader<'_>, out: &mut String) -> Result<(), Malformed> {
    let tag_length = absent_or(data, Reader::u8)?;
    let algorithm = absent_or(data, Reader::u8)?;
    let key_length = absent_or(data, Reader::u16)?;
    number(u32::from(algorithm), out);
    out.push(' ');
    hex(absent_or(data, |data| data.take(usize::from(tag_length)))?, out);
    out.push(' ');
    STANDARD.encode_string(absent_or(data, |data| data.take(usize::from(key_length)))?, out);
    while !data.is_done() {
        out.push(' ');
        out.push_str(&data.name()?);
        // Two octets can stand for a name of a thousand.
        if out.len() > MOST_TEXT {
            return Err(Malformed("a record is too large as a text"));
        }
    }
    Ok(())
}
