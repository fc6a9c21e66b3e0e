//! The sections of the configuration as the rest of the program sees them.
//!
//! Why each key has its default stands in `config/default.toml`.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

use crate::kernel::values::IpRange;

use super::buckets::{RawObjects, RawS3, S3};
use super::identity_providers::IdentityProvider;
use super::processors::Processor;
use super::values::{
    BackupPlace, BackupSeal, ConsolePath, DatabaseUrl, Expected, HostName, Hsts, Listen, LogFormat, LogLevel, Period,
    ProxyHow, RootKeyProvider, SecretFile, Size, SmtpSecurity, TlsProfile,
};
use crate::kernel::crypto::age::Recipient;
use crate::kernel::operators::TwoPersons;
use crate::kernel::personal::Secret;

/// The configuration as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    #[serde(deserialize_with = "path")]
    pub(super) data: PathBuf,
    pub(super) objects: RawObjects,
    pub(super) listen: Listen,
    #[serde(deserialize_with = "set_or_not")]
    pub(super) database: Option<DatabaseUrl>,
    #[serde(deserialize_with = "set_or_not")]
    pub(super) keyring: Option<DatabaseUrl>,
    pub(super) processors: Vec<Processor>,
    pub(super) identity_providers: Vec<IdentityProvider>,
    pub(super) server: Server,
    pub(super) proxies: RawProxies,
    pub(super) tls: RawTls,
    pub(super) smtp: RawSmtp,
    pub(super) sms: RawSms,
    pub(super) root_key: RawRootKey,
    pub(super) passwords: Passwords,
    pub(super) prompts: Prompts,
    pub(super) sessions: Sessions,
    pub(super) codes: Codes,
    pub(super) limits: Limits,
    pub(super) policies: Policies,
    pub(super) operator: Operator,
    pub(super) operators: Operators,
    pub(super) backup: RawBackup,
    pub(super) keys: Keys,
    pub(super) leaving: Leaving,
    pub(super) log: Log,
}

/// `[server]`: who may ask, and for how long.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// The genuine host names.
    pub names: Vec<HostName>,
    /// When HSTS is sent.
    pub hsts: Hsts,
    /// Threads; 0 is one a core.
    #[serde(deserialize_with = "number")]
    pub workers: usize,
    /// Connections at once and thread.
    #[serde(deserialize_with = "number")]
    pub connections: usize,
    /// For a request's head.
    pub request_head: Period,
    /// For a JSON body.
    pub request_body: Period,
    /// For an idle connection.
    pub keep_alive: Period,
    /// For requests in flight at a stop, and then for the mails in hand.
    pub shutdown: Period,
}

/// `[proxies]`: who may speak for others, and how.
#[derive(Debug, Clone)]
pub struct Proxies {
    /// Their addresses.
    pub addresses: Vec<IpRange>,
    /// How they say for whom.
    pub how: ProxyHow,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawProxies {
    pub(super) addresses: Vec<IpRange>,
    #[serde(deserialize_with = "set_or_not")]
    pub(super) how: Option<ProxyHow>,
}

/// `[tls]`: how the service proves who it is.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The operator's own certificate; without one, the local authority's (loopback only).
    pub certificate: Option<CertificateFiles>,
    /// Authorities to chain to, in PEM; without it the system's.
    pub roots: Option<PathBuf>,
    /// What is spoken.
    pub profile: TlsProfile,
}

/// A certificate chain and its key, both in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The chain, the leaf first.
    pub chain: PathBuf,
    /// The leaf's private key.
    pub key: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTls {
    #[serde(deserialize_with = "path_or_not")]
    pub(super) certificate: Option<PathBuf>,
    #[serde(deserialize_with = "path_or_not")]
    pub(super) key: Option<PathBuf>,
    #[serde(deserialize_with = "path_or_not")]
    pub(super) roots: Option<PathBuf>,
    pub(super) profile: TlsProfile,
}

/// `[smtp]`: the relay that takes our mails.
#[derive(Debug, Clone)]
pub struct Smtp {
    /// The relay's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection becomes TLS.
    pub security: SmtpSecurity,
    /// Sign-in at the relay, if it wants one.
    pub credentials: Option<SmtpCredentials>,
    /// The address that mails come from.
    pub from: String,
    /// The name in EHLO.
    pub helo: Option<HostName>,
}

