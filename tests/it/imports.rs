//! Whole tables into the vault.

use std::path::Path;

use seif::each_database;
use seif::testing::{Actor, Answer, MARK};
use serde_json::{Value, json};

async fn upload(actor: &Actor, query: &str, kind: &str, body: &str) -> Answer {
    let path = format!("/api/v1/imports?{query}");
    actor.send_bytes(reqwest::Method::POST, &path, Some((kind, body.as_bytes().to_vec()))).await
}

async fn csv(actor: &Actor, query: &str, body: &str) -> Answer {
    upload(actor, query, "text/csv", body).await
}

/// Makes `people`, and `visits` that link to them.
async fn collections(owner: &Actor) {
    let people = json!({"name": "People", "fields": [
        {"name": "number", "label": "Number", "kind": "text", "required": true, "unique": true},
        {"name": "name", "label": {"en": "Name", "lv": "Vārds"}, "kind": "text"},
        {"name": "limit", "label": "Limit", "kind": "money"},
        {"name": "active", "label": "Active", "kind": "boolean"},
        {"name": "notes", "label": "Notes", "kind": "long_text"}
    ]});
    let visits = json!({"name": "Visits", "fields": [
        {"name": "day", "label": "Day", "kind": "date", "required": true},
        {"name": "person", "label": "Person", "kind": "link", "collection": "people"}
    ]});
    for collection in [people, visits] {
        let _ = owner.post("/api/v1/collections", collection).await.expect(201);
    }
}

async fn listed(owner: &Actor, slug: &str) -> Vec<Value> {
    let page = owner.get(&format!("/api/v1/collections/{slug}/records?limit=200")).await.expect(200).json();
    page["items"].as_array().unwrap().clone()
}

/// The faults of a report in one line each: row, pointer, code.
fn faults(report: &Value) -> Vec<String> {
    let told = |fault: &Value| {
        format!("{} {} {}", fault["row"], fault["pointer"].as_str().unwrap(), fault["code"].as_str().unwrap())
    };
    report["errors"].as_array().unwrap().iter().map(told).collect()
}

/// The type of workbooks.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// People as a spreadsheet program writes them: a number that is one, an amount, a truth, and a text.
fn workbook(name: &str) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, heading) in (0_u16..).zip(["number", "Vārds", "limit", "active"]) {
        sheet.write(0, column, heading).unwrap();
    }
    sheet.write(1, 0, 1_001).unwrap().write(1, 1, name).unwrap().write(1, 2, 12.5).unwrap().write(1, 3, true).unwrap();
    sheet.write(3, 0, 1_002).unwrap().write(3, 2, "7.5 KZT").unwrap().write(3, 3, "perhaps").unwrap();
    book.save_to_buffer().unwrap()
}

/// Visits, each on a day of the calendar.
fn visits() -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    let day = rust_xlsxwriter::Format::new().set_num_format("d.m.yyyy");
    sheet.write(0, 0, "Day").unwrap().write(0, 1, "Person").unwrap();
    let date = rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 11, 22).unwrap();
    sheet.write_with_format(1, 0, date, &day).unwrap().write(1, 1, 1_001).unwrap();
    book.save_to_buffer().unwrap()
}

