//! The kinds of value that settings are made of: each reads its own text and refuses what it is not.
//!
//! No error here repeats the text that it refuses: it may be a secret on the wrong line.

use std::fmt;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use super::buckets::{is_bucket, is_prefix};
use crate::kernel::personal::{Comparison, Secret};

/// What a text was expected to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {0}")]
pub struct Expected(pub &'static str);

/// Reads a setting from its text, through `FromStr`.
macro_rules! from_text {
    ($($name:ty),+) => {$(
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = zeroize::Zeroizing::new(String::deserialize(deserializer)?);
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}
from_text!(ConsolePath, Period, Size, HostName, Listen, DatabaseUrl, SecretFile, BackupPlace);

/// A closed choice of words.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident: $all:literal { $($(#[$word_doc:meta])* $variant:ident = $word:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$word_doc])* $variant),+ }

        impl FromStr for $name {
            type Err = Expected;
            fn from_str(text: &str) -> Result<Self, Expected> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(Expected($all)),
                }
            }
        }
        from_text!($name);
    )+};
}

words! {
    /// When browsers are told to come back over TLS only (RFC 6797).
    Hsts: "one of auto, on, off" {
        /// For configured names; never for `localhost` or a bare address.
        Auto = "auto",
        /// On every answer.
        On = "on",
        /// Never.
        Off = "off",
    }
    /// Which of Mozilla's TLS profiles is spoken.
    TlsProfile: "one of intermediate, modern" {
        /// TLS 1.3 and 1.2.
        Intermediate = "intermediate",
        /// TLS 1.3 alone.
        Modern = "modern",
    }
    /// How the connection to the mail relay becomes TLS; without TLS is no choice.
    SmtpSecurity: "one of implicit, starttls" {
        /// From the first byte (RFC 8314).
        Implicit = "implicit",
        /// By STARTTLS, which must succeed (RFC 3207).
        Starttls = "starttls",
    }
    /// Who keeps the root key.
    RootKeyProvider: "one of file, passphrase, openbao, pkcs11" {
        /// A key file.
        File = "file",
        /// A file sealed under a passphrase.
        Passphrase = "passphrase",
        /// The transit engine of an OpenBao or Vault server.
        OpenBao = "openbao",
        /// A PKCS#11 token.
        Pkcs11 = "pkcs11",
    }
    /// Where files' sealed content is.
    Store: "one of folder, s3" {
        /// In a folder.
        Folder = "folder",
        /// In a bucket of a service that speaks S3.
        S3 = "s3",
    }
    /// What back-ups are sealed for.
    BackupSeal: "one of key, recipients, both" {
        /// The back-up key.
        Key = "key",
        /// Age recipients alone.
        Recipients = "recipients",
        /// Either opens them.
        Both = "both",
    }
    /// How much is logged.
    LogLevel: "one of error, warn, info, debug, trace" {
        /// Failures alone.
        Error = "error",
        /// And what an operator should look at.
        Warn = "warn",
        /// And one line a request.
        Info = "info",
        /// And steps.
        Debug = "debug",
        /// And everything.
        Trace = "trace",
    }
    /// How a proxy in front says for whom it speaks.
    ProxyHow: "one of proxy_v2, forwarded, x_forwarded_for" {
        /// A header of the PROXY protocol, version 2, before TLS.
        ProxyV2 = "proxy_v2",
        /// The field `Forwarded` (RFC 7239).
        Forwarded = "forwarded",
        /// The field `X-Forwarded-For`.
        XForwardedFor = "x_forwarded_for",
    }
    /// What a log line looks like.
    LogFormat: "one of text, json" {
        /// For people.
        Text = "text",
        /// For machines: one object a line.
        Json = "json",
    }
}

impl From<LogLevel> for tracing::level_filters::LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

impl From<LogFormat> for crate::kernel::log::Format {
    fn from(format: LogFormat) -> Self {
        match format {
            LogFormat::Text => Self::Text,
            LogFormat::Json => Self::Json,
        }
    }
}

/// What the addresses of the operators' console begin with: `/operator`, `/internal/console`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsolePath(String);

impl ConsolePath {
    /// The path, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ConsolePath {
    type Err = Expected;
    fn from_str(text: &str) -> Result<Self, Expected> {
        const EXPECTED: Expected =
            Expected("a path such as /operator, of small letters, digits and hyphens, that no other page begins with");
        // Our own pages begin so.
        const TAKEN: [&str; 6] = ["api", "t", "account", "assets", "sign-in", "erasures"];
        let parts: Vec<&str> = text.strip_prefix('/').ok_or(EXPECTED)?.split('/').collect();
        let is_plain = |part: &&str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        let is_free = parts.first().is_some_and(|first| !TAKEN.contains(first));
        if is_free && parts.iter().all(is_plain) && text.len() <= 100 {
            Ok(Self(text.to_owned()))
        } else {
            Err(EXPECTED)
        }
    }
}

