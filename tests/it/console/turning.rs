//! Turning keys over from the console: who may, what the ledger and the tenants' own audits say of it, and that it is done.

use std::time::Duration;

use seif::app::lookups::AllLookups;
use seif::each_database;
use seif::kernel::crypto::Owner;
use seif::kernel::keyring::rekeys::EVERYBODY;
use seif::kernel::operators::{Act, Entry, Of, Operator, Role, Step};
use seif::kernel::rekey::{Begun, Pause, Rekey, Stage, Turn, Waiting, WaitsFor};
use seif::testing::World;
use serde_json::json;

use super::pages::{begin, key_of, line_of, lines, tenant, words};
use super::{Who, operator, post};
use crate::operator_ledger::{begin_rekey, entries, keyring_of, told};
use crate::owner_keys::AT_ONCE;
use crate::shelf::{RECORDS, customers, somebody};

/// What the ledger has of an act, oldest first.
pub(super) fn of(world: &World, act: Act) -> Vec<Entry> {
    let mut found: Vec<Entry> = entries(world).into_iter().filter(|entry| entry.act == act).collect();
    found.reverse();
    found
}

/// That the ledger has one act of this operator on this, begun and done.
pub(super) fn done_by(world: &World, act: Act, who: Operator, about: &[Of]) {
    let found: Vec<_> = of(world, act).into_iter().map(|entry| (entry.operator, entry.step, entry.of)).collect();
    assert_eq!(found, [(who, Step::Begun, about.to_vec()), (who, Step::Done, about.to_vec())], "{act:?}");
}

pub(super) async fn id_of(world: &World, who: &Who) -> Operator {
    Operator::Account(world.app.services.operators.named(&who.name.parse().unwrap()).await.unwrap().id)
}

/// Presses a button that begins something, and waits until that is over.
async fn press(world: &World, who: &Who, path: &str, fields: &[(&str, &str)]) {
    let pressed = post(&who.actor, path, fields).await.expect(303);
    assert_eq!(pressed.header("location"), "/operator/keys?news=console_begun");
    world.app.services.operators.at_rest().await;
}

fn rekeys(world: &World, owner: Owner) -> Vec<Rekey> {
    world.app.services.kernel.keyring().rekeys(Some(owner)).unwrap()
}

/// Goes on with all that turn over, to their end: also where something came in behind meanwhile.
async fn go_on(world: &World) {
    let kernel = &world.app.services.kernel;
    let lookups = AllLookups::new(kernel);
    loop {
        match kernel.rekey_next(None, AT_ONCE, &lookups, &|_| ()).await.unwrap() {
            Turn::Reached(..) => {}
            Turn::Waits(_, Waiting { what: WaitsFor::Rest, .. }) => world.later(Duration::from_secs(61)),
            Turn::Waits(owner, waiting) => panic!("{owner:?} waits: {waiting:?}"),
            Turn::Nothing => break,
        }
    }
    let stages: Vec<_> = kernel.keyring().rekeys(None).unwrap().into_iter().map(|rekey| rekey.stage).collect();
    assert!(stages.iter().all(|stage| *stage == Stage::Destroyed), "{stages:?}");
}

