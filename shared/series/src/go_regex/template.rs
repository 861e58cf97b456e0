//! Templates for what a match is replaced with, after the rules of Go's
//! [`Regexp.Expand`](https://pkg.go.dev/regexp#Regexp.Expand).

use std::sync::LazyLock;

use regex::Regex;

/// A replacement with references to groups: `$1`, `${1}`, `$name`, `${name}`; `$$` is a dollar sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part<String>>);

/// The same for bytes that need not be UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BytesTemplate(Vec<Part<Vec<u8>>>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part<T> {
    Text(T),
    Group(usize),
    Name(String),
}

impl Template {
    /// Reads a template. There is no wrong one: a dollar sign that refers to nothing is a dollar sign.
    pub fn parse(template: &str) -> Self {
        let parts = parts(template.as_bytes()).into_iter().map(|part| match part {
            // Texts end at dollar signs and at ends of names: never inside of a character.
            Part::Text(bytes) => Part::Text(String::from_utf8(bytes).unwrap_or_default()),
            Part::Group(index) => Part::Group(index),
            Part::Name(name) => Part::Name(name),
        });
        Self(parts.collect())
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
            out.push_str(part.value(String::as_str, names, &group).unwrap_or_default());
        }
    }
}

impl BytesTemplate {
    /// Reads a template.
    pub fn parse(template: &[u8]) -> Self {
        Self(parts(template))
    }

    pub(super) fn expand<'b>(
        &self,
        names: &[String],
        group: impl Fn(usize) -> Option<&'b [u8]>,
        out: &mut Vec<u8>,
    ) {
        for part in &self.0 {
            out.extend_from_slice(part.value(Vec::as_slice, names, &group).unwrap_or_default());
        }
    }
}

impl<T> Part<T> {
    /// What stands in its place.
    fn value<'v, 'g: 'v, V: ?Sized + 'g>(
        &'v self,
        text: impl Fn(&'v T) -> &'v V,
        names: &[String],
        group: impl Fn(usize) -> Option<&'g V>,
    ) -> Option<&'v V> {
        match self {
            Self::Text(own) => Some(text(own)),
            Self::Group(index) => group(*index),
            Self::Name(name) => {
                let named = names.iter().enumerate().filter(|(_, own)| *own == name);
                named.filter_map(|(index, _)| group(index)).next()
            }
        }
    }
}

fn parts(template: &[u8]) -> Vec<Part<Vec<u8>>> {
    let mut parts = Vec::new();
    let mut text = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.iter().position(|byte| *byte == b'$') {
        text.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(b"$") {
            text.push(b'$');
            rest = after;
        } else if let Some((reference, length)) = reference(rest) {
            if !text.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut text)));
            }
            parts.push(reference);
            rest = &rest[length..];
        } else {
            text.push(b'$');
        }
    }
    text.extend_from_slice(rest);
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    parts
}

/// The reference after a dollar sign, and its length.
fn reference(template: &[u8]) -> Option<(Part<Vec<u8>>, usize)> {
    let inner = template.strip_prefix(b"{");
    let template = inner.unwrap_or(template);
    let is_end = |byte: &u8| byte.is_ascii() && !is_name_character(char::from(*byte));
    let end = template.iter().position(is_end).unwrap_or(template.len());
    // A byte that is no text ends a name as well.
    let name = template[..end].utf8_chunks().next().map_or("", |chunk| chunk.valid());
    let name = name.split(|c| !is_name_character(c)).next().unwrap_or_default();
    if name.is_empty() || (inner.is_some() && !template[name.len()..].starts_with(b"}")) {
        return None;
    }
    let braces = if inner.is_some() { "{}".len() } else { 0 };
    Some((part(name), name.len() + braces))
}

fn part(name: &str) -> Part<Vec<u8>> {
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
