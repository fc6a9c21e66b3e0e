//! Composition: builds everything from the settings, for `main` and for tests.

pub mod backups;
pub mod lookups;
mod mail;
mod post;
mod sweeps;
mod transparency;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::{App as Actix, HttpServer, web};

use crate::accounts::{self, Accounts};
use crate::kernel::access::SessionRules;
use crate::kernel::access::sessions::Phones;
use crate::kernel::backup::Sources;
use crate::kernel::backup::place::{Folder, InBucket, Place};
use crate::kernel::bucket::{Address, Bucket, BucketError};
use crate::kernel::clock::Clock;
use crate::kernel::entropy::Entropy;
use crate::kernel::erasure::{PolicyFact, Rules};
use crate::kernel::keyring::Keyring;
use crate::kernel::keyring::operators::ConsoleRules;
use crate::kernel::keyring::root::{Credential, OpenBao, Pkcs11, Provider, Providers};
use crate::kernel::log::Incidents;
use crate::kernel::objects::Objects;
use crate::kernel::store::migrate::Schema;
use crate::kernel::store::{self, Conn, Options, Target, Tx};
use crate::kernel::{Kernel, Parts, StartError, rekey};
use crate::messages::notice::Notice;
use crate::messages::outbox::Outbox;
use crate::messages::telling::Telling;
use crate::operators::Operators;
use crate::policies::{self, Facts, Policies, PoliciesError};
use crate::settings::sections::{KeeperSecret, RootKey, RootKeys};
use crate::settings::values::{BackupPlace, DatabaseUrl, TlsProfile};
use crate::settings::{self, Mode, ProxyHow, Refusal, Settings};
use crate::tenants;
use crate::tenants::inactivity::Inactivity;
use crate::tenants::leaving::Leaving;
use crate::vault::Vault;
use crate::web::console::Door;
use crate::web::services::Services;
use crate::web::tls::authority::LocalAuthority;
use crate::web::tls::production::{Demands, Roots};
use crate::web::tls::proxied::{self, Manner};
use crate::web::tls::reload::Certificates;
use crate::web::tls::{self, CertificateFiles, CertificateSource, Profile, TlsError};
use crate::web::{access_log, client, cookies, cross_origin, headers, hosts, problem, routes, site};

