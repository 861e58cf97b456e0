//! What a request carried in confidence, to be taken out of what the answer says. Pure.
//!
//! Receivers repeat requests: the path with its query, a header that they did not like, all of it. They escape what
//! they repeat for URLs, JSON or HTML, so a text is searched as it is and with its escapes undone.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http1::HeaderMap;
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use url::{Url, form_urlencoded};

/// What stands in place of a secret.
const MARK: &str = "<secret>";

/// Anything shorter (`1` in `?v=1`) occurs in other words by chance, and is taken out only where it is a word.
const SHORTEST: usize = 4;

/// The secrets of one request.
#[derive(Clone, Default)]
pub(crate) struct Confidential(Vec<Arc<SecretString>>);

impl fmt::Debug for Confidential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Confidential({} secrets)", self.0.len())
    }
}

impl Confidential {
    /// Credentials, fragment and the query's values, each as written and as meant.
    pub(crate) fn add_url(&mut self, url: &Url) {
        let query = url.query().unwrap_or_default();
        let raw =
            query.split('&').map(|pair| pair.split_once('=').map_or(pair, |(_, value)| value));
        let userinfo = [url.username(), url.password().unwrap_or_default()];
        for text in raw.chain(userinfo).chain(url.fragment()) {
            self.add(text);
            self.add(&percent_decode_str(text).decode_utf8_lossy());
        }
        for (_, value) in form_urlencoded::parse(query.as_bytes()) {
            self.add(&value);
        }
        if userinfo != ["", ""] {
            self.add(&STANDARD.encode(userinfo.map(decoded).join(":")));
        }
    }

    /// Headers that are marked as sensitive: the value, what follows its scheme, and what basic authorization is
    /// made of.
    pub(crate) fn add_headers(&mut self, headers: &HeaderMap) {
        for value in headers.values().filter(|value| value.is_sensitive()) {
            let value = String::from_utf8_lossy(value.as_bytes());
            self.add(&value);
            let Some((scheme, credentials)) = value.split_once(' ') else {
                continue;
            };
            self.add(credentials);
            let pair = STANDARD.decode(credentials).ok();
            let pair = pair.filter(|_| scheme.eq_ignore_ascii_case("basic"));
            if let Some(pair) = pair.and_then(|pair| String::from_utf8(pair).ok()) {
                let (username, password) = pair.split_once(':').unwrap_or((&pair, ""));
                [username, password, &pair].into_iter().for_each(|text| self.add(text));
            }
        }
    }

    fn add(&mut self, secret: &str) {
        let secret = secret.trim();
        if !secret.is_empty() && self.0.iter().all(|known| known.expose_secret() != secret) {
            self.0.push(Arc::new(SecretString::from(secret)));
        }
    }

    /// The text with a mark in place of every secret.
    pub(crate) fn mask(&self, text: &str) -> String {
        let views = [Unescaped::not_at_all(text), Unescaped::of(text)];
        let mut found: Vec<Range<usize>> = Vec::new();
        for secret in &self.0 {
            let secret = secret.expose_secret();
            let places = views.iter().flat_map(|view| view.places(secret));
            found.extend(places.filter(|place| secret.len() >= SHORTEST || is_word(text, place)));
        }
        found.sort_by_key(|place| (place.start, place.end));
        let (mut masked, mut end) = (String::new(), 0);
        for place in found {
            // What overlaps is one mark.
            if place.start >= end {
                masked.push_str(&text[end..place.start]);
                masked.push_str(MARK);
            }
            end = end.max(place.end);
        }
        masked.push_str(&text[end..]);
        masked
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn is_word(text: &str, place: &Range<usize>) -> bool {
    let before = text[..place.start].chars().next_back();
    let after = text[place.end..].chars().next();
    ![before, after].into_iter().flatten().any(char::is_alphanumeric)
}

/// A text without its escapes that knows where each byte comes from.
struct Unescaped {
    bytes: Vec<u8>,
    /// Where in the text each byte begins, and where the text ends.
    starts: Vec<usize>,
}

impl Unescaped {
    fn not_at_all(text: &str) -> Self {
        Self { bytes: text.into(), starts: (0..=text.len()).collect() }
    }

    fn of(text: &str) -> Self {
        let (mut bytes, mut starts) = (Vec::new(), Vec::new());
        let mut at = 0;
        while let Some(first) = text[at..].chars().next() {
            let rest = &text[at..];
            let before = bytes.len();
            let length = if let Some(byte) = percent(rest) {
                bytes.push(byte);
                3
            } else {
                let (meant, length) =
                    backslash(rest).or_else(|| entity(rest)).unwrap_or((first, first.len_utf8()));
                bytes.extend_from_slice(meant.encode_utf8(&mut [0; 4]).as_bytes());
                length
            };
            starts.resize(starts.len() + bytes.len() - before, at);
            at += length;
        }
        starts.push(text.len());
        Self { bytes, starts }
    }

    /// Where in the text a secret stands.
    fn places<'a>(&'a self, secret: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
        let windows = self.bytes.windows(secret.len()).enumerate();
        let windows = windows.filter(|(_, window)| *window == secret.as_bytes());
        windows.map(|(at, _)| self.starts[at]..self.starts[at + secret.len()])
    }
}

/// `%2F`, a byte.
fn percent(rest: &str) -> Option<u8> {
    hexadecimal(rest.strip_prefix('%')?.get(..2)?)?.try_into().ok()
}

/// `\"`, `\/`, `\u0026`: a character and how long it is written.
fn backslash(rest: &str) -> Option<(char, usize)> {
    let rest = rest.strip_prefix('\\')?;
    if let Some(digits) = rest.strip_prefix('u').and_then(|rest| rest.get(..4)) {
        return Some((char::from_u32(hexadecimal(digits)?)?, 6));
    }
    let escaped = rest.chars().next().filter(|c| matches!(c, '"' | '\'' | '\\' | '/'))?;
    Some((escaped, 2))
}

/// `&amp;`, `&#39;`, `&#x27;`: the same.
fn entity(rest: &str) -> Option<(char, usize)> {
    const LONGEST: usize = "&#x10ffff;".len();
    let name = rest.strip_prefix('&')?;
    let end = name.bytes().take(LONGEST).position(|byte| byte == b';')?;
    let name = &name[..end];
    let meant = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let hex = number.strip_prefix(['x', 'X']).map(hexadecimal);
            char::from_u32(hex.unwrap_or_else(|| number.parse().ok())?)?
        }
    };
    Some((meant, end + 2))
}

