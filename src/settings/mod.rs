//! The typed configuration, and the only reader of configuration files and of the environment.
//!
//! [`Settings::load`] puts the sources on top of each other (`sources`): `config/default.toml`, the file of
//! `--config` or `SEIF_CONFIG`, the environment, the flags. Everything is parsed here ([`values`], [`sections`]), so
//! that the rest of the program holds types. What production demands is in `demands`.

mod buckets;
mod demands;
pub mod identity_providers;
pub mod processors;
pub mod sections;
mod sources;
pub mod values;

use std::path::PathBuf;

pub use buckets::{Bucket, Objects, S3};
pub use demands::{Demand, Mode, Refusal};
pub use identity_providers::{IdentityProvider, ProviderId, Worth};
pub use processors::Processor;
pub use sections::{
    Backup, CertificateFiles, Codes, KeeperSecret, Keys, Leaving, Limits, Log, Operator, Operators, Passwords,
    Policies, Prompts, Proxies, RootKey, RootKeys, Server, Sessions, Sms, SmsHeader, SmsHeaderValue, Smtp,
    SmtpCredentials, Tls,
};
pub use sources::Source;
pub use values::{
    BackupPlace, BackupSeal, DatabaseUrl, HostName, Hsts, Listen, LogFormat, LogLevel, Period, ProxyHow, Reach,
    SecretFile, Size, SmtpSecurity, TlsProfile, UnreadableSecret,
};

use crate::kernel::personal::{Comparison, Secret};
use sections::{Raw, RawProxies, RawRootKey, RawSms, RawSmsHeader, RawSmtp, RawTls};
use values::RootKeyProvider;

/// All that can be configured, parsed and checked. Its `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder of everything that the service keeps on this machine.
    pub data: PathBuf,
    /// `[objects]`.
    pub objects: Objects,
    /// Where it listens.
    pub listen: Listen,
    /// The data's database.
    pub database: DatabaseUrl,
    /// The keyring's own database.
    pub keyring: DatabaseUrl,
    /// `[[processors]]`.
    pub processors: Vec<Processor>,
    /// `[[identity_providers]]`.
    pub identity_providers: Vec<IdentityProvider>,
    /// `[server]`.
    pub server: Server,
    /// `[proxies]`; without any, whoever connects is the client.
    pub proxies: Option<Proxies>,
    /// `[tls]`.
    pub tls: Tls,
    /// `[smtp]`; without a relay, mails are files in the data folder.
    pub smtp: Option<Smtp>,
    /// `[sms]`; without a gateway, nothing is sent to phones.
    pub sms: Option<Sms>,
    /// `[root_key]`.
    pub root_key: RootKeys,
    /// `[passwords]`.
    pub passwords: Passwords,
    /// `[prompts]`.
    pub prompts: Prompts,
    /// `[sessions]`.
    pub sessions: Sessions,
    /// `[codes]`.
    pub codes: Codes,
    /// `[limits]`.
    pub limits: Limits,
    /// `[policies]`.
    pub policies: Policies,
    /// `[operator]`.
    pub operator: Operator,
    /// `[operators]`.
    pub operators: Operators,
    /// `[backup]`.
    pub backup: Backup,
    /// `[keys]`.
    pub keys: Keys,
    /// `[leaving]`.
    pub leaving: Leaving,
    /// `[log]`.
    pub log: Log,
}

/// What the command line sets on top of everything else.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Overrides {
    /// The configuration file.
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// The folder of everything that the service keeps on this machine.
    #[arg(long, value_name = "DIR", global = true)]
    pub data: Option<PathBuf>,
    /// Where to listen.
    #[arg(long, value_name = "HOST:PORT", global = true)]
    pub listen: Option<String>,
    /// The data's database: sqlite:PATH or postgres://…
    #[arg(long, value_name = "URL", global = true, value_parser = secret)]
    pub database: Option<Secret<String>>,
    /// The keyring's database, never the same: sqlite:PATH or postgres://…
    #[arg(long, value_name = "URL", global = true, value_parser = secret)]
    pub keyring: Option<Secret<String>>,
}

fn secret(text: &str) -> Result<Secret<String>, std::convert::Infallible> {
    Ok(Secret::new(text.to_owned()))
}

/// The variables of the environment, as a value.
#[derive(Clone, Default)]
pub struct Environment(Vec<(String, String)>);

