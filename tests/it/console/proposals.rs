//! What takes two operators, in the console: one proposes by the ordinary form, another confirms, the first does it.

use std::ops::ControlFlow;
use std::time::Duration;

use seif::each_database;
use seif::kernel::keyring::rotation::Pace;
use seif::kernel::operators::deeds::RotateRoot;
use seif::kernel::operators::{Ledger, Role};
use seif::kernel::values::Locale;
use seif::policies::Document;
use seif::testing::World;

use super::{Who, made, operator, post};
use crate::operator_ledger::HERE;
use crate::policy_changes::texts;

const DAY: Duration = Duration::from_secs(86_400);

/// Another of the role, signed in.
async fn second(world: &World, role: Role) -> Who {
    let mut who = made(world, &format!("{}-2", role.name()), role).await;
    let _ = who.sign_in(world).await.expect(303);
    who
}

/// A second root version, which everything is wrapped by.
async fn rotate(world: &World) {
    let keyring = world.app.services.kernel.keyring().clone();
    let turn = move || {
        let pace = Pace { keys_per_second: 10_000 };
        let go_on = |_| ControlFlow::Continue(());
        Ledger::of(&keyring).operate_blocking(HERE, RotateRoot, |act| keyring.rotate_root(act, pace, go_on)).unwrap()
    };
    let _ = actix_web::web::block(turn).await.unwrap().unwrap();
}

async fn page(who: &Who) -> String {
    who.actor.get("/operator/proposals").await.expect(200).page()
}

