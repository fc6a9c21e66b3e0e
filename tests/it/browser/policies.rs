//! A change of the legal documents in the browser: read, compared, acknowledged; what the service says of itself, and what
//! a person agrees to (P-4, P-12, P-15).

use std::time::Duration;

use seif::testing::World;

use super::chromium::Script;
use super::visitor::Visitor;
use super::{joins, journey};
use crate::policy_changes;

#[test]
fn a_change_of_the_documents_is_read_and_acknowledged_in_the_browser() {
    journey("policies", Script::Runs, async |world, visitor| reads(world, visitor).await);
}

#[test]
fn a_change_of_the_documents_is_read_and_acknowledged_without_script() {
    journey("policies-noscript", Script::Off, async |world, visitor| reads(world, visitor).await);
}

async fn reads(world: &mut World, visitor: &mut Visitor) {
    joins(world, visitor).await;
    let _ = policy_changes::announce(world).await;
    visitor.goes_to("/").await;
    visitor.looks_around("banner").await;
    visitor.presses("aside a[href=\"/changes\"]").await;
    visitor.looks_around("changes").await;
    visitor.presses("main a[href$=\"1..2\"]").await;
    assert!(visitor.counts("main ins").await > 0 && visitor.counts("main del").await > 0);
    visitor.looks_around("differences").await;
    visitor.goes_to("/privacy/en/2").await;
    visitor.looks_around("announced").await;
    visitor.goes_to("/changes").await;
    visitor.ticks("input[name=acknowledged]").await;
    visitor.presses("main form .actions .button").await;
    assert_eq!(visitor.counts("input[name=acknowledged]").await, 0, "nobody is asked twice");
    visitor.looks_around("acknowledged").await;
    visitor.goes_to("/").await;
    assert_eq!(visitor.counts("aside a[href=\"/changes\"]").await, 0);
    visitor.goes_to("/trust/en").await;
    visitor.looks_around("trust").await;
    visitor.goes_to("/account/consents").await;
    visitor.looks_around("consents").await;
    visitor.presses("main form[action$=\"/news\"] button").await;
    visitor.looks_around("consent-given").await;
    visitor.presses("main form[action$=\"/news\"] button").await;
    assert_eq!(visitor.counts("button[value=no]").await, 0);
    world.later(Duration::from_secs(1));
}
