use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn after(host: &str, url: &str, lines: &[&'static str]) -> Jar {
    let mut jar = Jar::default();
    add(&mut jar, host, url, lines);
    jar
}

fn add(jar: &mut Jar, host: &str, url: &str, lines: &[&'static str]) {
    let mut answer = HeaderMap::new();
    for line in lines {
        answer.append(SET_COOKIE, HeaderValue::from_static(line));
    }
    jar.take(host, &GoUrl::parse(url.as_bytes()).unwrap(), &answer, NOW);
}

fn sent(jar: &Jar, host: &str, url: &str) -> String {
    jar.header(host, &GoUrl::parse(url.as_bytes()).unwrap()).unwrap_or_default()
}

#[test]
fn a_cookie_goes_where_it_came_from() {
    let jar = after(
        "www.example.org:8080",
        "http://10.0.0.1:8080/a/b",
        &["id=1", "x = \"q\" ; HttpOnly"],
    );
    let table = [
        ("www.example.org", "http://h/a/c", "id=1; x=\"q\""),
        ("WWW.example.org.", "http://h/a", "id=1; x=\"q\""),
        ("www.example.org", "http://h/ab", ""),
        ("www.example.org", "http://h/", ""),
        ("example.org", "http://h/a/b", ""),
        ("x.www.example.org", "http://h/a/b", ""),
        ("10.0.0.1", "http://h/a/b", ""),
    ];
    for (host, url, expected) in table {
        assert_eq!(sent(&jar, host, url), expected, "{host} {url}");
    }
}

#[test]
fn attributes_widen_and_narrow() {
    let url = "http://h/deep/er";
    let table: [(&str, &'static str, &str, &str, &str); 16] = [
        (
            "a domain includes what lies below",
            "a=1; Domain=example.org; Path=/",
            "b.example.org",
            "http://h/",
            "a=1",
        ),
        (
            "a leading dot means nothing",
            "a=1; Domain=.example.org; Path=/",
            "example.org",
            "http://h/",
            "a=1",
        ),
        (
            "a foreign domain is refused",
            "a=1; Domain=example.com; Path=/",
            "example.com",
            "http://h/",
            "",
        ),
        (
            "half a name is no domain",
            "a=1; Domain=ample.org; Path=/",
            "example.org",
            "http://h/",
            "",
        ),
        ("a top-level domain is refused", "a=1; Domain=org; Path=/", "b.org", "http://h/", ""),
        (
            "a dot at the end is malformed",
            "a=1; Domain=example.org.; Path=/",
            "www.example.org",
            "http://h/",
            "",
        ),
        ("secure is for https", "a=1; Path=/; Secure", "www.example.org", "http://h/", ""),
        ("secure goes over https", "a=1; Path=/; Secure", "www.example.org", "https://h/", "a=1"),
        ("a path that is none", "a=1; Path=x", "www.example.org", "http://h/deep/x", "a=1"),
        ("an age of zero is over", "a=1; Path=/; Max-Age=0", "www.example.org", "http://h/", ""),
        (
            "an age beats a date",
            "a=1; Path=/; Max-Age=5; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "www.example.org",
            "http://h/",
            "a=1",
        ),
        (
            "a date that has passed",
            "a=1; Path=/; Expires=Tue, 19-Mar-2019 20:08:29 GMT",
            "www.example.org",
            "http://h/",
            "",
        ),
        (
            "a date that has not",
            "a=1; Path=/; Expires=Tue, 19 Mar 2109 20:08:29 GMT",
            "www.example.org",
            "http://h/",
            "a=1",
        ),
        (
            "a date that is none",
            "a=1; Path=/; Expires=tomorrow",
            "www.example.org",
            "http://h/",
            "a=1",
        ),
        ("blanks are quoted", "a=b c; Path=/", "www.example.org", "http://h/", "a=\"b c\""),
        ("a name that is none", "a b=1; Path=/", "www.example.org", "http://h/", ""),
    ];
    for (what, line, host, to, expected) in table {
        let jar = after("www.example.org", url, &[line]);
        assert_eq!(sent(&jar, host, to), expected, "{what}");
    }
}

#[test]
fn an_address_sets_cookies_for_itself_alone() {
    let jar =
        after("127.0.0.1:80", "http://h/", &["a=1; Domain=127.0.0.1", "b=2; Domain=0.0.1", "c=3"]);
    assert_eq!(sent(&jar, "127.0.0.1:81", "http://h/"), "a=1; c=3");
    let jar = after("[::1]:80", "http://h/", &["a=1"]);
    assert_eq!(sent(&jar, "[::1]", "http://h/"), "a=1");
}

#[test]
fn a_later_answer_replaces_and_deletes() {
    let mut jar = after("h.org", "http://h/", &["a=1", "b=1; Path=/x", "c=1"]);
    add(&mut jar, "h.org", "http://h/", &["a=2", "c=; Max-Age=-1"]);
    assert_eq!(sent(&jar, "h.org", "http://h/x/y"), "b=1; a=2");
}

#[test]
fn lines_that_are_no_cookies_are_passed_over() {
    let mut answer = HeaderMap::new();
    for line in [b"".as_slice(), b";", b"nothing", b"=x", b"a=\xff", b"a=\\", b"a=1;;;=;", b"ok=2"]
    {
        answer.append(SET_COOKIE, HeaderValue::from_bytes(line).unwrap());
    }
    assert_eq!(names_set(&answer), ["a", "ok"]);
}