impl Environment {
    /// This process's. A variable of ours that is not UTF-8 counts as set to what it resembles, and is then refused.
    #[must_use]
    pub fn of_the_process() -> Self {
        let all =
            std::env::vars_os().map(|(k, v)| (k.to_string_lossy().into_owned(), v.to_string_lossy().into_owned()));
        Self(all.filter(|(name, _)| name.starts_with("SEIF_")).collect())
    }

    /// These and no other.
    pub fn of<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// Where the tests may make databases of their own, if anywhere. `Err` where that must not be missing: in CI.
    ///
    /// # Errors
    /// There is none, and the variable `CI` is set.
    #[cfg(any(test, feature = "testing"))]
    pub fn test_postgres(&self) -> Result<Option<String>, &'static str> {
        match self.get("SEIF_TEST_POSTGRES") {
            Some(url) => Ok(Some(url.to_owned())),
            None if std::env::vars_os().any(|(name, _)| name == "CI") => {
                Err("SEIF_TEST_POSTGRES is not set: run ops/test")
            }
            None => Ok(None),
        }
    }

    /// Where a test wants the process to end (see `kernel::fault`).
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn test_fault(&self) -> Option<String> {
        self.get("SEIF_TEST_FAULT").map(str::to_owned)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

/// Why there are no settings. Names where and which key, never a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("the configuration file {} cannot be read: {why}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// In fixed words.
        why: &'static str,
    },
    /// The file is not TOML.
    #[error("{at} is not TOML: look at line {line}")]
    NotToml {
        /// Which file.
        at: Source,
        /// Counted from 1.
        line: usize,
    },
    /// No such key.
    #[error("{at}: there is no setting `{key}`")]
    UnknownKey {
        /// Where it stands.
        at: Source,
        /// Its dotted name.
        key: String,
    },
    /// The key is known, the value is not one.
    #[error("{at}: `{key}`: {why}")]
    Refused {
        /// Where it stands.
        at: Source,
        /// Its dotted name.
        key: String,
        /// In words that hold nothing of the value.
        why: String,
    },
    /// Each value is one, but they do not fit together.
    #[error("`{key}` {why}")]
    Contradiction {
        /// The key to change.
        key: &'static str,
        /// What it contradicts.
        why: &'static str,
    },
}

impl Settings {
    /// The settings from all sources: defaults, then the configuration file, the environment, the flags; later wins.
    ///
    /// # Errors
    /// When a file cannot be read, a key is unknown, a value is not of its kind, or two contradict each other.
    pub fn load(overrides: &Overrides, environment: &Environment) -> Result<Self, SettingsError> {
        Self::checked(sources::merged(overrides, environment)?)
    }

    /// The address that answers questions (P-16): the operator's, or the one that mails come from, or, where the service
    /// is tried out, one that stands for neither.
    #[must_use]
    pub fn contact(&self) -> &str {
        let from = self.smtp.as_ref().map(|smtp| smtp.from.as_str());
        self.operator.contact_email.as_deref().or(from).unwrap_or("seif@localhost")
    }

    /// The folder of the local authority and its certificates.
    #[must_use]
    pub fn tls_folder(&self) -> PathBuf {
        self.data.join("tls")
    }

    /// The folder of captured mails.
    #[must_use]
    pub fn mail_folder(&self) -> PathBuf {
        self.data.join("mail")
    }

    /// The file of the back-up key: beside a SQLite keyring, as the root key is, else in the data folder.
    #[must_use]
    pub fn backup_key(&self) -> PathBuf {
        let beside = |keyring: &std::path::Path| keyring.with_file_name("backup.key");
        self.backup.key.clone().unwrap_or_else(|| match &self.keyring {
            DatabaseUrl::Sqlite(path) => beside(path),
            DatabaseUrl::Postgres(_) => self.data.join("backup.key"),
        })
    }

