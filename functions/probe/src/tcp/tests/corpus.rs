//! The cases of blackbox_exporter's own tests.

use rcgen::KeyPair;
use rustls::SupportedProtocolVersion;
use rustls::version::{TLS12, TLS13};
use serde_json::Value;
use tempfile::NamedTempFile;

use super::certificates::{Identity, Wanted};
use super::server::{Act, Scripted};
use super::{pem_file, with_both_loopbacks};
use crate::corpus::{Case, cases, read_module, run};
use crate::module::Prober;

/// A Lambda function has no Unix sockets of others, so that the case cannot hold: its probe is refused with this reason.
const UNIX: &str = "unix/TestUnixConnection";

#[tokio::test]
async fn tcp_probes_behave_like_the_original() {
    let mut wrong = Vec::new();
    for mut case in cases("tcp", 11) {
        let files = certify(&mut case);
        let Some(server) = start(&case, files.identity.as_ref()).await else {
            eprintln!("{} is not tested: this machine has no ::1", case.id);
            continue;
        };
        if let Some(server) = &server {
            case.fill_address(server.address);
        }
        let module =
            read_module(&case.module).unwrap_or_else(|error| panic!("{}: {error}", case.id));
        let Prober::Tcp(module) = module.prober else { unreachable!("{}", case.id) };
        let equipment = with_both_loopbacks();
        let probing =
            async |probe: crate::frame::Probe<'_>| super::super::probe(&module, &probe).await;
        let outcome = run(&case.target, None, case.deadline, &equipment, probing).await;
        wrong.extend(case.mismatches(&outcome).iter().map(|what| format!("{}: {what}", case.id)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn unix_probes_cannot_be_had() {
    for case in cases("unix", 1) {
        assert_eq!(case.id, UNIX);
        let module = read_module(&case.module).expect("it is accepted");
        assert!(matches!(module.prober, Prober::Unsupported(why) if !why.is_empty()));
    }
}

/// What a case has as files, and who its server is.
#[derive(Default)]
struct Files {
    identity: Option<(Identity, Vec<Identity>)>,
    /// They are there as long as the case runs.
    _trusted: Option<NamedTempFile>,
}

/// Makes the certificates of a case and names their files in it.
fn certify(case: &mut Case) -> Files {
    let tls = case.server["tls"].clone();
    if tls.is_null() {
        return Files::default();
    }
    if !tls["certs"].is_null() {
        return certify_chain(case);
    }
    let cert = &tls["cert"];
    let dns_names: Vec<&str> =
        cert["dns_names"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let is_ca = cert["is_ca"].as_bool().unwrap_or_default();
    let own = Wanted { dns_names: &dns_names, is_ca, ..Wanted::LOCALHOST }.self_signed();
    let trusted = pem_file(&[&own]);
    case.fill("server_cert_pem", &trusted.path().to_string_lossy());
    Files { identity: Some((own, Vec::new())), _trusted: Some(trusted) }
}

/// A server whose certificate two roots stand for: they share name and key, and end at different times.
fn certify_chain(case: &mut Case) -> Files {
    let authority = |days| Wanted { dns_names: &[], days, ..Wanted::LOCALHOST };
    let root = authority(3).self_signed();
    let same_key = KeyPair::try_from(root.key.serialize_der()).expect("a key");
    let older = authority(1).signed_by_itself(same_key);
    let server = Wanted { is_ca: false, days: 2, ..Wanted::LOCALHOST };
    let server = server.signed_by(&authority(3), &root.key);
    let trusted = pem_file(&[&root, &older]);
    case.fill("client_trusts_pem", &trusted.path().to_string_lossy());
    for (name, identity) in [("older_root", &older), ("server", &server)] {
        case.fill(&format!("{name}.not_after"), &identity.not_after.to_string());
    }
    Files { identity: Some((server, vec![older])), _trusted: Some(trusted) }
}

/// The server of a case, if it has one; nothing where the machine has not what it needs.
async fn start(
    case: &Case,
    identity: Option<&(Identity, Vec<Identity>)>,
) -> Option<Option<Scripted>> {
    if case.server.is_null() {
        return Some(None);
    }
    let script = case.server["steps"].as_array().into_iter().flatten().map(act).collect();
    if !case.requires.is_empty() {
        return Scripted::start_on_both(script).await.map(Some);
    }
    let tls = identity.map(|(own, others)| {
        let others: Vec<&Identity> = others.iter().collect();
        own.server(&others, &versions(&case.server["tls"]))
    });
    Some(Some(Scripted::start(script, tls).await))
}

fn versions(tls: &Value) -> Vec<&'static SupportedProtocolVersion> {
    match tls["max_version"].as_str() {
        Some("TLS 1.2") => vec![&TLS12],
        _ => vec![&TLS12, &TLS13],
    }
}

fn act(step: &Value) -> Act {
    let (name, value) = step.as_object().and_then(|step| step.iter().next()).expect("a step");
    match name.as_str() {
        "send" => Act::Send(value.as_str().expect("a text").as_bytes().to_vec()),
        "read_line" => Act::ReadLine,
        "tls_handshake" => Act::Tls,
        "close" => Act::Close,
        other => unreachable!("{other}"),
    }
}
