//! Journeys in a real Chromium: joining, the vault, leaving, in five languages, with script and without.
//!
//! Every page on the way is held to what [`visitor::Visitor::looks_around`] says. The pages are the same on both
//! databases, whose difference the other stories tell: these run on SQLite alone.

mod account;
mod chromium;
mod console;
mod leaving;
mod policies;
mod team;
mod visitor;

use seif::testing::{Authenticator, Database, World};

use self::chromium::{Script, Tools};
use self::visitor::Visitor;
use crate::oidc::{Bank, catch_up};

/// Runs a journey in a world and with a browser of its own.
fn journey(name: &'static str, script: Script, story: impl AsyncFnOnce(&mut World, &mut Visitor)) {
    let Some(tools) = Tools::found() else { return };
    World::run(Database::Sqlite, async |world: &mut World| {
        let mut visitor = Visitor::arrives(&tools, world, None, name, script).await;
        story(world, &mut visitor).await;
        visitor.is_content();
    });
}

#[test]
fn a_business_lives_its_first_day_in_the_browser() {
    journey("script", Script::Runs, async |world, visitor| {
        first_day(world, visitor).await;
    });
}

#[test]
fn a_business_lives_its_first_day_without_script() {
    journey("noscript", Script::Off, async |world, visitor| {
        assert_eq!(visitor.counts("input[type=password]").await, 1);
        assert_eq!(visitor.counts("button[aria-controls]").await, 0, "what script adds is not there");
        first_day(world, visitor).await;
    });
}

#[test]
fn an_app_is_set_up_in_the_browser_and_signs_in() {
    // K-8
    journey("app", Script::Runs, async |world, visitor| {
        safer(world, visitor).await;
    });
}

#[test]
fn an_app_is_set_up_without_script_and_signs_in() {
    journey("app-noscript", Script::Off, async |world, visitor| {
        safer(world, visitor).await;
    });
}

#[test]
fn a_passkey_is_made_in_the_browser_confirms_and_signs_in_alone() {
    // S-1, R-20, K-6
    journey("passkey", Script::Runs, async |world, visitor| {
        visitor.keeps_passkeys().await;
        let email = joins(world, visitor).await;
        visitor.goes_to("/account/security").await;
        visitor.presses("section[aria-labelledby=m-passkey] form.subform .button").await;
        visitor.looks_around("enrol-passkey").await;
        visitor.presses("main form[data-passkey=create] .button").await;
        assert_eq!(visitor.counts("main .news").await, 1, "the page says that it worked");
        assert_eq!(visitor.counts("section[aria-labelledby=m-passkey] .list .row").await, 1);
        visitor.looks_around("passkey-made").await;
        let name = format!("{} laptop", world.somebody());
        visitor.ticks("details.rename > summary").await;
        visitor.looks_around("about-to-rename").await;
        visitor.fills("details.rename input", &name).await;
        visitor.presses("details.rename .button").await;
        assert_eq!(visitor.reads("section[aria-labelledby=m-passkey] .row h3").await, name);
        signs_out(visitor).await;

        // Alone: there is nothing left to confirm.
        world.later(std::time::Duration::from_secs(1));
        visitor.presses("main form[data-passkey=sign-in] .button").await;
        assert!(visitor.path().await.starts_with("/t/"), "signed in: {}", visitor.path().await);
        assert_eq!(visitor.counts("aside.unconfirmed:not(.prompt)").await, 0);
        visitor.goes_to("/account/sign-ins").await;
        assert!(visitor.reads("tbody tr:first-child").await.contains("Passkey"));
        // What needs a strong proof is open.
        visitor.goes_to("/account/security").await;
        visitor.presses("section[aria-labelledby=m-recovery-codes] form.subform .button").await;
        assert_eq!(visitor.counts(".codes li").await, 10);
        signs_out(visitor).await;

        // On top of the password, and offered first.
        visitor.writes("identifier", &email).await;
        visitor.writes("password", PASSWORD).await;
        visitor.presses("main form .actions .button").await;
        assert_eq!(visitor.path().await, "/confirm");
        visitor.looks_around("confirm-first-by-passkey").await;
        visitor.presses("main form.sheet .button").await;
        visitor.looks_around("confirm-by-passkey").await;
        visitor.presses("main form[data-passkey=use] .button").await;
        assert!(visitor.path().await.starts_with("/t/"), "confirmed: {}", visitor.path().await);
        visitor.goes_to("/account/security").await;
        visitor.presses("section[aria-labelledby=m-passkey] .list form[action*=remove] .button").await;
        assert_eq!(visitor.counts("section[aria-labelledby=m-passkey] .list").await, 0, "removed");
        visitor.looks_around("passkey-removed").await;
    });
}