each_database! {
    async fn a_workbook_becomes_records_of_the_kinds_that_its_fields_are(world: World) {
        let owner = world.owner().await;
        collections(&owner).await;
        let book = workbook(&format!("Anna {MARK}"));
        let send = async |query: &str, book: &[u8]| {
            let path = format!("/api/v1/imports?{query}");
            owner.send_bytes(reqwest::Method::POST, &path, Some((XLSX, book.to_vec()))).await
        };
        let tried = send("collection=people&dry_run=true&currency=EUR", &book).await.expect(200).json();
        assert_eq!((&tried["rows"], &tried["accepted"]), (&json!(2), &json!(1)));
        // The row as the spreadsheet numbers it, the empty one before it counted.
        assert_eq!(faults(&tried), ["4 /rows/2/values/active not_a_boolean"]);
        let bare = send("collection=people&dry_run=true", &book).await.expect(200).json();
        assert_eq!(faults(&bare)[0], "2 /rows/0/values/limit not_money");
        assert_eq!(send("collection=people&currency=EUR", &book).await.expect(422).json()["code"], "invalid");
        assert_eq!(listed(&owner, "people").await.len(), 0);
        let mut one = rust_xlsxwriter::Workbook::new();
        let sheet = one.add_worksheet();
        sheet.write(0, 0, "number").unwrap().write(0, 1, "limit").unwrap().write(0, 2, "active").unwrap();
        sheet.write(1, 0, 1_001).unwrap().write(1, 1, 12.5).unwrap().write(1, 2, true).unwrap();
        let _ = send("collection=people&currency=EUR", &one.save_to_buffer().unwrap()).await.expect(201);
        let person = &listed(&owner, "people").await[0];
        let values = json!({"number": "1001", "limit": {"amount": "12.50", "currency": "EUR"}, "active": true});
        assert_eq!(person["values"], values);
        let _ = send("collection=visits&link.person=number", &visits()).await.expect(201);
        let visit = &listed(&owner, "visits").await[0]["values"];
        assert_eq!(visit, &json!({"day": "2026-11-22", "person": person["id"]}));
        // What is none is told as such, and stops nothing.
        for (book, code) in [
            (&b"number\n1\n"[..], "not_a_workbook"),
            (&b"PK\x03\x04"[..], "not_a_workbook"),
            (&book[..book.len() / 2], "not_a_workbook"),
            (&b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"[..], "workbook_protected"),
        ] {
            let told = send("collection=people&dry_run=true", book).await.problem(422, "invalid");
            assert_eq!(told["errors"][0]["code"], code);
        }
        assert_eq!(listed(&owner, "people").await.len(), 1);
    }

    async fn a_table_becomes_records_and_its_dry_run_stores_nothing(world: World) {
        let owner = world.owner().await;
        collections(&owner).await;
        let table = format!("\u{feff}Number;Vārds;limit;active;notes\r\n007;Anna {MARK};12.50 EUR;true;\"a; \"\"b\"\"\nc\"\r\n;;;;\r\n008;;;Nē;=1+1\r\n");
        let tried = csv(&owner, "collection=people&dry_run=true", &table).await.expect(200).json();
        assert_eq!(tried, json!({"rows": 2, "accepted": 2, "errors": []}));
        assert_eq!(listed(&owner, "people").await.len(), 0);
        let done = csv(&owner, "collection=people&dry_run=false", &table).await.expect(201).json();
        assert_eq!((&done["rows"], &done["accepted"], &done["errors"]), (&json!(2), &json!(2), &json!([])));
        let ids = done["ids"].as_array().unwrap();
        let read = |id: &Value| format!("/api/v1/collections/people/records/{}", id.as_str().unwrap());
        let first = owner.get(&read(&ids[0])).await.expect(200).json();
        assert_eq!(first["values"], json!({
            "number": "007", "name": format!("Anna {MARK}"), "limit": {"amount": "12.50", "currency": "EUR"},
            "active": true, "notes": "a; \"b\"\nc",
        }));
        let second = owner.get(&read(&ids[1])).await.expect(200).json();
        assert_eq!(second["values"], json!({"number": "008", "active": false, "notes": "=1+1"}));
        let found = owner.post("/api/v1/collections/people/search", json!({"where": {"number": "008"}})).await.expect(200).json();
        assert_eq!(found["items"][0]["id"], ids[1]);
    }

    async fn one_wrong_row_keeps_the_whole_table_out(world: World) {
        let owner = world.owner().await;
        collections(&owner).await;
        let _ = csv(&owner, "collection=people", "number\n1\n").await.expect(201);
        let table = "number,limit,active\n2,12.50,\n1,1 EUR,\n3,,perhaps\n2,,\n,2 EUR,\n4,,,5\n6,,\n";
        let tried = csv(&owner, "collection=people&dry_run=true", table).await.expect(200).json();
        assert_eq!((&tried["rows"], &tried["accepted"]), (&json!(7), &json!(2)));
        assert_eq!(faults(&tried), [
            "2 /rows/0/values/limit not_money",
            "3 /rows/1/values/number already_exists",
            "4 /rows/2/values/active not_a_boolean",
            "6 /rows/4/values/number required",
            "7 /rows/5/values too_many_cells",
        ]);
        let refused = csv(&owner, "collection=people", table).await.problem(422, "invalid");
        assert_eq!(refused["errors"].as_array().unwrap().len(), 5);
        assert_eq!(listed(&owner, "people").await.len(), 1);
        let twice = csv(&owner, "collection=people&dry_run=true", "number\n5\n5\n").await.expect(200).json();
        assert_eq!(faults(&twice), ["3 /rows/1/values/number already_exists"]);
    }

    async fn a_links_cells_are_found_by_a_unique_field_of_their_target(world: World) {
        let owner = world.owner().await;
        collections(&owner).await;
        let people = csv(&owner, "collection=people", "number,name\n1,A\n2,B\n").await.expect(201).json();
        let query = "collection=visits&link.person=number";
        let table = "day,person\n2026-01-01,2\n2026-01-02,1\n2026-01-03,\n2026-01-04,2\n";
        let done = csv(&owner, query, table).await.expect(201).json();
        let visits = listed(&owner, "visits").await;
        let of = |visit: &Value| visits.iter().find(|item| item["id"] == *visit).unwrap()["values"]["person"].clone();
        let seen: Vec<Value> = done["ids"].as_array().unwrap().iter().map(of).collect();
        assert_eq!(seen, [people["ids"][1].clone(), people["ids"][0].clone(), Value::Null, people["ids"][1].clone()]);
        let wrong = csv(&owner, &format!("{query}&dry_run=true"), "day,person\n2026-01-01,9\n").await.expect(200).json();
        assert_eq!(faults(&wrong), ["2 /rows/0/values/person no_such_record"]);
        let id = people["ids"][0].as_str().unwrap();
        let _ = csv(&owner, "collection=visits", &format!("day,person\n2026-01-05,{id}\n")).await.expect(201);
        for (keys, code) in [("link.day=number", "not_a_link"), ("link.person=name", "not_a_unique_field")] {
            let refused = csv(&owner, &format!("collection=visits&{keys}"), table).await.problem(422, "invalid");
            assert_eq!(refused["errors"][0]["code"], code);
        }
    }

    async fn rows_come_as_json_too(world: World) {
        let owner = world.owner().await;
        collections(&owner).await;
        let rows = json!([{"number": "1", "limit": {"amount": "5", "currency": "EUR"}, "active": true}, {"number": "2"}]);
        let done = upload(&owner, "collection=people", "application/json", &rows.to_string()).await.expect(201).json();
        assert_eq!(done["accepted"], 2);
        let wrong = json!([{"number": "3", "shoe": 42}]).to_string();
        let tried = upload(&owner, "collection=people&dry_run=true", "application/json", &wrong).await.expect(200).json();
        assert_eq!(faults(&tried), ["1 /rows/0/values/shoe unknown_field"]);
        for (body, status, code) in [("[{", 400, "malformed_json"), ("{}", 422, "invalid"), ("[1]", 422, "invalid")] {
            let _ = upload(&owner, "collection=people", "application/json", body).await.problem(status, code);
        }
    }

    async fn what_is_no_import_is_refused(world: World) {
        let owner = world.owner().await;
        collections(&owner).await;
        let _ = csv(&owner, "collection=nothing", "number\n1\n").await.problem(404, "not_found");
        for query in ["", "dry_run=true", "collection=people&dry_run=maybe", "collection=people&x=1", "collection=people&collection=visits"] {
            let _ = csv(&owner, query, "number\n1\n").await.problem(400, "malformed_request");
        }
        for kind in ["text/plain", "text/csv; charset=iso-8859-13", "application/vnd.ms-excel"] {
            let _ = upload(&owner, "collection=people", kind, "number\n1\n").await.problem(415, "unsupported_media_type");
        }
        for (table, code) in [("", "empty"), ("number,shoe\n1,2\n", "unknown_column"), ("number,Number\n1,2\n", "repeated_column")] {
            let refused = csv(&owner, "collection=people", table).await.problem(422, "invalid");
            assert_eq!(refused["errors"][0]["code"], code, "{table}");
        }
        let _ = csv(&owner, "collection=people", &"x".repeat(9 * 1024 * 1024)).await.problem(413, "payload_too_large");
        let _ = csv(&world.stranger(), "collection=people", "number\n1\n").await.problem(401, "not_signed_in");
        let other = world.owner().await;
        let _ = csv(&other, "collection=people", "number\n1\n").await.problem(404, "not_found");
    }

    async fn an_import_that_is_sent_twice_is_done_once(world: World) {
        let owner = world.owner().await;
        collections(&owner).await;
        let again = owner.with_header("idempotency-key", "first");
        let one = csv(&again, "collection=people", "number\n1\n").await.expect(201).json();
        let two = csv(&again, "collection=people", "number\n1\n").await.expect(201).json();
        assert_eq!(one, two);
        let _ = csv(&again, "collection=people", "number\n2\n").await.problem(422, "idempotency_mismatch");
    }

    async fn the_demonstration_business_goes_in_without_an_error(world: World) {
        let owner = world.owner().await;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tenants/demo");
        let business: Value = serde_json::from_slice(&std::fs::read(folder.join("business.json")).unwrap()).unwrap();
        for file in business["files"].as_array().unwrap() {
            let template = file["template"].as_str().unwrap();
            let _ = owner.post("/api/v1/collections", json!({"template": template})).await.expect(201);
            let links = business["links"].as_object().unwrap().iter().filter_map(|(link, key)| {
                let field = link.strip_prefix(&format!("{template}."))?;
                Some(format!("&link.{field}={}", key.as_str()?.split_once('.')?.1))
            });
            let query = format!("collection={template}{}", links.collect::<String>());
            let table = std::fs::read_to_string(folder.join(file["file"].as_str().unwrap())).unwrap();
            let tried = csv(&owner, &format!("{query}&dry_run=true"), &table).await.expect(200).json();
            assert_eq!(tried["errors"], json!([]), "{template}");
            let done = csv(&owner, &query, &table).await.expect(201).json();
            let wanted = match template { "customers" => 180, "suppliers" => 40, "sales_invoices" => 220, "contracts" => 30, _ => 14 };
            assert_eq!((&done["rows"], &done["accepted"]), (&json!(wanted), &json!(wanted)), "{template}");
        }
    }
}
