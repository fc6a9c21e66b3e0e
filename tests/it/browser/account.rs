//! Freezing and thawing, and a forgotten password, in the browser (P-10, R-11, R-12, R-21, R-23, R-27).

use std::time::Duration;

use seif::testing::{Authenticator, World};

use super::chromium::Script;
use super::visitor::Visitor;
use super::{PASSWORD, joins, journey};

const NEW: &str = "Another-Long-Pass-Phrase 88";

#[test]
fn an_account_is_frozen_and_thawed_in_the_browser() {
    journey("freeze", Script::Runs, async |world, visitor| freezes_and_thaws(world, visitor).await);
}

#[test]
fn an_account_is_frozen_and_thawed_without_script() {
    journey("freeze-noscript", Script::Off, async |world, visitor| freezes_and_thaws(world, visitor).await);
}

#[test]
fn a_forgotten_password_is_replaced_with_a_second_factor_in_the_browser() {
    journey("reset", Script::Runs, async |world, visitor| {
        let email = joins(world, visitor).await;
        let app = enrols_an_app(world, visitor).await;
        visitor.goes_to("/sign-out").await;
        visitor.presses("main form .button").await;
        visitor.presses("main a[href=\"/reset\"]").await;
        visitor.looks_around("reset").await;
        asks_and_renews(world, visitor, &email, &app).await;
        visitor.looks_around("reset-done").await;
        visitor.presses("main .actions a.button").await;
        signs_in(world, visitor, &email, &app).await;
        assert!(visitor.path().await.starts_with("/t/"));
    });
}

async fn freezes_and_thaws(world: &mut World, visitor: &mut Visitor) {
    let email = joins(world, visitor).await;
    let app = enrols_an_app(world, visitor).await;
    for (name, path) in [
        ("notices", "/account/notices"),
        ("sessions", "/account/sessions"),
        ("password", "/account/password"),
        ("sign-ins-with-freeze", "/account/sign-ins"),
    ] {
        visitor.goes_to(path).await;
        visitor.looks_around(name).await;
    }
    visitor.presses("tbody tr:first-child a[href=\"/account/freeze\"]").await;
    visitor.looks_around("freeze").await;
    visitor.presses("main form .button").await;
    assert_eq!(visitor.path().await, "/sign-in");
    assert_eq!(visitor.counts("main .news").await, 1, "the page says that it worked");
    visitor.looks_around("frozen").await;
    visitor.presses("main a[href=\"/thaw\"]").await;
    visitor.looks_around("thaw").await;
    asks_and_renews(world, visitor, &email, &app).await;
    assert_eq!(visitor.path().await, "/sign-in");
    signs_in(world, visitor, &email, &app).await;
    assert_eq!(visitor.path().await, "/account/security", "where a safer way is added and foreign ones are removed");
    visitor.looks_around("thawed").await;
}

pub(super) async fn enrols_an_app(world: &mut World, visitor: &mut Visitor) -> Authenticator {
    visitor.goes_to("/account/security").await;
    visitor.writes("factor_name", &format!("{} phone", world.somebody())).await;
    visitor.presses("section[aria-labelledby=m-totp] form .button").await;
    let app = Authenticator::new("", &visitor.value("f-secret").await.replace(' ', ""));
    visitor.writes("code", &app.code(world)).await;
    visitor.presses("main form .button:not([type=button])").await;
    app
}

/// From the page that asks for the identifier to a new password.
async fn asks_and_renews(world: &World, visitor: &mut Visitor, email: &str, app: &Authenticator) {
    // So that the code's mail is the newest.
    world.later(Duration::from_secs(2));
    visitor.writes("identifier", email).await;
    visitor.presses("main form .button").await;
    visitor.looks_around("recovery-code").await;
    visitor.writes("code", &world.code_for(email).await).await;
    visitor.writes("new_password", NEW).await;
    visitor.picks("second_method", "totp").await;
    visitor.writes("second_code", &app.next_code(world)).await;
    visitor.presses("main form.sheet .actions .button").await;
}

async fn signs_in(world: &World, visitor: &mut Visitor, email: &str, app: &Authenticator) {
    assert_ne!(NEW, PASSWORD);
    visitor.writes("identifier", email).await;
    visitor.writes("password", NEW).await;
    visitor.presses("main form .actions .button").await;
    assert_eq!(visitor.path().await, "/confirm");
    visitor.writes("code", &app.next_code(world)).await;
    visitor.presses("main form.sheet .button").await;
}
