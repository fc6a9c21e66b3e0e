//! Certificates for the tests: a root, and leaves under it, good and bad.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::CertificateDer;

use super::CertificateFiles;
use crate::kernel::clock::{Clock, Time};

pub(super) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A root that is valid around `now`.
pub(super) struct Root {
    issuer: CertifiedIssuer<'static, KeyPair>,
    now: Time,
}

pub(super) struct Issued {
    pub(super) chain: String,
    pub(super) key: String,
    pub(super) der: Vec<CertificateDer<'static>>,
}

impl Root {
    pub(super) fn new(clock: &Clock) -> Self {
        let now = clock.now();
        let mut params = params("root", now.minus(DAY), now.plus(DAY * 3650));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap(), now }
    }

    pub(super) fn pem(&self) -> String {
        self.issuer.pem()
    }

    pub(super) fn der(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    /// A server's leaf for `names`, valid from now for 60 days.
    pub(super) fn leaf(&self, names: &[&str]) -> Issued {
        self.leaf_between(names, self.now.minus(DAY), self.now.plus(DAY * 60))
    }

    pub(super) fn leaf_between(&self, names: &[&str], from: Time, to: Time) -> Issued {
        let key = KeyPair::generate().unwrap();
        let leaf = server(names, from, to).signed_by(&key, &self.issuer).unwrap();
        Issued { chain: leaf.pem(), key: key.serialize_pem(), der: vec![leaf.der().clone()] }
    }

    /// A leaf for `names` under an intermediate that ends after `life`.
    pub(super) fn leaf_under_intermediate(&self, names: &[&str], life: Duration) -> Issued {
        let mut middle = params("intermediate", self.now.minus(DAY), self.now.plus(life));
        middle.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let middle = CertifiedIssuer::signed_by(middle, KeyPair::generate().unwrap(), &self.issuer).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = server(names, self.now.minus(DAY), self.now.plus(DAY * 60)).signed_by(&key, &middle).unwrap();
        let chain = format!("{}{}", leaf.pem(), middle.pem());
        Issued { chain, key: key.serialize_pem(), der: vec![leaf.der().clone(), middle.der().clone()] }
    }

    /// A certificate that vouches for itself, with the same names and times as [`Self::leaf`].
    pub(super) fn self_signed(&self, names: &[&str]) -> Issued {
        let key = KeyPair::generate().unwrap();
        let leaf = server(names, self.now.minus(DAY), self.now.plus(DAY * 60)).self_signed(&key).unwrap();
        Issued { chain: leaf.pem(), key: key.serialize_pem(), der: vec![leaf.der().clone()] }
    }
}

impl Issued {
    pub(super) fn write(&self, folder: &Path) -> CertificateFiles {
        let files = CertificateFiles { chain: folder.join("chain.pem"), key: folder.join("key.pem") };
        std::fs::write(&files.chain, &self.chain).unwrap();
        std::fs::write(&files.key, &self.key).unwrap();
        files
    }
}

fn server(names: &[&str], from: Time, to: Time) -> CertificateParams {
    let mut params = params("leaf", from, to);
    let named = CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
    params.subject_alt_names = named.subject_alt_names;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

fn params(name: &str, from: Time, to: Time) -> CertificateParams {
    let at = |time: Time| rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(time.millis() / 1000);
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (at(from), at(to));
    params
}
