//! The operators' console: who gets in, how, from where, and what nobody ever sees there.

mod backups;
mod holding;
mod ledger;
mod pages;
mod passkeys;
mod proposals;
mod turning;

use std::time::Duration;

use reqwest::Method;
use seif::each_database;
use seif::kernel::access::Subject;
use seif::kernel::operators::{Operator, OperatorName, Role};
use seif::testing::{Actor, Answer, Authenticator, World};
use seif::web::routes;

use crate::table::{May, NOTHING, Shown, TABLE, filled};

/// An operator with their app.
pub(crate) struct Who {
    pub(crate) actor: Actor,
    app: Authenticator,
    name: String,
}

fn form(pairs: &[(&str, &str)]) -> Vec<u8> {
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&").into_bytes()
}

async fn post(actor: &Actor, path: &str, pairs: &[(&str, &str)]) -> Answer {
    actor.send_bytes(Method::POST, path, Some(("application/x-www-form-urlencoded", form(pairs)))).await
}

/// Makes an operator by what the command line calls, not yet signed in.
pub(crate) async fn made(world: &World, name: &str, role: Role) -> Who {
    let name: OperatorName = name.parse().unwrap();
    let account = world.app.services.operators.add(Operator::Local(0), &name, role).await.unwrap();
    let app = Authenticator::new("", account.secret().reveal());
    Who { actor: world.stranger(), app, name: name.text().reveal().clone() }
}

impl Who {
    /// What they type in to sign in: their name, and their app's next code.
    pub(crate) fn types(&mut self, world: &World) -> (String, String) {
        (self.name.clone(), self.app.next_code(world))
    }

    async fn sign_in(&mut self, world: &World) -> Answer {
        let code = self.app.next_code(world);
        let answer = post(&self.actor, "/operator/sign-in", &[("operator_name", &self.name), ("code", &code)]).await;
        self.actor.keep_session(&answer);
        answer
    }
}

pub(crate) async fn operator(world: &World, role: Role) -> Who {
    let mut who = made(world, &format!("{}-1", role.name()), role).await;
    let _ = who.sign_in(world).await.expect(303);
    who
}

/// Every page of the console that lists or shows.
fn pages() -> Vec<&'static str> {
    let all = routes::all().into_iter().filter(|route| {
        matches!(route.rule.subject, Subject::Operator(_))
            && route.method.as_str() == "GET"
            && !route.path.contains('{')
    });
    all.map(|route| route.path).collect()
}

