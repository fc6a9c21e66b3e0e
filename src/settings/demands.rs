//! What a production service must have before it serves anybody.

use std::fmt;
use std::path::Path;

use super::values::{Reach, resolved};
use super::{DatabaseUrl, RootKey, Settings};

/// Whether strangers can reach the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Loopback alone: a laptop, a test.
    Trial,
    /// Any listening address or server name that is not loopback.
    Production,
}

/// Something that production demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// The genuine host names.
    Names,
    /// A certificate of a legitimate authority (P-11). Whether it is one, `web::tls` finds out.
    Certificate,
    /// A relay for mails.
    Mail,
    /// A root key that is not a plain file beside the data.
    RootKey,
}

/// A demand that is not met. Its `Display` says which keys to set, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Which.
    pub demand: Demand,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.demand {
            Demand::Names => {
                "server.names holds no name that others can reach: without the genuine names, look-alike domains could not be refused"
            }
            Demand::Certificate => {
                "tls.certificate and tls.key are not set: strangers need a certificate of an authority that they know"
            }
            Demand::Mail => "smtp.host is not set: codes would stay in files on this machine",
            Demand::RootKey => {
                "root_key.file is a plain file beside the data: who takes the folder could open everything; take provider = \"passphrase\" or put the file elsewhere"
            }
        })
    }
}

impl Settings {
    /// Trial while only this machine can reach the service, else production.
    #[must_use]
    pub fn mode(&self) -> Mode {
        let named = self.server.names.iter().any(|name| name.reach() == Reach::Network);
        if named || self.listen.reach() == Reach::Network { Mode::Production } else { Mode::Trial }
    }

    /// Each demand of production that is not met; none in a trial.
    #[must_use]
    pub fn refusals(&self) -> Vec<Refusal> {
        if self.mode() == Mode::Trial {
            return Vec::new();
        }
        let unmet = [
            (Demand::Names, !self.server.names.iter().any(|name| name.reach() == Reach::Network)),
            (Demand::Certificate, self.tls.certificate.is_none()),
            (Demand::Mail, self.smtp.is_none()),
            (Demand::RootKey, matches!(&self.root_key.current, RootKey::File(path) if self.beside_the_data(path))),
        ];
        unmet.into_iter().filter(|(_, unmet)| *unmet).map(|(demand, _)| Refusal { demand }).collect()
    }

    /// Whether whoever takes the data folder, or the folder of a SQLite file, takes `path` too.
    fn beside_the_data(&self, path: &Path) -> bool {
        let path = resolved(path);
        let beside = |url: &DatabaseUrl| match url {
            DatabaseUrl::Sqlite(file) => resolved(file).parent().is_some_and(|folder| path.starts_with(folder)),
            DatabaseUrl::Postgres(_) => false,
        };
        path.starts_with(resolved(&self.data)) || beside(&self.database) || beside(&self.keyring)
    }
}
