use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Result<GoUrl, UrlError> {
    GoUrl::parse(text.as_bytes())
}

#[test]
fn urls_keep_their_spelling() {
    let table = [
        ("http://Host:80/a/./b//../c", "Host:80", "/a/./b//../c"),
        ("HTTPS://h", "h", "/"),
        ("http://h?", "h", "/?"),
        ("http://h:/x", "h:", "/x"),
        ("http://[::1]:8080/x?a=b?c#d?e", "[::1]:8080", "/x?a=b?c"),
        ("http://u:p%40@h/%2f%41", "h", "/%2f%41"),
        ("http://h/a b", "h", "/a%20b"),
        ("http://h/a%2Fb c!", "h", "/a/b%20c%21"),
        ("http://h/x?q=\"a b\"é", "h", "/x?q=\"a%20b\"%C3%A9"),
        ("http://日本.example/", "xn--wgv71a.example", "/"),
        ("http://a_b.example/", "a_b.example", "/"),
    ];
    for (text, host, uri) in table {
        let url = parse(text).unwrap();
        assert_eq!((url.host.as_str(), url.request_uri().as_str()), (host, uri), "{text}");
    }
}

#[test]
fn what_is_no_url_is_refused() {
    let table = [
        ("http://h/\n", UrlError::ControlCharacter),
        (":x", UrlError::NoScheme),
        ("a/b:c:d", UrlError::Port),
        ("1a:b", UrlError::Colon),
        ("http://h/%4", UrlError::Escape),
        ("http://u ser@h/", UrlError::User),
        ("http://h:8x/", UrlError::Port),
        ("http://[::1/", UrlError::Host),
        ("http://[::1]8/", UrlError::Port),
        ("http://[fe80::1%25eth0]/", UrlError::Host),
        ("http://a b/", UrlError::Host),
        ("http://a\\b/", UrlError::Host),
        ("http://%ff/", UrlError::Host),
    ];
    for (text, expected) in table {
        if text == "a/b:c:d" {
            // A colon behind the first slash is harmless.
            assert_eq!(parse(text).unwrap().path, "a/b:c:d");
            continue;
        }
        assert_eq!(parse(text).err(), Some(expected), "{text}");
    }
}

#[test]
fn references_are_resolved_as_rfc_3986_has_it() {
    let base = parse("http://a/b/c/d;p?q").unwrap();
    let table = [
        ("g:h", "g://"),
        ("g", "http://a/b/c/g"),
        ("./g", "http://a/b/c/g"),
        ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"),
        ("//g", "http://g"),
        ("?y", "http://a/b/c/d;p?y"),
        ("g?y", "http://a/b/c/g?y"),
        ("#s", "http://a/b/c/d;p?q#s"),
        (";x", "http://a/b/c/;x"),
        ("", "http://a/b/c/d;p?q"),
        (".", "http://a/b/c/"),
        ("..", "http://a/b/"),
        ("../g", "http://a/b/g"),
        ("../..", "http://a/"),
        ("../../../g", "http://a/g"),
        ("/./g", "http://a/g"),
        ("/../g", "http://a/g"),
        ("g.", "http://a/b/c/g."),
        ("..g", "http://a/b/c/..g"),
        ("./g/.", "http://a/b/c/g/"),
        ("g/../h", "http://a/b/c/h"),
        ("https://x/../y", "https://x/y"),
        ("a b", "http://a/b/c/a%20b"),
    ];
    for (reference, expected) in table {
        assert_eq!(base.join(reference.as_bytes()).unwrap().referer(), expected, "{reference}");
    }
    assert_eq!(base.join(b"\xff").unwrap().request_uri(), "/b/c/%FF");
}

#[test]
fn hosts_and_ports_are_told_apart() {
    let table = [
        ("http://h", "h", "", Some(80)),
        ("https://h", "h", "", Some(443)),
        ("http://h:", "h", "", Some(80)),
        ("http://h:8080", "h", "8080", Some(8080)),
        ("http://[::1]:1", "::1", "1", Some(1)),
        ("http://[::1]", "::1", "", Some(80)),
        ("http://h:65536", "h", "65536", None),
    ];
    for (text, name, written, port) in table {
        let url = parse(text).unwrap();
        assert_eq!(
            (url.hostname(), url.written_port(), url.port()),
            (name, written, port),
            "{text}"
        );
    }
}

#[test]
fn an_address_takes_the_place_of_a_name() {
    let table = [
        ("http://h:8080/x", "127.0.0.1", "127.0.0.1:8080"),
        ("http://h/x", "::1", "[::1]"),
        ("http://h:8080/x", "::1", "[::1]:8080"),
    ];
    for (text, address, expected) in table {
        let mut url = parse(text).unwrap();
        url.set_address(address.parse().unwrap());
        assert_eq!(url.host, expected, "{text}");
    }
}

#[test]
fn neither_credentials_nor_queries_are_shown() {
    let url = parse("http://user:secret@h/x?token=secret#secret").unwrap();
    assert_eq!(url.to_string(), "http://h/x?…");
    assert_eq!(format!("{url:?}"), "GoUrl(http://h/x?…)");
    assert_eq!(url.referer(), "http://h/x?token=secret#secret");
}

proptest! {
    /// Whatever a server sends as Location, what comes of it can stand in a request line.
    #[test]
    fn any_location_is_refused_or_can_be_sent(location in prop::collection::vec(any::<u8>(), 0..60)) {
        let base = parse("http://127.0.0.1:80/a/b?c").unwrap();
        if let Ok(url) = base.join(&location) {
            let uri = url.request_uri();
            prop_assert!(uri.starts_with('/'));
            prop_assert!(uri.bytes().all(|byte| byte.is_ascii_graphic()), "{}", uri);
            prop_assert!(url.referer().bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert!(url.host.is_ascii());
        }
    }
}
