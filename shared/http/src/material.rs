//! What a `tls_config` keeps in secret places: authorities, our certificate, its key; read, compared and parsed.

use std::fmt;

use aws::{SecretError, Secrets};
use config::{Secret, Tls};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::{ExposeSecret, SecretString};

use crate::TlsError;

/// The secrets of a `tls_config`, PEM. Equal where nothing was replaced.
#[derive(Default)]
pub struct TlsMaterial {
    authorities: Option<SecretString>,
    certificate: Option<SecretString>,
    key: Option<SecretString>,
}

impl TlsMaterial {
    /// Reads them as they are now.
    pub async fn read(tls: &Tls, secrets: &Secrets) -> Result<Self, SecretError> {
        let Tls { ca, cert, key, .. } = tls;
        Ok(Self {
            authorities: optional(ca.as_ref(), secrets).await?,
            certificate: optional(cert.as_ref(), secrets).await?,
            key: optional(key.as_ref(), secrets).await?,
        })
    }

    /// The certificates to trust instead of the machine's roots, at least one.
    pub fn authorities(&self) -> Result<Option<Vec<CertificateDer<'static>>>, TlsError> {
        let Some(pem) = &self.authorities else { return Ok(None) };
        certificates(pem).map(Some).map_err(TlsError::Authority)
    }

    /// Our certificate with what leads to its authority, and its key.
    pub(crate) fn identity(&self) -> Result<Option<Identity>, TlsError> {
        let Some((chain, key)) = self.certificate.as_ref().zip(self.key.as_ref()) else {
            return Ok(None);
        };
        let chain = certificates(chain).map_err(TlsError::Certificate)?;
        let key = PrivateKeyDer::from_pem_slice(key.expose_secret().as_bytes());
        Ok(Some((chain, key.map_err(|error| TlsError::Key(error.to_string()))?)))
    }
}

/// A chain, and the key of its first certificate.
type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

async fn optional(
    secret: Option<&Secret>,
    secrets: &Secrets,
) -> Result<Option<SecretString>, SecretError> {
    match secret {
        // On the heap, because asking AWS is large, and many connections that hold this are made at once.
        Some(secret) => Box::pin(secrets.get(secret)).await.map(Some),
        None => Ok(None),
    }
}

fn certificates(pem: &SecretString) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates = CertificateDer::pem_slice_iter(pem.expose_secret().as_bytes());
    let certificates = certificates.collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|error| error.to_string())?;
    if certificates.is_empty() {
        return Err("it holds no certificate".to_owned());
    }
    Ok(certificates)
}

impl PartialEq for TlsMaterial {
    fn eq(&self, other: &Self) -> bool {
        let Self { authorities, certificate, key } = self;
        same(authorities, &other.authorities)
            && same(certificate, &other.certificate)
            && same(key, &other.key)
    }
}

fn same(a: &Option<SecretString>, b: &Option<SecretString>) -> bool {
    a.as_ref().map(ExposeSecret::expose_secret) == b.as_ref().map(ExposeSecret::expose_secret)
}

/// Shows nothing: a key is among it.
impl fmt::Debug for TlsMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsMaterial").finish_non_exhaustive()
    }
}
