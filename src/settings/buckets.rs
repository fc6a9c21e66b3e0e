//! `[objects]` and `[backup.s3]`: services that speak S3, and what lets us in.

use std::net::IpAddr;
use std::path::PathBuf;

use serde::Deserialize;

use super::processors::Line;
use super::sections::{Backup, RawBackup, path_or_not, secret_or_not, set_or_not, text_or_not};
use super::values::{BackupPlace, BackupSeal, SecretFile, Store};
use super::{KeeperSecret, SettingsError, contradiction, keeper_secret};
use crate::kernel::crypto::age::Recipient;
use crate::kernel::personal::{Comparison, Secret};
use crate::kernel::values::Country;

/// `[objects]`: where files' sealed content is.
#[derive(Debug, Clone)]
pub enum Objects {
    /// In a folder, which nodes of one service share.
    Folder(PathBuf),
    /// In a bucket.
    S3(Bucket),
}

/// A bucket, or the part of it under a prefix.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// Who keeps it.
    pub service: S3,
    /// Its name.
    pub name: String,
    /// What every key begins with.
    pub prefix: String,
}

/// A service that speaks S3.
#[derive(Debug, Clone)]
pub struct S3 {
    /// `https://HOST`, or `http://` on loopback.
    pub endpoint: String,
    /// The region that requests are signed for.
    pub region: String,
    /// Who we are there.
    pub access_key_id: String,
    /// What signs.
    pub secret: KeeperSecret,
    /// The authorities of its certificate, in PEM; without it the system's.
    pub roots: Option<PathBuf>,
    /// The company whose service it is, and where; none where it is on this machine.
    pub company: Option<(Line, Country)>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawObjects {
    store: Store,
    #[serde(deserialize_with = "path_or_not")]
    folder: Option<PathBuf>,
    #[serde(deserialize_with = "text_or_not")]
    bucket: Option<String>,
    #[serde(deserialize_with = "text_or_not")]
    prefix: Option<String>,
    s3: RawS3,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawS3 {
    #[serde(deserialize_with = "text_or_not")]
    endpoint: Option<String>,
    #[serde(deserialize_with = "text_or_not")]
    region: Option<String>,
    #[serde(deserialize_with = "text_or_not")]
    access_key_id: Option<String>,
    #[serde(deserialize_with = "set_or_not")]
    secret_access_key_file: Option<SecretFile>,
    #[serde(deserialize_with = "secret_or_not")]
    secret_access_key: Option<Secret<String>>,
    #[serde(deserialize_with = "path_or_not")]
    roots: Option<PathBuf>,
    #[serde(deserialize_with = "text_or_not")]
    company: Option<String>,
    #[serde(deserialize_with = "text_or_not")]
    country: Option<String>,
}

/// The names of a section's keys.
struct Keys {
    endpoint: &'static str,
    access_key_id: &'static str,
    secret: &'static str,
    company: &'static str,
    country: &'static str,
}

const OF_OBJECTS: Keys = Keys {
    endpoint: "objects.s3.endpoint",
    access_key_id: "objects.s3.access_key_id",
    secret: "objects.s3.secret_access_key_file",
    company: "objects.s3.company",
    country: "objects.s3.country",
};

const OF_BACKUPS: Keys = Keys {
    endpoint: "backup.s3.endpoint",
    access_key_id: "backup.s3.access_key_id",
    secret: "backup.s3.secret_access_key_file",
    company: "backup.s3.company",
    country: "backup.s3.country",
};

pub(super) fn objects(raw: RawObjects, data: &std::path::Path) -> Result<Objects, SettingsError> {
    let is_s3 = raw.store == Store::S3;
    let strange = |key| Err(contradiction(key, "is set, but belongs to another `objects.store`"));
    match (is_s3, &raw.folder, &raw.bucket) {
        (true, Some(_), _) => return strange("objects.folder"),
        (false, _, Some(_)) => return strange("objects.bucket"),
        _ => {}
    }
    let service = service(raw.s3, &OF_OBJECTS)?;
    if !is_s3 {
        let folder = raw.folder.unwrap_or_else(|| data.join("objects"));
        return if service.is_some() { strange("objects.s3.endpoint") } else { Ok(Objects::Folder(folder)) };
    }
    let service = service.ok_or(contradiction("objects.s3.endpoint", "is missing for this `objects.store`"))?;
    let name = raw.bucket.ok_or(contradiction("objects.bucket", "is missing for this `objects.store`"))?;
    let prefix = raw.prefix.unwrap_or_default();
    if !is_bucket(&name) {
        return Err(contradiction("objects.bucket", "must be 3 to 63 small letters, digits, - and ."));
    }
    if !is_prefix(&prefix) {
        return Err(contradiction("objects.prefix", "must be letters, digits, - and _, between slashes"));
    }
    Ok(Objects::S3(Bucket { service, name, prefix }))
}

fn service(raw: RawS3, keys: &Keys) -> Result<Option<S3>, SettingsError> {
    let Some(endpoint) = raw.endpoint else {
        let is_set =
            raw.access_key_id.is_some() || raw.secret_access_key_file.is_some() || raw.secret_access_key.is_some();
        return if is_set { Err(contradiction(keys.endpoint, "is missing beside the other keys")) } else { Ok(None) };
    };
    let reach = reach(&endpoint).ok_or(contradiction(
        keys.endpoint,
        "must be https://HOST or https://HOST:PORT; http:// is for loopback alone",
    ))?;
    let access_key_id = raw.access_key_id.ok_or(contradiction(keys.access_key_id, "is missing beside the endpoint"))?;
    let secret = keeper_secret(raw.secret_access_key_file, raw.secret_access_key, keys.secret)?;
    let company = match (raw.company, raw.country) {
        (None, None) if reach == Reach::Loopback => None,
        (None, _) => return Err(contradiction(keys.company, "is missing: whose service it is, stands on /processors")),
        (_, None) => {
            return Err(contradiction(keys.country, "is missing: where the service is, stands on /processors"));
        }
        (Some(company), Some(country)) => {
            let company =
                Line::try_from(company).map_err(|_| contradiction(keys.company, "must be one line of text"))?;
            let country = Country::parse(&country)
                .map_err(|_| contradiction(keys.country, "must be two letters of a country"))?;
            Some((company, country))
        }
    };
    let region = raw.region.unwrap_or_else(|| "us-east-1".to_owned());
    Ok(Some(S3 { endpoint, region, access_key_id, secret, roots: raw.roots, company }))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Loopback,
    Elsewhere,
}

/// Where an endpoint is; `None` where it is none, or would be spoken to in the clear.
fn reach(endpoint: &str) -> Option<Reach> {
    let (scheme, rest) = endpoint.trim_end_matches('/').split_once("://")?;
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (rest, None),
    };
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return None;
    }
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let address = bare.parse::<IpAddr>().ok();
    let is_name = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    if address.is_none() && !is_name {
        return None;
    }
    let is_here = host == "localhost" || address.is_some_and(|address| address.is_loopback());
    match (scheme, is_here) {
        ("https" | "http", true) => Some(Reach::Loopback),
        ("https", false) => Some(Reach::Elsewhere),
        _ => None,
    }
}

