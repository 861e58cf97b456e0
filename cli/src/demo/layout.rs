//! How the parts of the picture are set: titles, rows of the table, lists that wrap. Pure.

use super::style::Style;

/// The widest line: what a terminal shows without being asked to be larger.
const WIDTH: usize = 80;

/// A heading, and what there is to say about it.
pub(super) fn title(style: Style, heading: &str, note: &str) -> String {
    let (heading, note) = (style.strong(format!("{heading:<14}")), style.faint(note));
    format!("{}\n", format!("{heading} {note}").trim_end())
}

/// A line of the table. A sink that is named by its URL has a line of its own.
pub(super) fn row([sink, samples, refused, waiting, requests, bytes]: [String; 6]) -> String {
    let sink = if sink.len() < 28 { sink } else { format!("{sink}\n{:30}", "") };
    format!("  {sink:<28}{samples:>9}{refused:>9}{waiting:>9}{requests:>10}{bytes:>11}")
}

/// Items with commas between them, in lines that fit.
pub(super) fn wrapped(first: &str, next: &str, items: impl Iterator<Item = String>) -> String {
    let (mut text, mut line) = (String::new(), first.to_owned());
    let mut items = items.peekable();
    while let Some(item) = items.next() {
        let comma = if items.peek().is_some() { "," } else { "" };
        if line.len() + item.len() + comma.len() > WIDTH {
            text.push_str(line.trim_end());
            text.push('\n');
            line = next.to_owned();
        }
        line.push_str(&format!("{item}{comma} "));
    }
    format!("{text}{}\n", line.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_wraps_between_items_and_ends_without_a_comma() {
        let items = ["x".repeat(30), "y".repeat(30), "z".repeat(30)];
        let text = wrapped("first: ", "  ", items.into_iter());
        let [x, y, z] = ["x", "y", "z"].map(|letter| letter.repeat(30));
        assert_eq!(text, format!("first: {x}, {y},\n  {z}\n"));
    }

    #[test]
    fn a_long_name_does_not_move_the_columns() {
        let cells = |sink: &str| row([sink, "1", "2", "3", "4", "5 B"].map(str::to_owned));
        let (short, long) = (cells("mackerel:web"), cells("http://127.0.0.1:9090/api/v1/write"));
        let (_, numbers) = long.split_once('\n').expect("a line of its own");
        assert_eq!(numbers.trim_start(), short.trim_start_matches("  mackerel:web").trim_start());
        assert_eq!(numbers.len(), short.len());
    }
}
