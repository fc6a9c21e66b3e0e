//! The legal documents, as anybody reads them.

use reqwest::Method;
use seif::each_database;
use seif::testing::{Database, World};
use serde_json::json;

use crate::rows::Beside;
use crate::shelf::{RECORDS, SEARCH, customer, customers, place, somebody, token};

each_database! {
    // R-1
    async fn every_document_is_in_force_from_the_first_start_in_five_languages(world: World) {
        let stranger = world.stranger();
        let policies = stranger.get("/api/v1/policies").await.expect(200).json();
        let policies = policies.as_array().unwrap();
        let names: Vec<_> = policies.iter().map(|policy| policy["document"].as_str().unwrap()).collect();
        assert_eq!(names, ["privacy", "terms", "safe_use", "dpa", "cookies"]);
        for policy in policies {
            assert_eq!((&policy["version"], &policy["state"]), (&json!(1), &json!("in_force")));
            assert_eq!(policy["languages"], json!(["en", "lv", "lt", "et", "kk"]));
            assert_eq!(policy["sha256"].as_str().unwrap().len(), 64);
            let mut titles = Vec::new();
            for language in ["en", "lv", "lt", "et", "kk"] {
                let path = format!("/api/v1/policies/{}/1?language={language}", policy["document"].as_str().unwrap());
                let answer = stranger.get(&path).await.expect(200);
                assert_eq!(answer.header("content-language"), language);
                let text = answer.json();
                let markdown = text["body_markdown"].as_str().unwrap();
                assert!(markdown.starts_with(&format!("# {}\n", text["title"].as_str().unwrap())), "{path}");
                assert!(!markdown.contains("{{"), "{path}");
                assert!(text["body_html"].as_str().unwrap().contains("<h2>"), "{path}");
                titles.push(text["title"].clone());
            }
            titles.dedup();
            assert_eq!(titles.len(), 5);
        }
    }

    async fn without_a_language_a_text_comes_in_the_one_that_the_reader_prefers(world: World) {
        let stranger = world.stranger();
        assert_eq!(stranger.get("/api/v1/policies/privacy/1").await.expect(200).header("content-language"), "en");
    }

    async fn a_document_version_or_language_that_there_is_none_of_is_told(world: World) {
        let stranger = world.stranger();
        for path in ["secrets/1", "privacy/2", "privacy/0", "privacy/x", "privacy/-1", "privacy/99999999999999999999"] {
            let _ = stranger.get(&format!("/api/v1/policies/{path}?language=en")).await.problem(404, "not_found");
        }
        for query in ["language=fr", "language=", "tongue=en", "language=en&language=lv"] {
            let path = format!("/api/v1/policies/privacy/1?{query}");
            let _ = stranger.get(&path).await.problem(400, "malformed_request");
        }
        let path = "/api/v1/policies/privacy/1/acknowledgement";
        let _ = stranger.post(path, json!({})).await.problem(401, "not_signed_in");
    }

    async fn a_restart_publishes_nothing_anew(world: World) {
        let before = world.stranger().get("/api/v1/policies").await.expect(200).text();
        world.later(std::time::Duration::from_hours(24));
        world.restart().await;
        assert_eq!(world.stranger().get("/api/v1/policies").await.expect(200).text(), before);
    }

    // P-15
    async fn the_database_refuses_to_change_what_is_published(world: World) {
        use diesel::connection::SimpleConnection as _;
        use diesel::{Connection as _, PgConnection, SqliteConnection};

        let path = "/api/v1/policies/privacy/1?language=en";
        let before = world.stranger().get(path).await.expect(200).text();
        let run = |statement: &str| match world.database {
            Database::Sqlite => {
                let path = world.folder.path().join("seif.db");
                SqliteConnection::establish(path.to_str().unwrap()).unwrap().batch_execute(statement)
            }
            Database::Postgres => PgConnection::establish(&world.database_urls()[0]).unwrap().batch_execute(statement),
        };
        for statement in [
            "UPDATE policy_texts SET body = 'other' WHERE document = 1",
            "UPDATE policy_texts SET version = 2 WHERE document = 1 AND language = 'en'",
            "DELETE FROM policy_texts WHERE document = 1",
            "INSERT INTO policy_texts (document, version, language, title, body, sha256) \
             SELECT document, version, 'fr', title, body, sha256 FROM policy_texts WHERE document = 1 AND language = 'en'",
            "UPDATE policies SET state = 1 WHERE document = 1",
            "UPDATE policies SET version = 2 WHERE document = 1",
            "DELETE FROM policies WHERE document = 1",
        ] {
            let refused = run(statement).unwrap_err().to_string();
            assert!(refused.contains("a published text never changes"), "{statement}: {refused}");
        }
        if world.database == Database::Postgres {
            for table in ["policies", "policy_texts"] {
                run(&format!("TRUNCATE {table}")).unwrap_err();
            }
        }
        run("INSERT INTO policies (document, version, state, announced_at, effective_at) VALUES (1, 2, 1, 0, 0)").unwrap();
        run("DELETE FROM policies WHERE version = 2").unwrap();
        assert_eq!(world.stranger().get(path).await.expect(200).text(), before);
    }
}

