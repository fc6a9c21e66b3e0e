//! `/operator/ledger`: what operators did, here or by command, the newest first, and whether the record is whole.

use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{Authorized, SeeConsole};
use crate::kernel::keyring::KeyringError;
use crate::kernel::operators::{Act, Entry, Ledger, LedgerState, Of};
use crate::kernel::store::StoreError;
use crate::web::api::failure;
use crate::web::console::Desk;
use crate::web::pages::{ConsoleCell, ConsolePart, ConsoleThing, ConsoleWidth, Shown};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![get("/operator/ledger", list)]
}

/// How many entries stand on one page.
const PAGE: usize = 100;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    /// The entry that the page before ended with.
    after: Option<u64>,
}

async fn list(
    access: Authorized<SeeConsole>,
    request: HttpRequest,
    services: Data<Services>,
    place: Query<Place>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(&request, &services, Some(&access));
    let (after, is_first) = (place.after, place.after.is_none());
    let ledger = Ledger::of(services.kernel.keyring());
    let read = move || -> Result<_, KeyringError> {
        // The whole chain is gone through for the first page alone.
        let state = is_first.then(|| ledger.verify()).transpose()?;
        // One more than fits says whether there are any further.
        Ok((state, ledger.entries(None, after, i64::try_from(PAGE + 1).unwrap_or(i64::MAX))?))
    };
    let read = actix_web::web::block(read).await.unwrap_or(Err(StoreError::Unavailable.into()));
    let (state, mut entries) = read.map_err(|error| failure::of_keyring(&services.incidents, &error))?;
    let is_more = entries.len() > PAGE;
    entries.truncate(PAGE);
    let mut parts: Vec<ConsolePart> = state.map(chain).into_iter().collect();
    parts.push(table(&desk, "ledger", &entries));
    if let Some(last) = entries.last().filter(|_| is_more) {
        parts.push(ConsolePart::Link { to: format!("/ledger?after={}", last.entry), says: "further" });
    }
    desk.show("ledger", ConsoleWidth::Wide, parts)
}

/// How many of the newest entries are looked through for those that another page shows.
const LOOKED_THROUGH: i64 = 500;

/// How many of them it shows.
const LATEST: usize = 10;

/// The newest entries of these acts, for the page where they are done.
pub(super) fn latest(desk: &Desk<'_>, acts: &[Act]) -> Result<ConsolePart, Problem> {
    let entries = Ledger::of(desk.services.kernel.keyring()).entries(None, None, LOOKED_THROUGH);
    let mut entries = entries.map_err(|error| failure::of_keyring(&desk.services.incidents, &error))?;
    entries.retain(|entry| acts.contains(&entry.act));
    entries.truncate(LATEST);
    Ok(table(desk, "latest", &entries))
}

fn chain(state: LedgerState) -> ConsolePart {
    let facts = match state {
        LedgerState::Intact(entries) => {
            vec![("state", ConsoleCell::Word { word: "intact" }), ("count", ConsoleCell::number(entries))]
        }
        LedgerState::Broken(entry) => {
            vec![("state", ConsoleCell::Word { word: "broken" }), ("entry", ConsoleCell::number(entry))]
        }
    };
    ConsolePart::Facts { title: "chain", facts }
}

fn table(desk: &Desk<'_>, title: &'static str, entries: &[Entry]) -> ConsolePart {
    let row = |entry: &Entry| {
        vec![
            ConsoleCell::number(entry.entry),
            desk.at(entry.at),
            ConsoleCell::text(entry.operator.to_string()),
            ConsoleCell::Word { word: entry.act.name() },
            ConsoleCell::Things { things: about(entry) },
            ConsoleCell::Word { word: entry.step.name() },
        ]
    };
    ConsolePart::Table {
        title,
        columns: vec!["entry", "at", "who", "deed", "about", "state"],
        rows: entries.iter().map(row).collect(),
    }
}

fn about(entry: &Entry) -> Vec<ConsoleThing> {
    let mut things: Vec<ConsoleThing> = entry.of.iter().map(thing).collect();
    let proposal = entry.proposal.map(|id| Shown::from(id.to_string()));
    things.extend(proposal.map(|which| ConsoleThing { word: "proposal", which: Some(which) }));
    if entry.alone {
        things.push(ConsoleThing { word: "by_one", which: None });
    }
    things
}

/// A thing that an entry is about.
pub(super) fn thing(of: &Of) -> ConsoleThing {
    let which = |word, which: String| ConsoleThing { word, which: Some(Shown::from(which)) };
    match of {
        Of::Everybody => ConsoleThing { word: "everybody", which: None },
        Of::Tenant(id) => which("tenant", id.to_string()),
        Of::Account(id) => which("account", id.to_string()),
        Of::Collection(id) => which("collection", id.to_string()),
        Of::SupportGrant(id) => which("support_grant", id.to_string()),
        Of::Operator(id) => which("operator", id.to_string()),
        Of::Role(role) => ConsoleThing { word: role.name(), which: None },
        Of::RootVersion(version) => which("root_version", version.to_string()),
        Of::OlderThanDays(days) => which("older_than_days", days.to_string()),
        Of::ValuesASecond(values) => which("values_a_second", values.to_string()),
        Of::Document(name) => which("document", name.clone()),
        Of::Version(version) => which("version", version.to_string()),
        Of::Message(id) => which("message", id.to_string()),
        Of::Database(name) => which("database", name.clone()),
        Of::Backup(id) => which("backup", id.clone()),
        Of::Reason(reason) => which("reason", reason.clone()),
    }
}
