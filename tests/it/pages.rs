//! The flow by forms alone, as a browser without script does it.

use std::time::Duration;

use reqwest::Method;
use seif::each_database;
use seif::testing::{Actor, Answer, Authenticator, World};

/// Somebody with a browser.
fn browser(world: &World) -> Actor {
    world.stranger().with_header("accept", "text/html").with_header("accept-language", "en")
}

/// Sends a form, and keeps the session that the answer sets or removes.
async fn submit(actor: &mut Actor, path: &str, fields: &[(&str, &str)]) -> Answer {
    let encoded = reqwest::Url::parse_with_params("https://localhost/", fields).unwrap();
    let body = ("application/x-www-form-urlencoded", encoded.query().unwrap_or_default().as_bytes().to_vec());
    let answer = actor.send_bytes(Method::POST, path, Some(body)).await;
    actor.keep_session(&answer);
    answer
}

/// Where an answer leads on to.
fn onward(answer: Answer) -> String {
    answer.expect(303).header("location")
}

/// Another code than this one.
fn wrong(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

/// The secret that a page shows for an app.
fn secret(page: &str) -> String {
    let field = page.split("id=\"f-secret\"").nth(1).unwrap();
    field.split('>').nth(1).unwrap().split('<').next().unwrap().replace(' ', "")
}

/// Somebody who has sent their address: the sign-up's page, and the code.
async fn with_code(world: &mut World) -> (Actor, String, String) {
    let mut anna = browser(world);
    anna.email = format!("{}@example.lv", world.somebody().to_lowercase());
    let email = anna.email.clone();
    let path = onward(submit(&mut anna, "/join", &[("email", &email), ("language", "en")]).await);
    let code = world.code_for(&email).await;
    (anna, path, code)
}

/// What a person fills in, without the documents.
fn filled<'f>(code: &'f str, password: &'f str, name: &'f str) -> Vec<(&'f str, &'f str)> {
    vec![
        ("code", code),
        ("name", name),
        ("password", password),
        ("phone", ""),
        ("kind", "self_employed"),
        ("business_name", name),
        ("country", "LV"),
        ("registration_number", ""),
        ("vat_number", ""),
    ]
}

/// The boxes of the documents, as the page offers them.
fn boxes(page: &str) -> Vec<&str> {
    let parts = page.split("name=\"acknowledged\" value=\"").skip(1);
    parts.map(|part| part.split('"').next().unwrap()).collect()
}

/// Somebody who has joined by forms: and the page that it led to.
async fn joined(world: &mut World) -> (Actor, String) {
    let (mut anna, path, code) = with_code(world).await;
    let page = anna.get(&path).await.expect(200).text();
    let (password, name) = (anna.password.clone(), world.somebody());
    let mut fields = filled(&code, &password, &name);
    fields.extend(boxes(&page).into_iter().map(|value| ("acknowledged", value)));
    // First the questions about the business, which can be left for later.
    let asked = onward(submit(&mut anna, &path, &fields).await);
    (anna, asked.replace("/profile?", "/?"))
}

/// Signs in by the form; where that leads to.
async fn sign_in(anna: &mut Actor, at: &str) -> Answer {
    let (email, password) = (anna.email.clone(), anna.password.clone());
    submit(anna, at, &[("identifier", &email), ("password", &password)]).await
}

each_database! {
    async fn a_refusal_page_knows_who_is_signed_in(world: World) {
        let owner = world.owner().await;
        let person = |actor: &seif::testing::Actor| actor.with_header("accept", "text/html");
        let nowhere = format!("/t/{}/collections/none", owner.tenant.as_deref().unwrap());
        for path in [nowhere.as_str(), "/nowhere"] {
            let known = person(&owner).get(path).await.expect(404).text();
            assert!(known.contains("href=\"/sign-out\"") && !known.contains("href=\"/sign-in\""), "{known}");
        }
        let stranger = person(&world.stranger()).get("/nowhere").await.expect(404).text();
        assert!(stranger.contains("href=\"/sign-in\"") && !stranger.contains("href=\"/sign-out\""), "{stranger}");
    }
}

