//! A series as a row of blocks. Pure.

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Draws `values` (nothing where there was no sample) as `cells` blocks between their least and their greatest value. A
/// cell stands for the mean of the samples that fall in it, and is empty where none does.
pub(super) fn draw(values: &[Option<f64>], cells: usize) -> String {
    let means: Vec<Option<f64>> = (0..cells)
        .map(|cell| mean(&values[cell * values.len() / cells..(cell + 1) * values.len() / cells]))
        .collect();
    let present = || means.iter().copied().flatten();
    let least = present().fold(f64::INFINITY, f64::min);
    let greatest = present().fold(f64::NEG_INFINITY, f64::max);
    means.into_iter().map(|mean| mean.map_or(' ', |mean| block(mean, least, greatest))).collect()
}

fn mean(values: &[Option<f64>]) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0_u32);
    for value in values.iter().flatten() {
        sum += value;
        count += 1;
    }
    (count > 0).then(|| sum / f64::from(count))
}

/// A series that does not move is a line at the bottom.
fn block(value: f64, least: f64, greatest: f64) -> char {
    let share = (value - least) / (greatest - least);
    let steps = (BLOCKS.len() - 1) as f64;
    let step = if share.is_finite() { (share * steps).round() } else { 0.0 };
    BLOCKS[step as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(values: &[f64]) -> Vec<Option<f64>> {
        values.iter().copied().map(Some).collect()
    }

    #[test]
    fn the_least_value_is_the_lowest_block_and_the_greatest_the_highest() {
        let values = some(&[10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0]);
        assert_eq!(draw(&values, 8), "▁▂▃▄▅▆▇█");
    }

    #[test]
    fn a_cell_is_the_mean_of_its_samples() {
        assert_eq!(draw(&some(&[0.0, 2.0, 7.0, 9.0]), 2), "▁█");
        assert_eq!(draw(&[Some(0.0), None, Some(3.0), None, Some(7.0), None], 3), "▁▄█");
    }

    #[test]
    fn where_there_is_no_sample_there_is_no_block() {
        assert_eq!(draw(&[Some(1.0), None, Some(2.0)], 3), "▁ █");
        assert_eq!(draw(&[None, None], 2), "  ");
        assert_eq!(draw(&[], 2), "  ");
    }

    #[test]
    fn a_series_that_does_not_move_is_a_line() {
        assert_eq!(draw(&some(&[5.0; 4]), 4), "▁▁▁▁");
    }

    #[test]
    fn fewer_samples_than_cells_leave_cells_empty() {
        assert_eq!(draw(&some(&[1.0, 2.0]), 4), " ▁ █");
    }
}
