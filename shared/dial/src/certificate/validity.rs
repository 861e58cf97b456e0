//! From when until when a certificate is valid.

use time::{Date, Month, PrimitiveDateTime, Time};

use super::der::{Element, Reader, tag};

/// Unix seconds; both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Validity {
    pub(crate) not_before: i64,
    pub(crate) not_after: i64,
}

impl Validity {
    pub(super) fn parse(mut reader: Reader<'_>) -> Option<Self> {
        let not_before = moment(reader.element()?)?;
        let not_after = moment(reader.element()?)?;
        reader.end()?;
        Some(Self { not_before, not_after })
    }
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`, as RFC 5280 (4.1.2.5) wants both.
fn moment(element: Element<'_>) -> Option<i64> {
    let digits = element.content.strip_suffix(b"Z")?;
    let (year, rest) = match element.tag {
        tag::UTC_TIME => {
            let (year, rest) = digits.split_at_checked(2)?;
            let year = number(year)?;
            (year + if year < 50 { 2000 } else { 1900 }, rest)
        }
        tag::GENERALIZED_TIME => {
            let (year, rest) = digits.split_at_checked(4)?;
            (number(year)?, rest)
        }
        _ => return None,
    };
    let &[m1, m2, d1, d2, h1, h2, min1, min2, s1, s2] = rest else { return None };
    let pair = |tens, ones| number(&[tens, ones]).and_then(|number| u8::try_from(number).ok());
    let month = Month::try_from(pair(m1, m2)?).ok()?;
    let date = Date::from_calendar_date(i32::from(year), month, pair(d1, d2)?).ok()?;
    let time = Time::from_hms(pair(h1, h2)?, pair(min1, min2)?, pair(s1, s2)?).ok()?;
    Some(PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp())
}

/// Two or four digits.
fn number(digits: &[u8]) -> Option<u16> {
    digits.iter().try_fold(0, |number, digit| {
        digit.is_ascii_digit().then(|| number * 10 + u16::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_both_forms_and_in_no_other() {
        let (utc, generalized) = (tag::UTC_TIME, tag::GENERALIZED_TIME);
        let cases = [
            ("this century", utc, "491231235959Z", Some(2_524_607_999)),
            ("the last one", utc, "500101000000Z", Some(-631_152_000)),
            ("the epoch", utc, "700101000000Z", Some(0)),
            ("four digits of the year", generalized, "20500101000000Z", Some(2_524_608_000)),
            ("no end", generalized, "99991231235959Z", Some(253_402_300_799)),
            ("a leap day", utc, "240229000000Z", Some(1_709_164_800)),
            ("a day that is none", utc, "230229000000Z", None),
            ("a month that is none", utc, "231301000000Z", None),
            ("an hour that is none", utc, "230101240000Z", None),
            ("without seconds", utc, "2301010000Z", None),
            ("an offset", utc, "230101000000+0100", None),
            ("fractions", generalized, "20230101000000.5Z", None),
            ("no digits", utc, "2301o1000000Z", None),
            ("a year of the other form", utc, "20230101000000Z", None),
            ("nothing", utc, "", None),
            ("another tag", tag::INTEGER, "230101000000Z", None),
        ];
        for (name, tag, text, expected) in cases {
            let element = Element { tag, content: text.as_bytes(), whole: &[] };
            assert_eq!(moment(element), expected, "{name}");
        }
    }
}
