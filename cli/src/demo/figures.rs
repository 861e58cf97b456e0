//! Numbers as a person reads them. Pure.

use series::Timestamp;

/// `12,345`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 distribution`, `2 distributions`.
pub(super) fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// `831 B`, `13.4 kB`, `2.1 GB`: powers of 1,000.
pub(super) fn bytes(number: f64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let (mut number, mut unit) = (number, 0);
    while number >= 999.95 && unit + 1 < units.len() {
        number /= 1000.0;
        unit += 1;
    }
    let digits = usize::from(unit > 0);
    format!("{number:.digits$} {}", units[unit])
}

/// A value with the unit that CloudWatch's metric of this name has, or with the unit itself; counts have none.
pub(super) fn value(metric: &str, value: f64) -> String {
    match metric {
        "BytesDownloaded" | "BytesUploaded" => bytes(value),
        "OriginLatency" => format!("{value:.1} ms"),
        "seconds" => format!("{:.1} ms", value * 1000.0),
        "days" => format!("{value:.1} days"),
        "expiry" => day(Timestamp::from_secs(value as i64)),
        share if share.ends_with("Rate") || share.ends_with("Utilization") => {
            format!("{value:.2} %")
        }
        _ => count(value as u64),
    }
}

/// `09:26`, UTC.
pub(super) fn clock_face(at: Timestamp) -> String {
    let text = at.to_string();
    text.get(11..16).unwrap_or(&text).to_owned()
}

/// `2026-11-20`, UTC.
fn day(at: Timestamp) -> String {
    let text = at.to_string();
    text.get(..10).unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_threes() {
        let texts = [0, 7, 999, 1_000, 65_536, 1_234_567].map(count);
        assert_eq!(texts, ["0", "7", "999", "1,000", "65,536", "1,234,567"]);
        assert_eq!(counted(1, "series"), "1 series");
        assert_eq!(counted(2, "run"), "2 runs");
    }

    #[test]
    fn bytes_have_one_digit_behind_the_point_from_a_thousand_on() {
        let texts = [0.0, 999.0, 1_000.0, 999_949.0, 999_950.0, 2.5e9].map(bytes);
        assert_eq!(texts, ["0 B", "999 B", "1.0 kB", "999.9 kB", "1.0 MB", "2.5 GB"]);
    }

    #[test]
    fn a_value_has_the_unit_of_its_metric() {
        let texts = [
            value("Requests", 4_310.0),
            value("OriginLatency", 83.25),
            value("4xxErrorRate", 1.0 / 3.0),
            value("BytesUploaded", 1_234_000.0),
            value("seconds", 0.003_21),
            value("days", 62.96),
            value("expiry", 1_795_166_760.0),
        ];
        let expected =
            ["4,310", "83.2 ms", "0.33 %", "1.2 MB", "3.2 ms", "63.0 days", "2026-11-20"];
        assert_eq!(texts, expected);
    }

    #[test]
    fn a_clock_face_shows_hours_and_minutes() {
        assert_eq!(clock_face(Timestamp::from_secs(1_795_166_760)), "09:26");
    }
}
