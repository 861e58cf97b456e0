//! Targets as errors may show them: people write passwords and tokens into URLs. Pure.

/// A text without the credentials and the query that it has if it is a URL, or part of one.
pub(crate) fn shown(text: &str) -> String {
    let plain = text.split(['?', '#']).next().unwrap_or_default();
    let start = if plain.starts_with("//") { 2 } else { plain.find("://").map_or(0, |at| at + 3) };
    let (scheme, rest) = plain.split_at(start);
    let authority = &rest[..rest.find('/').unwrap_or(rest.len())];
    let credentials = authority.rfind('@').map_or(0, |at| at + 1);
    format!("{scheme}{}", &rest[credentials..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_credentials_nor_query_are_shown() {
        for (text, expected) in [
            ("https://u:p@example.com:8443/a/b?key=1#f", "https://example.com:8443/a/b"),
            ("//u:p@example.com/a", "//example.com/a"),
            ("u:p@ss@example.com/x", "example.com/x"),
            ("https://u:p@example.com?next=http://x", "https://example.com"),
            ("http://example.com/@x", "http://example.com/@x"),
            ("example.com:25", "example.com:25"),
            ("[::1]:53", "[::1]:53"),
            ("日本@例え", "例え"),
            ("", ""),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}
