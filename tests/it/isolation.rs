//! Two tenants: with one's session or token, the other's ids are ids that never existed, and the other's rows stay as
//! they were, byte by byte.

use diesel::{Connection as _, PgConnection, RunQueryDsl as _};
use reqwest::Method;
use seif::each_database;
use seif::kernel::store::schema::TENANT_TABLES;
use seif::kernel::store::{Conn, StoreError, Tx};
use seif::testing::{Actor, Answer, Database, World};
use serde_json::{Value, json};

use crate::rows::Beside;
use crate::shelf::{CUSTOMERS, RECORDS, customer, customers, fields, place, store, token, upload};
use crate::table::{NOTHING, TABLE, filled};

/// What a business has whose ids somebody else could learn.
struct Shop {
    owner: Actor,
    /// A collection that only this one has.
    slug: String,
    record: String,
    file: String,
    token: String,
    grant: String,
    confirmation: String,
    import: String,
    factor: String,
    change: String,
    field: String,
    cursor: String,
}

async fn shop(world: &mut World, slug: &str) -> Shop {
    let owner = world.owner().await;
    let collection = customers(&owner).await;
    for number in ["1", "2"] {
        let _ = customer(&owner, number).await;
    }
    let own = json!({"name": slug, "slug": slug, "fields": fields()});
    let _ = owner.post("/api/v1/collections", own).await.expect(201);
    let _ = owner
        .post(&format!("/api/v1/collections/{slug}/records"), json!({"values": {"number": "1"}}))
        .await
        .expect(201);
    let record = place(&customer(&owner, "3").await);
    let _ =
        owner.with_header("if-match", "*").patch(&record, json!({"values": {"notes": "changed"}})).await.expect(200);
    let once = owner.with_header("idempotency-key", "once");
    let _ = once.post(RECORDS, json!({"values": {"number": "4"}})).await.expect(201);
    let list = owner.get(&format!("{RECORDS}?limit=1")).await.expect(200).json();
    let limited = json!({"name": "T", "scopes": ["records:read"], "limits": {"records_read_per_day": 100}});
    let token = owner.post("/api/v1/tokens", limited).await.expect(201).json();
    let _ = owner.with_token(token["token"].as_str().unwrap()).get(&record).await.expect(200);
    let of = format!("?record={}", record.rsplit('/').next().unwrap());
    let granted = owner.post("/api/v1/tenant/support-grants", json!({"collections": [slug]})).await.expect(201).json();
    let file = store(&owner, &of, "a.txt", b"content").await.expect(201).json();
    let factor = owner.post("/api/v1/account/methods", json!({"method": "totp"})).await.expect(201).json();
    let new = json!({"kind": "email", "value": format!("{slug}@example.lv")});
    let change = owner.post("/api/v1/account/identifiers", new).await.expect(202).json();
    let profile = json!({
        "trade": "craft", "size": "one", "keeps": [], "contact": {"name": "Anna"},
        "address": {"street": "Brīvības iela 1", "town": "Rīga", "postal_code": "LV-1010", "country": "LV"},
    });
    let _ = owner.put("/api/v1/tenant/profile", profile).await.expect(200);
    let begun = owner.post("/api/v1/session/confirmations", json!({"method": "email"})).await.expect(201).json();
    let pages = owner.with_header("accept", "text/html");
    let to = format!("/t/{}/collections/{slug}/import", owner.tenant.as_deref().unwrap());
    let waits = upload(&pages, &to, &[], ("a.csv", b"number\n9\n")).await.expect(303).header("location");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Shop {
        owner,
        slug: slug.to_owned(),
        record: record.rsplit('/').next().unwrap().to_owned(),
        file: text(&file["id"]),
        token: text(&token["id"]),
        grant: text(&granted["id"]),
        confirmation: text(&begun["id"]),
        import: waits.rsplit('/').next().unwrap().to_owned(),
        factor: text(&factor["id"]),
        change: text(&change["id"]),
        field: text(&collection["fields"][0]["id"]),
        cursor: text(&list["next"]),
    }
}

/// The body that a route takes when nothing is wrong with it.
fn body(pattern: &str, method: &Method) -> Option<Value> {
    let values = json!({"values": {"number": "77", "name": "Other"}});
    match (method.as_str(), pattern.rsplit_once('/').unwrap().1) {
        ("POST", "records") | ("PUT" | "PATCH", _) if pattern.contains("/records") => Some(values),
        ("POST", "batch") => Some(json!({"records": [values]})),
        ("POST", "search") => Some(json!({"text": "anna"})),
        ("PUT", _) if pattern.contains("/collections/") => Some(json!({"name": "Taken over", "fields": fields()})),
        ("PUT", _) if ["/confirmations/", "/methods/", "/identifiers/"].iter().any(|part| pattern.contains(part)) => {
            Some(json!({"code": "123456"}))
        }
        _ => None,
    }
}

