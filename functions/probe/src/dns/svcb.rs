//! The parameters of SVCB and HTTPS records ([RFC 9460](https://www.rfc-editor.org/rfc/rfc9460)), each in its own form.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::escape;
use super::field::{display, ipv4, ipv6, number};
use super::wire::{Malformed, Reader};

const RESERVED: u16 = 65535;

/// `key="value"` for each parameter. Keys must rise.
pub(super) fn parameters(data: &mut Reader<'_>, out: &mut String) -> Result<(), Malformed> {
    let mut least = 0;
    let begin = out.len();
    while !data.is_done() {
        let key = data.u16()?;
        let length = data.u16()?;
        let mut value = data.part(usize::from(length))?;
        if key == RESERVED || u32::from(key) < least {
            return Err(Malformed("the keys of a service binding are not in order"));
        }
        least = u32::from(key) + 1;
        if out.len() > begin {
            out.push(' ');
        }
        key_name(key, out);
        out.push_str("=\"");
        write_value(key, &mut value, out)?;
        out.push('"');
    }
    Ok(())
}

fn key_name(key: u16, out: &mut String) {
    const NAMES: [&str; 9] = [
        "mandatory",
        "alpn",
        "no-default-alpn",
        "port",
        "ipv4hint",
        "ech",
        "ipv6hint",
        "dohpath",
        "ohttp",
    ];
    match NAMES.get(usize::from(key)) {
        Some(name) => out.push_str(name),
        None if key == RESERVED => {}
        None => {
            out.push_str("key");
            number(u32::from(key), out);
        }
    }
}

fn write_value(key: u16, value: &mut Reader<'_>, out: &mut String) -> Result<(), Malformed> {
    match key {
        0 => list(value, out, |value, out| {
            key_name(value.u16()?, out);
            Ok(())
        }),
        1 => list(value, out, |value, out| {
            value.string()?.iter().for_each(|octet| protocol_octet(*octet, out));
            Ok(())
        }),
        3 => {
            number(u32::from(value.u16()?), out);
            nothing_more(value)
        }
        4 => at_least_one(value).and_then(|()| {
            list(value, out, |value, out| {
                display(ipv4(value)?, out);
                Ok(())
            })
        }),
        5 => {
            STANDARD.encode_string(value.rest(), out);
            Ok(())
        }
        6 => at_least_one(value).and_then(|()| list(value, out, ipv6_hint)),
        2 | 8 => nothing_more(value),
        _ => {
            value.rest().iter().for_each(|octet| value_octet(*octet, out));
            Ok(())
        }
    }
}

fn ipv6_hint(value: &mut Reader<'_>, out: &mut String) -> Result<(), Malformed> {
    let address = ipv6(value)?;
    if address.to_ipv4_mapped().is_some() {
        return Err(Malformed("an IPv6 hint of a service binding is an IPv4 address"));
    }
    display(address, out);
    Ok(())
}

/// Values to the end, with commas between them.
fn list(
    value: &mut Reader<'_>,
    out: &mut String,
    mut one: impl FnMut(&mut Reader<'_>, &mut String) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut is_first = true;
    while !value.is_done() {
        if !std::mem::take(&mut is_first) {
            out.push(',');
        }
        one(value, out)?;
    }
    Ok(())
}

fn at_least_one(value: &Reader<'_>) -> Result<(), Malformed> {
    if value.is_done() { Err(Malformed("a hint of a service binding is empty")) } else { Ok(()) }
}

fn nothing_more(value: &Reader<'_>) -> Result<(), Malformed> {
    if value.is_done() {
        Ok(())
    } else {
        Err(Malformed("a parameter of a service binding is too long"))
    }
}

/// An octet of a protocol's name. Commas stand between names, so that those inside of one are escaped twice.
fn protocol_octet(octet: u8, out: &mut String) {
    match octet {
        b',' => out.push_str(r"\\\044"),
        b'\\' => out.push_str(r"\\\092"),
        _ => value_octet(octet, out),
    }
}

fn value_octet(octet: u8, out: &mut String) {
    match octet {
        b'"' | b';' | b' ' | b'\\' => {
            out.push('\\');
            out.push(char::from(octet));
        }
        b'!'..=b'~' => out.push(char::from(octet)),
        _ => escape::decimal(octet, out),
    }
}