each_database! {
    async fn a_business_s_key_is_turned_over_and_its_own_audit_says_so(world: World) {
        let (anna, berta) = (world.owner().await, world.owner().await);
        let keeper = operator(world, Role::KeyKeeper).await;
        let me = id_of(world, &keeper).await;
        press(world, &keeper, "/operator/keys/tenant", &[("tenant", &format!(" {} ", tenant(&anna)))]).await;
        done_by(world, Act::RotateKeys, me, &[Of::Tenant(tenant(&anna).parse().unwrap())]);
        let page = keeper.actor.get("/operator/keys").await.expect(200).page();
        assert!(words(&page).contains("Under way: keys under whose new version everything is Progress 0 0 / 1"));
        let shown = lines(&page);
        assert_eq!(line_of(&shown, &tenant(&anna))[2], "The new version is made");
        assert!(shown.iter().any(|line| line.len() == 6 && line[2] == me.to_string() && line[3] == "Keys turned over"));
        let in_audit: Vec<_> = told(&anna).await.iter().map(|item| (item["action"].clone(), item["actor"]["operator"].clone())).collect();
        assert_eq!(in_audit, [(json!("operator_rotated_keys"), json!(me.to_string()))]);
        assert!(told(&berta).await.is_empty() && rekeys(world, key_of(&berta)).is_empty());
        // The service does the rest.
        for _ in 0..3 {
            world.later(Duration::from_secs(60));
            world.app.sweep().await;
        }
        let rekey = rekeys(world, key_of(&anna)).pop().unwrap();
        assert_eq!((rekey.old.as_u32(), rekey.new.as_u32()), (1, 2));
        assert!(rekey.stage >= Stage::Alone && rekey.facts.sealed.values().sum::<u64>() > 0, "{rekey:?}");
        let keys = world.app.services.kernel.keyring().reach(key_of(&anna)).await.unwrap();
        assert_eq!(keys.current().as_u32(), 2);
    }

    async fn whoever_has_no_key_to_turn_over_is_said_to_have_none(world: World) {
        let (shut, going) = (world.owner().await, world.owner().await);
        let _ = shut.post("/api/v1/tenant/seal", json!({})).await.expect(204);
        let _ = crate::leaving::leave(&going, "after_grace").await;
        let keeper = operator(world, Role::KeyKeeper).await;
        let try_it = async |path: &str, name: &str, value: &str| {
            let page = post(&keeper.actor, path, &[(name, value)]).await.expect(422).page();
            assert!(page.contains(&format!("value=\"{value}\"")), "what was typed is gone");
            words(&page)
        };
        let never = "01947a2e-0000-7000-8000-000000000000";
        for (id, why) in [
            (never, "There is no business of this id."),
            (&tenant(&shut), "An owner has sealed this vault."),
            (&tenant(&going), "This business is being erased"),
        ] {
            assert!(try_it("/operator/keys/tenant", "tenant", id).await.contains(why), "{why}");
        }
        let steps: Vec<_> = of(world, Act::RotateKeys).iter().map(|entry| entry.step).collect();
        assert_eq!(steps, [Step::Begun, Step::Failed].repeat(3));
        for (path, name, value) in [
            ("/operator/keys/tenant", "tenant", "x"),
            ("/operator/keys/tenant", "tenant", ""),
            ("/operator/keys/older", "days", "x"),
            ("/operator/keys/older", "days", "-1"),
            ("/operator/keys/older", "days", "36501"),
            ("/operator/keys/older", "days", ""),
        ] {
            let _ = try_it(path, name, value).await;
        }
        assert_eq!(of(world, Act::RotateKeys).len(), 6);
        assert!(rekeys(world, key_of(&shut)).is_empty() && rekeys(world, key_of(&going)).is_empty());
    }

    async fn everybody_s_keys_begin_and_once_they_are_done_begin_anew(world: World) {
        let (anna, berta) = (world.owner().await, world.owner().await);
        let mut keeper = operator(world, Role::KeyKeeper).await;
        let me = id_of(world, &keeper).await;
        let keyring = world.app.services.kernel.keyring().clone();
        // Businesses and people.
        let all = keyring.keys_older_than(world.clock.now()).unwrap().len();
        assert!(all >= 4);
        press(world, &keeper, "/operator/keys/everybody", &[]).await;
        done_by(world, Act::RotateKeys, me, &[Of::Everybody]);
        assert_eq!(keyring.rekeys(None).unwrap().len(), all);
        assert_eq!((told(&anna).await.len(), told(&berta).await.len(), keyring.run_under_way().unwrap()), (1, 1, None));
        world.later(Duration::from_secs(1));
        // One that turns over is not begun again.
        press(world, &keeper, "/operator/keys/everybody", &[]).await;
        assert_eq!(keyring.rekeys(None).unwrap().len(), all);
        go_on(world).await;
        world.later(Duration::from_secs(1));
        press(world, &keeper, "/operator/keys/everybody", &[]).await;
        assert_eq!(rekeys(world, key_of(&anna)).iter().map(|rekey| rekey.new.as_u32()).collect::<Vec<_>>(), [2, 3]);
        // A run that was cut off goes on with whom it did not come to.
        go_on(world).await;
        let _ = keyring.begin_run(EVERYBODY, None).await.unwrap();
        world.later(Duration::from_secs(1));
        begin(world, &anna).await;
        go_on(world).await;
        let _ = keeper.sign_in(world).await.expect(303);
        press(world, &keeper, "/operator/keys/everybody", &[]).await;
        let newest = |owner| rekeys(world, owner).last().unwrap().new.as_u32();
        assert_eq!((newest(key_of(&anna)), newest(key_of(&berta)), keyring.run_under_way().unwrap()), (4, 4, None));
        go_on(world).await;
        // One that had come to everybody is over.
        let _ = keyring.begin_run(EVERYBODY, None).await.unwrap();
        world.later(Duration::from_secs(1));
        for owner in keyring.keys_older_than(world.clock.now()).unwrap() {
            let begun = begin_rekey(&world.app.services.kernel, owner).await;
            assert!(matches!(begun, Begun::Made(_)), "{owner:?}: {begun:?}");
        }
        go_on(world).await;
        press(world, &keeper, "/operator/keys/everybody", &[]).await;
        assert_eq!((newest(key_of(&anna)), newest(key_of(&berta))), (6, 6));
    }

    async fn of_keys_older_than_so_many_days_no_younger_one_turns_over(world: World) {
        let old = world.owner().await;
        world.later(Duration::from_secs(91 * 86_400));
        let young = world.owner().await;
        let admin = operator(world, Role::Administrator).await;
        press(world, &admin, "/operator/keys/older", &[("days", "90")]).await;
        done_by(world, Act::RotateKeys, id_of(world, &admin).await, &[Of::OlderThanDays(90)]);
        assert_eq!((rekeys(world, key_of(&old)).len(), rekeys(world, key_of(&young)).len()), (1, 0));
        press(world, &admin, "/operator/keys/older", &[("days", "0")]).await;
        assert_eq!((rekeys(world, key_of(&old)).len(), rekeys(world, key_of(&young)).len()), (1, 1));
    }

    async fn keys_that_turn_over_wait_and_go_on_when_they_are_told(world: World) {
        let anna = world.owner().await;
        let keeper = operator(world, Role::KeyKeeper).await;
        let me = id_of(world, &keeper).await;
        let page = async || keeper.actor.get("/operator/keys").await.expect(200).page();
        let offered = |page: &str| ["pause", "go-on"].map(|what| page.contains(&format!("action=\"/operator/keys/{what}\"")));
        assert_eq!(offered(&page().await), [false, false]);
        begin(world, &anna).await;
        assert_eq!(offered(&page().await), [true, false]);
        world.later(Duration::from_secs(1));
        let location = post(&keeper.actor, "/operator/keys/pause", &[]).await.expect(303).header("location");
        assert_eq!(location, "/operator/keys?news=console_done");
        done_by(world, Act::PauseKeys, me, &[Of::Everybody]);
        assert_eq!(offered(&page().await), [false, true]);
        assert_eq!(line_of(&lines(&page().await), &tenant(&anna))[10..], ["Waits", "–"]);
        let standing = || rekeys(world, key_of(&anna)).pop().map(|rekey| (rekey.paused, rekey.stage)).unwrap();
        world.later(Duration::from_secs(60));
        world.app.sweep().await;
        assert_eq!(standing(), (Pause::Waits, Stage::Made));
        let _ = post(&keeper.actor, "/operator/keys/go-on", &[]).await.expect(303);
        done_by(world, Act::ResumeKeys, me, &[Of::Everybody]);
        world.app.sweep().await;
        assert!(matches!(standing(), (Pause::Runs, stage) if stage > Stage::Made));
        let actions: Vec<_> = told(&anna).await.iter().skip(1).map(|item| item["action"].clone()).collect();
        assert_eq!(actions, [json!("operator_paused_keys"), json!("operator_resumed_keys")]);
        // How far whichever node it is has come with the values, how fast, and for how long still.
        let told = "UPDATE rekeys SET stage = 2, values_done = 5, values_all = 20, worked_ms = 5000";
        keyring_of(world).run(told).unwrap();
        let shown = lines(&page().await);
        assert_eq!(line_of(&shown, &tenant(&anna))[4..8], ["5 5 / 20", "1", "–", "15 s"]);
    }

    async fn a_key_that_waits_says_for_what_and_until_when(world: World) {
        let anna = world.owner().await;
        customers(&anna).await;
        let mut keeper = operator(world, Role::KeyKeeper).await;
        let once = anna.with_header("idempotency-key", "a-key-of-ours");
        let _ = once.post(RECORDS, json!({"values": somebody("1")})).await.expect(201);
        let over = world.clock.now().plus(Duration::from_secs(86_400));
        world.later(Duration::from_secs(1));
        begin(world, &anna).await;
        let shown = async |who: &Who| {
            let page = who.actor.get("/operator/keys").await.expect(200).page();
            let line = line_of(&lines(&page), &tenant(&anna)).to_vec();
            (line[2].clone(), line[10].clone(), page)
        };
        world.app.sweep().await;
        let (stage, waits, page) = shown(&keeper).await;
        assert_eq!([&stage, &waits], ["The new version is made", "Waits until every node knows of it"]);
        let settled = world.clock.now().plus(Duration::from_secs(15));
        assert!(page.contains(&format!("datetime=\"{}\"", settled.rfc3339())), "{}", words(&page));
        for _ in 0..3 {
            world.later(Duration::from_secs(60));
            world.app.sweep().await;
        }
        let (stage, waits, page) = shown(&keeper).await;
        let expected = ["Only the new version is written under", "Waits for the answers kept for repeated requests"];
        assert_eq!([&stage, &waits], expected);
        assert!(page.contains(&format!("datetime=\"{}\"", over.rfc3339())), "{}", words(&page));
        world.later(Duration::from_secs(86_400));
        world.app.sweep().await;
        let _ = keeper.sign_in(world).await.expect(303);
        let (stage, waits, _) = shown(&keeper).await;
        assert_eq!([&stage, &waits], ["The old version is retired", "Goes on"]);
    }

    async fn a_pace_is_set_for_the_keys_that_turn_over_and_stands_in_the_ledger(world: World) {
        let (anna, berta) = (world.owner().await, world.owner().await);
        let keeper = operator(world, Role::KeyKeeper).await;
        let me = id_of(world, &keeper).await;
        let page = async || keeper.actor.get("/operator/keys").await.expect(200).page();
        assert!(!page().await.contains("/operator/keys/pace"), "nothing turns over");
        begin(world, &anna).await;
        assert!(page().await.contains("action=\"/operator/keys/pace\""));
        for wrong in ["", "0", "-1", "x", "1000001", "99999999999"] {
            let again = post(&keeper.actor, "/operator/keys/pace", &[("values_rate", wrong)]).await.expect(422).page();
            assert!(again.contains(&format!("value=\"{wrong}\"")) && words(&again).contains("from 1 to 1000000"), "{wrong}");
        }
        assert!(of(world, Act::PaceKeys).is_empty());
        let set = post(&keeper.actor, "/operator/keys/pace", &[("values_rate", " 300 ")]).await.expect(303);
        assert_eq!(set.header("location"), "/operator/keys?news=console_done");
        done_by(world, Act::PaceKeys, me, &[Of::Everybody, Of::ValuesASecond(300)]);
        let shown = lines(&page().await);
        assert_eq!(line_of(&shown, &tenant(&anna))[6], "300");
        let in_ledger = shown.iter().find(|line| line.len() == 6 && line[3] == "Pace of keys set").unwrap();
        assert!(in_ledger[4].contains("Values a second, at most: 300"), "{in_ledger:?}");
        // What begins later goes as the service does by itself.
        begin(world, &berta).await;
        let pace = |whose| rekeys(world, whose).pop().unwrap().pace.map(|pace| pace.values_per_second.get());
        assert_eq!((pace(key_of(&anna)), pace(key_of(&berta))), (Some(300), None));
    }

    async fn the_root_key_is_turned_over_behind_the_request(world: World) {
        let _ = [world.owner().await, world.owner().await];
        let admin = operator(world, Role::Administrator).await;
        let keyring = world.app.services.kernel.keyring().clone();
        let owners: i64 = keyring.status().unwrap().by_root.iter().map(|(_, many)| many).sum();
        press(world, &admin, "/operator/keys/root", &[("rate", "500")]).await;
        done_by(world, Act::RotateRoot, id_of(world, &admin).await, &[]);
        let status = keyring.status().unwrap();
        assert_eq!(status.by_root, [(2, owners)]);
        let page = admin.actor.get("/operator/keys").await.expect(200).page();
        assert!(words(&page).contains(&format!("Progress {owners} {owners} / {owners}")), "{}", words(&page));
        assert!(lines(&page).iter().any(|line| line[..3] == ["2", &status.roots[1].provider, "Current"]));
    }

    async fn whoever_may_not_turn_keys_over_is_offered_nothing_and_refused(world: World) {
        let tenant = tenant(&world.owner().await);
        let before = world.app.services.kernel.keyring().status().unwrap().roots;
        for role in Role::ALL {
            let who = operator(world, role).await;
            let page = who.actor.get("/operator/keys").await.expect(200).page();
            let may = matches!(role, Role::KeyKeeper | Role::Administrator);
            assert_eq!(page.contains("action=\"/operator/keys/"), may, "{role:?}");
            if may {
                continue;
            }
            for what in ["root", "preparation", "tenant", "account", "older", "everybody", "pause", "go-on", "pace"] {
                let fields = [("tenant", tenant.as_str()), ("days", "0"), ("values_rate", "1")];
                let _ = post(&who.actor, &format!("/operator/keys/{what}"), &fields).await.problem(403, "forbidden");
            }
        }
        let keyring = world.app.services.kernel.keyring();
        assert_eq!((keyring.status().unwrap().roots, keyring.rekeys(None).unwrap()), (before, vec![]));
        assert!(entries(world).iter().all(|entry| matches!(entry.act, Act::AddOperator | Act::SignIn)));
    }
}
