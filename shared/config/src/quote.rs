//! Texts of a document inside a message: quoted, escaped, and never long.

/// Longer texts are cut: a message must not grow with the document.
const LONGEST: usize = 64;

/// `"text"` with control characters escaped, cut after 64 characters.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}…", &text[..end]),
    }
}

/// The known word that was probably meant by an unknown one.
pub(crate) fn meant<'a>(
    unknown: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let longest_distance = if unknown.len() < 4 { 1 } else { 2 };
    known
        .into_iter()
        .filter(|word| word.len().abs_diff(unknown.len()) <= longest_distance)
        .map(|word| (distance(unknown, word), word))
        .filter(|(distance, _)| *distance <= longest_distance)
        .min()
        .map(|(_, word)| word)
}

/// Levenshtein's distance, in bytes.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{meant, shortened};

    #[test]
    fn the_nearest_known_word_is_meant() {
        let known = ["period", "delay", "zero_fill"];
        assert_eq!(meant("perod", known), Some("period"));
        assert_eq!(meant("zero_full", known), Some("zero_fill"));
        assert_eq!(meant("colour", known), None);
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shortened("short\n"), r#""short\n""#);
        let cut = shortened(&"é".repeat(100));
        assert_eq!(cut.chars().filter(|c| *c == 'é').count(), 64);
        assert!(cut.ends_with("\"…"), "{cut}");
    }
}
