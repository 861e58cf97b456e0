//! The names that a certificate stands for, and those for which an authority may sign.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::der::{self, Reader, tag};

/// What stands in `subjectAltName`, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AlternativeNames<'a> {
    pub(crate) dns: Vec<&'a str>,
    pub(crate) addresses: Vec<IpAddr>,
    has_email: bool,
    has_uri: bool,
}

/// What stands in `nameConstraints`.
#[derive(Debug, Clone, Default)]
pub(crate) struct NameConstraints<'a> {
    permitted: Subtrees<'a>,
    excluded: Subtrees<'a>,
    /// Whether there are kinds of names that are not understood here.
    pub(crate) has_unknown: bool,
}

#[derive(Debug, Clone, Default)]
struct Subtrees<'a> {
    domains: Vec<&'a str>,
    ranges: Vec<Range<'a>>,
    has_email: bool,
    has_uri: bool,
}

/// Addresses whose bits under the mask are those of the base. Both are of one length: 4 or 16.
#[derive(Debug, Clone, Copy)]
struct Range<'a> {
    base: &'a [u8],
    mask: &'a [u8],
}

const EMAIL: u8 = tag::context(1);
const DNS: u8 = tag::context(2);
const URI: u8 = tag::context(6);
const ADDRESS: u8 = tag::context(7);

impl<'a> AlternativeNames<'a> {
    pub(super) fn parse(value: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(der::single(value, tag::SEQUENCE)?);
        let mut names = Self::default();
        while !reader.is_empty() {
            let name = reader.element()?;
            match name.tag {
                DNS => names.dns.push(ascii(name.content)?),
                ADDRESS => names.addresses.push(address(name.content)?),
                EMAIL => names.has_email = ascii(name.content).map(|_| true)?,
                URI => names.has_uri = ascii(name.content).map(|_| true)?,
                _ => {}
            }
        }
        Some(names)
    }

    /// Whether there is a name of a kind that is understood here.
    pub(super) fn has_known(&self) -> bool {
        !self.dns.is_empty() || !self.addresses.is_empty() || self.has_email || self.has_uri
    }

    /// Whether a host is among them: an address as such, a name by Go's rule, which is RFC 6125's with wildcards for the whole
    /// of the first label only.
    pub(crate) fn include(&self, host: &str) -> bool {
        match host.parse::<IpAddr>() {
            Ok(address) => {
                let address = address.to_canonical();
                self.addresses.iter().any(|known| known.to_canonical() == address)
            }
            Err(_) => self.dns.iter().any(|pattern| covers(pattern, host)),
        }
    }
}

/// Whether a name, which may begin with a wildcard, stands for a host.
fn covers(pattern: &str, host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    if pattern.is_empty() || host.is_empty() || host.split('.').any(str::is_empty) {
        return false;
    }
    match pattern.strip_prefix("*.") {
        Some(parent) => host.split_once('.').is_some_and(|(first, rest)| {
            !first.is_empty() && !parent.is_empty() && rest.eq_ignore_ascii_case(parent)
        }),
        None => pattern.eq_ignore_ascii_case(host),
    }
}

impl<'a> NameConstraints<'a> {
    pub(super) fn parse(value: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(der::single(value, tag::SEQUENCE)?);
        let mut constraints = Self::default();
        let permitted = reader.optional(tag::context_constructed(0))?;
        let excluded = reader.optional(tag::context_constructed(1))?;
        reader.end()?;
        // RFC 5280 wants one of them to be there, and neither to be empty.
        (permitted.or(excluded).is_some()).then_some(())?;
        for (list, subtrees) in
            [(permitted, &mut constraints.permitted), (excluded, &mut constraints.excluded)]
        {
            let Some(list) = list else { continue };
            (!list.is_empty()).then_some(())?;
            constraints.has_unknown |= subtrees.read(Reader::new(list))?;
        }
        Some(constraints)
    }

