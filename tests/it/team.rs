//! Who belongs to a tenant: seen, given roles, removed, invited.

use std::time::Duration;

use futures_util::future::{join, join_all};
use seif::each_database;
use seif::kernel::access::Role;
use seif::testing::{Actor, World};
use serde_json::{Value, json};

const MEMBERS: &str = "/api/v1/members";
const INVITATIONS: &str = "/api/v1/invitations";
const ACCEPT: &str = "/api/v1/invitations/accept";

fn of(actor: &Actor) -> String {
    format!("{MEMBERS}/{}", actor.account.as_deref().unwrap())
}

/// Who belongs to the tenant, and as what.
async fn roles(actor: &Actor) -> Vec<(String, String)> {
    let members = actor.get(MEMBERS).await.expect(200).json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    members["items"].as_array().unwrap().iter().map(|item| (text(&item["account_id"]), text(&item["role"]))).collect()
}

async fn role_of(asker: &Actor, actor: &Actor) -> Option<String> {
    let account = actor.account.clone().unwrap();
    roles(asker).await.into_iter().find(|(id, _)| *id == account).map(|(_, role)| role)
}

/// The code in the newest invitation to `email`.
async fn invitation_code(world: &World, email: &str) -> String {
    world.deliver().await;
    let to = format!("to: {email}");
    let mails = world.mails();
    let its_own = |mail: &&String| mail.to_lowercase().contains(&to) && mail.contains("You are invited");
    let mail = mails.iter().rev().find(its_own).expect("an invitation");
    let code = mail.lines().map(str::trim).find(|line| line.len() == 29 && line.matches('-').count() == 5);
    code.expect("a code alone on a line").to_owned()
}

