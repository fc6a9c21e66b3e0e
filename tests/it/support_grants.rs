//! What a tenant lets support look at: nothing without its grant, what it chose and no longer than it chose, masked, and
//! each look told.

use std::process::{Command, Output};
use std::time::Duration;

use reqwest::Method;
use seif::each_database;
use seif::kernel::access::Role;
use seif::kernel::operators::deeds::ViewForSupport;
use seif::kernel::operators::{Act, Ledger, LedgerState, Of, Role as OfOperator, Step, SupportRefused};
use seif::testing::{Actor, World};
use seif::vault::support::viewing::SupportView;
use serde_json::{Value, json};

use crate::console::operator;
use crate::leaving::leave;
use crate::operator_ledger::{HERE, entries, tenant, told};
use crate::rows::Beside;
use crate::shelf::{customer, customers};
use crate::table::NOTHING;

const GRANTS: &str = "/api/v1/tenant/support-grants";
const HOUR: Duration = Duration::from_secs(3_600);

/// A grant of the actor's into these collections, for so many hours.
async fn grant(actor: &Actor, collections: &[&str], hours: u32) -> Value {
    actor.post(GRANTS, json!({"collections": collections, "hours": hours})).await.expect(201).json()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Support looks at the grant's collection of this id.
async fn look_into(world: &World, of: &Actor, grant: &Value, collection: &str) -> Result<SupportView, SupportRefused> {
    let deed = ViewForSupport {
        tenant: tenant(of),
        grant: text(&grant["id"]).parse().unwrap(),
        collection: collection.parse().unwrap(),
    };
    let (kernel, vault) = (&world.app.services.kernel, &world.app.services.vault);
    kernel.operate(HERE, deed, async |act| vault.view_for_support(act, None).await).await.unwrap()
}

/// The same, at the first collection that it names.
async fn look(world: &World, of: &Actor, grant: &Value) -> Result<SupportView, SupportRefused> {
    look_into(world, of, grant, text(&grant["collections"][0])).await
}

fn refused(seen: Result<SupportView, SupportRefused>) -> SupportRefused {
    seen.map(|_| ()).unwrap_err()
}

/// The grant as its tenant's list has it.
async fn listed(actor: &Actor, grant: &Value) -> Value {
    let list = actor.get(GRANTS).await.expect(200).json();
    list["items"].as_array().unwrap().iter().find(|item| item["id"] == grant["id"]).unwrap().clone()
}

/// How many mails told the actor that support has looked.
fn mails_to(world: &World, actor: &Actor) -> usize {
    let to = format!("to: {}", actor.email);
    let theirs = |mail: &&String| mail.to_lowercase().contains(&to) && mail.contains("Subject: Support has looked");
    world.mails().iter().filter(theirs).count()
}

/// What the tenant's own audit says that support did, oldest first.
async fn told_of_support(owner: &Actor) -> Vec<String> {
    let found = told(owner).await;
    let actions = found.iter().map(|item| text(&item["action"]).to_owned());
    actions.filter(|action| action.starts_with("support")).collect()
}

/// The command, beside the service.
fn command(world: &World, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seif"));
    command.args(arguments).arg("--data").arg(world.folder.path());
    if let [database, keyring] = world.database_urls() {
        command.env("SEIF_DATABASE", database).env("SEIF_KEYRING", keyring);
    }
    command.output().unwrap()
}

fn page_of(of: &Actor, grant: &Value) -> String {
    let of = of.tenant.as_deref().unwrap();
    format!("/operator/support/{of}/{}/{}", text(&grant["id"]), text(&grant["collections"][0]))
}

/// A value of each kind, what support sees of it where it is not marked as sensitive, and what of it must show nowhere.
fn each_kind(link: &str) -> Vec<(&'static str, Value, Value, &'static str)> {
    let nothing = || json!({"masked": "…"});
    let characters = |characters: u32| json!({"masked": "…", "characters": characters});
    vec![
        ("text", json!("Zvirbulis Marks"), characters(15), "Zvirbulis"),
        ("long_text", json!("Irbe\nMarkere"), characters(12), "Markere"),
        ("number", json!("73198246.25"), nothing(), "73198246"),
        ("money", json!({"amount": "98765432.10", "currency": "KZT"}), nothing(), "98765432"),
        ("date", json!("1980-02-29"), nothing(), "1980-02-29"),
        ("boolean", json!(true), json!("true"), ""),
        ("choice", json!("paid"), json!("paid"), ""),
        ("email", json!("irbe@markeris.example.lv"), nothing(), "markeris"),
        ("phone", json!("+37129123456"), nothing(), "9123456"),
        ("iban", json!("LV80BANK0000435195001"), nothing(), "0000435195001"),
        ("payment_card", json!("4111111111111111"), nothing(), "411111111"),
        ("vat_number", json!("LV40003245752"), nothing(), "0003245752"),
        ("registration_number", json!("40003245752"), nothing(), "0003245752"),
        ("country", json!("LV"), nothing(), ""),
        ("link", json!(link), json!(link), ""),
    ]
}

/// A collection with two fields of each kind, one of them marked as sensitive, and a record with a value in each.
async fn everything(owner: &Actor) -> (String, Value) {
    customers(owner).await;
    let link = text(&customer(owner, "1").await.json()["id"]).to_owned();
    let (mut fields, mut values, mut seen) = (Vec::new(), json!({}), json!({}));
    for (kind, value, shown, _) in each_kind(&link) {
        for (prefix, sensitive) in [("p", false), ("s", true)] {
            let name = format!("{prefix}_{kind}");
            let mut field = json!({"name": name, "label": name, "kind": kind, "sensitive": sensitive});
            match kind {
                "choice" => {
                    field["choices"] = json!([{"value": "paid", "label": "Paid"}, {"value": "open", "label": "Open"}]);
                }
                "link" => field["collection"] = json!("customers"),
                _ => {}
            }
            fields.push(field);
            values[&name] = value.clone();
            seen[&name] = if sensitive { json!({"masked": "…"}) } else { shown.clone() };
        }
    }
    let made = json!({"name": "Everything", "slug": "everything", "fields": fields});
    let _ = owner.post("/api/v1/collections", made).await.expect(201);
    let _ = owner.post("/api/v1/collections/everything/records", json!({"values": values})).await.expect(201);
    (link, seen)
}

/// Nothing of what was entered stands in `shown`.
fn shows_nothing(shown: &str) {
    for (kind, _, _, mark) in each_kind(NOTHING) {
        assert!(mark.is_empty() || !shown.contains(mark), "{kind} is seen in {shown}");
    }
}

each_database! {
    async fn support_sees_nothing_before_a_grant_and_then_the_chosen_collection_alone(world: World) {
        let owner = world.owner().await;
        let chosen = customers(&owner).await;
        let _ = customer(&owner, "1").await;
        let other = json!({"name": "Other", "slug": "other", "fields": [{"name": "a", "label": "A", "kind": "text"}]});
        let other = owner.post("/api/v1/collections", other).await.expect(201).json();
        let none = json!({"id": NOTHING});
        assert_eq!(refused(look_into(world, &owner, &none, text(&chosen["id"])).await), SupportRefused::NotGranted);
        let made = owner.post(GRANTS, json!({"collections": ["customers"]})).await.expect(201).json();
        assert_eq!(made["collections"], json!([chosen["id"]]));
        assert_eq!(made["expires_at"], json!(world.clock.now().plus(24 * HOUR)));
        assert_eq!(look(world, &owner, &made).await.unwrap().records.len(), 1);
        assert_eq!(refused(look_into(world, &owner, &made, text(&other["id"])).await), SupportRefused::NotGranted);
        assert_eq!(refused(look_into(world, &owner, &made, NOTHING).await), SupportRefused::NotGranted);
        // By its id as well, and both at once.
        let both = grant(&owner, &["customers", text(&other["id"]), "other"], 1).await;
        assert_eq!(both["collections"].as_array().unwrap().len(), 2);
        assert!(look_into(world, &owner, &both, text(&other["id"])).await.is_ok());
        // Its shape is seen, and what is in the trash is not.
        let _ = owner.with_header("if-match", "*").delete(&format!("/api/v1/collections/customers/records/{}",
            text(&owner.get("/api/v1/collections/customers/records").await.expect(200).json()["items"][0]["id"]))).await.expect(204);
        let seen = look(world, &owner, &made).await.unwrap();
        assert_eq!((seen.records.len(), seen.collection.fields.len()), (0, chosen["fields"].as_array().unwrap().len()));
    }

    async fn a_grant_is_over_after_its_time_and_after_its_end(world: World) {
        let mut owner = world.owner().await;
        customers(&owner).await;
        let [short, ended] = [grant(&owner, &["customers"], 1).await, grant(&owner, &["customers"], 168).await];
        let last = HOUR - Duration::from_micros(1);
        world.later(last);
        assert!(look(world, &owner, &short).await.is_ok());
        world.later(Duration::from_micros(1));
        assert_eq!(refused(look(world, &owner, &short).await), SupportRefused::NotGranted);
        assert!(look(world, &owner, &ended).await.is_ok());
        let _ = owner.sign_in().await.expect(201);
        let _ = owner.confirm(world).await.expect(200);
        let at = format!("{GRANTS}/{}", text(&ended["id"]));
        let _ = owner.delete(&at).await.expect(204);
        assert_eq!(refused(look(world, &owner, &ended).await), SupportRefused::NotGranted);
        assert_eq!(listed(&owner, &ended).await["ended_at"], json!(world.clock.now()));
        // It is over once, whoever ends it again and however late.
        let _ = owner.delete(&at).await.expect(204);
        let _ = owner.delete(&format!("{GRANTS}/{}", text(&short["id"]))).await.expect(204);
        assert_eq!(listed(&owner, &short).await["ended_at"], Value::Null);
        let audit = owner.get("/api/v1/audit?limit=200").await.expect(200).json();
        let ends = audit["items"].as_array().unwrap().iter().filter(|item| item["action"] == "support_grant_ended");
        assert_eq!(ends.count(), 1);
        let _ = owner.delete(&format!("{GRANTS}/{NOTHING}")).await.problem(404, "not_found");
        assert!(world.app.services.operators.support_grants(None).await.unwrap().grants.is_empty());
    }

    async fn when_support_first_looks_by_a_grant_each_owner_is_told_once_and_nothing_is_seen_untold(world: World) {
        let owner = world.owner().await;
        let second = world.member(&owner, Role::Owner).await;
        let admin = world.member(&owner, Role::Admin).await;
        customers(&owner).await;
        let [made, other] = [grant(&admin, &["customers"], 1).await, grant(&owner, &["customers"], 2).await];
        world.deliver().await;
        let feed = async |actor: &Actor| {
            let feed = actor.get("/api/v1/account/notices").await.expect(200).json();
            feed["items"].as_array().unwrap().iter().filter(|item| item["kind"] == "support_looked").cloned().collect::<Vec<_>>()
        };
        // Who looks for something that was not granted looks at nothing, and nobody is told of it.
        assert_eq!(refused(look_into(world, &owner, &made, NOTHING).await), SupportRefused::NotGranted);
        assert!(feed(&owner).await.is_empty());
        for _ in 0..2 {
            assert!(look(world, &owner, &made).await.is_ok());
        }
        for (actor, times) in [(&owner, 1), (&second, 1), (&admin, 0)] {
            let told = feed(actor).await;
            assert_eq!(told.len(), times);
            assert!(told.iter().all(|notice| notice["until"] == made["expires_at"]), "{told:?}");
            world.deliver().await;
            assert_eq!(mails_to(world, actor), times);
        }
        assert!(look(world, &owner, &other).await.is_ok());
        assert_eq!(feed(&second).await.len(), 2);
        // Where the notice cannot be written, there is no look either.
        let third = grant(&owner, &["customers"], 3).await;
        Beside::of(world).run("ALTER TABLE account_notices RENAME TO notices_away").unwrap();
        assert!(matches!(refused(look(world, &owner, &third).await), SupportRefused::Store(_)));
        Beside::of(world).run("ALTER TABLE notices_away RENAME TO account_notices").unwrap();
        assert_eq!(listed(&owner, &third).await["views"], 0);
    }

    async fn a_grant_is_good_for_its_own_tenant_alone(world: World) {
        let (anna, berta) = (world.owner().await, world.owner().await);
        let of_anna = customers(&anna).await;
        let of_berta = customers(&berta).await;
        let [hers, other] = [grant(&anna, &["customers"], 1).await, grant(&berta, &["customers"], 1).await];
        for collection in [&of_anna, &of_berta] {
            for (whose, by) in [(&anna, &other), (&berta, &hers)] {
                let seen = look_into(world, whose, by, text(&collection["id"])).await;
                assert_eq!(refused(seen), SupportRefused::NotGranted);
            }
        }
        let _ = berta.delete(&format!("{GRANTS}/{}", text(&hers["id"]))).await.problem(404, "not_found");
        let foreign = json!({"collections": [of_anna["id"]]});
        let _ = berta.post(GRANTS, foreign).await.problem(422, "invalid");
        assert!(look(world, &anna, &hers).await.is_ok());
        assert_eq!(listed(&anna, &hers).await["views"], 1);
    }

    async fn whatever_was_entered_is_masked_in_the_console_and_by_command(world: World) {
        // P-3
        let owner = world.owner().await;
        let (link, masked) = everything(&owner).await;
        let made = grant(&owner, &["everything"], 1).await;
        let reader = operator(world, OfOperator::Reader).await;
        let (to, id) = (page_of(&owner, &made), text(&made["id"]));
        let list = reader.actor.get("/operator/support").await.expect(200).page();
        assert!(list.contains(&format!("href=\"{to}\"")) && list.contains(id), "{list}");
        let page = reader.actor.get(&to).await.expect(200);
        assert_eq!(page.header("cache-control"), "no-store");
        let page = page.page();
        shows_nothing(&page);
        for shown in ["s_email: …", "p_text: … (15)", "p_boolean: true", "p_choice: paid", &format!("p_link: {link}"), "s_choice: …"] {
            assert!(page.contains(shown), "{shown}: {page}");
        }
        let of = owner.tenant.as_deref().unwrap();
        let collection = text(&made["collections"][0]);
        let seen = command(world, &["support", "view", of, id, collection, "--json"]);
        assert!(seen.status.success(), "{}", String::from_utf8_lossy(&seen.stderr));
        shows_nothing(&String::from_utf8_lossy(&seen.stdout));
        let seen: Value = serde_json::from_slice(&seen.stdout).unwrap();
        assert_eq!(seen["records"][0]["values"], masked);
        assert_eq!(seen["collection"]["name"], "Everything");
        let seen = command(world, &["support", "view", of, id, collection]);
        assert!(seen.status.success() && seen.stdout.len() > 100);
        shows_nothing(&String::from_utf8_lossy(&seen.stdout));
        let listed = command(world, &["support", "grants", "--json"]);
        let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
        assert_eq!((&listed["grants"][0]["id"], &listed["grants"][0]["views"]), (&made["id"], &json!(3)));
        assert_eq!(told_of_support(&owner).await.len(), 3);
        let wrong = command(world, &["support", "view", of, NOTHING, collection]);
        assert_eq!((wrong.status.code(), wrong.stdout.len()), (Some(1), 0));
    }

    async fn each_page_is_in_the_ledger_and_in_the_tenants_audit_at_once_and_counted(world: World) {
        let (owner, other) = (world.owner().await, world.owner().await);
        customers(&owner).await;
        for batch in [0..20, 20..26] {
            let records: Vec<Value> = batch.map(|number| json!({"values": {"number": number.to_string()}})).collect();
            let _ = owner.post("/api/v1/collections/customers/records/batch", json!({"records": records})).await.expect(201);
        }
        let made = grant(&owner, &["customers"], 1).await;
        let reader = operator(world, OfOperator::Reader).await;
        let first = reader.actor.get(&page_of(&owner, &made)).await.expect(200).page();
        let link = first.split("href=\"").find_map(|rest| rest.split_once('"').map(|(to, _)| to).filter(|to| to.contains("?after="))).unwrap();
        let told_once = told(&owner).await;
        assert_eq!(told_once.len(), 1);
        assert_eq!(told_once[0]["action"], "support_viewed");
        assert!(text(&told_once[0]["actor"]["operator"]).starts_with("operator:"), "{told_once:?}");
        let subjects = json!([{"support_grant": made["id"]}, {"collection": made["collections"][0]}]);
        assert_eq!(told_once[0]["subjects"], subjects);
        world.later(Duration::from_secs(1));
        let second = reader.actor.get(link).await.expect(200).page();
        assert_eq!((first.matches("number: …").count(), second.matches("number: …").count()), (25, 1));
        assert!(!second.contains("?after="));
        assert_eq!(told_of_support(&owner).await, ["support_viewed", "support_viewed"]);
        assert_eq!(told_of_support(&other).await, [""; 0]);
        let entry = listed(&owner, &made).await;
        assert_eq!((&entry["views"], &entry["viewed_at"]), (&json!(2), &json!(world.clock.now())));
        let looks: Vec<_> = entries(world).into_iter().rev().filter(|entry| entry.act == Act::ViewForSupport).collect();
        let steps: Vec<Step> = looks.iter().map(|entry| entry.step).collect();
        assert_eq!(steps, [Step::Begun, Step::Done, Step::Begun, Step::Done]);
        assert!(looks[0].of.contains(&Of::Tenant(tenant(&owner))) && looks[0].of.len() == 3);
        let ledger = reader.actor.get("/operator/ledger").await.expect(200).page();
        assert!(ledger.contains("Viewed for support") && ledger.contains(&format!("Grant {}", text(&made["id"]))), "{ledger}");
        let verified = Ledger::of(world.app.services.kernel.keyring()).verify().unwrap();
        assert!(matches!(verified, LedgerState::Intact(_)));
        assert_eq!(owner.get("/api/v1/audit/verification").await.expect(200).json()["intact"], true);
        for wrong in ["?after=x", "?before=x"] {
            let _ = reader.actor.get(&format!("{}{wrong}", page_of(&owner, &made))).await.problem(400, "malformed_request");
        }
    }

    async fn a_look_that_is_refused_is_told_as_one(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let made = grant(&owner, &["customers"], 1).await;
        let reader = operator(world, OfOperator::Reader).await;
        let _ = owner.delete(&format!("{GRANTS}/{}", text(&made["id"]))).await.expect(204);
        let _ = reader.actor.get(&page_of(&owner, &made)).await.problem(404, "not_found");
        let mut of_support = told_of_support(&owner).await;
        of_support.sort();
        assert_eq!(of_support, ["support_view_refused", "support_viewed"]);
        assert_eq!(listed(&owner, &made).await["views"], 0);
        let steps: Vec<Step> = entries(world).iter().filter(|entry| entry.act == Act::ViewForSupport).map(|entry| entry.step).collect();
        assert_eq!(steps, [Step::Failed, Step::Begun]);
        // A code of the last ten minutes is needed for each look.
        world.later(Duration::from_secs(601));
        let _ = reader.actor.get(&page_of(&owner, &made)).await.problem(403, "confirmation_required");
    }

    async fn a_vault_that_is_sealed_and_a_tenant_that_leaves_are_not_looked_at(world: World) {
        let (shut, going, frozen) = (world.owner().await, world.owner().await, world.owner().await);
        let mut made = Vec::new();
        for owner in [&shut, &going, &frozen] {
            customers(owner).await;
            made.push(grant(owner, &["customers"], 168).await);
        }
        let reader = operator(world, OfOperator::Reader).await;
        let _ = shut.post("/api/v1/tenant/seal", json!({})).await.expect(204);
        assert_eq!(refused(look(world, &shut, &made[0]).await), SupportRefused::Sealed);
        let page = reader.actor.get(&page_of(&shut, &made[0])).await.expect(422).page();
        assert!(page.contains("An owner has sealed this vault"), "{page}");
        let _ = shut.delete("/api/v1/tenant/seal").await.expect(204);
        assert!(look(world, &shut, &made[0]).await.is_ok());
        // What happened while it was sealed is told once it is open.
        world.later(Duration::from_secs(60));
        let _ = world.app.services.kernel.tell_tenants().await.unwrap();
        let of_support = told_of_support(&shut).await;
        assert_eq!(of_support.iter().filter(|action| *action == "support_view_refused").count(), 2);
        let _ = leave(&going, "after_grace").await;
        assert_eq!(refused(look(world, &going, &made[1]).await), SupportRefused::Leaving);
        let _ = going.post(GRANTS, json!({"collections": ["customers"]})).await.expect(403);
        let _ = frozen.post("/api/v1/account/freeze", json!({})).await.expect(204);
        assert_eq!(refused(look(world, &frozen, &made[2]).await), SupportRefused::Frozen);
    }

    async fn a_grant_is_as_good_as_the_role_of_who_gave_it(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let admin = world.member(&owner, Role::Admin).await;
        let made = grant(&admin, &["customers"], 24).await;
        assert_eq!(made["granted_by"], json!(admin.account));
        assert!(look(world, &owner, &made).await.is_ok());
        let at = format!("/api/v1/members/{}", admin.account.as_deref().unwrap());
        let _ = owner.put(&at, json!({"role": "editor"})).await.expect(204);
        assert_eq!(refused(look(world, &owner, &made).await), SupportRefused::NotGranted);
        let _ = owner.delete(&at).await.expect(204);
        assert_eq!(refused(look(world, &owner, &made).await), SupportRefused::NotGranted);
    }

    async fn who_is_no_admin_or_has_not_confirmed_lately_grants_nothing(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let wish = json!({"collections": ["customers"]});
        let made = grant(&owner, &["customers"], 1).await;
        let at = format!("{GRANTS}/{}", text(&made["id"]));
        for role in [Role::Viewer, Role::Editor] {
            let member = world.member(&owner, role).await;
            let _ = member.post(GRANTS, wish.clone()).await.problem(403, "forbidden");
            let _ = member.get(GRANTS).await.problem(403, "forbidden");
            let _ = member.delete(&at).await.problem(403, "forbidden");
        }
        let program = crate::shelf::token(&owner, &["records:read", "records:reveal", "collections:write"]).await;
        assert_eq!(program.post(GRANTS, wish.clone()).await.status, 403);
        assert_eq!(program.get(GRANTS).await.status, 403);
        world.later(Duration::from_secs(601));
        let _ = owner.post(GRANTS, wish).await.problem(403, "confirmation_required");
        // To end it, nobody has to confirm once more.
        let _ = owner.delete(&at).await.expect(204);
    }

    async fn what_cannot_be_granted_is_refused(world: World) {
        let owner = world.owner().await;
        let id = text(&customers(&owner).await["id"]).to_owned();
        let many: Vec<&str> = vec!["customers"; 101];
        for (wish, pointer, code) in [
            (json!({"collections": ["customers", "none"]}), "/collections/1", "no_such_collection"),
            (json!({"collections": [NOTHING]}), "/collections/0", "no_such_collection"),
            (json!({"collections": ["A b"]}), "/collections/0", "no_such_collection"),
            (json!({"collections": []}), "/collections", "count"),
            (json!({"collections": many}), "/collections", "count"),
            (json!({"collections": ["customers"], "hours": 0}), "/hours", "out_of_range"),
            (json!({"collections": ["customers"], "hours": 169}), "/hours", "out_of_range"),
        ] {
            let problem = owner.post(GRANTS, wish.clone()).await.problem(422, "invalid");
            assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]), (&json!(pointer), &json!(code)), "{wish}");
        }
        for wish in [json!({}), json!({"collections": "customers"}), json!({"collections": ["customers"], "hours": -1}),
            json!({"collections": ["customers"], "hours": "1"}), json!({"collections": ["customers"], "more": 1})] {
            let status = owner.post(GRANTS, wish.clone()).await.status;
            assert!([400, 422].contains(&status), "{wish}: {status}");
        }
        // Asked for twice, it is granted once.
        let once = owner.with_header("idempotency-key", "once");
        let wish = json!({"collections": [id], "hours": 1});
        let [first, second] = [once.post(GRANTS, wish.clone()).await.expect(201).json(), once.post(GRANTS, wish).await.expect(201).json()];
        assert_eq!(first, second);
        for _ in 1..10 {
            let _ = grant(&owner, &["customers"], 1).await;
        }
        let problem = owner.post(GRANTS, json!({"collections": ["customers"]})).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["code"], "too_many");
        let _ = owner.delete(&format!("{GRANTS}/{}", text(&first["id"]))).await.expect(204);
        let _ = grant(&owner, &["customers"], 1).await;
        // What has been over for long is forgotten.
        world.later(Duration::from_secs(91 * 86_400));
        let mut owner = owner;
        let _ = owner.sign_in().await.expect(201);
        let _ = owner.confirm(world).await.expect(200);
        let _ = grant(&owner, &["customers"], 1).await;
        assert_eq!(owner.get(GRANTS).await.expect(200).json()["items"].as_array().unwrap().len(), 1);
        assert_eq!(Beside::of(world).count("support_grant_collections"), 1);
    }

    async fn a_record_that_does_not_open_is_told_and_the_others_are_shown(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        for number in ["1", "2"] {
            let _ = customer(&owner, number).await;
        }
        let made = grant(&owner, &["customers"], 1).await;
        Beside::of(world).run("UPDATE records SET version = version + 1 WHERE id = (SELECT id FROM records ORDER BY id LIMIT 1)").unwrap();
        let seen = look(world, &owner, &made).await.unwrap();
        let opened: Vec<bool> = seen.records.iter().map(|record| record.values.is_some()).collect();
        assert_eq!(opened, [true, false]);
        let reader = operator(world, OfOperator::Reader).await;
        assert!(reader.actor.get(&page_of(&owner, &made)).await.expect(200).page().contains("Does not open"));
    }

    async fn a_grant_is_gone_with_its_tenant_and_with_who_gave_it(world: World) {
        // P-14
        let (owner, staying) = (world.owner().await, world.owner().await);
        for one in [&owner, &staying] {
            customers(one).await;
            let _ = customer(one, "1").await;
        }
        let (made, kept) = (grant(&owner, &["customers"], 168).await, grant(&staying, &["customers"], 168).await);
        let (_, cancellation) = (look(world, &owner, &made).await.unwrap(), leave(&owner, "now").await);
        world.app.sweep().await;
        let erased = crate::leaving::erasure(world, &cancellation).await;
        assert_eq!((&erased["purged"]["support_grants"], &erased["purged"]["support_grant_collections"]), (&json!(1), &json!(1)), "{erased}");
        assert_eq!(crate::leaving::rows(world, owner.tenant.as_deref().unwrap()), []);
        assert_eq!(refused(look(world, &owner, &made).await), SupportRefused::NotGranted);
        assert!(look(world, &staying, &kept).await.is_ok());
    }

    async fn what_was_put_back_from_a_copy_lets_support_look_at_nothing(world: World) {
        let mut owner = world.owner().await;
        customers(&owner).await;
        let made = grant(&owner, &["customers"], 168).await;
        world.restart().await;
        assert!(look(world, &owner, &made).await.is_ok());
        // As data that is older than what its keyring knows.
        Beside::of(world).run("UPDATE instance SET epoch = -1").unwrap();
        world.restart().await;
        assert_eq!(refused(look(world, &owner, &made).await), SupportRefused::NotGranted);
        owner = owner.moved_to(world);
        let _ = owner.sign_in().await.expect(201);
        assert!(listed(&owner, &made).await["ended_at"].is_string());
    }

    async fn the_page_grants_shows_how_often_support_looked_and_ends(world: World) {
        let owner = world.owner().await;
        let page = owner.with_header("accept", "text/html").with_header("accept-language", "en");
        let to = format!("/t/{}/support", owner.tenant.as_deref().unwrap());
        assert!(page.get(&to).await.expect(200).page().contains("There is no collection yet"));
        customers(&owner).await;
        assert!(page.get(&format!("/t/{}/members", owner.tenant.as_deref().unwrap())).await.expect(200).page().contains(&to));
        let post = async |path: &str, body: &str| {
            page.send_bytes(Method::POST, path, Some(("application/x-www-form-urlencoded", body.as_bytes().to_vec()))).await
        };
        for (wrong, said) in [("hours=24", "required"), ("collections=none&hours=24", "There is no such collection"), ("collections=customers&hours=999", "outside the allowed range"), ("collections=customers&hours=many", "Write a whole number")] {
            let refused = post(&to, wrong).await.expect(422).page();
            assert!(refused.contains("role=\"alert\"") && (said == "required" || refused.contains(said)), "{refused}");
        }
        let kept = post(&to, "collections=customers&hours=0").await.expect(422).page();
        assert!(kept.contains("value=\"customers\" checked"), "{kept}");
        let led = post(&to, "collections=customers&hours=4").await.expect(303).header("location");
        assert_eq!(led, format!("{to}?news=support_granted"));
        let made = owner.get(GRANTS).await.expect(200).json()["items"][0].clone();
        assert_eq!(made["expires_at"], json!(world.clock.now().plus(4 * HOUR)));
        for looked in 0..3 {
            let shown = page.get(&led).await.expect(200).page();
            assert!(shown.contains(&format!("Pages looked at: {looked}")) && shown.contains("Customers"), "{shown}");
            assert!(look(world, &owner, &made).await.is_ok());
        }
        let led = post(&format!("{to}/{}/end", text(&made["id"])), "").await.expect(303).header("location");
        let shown = page.get(&led).await.expect(200).page();
        assert!(shown.contains("Over since") && !shown.contains("End now"), "{shown}");
        assert_eq!(refused(look(world, &owner, &made).await), SupportRefused::NotGranted);
    }
}

/// Whoever runs the service has no other way to what a tenant keeps: where operators are served, nothing names what holds a
/// tenant's keys. That a [`Granted`](seif::kernel::operators::Granted) comes from a live grant alone, and is kept by nobody,
/// the examples at `kernel::operators::support` show by what does not compile.
#[test]
fn where_operators_are_served_nothing_holds_a_tenants_keys() {
    fn read(path: &std::path::Path, found: &mut Vec<String>) {
        if path.is_dir() {
            for entry in std::fs::read_dir(path).unwrap() {
                read(&entry.unwrap().path(), found);
            }
            return;
        }
        let text = std::fs::read_to_string(path).unwrap();
        for word in
            ["NoticeScope", "notice_scope", "TenantScope", "tenant_scope", "OwnerKeys", ".reach(", "TenantAccess"]
        {
            if text.contains(word) {
                found.push(format!("{}: {word}", path.display()));
            }
        }
    }
    let mut found = Vec::new();
    for part in ["src/operators", "src/web/console", "src/cli/support.rs", "src/cli/operators.rs", "src/cli/tenants.rs"]
    {
        read(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(part), &mut found);
    }
    assert_eq!(found, [""; 0]);
}
