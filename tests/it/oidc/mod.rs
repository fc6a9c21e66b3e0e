//! A third party's multi-step sign-in: with a certified provider, and against one that lies.

mod bank;
mod certified;
mod liar;
mod lies;

pub(crate) use bank::{Bank, catch_up};

use seif::testing::{Actor, Database, World};
use serde_json::{Value, json};

const METHODS: &str = "/api/v1/account/methods";
const CONFIRMATIONS: &str = "/api/v1/session/confirmations";
const SIGN_IN: &str = "/api/v1/session/oidc";

/// Declares tests that run on both databases, in a world whose identity provider is there.
macro_rules! at {
    ($provider:ty; $($(#[$meta:meta])* async fn $name:ident($world:ident: World, $there:ident) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            fn story(database: seif::testing::Database) {
                let Some(mut provider) = <$provider>::start() else { return };
                let configuration = provider.configuration();
                seif::testing::World::run_with(database, &configuration, async |$world: &mut seif::testing::World| {
                    let $there = &mut provider;
                    $there.serves($world).await;
                    $body
                });
            }

            #[test]
            fn sqlite() {
                story(seif::testing::Database::Sqlite);
            }

            #[test]
            fn postgres() {
                story(seif::testing::Database::Postgres);
            }
        }
    )+};
}
use at;

/// Begins linking an identity: where to go.
async fn link(actor: &Actor, provider: &str) -> String {
    let begun = actor.post(METHODS, json!({"method": "oidc", "provider": provider})).await.expect(201).json();
    assert!(begun["id"].is_string(), "{begun}");
    address(&begun)
}

/// Begins confirming the session: where to go.
async fn confirm(actor: &Actor) -> String {
    let begun = actor.post(CONFIRMATIONS, json!({"method": "oidc"})).await.expect(201).json();
    assert!(begun["id"].is_string() && begun["method"] == "oidc", "{begun}");
    address(&begun)
}

/// Begins signing in, in the anonymous session that the actor then has: where to go.
async fn sign_in(actor: &mut Actor, provider: &str) -> String {
    let answer = actor.post(SIGN_IN, json!({"provider": provider})).await.expect(201);
    actor.keep_session(&answer);
    address(&answer.json())
}

fn address(begun: &Value) -> String {
    begun["authorization_url"].as_str().unwrap().to_owned()
}

/// The same person in another browser, with the password alone.
async fn elsewhere(actor: &Actor) -> Actor {
    let mut other = actor.clone();
    let _ = other.sign_in().await.expect(201);
    other
}

/// How sure the session is.
async fn assurance(actor: &Actor) -> String {
    actor.get("/api/v1/session").await.expect(200).json()["assurance"].as_str().unwrap().to_owned()
}

/// What the account has linked.
async fn links(actor: &Actor) -> Vec<Value> {
    let items = actor.get(METHODS).await.expect(200).json()["items"].as_array().unwrap().clone();
    items.into_iter().filter(|item| item["method"] == "oidc").collect()
}

/// How many mails of this subject have come to somebody.
async fn mails(world: &World, actor: &Actor, subject: &str) -> usize {
    world.deliver().await;
    let to = format!("to: {}", actor.email);
    let its_own = |mail: &&String| mail.to_lowercase().contains(&to) && mail.contains(&format!("Subject: {subject}"));
    world.mails().iter().filter(its_own).count()
}

#[test]
fn without_providers_there_is_nobody_to_go_to() {
    World::run(Database::Sqlite, async |world| {
        let anna = world.owner().await;
        assert_eq!(world.stranger().get("/api/v1/identity-providers").await.expect(200).json(), json!([]));
        let refused = anna.post(METHODS, json!({"method": "oidc", "provider": "real"})).await.problem(422, "invalid");
        assert_eq!(refused["errors"][0]["pointer"], "/provider");
        let _ = anna.post(METHODS, json!({"method": "oidc"})).await.problem(422, "invalid");
        let _ = anna.post(CONFIRMATIONS, json!({"method": "oidc"})).await.problem(422, "invalid");
        let _ = world.stranger().post(SIGN_IN, json!({"provider": "real"})).await.problem(422, "invalid");
        let path = "/sign-in/oidc/real/return?code=x&state=s.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let _ = anna.get(path).await.problem(403, "provider_refused");
    });
}
