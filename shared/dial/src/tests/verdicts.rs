//! Who is believed, and in which words somebody is not.

use config::Tls as Settings;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, CustomExtension, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, KeyUsagePurpose, NameConstraints, date_time_ymd,
};
use rustls::pki_types::CertificateDer;

use super::laboratory::{Authority, Client, END, END_2030, END_2035, Identity, trusting, until};
use crate::HandshakeError;
use crate::trust::{Trust, fingerprint};
use crate::verdict::parse;

/// When the last chain ends, or why there is none.
async fn verdict(
    identity: &Identity,
    trusted: &[&CertificateDer<'_>],
    name: &str,
) -> Result<i64, HandshakeError> {
    let session = Client::new(trusting(trusted)).session(identity.server(), name).await?;
    Ok(session.chain.last_chain_expiry.expect("a verified chain"))
}

/// The same, where there is none: the reason without what all have in front.
async fn refusal(identity: &Identity, trusted: &[&CertificateDer<'_>], name: &str) -> String {
    let error = verdict(identity, trusted, name).await.expect_err("refused");
    assert!(error.is_certificate, "{error}");
    let chain = error.chain.expect("the certificates were seen all the same");
    assert_eq!(chain.last_chain_expiry, None);
    let reason = error.message.strip_prefix("tls: failed to verify certificate: x509: ");
    reason.expect("Go's words").to_owned()
}

#[tokio::test]
async fn a_chain_ends_with_the_first_of_its_certificates() {
    let (root, middle) = (Authority::new("root"), Authority::new("middle"));
    for (name, leaf, intermediate, anchor, expected) in [
        ("the leaf", 2030, 2035, 2040, END_2030),
        ("the intermediate", 2035, 2030, 2040, END_2030),
        ("the root, which nobody sent", 2040, 2035, 2030, END_2030),
        ("all at once", 2040, 2040, 2040, END),
    ] {
        let identity = middle.sign_with(&["example.com"], until(leaf));
        let identity = identity.with(&[&middle.signed_by(&root, until(intermediate))]);
        let anchor = root.root_with(until(anchor));
        let client = Client::new(trusting(&[&anchor]));
        let session = client.session(identity.server(), "example.com").await.expect(name);
        assert_eq!(session.chain.last_chain_expiry, Some(expected), "{name}");
        // What is sent ends sooner or later than that: the root is not among it.
        let sent = if leaf < intermediate { leaf } else { intermediate };
        let earliest = [(2030, END_2030), (2035, END_2035), (2040, END)];
        let earliest = earliest.iter().find(|(year, _)| *year == sent).map(|(_, end)| *end);
        assert_eq!(Some(session.chain.earliest_expiry), earliest, "{name}");
    }
}

#[tokio::test]
async fn of_several_chains_the_one_that_ends_last_counts() {
    let (old, new, middle) =
        (Authority::new("old"), Authority::new("new"), Authority::new("middle"));
    let by_old = middle.signed_by(&old, until(2030));
    let by_new = middle.signed_by(&new, until(2035));
    let identity = middle.sign(&["example.com"]).with(&[&by_old, &by_new]);
    let (old_root, new_root) = (old.root(), new.root());
    let both = verdict(&identity, &[&old_root, &new_root], "example.com").await;
    assert_eq!(both.expect("two chains"), END_2035);
    let one = verdict(&identity, &[&old_root], "example.com").await;
    assert_eq!(one.expect("one chain"), END_2030);
}

#[tokio::test]
async fn a_root_that_another_one_signed_gives_two_chains() {
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    let (old_root, new_root) = (old.root_with(until(2030)), new.root_with(until(2035)));
    let crossed = new.signed_by(&old, until(2035));
    let identity = new.sign(&["example.com"]).with(&[&crossed]);
    for (name, trusted, expected) in [
        ("both roots", vec![&old_root, &new_root], END_2035),
        ("the old one alone", vec![&old_root], END_2030),
        ("the new one alone", vec![&new_root], END_2035),
    ] {
        let last = verdict(&identity, &trusted, "example.com").await.expect(name);
        assert_eq!(last, expected, "{name}");
    }
}

#[tokio::test]
async fn an_end_of_the_old_root_does_no_harm_where_there_is_a_new_one() {
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    let expired = old.root_with(until(2025));
    let identity = new.sign(&["example.com"]).with(&[&new.signed_by(&old, |_| ())]);
    let last = verdict(&identity, &[&expired, &new.root()], "example.com").await;
    assert_eq!(last.expect("the new one"), END);
    // The library that rustls verifies with does not look at a root's end. Go does.
    assert!(refusal(&identity, &[&expired], "example.com").await.starts_with(
        "certificate has expired or is not yet valid: current time 2026-11-20T09:26:40Z is after \
         2025-01-01T00:00:00Z"
    ));
}

#[tokio::test]
async fn a_certificate_is_believed_within_its_time() {
    let authority = Authority::new("authority");
    let expired = authority.sign_with(&["example.com"], until(2026));
    let root = authority.root();
    assert_eq!(
        refusal(&expired, &[&root], "example.com").await,
        "certificate has expired or is not yet valid: current time 2026-11-20T09:26:40Z is after \
         2026-01-01T00:00:00Z"
    );
    let early = authority.sign_with(&["example.com"], |params| {
        params.not_before = date_time_ymd(2027, 1, 1);
    });
    assert_eq!(
        refusal(&early, &[&root], "example.com").await,
        "certificate has expired or is not yet valid: current time 2026-11-20T09:26:40Z is before \
         2027-01-01T00:00:00Z"
    );
    let middle = Authority::new("middle");
    let identity =
        middle.sign(&["example.com"]).with(&[&middle.signed_by(&authority, until(2026))]);
    assert!(refusal(&identity, &[&root], "example.com").await.ends_with("2026-01-01T00:00:00Z"));
}

#[tokio::test]
async fn a_certificate_stands_for_its_names() {
    let authority = Authority::new("authority");
    let root = authority.root();
    let names = ["example.com", "*.example.org", "192.0.2.1", "2001:db8::1"];
    let identity = authority.sign(&names);
    for name in [
        "example.com",
        "EXAMPLE.com",
        "example.com.",
        "a.example.org",
        "192.0.2.1",
        "2001:db8::1",
        "[2001:db8::1]",
        "::ffff:192.0.2.1",
    ] {
        verdict(&identity, &[&root], name).await.expect(name);
    }
    for (name, expected) in [
        (
            "www.example.com",
            "certificate is valid for example.com, *.example.org, not www.example.com",
        ),
        ("example.org", "certificate is valid for example.com, *.example.org, not example.org"),
        (
            "a.b.example.org",
            "certificate is valid for example.com, *.example.org, not a.b.example.org",
        ),
        ("192.0.2.2", "certificate is valid for 192.0.2.1, 2001:db8::1, not 192.0.2.2"),
    ] {
        assert_eq!(refusal(&identity, &[&root], name).await, expected);
    }
    let nameless = authority.sign(&[]);
    let cases = [
        ("server", "certificate relies on legacy Common Name field, use SANs instead"),
        ("other", "certificate is not valid for any names, but wanted to match other"),
        (
            "192.0.2.1",
            "cannot validate certificate for 192.0.2.1 because it doesn't contain any IP SANs",
        ),
    ];
    for (name, expected) in cases {
        assert_eq!(refusal(&nameless, &[&root], name).await, expected);
    }
    let many: Vec<String> = (0..100).map(|number| format!("{number}.example.com")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(
        refusal(&authority.sign(&many), &[&root], "example.com").await,
        "certificate is valid for 100 names, but none matched example.com"
    );
}

#[tokio::test]
async fn nobody_is_believed_without_an_authority() {
    let (authority, other) = (Authority::new("authority"), Authority::new("other"));
    let unknown = "certificate signed by unknown authority";
    let identity = authority.sign(&["example.com"]);
    assert_eq!(refusal(&identity, &[&other.root()], "example.com").await, unknown);
    let itself = Identity::self_signed(&["example.com"], |_| ());
    assert_eq!(refusal(&itself, &[&other.root()], "example.com").await, unknown);
    let middle = Authority::new("middle");
    let incomplete = middle.sign(&["example.com"]);
    assert_eq!(refusal(&incomplete, &[&authority.root()], "example.com").await, unknown);
    // One of the same name has not signed it.
    let namesake = Authority::new("authority");
    assert_eq!(
        refusal(&identity, &[&namesake.root()], "example.com").await,
        "certificate signed by unknown authority (possibly because of \"x509: signature \
         verification failure\" while trying to verify candidate authority certificate \
         \"authority\")"
    );
    verdict(&identity, &[&namesake.root(), &authority.root()], "example.com").await.expect("both");
}

#[tokio::test]
async fn a_name_that_a_server_has_chosen_is_told_in_part() {
    let name = "q".repeat(5000).leak();
    let (authority, namesake) = (Authority::new(name), Authority::new(name));
    let identity = authority.sign(&["example.com"]);
    let reason = refusal(&identity, &[&namesake.root()], "example.com").await;
    assert!(reason.contains(&format!("\"{}\"", &name[..256])), "{reason}");
}

#[test]
fn what_the_library_believes_is_believed_while_it_holds() {
    let authority = Authority::new("authority");
    let trust = Trust::given(vec![authority.root()]).expect("authorities");
    let identity = authority.sign(&["example.com"]).with(&[&authority.root_with(until(2030))]);
    let presented = parse(&identity.chain).expect("certificates");
    let asked = |now| {
        let mut asked = false;
        let key = (fingerprint(&presented), "example.com".to_owned());
        let yes = trust.believe(&presented, key, now, || {
            asked = true;
            Ok::<_, ()>(())
        });
        yes.expect("believed");
        asked
    };
    let moments = [END_2030 - 1, END_2030 - 1, END_2030, END_2030 + 1, END_2030 + 1];
    assert_eq!(moments.map(asked), [true, false, false, true, true]);
}

#[tokio::test]
async fn what_go_takes_and_the_library_refuses_is_taken() {
    let as_authority = |params: &mut CertificateParams| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    };
    let itself = Identity::self_signed(&["example.com"], as_authority);
    let last = verdict(&itself, &[&itself.chain[0]], "example.com").await;
    assert_eq!(last.expect("trusted itself, an authority"), END);

    let itself = Identity::self_signed(&["example.com"], |_| ());
    verdict(&itself, &[&itself.chain[0]], "example.com").await.expect("trusted itself");

    let authority = Authority::new("authority");
    let signed = authority.sign(&["example.com"]);
    verdict(&signed, &[&signed.chain[0]], "example.com")
        .await
        .expect("trusted, and signed by who is not");

    let signed = authority.sign_with(&["example.com"], as_authority);
    verdict(&signed, &[&authority.root()], "example.com").await.expect("an authority, and signed");
}

#[tokio::test]
async fn what_go_takes_is_looked_at_as_closely() {
    let as_authority = |params: &mut CertificateParams| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    };
    let itself = Identity::self_signed(&["example.com"], as_authority);
    let twin = Identity::self_signed(&["example.com"], as_authority);
    assert!(refusal(&itself, &[&twin.chain[0]], "example.com").await.contains("unknown authority"));
    assert!(refusal(&itself, &[&itself.chain[0]], "example.org").await.contains("not example.org"));
    let expired = Identity::self_signed(&["example.com"], |params| {
        as_authority(params);
        until(2026)(params);
    });
    let reason = refusal(&expired, &[&expired.chain[0]], "example.com").await;
    assert!(reason.contains("has expired"), "{reason}");
    let for_clients = Identity::self_signed(&["example.com"], |params| {
        as_authority(params);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    let reason = refusal(&for_clients, &[&for_clients.chain[0]], "example.com").await;
    assert_eq!(reason, "certificate specifies an incompatible key usage");
    let critical = Identity::self_signed(&["example.com"], |params| {
        as_authority(params);
        let mut unknown = CustomExtension::from_oid_content(&[1, 2, 3], vec![5, 0]);
        unknown.set_criticality(true);
        params.custom_extensions = vec![unknown];
    });
    let reason = refusal(&critical, &[&critical.chain[0]], "example.com").await;
    assert_eq!(reason, "unhandled critical extension");
}

#[tokio::test]
async fn who_may_not_sign_signs_in_vain() {
    let root = Authority::new("root");
    let anchor = root.root();
    let no_signer =
        "x509: invalid signature: parent certificate cannot sign this kind of certificate";
    type Change = fn(&mut CertificateParams);
    let cases: [(&str, Change, &str); 6] = [
        ("no authority", |params| params.is_ca = IsCa::ExplicitNoCa, no_signer),
        ("nothing said of that", |params| params.is_ca = IsCa::NoCa, no_signer),
        (
            "a key for other uses",
            |params| params.key_usages = vec![KeyUsagePurpose::DigitalSignature],
            no_signer,
        ),
        (
            "authority over clients",
            |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth],
            "certificate specifies an incompatible key usage",
        ),
        (
            "something critical and unknown",
            |params| {
                let mut unknown = CustomExtension::from_oid_content(&[1, 2, 3], vec![5, 0]);
                unknown.set_criticality(true);
                params.custom_extensions = vec![unknown];
            },
            "unhandled critical extension",
        ),
        (
            "other names",
            |params| params.name_constraints = Some(permitting("example.org")),
            "a root or intermediate certificate is not authorized to sign for this name",
        ),
    ];
    for (name, change, expected) in cases {
        let middle = Authority::new("middle");
        let identity = middle.sign(&["example.com"]).with(&[&middle.signed_by(&root, change)]);
        let reason = refusal(&identity, &[&anchor], "example.com").await;
        assert!(reason.contains(expected), "{name}: {reason}");
    }
}

fn permitting(domain: &str) -> NameConstraints {
    NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName(domain.to_owned())],
        excluded_subtrees: Vec::new(),
    }
}