/// The address of what is proposed, where `who` may say anything of it.
async fn proposal(who: &Who) -> String {
    let page = page(who).await;
    let id = page.split("/operator/proposals/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    format!("/operator/proposals/{id}")
}

fn roots(world: &World) -> Vec<i64> {
    world.app.services.kernel.keyring().status().unwrap().roots.iter().map(|root| root.version).collect()
}

each_database! {
    async fn one_proposes_by_a_form_another_confirms_and_the_first_does_it(world: World) {
        rotate(world).await;
        let (anna, berta) = (operator(world, Role::KeyKeeper).await, second(world, Role::KeyKeeper).await);
        let (reader, publisher) = (operator(world, Role::Reader).await, operator(world, Role::Publisher).await);
        let destruction = "/operator/keys/roots/1/destruction";
        for (who, may) in [(&anna, true), (&reader, false), (&publisher, false)] {
            let keys = who.actor.get("/operator/keys").await.expect(200).page();
            assert_eq!(keys.contains(destruction), may, "{}", who.name);
        }
        let _ = post(&anna.actor, "/operator/keys/roots/2/destruction", &[]).await.expect(422);
        let _ = post(&anna.actor, "/operator/keys/roots/9/destruction", &[]).await.expect(404);
        let to = post(&anna.actor, destruction, &[]).await.expect(303).header("location");
        assert_eq!(to, "/operator/proposals?news=console_proposed");
        assert!(roots(world).contains(&1));
        let proposal = proposal(&anna).await;
        let word = |what: &str| format!("{proposal}/{what}");
        for (who, confirms) in [(&anna, false), (&berta, true), (&reader, false), (&publisher, false)] {
            let page = page(who).await;
            assert_eq!(page.contains(&word("confirmation")), confirms, "{}", who.name);
            assert!(page.contains("Root version destroyed"), "each sees it");
        }
        let own = post(&anna.actor, &word("confirmation"), &[]).await.expect(422).page();
        assert!(own.contains("another operator confirms"), "{own}");
        let _ = post(&publisher.actor, &word("confirmation"), &[]).await.expect(403);
        let _ = post(&anna.actor, &word("deed"), &[]).await.expect(422);
        let _ = post(&berta.actor, &word("confirmation"), &[]).await.expect(303);
        let _ = post(&berta.actor, &word("deed"), &[]).await.expect(422);
        assert!(roots(world).contains(&1));
        let _ = post(&anna.actor, &word("deed"), &[]).await.expect(303);
        assert!(!roots(world).contains(&1));
        let _ = post(&anna.actor, &word("deed"), &[]).await.expect(422);
        let ledger = reader.actor.get("/operator/ledger").await.expect(200).page();
        assert!(ledger.contains("Confirmed by a second operator"));
    }

    async fn who_is_alone_does_it_at_once_and_the_ledger_says_so(world: World) {
        rotate(world).await;
        let anna = operator(world, Role::KeyKeeper).await;
        let to = post(&anna.actor, "/operator/keys/roots/1/destruction", &[]).await.expect(303).header("location");
        assert_eq!(to, "/operator/keys?news=console_done");
        assert!(!roots(world).contains(&1));
        let ledger = anna.actor.get("/operator/ledger").await.expect(200).page();
        assert!(ledger.contains("By one operator"));
    }

    async fn where_a_text_is_missing_the_readers_language_is_stated_seen_and_confirmed(world: World) {
        let policies = world.app.services.policies.clone();
        let (paul, petra) = (operator(world, Role::Publisher).await, second(world, Role::Publisher).await);
        let (form, preview) = ("/operator/policies/privacy/announcement", "/operator/policies/privacy/preview");
        let _ = policies.draft(Document::Privacy, texts(&[Locale::En, Locale::Lv]), HERE).await.unwrap();
        let shown = paul.actor.get("/operator/policies").await.expect(200).page();
        assert!(shown.contains("name=\"fallback\"") && shown.contains("lt, et, kk"), "{shown}");
        let without = paul.actor.get(preview).await.expect(200).page();
        let with = paul.actor.get(&format!("{preview}?fallback=lv")).await.expect(200).page();
        let mails = |page: &str| ["en", "lv", "lt", "et", "kk"].map(|tag| page.matches(&format!("<h2>{tag}: ")).count());
        // For each text its mail and itself; for the others the mail, once it is known which text it tells of.
        assert_eq!((mails(&without), mails(&with)), ([2, 2, 0, 0, 0], [2, 2, 1, 1, 1]));
        assert_eq!(with.matches("Politika (lv)").count(), 5 + without.matches("Politika (lv)").count() - 2);
        let _ = paul.actor.get(&format!("{preview}?fallback=xx")).await.expect(400);
        let at = world.clock.now().plus(DAY * 40).rfc3339();
        for (fallback, why) in [("no_fallback", "A language has no text yet"), ("kk", "A language has no text yet"), ("xx", "Please check this")] {
            let fields = [("effective_at", at.as_str()), ("weight", "material"), ("fallback", fallback)];
            let refused = post(&paul.actor, form, &fields).await.expect(422).page();
            assert!(refused.contains(why), "{fallback}: {refused}");
        }
        let fields = [("effective_at", at.as_str()), ("weight", "material"), ("fallback", "lv")];
        let _ = post(&paul.actor, form, &fields).await.expect(303);
        let proposal = proposal(&paul).await;
        assert!(page(&petra).await.contains("In the text of lv"), "whoever confirms sees it");
        let _ = post(&petra.actor, &format!("{proposal}/confirmation"), &[]).await.expect(303);
        let _ = post(&paul.actor, &format!("{proposal}/deed"), &[]).await.expect(303);
        let text = world.stranger().get("/api/v1/policies/privacy/2?language=kk").await.expect(200);
        assert_eq!(text.header("content-language"), "lv");
    }

    async fn a_document_is_announced_by_two_in_the_words_that_were_confirmed(world: World) {
        let policies = world.app.services.policies.clone();
        let (paul, petra) = (operator(world, Role::Publisher).await, second(world, Role::Publisher).await);
        let keeper = operator(world, Role::KeyKeeper).await;
        let _ = policies.draft(Document::Privacy, texts(&Locale::ALL), HERE).await.unwrap();
        let form = "/operator/policies/privacy/announcement";
        for (who, may) in [(&paul, true), (&keeper, false)] {
            let page = who.actor.get("/operator/policies").await.expect(200).page();
            assert_eq!(page.contains(form), may, "{}", who.name);
        }
        let at = world.clock.now().plus(DAY * 40).rfc3339();
        for fields in [[("effective_at", "soon"), ("weight", "material")], [("effective_at", at.as_str()), ("weight", "some")]] {
            let _ = post(&paul.actor, form, &fields).await.expect(422);
        }
        let fields = [("effective_at", at.as_str()), ("weight", "material")];
        let _ = post(&paul.actor, form, &fields).await.expect(303);
        let proposal = proposal(&paul).await;
        assert!(page(&petra).await.contains(&at), "whoever confirms sees from when on");
        let mut other = texts(&Locale::ALL);
        for text in &mut other {
            text.summary = Some("Something else changes.".to_owned());
        }
        let _ = policies.draft(Document::Privacy, other, HERE).await.unwrap();
        let changed = post(&petra.actor, &format!("{proposal}/confirmation"), &[]).await.expect(422).page();
        assert!(changed.contains("The draft is not what was proposed"), "{changed}");
        let _ = policies.draft(Document::Privacy, texts(&Locale::ALL), HERE).await.unwrap();
        let _ = post(&petra.actor, &format!("{proposal}/confirmation"), &[]).await.expect(303);
        let _ = post(&paul.actor, &format!("{proposal}/deed"), &[]).await.expect(303);
        let known = world.stranger().get("/api/v1/policies").await.expect(200).json();
        let second = known.as_array().unwrap().iter().find(|policy| policy["document"] == "privacy" && policy["version"] == 2);
        assert_eq!(second.unwrap()["state"], "announced");
    }

    async fn what_is_refused_here_is_not_done(world: World) {
        rotate(world).await;
        let (anna, berta) = (operator(world, Role::KeyKeeper).await, second(world, Role::KeyKeeper).await);
        let _ = post(&anna.actor, "/operator/keys/roots/1/destruction", &[]).await.expect(303);
        let proposal = proposal(&berta).await;
        let _ = post(&berta.actor, &format!("{proposal}/refusal"), &[]).await.expect(303);
        let decided = post(&berta.actor, &format!("{proposal}/confirmation"), &[]).await.expect(422).page();
        assert!(decided.contains("decided or done already"), "{decided}");
        assert!(roots(world).contains(&1));
        let _ = post(&berta.actor, "/operator/proposals/01947a2e-0000-7000-8000-000000000001/refusal", &[]).await.expect(404);
    }

    async fn a_business_leaves_on_its_behalf_by_two_administrators_and_its_owner_has_it_stay(world: World) {
        let owner = world.owner().await;
        let cancellation = "/api/v1/tenant/cancellation";
        let leaving = async || owner.get(cancellation).await.expect(200).json()["cancellation"].clone();
        let (anna, berta) = (operator(world, Role::Administrator).await, second(world, Role::Administrator).await);
        let (reader, keeper) = (operator(world, Role::Reader).await, operator(world, Role::KeyKeeper).await);
        let form = "/operator/tenants/erasure";
        let id = owner.tenant.clone().unwrap();
        for (who, may) in [(&anna, true), (&reader, false), (&keeper, false)] {
            let page = who.actor.get("/operator/tenants").await.expect(200).page();
            assert_eq!(page.contains(form), may, "{}", who.name);
            let asked = post(&who.actor, form, &[("tenant", "nobody")]).await;
            assert_eq!(asked.status, if may { 422 } else { 403 }, "{}", who.name);
        }
        let nobody = post(&anna.actor, form, &[("tenant", crate::table::NOTHING)]).await.expect(422).page();
        assert!(nobody.contains("There is no business of this id") && nobody.contains(crate::table::NOTHING), "{nobody}");
        let to = post(&anna.actor, form, &[("tenant", &id)]).await.expect(303).header("location");
        assert_eq!(to, "/operator/proposals?news=console_proposed");
        assert!(leaving().await.is_null());
        let proposal = proposal(&anna).await;
        let word = |what: &str| format!("{proposal}/{what}");
        assert!(page(&berta).await.contains(&id), "whoever confirms sees of whom");
        let _ = post(&anna.actor, &word("confirmation"), &[]).await.expect(422);
        let _ = post(&keeper.actor, &word("confirmation"), &[]).await.expect(403);
        let _ = post(&anna.actor, &word("deed"), &[]).await.expect(422);
        let _ = post(&berta.actor, &word("confirmation"), &[]).await.expect(303);
        assert!(leaving().await.is_null(), "a confirmation does nothing by itself");
        let _ = post(&anna.actor, &word("deed"), &[]).await.expect(303);
        assert_eq!(leaving().await["requester"], "operator");
        let shown = anna.actor.get("/operator/tenants").await.expect(200).page();
        assert!(shown.contains("About to leave"), "{shown}");
        let leaves = post(&anna.actor, form, &[("tenant", &id)]).await.expect(422).page();
        assert!(leaves.contains("This business is leaving already"), "{leaves}");
        let ledger = reader.actor.get("/operator/ledger").await.expect(200).page();
        assert!(ledger.contains("Erasure of a business begun") && ledger.contains(&id));
        let _ = owner.delete(cancellation).await.expect(204);
        assert!(leaving().await.is_null());
    }

    async fn who_is_the_only_administrator_begins_it_at_once(world: World) {
        let owner = world.owner().await;
        let anna = operator(world, Role::Administrator).await;
        let asked = post(&anna.actor, "/operator/tenants/erasure", &[("tenant", owner.tenant.as_deref().unwrap())]).await;
        assert_eq!(asked.expect(303).header("location"), "/operator/tenants?news=console_done");
        let ledger = anna.actor.get("/operator/ledger").await.expect(200).page();
        assert!(ledger.contains("By one operator"));
    }
}
