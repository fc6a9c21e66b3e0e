//! The vault by forms alone: what a person without script sees and does (R-35, S-3).

use reqwest::Method;
use seif::each_database;
use seif::testing::{Actor, Answer};
use serde_json::json;

const IBAN: &str = "LV80BANK0000435195001";

/// A browser of `actor`: it asks for pages, and names no tenant beside the address.
pub(crate) fn browser(actor: &Actor) -> Actor {
    let mut browser = actor.with_header("accept", "text/html,application/xhtml+xml");
    browser.tenant = None;
    browser
}

/// Posts a form as a browser does.
pub(crate) async fn send(browser: &Actor, path: &str, fields: &[(&str, &str)]) -> Answer {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let encoded = |text: &str| -> String {
        text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
    };
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    let body = ("application/x-www-form-urlencoded", pairs.join("&").into_bytes());
    browser.send_bytes(Method::POST, path, Some(body)).await
}

/// The customers of an owner: a collection with a sensitive field, made by a form; its address.
async fn customers(owner: &Actor) -> String {
    let at = format!("/t/{}", owner.tenant.as_deref().unwrap());
    let fields = [
        ("collection_name", "Customers"),
        ("fields.0.label", "Name"),
        ("fields.0.kind", "text"),
        ("fields.0.required", "yes"),
        ("fields.1.label", "Number"),
        ("fields.1.kind", "text"),
        ("fields.1.unique", "yes"),
        ("fields.2.label", "IBAN"),
        ("fields.2.kind", "iban"),
        ("fields.2.sensitive", "yes"),
        ("fields.3.label", "Price"),
        ("fields.3.kind", "money"),
    ];
    let made = send(&browser(owner), &format!("{at}/collections"), &fields).await.expect(303);
    assert_eq!(made.header("location"), format!("{at}/collections/customers?news=collections_made"));
    format!("{at}/collections/customers")
}

/// A record made by the form; its address.
async fn made(browser: &Actor, at: &str, name: &str, number: &str) -> String {
    let fields = [
        ("values.name", name),
        ("values.number", number),
        ("values.iban", IBAN),
        ("values.price", "1 234,5"),
        ("values.price.currency", "eur"),
    ];
    let answer = send(browser, &format!("{at}/records"), &fields).await.expect(303);
    answer.header("location").strip_suffix("?news=record_saved").unwrap().to_owned()
}

