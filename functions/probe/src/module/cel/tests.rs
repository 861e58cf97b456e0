use proptest::prelude::*;

use super::*;

fn matches(expression: &str, body: &str) -> Result<bool, String> {
    CelProgram::compile(expression).expect(expression).matches(body.as_bytes())
}

#[test]
fn expressions_are_true_or_not_of_a_body() {
    let bar = r#"{"foo": {"bar": "baz"}}"#;
    for (sentence, expression, body, expected) in [
        ("it matches", "body.foo.bar == 'baz'", bar, Some(true)),
        ("it does not match", "body.foo.bar == 'qux'", bar, Some(false)),
        ("the key is not there", "body.foo.bar == 'qux'", "{}", None),
        ("the result is no boolean", "body.foo.bar", bar, None),
        ("the body is a text", "body == 'foo'", r#""foo""#, Some(true)),
        ("the body is a number", "body == 5", "5", Some(true)),
        ("the body is nothing", "body == null", "null", Some(true)),
        ("the body is a list", "body[2] == 'baz'", r#"["foo","bar","baz"]"#, Some(true)),
        ("the list is shorter", "body[3] == 'baz'", r#"["foo"]"#, None),
        ("the body is a boolean", "body", "true", Some(true)),
        ("there is no body", "body.foo.bar == 'baz'", "", None),
        ("the body is no JSON", "body.foo.bar == 'baz'", "🤠🤠🤠", None),
        ("something follows", "body.a == 1", "{\"a\": 1} x", None),
        ("it is there", "has(body.foo)", bar, Some(true)),
        ("it is not there", "!has(body.foo)", "{}", Some(true)),
        ("emoji", "body.foo.bar == '😿😿😿'", r#"{"foo": {"bar": "🤠🤠🤠"}}"#, Some(false)),
        ("an absolute name", ".body.a == 1", "{\"a\": 1}", Some(true)),
        ("a key that is no name", "body['a b'] == 1", "{\"a b\": 1}", Some(true)),
        ("the last of equal keys", "body.a == 2", r#"{"a": 1, "a": 2}"#, Some(true)),
    ] {
        assert_eq!(matches(expression, body).ok(), expected, "{sentence}");
    }
}

#[test]
fn numbers_are_doubles_as_where_go_reads_json() {
    for (expression, expected) in [
        ("body.x == 5", Some(true)),
        ("body.x == 5.0", Some(true)),
        ("body.x == 5u", Some(true)),
        ("body.x != 6", Some(true)),
        ("body.x > 4 && body.x < 6 && body.x >= 5 && body.x <= 5", Some(true)),
        ("body.x > 4.5", Some(true)),
        ("body.x + 1.0 == 6.0", Some(true)),
        ("body.x + 1 == 6", None),
        ("type(body.x) == double", Some(true)),
        ("int(body.x) + 1 == 6", Some(true)),
        ("string(body.x) == '5'", Some(true)),
        ("body.x in [1.0, 5.0]", Some(true)),
        ("body.n == -2.5e3", Some(true)),
        ("body.big == 18446744073709551616.0", Some(true)),
        ("5 == body.x", Some(true)),
    ] {
        let body = r#"{"x": 5, "n": -2500, "big": 18446744073709551616}"#;
        assert_eq!(matches(expression, body).ok(), expected, "{expression}");
    }
}

#[test]
fn the_functions_of_the_language_are_there() {
    let body = r#"{"s": "Hello, é", "l": [1, 2, 3], "m": {"a": null, "b": "x"}, "e": []}"#;
    for (expression, expected) in [
        ("body.s.startsWith('Hell') && body.s.endsWith('é') && body.s.contains(', ')", Some(true)),
        ("size(body.s) == 8 && body.s.size() == 8", Some(true)),
        ("size(body.l) == 3 && body.m.size() == 2", Some(true)),
        ("body.l.all(x, x > 0)", Some(true)),
        ("body.l.exists(x, x == 2)", Some(true)),
        ("body.l.exists_one(x, x > 1)", Some(false)),
        ("body.l.map(x, x * 2.0) == [2.0, 4.0, 6.0]", Some(true)),
        ("body.l.map(x, x > 1, x) == [2.0, 3.0]", Some(true)),
        ("body.l.filter(x, x > 1).size() == 2", Some(true)),
        ("body.m.all(k, k in ['a', 'b'])", Some(true)),
        ("'a' in body.m && !('c' in body.m)", Some(true)),
        ("body.m.a == null", Some(true)),
        ("type(body.m.a) == null_type && type(body.l) == list && type(body.m) == map", Some(true)),
        ("type(body.s) == string && type(true) == bool && type(type(1)) == type", Some(true)),
        ("body.e.all(x, false)", Some(true)),
        ("body.m.b == 'x' ? true : false", Some(true)),
        ("body.nothing.at_all == 1 || body.m.b == 'x'", Some(true)),
        ("body.m.b == 'x' || body.nothing == 1", Some(true)),
        ("body.nothing == 1 && body.m.b == 'y'", Some(false)),
        ("dyn(body.s) != body.l", Some(true)),
        ("bool('true')", Some(true)),
        ("bytes('é') == b'\\xc3\\xa9'", Some(true)),
        ("double('1.5') == 1.5 && uint('7') == 7u && int('-3') == -3", Some(true)),
        ("{'a': body.l}.a[0] == 1.0 && [body.m][0].b == 'x'", Some(true)),
        ("-body.l[0] == -1.0 && body.l[2] - 1.0 == 2.0", Some(true)),
        ("7 % 4 == 3 && 7 / 2 == 3", Some(true)),
        ("1 / 0 == 1", None),
        ("r'\\d' == '\\\\d' // a comment", Some(true)),
        ("1 + 'a' == 2", None),
    ] {
        assert_eq!(
            matches(expression, body).ok(),
            expected,
            "{expression}: {:?}",
            matches(expression, body)
        );
    }
}

#[test]
fn regular_expressions_are_gos() {
    for (expression, expected) in [
        ("body.matches('^a<b>{$')", Some(true)),
        (r"body.matches(r'\<b\>')", Some(true)), // word boundaries in Rust
        (r"body.matches(r'\Qa<\E')", Some(true)),
        ("matches(body, 'b')", Some(true)),
        ("body.matches('c')", Some(false)),
        ("body.matches('(')", None),
        ("matches(5, 'b')", None),
    ] {
        assert_eq!(matches(expression, r#""a<b>{""#).ok(), expected, "{expression}");
    }
}

#[test]
fn what_does_not_compile_says_why() {
    for (expression, expected) in [
        ("foo.bar", "undeclared reference to 'foo'; there is body"),
        ("body.foo == bar", "undeclared reference to 'bar'; there is body"),
        ("foo(body)", "undeclared reference to 'foo'; there is body"),
        ("body.trim() == ''", "undeclared reference to 'trim'; there is body"),
        ("body.l.all(x, y)", "undeclared reference to 'y'; there is body"),
        ("body.l.all(x, x) && x", "undeclared reference to 'x'; there is body"),
        ("Some{a: 1} == body", "undeclared reference to 'Some'; there is body"),
        ("contains(body, 'a')", "undeclared reference to 'contains'; there is body"),
        ("body.startsWith('a', 'b')", "startsWith() takes 1 arguments, not 2"),
        ("size()", "size() takes 1 arguments, not 0"),
        (
            "timestamp(body.t) < timestamp('2030-01-01T00:00:00Z')",
            "timestamp() is not supported; compare the texts of times",
        ),
        ("body.t.getHours() > 5", "getHours() is not supported; compare the texts of times"),
        ("optional.of(1) == body", "undeclared reference to 'of'; there is body"),
    ] {
        assert_eq!(CelProgram::compile(expression).map(|_| ()), Err(expected.to_owned()));
    }
    for expression in
        ["", " ", "body.", "body ==", "(body", "body.foo = 1", "'a", "body &", "body.?a"]
    {
        let error = CelProgram::compile(expression).expect_err(expression);
        assert!(!error.is_empty() && !error.contains('\n'), "{expression}: {error}");
    }
}

/// A test's thread has 2 MiB of stack, as the one that evaluates has, and no optimization: a function needs less.
#[test]
fn large_and_deep_expressions_need_little_stack() {
    let conditions = vec!["body.a == 1"; 80].join(" && ");
    assert_eq!(matches(&conditions, "{\"a\": 1}"), Ok(true));
    let nested = |count: usize| format!("{{\"a\":{}1{}}}", "[".repeat(count), "]".repeat(count));
    for (sentence, expression) in [
        ("brackets", format!("{}true{}", "(".repeat(30), ")".repeat(30))),
        ("signs", format!("{}true", "!".repeat(400))),
        ("an index", format!("body.a{} == 1", "[0]".repeat(28))),
        ("a sum", format!("1{} == 31", " + 1".repeat(30))),
        ("comprehensions", format!("[1]{}.size() == 1", ".map(x, x)".repeat(20))),
        ("nested comprehensions", format!("{}true{}", "[1].all(x, ".repeat(10), ")".repeat(10))),
        ("choices", format!("{}true", "false ? false : ".repeat(30))),
    ] {
        assert_eq!(matches(&expression, &nested(28)), Ok(true), "{sentence}");
    }
}

#[test]
fn larger_and_deeper_expressions_are_refused() {
    for count in [100, 166, 499, 2000, 100_000] {
        for hostile in [
            vec!["body.a == 1"; count * 3].join(" && "),
            format!("has(body{}.b)", ".a".repeat(count)),
            format!("body == 1{}", " + 1".repeat(count)),
            format!("body{}", "[0]".repeat(count)),
            format!("{}true", "!-".repeat(count)),
            format!("{}body{}", "[".repeat(count), "]".repeat(count)),
            format!("{}1{}", "{1: ".repeat(count), "}".repeat(count)),
            format!("body{}", ".map(x, [x])".repeat(count)),
            format!("{}true{}", "[1].all(x, ".repeat(count), ")".repeat(count)),
            format!("{}1", "body ? 1 : ".repeat(count)),
            format!("body{}", " in body".repeat(count)),
        ] {
            let error = CelProgram::compile(&hostile).expect_err("it is refused");
            assert!(error.len() < 200, "{error}");
        }
    }
    let brackets = format!("{}true{}", "(".repeat(100_000), ")".repeat(100_000));
    assert!(CelProgram::compile(&brackets).is_err());
}

#[test]
fn a_message_is_short_and_on_one_line() {
    let body = format!("{{\"a\": \"{}\"}}", "x".repeat(100_000));
    let error = matches("body.a + 1 == 1", &body).expect_err("no such operator");
    assert!(error.len() < 250 && !error.contains('\n'), "{error}");
    let deep = "[".repeat(100_000);
    assert!(matches("body == 1", &deep).expect_err("too deep").starts_with("not JSON: "));
}

#[test]
fn stray_bytes_in_texts_are_replaced() {
    let program = CelProgram::compile(r"body == 'a\uFFFD'").expect("it compiles");
    assert_eq!(program.matches(b"\"a\xff\""), Ok(true));
}

proptest! {
    #[test]
    fn no_expression_makes_it_panic(text in "[a-z0-9.'\"()\\[\\]{}+&|!?:<>=, \\\\-]{0,40}", body in "[0-9a-z\\[\\]{}\":,. ]{0,20}") {
        if let Ok(program) = CelProgram::compile(&text) {
            let _outcome = program.matches(body.as_bytes());
        }
    }

    #[test]
    fn pieces_of_expressions_do_not_make_it_panic(
        pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..16),
    ) {
        if let Ok(program) = CelProgram::compile(&pieces.concat()) {
            let _outcome = program.matches(br#"{"a": [1, {"b": "c"}], "d": null}"#);
        }
    }
}

const PIECES: [&str; 36] = [
    "body",
    ".a",
    ".d",
    "['a']",
    "[0]",
    "[1]",
    ".b",
    " == ",
    " != ",
    " < ",
    " in ",
    " + ",
    " - ",
    " * ",
    " / ",
    " % ",
    " && ",
    " || ",
    "!",
    "-",
    "(",
    ")",
    "has(",
    ".all(x, ",
    ".map(x, x",
    ".exists(x, x > 1)",
    ".size()",
    "size(",
    "1",
    "2.5",
    "3u",
    "'c'",
    "b'\\xff'",
    "null",
    " ? true : ",
    "9223372036854775807",
];
