//! Joining: the address is proved before anything is stored (P-6, P-17, R-1, R-2, R-6, R-7).

use seif::each_database;
use seif::testing::{Actor, Database, World};
use serde_json::{Value, json};

/// Begins a sign-up and gives its address in the API.
async fn begin(actor: &Actor, email: &str) -> String {
    let begun = actor.post("/api/v1/signups", json!({"email": email, "language": "lv"})).await.expect(202).json();
    assert!(begun["expires_at"].is_string());
    format!("/api/v1/signups/{}", begun["id"].as_str().unwrap())
}

/// What finishes it, when nothing is wrong.
async fn filled(world: &World, actor: &Actor, name: &str, code: &str) -> Value {
    json!({
        "code": code, "password": "Very-Long-Pass-Phrase 77", "name": format!("Anna {name}"), "phone": "29 123 456",
        "tenant": {
            "kind": "company", "name": format!("SIA {name}"), "country": "LV",
            "registration_number": "40003245752", "vat_number": "LV40003245752",
        },
        "acknowledged": world.documents(actor).await,
    })
}

/// The pointers and codes of wrong fields.
fn faults(problem: &Value) -> Vec<(&str, &str)> {
    let errors = problem["errors"].as_array().unwrap();
    errors.iter().map(|error| (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap())).collect()
}

