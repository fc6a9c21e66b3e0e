//! A team in the browser: invited, joined without a business of one's own, given another role, asked for what the vault
//! accepts.

use seif::testing::{Database, World};

use super::account::enrols_an_app;
use super::chromium::{Script, Tools};
use super::visitor::Visitor;
use super::{PASSWORD, joins};
use crate::team::invitation_code;

#[test]
fn a_team_comes_together_in_two_browsers() {
    comes_together("team", Script::Runs);
}

#[test]
fn a_team_comes_together_without_script() {
    comes_together("team-noscript", Script::Off);
}

fn comes_together(name: &'static str, script: Script) {
    let Some(tools) = Tools::found() else { return };
    World::run(Database::Sqlite, async |world: &mut World| {
        let mut owner = Visitor::arrives(&tools, world, None, name, script).await;
        let _ = joins(world, &mut owner).await;
        let vault = owner.path().await.split('/').take(3).collect::<Vec<_>>().join("/");
        let mut guest = Visitor::arrives(&tools, world, None, name, script).await;
        let own = invites(world, &mut owner, &mut guest, &vault).await;
        changes_the_role(&mut owner, &vault, &own).await;
        sets_the_rules(world, &mut owner, &vault).await;
        is_asked_for_an_app(world, &mut guest, &vault).await;
        owner.is_content();
        guest.is_content();
    });
}

/// Gives where the owner's own page is.
async fn invites(world: &mut World, owner: &mut Visitor, guest: &mut Visitor, vault: &str) -> String {
    let name = world.somebody();
    let email = format!("{}@example.lv", name.to_lowercase());
    owner.presses("header nav a[href$=\"/members\"]").await;
    owner.looks_around("team").await;
    let own = owner.leads("main .list .row a").await;
    owner.writes("email", &email).await;
    owner.picks("role", "viewer").await;
    owner.presses("form[aria-labelledby=invite] .button").await;
    assert_eq!(owner.counts("main .news").await, 1, "the page says that it worked");
    owner.looks_around("team-invited").await;
    let invitation = invitation_code(world, &email).await;
    guest.goes_to("/invitation").await;
    guest.looks_around("invitation").await;
    guest.presses("main a[href=\"/join?invited\"]").await;
    guest.looks_around("join-invited").await;
    guest.writes("email", &email).await;
    guest.presses("main form .button").await;
    guest.writes("code", &world.code_for(&email).await).await;
    guest.writes("invitation", &invitation).await;
    guest.writes("name", &format!("Berta {name}")).await;
    guest.writes("password", PASSWORD).await;
    guest.ticks("input[name=acknowledged]").await;
    guest.looks_around("join-invited-finish").await;
    guest.presses("main form .actions .button").await;
    assert_eq!(guest.path().await, format!("{vault}/"));
    assert_eq!(guest.counts("main .news").await, 1, "the page says that it worked");
    guest.looks_around("joined-team").await;
    own
}

async fn changes_the_role(owner: &mut Visitor, vault: &str, own: &str) {
    owner.goes_to(&format!("{vault}/members")).await;
    // Accounts of one moment stand in any order.
    owner.presses(&format!("main .list .row a:not([href=\"{own}\"])")).await;
    owner.looks_around("member").await;
    owner.picks("role", "editor").await;
    owner.presses("main form.sheet .actions .button").await;
    assert_eq!(owner.counts("main .news").await, 1, "the page says that it worked");
    owner.looks_around("team-of-two").await;
}

/// First as they would keep their author out, then with an app.
async fn sets_the_rules(world: &mut World, owner: &mut Visitor, vault: &str) {
    owner.presses("main a[href$=\"/sign-in-rules\"]").await;
    owner.looks_around("rules").await;
    owner.ticks("#f-forbidden-email").await;
    owner.presses("main form.sheet .actions .button").await;
    assert_eq!(owner.counts("[name=confirm_rules]").await, 1, "asked whether it is meant");
    owner.looks_around("rules-lockout").await;
    let app = enrols_an_app(world, owner).await;
    owner.goes_to(&format!("{vault}/sign-in-rules")).await;
    owner.ticks("#f-forbidden-email").await;
    owner.presses("main form.sheet .actions .button").await;
    assert_eq!(owner.path().await, "/confirm");
    owner.writes("code", &app.next_code(world)).await;
    owner.presses("main form.sheet .button").await;
    assert_eq!(owner.path().await, format!("{vault}/sign-in-rules"));
    owner.ticks("#f-forbidden-email").await;
    owner.presses("main form.sheet .actions .button").await;
    assert_eq!(owner.counts("main .news").await, 1, "the page says that it worked");
    owner.looks_around("rules-saved").await;
}

async fn is_asked_for_an_app(world: &mut World, guest: &mut Visitor, vault: &str) {
    const ASKED: &str = "aside.unconfirmed:not(.prompt)";
    guest.goes_to(&format!("{vault}/members")).await;
    assert_eq!(guest.counts(ASKED).await, 1, "confirmed by e-mail, and unconfirmed here");
    guest.looks_around("team-unconfirmed").await;
    guest.presses(&format!("{ASKED} a")).await;
    assert_eq!(guest.counts("[name=method][value=email]").await, 0);
    guest.looks_around("set-up-first").await;
    guest.presses("main .sheet a[href=\"/account/security\"]").await;
    let app = enrols_an_app(world, guest).await;
    guest.goes_to(&format!("{vault}/members")).await;
    guest.presses(&format!("{ASKED} a")).await;
    assert_eq!(guest.counts("[name=method][value=email]").await, 0);
    guest.looks_around("asked-for-an-app").await;
    guest.writes("code", &app.next_code(world)).await;
    guest.presses("main form.sheet .button").await;
    assert_eq!(guest.path().await, format!("{vault}/members"));
    assert_eq!(guest.counts(ASKED).await, 0);
    guest.looks_around("team-as-editor").await;
    // To their own page alone: the team is not theirs to manage.
    guest.presses("main .list .row a").await;
    guest.looks_around("leave-team").await;
    guest.presses("main form.sheet .danger").await;
    assert_eq!(guest.path().await, "/");
    guest.looks_around("left-team").await;
}
