//! What takes long and can wait, from the console: a root version prepared, paused and gone on with; a person's key; and a
//! retired version destroyed before its time.

use std::ops::ControlFlow;
use std::time::Duration;

use seif::each_database;
use seif::kernel::crypto::Owner;
use seif::kernel::ids::AccountId;
use seif::kernel::keyring::rotation::{Pace, RootEvent};
use seif::kernel::operators::deeds::{HoldKeys, RotateRoot};
use seif::kernel::operators::{Act, Ledger, Of, OperatorAct, Role, Step};
use seif::kernel::rekey::{Pause, Stage};
use seif::testing::World;

use super::pages::{begin, key_of, line_of, lines, tenant, words};
use super::turning::{done_by, id_of, of};
use super::{Who, operator, post};
use crate::operator_ledger::{HERE, told};

const PACE: Pace = Pace { keys_per_second: 1_000_000 };

/// More owners than one batch of a rotation takes.
async fn crowd(world: &World) {
    let kernel = &world.app.services.kernel;
    for _ in 0..100 {
        kernel.keyring().create(Owner::Account(AccountId::new(kernel.now(), kernel.entropy()))).await.unwrap();
    }
}

/// Begins to turn the root key over, and breaks off after the first batch.
fn break_off(world: &World) {
    let keyring = world.app.services.kernel.keyring();
    let turn = |act: &OperatorAct<RotateRoot>| keyring.rotate_root(act, PACE, |_| ControlFlow::Break(()));
    Ledger::of(keyring).operate_blocking(HERE, RotateRoot, turn).unwrap().unwrap();
}

fn rest(world: &World) -> i64 {
    let status = world.app.services.kernel.keyring().status().unwrap();
    status.by_root.iter().filter(|(version, _)| *version == 1).map(|(_, keys)| keys).sum()
}

async fn keys_page(who: &Who) -> String {
    who.actor.get("/operator/keys").await.expect(200).page()
}

