use proptest::prelude::*;

use super::*;

/// What Go makes of the text of a match at the pattern's first place, as `re.FindString`.
fn first<'t>(pattern: &str, text: &'t str) -> Option<&'t str> {
    let regex = GoRegex::new(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
    regex.captures(text).and_then(|captures| captures.get(0)).map(|found| found.as_str())
}

fn error(pattern: &str) -> String {
    GoRegex::new(pattern).expect_err(pattern).to_string()
}

#[test]
fn patterns_mean_what_they_mean_in_go() {
    for (pattern, text, expected) in [
        // Literals that are syntax in Rust.
        (r"x{", "x{", Some("x{")),
        ("{", "{", Some("{")),
        ("}", "}", Some("}")),
        ("]", "]", Some("]")),
        ("a{,2}", "a{,2}", Some("a{,2}")),
        ("x{2,1", "x{2,1", Some("x{2,1")),
        ("x{02}", "x{02}", Some("x{02}")),
        (r"\<b\>", "<b>", Some("<b>")),
        (r"\_\-\/\#\ ", "_-/# ", Some("_-/# ")),
        ("a#b c", "a#b c", Some("a#b c")),
        ("a*{", "aa{", Some("aa{")),
        // Quoting.
        (r"\Q+|*?{[\E", "+|*?{[", Some("+|*?{[")),
        (r"\Qab\E+", "abbb", Some("abbb")),
        (r"\Qa\d", r"a\d", Some(r"a\d")),
        (r"\Q\\E", r"\", Some(r"\")),
        (r"a*\Q\E?b", "aab", Some("aab")),
        // Escapes.
        (r"\101\x41\x{1F600}", "AA\u{1F600}", Some("AA\u{1F600}")),
        (r"\012\0", "\n\0", Some("\n\0")),
        (r"\a\f\n\r\t\v", "\x07\x0C\n\r\t\x0B", Some("\x07\x0C\n\r\t\x0B")),
        (r"\x{D800}|a", "a", Some("a")),
        // ASCII shorthands.
        (r"\d+", "٣7", Some("7")),
        (r"\w+", "é_a1é", Some("_a1")),
        (r"\s+", "\u{A0}\x0B \t\n", Some(" \t\n")),
        (r"\D", "٣", Some("٣")),
        (r"\W", "é", Some("é")),
        (r"\bx", "éx", Some("x")),
        (r"\Bx", "ax", Some("x")),
        (r"(?i)\w+", "ſK", Some("ſK")),
        // Classes.
        (r"[a&&b]+", "a&b&", Some("a&b&")),
        (r"[a~~b]+", "~", Some("~")),
        (r"[[a]+", "[a[", Some("[a[")),
        (r"[]a]+", "]a", Some("]a")),
        (r"[^]a]+", "]b", Some("b")),
        (r"[a-]+", "a-", Some("a-")),
        (r"[-a]+", "a-", Some("a-")),
        (r"[a-b-c]+", "b-c", Some("b-c")),
        (r"[\-\]\\^]+", r"-]\^", Some(r"-]\^")),
        (r"[\d\s]+", "1 2", Some("1 2")),
        (r"[^\d\s]+", "1ab", Some("ab")),
        (r"[^\D]+", "ab12", Some("12")),
        (r"[[:alpha:][:digit:]]+", "é1a", Some("1a")),
        (r"[[:^alpha:]]+", "a1é", Some("1é")),
        (r"[[:word:]_-]+", "a_-", Some("a_-")),
        (r"[[:foo]+", "f[:o", Some("f[:o")),
        (r"[\101-\103]+", "ABCD", Some("ABC")),
        (r"[^a]", "\n", Some("\n")),
        (r"[\x{D7FF}-\x{E000}]", "\u{E000}", Some("\u{E000}")),
        // Unicode classes.
        (r"\pN+", "a٣", Some("٣")),
        (r"\p{Greek}+", "aαβ", Some("αβ")),
        (r"\p{^Greek}", "αa", Some("a")),
        (r"\P{^Greek}", "aα", Some("α")),
        (r"[\p{Lu}\PL]+", "aA1", Some("A1")),
        (r"\p{Uppercase_Letter}", "aA", Some("A")),
        (r"\p{Any}", "\n", Some("\n")),
        (r"\P{Any}|x", "ax", Some("x")),
        (r"(?i)\p{Lu}", "a", Some("a")),
        // Dots, anchors and flags.
        (".+", "a\nb", Some("a")),
        ("(?s).+", "a\nb", Some("a\nb")),
        ("(?s)(?-s:.)+", "a\nb", Some("a")),
        (".", "\r", Some("\r")),
        ("^b", "a\nb", None),
        ("(?m)^b$", "a\nb\nc", Some("b")),
        ("a$", "a\n", None),
        (r"(?m)a\z", "a\n", None),
        ("(?i)straSSe", "STRASSE", Some("STRASSE")),
        ("(?i:a)b", "Ab", Some("Ab")),
        ("(?i:a)b", "AB", None),
        ("a(?i)b|c", "C", Some("C")), // flags go on behind the bar
        ("(a(?i)b)c", "aBC", None),
        ("(?i-i)a", "A", None),
        ("(?)a", "a", Some("a")),
        ("a(?i)*", "aaa", Some("aaa")),
        ("(?U)a+", "aaa", Some("a")),
        ("(?U)a+?", "aaa", Some("aaa")),
        ("(?U)a{2,}", "aaa", Some("aa")),
        ("a+?", "aaa", Some("a")),
        ("^*a", "a", Some("a")),
        (r"(?:\b)+a", "a", Some("a")),
        // Alternations that are empty.
        ("|a", "a", Some("")),
        ("(|a)*b", "ab", Some("ab")),
        ("a||b", "b", Some("")),
        ("", "a", Some("")),
        ("()", "a", Some("")),
        ("(a|ab)(c|bcd)", "abcd", Some("abcd")),
    ] {
        assert_eq!(first(pattern, text), expected, "{pattern} on {text:?}");
    }
}

#[test]
fn what_go_refuses_is_refused_in_its_words() {
    for (pattern, expected) in [
        ("(", "missing closing ): `(`"),
        ("(a|b", "missing closing ): `(a|b`"),
        ("(?i", "invalid or unsupported Perl syntax: `(?i`"),
        ("a)", "unexpected ): `a)`"),
        ("(a))b", "unexpected ): `(a))b`"),
        ("x[a-z", "missing closing ]: `[a-z`"),
        ("[]", "missing closing ]: `[]`"),
        ("[a-", "missing closing ]: `[a-`"),
        ("[a-Z]", "invalid character class range: `a-Z`"),
        ("[a--b]", "invalid character class range: `a--`"),
        (r"[\x41-\x40]", r"invalid character class range: `\x41-\x40`"),
        ("[[:foo:]]", "invalid character class range: `[:foo:]`"),
        (r"\p{Grek}", r"invalid character class range: `\p{Grek}`"),
        (r"\p{sc=Greek}", r"invalid character class range: `\p{sc=Greek}`"),
        (r"a\pQb", r"invalid character class range: `\pQ`"),
        (r"\p", r"invalid character class range: `\p`"),
        (r"\p{Greek", r"invalid character class range: `\p{Greek`"),
        ("*", "missing argument to repetition operator: `*`"),
        ("a|*?b", "missing argument to repetition operator: `*?`"),
        ("(+a)", "missing argument to repetition operator: `+`"),
        ("{2}", "missing argument to repetition operator: `{2}`"),
        (r"\Q\E*", "missing argument to repetition operator: `*`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("a++b", "invalid nested repetition operator: `++`"),
        ("a{2}{3}", "invalid nested repetition operator: `{2}{3}`"),
        ("a*?*", "invalid nested repetition operator: `*?*`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("a{9876543210}", "invalid repeat count: `{9876543210}`"),
        ("a{2,1}", "invalid repeat count: `{2,1}`"),
        ("(a{100}){11}", "invalid repeat count: `{11}`"),
        ("(?:[a-z]{4}){0,251}", "invalid repeat count: `{0,251}`"),
        (r"\1", r"invalid escape sequence: `\1`"),
        (r"\8", r"invalid escape sequence: `\8`"),
        (r"\q", r"invalid escape sequence: `\q`"),
        (r"\é", r"invalid escape sequence: `\é`"),
        (r"a\Cb", r"invalid escape sequence: `\C`"),
        (r"\Z", r"invalid escape sequence: `\Z`"),
        (r"\u0041", r"invalid escape sequence: `\u`"),
        (r"\b{start}\K", r"invalid escape sequence: `\K`"),
        (r"[\b]", r"invalid escape sequence: `\b`"),
        (r"\x", r"invalid escape sequence: `\x`"),
        (r"\xg1", r"invalid escape sequence: `\xg1`"),
        (r"\x{}", r"invalid escape sequence: `\x{}`"),
        (r"\x{110000}", r"invalid escape sequence: `\x{110000`"),
        (r"a\", "trailing backslash at end of expression: ``"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?!a)", "invalid or unsupported Perl syntax: `(?!`"),
        ("(?>a)", "invalid or unsupported Perl syntax: `(?>`"),
        ("(?x)a", "invalid or unsupported Perl syntax: `(?x`"),
        ("(?u)a", "invalid or unsupported Perl syntax: `(?u`"),
        ("(?R)a", "invalid or unsupported Perl syntax: `(?R`"),
        ("(?i-)a", "invalid or unsupported Perl syntax: `(?i-)`"),
        ("(?--i)a", "invalid or unsupported Perl syntax: `(?--`"),
        ("(?<=a)b", "invalid named capture: `(?<=a)b`"),
        ("(?P<n", "invalid named capture: `(?P<n`"),
        ("(?P<>a)", "invalid named capture: `(?P<>`"),
        ("(?P<x y>a)", "invalid named capture: `(?P<x y>`"),
        ("(?<é>a)", "invalid named capture: `(?<é>`"),
        ("(?P=n)", "invalid or unsupported Perl syntax: `(?P`"),
    ] {
        assert_eq!(error(pattern), format!("error parsing regexp: {expected}"), "{pattern}");
    }
}

#[test]
fn counts_up_to_the_limit_are_accepted() {
    for pattern in
        ["a{1000}", "(a{100}){10}", "(?:[a-z]{4}){0,250}", "((a{1000}){0}){1000}", "a{0,}"]
    {
        let problem = GoRegex::new(pattern).map(drop).map_err(|error| error.problem);
        assert_eq!(problem, Ok(()), "{pattern}");
    }
}

#[test]
fn nesting_is_bounded() {
    let shapes =
        [("(", ")"), ("(?:", ")*"), ("(a|b", "c|d)"), ("(?:a|b", "c|d)+x"), ("(?i:[^a]", "|)")];
    for (open, close) in shapes {
        let nested = |depth: usize| GoRegex::new(&(open.repeat(depth) + &close.repeat(depth)));
        assert!(nested(60).is_ok(), "{open}");
        for depth in (60..255).step_by(13) {
            let problem = nested(depth).map(drop).map_err(|error| error.problem);
            assert!(matches!(problem, Ok(()) | Err(Problem::NestingDepth)), "{open} {depth}");
        }
        assert!(nested(250).is_err(), "{open}");
    }
    let starred = |times: usize| GoRegex::new(&format!("a{}", r"*\Q\E".repeat(times)));
    assert!(starred(100).is_ok());
    for times in 120..130 {
        let problem = starred(times).map(drop).map_err(|error| error.problem);
        assert!(matches!(problem, Ok(()) | Err(Problem::NestingDepth)), "{times}");
    }
    assert!(GoRegex::new(&format!("({})", "|".repeat(12_345))).is_ok(), "wide, not deep");
}

#[test]
fn a_pattern_that_would_be_huge_is_refused() {
    for pattern in [r"\pL".repeat(27_000), r"(?:\pL{1000})".to_owned()] {
        let error = GoRegex::new(&pattern).expect_err("too large");
        assert_eq!(error.problem, Problem::Large);
        assert_eq!(error.expression, pattern);
    }
}

#[test]
fn an_anchored_pattern_matches_whole_texts() {
    let regex = GoRegex::anchored("f|o.*o").expect("valid");
    assert!(regex.is_match("f") && regex.is_match("o\no"));
    assert!(!regex.is_match("foo") && !regex.is_match("f\n"));
    assert_eq!(regex.as_str(), "^(?s:f|o.*o)$");
    let error = GoRegex::anchored("(a").expect_err("a group is open").to_string();
    assert_eq!(error, "error parsing regexp: missing closing ): `^(?s:(a)$`");
    assert!(GoRegex::anchored("a)|(b").is_ok(), "as in Prometheus, which wraps the text");
}

#[test]
fn groups_have_names_as_in_go() {
    let template = Template::parse("${1st}-$twice-$3");
    let regex = GoRegex::anchored("(?P<1st>a)(?:(?<twice>b)|(?P<twice>c))").expect("valid");
    let expanded = |text: &str| {
        let captures = regex.captures(text).expect("a match");
        regex.expand(&template, &captures)
    };
    assert_eq!(expanded("ab"), "a-b-");
    assert_eq!(expanded("ac"), "a-c-c");
}

#[test]
fn every_match_is_replaced() {
    let regex = GoRegex::new("(a*)x?").expect("valid");
    let template = Template::parse("[$1]");
    assert_eq!(regex.replace_all("baaxc", &template), "[]b[aa]c[]");
    assert_eq!(regex.replace_all("", &template), "[]");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_text_is_translated_or_refused(pattern in any::<String>()) {
        check_translation(&pattern)?;
    }

    #[test]
    fn anything_like_a_pattern_is_translated_or_refused(
        pattern in r"(\\(Q|E|p\{Lu\}|P\{\^Greek\}|x\{?41|10|[pPdDsSwWbBAzCQEx]|.)|\[\^?|\]|\[:|:\]|\(\?[imsU-]{0,2}|:|[()|*+?{},\-0-9a-d&~^$.éſ]){0,24}"
    ) {
        check_translation(&pattern)?;
    }

    #[test]
    fn quoted_text_matches_itself(text in any::<String>()) {
        prop_assume!(!text.contains(r"\E"));
        let regex = GoRegex::anchored(&format!(r"\Q{text}\E")).expect("quoted");
        prop_assert!(regex.is_match(&text));
    }
}

/// What is translated compiles, with as many groups as were counted; what is not names a part of the pattern.
fn check_translation(pattern: &str) -> Result<(), TestCaseError> {
    match Translation::of(pattern) {
        Ok(translation) => match GoRegex::new(pattern) {
            Ok(regex) => prop_assert_eq!(regex.regex.captures_len(), translation.names.len()),
            Err(error) => prop_assert_eq!(error.problem, Problem::Large),
        },
        Err(error) => prop_assert!(pattern.contains(&error.expression)),
    }
    Ok(())
}
