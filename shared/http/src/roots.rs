//! The trust roots of this machine, read from one bundle file, once a process, when they are first needed.
//!
//! Reading and parsing some 150 certificates is the longest piece of work of a start. A verifier therefore asks for the
//! roots at its first handshake; [`Roots::read_ahead`] has a thread read them meanwhile, so that the first handshake finds
//! them there. Lambda gives the start of a function full cores, whatever its memory, which makes that the cheap moment.
//!
//! The bundle is read here line by line, into one buffer for all certificates. The PEM parser that comes with rustls holds
//! the whole file and decodes keys as well, in a time that tells nothing about them: on public certificates that costs four
//! times as much as all the rest.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use aws::Environment;
use base64::engine::general_purpose::STANDARD;
use base64::{Engine as _, decoded_len_estimate};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::CertificateDer;

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
            let mut roots = RootCertStore::empty();
            // Bundles carry a few certificates that are no proper roots; they are left out, as everybody does.
            self.read(&mut |certificate| drop(roots.add(certificate)))?;
            verifier_over(roots)
        })
    }

    /// Shows each certificate of the bundle, of use or not. Reads them anew: for who has to know more of a root than whom
    /// to trust, such as when it ends.
    pub fn read(&self, take: &mut dyn FnMut(CertificateDer<'_>)) -> Result<(), RootsError> {
        let found = self.0.places.iter().any(|place| read(place, take) > 0);
        if found { Ok(()) } else { Err(missing(&self.0.places)) }
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
    store.add_parsable_certificates(certificates);
    verifier_over(store)
}

fn verifier_over(store: RootCertStore) -> Result<Arc<WebPkiServerVerifier>, RootsError> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider())
        .build()
        .map_err(|error| RootsError::Unusable(error.to_string()))
}

fn missing(places: &[PathBuf]) -> RootsError {
    let places: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
    RootsError::Missing(places.join(", "))
}

/// Shows the certificates of a file, or of all files of a folder, and says how many there were.
fn read(place: &Path, take: &mut dyn FnMut(CertificateDer<'_>)) -> usize {
    let mut bundle = Bundle::new(take);
    match std::fs::read_dir(place) {
        Ok(entries) => entries.flatten().for_each(|entry| bundle.read_file(&entry.path())),
        Err(_) => bundle.read_file(place),
    }
    bundle.certificates
}

/// A bundle that is being read.
struct Bundle<'a> {
    /// Is shown each certificate.
    take: &'a mut dyn FnMut(CertificateDer<'_>),
    /// How many certificates were seen.
    certificates: usize,
    /// The Base64 text of the certificate that is being read.
    body: Vec<u8>,
    /// Room for the same, decoded.
    der: Vec<u8>,
}

impl<'a> Bundle<'a> {
    fn new(take: &'a mut dyn FnMut(CertificateDer<'_>)) -> Self {
        Self { take, certificates: 0, body: Vec::new(), der: Vec::new() }
    }

    fn read_file(&mut self, path: &Path) {
        if let Ok(file) = File::open(path) {
            self.read_pem(BufReader::new(file));
        }
    }

    /// Takes in the certificates of a text; whatever else stands in it is passed over.
    fn read_pem(&mut self, mut text: impl BufRead) {
        let (mut line, mut inside) = (Vec::new(), false);
        while text.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            match line.trim_ascii_end() {
                b"-----BEGIN CERTIFICATE-----" => {
                    inside = true;
                    self.body.clear();
                }
                b"-----END CERTIFICATE-----" if inside => {
                    inside = false;
                    self.take_certificate();
                }
                text if inside => self.body.extend_from_slice(text),
                _ => {}
            }
            line.clear();
        }
    }

    fn take_certificate(&mut self) {
        self.certificates += 1;
        let enough = decoded_len_estimate(self.body.len());
        if self.der.len() < enough {
            self.der.resize(enough, 0);
        }
        if let Ok(length) = STANDARD.decode_slice(&self.body, &mut self.der) {
            (self.take)(CertificateDer::from(&self.der[..length]));
        }
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::pem::PemObject;

    use super::*;

    fn certificate() -> String {
        let key = rcgen::KeyPair::generate().expect("a key");
        let params = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
        params.self_signed(&key).expect("a certificate").pem()
    }

    fn write_certificate(path: &Path) {
        std::fs::write(path, certificate()).expect("written");
    }

    /// The roots of a bundle, and how many certificates it holds.
    fn bundle(text: &str) -> (RootCertStore, usize) {
        let mut roots = RootCertStore::empty();
        let mut take = |certificate: CertificateDer<'_>| drop(roots.add(certificate));
        let mut bundle = Bundle::new(&mut take);
        bundle.read_pem(text.as_bytes());
        let certificates = bundle.certificates;
        (roots, certificates)
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
        assert_eq!(read(folder.path(), &mut |_| ()), 2);
        Roots::at(vec![folder.path().to_owned()]).load().as_ref().expect("roots");
    }

    #[test]
    fn every_form_of_bundle_holds_the_certificates_that_a_pem_parser_finds() {
        let (one, other) = (certificate(), certificate());
        let in_one_line = |pem: &str| {
            let mut lines: Vec<_> = pem.trim().lines().collect();
            let (begin, end) = (lines.remove(0), lines.pop().expect("an end"));
            format!("{begin}\n{}\n{end}\n", lines.concat())
        };
        let cases = [
            (format!("{one}{other}"), 2),
            (format!("# A comment\n{one}\nName: other\n=====\n{other}"), 2),
            (format!("{one}{other}").replace('\n', "\r\n"), 2),
            (format!("{}{other}", in_one_line(&one)), 2),
            (format!("{one}{}", other.trim_end()), 2),
            (one.clone() + &other.replace("CERTIFICATE", "TRUSTED CERTIFICATE"), 1),
            (one.clone() + &other.replace("CERTIFICATE", "PRIVATE KEY"), 1),
            (one.replace("-----END", "-----BEGIN"), 0),
        ];
        for (text, expected) in cases {
            let parsed = CertificateDer::pem_slice_iter(text.as_bytes()).filter_map(Result::ok);
            let mut store = RootCertStore::empty();
            store.add_parsable_certificates(parsed);
            assert_eq!(store.len(), expected, "{text}");
            assert_eq!(bundle(&text).0.roots, store.roots, "{text}");
        }
    }

    #[test]
    fn a_certificate_of_no_use_is_left_out_and_counted() {
        let good = certificate();
        for bad in ["not Base64!", "AAAA"] {
            let begin = "-----BEGIN CERTIFICATE-----\n";
            let text = format!("{begin}{bad}\n-----END CERTIFICATE-----\n{good}");
            let (roots, certificates) = bundle(&text);
            assert_eq!((certificates, roots.len()), (2, 1), "{bad}");
        }
        let folder = tempfile::tempdir().expect("a folder");
        let bundle = folder.path().join("bundle");
        let text = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        std::fs::write(&bundle, text).expect("written");
        let error = Roots::at(vec![bundle]).load().as_ref().expect_err("no root").to_string();
        assert!(error.starts_with("use trust roots: "), "{error}");
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
