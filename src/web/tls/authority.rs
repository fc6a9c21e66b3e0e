//! The local authority: on loopback, without configuration, TLS works at the first start and a browser can be told to
//! trust it.
//!
//! Under `DIR/tls/` (0700): `ca.pem` and `ca.key`, `server.pem` and `server.key` (0600). The authority can vouch for
//! this machine's loopback alone (RFC 5280 §4.2.1.10), so that trusting it in a browser opens nothing else. Whoever
//! takes `ca.key` can pose as `localhost` to those who trust it, and as nobody else.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256, SanType, SerialNumber,
};
use rustls::pki_types::{CertificateDer, ServerName};
use zeroize::Zeroizing;

use super::production::{anchored, vouch};
use super::{CertificateFiles, Pair, Refusal, read_pair};
use crate::kernel::clock::{Clock, Time};
use crate::kernel::entropy::Entropy;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// A leaf's whole life, its hour in the past included, stays below 90 days.
const LEAF_LIFE: Duration = DAY.saturating_mul(89);
/// A leaf with less than this left is replaced.
const RENEW_BEFORE: Duration = DAY.saturating_mul(30);
const AUTHORITY_LIFE: Duration = DAY.saturating_mul(3650);
/// Certificates begin in the past, for clients whose clock is slow.
const BACKDATED: Duration = Duration::from_secs(60 * 60);

/// Issues this machine's loopback certificate and keeps it fresh.
#[derive(Debug)]
pub struct LocalAuthority {
    folder: PathBuf,
    authority: CertificateFiles,
    server: CertificateFiles,
    clock: Clock,
    entropy: Entropy,
    renewing: Mutex<()>,
}

/// What looking at the certificates came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// All is good for 30 days and more.
    NotDue,
    /// A new leaf under the same authority.
    Leaf,
    /// A new authority, which has to be trusted anew, and a new leaf under it.
    Authority,
}

/// Why the local authority cannot do its work.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// Its folder or files cannot be read or written.
    #[error("{}: {source}", .path.display())]
    Files {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No certificate could be made.
    #[error("no certificate could be made: {0}")]
    Issue(#[from] rcgen::Error),
}

impl LocalAuthority {
    /// The authority under `data/tls/`, made when it is not there.
    pub fn open(data: &Path, clock: Clock, entropy: Entropy) -> Result<Self, AuthorityError> {
        let folder = data.join("tls");
        let at = |name: &str| folder.join(name);
        let authority = Self {
            authority: CertificateFiles { chain: at("ca.pem"), key: at("ca.key") },
            server: CertificateFiles { chain: at("server.pem"), key: at("server.key") },
            folder,
            clock,
            entropy,
            renewing: Mutex::new(()),
        };
        authority.renew_if_due()?;
        Ok(authority)
    }

    /// The certificate that clients are told to trust.
    #[must_use]
    pub fn certificate(&self) -> &Path {
        &self.authority.chain
    }

    /// The leaf and its key.
    #[must_use]
    pub const fn files(&self) -> &CertificateFiles {
        &self.server
    }

    /// Makes what is missing, damaged, does not fit together, or ends within 30 days; leaves the rest as it is.
    ///
    /// Keys are written before certificates: whatever a crash leaves does not fit together and is made again.
    pub fn renew_if_due(&self) -> Result<Renewal, AuthorityError> {
        let _one_at_a_time = self.renewing.lock().unwrap_or_else(PoisonError::into_inner);
        private_folder(&self.folder)?;
        let now = self.clock.now();
        if let Some(issuer) = self.standing_issuer(now)? {
            if self.leaf_stands(now)? {
                return Ok(Renewal::NotDue);
            }
            self.new_leaf(&issuer, now)?;
            if self.leaf_stands(now)? {
                tracing::info!("the local authority renewed its server certificate");
                return Ok(Renewal::Leaf);
            }
        }
        let issuer = self.new_issuer(now)?;
        self.new_leaf(&issuer, now)?;
        tracing::info!("a new local authority was made; clients have to trust it anew");
        Ok(Renewal::Authority)
    }

    /// The authority in the files, when it is whole and outlives a leaf that would be issued now.
    fn standing_issuer(&self, now: Time) -> Result<Option<Issuer<'static, KeyPair>>, AuthorityError> {
        let Some(own) = standing(&self.authority)? else { return Ok(None) };
        // As a leaf the authority's certificate is never believed, but its time is looked at before its purpose.
        let ends = |at| vouched(&own, &own, at).is_err_and(|refusal| matches!(refusal, Refusal::Expired { .. }));
        let begins = |at| vouched(&own, &own, at).is_err_and(|refusal| matches!(refusal, Refusal::NotYetValid { .. }));
        if begins(now) || ends(now.plus(LEAF_LIFE)) {
            return Ok(None);
        }
        let pem = fs::read_to_string(&self.authority.key).map(Zeroizing::new).map_err(at(&self.authority.key))?;
        Ok(KeyPair::from_pem(&pem).ok().map(|key| Issuer::new(authority_params(&key), key)))
    }

    /// Whether clients that trust the authority believe the leaf in the files, now and for 30 days more.
    fn leaf_stands(&self, now: Time) -> Result<bool, AuthorityError> {
        let (Some(leaf), Some(own)) = (standing(&self.server)?, standing(&self.authority)?) else { return Ok(false) };
        Ok([now, now.plus(RENEW_BEFORE)].into_iter().all(|at| vouched(&leaf, &own, at).is_ok()))
    }

    fn new_issuer(&self, now: Time) -> Result<Issuer<'static, KeyPair>, AuthorityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = authority_params(&key);
        self.stamp(&mut params, now, AUTHORITY_LIFE);
        let own = params.self_signed(&key)?;
        self.write(&self.authority, &key, &own.pem())?;
        Ok(Issuer::new(params, key))
    }

    fn new_leaf(&self, issuer: &Issuer<'static, KeyPair>, now: Time) -> Result<(), AuthorityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::default();
        self.stamp(&mut params, now, LEAF_LIFE);
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "localhost");
        params.subject_alt_names = vec![
            SanType::DnsName("localhost".try_into()?),
            SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        ];
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let leaf = params.signed_by(&key, issuer)?;
        self.write(&self.server, &key, &leaf.pem())
    }

    /// A positive random serial of 16 octets (RFC 5280 §4.1.2.2) and a term that begins an hour ago.
    fn stamp(&self, params: &mut CertificateParams, now: Time, life: Duration) {
        let mut serial = self.entropy.bytes::<16>();
        let [first, ..] = &mut serial;
        *first = *first & 0x3f | 0x40;
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        params.not_before = epoch + Duration::from_secs(now.minus(BACKDATED).millis() / 1000);
        params.not_after = epoch + Duration::from_secs(now.plus(life).millis() / 1000);
    }

    fn write(&self, files: &CertificateFiles, key: &KeyPair, certificate: &str) -> Result<(), AuthorityError> {
        let key = Zeroizing::new(key.serialize_pem());
        self.replace(&files.key, key.as_bytes(), 0o600)?;
        self.replace(&files.chain, certificate.as_bytes(), 0o644)
    }

    /// Whoever reads `path` finds the old content or the new, never half of it, also after a crash.
    fn replace(&self, path: &Path, content: &[u8], mode: u32) -> Result<(), AuthorityError> {
        let aside = path.with_extension("new");
        let written = || {
            match fs::remove_file(&aside) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => (),
            }
            let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&aside)?;
            file.write_all(content)?;
            file.sync_all()?;
            fs::rename(&aside, path)?;
            fs::File::open(&self.folder)?.sync_all()
        };
        written().map_err(at(path))
    }
}

