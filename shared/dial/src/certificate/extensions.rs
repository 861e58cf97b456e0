//! The extensions of a certificate that say what it may be used for.

use super::der::{self, Reader, tag};
use super::names::{AlternativeNames, NameConstraints};

/// What the extensions say. The default is that of a certificate without any.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extensions<'a> {
    pub(crate) alternative_names: Option<AlternativeNames<'a>>,
    pub(crate) basic_constraints: Option<BasicConstraints>,
    pub(crate) name_constraints: Option<NameConstraints<'a>>,
    pub(crate) subject_key_id: Option<&'a [u8]>,
    pub(crate) authority_key_id: Option<&'a [u8]>,
    /// Whether a use of the key is named, and signing certificates is not among it.
    pub(crate) forbids_signing: bool,
    /// Whether purposes are named, and being a server is not among them.
    pub(crate) forbids_serving: bool,
    /// Whether something is critical that is not understood here.
    pub(crate) has_unknown_critical: bool,
}

/// Whether, and how far above a leaf, a certificate may sign others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BasicConstraints {
    pub(crate) is_authority: bool,
    /// How many certificates may stand between this one and the leaf.
    pub(crate) path_length: Option<u64>,
}

/// `id-ce`, under which the extensions of RFC 5280 stand.
const STANDARD: [u8; 2] = [0x55, 0x1d];

/// `anyExtendedKeyUsage`
const ANY_PURPOSE: [u8; 4] = [0x55, 0x1d, 0x25, 0x00];

/// `id-kp-serverAuth`
const SERVING: [u8; 8] = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];

impl<'a> Extensions<'a> {
    pub(super) fn parse(mut list: Reader<'a>) -> Option<Self> {
        let mut extensions = Self::default();
        let mut seen: Vec<&[u8]> = Vec::new();
        while !list.is_empty() {
            let mut extension = list.inside(tag::SEQUENCE)?;
            let id = extension.expect(tag::OBJECT_ID)?;
            let critical = extension.optional(tag::BOOLEAN)?.map_or(Some(false), der::boolean)?;
            let value = extension.expect(tag::OCTET_STRING)?;
            extension.end()?;
            // One that stands twice would be believed by one reader and not by the next.
            (!seen.contains(&id)).then_some(())?;
            seen.push(id);
            extensions.take(id, critical, value)?;
        }
        Some(extensions)
    }

    fn take(&mut self, id: &[u8], critical: bool, value: &'a [u8]) -> Option<()> {
        let standard = id.strip_prefix(&STANDARD).unwrap_or_default();
        let is_understood = match standard {
            [14] => {
                self.subject_key_id = Some(der::single(value, tag::OCTET_STRING)?);
                true
            }
            [15] => {
                self.forbids_signing = forbids_signing(value)?;
                true
            }
            [17] => {
                let names = AlternativeNames::parse(value)?;
                let has_known = names.has_known();
                self.alternative_names = Some(names);
                has_known
            }
            [19] => {
                self.basic_constraints = Some(BasicConstraints::parse(value)?);
                true
            }
            [30] => {
                let constraints = NameConstraints::parse(value)?;
                let is_understood = !constraints.has_unknown;
                self.name_constraints = Some(constraints);
                is_understood
            }
            // Where revocation lists are, and under which policies all this happens: nothing that we ask for.
            [31 | 32] => true,
            [35] => {
                self.authority_key_id = authority_key_id(value)?;
                true
            }
            [37] => {
                self.forbids_serving = forbids_serving(value)?;
                true
            }
            _ => false,
        };
        self.has_unknown_critical |= critical && !is_understood;
        Some(())
    }
}

impl BasicConstraints {
    fn parse(value: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(der::single(value, tag::SEQUENCE)?);
        let is_authority = reader.optional(tag::BOOLEAN)?.map_or(Some(false), der::boolean)?;
        let path_length = match reader.optional(tag::INTEGER)? {
            Some(content) => Some(small_number(content)?),
            None => None,
        };
        reader.end()?;
        Some(Self { is_authority, path_length })
    }
}

