//! Label sets as Prometheus stores them: sorted by name, each name once, no empty value.

use std::fmt;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::naming::{is_label_name, is_metric_name};

/// The name of the label that holds the metric name.
pub const METRIC_NAME: &str = "__name__";

/// A label set, the metric name (`__name__`) included. Sorted by name (by bytes), every name once. An empty value is
/// the same as no label ([data model](https://prometheus.io/docs/concepts/data_model/)), so there is none.
///
/// Clones share the set until one of them is changed: a series stands in its source's catalogue, in what was pulled and
/// in what each sink is offered, and nearly always with the same labels.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Labels(Arc<Vec<(SmolStr, SmolStr)>>);

impl Labels {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// A set that holds only the metric name.
    pub fn named(name: impl AsRef<str>) -> Self {
        Self::new().with(METRIC_NAME, name)
    }

    /// The metric name, or "" where there is none.
    pub fn name(&self) -> &str {
        self.get(METRIC_NAME).unwrap_or_default()
    }

    /// The value of a label.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.find(name).ok().map(|at| self.0[at].1.as_str())
    }

    /// Sets a label, in place of an earlier value; an empty value removes it.
    pub fn set(&mut self, name: impl AsRef<str>, value: impl AsRef<str>) {
        let (name, value) = (name.as_ref(), value.as_ref());
        match (self.find(name), value.is_empty()) {
            (Ok(at), true) => drop(self.own().remove(at)),
            (Ok(at), false) => self.own()[at].1 = value.into(),
            (Err(_), true) => {}
            (Err(at), false) => self.own().insert(at, (name.into(), value.into())),
        }
    }

    /// Takes over a label of another set, whose text the two then share; without one there, nothing changes.
    pub fn adopt(&mut self, name: &str, from: &Self) {
        let Ok(found) = from.find(name) else { return };
        let label = from.0[found].clone();
        match self.find(name) {
            Ok(at) => self.own()[at] = label,
            Err(at) => self.own().insert(at, label),
        }
    }

    /// The same set with a label set.
    #[must_use]
    pub fn with(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.set(name, value);
        self
    }

    /// Takes a label away; its value if it was there.
    pub fn remove(&mut self, name: &str) -> Option<String> {
        self.find(name).ok().map(|at| self.own().remove(at).1.into())
    }

    /// Keeps the labels whose name the predicate accepts.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.own().retain(|(name, _)| keep(name));
    }

    /// Name and value of each label, sorted by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many labels there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A set that nobody else sees change.
    fn own(&mut self) -> &mut Vec<(SmolStr, SmolStr)> {
        Arc::make_mut(&mut self.0)
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(own, _)| own.as_str().cmp(name))
    }
}

impl<N: AsRef<str>, V: AsRef<str>> FromIterator<(N, V)> for Labels {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut labels = Self::new();
        for (name, value) in pairs {
            labels.set(name, value);
        }
        labels
    }
}

/// `name{label="value",…}` in the Prometheus text format. Names that Prometheus before version 3 did not have are
/// quoted, as [its UTF-8 syntax](https://prometheus.io/docs/guides/utf8/) has it: `{"metric.name","label.name"="value"}`.
impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name();
        let mut separator = "{";
        if name.is_empty() || is_metric_name(name) {
            f.write_str(name)?;
        } else {
            write!(f, "{{\"{}\"", Escaped(name))?;
            separator = ",";
        }
        for (label, value) in self.iter().filter(|(label, _)| *label != METRIC_NAME) {
            f.write_str(separator)?;
            if is_label_name(label) {
                f.write_str(label)?;
            } else {
                write!(f, "\"{}\"", Escaped(label))?;
            }
            write!(f, "=\"{}\"", Escaped(value))?;
            separator = ",";
        }
        if separator == "," { f.write_str("}") } else { Ok(()) }
    }
}

struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(['\\', '"', '\n']) {
            let (plain, special) = rest.split_at(at);
            f.write_str(plain)?;
            f.write_str(match special.as_bytes()[0] {
                b'\\' => "\\\\",
                b'"' => "\\\"",
                _ => "\\n",
            })?;
            rest = &special[1..];
        }
        f.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_clone_stays_what_it_was_when_the_set_changes() {
        let mut labels = Labels::named("m").with("a", "1");
        let before = labels.clone();
        labels.set("a", "2");
        labels.remove("__name__");
        assert_eq!(
            (labels.to_string(), before.to_string()),
            (r#"{a="2"}"#.into(), r#"m{a="1"}"#.into())
        );
    }

    #[test]
    fn an_empty_value_is_no_label() {
        let mut labels = Labels::named("up").with("a", "1").with("b", "");
        assert_eq!(labels.get("b"), None);
        labels.set("a", "");
        assert_eq!(labels, Labels::named("up"));
    }

    #[test]
    fn text_form_escapes_what_the_format_asks_for() {
        let labels = Labels::named("up").with("path", "C:\\x \"y\"\n");
        assert_eq!(labels.to_string(), r#"up{path="C:\\x \"y\"\n"}"#);
        assert_eq!(Labels::named("up").to_string(), "up");
    }

    #[test]
    fn text_form_quotes_names_that_are_not_plain() {
        let labels = Labels::named("up").with("a.b", "1").with("c", "2");
        assert_eq!(labels.to_string(), r#"up{"a.b"="1",c="2"}"#);
        assert_eq!(Labels::named("a.b").with("c", "2").to_string(), r#"{"a.b",c="2"}"#);
        assert_eq!(Labels::named("a\"b").to_string(), r#"{"a\"b"}"#);
        assert_eq!(Labels::new().with("c", "2").to_string(), r#"{c="2"}"#);
    }

    proptest! {
        #[test]
        fn labels_are_sorted_and_unique(pairs in proptest::collection::vec(("[a-e]{1,2}", "[x-z]{0,2}"), 0..20)) {
            let labels: Labels = pairs.into_iter().collect();
            let names: Vec<_> = labels.iter().map(|(name, _)| name).collect();
            prop_assert!(names.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(labels.iter().all(|(_, value)| !value.is_empty()));
        }
    }
}
