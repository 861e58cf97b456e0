//! The chains that lead from a server's certificate to one that is trusted, by the rules of Go's `crypto/x509`
//! (`Certificate.Verify`). Pure: what depends on the time is left to who asks, so that an answer can be kept.
//!
//! Chains are needed themselves, not only the verdict: `probe_ssl_last_chain_expiry_timestamp_seconds` counts all of them, with
//! their roots. The library that rustls verifies with stops at the first, and knows of a root only its name and key.

use rustls::crypto::WebPkiSupportedAlgorithms;

use crate::anchors::Anchors;
use crate::certificate::{Certificate, Validity, name_of};

/// What was found. Holds nothing of the certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Chains {
    /// When each chain is valid: all of its certificates. At least one.
    Found(Vec<Validity>),
    /// Why there is none, in Go's words.
    None(String),
}

/// Go stops here as well: whoever sends certificates that all seem to have signed one another has us do no more than this.
const MOST_SIGNATURE_CHECKS: usize = 100;

/// So many characters of a name are told: the server has chosen it, and reasons are kept.
const MOST_OF_A_NAME: usize = 256;

/// Finds all chains. `presented` is what the server sent, its own certificate first.
pub(crate) fn find(presented: &[Certificate<'_>], anchors: &Anchors) -> Chains {
    let Some((leaf, intermediates)) = presented.split_first() else {
        return Chains::None(UNKNOWN_AUTHORITY.to_owned());
    };
    if leaf.extensions.has_unknown_critical {
        return Chains::None(UNKNOWN_CRITICAL.to_owned());
    }
    let algorithms = http::provider().signature_verification_algorithms;
    let mut search = Search { intermediates, anchors, algorithms, checks: 0, found: Vec::new() };
    let mut refusal = None;
    if anchors.holds(leaf.der) {
        search.keep(&[leaf]);
    } else {
        refusal = search.climb(&[leaf]).err();
    }
    let (fit, unfit): (Vec<_>, Vec<_>) =
        search.found.into_iter().partition(|chain| chain.may_serve);
    match (fit.is_empty(), unfit.is_empty()) {
        (false, _) => Chains::Found(fit.into_iter().map(|chain| chain.validity).collect()),
        (true, false) => {
            Chains::None("x509: certificate specifies an incompatible key usage".to_owned())
        }
        (true, true) => Chains::None(refusal.unwrap_or_else(|| UNKNOWN_AUTHORITY.to_owned())),
    }
}

const UNKNOWN_CRITICAL: &str = "x509: unhandled critical extension";
const UNKNOWN_AUTHORITY: &str = "x509: certificate signed by unknown authority";

struct Search<'a> {
    intermediates: &'a [Certificate<'a>],
    anchors: &'a Anchors,
    algorithms: WebPkiSupportedAlgorithms,
    /// How many pairs of certificates were looked at.
    checks: usize,
    found: Vec<Found>,
}

struct Found {
    validity: Validity,
    /// Whether nothing in it forbids to be a server.
    may_serve: bool,
}

/// What a candidate is meant to be in the chain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Root,
    Intermediate,
}