/// Whether a path names something of one tenant or account. All others are the same for everybody.
fn of_somebody(pattern: &str) -> bool {
    let public = pattern.starts_with("/assets/") || pattern.starts_with("/problems/") || pattern.contains("/policies/");
    let documents = ["/privacy/", "/terms/", "/safe-use/", "/dpa/", "/cookies/"];
    // A sign-up belongs to nobody yet; whoever holds its id and its code is who it is for.
    let signup = pattern.starts_with("/api/v1/signups/") || pattern.starts_with("/join/");
    // A request to take a change back is alike for everybody; whoever has its code is who it is for.
    let signup = signup || pattern.starts_with("/api/v1/identifier-undos/") || pattern.starts_with("/undo-change/");
    // Whoever asks for a challenge that is not theirs is led to the choice of methods: the same for every such id.
    let signup = signup || pattern == "/confirm/{id}";
    // An identity provider is everybody's.
    let signup = signup || pattern.contains("/oidc/{provider}/");
    // So does whoever holds the id and the code of a reset, a thaw or a freeze; their pages are the same for every id.
    let signup = signup || ["/reset/", "/thaw/", "/freeze/"].iter().any(|start| pattern.starts_with(start));
    !(public || signup || documents.iter().any(|document| pattern.starts_with(document)))
}

/// An answer as far as two of them can be compared: without what is new in each.
fn told(answer: &Answer) -> (u16, String, String) {
    let mut text = answer.text();
    if let Ok(mut body) = serde_json::from_slice::<Value>(&answer.bytes) {
        body.as_object_mut().map(|body| body.remove("incident"));
        text = body.to_string();
    }
    (answer.status, answer.header("etag") + &answer.header("location"), text)
}

async fn snapshot(world: &World, shop: &Shop) -> Vec<(&'static str, Vec<String>)> {
    // What was read before stands in the audit before the picture is taken.
    world.app.services.kernel.journal().flush().unwrap();
    Beside::of(world).of_tenant(shop.owner.tenant.as_deref().unwrap())
}

