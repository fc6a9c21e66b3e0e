//! Many people at once.

use std::time::Duration;

use futures_util::future::join_all;
use seif::testing::{Database, World};
use serde_json::json;

use crate::shelf::{customer, customers, place, token};

const PEOPLE: usize = 200;

/// A queue of eight, so that it is sure to be full.
fn two_hundred_at_once(database: Database) {
    World::run_with(database, "[passwords]\nwaiting = 8\n", async |world| {
        let anna = world.owner().await;
        let _ = customers(&anna).await;
        let record = place(&customer(&anna, "1").await);
        let till = token(&anna, &["records:read"]).await;
        let crowd: Vec<_> = (0..PEOPLE).map(|_| world.stranger()).collect();
        let body = json!({"identifier": anna.email, "password": anna.password});
        let all = join_all(crowd.iter().map(|person| person.post("/api/v1/session", body.clone())));
        let (over, reads) = (std::cell::Cell::new(false), std::cell::Cell::new(0));
        let signing_in = async {
            let answers = tokio::time::timeout(Duration::from_secs(300), all).await.expect("nobody hangs");
            over.set(true);
            answers
        };
        let reading = async {
            while !over.get() {
                let _ = till.get(&record).await.expect(200);
                reads.set(reads.get() + 1);
            }
        };
        let (answers, ()) = tokio::join!(signing_in, reading);
        let with = |status: u16| answers.iter().filter(move |answer| answer.status == status).count();
        assert_eq!(with(201) + with(429) + with(503), PEOPLE);
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            let after: u64 = answer.header("retry-after").parse().expect("seconds");
            assert!((1..=900).contains(&after));
        }
        // Those who wait are few, and all of them get in; the others are told to come back.
        assert!(with(201) >= 8 && with(503) > 0, "{} in, {} told to come back", with(201), with(503));
        // One after the other over one connection, while two hundred knock.
        assert!(reads.get() >= 5, "{} reads", reads.get());
        // When it is over, who comes back gets in.
        let _ = world.stranger().post("/api/v1/session", body).await.expect(201);
    });
}

#[test]
fn of_two_hundred_sign_ins_at_once_none_hangs_and_reads_go_on_sqlite() {
    two_hundred_at_once(Database::Sqlite);
}

#[test]
fn of_two_hundred_sign_ins_at_once_none_hangs_and_reads_go_on_postgres() {
    two_hundred_at_once(Database::Postgres);
}
