//! Numbers that look random and are a function of a name, a purpose and a minute.

/// A source of numbers for one seed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noise {
    seed: u64,
}

impl Noise {
    pub(super) fn seeded(name: &str) -> Self {
        Self { seed: fnv(name) }
    }

    /// 64 bits, for names.
    pub(super) fn bits(&self, purpose: &str, minute: i64) -> u64 {
        scramble(self.seed ^ fnv(purpose).rotate_left(23) ^ scramble(minute.cast_unsigned()))
    }

    /// A number in `[0, 1)`.
    pub(super) fn unit(&self, purpose: &str, minute: i64) -> f64 {
        let bits = self.bits(purpose, minute);
        let upper = u32::try_from(bits >> 32).expect("the upper half of 64 bits");
        f64::from(upper) / 4_294_967_296.0
    }

    /// A number in `[from, to)`.
    pub(super) fn between(&self, from: f64, to: f64, purpose: &str, minute: i64) -> f64 {
        from + (to - from) * self.unit(purpose, minute)
    }
}

/// FNV-1a.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The finalizer of SplitMix64: a bijection in which every input bit moves about half of the output
/// bits.
pub(super) fn scramble(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
