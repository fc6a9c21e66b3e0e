//! A business that whoever runs the service has leave on its behalf: two operators, the whole grace, every member told, and
//! any owner's word is enough for it to stay (P-14).

use std::time::Duration;

use seif::each_database;
use seif::kernel::access::Role;
use seif::kernel::erasure::ErasureId;
use seif::kernel::ids::TenantId;
use seif::kernel::operators::{Act, Asked, Operator, ProposalError, Role as Duty, Step, TwoPersons};
use seif::kernel::personal::Personal;
use seif::tenants::leaving::OnBehalfError;
use seif::testing::{Actor, World};
use serde_json::{Value, json};

use crate::leaving::{erasure, is_erased};
use crate::operator_ledger::{HERE, entries, tenant, told};
use crate::shelf::{RECORDS, customer, customers, place, somebody, token};

const CANCELLATION: &str = "/api/v1/tenant/cancellation";
const SEAL: &str = "/api/v1/tenant/seal";
const DAY: Duration = Duration::from_secs(86_400);
const SECOND: Duration = Duration::from_secs(1);

/// A business with something in it.
async fn shop(world: &mut World) -> (Actor, String) {
    let owner = world.owner().await;
    let _ = customers(&owner).await;
    let record = place(&customer(&owner, "1").await);
    let _ = owner.get(&record).await.expect(200);
    let _ = token(&owner, &["records:read"]).await.get(RECORDS).await.expect(200);
    (owner, record)
}

async fn ask(world: &World, tenant: TenantId) -> Result<Asked<seif::kernel::clock::Time>, OnBehalfError> {
    world.app.services.leaving.erase_on_behalf(HERE, TwoPersons::Auto, tenant).await
}

/// Has it leave, where one operator is alone; gives when that is due.
async fn erase(world: &World, owner: &Actor) -> String {
    match ask(world, tenant(owner)).await.unwrap() {
        Asked::Done(due_at) => due_at.rfc3339(),
        Asked::Proposed(id) => panic!("proposed as {id}"),
    }
}

async fn standing(owner: &Actor) -> Value {
    owner.get(CANCELLATION).await.expect(200).json()["cancellation"].clone()
}

/// How many mails tell the actor of it, in words and with the day.
fn mails(world: &World, actor: &Actor, words: &str) -> usize {
    let to = format!("to: {}", actor.email);
    let unbroken = world.mails().into_iter().map(|mail| mail.replace("=\r\n", "").replace("=\n", ""));
    unbroken.filter(|mail| mail.to_lowercase().contains(&to) && mail.contains(words)).count()
}

/// What the ledger says of erasures, oldest first.
fn noted(world: &World) -> Vec<(Step, bool)> {
    let of_erasures = entries(world).into_iter().filter(|entry| entry.act == Act::EraseTenant);
    let mut noted: Vec<_> = of_erasures.map(|entry| (entry.step, entry.alone)).collect();
    noted.reverse();
    noted
}

async fn again(actor: &mut Actor, world: &World) {
    let _ = actor.sign_in().await.expect(201);
    let _ = actor.confirm(world).await.expect(200);
}