#[tokio::test]
async fn authorities_sign_as_deep_as_they_may() {
    let (root, middle, lower) =
        (Authority::new("root"), Authority::new("middle"), Authority::new("lower"));
    let constrained = |most| {
        move |params: &mut CertificateParams| {
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(most));
        }
    };
    let lower_by_middle = lower.signed_by(&middle, |_| ());
    for (most, expected) in [(0, false), (1, true)] {
        let identity = lower.sign(&["example.com"]);
        let identity =
            identity.with(&[&lower_by_middle, &middle.signed_by(&root, constrained(most))]);
        let outcome = verdict(&identity, &[&root.root()], "example.com").await;
        assert_eq!(outcome.is_ok(), expected, "{most}: {outcome:?}");
        if let Err(error) = outcome {
            assert!(error.message.ends_with("too many intermediates for path length constraint"));
        }
    }
}

#[tokio::test]
async fn authorities_sign_for_the_names_they_may() {
    let subtrees = |permitted: &[GeneralSubtree], excluded: &[GeneralSubtree]| NameConstraints {
        permitted_subtrees: permitted.to_vec(),
        excluded_subtrees: excluded.to_vec(),
    };
    let dns = |name: &str| GeneralSubtree::DnsName(name.to_owned());
    let net =
        |a, b, prefix| GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([a, b, 0, 0], prefix));
    let mail = GeneralSubtree::Rfc822Name("example.com".to_owned());
    let cases = [
        ("the domain itself", subtrees(&[dns("example.com")], &[]), vec!["example.com"], true),
        ("below it", subtrees(&[dns("example.com")], &[]), vec!["a.b.example.com"], true),
        ("beside it", subtrees(&[dns("example.com")], &[]), vec!["notexample.com"], false),
        (
            "one of two",
            subtrees(&[dns("example.com")], &[]),
            vec!["example.com", "example.org"],
            false,
        ),
        ("one of two domains", subtrees(&[dns("a.com"), dns("b.com")], &[]), vec!["b.com"], true),
        ("excluded", subtrees(&[], &[dns("example.com")]), vec!["a.example.com"], false),
        ("not excluded", subtrees(&[], &[dns("example.com")]), vec!["example.org"], true),
        (
            "excluded below what is permitted",
            subtrees(&[dns("example.com")], &[dns("a.example.com")]),
            vec!["a.example.com"],
            false,
        ),
        (
            "a wildcard for what is excluded",
            subtrees(&[], &[dns("a.example.com")]),
            vec!["*.example.com", "x.org"],
            false,
        ),
        ("an address within", subtrees(&[net(192, 0, 8)], &[]), vec!["192.0.2.1"], true),
        ("an address without", subtrees(&[net(10, 0, 8)], &[]), vec!["192.0.2.1"], false),
        ("an excluded address", subtrees(&[], &[net(192, 0, 16)]), vec!["192.0.2.1"], false),
        ("another kind", subtrees(&[mail], &[]), vec!["example.com"], true),
    ];
    let root = Authority::new("root");
    for (name, constraints, names, expected) in cases {
        let middle = Authority::new("middle");
        let intermediate =
            middle.signed_by(&root, |params| params.name_constraints = Some(constraints.clone()));
        let identity = middle.sign(&names).with(&[&intermediate]);
        let host = names[names.len() - 1];
        let outcome = verdict(&identity, &[&root.root()], host).await;
        assert_eq!(outcome.is_ok(), expected, "{name}: {outcome:?}");
        // A root's constraints count as those of others.
        let anchor = root.root_with(|params| params.name_constraints = Some(constraints.clone()));
        let outcome = verdict(&root.sign(&names), &[&anchor], host).await;
        assert_eq!(outcome.is_ok(), expected, "{name}, at the root: {outcome:?}");
    }
}

#[tokio::test]
async fn whoever_wants_to_believe_anybody_still_sees() {
    let identity = Authority::new("authority").sign_with(&["example.com"], until(2026));
    let settings = Settings { insecure_skip_verify: true, ..Settings::default() };
    let client = Client::new(settings);
    let session = client.session(identity.server(), "example.org").await.expect("a session");
    assert_eq!(session.chain.last_chain_expiry, None);
    assert_eq!(session.chain.earliest_expiry, 1_767_225_600);
    assert_eq!(session.chain.leaf.alternative_names, "example.com");
    assert_eq!(session.chain.leaf.issuer, "CN=authority");
}