/// A duration written as a number and `s`, `m`, `h` or `d`: `30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period(Duration);

impl Period {
    /// The duration.
    #[must_use]
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl From<Period> for Duration {
    fn from(period: Period) -> Self {
        period.0
    }
}

impl FromStr for Period {
    type Err = Expected;
    fn from_str(text: &str) -> Result<Self, Expected> {
        const EXPECTED: Expected = Expected("a duration such as 45s, 30m, 12h or 35d, of at most ten years");
        const LONGEST: u64 = 3660 * 86_400;
        let (number, unit) = number_and_unit(text).ok_or(EXPECTED)?;
        let factor = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return Err(EXPECTED),
        };
        let seconds = number.checked_mul(factor).filter(|s| *s <= LONGEST).ok_or(EXPECTED)?;
        Ok(Self(Duration::from_secs(seconds)))
    }
}

/// A number of bytes written with `B`, `KiB`, `MiB` or `GiB`: `8MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(u64);

impl Size {
    /// In bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// In bytes, as lengths in memory are counted.
    #[must_use]
    pub fn len(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromStr for Size {
    type Err = Expected;
    fn from_str(text: &str) -> Result<Self, Expected> {
        const EXPECTED: Expected = Expected("a size such as 512KiB, 8MiB or 5GiB");
        let (number, unit) = number_and_unit(text).ok_or(EXPECTED)?;
        let factor = match unit {
            "B" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return Err(EXPECTED),
        };
        number.checked_mul(factor).map(Self).ok_or(EXPECTED)
    }
}

fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(at)?;
    Some((number.parse().ok()?, unit))
}

/// A DNS name in its ASCII form, lower case, without a final dot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(String);

impl HostName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it can only mean this machine (RFC 6761 §6.3).
    #[must_use]
    pub fn reach(&self) -> Reach {
        if self.0 == "localhost" || self.0.ends_with(".localhost") { Reach::Loopback } else { Reach::Network }
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for HostName {
    type Err = Expected;
    fn from_str(text: &str) -> Result<Self, Expected> {
        const EXPECTED: Expected =
            Expected("a host name in ASCII (an international one in its xn-- form), no port, no address");
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let label_fits = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let last_is_a_number = name.rsplit('.').next().is_some_and(|l| l.bytes().all(|b| b.is_ascii_digit()));
        if name.len() > 253 || last_is_a_number || !name.split('.').all(label_fits) {
            return Err(EXPECTED);
        }
        Ok(Self(name))
    }
}

/// Who can reach an address or a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// This machine alone.
    Loopback,
    /// Others too.
    Network,
}

/// Where the service listens: `HOST:PORT`, the host an address or a name; port 0 takes any free one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    host: ListenHost,
    port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum ListenHost {
    Address(IpAddr),
    Name(HostName),
}

impl Listen {
    /// The port; 0 is any.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Who can reach it. The unspecified address is reached by everyone.
    #[must_use]
    pub fn reach(&self) -> Reach {
        match &self.host {
            ListenHost::Address(address) if address.is_loopback() => Reach::Loopback,
            ListenHost::Address(_) => Reach::Network,
            ListenHost::Name(name) => name.reach(),
        }
    }

    /// The addresses to bind; a name is looked up.
    ///
    /// # Errors
    /// When the name cannot be resolved.
    pub fn addresses(&self) -> std::io::Result<Vec<SocketAddr>> {
        match &self.host {
            ListenHost::Address(address) => Ok(vec![SocketAddr::new(*address, self.port)]),
            ListenHost::Name(name) => Ok((name.as_str(), self.port).to_socket_addrs()?.collect()),
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            ListenHost::Address(address) => SocketAddr::new(*address, self.port).fmt(f),
            ListenHost::Name(name) => write!(f, "{name}:{}", self.port),
        }
    }
}

impl FromStr for Listen {
    type Err = Expected;
    fn from_str(text: &str) -> Result<Self, Expected> {
        const EXPECTED: Expected = Expected("HOST:PORT, such as 127.0.0.1:8443, [::]:443 or localhost:8443");
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(Self { host: ListenHost::Address(address.ip()), port: address.port() });
        }
        let (host, port) = text.rsplit_once(':').ok_or(EXPECTED)?;
        let host = ListenHost::Name(host.parse().map_err(|_| EXPECTED)?);
        Ok(Self { host, port: port.parse().map_err(|_| EXPECTED)? })
    }
}

