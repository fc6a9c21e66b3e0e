//! `seif tenants`: businesses as ids, states, ages and sizes (P-3), and having one leave on its behalf.

use clap::Subcommand;
use serde_json::{Value, json};

use crate::app;
use crate::cli::operator::{here, proposed};
use crate::cli::output::Output;
use crate::kernel::ids::TenantId;
use crate::kernel::operators::Asked;
use crate::operators::tenants::TenantSize;
use crate::settings::Settings;

/// What is asked of tenants.
#[derive(Debug, Subcommand)]
pub(super) enum Tenants {
    /// Lists them in the order of their making, fifty at a time.
    List {
        /// Those after this one.
        #[arg(long)]
        after: Option<TenantId>,
    },
    /// Has one leave on its behalf, after the time of grace (leaving.grace), never at once: its members are told by mail, and
    /// any owner can have it stay until then. Where there are two operators for it, proposes it, and does it when it is run
    /// again once another has confirmed it.
    Erase {
        /// Which.
        tenant: TenantId,
    },
}

/// Runs the command beside a service that may be running.
pub(super) fn run(settings: &Settings, command: &Tenants, output: Output) -> anyhow::Result<()> {
    match command {
        Tenants::List { after } => list(settings, *after, output),
        Tenants::Erase { tenant } => erase(settings, *tenant, output),
    }
}

fn erase(settings: &Settings, tenant: TenantId, output: Output) -> anyhow::Result<()> {
    let leaving = app::leaving_beside(settings)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let rule = settings.operators.two_person;
    match runtime.block_on(leaving.erase_on_behalf(here(), rule, tenant))? {
        Asked::Proposed(id) => proposed(id, output),
        Asked::Done(due_at) => output.show(&json!({"tenant": tenant, "due_at": due_at}), || {
            format!("{tenant} leaves on {}, unless an owner has it stay; its members are told", due_at.rfc3339())
        }),
    }
    Ok(())
}

fn list(settings: &Settings, after: Option<TenantId>, output: Output) -> anyhow::Result<()> {
    let operators = app::operators_beside(settings)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let page = runtime.block_on(operators.tenants(after))?;
    let shown: Vec<Value> = page.tenants.iter().map(described).collect();
    output.show(&json!({"tenants": shown, "next": page.next}), || {
        let mut lines: Vec<String> = page.tenants.iter().map(line).collect();
        lines.extend(page.next.map(|last| format!("further: seif tenants list --after {last}")));
        lines.join("\n")
    });
    Ok(())
}

fn described(tenant: &TenantSize) -> Value {
    json!({
        "id": tenant.id, "state": tenant.state.word(), "created_at": tenant.created_at, "members": tenant.members,
        "records": tenant.records, "files": tenant.files,
    })
}

fn line(tenant: &TenantSize) -> String {
    format!(
        "{}  {}  since {}  {} members  {} records  {} files",
        tenant.id,
        tenant.state.word(),
        tenant.created_at.rfc3339(),
        tenant.members,
        tenant.records,
        tenant.files,
    )
}
