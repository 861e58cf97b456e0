//! Certificates that are none: cut, bent and made up. Nothing may panic, and nothing may take long.

use std::sync::OnceLock;

use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, GeneralSubtree, IsCa, NameConstraints,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

use super::laboratory::{Authority, NOW};
use crate::ChainFacts;
use crate::anchors::Anchors;
use crate::certificate::Certificate;
use crate::chains::{self, Chains};
use crate::trust::Trust;
use crate::verdict;

/// A chain that uses every part of a certificate that is read, and its root.
fn specimen() -> &'static (Vec<CertificateDer<'static>>, CertificateDer<'static>) {
    static SPECIMEN: OnceLock<(Vec<CertificateDer<'static>>, CertificateDer<'static>)> =
        OnceLock::new();
    SPECIMEN.get_or_init(|| {
        let (root, middle) = (Authority::new("root"), Authority::new("middle"));
        let everything = |params: &mut CertificateParams| {
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
            params.use_authority_key_identifier_extension = true;
            params.name_constraints = Some(NameConstraints {
                permitted_subtrees: vec![GeneralSubtree::DnsName("example.com".to_owned())],
                excluded_subtrees: vec![GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix(
                    [10, 0, 0, 0],
                    8,
                ))],
            });
        };
        let names = ["example.com", "*.example.com", "192.0.2.1"];
        let identity = middle.sign(&names).with(&[&middle.signed_by(&root, everything)]);
        (identity.chain, root.root())
    })
}

/// Everything that is done with what a server sent.
fn look_at(presented: &[CertificateDer<'_>]) -> bool {
    let (_, root) = specimen();
    drop(ChainFacts::of(presented, None));
    let trust = Trust::given(vec![root.clone()]).expect("an authority");
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(NOW.as_secs() as u64));
    let name = ServerName::try_from("example.com").expect("a name");
    verdict::judge(presented, &name, now, &trust).is_ok()
}

proptest! {
    #[test]
    fn any_bytes_are_looked_at(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(!look_at(&[CertificateDer::from(bytes)]));
    }

    #[test]
    fn bent_certificates_are_looked_at_and_not_believed(
        which in 0..2_usize, at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let (mut chain, _) = specimen().clone();
        let mut der = chain[which].to_vec();
        let at = at.index(der.len());
        prop_assume!(der[at] != byte);
        der[at] = byte;
        chain[which] = CertificateDer::from(der);
        // A signature in another form of DER would be one: there is none.
        prop_assert!(!look_at(&chain), "byte {at} of certificate {which} as {byte}");
    }

    #[test]
    fn certificates_that_are_cut_or_glued_are_looked_at(
        at in any::<prop::sample::Index>(), length in 0..40_usize, patch in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let (mut chain, _) = specimen().clone();
        let mut der = chain[0].to_vec();
        let at = at.index(der.len());
        let end = (at + length).min(der.len());
        prop_assume!(der[at..end] != patch[..]);
        der.splice(at..end, patch);
        chain[0] = CertificateDer::from(der);
        prop_assert!(!look_at(&chain));
    }
}

#[test]
fn the_specimen_itself_is_believed() {
    assert!(look_at(&specimen().0));
}

#[test]
fn certificates_that_could_all_have_signed_one_another_are_soon_given_up() {
    let root = Authority::new("root");
    // All of one name, each signed by the next, none by anybody who is trusted.
    let authorities: Vec<Authority> = (0..60).map(|_| Authority::new("middle")).collect();
    let mut chain = authorities[0].sign(&["example.com"]).chain;
    for (child, parent) in authorities.iter().zip(authorities.iter().skip(1)) {
        chain.push(child.signed_by(parent, |_| ()));
    }
    let parsed: Vec<_> =
        chain.iter().map(|der| Certificate::parse(der).expect("a certificate")).collect();
    let mut anchors = Anchors::default();
    anchors.add(&root.root());
    let Chains::None(reason) = chains::find(&parsed, &anchors) else {
        panic!("nobody signed that");
    };
    assert!(reason.contains("signature check attempts limit reached"), "{reason}");
}

#[test]
fn certificates_that_sign_in_a_circle_lead_nowhere() {
    let (a, b, root) = (Authority::new("a"), Authority::new("b"), Authority::new("root"));
    let identity = a.sign(&["example.com"]);
    let circle = [a.signed_by(&b, |_| ()), b.signed_by(&a, |_| ()), a.root(), b.root()];
    let chain = identity.with(&circle.iter().collect::<Vec<_>>()).chain;
    let parsed: Vec<_> =
        chain.iter().map(|der| Certificate::parse(der).expect("a certificate")).collect();
    let mut anchors = Anchors::default();
    anchors.add(&root.root());
    let expected = "x509: certificate signed by unknown authority".to_owned();
    assert_eq!(chains::find(&parsed, &anchors), Chains::None(expected));
}

#[test]
fn of_many_namesakes_the_one_with_the_right_key_is_asked_first() {
    let root = Authority::new("root");
    let mut anchors = Anchors::default();
    for _ in 0..120 {
        anchors.add(&Authority::new("root").root());
    }
    anchors.add(&root.root());
    let found = |names_its_key| {
        let identity = root.sign_with(&["example.com"], |params| {
            params.use_authority_key_identifier_extension = names_its_key;
        });
        let leaf = Certificate::parse(&identity.chain[0]).expect("a certificate");
        matches!(chains::find(&[leaf], &anchors), Chains::Found(_))
    };
    assert!(found(true));
    assert!(!found(false), "a hundred others were asked before");
}