    fn checked(raw: Raw) -> Result<Self, SettingsError> {
        let file = |name: &str| DatabaseUrl::Sqlite(raw.data.join(name));
        let database = raw.database.unwrap_or_else(|| file("seif.db"));
        let keyring = raw.keyring.unwrap_or_else(|| file("keyring.db"));
        if database.same_as(&keyring) == Comparison::Same {
            return Err(contradiction("keyring", "must be another database than `database`"));
        }
        let root_key = root_keys(raw.root_key, &keyring, &raw.data)?;
        check_passwords(&raw.passwords)?;
        if let Some(why) = identity_providers::contradiction(&raw.identity_providers) {
            return Err(contradiction("identity_providers", why));
        }
        let objects = buckets::objects(raw.objects, &raw.data)?;
        let backup = buckets::backup(raw.backup, &objects)?;
        check_times(&raw.sessions, &raw.codes, &raw.server)?;
        check_prompts(&raw.prompts)?;
        Ok(Self {
            proxies: proxies(raw.proxies)?,
            tls: tls(raw.tls)?,
            smtp: smtp(raw.smtp, &raw.server)?,
            sms: sms(raw.sms)?,
            operators: operators(raw.operators, &raw.server)?,
            operator: operator(raw.operator, &raw.server),
            processors: raw.processors,
            identity_providers: raw.identity_providers,
            objects,
            data: raw.data,
            listen: raw.listen,
            database,
            keyring,
            server: raw.server,
            root_key,
            passwords: raw.passwords,
            prompts: raw.prompts,
            sessions: raw.sessions,
            codes: raw.codes,
            limits: raw.limits,
            policies: raw.policies,
            backup,
            keys: raw.keys,
            leaving: raw.leaving,
            log: raw.log,
        })
    }
}

/// The console answers at one of our own names, and ends sessions as it promises.
fn operators(operators: Operators, server: &Server) -> Result<Operators, SettingsError> {
    if operators.host.as_ref().is_some_and(|host| !server.names.contains(host)) {
        return Err(contradiction("operators.host", "must be one of `server.names`"));
    }
    let (idle, absolute) = (operators.idle.duration(), operators.absolute.duration());
    if idle.is_zero() || absolute < idle || absolute > CONSOLE_LONGEST {
        return Err(contradiction(
            "operators.absolute",
            "must be no shorter than `operators.idle` and at most 8 hours",
        ));
    }
    Ok(operators)
}

/// No operator's session lasts longer.
const CONSOLE_LONGEST: std::time::Duration = std::time::Duration::from_secs(8 * 60 * 60);

const fn contradiction(key: &'static str, why: &'static str) -> SettingsError {
    SettingsError::Contradiction { key, why }
}

fn proxies(raw: RawProxies) -> Result<Option<Proxies>, SettingsError> {
    match (raw.addresses.is_empty(), raw.how) {
        (true, None) => Ok(None),
        (false, Some(how)) => Ok(Some(Proxies { addresses: raw.addresses, how })),
        (false, None) => Err(contradiction("proxies.how", "is missing beside `proxies.addresses`")),
        (true, Some(_)) => Err(contradiction("proxies.addresses", "is missing beside `proxies.how`")),
    }
}

fn tls(raw: RawTls) -> Result<Tls, SettingsError> {
    let certificate = match (raw.certificate, raw.key) {
        (Some(chain), Some(key)) => Some(CertificateFiles { chain, key }),
        (None, None) => None,
        (Some(_), None) => return Err(contradiction("tls.key", "is missing beside `tls.certificate`")),
        (None, Some(_)) => return Err(contradiction("tls.certificate", "is missing beside `tls.key`")),
    };
    Ok(Tls { certificate, roots: raw.roots, profile: raw.profile })
}

fn smtp(raw: RawSmtp, server: &Server) -> Result<Option<Smtp>, SettingsError> {
    let Some(host) = raw.host else {
        return match (raw.user, raw.password_file, raw.from) {
            (None, None, None) => Ok(None),
            _ => Err(contradiction("smtp.host", "is missing beside the other keys of [smtp]")),
        };
    };
    let credentials = match (raw.user, raw.password_file) {
        (Some(user), Some(password)) => Some(SmtpCredentials { user, password }),
        (None, None) => None,
        (Some(_), None) => return Err(contradiction("smtp.password_file", "is missing beside `smtp.user`")),
        (None, Some(_)) => return Err(contradiction("smtp.user", "is missing beside `smtp.password_file`")),
    };
    let from = raw.from.ok_or(contradiction("smtp.from", "is missing beside `smtp.host`"))?;
    let helo = raw.helo.or_else(|| server.names.first().cloned());
    Ok(Some(Smtp { host, port: raw.port, security: raw.security, credentials, from, helo }))
}