/// Sign-in at the mail relay.
#[derive(Debug, Clone)]
pub struct SmtpCredentials {
    /// The user.
    pub user: String,
    /// The password's file.
    pub password: SecretFile,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSmtp {
    #[serde(deserialize_with = "text_or_not")]
    pub(super) host: Option<String>,
    #[serde(deserialize_with = "number")]
    pub(super) port: u16,
    pub(super) security: SmtpSecurity,
    #[serde(deserialize_with = "text_or_not")]
    pub(super) user: Option<String>,
    #[serde(deserialize_with = "set_or_not")]
    pub(super) password_file: Option<SecretFile>,
    #[serde(deserialize_with = "text_or_not")]
    pub(super) from: Option<String>,
    #[serde(deserialize_with = "set_or_not")]
    pub(super) helo: Option<HostName>,
}

/// `[sms]`: the gateway that takes our text messages, as its provider describes it. Whether it is one, `messages::sms`
/// finds out at the start.
#[derive(Debug, Clone)]
pub struct Sms {
    /// Its address.
    pub url: String,
    /// The verb.
    pub method: String,
    /// The form of the body.
    pub content_type: String,
    /// The body, with places to fill.
    pub body: String,
    /// Header fields.
    pub headers: Vec<SmsHeader>,
    /// The statuses that say that a message was taken.
    pub success: Vec<u16>,
    /// Who the messages come from.
    pub sender: String,
    /// Authorities to chain to, in PEM; without it the system's.
    pub roots: Option<PathBuf>,
}

/// A header field of a request to the gateway.
#[derive(Debug, Clone)]
pub struct SmsHeader {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: SmsHeaderValue,
}

/// Where a header field's value is.
#[derive(Debug, Clone)]
pub enum SmsHeaderValue {
    /// Here: it is no secret.
    Plain(String),
    /// In a file of its own.
    File(SecretFile),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSms {
    #[serde(deserialize_with = "text_or_not")]
    pub(super) url: Option<String>,
    pub(super) method: String,
    pub(super) content_type: String,
    pub(super) body: String,
    pub(super) headers: Vec<RawSmsHeader>,
    pub(super) success: Vec<String>,
    #[serde(deserialize_with = "text_or_not")]
    pub(super) sender: Option<String>,
    #[serde(deserialize_with = "path_or_not")]
    pub(super) roots: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSmsHeader {
    pub(super) name: String,
    #[serde(default)]
    pub(super) value: Option<String>,
    #[serde(default)]
    pub(super) value_file: Option<SecretFile>,
}

/// `[root_key]`: who keeps the key above all keys.
#[derive(Debug, Clone)]
pub enum RootKey {
    /// A key file, made at first start.
    File(PathBuf),
    /// A file sealed under a passphrase.
    Passphrase {
        /// The sealed key.
        file: PathBuf,
        /// The passphrase's own file.
        passphrase: SecretFile,
    },
    /// The transit engine of an OpenBao or Vault server.
    OpenBao {
        /// `https://HOST:PORT`.
        url: String,
        /// Where the engine is mounted.
        mount: String,
        /// What the names of our keys begin with.
        key: String,
        /// The token.
        token: KeeperSecret,
        /// The authorities of its certificate, in PEM; without it the system's.
        roots: Option<PathBuf>,
    },
    /// A PKCS#11 token.
    Pkcs11 {
        /// The module's library.
        module: PathBuf,
        /// The token's label.
        token_label: String,
        /// What the labels of our keys begin with.
        key: String,
        /// The user's PIN.
        pin: KeeperSecret,
    },
}

/// The secret that lets us use somebody's root keys.
#[derive(Debug, Clone)]
pub enum KeeperSecret {
    /// In a file, read whenever it is needed.
    File(SecretFile),
    /// In the environment.
    Given(Secret<String>),
}

impl RootKey {
    /// The file that the keys are in; none where they are elsewhere.
    pub(super) const fn file(&self) -> Option<&PathBuf> {
        match self {
            Self::File(file) | Self::Passphrase { file, .. } => Some(file),
            Self::OpenBao { .. } | Self::Pkcs11 { .. } => None,
        }
    }
}

/// `[root_key]` and `[[root_key.earlier]]`: who makes new root keys, and who else keeps some that are still needed.
#[derive(Debug, Clone)]
pub struct RootKeys {
    /// Makes new ones.
    pub current: RootKey,
    /// Keep older ones.
    pub earlier: Vec<RootKey>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRootKey {
    pub(super) provider: RootKeyProvider,
    #[serde(default, deserialize_with = "path_or_not")]
    pub(super) file: Option<PathBuf>,
    #[serde(default, deserialize_with = "set_or_not")]
    pub(super) passphrase_file: Option<SecretFile>,
    #[serde(default, deserialize_with = "text_or_not")]
    pub(super) url: Option<String>,
    #[serde(default, deserialize_with = "text_or_not")]
    pub(super) mount: Option<String>,
    #[serde(default, deserialize_with = "text_or_not")]
    pub(super) key: Option<String>,
    #[serde(default, deserialize_with = "set_or_not")]
    pub(super) token_file: Option<SecretFile>,
    #[serde(default, deserialize_with = "secret_or_not")]
    pub(super) token: Option<Secret<String>>,
    #[serde(default, deserialize_with = "path_or_not")]
    pub(super) roots: Option<PathBuf>,
    #[serde(default, deserialize_with = "path_or_not")]
    pub(super) module: Option<PathBuf>,
    #[serde(default, deserialize_with = "text_or_not")]
    pub(super) token_label: Option<String>,
    #[serde(default, deserialize_with = "set_or_not")]
    pub(super) pin_file: Option<SecretFile>,
    #[serde(default, deserialize_with = "secret_or_not")]
    pub(super) pin: Option<Secret<String>>,
    #[serde(default)]
    pub(super) earlier: Vec<Self>,
}

/// `[passwords]`: Argon2id and its queue.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passwords {
    /// Memory in KiB.
    #[serde(deserialize_with = "number")]
    pub memory_kib: u32,
    /// Passes over it.
    #[serde(deserialize_with = "number")]
    pub passes: u32,
    /// Lanes.
    #[serde(deserialize_with = "number")]
    pub lanes: u32,
    /// Hashes at once; 0 is one a core.
    #[serde(deserialize_with = "number")]
    pub parallel: usize,
    /// Callers that may wait.
    #[serde(deserialize_with = "number")]
    pub waiting: usize,
    /// A further list of passwords to refuse.
    #[serde(deserialize_with = "path_or_not")]
    pub common: Option<PathBuf>,
    /// A list of the digests of leaked passwords, a file or a folder.
    #[serde(deserialize_with = "path_or_not")]
    pub leaked: Option<PathBuf>,
}

/// `[sessions]`: how long a sign-in lasts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sessions {
    /// Without a request.
    pub idle: Period,
    /// In any case.
    pub absolute: Period,
    /// On a shared computer, without a request.
    pub shared_idle: Period,
    /// On a shared computer, in any case.
    pub shared_absolute: Period,
}

/// `[prompts]`: what the service asks of a person from time to time, in the application alone.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prompts {
    /// Between two looks at one's contact data.
    pub contacts: Period,
    /// Until a password is old that is only just strong enough.
    pub password_least: Period,
    /// Until a strong one is.
    pub password_most: Period,
}

/// `[codes]`: codes by mail.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Codes {
    /// How long one lives.
    pub lifetime: Period,
    /// Wrong tries that end one.
    #[serde(deserialize_with = "number")]
    pub tries: u32,
    /// How long a new password waits where the mailbox is all that there is.
    pub reset_wait: Period,
    /// How many of one method an account may ask for in an hour.
    #[serde(deserialize_with = "number")]
    pub per_account_per_hour: u32,
}

