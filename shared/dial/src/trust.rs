//! Whom a handshake believes: the machine's roots, read when the first certificate is judged, or given authorities. Keeps the
//! chains that were found, because the same targets are probed again and again.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use http::{Roots, RootsError};
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};

use crate::anchors::Anchors;
use crate::certificate::Certificate;
use crate::chains::{self, Chains};

/// What is trusted, and what came of it so far.
pub(crate) struct Trust {
    source: Source,
    known: Mutex<HashMap<Fingerprint, Arc<Chains>>>,
    /// What the library has said yes to, under which name, and until when that holds, Unix seconds.
    believed: Mutex<HashMap<(Fingerprint, String), i64>>,
}

enum Source {
    Machine { roots: Roots, read: OnceLock<Result<Trusted, RootsError>> },
    Given(Trusted),
}

/// The same certificates twice: as they are, and as the library that rustls verifies with wants them.
pub(crate) struct Trusted {
    pub(crate) anchors: Anchors,
    pub(crate) library: Arc<WebPkiServerVerifier>,
}

/// SHA-256 of all certificates that a server sent.
pub(crate) type Fingerprint = [u8; 32];

/// So many chains are kept, which is more than the targets of most functions and some hundred bytes each. Then all are
/// forgotten, and found again where they are met.
const MOST_KNOWN: usize = 2048;

impl Trust {
    /// Trusts the machine's roots. Reads nothing yet.
    pub(crate) fn machine(roots: Roots) -> Self {
        Self::of(Source::Machine { roots, read: OnceLock::new() })
    }

    /// Trusts these authorities and no other.
    pub(crate) fn given(authorities: Vec<CertificateDer<'static>>) -> Result<Self, http::TlsError> {
        let mut anchors = Anchors::default();
        authorities.iter().for_each(|authority| anchors.add(authority));
        let library = http::given_authorities(authorities)?;
        Ok(Self::of(Source::Given(Trusted { anchors, library })))
    }

    fn of(source: Source) -> Self {
        Self { source, known: Mutex::default(), believed: Mutex::default() }
    }

    /// What is trusted.
    pub(crate) fn trusted(&self) -> Result<&Trusted, &RootsError> {
        match &self.source {
            Source::Given(trusted) => Ok(trusted),
            Source::Machine { roots, read } => read.get_or_init(|| read_machine(roots)).as_ref(),
        }
    }

    /// The chains from what a server sent, its own certificate first, to what is trusted here.
    pub(crate) fn chains(
        &self,
        presented: &[Certificate<'_>],
        fingerprint: Fingerprint,
        trusted: &Trusted,
    ) -> Arc<Chains> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(chains) = known().get(&fingerprint) {
            return Arc::clone(chains);
        }
        let found = Arc::new(chains::find(presented, &trusted.anchors));
        let mut known = known();
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(fingerprint, Arc::clone(&found));
        found
    }

    /// What `ask` says of certificates under a name, unless it is known that they are believed. A yes holds while all of them
    /// do, because the library does not tell which of them it has made use of. A no is not kept: it may be one of time.
    pub(crate) fn believe<E>(
        &self,
        presented: &[Certificate<'_>],
        (fingerprint, name): (Fingerprint, String),
        now: i64,
        ask: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        let believed = || self.believed.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (fingerprint, name);
        if believed().get(&key).is_some_and(|until| now <= *until) {
            return Ok(());
        }
        ask()?;
        let ends = presented.iter().map(|certificate| certificate.validity.not_after);
        let until = ends.min().unwrap_or(i64::MIN);
        let mut believed = believed();
        if believed.len() >= MOST_KNOWN {
            believed.clear();
        }
        believed.insert(key, until);
        Ok(())
    }
}

fn read_machine(roots: &Roots) -> Result<Trusted, RootsError> {
    let library = roots.load().clone()?;
    let mut anchors = Anchors::default();
    roots.read(&mut |certificate| anchors.add(&certificate))?;
    Ok(Trusted { anchors, library })
}

/// Tells what one server sent from what every other one did.
pub(crate) fn fingerprint(presented: &[Certificate<'_>]) -> Fingerprint {
    // Each certificate says how long it is, so that they cannot be cut in another way.
    let hash = presented
        .iter()
        .fold(Sha256::new(), |hash, certificate| hash.chain_update(certificate.der));
    hash.finalize().into()
}

/// Hundreds of certificates would tell nobody anything.
impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").finish_non_exhaustive()
    }
}
