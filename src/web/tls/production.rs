//! What production demands of a certificate: that every client would believe it, now, for every configured name (P-11,
//!

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::CertificateError;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

use super::{Part, provider, read};
use crate::kernel::clock::{Clock, Time};

/// Why a certificate may not be served. The paths and names in it are the operator's own settings; [`Self::reason`] is
/// what a log may have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such file.
    #[error("{} does not exist", .0.display())]
    Missing(PathBuf),
    /// The file is there and may not be read.
    #[error("{} cannot be read: {}", .0.display(), .1)]
    NotReadable(PathBuf, std::io::ErrorKind),
    /// The file is not what it should be.
    #[error("the {0} is not well-formed PEM of a kind that can be used")]
    Unreadable(Part),
    /// The key is not the certificate's.
    #[error("the private key does not belong to the certificate")]
    KeyMismatch,
    /// It, or one that it hangs on, is past its end.
    #[error("it expired on {}", .at.rfc3339())]
    Expired {
        /// Its end.
        at: Time,
    },
    /// It, or one that it hangs on, has not begun.
    #[error("it is not valid before {}", .from.rfc3339())]
    NotYetValid {
        /// Its beginning.
        from: Time,
    },
    /// It vouches for itself.
    #[error("it is self-signed")]
    SelfSigned,
    /// It was given for other names.
    #[error("it does not name {host}")]
    WrongName {
        /// The configured name that it lacks.
        host: String,
    },
    /// No chain leads to a trusted root, or a link of it does not hold.
    #[error("it does not chain to a trusted root")]
    Untrusted,
    /// It was given for something other than servers.
    #[error("it is not meant for servers")]
    WrongPurpose,
    /// No name is configured, so none can be checked.
    #[error("no host name is configured")]
    NoNames,
    /// A configured name is neither a DNS name nor an address.
    #[error("{host} is not a host name")]
    NotAName {
        /// What is configured.
        host: String,
    },
    /// Nothing is trusted on this machine.
    #[error("there are no trusted roots")]
    NoRoots,
}

impl Refusal {
    /// The reason alone, without path, name or time.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Missing(_) => "missing",
            Self::NotReadable(..) => "not_readable",
            Self::Unreadable(_) => "unreadable",
            Self::KeyMismatch => "key_mismatch",
            Self::Expired { .. } => "expired",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::SelfSigned => "self_signed",
            Self::WrongName { .. } => "wrong_name",
            Self::Untrusted => "untrusted",
            Self::WrongPurpose => "wrong_purpose",
            Self::NoNames => "no_names",
            Self::NotAName { .. } => "not_a_name",
            Self::NoRoots => "no_roots",
        }
    }
}

/// Whose word counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Roots {
    /// The machine's own roots.
    System,
    /// The certificates of this PEM file and no others.
    File(PathBuf),
}

/// What a certificate must be: valid at the clock's now, for each host, by a chain to the roots.
#[derive(Debug)]
pub struct Demands {
    hosts: Vec<(String, ServerName<'static>)>,
    verifier: Arc<dyn ServerCertVerifier>,
    clock: Clock,
}

impl Demands {
    /// Demands for `hosts` (DNS names or bare addresses), measured against `roots` as they are now.
    pub fn new(hosts: &[String], roots: &Roots, clock: Clock) -> Result<Self, Refusal> {
        if hosts.is_empty() {
            return Err(Refusal::NoNames);
        }
        let hosts = hosts
            .iter()
            .map(|host| {
                let name = ServerName::try_from(host.clone()).map_err(|_| Refusal::NotAName { host: host.clone() })?;
                Ok((host.clone(), name))
            })
            .collect::<Result<_, Refusal>>()?;
        let verifier: Arc<dyn ServerCertVerifier> = match roots {
            Roots::System => {
                Arc::new(rustls_platform_verifier::Verifier::new(provider()).map_err(|_| Refusal::NoRoots)?)
            }
            Roots::File(path) => anchored(roots_of(&read(path)?)?)?,
        };
        Ok(Self { hosts, verifier, clock })
    }

