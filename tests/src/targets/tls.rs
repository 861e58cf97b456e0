//! The server's side of TLS.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio_rustls::TlsAcceptor;

use super::certificates::Identity;

/// How a server speaks TLS; take [`Tls::of`] and change what matters.
#[derive(Clone)]
pub struct Tls<'a> {
    /// Who it is.
    pub identity: &'a Identity,
    /// Whether it speaks TLS 1.2 alone.
    pub old: bool,
    /// What it agrees on by ALPN, best first.
    pub protocols: Vec<&'static [u8]>,
    /// Clients must show a certificate of this root, the last of the chain.
    pub clients: Option<&'a Identity>,
}

impl<'a> Tls<'a> {
    /// TLS as it is by default.
    pub fn of(identity: &'a Identity) -> Self {
        Self { identity, old: false, protocols: Vec::new(), clients: None }
    }

    /// Ready to shake hands.
    pub fn acceptor(&self) -> TlsAcceptor {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let versions: &[&SupportedProtocolVersion] =
            if self.old { &[&TLS12] } else { &[&TLS13, &TLS12] };
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)
            .expect("versions of the provider");
        let builder = match self.clients {
            None => builder.with_no_client_auth(),
            Some(clients) => {
                let mut roots = RootCertStore::empty();
                roots.add(clients.chain.last().expect("a root").clone()).expect("a root");
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
                builder.with_client_cert_verifier(verifier.expect("a verifier"))
            }
        };
        let config = builder.with_single_cert(self.identity.chain.clone(), self.identity.key());
        let mut config = config.expect("a certificate and its key");
        config.alpn_protocols = self.protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Arc::new(config).into()
    }
}