/// Why the service did not start.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// Production demands more than the settings give.
    #[error("this configuration is not fit for production:{}", refusals(.0))]
    NotForProduction(Vec<Refusal>),
    /// The kernel did not start.
    #[error(transparent)]
    Kernel(#[from] StartError),
    /// The first legal documents cannot be published.
    #[error(transparent)]
    Policies(#[from] PoliciesError),
    /// TLS cannot be served.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A secret's file cannot be read.
    #[error("the secret cannot be read: {0}")]
    Secret(#[from] crate::settings::values::UnreadableSecret),
    /// Mails cannot be sent as configured.
    #[error("mails cannot be sent: {0}")]
    Mail(String),
    /// Text messages cannot be sent as configured.
    #[error("text messages cannot be sent: {0}")]
    Texts(String),
    /// What accounts sign in by cannot be settled.
    #[error("what accounts sign in by cannot be settled: {0}")]
    Claims(String),
    /// The accounts cannot be opened.
    #[error(transparent)]
    Accounts(#[from] accounts::OpenError),
    /// A place of back-ups is in a bucket, and nothing says where that is.
    #[error("backup.s3.endpoint is not set: nothing says where the bucket of the back-ups is")]
    NoService,
    /// A bucket cannot be used as configured.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// The address cannot be listened on, or a file cannot be written.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
}

fn refusals(all: &[Refusal]) -> String {
    all.iter().map(|refusal| format!("\n  {refusal}")).collect()
}

/// Leaving, with what the other slices know: where a person's mails go, and which documents are in force.
fn leaving(kernel: &Kernel, settings: &Settings) -> Leaving {
    let rules = Rules { keyring_backups: settings.backup.keyring_retention.into() };
    let in_force = |tx: &mut Tx<'_>| {
        let fact = |which: policies::DocumentVersion| PolicyFact {
            document: which.document.name().to_owned(),
            version: which.version,
        };
        Ok(policies::in_force(tx)?.into_iter().map(fact).collect())
    };
    Leaving::new(kernel.clone(), settings.leaving.grace.into(), rules, accounts::address_of, in_force)
}

/// The running parts of a service.
pub struct App {
    /// What handlers work with.
    pub services: web::Data<Services>,
    /// What hands mails over.
    pub outbox: Outbox,
    post: post::Post,
    clock: Clock,
    entropy: Entropy,
}

impl App {
    /// Builds the service from `settings`, with the clock and randomness that it is to live by.
    ///
    /// # Errors
    /// See [`AppError`]; nothing runs after any of them.
    pub fn build(settings: Settings, clock: Clock, entropy: Entropy) -> Result<Self, AppError> {
        if settings.mode() == Mode::Production {
            let missing = settings.refusals();
            if !missing.is_empty() {
                return Err(AppError::NotForProduction(missing));
            }
        }
        private_folder(&settings.data)?;
        let incidents = Incidents::new(clock.clone(), entropy.clone());
        let sessions = SessionRules {
            idle: settings.sessions.idle.into(),
            absolute: settings.sessions.absolute.into(),
            shared_idle: settings.sessions.shared_idle.into(),
            shared_absolute: settings.sessions.shared_absolute.into(),
            console: ConsoleRules {
                idle: settings.operators.idle.into(),
                absolute: settings.operators.absolute.into(),
            },
            phones: if settings.sms.is_some() { Phones::Reached } else { Phones::NotReached },
        };
        let kernel = Kernel::start(Parts {
            database: target(&settings.database),
            keyring: target(&settings.keyring),
            root: providers(&settings)?,
            journal: settings.data.join("journal"),
            objects: objects(&settings)?,
            options: Options::default(),
            clock: clock.clone(),
            entropy: entropy.clone(),
        })?;
        let outbox = mail::outbox(&kernel, &settings)?;
        let telling = mail::telling(&settings)?;
        policies::publish_initial(&kernel, &Facts::of(&settings))?;
        let policies = Policies::new(kernel.clone(), Facts::of(&settings), accounts::address_of);
        let vault = vault(kernel.clone());
        let accounts = Accounts::open(kernel.clone(), &settings, sessions, &further_passwords(&settings)?)?;
        let leaving = leaving(&kernel, &settings);
        let inactivity = Inactivity::new(kernel.clone(), leaving.clone(), accounts::tell);
        let settings = Arc::new(settings);
        let operators = Operators::new(kernel.clone()).with_backups(backups::for_operators(Arc::clone(&settings)));
        let services = web::Data::new(Services {
            kernel,
            accounts,
            leaving,
            inactivity,
            operators,
            policies,
            vault,
            telling,
            settings,
            sessions,
            incidents,
        });
        Ok(Self { services, outbox, post: post::Post::default(), clock, entropy })
    }

    /// Listens, and serves over TLS alone, once what accounts sign in by is settled. Must be called within actix's runtime.
    /// Certificates are measured by `clock`: the clients' own, even where a test moves the service's.
    ///
    /// # Errors
    /// The certificate is refused, or the address cannot be had; a database is away.
    pub async fn listen(&self, clock: &Clock) -> Result<Listening, AppError> {
        self.services.accounts.settle_claims().await.map_err(|error| AppError::Claims(error.to_string()))?;
        let settings = Arc::clone(&self.services.settings);
        let certificates = Certificates::open(certificate_source(&settings, clock, &self.entropy)?)?;
        let profile = match settings.tls.profile {
            TlsProfile::Modern => Profile::Modern,
            TlsProfile::Intermediate => Profile::Intermediate,
        };
        let config = tls::server_config(Arc::clone(&certificates), profile)?;
        actix_web::rt::spawn(certificates.watch(tls::WATCH_INTERVAL));
        let shared = self.shared();
        let app = move || {
            let shared = shared.clone();
            Actix::new()
                .configure(|config| shared.configure(config))
                .wrap(from_fn(cross_origin::same_origin))
                .wrap(from_fn(site::explain::to_people))
                .wrap(from_fn(hosts::only_genuine))
                .wrap(from_fn(client::found))
                .wrap(from_fn(problem::everywhere))
                .wrap(from_fn(cookies::only_ours))
                .wrap(from_fn(headers::secure))
                .wrap(from_fn(access_log::record))
        };
        let failed = |error| AppError::Io(format!("cannot listen on {}", settings.listen), error);
        let addresses = settings.listen.addresses().map_err(failed)?;
        let manner = Manner {
            request_head: settings.server.request_head.into(),
            keep_alive: settings.server.keep_alive.into(),
            connections: settings.server.connections,
            workers: settings.server.workers,
            shutdown: settings.server.shutdown.into(),
        };
        if let Some(proxies) = settings.proxies.as_ref().filter(|proxies| proxies.how == ProxyHow::ProxyV2) {
            let proxies = proxies.addresses.clone();
            let (addresses, server) = proxied::serve(&addresses, &config, proxies, manner, app).map_err(failed)?;
            return Ok(Listening { addresses, handle: server.handle(), server });
        }
        let mut server = HttpServer::new(app)
            .tls_handshake_timeout(tls::HANDSHAKE_TIMEOUT)
            .client_request_timeout(manner.request_head)
            .keep_alive(manner.keep_alive)
            .max_connections(manner.connections)
            .shutdown_timeout(manner.shutdown.as_secs())
            .disable_signals();
        if manner.workers > 0 {
            server = server.workers(manner.workers);
        }
        for address in addresses {
            server = server.bind_rustls_0_23(address, (*config).clone()).map_err(failed)?;
        }
        let addresses = server.addrs();
        let server = server.run();
        Ok(Listening { addresses, handle: server.handle(), server })
    }

    /// Does in the background what nobody waits for: mails, sweeps. Must be called within actix's runtime.
    pub fn work(&self) {
        let outbox = self.outbox.clone();
        self.post.begin(async move { outbox.run().await });
        let (services, outbox) = (self.services.clone(), self.outbox.clone());
        actix_web::rt::spawn(sweeps::run(services, outbox));
        actix_web::rt::spawn(sweeps::run_keys(self.services.clone()));
        actix_web::rt::spawn(sweeps::run_backups(self.services.clone()));
        let services = self.services.clone();
        actix_web::rt::spawn(async move { services.leaving.run(&services.incidents).await });
        let services = self.services.clone();
        actix_web::rt::spawn(async move { services.policies.run(&services.incidents).await });
    }

    /// Removes everywhere what has run its time, as the background does from time to time.
    pub async fn sweep(&self) {
        sweeps::often(&self.services, &self.outbox).await;
        sweeps::keys(&self.services).await;
        backups::hourly(&self.services).await;
        sweeps::hourly(&self.services).await;
        if let Err(error) = self.services.leaving.sweep().await {
            self.services.incidents.report(&error);
        }
    }

    /// Once nothing is served any more: waits for the mails in hand, as long as for the requests, and moves what was
    /// noted last into the database. A mail that takes longer counts as one whose answer got lost.
    pub async fn finish(&self) {
        self.outbox.stop();
        self.post.end(self.services.settings.server.shutdown.into()).await;
        if self.services.kernel.journal().flush().is_err() {
            tracing::warn!("the journal of reads waits for the next start");
        }
    }

    fn shared(&self) -> Shared {
        let settings = &self.services.settings;
        Shared {
            services: self.services.clone(),
            headers: web::Data::new(headers::SecurityHeaders::new(settings)),
            hosts: web::Data::new(hosts::GenuineHosts::new(settings)),
            believed: web::Data::new(client::Believed::new(settings)),
            door: web::Data::new(Door::new(&settings.operators)),
            incidents: web::Data::new(self.services.incidents.clone()),
            clock: web::Data::new(self.clock.clone()),
            entropy: web::Data::new(self.entropy.clone()),
        }
    }
}

/// What each worker's own application shares with the others.
#[derive(Clone)]
struct Shared {
    services: web::Data<Services>,
    headers: web::Data<headers::SecurityHeaders>,
    hosts: web::Data<hosts::GenuineHosts>,
    believed: web::Data<client::Believed>,
    door: web::Data<Door>,
    incidents: web::Data<Incidents>,
    clock: web::Data<Clock>,
    entropy: web::Data<Entropy>,
}

impl Shared {
    fn configure(&self, config: &mut web::ServiceConfig) {
        config
            .app_data(self.services.clone())
            .app_data(self.headers.clone())
            .app_data(self.hosts.clone())
            .app_data(self.believed.clone())
            .app_data(self.incidents.clone())
            .app_data(self.clock.clone())
            .app_data(self.entropy.clone())
            .app_data(web::QueryConfig::default().error_handler(problem::query_error))
            .app_data(web::PathConfig::default().error_handler(problem::path_error))
            .configure(|config| routes::mount(config, &self.door))
            .default_service(web::to(problem::nothing_here));
    }
}

/// A service that listens.
pub struct Listening {
    /// Where.
    pub addresses: Vec<SocketAddr>,
    /// To stop it.
    pub handle: ServerHandle,
    /// To wait for its end.
    pub server: Server,
}

/// Opens the keyring of a service that may be running beside.
///
/// # Errors
/// The keyring does not open, or does not exist yet.
pub fn open_keyring(settings: &Settings) -> Result<Keyring, AppError> {
    let keyring = Keyring::open(target(&settings.keyring), providers(settings)?, Clock::system(), Entropy::system());
    Ok(keyring.map_err(StartError::from)?)
}

/// How owners' keys turn over, as the settings want it.
#[must_use]
pub fn rekey_rules(settings: &Settings) -> rekey::Rules {
    rekey::Rules {
        settle: SETTLE,
        retention: settings.backup.retention.into(),
        values_per_second: 2_000,
        end: rekey::End::InTime,
    }
}

/// After how long every node has read the keyring again (its lease is three seconds), and every transaction that was
/// waiting for its turn is over.
const SETTLE: Duration = Duration::from_secs(15);

/// The kernel for a command beside a service that may be running. Its journal is its own: the service's files are the
/// service's to move.
///
/// # Errors
/// A database does not open, or does not exist yet.
pub fn open_beside(settings: &Settings) -> Result<Kernel, AppError> {
    Ok(Kernel::start(Parts {
        database: target(&settings.database),
        keyring: target(&settings.keyring),
        root: providers(settings)?,
        journal: settings.data.join("journal-of-commands"),
        objects: objects(settings)?,
        options: Options::default(),
        clock: Clock::system(),
        entropy: Entropy::system(),
    })?)
}

/// The policies for a command beside a service that may be running.
///
/// # Errors
/// As [`open_beside`].
pub fn policies_beside(settings: &Settings) -> Result<Policies, AppError> {
    Ok(Policies::new(open_beside(settings)?, Facts::of(settings), accounts::address_of))
}

/// Leaving for a command beside a service that may be running, which goes on with what is begun.
///
/// # Errors
/// As [`open_beside`].
pub fn leaving_beside(settings: &Settings) -> Result<Leaving, AppError> {
    Ok(leaving(&open_beside(settings)?, settings))
}

/// The operators for a command beside a service that may be running.
///
/// # Errors
/// As [`open_beside`].
pub fn operators_beside(settings: &Settings) -> Result<Operators, AppError> {
    Ok(Operators::new(open_beside(settings)?))
}

/// What says what mails say, for a command beside the service.
///
/// # Errors
/// The texts or the letterhead are not as they should be.
pub fn telling(settings: &Settings) -> Result<Telling, AppError> {
    mail::telling(settings)
}

/// The vault over a kernel, for the service or for a command beside it.
#[must_use]
pub fn vault(kernel: Kernel) -> Vault {
    Vault::new(
        kernel,
        |tx, scope| Ok(Some(tenants::profile::find(tx, scope)?.country)),
        |tx, scope, owners, until| {
            let tenant_name = tenants::profile::name_of(tx, scope)?;
            let notice = Notice::SupportLooked { tenant_name, until };
            owners.iter().try_for_each(|owner| accounts::tell(tx, owner, notice.clone()))
        },
    )
}

/// The certificates that the settings name, read and checked as the service does; none where the local authority makes
/// them.
///
/// # Errors
/// The certificate is refused.
pub fn certificates(settings: &Settings) -> Result<Option<Arc<Certificates>>, AppError> {
    if settings.tls.certificate.is_none() {
        return Ok(None);
    }
    let source = certificate_source(settings, &Clock::system(), &Entropy::system())?;
    Ok(Some(Certificates::open(source)?))
}

fn certificate_source(settings: &Settings, clock: &Clock, entropy: &Entropy) -> Result<CertificateSource, AppError> {
    let Some(files) = &settings.tls.certificate else {
        let authority = LocalAuthority::open(&settings.data, clock.clone(), entropy.clone()).map_err(TlsError::from)?;
        return Ok(CertificateSource::Local(authority));
    };
    let files = CertificateFiles { chain: files.chain.clone(), key: files.key.clone() };
    if settings.mode() == Mode::Trial {
        return Ok(CertificateSource::Files(files));
    }
    let names: Vec<String> = settings.server.names.iter().map(ToString::to_string).collect();
    let roots = settings.tls.roots.clone().map_or(Roots::System, Roots::File);
    let demands = Demands::new(&names, &roots, clock.clone()).map_err(TlsError::from)?;
    Ok(CertificateSource::Production(files, demands))
}

/// Brings both databases to this version's schema.
///
/// # Errors
/// A database is away, or a step failed; then that step left nothing behind.
pub fn migrate(settings: &Settings) -> Result<(), AppError> {
    private_folder(&settings.data)?;
    for (url, schema) in [(&settings.keyring, Schema::Keyring), (&settings.database, Schema::Data)] {
        let step = Conn::open(&target(url)).and_then(|mut conn| store::migrate::migrate(&mut conn, schema));
        step.map_err(StartError::from)?;
    }
    Ok(())
}

/// Where back-ups are taken from.
///
/// # Errors
/// The objects' bucket cannot be used as configured.
pub fn sources(settings: &Settings) -> Result<Sources, AppError> {
    Ok(sources_with(settings, objects(settings)?))
}

/// The same, with these objects.
fn sources_with(settings: &Settings, objects: Objects) -> Sources {
    Sources { data: target(&settings.database), keyring: target(&settings.keyring), objects }
}

/// The objects, where the settings have them.
///
/// # Errors
/// Their bucket cannot be used as configured.
pub fn objects(settings: &Settings) -> Result<Objects, AppError> {
    match &settings.objects {
        settings::Objects::Folder(path) => Ok(Objects::in_folder(path.clone())),
        settings::Objects::S3(at) => Ok(Objects::in_bucket(&bucket(&at.service, &at.name, &at.prefix)?)),
    }
}

/// The place of back-ups that is called so.
///
/// # Errors
/// Its bucket cannot be used as configured, or no service is.
pub fn place(settings: &Settings, at: &BackupPlace, clock: &Clock) -> Result<Box<dyn Place>, AppError> {
    match at {
        BackupPlace::Folder(path) => Ok(Box::new(Folder::new(path.clone()))),
        BackupPlace::Bucket { name, prefix } => {
            let service = settings.backup.s3.as_ref().ok_or(AppError::NoService)?;
            Ok(Box::new(InBucket::new(bucket(service, name, prefix)?, clock.clone())))
        }
    }
}

fn bucket(service: &settings::S3, name: &str, prefix: &str) -> Result<Bucket, AppError> {
    let secret = match &service.secret {
        KeeperSecret::File(file) => file.read()?,
        KeeperSecret::Given(secret) => secret.clone(),
    };
    Ok(Bucket::open(&Address {
        endpoint: service.endpoint.clone(),
        region: service.region.clone(),
        bucket: name.to_owned(),
        prefix: prefix.to_owned(),
        access_key: service.access_key_id.clone(),
        secret,
        roots: service.roots.clone(),
    })?)
}

fn target(url: &DatabaseUrl) -> Target {
    match url {
        DatabaseUrl::Sqlite(path) => Target::Sqlite(path.clone()),
        DatabaseUrl::Postgres(url) => Target::Postgres(url.clone()),
    }
}

fn providers(settings: &Settings) -> Result<Providers, AppError> {
    let RootKeys { current, earlier } = &settings.root_key;
    Ok(Providers { current: provider(current)?, earlier: earlier.iter().map(provider).collect::<Result<_, _>>()? })
}

fn provider(root_key: &RootKey) -> Result<Provider, AppError> {
    let credential = |secret: &KeeperSecret| match secret {
        KeeperSecret::File(file) => Credential::File(file.path().to_owned()),
        KeeperSecret::Given(secret) => Credential::Given(secret.clone()),
    };
    Ok(match root_key {
        RootKey::OpenBao { url, mount, key, token, roots } => Provider::OpenBao(OpenBao {
            url: url.clone(),
            mount: mount.clone(),
            key: key.clone(),
            token: credential(token),
            roots: roots.clone(),
        }),
        RootKey::Pkcs11 { module, token_label, key, pin } => Provider::Pkcs11(Pkcs11 {
            module: module.clone(),
            token_label: token_label.clone(),
            key: key.clone(),
            pin: credential(pin),
            entropy: Entropy::system(),
        }),
        RootKey::File(path) => Provider::File(path.clone()),
        RootKey::Passphrase { file, passphrase } => Provider::Passphrase(file.clone(), passphrase.read()?),
    })
}

/// The operator's further list of passwords to refuse.
fn further_passwords(settings: &Settings) -> Result<String, AppError> {
    settings.passwords.common.as_ref().map_or_else(
        || Ok(String::new()),
        |path| {
            std::fs::read_to_string(path).map_err(|error| {
                AppError::Io(format!("the list of passwords {} cannot be read", path.display()), error)
            })
        },
    )
}

/// The data folder is the service's alone.
///
/// # Errors
/// It cannot be made.
pub fn private_folder(path: &Path) -> Result<(), AppError> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| AppError::Io(format!("the data folder {} cannot be made", path.display()), error))
}