each_database! {
    async fn another_tenants_ids_are_ids_that_never_existed_and_its_rows_stay(world: World) {
        let mine = shop(world, "mine").await;
        let theirs = shop(world, "theirs").await;
        let before = snapshot(world, &theirs).await;
        assert!(before.iter().all(|(_, rows)| !rows.is_empty()), "each table has rows of theirs");
        let every = ["records:read", "records:write", "records:reveal", "collections:write", "files:read", "files:write", "audit:read", "members:read"];
        let program = token(&mine.owner, &every).await;
        let mut walked = 0;
        for (method, pattern, _, _, granted) in TABLE.iter().filter(|(_, pattern, ..)| pattern.contains('{')) {
            if !of_somebody(pattern) {
                continue;
            }
            let fill = |slug: &'static str, foreign: bool| {
                filled(pattern, |name| {
                    match (name, foreign) {
                        ("slug", _) => Some(slug),
                        (_, false) => Some(NOTHING),
                        ("tenant_id", true) => theirs.owner.tenant.as_deref().map(leaked),
                        ("id", true) if pattern.contains("/files/") => Some(leaked(&theirs.file)),
                        ("id", true) if pattern.contains("/support") => Some(leaked(&theirs.grant)),
                        ("id", true) if pattern.contains("/tokens/") => Some(leaked(&theirs.token)),
                        ("id", true) if pattern.contains("/confirmations/") => Some(leaked(&theirs.confirmation)),
                        ("id", true) if pattern.contains("/imports/") => Some(leaked(&theirs.import)),
                        ("id", true) if pattern.contains("/identifiers/") || pattern.contains("/changes/") => {
                            Some(leaked(&theirs.change))
                        }
                        ("id", true) if pattern.contains("/account/") => Some(leaked(&theirs.factor)),
                        ("id", true) => Some(leaked(&theirs.record)),
                        _ => Some(NOTHING),
                    }
                })
            };
            // Their record in a collection that both have, and their collection, against what never was.
            let pairs = [
                (pattern.contains("{id}") || pattern.contains("{tenant_id}"))
                    .then(|| (fill("customers", true), fill("customers", false))),
                pattern.contains("{slug}").then(|| (fill("theirs", true), fill("never-was", false))),
            ];
            for (foreign, never) in pairs.into_iter().flatten() {
                let body = body(pattern, method);
                for actor in [&mine.owner, &program, &mine.owner.with_header("if-match", "*"), &program.with_header("if-match", "\"v1\"")] {
                    let foreign = actor.send(method.clone(), &foreign, body.as_ref()).await;
                    let never = actor.send(method.clone(), &never, body.as_ref()).await;
                    // Where a page leads back from what is not there, it leads back from what is theirs.
                    let leads_back = foreign.status == 303 && *granted == 303;
                    let refused = foreign.status >= 400 && foreign.status < 500;
                    assert!(refused || leads_back, "{method} {pattern}: {}", foreign.status);
                    assert_eq!(told(&foreign), told(&never), "{method} {pattern}");
                    walked += 1;
                }
            }
        }
        assert!(walked >= 88, "{walked}");
        assert!(snapshot(world, &theirs).await == before, "a row of theirs changed");
    }

    async fn naming_another_tenant_in_a_header_a_body_or_a_cursor_is_naming_none(world: World) {
        let mine = shop(world, "mine").await;
        let theirs = shop(world, "theirs").await;
        let before = snapshot(world, &theirs).await;
        let program = token(&mine.owner, &["records:read"]).await;
        for (method, pattern, ..) in TABLE.iter().filter(|row| row.1.starts_with("/api/v1/") && !row.1.contains("session") && !row.1.contains("support-codes") && !row.1.ends_with("/freeze")) {
            let path = filled(pattern, |name| (name == "slug").then_some("customers"));
            let mut named = Vec::new();
            for tenant in [theirs.owner.tenant.as_deref().unwrap(), NOTHING] {
                let mut visitor = mine.owner.clone();
                visitor.tenant = Some(tenant.to_owned());
                let as_program = program.with_header("seif-tenant", tenant);
                named.push([
                    told(&visitor.send(method.clone(), &path, None).await),
                    told(&as_program.send(method.clone(), &path, None).await),
                ]);
            }
            assert_eq!(named[0], named[1], "{method} {pattern}");
        }
        // A link to their record, a field of theirs, a cursor of theirs.
        let links = json!({"name": "Links", "slug": "links", "fields": [
            {"name": "who", "label": "Who", "kind": "link", "collection": "customers", "searchable": true},
        ]});
        let _ = mine.owner.post("/api/v1/collections", links).await.expect(201);
        let link = async |id: &str, path: &str, body: fn(&str) -> Value| {
            told(&mine.owner.post(path, body(id)).await)
        };
        let made = |id: &str| json!({"values": {"who": id}});
        let path = "/api/v1/collections/links/records";
        let refused = link(&theirs.record, path, made).await;
        assert_eq!((refused.0, &refused), (422, &link(NOTHING, path, made).await));
        let sought = |id: &str| json!({"where": {"who": id}});
        let path = "/api/v1/collections/links/search";
        assert_eq!(link(&theirs.record, path, sought).await, link(NOTHING, path, sought).await);
        let mut changed = Vec::new();
        for field in [theirs.field.as_str(), NOTHING] {
            let field = json!({"id": field, "name": "number", "label": "N", "kind": "text"});
            changed.push(told(&mine.owner.put(CUSTOMERS, json!({"name": "Customers", "fields": [field]})).await));
        }
        assert_eq!(changed[0], changed[1]);
        assert_eq!(changed[0].0, 422);
        let naming = |id: &str| format!("?record={id}");
        let (foreign, never) = (naming(&theirs.record), naming(NOTHING));
        assert_eq!(told(&mine.owner.get(&format!("/api/v1/files{foreign}")).await), told(&mine.owner.get(&format!("/api/v1/files{never}")).await));
        for query in [&foreign, &never] {
            let _ = store(&mine.owner, query, "a.txt", b"x").await.problem(404, "not_found");
        }
        for list in [RECORDS, "/api/v1/files", "/api/v1/collections", "/api/v1/audit", "/api/v1/collections/customers/trash"] {
            let _ = mine.owner.get(&format!("{list}?after={}", theirs.cursor)).await.problem(400, "bad_cursor");
        }
        let _ = mine.owner.post("/api/v1/collections/customers/search", json!({"after": theirs.cursor})).await.expect(400);
        assert!(snapshot(world, &theirs).await == before, "a row of theirs changed");
        assert_ne!(mine.slug, theirs.slug);
    }
}

