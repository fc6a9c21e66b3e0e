//! A service of a test's own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};

use crate::app::{App, AppError};
use crate::kernel::clock::Clock;
use crate::kernel::entropy::Entropy;
use crate::settings::{Environment, Overrides, Settings};
use crate::testing::actors::Actor;
use crate::testing::canary;

/// Which database a story runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// A file in the world's folder.
    Sqlite,
    /// A database of its own on the server that `SEIF_TEST_POSTGRES` names.
    Postgres,
}

/// A running service and everything around it. It ends with the story.
pub struct World {
    /// The folder of everything that the service writes.
    pub folder: tempfile::TempDir,
    /// The clock that the service lives by.
    pub clock: Clock,
    /// The service's parts, for what no client can see.
    pub app: App,
    /// Which database it runs on.
    pub database: Database,
    address: SocketAddr,
    stop: Option<actix_web::dev::ServerHandle>,
    databases: Vec<String>,
    configuration: String,
    people: u64,
}

/// Another node of a world's service.
pub struct Node {
    /// The folder of everything that it writes for itself.
    pub folder: tempfile::TempDir,
    /// Its parts.
    pub app: App,
    address: SocketAddr,
    stop: actix_web::dev::ServerHandle,
}

impl Node {
    /// The same actor, speaking to this node.
    #[must_use]
    pub fn visited_by(&self, actor: &Actor) -> Actor {
        actor.at_another(self.address, &self.folder.path().join("tls/ca.pem"))
    }

    /// Stops it as SIGTERM would.
    pub async fn stop(self) {
        self.stop.stop(false).await;
        self.app.finish().await;
    }
}

static NUMBER: AtomicU64 = AtomicU64::new(0);

impl World {
    /// Runs `story` in a world of its own on `database`, then looks for personal data where none may be.
    pub fn run(database: Database, story: impl AsyncFnOnce(&mut Self)) {
        Self::run_with(database, "", story);
    }

    /// As [`World::run`], with a configuration file of this content.
    pub fn run_with(database: Database, configuration: &str, story: impl AsyncFnOnce(&mut Self)) {
        let Some(urls) = fresh_databases(database) else { return };
        canary::listen();
        actix_web::rt::System::new().block_on(async {
            let mut world = Self::begin(database, urls, configuration).await;
            story(&mut world).await;
            world.end().await;
        });
    }

    async fn begin(database: Database, urls: Option<[String; 2]>, configuration: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let clock = Clock::moved(Clock::system().now());
        let app = App::build(settings(folder.path(), urls.as_ref(), configuration), clock.clone(), Entropy::system())
            .expect("the service starts");
        let listening = app.listen(&Clock::system()).await.expect("the service listens");
        let address = *listening.addresses.first().expect("an address");
        actix_web::rt::spawn(listening.server);
        let databases = urls.map(|urls| urls.to_vec()).unwrap_or_default();
        let (stop, configuration) = (Some(listening.handle), configuration.to_owned());
        Self { folder, clock, app, database, address, stop, databases, configuration, people: 0 }
    }

    /// Stops the service as SIGTERM would, and starts another one on what it left.
    pub async fn restart(&mut self) {
        self.restart_on(|_| {}).await;
    }

    /// The same, with a configuration file of this content from now on.
    pub async fn restart_with(&mut self, configuration: &str) {
        configuration.clone_into(&mut self.configuration);
        self.restart().await;
    }

    /// The same, on a folder that `change` has changed between.
    pub async fn restart_on(&mut self, change: impl FnOnce(&Path)) {
        self.stop().await;
        change(self.folder.path());
        self.start().await;
    }

    /// The same, where it may not start: says why. Then nothing runs until the next start.
    ///
    /// # Errors
    /// What the service gives as its reason.
    pub async fn try_restart_on(&mut self, change: impl FnOnce(&Path)) -> Result<(), AppError> {
        self.stop().await;
        change(self.folder.path());
        self.try_start().await
    }

    /// The same, on another data's database, beside the same keyring.
    pub async fn restart_on_database(&mut self, url: &str) {
        self.stop().await;
        if let Some(first) = self.databases.first_mut() {
            url.clone_into(first);
        }
        self.start().await;
    }

    async fn start(&mut self) {
        self.try_start().await.expect("the service starts again");
    }

    async fn try_start(&mut self) -> Result<(), AppError> {
        let urls = <[String; 2]>::try_from(self.databases.clone()).ok();
        self.app = App::build(
            settings(self.folder.path(), urls.as_ref(), &self.configuration),
            self.clock.clone(),
            Entropy::system(),
        )?;
        let listening = self.app.listen(&Clock::system()).await.expect("the service listens again");
        self.address = *listening.addresses.first().expect("an address");
        actix_web::rt::spawn(listening.server);
        self.stop = Some(listening.handle);
        Ok(())
    }

    async fn stop(&mut self) {
        if let Some(handle) = self.stop.take() {
            handle.stop(false).await;
        }
        self.app.finish().await;
    }

    async fn end(mut self) {
        self.stop().await;
        canary::sweep(self.folder.path(), &self.databases);
        let databases = std::mem::take(&mut self.databases);
        drop(self);
        for url in databases {
            drop_database(&url);
        }
    }