each_database! {
    async fn a_name_and_a_code_sign_in_and_the_code_is_good_once(world: World) {
        let mut anna = made(world, "anna", Role::Reader).await;
        let signed_in = anna.sign_in(world).await.expect(303);
        assert_eq!(signed_in.header("location"), "/operator");
        let _ = anna.actor.get("/operator").await.expect(200);
        let again = anna.app.code(world);
        let refused = post(&world.stranger(), "/operator/sign-in", &[("operator_name", "anna"), ("code", &again)]).await;
        assert!(refused.expect(401).session_cookie().is_none());
    }

    async fn of_many_at_once_with_one_code_one_is_signed_in(world: World) {
        let anna = made(world, "anna", Role::Reader).await;
        let code = anna.app.code(world);
        let fields = [("operator_name", "anna"), ("code", code.as_str())];
        let tries = (0..4).map(|_| post(&anna.actor, "/operator/sign-in", &fields));
        let answers = futures_util::future::join_all(tries).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 303).count(), 1);
    }

    // No enumeration: an unknown name is counted and answered as a known one.
    async fn a_known_and_an_unknown_name_are_refused_alike_and_soon_made_to_wait(world: World) {
        let _anna = made(world, "anna", Role::Reader).await;
        let mut seen = Vec::new();
        for name in ["anna", "berta", "no name at all"] {
            let mut of_name = Vec::new();
            for _ in 0..7 {
                let fields = [("operator_name", name), ("code", "000000")];
                let answer = post(&world.stranger(), "/operator/sign-in", &fields).await;
                of_name.push((answer.status, answer.text().matches("class=\"summary\"").count()));
            }
            seen.push(of_name);
        }
        assert_eq!(seen[0], seen[1]);
        assert_eq!(seen[0], seen[2]);
        let statuses: Vec<u16> = seen[0].iter().map(|(status, _)| *status).collect();
        assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429]);
    }

    async fn a_right_code_does_not_help_while_the_name_has_to_wait(world: World) {
        let mut anna = made(world, "anna", Role::Reader).await;
        for _ in 0..5 {
            let fields = [("operator_name", "anna"), ("code", "000000")];
            let _ = post(&world.stranger(), "/operator/sign-in", &fields).await.expect(401);
        }
        let _ = anna.sign_in(world).await.expect(429);
        world.later(Duration::from_secs(61));
        let _ = anna.sign_in(world).await.expect(303);
    }

    async fn each_route_is_open_to_the_roles_that_it_names_and_to_nobody_else(world: World) {
        let mut operators = Vec::new();
        for role in Role::ALL {
            let mut who = operator(world, role).await;
            // Those that end by what is called of them are called last, in a session of its own.
            let _ = who.sign_in(world).await.expect(303);
            operators.push((role, who));
        }
        let owner = world.owner().await;
        let stranger = world.stranger();
        let mut seen = 0;
        // What is fresh is called first; ten minutes later what changes something is refused to everybody.
        for age in [Duration::ZERO, Duration::from_secs(601)] {
            world.later(age);
            for (method, pattern, may, ..) in TABLE {
                let May::Operator(roles, least) = may else { continue };
                if *pattern == "/operator/sign-out" {
                    continue;
                }
                seen += 1;
                let path = filled(pattern, |_| Some(NOTHING));
                for nobody in [&stranger, &owner] {
                    let _ = nobody.send(method.clone(), &path, None).await.problem(401, "not_signed_in");
                }
                for (role, who) in &operators {
                    let answer = who.actor.send(method.clone(), &path, None).await;
                    let is_refused = answer.status == 403 || answer.status == 401;
                    let is_stale = !age.is_zero() && matches!(least, Shown::Strongest);
                    let expected = !roles.contains(&role.name()) || is_stale;
                    assert_eq!(is_refused, expected, "{method} {path} as {role:?}: {}", answer.status);
                }
            }
        }
        assert!(seen > 10, "{seen}");
        world.app.services.operators.at_rest().await;
    }

    async fn what_changes_something_needs_a_code_of_the_last_ten_minutes(world: World) {
        let mut admin = operator(world, Role::Administrator).await;
        world.later(Duration::from_secs(601));
        let fields = [("operator_name", "berta"), ("role", "reader")];
        let _ = post(&admin.actor, "/operator/operators", &fields).await.problem(403, "confirmation_required");
        let browser = admin.actor.with_header("accept", "text/html");
        let to = post(&browser, "/operator/operators", &fields).await.expect(303).header("location");
        assert_eq!(to, "/operator/confirm?next=/operator/operators");
        let wrong = post(&admin.actor, &to, &[("code", "000000")]).await;
        assert_eq!(wrong.expect(401).session_cookie(), None);
        let code = admin.app.next_code(world);
        let back = post(&admin.actor, &to, &[("code", &code)]).await.expect(303);
        assert_eq!(back.header("location"), "/operator/operators");
        let made = post(&admin.actor, "/operator/operators", &fields).await.expect(200);
        assert!(made.page().contains("otpauth://totp/"), "the secret is shown once");
        assert!(!admin.actor.get("/operator/operators").await.expect(200).page().contains("otpauth"));
        let _ = admin.sign_in(world).await.expect(303);
    }

    async fn a_session_ends_by_waiting_by_its_age_and_by_signing_out(world: World) {
        let mut anna = operator(world, Role::Reader).await;
        world.later(Duration::from_secs(14 * 60));
        let _ = anna.actor.get("/operator").await.expect(200);
        world.later(Duration::from_secs(15 * 60));
        let _ = anna.actor.get("/operator").await.problem(401, "not_signed_in");
        let _ = anna.sign_in(world).await.expect(303);
        for _ in 0..33 {
            let _ = anna.actor.get("/operator").await.expect(200);
            world.later(Duration::from_secs(14 * 60));
        }
        world.later(Duration::from_secs(14 * 60));
        let _ = anna.actor.get("/operator").await.problem(401, "not_signed_in");
        let _ = anna.sign_in(world).await.expect(303);
        let copy = anna.actor.clone();
        let _ = post(&anna.actor, "/operator/sign-out", &[]).await.expect(303);
        let _ = copy.get("/operator").await.problem(401, "not_signed_in");
    }

    async fn removing_an_operator_ends_their_sessions_and_a_role_counts_at_once(world: World) {
        let admin = operator(world, Role::Administrator).await;
        let reader = operator(world, Role::Reader).await;
        let operators = &world.app.services.operators;
        let id = operators.named(&reader.name.parse().unwrap()).await.unwrap().id;
        let _ = reader.actor.get("/operator/operators").await.problem(403, "forbidden");
        let role = format!("/operator/operators/{id}/role");
        let _ = post(&admin.actor, &role, &[("role", "administrator")]).await.expect(303);
        let _ = reader.actor.get("/operator/operators").await.expect(200);
        let _ = post(&admin.actor, &format!("/operator/operators/{id}/removal"), &[]).await.expect(303);
        let _ = reader.actor.get("/operator").await.problem(401, "not_signed_in");
    }

    async fn the_console_leaves_an_administrator_and_the_machine_need_not(world: World) {
        let admin = operator(world, Role::Administrator).await;
        let operators = &world.app.services.operators;
        let id = operators.named(&admin.name.parse().unwrap()).await.unwrap().id;
        let path = format!("/operator/operators/{id}");
        let _ = post(&admin.actor, &format!("{path}/removal"), &[]).await.expect(422);
        let _ = post(&admin.actor, &format!("{path}/role"), &[("role", "reader")]).await.expect(422);
        let _ = admin.actor.get("/operator/operators").await.expect(200);
        operators.remove(Operator::Local(0), id).await.unwrap();
        let _ = admin.actor.get("/operator").await.problem(401, "not_signed_in");
    }

    async fn two_administrators_who_remove_each_other_at_once_leave_one(world: World) {
        let mut ids = Vec::new();
        for name in ["anna", "berta"] {
            let _ = made(world, name, Role::Administrator).await;
            ids.push(world.app.services.operators.named(&name.parse().unwrap()).await.unwrap().id);
        }
        let operators = &world.app.services.operators;
        let (one, other) = futures_util::future::join(
            operators.remove(Operator::Account(ids[0]), ids[1]),
            operators.remove(Operator::Account(ids[1]), ids[0]),
        )
        .await;
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        assert_eq!(operators.list().await.unwrap().len(), 1);
    }

    // An operator is nobody's member, and a member is no operator, whatever their session.
    async fn a_session_of_one_kind_is_none_of_the_other(world: World) {
        let owner = world.owner().await;
        let admin = operator(world, Role::Administrator).await;
        let _ = admin.actor.get("/api/v1/account/sessions").await.problem(401, "not_signed_in");
        let mut wanted = admin.actor.clone();
        wanted.tenant.clone_from(&owner.tenant);
        let _ = wanted.get("/api/v1/collections").await.problem(401, "not_signed_in");
        let _ = owner.get("/operator").await.problem(401, "not_signed_in");
    }

    async fn another_site_s_form_is_refused(world: World) {
        let admin = operator(world, Role::Administrator).await;
        let fields = [("operator_name", "berta"), ("role", "reader")];
        let elsewhere = admin.actor.with_header("sec-fetch-site", "cross-site");
        let _ = post(&elsewhere, "/operator/operators", &fields).await.expect(403);
        assert_eq!(world.app.services.operators.list().await.unwrap().len(), 1);
    }
}

