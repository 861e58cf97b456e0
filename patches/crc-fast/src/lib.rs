//! CRC-64/NVME, for object_store alone.
//!
//! The registry's crate of this name is built for speed over sixty algorithms. object_store names one of them, and asks
//! for it only where its user has chosen that checksum for uploads, which hostless never does; yet the tables of all sixty
//! would go into every function: 0.7 MiB that do not compress, a seventh of the archive. What is here is right and slow.

/// The algorithms that object_store names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrcAlgorithm {
    /// CRC-64/NVME, as S3 has it in `x-amz-checksum-crc64nvme`.
    Crc64Nvme,
}

/// A checksum that grows.
#[derive(Debug, Clone)]
pub struct Digest(u64);

impl Digest {
    /// The checksum of nothing yet.
    pub fn new(algorithm: CrcAlgorithm) -> Self {
        match algorithm {
            CrcAlgorithm::Crc64Nvme => Self(u64::MAX),
        }
    }

    /// Takes in more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0 =
            bytes.iter().fold(self.0, |state, byte| (0..8).fold(state ^ u64::from(*byte), step));
    }

    /// The checksum of all bytes so far.
    pub fn finalize(&self) -> u64 {
        !self.0
    }
}

/// One bit, lowest first. The polynomial is 0xad93d23594c93659 with its bits the other way round.
fn step(state: u64, _bit: u32) -> u64 {
    const POLYNOMIAL: u64 = 0x9a6c_9329_ac4b_c9b5;
    (state >> 1) ^ if state & 1 == 1 { POLYNOMIAL } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_catalogue_comes_out() {
        let mut digest = Digest::new(CrcAlgorithm::Crc64Nvme);
        digest.update(b"1234");
        digest.update(b"56789");
        assert_eq!(digest.finalize(), 0xae8b_1486_0a79_9888);
    }

    #[test]
    fn the_checksum_of_nothing_is_zero() {
        assert_eq!(Digest::new(CrcAlgorithm::Crc64Nvme).finalize(), 0);
    }
}
