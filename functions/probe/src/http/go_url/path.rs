//! Paths and queries: escaped, and resolved against others.

use percent_encoding::{percent_decode, percent_encode_byte};

use super::UrlError;

/// Each `%` must have its two digits.
pub(super) fn check_escapes(text: &[u8]) -> Result<(), UrlError> {
    let mut rest = text;
    while let Some(percent) = rest.iter().position(|byte| *byte == b'%') {
        let behind = &rest[percent + 1..];
        if behind.len() < 2 || !behind[..2].iter().all(u8::is_ascii_hexdigit) {
            return Err(UrlError::Escape);
        }
        rest = behind;
    }
    Ok(())
}

/// A path that may stand in a request stays as it is; any other is decoded and escaped anew.
pub(super) fn escaped_path(path: &[u8]) -> Result<String, UrlError> {
    check_escapes(path)?;
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(byte);
    let also_valid = |byte: &u8| b"!'()*[]%".contains(byte);
    if path.iter().all(|byte| plain(byte) || also_valid(byte)) {
        return Ok(String::from_utf8_lossy(path).into_owned());
    }
    let mut escaped = String::new();
    for byte in percent_decode(path) {
        push_escaped(&mut escaped, byte, plain(&byte));
    }
    Ok(escaped)
}

/// A query or fragment that may stand in a request line; Go would send blanks and stray bytes as they are.
pub(super) fn printable(text: &[u8]) -> String {
    let mut printable = String::new();
    for byte in text {
        push_escaped(&mut printable, *byte, byte.is_ascii_graphic());
    }
    printable
}

fn push_escaped(text: &mut String, byte: u8, as_it_is: bool) {
    if as_it_is {
        text.push(char::from(byte));
    } else {
        text.push_str(percent_encode_byte(byte));
    }
}

/// A reference's path, seen from a base, without `.` and `..`.
pub(super) fn resolved_path(base: &str, reference: &str) -> String {
    let full = if reference.is_empty() {
        base.to_owned()
    } else if reference.starts_with('/') {
        reference.to_owned()
    } else {
        let folder = base.rfind('/').map_or("", |slash| &base[..=slash]);
        format!("{folder}{reference}")
    };
    if full.is_empty() {
        return full;
    }
    let mut kept: Vec<&str> = Vec::new();
    let elements = full.strip_prefix('/').unwrap_or(&full);
    for element in elements.split('/') {
        match element {
            "." => {}
            ".." => drop(kept.pop()),
            element => kept.push(element),
        }
    }
    let is_folder = matches!(elements.rsplit('/').next(), Some("." | ".."));
    let end = if is_folder && !kept.is_empty() { "/" } else { "" };
    format!("/{}{end}", kept.join("/"))
}
