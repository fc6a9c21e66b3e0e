//! The tests' own world: a service on a free port with a moved clock, fresh databases, captured mails and actors that
//! speak to it over TLS.
//!
//! `each_database!` runs one story on SQLite and on PostgreSQL. Start at [`World`].

#![expect(clippy::missing_panics_doc, reason = "a test's failure is a panic")]
#![expect(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test's failure is a panic")]
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

mod actors;
mod canary;
mod mail_server;
mod proxy;
mod text_gateway;
mod world;

pub use self::actors::{Actor, Answer, Authenticator};
pub use self::canary::{MARK, is_logged, sweep};
pub use self::mail_server::{MailServer, certify};
pub use self::proxy::Proxy;
pub use self::text_gateway::{GATEWAY_SECRET, GatewayAnswer, TakenText, TextGateway};
pub use self::world::{Database, Node, World, drop_database, fresh_databases};

/// Declares tests that run on both databases: `each_database! { async fn a_rule_in_words(world: World) { … } }` makes
/// `a_rule_in_words::sqlite` and `a_rule_in_words::postgres`. Without PostgreSQL the latter says that it was skipped,
/// and fails in CI. When the story is over, everything that the service left is searched for the story's personal data.
#[macro_export]
macro_rules! each_database {
    ($($(#[$meta:meta])* async fn $name:ident($world:ident: World) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            #[test]
            fn sqlite() {
                $crate::testing::World::run($crate::testing::Database::Sqlite, async |$world: &mut $crate::testing::World| $body);
            }

            #[test]
            fn postgres() {
                $crate::testing::World::run($crate::testing::Database::Postgres, async |$world: &mut $crate::testing::World| $body);
            }
        }
    )+};
}
