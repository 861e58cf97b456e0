//! What a scalar means. The rules are those of Go's `yaml` packages, which read YAML 1.1 numbers and, into fields
//! that want one, YAML 1.1 booleans.

use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// A scalar as written.
#[derive(Clone)]
pub(crate) struct Scalar {
    pub(crate) text: Arc<str>,
    /// Not quoted, not a block.
    pub(crate) plain: bool,
    pub(crate) tag: Option<Arc<str>>,
}

/// What a scalar is when nobody asks for a certain type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Meaning {
    Null,
    Boolean(bool),
    Integer(i128),
    Float(f64),
    Text,
}

impl Scalar {
    pub(crate) fn meaning(&self) -> Meaning {
        match self.tag.as_deref() {
            None if self.plain => plain(&self.text),
            Some("!!null") => Meaning::Null,
            Some("!!bool" | "!!int" | "!!float") => plain(&self.text),
            _ => Meaning::Text,
        }
    }

    /// The value of a field that wants true or false: `yes`, `no`, `on`, `off`, `y`, `n` too, unless quoted.
    pub(crate) fn boolean(&self) -> Option<bool> {
        match (self.meaning(), &*self.text) {
            (Meaning::Boolean(value), _) => Some(value),
            (Meaning::Text, _) if !self.plain || self.tag.is_some() => None,
            (_, "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON") => Some(true),
            (_, "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF") => Some(false),
            _ => None,
        }
    }

    /// The value of a field that wants a whole number. `1e3` is one, `1.5` is not.
    pub(crate) fn integer(&self) -> Option<i128> {
        match self.meaning() {
            Meaning::Integer(value) => Some(value),
            // Beyond 2⁵³ a float is no longer every whole number.
            Meaning::Float(value)
                if value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0 =>
            {
                Some(value as i128)
            }
            _ => None,
        }
    }

    pub(crate) fn float(&self) -> Option<f64> {
        match self.meaning() {
            Meaning::Integer(value) => Some(value as f64),
            Meaning::Float(value) => Some(value),
            _ => None,
        }
    }

    /// The bytes of a text; those of `!!binary` are decoded. `None`: no base64.
    pub(crate) fn bytes(&self) -> Option<Vec<u8>> {
        if self.tag.as_deref() != Some("!!binary") {
            return Some(self.text.as_bytes().to_vec());
        }
        const FORGIVING: GeneralPurposeConfig = GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::RequireCanonical);
        // Long values are folded over lines.
        let text: String = self.text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
        GeneralPurpose::new(&STANDARD, FORGIVING).decode(text).ok()
    }

    /// As a message names it. Never the text itself, which may be a secret.
    pub(crate) fn kind(&self) -> &'static str {
        match self.meaning() {
            Meaning::Null => "nothing",
            Meaning::Boolean(_) => "true or false",
            Meaning::Integer(_) | Meaning::Float(_) => "a number",
            Meaning::Text => "text",
        }
    }
}

fn plain(text: &str) -> Meaning {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Meaning::Null,
        "true" | "True" | "TRUE" => Meaning::Boolean(true),
        "false" | "False" | "FALSE" => Meaning::Boolean(false),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Meaning::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Meaning::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => Meaning::Float(f64::NAN),
        _ => integer(text)
            .map(Meaning::Integer)
            .or_else(|| float(text).map(Meaning::Float))
            .unwrap_or(Meaning::Text),
    }
}

/// `12`, `-1_000`, `0x1f`, `0o17`, `017` (eight's, as in YAML 1.1), `0b101`.
fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let digits = digits.replace('_', "");
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, &*digits),
    };
    // `from_str_radix` would take a second sign.
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let value = i128::from_str_radix(digits, radix).ok()?;
    Some(if negative { -value } else { value })
}

/// Go's rule: `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, without Rust's `inf` and `nan`.
fn float(text: &str) -> Option<f64> {
    let number = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
    let has_digit = text.contains(|c: char| c.is_ascii_digit());
    (has_digit && text.chars().all(number)).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{Meaning, Scalar};

    fn plain(text: &str) -> Scalar {
        Scalar { text: text.into(), plain: true, tag: None }
    }

    fn tagged(tag: &str, text: &str) -> Scalar {
        Scalar { text: text.into(), plain: true, tag: Some(tag.into()) }
    }

    #[test]
    fn plain_scalars_mean_what_go_takes_them_for() {
        let table = [
            ("", Meaning::Null),
            ("~", Meaning::Null),
            ("null", Meaning::Null),
            ("true", Meaning::Boolean(true)),
            ("False", Meaning::Boolean(false)),
            ("0", Meaning::Integer(0)),
            ("-1_000", Meaning::Integer(-1000)),
            ("+12", Meaning::Integer(12)),
            ("0x1F", Meaning::Integer(31)),
            ("0o17", Meaning::Integer(15)),
            ("017", Meaning::Integer(15)),
            ("0b101", Meaning::Integer(5)),
            ("089", Meaning::Float(89.0)),
            ("1.5", Meaning::Float(1.5)),
            (".5", Meaning::Float(0.5)),
            ("1.", Meaning::Float(1.0)),
            ("1e3", Meaning::Float(1000.0)),
            ("-.inf", Meaning::Float(f64::NEG_INFINITY)),
            ("inf", Meaning::Text),
            ("nan", Meaning::Text),
            ("+-5", Meaning::Text),
            ("0x+5", Meaning::Text),
            ("1m", Meaning::Text),
            ("yes", Meaning::Text),
            ("__name__", Meaning::Text),
            ("-", Meaning::Text),
            ("e", Meaning::Text),
        ];
        for (text, expected) in table {
            assert_eq!(plain(text).meaning(), expected, "{text:?}");
        }
    }

    #[test]
    fn words_are_booleans_only_where_a_boolean_is_wanted_and_unquoted() {
        for text in ["yes", "on", "Y", "true", "ON"] {
            assert_eq!(plain(text).boolean(), Some(true), "{text}");
        }
        for text in ["no", "off", "N", "FALSE"] {
            assert_eq!(plain(text).boolean(), Some(false), "{text}");
        }
        let quoted = Scalar { plain: false, ..plain("yes") };
        assert_eq!(quoted.boolean(), None);
        assert_eq!(tagged("!!str", "yes").boolean(), None);
        assert_eq!(plain("1").boolean(), None);
    }

    #[test]
    fn whole_floats_are_integers() {
        assert_eq!(plain("1e3").integer(), Some(1000));
        assert_eq!(plain("1.5").integer(), None);
        assert_eq!(plain("1e300").integer(), None);
        assert_eq!(plain("07").float(), Some(7.0));
    }

    #[test]
    fn a_tag_decides() {
        assert_eq!(tagged("!!str", "5").meaning(), Meaning::Text);
        assert_eq!(tagged("!!int", "5").meaning(), Meaning::Integer(5));
        assert_eq!(tagged("!!null", "x").meaning(), Meaning::Null);
        let quoted = Scalar { plain: false, ..tagged("!!int", "5") };
        assert_eq!(quoted.integer(), Some(5));
    }

    #[test]
    fn binary_is_decoded() {
        let bytes = tagged("!!binary", "AAAA\nCATSFi8=").bytes();
        assert_eq!(bytes.as_deref(), Some(&[0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f][..]));
        assert_eq!(tagged("!!binary", "ñ").bytes(), None);
        assert_eq!(plain("abc").bytes().as_deref(), Some(&b"abc"[..]));
    }
}
