//! An operator in the browser: a business's key turned over, paused, paced and gone on with, and how far it is.

use std::time::Duration;

use seif::kernel::operators::Role;
use seif::testing::World;

use super::chromium::Script;
use super::journey;
use super::visitor::Visitor;
use crate::console::made;
use crate::operator_ledger::keyring_of;
use crate::shelf::{RECORDS, customers, somebody};

#[test]
fn an_operator_turns_a_key_over_in_the_browser() {
    journey("console", Script::Runs, async |world, visitor| turns_a_key_over(world, visitor).await);
}

#[test]
fn an_operator_turns_a_key_over_without_script() {
    journey("console-noscript", Script::Off, async |world, visitor| turns_a_key_over(world, visitor).await);
}

/// The line of the one key that turns over.
const LINE: &str = "main tr:has(td[data-label=Stage])";

async fn turns_a_key_over(world: &mut World, visitor: &mut Visitor) {
    let business = world.owner().await;
    customers(&business).await;
    let once = business.with_header("idempotency-key", "a-key-of-ours");
    let _ = once.post(RECORDS, serde_json::json!({"values": somebody("1")})).await.expect(201);
    world.later(Duration::from_secs(1));
    signs_in(world, visitor).await;
    visitor.presses("header nav a[href=\"/operator/keys\"]").await;
    visitor.looks_around("keys").await;

    visitor.writes("tenant", "no business").await;
    visitor.presses("form[action=\"/operator/keys/tenant\"] .button").await;
    assert_eq!(visitor.counts("main .summary li").await, 1, "the page says what is wrong");
    visitor.looks_around("no-such-business").await;
    visitor.writes("tenant", business.tenant.as_deref().unwrap()).await;
    visitor.presses("form[action=\"/operator/keys/tenant\"] .button").await;
    assert_eq!(visitor.counts("main .news").await, 1, "the page says that it began");
    assert!(row(visitor).await.contains("The new version is made"));
    visitor.looks_around("begun").await;

    visitor.presses("form[action=\"/operator/keys/pause\"] .button").await;
    assert_eq!(visitor.counts("main .news").await, 1, "the page says that it waits");
    world.later(Duration::from_secs(60));
    world.app.sweep().await;
    visitor.goes_to("/operator/keys").await;
    assert!(row(visitor).await.contains("Waits"), "{}", row(visitor).await);
    assert!(row(visitor).await.contains("The new version is made"), "it did not go on");
    visitor.looks_around("paused").await;
    visitor.writes("values_rate", "300").await;
    visitor.presses("form[action=\"/operator/keys/pace\"] .button").await;
    assert!(row(visitor).await.contains("300"));
    visitor.presses("form[action=\"/operator/keys/go-on\"] .button").await;
    assert_eq!(visitor.counts("form[action=\"/operator/keys/go-on\"]").await, 0, "nothing waits to be told to go on");

    // As another node tells it while it is in the middle of the values.
    let middle = "UPDATE rekeys SET stage = 2, values_done = 30, values_all = 120, worked_ms = 10000";
    keyring_of(world).run(middle).unwrap();
    visitor.goes_to("/operator/keys").await;
    assert!(row(visitor).await.contains("30 / 120"), "{}", row(visitor).await);
    visitor.looks_around("sealing").await;
    keyring_of(world).run("UPDATE rekeys SET stage = 1, values_done = 0, values_all = 0, worked_ms = 0").unwrap();
    for _ in 0..3 {
        world.later(Duration::from_secs(60));
        world.app.sweep().await;
    }
    visitor.presses("main a[href=\"/operator/keys\"]").await;
    assert!(row(visitor).await.contains("Waits for the answers kept for repeated requests"), "{}", row(visitor).await);
    visitor.looks_around("waits-for-answers").await;
    // On a phone the sections fold up under the name of the one that is open.
    visitor.takes_a_phone().await;
    assert_eq!(visitor.reads("header .folded > summary").await, "Keys");
    assert!(!visitor.shows("header .spread").await && !visitor.shows("header .folded nav").await);
    visitor.ticks("header .folded > summary").await;
    visitor.looks_around("sections").await;
    visitor.takes_a_phone().await;
    visitor.presses("header .folded nav a[href=\"/operator/ledger\"]").await;
    visitor.looks_around("ledger").await;
    for section in ["tenants", "support", "policies", "outbox", "backups", "proposals"] {
        visitor.presses(&format!("header nav a[href=\"/operator/{section}\"]")).await;
        visitor.looks_around(section).await;
    }
    signs_out(visitor).await;
}

async fn signs_in(world: &World, visitor: &mut Visitor) {
    let (name, code) = made(world, "anna", Role::KeyKeeper).await.types(world);
    visitor.goes_to("/operator/keys").await;
    assert_eq!(visitor.path().await, "/operator/sign-in", "nobody is let in without");
    visitor.goes_to("/operator/sign-in").await;
    visitor.looks_around("sign-in").await;
    visitor.writes("operator_name", &name).await;
    visitor.writes("code", &code).await;
    visitor.presses("form[action^=\"/operator/sign-in?\"] .button").await;
    assert_eq!(visitor.path().await, "/operator");
    visitor.looks_around("overview").await;
}

async fn signs_out(visitor: &mut Visitor) {
    visitor.ticks("header details.menu:not(.folded) > summary").await;
    visitor.presses("header a[href=\"/operator/sign-out\"]").await;
    visitor.looks_around("sign-out").await;
    visitor.presses("main form .button").await;
    visitor.goes_to("/operator").await;
    assert_eq!(visitor.path().await, "/operator/sign-in", "the console is closed");
}

async fn row(visitor: &Visitor) -> String {
    visitor.reads(LINE).await
}
