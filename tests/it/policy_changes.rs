//! A changed document from its draft to its coming into force (P-15): everybody is told before, and nothing is sooner.

use std::process::Output;
use std::time::Duration;

use seif::each_database;
use seif::kernel::clock::Time;
use seif::kernel::ids::MessageId;
use seif::kernel::values::Locale;
use seif::messages::mail::Letterhead;
use seif::messages::outbox::Outbox;
use seif::messages::smtp::{Smtp, Tls};
use seif::messages::texts::Texts;
use seif::messages::transport::Transport;
use seif::policies::{
    self, Announcement, Counts, Document, DocumentVersion, Event, LifeError, NewText, Plan, Policies, State, Weight,
};
use seif::testing::{Actor, Database, MailServer, World};
use serde_json::{Value, json};

use crate::operator_ledger::HERE;
use crate::rows::Beside;
use crate::shelf::{RECORDS, customers, somebody};

const DAY: Duration = Duration::from_secs(86_400);
const SECOND: DocumentVersion = DocumentVersion { document: Document::Privacy, version: 2 };
const SUMMARY: &str = "Sign-ins are kept for a year.";

/// The texts of a next version, in these languages.
pub(crate) fn texts(languages: &[Locale]) -> Vec<NewText> {
    let text = |language: &Locale| NewText {
        language: *language,
        markdown: format!("# Politika ({})\n\nWe keep sign-ins for a **year**.\n\n## Part\n\nMore.\n", language.tag()),
        summary: Some(SUMMARY.to_owned()),
    };
    languages.iter().map(text).collect()
}

pub(crate) fn plan(world: &World, after: Duration) -> Plan {
    Plan { effective_at: world.clock.now().plus(after), weight: Weight::Material, fallback: None }
}

/// Announces a version of the privacy policy that may apply after 30 days.
pub(crate) async fn announce(world: &World) -> Announcement {
    announce_of(world, Document::Privacy, plan(world, DAY * 30)).await
}

pub(crate) async fn announce_of(world: &World, document: Document, plan: Plan) -> Announcement {
    let policies = &world.app.services.policies;
    let _ = policies.draft(document, texts(&Locale::ALL), HERE).await.unwrap();
    policies.announce(document, plan, HERE).await.unwrap().done().unwrap()
}

/// Composes and hands over all that can be.
pub(crate) async fn deliver(policies: &Policies, outbox: &Outbox) {
    for _ in 0..50 {
        let left = policies.work().await.unwrap();
        let _ = outbox.deliver_due().await.unwrap();
        if left != policies::Left::Mails {
            return;
        }
    }
    panic!("notices without end");
}

async fn deliver_to_files(world: &World) {
    deliver(&world.app.services.policies, &world.app.outbox).await;
}

async fn state(world: &World, which: DocumentVersion) -> Option<State> {
    let all = world.app.services.policies.list().await.unwrap();
    all.into_iter().find(|known| known.which == which).map(|known| known.state)
}

async fn counts(world: &World) -> Counts {
    world.app.services.policies.counts(SECOND).await.unwrap()
}

/// How often that happened to the second version.
async fn times(world: &World, event: Event) -> usize {
    let history = world.app.services.policies.history().await.unwrap();
    history.iter().filter(|happened| happened.which == SECOND && happened.event == event).count()
}

fn to_server(world: &World, server: &MailServer) -> Outbox {
    let letterhead = Letterhead::new("Seif", "seif@localhost", "seif@localhost").unwrap();
    let transport = Transport::Smtp(Box::new(Smtp::new(server.settings(Tls::Implicit)).unwrap()));
    let kernel = world.app.services.kernel.clone();
    Outbox::reporting(kernel, transport, None, Texts::load().unwrap(), letterhead, policies::settled)
}

fn accounts(many: u64) -> Counts {
    Counts { sent: many, ..Counts::default() }
}

