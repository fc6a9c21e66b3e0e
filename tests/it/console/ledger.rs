//! The ledger's page: each act with who it was, the newest first, and whether the record is whole.

use seif::each_database;
use seif::kernel::operators::{Act, Ledger, LedgerState, Of, Operator, Role, Step};

use super::pages::{lines, words};
use super::{made, operator, post};
use crate::operator_ledger::{entries, keyring_of, look, tenant, without_triggers};

each_database! {
    async fn each_act_stands_there_with_who_it_was_and_how_far_it_came(world: World) {
        let tenant = tenant(&world.owner().await);
        let admin = operator(world, Role::Administrator).await;
        let id = world.app.services.operators.named(&admin.name.parse().unwrap()).await.unwrap().id;
        look(&world.app.services.kernel, tenant).await;
        let _ = post(&admin.actor, "/operator/operators", &[("operator_name", "berta"), ("role", "key_keeper")]).await.expect(200);
        let berta = world.app.services.operators.named(&"berta".parse().unwrap()).await.unwrap().id;
        let newest = entries(world)[0].entry;
        let me = Operator::Account(id).to_string();
        let expected = |entry: u64, who: &str, deed: &str, about: &str, state: &str| {
            [entry.to_string(), who.to_owned(), deed.to_owned(), about.to_owned(), state.to_owned()]
        };
        let about = format!("Operator {berta} Key keeper");
        let looked = format!("Business {tenant}");
        let expected = [
            expected(newest, &me, "Operator added", &about, "Done"),
            expected(newest - 1, &me, "Operator added", &about, "Begun"),
            expected(newest - 2, "local:0", "Business looked at", &looked, "Done"),
            expected(newest - 3, "local:0", "Business looked at", &looked, "Begun"),
        ];
        for role in Role::ALL {
            let who = if role == Role::Administrator { admin.actor.clone() } else { operator(world, role).await.actor };
            let all = lines(&who.get("/operator/ledger").await.expect(200).page());
            let from = all.iter().position(|line| line[0] == newest.to_string()).unwrap();
            for (line, expected) in all[from..].iter().zip(&expected) {
                assert_eq!([&line[0], &line[2], &line[3], &line[4], &line[5]], expected.each_ref(), "{role:?}");
                assert_ne!(line[1], "–");
            }
        }
    }

    async fn page_by_page_each_entry_is_there_once_the_newest_first(world: World) {
        let kernel = world.app.services.kernel.clone();
        let tenant = tenant(&world.owner().await);
        let reader = operator(world, Role::Reader).await;
        let walk = async || {
            let (mut path, mut seen, mut many) = ("/operator/ledger".to_owned(), Vec::new(), 0);
            loop {
                let page = reader.actor.get(&path).await.expect(200).page();
                seen.extend(lines(&page).into_iter().map(|line| line[0].clone()));
                // Of the first alone it is said.
                assert_eq!(words(&page).contains("Whole: each entry"), many == 0);
                many += 1;
                let Some(after) = page.split("/operator/ledger?after=").nth(1) else { return (seen, many) };
                path = format!("/operator/ledger?after={}", after.split('"').next().unwrap());
            }
        };
        let all = || entries(world).iter().map(|entry| entry.entry.to_string()).collect::<Vec<_>>();
        while entries(world).len() < 200 {
            look(&kernel, tenant).await;
        }
        // Two full pages, and no third.
        assert_eq!((walk().await, all().len()), ((all(), 2), 200));
        look(&kernel, tenant).await;
        assert_eq!(walk().await, (all(), 3));
        for wrong in ["after=x", "after=-1", "after=", "before=3"] {
            let _ = reader.actor.get(&format!("/operator/ledger?{wrong}")).await.problem(400, "malformed_request");
        }
        assert!(lines(&reader.actor.get("/operator/ledger?after=0").await.expect(200).page()).is_empty());
        assert!(!lines(&reader.actor.get(&format!("/operator/ledger?after={}", u64::MAX)).await.expect(200).page()).is_empty());
    }

    async fn a_record_that_somebody_changed_is_said_to_be_broken(world: World) {
        let kernel = world.app.services.kernel.clone();
        look(&kernel, tenant(&world.owner().await)).await;
        let reader = operator(world, Role::Reader).await;
        let shown = async || words(&reader.actor.get("/operator/ledger").await.expect(200).page());
        let many = entries(world).len();
        assert!(shown().await.contains(&format!("Whole: each entry is as it was written Count {many}")));
        let mut keyring = keyring_of(world);
        without_triggers(world, &mut keyring);
        keyring.run("UPDATE operator_entries SET at = at + 1 WHERE seq = 2").unwrap();
        assert!(shown().await.contains("Broken: an entry is missing or is not as it was written No. 2"));
    }

    async fn each_sign_in_stands_there_and_what_is_refused_does_not(world: World) {
        let mut anna = made(world, "anna", Role::Reader).await;
        let id = world.app.services.operators.named(&"anna".parse().unwrap()).await.unwrap().id;
        let signed_in = || {
            let all = entries(world).into_iter().rev().filter(|entry| entry.act == Act::SignIn);
            all.map(|entry| (entry.step, entry.operator, entry.of)).collect::<Vec<_>>()
        };
        let _ = post(&anna.actor, "/operator/sign-in", &[("operator_name", "anna"), ("code", "000000")]).await.expect(401);
        assert_eq!(signed_in(), []);
        let code = anna.app.next_code(world);
        let fields = [("operator_name", "anna"), ("code", code.as_str())];
        let answers = futures_util::future::join_all((0..4).map(|_| post(&anna.actor, "/operator/sign-in", &fields))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 303).count(), 1);
        let pair = [Step::Begun, Step::Done].map(|step| (step, Operator::Account(id), vec![Of::Operator(id)]));
        assert_eq!(signed_in(), pair, "of many with one code, one");
        let _ = anna.sign_in(world).await.expect(303);
        assert_eq!(signed_in(), [pair.clone(), pair.clone()].concat());
        // A code that is shown once more begins no session.
        let code = anna.app.next_code(world);
        let _ = post(&anna.actor, "/operator/confirm", &[("code", &code)]).await.expect(303);
        assert_eq!(signed_in().len(), 4);
        let whole = Ledger::of(world.app.services.kernel.keyring()).verify().unwrap();
        assert!(matches!(whole, LedgerState::Intact(_)));
        let page = anna.actor.get("/operator/ledger").await.expect(200).page();
        assert!(page.contains("Signed in"));
    }
}