#[test]
fn without_script_the_page_of_a_passkey_says_what_it_needs() {
    journey("passkey-noscript", Script::Off, async |world, visitor| {
        assert!(!visitor.shows("main form[data-passkey=sign-in]").await);
        joins(world, visitor).await;
        visitor.goes_to("/account/security").await;
        visitor.presses("section[aria-labelledby=m-passkey] form.subform .button").await;
        assert!(visitor.reads("main form").await.contains("JavaScript"));
        assert!(!visitor.shows("main form .button").await);
        visitor.looks_around("enrol-passkey").await;
    });
}

#[test]
fn a_bank_is_linked_in_the_browser_and_lets_in() {
    banking("bank", Script::Runs);
}

#[test]
fn a_bank_is_linked_without_script_and_lets_in() {
    banking("bank-noscript", Script::Off);
}

/// At a certified provider: linked, confirmed by, signed in by, removed.
fn banking(name: &'static str, script: Script) {
    let (Some(tools), Some(mut bank)) = (Tools::found(), Bank::start()) else { return };
    World::run_with(Database::Sqlite, &bank.configuration(), async |world: &mut World| {
        bank.serves(world).await;
        let mut visitor = Visitor::arrives(&tools, world, Some(&bank), name, script).await;
        visitor.looks_around("sign-in").await;
        let email = joins(world, &mut visitor).await;
        visitor.goes_to("/account/security").await;
        visitor.looks_around("security").await;
        visitor.presses("section[aria-labelledby=m-oidc] form .button").await;
        let person = world.somebody();
        signs_in_there(world, &visitor, &person).await;
        assert_eq!(visitor.path().await, "/account/security");
        assert_eq!(visitor.counts("main .news").await, 1, "the page says that it worked");
        assert!(visitor.reads("section[aria-labelledby=m-oidc] .list").await.contains("The Bank"));
        visitor.looks_around("security-linked").await;
        signs_out(&mut visitor).await;
        visitor.writes("identifier", &email).await;
        visitor.writes("password", PASSWORD).await;
        visitor.presses("main form .actions .button").await;
        visitor.looks_around("confirm").await;
        visitor.presses("form[aria-labelledby=m-oidc] .button").await;
        signs_in_there(world, &visitor, &person).await;
        assert!(visitor.path().await.starts_with("/t/"), "back in the vault");
        assert_eq!(visitor.counts("aside.unconfirmed:not(.prompt)").await, 0);
        signs_out(&mut visitor).await;
        if script == Script::Runs {
            // Who changes from one person to another there is led on by its script.
            visitor.presses("button[name=provider]").await;
            let stranger = world.somebody();
            signs_in_there(world, &visitor, &stranger).await;
            visitor.looks_around("not-linked").await;
            visitor.goes_to("/sign-in").await;
            assert_eq!(visitor.counts("main .news").await, 0, "no session has ended");
        }
        visitor.presses("button[name=provider]").await;
        signs_in_there(world, &visitor, &person).await;
        assert!(visitor.path().await.starts_with("/t/"), "in the vault");
        assert_eq!(visitor.counts("aside.unconfirmed:not(.prompt)").await, 0);
        visitor.goes_to("/account/security").await;
        visitor.presses("section[aria-labelledby=m-oidc] .list form[action*=remove] .button").await;
        assert_eq!(visitor.counts("section[aria-labelledby=m-oidc] .list").await, 0, "removed");
        visitor.is_content();
    });
}

/// Types who they are into the bank's own page; the bank lives by the machine's clock.
async fn signs_in_there(world: &World, visitor: &Visitor, person: &str) {
    visitor.writes("name", person).await;
    catch_up(world);
    visitor.presses("main form button").await;
}