each_database! {
    async fn a_person_joins_signs_out_signs_in_and_confirms_by_forms_alone(world: World) {
        assert_eq!(onward(browser(world).get("/").await), "/sign-in");
        let (mut anna, vault) = joined(world).await;
        assert!(vault.starts_with("/t/") && vault.ends_with("/?news=joined"), "{vault}");
        let vault = vault.trim_end_matches("?news=joined").to_owned();
        assert_eq!(onward(anna.get("/").await), vault);

        // the session ends on the server, not in the browser alone.
        let before = anna.clone();
        let answer = submit(&mut anna, "/sign-out", &[]).await.expect(303);
        assert_eq!(answer.header("clear-site-data"), "\"cache\", \"storage\"");
        assert_eq!(anna.session, None);
        assert_eq!(onward(before.get("/account/sign-ins").await), "/sign-in?next=/account/sign-ins");
        let ended = before.get("/sign-in?next=/account/sign-ins").await.expect(200).text();
        assert!(ended.contains("Your session has ended"), "{ended}");
        assert!(anna.get(&answer.header("location")).await.expect(200).text().contains("You are signed out"));

        let next = "/account/sign-ins?after=";
        let confirm = onward(sign_in(&mut anna, "/sign-in?next=%2Faccount%2Fsign-ins%3Fafter%3D").await);
        assert_eq!(confirm, "/confirm?next=/account/sign-ins%3Fafter%3D");
        let first = anna.session.clone();
        let page = anna.get(&confirm).await.expect(200).text();
        assert!(page.contains("action=\"/confirm?next="), "{page}");
        assert!(!page.contains(&anna.email), "the address is masked");
        // The welcome goes out first, so that the code is in the newest mail.
        world.deliver().await;
        world.later(Duration::from_secs(1));
        let challenge = onward(submit(&mut anna, &confirm, &[("method", "email")]).await);
        let code = world.code_for(&anna.email).await;
        let refused = submit(&mut anna, &challenge, &[("code", &wrong(&code))]).await.expect(422).text();
        assert!(refused.contains("id=\"e-code\"") && !refused.contains(&wrong(&code)), "{refused}");
        let done = onward(submit(&mut anna, &challenge, &[("code", &code)]).await);
        assert_eq!(done, format!("{next}&news=confirmed"));
        assert_ne!(anna.session, first, "a raised session goes on under another value");

        //
        let history = anna.get("/account/sign-ins").await.expect(200).text();
        for method in ["Joining", "Password", "Code by e-mail"] {
            assert!(history.contains(method), "{method}: {history}");
        }
        assert!(history.contains("127.0.0.1"), "{history}");
    }

    async fn a_refused_form_keeps_what_was_typed_but_no_secret(world: World) {
        let (mut anna, path, code) = with_code(world).await;
        let page = anna.get(&path).await.expect(200).text();
        let name = world.somebody();
        let mut fields = filled(&code, "hunter2-secret", &name);
        fields.extend(boxes(&page).into_iter().map(|value| ("acknowledged", value)));
        fields[8] = ("vat_number", "LV123");
        let again = submit(&mut anna, &path, &fields).await.expect(422).text();
        for kept in [format!("value=\"{name}\""), "value=\"LV123\"".to_owned(), "value=\"LV\" selected".to_owned()] {
            assert!(again.contains(&kept), "{kept}: {again}");
        }
        assert!(again.contains("id=\"e-password\"") && again.contains("id=\"e-vat_number\""), "{again}");
        assert!(!again.contains("hunter2-secret") && !again.contains(&code), "a secret is echoed");
        assert_eq!(anna.session, None);

        // The documents come next, then the code; the wrong tries have not used it up.
        let password = anna.password.clone();
        let unread = submit(&mut anna, &path, &filled(&code, &password, &name)).await.expect(422).text();
        assert!(unread.contains("id=\"e-acknowledged\"") && !unread.contains("id=\"e-code\""), "{unread}");
        let other = wrong(&code);
        let mut fields = filled(&other, &password, &name);
        fields.extend(boxes(&page).into_iter().map(|value| ("acknowledged", value)));
        let refused = submit(&mut anna, &path, &fields).await.expect(422).text();
        assert!(refused.contains("id=\"e-code\"") && !refused.contains("id=\"e-acknowledged\""), "{refused}");
        assert!(!refused.contains(&password), "the password is echoed");
        fields[0] = ("code", &code);
        assert!(onward(submit(&mut anna, &path, &fields).await).starts_with("/t/"));
    }

    async fn an_address_that_is_none_is_told_in_the_form(world: World) {
        let mut anna = browser(world);
        let mark = world.somebody();
        let page = submit(&mut anna, "/join", &[("email", &mark), ("language", "lv")]).await.expect(422).text();
        assert!(page.contains("id=\"e-email\"") && page.contains(&format!("value=\"{mark}\"")), "{page}");
        assert!(page.contains("value=\"lv\" lang=\"lv\" selected"), "{page}");
    }

    async fn a_refused_sign_in_says_so_in_the_form_and_too_many_say_when_to_come_back(world: World) {
        let (mut anna, _) = joined(world).await;
        let _ = submit(&mut anna, "/sign-out", &[]).await.expect(303);
        let email = anna.email.clone();
        for _ in 0..5 {
            let fields = [("identifier", email.as_str()), ("password", "not-the-password")];
            let page = submit(&mut anna, "/sign-in?next=/account/sign-ins", &fields).await.expect(401).text();
            assert!(page.contains("do not go together") && page.contains(&email), "{page}");
            assert!(page.contains("action=\"/sign-in?next=") && !page.contains("not-the-password"), "{page}");
        }
        let answer = sign_in(&mut anna, "/sign-in").await.expect(429);
        assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
        assert!(answer.text().contains("Too many tries"), "{}", answer.text());
        world.later(Duration::from_secs(3600));
        assert_eq!(onward(sign_in(&mut anna, "/sign-in").await), "/confirm");
    }

    async fn a_form_leads_on_to_our_own_paths_alone(world: World) {
        let (mut anna, _) = joined(world).await;
        for elsewhere in ["https%3A%2F%2Fexample.com%2F", "%2F%2Fexample.com", "%2F%5Cexample.com", "javascript%3A1"] {
            let _ = submit(&mut anna, "/sign-out", &[]).await.expect(303);
            assert_eq!(onward(sign_in(&mut anna, &format!("/sign-in?next={elsewhere}")).await), "/confirm");
            assert_eq!(onward(anna.get(&format!("/sign-in?next={elsewhere}")).await), "/", "{elsewhere}");
        }
        let back = [("language", "lt"), ("return_to", "//example.com")];
        assert_eq!(onward(submit(&mut anna, "/preferences/language", &back).await), "/");
    }

    async fn the_language_that_was_chosen_is_the_language_of_the_pages(world: World) {
        let mut anna = browser(world);
        let fields = [("language", "et"), ("return_to", "/sign-in")];
        let answer = submit(&mut anna, "/preferences/language", &fields).await.expect(303);
        assert_eq!(answer.header("location"), "/sign-in");
        let cookie = answer.header("set-cookie");
        let cookie = cookie.split(';').next().unwrap();
        assert!(anna.get("/sign-in").await.expect(200).text().contains("<html lang=\"en\""));
        let page = anna.with_header("cookie", cookie).get("/sign-in").await.expect(200).text();
        assert!(page.contains("<html lang=\"et\""), "{page}");
    }

    async fn a_token_is_made_by_a_form_shown_once_and_revoked_by_a_form(world: World) {
        //
        let (mut anna, vault) = joined(world).await;
        let tokens = format!("{}tokens", vault.trim_end_matches("?news=joined"));
        let name = world.somebody();
        let wrong = submit(&mut anna, &tokens, &[("token_name", &name), ("lifetime", "90")]).await.expect(422).text();
        assert!(wrong.contains("id=\"e-scopes\"") && wrong.contains(&format!("value=\"{name}\"")), "{wrong}");
        let fields = [("token_name", name.as_str()), ("scopes", "records:read"), ("lifetime", "90")];
        let made = submit(&mut anna, &tokens, &fields).await.expect(200).text();
        let token = format!("seif_{}", made.split("value=\"seif_").nth(1).unwrap().split('"').next().unwrap());
        let program = world.stranger().with_token(&token);
        let _ = program.get("/api/v1/collections").await.expect(200);
        let list = anna.get(&tokens).await.expect(200).text();
        assert!(list.contains(&name) && !list.contains(&token), "{list}");
        let revoke = list.split(&format!("action=\"{tokens}/")).nth(1).unwrap().split('"').next().unwrap();
        let led = onward(submit(&mut anna, &format!("{tokens}/{revoke}"), &[]).await);
        assert_eq!(led, format!("{tokens}?news=token_revoked"));
        let _ = program.get("/api/v1/collections").await.problem(401, "not_signed_in");
        assert!(!anna.get(&led).await.expect(200).text().contains(&name));

        // Ten minutes later the same form asks to confirm again, and comes back to the page that it stands on.
        world.later(Duration::from_secs(601));
        assert_eq!(onward(submit(&mut anna, &tokens, &fields).await), format!("/confirm?next={tokens}&by=email"));
        assert_eq!(onward(submit(&mut anna, &format!("{tokens}/{revoke}"), &[]).await), format!("/confirm?next={tokens}&by=email"));
    }

    async fn an_app_is_set_up_by_forms_and_is_what_a_sign_in_is_asked_for_from_then_on(world: World) {
        // to a safer method in one step, where the weak one is used.
        let (mut anna, _) = joined(world).await;
        let page = anna.get("/account/security").await.expect(200).page();
        let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}: {page}"));
        assert!(at("m-email") < at("m-recovery-codes") && at("m-recovery-codes") < at("m-totp"), "by their security");
        assert!(page.contains("whoever can read your mailbox"), "{page}");
        let name = world.somebody();
        let fields = [("method", "totp"), ("factor_name", name.as_str())];
        let path = onward(submit(&mut anna, "/account/security/methods", &fields).await);
        let page = anna.get(&path).await.expect(200).page();
        assert!(page.contains("<svg class=\"qr\"") && page.contains("<path d=\"M4 4h7v1h-7z"), "{page}");
        let app = Authenticator::new(path.rsplit('/').next().unwrap(), &secret(&page));
        let refused = submit(&mut anna, &path, &[("code", &wrong(&app.code(world)))]).await.expect(422).page();
        assert!(refused.contains("id=\"e-code\"") && secret(&refused) == secret(&page), "{refused}");
        let done = onward(submit(&mut anna, &path, &[("code", &app.code(world))]).await);
        assert_eq!(done, "/account/security?news=method_added");
        assert!(anna.get(&done).await.expect(200).text().contains(&name));

        let _ = submit(&mut anna, "/sign-out", &[]).await.expect(303);
        let confirm = onward(sign_in(&mut anna, "/sign-in?next=/account/security").await);
        let page = anna.get(&confirm).await.expect(200).page();
        let (first, others) = page.split_once("Other ways").unwrap();
        assert!(first.contains("value=\"totp\"") && !first.contains("value=\"email\""), "the most secure first: {page}");
        assert!(others.contains("value=\"email\""), "{page}");
        // Its code goes with the choice, in one step; a wrong one is asked for again.
        let fields = [("method", "totp"), ("code", &wrong(&app.next_code(world)))];
        let refused = submit(&mut anna, &confirm, &fields).await.expect(422).page();
        let again = refused.split("<form class=\"sheet\" method=\"post\" action=\"").nth(1).unwrap();
        let again = again.split('"').next().unwrap().to_owned();
        assert!(again.starts_with("/confirm/") && again.ends_with("?next=/account/security"), "{again}");
        let done = onward(submit(&mut anna, &again, &[("code", &app.code(world))]).await);
        assert_eq!(done, "/account/security?news=confirmed");
        let session = anna.get("/api/v1/session").await.expect(200).json();
        assert_eq!(session["assurance"], "strong");
        assert!(anna.get("/account/sign-ins").await.expect(200).text().contains("Authenticator app"));
    }

    async fn a_lost_app_is_removed_by_forms_after_a_recovery_code(world: World) {
        // K-8, R-17
        let (mut anna, _) = joined(world).await;
        let made = submit(&mut anna, "/account/security/methods", &[("method", "recovery_codes")]).await;
        let made = made.expect(200).page();
        let codes: Vec<&str> = made.split("<li><code>").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
        assert_eq!(codes.len(), 10, "{made}");
        assert!(!anna.get("/account/security").await.expect(200).text().contains(codes[0]), "shown once");
        let path = onward(submit(&mut anna, "/account/security/methods", &[("method", "totp")]).await);
        let app = Authenticator::new("", &secret(&anna.get(&path).await.expect(200).page()));
        let _ = onward(submit(&mut anna, &path, &[("code", &app.code(world))]).await);

        let page = anna.get("/account/security").await.expect(200).page();
        let remove = page.rsplit("action=\"/account/security/remove/").next().unwrap().split('"').next().unwrap();
        let remove = format!("/account/security/remove/{remove}");
        // The page that the session is led to offers what would do, and comes back.
        let confirm = onward(submit(&mut anna, &remove, &[]).await);
        assert_eq!(confirm, "/confirm?next=/account/security&by=recovery_codes%2Ctotp");
        let page = anna.get(&confirm).await.expect(200).page();
        assert!(!page.contains("value=\"email\""), "a code by mail would not do: {page}");
        let challenge = onward(submit(&mut anna, &confirm, &[("method", "recovery_codes")]).await);
        let page = anna.get(&challenge).await.expect(200).page();
        assert!(page.contains("Each works once") && !page.contains("inputmode=\"numeric\""), "{page}");
        let done = onward(submit(&mut anna, &challenge, &[("code", codes[4])]).await);
        assert_eq!(done, "/account/security?news=confirmed");
        assert_eq!(onward(submit(&mut anna, &remove, &[]).await), "/account/security?news=method_removed");
        let page = anna.get("/account/security").await.expect(200).text();
        assert!(page.contains("9 codes left") && !page.contains(&remove), "{page}");

        // What can be enrolled no more often, or not at all, is told in the form.
        for (method, code) in [("email", "error-not-a-choice"), ("pigeon", "error-not-a-choice")] {
            let refused = submit(&mut anna, "/account/security/methods", &[("method", method)]).await.expect(422).text();
            assert!(refused.contains("Please choose one of the options"), "{code}: {refused}");
        }
        // A challenge that is none leads back to the choice.
        let none = "/confirm/01947a2e-6f00-7000-8000-000000000001?next=/account/security";
        assert_eq!(onward(anna.get(none).await), "/confirm?next=/account/security");
    }

    async fn another_s_vault_is_not_there(world: World) {
        let (_, vault) = joined(world).await;
        let (boris, _) = joined(world).await;
        let page = boris.get(&format!("{}tokens", vault.trim_end_matches("?news=joined"))).await.expect(404).text();
        assert!(page.contains("There is nothing here"), "{page}");
    }
}
