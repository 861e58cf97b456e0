//! A hash that stays the same over versions and platforms, for what is stored and for what is divided.

use std::fmt::{self, Write};

/// 64-bit FNV-1a of what is written to it.
pub(crate) struct StableHash(u64);

impl StableHash {
    /// The hash of anything that has a text form, without making the text.
    pub(crate) fn of(value: impl fmt::Display) -> u64 {
        let mut hash = Self(0xcbf2_9ce4_8422_2325);
        write!(hash, "{value}").expect("hashing takes any text");
        hash.0
    }
}

impl Write for StableHash {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        self.0 = text.bytes().fold(self.0, step);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_fnv_1a() {
        assert_eq!(StableHash::of(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(StableHash::of("a"), 0xaf63_dc4c_8601_ec8c);
    }
}
