//! What a tenant accepts of what its members confirm by.

use std::time::Duration;

use seif::each_database;
use seif::kernel::access::Role;
use seif::testing::{Actor, Answer, Authenticator, World};
use serde_json::{Value, json};

const RULES: &str = "/api/v1/tenant/sign-in-rules";
const COLLECTIONS: &str = "/api/v1/collections";
const APPROVALS: &str = "/api/v1/account/approvals";
const CONFIRMATIONS: &str = "/api/v1/session/confirmations";
const METHODS: &str = "/api/v1/account/methods";

/// Something that takes a confirmed session in a tenant: 422, since nothing is sent, where it is let through.
async fn change(actor: &Actor) -> Answer {
    actor.post(COLLECTIONS, json!({})).await
}

/// What would do, where the tenant takes the session for unconfirmed.
async fn wanted(actor: &Actor) -> Value {
    change(actor).await.problem(403, "confirmation_required")["methods"].clone()
}

/// Gives somebody an app, and confirms their session by it.
async fn by_app(world: &World, actor: &mut Actor) -> Authenticator {
    let app = actor.enrol_app(world).await;
    let _ = actor.confirm_by("totp", &app.next_code(world)).await.expect(200);
    app
}

async fn set(owner: &Actor, least: &str, forbidden: &[&str]) -> Answer {
    owner.put(RULES, json!({"least": least, "forbidden": forbidden})).await
}

/// The same person elsewhere, by an approval of this session.
async fn approved_by(actor: &Actor) -> Actor {
    let mut other = actor.clone();
    let _ = other.sign_in().await.expect(201);
    let begun = other.post(CONFIRMATIONS, json!({"method": "device"})).await.expect(201).json();
    let (id, code) = (begun["id"].as_str().unwrap(), &begun["control_code"]);
    let _ =
        actor.put(&format!("{APPROVALS}/{id}"), json!({"decision": "approve", "control_code": code})).await.expect(204);
    let raised = other.put(&format!("{CONFIRMATIONS}/{id}"), json!({})).await.expect(200);
    other.keep_session(&raised);
    other
}

/// How many mails have told somebody of new rules.
async fn told(world: &World, actor: &Actor) -> usize {
    world.deliver().await;
    let to = format!("to: {}", actor.email);
    let its_own = |mail: &&String| mail.to_lowercase().contains(&to) && mail.contains("confirms sign-ins was changed");
    world.mails().iter().filter(its_own).count()
}

