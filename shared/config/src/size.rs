//! Sizes in bytes (`512MB`, `1.5GiB`): [`parse`] accepts and refuses what Go's `alecthomas/units` does for `Base2Bytes`, in
//! its words.
//!
//! Units are powers of 1024, whether or not they are written with an `i`; a number needs a unit unless it is `0`; several
//! parts are added up.

/// Why a text is no size, in the words of Prometheus.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// Not numbers with units.
    #[error("units: invalid {0}")]
    Malformed(String),
    /// A unit that does not exist, or of the other spelling than one before it.
    #[error("units: unknown unit {unit} in {text}")]
    UnknownUnit {
        /// The unit as written.
        unit: String,
        /// The whole text.
        text: String,
    },
    /// More than 64 bits.
    #[error("units: overflow parsing unit")]
    OutOfRange,
}

/// How the units of one text are spelled: `MiB` or `MB`. `B` belongs to both.
#[derive(Debug, Clone, Copy)]
enum Spelling {
    Binary,
    Short,
}

/// Reads a size such as `512MB`.
///
/// # Errors
/// When Prometheus would refuse it.
pub fn parse(text: &str) -> Result<i64, SizeError> {
    parse_as(Spelling::Binary, text).or_else(|_| parse_as(Spelling::Short, text))
}

fn parse_as(spelling: Spelling, text: &str) -> Result<i64, SizeError> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    let malformed = || SizeError::Malformed(text.to_owned());
    if rest.is_empty() {
        return Err(malformed());
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let (number, after) = split(rest, |c| !is_of_number(c));
        let (unit, after) = split(after, is_of_number);
        let factor = spelling
            .bytes(unit)
            .ok_or_else(|| SizeError::UnknownUnit { unit: unit.to_owned(), text: text.to_owned() });
        let number = decimal(number).ok_or_else(malformed)?;
        total += number * factor?;
        rest = after;
    }
    // 2⁶³ is the first that is too many; a float holds it exactly.
    if total >= 9_223_372_036_854_775_808.0 {
        return Err(SizeError::OutOfRange);
    }
    Ok(if negative { -(total as i64) } else { total as i64 })
}

impl Spelling {
    fn bytes(self, unit: &str) -> Option<f64> {
        let prefix = match self {
            _ if unit == "B" => return Some(1.0),
            Self::Binary => unit.strip_suffix("iB")?,
            Self::Short => unit.strip_suffix('B')?,
        };
        let power = ["K", "M", "G", "T", "P", "E"].iter().position(|known| *known == prefix)?;
        Some(1024_f64.powi(i32::try_from(power).ok()? + 1))
    }
}

/// Digits, with at most one point among them.
fn decimal(text: &str) -> Option<f64> {
    let has_digit = text.contains(|c: char| c.is_ascii_digit());
    has_digit.then(|| text.parse().ok()).flatten()
}

fn is_of_number(c: char) -> bool {
    c == '.' || c.is_ascii_digit()
}

fn split(text: &str, at: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(at).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn sizes_are_read_as_prometheus_reads_them() {
        let table = [
            ("0", 0),
            ("-0", 0),
            ("0B", 0),
            ("10B", 10),
            ("1KB", 1024),
            ("1KiB", 1024),
            ("1MB", 1_048_576),
            ("1.5MB", 1_572_864),
            (".5KB", 512),
            ("1.KB", 1024),
            ("1MB512KB", 1_572_864),
            ("1MiB512KiB3B", 1_572_867),
            ("-1KB", -1024),
            ("7EB", 7 << 60),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn wrong_sizes_are_refused_in_the_words_of_prometheus() {
        let table = [
            ("", "units: invalid "),
            ("-", "units: invalid -"),
            ("MB", "units: invalid MB"),
            (".MB", "units: invalid .MB"),
            ("1.2.3MB", "units: invalid 1.2.3MB"),
            ("10", "units: unknown unit  in 10"),
            ("1kB", "units: unknown unit kB in 1kB"),
            ("1 MB", "units: unknown unit  MB in 1 MB"),
            ("1MB1MiB", "units: unknown unit MiB in 1MB1MiB"),
            ("8EB", "units: overflow parsing unit"),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text).map_err(|e| e.to_string()), Err(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn no_text_makes_it_panic() {
        for text in ["é", "1é", "1..", "99999999999999999999EB", "1e5B", "+-1B"] {
            let _outcome = parse(text);
        }
    }
}