each_database! {
    async fn everybody_is_told_it_reads_and_exports_and_an_owner_has_it_stay(world: World) {
        let (anna, record) = shop(world).await;
        let (berta, theirs) = shop(world).await;
        let viewer = world.member(&anna, Role::Viewer).await;
        let due_at = erase(world, &anna).await;
        assert_eq!(due_at, world.clock.now().plus(DAY * 30).rfc3339());
        assert_eq!(noted(world), [(Step::Begun, true), (Step::Done, false)], "alone, and it says so");
        world.deliver().await;
        let words = "has begun to erase";
        for member in [&anna, &viewer] {
            assert_eq!(mails(world, member, words), 1);
            assert_eq!(mails(world, member, &due_at[..10]), 1);
        }
        assert_eq!(mails(world, &berta, words), 0);
        let shown = standing(&anna).await;
        assert_eq!((&shown["requester"], &shown["requested_by"]), (&json!("operator"), &Value::Null), "{shown}");
        assert_eq!((&shown["grace_until"], &shown["objectable_until"]), (&json!(due_at), &Value::Null));
        let page = format!("/t/{}/leaving", anna.tenant.as_deref().unwrap());
        let page = anna.with_header("accept", "text/html").get(&page).await.expect(200).page();
        assert!(page.contains("Whoever runs this service began it"), "{page}");
        let _ = anna.get(&record).await.expect(200);
        let _ = anna.post(RECORDS, json!({"values": somebody("2")})).await.problem(403, "tenant_leaving");
        let of_hers = told(&anna).await;
        assert_eq!(of_hers.len(), 1, "{of_hers:?}");
        assert_eq!(of_hers[0]["action"], "operator_asked_erasure");
        let begun = entries(world).into_iter().find(|entry| entry.act == Act::EraseTenant && entry.step == Step::Begun);
        assert_eq!(of_hers[0]["actor"], json!({"operator": "local:0", "entry": begun.unwrap().entry}));
        assert_eq!(told(&berta).await, Vec::<Value>::new());
        // Only an owner's word counts, and it is enough.
        let _ = viewer.delete(CANCELLATION).await.problem(403, "forbidden");
        let _ = anna.delete(CANCELLATION).await.expect(204);
        world.deliver().await;
        assert_eq!(mails(world, &viewer, "was taken back"), 1);
        let _ = customer(&anna, "2").await;
        world.later(DAY * 31);
        world.app.sweep().await;
        for (mut owner, record) in [(anna, record), (berta, theirs)] {
            again(&mut owner, world).await;
            let _ = owner.get(&record).await.expect(200);
        }
    }

    async fn after_the_whole_grace_it_is_erased_with_its_certificate_and_not_before(world: World) {
        let (mut anna, _) = shop(world).await;
        let (mut berta, theirs) = shop(world).await;
        let due_at = erase(world, &anna).await;
        let begun = standing(&anna).await;
        let name = anna.get("/api/v1/session").await.expect(200).json()["tenants"][0]["name"].as_str().unwrap().to_owned();
        world.later(DAY * 30 - SECOND);
        world.app.sweep().await;
        assert_eq!(erasure(world, &begun).await["state"], "scheduled");
        again(&mut anna, world).await;
        assert_eq!(standing(&anna).await["grace_until"], due_at);
        world.later(SECOND);
        world.app.sweep().await;
        world.later(Duration::from_secs(4));
        world.app.sweep().await;
        let erased = is_erased(world, &anna, &begun).await;
        let number = ErasureId::parse(begun["erasure_id"].as_str().unwrap()).unwrap();
        assert_eq!(erased["certificate"]["commitment"], number.commit(&Personal::new(name)));
        world.deliver().await;
        assert_eq!(mails(world, &anna, begun["erasure_id"].as_str().unwrap()), 1, "the proof's number is the owner's");
        again(&mut berta, world).await;
        let _ = berta.get(&theirs).await.expect(200);
        assert_eq!(ask(world, tenant(&anna)).await, Err(OnBehalfError::NoTenant), "it has left");
    }

    async fn who_is_not_there_or_leaves_already_is_neither_begun_nor_proposed(world: World) {
        let (anna, _) = shop(world).await;
        let nobody = crate::table::NOTHING.parse().unwrap();
        assert_eq!(ask(world, nobody).await, Err(OnBehalfError::NoTenant));
        let wish = crate::leaving::leave(&anna, "after_grace").await;
        assert_eq!(ask(world, tenant(&anna)).await, Err(OnBehalfError::Leaving));
        for name in ["clara", "dora"] {
            let _ = world.app.services.operators.add(HERE, &name.parse().unwrap(), Duty::Administrator).await.unwrap();
        }
        assert_eq!(ask(world, nobody).await, Err(OnBehalfError::NoTenant));
        assert_eq!(ask(world, tenant(&anna)).await, Err(OnBehalfError::Leaving));
        assert_eq!(noted(world), []);
        assert_eq!(standing(&anna).await["id"], wish["id"], "the owner's own wish is as it was");
        assert_eq!(told(&anna).await, Vec::<Value>::new());
    }

    async fn of_two_who_begin_it_at_once_one_does_and_everybody_is_told_once(world: World) {
        let (anna, _) = shop(world).await;
        let id = tenant(&anna);
        let (one, other) = futures_util::future::join(ask(world, id), ask(world, id)).await;
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        assert!([&one, &other].contains(&&Err(OnBehalfError::Leaving)), "{one:?} {other:?}");
        world.deliver().await;
        assert_eq!(mails(world, &anna, "has begun to erase"), 1);
    }

    async fn two_operators_stand_behind_it_and_both_are_administrators(world: World) {
        let (anna, record) = shop(world).await;
        let leaving = &world.app.services.leaving;
        let mut ids = Vec::new();
        for (name, role) in [("clara", Duty::Administrator), ("dora", Duty::Administrator), ("karin", Duty::KeyKeeper)] {
            let made = world.app.services.operators.add(HERE, &name.parse().unwrap(), role).await.unwrap();
            ids.push(Operator::Account(made.id));
        }
        let keeper = leaving.erase_on_behalf(ids[2], TwoPersons::Auto, tenant(&anna)).await;
        assert_eq!(keeper, Err(OnBehalfError::Rule(ProposalError::NotTheirs)));
        let asked = leaving.erase_on_behalf(ids[0], TwoPersons::Auto, tenant(&anna)).await.unwrap();
        assert!(matches!(asked, Asked::Proposed(_)), "{asked:?}");
        assert_eq!(noted(world), [(Step::Proposed, false)]);
        assert_eq!(standing(&anna).await, Value::Null);
        assert_eq!(told(&anna).await, Vec::<Value>::new(), "what is only proposed touches nobody");
        let _ = customer(&anna, "2").await;
        let _ = anna.get(&record).await.expect(200);
    }

    async fn a_sealed_vault_leaves_too_stays_sealed_and_an_owner_who_unseals_it_has_it_stay(world: World) {
        let (mut anna, record) = shop(world).await;
        let (mut berta, _) = shop(world).await;
        for owner in [&anna, &berta] {
            let _ = owner.post(SEAL, json!({})).await.expect(204);
            let _ = erase(world, owner).await;
            let _ = owner.get(&record).await.problem(423, "sealed");
            let _ = owner.get("/api/v1/audit").await.problem(423, "sealed");
        }
        world.deliver().await;
        assert_eq!((mails(world, &anna, "has begun to erase"), mails(world, &berta, "has begun to erase")), (1, 1));
        // Of a sealed vault nobody is told the wish; whoever unseals it sees it, and has it stay.
        let _ = anna.get(CANCELLATION).await.problem(423, "sealed");
        for owner in [&anna, &berta] {
            let _ = owner.delete(SEAL).await.expect(204);
        }
        world.later(Duration::from_secs(60));
        let _ = world.app.services.kernel.tell_tenants().await.unwrap();
        let wish = standing(&berta).await;
        assert_eq!(wish["requester"], "operator");
        assert_eq!(told(&berta).await.len(), 1, "told once it is open");
        let _ = anna.delete(CANCELLATION).await.expect(204);
        let _ = berta.post(SEAL, json!({})).await.expect(204);
        world.later(DAY * 30);
        world.app.sweep().await;
        world.later(Duration::from_secs(4));
        world.app.sweep().await;
        is_erased(world, &berta, &wish).await;
        let _ = berta.sign_in().await.problem(401, "sign_in_refused");
        again(&mut anna, world).await;
        let _ = anna.get(&record).await.expect(200);
    }
}
