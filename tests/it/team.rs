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
pub(crate) async fn invitation_code(world: &World, email: &str) -> String {
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

/// A sign-up that waits: who it is, its path, and the code from the mail.
async fn signing_up(world: &mut World, email: &str) -> (Actor, String, String) {
    // Mails of one second have no order: this one is to be the newest.
    world.later(Duration::from_secs(1));
    let mut actor = world.stranger();
    actor.email = email.to_owned();
    let begun = actor.post("/api/v1/signups", json!({"email": email, "language": "en"})).await.expect(202).json();
    let code = code_in_newest(world, email).await;
    (actor, format!("/api/v1/signups/{}", begun["id"].as_str().unwrap()), code)
}

/// The six digits in the newest mail, or six that no mail has said where there are none.
async fn code_in_newest(world: &World, email: &str) -> String {
    world.deliver().await;
    let to = format!("to: {email}");
    let mails = world.mails();
    let newest = mails.iter().rev().find(|mail| mail.to_lowercase().contains(&to)).expect("a mail");
    let digits = |line: &&str| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit());
    newest.lines().map(str::trim).find(digits).unwrap_or("000000").to_owned()
}

/// What finishes it by an invitation.
async fn by_invitation(world: &World, actor: &Actor, code: &str, invitation: &str) -> Value {
    json!({
        "code": code, "password": actor.password, "name": "Berta", "invitation": invitation,
        "acknowledged": world.documents(actor).await,
    })
}

/// An invitation to somebody: the code in its mail.
async fn invited(world: &World, owner: &Actor, email: &str, role: &str) -> String {
    world.later(Duration::from_secs(1));
    let _ = owner.post(INVITATIONS, json!({"email": email, "role": role, "language": "en"})).await.expect(201);
    invitation_code(world, &email.to_lowercase()).await
}

/// An address that nobody has.
fn nobody(world: &mut World) -> String {
    format!("{}@example.lv", world.somebody().to_lowercase())
}