each_database! {
    async fn a_method_that_the_owner_forbids_opens_nothing_in_the_tenant_from_the_next_request_on(world: World) {
        //
        let mut anna = world.owner().await;
        let berta = world.member(&anna, Role::Admin).await;
        let open = json!({"least": "confirmed", "forbidden": [], "accepted": ["email", "sms", "device", "recovery_codes", "totp", "oidc", "passkey"]});
        assert_eq!(berta.get(RULES).await.expect(200).json(), open);
        let _ = change(&berta).await.expect(422);
        let _ = by_app(world, &mut anna).await;
        let rules = set(&anna, "confirmed", &["sms", "email", "email"]).await.expect(200).json();
        assert_eq!(rules, json!({"least": "confirmed", "forbidden": ["email", "sms"], "accepted": ["device", "recovery_codes", "totp", "oidc", "passkey"]}));
        assert_eq!(anna.get(RULES).await.expect(200).json(), rules);
        // Berta's session was confirmed by e-mail: it reads masked and changes nothing, and e-mail is not offered.
        let _ = berta.get(COLLECTIONS).await.expect(200);
        assert_eq!(wanted(&berta).await, json!([]));
        // Elsewhere it counts as before: in her own tenant, and for her account.
        let mut at_home = berta.clone();
        at_home.tenant = berta.get("/api/v1/session").await.expect(200).json()["tenants"].as_array().unwrap().iter()
            .map(|tenant| tenant["id"].as_str().unwrap().to_owned()).find(|id| Some(id) != anna.tenant.as_ref());
        let _ = change(&at_home).await.expect(422);
        // An app is what is asked for; then she is in.
        let mut berta = berta;
        let app = berta.enrol_app(world).await;
        assert_eq!(wanted(&berta).await, json!(["totp"]));
        let _ = berta.confirm(world).await.expect(200);
        assert_eq!(wanted(&berta).await, json!(["totp"]), "a code by e-mail, now");
        let _ = berta.confirm_by("totp", &app.next_code(world)).await.expect(200);
        let _ = change(&berta).await.expect(422);
        // K-7: everybody is told, once; a change that changes nothing is none.
        let _ = set(&anna, "confirmed", &["email", "sms"]).await.expect(200);
        assert_eq!((told(world, &anna).await, told(world, &berta).await), (1, 1));
        assert!(world.mails().iter().all(|mail| !mail.contains("http")));
        let audit = anna.get("/api/v1/audit").await.expect(200).text();
        assert_eq!(audit.matches("sign_in_rules_changed").count(), 1);
        let feed = berta.get("/api/v1/account/notices").await.expect(200).text();
        assert!(feed.contains("sign_in_rules_changed"), "{feed}");
        let _ = set(&anna, "confirmed", &[]).await.expect(200);
        assert_eq!(anna.get(RULES).await.expect(200).json(), open);
    }

    async fn what_a_session_has_shown_by_an_accepted_method_counts_though_it_has_shown_another_since(world: World) {
        let mut anna = world.owner().await;
        let app = by_app(world, &mut anna).await;
        let _ = anna.confirm(world).await.expect(200);
        let _ = set(&anna, "totp", &[]).await.expect(200);
        let _ = change(&anna).await.expect(422);
        // It ages by itself: what is accepted was shown longer ago than what is not.
        world.later(Duration::from_secs(595));
        let _ = anna.confirm(world).await.expect(200);
        world.later(Duration::from_secs(30));
        let problem = set(&anna, "confirmed", &[]).await.problem(403, "confirmation_required");
        assert_eq!(problem["methods"], json!(["totp"]));
        let _ = anna.confirm_by("totp", &app.next_code(world)).await.expect(200);
        let _ = set(&anna, "confirmed", &[]).await.expect(200);
    }

    async fn an_owner_alone_sets_the_rules_by_a_fresh_strong_proof_and_no_token_does(world: World) {
        let mut anna = world.owner().await;
        let admin = world.member(&anna, Role::Admin).await;
        let _ = set(&admin, "confirmed", &[]).await.problem(403, "forbidden");
        let made = anna.post("/api/v1/tokens", json!({"name": "till", "scopes": ["members:read"]})).await.expect(201).json();
        let _ = anna.with_token(made["token"].as_str().unwrap()).get(RULES).await.problem(403, "forbidden");
        let stranger = world.owner().await;
        let (mut never, mut abroad) = (stranger.clone(), stranger);
        never.tenant = Some("01947a2e-6f00-7000-8000-000000000001".to_owned());
        abroad.tenant.clone_from(&anna.tenant);
        assert_eq!(abroad.get(RULES).await.problem(404, "not_found"), never.get(RULES).await.problem(404, "not_found"));
        let _ = by_app(world, &mut anna).await;
        // Rules of a tenant that is not theirs are not told by what would do.
        let _ = set(&anna, "passkey", &[]).await.problem(409, "would_lock_out");
        let _ = set(&anna, "strong", &[]).await.expect(200);
        let _ = set(&abroad, "confirmed", &[]).await.problem(404, "not_found");
        world.later(Duration::from_secs(601));
        let there = set(&abroad, "confirmed", &[]).await.problem(403, "confirmation_required");
        assert_eq!(there["methods"], json!(["email"]), "as of a tenant that never was");
        let problem = set(&anna, "confirmed", &[]).await.problem(403, "confirmation_required");
        assert_eq!(problem["methods"], json!(["totp"]));
        for (body, pointer, code) in [
            (json!({"least": "pigeon", "forbidden": []}), "/least", "not_a_choice"),
            (json!({"least": "strong", "forbidden": ["totp", "owl"]}), "/forbidden/1", "not_a_choice"),
            (json!({"least": "passkey", "forbidden": ["passkey"]}), "/forbidden", "nothing_left"),
        ] {
            let owner = world.owner().await;
            let problem = owner.put(RULES, body).await.problem(422, "invalid");
            assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]), (&json!(pointer), &json!(code)));
        }
    }

    async fn rules_that_would_keep_their_author_out_are_refused_unless_they_are_meant(world: World) {
        let mut anna = world.owner().await;
        for (least, forbidden) in [("strong", &[][..]), ("confirmed", &["email"]), ("sms", &[])] {
            let _ = set(&anna, least, forbidden).await.problem(409, "would_lock_out");
        }
        // Recovery codes are no way to rely on, and neither is another session.
        let _ = anna.post(METHODS, json!({"method": "recovery_codes"})).await.expect(201);
        let _ = set(&anna, "recovery_codes", &[]).await.problem(409, "would_lock_out");
        let meant = json!({"least": "strong", "forbidden": [], "confirm_lockout": true});
        let _ = anna.put(RULES, meant).await.expect(200);
        assert_eq!(wanted(&anna).await, json!([]));
        // Nothing was lost by it: an app of her own, and she is in.
        let app = by_app(world, &mut anna).await;
        let _ = change(&anna).await.expect(422);
        // An account with a strong method is not let in by less, whatever the tenant accepts.
        let _ = set(&anna, "confirmed", &["totp"]).await.problem(409, "would_lock_out");
        let meant = json!({"least": "confirmed", "forbidden": ["totp"], "confirm_lockout": true});
        let _ = anna.put(RULES, meant).await.expect(200);
        let _ = anna.confirm(world).await.expect(200);
        let _ = change(&anna).await.expect(422);
        let problem = set(&anna, "confirmed", &[]).await.problem(403, "confirmation_required");
        assert_eq!(problem["methods"], json!([]), "neither by the app, which is forbidden, nor by e-mail, which is weaker");
        let _ = anna.confirm_by("totp", &app.next_code(world)).await.expect(200);
        let _ = set(&anna, "confirmed", &[]).await.problem(403, "confirmation_required");
    }

    async fn an_approval_carries_no_method_into_a_tenant_that_refuses_it(world: World) {
        // S-3
        let mut anna = world.owner().await;
        let berta = world.member(&anna, Role::Admin).await;
        let _ = by_app(world, &mut anna).await;
        let _ = set(&anna, "confirmed", &["email"]).await.expect(200);
        let carried = approved_by(&berta).await;
        assert_eq!(carried.get("/api/v1/session").await.expect(200).json()["assurance"], "confirmed");
        assert_eq!(wanted(&carried).await, json!([]), "confirmed by e-mail, over another session");
        // What was shown by an app is passed on, and offered; once more, from a session that has it from another.
        let second = approved_by(&anna).await;
        let _ = change(&second).await.expect(422);
        let mut third = anna.clone();
        let _ = third.sign_in().await.expect(201);
        assert_eq!(wanted(&third).await, json!(["device", "totp"]));
        let _ = change(&approved_by(&second).await).await.expect(422);
        // Where approvals themselves are forbidden, none counts, whatever it passes on.
        let _ = set(&anna, "confirmed", &["email", "device"]).await.expect(200);
        assert_eq!(wanted(&second).await, json!(["totp"]));
        assert_eq!(wanted(&third).await, json!(["totp"]));
        let _ = change(&anna).await.expect(422);
        // Strong is what is fresh: an approval makes nothing stronger than it is.
        let _ = set(&anna, "strong", &[]).await.expect(200);
        let _ = change(&second).await.expect(422);
        world.later(Duration::from_secs(601));
        assert_eq!(wanted(&third).await, json!(["totp"]));
        assert_eq!(wanted(&approved_by(&anna).await).await, json!(["totp"]));
    }

    async fn a_token_counts_while_what_its_maker_had_shown_would(world: World) {
        //
        let mut anna = world.owner().await;
        let make = async |actor: &Actor| {
            let made = actor.post("/api/v1/tokens", json!({"name": "till", "scopes": ["members:read"]})).await.expect(201).json();
            actor.with_token(made["token"].as_str().unwrap())
        };
        let berta = world.member(&anna, Role::Admin).await;
        let (by_mail, of_berta) = (make(&anna).await, make(&berta).await);
        let _ = by_app(world, &mut anna).await;
        let strong = make(&anna).await;
        let _ = set(&anna, "confirmed", &["email"]).await.expect(200);
        // Anna had just shown an app too when she made the second.
        let _ = strong.get("/api/v1/members").await.expect(200);
        for program in [&by_mail, &of_berta] {
            let problem = program.get("/api/v1/members").await.problem(403, "confirmation_required");
            assert_eq!(problem["methods"], json!([]));
        }
        // What is accepted again, counts again.
        let _ = set(&anna, "confirmed", &[]).await.expect(200);
        for program in [&by_mail, &of_berta, &strong] {
            let _ = program.get("/api/v1/members").await.expect(200);
        }
        let _ = set(&anna, "strong", &[]).await.expect(200);
        let _ = of_berta.get("/api/v1/members").await.problem(403, "confirmation_required");
        let _ = strong.get("/api/v1/members").await.expect(200);
    }

    async fn a_recovery_code_that_a_tenant_refuses_still_leads_back_into_the_account(world: World) {
        // K-8
        let mut anna = world.owner().await;
        let mut berta = world.member(&anna, Role::Admin).await;
        let _ = by_app(world, &mut anna).await;
        let _ = set(&anna, "totp", &[]).await.expect(200);
        let codes = berta.post(METHODS, json!({"method": "recovery_codes"})).await.expect(201).json()["codes"].clone();
        let lost = berta.enrol_app(world).await;
        let _ = berta.sign_in().await.expect(201);
        let _ = berta.confirm_by("recovery_codes", codes[0].as_str().unwrap()).await.expect(200);
        assert_eq!(wanted(&berta).await, json!(["totp"]));
        let _ = berta.delete(&format!("{METHODS}/{}", lost.id)).await.expect(204);
        let app = berta.enrol_app(world).await;
        let _ = berta.confirm_by("totp", &app.next_code(world)).await.expect(200);
        let _ = change(&berta).await.expect(422);
    }
}
