//! What the console's pages show: counts, times, ids and states as they are, and nothing that a business keeps.

use std::collections::BTreeSet;

use seif::app::lookups::AllLookups;
use seif::each_database;
use seif::kernel::crypto::Owner;
use seif::kernel::operators::{Act, Role, Step};
use seif::kernel::rekey::{Begun, Stage, Turn};
use seif::kernel::values::Locale;
use seif::policies::Document;
use seif::testing::{Actor, World};
use serde_json::{Value, json};

use super::{operator, pages};
use crate::operator_ledger::{HERE, begin_rekey, entries, told};
use crate::owner_keys::{AT_ONCE, turn_over};
use crate::policy_changes::{announce, texts};
use crate::shelf::{RECORDS, customer, customers, place, store};
use crate::subscriber::{PROFILE, answers};
use crate::table::NOTHING;

/// What stands in the cells of each line of a page's tables.
pub(super) fn lines(page: &str) -> Vec<Vec<String>> {
    let cell = |rest: &str| words(&format!("<td {}", rest.split("</td>").next().unwrap()));
    let cells = |line: &str| line.split("<td ").skip(1).map(cell).collect::<Vec<_>>();
    page.split("<tr>").map(cells).filter(|cells| !cells.is_empty()).collect()
}

/// A piece of a page without its tags.
pub(super) fn words(html: &str) -> String {
    let mut text = String::new();
    for piece in html.split('<') {
        text += piece.split_once('>').map_or("", |(_, text)| text);
        text.push(' ');
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) fn line_of<'l>(lines: &'l [Vec<String>], word: &str) -> &'l [String] {
    lines.iter().find(|line| line[0] == word).unwrap_or_else(|| panic!("{word} is not in {lines:#?}"))
}

pub(super) fn tenant(actor: &Actor) -> String {
    actor.tenant.clone().unwrap()
}

pub(super) fn key_of(actor: &Actor) -> Owner {
    Owner::Tenant(tenant(actor).parse().unwrap())
}

/// Begins to turn the business's key over, and leaves it there.
pub(super) async fn begin(world: &World, actor: &Actor) {
    let begun = begin_rekey(&world.app.services.kernel, key_of(actor)).await;
    assert!(matches!(begun, Begun::Made(_)));
}