/// What makes the authority the authority: told from its key alone, so that the files need not be parsed to issue.
fn authority_params(key: &KeyPair) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mark: String = params.key_identifier(key).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, format!("Seif local authority {mark}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![
            GeneralSubtree::DnsName(String::from("localhost")),
            GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(IpAddr::V4(Ipv4Addr::LOCALHOST), 32)),
            GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(IpAddr::V6(Ipv6Addr::LOCALHOST), 128)),
        ],
        excluded_subtrees: Vec::new(),
    });
    params
}

/// The certificate in the files, when both are there, whole, and fit each other.
fn standing(files: &CertificateFiles) -> Result<Option<CertificateDer<'static>>, AuthorityError> {
    match read_pair(files) {
        Ok(Pair(pair)) => Ok(pair.cert.first().cloned()),
        Err(Refusal::NotReadable(path, kind)) => Err(AuthorityError::Files { path, source: kind.into() }),
        Err(_) => Ok(None),
    }
}

fn vouched(leaf: &CertificateDer<'static>, root: &CertificateDer<'static>, at: Time) -> Result<(), Refusal> {
    let localhost = ServerName::try_from("localhost").map_err(|_| Refusal::NoNames)?;
    vouch(&*anchored(vec![root.clone()])?, leaf, &[], &localhost, at)
}

