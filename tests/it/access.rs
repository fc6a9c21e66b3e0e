//! The access matrix: every route, called by everybody who could.

use std::time::Duration;

use seif::each_database;
use seif::kernel::access::{Need, Role, Rule, Subject};
use seif::testing::{Actor, Authenticator, World};
use seif::web::routes;
use serde_json::json;

use crate::shelf::{customer, customers, place, token};
use crate::table::{May, Row, Shown, TABLE, filled};

/// Every scope that a token can have.
const SCOPES: [&str; 9] = [
    "records:read",
    "records:write",
    "records:reveal",
    "collections:write",
    "files:read",
    "files:write",
    "exports:read",
    "audit:read",
    "members:read",
];

/// What a caller is, as far as the rules care.
#[derive(Debug, Clone, Copy)]
enum Caller {
    /// Nobody, or somebody with a cookie or token that stands for nothing.
    Nobody,
    /// Signed in, having shown this; as what in the tenant, or as nothing.
    Session(Has, Option<Role>),
    /// A live token with this one scope.
    Token(&'static str),
}

/// What a session has shown, and whether its account has something strong to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Has {
    /// A password alone.
    Password,
    /// Confirmed more than ten minutes ago.
    Stale,
    /// Confirmed just now; there is nothing stronger.
    Fresh,
    /// Confirmed by e-mail just now, where an app would have been there.
    FreshMail,
    /// Confirmed by a recovery code just now, where an app would have been there.
    Recovered,
    /// Confirmed by the app more than ten minutes ago, and by e-mail just now.
    StaleApp,
    /// Confirmed by the app just now.
    FreshApp,
}

impl Has {
    /// Whether it is enough for who must have shown `least`.
    const fn shows(self, least: Shown) -> bool {
        match (least, self) {
            (Shown::Password, _) => true,
            (Shown::Confirmed, has) => !matches!(has, Self::Password),
            (Shown::Strongest, has) => matches!(has, Self::Fresh | Self::FreshApp),
            (Shown::StrongestOrRecovery, has) => matches!(has, Self::Fresh | Self::FreshApp | Self::Recovered),
        }
    }
}

/// What the table says that this caller gets: nothing when the door is open.
fn denial(may: May, caller: Caller) -> Option<(u16, &'static str)> {
    match (may, caller) {
        (May::Anyone, _) => None,
        // `console` walks these by role: nobody here is an operator.
        (May::Operator(..), _) => Some((401, "not_signed_in")),
        (May::Account(_) | May::Tenant(..) | May::Beside(..), Caller::Nobody)
        | (May::Account(_) | May::Beside(..), Caller::Token(_)) => Some((401, "not_signed_in")),
        (May::Account(least) | May::Tenant(_, least, _) | May::Beside(_, least), Caller::Session(has, _))
            if !has.shows(least) =>
        {
            Some((403, "confirmation_required"))
        }
        (May::Account(_), Caller::Session(..)) => None,
        (May::Tenant(..) | May::Beside(..), Caller::Session(_, None)) => Some((404, "not_found")),
        (May::Tenant(least, ..) | May::Beside(least, _), Caller::Session(_, Some(role))) => {
            (role < least).then_some((403, "forbidden"))
        }
        (May::Tenant(_, _, scopes), Caller::Token(scope)) => (!scopes.contains(&scope)).then_some((403, "forbidden")),
    }
}

