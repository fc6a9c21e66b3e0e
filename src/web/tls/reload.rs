//! The certificate under a running server: new connections get the new one, old connections go on.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::time::MissedTickBehavior;

use super::{CertificateFiles, CertificateSource, Pair, Refusal, TlsError, read};
use crate::kernel::clock::Time;

/// The certificate that is served now, and where the next comes from.
#[derive(Debug)]
pub struct Certificates {
    source: CertificateSource,
    served: RwLock<Arc<CertifiedKey>>,
    /// What the files held when they were last looked at, so that a bad pair is reported once and not every few seconds.
    seen: Mutex<Result<Fingerprint, Refusal>>,
}

/// What a look at the files came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reloaded {
    /// Nothing has changed since the last look.
    Unchanged,
    /// New connections get the new certificate.
    Swapped,
    /// What is there now may not be served; the certificate before it goes on.
    Kept(Refusal),
}

impl Certificates {
    /// Reads what the source offers first; refused when that may not be served.
    pub fn open(source: CertificateSource) -> Result<Arc<Self>, TlsError> {
        if let CertificateSource::Local(authority) = &source {
            authority.renew_if_due()?;
        }
        let offer = Offer::read(source.files())?;
        let pair = offer.accept(&source)?;
        Ok(Arc::new(Self { source, served: RwLock::new(pair), seen: Mutex::new(Ok(offer.fingerprint)) }))
    }

    /// Looks at the files every `every`, for as long as it is polled. Spawned once beside the server.
    pub async fn watch(self: Arc<Self>, every: Duration) {
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let certificates = Arc::clone(&self);
            if tokio::task::spawn_blocking(move || certificates.reload_now()).await.is_err() {
                tracing::error!("looking for a new certificate failed");
            }
        }
    }

    /// Looks at the files now: a local leaf that is due is renewed, a changed pair is checked and swapped in.
    ///
    /// Both files are compared by content, so that it does not matter how they were replaced. A pair caught between its
    /// two replacements does not match, is kept out, and is looked at again.
    pub fn reload_now(&self) -> Reloaded {
        if let CertificateSource::Local(authority) = &self.source
            && authority.renew_if_due().is_err()
        {
            tracing::error!("the local authority could not renew its certificate");
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let offer = Offer::read(self.source.files());
        let found = offer.as_ref().map(|offer| offer.fingerprint).map_err(Clone::clone);
        if *seen == found {
            return Reloaded::Unchanged;
        }
        *seen = found;
        match offer.and_then(|offer| offer.accept(&self.source)) {
            Ok(pair) => {
                *self.served.write().unwrap_or_else(PoisonError::into_inner) = pair;
                tracing::info!("a new certificate is served");
                Reloaded::Swapped
            }
            Err(refusal) => {
                tracing::warn!(reason = refusal.reason(), "a new certificate is refused; the old one stays");
                Reloaded::Kept(refusal)
            }
        }
    }

    /// When what is served runs out, where that is within `ahead`. Nothing where production demands nothing of it, and of the
    /// local authority's, which renews it by itself.
    #[must_use]
    pub fn runs_out_within(&self, ahead: Duration) -> Option<Time> {
        match &self.source {
            CertificateSource::Production(_, demands) => demands.runs_out_within(&self.served().cert, ahead),
            CertificateSource::Files(_) | CertificateSource::Local(_) => None,
        }
    }

    /// The pair that the next connection gets.
    #[must_use]
    pub fn served(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.served.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.served())
    }
}

impl CertificateSource {
    fn files(&self) -> &CertificateFiles {
        match self {
            Self::Files(files) | Self::Production(files, _) => files,
            Self::Local(authority) => authority.files(),
        }
    }
}

/// Tells one content of the files from another; no more than that.
type Fingerprint = u64;

/// What stands in the files at one moment.
struct Offer {
    chain: zeroize::Zeroizing<Vec<u8>>,
    key: zeroize::Zeroizing<Vec<u8>>,
    fingerprint: Fingerprint,
}

impl Offer {
    fn read(files: &CertificateFiles) -> Result<Self, Refusal> {
        let (chain, key) = (read(&files.chain)?, read(&files.key)?);
        let mut hasher = DefaultHasher::new();
        (chain.as_slice(), key.as_slice()).hash(&mut hasher);
        Ok(Self { chain, key, fingerprint: hasher.finish() })
    }

