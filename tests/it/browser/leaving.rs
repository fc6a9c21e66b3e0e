//! Leaving in the browser: the wish, second thoughts, the end and its proof (P-2, P-14).

use std::time::Duration;

use seif::testing::World;

use super::chromium::Script;
use super::visitor::Visitor;
use super::{joins, journey};

#[test]
fn a_business_leaves_in_the_browser() {
    journey("leaving", Script::Runs, async |world, visitor| leaves(world, visitor).await);
}

#[test]
fn a_business_leaves_without_script() {
    journey("leaving-noscript", Script::Off, async |world, visitor| leaves(world, visitor).await);
}

async fn leaves(world: &mut World, visitor: &mut Visitor) {
    let _ = joins(world, visitor).await;
    let name = visitor.reads("header .tenant").await;
    visitor.goes_to("/account/freeze").await;
    visitor.presses("main a[href=\"/account/erasure\"]").await;
    visitor.looks_around("account-erasure").await;
    assert_eq!(visitor.counts("main form").await, 0, "whoever belongs to a vault goes with it");
    visitor.goes_to("/").await;
    visitor.presses("nav a[href$=\"/leaving\"]").await;
    visitor.looks_around("leaving").await;
    visitor.writes("tenant_name", "Somebody else").await;
    visitor.presses("main form .actions .button").await;
    assert_eq!(visitor.counts("main .summary").await, 1);
    visitor.looks_around("leaving-another-name").await;
    visitor.writes("tenant_name", &name).await;
    visitor.presses("main form .actions .button").await;
    visitor.looks_around("leaving-after-grace").await;
    visitor.presses("main form[action$=\"/stay\"] .button").await;
    assert_eq!(visitor.counts("main .news").await, 1, "the page says that it worked");
    visitor.writes("tenant_name", &name).await;
    visitor.ticks("input[name=when][value=now]").await;
    visitor.presses("main form .actions .button").await;
    let proof = visitor.path().await;
    assert!(proof.starts_with("/erasures/"), "{proof}");
    visitor.looks_around("erasure-begun").await;
    world.later(Duration::from_secs(4));
    world.app.sweep().await;
    visitor.goes_to(&proof).await;
    assert!(visitor.reads("main pre").await.contains("\"signature\""));
    visitor.looks_around("erasure").await;
    visitor.goes_to("/").await;
    assert_eq!(visitor.path().await, "/sign-in", "nobody is let in any more");
}
