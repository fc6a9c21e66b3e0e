//! A sealed vault: nobody reads or writes in it, on no node, until an owner unseals it by a strong confirmation.

use std::time::Duration;

use seif::each_database;
use seif::kernel::access::Role;
use seif::kernel::crypto::Owner;
use seif::kernel::keyring::KeyringError;
use seif::kernel::rekey::{Begun, End, Rules, Turn, Waiting, WaitsFor};
use seif::kernel::store::StoreError;
use seif::testing::Actor;
use serde_json::{Value, json};

use crate::audit::scope;
use crate::operator_ledger::begin_rekey;
use crate::shelf::{RECORDS, SEARCH, customer, customers, place, somebody, token};
use crate::traces::{copy_of_data, restore_data};

const SEAL: &str = "/api/v1/tenant/seal";

fn tenant(actor: &Actor) -> Owner {
    Owner::Tenant(actor.tenant.as_deref().unwrap().parse().unwrap())
}

/// Whatever the vault answers is that it is sealed.
async fn nothing_opens(actor: &Actor, record: &str) {
    let _ = actor.get(record).await.problem(423, "sealed");
    let _ = actor.post(SEARCH, json!({"where": {"number": "1"}})).await.problem(423, "sealed");
    let _ = actor.get("/api/v1/audit").await.problem(423, "sealed");
    let _ = actor.post(RECORDS, json!({"values": somebody("9")})).await.problem(423, "sealed");
}

async fn told(actor: &Actor, kind: &str) -> usize {
    let feed = actor.get("/api/v1/account/notices").await.expect(200).json();
    feed["items"].as_array().unwrap().iter().filter(|item| item["kind"] == kind).count()
}