#[test]
fn a_sign_in_is_approved_in_another_browser() {
    approved_elsewhere("approval", Script::Runs);
}

#[test]
fn a_sign_in_is_approved_in_another_browser_without_script() {
    approved_elsewhere("approval-noscript", Script::Off);
}

#[test]
fn the_pages_beside_the_way_are_looked_at_too() {
    journey("beside", Script::Runs, async |world, visitor| {
        for (name, path) in [
            ("privacy", "/privacy/en"),
            ("processors", "/processors/en"),
            ("problem", "/problems/busy"),
            ("api-docs", "/api/docs"),
        ] {
            visitor.goes_to(path).await;
            visitor.looks_around(name).await;
        }
        joins(world, visitor).await;
        let vault = visitor.path().await;
        let tenant = vault.split('/').take(3).collect::<Vec<_>>().join("/");
        assert!(tenant.starts_with("/t/"), "{vault}");
        for (name, path) in [
            ("sign-ins", "/account/sign-ins"),
            ("contacts", "/account/contacts"),
            ("addresses", "/account/addresses"),
            ("support", "/account/support"),
            ("approvals", "/account/approvals"),
            ("sign-out", "/sign-out"),
            ("tokens", &format!("{tenant}/tokens")),
            ("limits", &format!("{tenant}/limits")),
            ("profile", &format!("{tenant}/profile")),
            ("undo-change", "/undo-change"),
        ] {
            visitor.goes_to(path).await;
            visitor.looks_around(name).await;
        }
    });
}

#[test]
fn a_vault_speaks_latvian() {
    speaks("lv", "Klienti");
}

#[test]
fn a_vault_speaks_lithuanian() {
    speaks("lt", "Klientai");
}

#[test]
fn a_vault_speaks_estonian() {
    speaks("et", "Kliendid");
}

#[test]
fn a_vault_speaks_kazakh() {
    speaks("kk", "Клиенттер");
}

/// From the page for signing in to a list of records, all in `language`.
fn speaks(language: &'static str, customers: &'static str) {
    journey(language, Script::Runs, async |world, visitor| {
        visitor.presses(&format!(".languages button[value={language}]")).await;
        visitor.language = language;
        assert_eq!(visitor.path().await, "/sign-in", "the choice leads back to where it was made");
        visitor.looks_around("sign-in").await;
        joins(world, visitor).await;
        starts_with_customers(visitor).await;
        visitor.presses(".card a[href$=\"/collections/customers\"]").await;
        assert_eq!(visitor.reads("h1").await, customers);
        writes_down_a_customer(world, visitor).await;
        visitor.presses(".crumbs a[href$=\"/collections/customers\"]").await;
        assert_eq!(visitor.counts("tbody tr").await, 1);
        visitor.looks_around("records").await;
    });
}

async fn first_day(world: &mut World, visitor: &mut Visitor) {
    visitor.looks_around("sign-in").await;
    joins(world, visitor).await;
    starts_with_customers(visitor).await;
    visitor.presses(".card a[href$=\"/collections/customers\"]").await;
    visitor.looks_around("no-records").await;
    let name = writes_down_a_customer(world, visitor).await;
    let renamed = corrects_it(visitor, &name).await;
    finds_it(visitor, &renamed).await;
    reads_its_history(visitor, &name, &renamed).await;
    throws_it_away_and_takes_it_back(visitor, &renamed).await;
    brings_a_workbook_in(world, visitor).await;
    makes_a_collection_of_its_own(visitor).await;
    prefers_latvian_in_the_dark(visitor).await;
    signs_out(visitor).await;
}

/// What everybody here signs in with.
const PASSWORD: &str = "Very-Long-Pass-Phrase 77";