/// Another code than this one.
fn wrong(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

each_database! {
    async fn a_company_joins_with_the_code_from_its_mail_and_is_signed_in_and_confirmed(world: World) {
        let name = world.somebody();
        let email = format!("{}@example.lv", name.to_lowercase());
        let mut anna = world.stranger();
        let path = begin(&anna, &email).await;
        let code = world.code_for(&email).await;
        let answer = anna.put(&path, filled(world, &anna, &name, &code).await).await.expect(201);
        anna.keep_session(&answer);
        let joined = answer.json();
        assert_eq!(joined["session"]["assurance"], "confirmed");
        assert_eq!(joined["session"]["account"], json!({"id": joined["account_id"], "name": format!("Anna {name}")}));
        let tenant = json!([{"id": joined["tenant_id"], "name": format!("SIA {name}"), "role": "owner"}]);
        assert_eq!(joined["session"]["tenants"], tenant);
        assert_eq!(joined["session"]["methods"], json!([{"method": "email", "advised": true}]));
        assert_eq!(anna.get("/api/v1/session").await.expect(200).json(), joined["session"]);
        world.deliver().await;
        assert_eq!(world.mails().len(), 2, "a code and a welcome");
        // K-2: a phone number that was only said is nobody's yet.
        anna.email = "+371 29 123 456".to_owned();
        let _ = anna.sign_in().await.problem(401, "sign_in_refused");
    }

    async fn fields_are_checked_before_the_code_and_then_the_documents(world: World) {
        let name = world.somebody();
        let email = format!("{}@example.lv", name.to_lowercase());
        let anna = world.stranger();
        let path = begin(&anna, &email).await;
        let code = world.code_for(&email).await;
        let good = filled(world, &anna, &name, &code).await;
        let mut bad = good.clone();
        bad["code"] = json!(wrong(&code));
        bad["name"] = json!(" ");
        bad["phone"] = json!("12");
        bad["password"] = json!("Short1!");
        bad["tenant"]["vat_number"] = json!("LV4000324575");
        bad["acknowledged"] = json!([]);
        let problem = anna.put(&path, bad.clone()).await.problem(422, "invalid");
        let found = faults(&problem);
        let pointers: Vec<&str> = found.iter().map(|(pointer, _)| *pointer).collect();
        assert_eq!(pointers, ["/name", "/phone", "/tenant/vat_number", "/password"]);
        assert!(found.contains(&("/password", "password_too_short")));
        // the address that is being proved counts as one's own data.
        let mut own = good.clone();
        own["password"] = json!(format!("vq7#Tz {} khw!Mrp", name.to_uppercase()));
        let problem = anna.put(&path, own).await.problem(422, "invalid");
        assert_eq!(faults(&problem), [("/password", "password_holds_own_data")]);
        //
        let mut unread = good.clone();
        unread["acknowledged"] = json!([]);
        let problem = anna.put(&path, unread).await.problem(422, "acknowledgement_required");
        assert!(problem["documents"].as_array().unwrap().iter().any(|needed| needed["document"] == "privacy"));
        let _ = anna.put(&path, good).await.expect(201);
    }

    async fn a_taken_address_gets_the_same_answer_and_its_owner_a_notice_and_nothing_fits(world: World) {
        let owner = world.owner().await;
        let stranger = world.stranger();
        world.deliver().await;
        let before = world.mails().len();
        // Later, so that their mails are the newest.
        world.later(std::time::Duration::from_secs(1));
        let free = stranger.post("/api/v1/signups", json!({"email": "free@example.lv", "language": "en"})).await;
        let taken = stranger.post("/api/v1/signups", json!({"email": owner.email.to_uppercase(), "language": "en"})).await;
        let shape = |body: &Value| body.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!((free.status, shape(&free.json())), (202, vec!["expires_at".to_owned(), "id".to_owned()]));
        assert_eq!((taken.status, shape(&taken.json())), (202, shape(&free.json())));
        world.deliver().await;
        let mails = world.mails();
        assert_eq!(mails.len(), before + 2);
        let notice = mails.iter().rev().find(|mail| mail.to_lowercase().contains(&owner.email)).unwrap();
        assert!(!notice.lines().any(|line| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit())));
        let path = format!("/api/v1/signups/{}", taken.json()["id"].as_str().unwrap());
        let name = world.somebody();
        for code in ["000000", "123456"] {
            let body = filled(world, &stranger, &name, code).await;
            let _ = stranger.put(&path, body).await.problem(422, "code_refused");
        }
    }

    async fn five_wrong_tries_end_a_code_and_so_does_its_time(world: World) {
        // K-5
        let name = world.somebody();
        let email = format!("{}@example.lv", name.to_lowercase());
        let anna = world.stranger();
        let path = begin(&anna, &email).await;
        let code = world.code_for(&email).await;
        let mut body = filled(world, &anna, &name, &wrong(&code)).await;
        for _ in 0..5 {
            let _ = anna.put(&path, body.clone()).await.problem(422, "code_refused");
        }
        body["code"] = json!(code);
        let _ = anna.put(&path, body.clone()).await.problem(422, "code_refused");

        // Later, so that its mail is the newest.
        world.later(std::time::Duration::from_secs(1));
        let path = begin(&anna, &email).await;
        body["code"] = json!(world.code_for(&email).await);
        world.later(std::time::Duration::from_secs(601));
        let _ = anna.put(&path, body.clone()).await.problem(422, "code_refused");
        // One that never was is refused in the same way.
        let never = "/api/v1/signups/01947a2e-6f00-7000-8000-000000000001";
        let _ = anna.put(never, body).await.problem(422, "code_refused");
    }

    async fn of_two_submissions_at_once_one_joins_and_a_used_code_is_dead(world: World) {
        let name = world.somebody();
        let email = format!("{}@example.lv", name.to_lowercase());
        let anna = world.stranger();
        let path = begin(&anna, &email).await;
        let code = world.code_for(&email).await;
        let body = filled(world, &anna, &name, &code).await;
        let answers = futures_util::future::join_all((0..4).map(|_| anna.put(&path, body.clone()))).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 422, 422, 422]);
        let _ = anna.put(&path, body).await.problem(422, "code_refused");
    }

    async fn many_guesses_at_once_are_no_more_than_five(world: World) {
        let name = world.somebody();
        let email = format!("{}@example.lv", name.to_lowercase());
        let anna = world.stranger();
        let path = begin(&anna, &email).await;
        let code = world.code_for(&email).await;
        let wrong_body = filled(world, &anna, &name, &wrong(&code)).await;
        let answers = futures_util::future::join_all((0..12).map(|_| anna.put(&path, wrong_body.clone()))).await;
        assert!(answers.iter().all(|answer| answer.status == 422));
        let mut body = wrong_body;
        body["code"] = json!(code);
        let _ = anna.put(&path, body).await.problem(422, "code_refused");
    }

    async fn nothing_of_an_unfinished_sign_up_is_left_after_a_sweep(world: World) {
        // P-6
        let anna = world.stranger();
        let email = format!("{}@example.lv", world.somebody().to_lowercase());
        let path = begin(&anna, &email).await;
        let code = world.code_for(&email).await;
        world.later(std::time::Duration::from_secs(3 * 86_400 + 1));
        let swept = world.app.services.accounts.sweep().await.unwrap();
        assert!(swept.rows >= 2 && swept.days >= 1, "{swept:?}");
        assert_eq!(world.app.services.accounts.sweep().await.unwrap(), Default::default());
        let body = filled(world, &anna, "Nobody", &code).await;
        let _ = anna.put(&path, body).await.problem(422, "code_refused");
        // Another day, another key: joining goes on.
        let _ = world.owner().await;
    }

    async fn what_a_killed_process_left_half_way_is_settled_or_released_by_the_sweep(world: World) {
        use seif::kernel::ids::AccountId;
        let accounts = world.app.services.accounts.clone();
        let keyring = world.app.services.kernel.keyring().clone();
        let name = world.somebody();
        let email = format!("{}@example.lv", name.to_lowercase());
        // Claimed, and killed before the account was written.
        let tag = keyring.identifier_tag("email", &email).unwrap();
        let nobody = AccountId::from_bytes([7; 16]);
        let _ = keyring.claim_identifier(&tag, nobody).await.unwrap();
        assert_eq!(accounts.sweep().await.unwrap().claims, 0, "it may be on its way");
        world.later(std::time::Duration::from_secs(301));
        assert_eq!(accounts.sweep().await.unwrap().claims, 1);
        let anna = world.stranger();
        let path = begin(&anna, &email).await;
        let code = world.code_for(&email).await;
        let joined = anna.put(&path, filled(world, &anna, &name, &code).await).await.expect(201).json();
        assert_eq!(accounts.sweep().await.unwrap().claims, 0);
        let account = joined["account_id"].as_str().unwrap().parse().unwrap();
        assert_eq!(keyring.find_identifier(&tag).await.unwrap(), Some(account));
    }

    async fn an_address_gets_ten_codes_in_an_hour_known_or_not(world: World) {
        let owner = world.owner().await;
        let anna = world.stranger();
        for (email, free) in [(owner.email.as_str(), 9), ("free@example.lv", 10)] {
            for _ in 0..free {
                let _ = begin(&anna, email).await;
            }
            let answer = anna.post("/api/v1/signups", json!({"email": email, "language": "en"})).await;
            assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
            assert!(answer.header("ratelimit").contains("codes"));
            let _ = answer.problem(429, "too_many_requests");
        }
        world.later(std::time::Duration::from_secs(3601));
        let _ = begin(&anna, &owner.email).await;
    }

    async fn what_is_no_address_or_no_language_is_named(world: World) {
        let problem = world
            .stranger()
            .post("/api/v1/signups", json!({"email": "anna(at)example.lv", "language": "tlh"}))
            .await
            .problem(422, "invalid");
        assert_eq!(faults(&problem), [("/email", "not_an_email"), ("/language", "not_a_choice")]);
    }
}