each_database! {
    async fn an_owner_seals_it_in_one_step_and_no_node_opens_it_until_an_owner_unseals_it(world: World) {
        let owner = world.owner().await;
        let second = world.member(&owner, Role::Owner).await;
        let viewer = world.member(&owner, Role::Viewer).await;
        customers(&owner).await;
        let record = place(&customer(&owner, "1").await);
        let program = token(&owner, &["records:read", "records:write", "audit:read"]).await;
        let node = world.node().await;
        // Both nodes hold the keys.
        for actor in [&program, &node.visited_by(&program)] {
            let _ = actor.get(&record).await.expect(200);
        }
        assert_eq!(owner.get(SEAL).await.expect(200).json(), json!({"sealed": false, "sealed_at": null, "sealed_by": null}));
        let _ = viewer.post(SEAL, json!({})).await.problem(403, "forbidden");
        let held = scope(world, &owner);
        let _ = owner.post(SEAL, json!({})).await.expect(204);
        for actor in [&owner, &second, &program] {
            nothing_opens(actor, &record).await;
            // At once: not when its next reading of the keyring comes round.
            nothing_opens(&node.visited_by(actor), &record).await;
        }
        // Nor does a request that was let in before.
        let kernel = &world.app.services.kernel;
        let read = kernel.read(&held, |_, _| Ok::<_, StoreError>(())).await;
        let written = kernel.write("records.create", &held, |_, _| Ok::<_, StoreError>(())).await;
        assert!(matches!((read, written), (Err(StoreError::Sealed(_)), Err(StoreError::Sealed(_)))));
        let whose = tenant(&owner);
        for kernel in [&world.app.services.kernel, &node.app.services.kernel] {
            assert!(matches!(kernel.keyring().keys(whose), Err(KeyringError::Sealed(_))));
        }
        // Who they are and where they belong, they see all the same, signing in anew too.
        let mut again = viewer.clone();
        let view = again.sign_in().await.expect(201).json();
        let here = |view: &Value| view["tenants"].as_array().unwrap().iter().find(|one| one["id"] == owner.tenant.as_deref().unwrap()).cloned().unwrap();
        assert_eq!((&here(&view)["name"], &here(&view)["sealed"]), (&Value::Null, &json!(true)));
        let state = again.get(SEAL).await.expect(200).json();
        assert_eq!((&state["sealed"], &state["sealed_by"]), (&json!(true), &json!(owner.account)));
        let _ = owner.post(SEAL, json!({})).await.expect(204);
        for actor in [&owner, &second] {
            assert_eq!(told(actor, "vault_sealed").await, 1);
        }
        assert_eq!(told(&viewer, "vault_sealed").await, 0);
        // What goes on in the background leaves it alone, and so does a start.
        world.app.sweep().await;
        world.restart().await;
        let (owner, second, program) = (owner.moved_to(world), second.moved_to(world), program.moved_to(world));
        nothing_opens(&program, &record).await;
        let _ = viewer.moved_to(world).delete(SEAL).await.problem(403, "forbidden");
        let _ = second.delete(SEAL).await.expect(204);
        let _ = second.delete(SEAL).await.problem(404, "not_found");
        for actor in [&owner, &program, &node.visited_by(&program)] {
            let _ = actor.get(&record).await.expect(200);
        }
        let _ = program.post(RECORDS, json!({"values": somebody("2")})).await.expect(201);
        let audit = owner.get("/api/v1/audit").await.expect(200).json();
        for (action, by) in [("vault_sealed", &owner), ("vault_unsealed", &second)] {
            let entries = audit["items"].as_array().unwrap().iter().filter(|item| item["action"] == action).collect::<Vec<_>>();
            assert_eq!(entries.len(), 1, "{action}: {audit}");
            assert!(entries[0]["actor"].to_string().contains(by.account.as_deref().unwrap()), "{}", entries[0]);
        }
        assert_eq!(told(&owner, "vault_unsealed").await, 1);
        node.stop().await;
    }

    async fn unsealing_takes_the_strongest_that_the_account_has_and_is_fresh(world: World) {
        let mut owner = world.owner().await;
        customers(&owner).await;
        let record = place(&customer(&owner, "1").await);
        let app = owner.enrol_app(world).await;
        let _ = owner.confirm_by("totp", &app.next_code(world)).await.expect(200);
        world.later(Duration::from_secs(601));
        // Whoever is confirmed seals; long ago will do.
        let _ = owner.post(SEAL, json!({})).await.expect(204);
        let _ = owner.delete(SEAL).await.problem(403, "confirmation_required");
        let _ = owner.confirm(world).await.expect(200);
        let _ = owner.delete(SEAL).await.problem(403, "confirmation_required");
        nothing_opens(&owner, &record).await;
        let _ = owner.confirm_by("totp", &app.next_code(world)).await.expect(200);
        let _ = owner.delete(SEAL).await.expect(204);
        let _ = owner.get(&record).await.expect(200);
        let mut below = owner.clone();
        let _ = below.sign_in().await.expect(201);
        let _ = below.post(SEAL, json!({})).await.problem(403, "confirmation_required");
        let _ = owner.get(&record).await.expect(200);
    }

    async fn no_restore_of_the_data_opens_it_and_no_key_turns_over_in_it(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let record = place(&customer(&owner, "1").await);
        let old = tempfile::tempdir().unwrap();
        let copy = copy_of_data(world, old.path()).await;
        let owner = owner.moved_to(world);
        let kernel = world.app.services.kernel.clone();
        let whose = tenant(&owner);
        assert!(matches!(begin_rekey(&kernel, whose).await, Begun::Made(_)));
        let _ = owner.post(SEAL, json!({})).await.expect(204);
        let lookups = seif::app::lookups::AllLookups::new(&kernel);
        let rules = Rules { settle: Duration::ZERO, retention: Duration::ZERO, values_per_second: 1_000, end: End::InTime };
        assert_eq!(kernel.rekey_next(None, rules, &lookups, &|_| ()).await.unwrap(), Turn::Waits(whose, Waiting { what: WaitsFor::Unsealing, until: None }));
        assert_eq!(begin_rekey(&kernel, whose).await, Begun::Sealed);
        drop((kernel, lookups));
        let original = world.database_urls().first().cloned();
        restore_data(world, &copy).await;
        if let Some(url) = original {
            seif::testing::drop_database(&url);
        }
        // A restore ends every session.
        let mut owner = owner.moved_to(world);
        let _ = owner.sign_in().await.expect(201);
        let _ = owner.confirm(world).await.expect(200);
        nothing_opens(&owner, &record).await;
        let _ = owner.delete(SEAL).await.expect(204);
        let _ = owner.get(&record).await.expect(200);
        world.later(Duration::from_secs(2 * 3_600));
        let kernel = world.app.services.kernel.clone();
        let lookups = seif::app::lookups::AllLookups::new(&kernel);
        assert!(matches!(kernel.rekey_next(None, rules, &lookups, &|_| ()).await.unwrap(), Turn::Reached(..)));
    }

    async fn whoever_sealed_their_vault_leaves_all_the_same_once_that_is_due(world: World) {
        let owner = world.owner().await;
        customers(&owner).await;
        let _ = customer(&owner, "1").await;
        let wish = json!({"tenant_name": name_of(&owner).await, "when": "after_grace"});
        let begun = owner.post("/api/v1/tenant/cancellation", wish).await.expect(202).json();
        let _ = owner.post(SEAL, json!({})).await.expect(204);
        let _ = owner.delete("/api/v1/tenant/cancellation").await.problem(423, "sealed");
        world.later(Duration::from_secs(31 * 86_400));
        world.app.sweep().await;
        let path = format!("/api/v1/erasures/{}", begun["erasure_id"].as_str().unwrap());
        assert_eq!(world.stranger().get(&path).await.expect(200).json()["state"], "erased");
        assert!(world.app.services.kernel.keyring().sealed_tenants().unwrap().is_empty());
    }

    async fn by_forms_alone_an_owner_seals_and_unseals(world: World) {
        let owner = world.owner().await;
        let browser = owner.with_header("accept", "text/html");
        let vault = format!("/t/{}/", owner.tenant.as_deref().unwrap());
        let page = browser.get(&format!("{vault}seal")).await.expect(200).page();
        assert!(page.contains(&format!("action=\"{vault}seal\"")), "{page}");
        assert!(browser.get(&vault).await.expect(200).page().contains(&format!("href=\"{vault}seal\"")));
        let form = async |path: String| {
            let body = Some(("application/x-www-form-urlencoded", Vec::new()));
            browser.send_bytes(reqwest::Method::POST, &path, body).await.expect(303).header("location")
        };
        assert_eq!(form(format!("{vault}seal")).await, format!("{vault}seal"));
        // Wherever they go in the vault they are led to what opens it, and so they are from the door.
        assert_eq!(browser.get(&vault).await.expect(303).header("location"), format!("{vault}seal"));
        assert_eq!(browser.get("/").await.expect(303).header("location"), format!("{vault}seal"));
        let page = browser.get(&format!("{vault}seal")).await.expect(200).page();
        assert!(page.contains(&format!("action=\"{vault}seal/opening\"")) && page.contains("The vault is sealed"), "{page}");
        assert_eq!(form(format!("{vault}seal/opening")).await, vault);
        let _ = browser.get(&vault).await.expect(200);
    }
}

async fn name_of(owner: &Actor) -> String {
    let view = owner.get("/api/v1/session").await.expect(200).json();
    view["tenants"][0]["name"].as_str().unwrap().to_owned()
}