    fn accept(&self, source: &CertificateSource) -> Result<Arc<CertifiedKey>, Refusal> {
        let Pair(pair) = Pair::parse(&self.chain, &self.key)?;
        if let CertificateSource::Production(_, demands) = source {
            demands.check(&pair.cert)?;
        }
        Ok(pair)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::super::chains::{DAY, Root};
    use super::super::production::Roots;
    use super::super::{Demands, LocalAuthority, Part};
    use super::*;
    use crate::kernel::clock::Clock;
    use crate::kernel::entropy::Entropy;

    #[test]
    fn a_bad_pair_stays_out_until_a_good_one_stands_in_the_files() {
        let (_clock, root, folder) = start();
        let files = root.leaf(&["localhost"]).write(folder.path());
        let certificates = Certificates::open(CertificateSource::Files(files.clone())).unwrap();
        let first = certificates.served();
        assert_eq!(certificates.reload_now(), Reloaded::Unchanged);

        let next = root.leaf(&["localhost"]);
        std::fs::write(&files.chain, &next.chain).unwrap();
        assert_eq!(certificates.reload_now(), Reloaded::Kept(Refusal::KeyMismatch), "caught between two replacements");
        assert_eq!(certificates.reload_now(), Reloaded::Unchanged, "reported once");
        assert!(Arc::ptr_eq(&first, &certificates.served()));
        std::fs::write(&files.key, &next.key).unwrap();
        assert_eq!(certificates.reload_now(), Reloaded::Swapped);
        assert_eq!(certificates.served().cert, next.der);

        std::fs::write(&files.chain, "half a file").unwrap();
        assert_eq!(certificates.reload_now(), Reloaded::Kept(Refusal::Unreadable(Part::Certificate)));
        std::fs::remove_file(&files.chain).unwrap();
        assert_eq!(certificates.reload_now(), Reloaded::Kept(Refusal::Missing(files.chain.clone())));
        assert_eq!(certificates.served().cert, next.der);
    }

    /// P-11: what could not be started with cannot be slipped in later.
    #[test]
    fn production_demands_hold_at_the_start_and_at_each_reload() {
        let (clock, root, folder) = start();
        let roots = folder.path().join("roots.pem");
        std::fs::write(&roots, root.pem()).unwrap();
        let demands =
            || Demands::new(&[String::from("vault.example")], &Roots::File(roots.clone()), clock.clone()).unwrap();
        let files = root.self_signed(&["vault.example"]).write(folder.path());
        let refused = Certificates::open(CertificateSource::Production(files.clone(), demands())).unwrap_err();
        assert!(matches!(refused, TlsError::Refused(Refusal::SelfSigned)), "{refused}");

        let good = root.leaf(&["vault.example"]);
        good.write(folder.path());
        let certificates = Certificates::open(CertificateSource::Production(files, demands())).unwrap();
        assert_eq!(certificates.runs_out_within(DAY * 14), None);
        assert!(certificates.runs_out_within(DAY * 3_650).is_some());
        root.leaf(&["other.example"]).write(folder.path());
        let wrong = Refusal::WrongName { host: String::from("vault.example") };
        assert_eq!(certificates.reload_now(), Reloaded::Kept(wrong));
        assert_eq!(certificates.served().cert, good.der);
    }

    #[test]
    fn a_local_leaf_is_renewed_under_the_running_server() {
        let (clock, _root, folder) = start();
        let authority = LocalAuthority::open(folder.path(), clock.clone(), Entropy::system()).unwrap();
        let certificates = Certificates::open(CertificateSource::Local(authority)).unwrap();
        let first = certificates.served();
        clock.advance(DAY * 58);
        assert_eq!(certificates.reload_now(), Reloaded::Unchanged);
        clock.advance(DAY * 2);
        assert_eq!(certificates.reload_now(), Reloaded::Swapped);
        assert_ne!(first.cert, certificates.served().cert);
    }

    #[tokio::test]
    async fn the_watch_sees_a_replaced_pair_by_itself() {
        let (_clock, root, folder) = start();
        let files = root.leaf(&["localhost"]).write(folder.path());
        let certificates = Certificates::open(CertificateSource::Files(files)).unwrap();
        let every = Duration::from_millis(2);
        let watch = tokio::spawn(Arc::clone(&certificates).watch(every));
        let next = root.leaf(&["localhost"]);
        next.write(folder.path());
        let seen = async {
            while certificates.served().cert != next.der {
                tokio::time::sleep(every).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), seen).await.unwrap();
        watch.abort();
    }

    fn start() -> (Clock, Root, tempfile::TempDir) {
        let clock = Clock::moved(Time::parse("2026-03-01T12:00:00Z").unwrap());
        let root = Root::new(&clock);
        (clock, root, tempfile::tempdir().unwrap())
    }
}
