//! `seif audit`: what operators did, and whether the record of it is whole.

use clap::Subcommand;
use serde_json::json;

use crate::app;
use crate::cli::output::Output;
use crate::kernel::ids::TenantId;
use crate::kernel::operators::{Entry, Ledger, LedgerState};
use crate::settings::Settings;

/// What is asked of the operators' ledger.
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Lists its entries, newest first.
    List {
        /// Those that this tenant is told of.
        #[arg(long)]
        tenant: Option<TenantId>,
        /// Those before this number.
        #[arg(long)]
        before: Option<u64>,
        /// How many at most.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=1000))]
        limit: i64,
    },
    /// Re-computes its chain: exit status 0 when it is whole.
    Verify,
}

/// Runs the command beside a service that may be running.
pub(super) fn run(settings: &Settings, command: &Audit, output: Output) -> anyhow::Result<()> {
    let ledger = Ledger::of(&app::open_keyring(settings)?);
    match command {
        Audit::List { tenant, before, limit } => {
            let entries = ledger.entries(*tenant, *before, *limit)?;
            let full = i64::try_from(entries.len()).is_ok_and(|many| many >= *limit);
            let next = entries.last().filter(|_| full).map(|entry| entry.entry);
            output.show(&json!({"entries": entries, "next": next}), || {
                entries.iter().map(line).collect::<Vec<_>>().join("\n")
            });
            Ok(())
        }
        Audit::Verify => {
            let (state, untold) = (ledger.verify()?, ledger.untold()?);
            let (intact, entry) = match state {
                LedgerState::Intact(entries) => (true, entries),
                LedgerState::Broken(at) => (false, at),
            };
            let counted = if intact { "entries" } else { "broken_at" };
            output.show(&json!({"intact": intact, counted: entry, "untold": untold}), || match state {
                LedgerState::Intact(entries) => {
                    format!("{entries} entries, each as it was written; {untold} to be told")
                }
                LedgerState::Broken(at) => format!("entry {at}, or the one before it, is not as it was written"),
            });
            anyhow::ensure!(intact, "the operators' ledger is broken at entry {entry}");
            Ok(())
        }
    }
}

fn line(entry: &Entry) -> String {
    let of: Vec<String> = entry.of.iter().map(|of| json!(of).to_string()).collect();
    let begun = entry.begun.map_or_else(String::new, |begun| format!(" {begun}"));
    format!(
        "{}  {}  {}  {} {}{begun}  {}",
        entry.entry,
        entry.at.rfc3339(),
        entry.operator,
        entry.act.name(),
        entry.step.name(),
        of.join(" "),
    )
}