/// The tenant's audit, its actions alone.
async fn actions(owner: &Actor) -> Vec<String> {
    let audit = owner.get("/api/v1/audit").await.expect(200).json();
    audit["items"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect()
}

each_database! {
    async fn the_invited_join_by_the_code_to_their_address_once(world: World) {
        let anna = world.owner().await;
        let mut berta = world.owner().await;
        let clara = world.owner().await;
        let invited = anna.post(INVITATIONS, json!({"email": berta.email.to_uppercase(), "role": "editor", "language": "en"})).await.expect(201).json();
        assert_eq!(invited["role"], "editor");
        let once = anna.with_header("idempotency-key", "once");
        let other = json!({"email": "other@example.lv", "role": "viewer"});
        let made = once.post(INVITATIONS, other.clone()).await.expect(201).json();
        assert_eq!(once.post(INVITATIONS, other).await.expect(201).json(), made);
        let _ = anna.delete(&format!("{INVITATIONS}/{}", made["id"].as_str().unwrap())).await.expect(204);
        let listed = anna.get(INVITATIONS).await.expect(200).json();
        assert_eq!((listed["items"].as_array().unwrap().len(), &listed["items"][0]["id"]), (1, &invited["id"]));
        let code = invitation_code(world, &berta.email).await;
        //
        assert!(world.mails().iter().all(|mail| !mail.contains("http")));
        // Somebody else's address does not fit, and uses nothing up.
        let _ = clara.post(ACCEPT, json!({"code": code})).await.problem(422, "code_refused");
        let _ = berta.post(ACCEPT, json!({"code": "7k2m-9pqr-0abc-d5ef-ghjk-mnpq"})).await.problem(422, "code_refused");
        let joined = berta.post(ACCEPT, json!({"code": code.replace('-', " ").to_uppercase()})).await.expect(200).json();
        assert_eq!(joined, json!({"tenant_id": anna.tenant, "role": "editor"}));
        let _ = berta.post(ACCEPT, json!({"code": code})).await.problem(422, "code_refused");
        berta.tenant.clone_from(&anna.tenant);
        let _ = berta.get("/api/v1/collections").await.expect(200);
        assert_eq!(role_of(&berta, &berta).await.as_deref(), Some("editor"));
        assert_eq!(anna.get(INVITATIONS).await.expect(200).json()["items"], json!([]));
        let audit = actions(&anna).await;
        for action in ["member_invited", "member_joined"] {
            assert!(audit.iter().any(|known| known == action), "{action}: {audit:?}");
        }
        // Who is a member already is told so.
        world.later(Duration::from_secs(2));
        let _ = anna.post(INVITATIONS, json!({"email": berta.email, "role": "viewer"})).await.expect(201);
        let code = invitation_code(world, &berta.email).await;
        let _ = berta.post(ACCEPT, json!({"code": code})).await.problem(409, "already_exists");
    }

    async fn of_many_acceptances_at_once_one_counts(world: World) {
        let anna = world.owner().await;
        let berta = world.owner().await;
        let _ = anna.post(INVITATIONS, json!({"email": berta.email, "role": "viewer"})).await.expect(201);
        let code = invitation_code(world, &berta.email).await;
        let answers = join_all((0..4).map(|_| berta.post(ACCEPT, json!({"code": code})))).await;
        let told: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(told.iter().filter(|status| **status == 200).count(), 1, "{told:?}");
        assert!(told.iter().all(|status| [200, 422].contains(status)), "{told:?}");
    }

    async fn an_invitation_ends_by_being_taken_back_and_after_seven_days(world: World) {
        let anna = world.owner().await;
        let mut berta = world.owner().await;
        let invite = json!({"email": berta.email, "role": "viewer"});
        let id = anna.post(INVITATIONS, invite.clone()).await.expect(201).json()["id"].as_str().unwrap().to_owned();
        let code = invitation_code(world, &berta.email).await;
        let path = format!("{INVITATIONS}/{id}");
        let _ = berta.delete(&path).await.problem(404, "not_found");
        let _ = anna.delete(&path).await.expect(204);
        let _ = anna.delete(&path).await.problem(404, "not_found");
        let _ = berta.post(ACCEPT, json!({"code": code})).await.problem(422, "code_refused");
        world.later(Duration::from_secs(2));
        let _ = anna.post(INVITATIONS, invite).await.expect(201);
        let code = invitation_code(world, &berta.email).await;
        world.later(Duration::from_secs(7 * 24 * 3600));
        let _ = berta.sign_in().await.expect(201);
        let _ = berta.confirm(world).await.expect(200);
        let _ = berta.post(ACCEPT, json!({"code": code})).await.problem(422, "code_refused");
    }

    async fn nobody_gives_or_takes_away_a_role_above_their_own(world: World) {
        let anna = world.owner().await;
        let admin = world.member(&anna, Role::Admin).await;
        let editor = world.member(&anna, Role::Editor).await;
        let _ = admin.put(&of(&editor), json!({"role": "owner"})).await.problem(403, "forbidden");
        let _ = admin.put(&of(&anna), json!({"role": "viewer"})).await.problem(403, "forbidden");
        let _ = admin.delete(&of(&anna)).await.problem(403, "forbidden");
        let _ = admin.post(INVITATIONS, json!({"email": "x@example.lv", "role": "owner"})).await.problem(403, "forbidden");
        let _ = editor.put(&of(&editor), json!({"role": "admin"})).await.problem(403, "forbidden");
        let _ = editor.delete(&of(&admin)).await.problem(403, "forbidden");
        let _ = admin.put(&of(&editor), json!({"role": "admin"})).await.expect(204);
        assert_eq!(role_of(&anna, &editor).await.as_deref(), Some("admin"));
        // It acts on an open session at its next request.
        let _ = anna.put(&of(&editor), json!({"role": "viewer"})).await.expect(204);
        let _ = editor.post("/api/v1/collections", json!({})).await.problem(403, "forbidden");
        let _ = anna.delete(&of(&editor)).await.expect(204);
        let _ = editor.get("/api/v1/collections").await.problem(404, "not_found");
        let _ = anna.delete(&of(&editor)).await.problem(404, "not_found");
        let audit = actions(&anna).await;
        for action in ["member_role_changed", "member_removed"] {
            assert!(audit.iter().any(|known| known == action), "{action}: {audit:?}");
        }
        for (body, pointer) in [(json!({"role": "king"}), "/role")] {
            let problem = anna.put(&of(&admin), body).await.problem(422, "invalid");
            assert_eq!(problem["errors"][0]["pointer"], pointer);
        }
    }

    async fn a_tenant_always_has_an_owner(world: World) {
        let anna = world.owner().await;
        let _ = anna.put(&of(&anna), json!({"role": "admin"})).await.problem(409, "last_owner");
        let _ = anna.delete(&of(&anna)).await.problem(409, "last_owner");
        let berta = world.member(&anna, Role::Owner).await;
        // Of two owners who leave at once, one stays.
        let (mine, hers) = (of(&anna), of(&berta));
        let (one, two) = join(anna.delete(&mine), berta.delete(&hers)).await;
        let mut told = [one.status, two.status];
        told.sort_unstable();
        assert_eq!(told, [204, 409]);
    }

    async fn a_member_leaves_and_their_tokens_with_them(world: World) {
        let anna = world.owner().await;
        let admin = world.member(&anna, Role::Admin).await;
        let viewer = world.member(&anna, Role::Viewer).await;
        let made = admin.post("/api/v1/tokens", json!({"name": "till", "scopes": ["records:read", "members:read"]})).await.expect(201).json();
        let program = admin.with_token(made["token"].as_str().unwrap());
        assert_eq!(program.get(MEMBERS).await.expect(200).json()["items"].as_array().unwrap().len(), 3);
        let _ = viewer.delete(&of(&viewer)).await.expect(204);
        let _ = admin.delete(&of(&admin)).await.expect(204);
        let _ = program.get(MEMBERS).await.problem(401, "not_signed_in");
        assert_eq!(roles(&anna).await.len(), 1);
    }

    async fn another_tenant_s_members_and_invitations_are_none(world: World) {
        let anna = world.owner().await;
        let berta = world.owner().await;
        let id = anna.post(INVITATIONS, json!({"email": "x@example.lv", "role": "viewer"})).await.expect(201).json()["id"].as_str().unwrap().to_owned();
        let never = "01947a2e-6f00-7000-8000-000000000001";
        let theirs = berta.delete(&format!("{INVITATIONS}/{id}")).await.problem(404, "not_found");
        assert_eq!(theirs, berta.delete(&format!("{INVITATIONS}/{never}")).await.problem(404, "not_found"));
        let theirs = berta.delete(&of(&anna)).await.problem(404, "not_found");
        assert_eq!(theirs, berta.delete(&format!("{MEMBERS}/{never}")).await.problem(404, "not_found"));
        assert_eq!(roles(&berta).await.len(), 1);
        // Nobody changes a team by a confirmation of long ago.
        world.later(Duration::from_secs(601));
        let _ = anna.post(INVITATIONS, json!({"email": "x@example.lv", "role": "viewer"})).await.problem(403, "confirmation_required");
    }
}