fn sms(raw: RawSms) -> Result<Option<Sms>, SettingsError> {
    let Some(url) = raw.url else {
        let nothing = raw.body.is_empty() && raw.headers.is_empty() && raw.sender.is_none();
        return if nothing {
            Ok(None)
        } else {
            Err(contradiction("sms.url", "is missing beside the other keys of [sms]"))
        };
    };
    let header = |header: RawSmsHeader| {
        let value = match (header.value, header.value_file) {
            (Some(value), None) => SmsHeaderValue::Plain(value),
            (None, Some(file)) => SmsHeaderValue::File(file),
            _ => return Err(contradiction("sms.headers", "need `value` or `value_file`, one of them")),
        };
        Ok(SmsHeader { name: header.name, value })
    };
    let status =
        |text: &String| text.parse().map_err(|_| contradiction("sms.success", "lists something that is no status"));
    Ok(Some(Sms {
        url,
        method: raw.method,
        content_type: raw.content_type,
        body: raw.body,
        headers: raw.headers.into_iter().map(header).collect::<Result<_, _>>()?,
        success: raw.success.iter().map(status).collect::<Result<_, _>>()?,
        sender: raw.sender.unwrap_or_default(),
        roots: raw.roots,
    }))
}

fn root_keys(mut raw: RawRootKey, keyring: &DatabaseUrl, data: &std::path::Path) -> Result<RootKeys, SettingsError> {
    let earlier = std::mem::take(&mut raw.earlier);
    let current = root_key(raw, keyring, data)?;
    let mut all = vec![current.clone()];
    for one in earlier {
        if !one.earlier.is_empty() {
            return Err(contradiction("root_key.earlier", "holds `earlier` itself"));
        }
        let one = root_key(one, keyring, data)?;
        if all.iter().any(|other| other.file().is_some() && other.file() == one.file()) {
            return Err(contradiction("root_key.earlier", "names a `file` twice: each provider has one of its own"));
        }
        all.push(one);
    }
    all.remove(0);
    Ok(RootKeys { current, earlier: all })
}

fn root_key(raw: RawRootKey, keyring: &DatabaseUrl, data: &std::path::Path) -> Result<RootKey, SettingsError> {
    let provider = raw.provider;
    let of_others = [
        ("root_key.passphrase_file", raw.passphrase_file.is_some(), RootKeyProvider::Passphrase),
        ("root_key.url", raw.url.is_some(), RootKeyProvider::OpenBao),
        ("root_key.mount", raw.mount.is_some(), RootKeyProvider::OpenBao),
        ("root_key.token_file", raw.token_file.is_some(), RootKeyProvider::OpenBao),
        ("root_key.token", raw.token.is_some(), RootKeyProvider::OpenBao),
        ("root_key.roots", raw.roots.is_some(), RootKeyProvider::OpenBao),
        ("root_key.module", raw.module.is_some(), RootKeyProvider::Pkcs11),
        ("root_key.token_label", raw.token_label.is_some(), RootKeyProvider::Pkcs11),
        ("root_key.pin_file", raw.pin_file.is_some(), RootKeyProvider::Pkcs11),
        ("root_key.pin", raw.pin.is_some(), RootKeyProvider::Pkcs11),
    ];
    if let Some((key, ..)) = of_others.into_iter().find(|(_, is_set, whose)| *is_set && *whose != provider) {
        return Err(contradiction(key, "is set, but belongs to another `root_key.provider`"));
    }
    let missing = |key| contradiction(key, "is missing for this `root_key.provider`");
    let key = raw.key.unwrap_or_else(|| "seif".to_owned());
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if key.len() > 64 || !is_plain(&key) {
        return Err(contradiction("root_key.key", "must be at most 64 letters, digits, - and _"));
    }
    match provider {
        RootKeyProvider::File | RootKeyProvider::Passphrase => {
            let file = raw.file.unwrap_or_else(|| match keyring {
                DatabaseUrl::Sqlite(path) => path.with_file_name("root.key"),
                DatabaseUrl::Postgres(_) => data.join("root.key"),
            });
            if provider == RootKeyProvider::File {
                return Ok(RootKey::File(file));
            }
            let passphrase = raw.passphrase_file.ok_or(missing("root_key.passphrase_file"))?;
            Ok(RootKey::Passphrase { file, passphrase })
        }
        RootKeyProvider::OpenBao => {
            let url = raw.url.ok_or(missing("root_key.url"))?;
            if !url.starts_with("https://") {
                return Err(contradiction("root_key.url", "must begin with https://"));
            }
            let mount = raw.mount.unwrap_or_else(|| "transit".to_owned());
            if !mount.split('/').all(|part| !part.is_empty() && is_plain(part)) {
                return Err(contradiction("root_key.mount", "must be letters, digits, - and _, between slashes"));
            }
            let token = keeper_secret(raw.token_file, raw.token, "root_key.token_file")?;
            Ok(RootKey::OpenBao { url, mount, key, token, roots: raw.roots })
        }
        RootKeyProvider::Pkcs11 => {
            let module = raw.module.ok_or(missing("root_key.module"))?;
            let token_label = raw.token_label.ok_or(missing("root_key.token_label"))?;
            let pin = keeper_secret(raw.pin_file, raw.pin, "root_key.pin_file")?;
            Ok(RootKey::Pkcs11 { module, token_label, key, pin })
        }
    }
}