/// `[backup]`: places that share nothing with each other, or with the objects.
pub(super) fn backup(raw: RawBackup, objects: &Objects) -> Result<Backup, SettingsError> {
    let RawBackup { key, to, keyring_to, seal, recipients, s3, every, drill_every, retention, keyring_retention } = raw;
    let s3 = service(s3, &OF_BACKUPS)?;
    let of_age = |text: &String| {
        Recipient::parse(text).map_err(|_| contradiction("backup.recipients", "lists something that is no age1… key"))
    };
    let recipients: Vec<Recipient> = recipients.iter().map(of_age).collect::<Result<_, _>>()?;
    if recipients.is_empty() != (seal == BackupSeal::Key) {
        return Err(contradiction("backup.recipients", "and `backup.seal` contradict each other"));
    }
    let live = match objects {
        Objects::S3(bucket) => Some(BackupPlace::Bucket { name: bucket.name.clone(), prefix: bucket.prefix.clone() }),
        Objects::Folder(_) => None,
    };
    for (key, place) in [("backup.to", &to), ("backup.keyring_to", &keyring_to)] {
        let Some(place) = place else { continue };
        if matches!(place, BackupPlace::Bucket { .. }) && s3.is_none() {
            return Err(contradiction(OF_BACKUPS.endpoint, "is missing for a place that begins with s3://"));
        }
        if live.as_ref().is_some_and(|live| live.overlaps(place) == Comparison::Same) {
            return Err(contradiction(key, "must share nothing with the bucket of `[objects]`: name another prefix"));
        }
    }
    if let (Some(to), Some(keyring_to)) = (&to, &keyring_to)
        && to.overlaps(keyring_to) == Comparison::Same
    {
        return Err(contradiction("backup.keyring_to", "must be another place than `backup.to`"));
    }
    Ok(Backup { key, seal, recipients, to, keyring_to, s3, every, drill_every, retention, keyring_retention })
}