/// `[limits]`: how much and how often.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Failed sign-ins that go free for an identifier.
    #[serde(deserialize_with = "number")]
    pub sign_in_per_identifier: u32,
    /// Failed sign-ins that go free from an address.
    #[serde(deserialize_with = "number")]
    pub sign_in_per_address: u32,
    /// Failed sign-ins over the whole service, after which strangers are asked to wait.
    #[serde(deserialize_with = "number")]
    pub sign_in_over_service: u32,
    /// The window of all three.
    pub sign_in_window: Period,
    /// How long a network from which an account was signed in to is its own, unused.
    pub usual_places: Period,
    /// Sign-ins by a passkey that may be begun from an address within the window.
    #[serde(deserialize_with = "number")]
    pub passkeys_per_address: u32,
    /// Token requests from an address in a minute; 0 is without limit.
    #[serde(deserialize_with = "number")]
    pub token_requests_per_address: u32,
    /// The largest JSON body.
    pub json_body: Size,
    /// The largest batch.
    pub batch_body: Size,
    /// The largest file.
    pub file_body: Size,
    /// The most files of a tenant.
    #[serde(deserialize_with = "number")]
    pub files_per_tenant: u64,
    /// The most that they hold together.
    pub file_bytes_per_tenant: Size,
}

/// `[policies]`: changes of the legal documents.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policies {
    /// The least time between notice and effect (P-15).
    pub notice: Period,
}

