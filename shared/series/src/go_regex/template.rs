//! Templates for what a match is replaced with, after the rules of Go's
//! [`Regexp.Expand`](https://pkg.go.dev/regexp#Regexp.Expand).

use std::sync::LazyLock;

use regex::Regex;

/// A replacement with references to groups: `$1`, `${1}`, `$name`, `${name}`; `$$` is a dollar sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Group(usize),
    Name(String),
}

impl Template {
    /// Reads a template. There is no wrong one: a dollar sign that refers to nothing is a dollar sign.
    pub fn parse(template: &str) -> Self {
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('$') {
            text.push_str(before);
            rest = after;
            if let Some(after) = rest.strip_prefix('$') {
                text.push('$');
                rest = after;
            } else if let Some((reference, after)) = reference(rest) {
                if !text.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut text)));
                }
                parts.push(reference);
                rest = after;
            } else {
                text.push('$');
            }
        }
        text.push_str(rest);
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        Self(parts)
    }

    /// Appends the template with groups filled in. `names` are the names of the groups by index, "" where a group has
    /// none; `group` gives what a group matched. A group that does not exist or took no part in the match is empty; of
    /// groups with one name, the first that took part counts.
    pub fn expand<'t>(
        &self,
        names: &[String],
        group: impl Fn(usize) -> Option<&'t str>,
        out: &mut String,
    ) {
        for part in &self.0 {
            let value = match part {
                Part::Text(text) => text,
                Part::Group(index) => group(*index).unwrap_or_default(),
                Part::Name(name) => {
                    let named = names.iter().enumerate().filter(|(_, own)| *own == name);
                    named.filter_map(|(index, _)| group(index)).next().unwrap_or_default()
                }
            };
            out.push_str(value);
        }
    }
}

/// The reference after a dollar sign, and what follows it.
fn reference(text: &str) -> Option<(Part, &str)> {
    let (braced, text) = match text.strip_prefix('{') {
        Some(inner) => (true, inner),
        None => (false, text),
    };
    let end = text.find(|c| !is_name_character(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() {
        return None;
    }
    let rest = if braced { rest.strip_prefix('}')? } else { rest };
    Some((part(name), rest))
}

fn part(name: &str) -> Part {
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
    let has_leading_zero = name.len() > 1 && name.starts_with('0');
    match name.parse() {
        Ok(index) if is_number && !has_leading_zero => Part::Group(index),
        _ => Part::Name(name.to_owned()),
    }
}

/// Go's `unicode.IsLetter`, `unicode.IsDigit` or `_`. The categories of the standard library are wider: `①` is numeric
/// there, and `$1①` would lose its group.
fn is_name_character(c: char) -> bool {
    static LETTER_OR_DIGIT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^[\p{L}\p{Nd}]$").ok());
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    LETTER_OR_DIGIT.as_ref().is_some_and(|class| class.is_match(c.encode_utf8(&mut [0; 4])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(template: &str) -> String {
        let names = ["", "first", "", "twice", "twice"].map(str::to_owned);
        let groups = [Some("whole"), Some("1st"), Some("2nd"), None, Some("4th")];
        let mut out = String::new();
        let group = |index: usize| groups.get(index).copied().flatten();
        Template::parse(template).expand(&names, group, &mut out);
        out
    }

    #[test]
    fn references_are_read_as_go_reads_them() {
        for (template, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("$0", "whole"),
            ("$1-$2", "1st-2nd"),
            ("${1}x", "1stx"),
            ("$1x", ""), // the group named "1x"
            ("$first.", "1st."),
            ("${first}st", "1stst"),
            ("$twice", "4th"), // the first of its name that took part
            ("$3", ""),        // took no part
            ("$9", ""),        // is not there
            ("$01", ""),       // a name, not a number
            ("$99999999999999999999999", ""),
            ("$$1", "$1"),
            ("$$$1", "$1st"),
            ("$", "$"),
            ("a$", "a$"),
            ("$ 1", "$ 1"),
            ("${", "${"),
            ("${}", "${}"),
            ("${1", "${1"),
            ("${1 }", "${1 }"),
            ("$-", "$-"),
            ("$1①", "1st①"), // not a digit
            ("$1é", ""),     // a letter: the group named "1é"
        ] {
            assert_eq!(expanded(template), expected, "{template}");
        }
    }
}
