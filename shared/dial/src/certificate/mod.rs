//! What stands in an X.509 certificate (RFC 5280), as far as a probe tells of it or has to judge by it. Reads what came over
//! the wire: whatever is not a certificate is `None`, and as in Go one malformed part makes the whole certificate malformed.
//!
//! Written by hand, because the libraries that read certificates bring tables and parsers for much that nobody asks for here,
//! and a Lambda function pays for its size at each start.

pub(crate) mod der;
mod distinguished_name;
mod extensions;
mod names;
mod validity;

pub(crate) use distinguished_name::{name_of, push_hex, to_text};
pub(crate) use extensions::Extensions;
pub(crate) use names::AlternativeNames;
pub(crate) use validity::Validity;

use der::{Reader, tag};

/// A certificate. Borrows from its DER.
#[derive(Debug, Clone)]
pub(crate) struct Certificate<'a> {
    /// All of it.
    pub(crate) der: &'a [u8],
    /// What is signed.
    signed: &'a [u8],
    /// 1 or 3; 2 has never been in use.
    pub(crate) version: u8,
    /// The content of the integer.
    pub(crate) serial: &'a [u8],
    /// The content of `AlgorithmIdentifier`.
    pub(crate) signature_algorithm: &'a [u8],
    pub(crate) signature: &'a [u8],
    /// The content of the issuer's `Name`.
    pub(crate) issuer: &'a [u8],
    pub(crate) validity: Validity,
    /// The content of the subject's `Name`.
    pub(crate) subject: &'a [u8],
    pub(crate) key: PublicKey<'a>,
    pub(crate) extensions: Extensions<'a>,
}

/// A public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PublicKey<'a> {
    /// The content of `AlgorithmIdentifier`.
    pub(crate) algorithm: &'a [u8],
    pub(crate) bits: &'a [u8],
    /// All of `SubjectPublicKeyInfo`.
    pub(crate) whole: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Reads a certificate: all of the bytes, nothing after it.
    pub(crate) fn parse(der: &'a [u8]) -> Option<Self> {
        let mut outer = Reader::new(der::single(der, tag::SEQUENCE)?);
        let signed = outer.element().filter(|element| element.tag == tag::SEQUENCE)?;
        let signature_algorithm = outer.expect(tag::SEQUENCE)?;
        let signature = der::whole_bytes(outer.expect(tag::BIT_STRING)?)?;
        outer.end()?;

        let mut inner = Reader::new(signed.content);
        let version = version(&mut inner)?;
        let serial = der::integer(inner.expect(tag::INTEGER)?)?;
        // What is signed says how; what says otherwise outside is not signed.
        (inner.expect(tag::SEQUENCE)? == signature_algorithm).then_some(())?;
        let issuer = inner.expect(tag::SEQUENCE)?;
        let validity = Validity::parse(inner.inside(tag::SEQUENCE)?)?;
        let subject = inner.expect(tag::SEQUENCE)?;
        let key = PublicKey::parse(inner.element()?)?;
        let extensions = match version {
            1 => Extensions::default(),
            _ => later_fields(&mut inner, version)?,
        };
        inner.end()?;
        let signed = signed.whole;
        Some(Self {
            der,
            signed,
            version,
            serial,
            signature_algorithm,
            signature,
            issuer,
            validity,
            subject,
            key,
            extensions,
        })
    }

    /// What the signature is made over.
    pub(crate) fn signed(&self) -> &'a [u8] {
        self.signed
    }
}

impl<'a> PublicKey<'a> {
    fn parse(element: der::Element<'a>) -> Option<Self> {
        (element.tag == tag::SEQUENCE).then_some(())?;
        let mut reader = Reader::new(element.content);
        let algorithm = reader.expect(tag::SEQUENCE)?;
        let bits = der::whole_bytes(reader.expect(tag::BIT_STRING)?)?;
        reader.end()?;
        Some(Self { algorithm, bits, whole: element.whole })
    }
}

fn version(reader: &mut Reader<'_>) -> Option<u8> {
    let Some(explicit) = reader.optional(tag::context_constructed(0))? else {
        return Some(1);
    };
    match der::single(explicit, tag::INTEGER)? {
        [number @ 0..=2] => Some(number + 1),
        _ => None,
    }
}

/// The unique identifiers, which nobody uses, and the extensions, which came with version 3.
fn later_fields<'a>(reader: &mut Reader<'a>, version: u8) -> Option<Extensions<'a>> {
    reader.optional(tag::context(1))?;
    reader.optional(tag::context(2))?;
    if version < 3 {
        return Some(Extensions::default());
    }
    match reader.optional(tag::context_constructed(3))? {
        Some(list) => Extensions::parse(Reader::new(der::single(list, tag::SEQUENCE)?)),
        None => Some(Extensions::default()),
    }
}