/// Two pages and a mail; a self-employed person of Latvia. Gives the address that they joined with.
async fn joins(world: &mut World, visitor: &mut Visitor) -> String {
    let name = world.somebody();
    let email = format!("{}@example.lv", name.to_lowercase());
    visitor.presses("header a[href=\"/join\"]").await;
    visitor.looks_around("join").await;
    visitor.writes("email", &email).await;
    visitor.presses("main form .button").await;
    visitor.looks_around("join-finish").await;
    visitor.writes("code", &world.code_for(&email).await).await;
    visitor.writes("name", &format!("Anna {name}")).await;
    visitor.writes("password", PASSWORD).await;
    visitor.ticks("input[name=kind][value=self_employed]").await;
    visitor.writes("business_name", &format!("{name} and daughters")).await;
    visitor.picks("country", "LV").await;
    visitor.ticks("input[name=acknowledged]").await;
    visitor.presses("main form .actions .button").await;
    assert!(visitor.path().await.starts_with("/t/"), "the vault is there");
    assert!(visitor.reads("header .tenant").await.starts_with(&name));
    assert_eq!(visitor.counts("main .news").await, 1, "the page says that it worked");
    visitor.looks_around("about-the-business").await;
    visitor.presses("main .actions a").await;
    visitor.looks_around("empty-vault").await;
    email
}

/// Recovery codes and an app, then a sign-in that asks for the app first.
async fn safer(world: &mut World, visitor: &mut Visitor) {
    let email = joins(world, visitor).await;
    visitor.ticks("header details.menu > summary").await;
    visitor.presses("header a[href=\"/account/security\"]").await;
    visitor.looks_around("security").await;
    visitor.presses("section[aria-labelledby=m-recovery-codes] form .button").await;
    assert_eq!(visitor.counts(".codes li").await, 10);
    visitor.looks_around("recovery-codes").await;
    visitor.presses("main .actions .button").await;
    let phone = format!("{} phone", world.somebody());
    visitor.fills("section[aria-labelledby=m-totp] .subform [name=factor_name]", &phone).await;
    visitor.presses("section[aria-labelledby=m-totp] .subform .button").await;
    visitor.looks_around("enrol-app").await;
    assert_eq!(visitor.counts("svg.qr path").await, 1);
    let app = Authenticator::new("", &visitor.value("f-secret").await.replace(' ', ""));
    visitor.writes("code", &app.code(world)).await;
    visitor.presses("main form .button:not([type=button])").await;
    assert_eq!(visitor.counts("main .news").await, 1, "the page says that it worked");
    visitor.looks_around("protected").await;
    visitor.presses("section[aria-labelledby=m-totp] .list form[action*=remove] .button").await;
    visitor.looks_around("confirm-strongly").await;
    signs_out(visitor).await;

    visitor.writes("identifier", &email).await;
    visitor.writes("password", PASSWORD).await;
    visitor.presses("main form .actions .button").await;
    assert_eq!(visitor.path().await, "/confirm");
    visitor.looks_around("confirm").await;
    visitor.writes("code", &app.next_code(world)).await;
    visitor.presses("main form.sheet .button").await;
    assert!(visitor.path().await.starts_with("/t/"), "signed in, and confirmed");
    assert_eq!(visitor.counts("aside.unconfirmed:not(.prompt)").await, 0);
    visitor.goes_to("/account/security").await;
    visitor.presses("section[aria-labelledby=m-totp] .list form[action*=remove] .button").await;
    assert_eq!(visitor.counts("section[aria-labelledby=m-totp] .list").await, 0, "removed");
}

/// Two browsers (S-3): one waits with its number, the other picks it; then one refuses and reports.
fn approved_elsewhere(name: &'static str, script: Script) {
    let Some(tools) = Tools::found() else { return };
    World::run(Database::Sqlite, async |world: &mut World| {
        let mut visitor = Visitor::arrives(&tools, world, None, name, script).await;
        let email = joins(world, &mut visitor).await;
        let vault = visitor.path().await;
        let mut other = Visitor::arrives(&tools, world, None, name, script).await;
        other.writes("identifier", &email).await;
        other.writes("password", PASSWORD).await;
        other.presses("main form .actions .button").await;
        other.looks_around("choice").await;
        other.presses("main form.sheet .button").await;
        let number = other.reads(".control-code").await;
        other.looks_around("waits").await;
        visitor.goes_to(&vault).await;
        visitor.looks_around("asked").await;
        visitor.presses("aside a[href=\"/account/approvals\"]").await;
        assert_eq!(visitor.counts("button.pick").await, 3);
        visitor.looks_around("picks").await;
        visitor.presses(&format!("button.pick[value=\"{number}\"]")).await;
        visitor.looks_around("approved").await;
        if script == Script::Off {
            other.presses("main form.sheet .button").await;
        } else {
            other.waits_for("header details.menu a[href=\"/account/security\"]", "/t/").await;
        }
        assert!(other.path().await.starts_with("/t/"), "signed in, and confirmed");
        assert_eq!(other.counts("aside.unconfirmed:not(.prompt)").await, 0);
        visitor.goes_to("/account/security").await;
        visitor.looks_around("settings").await;
        visitor.presses("form[action=\"/account/security/approvals\"] .button").await;
        assert_eq!(visitor.counts("button[name=approvals][value=allowed]").await, 1);
        visitor.is_content();
        other.is_content();
    });
}