    /// Moves the clock forward.
    pub fn later(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// The URLs of the data's database and the keyring's, on PostgreSQL.
    #[must_use]
    pub fn database_urls(&self) -> &[String] {
        &self.databases
    }

    /// Another node of the same service: a folder of its own, the same databases, keyring and clock.
    #[must_use]
    pub async fn node(&self) -> Node {
        let folder = tempfile::tempdir().expect("a folder for the node");
        let urls = <[String; 2]>::try_from(self.databases.clone()).unwrap_or_else(|_| {
            ["seif.db", "keyring.db"].map(|name| format!("sqlite:{}", self.folder.path().join(name).display()))
        });
        let root = self.folder.path().join("root.key");
        if self.database == Database::Postgres {
            std::fs::copy(root, folder.path().join("root.key")).expect("the root key");
        }
        // Nodes of one service share the objects.
        let objects = if self.configuration.contains("[objects]") {
            self.configuration.clone()
        } else {
            format!("[objects]\nfolder = \"{}\"\n", self.folder.path().join("objects").display())
        };
        let app = App::build(settings(folder.path(), Some(&urls), &objects), self.clock.clone(), Entropy::system())
            .expect("the node starts");
        let listening = app.listen(&Clock::system()).await.expect("the node listens");
        let address = *listening.addresses.first().expect("an address");
        actix_web::rt::spawn(listening.server);
        Node { folder, app, address, stop: listening.handle }
    }

    /// Where the service listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of the service, as clients write it.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.address.port())
    }

    /// The local authority's certificate.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("tls/ca.pem")
    }

    /// Somebody who has done nothing yet.
    #[must_use]
    pub fn stranger(&self) -> Actor {
        Actor::at(self.address, &self.authority())
    }

    /// A name that nobody else in this world has, carrying the mark that the sweep looks for.
    pub fn somebody(&mut self) -> String {
        self.people += 1;
        format!("{}{}", canary::MARK, self.people)
    }

    /// Delivers what is due in the outbox.
    pub async fn deliver(&self) {
        let round = self.app.outbox.deliver_due().await.expect("the outbox");
        let _ = round;
    }

    /// The captured mails, oldest first, as text.
    #[must_use]
    pub fn mails(&self) -> Vec<String> {
        let mut files: Vec<PathBuf> = std::fs::read_dir(self.folder.path().join("mail"))
            .map(|entries| {
                entries
                    .filter_map(|entry| Some(entry.ok()?.path()))
                    .filter(|path| path.extension().is_some_and(|e| e == "eml"))
                    .collect()
            })
            .unwrap_or_default();
        files.sort();
        files.iter().map(|path| std::fs::read_to_string(path).expect("a mail")).collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the story broke off; its folder was {}", self.folder.path().display());
        }
    }
}

fn settings(folder: &Path, urls: Option<&[String; 2]>, configuration: &str) -> Settings {
    let file = folder.join("seif.toml");
    let base = "listen = \"127.0.0.1:0\"\n";
    std::fs::write(&file, format!("{base}{configuration}")).expect("a configuration file");
    let overrides = Overrides { config: Some(file), data: Some(folder.to_owned()), ..Overrides::default() };
    let environment = urls.map_or_else(Environment::default, |[database, keyring]| {
        Environment::of([("SEIF_DATABASE", database.as_str()), ("SEIF_KEYRING", keyring.as_str())])
    });
    let mut settings = Settings::load(&overrides, &environment).expect("the test's settings");
    settings.server.workers = 1;
    settings
}

/// New databases for a story, the data's and the keyring's: `None` when PostgreSQL is wanted and not there.
#[must_use]
pub fn fresh_databases(database: Database) -> Option<Option<[String; 2]>> {
    if database == Database::Sqlite {
        return Some(None);
    }
    let Some(server) = Environment::of_the_process().test_postgres().unwrap_or_else(|why| panic!("{why}")) else {
        eprintln!("skipped: no PostgreSQL (SEIF_TEST_POSTGRES is not set)");
        return None;
    };
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("seif_{}_{number}", std::process::id());
    let mut conn = PgConnection::establish(&server).expect("PostgreSQL answers");
    Some(Some([name.clone(), format!("{name}_keyring")].map(|name| {
        conn.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0")).expect("a fresh database");
        with_database(&server, &name)
    })))
}

/// The same server's URL with another database.
fn with_database(server: &str, name: &str) -> String {
    let (base, query) =
        server.split_once('?').map_or((server, String::new()), |(base, query)| (base, format!("?{query}")));
    let after_scheme = base.find("://").map_or(0, |n| n + 3);
    let end = base.get(after_scheme..).and_then(|rest| rest.find('/')).map_or(base.len(), |n| after_scheme + n);
    format!("{}/{name}{query}", base.get(..end).unwrap_or(base))
}

/// Ends a story's database.
pub fn drop_database(url: &str) {
    let Ok(Some(server)) = Environment::of_the_process().test_postgres() else { return };
    let name = url.rsplit('/').next().unwrap_or_default().split('?').next().unwrap_or_default();
    if let Ok(mut conn) = PgConnection::establish(&server) {
        drop(conn.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")));
    }
}