each_database! {
    async fn a_draft_is_nobodys_to_see_and_what_is_announced_stays_as_it_is(world: World) {
        // P-15
        let policies = &world.app.services.policies;
        assert_eq!(policies.preview(Document::Privacy).await.unwrap_err(), LifeError::NoDraft);
        assert_eq!(policies.draft(Document::Privacy, texts(&[Locale::En]), HERE).await.unwrap(), SECOND);
        assert_eq!(policies.draft(Document::Privacy, texts(&Locale::ALL), HERE).await.unwrap(), SECOND, "one draft a document");
        let preview = policies.preview(Document::Privacy).await.unwrap();
        assert_eq!((preview.texts.len(), preview.in_force, preview.accounts), (5, Some(1), 0));
        let stranger = world.stranger();
        let known = stranger.get("/api/v1/policies").await.expect(200).json();
        assert_eq!(known.as_array().unwrap().len(), 5, "a draft is not listed");
        for path in ["/api/v1/policies/privacy/2?language=en", "/api/v1/policies/privacy/1..2?language=en", "/privacy/en/2"] {
            assert_eq!(stranger.get(path).await.status, 404, "{path}");
        }
        let announced = policies.announce(Document::Privacy, plan(world, DAY * 30), HERE).await.unwrap().done().unwrap();
        assert_eq!((announced.which, announced.notice), (SECOND, DAY * 30));
        let known = stranger.get("/api/v1/policies").await.expect(200).json();
        let second = known.as_array().unwrap().iter().find(|policy| policy["version"] == 2).unwrap();
        assert_eq!(second["state"], "announced");
        assert_eq!(second["effective_at"], json!(announced.effective_at));
        assert_eq!((&second["in_force_at"], &second["notice_seconds"]), (&Value::Null, &json!(30 * 86_400)));
        let text = stranger.get("/api/v1/policies/privacy/2?language=lv").await.expect(200).json();
        assert_eq!((&text["title"], &text["summary"]), (&json!("Politika (lv)"), &json!(SUMMARY)));

        let mut db = Beside::of(world);
        for statement in [
            "UPDATE policy_texts SET body = 'other' WHERE version = 2",
            "DELETE FROM policy_texts WHERE version = 2",
            "UPDATE policies SET effective_at = 0 WHERE version = 2",
            "UPDATE policies SET material = FALSE WHERE version = 2",
            "UPDATE policies SET notice = 0 WHERE version = 2",
            "UPDATE policies SET state = 1 WHERE version = 2",
            "UPDATE policies SET state = 4 WHERE version = 2",
            "UPDATE policies SET state = 3, in_force_at = 0 WHERE version = 2",
            "DELETE FROM policies WHERE version = 2",
            "INSERT INTO policies (document, version, state, announced_at, effective_at) VALUES (1, 3, 2, 0, 0)",
            "UPDATE policy_events SET at = 0",
            "DELETE FROM policy_events",
        ] {
            let refused = db.run(statement).unwrap_err().to_string();
            let by_us = ["a published text never changes", "not everybody was told in time", "a version begins as a draft", "what happened to a version stays"];
            assert!(by_us.iter().any(|why| refused.contains(why)), "{statement}: {refused}");
        }
        if world.database == Database::Postgres {
            assert!(db.run("TRUNCATE policy_events").unwrap_err().to_string().contains("what happened to a version stays"));
        }
        let third = policies.draft(Document::Privacy, texts(&Locale::ALL), HERE).await.unwrap();
        assert_eq!(third.version, 3);
        let refused = policies.announce(Document::Privacy, plan(world, DAY * 60), HERE).await;
        assert_eq!(refused.unwrap_err(), LifeError::AnotherAnnounced(2));
    }

    async fn announcing_needs_every_language_or_a_fallback_and_the_least_notice(world: World) {
        let policies = &world.app.services.policies;
        let announce = async |plan| policies.announce(Document::Privacy, plan, HERE).await;
        assert_eq!(announce(plan(world, DAY * 30)).await.unwrap_err(), LifeError::NoDraft);
        let _ = policies.draft(Document::Privacy, texts(&[Locale::En, Locale::Lv]), HERE).await.unwrap();
        let missing = LifeError::Languages(vec![Locale::Lt, Locale::Et, Locale::Kk]);
        assert_eq!(announce(plan(world, DAY * 30)).await.unwrap_err(), missing);
        let to_nothing = Plan { fallback: Some(Locale::Kk), ..plan(world, DAY * 30) };
        assert_eq!(announce(to_nothing).await.unwrap_err(), missing, "a fallback without a text");
        let fallback = Plan { fallback: Some(Locale::En), ..plan(world, DAY * 30) };
        let sooner = Plan { effective_at: fallback.effective_at.minus(Duration::from_millis(1)), ..fallback };
        assert_eq!(announce(sooner).await.unwrap_err(), LifeError::TooSoon(fallback.effective_at));
        let _ = announce(fallback).await.unwrap();
        let text = world.stranger().get("/api/v1/policies/privacy/2?language=kk").await.expect(200);
        assert_eq!((text.header("content-language").as_str(), &text.json()["title"]), ("en", &json!("Politika (en)")));

        let wrong = |markdown: &str, summary: &str| {
            vec![NewText { language: Locale::En, markdown: markdown.to_owned(), summary: Some(summary.to_owned()) }]
        };
        for (text, error) in [
            (wrong("Title\n", ""), LifeError::Untitled(Locale::En)),
            (wrong("# T\n\n{{ shoe_size }}\n", ""), LifeError::Placeholder(Locale::En)),
            (wrong("# T\n", "see https://evil.example"), LifeError::Summary(Locale::En)),
        ] {
            assert_eq!(policies.draft(Document::Terms, text, HERE).await.unwrap_err(), error);
        }
        assert_eq!(policies.preview(Document::Terms).await.unwrap_err(), LifeError::NoDraft, "nothing is left behind");
    }

    async fn it_comes_into_force_when_everybody_was_told_in_time_or_cannot_be_reached_and_once(world: World) {
        // P-15
        let Some(server) = MailServer::start("implicit") else { return };
        for (domain, language) in [
            ("example.lv", "lv"),
            ("example.kk", "kk"),
            ("refuse.example", "en"),
            ("full.example", "en"),
            ("later.example", "et"),
            ("lost.example", "lt"),
        ] {
            let _ = world.owner_at(domain, language).await;
        }
        world.deliver().await;
        let (node, outbox) = (world.node().await, to_server(world, &server));
        let (one, two) = (&world.app.services.policies, &node.app.services.policies);
        let announced = announce(world).await;
        assert_eq!((announced.accounts, counts(world).await), (6, Counts { queued: 6, ..Counts::default() }));
        // Both nodes compose, and nobody gets two.
        let (a, b) = tokio::join!(one.work(), two.work());
        let _ = (a.unwrap(), b.unwrap());
        deliver(one, &outbox).await;
        assert_eq!(counts(world).await, Counts { queued: 3, refused: 1, ..accounts(2) });
        let later = Duration::from_mins(1);
        world.later(later);
        deliver(one, &outbox).await;
        assert_eq!(counts(world).await, Counts { queued: 1, refused: 1, ..accounts(4) });
        let mails = server.messages();
        assert_eq!(mails.len(), 5, "the lost one twice, being the same message");
        let mail = mails.iter().find(|mail| mail.contains("@example.lv")).unwrap();
        assert!(read(mail).contains("Politika (lv), versija 2"), "{mail}");
        // The mail that is never taken is given up after two days.
        for _ in 0..20 {
            world.later(Duration::from_hours(3));
            deliver(two, &outbox).await;
        }
        assert_eq!(counts(world).await, Counts { refused: 1, unreachable: 1, ..accounts(4) });
        // One that was sent comes back: a report of the mail server's says so.
        let id = message_id(mails.iter().find(|mail| mail.contains("@example.kk")).unwrap());
        assert_eq!(one.bounced(id, HERE).await.unwrap(), 1);
        assert_eq!(one.bounced(id, HERE).await.unwrap(), 0, "known already");
        assert_eq!(counts(world).await, Counts { refused: 1, unreachable: 1, bounced: 1, ..accounts(3) });

        // At its time it is still held up by who was told a minute late; a moment before theirs, too.
        let to = |at: Time| world.later(at.since(world.clock.now()));
        for at in [announced.effective_at, announced.effective_at.plus(later).minus(Duration::from_micros(1))] {
            to(at);
            let (a, b) = tokio::join!(one.work(), two.work());
            let _ = (a.unwrap(), b.unwrap());
            assert_eq!(state(world, SECOND).await, Some(State::Announced));
        }
        let early = format!("UPDATE policies SET state = 3, in_force_at = {} WHERE version = 2", world.clock.now().micros());
        let refused = Beside::of(world).run(&early).unwrap_err().to_string();
        assert!(refused.contains("not everybody was told in time"), "the database refuses it too: {refused}");
        to(announced.effective_at.plus(later));
        let all = futures(&[one, two, one, two]).await;
        assert!(all.into_iter().all(|done| done.is_ok()));
        assert_eq!(state(world, SECOND).await, Some(State::InForce));
        assert_eq!(state(world, DocumentVersion { version: 1, ..SECOND }).await, Some(State::Superseded));
        let history = one.history().await.unwrap();
        let happened: Vec<_> = history.iter().filter(|happened| happened.which == SECOND).collect();
        let events: Vec<_> = happened.iter().map(|happened| (happened.event, happened.actor.as_str())).collect();
        let service = "service";
        assert_eq!(events, [(Event::Announced, "local:0"), (Event::Queued, service), (Event::InForce, service)]);
        let last = happened.last().unwrap();
        assert_eq!(last.at, announced.effective_at.plus(later));
        assert_eq!((last.tally.accounts, last.tally.noticed, last.tally.unreachable), (6, 3, 3));
        node.stop().await;
    }

    async fn everybody_told_long_before_does_not_make_it_sooner_than_its_time(world: World) {
        // P-15
        let _ = world.owner().await;
        let announced = announce_of(world, Document::Privacy, plan(world, DAY * 60)).await;
        assert_eq!(announced.notice, DAY * 30);
        deliver_to_files(world).await;
        let moment = Duration::from_micros(1);
        for at in [announced.announced_at.plus(DAY * 31), announced.effective_at.minus(moment)] {
            world.later(at.since(world.clock.now()));
            assert_eq!(world.app.services.policies.work().await.unwrap(), policies::Left::Waiting);
            assert_eq!(state(world, SECOND).await, Some(State::Announced));
        }
        world.later(moment);
        deliver_to_files(world).await;
        assert_eq!(state(world, SECOND).await, Some(State::InForce));
    }

    async fn who_reads_of_it_in_the_application_alone_has_the_promised_time_from_then_on(world: World) {
        // P-15
        let mut anna = world.owner().await;
        let _ = announce(world).await;
        world.later(DAY * 29);
        again(&mut anna, world).await;
        let _ = anna.get("/changes").await.expect(200);
        let moment = Duration::from_micros(1);
        for by in [DAY, DAY * 29 - moment] {
            world.later(by);
            let _ = world.app.services.policies.work().await.unwrap();
            assert_eq!((state(world, SECOND).await, counts(world).await.sent), (Some(State::Announced), 0));
        }
        world.later(moment);
        let _ = world.app.services.policies.work().await.unwrap();
        assert_eq!(state(world, SECOND).await, Some(State::InForce));
    }

    async fn whoever_was_left_out_is_told_and_holds_the_version_up(world: World) {
        let (anna, _) = (world.owner().await, world.owner().await);
        let announced = announce(world).await;
        deliver_to_files(world).await;
        let mut db = Beside::of(world);
        let id = db.id(anna.account.as_deref().unwrap());
        db.run(&format!("DELETE FROM policy_notices WHERE account_id = {id}")).unwrap();
        world.later(DAY * 30);
        let early = format!("UPDATE policies SET state = 3, in_force_at = {} WHERE version = 2", world.clock.now().micros());
        let refused = db.run(&early).unwrap_err().to_string();
        assert!(refused.contains("not everybody was told in time"), "the database itself leaves nobody out: {refused}");
        deliver_to_files(world).await;
        deliver_to_files(world).await;
        assert_eq!((state(world, SECOND).await, counts(world).await), (Some(State::Announced), accounts(2)));
        world.later(DAY * 30);
        deliver_to_files(world).await;
        assert_eq!(state(world, SECOND).await, Some(State::InForce));
        assert!(world.clock.now() >= announced.effective_at.plus(DAY * 30));
        assert_eq!(times(world, Event::Queued).await, 1);
    }

    async fn the_mail_tells_what_changes_in_the_readers_language_and_several_documents_are_one_mail(world: World) {
        let anna = world.owner_at("example.lv", "lv").await;
        world.deliver().await;
        let _ = announce(world).await;
        let _ = announce_of(world, Document::Terms, plan(world, DAY * 40)).await;
        let before = world.mails().len();
        deliver_to_files(world).await;
        let mails = world.mails();
        assert_eq!(mails.len(), before + 1);
        let mail = read(&told_of(world));
        assert!(mail.to_lowercase().contains(&format!("to: {}", anna.email)), "{mail}");
        assert!(mail.contains("maina savus juridiskos dokumentus") || mail.contains("juridiskajos dokumentos"), "{mail}");
        assert_eq!(mail.matches(SUMMARY).count(), 2, "{mail}");
        let on = world.clock.now().plus(DAY * 40).date();
        assert!(mail.contains("Politika (lv), versija 2") && mail.contains(&on), "{mail}");
        // Whoever keeps it is a witness of the log.
        let log = world.stranger().get("/transparency/checkpoint").await.expect(200).text();
        assert!(log.lines().count() > 4 && log.lines().all(|line| mail.contains(line)), "{log}{mail}");
    }

    async fn who_joins_meanwhile_reads_both_versions_and_holds_nothing_up(world: World) {
        let _ = world.owner().await;
        let announced = announce(world).await;
        deliver_to_files(world).await;
        world.later(DAY * 29);
        // A client that knows what is in force alone gets a mail of the rest.
        let _ = world.owner().await;
        assert_eq!(counts(world).await, Counts { queued: 1, ..accounts(1) });
        deliver_to_files(world).await;
        assert_eq!(counts(world).await, accounts(2));
        world.later(announced.effective_at.since(world.clock.now()));
        deliver_to_files(world).await;
        assert_eq!(state(world, SECOND).await, Some(State::InForce));
    }

    async fn what_is_withdrawn_never_applies_and_tells_nobody_else(world: World) {
        let anna = world.owner().await;
        for domain in ["full.example", "example.com"] {
            let _ = world.owner_at(domain, "en").await;
        }
        world.deliver().await;
        let Some(server) = MailServer::start("implicit") else { return };
        let (outbox, policies) = (to_server(world, &server), &world.app.services.policies);
        let _ = announce(world).await;
        let _ = policies.work().await.unwrap();
        assert_eq!(policies.withdraw(Document::Privacy, HERE).await.unwrap(), SECOND);
        deliver(policies, &outbox).await;
        assert_eq!((server.messages().len(), counts(world).await.called_off), (0, 3));
        let gone = policies.withdraw(Document::Privacy, HERE).await.unwrap_err();
        assert_eq!(gone, LifeError::NothingAnnounced);
        let acknowledgement = "/api/v1/policies/privacy/2/acknowledgement";
        let _ = anna.send(reqwest::Method::POST, acknowledgement, None).await.problem(404, "not_found");
        world.later(DAY * 60);
        deliver(policies, &outbox).await;
        assert_eq!((state(world, SECOND).await, times(world, Event::InForce).await), (Some(State::Withdrawn), 0));
        let listed = world.stranger().get("/api/v1/policies").await.expect(200).json();
        assert!(listed.as_array().unwrap().iter().all(|policy| policy["version"] == 1), "{listed}");
        let page = world.stranger().get("/privacy/en/2").await.expect(200).text();
        assert!(page.contains("withdrawn"), "{page}");
        assert_eq!(policies.draft(Document::Privacy, texts(&Locale::ALL), HERE).await.unwrap().version, 3, "no number twice");
    }

    async fn whoever_was_told_of_what_is_withdrawn_is_told_that_too_and_once(world: World) {
        for domain in ["example.lv", "full.example"] {
            let _ = world.owner_at(domain, "en").await;
        }
        world.deliver().await;
        let Some(server) = MailServer::start("implicit") else { return };
        let (outbox, policies) = (to_server(world, &server), &world.app.services.policies.clone());
        let _ = announce(world).await;
        deliver(policies, &outbox).await;
        assert_eq!((server.messages().len(), counts(world).await.sent), (1, 1));
        // Whose mail waits still was told of nothing; of two who come meanwhile one reads it in the application.
        let (reader, _) = (world.owner_at("example.com", "lv").await, world.owner_at("other.example", "lv").await);
        world.deliver().await;
        let _ = reader.get("/changes").await.expect(200);
        assert_eq!((counts(world).await.accounts(), counts(world).await.seen), (4, 1));
        let _ = policies.withdraw(Document::Privacy, HERE).await.unwrap();
        let told = counts(world).await;
        assert_eq!((told.sent, told.called_off), (1, 3));
        deliver(policies, &outbox).await;
        let mails = server.messages();
        assert_eq!(mails.len(), 3, "{mails:#?}");
        let of = |to: &str| mails[1..].iter().find(|mail| mail.contains(to)).unwrap_or_else(|| panic!("{mails:#?}"));
        assert!(of("example.lv").contains("Politika (en), version 2: withdrawn."));
        assert!(of("example.com").contains("Politika (lv), versija 2: atsaukta."));
        world.later(DAY);
        deliver(policies, &outbox).await;
        assert_eq!((server.messages().len(), counts(world).await), (3, told));
        assert_eq!(policies.work().await.unwrap(), policies::Left::Nothing);
    }

    async fn a_correction_may_come_sooner_and_asks_nobody_again(world: World) {
        let mut owner = world.owner().await;
        customers(&owner).await;
        let soon = Plan { weight: Weight::Correction, ..plan(world, Duration::from_hours(1)) };
        let announced = announce_of(world, Document::Privacy, soon).await;
        assert_eq!(announced.notice, Duration::from_hours(1));
        deliver_to_files(world).await;
        world.later(Duration::from_hours(1));
        deliver_to_files(world).await;
        assert_eq!(state(world, SECOND).await, Some(State::InForce));
        again(&mut owner, world).await;
        let _ = owner.post(RECORDS, json!({"values": somebody("1")})).await.expect(201);
    }

    async fn the_commands_work_beside_a_running_service(world: World) {
        let _ = world.owner().await;
        world.deliver().await;
        let folder = tempfile::tempdir().unwrap();
        let mut draft = vec!["draft".to_owned(), "privacy".to_owned()];
        for text in texts(&Locale::ALL) {
            let path = |kind: &str| folder.path().join(format!("{}.{kind}", text.language.tag()));
            std::fs::write(path("md"), &text.markdown).unwrap();
            std::fs::write(path("txt"), text.summary.as_deref().unwrap()).unwrap();
            draft.extend(["--language".to_owned(), text.language.tag().to_owned()]);
            for (flag, kind) in [("--file", "md"), ("--summary", "txt")] {
                draft.extend([flag.to_owned(), path(kind).to_str().unwrap().to_owned()]);
            }
        }
        let line = |text: &str| text.split(' ').map(ToOwned::to_owned).collect::<Vec<_>>();
        let unpaired = line("draft privacy --language en --language lv --file x");
        for wrong in [line("draft secrets --language en --file x"), unpaired, line("announce privacy"), line("announce privacy --effective-at soon")] {
            assert_eq!(policy(world, &wrong).status.code(), Some(2), "{wrong:?}");
        }
        for failing in [line("preview privacy"), line("withdraw privacy"), line("notices privacy 2"), line("draft privacy --language en --file /nowhere")] {
            assert_eq!(policy(world, &failing).status.code(), Some(1), "{failing:?}");
        }
        assert_eq!(told(policy(world, &draft))["languages"], json!(["en", "lv", "lt", "et", "kk"]));
        let preview = told(policy(world, &line("preview privacy")));
        assert_eq!((&preview["accounts"], &preview["in_force"], &preview["missing"]), (&json!(1), &json!(1), &json!([])));
        let mails = preview["mails"].as_array().unwrap();
        assert_eq!(mails.iter().map(|mail| mail["language"].as_str().unwrap()).collect::<Vec<_>>(), ["en", "lv", "lt", "et", "kk"]);
        let body = mails[0]["body"].as_str().unwrap();
        assert!(body.contains("Politika (en), version 2: applies from") && body.contains("nobody can rewrite unseen") && body.contains("Questions at any time"), "{body}");
        let now = seif::kernel::clock::Clock::system().now();
        let too_soon = format!("announce privacy --effective-at {}", now.plus(DAY * 29).rfc3339());
        assert_eq!(policy(world, &line(&too_soon)).status.code(), Some(1));
        let at = now.plus(DAY * 31).rfc3339();
        let announced = told(policy(world, &line(&format!("announce privacy --effective-at {at}"))));
        assert_eq!((&announced["state"], &announced["effective_at"], &announced["accounts"]), (&json!("announced"), &json!(at), &json!(1)));
        let notices = told(policy(world, &line("notices privacy 2")));
        let keys = ["queued", "sent", "refused", "seen", "acknowledged", "unreachable"];
        assert_eq!(keys.map(|key| notices[key].as_i64().unwrap()), [1, 0, 0, 0, 0, 0]);
        deliver_to_files(world).await;
        assert_eq!(told(policy(world, &line("notices privacy 2")))["sent"], 1);
        let list = told(policy(world, &line("list")));
        assert!(list.as_array().unwrap().iter().any(|row| row["version"] == 2 && row["state"] == "announced"), "{list}");
        let to = folder.path().join("evidence");
        let evidence = format!("evidence privacy 2 --to {}", to.display());
        assert_eq!(told(policy(world, &line(&evidence)))["accounts"], 1);
        assert_eq!(policy(world, &line(&evidence)).status.code(), Some(1), "never over another");
        let checked = std::process::Command::new("sha256sum").args(["--check", "--strict", "SHA256SUMS"]).current_dir(&to).output().unwrap();
        assert!(checked.status.success() && String::from_utf8_lossy(&checked.stdout).lines().count() == 7, "{checked:?}");
        let bounce = folder.path().join("bounce.eml");
        let report = format!("Action: failed\n\nMessage-ID: {}\n", message_id_header(&told_of(world)));
        std::fs::write(&bounce, report).unwrap();
        assert_eq!(told(policy(world, &line(&format!("bounced {}", bounce.display()))))["notices"], 1);
        let withdrawn = told(policy(world, &line("withdraw privacy")));
        assert_eq!((&withdrawn["version"], &withdrawn["state"]), (&json!(2), &json!("withdrawn")));
    }

    async fn what_is_announced_is_seen_in_the_application_and_acknowledged_once(world: World) {
        let (anna, kate) = (world.owner().await, world.owner().await);
        world.deliver().await;
        let _ = announce(world).await;
        let tenant = format!("/t/{}/", anna.tenant.as_deref().unwrap());
        let page = anna.get(&tenant).await.expect(200).page();
        assert!(page.contains("A change is announced.") && page.contains(SUMMARY) && page.contains("href=\"/changes\""), "{page}");
        assert_eq!(counts(world).await.seen, 0, "a banner is not yet read");
        let page = anna.get("/changes").await.expect(200).page();
        for part in ["/privacy/en/1..2", "/privacy/en/2", "value=\"privacy:2\"", SUMMARY, &format!("{tenant}leaving")] {
            assert!(page.contains(part), "{part} in {page}");
        }
        assert_eq!((counts(world).await.seen, counts(world).await.acknowledged), (1, 0));
        let post = async |actor: &Actor| {
            let form = b"acknowledged=privacy%3A2".to_vec();
            actor.send_bytes(reqwest::Method::POST, "/changes", Some(("application/x-www-form-urlencoded", form))).await
        };
        assert_eq!(post(&anna).await.expect(303).header("location"), "/changes");
        assert!(!anna.get(&tenant).await.expect(200).page().contains("A change is announced."), "nobody is asked twice");
        let known = kate.get("/api/v1/account/policy-changes?language=lv").await.expect(200).json();
        let [change] = known.as_array().unwrap().as_slice() else { panic!("{known}") };
        assert_eq!((&change["title"], &change["in_force"], &change["summary"]), (&json!("Politika (lv)"), &json!(1), &json!(SUMMARY)));
        assert!(change["seen_at"].is_string() && change["acknowledged_at"].is_null(), "{change}");
        deliver_to_files(world).await;
        let counted = counts(world).await;
        assert_eq!((counted.sent, counted.seen, counted.acknowledged), (2, 2, 1));
        world.later(DAY * 30);
        deliver_to_files(world).await;
        assert_eq!(state(world, SECOND).await, Some(State::InForce));
        let policies = &world.app.services.policies;
        let left = async |actor: &Actor| {
            policies.unacknowledged(actor.account.as_deref().unwrap().parse().unwrap()).await.unwrap()
        };
        assert_eq!((left(&anna).await, left(&kate).await), (vec![], vec![SECOND]));
    }

    async fn a_tenant_on_its_way_out_stays_under_the_version_that_it_knew(world: World) {
        // P-15
        let (mut anna, mut kate) = (world.owner().await, world.owner().await);
        let announced = announce(world).await;
        deliver_to_files(world).await;
        world.later(DAY * 29);
        for actor in [&mut anna, &mut kate] {
            again(actor, world).await;
        }
        let _ = crate::leaving::leave(&anna, "after_grace").await;
        world.later(announced.effective_at.since(world.clock.now()));
        deliver_to_files(world).await;
        assert_eq!(state(world, SECOND).await, Some(State::InForce));
        for actor in [&mut anna, &mut kate] {
            again(actor, world).await;
        }
        let policies = &world.app.services.policies;
        let left = async |actor: &Actor| {
            policies.unacknowledged(actor.account.as_deref().unwrap().parse().unwrap()).await.unwrap()
        };
        assert_eq!((left(&anna).await, left(&kate).await), (vec![], vec![SECOND]));
        // Who stays after all is asked like everybody else.
        let _ = anna.delete("/api/v1/tenant/cancellation").await.expect(204);
        assert_eq!(left(&anna).await, vec![SECOND]);
    }

    async fn the_differences_have_a_page_for_anybody(world: World) {
        let _ = announce(world).await;
        let stranger = world.stranger();
        let answer = stranger.get("/privacy/en/1..2").await.expect(200);
        assert_eq!((answer.header("content-language").as_str(), answer.header("set-cookie")), ("en", String::new()));
        let page = answer.page();
        for part in ["<ins>", "<del>", SUMMARY, "From version 1 to version 2"] {
            assert!(page.contains(part), "{part} in {page}");
        }
        let page = stranger.get("/privacy/en").await.expect(200).page();
        assert!(page.contains("version 2 is announced") && page.contains("/privacy/en/1..2"), "{page}");
        let page = stranger.get("/privacy/en/2").await.expect(200).page();
        assert!(page.contains("not in force yet") && page.contains("/privacy/en/1..2"), "{page}");
        for path in ["/privacy/en/1..9", "/privacy/fr/1..2", "/privacy/en/1..x"] {
            assert_eq!(stranger.get(path).await.status, 404, "{path}");
        }
    }

    async fn the_running_service_says_what_it_knows_of_itself(world: World) {
        // P-12, P-13, R-20
        let _ = world.owner().await;
        let _ = announce(world).await;
        let stranger = world.stranger();
        let facts = stranger.get("/api/v1/trust").await.expect(200).json();
        assert_eq!(facts["cookies"], json!(["__Host-session", "__Host-prefs"]));
        assert_eq!((&facts["erasures"], &facts["tls"]), (&json!(0), &json!(["1.3", "1.2"])));
        assert_eq!(facts["root_keys"].as_array().unwrap().len(), 1);
        let events = facts["policies"].as_array().unwrap();
        let of_second: Vec<_> = events.iter().filter(|event| event["version"] == 2).map(|event| event["event"].as_str().unwrap()).collect();
        assert_eq!(of_second, ["announced", "notices_queued"]);
        for language in ["en", "lv", "lt", "et", "kk"] {
            let answer = stranger.get(&format!("/trust/{language}")).await.expect(200);
            assert_eq!((answer.header("content-language").as_str(), answer.header("set-cookie")), (language, String::new()));
            assert!(answer.page().contains("__Host-session"));
        }
        assert_eq!(stranger.get("/.well-known/change-password").await.expect(302).header("location"), "/account/password");
        assert_eq!(stranger.get("/.well-known/gpc.json").await.expect(200).json()["gpc"], true);
    }

    async fn the_differences_are_told_word_by_word(world: World) {
        let policies = &world.app.services.policies;
        let before = world.stranger().get("/api/v1/policies/privacy/1?language=en").await.expect(200).json();
        let markdown = before["body_markdown"].as_str().unwrap();
        let changed = NewText { language: Locale::En, markdown: format!("{markdown}\nOne more word.\n"), summary: None };
        let _ = policies.draft(Document::Privacy, vec![changed], HERE).await.unwrap();
        let fallback = Plan { fallback: Some(Locale::En), ..plan(world, DAY * 30) };
        let _ = policies.announce(Document::Privacy, fallback, HERE).await.unwrap();
        let answer = world.stranger().get("/api/v1/policies/privacy/1..2?language=en").await.expect(200).json();
        let pieces = answer["pieces"].as_array().unwrap();
        let kinds: Vec<_> = pieces.iter().map(|piece| piece["change"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["same", "added"]);
        assert_eq!(pieces[0]["text"], before["body_markdown"]);
        assert_eq!(answer["from_sha256"], before["sha256"]);
        for path in ["privacy/1..9", "privacy/1..x", "privacy/..2", "privacy/1..", "secrets/1..2", "privacy/1..2..3"] {
            let _ = world.stranger().get(&format!("/api/v1/policies/{path}?language=en")).await.problem(404, "not_found");
        }
    }
}

/// The same sign-in again, confirmed.
async fn again(owner: &mut Actor, world: &World) {
    let _ = owner.sign_in().await.expect(201);
    let _ = owner.confirm(world).await.expect(200);
}

async fn futures(nodes: &[&Policies]) -> Vec<Result<policies::Left, LifeError>> {
    let mut all = tokio::task::JoinSet::new();
    for node in nodes {
        let node = (*node).clone();
        all.spawn(async move { node.work().await });
    }
    all.join_all().await
}

/// The one captured mail that tells of a change; of those of one moment none is the last.
fn told_of(world: &World) -> String {
    world.mails().into_iter().find(|mail| read(mail).contains(SUMMARY)).unwrap()
}

fn message_id_header(mail: &str) -> &str {
    let line = mail.lines().find(|line| line.to_lowercase().starts_with("message-id:")).unwrap();
    line.split_once(':').unwrap().1.trim()
}

fn message_id(mail: &str) -> MessageId {
    message_id_header(mail).trim_start_matches('<').split('@').next().unwrap().parse().unwrap()
}

/// A captured mail with its text as it is read.
fn read(mail: &str) -> String {
    let joined = mail.replace("=\r\n", "").replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let [first, after @ ..] = rest {
        match (first, after) {
            (b'=', [a, b, after @ ..]) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => {
                let hex = [*a, *b];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn policy(world: &World, arguments: &[String]) -> Output {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_seif"));
    command.arg("policy").args(arguments).args(["--json", "--data"]).arg(world.folder.path());
    if let [database, keyring] = world.database_urls() {
        command.env("SEIF_DATABASE", database).env("SEIF_KEYRING", keyring);
    }
    command.output().unwrap()
}

fn told(output: Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
