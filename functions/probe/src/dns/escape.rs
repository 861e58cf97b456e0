//! How miekg/dns writes octets that a text cannot hold as they are.

/// An octet of a label.
pub(super) fn name_octet(octet: u8, out: &mut String) {
    if matches!(octet, b'.' | b' ' | b'\'' | b'@' | b';' | b'(' | b')') {
        out.push('\\');
        out.push(char::from(octet));
    } else {
        text_octet(octet, out);
    }
}

/// An octet of a text in quotes.
pub(super) fn text_octet(octet: u8, out: &mut String) {
    match octet {
        b'"' | b'\\' => {
            out.push('\\');
            out.push(char::from(octet));
        }
        b' '..=b'~' => out.push(char::from(octet)),
        _ => decimal(octet, out),
    }
}

/// A text, without quotes.
pub(super) fn text(octets: &[u8], out: &mut String) {
    octets.iter().for_each(|octet| text_octet(*octet, out));
}

/// A text in quotes.
pub(super) fn quoted(octets: &[u8], out: &mut String) {
    out.push('"');
    text(octets, out);
    out.push('"');
}

/// A value in quotes (CAA, URI). miekg/dns takes what came over the wire for text that is escaped already: `\.` stays, any
/// other escape is undone and done again as for a text.
pub(super) fn quoted_value(octets: &[u8], out: &mut String) {
    out.push('"');
    let mut rest = octets;
    while let Some((first, after)) = rest.split_first() {
        rest = match (first, after) {
            (b'\\', [b'.', after @ ..]) => {
                out.push_str("\\.");
                after
            }
            (b'\\', [a, b, c, after @ ..]) if [a, b, c].iter().all(|it| it.is_ascii_digit()) => {
                let digit = |octet: &u8| u16::from(octet - b'0');
                let [_, octet] = (digit(a) * 100 + digit(b) * 10 + digit(c)).to_be_bytes();
                text_octet(octet, out);
                after
            }
            (b'\\', [escaped, after @ ..]) => {
                text_octet(*escaped, out);
                after
            }
            // Escapes nothing, and is left out.
            (b'\\', []) => after,
            (octet, after) => {
                text_octet(*octet, out);
                after
            }
        };
    }
    out.push('"');
}

/// `\DDD`.
pub(super) fn decimal(octet: u8, out: &mut String) {
    let digits = [octet / 100, octet / 10 % 10, octet % 10];
    out.push('\\');
    out.extend(digits.map(|digit| char::from(b'0' + digit)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: fn(&[u8], &mut String), octets: &[u8]) -> String {
        let mut out = String::new();
        write(octets, &mut out);
        out
    }

    #[test]
    fn texts_are_escaped() {
        assert_eq!(written(quoted, b"a \"b\" \\ \x00\xe9;.'"), r#""a \"b\" \\ \000\233;.'""#);
        assert_eq!(written(text, b"\t12"), r"\00912");
        assert_eq!(written(quoted, b""), r#""""#);
    }

    #[test]
    fn values_are_taken_for_escaped_text() {
        for (octets, expected) in [
            (&b"letsencrypt.org"[..], r#""letsencrypt.org""#),
            (b"a;b=\"c\"", r#""a;b=\"c\"""#),
            (br"a\.b", r#""a\.b""#),
            (br"\065\x", r#""Ax""#),
            (br"\\", r#""\\""#),
            (br"end\", r#""end""#),
            (br"\09", r#""09""#),
            (br"\300", r#"",""#), // as in the original, which lets the number overflow
            (b"\xc3\xa9", r#""\195\169""#),
        ] {
            assert_eq!(written(quoted_value, octets), expected, "{octets:?}");
        }
    }
}
