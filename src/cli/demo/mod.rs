//! `seif demo`: the whole story on the demonstration business, against a service that it starts itself, over TLS.
//!
//! It ends with a search of every file that the service wrote, the captured mails aside, for the business's plain text.

mod business;
mod client;
mod search;

use std::path::Path;

use anyhow::{Context as _, anyhow};
use diesel::RunQueryDsl as _;
use serde_json::{Value, json};

use self::business::Business;
use self::client::Client;
use crate::app::App;
use crate::cli::output::Output;
use crate::kernel::clock::Clock;
use crate::kernel::entropy::Entropy;
use crate::settings::{Environment, Overrides, Settings};

/// Tells the story in a folder of its own, which is removed afterwards.
pub(super) fn run(output: Output) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("no folder for the demonstration")?;
    let told = actix_web::rt::System::new().block_on(tell(folder.path(), output))?;
    let found = search::plaintext_in(folder.path(), &told.business.plaintext())?;
    let result = json!({"imported": told.imported, "row": told.row, "searched": {"files": found.files, "bytes": found.bytes, "texts": found.texts}, "found": found.places.len()});
    output.show(&result, || {
        let mut lines = vec![format!(
            "\nSearched {} files ({} bytes) for {} texts of the business: {} found.",
            found.files,
            found.bytes,
            found.texts,
            found.places.len()
        )];
        lines.extend(found.places.iter().map(|place| format!("  in {}", place.display())));
        lines.join("\n")
    });
    if found.places.is_empty() { Ok(()) } else { Err(anyhow!("plain text was found on disk")) }
}

/// What happened, for the end of the story.
struct Told {
    business: Business,
    imported: Vec<Value>,
    row: Value,
}

async fn tell(folder: &Path, output: Output) -> anyhow::Result<Told> {
    let say = |line: &str| say(output, line);
    let overrides =
        Overrides { data: Some(folder.to_owned()), listen: Some("127.0.0.1:0".to_owned()), ..Overrides::default() };
    let settings = Settings::load(&overrides, &Environment::default())?;
    let clock = Clock::system();
    let app = App::build(settings, clock.clone(), Entropy::system())?;
    let listening = app.listen(&clock).await?;
    let handle = listening.handle.clone();
    actix_web::rt::spawn(listening.server);
    app.work();
    let address = *listening.addresses.first().context("no address")?;
    let business = Business::read()?;
    say(&format!("A service listens on https://localhost:{}; its files are in {}.", address.port(), folder.display()));

    let mut client = Client::new(address, &folder.join("tls/ca.pem"))?;
    join(&mut client, folder, &business).await?;
    say(&format!("{} joined: the address was proved by a code, the business has its own key.", business.name));
    let mut imported = Vec::new();
    for file in &business.files {
        client.post("/api/v1/collections", &json!({"template": file.template})).await?;
        let rows = import(&client, &business, file).await?;
        say(&format!("  {:16} {rows} records from {}", file.template, file.name));
        imported.push(json!({"collection": file.template, "records": rows}));
    }
    let row = look(&client, &app, &say).await?;
    client.delete("/api/v1/session").await?;
    say("The owner signed out.");
    handle.stop(true).await;
    app.finish().await;
    Ok(Told { business, imported, row })
}

async fn join(client: &mut Client, folder: &Path, business: &Business) -> anyhow::Result<()> {
    let begun =
        client.post("/api/v1/signups", &json!({"email": business.owner.email, "language": business.language})).await?;
    let code = client::code_in(&folder.join("mail")).await?;
    let policies = client.get("/api/v1/policies").await?;
    let policies = policies.as_array().context("no policies")?;
    let acknowledged: Vec<_> =
        policies.iter().map(|p| json!({"document": at(p, "/document"), "version": at(p, "/version")})).collect();
    let body = json!({
        "code": code, "password": business::PASSWORD, "name": business.owner.name, "phone": business.owner.phone,
        "tenant": {
            "kind": business.kind, "name": business.name, "country": business.country,
            "registration_number": business.registration_number, "vat_number": business.vat_number,
        },
        "acknowledged": acknowledged,
    });
    let id = at(&begun, "/id").as_str().context("no sign-up")?;
    client.put(&format!("/api/v1/signups/{id}"), &body).await?;
    Ok(())
}

async fn import(client: &Client, business: &Business, file: &business::File) -> anyhow::Result<u64> {
    let links =
        business.links_of(&file.template).map(|(field, key)| format!("&link.{field}={key}")).collect::<String>();
    let path = |dry_run: bool| format!("/api/v1/imports?collection={}&dry_run={dry_run}{links}", file.template);
    let tried = client.upload(&path(true), "text/csv", file.bytes).await?;
    anyhow::ensure!(
        at(&tried, "/errors").as_array().is_some_and(Vec::is_empty),
        "the dry run of {} found errors: {}",
        file.name,
        at(&tried, "/errors")
    );
    let done = client.upload(&path(false), "text/csv", file.bytes).await?;
    at(&done, "/accepted").as_u64().context("no count of the import")
}

/// Searches, and shows one record as its owner sees it beside what the database holds.
async fn look(client: &Client, app: &App, say: &impl Fn(&str)) -> anyhow::Result<Value> {
    let page = client.get("/api/v1/collections/customers/records?limit=1").await?;
    let record = at(&page, "/items").get(0).context("no customer")?.clone();
    let number = at(&record, "/values/customer_number").as_str().context("no customer number")?;
    let exact =
        client.post("/api/v1/collections/customers/search", &json!({"where": {"customer_number": number}})).await?;
    let text =
        client.post("/api/v1/collections/sales_invoices/search", &json!({"text": "krēsl", "limit": 200})).await?;
    let counted = |found: &Value| at(found, "/items").as_array().map_or(0, Vec::len);
    say(&format!(
        "Exact search for a customer's number finds {}; text search for 'krēsl' in invoices finds {}.",
        counted(&exact),
        counted(&text)
    ));
    let stored = stored_record(app, at(&record, "/id").as_str().context("no id")?)?;
    let shown = stored.iter().take(48).map(|byte| format!("{byte:02x}")).collect::<String>();
    say(&format!(
        "\nWhat the owner sees:\n{:#}\n\nWhat the database holds of it ({} bytes):\n{shown}…",
        at(&record, "/values"),
        stored.len()
    ));
    Ok(json!({"seen": at(&record, "/values"), "stored_bytes": stored.len(), "stored_begins": shown}))
}

/// A member of an answer; null when it is not there.
fn at<'v>(answer: &'v Value, pointer: &str) -> &'v Value {
    answer.pointer(pointer).unwrap_or(&Value::Null)
}

/// The bytes of a record's row, read as somebody who has the database's file would.
fn stored_record(app: &App, id: &str) -> anyhow::Result<Vec<u8>> {
    use diesel::Connection as _;
    let crate::kernel::store::Target::Sqlite(path) = app.services.kernel.db().target() else {
        return Err(anyhow!("not on SQLite"));
    };
    let mut conn = diesel::SqliteConnection::establish(path.to_str().context("no path")?)?;
    let hex: String = id.chars().filter(char::is_ascii_hexdigit).collect();
    let body = diesel::dsl::sql::<diesel::sql_types::Binary>(&format!("SELECT body FROM records WHERE id = x'{hex}'"));
    Ok(body.get_result(&mut conn)?)
}

#[expect(clippy::print_stdout, reason = "the story is for a person")]
fn say(output: Output, line: &str) {
    if output == Output::Text {
        println!("{line}");
    }
}
