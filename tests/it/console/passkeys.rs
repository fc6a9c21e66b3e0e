//! Operators' passkeys: made in the console, enough to sign in to it, and whatever is wrong with one is refused (S-1, R-20).

use std::time::Duration;

use seif::each_database;
use seif::kernel::operators::{Act, Role};
use seif::testing::{Actor, Answer, World};
use serde_json::Value;

use super::{Who, operator, post};
use crate::operator_ledger::entries;
use crate::passkeys::device::Device;
use crate::passkeys::wrong;

/// What a page asks of a device.
struct Asked {
    to: String,
    question: String,
    options: Value,
}

impl Asked {
    fn of(page: &str) -> Self {
        let after = |before: &str| page.split(before).nth(1).unwrap().split('"').next().unwrap().to_owned();
        let options = after("data-options=\"").replace("&quot;", "\"").replace("&amp;", "&");
        Self {
            to: after("method=\"post\" action=\"").replace("&amp;", "&"),
            question: after("name=\"question\" value=\""),
            options: serde_json::from_str(&options).unwrap(),
        }
    }

    async fn answered(&self, actor: &Actor, credential: &Value) -> Answer {
        let credential = credential.to_string();
        post(actor, &self.to, &[("question", &self.question), ("credential", &credential)]).await
    }
}

/// Asks to sign in by a passkey.
async fn asks(stranger: &Actor) -> Asked {
    Asked::of(&post(stranger, "/operator/sign-in/question", &[]).await.expect(200).page())
}

/// Makes a passkey.
async fn makes(who: &Who, device: &mut Device) -> Answer {
    let asked = Asked::of(&post(&who.actor, "/operator/me/question", &[]).await.expect(200).page());
    let made = device.makes(&asked.options);
    asked.answered(&who.actor, &made).await
}

fn sign_ins(world: &World) -> usize {
    entries(world).iter().filter(|entry| entry.act == Act::SignIn).count()
}

each_database! {
    async fn a_passkey_signs_in_alone_and_each_question_is_answered_once(world: World) {
        let anna = operator(world, Role::Reader).await;
        let mut device = Device::new(world, 1);
        let _ = makes(&anna, &mut device).await.expect(303);
        let before = sign_ins(world);
        let mut stranger = world.stranger();
        let asked = asks(&stranger).await;
        let said = device.uses(&asked.options);
        let signed_in = asked.answered(&stranger, &said).await.expect(303);
        assert_eq!(signed_in.header("location"), "/operator");
        stranger.keep_session(&signed_in);
        let _ = stranger.get("/operator").await.expect(200);
        assert_eq!(sign_ins(world), before + 2, "begun and done");
        // Nobody uses an answer twice.
        let again = asked.answered(&world.stranger(), &said).await;
        assert!(again.expect(401).session_cookie().is_none());
        // From its removal on it signs nobody in.
        let _ = post(&anna.actor, "/operator/me/removal", &[]).await.expect(303);
        let asked = asks(&world.stranger()).await;
        let said = device.uses(&asked.options);
        let gone = asked.answered(&world.stranger(), &said).await;
        assert!(gone.expect(401).session_cookie().is_none());
        assert_eq!(sign_ins(world), before + 2);
    }

    async fn whatever_is_wrong_with_a_passkey_signs_nobody_in(world: World) {
        let (anna, berta) = (operator(world, Role::Reader).await, operator(world, Role::Administrator).await);
        let (mut device, mut hers) = (Device::new(world, 1), Device::new(world, 2));
        for (who, device) in [(&anna, &mut device), (&berta, &mut hers)] {
            let _ = makes(who, device).await.expect(303);
        }
        let before = sign_ins(world);
        let stranger = world.stranger();
        let refused = |answer: Answer, what: &str| {
            assert_eq!((answer.status, answer.session_cookie()), (401, None), "{what}");
        };
        for (what, mut device) in wrong(&device) {
            let asked = asks(&stranger).await;
            let said = device.uses(&asked.options);
            refused(asked.answered(&stranger, &said).await, what);
        }
        let mut unknown = Device::new(world, 3);
        unknown.user.clone_from(&device.user);
        let mut as_other = device.clone();
        as_other.user.clone_from(&hers.user);
        for (what, device) in [("a key that nobody enrolled", &mut unknown), ("another's name", &mut as_other)] {
            let asked = asks(&stranger).await;
            let said = device.uses(&asked.options);
            refused(asked.answered(&stranger, &said).await, what);
        }
        let (asked, other) = (asks(&stranger).await, asks(&stranger).await);
        let said = device.uses(&other.options);
        refused(asked.answered(&stranger, &said).await, "an answer to another question");
        let asked = asks(&stranger).await;
        refused(asked.answered(&stranger, &Value::Null).await, "no answer");
        let asked = Asked { question: "nothing".to_owned(), ..asks(&stranger).await };
        refused(asked.answered(&stranger, &said).await, "no question");
        let asked = asks(&stranger).await;
        world.later(Duration::from_secs(601));
        let said = device.uses(&asked.options);
        refused(asked.answered(&stranger, &said).await, "too late");
        assert_eq!(sign_ins(world), before, "what is refused is no sign-in");
        let asked = asks(&stranger).await;
        let said = device.uses(&asked.options);
        let _ = asked.answered(&stranger, &said).await.expect(303);
    }

    async fn a_passkey_is_made_by_whoever_has_shown_a_code_just_now_and_for_oneself(world: World) {
        let (anna, berta) = (operator(world, Role::Reader).await, operator(world, Role::Publisher).await);
        let mut device = Device::new(world, 1);
        let asked = Asked::of(&post(&anna.actor, "/operator/me/question", &[]).await.expect(200).page());
        let made = device.makes(&asked.options);
        let _ = asked.answered(&berta.actor, &made).await.expect(401);
        let _ = asked.answered(&anna.actor, &made).await.expect(401);
        world.later(Duration::from_secs(601));
        let _ = post(&anna.actor, "/operator/me/question", &[]).await.problem(403, "confirmation_required");
        let nobody = asks(&world.stranger()).await;
        let said = device.uses(&nobody.options);
        assert_eq!(nobody.answered(&world.stranger(), &said).await.status, 401);
    }
}