each_database! {
    async fn every_role_sees_every_page_but_the_operators(world: World) {
        let _ = world.app.services.policies.draft(Document::Privacy, texts(&Locale::ALL), HERE).await.unwrap();
        let mut open = pages();
        open.retain(|path| *path != "/operator/operators");
        open.push("/operator/policies/privacy/preview");
        assert!(open.len() >= 12, "{open:?}");
        for role in Role::ALL {
            let who = operator(world, role).await;
            for path in &open {
                let page = who.actor.get(path).await.expect(200).page();
                assert!(page.contains(&format!("{}-1", role.name())), "{path} does not say who is signed in");
            }
            let operators = who.actor.get("/operator/operators").await;
            assert_eq!(operators.status, if role == Role::Administrator { 200 } else { 403 }, "{role:?}");
        }
    }

    // P-3
    async fn a_business_is_an_id_a_state_an_age_and_sizes(world: World) {
        let shop = world.owner().await;
        let shut = world.owner().await;
        let going = world.owner().await;
        let _ = world.member(&shop, seif::kernel::access::Role::Viewer).await;
        customers(&shop).await;
        let record = place(&customer(&shop, "1").await);
        let _ = customer(&shop, "2").await;
        let of_record = format!("?record={}", record.rsplit('/').next().unwrap());
        let _ = store(&shop, &of_record, "x.txt", b"x").await.expect(201);
        let _ = shut.post("/api/v1/tenant/seal", json!({})).await.expect(204);
        let _ = crate::leaving::leave(&going, "after_grace").await;
        let reader = operator(world, Role::Reader).await;
        let all = lines(&reader.actor.get("/operator/tenants").await.expect(200).page());
        // A member has a business of their own too.
        assert_eq!(all.len(), 4, "{all:#?}");
        for (business, state, sizes) in [
            (&shop, "Served", ["2", "2", "1"]),
            (&shut, "Vault sealed", ["1", "0", "0"]),
            (&going, "About to leave", ["1", "0", "0"]),
        ] {
            let line = line_of(&all, &tenant(business));
            assert_eq!(line[1], state);
            assert_eq!(line[3..], sizes.map(ToOwned::to_owned));
        }
        let after = all[0][0].clone();
        let further = reader.actor.get(&format!("/operator/tenants?after={after}")).await.expect(200).page();
        assert_eq!(lines(&further), all[1..]);
        for wrong in ["after=x", "after=", "before=x"] {
            let _ = reader.actor.get(&format!("/operator/tenants?{wrong}")).await.problem(400, "malformed_request");
        }
    }

    // P-3
    async fn who_subscribes_is_shown_to_whose_duty_it_is_and_the_business_finds_each_look_in_its_audit(world: World) {
        let (shop, shut) = (world.owner().await, world.owner().await);
        let _ = shop.put(PROFILE, answers()).await.expect(200);
        let name = shop.get("/api/v1/session").await.expect(200).json()["tenants"][0]["name"].as_str().unwrap().to_owned();
        let _ = shut.post("/api/v1/tenant/seal", json!({})).await.expect(204);
        let path = |business: &Actor| format!("/operator/tenants/{}", tenant(business));
        let mut looks = 0;
        for role in Role::ALL {
            let who = operator(world, role).await;
            let may = [Role::Reader, Role::Administrator].contains(&role);
            let list = who.actor.get("/operator/tenants").await.expect(200).page();
            assert_eq!(list.contains(&format!("href=\"{}\"", path(&shop))), may, "{role:?}");
            if !may {
                let _ = who.actor.get(&path(&shop)).await.problem(403, "forbidden");
                continue;
            }
            let page = words(&who.actor.get(&path(&shop)).await.expect(200).page());
            looks += 1;
            for said in [name.as_str(), "Self-employed", "iela 1, Rīga LV-1010, LV", "Served"] {
                assert!(page.contains(said), "{said}: {page}");
            }
            for unsaid in ["29123456", "anna@example.lv", "Anna", "craft", shop.email.as_str()] {
                assert!(!page.contains(unsaid), "{unsaid}: {page}");
            }
            let id = world.app.services.operators.named(&who.name.parse().unwrap()).await.unwrap().id;
            let of_it = told(&shop).await;
            assert_eq!(of_it.len(), looks, "{role:?}");
            let last = of_it.last().unwrap();
            assert_eq!((&last["action"], &last["actor"]["operator"]), (&json!("operator_shown_tenant"), &json!(format!("operator:{id}"))));
            // Nobody is given the keys of a sealed vault, whatever they are.
            let page = words(&who.actor.get(&path(&shut)).await.expect(200).page());
            assert!(page.contains("An owner has sealed this vault") && page.contains("Vault sealed"), "{page}");
            assert!(!page.contains("and daughters"), "{page}");
            let many = entries(world).len();
            for nothing in [NOTHING, "nothing", "x%20y"] {
                let _ = who.actor.get(&format!("/operator/tenants/{nothing}")).await.problem(404, "not_found");
            }
            assert_eq!(entries(world).len(), many);
        }
        assert_eq!(looks, 2);
        let looked = entries(world).into_iter().filter(|entry| entry.act == Act::ShowTenant && entry.step == Step::Begun);
        assert_eq!(looked.count(), 4);
        let _ = shut.delete("/api/v1/tenant/seal").await.expect(204);
        world.later(std::time::Duration::from_secs(60));
        let _ = world.app.services.kernel.tell_tenants().await.unwrap();
        assert_eq!(told(&shut).await.len(), 2);
    }

    async fn a_key_that_turns_over_is_shown_with_how_far_it_is_and_its_report_at_the_end(world: World) {
        let [one, other] = [world.owner().await, world.owner().await];
        let reader = operator(world, Role::Reader).await;
        let keys = async || reader.actor.get("/operator/keys").await.expect(200).page();
        let report = async || reader.actor.get("/operator/keys/reports").await.expect(200).page();
        assert!(!keys().await.contains(&tenant(&one)));
        assert!(report().await.contains("There are none."));
        begin(world, &one).await;
        let shown = lines(&keys().await);
        let line = line_of(&shown, &tenant(&one));
        assert_eq!([&line[1], &line[2], &line[10]], ["1 → 2", "The new version is made", "Goes on"]);
        assert!(line[3].ends_with("0 / 5"), "{line:?}");
        turn_over(world, &[key_of(&other)], AT_ONCE, Stage::Retired).await;
        let shown = lines(&keys().await);
        let line = line_of(&shown, &tenant(&other));
        assert_eq!(line[2], "The old version is retired");
        assert!(line[3].ends_with("4 / 5"), "{line:?}");
        let kernel = &world.app.services.kernel;
        world.later(AT_ONCE.retention);
        let lookups = AllLookups::new(kernel);
        while let Turn::Reached(..) = kernel.rekey_next(Some(key_of(&other)), AT_ONCE, &lookups, &|_| ()).await.unwrap() {}
        let mut reader = reader;
        let _ = reader.sign_in(world).await.expect(303);
        let shown = reader.actor.get("/operator/keys").await.expect(200).page();
        assert!(lines(&shown).iter().all(|line| line[0] != tenant(&other)), "it is at its end");
        let reports = reader.actor.get("/operator/keys/reports").await.expect(200).page();
        assert!(reports.contains(&tenant(&other)) && !reports.contains(&tenant(&one)));
    }

    async fn a_document_is_shown_as_a_draft_with_its_mail_and_then_with_who_was_told(world: World) {
        let _ = [world.owner().await, world.owner().await];
        let policies = &world.app.services.policies;
        let reader = operator(world, Role::Reader).await;
        let preview = "/operator/policies/privacy/preview";
        for nothing in [preview, "/operator/policies/never/preview"] {
            let _ = reader.actor.get(nothing).await.problem(404, "not_found");
        }
        assert!(!reader.actor.get("/operator/policies").await.expect(200).page().contains(preview));
        let _ = policies.draft(Document::Privacy, texts(&Locale::ALL), HERE).await.unwrap();
        assert!(reader.actor.get("/operator/policies").await.expect(200).page().contains(preview));
        let page = reader.actor.get(preview).await.expect(200).page();
        assert!(page.contains("2 accounts will be told."));
        for locale in Locale::ALL {
            assert!(page.contains(&format!("Politika ({})", locale.tag())), "{locale:?}");
        }
        assert!(page.contains("changes its legal documents"), "the mail's subject");
        // The whole mail, to its last line, in each language.
        for words in ["version 2: applies from", "Until then the version that you know holds", "nobody can rewrite unseen", "Questions at any time"] {
            assert!(page.contains(words), "{words}");
        }
        for (words, what) in [("\n— ", "the log's signature"), ("seif@localhost", "whom to ask")] {
            assert!(page.matches(words).count() >= Locale::ALL.len(), "{what}");
        }
        let _ = announce(world).await;
        let shown = lines(&reader.actor.get("/operator/policies").await.expect(200).page());
        let line = shown.iter().find(|line| line[0] == "privacy" && line[1] == "2").unwrap();
        assert_eq!([&line[2], &line[5], &line[6]], ["Announced", "0", "2"]);
        let _ = reader.actor.get(preview).await.problem(404, "not_found");
    }

    async fn what_waits_is_shown_as_counts_and_nobody_is_named(world: World) {
        let owner = world.owner().await;
        world.deliver().await;
        let reader = operator(world, Role::Reader).await;
        let look = async || reader.actor.get("/operator/outbox").await.expect(200).page();
        let before = lines(&look().await);
        assert_eq!(line_of(&before, "Notices of documents")[1], "0");
        assert_eq!(line_of(&before, "Keys that turn over")[1], "0");
        assert!(before.iter().all(|line| line[0] != "Waits"), "{before:?}");
        let email = "waits.for.a.code@example.lv";
        let _ = world.stranger().post("/api/v1/signups", json!({"email": email, "language": "en"})).await.expect(202);
        let _ = announce(world).await;
        begin(world, &owner).await;
        let page = look().await;
        let shown = lines(&page);
        for (word, many) in [("Waits", "1"), ("Notices of documents", "1"), ("Keys that turn over", "1")] {
            let line = line_of(&shown, word);
            assert_eq!(line[1], many, "{word}");
            assert_ne!(line[2], "–", "{word}");
        }
        assert!(!page.contains(email) && !page.contains(owner.email.as_str()));
    }

    async fn the_page_of_back_ups_says_what_the_last_drill_found(world: World) {
        let folder = tempfile::tempdir().unwrap();
        let [data, keyring] = ["data", "keyring"].map(|name| folder.path().join(name).display().to_string());
        let found = async |world: &World| {
            let reader = operator(world, Role::Reader).await;
            words(&reader.actor.get("/operator/backups").await.expect(200).page())
        };
        world.restart_with(&format!("[backup]\nto = \"{data}\"\nkeyring_to = \"{keyring}\"\nevery = \"1d\"\n")).await;
        let said = async |world: &World| world.stranger().get("/api/v1/trust").await.expect(200).json()["last_drill"].clone();
        let shown = async |world: &World| words(&world.stranger().get("/trust/en").await.expect(200).page());
        assert!(found(world).await.contains("Found –"));
        assert_eq!(said(world).await, Value::Null);
        assert!(shown(world).await.contains("Last restore drill none yet"));
        world.app.sweep().await;
        // And to anybody, on the page of trust.
        let drill = said(world).await;
        assert!(drill["good"] == true && drill["at"].is_string(), "{drill}");
        assert!(shown(world).await.contains("everything came back"));
        let reader = world.app.services.operators.named(&"reader-1".parse().unwrap()).await.unwrap();
        world.app.services.operators.remove(HERE, reader.id).await.unwrap();
        assert!(found(world).await.contains("Found It can be put back"));
    }

    // P-3: every page that the console leads to, and every one in the list of routes.
    async fn nothing_that_a_business_keeps_is_on_any_page(world: World) {
        let marks = ["markedcollection77", "markedfield77", "markedlabel77", "markedvalue77", "markedfile77", "markedcontent77"];
        let shop = world.owner().await;
        let fields = json!([{"name": "markedfield77", "label": "MarkedLabel77", "kind": "text", "searchable": true}]);
        let made = shop.post("/api/v1/collections", json!({"name": "MarkedCollection77", "fields": fields})).await.expect(201).json();
        let records = format!("{}/records", RECORDS.replace("customers/records", made["slug"].as_str().unwrap()));
        let record = shop.post(&records, json!({"values": {"markedfield77": "MarkedValue77"}})).await.expect(201);
        let id = place(&record).rsplit('/').next().unwrap().to_owned();
        let _ = store(&shop, &format!("?record={id}"), "MarkedFile77.txt", b"MarkedContent77").await.expect(201);
        // What gives the pages something to show.
        begin(world, &shop).await;
        let second = world.owner().await;
        turn_over(world, &[key_of(&second)], AT_ONCE, Stage::Retired).await;
        let _ = announce(world).await;
        let _ = world.app.services.policies.draft(Document::Terms, texts(&Locale::ALL), HERE).await.unwrap();
        let admin = operator(world, Role::Administrator).await;
        let mut waiting: Vec<String> = pages().into_iter().map(ToOwned::to_owned).collect();
        let mut seen = BTreeSet::new();
        while let Some(path) = waiting.pop() {
            if !seen.insert(path.clone()) {
                continue;
            }
            let page = admin.actor.get(&path).await.expect(200).page();
            let flat = page.to_lowercase();
            // Who subscribes is said on the page of the business, and on no other.
            let business = if path.starts_with("/operator/tenants/") { "nothing else" } else { "and daughters" };
            for kept in marks.into_iter().chain([business, shop.email.as_str(), id.as_str()]) {
                assert!(!flat.contains(&kept.to_lowercase()), "{path} shows {kept}");
            }
            let links = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
            waiting.extend(links.filter(|to| to.starts_with("/operator")).map(ToOwned::to_owned));
        }
        assert!(seen.contains(&format!("/operator/tenants/{}", tenant(&shop))));
        assert!(seen.contains("/operator/policies/terms/preview") && seen.len() >= 12, "{seen:?}");
        assert!(admin.actor.get("/operator/tenants").await.expect(200).page().contains(&tenant(&shop)));
        // The mark is there for who may see it.
        assert!(shop.get(&format!("{records}/{id}")).await.expect(200).text().contains("MarkedValue77"));
    }
}