/// `[operator]`: who runs the service. Public by intent.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// The company's name.
    #[serde(deserialize_with = "text_or_not")]
    pub name: Option<String>,
    /// Its postal address.
    #[serde(deserialize_with = "text_or_not")]
    pub address: Option<String>,
    /// Its number in the commercial register.
    #[serde(deserialize_with = "text_or_not")]
    pub registration_number: Option<String>,
    /// Where questions are answered (P-16).
    #[serde(deserialize_with = "text_or_not")]
    pub contact_email: Option<String>,
    /// Where the data stands (P-12).
    #[serde(deserialize_with = "text_or_not")]
    pub region: Option<String>,
    /// What protects the building (P-12).
    #[serde(deserialize_with = "text_or_not")]
    pub hosting_facts: Option<String>,
    /// The operator's genuine domains; the server's names when none are set.
    pub domains: Vec<HostName>,
}

/// `[operators]`: where those who run the service sign in to the console.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operators {
    /// What the console's addresses begin with.
    pub path: ConsolePath,
    /// The one host that the console answers at; without it, each of the server's names.
    #[serde(deserialize_with = "set_or_not")]
    pub host: Option<HostName>,
    /// From where it answers; to anybody else there is no console.
    pub addresses: Vec<IpRange>,
    /// How long a session lasts without a request.
    pub idle: Period,
    /// How long it lasts in any case.
    pub absolute: Period,
    /// When a second operator is asked before what cannot be taken back, or is said to everybody.
    pub two_person: TwoPersons,
}

/// `[backup]`.
#[derive(Debug, Clone)]
pub struct Backup {
    /// The file of the back-up key, where it is set.
    pub key: Option<PathBuf>,
    /// What they are sealed for.
    pub seal: BackupSeal,
    /// The age recipients.
    pub recipients: Vec<Recipient>,
    /// The place of the data's back-ups; none are taken by themselves where it is not set.
    pub to: Option<BackupPlace>,
    /// The place of the keyring's.
    pub keyring_to: Option<BackupPlace>,
    /// Who keeps those that are in buckets.
    pub s3: Option<S3>,
    /// How often they are taken.
    pub every: Period,
    /// How often the newest of the data is put back into a scratch place.
    pub drill_every: Period,
    /// How long a back-up is kept.
    pub retention: Period,
    /// How long a back-up of the keyring is kept, or an archived log of its database.
    pub keyring_retention: Period,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBackup {
    #[serde(deserialize_with = "path_or_not")]
    pub(super) key: Option<PathBuf>,
    #[serde(deserialize_with = "set_or_not")]
    pub(super) to: Option<BackupPlace>,
    #[serde(deserialize_with = "set_or_not")]
    pub(super) keyring_to: Option<BackupPlace>,
    pub(super) seal: BackupSeal,
    pub(super) recipients: Vec<String>,
    pub(super) s3: RawS3,
    pub(super) every: Period,
    pub(super) drill_every: Period,
    pub(super) retention: Period,
    pub(super) keyring_retention: Period,
}

/// `[keys]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// How old an owner's key becomes before it is turned over.
    pub rotate_after: Period,
    /// How many values it seals before it is turned over.
    pub rotate_after_values: NonZeroU64,
}

/// `[leaving]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaving {
    /// How long the wish of a tenant to leave can be taken back.
    pub grace: Period,
}

/// `[log]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// How much.
    pub level: LogLevel,
    /// In which form.
    pub format: LogFormat,
}

fn number<'de, D: Deserializer<'de>, T: TryFrom<i64>>(deserializer: D) -> Result<T, D::Error> {
    let number = i64::deserialize(deserializer)?;
    T::try_from(number)
        .map_err(|_| serde::de::Error::custom(Expected("a number that is neither negative nor too large")))
}

pub(super) fn text_or_not<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.chars().any(char::is_control) {
        return Err(serde::de::Error::custom(Expected("one line of text")));
    }
    Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
}

pub(super) fn set_or_not<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err = Expected>,
{
    let text = zeroize::Zeroizing::new(String::deserialize(deserializer)?);
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(serde::de::Error::custom) }
}

pub(super) fn secret_or_not<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret<String>>, D::Error> {
    let text = Secret::new(String::deserialize(deserializer)?);
    Ok(Some(text).filter(|text| !text.reveal().is_empty()))
}

fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    path_or_not(deserializer)?.ok_or_else(|| serde::de::Error::custom(Expected("a path")))
}

pub(super) fn path_or_not<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.contains('\0') {
        return Err(serde::de::Error::custom(Expected("a path")));
    }
    Ok(Some(PathBuf::from(text)).filter(|path| !path.as_os_str().is_empty()))
}
