//! File name patterns, as Go's `filepath.Match` reads them: `*`, `?`, `[a-z]`, `[^a-z]`, and `\` before any of these. Pure.

/// Whether a name is a pattern, and not just the name of one file.
pub(super) fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '[', '\\'])
}

/// Whether a file name matches. A malformed pattern matches nothing.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut at, mut name_at) = (0, 0);
    // Where to go on if what follows the last star does not match: that star takes one more character.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        if pattern.get(at) == Some(&'*') {
            at += 1;
            retry = Some((at, name_at));
            continue;
        }
        let step = match (at == pattern.len(), name.get(name_at)) {
            (true, None) => return true,
            (true, Some(_)) | (false, None) => None,
            (false, Some(character)) => one(&pattern[at..], *character),
        };
        match (step, &mut retry) {
            (Some(length), _) => {
                at += length;
                name_at += 1;
            }
            (None, Some((after_star, taken))) if *taken < name.len() => {
                *taken += 1;
                (at, name_at) = (*after_star, *taken);
            }
            (None, _) => return false,
        }
    }
}

/// How much of the pattern one character of the name uses up; `None` if it does not match.
fn one(pattern: &[char], character: char) -> Option<usize> {
    match pattern {
        ['?', ..] => Some(1),
        ['[', rest @ ..] => class(rest, character).map(|length| length + 1),
        ['\\', escaped, ..] => (*escaped == character).then_some(2),
        [plain, ..] => (*plain == character && character != '\\').then_some(1),
        [] => None,
    }
}

/// The same for what follows a `[`, up to its `]`.
fn class(pattern: &[char], character: char) -> Option<usize> {
    let negated = pattern.first() == Some(&'^');
    let mut at = usize::from(negated);
    let (mut hit, mut ranges) = (false, 0);
    while pattern.get(at) != Some(&']') || ranges == 0 {
        let (low, next) = bound(pattern, at)?;
        at = next;
        let mut high = low;
        if pattern.get(at) == Some(&'-') {
            (high, at) = bound(pattern, at + 1)?;
        }
        hit |= (low..=high).contains(&character);
        ranges += 1;
    }
    (hit != negated).then_some(at + 1)
}

/// One end of a range, and where the pattern goes on.
fn bound(pattern: &[char], at: usize) -> Option<(char, usize)> {
    match pattern.get(at)? {
        '-' | ']' => None,
        '\\' => Some((*pattern.get(at + 1)?, at + 2)),
        plain => Some((*plain, at + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;
    use proptest::prelude::*;

    #[test]
    fn names_match_as_in_go() {
        let table = [
            ("abc", "abc", true),
            ("*", "abc", true),
            ("*c", "abc", true),
            ("a*", "a", true),
            ("a*", "abc", true),
            ("a*b*c*d*e*.yml", "axbxcxdxexxx.yml", true),
            ("a*b?c*x", "abxbbxdbxebxczzx", true),
            ("a*b?c*x", "abxbbxdbxebxczzy", false),
            ("ab[c]", "abc", true),
            ("ab[b-d]", "abc", true),
            ("ab[e-g]", "abc", false),
            ("ab[^c]", "abc", false),
            ("ab[^e-g]", "abc", true),
            ("a\\*b", "a*b", true),
            ("a\\*b", "ab", false),
            ("a?b", "a☺b", true),
            ("a[^a]b", "a☺b", true),
            ("[a-ζ]*", "α", true),
            ("[\\]a]", "]", true),
            ("[\\-]", "-", true),
            ("[]a]", "]", false),
            ("[-]", "-", false),
            ("[x-]", "x", false),
            ("[", "a", false),
            ("[^", "a", false),
            ("a[", "a", false),
            ("*.yml", ".yml", true),
            ("*x", "xxx", true),
            ("", "", true),
            ("", "a", false),
        ];
        for (pattern, name, expected) in table {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    proptest! {
        #[test]
        fn every_name_matches_itself_and_the_star(name in "[a-z.é-]{0,8}") {
            prop_assert!(matches(&name, &name));
            prop_assert!(matches("*", &name));
        }

        #[test]
        fn no_pattern_makes_it_panic_or_hang(pattern in r"[a-c*?\[\]\\^-]{0,12}", name in "[a-c*-]{0,12}") {
            let _outcome = matches(&pattern, &name);
        }
    }
}
