//! Whether a request asks for the compression that its module expects: if there is an `Accept-Encoding`, it must not refuse
//! what `compression` names. It need not prefer it.

/// The rule of the original: of the encodings in falling order of quality, the first that is the one expected, or `*`,
/// decides. Where nothing is expected, or nothing is asked for, nothing can be wrong.
pub(super) fn accepts(accept_encoding: &str, compression: &str) -> bool {
    if compression.is_empty() || accept_encoding.is_empty() {
        return true;
    }
    let mut offers: Vec<(&str, f32)> = accept_encoding.split(',').map(offer).collect();
    offers.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let decisive = offers.iter().find(|(name, _)| *name == compression || *name == "*");
    decisive.is_some_and(|(_, quality)| *quality > 0.0)
}

/// An encoding and its quality, rounded to thousandths. One that cannot be read is 0.
fn offer(text: &str) -> (&str, f32) {
    let Some((name, quality)) = text.rsplit_once(';') else {
        return (text.trim(), 1.0);
    };
    let quality = quality.trim();
    let quality = quality.strip_prefix("q=").unwrap_or(quality).parse().unwrap_or(0.0_f32);
    (name.trim(), (quality * 1000.0).round() / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::accepts;

    #[test]
    fn the_best_offer_that_fits_decides() {
        for (sentence, compression, header, expected) in [
            ("nothing is expected", "", "gzip", true),
            ("nothing is asked for", "gzip", "", true),
            ("trivial", "gzip", "gzip", true),
            ("trivial, with quality", "gzip", "gzip;q=1.0", true),
            ("the first", "gzip", "gzip, compress", true),
            ("the second", "gzip", "compress, gzip", true),
            ("missing", "br", "gzip, compress", false),
            ("a star", "br", "gzip, compress, *", true),
            ("a star with quality", "br", "gzip, compress, *;q=0.1", true),
            ("refused", "br", "gzip, compress, br;q=0.0", false),
            ("a star refused", "br", "gzip, compress, *;q=0.0", false),
            ("all at once", "br", "gzip;q=1.0, compress;q=0.5, br;q=0.1, *;q=0.0", true),
            ("out of order", "br", "*;q=0.0, compress;q=0.5, br;q=0.1, gzip;q=1.0", true),
            ("extra blanks", "br", " gzip;q=1.0, compress; q=0.5, br;q=0.1, *; q=0.0 ", true),
            ("names are exact", "gzip", "GZIP", false),
            ("a quality that is none", "gzip", "gzip;q=high", false),
            ("a quality that rounds to nothing", "gzip", "gzip;q=0.0004", false),
            ("of equals the first decides", "br", "*;q=0, br;q=0", false),
            ("a list of nothing", "br", ",", false),
        ] {
            assert_eq!(accepts(header, compression), expected, "{sentence}");
        }
    }
}
