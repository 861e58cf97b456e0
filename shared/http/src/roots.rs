//! The trust roots of this machine, read from one bundle file, once a process, when they are first needed.
//!
//! Reading and parsing some 150 certificates takes about 0.7 ms of an optimized build: a third of what a function
//! may add to its cold start. A verifier therefore asks for the roots at its first handshake;
//! [`Roots::read_ahead`] has a thread read them meanwhile, so that the first handshake finds them there. Lambda
//! gives the start of a function full cores, whatever its memory, which makes that the cheap moment.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use aws::Environment;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::tls::provider;

/// Where systems keep their bundle.
const BUNDLES: [&str; 5] = [
    "/etc/pki/tls/certs/ca-bundle.crt",   // Amazon Linux, Fedora, RHEL
    "/etc/ssl/certs/ca-certificates.crt", // Debian, Ubuntu, Alpine, Arch
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // RHEL 7
    "/etc/ssl/ca-bundle.pem",             // openSUSE
    "/etc/ssl/cert.pem",                  // macOS, FreeBSD
];

/// The roots, read at most once. Clones share them.
#[derive(Clone)]
pub struct Roots(Arc<Inner>);

struct Inner {
    places: Vec<PathBuf>,
    verifier: OnceLock<Result<Arc<WebPkiServerVerifier>, RootsError>>,
}

/// Why there are no roots to verify anybody with.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum RootsError {
    /// None of the places holds a certificate.
    #[error("find trust roots: no certificate in any of {0}")]
    Missing(String),
    /// There are certificates, none of which can be used.
    #[error("use trust roots: {0}")]
    Unusable(String),
}

impl Roots {
    /// The roots of the place that the environment names: the file `SSL_CERT_FILE`, else the folder `SSL_CERT_DIR`,
    /// else the first of the systems' bundles that is there. Reads nothing yet.
    pub fn of(environment: Environment<'_>) -> Self {
        let named = ["SSL_CERT_FILE", "SSL_CERT_DIR"]
            .into_iter()
            .filter_map(environment)
            .filter(|place| !place.is_empty())
            .map(PathBuf::from);
        Self::at(named.chain(BUNDLES.map(PathBuf::from)).collect())
    }

    fn at(places: Vec<PathBuf>) -> Self {
        Self(Arc::new(Inner { places, verifier: OnceLock::new() }))
    }

    /// Reads the roots on a thread of its own, so that the first handshake need not.
    pub fn read_ahead(&self) {
        let roots = self.clone();
        // Where no thread can be had, the first handshake reads them.
        drop(std::thread::Builder::new().name("roots".to_owned()).spawn(move || {
            roots.load();
        }));
    }

    /// Reads the roots if nobody has. The outcome stays what it was the first time.
    pub fn load(&self) -> &Result<Arc<WebPkiServerVerifier>, RootsError> {
        self.0.verifier.get_or_init(|| {
            let certificates =
                self.0.places.iter().map(|place| read(place)).find(|found| !found.is_empty());
            let certificates = certificates.ok_or_else(|| missing(&self.0.places))?;
            verifier(certificates)
        })
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Roots").field(&self.0.places).finish()
    }
}

/// A verifier that trusts these certificates and no other.
pub(crate) fn verifier(
    certificates: Vec<CertificateDer<'static>>,
) -> Result<Arc<WebPkiServerVerifier>, RootsError> {
    let mut store = RootCertStore::empty();
    // Bundles carry a few certificates that are no proper roots; they are left out, as everybody does.
    store.add_parsable_certificates(certificates);
    WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider())
        .build()
        .map_err(|error| RootsError::Unusable(error.to_string()))
}

fn missing(places: &[PathBuf]) -> RootsError {
    let places: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
    RootsError::Missing(places.join(", "))
}

/// The certificates of a file, or of all files of a folder; none where there is nothing to read.
fn read(place: &Path) -> Vec<CertificateDer<'static>> {
    match std::fs::read_dir(place) {
        Ok(entries) => entries.flatten().flat_map(|entry| read_file(&entry.path())).collect(),
        Err(_) => read_file(place),
    }
}

fn read_file(path: &Path) -> Vec<CertificateDer<'static>> {
    let pem = std::fs::read(path).unwrap_or_default();
    CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write_certificate(path: &Path) {
        let key = rcgen::KeyPair::generate().expect("a key");
        let params = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
        std::fs::write(path, params.self_signed(&key).expect("a certificate").pem())
            .expect("written");
    }

    #[test]
    fn a_place_without_certificates_is_passed_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let (empty, full) = (folder.path().join("empty"), folder.path().join("full"));
        std::fs::write(&empty, "# nothing\n").expect("written");
        write_certificate(&full);
        Roots::at(vec![folder.path().join("none"), empty, full]).load().as_ref().expect("roots");
    }

    #[test]
    fn a_folder_is_read_file_by_file() {
        let folder = tempfile::tempdir().expect("a folder");
        write_certificate(&folder.path().join("a.pem"));
        write_certificate(&folder.path().join("b.pem"));
        assert_eq!(read(folder.path()).len(), 2);
        Roots::at(vec![folder.path().to_owned()]).load().as_ref().expect("roots");
    }

    #[test]
    fn the_places_that_were_searched_are_named() {
        let roots = Roots::at(vec![PathBuf::from("/nowhere/a"), PathBuf::from("/nowhere/b")]);
        let error = roots.load().as_ref().expect_err("no roots").to_string();
        assert_eq!(error, "find trust roots: no certificate in any of /nowhere/a, /nowhere/b");
    }

    #[test]
    fn the_environment_stands_before_the_systems_own_places() {
        let roots = Roots::of(&|name| Some(format!("/{name}")));
        let first: Vec<_> = roots.0.places.iter().take(3).map(|place| place.as_path()).collect();
        let expected = ["/SSL_CERT_FILE", "/SSL_CERT_DIR", BUNDLES[0]].map(Path::new);
        assert_eq!(first, expected);
    }

    #[test]
    fn reading_ahead_is_reading_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let bundle = folder.path().join("bundle");
        write_certificate(&bundle);
        let roots = Roots::at(vec![bundle.clone()]);
        roots.read_ahead();
        let first = roots.load().as_ref().map(Arc::as_ptr).expect("roots");
        std::fs::remove_file(&bundle).expect("removed");
        assert_eq!(roots.load().as_ref().map(Arc::as_ptr).expect("roots"), first);
    }
}
