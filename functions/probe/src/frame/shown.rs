//! Targets as they may be shown: people write passwords and tokens into URLs. Pure.

use std::borrow::Cow;

/// A target without credentials and without its query.
pub(crate) fn shown(target: &str) -> String {
    let plain = match credentials(target) {
        Some(credentials) => Cow::Owned(target.replacen(credentials, "", 1)),
        None => Cow::Borrowed(target),
    };
    plain.split(['?', '#']).next().unwrap_or_default().to_owned()
}

/// `user:password@` of a target, if it has that; it need not be a whole URL.
pub(crate) fn credentials(target: &str) -> Option<&str> {
    let start = target.find("://").map_or(0, |at| at + 3);
    let rest = &target[start..];
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    authority.rfind('@').map(|at| &authority[..=at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_credentials_nor_query_are_shown() {
        for (target, expected) in [
            ("https://u:p@example.com:8443/a/b?key=1#f", "https://example.com:8443/a/b"),
            ("u:p@example.com", "example.com"),
            ("u:p@ss@example.com/x", "example.com/x"),
            ("example.com:25", "example.com:25"),
            ("http://example.com/@x", "http://example.com/@x"),
            ("[::1]:53", "[::1]:53"),
            ("http://", "http://"),
            ("", ""),
        ] {
            assert_eq!(shown(target), expected, "{target}");
        }
    }
}