/// Which database, by its URL: `sqlite:PATH` or `postgres://…`. Shows neither user nor password.
#[derive(Debug, Clone)]
pub enum DatabaseUrl {
    /// A file.
    Sqlite(PathBuf),
    /// A server; the whole URL, since it may hold a password.
    Postgres(Secret<String>),
}

impl DatabaseUrl {
    /// Whether both name the same database.
    pub fn same_as(&self, other: &Self) -> crate::kernel::personal::Comparison {
        use crate::kernel::personal::Comparison;
        match (self, other) {
            (Self::Sqlite(a), Self::Sqlite(b)) if resolved(a) == resolved(b) => Comparison::Same,
            (Self::Postgres(a), Self::Postgres(b)) => a.same_as(b.reveal().as_bytes()),
            _ => Comparison::Different,
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = Expected;
    fn from_str(text: &str) -> Result<Self, Expected> {
        const EXPECTED: Expected = Expected("sqlite:PATH or postgres://…");
        if let Some(path) = text.strip_prefix("sqlite:") {
            return match path {
                "" | ":memory:" => Err(EXPECTED),
                path if path.starts_with("//") => Err(Expected("sqlite:PATH without // before the path")),
                path => Ok(Self::Sqlite(PathBuf::from(path))),
            };
        }
        match text.split_once("://") {
            Some(("postgres" | "postgresql", rest)) if !rest.is_empty() => {
                Ok(Self::Postgres(Secret::new(text.to_owned())))
            }
            _ => Err(EXPECTED),
        }
    }
}

/// A file that holds one secret; it is read when it is needed, so that a changed one counts from then on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretFile(PathBuf);

impl SecretFile {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The secret: the file's text without its final line break; at least one character, at most 4 KiB.
    ///
    /// # Errors
    /// When the file cannot be read, is empty, too long or not UTF-8.
    pub fn read(&self) -> Result<Secret<String>, UnreadableSecret> {
        use std::io::Read as _;
        let unreadable = |why| UnreadableSecret { path: self.0.clone(), why };
        let file = std::fs::File::open(&self.0).map_err(|error| unreadable(io_reason(&error)))?;
        let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(4098));
        file.take(4098).read_to_end(&mut bytes).map_err(|error| unreadable(io_reason(&error)))?;
        let text = std::str::from_utf8(&bytes).map_err(|_| unreadable("it is not UTF-8"))?;
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        match text.len() {
            0 => Err(unreadable("it is empty")),
            1..=4096 => Ok(Secret::new(text.to_owned())),
            _ => Err(unreadable("it is longer than 4 KiB")),
        }
    }
}

impl FromStr for SecretFile {
    type Err = Expected;
    fn from_str(text: &str) -> Result<Self, Expected> {
        if text.is_empty() { Err(Expected("a path")) } else { Ok(Self(PathBuf::from(text))) }
    }
}

/// Where back-ups are kept: a folder, or `s3://BUCKET/PREFIX`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupPlace {
    /// A folder.
    Folder(PathBuf),
    /// The part of a bucket under a prefix.
    Bucket {
        /// The bucket's name.
        name: String,
        /// What every key begins with; may be nothing.
        prefix: String,
    },
}

impl FromStr for BackupPlace {
    type Err = Expected;
    fn from_str(text: &str) -> Result<Self, Expected> {
        let Some(rest) = text.strip_prefix("s3://") else {
            let is_path = !text.is_empty() && !text.contains('\0') && !text.contains("://");
            return if is_path {
                Ok(Self::Folder(PathBuf::from(text)))
            } else {
                Err(Expected("a path or s3://BUCKET/PREFIX"))
            };
        };
        let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        if !is_bucket(name) || !is_prefix(prefix) {
            return Err(Expected("s3://BUCKET/PREFIX, of plain letters, digits and dashes"));
        }
        Ok(Self::Bucket { name: name.to_owned(), prefix: prefix.to_owned() })
    }
}

impl std::fmt::Display for BackupPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "{}", path.display()),
            Self::Bucket { name, prefix } => write!(f, "s3://{name}/{prefix}"),
        }
    }
}

