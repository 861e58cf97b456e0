//! Upper and lower case as Go maps them: one character to one. The standard library's strings would turn `ß` into
//! `SS`, and a final sigma into another letter.

pub(super) fn lowercase(text: &str) -> String {
    text.chars().map(lower).collect()
}

pub(super) fn uppercase(text: &str) -> String {
    text.chars().map(upper).collect()
}

fn lower(c: char) -> char {
    // Where the full mapping has a second character (İ alone), the first is the simple mapping.
    c.to_lowercase().next().unwrap_or(c)
}

fn upper(c: char) -> char {
    let mut full = c.to_uppercase();
    match (full.next(), full.next()) {
        (Some(only), None) => only,
        _ => simple_upper(c),
    }
}

/// The simple mapping of characters whose full one is longer: themselves, but for Greek letters with an iota
/// subscript, whose simple upper case is their title case (`UnicodeData.txt`).
fn simple_upper(c: char) -> char {
    let distance = match c {
        '\u{1F80}'..='\u{1F87}' | '\u{1F90}'..='\u{1F97}' | '\u{1FA0}'..='\u{1FA7}' => 8,
        '\u{1FB3}' | '\u{1FC3}' | '\u{1FF3}' => 9,
        _ => 0,
    };
    char::from_u32(u32::from(c) + distance).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_character_stays_one_character() {
        assert_eq!(uppercase("straße ŉ ﬁ ᾀ ᾳ ǆ"), "STRAßE ŉ ﬁ ᾈ ᾼ Ǆ");
        assert_eq!(lowercase("ΟΔΟΣ İ ÀÉ ᾈ"), "οδοσ i àé ᾀ");
    }
}
