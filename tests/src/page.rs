//! A page of metrics in Prometheus's text format, as a program beside us gives it
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>). Read by hand, so that no parser of the product takes part
//! in judging the product; what such pages never hold (timestamps, comments) is refused.

use std::collections::BTreeMap;

use crate::samples::Labels;

/// What a page says.
#[derive(Debug, Default, PartialEq)]
pub struct Page {
    /// Metric to help text.
    pub help: BTreeMap<String, String>,
    /// Metric to type.
    pub kinds: BTreeMap<String, String>,
    /// Series, `__name__` among its labels, to value.
    pub samples: BTreeMap<Labels, f64>,
}

impl Page {
    /// Reads a page.
    ///
    /// # Panics
    /// When it is none.
    pub fn parse(text: &str) -> Self {
        let mut page = Self::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(comment) = line.strip_prefix("# ") {
                page.describe(comment);
                continue;
            }
            let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
            let value = value.parse().unwrap_or_else(|error| panic!("{error}: {line}"));
            let before = page.samples.insert(labels(series), value);
            assert_eq!(before, None, "a series that stands there twice: {line}");
        }
        page
    }

    /// The value of the one series of a metric.
    ///
    /// # Panics
    /// When there is none, or another one with other labels.
    pub fn value(&self, metric: &str) -> f64 {
        let mut found = self.samples.iter().filter(|(labels, _)| labels["__name__"] == metric);
        let value = found.next().unwrap_or_else(|| panic!("no {metric} in {self:#?}")).1;
        assert!(found.next().is_none(), "more than one {metric} in {self:#?}");
        *value
    }

    fn describe(&mut self, comment: &str) {
        let mut words = comment.splitn(3, ' ');
        let mut word = || words.next().unwrap_or_default().to_owned();
        let (what, metric, text) = (word(), word(), word());
        let table = match what.as_str() {
            "HELP" => &mut self.help,
            "TYPE" => &mut self.kinds,
            _ => panic!("a comment: {comment}"),
        };
        assert_eq!(table.insert(metric, text), None, "said twice: {comment}");
    }
}

/// `name{label="value",…}`.
fn labels(series: &str) -> Labels {
    let (name, rest) = series.split_once('{').unwrap_or((series, "}"));
    let mut labels = Labels::from([("__name__".to_owned(), name.to_owned())]);
    let mut rest = rest;
    while rest != "}" {
        let (label, quoted) = rest.split_once("=\"").unwrap_or_else(|| panic!("labels: {series}"));
        let (value, after) = unquoted(quoted).unwrap_or_else(|| panic!("labels: {series}"));
        labels.insert(label.trim_start_matches(',').to_owned(), value);
        rest = after;
    }
    labels
}

/// A value up to its closing quote, and what stands behind it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(match characters.next()?.1 {
                'n' => '\n',
                other => other,
            }),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_what_stands_there() {
        let page = Page::parse(
            "# HELP a What it is, with a \"quote\"\n# TYPE a gauge\n\
             a{x=\"1\",y=\"a\\\\b\\\"c\\nd,}\"} 1e-05\na 3\nb NaN\n",
        );
        assert_eq!(page.help["a"], "What it is, with a \"quote\"");
        assert_eq!(page.kinds["a"], "gauge");
        let labels = |pairs: &[(&str, &str)]| -> Labels {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let full = labels(&[("__name__", "a"), ("x", "1"), ("y", "a\\b\"c\nd,}")]);
        assert_eq!(page.samples[&full], 0.000_01);
        assert_eq!(page.samples[&labels(&[("__name__", "a")])], 3.0);
        assert!(page.value("b").is_nan());
    }
}
