//! `$NAME` and `${NAME}` in external labels, as Go's `os.Expand` does it.

/// Replaces variables. `$$` is a dollar sign, a name that `lookup` does not know is nothing, and what only looks
/// like the beginning of a name is swallowed (`${}`, `${A`) or kept (`$ `), as in Go.
pub(crate) fn expand(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        let (name, width) = name(after);
        match name {
            "" if width == 0 => expanded.push('$'),
            "" => {}
            "$" => expanded.push('$'),
            name => expanded.push_str(&lookup(name).unwrap_or_default()),
        }
        rest = &after[width..];
    }
    expanded.push_str(rest);
    expanded
}

/// The name at the start of `text`, and how much of `text` it takes.
fn name(text: &str) -> (&str, usize) {
    let bytes = text.as_bytes();
    match bytes {
        [b'{', special, b'}', ..] if is_special(*special) => (&text[1..2], 3),
        [b'{', ..] => match text.find('}') {
            Some(end) => (&text[1..end], end + 1),
            None => ("", 1),
        },
        [special, ..] if is_special(*special) => (&text[..1], 1),
        _ => {
            let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            let name = &text[..end.unwrap_or(text.len())];
            (name, name.len())
        }
    }
}

/// The shell's one-letter variables.
fn is_special(byte: u8) -> bool {
    matches!(byte, b'*' | b'#' | b'$' | b'@' | b'!' | b'?' | b'-' | b'0'..=b'9')
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn variables_are_replaced_as_go_does_it() {
        let lookup = |name: &str| (name == "TEST").then(|| "value".to_owned());
        let table = [
            ("foo", "foo"),
            ("${TEST}", "value"),
            ("foo${TEST}bar", "foovaluebar"),
            ("$TEST-a", "value-a"),
            ("$TESTA", ""),
            ("foo$$bar", "foo$bar"),
            ("foo$${TEST}", "foo${TEST}"),
            ("${$}", "$"),
            ("a${}b", "ab"),
            ("a${TEST", "aTEST"),
            ("a$ b", "a$ b"),
            ("a$", "a$"),
            ("$é", "$é"),
            ("$1a", "a"),
        ];
        for (text, expected) in table {
            assert_eq!(expand(text, &lookup), expected, "{text}");
        }
    }
}