/// A story on each database, with a list of leaked passwords of so many other lines beside these: and where the list is.
fn with_leaked(lines: &[&str], story: impl AsyncFn(&mut World, &std::path::Path)) {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("leaked.txt");
    let others = (0..100_000u32).map(|n| format!("{:08X}{:032}:1", n.wrapping_mul(2_654_435_761), n));
    let sorted: std::collections::BTreeSet<String> =
        others.chain(lines.iter().map(|line| (*line).to_owned())).collect();
    let text = sorted.into_iter().collect::<Vec<_>>().join("\r\n");
    for database in [Database::Sqlite, Database::Postgres] {
        std::fs::write(&list, &text).unwrap();
        let configuration = format!("[passwords]\nleaked = \"{}\"\n", list.display());
        World::run_with(database, &configuration, async |world| story(world, &list).await);
    }
}

#[test]
fn a_leaked_password_is_refused_and_one_that_cannot_be_looked_up_is_not_taken() {
    // by its SHA-1, as the published lists name it.
    let leaked = "780DA61C52160BFEF27CE236B2A26D3176F9975C:34";
    with_leaked(&[leaked], async |world, list| {
        let name = world.somebody();
        let email = format!("{}@example.lv", name.to_lowercase());
        let anna = world.stranger();
        let path = begin(&anna, &email).await;
        let code = world.code_for(&email).await;
        let mut body = filled(world, &anna, &name, &code).await;
        let problem = anna.put(&path, body.clone()).await.problem(422, "invalid");
        assert_eq!(faults(&problem), [("/password", "password_leaked")]);
        // Another one is taken, but not while nobody can say whether it has leaked.
        body["password"] = json!("Very-Long-Pass-Phrase 78");
        std::fs::write(list, "").unwrap();
        let unknown = anna.put(&path, body.clone()).await;
        assert!(unknown.header("retry-after").parse::<u64>().unwrap() > 0);
        let _ = unknown.problem(503, "unavailable");
    });
}

#[test]
fn with_a_list_of_leaked_passwords_others_are_taken() {
    with_leaked(&[], async |world, _| drop(world.owner().await));
}
