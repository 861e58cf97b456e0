//! What holds for every pattern: it is refused with a part of itself, or its translation compiles and can be used.
//!
//! Input: a pattern on the first line; then a text to match, which is the template to expand as well.

use series::go_regex::{GoRegex, Problem, Template, Translation};

pub(crate) fn check(input: &[u8]) {
    let Ok(input) = std::str::from_utf8(input) else {
        return;
    };
    let (pattern, text) = input.split_once('\n').unwrap_or((input, ""));
    let names = match Translation::of(pattern) {
        Ok(translation) => translation.names,
        Err(error) => {
            assert!(pattern.contains(&error.expression), "{error}");
            return;
        }
    };
    match GoRegex::new(pattern) {
        Ok(regex) => use_it(&regex, text, names.len()),
        Err(error) => assert_eq!(error.problem, Problem::Large, "{error}"),
    }
}

fn use_it(regex: &GoRegex, text: &str, groups: usize) {
    let template = Template::parse(text);
    let captures = regex.captures(text);
    assert_eq!(captures.is_some(), regex.is_match(text));
    if let Some(captures) = captures {
        assert_eq!(captures.len(), groups);
        let expanded = regex.expand(&template, &captures);
        assert!(text.contains('$') || expanded == text);
    } else {
        assert_eq!(regex.replace_all(text, &template), text);
    }
}