/// As all services take them (S3's own rules are wider by nothing that is needed).
pub(super) fn is_bucket(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    (3..=63).contains(&name.len()) && name.bytes().all(plain) && !name.contains("..")
}

pub(super) fn is_prefix(prefix: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    prefix.is_empty() || prefix.split('/').all(|part| !part.is_empty() && part.bytes().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_elsewhere_is_reached_over_tls_or_not_at_all() {
        for (endpoint, is) in [
            ("https://s3.eu-north-1.amazonaws.com", Some(Reach::Elsewhere)),
            ("https://s3.example.com:9000/", Some(Reach::Elsewhere)),
            ("https://localhost:8333", Some(Reach::Loopback)),
            ("http://127.0.0.1:8333", Some(Reach::Loopback)),
            ("http://[::1]:8333", Some(Reach::Loopback)),
            ("http://s3.example.com", None),
            ("http://127.0.0.1.example.com", None),
            ("http://localhost@example.com", None),
            ("http://192.0.2.1:80", None),
            ("https://host/path", None),
            ("https://host:99999", None),
            ("https://", None),
            ("ftp://localhost", None),
            ("localhost", None),
        ] {
            assert_eq!(reach(endpoint), is, "{endpoint}");
        }
    }

    #[test]
    fn places_of_back_ups_share_nothing_when_neither_is_in_the_other() {
        let place = |text: &str| text.parse::<BackupPlace>().unwrap();
        for (one, two, is) in [
            ("s3://one-bucket/a", "s3://one-bucket/b", Comparison::Different),
            ("s3://one-bucket/a", "s3://one-bucket/ab", Comparison::Different),
            ("s3://one-bucket/a", "s3://two-bucket/a", Comparison::Different),
            ("s3://one-bucket/a", "s3://one-bucket/a/", Comparison::Same),
            ("s3://one-bucket/a", "s3://one-bucket/a/b", Comparison::Same),
            ("s3://one-bucket", "s3://one-bucket/a/b", Comparison::Same),
            ("/a", "/a", Comparison::Same),
            ("/a", "/b", Comparison::Different),
            ("/a", "s3://one-bucket/a", Comparison::Different),
        ] {
            assert_eq!((place(one).overlaps(&place(two)), place(two).overlaps(&place(one))), (is, is), "{one} {two}");
        }
        for none in ["", "s3://", "s3://Bucket/a", "s3://one-bucket/../a", "https://one-bucket/a"] {
            assert!(none.parse::<BackupPlace>().is_err(), "{none}");
        }
    }

    #[test]
    fn buckets_and_prefixes_are_plain() {
        assert!(is_bucket("seif-objects.2") && is_prefix("") && is_prefix("a/B_c-1"));
        for name in ["ab", "Seif", "a/b", "a..b", "a b"] {
            assert!(!is_bucket(name), "{name}");
        }
        for prefix in ["/a", "a/", "a//b", "..", "a b"] {
            assert!(!is_prefix(prefix), "{prefix}");
        }
    }
}
