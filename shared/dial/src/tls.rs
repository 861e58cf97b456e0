//! Handshakes: a `tls_config` with its secrets resolved, the chain captured whether or not it is believed.

use std::sync::Arc;
use std::{fmt, io};

use aws::Secrets;
use clock::Clock;
use http::{TlsMaterial, Versions};
use rustls::client::Resumption;
use rustls::pki_types::{ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, ClientConnection};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Mutex;
use tokio_rustls::TlsConnector;

use crate::dialer::{Dialer, literal};
use crate::session::{ChainFacts, Session, cipher_name, version_name};
use crate::stream::SecuredStream;
use crate::trust::Trust;
use crate::witness::{Seen, Witness};
use crate::words;

/// A `tls_config`, built once and used for many handshakes. The rustls configuration is made anew when a certificate or key
/// has been replaced in its secret place.
pub struct Tls {
    settings: config::Tls,
    built: Mutex<Option<Built>>,
}

/// What the secrets were made into.
struct Built {
    material: TlsMaterial,
    ready: Ready,
}

/// What handshakes are made of.
#[derive(Clone)]
struct Ready {
    /// Believes nobody until it is given a verifier.
    config: Arc<ClientConfig>,
    /// The authorities that stand in the settings.
    given: Option<Arc<Trust>>,
}

/// What is asked of one handshake.
#[derive(Debug, Clone, Copy)]
pub struct Handshake<'a> {
    /// The name to announce and to verify, where `tls_config` has no `server_name`: a host name or an address.
    pub name: &'a str,
    /// The protocols to offer by ALPN, best first.
    pub protocols: &'a [&'a [u8]],
}

/// Why a `tls_config` cannot be used now: a secret that cannot be read, a certificate that is none. Shows no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TlsError(pub String);

/// A connection inside TLS.
#[derive(Debug)]
pub struct Secured<S> {
    /// What to read from and write to.
    pub stream: SecuredStream<S>,
    /// What was agreed on.
    pub session: Session,
}

/// Why there is no session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct HandshakeError {
    /// What went wrong.
    pub message: String,
    /// Whether it was the certificate that was not believed.
    pub is_certificate: bool,
    /// What the certificates say, if they came as far as that.
    pub chain: Option<ChainFacts>,
}

impl Tls {
    /// Takes a section as it is; secrets are read at the first handshake.
    pub fn new(settings: config::Tls) -> Self {
        Self { settings, built: Mutex::default() }
    }

    /// Reads the secrets and makes the configuration, unless that is done. Handshakes do so by themselves: this is for who
    /// wants to tell this step's failure from theirs, or to time them without it.
    pub async fn prepare(&self, dialer: &Dialer, secrets: &Secrets) -> Result<(), TlsError> {
        self.ready(dialer.clock(), secrets).await.map(drop)
    }

    /// Reads the secrets and makes the configuration, unless that is done. Then shakes hands over a connection.
    pub async fn handshake<S>(
        &self,
        stream: S,
        wanted: Handshake<'_>,
        dialer: &Dialer,
        secrets: &Secrets,
    ) -> Result<Secured<S>, HandshakeError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let Handshake { name, protocols } = wanted;
        let ready = self.ready(dialer.clock(), secrets).await?;
        let name = server_name(self.settings.server_name.as_deref().unwrap_or(name))?;
        let trust = ready.given.as_ref().unwrap_or(dialer.trust());
        let trust = (!self.settings.insecure_skip_verify).then(|| Arc::clone(trust));
        let witness = Arc::new(Witness::new(trust));
        let mut config = ClientConfig::clone(&ready.config);
        config.dangerous().set_certificate_verifier(Arc::<Witness>::clone(&witness));
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        let connected = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
        match (connected, witness.seen()) {
            (Ok(stream), Some(Seen { chain: Some(chain), .. })) => {
                let session = session(stream.get_ref().1, chain.clone());
                Ok(Secured { stream: SecuredStream(stream), session })
            }
            (Ok(_), _) => Err(HandshakeError::plain("the server sent no certificate")),
            (Err(error), seen) => Err(HandshakeError::of(&error, seen)),
        }
    }

    async fn ready(&self, clock: &Clock, secrets: &Secrets) -> Result<Ready, TlsError> {
        let material = TlsMaterial::read(&self.settings, secrets).await;
        let material = material.map_err(|error| TlsError(error.to_string()))?;
        let mut built = self.built.lock().await;
        if let Some(Built { material: known, ready }) = built.as_ref()
            && *known == material
        {
            return Ok(ready.clone());
        }
        let ready = self.build(&material, clock).map_err(|error| TlsError(error.to_string()))?;
        *built = Some(Built { material, ready: ready.clone() });
        Ok(ready)
    }

    fn build(&self, material: &TlsMaterial, clock: &Clock) -> Result<Ready, http::TlsError> {
        let mut config = http::unbelieving_config(material, Versions::of(&self.settings))?;
        // A probe wants to see a whole handshake each time.
        config.resumption = Resumption::disabled();
        config.time_provider = Arc::new(Time(clock.clone()));
        let given = material.authorities()?.map(Trust::given).transpose()?.map(Arc::new);
        Ok(Ready { config: Arc::new(config), given })
    }
}

/// What was built holds a key, and says nothing that the settings do not say.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl HandshakeError {
    /// One that has nothing to do with certificates of the server.
    fn plain(reason: impl Into<String>) -> Self {
        Self { message: reason.into(), is_certificate: false, chain: None }
    }

    fn of(error: &io::Error, seen: Option<&Seen>) -> Self {
        let refusal = seen.and_then(|seen| seen.refusal.as_ref());
        Self {
            message: refusal.map_or_else(|| words::of(error), |refusal| refusal.message.clone()),
            is_certificate: refusal.is_some(),
            chain: seen.and_then(|seen| seen.chain.clone()),
        }
    }
}

impl From<TlsError> for HandshakeError {
    fn from(TlsError(reason): TlsError) -> Self {
        Self::plain(reason)
    }
}

fn session(connection: &ClientConnection, chain: ChainFacts) -> Session {
    let suite = connection.negotiated_cipher_suite();
    Session {
        version: version_name(connection.protocol_version()),
        cipher: suite.map_or("unknown", |suite| cipher_name(suite.suite())),
        protocol: connection.alpn_protocol().map(<[u8]>::to_vec),
        chain,
    }
}

/// The name to announce and to verify. Of an address, none is announced.
fn server_name(name: &str) -> Result<ServerName<'static>, TlsError> {
    if let Some(address) = literal(name) {
        return Ok(ServerName::from(address));
    }
    // A name is announced and verified without the dot of the root.
    let bare = name.strip_suffix('.').unwrap_or(name);
    ServerName::try_from(bare.to_owned()).map_err(|_| {
        TlsError(format!("use server name \"{name}\": it is neither a host name nor an address"))
    })
}

/// Our clock, for rustls.
#[derive(Debug)]
struct Time(Clock);

impl TimeProvider for Time {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.now().as_secs()).ok()?;
        Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)))
    }
}