impl BackupPlace {
    /// Whether something is kept in both.
    pub fn overlaps(&self, other: &Self) -> Comparison {
        let (one, two) = match (self, other) {
            (Self::Bucket { name: one, prefix: of_one }, Self::Bucket { name: two, prefix: of_two }) if one == two => {
                (format!("{of_one}/"), format!("{of_two}/"))
            }
            _ => return if self == other { Comparison::Same } else { Comparison::Different },
        };
        let all = [&one, &two].into_iter().any(|prefix| prefix == "/");
        if all || one.starts_with(&two) || two.starts_with(&one) { Comparison::Same } else { Comparison::Different }
    }
}

/// A secret's file could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the secret in {} cannot be read: {why}", path.display())]
pub struct UnreadableSecret {
    path: PathBuf,
    why: &'static str,
}

/// Why a file could not be read, in words that hold nothing of it.
pub(super) fn io_reason(error: &std::io::Error) -> &'static str {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => "it does not exist",
        ErrorKind::PermissionDenied => "this user may not read it",
        ErrorKind::IsADirectory => "it is a folder",
        ErrorKind::InvalidData => "it is not UTF-8",
        _ => "reading it failed",
    }
}

/// The path with links and `..` taken out, as far as it exists.
pub(super) fn resolved(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    match (path.parent(), path.components().next_back()) {
        (Some(parent), Some(std::path::Component::ParentDir)) => {
            let mut parent = resolved(parent);
            parent.pop();
            parent
        }
        (Some(parent), Some(std::path::Component::Normal(name))) => resolved(parent).join(name),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::personal::Comparison;

    #[test]
    fn durations_and_sizes_are_a_number_with_a_unit() {
        assert_eq!("30m".parse::<Period>().unwrap().duration(), Duration::from_secs(1800));
        assert_eq!("0s".parse::<Period>().unwrap().duration(), Duration::ZERO);
        assert_eq!("8MiB".parse::<Size>().unwrap().bytes(), 8 << 20);
        for wrong in ["", "30", "m", "-1s", "1 h", "1.5h", "99999999999999999999s", "9999999d", "1w", "30M"] {
            assert!(wrong.parse::<Period>().is_err(), "{wrong}");
        }
        for wrong in ["", "1", "1MB", "1mib", "99999999999999GiB"] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_host_name_is_ascii_lower_case_and_never_an_address() {
        assert_eq!("Vault.Example.COM.".parse::<HostName>().unwrap().as_str(), "vault.example.com");
        assert_eq!("seif.localhost".parse::<HostName>().unwrap().reach(), Reach::Loopback);
        assert_eq!("localhost.example.com".parse::<HostName>().unwrap().reach(), Reach::Network);
        for wrong in ["", ".", "a..b", "-a.b", "a_b", "127.0.0.1", "1.2", "[::1]", "a:443", "šķūnis.lv", "a b"] {
            assert!(wrong.parse::<HostName>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_loopback_is_loopback() {
        let reach = |text: &str| text.parse::<Listen>().unwrap().reach();
        for near in ["127.0.0.1:8443", "127.8.8.8:1", "[::1]:8443", "localhost:0"] {
            assert_eq!(reach(near), Reach::Loopback, "{near}");
        }
        for far in ["0.0.0.0:443", "[::]:443", "192.168.1.2:443", "vault.example.com:443"] {
            assert_eq!(reach(far), Reach::Network, "{far}");
        }
        for wrong in ["", "8443", ":8443", "127.0.0.1", "127.0.0.1:99999", "localhost:"] {
            assert!(wrong.parse::<Listen>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_database_url_never_shows_its_password() {
        let url = "postgres://seif:hunter2@db.example.com/seif".parse::<DatabaseUrl>().unwrap();
        assert!(!format!("{url:?}").contains("hunter2"));
        let error = "postgers://seif:hunter2@db/seif".parse::<DatabaseUrl>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
        for wrong in ["", "sqlite:", "sqlite://a.db", "sqlite::memory:", "host=db dbname=seif", "postgres://"] {
            assert!(wrong.parse::<DatabaseUrl>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn two_spellings_of_a_file_are_one_database() {
        let url = |text: &str| text.parse::<DatabaseUrl>().unwrap();
        assert_eq!(url("sqlite:none/a.db").same_as(&url("sqlite:./none/x/../a.db")), Comparison::Same);
        assert_eq!(url("sqlite:none/a.db").same_as(&url("sqlite:none/b.db")), Comparison::Different);
        assert_eq!(url("postgres://h/a").same_as(&url("postgres://h/b")), Comparison::Different);
    }
}