/// Of what a trade usually keeps, the customers alone.
async fn starts_with_customers(visitor: &mut Visitor) {
    visitor.presses("main a[href$=\"/starters\"]").await;
    visitor.looks_around("starters").await;
    visitor.ticks("input[name=template]:checked:not([value=customers])").await;
    visitor.presses("main form .actions .button").await;
    assert_eq!(visitor.counts(".card").await, 1);
    visitor.looks_around("collections").await;
}

/// A customer with a number that is shown masked. Gives the customer's name.
async fn writes_down_a_customer(world: &mut World, visitor: &mut Visitor) -> String {
    let name = format!("SIA {}", world.somebody());
    visitor.presses("main a[href$=\"/records/new\"]").await;
    visitor.looks_around("new-record").await;
    visitor.writes("values.customer_number", "K-1").await;
    visitor.writes("values.legal_name", &name).await;
    visitor.picks("values.customer_type", "company").await;
    visitor.writes("values.country", "LV").await;
    visitor.writes("values.iban", "LV80BANK0000435195001").await;
    visitor.writes("values.notes", "Deliver on Tuesdays.").await;
    visitor.presses("main form .actions .button").await;
    assert!(visitor.reads("main").await.contains(&name));
    assert!(!visitor.reads("main").await.contains("0000435195"), "a sensitive value is masked");
    visitor.looks_around("record").await;
    name
}

async fn corrects_it(visitor: &mut Visitor, name: &str) -> String {
    let renamed = format!("{name} un meitas");
    visitor.presses("main a[href$=\"/edit\"]").await;
    visitor.looks_around("edit").await;
    visitor.writes("values.legal_name", &renamed).await;
    visitor.presses("main form .actions .button").await;
    assert!(visitor.reads("main").await.contains(&renamed));
    renamed
}

async fn finds_it(visitor: &mut Visitor, name: &str) {
    visitor.presses(".crumbs a[href$=\"/collections/customers\"]").await;
    visitor.looks_around("records").await;
    visitor.writes("query", "meitas").await;
    visitor.presses("search .button").await;
    assert_eq!(visitor.counts("tbody tr").await, 1);
    assert!(visitor.reads("tbody").await.contains(name));
    visitor.looks_around("found").await;
    visitor.writes("query", "nobody-has-this-word").await;
    visitor.presses("search .button").await;
    assert_eq!(visitor.counts("tbody tr").await, 0);
    visitor.looks_around("not-found").await;
    visitor.presses("main .empty a.button").await;
}

async fn reads_its_history(visitor: &mut Visitor, before: &str, after: &str) {
    visitor.presses("tbody th a").await;
    visitor.presses("main a[href$=\"/versions\"]").await;
    assert_eq!(visitor.counts(".timeline > li").await, 2);
    let change = visitor.reads(".timeline > li:first-child").await;
    assert!(change.contains(before) && change.contains(after), "{change}");
    visitor.looks_around("history").await;
    visitor.presses("main .lead a").await;
}

async fn throws_it_away_and_takes_it_back(visitor: &mut Visitor, name: &str) {
    visitor.ticks("main details > summary").await;
    visitor.looks_around("about-to-delete").await;
    visitor.presses("main details .button.danger").await;
    assert_eq!(visitor.counts("tbody tr").await, 0);
    visitor.looks_around("records-after").await;
    visitor.presses("main a[href$=\"/trash\"]").await;
    assert!(visitor.reads("main").await.contains(name));
    visitor.looks_around("trash").await;
    visitor.presses("main form[action$=\"/restore\"] button").await;
    assert!(visitor.reads("main").await.contains(name));
    visitor.looks_around("restored").await;
}