each_database! {
    async fn who_is_invited_and_has_no_account_joins_without_a_business_of_their_own(world: World) {
        let anna = world.owner().await;
        let email = nobody(world);
        let invitation = invited(world, &anna, &email.to_uppercase(), "editor").await;
        let (mut berta, path, code) = signing_up(world, &email).await;
        let whole = by_invitation(world, &berta, &code, &invitation).await;
        // What is wrong is told before anything is used up.
        for (field, value, pointer, told) in [
            ("invitation", json!("7k2m-9pqr"), "/invitation", "invitation_refused"),
            ("invitation", json!("7k2m-9pqr-0abc-d5ef-ghjk-mnpq"), "/invitation", "invitation_refused"),
            ("invitation", Value::Null, "/tenant", "required"),
            ("password", json!("short"), "/password", "too_short"),
        ] {
            let mut body = whole.clone();
            body[field] = value;
            let problem = berta.put(&path, body).await.problem(422, "invalid");
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
            if told != "too_short" {
                assert_eq!(problem["errors"][0]["code"], told);
            }
        }
        let mut body = whole.clone();
        body["tenant"] = json!({"kind": "self_employed", "name": "B", "country": "LV"});
        let _ = berta.put(&path, body).await.problem(422, "invalid");
        let mut body = whole.clone();
        body["acknowledged"] = json!([]);
        let _ = berta.put(&path, body).await.problem(422, "acknowledgement_required");
        let mut body = whole.clone();
        body["code"] = json!(if code == "000000" { "000001" } else { "000000" });
        let _ = berta.put(&path, body).await.problem(422, "code_refused");
        let joined = berta.put(&path, whole.clone()).await.expect(201);
        berta.keep_session(&joined);
        let joined = joined.json();
        assert_eq!(Some(joined["tenant_id"].as_str().unwrap()), anna.tenant.as_deref());
        let tenants = &joined["session"]["tenants"];
        assert_eq!((tenants.as_array().unwrap().len(), &tenants[0]["role"]), (1, &json!("editor")), "{tenants}");
        let _ = berta.get("/api/v1/collections").await.expect(200);
        let _ = berta.post("/api/v1/collections", json!({})).await.problem(403, "forbidden");
        assert_eq!(roles(&anna).await.len(), 2);
        assert_eq!(anna.get(INVITATIONS).await.expect(200).json()["items"], json!([]));
        assert!(actions(&anna).await.iter().any(|action| action == "member_joined"));
        //
        world.deliver().await;
        assert!(world.mails().iter().all(|mail| !mail.contains("http")));
        let _ = berta.put(&path, whole).await.problem(422, "code_refused");
        let _ = berta.sign_in().await.expect(201);
    }

    async fn an_invitation_founds_an_account_for_its_address_alone_and_while_it_lasts(world: World) {
        let anna = world.owner().await;
        let (email, other) = (nobody(world), nobody(world));
        let invitation = invited(world, &anna, &email, "viewer").await;
        // Somebody else found the mail: their own address does not fit, and nothing is left of the try.
        let (clara, path, code) = signing_up(world, &other).await;
        let body = by_invitation(world, &clara, &code, &invitation).await;
        let problem = clara.put(&path, body.clone()).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["code"], "invitation_refused");
        let _ = clara.put(&path, body).await.problem(422, "code_refused");
        assert_eq!(roles(&anna).await.len(), 1);
        let (clara, path, code) = signing_up(world, &other).await;
        let mut own = by_invitation(world, &clara, &code, &invitation).await;
        own.as_object_mut().unwrap().remove("invitation");
        own["tenant"] = json!({"kind": "self_employed", "name": "Clara", "country": "LV"});
        let _ = clara.put(&path, own).await.expect(201);
        // The inviting tenant is there as before, after a start too.
        world.restart().await;
        let anna = anna.moved_to(world);
        let _ = anna.get(MEMBERS).await.expect(200);
        // Taken back, it is good for nothing.
        let id = anna.get(INVITATIONS).await.expect(200).json()["items"][0]["id"].as_str().unwrap().to_owned();
        let (berta, path, code) = signing_up(world, &email).await;
        let _ = anna.delete(&format!("{INVITATIONS}/{id}")).await.expect(204);
        let body = by_invitation(world, &berta, &code, &invitation).await;
        let problem = berta.put(&path, body.clone()).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["code"], "invitation_refused");
        let invitation = invited(world, &anna, &email, "viewer").await;
        let _ = berta.put(&path, by_invitation(world, &berta, &code, &invitation).await).await.expect(201);
    }

    async fn by_an_invitation_nobody_learns_who_has_an_account(world: World) {
        let anna = world.owner().await;
        let berta = world.owner().await;
        let fresh = nobody(world);
        let mut told = Vec::new();
        for email in [berta.email.clone(), fresh] {
            let invitation = invited(world, &anna, &email, "viewer").await;
            let (guest, path, _) = signing_up(world, &email).await;
            let body = by_invitation(world, &guest, "000000", &invitation).await;
            let answer = guest.put(&path, body).await;
            let mut problem = answer.problem(422, "code_refused");
            let _ = problem.as_object_mut().unwrap().remove("instance");
            told.push((problem, invitation));
        }
        assert_eq!(told[0].0, told[1].0);
        // Whoever has one accepts in it: the invitation is not used up.
        let _ = berta.post(ACCEPT, json!({"code": told[0].1})).await.expect(200);
    }

    async fn of_many_who_join_by_one_invitation_at_once_one_does(world: World) {
        let anna = world.owner().await;
        let email = nobody(world);
        let invitation = invited(world, &anna, &email, "viewer").await;
        let mut all = Vec::new();
        for _ in 0..2 {
            let (berta, path, code) = signing_up(world, &email).await;
            let body = by_invitation(world, &berta, &code, &invitation).await;
            all.extend([(berta.clone(), path.clone(), body.clone()), (berta, path, body)]);
        }
        let answers = join_all(all.iter().map(|(berta, path, body)| berta.put(path, body.clone()))).await;
        let told: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(told.iter().filter(|status| **status == 201).count(), 1, "{told:?}");
        assert!(told.iter().all(|status| [201, 422].contains(status)), "{told:?}");
        assert_eq!(roles(&anna).await.len(), 2);
        // Whoever was too late has left nothing: the one account signs in.
        let mut berta = world.stranger();
        berta.email = email;
        let _ = berta.sign_in().await.expect(201);
    }

    async fn an_invitation_that_is_accepted_and_joined_by_at_once_counts_once(world: World) {
        // The address has an account: nothing fits the sign-up, whoever is first.
        let anna = world.owner().await;
        let berta = world.owner().await;
        let invitation = invited(world, &anna, &berta.email, "viewer").await;
        let (guest, path, code) = signing_up(world, &berta.email).await;
        let body = by_invitation(world, &guest, &code, &invitation).await;
        let (accepted, joined) = join(berta.post(ACCEPT, json!({"code": invitation})), guest.put(&path, body)).await;
        assert_eq!((accepted.status, joined.status), (200, 422));
        assert_eq!(roles(&anna).await.len(), 2);
    }

    async fn who_joins_a_tenant_with_rules_shows_there_what_these_accept(world: World) {
        //
        let mut anna = world.owner().await;
        let app = anna.enrol_app(world).await;
        let _ = anna.confirm_by("totp", &app.next_code(world)).await.expect(200);
        let rules = json!({"least": "confirmed", "forbidden": ["email"]});
        let _ = anna.put("/api/v1/tenant/sign-in-rules", rules).await.expect(200);
        let email = nobody(world);
        let invitation = invited(world, &anna, &email, "admin").await;
        let (mut berta, path, code) = signing_up(world, &email).await;
        let joined = berta.put(&path, by_invitation(world, &berta, &code, &invitation).await).await.expect(201);
        berta.keep_session(&joined);
        let problem = berta.post("/api/v1/collections", json!({})).await.problem(403, "confirmation_required");
        assert_eq!(problem["methods"], json!([]));
        let app = berta.enrol_app(world).await;
        let _ = berta.confirm_by("totp", &app.next_code(world)).await.expect(200);
        let _ = berta.post("/api/v1/collections", json!({})).await.expect(422);
    }

    async fn the_team_is_managed_on_pages(world: World) {
        let mut anna = world.owner().await;
        let tenant = anna.tenant.clone().unwrap();
        let page = format!("/t/{tenant}/members");
        let post = async |actor: &Actor, path: &str, body: &str| {
            let body = Some(("application/x-www-form-urlencoded", body.as_bytes().to_vec()));
            actor.with_header("accept", "text/html").send_bytes(reqwest::Method::POST, path, body).await
        };
        let news = |answer: seif::testing::Answer, word: &str| {
            let location = answer.expect(303).header("location");
            assert!(location.ends_with(&format!("?news={word}")), "{location}");
        };
        let refused = post(&anna, &page, "email=x&role=editor&language=en").await.expect(422).page();
        assert!(refused.contains("This is not an e-mail address"), "{refused}");
        let email = nobody(world);
        news(post(&anna, &page, &format!("email={email}&role=editor&language=en")).await, "invited");
        let invitation = invitation_code(world, &email).await;
        let listed = anna.get(&page).await.expect(200).page();
        assert!(listed.contains(&email) && listed.contains("Withdraw"), "{listed}");
        let stranger = world.stranger();
        assert!(stranger.get("/invitation").await.expect(200).page().contains("/join?invited"));
        // Two steps, no business. Mails of one second have no order: the code is to be the newest.
        world.later(Duration::from_secs(1));
        let begun = post(&stranger, "/join?invited", &format!("email={email}&language=en")).await.expect(303);
        let path = begun.header("location");
        assert!(path.ends_with("?invited"), "{path}");
        let form = stranger.get(&path).await.expect(200).page();
        assert!(form.contains("name=\"invitation\"") && !form.contains("name=\"business_name\""), "{form}");
        let code = code_in_newest(world, &email).await;
        let ticked: Vec<String> = world.documents(&stranger).await.as_array().unwrap().iter()
            .map(|it| format!("acknowledged={}:{}", it["document"].as_str().unwrap(), it["version"])).collect();
        let fields = |invitation: &str| {
            format!("code={code}&name=Berta&password=Very-Long-Pass-Phrase+77&invitation={invitation}&{}", ticked.join("&"))
        };
        let refused = post(&stranger, &path, &fields("7k2m-9pqr-0abc-d5ef-ghjk-mnpq")).await.expect(422).page();
        assert!(refused.contains("This invitation cannot be used"), "{refused}");
        let joined = post(&stranger, &path, &fields(&invitation)).await.expect(303);
        assert_eq!(joined.header("location"), format!("/t/{tenant}/?news=team_joined"));
        let mut berta = stranger.clone();
        berta.keep_session(&joined);
        berta.tenant = Some(tenant.clone());
        // What she sees of the team is who is in it.
        let seen = berta.get(&page).await.expect(200).page();
        assert!(seen.contains("Berta (you)") && !seen.contains("Invite somebody"), "{seen}");
        let of = async |name: &str| {
            let members = anna.get(MEMBERS).await.expect(200).json();
            let found = members["items"].as_array().unwrap().iter().find(|item| item["name"].as_str().unwrap() == name).cloned();
            format!("{page}/{}", found.unwrap()["account_id"].as_str().unwrap())
        };
        let hers = of("Berta").await;
        news(post(&anna, &hers, "role=admin").await, "role_changed");
        assert!(berta.get(&page).await.expect(200).page().contains("Invite somebody"));
        assert!(anna.get(&hers).await.expect(200).page().contains("Remove from the vault"));
        // The rules: asked first, then meant; and she is asked for what they accept.
        let rules = format!("/t/{tenant}/sign-in-rules");
        assert!(!berta.get(&rules).await.expect(200).page().contains("<form class=\"sheet\""));
        let asked = post(&anna, &rules, "least=confirmed&forbidden=email").await.expect(409).page();
        assert!(asked.contains("confirm_rules") && asked.contains("You have nothing to confirm by"), "{asked}");
        let app = anna.enrol_app(world).await;
        let _ = anna.confirm_by("totp", &app.next_code(world)).await.expect(200);
        news(post(&anna, &rules, "least=confirmed&forbidden=email").await, "sign_in_rules_saved");
        let there = post(&berta, &page, "email=x").await.expect(303).header("location");
        assert!(there.starts_with("/confirm?next=/t/"), "{there}");
        let choice = berta.get(&there).await.expect(200).page();
        assert!(choice.contains("First set up a way that this vault accepts"), "{choice}");
        assert!(!choice.contains("value=\"email\""), "{choice}");
        // For her account, e-mail is good enough.
        assert!(berta.get("/confirm").await.expect(200).page().contains("value=\"email\""));
        let app = berta.enrol_app(world).await;
        let choice = berta.get(&format!("/confirm?next={page}")).await.expect(200).page();
        assert!(choice.contains("value=\"totp\"") && !choice.contains("value=\"email\""), "{choice}");
        let _ = berta.confirm_by("totp", &app.next_code(world)).await.expect(200);
        // Who leaves is gone.
        let left = post(&berta, &format!("{hers}/removal"), "").await.expect(303);
        assert_eq!(left.header("location"), "/?news=team_left");
        let _ = berta.get(&page).await.expect(404);
        let mine = format!("{page}/{}", anna.account.clone().unwrap());
        assert!(anna.get(&mine).await.expect(200).page().contains("A vault always has an owner"));
        let _ = post(&anna, &format!("{mine}/removal"), "").await.expect(409);
        // With an account, an invitation is accepted on its page.
        let clara = world.owner().await;
        let invitation = invited(world, &anna, &clara.email, "viewer").await;
        let refused = post(&clara, "/invitation", "invitation=7k2m").await.expect(422).page();
        assert!(refused.contains("This invitation cannot be used"), "{refused}");
        let accepted = post(&clara, "/invitation", &format!("invitation={invitation}")).await.expect(303);
        assert_eq!(accepted.header("location"), format!("/t/{tenant}/?news=team_joined"));
    }

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

    async fn a_tenant_sends_twenty_invitations_an_hour(world: World) {
        let anna = world.owner().await;
        for number in 0..20 {
            let email = format!("guest{number}@example.lv");
            let _ = anna.post(INVITATIONS, json!({"email": email, "role": "viewer"})).await.expect(201);
        }
        let one_more = json!({"email": "guest20@example.lv", "role": "viewer"});
        let _ = anna.post(INVITATIONS, one_more.clone()).await.problem(429, "too_many_requests");
        // Of this tenant: another's are its own.
        let _ = world.owner().await.post(INVITATIONS, one_more.clone()).await.expect(201);
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