#[test]
fn to_whoever_comes_from_elsewhere_there_is_no_console() {
    let configuration = "[operators]\naddresses = [\"127.0.0.77\"]\n";
    World::run_with(seif::testing::Database::Sqlite, configuration, async |world| {
        let there = world.stranger().from(world, [127, 0, 0, 77]);
        let elsewhere = world.stranger();
        for path in ["/operator", "/operator/sign-in", "/operator/operators"] {
            let nothing = elsewhere.get(path).await;
            let never = elsewhere.get("/never-was").await;
            assert_eq!(nothing.status, 404);
            assert_eq!(nothing.text().replace(path, ""), never.text().replace("/never-was", ""), "{path}");
            for method in [Method::POST, Method::DELETE] {
                assert_eq!(elsewhere.send(method.clone(), path, None).await.status, 404, "{method} {path}");
            }
        }
        for coded in ["/%6fperator/sign-in", "/operator%2fsign-in", "//operator/sign-in"] {
            assert_eq!(elsewhere.get(coded).await.status, 404, "{coded}");
        }
        let _ = there.get("/operator/sign-in").await.expect(200);
    });
}

#[test]
fn the_console_answers_at_its_own_path_and_host_alone() {
    let configuration =
        "[server]\nnames = [\"localhost\"]\n\n[operators]\npath = \"/internal/desk\"\nhost = \"localhost\"\n";
    World::run_with(seif::testing::Database::Sqlite, configuration, async |world| {
        let ops = world.stranger();
        let vault = world.stranger().with_header("host", "127.0.0.1");
        let _ = ops.get("/internal/desk/sign-in").await.expect(200);
        let browser = ops.with_header("accept", "text/html");
        let to = browser.get("/internal/desk").await.expect(303).header("location");
        assert_eq!(to, "/internal/desk/sign-in?next=/internal/desk");
        assert_eq!(ops.get("/operator/sign-in").await.status, 404);
        assert_eq!(vault.get("/internal/desk/sign-in").await.status, 404);
        assert_eq!(vault.get("/internal/desk").await.status, 404);
        let _ = vault.get("/sign-in").await.expect(200);
    });
}