/// A text that lives as long as the test.
fn leaked(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

/// Beneath the types: the role that rows are reached under shows and takes one tenant's rows alone, unfiltered.
#[test]
fn under_the_role_for_rows_the_database_itself_knows_one_tenant_alone() {
    World::run(Database::Postgres, async |world| {
        let mine = shop(world, "mine").await.owner.tenant.unwrap();
        let theirs = shop(world, "theirs").await.owner.tenant.unwrap();
        world.app.services.kernel.journal().flush().unwrap();
        let url = &world.database_urls()[0];
        let mut all = Beside::url(url);
        for table in TENANT_TABLES {
            let both = all.lines(&format!("SELECT DISTINCT tenant_id::text AS line FROM {table}")).len();
            assert_eq!(both, 2, "{table} has rows of both");
            let mut conn = Beside::url(url);
            conn.run(&format!("BEGIN; SET LOCAL ROLE seif_rows; SET LOCAL seif.tenants = '{mine}'")).unwrap();
            let seen = conn.lines(&format!("SELECT DISTINCT tenant_id::text AS line FROM {table}"));
            assert!(seen == [mine.clone()], "{table}: {seen:?}");
            for refused in [
                format!("UPDATE {table} SET tenant_id = '{theirs}'"),
                format!(
                    "INSERT INTO {table} SELECT * FROM jsonb_populate_recordset(NULL::{table}, (SELECT jsonb_agg(to_jsonb(t) || '{{\"tenant_id\": \"{theirs}\"}}') FROM {table} t))"
                ),
            ] {
                conn.run("SAVEPOINT before").unwrap();
                let outcome = conn.run(&refused);
                let told = outcome.map_err(|error| error.to_string());
                assert!(told.as_ref().is_err_and(|error| error.contains("row-level security")), "{refused}: {told:?}");
                conn.run("ROLLBACK TO before").unwrap();
            }
            // Nothing of theirs is there to be changed or deleted.
            let Beside::Postgres(pg) = &mut conn else { panic!("PostgreSQL") };
            let deleted = diesel::sql_query(format!("DELETE FROM {table} WHERE tenant_id = '{theirs}'")).execute(pg);
            assert_eq!(deleted, Ok(0), "{table}");
            conn.run("ROLLBACK").unwrap();
        }
        // Without a tenant there is no row at all.
        let mut nobody = PgConnection::establish(url).unwrap();
        diesel::sql_query("SET ROLE seif_rows").execute(&mut nobody).unwrap();
        let mut nobody = Beside::Postgres(nobody);
        for table in TENANT_TABLES {
            assert_eq!(nobody.count(table), 0, "{table}");
        }
    });
}

/// What a transaction of the service itself is: the role for rows, within reach of its tenants and no other.
#[test]
fn every_transaction_of_the_service_runs_under_the_role_for_rows_and_reaches_its_tenants_alone() {
    World::run(Database::Postgres, async |world| {
        let mine = shop(world, "mine").await.owner.tenant.unwrap();
        let theirs = shop(world, "theirs").await.owner.tenant.unwrap();
        world.app.services.kernel.journal().flush().unwrap();
        let db = world.app.services.kernel.db();
        let seen = |tx: &mut Tx<'_>| -> Result<Vec<String>, StoreError> {
            let Conn::Pg(conn) = tx.conn() else { panic!("PostgreSQL") };
            let tables: String =
                TENANT_TABLES.map(|table| format!(" UNION SELECT DISTINCT tenant_id::text FROM {table}")).concat();
            let lines: Vec<Line> =
                diesel::sql_query(format!("SELECT current_user::text AS line{tables} ORDER BY 1")).load(conn)?;
            Ok(lines.into_iter().map(|line| line.line).collect())
        };
        let sorted = |tenants: &[&String]| {
            let mut all: Vec<String> = tenants.iter().map(|tenant| (*tenant).clone()).collect();
            all.push("seif_rows".to_owned());
            all.sort();
            all
        };
        let id = |tenant: &String| tenant.parse::<seif::kernel::ids::TenantId>().unwrap();
        assert_eq!(db.read(None, seen).await.unwrap(), sorted(&[]));
        assert_eq!(db.read(Some(id(&mine)), seen).await.unwrap(), sorted(&[&mine]));
        assert_eq!(db.point(Some(id(&mine)), seen).await.unwrap(), sorted(&[&mine]));
        assert_eq!(db.write(Vec::new(), seen).await.unwrap(), sorted(&[]));
        assert_eq!(db.write(vec![id(&mine)], seen).await.unwrap(), sorted(&[&mine]));
        let both = vec![id(&mine), id(&theirs)];
        let reached = db.write(both, |tx| {
            let Conn::Pg(conn) = tx.conn() else { panic!("PostgreSQL") };
            Ok::<_, StoreError>(
                diesel::sql_query("SELECT current_user::text AS line").load::<Line>(conn)?.remove(0).line,
            )
        });
        assert_eq!(reached.await.unwrap(), "seif_rows");
        // The role goes with the transaction: the next one on the same connection starts anew.
        for tenant in [&mine, &theirs, &mine] {
            assert_eq!(db.read(Some(id(tenant)), seen).await.unwrap(), sorted(&[tenant]));
        }
    });
}

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    line: String,
}
