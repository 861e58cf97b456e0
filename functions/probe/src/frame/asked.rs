//! What a probe is asked for: the parameters that a request to the original has. Pure.

use std::borrow::Cow;
use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use crate::module::{Module, Prober};

/// The module where nobody names one.
const DEFAULT_MODULE: &str = "http_2xx";

/// Modules that an error names at most.
const NAMED: usize = 8;

/// A probe that can be done.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) target: String,
    pub(crate) module: &'a Module,
    pub(crate) hostname: Option<&'a str>,
}

/// Why a request cannot be probed at all: what the original answers with status 400. Names no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("no module is named {name:?}; \"modules\" has {known}")]
    Module { name: String, known: String },
    #[error(
        "there is no target: relabel_configs have to set __param_target, or params to hold target"
    )]
    Target,
    #[error(
        "host header defined both in module configuration ({written}) and with URL-parameter 'hostname' ({asked})"
    )]
    Hostname { written: String, asked: String },
}

impl<'a> Asked<'a> {
    /// Reads parameters. The first of several values counts, and an empty one is none.
    pub(crate) fn read(
        params: &'a BTreeMap<String, Vec<String>>,
        modules: &'a BTreeMap<String, Module>,
    ) -> Result<Self, Refusal> {
        let first = |name: &str| {
            params.get(name)?.first().map(String::as_str).filter(|value| !value.is_empty())
        };
        Self::new(first("target"), first("module"), first("hostname"), modules)
    }

    /// A probe by its parts.
    pub(crate) fn new(
        target: Option<&str>,
        module: Option<&str>,
        hostname: Option<&'a str>,
        modules: &'a BTreeMap<String, Module>,
    ) -> Result<Self, Refusal> {
        let name = module.unwrap_or(DEFAULT_MODULE);
        let module = modules.get(name).ok_or_else(|| unknown(name, modules))?;
        let target = decoded(target.ok_or(Refusal::Target)?).into_owned();
        if let (Prober::Http(http), Some(asked)) = (&module.prober, hostname) {
            let is_host = |(name, _): &(&String, &String)| name.eq_ignore_ascii_case("host");
            let written = http.headers.iter().find(is_host).map(|(_, value)| value.as_str());
            if let Some(written) = written.filter(|written| *written != asked) {
                let (written, asked) = (written.to_owned(), asked.to_owned());
                return Err(Refusal::Hostname { written, asked });
            }
        }
        Ok(Self { target, module, hostname })
    }
}

fn unknown(name: &str, modules: &BTreeMap<String, Module>) -> Refusal {
    let mut known: Vec<&str> = modules.keys().map(String::as_str).take(NAMED).collect();
    match modules.len() {
        0 => known.push("none"),
        count if count > NAMED => known.push("more"),
        _ => {}
    }
    Refusal::Module { name: name.to_owned(), known: known.join(", ") }
}

/// Go's `url.QueryUnescape`, which the original does once more than HTTP asks for: people write targets escaped in their
/// configuration. A text that is not escaped rightly stays as it is.
fn decoded(target: &str) -> Cow<'_, str> {
    let is_hex = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
    let bytes = target.as_bytes();
    let is_escaped = |at: usize| is_hex(bytes.get(at + 1)) && is_hex(bytes.get(at + 2));
    if !bytes.iter().enumerate().all(|(at, byte)| *byte != b'%' || is_escaped(at)) {
        return Cow::Borrowed(target);
    }
    let spaced = target.replace('+', " ");
    let plain = percent_decode_str(&spaced).decode_utf8().map(Cow::into_owned);
    plain.map_or(Cow::Borrowed(target), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_unescaped_once_more() {
        for (written, expected) in [
            ("http://a.example/b?c=d", "http://a.example/b?c=d"),
            ("http://a.example%3A8080/", "http://a.example:8080/"),
            ("http://a.example/?q=a+b", "http://a.example/?q=a b"),
            ("http://a.example/100%", "http://a.example/100%"),
            ("http://a.example/%zz+", "http://a.example/%zz+"),
            ("http://a.example/%ff", "http://a.example/%ff"),
            ("%", "%"),
        ] {
            assert_eq!(decoded(written), expected, "{written}");
        }
    }

    #[test]
    fn a_module_that_is_not_there_is_said_with_those_that_are() {
        let none = Asked::new(Some("a"), Some("x"), None, &BTreeMap::new()).map(|_| ());
        let message = none.expect_err("no module").to_string();
        assert_eq!(message, r#"no module is named "x"; "modules" has none"#);
    }
}