each_database! {
    // R-1
    async fn every_document_has_a_page_in_each_language_that_sets_no_cookie(world: World) {
        let stranger = world.stranger();
        for (slug, name) in
            [("privacy", "privacy"), ("terms", "terms"), ("safe-use", "safe_use"), ("dpa", "dpa"), ("cookies", "cookies")]
        {
            for language in ["en", "lv", "lt", "et", "kk"] {
                let text = stranger.get(&format!("/api/v1/policies/{name}/1?language={language}")).await.expect(200);
                let (title, body) = (text.json()["title"].clone(), text.json()["body_html"].clone());
                for path in [format!("/{slug}/{language}"), format!("/{slug}/{language}/1")] {
                    let answer = stranger.get(&path).await.expect(200);
                    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
                    assert_eq!(answer.header("content-language"), language);
                    assert_eq!(answer.header("set-cookie"), "", "{path}");
                    let page = answer.text();
                    assert!(page.contains(&format!("<html lang=\"{language}\"")), "{path}");
                    assert!(page.contains(&format!("<h1>{}</h1>", title.as_str().unwrap())), "{path}");
                    assert!(page.contains(body.as_str().unwrap().trim()), "{path}");
                }
            }
        }
        let lead = stranger.get("/safe-use").await.expect(302);
        assert_eq!(lead.header("location"), "/safe-use/en");
        for path in ["/privacy/fr", "/privacy/lv-LV", "/privacy/lv/2", "/privacy/lv/x", "/safe_use/lv"] {
            assert_eq!(stranger.get(path).await.status, 404, "{path}");
        }
    }

    async fn whoever_finds_a_weakness_is_told_where_to_report_it(world: World) {
        // P-16, K-17
        let answer = world.stranger().get("/.well-known/security.txt").await.expect(200);
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        let text = answer.text();
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap();
        assert_eq!(field("Contact"), "mailto:seif@localhost");
        assert_eq!(field("Preferred-Languages"), "en, lv, lt, et, kk");
        let expires = seif::kernel::clock::Time::parse(field("Expires")).unwrap();
        let left = expires.since(world.clock.now());
        let day = std::time::Duration::from_hours(24);
        assert!(left > day * 170 && left < day * 365, "{left:?}");
    }
}

/// Puts a second version of a document in force, by its number in the database.
fn a_new_version(world: &World, document: u8) {
    let which = format!("document = {document} AND version");
    let statements = format!(
        "INSERT INTO policies (document, version, state, announced_at, effective_at) VALUES ({document}, 2, 1, 0, 0);
         INSERT INTO policy_notices (account_id, document, version, state, queued_at, ready_at)
             SELECT id, {document}, 2, 3, 0, 0 FROM accounts;
         UPDATE policies SET state = 2 WHERE {which} = 2;
         UPDATE policies SET state = 4 WHERE {which} = 1;
         UPDATE policies SET state = 3, in_force_at = 0 WHERE {which} = 2;"
    );
    Beside::of(world).run(&statements).unwrap();
}