    /// Whether an authority under these constraints may sign for these names.
    pub(crate) fn allow(&self, names: &AlternativeNames<'_>) -> bool {
        let AlternativeNames { dns, addresses, has_email, has_uri } = names;
        let Self { permitted, excluded, has_unknown: _ } = self;
        let domains = dns.iter().all(|name| {
            let is_permitted = |domain: &&str| is_within(name, domain, false);
            let is_excluded = |domain: &&str| is_within(name, domain, true);
            (permitted.domains.is_empty() || permitted.domains.iter().any(is_permitted))
                && !excluded.domains.iter().any(is_excluded)
        });
        let ranges = addresses.iter().all(|address| {
            let holds = |range: &Range<'_>| range.holds(address);
            (permitted.ranges.is_empty() || permitted.ranges.iter().any(holds))
                && !excluded.ranges.iter().any(holds)
        });
        // A server's certificate has none of these, as a rule. Where one has, we do not judge: we refuse.
        let emails = !has_email || !(permitted.has_email || excluded.has_email);
        let uris = !has_uri || !(permitted.has_uri || excluded.has_uri);
        domains && ranges && emails && uris
    }
}

impl<'a> Subtrees<'a> {
    /// Reads a list, and says whether there was something in it that is not understood here.
    fn read(&mut self, mut list: Reader<'a>) -> Option<bool> {
        let mut has_unknown = false;
        while !list.is_empty() {
            let mut subtree = list.inside(tag::SEQUENCE)?;
            let base = subtree.element()?;
            // A minimum and a maximum, which RFC 5280 does away with.
            subtree.end()?;
            match base.tag {
                DNS => self.domains.push(ascii(base.content)?),
                ADDRESS => self.ranges.push(Range::parse(base.content)?),
                EMAIL => self.has_email = true,
                URI => self.has_uri = true,
                _ => has_unknown = true,
            }
        }
        Some(has_unknown)
    }
}

/// Whether a name lies in a domain; a domain with a dot before it does not hold itself. Where `wildcards` are looked through,
/// `*.example.com` lies wherever one of the names lies that it stands for.
fn is_within(name: &str, domain: &str, wildcards: bool) -> bool {
    if domain.is_empty() {
        return true;
    }
    let (domain, is_below) = match domain.strip_prefix('.') {
        Some(domain) => (domain, true),
        None => (domain, false),
    };
    let mut labels = name.rsplit('.');
    let is_same = domain.rsplit('.').all(|wanted| {
        labels
            .next()
            .is_some_and(|label| label.eq_ignore_ascii_case(wanted) || (wildcards && label == "*"))
    });
    is_same && (!is_below || labels.next().is_some())
}

impl<'a> Range<'a> {
    fn parse(content: &'a [u8]) -> Option<Self> {
        let (base, mask) = match content.len() {
            8 | 32 => content.split_at(content.len() / 2),
            _ => return None,
        };
        // Ones, then zeros.
        let ones = mask.iter().map(|byte| byte.leading_ones()).sum::<u32>();
        let bits = mask.iter().map(|byte| byte.count_ones()).sum::<u32>();
        let leading = mask.iter().take_while(|byte| **byte == 0xff).count() * 8;
        let next = mask.get(leading / 8).map_or(0, |byte| byte.leading_ones() as usize);
        (ones == bits && leading + next == bits as usize).then_some(Self { base, mask })
    }

    fn holds(&self, address: &IpAddr) -> bool {
        let (four, sixteen);
        let address: &[u8] = match address {
            IpAddr::V4(address) => {
                four = address.octets();
                &four
            }
            IpAddr::V6(address) => {
                sixteen = address.octets();
                &sixteen
            }
        };
        let Self { base, mask } = self;
        address.len() == base.len()
            && address.iter().zip(*base).zip(*mask).all(|((a, b), mask)| a & mask == b & mask)
    }
}

/// Text of these names is ASCII.
fn ascii(content: &[u8]) -> Option<&str> {
    std::str::from_utf8(content).ok().filter(|text| text.is_ascii())
}

fn address(content: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(content).map(|octets| IpAddr::V4(Ipv4Addr::from(octets)));
    four.or_else(|_| <[u8; 16]>::try_from(content).map(|octets| IpAddr::V6(Ipv6Addr::from(octets))))
        .ok()
}
