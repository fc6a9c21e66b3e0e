//! The encrypted connection: there is no other way in (P-11).
//!
//! rustls with aws-lc-rs, in process; HTTP/1.1 over TLS 1.3 and 1.2, X25519MLKEM768 first. Start at [`server_config`];
//! where the certificate comes from is a [`CertificateSource`], served and swapped by [`Certificates`] ([`reload`]).
//! On loopback a local authority makes it ([`authority`]); what production demands of it is in [`production`].
//! Behind proxies that speak the PROXY protocol, [`proxied`] serves it.
//! Uses the kernel's clock and entropy alone.

pub mod authority;
pub mod production;
pub mod proxied;
pub mod reload;

#[cfg(test)]
mod chains;
#[cfg(test)]
mod handshakes;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs::{self, kx_group};
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};

pub use authority::LocalAuthority;
pub use production::{Demands, Refusal};
pub use reload::Certificates;

/// How long a client may take for its handshake before it is cut off; for actix's `tls_handshake_timeout`. Its default
/// of 3 s drops honest clients on slow mobile networks; a slow attacker gains two seconds of one socket.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// How often [`Certificates::watch`] looks at the files.
pub const WATCH_INTERVAL: Duration = Duration::from_secs(5);

/// Which clients are served, in the words of Mozilla's server-side TLS guidelines (version 5.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// TLS 1.3 and 1.2, the latter with ECDHE and AEAD suites only.
    Intermediate,
    /// TLS 1.3 only.
    Modern,
}

/// Where the served certificate comes from.
#[derive(Debug)]
pub enum CertificateSource {
    /// Two PEM files that somebody else renews, as they are; for addresses that are not production.
    Files(CertificateFiles),
    /// Two PEM files that must meet production's demands, at the start and at each reload.
    Production(CertificateFiles, Demands),
    /// The local authority's own, for loopback.
    Local(LocalAuthority),
}

/// A certificate chain (leaf first) and its private key (PKCS#8, SEC 1 or PKCS#1), both PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The chain's file.
    pub chain: PathBuf,
    /// The private key's file.
    pub key: PathBuf,
}

/// Why no TLS can be served.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate is not one that may be served.
    #[error("the certificate is refused: {0}")]
    Refused(#[from] Refusal),
    /// The local authority cannot make or keep its files.
    #[error("the local authority failed: {0}")]
    Authority(#[from] authority::AuthorityError),
    /// The TLS library refused its own parameters.
    #[error("TLS cannot be set up: {0}")]
    Setup(rustls::Error),
}

/// What rustls needs to serve `certificates` to the clients of `profile`; actix takes a clone of it.
///
/// HTTP/1.1 only (ALPN), no early data (it could be replayed), tickets sealed under keys that live in memory and are
/// replaced every six hours. Clients choose the suite, as the guidelines ask.
pub fn server_config(certificates: Arc<Certificates>, profile: Profile) -> Result<Arc<rustls::ServerConfig>, TlsError> {
    let versions: &[&rustls::SupportedProtocolVersion] = match profile {
        Profile::Intermediate => &[&TLS13, &TLS12],
        Profile::Modern => &[&TLS13],
    };
    let mut config = rustls::ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        .map_err(TlsError::Setup)?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.max_early_data_size = 0;
    config.ticketer = aws_lc_rs::Ticketer::new().map_err(TlsError::Setup)?;
    Ok(Arc::new(config))
}

/// aws-lc-rs with the suites of Mozilla's intermediate profile, X25519MLKEM768 and the three groups of that profile.
///
/// The order is what we would ask for as a client. As a server, rustls takes the first share in the client's own order
/// that we know: current browsers send X25519MLKEM768 first; one that sends X25519 first gets X25519.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    const GROUPS: [&dyn SupportedKxGroup; 4] =
        [kx_group::X25519MLKEM768, kx_group::X25519, kx_group::SECP256R1, kx_group::SECP384R1];
    Arc::new(CryptoProvider { kx_groups: GROUPS.to_vec(), ..aws_lc_rs::default_provider() })
}

/// Reads the pair as it stands in the files: well-formed, and the key is the leaf's.
fn read_pair(files: &CertificateFiles) -> Result<Pair, Refusal> {
    let (chain, key) = (read(&files.chain)?, read(&files.key)?);
    Pair::parse(&chain, &key)
}

/// A chain and its key, ready to be served.
#[derive(Debug)]
struct Pair(Arc<CertifiedKey>);

impl Pair {
    fn parse(chain: &[u8], key: &[u8]) -> Result<Self, Refusal> {
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(|_| Refusal::Unreadable(Part::Certificate))?;
        if chain.is_empty() {
            return Err(Refusal::Unreadable(Part::Certificate));
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| Refusal::Unreadable(Part::Key))?;
        let key = provider().key_provider.load_private_key(key).map_err(|_| Refusal::Unreadable(Part::Key))?;
        let pair = CertifiedKey::new(chain, key);
        match pair.keys_match() {
            Ok(()) => Ok(Self(Arc::new(pair))),
            Err(rustls::Error::InconsistentKeys(_)) => Err(Refusal::KeyMismatch),
            Err(_) => Err(Refusal::Unreadable(Part::Certificate)),
        }
    }
}

/// Which file is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The certificate chain.
    Certificate,
    /// The private key.
    Key,
    /// The trusted roots.
    Roots,
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Certificate => "certificate",
            Self::Key => "private key",
            Self::Roots => "file of roots",
        })
    }
}

/// A file's bytes, wiped when dropped: it may hold a key.
fn read(path: &Path) -> Result<zeroize::Zeroizing<Vec<u8>>, Refusal> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(zeroize::Zeroizing::new(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Refusal::Missing(path.to_owned())),
        Err(error) => Err(Refusal::NotReadable(path.to_owned(), error.kind())),
    }
}