each_database! {
    async fn a_business_starts_from_templates_and_sees_how_much_each_holds(world: World) {
        let owner = world.owner().await;
        let anna = browser(&owner);
        let at = format!("/t/{}", owner.tenant.as_deref().unwrap());
        assert!(anna.get(&format!("{at}/")).await.expect(200).page().contains("starters"));
        let choice = anna.get(&format!("{at}/starters")).await.expect(200).page();
        assert!(choice.contains("value=\"customers\" checked aria"));
        let ticked = [("template", "customers"), ("template", "contracts")];
        let made = send(&anna, &format!("{at}/starters"), &ticked).await.expect(303);
        assert_eq!(made.header("location"), format!("{at}/?news=collections_made"));
        let overview = anna.get(&made.header("location")).await.expect(200).page();
        assert!(overview.contains("/collections/customers\"") && overview.contains("/collections/contracts\""));
        assert!(!overview.contains("/collections/employees\""));
        // Once more: what is there stays as it is.
        let _ = send(&anna, &format!("{at}/starters"), &ticked).await.expect(303);
        let latvian = anna.with_header("accept-language", "lv").get(&format!("{at}/")).await.expect(200).page();
        assert!(latvian.contains("Klienti"));
    }

    async fn a_record_is_kept_found_trashed_and_restored_by_forms_alone(world: World) {
        let owner = world.owner().await;
        let (at, name) = (customers(&owner).await, world.somebody());
        let anna = browser(&owner);
        assert!(anna.get(&format!("{at}/records/new")).await.expect(200).page().contains("values.iban"));
        let record = made(&anna, &at, &name, "K-1").await;
        let view = anna.get(&record).await.expect(200).page();
        assert!(view.contains(&name) && view.contains("1234.50 EUR"));
        for (field, query) in [("", name.as_str()), ("number", "k-1")] {
            let found = send(&anna, &format!("{at}/search"), &[("in", field), ("query", query)]).await.expect(200);
            let page = found.page();
            assert!(page.contains(&record), "{field}: {page}");
        }
        let nothing = send(&anna, &format!("{at}/search"), &[("in", "number"), ("query", "K-2")]).await.expect(200);
        assert!(!nothing.page().contains(&record));
        let trashed = send(&anna, &format!("{record}/delete"), &[("version", "1")]).await.expect(303);
        assert_eq!(trashed.header("location"), format!("{at}?news=record_trashed"));
        assert!(!anna.get(&at).await.expect(200).page().contains(&record));
        let _ = anna.get(&record).await.expect(404);
        assert!(anna.get(&format!("{at}/trash")).await.expect(200).page().contains(&name));
        let restored = send(&anna, &format!("{record}/restore"), &[]).await.expect(303);
        assert_eq!(restored.header("location"), format!("{record}?news=record_restored"));
        assert!(anna.get(&at).await.expect(200).page().contains(&record));
        let history = anna.get(&format!("{record}/versions")).await.expect(200).page();
        assert!(["Made", "Moved to the trash", "Restored"].iter().all(|deed| history.contains(*deed)));
        assert_eq!(history.matches("<li class=\"sheet\">").count(), 3);
    }

    async fn what_is_masked_stands_in_no_page_until_it_is_revealed(world: World) {
        let owner = world.owner().await;
        let (at, name) = (customers(&owner).await, world.somebody());
        let anna = browser(&owner);
        let record = made(&anna, &at, &name, "K-1").await;
        for page in [at.clone(), record.clone(), format!("{record}/edit"), format!("{record}/versions")] {
            let text = anna.get(&page).await.expect(200).page();
            assert!(!text.contains(IBAN) && !text.contains("LV80"), "{page}");
        }
        let revealed = send(&anna, &format!("{record}/reveal"), &[("field", "iban")]).await.expect(200);
        assert!(revealed.page().contains("LV80 BANK 0000 4351 9500 1"));
        assert!(revealed.header("cache-control").contains("no-store"));
        // An empty field of a masked value keeps it; the tick takes it away.
        let kept = [("version", "1"), ("values.name", &name), ("values.number", "K-1"), ("values.price", "1234.50"), ("values.price.currency", "EUR")];
        let _ = send(&anna, &record, &kept).await.expect(303);
        assert!(anna.get(&record).await.expect(200).page().contains("…5001"));
        let cleared = [&kept[..], &[("clear.iban", "yes")]].concat();
        let _ = send(&anna, &record, &cleared).await.expect(303);
        assert!(!anna.get(&record).await.expect(200).page().contains("…5001"));
    }

    async fn what_is_wrong_stands_beside_its_field_with_what_was_typed(world: World) {
        let owner = world.owner().await;
        let (at, name) = (customers(&owner).await, world.somebody());
        let anna = browser(&owner);
        let wrong = [("values.number", "K-1"), ("values.iban", "LV00"), ("values.price", "x"), ("values.price.currency", "EUR")];
        let text = send(&anna, &format!("{at}/records"), &wrong).await.expect(422).page();
        for id in ["e-name", "e-iban", "e-price"] {
            assert!(text.contains(&format!("id=\"{id}\"")), "{id}");
        }
        assert!(text.contains("value=\"K-1\"") && !text.contains("id=\"e-number\""));
        made(&anna, &at, &name, "K-1").await;
        let again = [("values.name", name.as_str()), ("values.number", "K-1")];
        let text = send(&anna, &format!("{at}/records"), &again).await.expect(409).page();
        assert!(text.contains("id=\"e-number\""));
        let at = format!("/t/{}/collections", owner.tenant.as_deref().unwrap());
        let text = send(&anna, &at, &[("collection_name", ""), ("retention_days", "ilgi")]).await.expect(422).page();
        assert!(text.contains("id=\"e-collection_name\"") && text.contains("id=\"e-retention_days\""));
        let more = [("collection_name", "Cars"), ("fields.3.label", "Plate"), ("more", "yes")];
        assert!(send(&anna, &at, &more).await.expect(200).page().contains("fields.7.label"));
    }

    async fn a_stale_form_shows_what_changed_and_keeps_what_was_typed(world: World) {
        let owner = world.owner().await;
        let (at, name) = (customers(&owner).await, world.somebody());
        let anna = browser(&owner);
        let record = made(&anna, &at, &name, "K-1").await;
        let form = |number: &str, other: &str| {
            [("version", "1".to_owned()), ("values.name", other.to_owned()), ("values.number", number.to_owned()),
             ("values.price", "1234.50".to_owned()), ("values.price.currency", "EUR".to_owned())]
        };
        let first = form("K-2", &name);
        let first = first.each_ref().map(|(field, value)| (*field, value.as_str()));
        let _ = send(&anna, &record, &first).await.expect(303);
        let (renamed, second) = (format!("{name} and sons"), form("K-1", &format!("{name} and sons")));
        let second = second.each_ref().map(|(field, value)| (*field, value.as_str()));
        let text = send(&anna, &record, &second).await.expect(412).page();
        assert!(text.contains("conflict-title") && text.contains("name=\"version\" value=\"2\""));
        assert!(text.contains(&format!("value=\"{renamed}\"")), "what was typed stands");
        assert!(text.contains("name=\"values.number\" value=\"K-2\""), "what was not touched is what stands now");
        let third = [("version", "2"), ("values.name", &renamed), ("values.number", "K-2"), ("values.price", "1234.50"), ("values.price.currency", "EUR")];
        let _ = send(&anna, &record, &third).await.expect(303);
        assert!(anna.get(&record).await.expect(200).page().contains(&renamed));
    }

    async fn a_link_is_shown_by_what_the_other_record_is_called(world: World) {
        let owner = world.owner().await;
        let (at, name) = (customers(&owner).await, world.somebody());
        let anna = browser(&owner);
        let record = made(&anna, &at, &name, "K-1").await;
        let id = record.rsplit('/').next().unwrap().to_owned();
        let orders = json!({"name": "Orders", "fields": [
            {"name": "title", "label": "Title", "kind": "text", "required": true},
            {"name": "customer", "label": "Customer", "kind": "link", "collection": "customers"}]});
        let _ = owner.post("/api/v1/collections", orders).await.expect(201);
        let orders = at.replace("customers", "orders");
        assert!(anna.get(&format!("{orders}/records/new")).await.expect(200).page().contains(&name), "one can choose it");
        let fields = [("values.title", "Chairs"), ("values.customer", id.as_str())];
        let order = send(&anna, &format!("{orders}/records"), &fields).await.expect(303).header("location");
        for page in [orders, order] {
            let text = anna.get(&page).await.expect(200).page();
            assert!(text.contains(&format!("<a href=\"{record}\">{name}</a>")), "{page}");
        }
    }

    async fn a_collection_of_ones_own_has_choices_and_links(world: World) {
        let owner = world.owner().await;
        let (at, name) = (customers(&owner).await, world.somebody());
        let anna = browser(&owner);
        let record = made(&anna, &at, &name, "K-1").await;
        let collections = at.trim_end_matches("/customers").to_owned();
        let form = anna.get(&format!("{collections}/new")).await.expect(200).page();
        assert!(form.contains("<option value=\"choice\"") && form.contains("<option value=\"link\""));
        assert!(form.contains("<option value=\"customers\">Customers</option>"));
        let fields = |choices: &'static str, collection: &'static str| [
            ("collection_name", "Vehicles"), ("fields.0.label", "Plate"), ("fields.0.kind", "text"),
            ("fields.1.label", "Fuel"), ("fields.1.kind", "choice"), ("fields.1.choices", choices),
            ("fields.2.label", "Owner"), ("fields.2.kind", "link"), ("fields.2.collection", collection)];
        for (choices, collection, codes) in [
            ("\r\n", "customers", vec!["e-fields-1"]), ("Diesel\r\nDiesel", "", vec!["e-fields-1", "e-fields-2"])] {
            let text = send(&anna, &collections, &fields(choices, collection)).await.expect(422).page();
            for code in codes {
                assert!(text.contains(&format!("id=\"{code}\"")), "{code}: {text}");
            }
        }
        let made = send(&anna, &collections, &fields("Diesel\r\n Petrol \r\n", "customers")).await.expect(303);
        assert_eq!(made.header("location"), format!("{collections}/vehicles?news=collections_made"));
        let vehicles = owner.get("/api/v1/collections/vehicles").await.expect(200).json();
        assert_eq!(vehicles["fields"][1]["choices"][1]["value"], "Petrol");
        assert_eq!(vehicles["fields"][2]["collection"], "customers");
        let form = anna.get(&format!("{collections}/vehicles/records/new")).await.expect(200).page();
        assert!(form.contains("<option value=\"Petrol\"") && form.contains(&name));
        let id = record.rsplit('/').next().unwrap();
        let values = [("values.plate", "AB-1"), ("values.fuel", "Petrol"), ("values.owner", id)];
        let vehicle = send(&anna, &format!("{collections}/vehicles/records"), &values).await.expect(303);
        assert!(anna.get(&vehicle.header("location")).await.expect(200).page().contains(&record));
    }

    async fn no_collection_hides_behind_a_page(world: World) {
        let owner = world.owner().await;
        let fields = json!([{"name": "title", "label": "Title", "kind": "text"}]);
        for new in [json!({"name": "Orders", "slug": "new", "fields": fields}), json!({"name": "New", "fields": fields})] {
            let refused = owner.post("/api/v1/collections", new).await.problem(422, "invalid");
            assert_eq!((&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]), (&json!("/slug"), &json!("reserved")));
        }
        let at = format!("/t/{}/collections", owner.tenant.as_deref().unwrap());
        let typed = [("collection_name", "New"), ("fields.0.label", "Title"), ("fields.0.kind", "text")];
        let text = send(&browser(&owner), &at, &typed).await.expect(422).page();
        assert!(text.contains("id=\"e-collection_name\"") && text.contains("value=\"New\""), "{text}");
    }

    async fn who_is_not_confirmed_looks_and_is_led_to_confirm_before_a_change(world: World) {
        let mut owner = world.owner().await;
        let (at, name) = (customers(&owner).await, world.somebody());
        let record = made(&browser(&owner), &at, &name, "K-1").await;
        let _ = owner.sign_in().await.expect(201);
        let anna = browser(&owner);
        assert!(anna.get(&record).await.expect(200).page().contains("…5001"));
        for page in [format!("{record}/edit"), format!("{at}/records/new")] {
            let led = anna.get(&page).await.expect(303).header("location");
            assert!(led.starts_with("/confirm?next=/t/"), "{led}");
        }
        let led = send(&anna, &format!("{record}/reveal"), &[("field", "iban")]).await.expect(303);
        assert_eq!(led.header("location"), format!("/confirm?next={record}"));
        let changes = [format!("{at}/records"), record.clone(), format!("{record}/delete"), format!("{record}/restore")];
        for change in changes {
            let led = send(&anna, &change, &[("version", "1")]).await.expect(303).header("location");
            assert!(led.starts_with("/confirm"), "{change}: {led}");
        }
        assert!(anna.get(&record).await.expect(200).page().contains(&name), "nothing was changed");
        let stranger = browser(&world.stranger());
        assert!(stranger.get(&record).await.expect(303).header("location").starts_with("/sign-in?next="));
    }

    async fn another_tenants_pages_are_not_there(world: World) {
        let (owner, other) = (world.owner().await, world.owner().await);
        let (at, name) = (customers(&owner).await, world.somebody());
        let record = made(&browser(&owner), &at, &name, "K-1").await;
        let eve = browser(&other);
        let theirs = format!("/t/{}", owner.tenant.as_deref().unwrap());
        let own = format!("/t/{}", other.tenant.as_deref().unwrap());
        let pages = [format!("{theirs}/"), at.clone(), record.clone(), format!("{record}/versions"), format!("{at}/trash"),
            record.replace(&theirs, &own), "/t/x/".to_owned()];
        for page in pages {
            let text = eve.get(&page).await.expect(404).page();
            assert!(!text.contains(&name));
        }
        for change in [format!("{record}/delete"), record.clone(), format!("{record}/reveal"), format!("{at}/search")] {
            let _ = send(&eve, &change, &[("version", "1"), ("field", "iban"), ("query", "x")]).await.expect(404);
        }
        assert!(browser(&owner).get(&record).await.expect(200).page().contains(&name));
    }
}