/// Everybody who could call. The clock moves while they gather.
async fn callers(world: &mut World) -> (Vec<(String, Caller, Actor)>, String) {
    let stale = world.owner().await;
    customers(&stale).await;
    let record = place(&customer(&stale, "1").await);
    let expiring = stale
        .post(
            "/api/v1/tokens",
            json!({"name": "Short", "scopes": SCOPES, "expires_at": world.clock.now().plus(Duration::from_secs(300))}),
        )
        .await
        .expect(201)
        .json();
    let protected = protected(world, &stale).await;
    world.later(Duration::from_secs(601));

    let mut owner = stale.clone();
    let _ = owner.sign_in().await.expect(201);
    let below = owner.clone();
    let _ = owner.sign_in().await.expect(201);
    let _ = owner.confirm(world).await.expect(200);
    let stranger = world.stranger();
    let mut forged = stranger.clone();
    (forged.session, forged.tenant) = (Some("A".repeat(43)), owner.tenant.clone());
    let mut other = world.owner().await;
    other.tenant.clone_from(&owner.tenant);
    let revoked = owner.post("/api/v1/tokens", json!({"name": "Lost", "scopes": SCOPES})).await.expect(201).json();
    let _ = owner.delete(&format!("/api/v1/tokens/{}", revoked["id"].as_str().unwrap())).await.expect(204);

    let mut all = vec![
        ("nobody".to_owned(), Caller::Nobody, stranger),
        ("a forged cookie".to_owned(), Caller::Nobody, forged),
        ("a revoked token".to_owned(), Caller::Nobody, owner.with_token(revoked["token"].as_str().unwrap())),
        ("an expired token".to_owned(), Caller::Nobody, owner.with_token(expiring["token"].as_str().unwrap())),
        ("an owner with a password alone".to_owned(), Caller::Session(Has::Password, Some(Role::Owner)), below),
        ("an owner confirmed long ago".to_owned(), Caller::Session(Has::Stale, Some(Role::Owner)), stale),
        ("the owner of another tenant".to_owned(), Caller::Session(Has::Fresh, None), other),
    ];
    for role in [Role::Viewer, Role::Editor, Role::Admin] {
        let member = world.member(&owner, role).await;
        all.push((format!("{role:?}"), Caller::Session(Has::Fresh, Some(role)), member));
    }
    for scope in SCOPES {
        all.push((format!("a token for {scope}"), Caller::Token(scope), token(&owner, &[scope]).await));
    }
    all.extend(sessions_of(world, protected).await);
    all.push(("the owner".to_owned(), Caller::Session(Has::Fresh, Some(Role::Owner)), owner));
    (all, record)
}

/// An admin who has an app and recovery codes, and has confirmed by the app.
struct Protected {
    admin: Actor,
    app: Authenticator,
    recovery_code: String,
}

async fn protected(world: &mut World, owner: &Actor) -> Protected {
    let mut admin = world.member(owner, Role::Admin).await;
    let made = admin.post("/api/v1/account/methods", json!({"method": "recovery_codes"})).await.expect(201).json();
    let app = admin.enrol_app(world).await;
    let _ = admin.confirm_by("totp", &app.next_code(world)).await.expect(200);
    Protected { admin, app, recovery_code: made["codes"][0].as_str().unwrap().to_owned() }
}

/// The same, more than ten minutes later, in sessions that have shown different things since.
async fn sessions_of(world: &World, protected: Protected) -> Vec<(String, Caller, Actor)> {
    let Protected { admin: mut stale, app, recovery_code } = protected;
    let _ = stale.confirm(world).await.expect(200);
    let (mut mail, mut recovered, mut fresh) = (stale.clone(), stale.clone(), stale.clone());
    for session in [&mut mail, &mut recovered, &mut fresh] {
        let _ = session.sign_in().await.expect(201);
    }
    let _ = mail.confirm(world).await.expect(200);
    let _ = recovered.confirm_by("recovery_codes", &recovery_code).await.expect(200);
    let _ = fresh.confirm_by("totp", &app.next_code(world)).await.expect(200);
    let called = |name: &str, has, actor| {
        (format!("an admin with an app, {name}"), Caller::Session(has, Some(Role::Admin)), actor)
    };
    vec![
        called("confirmed by it long ago and by mail now", Has::StaleApp, stale),
        called("confirmed by mail", Has::FreshMail, mail),
        called("confirmed by a recovery code", Has::Recovered, recovered),
        called("confirmed by it", Has::FreshApp, fresh),
    ]
}

/// The last are those that end the caller's session.
fn in_order() -> Vec<&'static Row> {
    let mut rows: Vec<_> = TABLE.iter().collect();
    rows.sort_by_key(|(method, path, ..)| match (method.as_str(), *path) {
        // From then on the vault is sealed.
        ("POST", "/api/v1/tenant/seal" | "/t/{tenant_id}/seal") => 1,
        ("DELETE", "/api/v1/session") => 2,
        ("POST", "/sign-out") => 3,
        (method, path) => match ends_others(method, path) {
            Some(Others::Sessions) => 4,
            Some(Others::Account) => 5,
            None => 0,
        },
    });
    rows
}

/// What else ends by a call: then each account calls once, in a session of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Others {
    Sessions,
    Account,
}