/// A secret in a file or in the environment; one of the two.
fn keeper_secret(
    file: Option<SecretFile>,
    given: Option<Secret<String>>,
    key: &'static str,
) -> Result<KeeperSecret, SettingsError> {
    match (file, given) {
        (Some(file), None) => Ok(KeeperSecret::File(file)),
        (None, Some(secret)) => Ok(KeeperSecret::Given(secret)),
        (None, None) => Err(contradiction(key, "is missing, and so is what it would hold")),
        (Some(_), Some(_)) => Err(contradiction(key, "is set, and what it would hold too")),
    }
}

fn operator(mut operator: Operator, server: &Server) -> Operator {
    if operator.domains.is_empty() {
        operator.domains.clone_from(&server.names);
    }
    operator
}

/// At least one of OWASP's equal choices for Argon2id (Password Storage Cheat Sheet), within RFC 9106 §3.1's ranges.
fn check_passwords(passwords: &Passwords) -> Result<(), SettingsError> {
    const LEAST: [(u32, u32); 5] = [(47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5)];
    let strong = LEAST.iter().any(|(memory, passes)| passwords.memory_kib >= *memory && passwords.passes >= *passes);
    if !strong {
        return Err(contradiction("passwords.memory_kib", "and `passwords.passes` are together below OWASP's least"));
    }
    if passwords.memory_kib > 4 << 20 || passwords.passes > 100 {
        return Err(contradiction("passwords.memory_kib", "is above 4 GiB, or `passwords.passes` above 100"));
    }
    if !(1..=64).contains(&passwords.lanes) {
        return Err(contradiction("passwords.lanes", "must be from 1 to 64"));
    }
    Ok(())
}

fn check_times(sessions: &Sessions, codes: &Codes, server: &Server) -> Result<(), SettingsError> {
    let zero = |period: Period| period.duration().is_zero();
    if zero(sessions.idle) || zero(sessions.shared_idle) {
        return Err(contradiction("sessions.idle", "and `sessions.shared_idle` must be above zero"));
    }
    if sessions.absolute < sessions.idle {
        return Err(contradiction("sessions.absolute", "is shorter than `sessions.idle`"));
    }
    if sessions.shared_absolute < sessions.shared_idle {
        return Err(contradiction("sessions.shared_absolute", "is shorter than `sessions.shared_idle`"));
    }
    if zero(codes.lifetime) || codes.tries == 0 {
        return Err(contradiction("codes.lifetime", "and `codes.tries` must be above zero"));
    }
    if zero(server.request_head) || zero(server.request_body) || server.connections == 0 {
        return Err(contradiction("server.request_head", "`request_body` and `connections` must be above zero"));
    }
    Ok(())
}

fn check_prompts(prompts: &Prompts) -> Result<(), SettingsError> {
    if prompts.contacts.duration().is_zero() || prompts.password_least.duration().is_zero() {
        return Err(contradiction("prompts.contacts", "and `prompts.password_least` must be above zero"));
    }
    if prompts.password_most < prompts.password_least {
        return Err(contradiction("prompts.password_most", "is shorter than `prompts.password_least`"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