each_database! {
    async fn a_root_version_waits_and_goes_on_when_it_is_told(world: World) {
        crowd(world).await;
        let keeper = operator(world, Role::KeyKeeper).await;
        let me = id_of(world, &keeper).await;
        break_off(world);
        let left = rest(world);
        assert!(left > 0);
        let offered = |page: &str| {
            ["pause", "go-on", "root", "preparation"].map(|what| page.contains(&format!("action=\"/operator/keys/{what}\"")))
        };
        assert_eq!(offered(&keys_page(&keeper).await), [true, false, true, false]);
        let _ = post(&keeper.actor, "/operator/keys/pause", &[]).await.expect(303);
        done_by(world, Act::PauseKeys, me, &[Of::Everybody]);
        let page = keys_page(&keeper).await;
        assert_eq!(offered(&page), [false, true, false, false]);
        assert!(words(&page).contains("State Waits"), "{}", words(&page));
        // Whoever would go on with it leaves it, and so does a new wish.
        world.app.sweep().await;
        assert_eq!(rest(world), left);
        let page = post(&keeper.actor, "/operator/keys/root", &[("rate", "500")]).await.expect(422).page();
        assert!(words(&page).contains("Something of the kind is under way already."));
        let keyring = world.app.services.kernel.keyring();
        let turn = |act: &OperatorAct<RotateRoot>| keyring.rotate_root(act, PACE, |_| ControlFlow::Continue(()));
        let turned = Ledger::of(keyring).operate_blocking(HERE, RotateRoot, turn).unwrap().unwrap();
        assert_eq!((turned.version, turned.rewrapped, turned.paused), (2, 0, Pause::Waits));
        world.later(Duration::from_secs(1));
        let _ = post(&keeper.actor, "/operator/keys/go-on", &[]).await.expect(303);
        assert_eq!(rest(world), left);
        world.app.sweep().await;
        assert_eq!((rest(world), keyring.status().unwrap().root), (0, Pause::Runs));
        let events: Vec<_> = keyring.status().unwrap().history.into_iter().filter(|line| line.version == 2).map(|line| (line.event, line.keys)).collect();
        let held = [(RootEvent::Held, left), (RootEvent::GoesOn, left), (RootEvent::Rewrapped, left)];
        assert!(held.iter().all(|event| events.contains(event)), "{events:?}");
        // With nothing on its way there is nothing to pause.
        let hold = HoldKeys { whose: None, to: Pause::Waits };
        let kernel = &world.app.services.kernel;
        let held = kernel.operate(HERE, hold, async |act| keyring.pause_rekeys(act).await).await.unwrap().unwrap();
        assert_eq!((held.keys, held.root), (0, Some(Pause::Runs)));
        assert_eq!(offered(&keys_page(&keeper).await), [false, false, true, true]);
    }

    async fn a_root_version_is_prepared_first_and_then_wraps_at_the_pace_that_is_wanted(world: World) {
        let _ = world.owner().await;
        let keeper = operator(world, Role::KeyKeeper).await;
        let me = id_of(world, &keeper).await;
        let keyring = world.app.services.kernel.keyring().clone();
        let to = post(&keeper.actor, "/operator/keys/preparation", &[]).await.expect(303).header("location");
        assert_eq!(to, "/operator/keys?news=console_done");
        done_by(world, Act::PrepareRoot, me, &[]);
        let status = keyring.status().unwrap();
        assert_eq!((status.prepared, status.roots.len()), (Some(2), 1));
        let page = keys_page(&keeper).await;
        assert!(words(&page).contains("Prepared, and wraps nothing yet: version 2"));
        assert!(!page.contains("/operator/keys/preparation"));
        for rate in ["", "0", "-1", "1.5", "x", "100001", "4294967296"] {
            let page = post(&keeper.actor, "/operator/keys/root", &[("rate", rate)]).await.expect(422).page();
            assert!(page.contains(&format!("value=\"{rate}\"")), "what was typed is gone");
            assert!(words(&page).contains("Owner keys a second, from 1 to 100000."));
        }
        assert!(of(world, Act::RotateRoot).is_empty());
        let _ = post(&keeper.actor, "/operator/keys/root", &[("rate", " 100000 ")]).await.expect(303);
        world.app.services.operators.at_rest().await;
        let status = keyring.status().unwrap();
        assert_eq!((status.prepared, status.by_root.len(), status.by_root[0].0), (None, 1, 2));
    }

    async fn a_person_s_key_is_turned_over(world: World) {
        let anna = world.owner().await;
        let keyring = world.app.services.kernel.keyring().clone();
        let keeper = operator(world, Role::KeyKeeper).await;
        let me = id_of(world, &keeper).await;
        let owners = keyring.keys_older_than(world.clock.now()).unwrap();
        let account = owners.into_iter().find_map(|owner| if let Owner::Account(id) = owner { Some(id) } else { None });
        let account = account.unwrap();
        for wrong in ["01947a2e-0000-7000-8000-000000000000", "anna", ""] {
            let page = post(&keeper.actor, "/operator/keys/account", &[("account", wrong)]).await.expect(422).page();
            assert!(words(&page).contains("There is no account of this id.") && page.contains(&format!("value=\"{wrong}\"")));
        }
        let before = of(world, Act::RotateKeys).len();
        let _ = post(&keeper.actor, "/operator/keys/account", &[("account", &account.to_string())]).await.expect(303);
        let entries: Vec<_> = of(world, Act::RotateKeys).into_iter().skip(before).map(|entry| (entry.operator, entry.step, entry.of)).collect();
        assert_eq!(entries, [Step::Begun, Step::Done].map(|step| (me, step, vec![Of::Account(account)])));
        let begun: Vec<_> = keyring.rekeys(None).unwrap().into_iter().map(|rekey| rekey.owner).collect();
        assert_eq!(begun, [Owner::Account(account)]);
        assert!(told(&anna).await.is_empty());
    }

    async fn a_retired_version_is_destroyed_before_its_time_and_the_page_says_what_goes_with_it(world: World) {
        let (anna, berta) = (world.owner().await, world.owner().await);
        let keyring = world.app.services.kernel.keyring().clone();
        for owner in [&anna, &berta] {
            begin(world, owner).await;
        }
        let keeper = operator(world, Role::KeyKeeper).await;
        let reader = operator(world, Role::Reader).await;
        let me = id_of(world, &keeper).await;
        let path = "/operator/keys/retired";
        let destroy = async |who: &Who, owner: &str, version: &str| {
            post(&who.actor, "/operator/keys/retired/destruction", &[("tenant", owner), ("version", version)]).await
        };
        let stage = |of: Owner| keyring.rekeys(Some(of)).unwrap().pop().unwrap().stage;
        // Not before it is retired.
        assert!(!keys_page(&keeper).await.contains(path));
        let early = destroy(&keeper, &tenant(&anna), "1").await.expect(422).page();
        assert!(words(&early).contains("This version is not retired, or is destroyed already."));
        for _ in 0..3 {
            world.later(Duration::from_secs(60));
            world.app.sweep().await;
        }
        assert_eq!([stage(key_of(&anna)), stage(key_of(&berta))], [Stage::Retired; 2]);
        assert!(keys_page(&keeper).await.contains(path));
        let page = keeper.actor.get(path).await.expect(200).page();
        assert_eq!(line_of(&lines(&page), &tenant(&anna))[1..2], ["1"]);
        assert!(words(&page).contains("open no more") && words(&page).contains("No place of back-ups is configured"));
        assert!(!reader.actor.get(path).await.expect(200).page().contains("/destruction"));
        let _ = destroy(&reader, &tenant(&anna), "1").await.problem(403, "forbidden");
        for (owner, version) in [(tenant(&anna).as_str(), "2"), (tenant(&anna).as_str(), "0"), (&tenant(&anna), "x"), ("x", "1"), ("", "")] {
            let _ = destroy(&keeper, owner, version).await.expect(422);
        }
        let before = of(world, Act::RotateKeys).len();
        let to = destroy(&keeper, &tenant(&anna), "1").await.expect(303).header("location");
        assert_eq!(to, "/operator/keys/retired?news=console_begun");
        world.app.sweep().await;
        assert_eq!([stage(key_of(&anna)), stage(key_of(&berta))], [Stage::Destroyed, Stage::Retired]);
        let entries: Vec<_> = of(world, Act::RotateKeys).into_iter().skip(before).map(|entry| (entry.operator, entry.step)).collect();
        assert_eq!(entries, [(me, Step::Begun), (me, Step::Done)]);
        let _ = anna.get("/api/v1/collections").await.expect(200);
    }
}