/// Digits alone: `from_str_radix` would take a sign.
fn hexadecimal(digits: &str) -> Option<u32> {
    let all = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    all.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http1::HeaderValue;
    use proptest::prelude::*;

    fn of_url(url: &str) -> Confidential {
        let mut sent = Confidential::default();
        sent.add_url(&Url::parse(url).expect("a URL"));
        sent
    }

    fn of_header(value: &str) -> Confidential {
        let mut value = HeaderValue::from_str(value).expect("a value");
        value.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert("x-any", value);
        let mut sent = Confidential::default();
        sent.add_headers(&headers);
        sent
    }

    #[test]
    fn what_stood_in_the_url_is_taken_out() {
        let url = "https://us%20er:p%40ss@h/write?token=s%2Fcr%26t+1&v=1&bare-key#fragment";
        let table = [
            ("cannot POST /write?token=s%2Fcr%26t+1", "cannot POST /write?token=<secret>"),
            ("no token s/cr&t 1 here", "no token <secret> here"),
            ("no token s/cr&t+1 here", "no token <secret> here"),
            ("<b>s/cr&amp;t 1</b>, v 1, v12", "<b><secret></b>, v <secret>, v12"),
            ("us er:p@ss", "<secret>:<secret>"),
            ("https://us%20er:p%40ss@h/", "https://<secret>:<secret>@h/"),
            ("Basic dXMgZXI6cEBzcw==", "Basic <secret>"),
            ("?bare-key is no pair", "?<secret> is no pair"),
            ("out of order sample", "out of order sample"),
        ];
        for (said, shown) in table {
            assert_eq!(of_url(url).mask(said), shown);
        }
    }

    #[test]
    fn what_stood_in_a_header_is_taken_out() {
        let table = [
            ("top-secret", "X-Api-Key: top-secret", "X-Api-Key: <secret>"),
            ("Bearer abc.def", "Bearer abc.def is over", "<secret> is over"),
            ("Bearer abc.def", "bearer abc.def is over", "bearer <secret> is over"),
            ("Basic dXNlcjpwYXNz", "Authorization: Basic dXNlcjpwYXNz", "Authorization: <secret>"),
            (
                "Basic dXNlcjpwYXNz",
                "dXNlcjpwYXNz: user may not, pass",
                "<secret>: <secret> may not, <secret>",
            ),
        ];
        for (sent, said, shown) in table {
            assert_eq!(of_header(sent).mask(said), shown);
        }
    }

    #[test]
    fn headers_that_are_no_secrets_are_shown() {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("text/plain"));
        let mut sent = Confidential::default();
        sent.add_headers(&headers);
        assert_eq!(sent.mask("text/plain is not supported"), "text/plain is not supported");
    }

    #[test]
    fn a_secret_is_known_however_it_is_escaped() {
        let sent = of_header("a/\"é'<&\\+z");
        let spellings = [
            "a/\"é'<&\\+z",
            "a%2F%22%C3%A9%27%3c%26%5C%2Bz",
            r#"a\/\"é\u0027\u003c\u0026\\+z"#,
            r#"a/\"\u00e9'<&\\+z"#,
            "a/&quot;é&#039;&lt;&amp;\\+z",
            "a&#x2F;&#34;&#233;&apos;&lt;&amp;\\+z",
        ];
        for spelling in spellings {
            assert_eq!(sent.mask(&format!("é {spelling}!")), "é <secret>!", "{spelling}");
        }
        for broken in ["%", "%2", "%+1x", "\\", "\\u00", "&", "&#;", "&#x;", "&#1234567890;", "%é"]
        {
            assert_eq!(sent.mask(broken), broken);
        }
    }

    #[test]
    fn secrets_that_overlap_are_one_mark() {
        let sent = of_url("http://h/?a=longer-secret&b=secret-and&c=secret");
        assert_eq!(sent.mask("x longer-secret-and y"), "x <secret> y");
    }

    proptest! {
        #[test]
        fn no_text_brings_a_secret_out(
            secret in "[a-z%&/\"é]{4,9}",
            said in "[a-z%&;#\\\\/\"é0-9]{0,40}",
            after in "\\PC{0,20}",
        ) {
            let masked = of_header(&secret).mask(&format!("{said}{secret}{after}"));
            prop_assert!(masked.contains(MARK));
            prop_assert!(masked.split(MARK).all(|part| !part.contains(&secret)), "{}", masked);
        }
    }
}