each_database! {
    // P-15
    async fn a_session_changes_nothing_until_what_is_in_force_is_acknowledged_and_a_token_goes_on(world: World) {
        let mut owner = world.owner().await;
        customers(&owner).await;
        let made = place(&customer(&owner, "1").await);
        let program = token(&owner, &["records:read", "records:write"]).await;
        for document in [1, 4] {
            a_new_version(world, document);
        }
        let body = json!({"values": somebody("2")});
        let problem = owner.post(RECORDS, body.clone()).await.problem(403, "policy_unacknowledged");
        assert_eq!(problem["documents"], json!([{"document": "privacy", "version": 2}]), "not the DPA: nobody ticks it");
        let any = owner.with_header("if-match", "*");
        let _ = any.delete(&made).await.problem(403, "policy_unacknowledged");
        let _ = owner.post("/api/v1/tokens", json!({"name": "x", "scopes": ["records:read"]})).await.problem(403, "policy_unacknowledged");
        // Reading, signing in and out, confirming and programs go on.
        let _ = owner.get(&made).await.expect(200);
        let _ = owner.get(&format!("{made}?reveal=iban")).await.expect(200);
        let _ = owner.post(SEARCH, json!({"text": "anna"})).await.expect(200);
        let _ = program.post(RECORDS, body.clone()).await.expect(201);
        let _ = owner.delete("/api/v1/session").await.expect(204);
        let _ = owner.sign_in().await.expect(201);
        let _ = owner.post(RECORDS, body.clone()).await.problem(403, "confirmation_required");
        let _ = owner.confirm(world).await.expect(200);
        let _ = owner.post(RECORDS, body).await.problem(403, "policy_unacknowledged");
        for _ in 0..2 {
            let _ = owner.send(Method::POST, "/api/v1/policies/privacy/2/acknowledgement", None).await.expect(204);
        }
        let _ = owner.post(RECORDS, json!({"values": somebody("3")})).await.expect(201);
    }

    async fn whoever_uses_the_pages_is_led_to_acknowledge_and_back(world: World) {
        let owner = world.owner().await.with_header("accept", "text/html");
        customers(&owner).await;
        let new = format!("/t/{}/collections/customers/records/new", owner.tenant.as_deref().unwrap());
        let _ = owner.get(&new).await.expect(200);
        let nothing = owner.get(&format!("/acknowledge?next={new}")).await.expect(303);
        assert_eq!(nothing.header("location"), new);
        a_new_version(world, 3);
        let lead = owner.get(&new).await.expect(303).header("location");
        assert_eq!(lead, format!("/acknowledge?next={new}"));
        let page = owner.get(&lead).await.expect(200).text();
        assert!(page.contains("value=\"safe_use:2\"") && !page.contains("value=\"privacy"), "{page}");
        let post = async |form: &'static str| {
            let body = Some(("application/x-www-form-urlencoded", form.as_bytes().to_vec()));
            owner.send_bytes(Method::POST, &lead, body).await
        };
        for wrong in ["", "acknowledged=safe_use%3A1", "acknowledged=privacy%3A2"] {
            let again = post(wrong).await.expect(422).text();
            assert!(again.contains("value=\"safe_use:2\""), "{again}");
        }
        assert_eq!(post("acknowledged=safe_use%3A2").await.expect(303).header("location"), new);
        let _ = owner.get(&new).await.expect(200);
    }
}

#[test]
fn every_processor_is_named_in_each_language_for_anybody() {
    // P-1
    let configuration = r#"
[[processors]]
name = "Pasts & Co"
country = "LV"
purpose = { en = "Delivers mail", lv = "Piegādā pastu", lt = "Pristato paštą", et = "Toimetab posti", kk = "Пошта жеткізеді" }
receives = "IP"

[[processors]]
name = "Cloud"
country = "JP"
purpose = "Hosting"
receives = "Sealed data"
"#;
    for database in [Database::Sqlite, Database::Postgres] {
        World::run_with(database, configuration, async |world| {
            let stranger = world.stranger();
            assert_eq!(stranger.get("/processors").await.expect(302).header("location"), "/processors/en");
            for (language, purpose, country) in [
                ("en", "Delivers mail", "Latvia"),
                ("lv", "Piegādā pastu", "Latvija"),
                ("lt", "Pristato paštą", "Latvija"),
                ("et", "Toimetab posti", "Läti"),
                ("kk", "Пошта жеткізеді", "Латвия"),
            ] {
                let answer = stranger.get(&format!("/processors/{language}")).await.expect(200);
                assert_eq!(
                    (answer.header("content-language").as_str(), answer.header("set-cookie").as_str()),
                    (language, "")
                );
                let page = answer.text();
                for told in ["Pasts &amp; Co", purpose, country, "IP", "Cloud", "Hosting", "JP"] {
                    assert!(page.contains(&format!(">{told}<")), "{told} in {page}");
                }
                let policy = stranger.get(&format!("/privacy/{language}")).await.expect(200).text();
                assert!(policy.contains(&format!("href=\"/processors/{language}\"")), "{policy}");
            }
            let _ = stranger.get("/processors/fr").await.problem(404, "not_found");
        });
    }
}

#[test]
fn where_nobody_else_gets_data_the_page_says_so() {
    World::run(Database::Sqlite, async |world| {
        let page = world.stranger().get("/processors/en").await.expect(200).text();
        assert!(page.contains("nobody else gets data") && !page.contains("<table"), "{page}");
    });
}