/// Two customers in a workbook, and a third row that does not fit.
async fn brings_a_workbook_in(world: &mut World, visitor: &mut Visitor) {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, heading) in (0_u16..).zip(["Customer number", "legal_name", "customer_type", "country", "Colour"]) {
        sheet.write(0, column, heading).unwrap();
    }
    for (row, kind) in (1_u32..).zip(["Company", "person", "nobody"]) {
        let name = world.somebody();
        sheet.write(row, 0, 100 + row).unwrap().write(row, 1, name).unwrap().write(row, 2, kind).unwrap();
        sheet.write(row, 3, "LV").unwrap().write(row, 4, "green").unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("klienti.xlsx");
    book.save(&file).unwrap();
    visitor.presses(".crumbs a[href$=\"/collections/customers\"]").await;
    visitor.presses("main a[href$=\"/import\"]").await;
    visitor.looks_around("import").await;
    let none = folder.path().join("none.xlsx");
    std::fs::write(&none, "PK\u{3}\u{4}").unwrap();
    visitor.chooses("file", &none).await;
    visitor.presses("main form .actions .button").await;
    assert_eq!(visitor.counts(".summary").await, 1);
    visitor.looks_around("import-refused").await;
    visitor.chooses("file", &file).await;
    visitor.presses("main form .actions .button").await;
    assert!(visitor.reads("main").await.contains("2 rows are ready"));
    visitor.looks_around("dry-run").await;
    visitor.presses("main form .actions .button").await;
    assert!(visitor.reads("main").await.contains("2 records were made"));
    visitor.looks_around("import-done").await;
    visitor.presses("main .sheet .button").await;
    assert_eq!(visitor.counts("tbody tr").await, 3);
}

/// With a choice and a link, which ask for more once they are chosen.
async fn makes_a_collection_of_its_own(visitor: &mut Visitor) {
    visitor.presses(".crumbs a").await;
    visitor.presses("main a[href$=\"/collections/new\"]").await;
    visitor.looks_around("new-collection").await;
    assert!(!visitor.shows("textarea[name=\"fields.0.choices\"]").await);
    visitor.writes("collection_name", "Vehicles").await;
    visitor.writes("fields.0.label", "Fuel").await;
    visitor.picks("fields.0.kind", "choice").await;
    visitor.writes("fields.0.choices", "Diesel").await;
    visitor.writes("fields.1.label", "Owner").await;
    visitor.picks("fields.1.kind", "link").await;
    visitor.picks("fields.1.collection", "customers").await;
    assert!(!visitor.shows("textarea[name=\"fields.1.choices\"]").await);
    visitor.looks_around("new-collection-filled").await;
    visitor.presses("main form .actions .button").await;
    assert!(visitor.path().await.ends_with("/collections/vehicles"));
}

async fn prefers_latvian_in_the_dark(visitor: &mut Visitor) {
    visitor.ticks("header details.menu > summary").await;
    visitor.looks_around("menu").await;
    visitor.presses("header a[href=\"/preferences\"]").await;
    visitor.looks_around("preferences").await;
    let light = visitor.style("html", "background-color").await;
    visitor.picks("language", "lv").await;
    visitor.ticks("input[name=theme][value=dark]").await;
    visitor.presses("main form .button").await;
    visitor.language = "lv";
    assert_ne!(visitor.style("html", "background-color").await, light, "dark, whatever the device says");
    visitor.looks_around("preferred").await;
    visitor.presses(".languages button[value=en]").await;
    visitor.language = "en";
}

async fn signs_out(visitor: &mut Visitor) {
    visitor.goes_to("/").await;
    let vault = visitor.path().await;
    visitor.ticks("header details.menu > summary").await;
    visitor.presses("header a[href=\"/sign-out\"]").await;
    visitor.looks_around("sign-out").await;
    visitor.presses("main form .button").await;
    assert_eq!(visitor.path().await, "/sign-in");
    visitor.looks_around("signed-out").await;
    visitor.goes_to(&vault).await;
    assert_eq!(visitor.path().await, "/sign-in", "the vault is closed");
}
