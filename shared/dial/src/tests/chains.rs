//! Our own search beside the library that rustls verifies with: what we find, it finds too. Without this each would only be
//! as good as its author.

use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    KeyUsagePurpose, NameConstraints, date_time_ymd,
};
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

use super::laboratory::{Authority, NOW};
use crate::anchors::Anchors;
use crate::certificate::Certificate;
use crate::chains::{self, Chains};

/// What is odd about a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Oddity {
    None,
    Expired,
    Early,
    NoAuthority,
    CannotSign,
    ForClients,
    NoPurpose,
    OtherNames,
    Shallow,
}

fn oddity() -> impl Strategy<Value = Oddity> {
    use Oddity::{
        CannotSign, Early, Expired, ForClients, NoAuthority, NoPurpose, None, OtherNames, Shallow,
    };
    let odd = prop::sample::select(vec![
        Expired,
        Early,
        NoAuthority,
        CannotSign,
        ForClients,
        NoPurpose,
        OtherNames,
        Shallow,
    ]);
    prop_oneof![3 => Just(None), 1 => odd]
}

impl Oddity {
    fn apply(self, params: &mut CertificateParams) {
        match self {
            Self::None => {}
            Self::Expired => params.not_after = date_time_ymd(2025, 1, 1),
            Self::Early => params.not_before = date_time_ymd(2030, 1, 1),
            Self::NoAuthority => params.is_ca = IsCa::ExplicitNoCa,
            Self::CannotSign => params.key_usages = vec![KeyUsagePurpose::DigitalSignature],
            Self::ForClients => {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            }
            Self::NoPurpose => params.extended_key_usages = Vec::new(),
            Self::OtherNames => {
                params.name_constraints = Some(NameConstraints {
                    permitted_subtrees: vec![GeneralSubtree::DnsName("example.org".to_owned())],
                    excluded_subtrees: Vec::new(),
                });
            }
            Self::Shallow => params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)),
        }
    }

    /// A leaf has none of what is an authority's.
    fn apply_to_leaf(self, params: &mut CertificateParams) {
        if !matches!(self, Self::OtherNames | Self::Shallow) {
            self.apply(params);
        }
    }
}

/// Whether our own search leads to somebody trusted.
fn ours(presented: &[CertificateDer<'_>], roots: &[CertificateDer<'_>]) -> bool {
    let parsed: Vec<_> =
        presented.iter().map(|der| Certificate::parse(der).expect("a certificate")).collect();
    let mut anchors = Anchors::default();
    roots.iter().for_each(|root| anchors.add(root));
    match chains::find(&parsed, &anchors) {
        Chains::Found(chains) => {
            chains.iter().any(|chain| (chain.not_before..=chain.not_after).contains(&NOW.as_secs()))
        }
        Chains::None(_) => false,
    }
}

/// What the library says.
fn theirs(presented: &[CertificateDer<'_>], roots: &[CertificateDer<'static>]) -> bool {
    let verifier = http::given_authorities(roots.to_vec()).expect("authorities");
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(NOW.as_secs() as u64));
    let name = ServerName::try_from("example.com").expect("a name");
    let (leaf, intermediates) = presented.split_first().expect("a leaf");
    verifier.verify_server_cert(leaf, intermediates, &name, &[], now).is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_we_believe_the_library_believes(
        leaf in oddity(), middles in prop::collection::vec((oddity(), any::<bool>()), 0..4),
        root in oddity(), sent in any::<bool>(),
    ) {
        // From the root down, with a second certificate of the same bearer here and there.
        let top = Authority::new("root");
        let anchor = top.root_with(|params| root.apply(params));
        let mut above = top;
        let mut chain = Vec::new();
        let mut has_no_signer = root == Oddity::CannotSign;
        for (oddity, has_second) in middles {
            let middle = Authority::new("middle");
            has_no_signer |= oddity == Oddity::CannotSign;
            chain.insert(0, middle.signed_by(&above, |params| oddity.apply(params)));
            if has_second {
                chain.insert(0, middle.signed_by(&above, |_| ()));
            }
            above = middle;
        }
        let identity = above.sign_with(&["example.com"], |params| leaf.apply_to_leaf(params));
        chain.insert(0, identity.chain[0].clone());
        if sent {
            chain.push(anchor.clone());
        }
        let roots = [anchor];
        if ours(&chain, &roots) {
            prop_assert!(theirs(&chain, &roots));
        } else if theirs(&chain, &roots) {
            // The library does not ask what keys may be used for, and knows of a root no more than name, key and constraints
            // on names.
            let is_plain = matches!(root, Oddity::None | Oddity::NoPurpose | Oddity::OtherNames);
            prop_assert!(has_no_signer || !is_plain);
        }
    }
}