fn ends_others(method: &str, path: &str) -> Option<Others> {
    match (method, path) {
        ("DELETE", "/api/v1/account/sessions") | ("POST", "/account/sessions/others") => Some(Others::Sessions),
        ("POST", "/api/v1/account/freeze" | "/account/freeze") => Some(Others::Account),
        _ => None,
    }
}

#[test]
fn every_route_stands_in_the_table_with_the_rule_that_its_handler_has() {
    let shown = |need: Need| match need {
        Need::Password => Shown::Password,
        Need::Confirmed => Shown::Confirmed,
        Need::Strongest => Shown::Strongest,
        Need::StrongestOrRecovery => Shown::StrongestOrRecovery,
    };
    let told = |rule: Rule| match rule.subject {
        Subject::Anyone => "Anyone".to_owned(),
        Subject::Account => format!("{:?}", May::Account(shown(rule.need))),
        Subject::Beside(role) => format!("{:?}", May::Beside(role, shown(rule.need))),
        Subject::Operator(roles) => {
            let roles: Vec<&str> = roles.iter().map(|role| role.name()).collect();
            format!("Operator({roles:?}, {:?})", shown(rule.need))
        }
        Subject::Tenant(role, scopes) => {
            let scopes: Vec<&str> = scopes.iter().map(|scope| scope.name()).collect();
            format!("Tenant({role:?}, {:?}, {scopes:?})", shown(rule.need))
        }
    };
    let mut found: Vec<String> =
        routes::all().iter().map(|route| format!("{} {} {}", route.method, route.path, told(route.rule))).collect();
    let mut table: Vec<String> =
        TABLE.iter().map(|(method, path, may, ..)| format!("{method} {path} {may:?}")).collect();
    found.sort();
    table.sort();
    let missing: Vec<_> = found.iter().filter(|line| !table.contains(line)).collect();
    let stale: Vec<_> = table.iter().filter(|line| !found.contains(line)).collect();
    assert!(missing.is_empty() && stale.is_empty(), "not in the table: {missing:#?}\nonly in the table: {stale:#?}");
    assert_eq!(found.len(), table.len());
}

each_database! {
    async fn everybody_gets_what_the_table_says_at_every_address(world: World) {
        let (callers, record) = callers(world).await;
        let id = record.rsplit('/').next().unwrap();
        let tenant = callers.last().unwrap().2.tenant.clone().unwrap();
        let (mut wrong, mut over) = (Vec::new(), std::collections::BTreeSet::new());
        for (method, pattern, may, _, granted) in in_order() {
            let of_a_record = pattern.contains("/records/{id}");
            let path = filled(pattern, |name| match name {
                "slug" => Some("customers"),
                "tenant_id" => Some(tenant.as_str()),
                "id" if of_a_record => Some(id),
                _ => None,
            });
            for (name, caller, actor) in &callers {
                let mut actor = actor.clone();
                if let (Some(others), None) = (ends_others(method.as_str(), pattern), denial(*may, *caller)) {
                    if !over.insert((others, *pattern == "/account/sessions/others", actor.account.clone())) {
                        continue;
                    }
                    let _ = actor.sign_in().await.expect(201);
                }
                let answer = actor.send(method.clone(), &path, None).await;
                let expected = denial(*may, *caller);
                let code = serde_json::from_slice::<serde_json::Value>(&answer.bytes).ok();
                let code = code.as_ref().and_then(|body| body["code"].as_str()).unwrap_or_default();
                let right = match expected {
                    Some((status, denied)) => answer.status == status && code == denied,
                    // An open page may lead on whoever is somebody already, or nobody yet.
                    None if matches!(may, May::Anyone) && answer.status == 303 => !pattern.starts_with("/api/"),
                    None => answer.status == *granted,
                };
                if !right {
                    let expected = expected.unwrap_or((*granted, "granted"));
                    wrong.push(format!("{method} {pattern}, {name}: {} {code}, not {expected:?}", answer.status));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    async fn who_belongs_to_two_tenants_names_the_one_that_is_meant(world: World) {
        let owner = world.owner().await;
        let mut editor = world.member(&owner, Role::Editor).await;
        let _ = editor.get("/api/v1/collections").await.expect(200);
        editor.tenant = None;
        let _ = editor.get("/api/v1/collections").await.problem(400, "tenant_required");
    }
}
