//! Which of a name's addresses is used, by blackbox_exporter's rule (`prober/utils.go`, `chooseProtocol`). Pure.

use std::net::IpAddr;

/// A version of IP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// IPv4
    V4,
    /// IPv6
    V6,
}

/// Which family to use, and whether the other one will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preference {
    /// The family that is wanted.
    pub family: Family,
    /// Whether an address of the other family will do where there is none.
    pub fallback: bool,
}

impl Family {
    fn holds(self, address: &IpAddr) -> bool {
        match self {
            Self::V4 => address.is_ipv4(),
            Self::V6 => address.is_ipv6(),
        }
    }
}

/// The first address of the family that is wanted, in the resolver's order; else, where that will do, the last one of the
/// other family. It is the last because the original overwrites its fallback with each address that it passes.
pub(crate) fn choose(addresses: &[IpAddr], preference: Preference) -> Option<IpAddr> {
    let wanted = addresses.iter().find(|address| preference.family.holds(address));
    let fallback = addresses.last().filter(|_| preference.fallback);
    wanted.or(fallback).copied()
}

/// FNV-1a, 32 bits, over the 4 or 16 bytes of an address: `probe_ip_addr_hash`.
pub fn address_hash(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(address) => fnv1a(&address.octets()),
        IpAddr::V6(address) => fnv1a(&address.octets()),
    }
}

fn fnv1a(bytes: &[u8]) -> u32 {
    const OFFSET_BASIS: u32 = 0x811c_9dc5;
    const PRIME: u32 = 0x0100_0193;
    bytes.iter().fold(OFFSET_BASIS, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_chosen_as_the_original_chooses() {
        let (four, six) = (Family::V4, Family::V6);
        type Case = (&'static str, &'static [&'static str], Family, bool, Option<&'static str>);
        let cases: [Case; 12] = [
            ("the first of the family", &["::1", "::2", "1.1.1.1"], six, true, Some("::1")),
            ("wherever it stands", &["1.1.1.1", "2.2.2.2", "::1"], six, true, Some("::1")),
            ("IPv4 likewise", &["::1", "1.1.1.1", "2.2.2.2"], four, true, Some("1.1.1.1")),
            ("without need of the other", &["::1", "1.1.1.1"], four, false, Some("1.1.1.1")),
            ("else the last of the other", &["1.1.1.1", "2.2.2.2"], six, true, Some("2.2.2.2")),
            ("IPv6 likewise", &["::1", "::2"], four, true, Some("::2")),
            ("a single one will do", &["1.1.1.1"], six, true, Some("1.1.1.1")),
            ("unless it will not", &["1.1.1.1"], six, false, None),
            ("IPv6 likewise", &["::1", "::2"], four, false, None),
            ("and its own family does not need the fallback", &["::1"], six, false, Some("::1")),
            ("nothing of nothing", &[], six, true, None),
            ("nothing of nothing, strictly", &[], four, false, None),
        ];
        for (name, addresses, family, fallback, expected) in cases {
            let parse = |text: &&str| text.parse::<IpAddr>().expect("an address");
            let addresses: Vec<IpAddr> = addresses.iter().map(parse).collect();
            let chosen = choose(&addresses, Preference { family, fallback });
            assert_eq!(chosen, expected.as_ref().map(parse), "{name}");
        }
    }

    #[test]
    fn addresses_hash_as_in_go() {
        let cases =
            [("127.0.0.1", 3_668_918_509), ("::1", 1_751_717_746), ("2001:db8::1", 1_851_458_804)];
        for (address, expected) in cases {
            assert_eq!(address_hash(address.parse().expect("an address")), expected, "{address}");
        }
    }
}
