//! Series as text, for people and for tests that compare: one sample a line, in the
//! [text format](https://prometheus.io/docs/instrumenting/exposition_formats/) with timestamps and without comments.

use crate::Series;

/// `name{labels} value timestamp_ms`, one sample a line: labels sorted, lines sorted by their bytes, a newline after
/// each. The same series make the same text, in whatever order they come.
pub fn write(series: &[Series]) -> String {
    let mut lines: Vec<String> = series.iter().flat_map(lines).collect();
    lines.sort_unstable();
    let mut text = String::with_capacity(lines.iter().map(|line| line.len() + 1).sum());
    for line in lines {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

fn lines(series: &Series) -> impl Iterator<Item = String> {
    let labels = series.labels.to_string();
    series
        .samples
        .iter()
        .map(move |sample| format!("{labels} {} {}", number(sample.value), sample.at.as_millis()))
}

/// A value as Prometheus' Go library writes it: the fewest digits that read back as the same number, with an exponent
/// below 1e-4 and from 1e+06 on (Go's `strconv.FormatFloat(value, 'g', -1, 64)`); zero has no sign.
pub fn number(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let shortest = format!("{value:e}");
    match shortest.split_once('e').map(|(digits, exponent)| (digits, exponent.parse::<i32>())) {
        Some((digits, Ok(exponent))) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, Labels, Origin, Resource, Sample, Timestamp};

    fn series(labels: Labels, samples: &[(i64, f64)]) -> Series {
        let resource = Resource { id: "E1".to_owned(), name: "www".to_owned() };
        let samples = samples
            .iter()
            .map(|&(at, value)| Sample { at: Timestamp::from_millis(at), value })
            .collect();
        let origin = Origin {
            kind: Kind::CloudFront,
            metric: "requests".to_owned(),
            resource: resource.into(),
        };
        Series { labels, origin, samples }
    }

    #[test]
    fn one_sample_a_line_labels_and_lines_sorted() {
        let b = Labels::named("b").with("zone", "z").with("alias", "www \"x\"");
        let text = write(&[
            series(b, &[(60_000, 1.5), (120_000, f64::NAN)]),
            series(Labels::named("a"), &[(60_000, 1e6)]),
            series(Labels::named("c"), &[]),
        ]);
        let expected = "a 1e+06 60000\n\
            b{alias=\"www \\\"x\\\"\",zone=\"z\"} 1.5 60000\n\
            b{alias=\"www \\\"x\\\"\",zone=\"z\"} NaN 120000\n";
        assert_eq!(text, expected);
        assert_eq!(write(&[]), "");
    }

    #[test]
    fn numbers_are_written_as_go_writes_them() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-1.0, "-1"),
            (42.5, "42.5"),
            (0.1, "0.1"),
            (100_000.0, "100000"),
            (123_456.75, "123456.75"),
            (999_999.5, "999999.5"),
            (1_000_000.0, "1e+06"),
            (1_234_567.0, "1.234567e+06"),
            (25_239_552.0, "2.5239552e+07"),
            (1e20, "1e+20"),
            (1e21, "1e+21"),
            (1e100, "1e+100"),
            (-2.5e-7, "-2.5e-07"),
            (0.0001, "0.0001"),
            (0.000_012_5, "1.25e-05"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
            (5e-324, "5e-324"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(number(value), expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn numbers_read_back_as_they_were(value in proptest::num::f64::NORMAL) {
            proptest::prop_assert_eq!(number(value).parse::<f64>().ok(), Some(value));
        }
    }
}