impl Search<'_> {
    /// Goes on from the last certificate of a chain, whose first is the leaf. An error says why that led nowhere.
    fn climb(&mut self, chain: &[&Certificate<'_>]) -> Result<(), String> {
        let Some(child) = chain.last() else { return Ok(()) };
        let before = self.found.len();
        let (mut refusal, mut hint) = (None, None);
        let (intermediates, anchors) = (self.intermediates, self.anchors);
        let roots: Vec<_> =
            anchors.with_subject(child.issuer).filter_map(Certificate::parse).collect();
        let sent = intermediates.iter().filter(|known| known.subject == child.issuer);
        let mut candidates: Vec<_> = roots.iter().map(|root| (Role::Root, root)).collect();
        candidates.extend(sent.map(|sent| (Role::Intermediate, sent)));
        candidates.sort_by_key(|(role, candidate)| (*role, likelihood(child, candidate)));
        for (role, candidate) in candidates {
            let longer = [chain, &[candidate]].concat();
            let outcome = self.consider(chain, candidate, role).and_then(|is_new| match role {
                _ if !is_new => Ok(()),
                Role::Root => {
                    self.keep(&longer);
                    Ok(())
                }
                Role::Intermediate => self.climb(&longer).map_err(Refusal::Chain),
            });
            note(outcome, candidate, &mut refusal, &mut hint);
        }
        if self.found.len() > before {
            return Ok(());
        }
        Err(refusal.unwrap_or_else(|| format!("{UNKNOWN_AUTHORITY}{}", hint.unwrap_or_default())))
    }

    /// Whether a candidate has signed the last certificate of a chain and may stand above it; `Ok(false)` where it stands in
    /// the chain already.
    fn consider(
        &mut self,
        chain: &[&Certificate<'_>],
        candidate: &Certificate<'_>,
        role: Role,
    ) -> Result<bool, Refusal> {
        self.checks += 1;
        if self.checks > MOST_SIGNATURE_CHECKS {
            let reason =
                "x509: signature check attempts limit reached while verifying certificate chain";
            return Err(Refusal::Chain(reason.to_owned()));
        }
        if chain.iter().any(|known| is_the_same_entity(known, candidate)) {
            return Ok(false);
        }
        if let Some(child) = chain.last() {
            check_signature(child, candidate, self.algorithms).map_err(Refusal::Signature)?;
        }
        check_authority(chain, candidate, role)
            .map_err(|reason| Refusal::Chain(reason.to_owned()))?;
        Ok(true)
    }

    fn keep(&mut self, chain: &[&Certificate<'_>]) {
        let validities = chain.iter().map(|certificate| certificate.validity);
        let both = |a: Validity, b: Validity| Validity {
            not_before: a.not_before.max(b.not_before),
            not_after: a.not_after.min(b.not_after),
        };
        let may_serve = chain.iter().all(|certificate| !certificate.extensions.forbids_serving);
        self.found.extend(validities.reduce(both).map(|validity| Found { validity, may_serve }));
    }
}

/// Why a candidate does not stand above a certificate.
enum Refusal {
    /// It has not signed it. Only a hint, because another one of that name may have.
    Signature(&'static str),
    /// It may not stand there, or nothing leads on from it.
    Chain(String),
}

/// Keeps the last reason, and the first hint.
fn note(
    outcome: Result<(), Refusal>,
    candidate: &Certificate<'_>,
    refusal: &mut Option<String>,
    hint: &mut Option<String>,
) {
    match outcome {
        Ok(()) => {}
        Err(Refusal::Chain(reason)) => *refusal = Some(reason),
        Err(Refusal::Signature(reason)) => {
            hint.get_or_insert_with(|| {
                let name = name_of(candidate.subject).unwrap_or_default();
                let name: String = name.chars().take(MOST_OF_A_NAME).collect();
                format!(
                    " (possibly because of {reason:?} while trying to verify candidate authority certificate {name:?})"
                )
            });
        }
    }
}

/// By the names of the keys: 0 where they are the same, 1 where one is not told, 2 where they differ, which proves nothing.
fn likelihood(child: &Certificate<'_>, candidate: &Certificate<'_>) -> u8 {
    match (child.extensions.authority_key_id, candidate.extensions.subject_key_id) {
        (Some(wanted), Some(known)) if wanted == known => 0,
        (Some(_), Some(_)) => 2,
        _ => 1,
    }
}

/// RFC 4158: the same subject, key and names are the same entity, whoever signed the certificate. A chain holds it once.
fn is_the_same_entity(a: &Certificate<'_>, b: &Certificate<'_>) -> bool {
    a.subject == b.subject
        && a.key == b.key
        && a.extensions.alternative_names == b.extensions.alternative_names
}

/// Whether `parent` has signed `child`, and may sign certificates at all.
fn check_signature(
    child: &Certificate<'_>,
    parent: &Certificate<'_>,
    algorithms: WebPkiSupportedAlgorithms,
) -> Result<(), &'static str> {
    let may_sign = match parent.extensions.basic_constraints {
        Some(constraints) => constraints.is_authority,
        // Before version 3 there was no way to say so.
        None => parent.version < 3,
    };
    if !may_sign || parent.extensions.forbids_signing {
        return Err(
            "x509: invalid signature: parent certificate cannot sign this kind of certificate",
        );
    }
    let mut fitting = algorithms.all.iter().filter(|algorithm| {
        algorithm.signature_alg_id().as_ref() == child.signature_algorithm
            && algorithm.public_key_alg_id().as_ref() == parent.key.algorithm
    });
    let Some(algorithm) = fitting.next() else {
        return Err("x509: cannot verify signature: algorithm unimplemented");
    };
    algorithm
        .verify_signature(parent.key.bits, child.signed(), child.signature)
        .map_err(|_| "x509: signature verification failure")
}

/// Whether a candidate may stand above a chain. The time is not looked at.
fn check_authority(
    chain: &[&Certificate<'_>],
    candidate: &Certificate<'_>,
    role: Role,
) -> Result<(), &'static str> {
    let extensions = &candidate.extensions;
    if extensions.has_unknown_critical {
        return Err(UNKNOWN_CRITICAL);
    }
    if let Some(constraints) = &extensions.name_constraints {
        let names = chain.iter().filter_map(|below| below.extensions.alternative_names.as_ref());
        if !names.into_iter().all(|names| constraints.allow(names)) {
            return Err(
                "x509: a root or intermediate certificate is not authorized to sign for this name",
            );
        }
    }
    let Some(constraints) = extensions.basic_constraints else {
        return match role {
            Role::Intermediate => Err(NO_AUTHORITY),
            Role::Root => Ok(()),
        };
    };
    if !constraints.is_authority {
        return Err(NO_AUTHORITY);
    }
    // The leaf is no intermediate.
    let intermediates = chain.len().saturating_sub(1) as u64;
    match constraints.path_length {
        Some(most) if intermediates > most => {
            Err("x509: too many intermediates for path length constraint")
        }
        _ => Ok(()),
    }
}

const NO_AUTHORITY: &str = "x509: certificate is not authorized to sign other certificates";