/// The folder, with nobody else let in.
fn private_folder(folder: &Path) -> Result<(), AuthorityError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.and_then(|()| fs::set_permissions(folder, Permissions::from_mode(0o700))).map_err(at(folder))
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> AuthorityError {
    move |source| AuthorityError::Files { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_first_start_makes_private_files_and_the_next_leaves_them_as_they_are() {
        let (folder, clock) = start();
        let first = open(&folder, &clock);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&first.folder), 0o700);
        assert_eq!((mode(&first.authority.key), mode(&first.server.key)), (0o600, 0o600));
        let made = contents(&first);
        assert_eq!(open(&folder, &clock).renew_if_due().unwrap(), Renewal::NotDue);
        assert_eq!(contents(&first), made);
        let names: Vec<_> = fs::read_dir(&first.folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 4, "nothing is left aside: {names:?}");
    }

    #[test]
    fn a_leaf_lives_at_most_90_days_and_is_renewed_with_30_left_under_the_same_authority() {
        let (folder, clock) = start();
        let authority = open(&folder, &clock);
        let own = fs::read(authority.certificate()).unwrap();
        let leaf = || standing(&authority.server).unwrap().unwrap();
        let root = standing(&authority.authority).unwrap().unwrap();
        let (first, made) = (leaf(), clock.now());
        assert_eq!(vouched(&first, &root, made.minus(BACKDATED)), Ok(()));
        let ended = vouched(&first, &root, made.minus(BACKDATED).plus(DAY * 90));
        assert!(matches!(ended, Err(Refusal::Expired { .. })), "{ended:?}");

        clock.advance(DAY * 59);
        assert_eq!(authority.renew_if_due().unwrap(), Renewal::NotDue);
        clock.advance(Duration::from_secs(2));
        assert_eq!(authority.renew_if_due().unwrap(), Renewal::Leaf);
        assert_ne!(leaf(), first);
        assert_eq!(fs::read(authority.certificate()).unwrap(), own, "what clients trust has not changed");
        assert_eq!(vouched(&leaf(), &root, clock.now()), Ok(()));
    }

    #[test]
    fn an_authority_that_would_not_outlive_its_next_leaf_is_replaced() {
        let (folder, clock) = start();
        let authority = open(&folder, &clock);
        clock.advance(AUTHORITY_LIFE - LEAF_LIFE - DAY);
        assert_eq!(authority.renew_if_due().unwrap(), Renewal::Leaf);
        clock.advance(DAY * 2);
        assert_eq!(authority.renew_if_due().unwrap(), Renewal::Authority);
        assert_eq!(authority.renew_if_due().unwrap(), Renewal::NotDue);
    }

    #[test]
    fn whatever_a_crash_or_a_hand_left_is_made_whole_again() {
        let (folder, clock) = start();
        let authority = open(&folder, &clock);
        let other = tempfile::tempdir().unwrap();
        let strange = open(&other, &clock);
        type Damage<'a> = &'a dyn Fn(&Path);
        let cases: [(&Path, Damage<'_>, Renewal); 6] = [
            (&authority.server.chain, &|path| fs::remove_file(path).unwrap(), Renewal::Leaf),
            (&authority.server.key, &|path| fs::write(path, "").unwrap(), Renewal::Leaf),
            (&authority.server.key, &|path| assert!(fs::copy(&strange.server.key, path).unwrap() > 0), Renewal::Leaf),
            (&authority.authority.chain, &|path| fs::write(path, "half").unwrap(), Renewal::Authority),
            (&authority.authority.key, &|path| fs::remove_file(path).unwrap(), Renewal::Authority),
            (
                &authority.authority.key,
                &|path| assert!(fs::copy(&strange.authority.key, path).unwrap() > 0),
                Renewal::Authority,
            ),
        ];
        for (path, damage, renewal) in cases {
            damage(path);
            assert_eq!(authority.renew_if_due().unwrap(), renewal, "{}", path.display());
            assert_eq!(authority.renew_if_due().unwrap(), Renewal::NotDue);
        }
    }

    /// RFC 5280 §4.2.1.10: the harm that a trusted local authority can do ends at loopback.
    #[test]
    fn the_authority_can_vouch_for_nothing_but_loopback() {
        let (folder, clock) = start();
        let authority = open(&folder, &clock);
        let issuer = authority.standing_issuer(clock.now()).unwrap().unwrap();
        let root = standing(&authority.authority).unwrap().unwrap();
        let leaf_for = |name: &str| {
            let mut params = CertificateParams::new([String::from(name)]).unwrap();
            authority.stamp(&mut params, clock.now(), LEAF_LIFE);
            params.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap().der().clone()
        };
        let verdict = |name: &'static str| {
            let verifier = anchored(vec![root.clone()]).unwrap();
            vouch(&*verifier, &leaf_for(name), &[], &ServerName::try_from(name).unwrap(), clock.now())
        };
        for loopback in ["localhost", "127.0.0.1", "::1"] {
            assert_eq!(verdict(loopback), Ok(()), "{loopback}");
        }
        for elsewhere in ["bank.example", "127.0.0.2", "10.0.0.1", "::2"] {
            assert_eq!(verdict(elsewhere), Err(Refusal::Untrusted), "{elsewhere}");
        }
    }

    fn start() -> (tempfile::TempDir, Clock) {
        (tempfile::tempdir().unwrap(), Clock::moved(Time::parse("2026-03-01T12:00:00Z").unwrap()))
    }

    fn open(folder: &tempfile::TempDir, clock: &Clock) -> LocalAuthority {
        LocalAuthority::open(folder.path(), clock.clone(), Entropy::seeded(1)).unwrap()
    }

    fn contents(authority: &LocalAuthority) -> Vec<Vec<u8>> {
        let (own, leaf) = (&authority.authority, &authority.server);
        [&own.chain, &own.key, &leaf.chain, &leaf.key].map(|path| fs::read(path).unwrap()).into()
    }
}