    /// When this chain (leaf first) runs out, where that is within `ahead`; nothing where it lasts longer, whatever else may
    /// be wrong with it.
    #[must_use]
    pub fn runs_out_within(&self, chain: &[CertificateDer<'_>], ahead: Duration) -> Option<Time> {
        match self.check_at(chain, self.clock.now().plus(ahead)) {
            Err(Refusal::Expired { at }) => Some(at),
            _ => None,
        }
    }

    /// Whether a client would believe this chain (leaf first) for every host; else the first reason why not.
    pub fn check(&self, chain: &[CertificateDer<'_>]) -> Result<(), Refusal> {
        self.check_at(chain, self.clock.now())
    }

    fn check_at(&self, chain: &[CertificateDer<'_>], now: Time) -> Result<(), Refusal> {
        let (leaf, intermediates) = chain.split_first().ok_or(Refusal::Unreadable(Part::Certificate))?;
        let parsed = webpki::EndEntityCert::try_from(leaf).map_err(|_| Refusal::Unreadable(Part::Certificate))?;
        if parsed.issuer() == parsed.subject() {
            return Err(Refusal::SelfSigned);
        }
        self.hosts
            .iter()
            .try_for_each(|(host, name)| vouch(&*self.verifier, leaf, intermediates, name, now).map_err(|r| r.of(host)))
    }
}

impl Refusal {
    fn of(self, host: &str) -> Self {
        match self {
            Self::WrongName { .. } => Self::WrongName { host: host.to_owned() },
            other => other,
        }
    }
}

/// A verifier that trusts these certificates and no others.
pub(super) fn anchored(roots: Vec<CertificateDer<'static>>) -> Result<Arc<dyn ServerCertVerifier>, Refusal> {
    let mut store = RootCertStore::empty();
    for root in roots {
        store.add(root).map_err(|_| Refusal::Unreadable(Part::Roots))?;
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider());
    Ok(verifier.build().map_err(|_| Refusal::NoRoots)?)
}

fn roots_of(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Refusal> {
    CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|_| Refusal::Unreadable(Part::Roots))
}

/// Asks the verifier at `now`. It looks at the leaf's purpose and time, then at the chain, then at the name.
pub(super) fn vouch(
    verifier: &dyn ServerCertVerifier,
    leaf: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    name: &ServerName<'_>,
    now: Time,
) -> Result<(), Refusal> {
    let at = UnixTime::since_unix_epoch(Duration::from_millis(now.millis()));
    match verifier.verify_server_cert(leaf, intermediates, name, &[], at) {
        Ok(_) => Ok(()),
        Err(rustls::Error::InvalidCertificate(error)) => Err(refusal(&error, now)),
        Err(_) => Err(Refusal::Untrusted),
    }
}

fn refusal(error: &CertificateError, now: Time) -> Refusal {
    match error {
        CertificateError::ExpiredContext { not_after, .. } => Refusal::Expired { at: time(*not_after) },
        CertificateError::Expired => Refusal::Expired { at: now },
        CertificateError::NotValidYetContext { not_before, .. } => Refusal::NotYetValid { from: time(*not_before) },
        CertificateError::NotValidYet => Refusal::NotYetValid { from: now },
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Refusal::WrongName { host: String::new() }
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => Refusal::WrongPurpose,
        CertificateError::BadEncoding => Refusal::Unreadable(Part::Certificate),
        _ => Refusal::Untrusted,
    }
}

fn time(at: UnixTime) -> Time {
    Time::from_micros(i64::try_from(at.as_secs()).unwrap_or(i64::MAX).saturating_mul(1_000_000))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::super::chains::{DAY, Root};
    use super::*;

    /// P-11: what the issue names, each with its own reason.
    #[test]
    fn a_certificate_that_clients_would_not_believe_is_refused_with_its_reason() {
        let (clock, root) = now();
        let demands = demands(&root, &["vault.example", "10.0.0.7"], &clock);
        let names = ["vault.example", "10.0.0.7"];
        let today = clock.now();
        assert_eq!(demands.check(&root.leaf(&names).der), Ok(()));
        assert_eq!(demands.check(&root.leaf_under_intermediate(&names, DAY * 90).der), Ok(()));

        let yesterday = today.minus(DAY);
        let expired = root.leaf_between(&names, today.minus(DAY * 90), yesterday);
        assert_eq!(demands.check(&expired.der), Err(Refusal::Expired { at: yesterday }));
        let early = root.leaf_between(&names, today.plus(DAY), today.plus(DAY * 90));
        assert_eq!(demands.check(&early.der), Err(Refusal::NotYetValid { from: today.plus(DAY) }));
        assert_eq!(demands.check(&root.self_signed(&names).der), Err(Refusal::SelfSigned));
        let half = demands.check(&root.leaf(&["vault.example"]).der);
        assert_eq!(half, Err(Refusal::WrongName { host: String::from("10.0.0.7") }), "every name counts (R-20)");
        let stranger = Root::new(&clock).leaf(&names);
        assert_eq!(demands.check(&stranger.der), Err(Refusal::Untrusted));
        let mut broken = root.leaf_under_intermediate(&names, DAY * 90).der;
        broken.truncate(1);
        assert_eq!(demands.check(&broken), Err(Refusal::Untrusted), "an intermediate is missing from the file");
        assert_eq!(demands.check(&[]), Err(Refusal::Unreadable(Part::Certificate)));
    }

    #[test]
    fn a_certificate_ends_with_its_intermediate_as_the_clock_moves_on() {
        let (clock, root) = now();
        let demands = demands(&root, &["vault.example"], &clock);
        let ends = clock.now().plus(DAY * 10);
        let issued = root.leaf_under_intermediate(&["vault.example"], DAY * 10);
        assert_eq!(demands.check(&issued.der), Ok(()));
        clock.advance(DAY * 11);
        assert_eq!(demands.check(&issued.der), Err(Refusal::Expired { at: ends }));
    }

    #[test]
    fn a_chain_says_when_it_runs_out_once_that_is_near() {
        let (clock, root) = now();
        let demands = demands(&root, &["vault.example"], &clock);
        let (weeks, today) = (DAY * 14, clock.now());
        for (issued, days) in [
            (root.leaf_between(&["vault.example"], today.minus(DAY), today.plus(DAY * 20)), 20),
            (root.leaf_under_intermediate(&["vault.example"], DAY * 20), 20),
        ] {
            let ends = today.plus(DAY * days);
            assert_eq!(demands.runs_out_within(&issued.der, weeks), None);
            assert_eq!(demands.runs_out_within(&issued.der, DAY * 21), Some(ends));
            assert_eq!(demands.check(&issued.der), Ok(()), "it is good all the same");
        }
        assert_eq!(demands.runs_out_within(&root.self_signed(&["vault.example"]).der, weeks), None);
    }

    #[test]
    fn demands_without_a_name_a_root_or_a_readable_file_of_roots_are_refused() {
        let (clock, root) = now();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roots.pem");
        let ask = |hosts: &[&str]| {
            let hosts: Vec<_> = hosts.iter().map(ToString::to_string).collect();
            Demands::new(&hosts, &Roots::File(path.clone()), clock.clone()).map(drop)
        };
        assert_eq!(ask(&["vault.example"]), Err(Refusal::Missing(path.clone())));
        std::fs::write(&path, "nothing here").unwrap();
        assert_eq!(ask(&["vault.example"]), Err(Refusal::NoRoots));
        std::fs::write(&path, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
        assert_eq!(ask(&["vault.example"]), Err(Refusal::Unreadable(Part::Roots)));
        std::fs::write(&path, root.pem()).unwrap();
        assert_eq!(ask(&["vault.example"]), Ok(()));
        assert_eq!(ask(&[]), Err(Refusal::NoNames));
        assert_eq!(ask(&["not a name"]), Err(Refusal::NotAName { host: String::from("not a name") }));
    }

    #[test]
    fn the_local_authority_is_not_believed_by_the_roots_of_the_system() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::system();
        let entropy = crate::kernel::entropy::Entropy::system();
        let authority = super::super::LocalAuthority::open(folder.path(), clock.clone(), entropy).unwrap();
        let pair = super::super::read_pair(authority.files()).unwrap();
        // A machine without any roots refuses as well, with the reason that it has none.
        let refused = Demands::new(&[String::from("localhost")], &Roots::System, clock)
            .and_then(|demands| demands.check(&pair.0.cert))
            .unwrap_err();
        assert!(matches!(refused, Refusal::Untrusted | Refusal::NoRoots), "{refused}");
    }

    fn now() -> (Clock, Root) {
        let clock = Clock::moved(Time::parse("2026-03-01T12:00:00Z").unwrap());
        let root = Root::new(&clock);
        (clock, root)
    }

    fn demands(root: &Root, hosts: &[&str], clock: &Clock) -> Demands {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roots.pem");
        std::fs::write(&path, root.pem()).unwrap();
        let hosts: Vec<_> = hosts.iter().map(ToString::to_string).collect();
        Demands::new(&hosts, &Roots::File(path), clock.clone()).unwrap()
    }
}