/// A number that is not negative and not absurd.
fn small_number(content: &[u8]) -> Option<u64> {
    let content = der::integer(content)?;
    let is_small = content.len() <= 4 && content.first().is_some_and(|first| first & 0x80 == 0);
    is_small.then(|| content.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
}

/// `keyCertSign` is the sixth bit. A key usage without any bit forbids nothing, as in Go.
fn forbids_signing(value: &[u8]) -> Option<bool> {
    const KEY_CERT_SIGN: u8 = 0x04;
    let bits = der::bits(der::single(value, tag::BIT_STRING)?)?;
    let names_any = bits.iter().any(|byte| *byte != 0);
    Some(names_any && bits.first().is_none_or(|byte| byte & KEY_CERT_SIGN == 0))
}

fn forbids_serving(value: &[u8]) -> Option<bool> {
    let mut reader = Reader::new(der::single(value, tag::SEQUENCE)?);
    let (mut names_any, mut allowed) = (false, false);
    while !reader.is_empty() {
        let purpose = reader.expect(tag::OBJECT_ID)?;
        names_any = true;
        allowed |= purpose == ANY_PURPOSE || purpose == SERVING;
    }
    Some(names_any && !allowed)
}

/// The outer `None`: it is broken. The inner one: it names its authority in another way.
fn authority_key_id(value: &[u8]) -> Option<Option<&[u8]>> {
    Reader::new(der::single(value, tag::SEQUENCE)?).optional(tag::context(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extension(id: &[u8], critical: &[u8], value: &[u8]) -> Vec<u8> {
        let element = |tag: u8, content: &[u8]| [&[tag, content.len() as u8], content].concat();
        let parts =
            [element(tag::OBJECT_ID, id), critical.to_vec(), element(tag::OCTET_STRING, value)];
        element(tag::SEQUENCE, &parts.concat())
    }

    #[test]
    fn what_a_certificate_may_do_is_read() {
        type Case = (&'static str, u8, &'static [u8], fn(&Extensions<'_>) -> bool);
        let cases: [Case; 13] = [
            ("no authority", 19, &[0x30, 0], |e| {
                e.basic_constraints.is_some_and(|b| !b.is_authority)
            }),
            ("an authority", 19, &[0x30, 3, 1, 1, 0xff], |e| {
                e.basic_constraints
                    == Some(BasicConstraints { is_authority: true, path_length: None })
            }),
            ("of leaves alone", 19, &[0x30, 6, 1, 1, 0xff, 2, 1, 0], |e| {
                e.basic_constraints.is_some_and(|b| b.path_length == Some(0))
            }),
            ("signing", 15, &[3, 2, 1, 0x06], |e| !e.forbids_signing),
            ("no signing", 15, &[3, 2, 5, 0xa0], |e| e.forbids_signing),
            ("no use at all", 15, &[3, 2, 7, 0x00], |e| !e.forbids_signing),
            ("deciphering only, the ninth bit", 15, &[3, 3, 7, 0x00, 0x80], |e| e.forbids_signing),
            ("serving", 37, &[0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1], |e| !e.forbids_serving),
            ("anything", 37, &[0x30, 6, 6, 4, 0x55, 0x1d, 0x25, 0], |e| !e.forbids_serving),
            ("being a client", 37, &[0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 2], |e| {
                e.forbids_serving
            }),
            ("a key's name", 14, &[4, 2, 7, 8], |e| e.subject_key_id == Some(&[7, 8])),
            ("its authority's", 35, &[0x30, 4, 0x80, 2, 7, 8], |e| {
                e.authority_key_id == Some(&[7, 8])
            }),
            ("or none", 35, &[0x30, 0], |e| e.authority_key_id.is_none()),
        ];
        for (name, id, value, holds) in cases {
            let list = extension(&[0x55, 0x1d, id], &[], value);
            let extensions = Extensions::parse(Reader::new(&list)).expect(name);
            assert!(holds(&extensions), "{name}: {extensions:?}");
        }
    }

    #[test]
    fn what_is_broken_is_no_extension() {
        let cases: [(&str, u8, &[u8]); 7] = [
            ("a truth of its own", 19, &[0x30, 3, 1, 1, 0x01]),
            ("a negative length of the path", 19, &[0x30, 6, 1, 1, 0xff, 2, 1, 0x80]),
            ("a tail", 19, &[0x30, 0, 0x05, 0x00]),
            ("a tail inside", 19, &[0x30, 2, 5, 0]),
            ("another type", 15, &[4, 2, 1, 6]),
            ("no purpose", 37, &[0x30, 2, 5, 0]),
            ("nothing", 14, &[]),
        ];
        for (name, id, value) in cases {
            let list = extension(&[0x55, 0x1d, id], &[], value);
            assert!(Extensions::parse(Reader::new(&list)).is_none(), "{name}");
        }
        let once = extension(&[0x55, 0x1d, 14], &[], &[4, 1, 7]);
        assert!(Extensions::parse(Reader::new(&[once.clone(), once].concat())).is_none(), "twice");
    }

    #[test]
    fn what_is_critical_must_be_understood() {
        type Case = (&'static str, &'static [u8], &'static [u8], &'static [u8], bool);
        let critical = &[1, 1, 0xff];
        let cases: [Case; 5] = [
            ("unknown", &[0x2a, 3], critical, &[], true),
            ("unknown and not critical", &[0x2a, 3], &[], &[], false),
            ("said not to be critical", &[0x2a, 3], &[1, 1, 0], &[], false),
            ("known", &[0x55, 0x1d, 19], critical, &[0x30, 0], false),
            ("names of unknown kinds", &[0x55, 0x1d, 17], critical, &[0x30, 3, 0x88, 1, 1], true),
        ];
        for (name, id, critical, value, expected) in cases {
            let list = extension(id, critical, value);
            let extensions = Extensions::parse(Reader::new(&list)).expect(name);
            assert_eq!(extensions.has_unknown_critical, expected, "{name}");
        }
    }
}
