//! `seif tenants`: businesses as ids, states, ages and sizes; who subscribes, of one (P-3); and having one leave on its
//! behalf.

use clap::Subcommand;
use serde_json::{Value, json};

use crate::app;
use crate::cli::operator::{here, proposed};
use crate::cli::output::Output;
use crate::kernel::ids::TenantId;
use crate::kernel::operators::Asked;
use crate::kernel::personal::Personal;
use crate::operators::Operators;
use crate::operators::tenants::TenantSize;
use crate::settings::Settings;
use crate::tenants::shown::{self, Seen, Subscriber};

/// What is asked of tenants.
#[derive(Debug, Subcommand)]
pub(super) enum Tenants {
    /// Lists them in the order of their making, fifty at a time.
    List {
        /// Those after this one.
        #[arg(long)]
        after: Option<TenantId>,
    },
    /// Shows one: its size and state, and who subscribes (P-3). The look is in the operators' ledger, and in the tenant's own
    /// audit.
    Show {
        /// Which.
        tenant: TenantId,
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
        Tenants::Show { tenant } => show(settings, *tenant, output),
        Tenants::Erase { tenant } => erase(settings, *tenant, output),
    }
}

fn show(settings: &Settings, tenant: TenantId, output: Output) -> anyhow::Result<()> {
    let kernel = app::open_beside(settings)?;
    let operators = Operators::new(kernel.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (size, seen) = runtime.block_on(async {
        let size = operators.tenant(tenant).await?;
        anyhow::Ok((size, shown::show(&kernel, here(), tenant).await?))
    })?;
    let subscriber = match &seen {
        Seen::Open(subscriber) => of_subscriber(subscriber),
        Seen::Sealed => Value::Null,
    };
    let mut shown = described(&size);
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("subscriber".to_owned(), subscriber);
    }
    output.show(&shown, || {
        let of_subscriber = match &seen {
            Seen::Open(subscriber) => lines_of(subscriber),
            Seen::Sealed => {
                "an owner has sealed the vault: who subscribes is shown to nobody until it is open".to_owned()
            }
        };
        format!("{}\n{of_subscriber}", line(&size))
    });
    Ok(())
}

fn text(given: Option<&Personal<String>>) -> Option<&str> {
    given.map(|text| text.reveal().as_str())
}

fn of_subscriber(subscriber: &Subscriber) -> Value {
    let address = subscriber.address.as_ref().map(|address| {
        json!({
            "street": address.street.reveal(), "town": address.town.reveal(),
            "postal_code": address.postal_code.reveal(), "country": address.country.code(),
        })
    });
    json!({
        "kind": subscriber.kind.name(), "name": subscriber.name.reveal(), "country": subscriber.country.code(),
        "registration_number": text(subscriber.registration_number.as_ref()),
        "vat_number": text(subscriber.vat_number.as_ref()), "address": address,
    })
}

fn lines_of(subscriber: &Subscriber) -> String {
    let address = subscriber.address.as_ref().map(|address| {
        let parts = [&address.street, &address.town, &address.postal_code].map(|part| part.reveal().as_str());
        format!("{}, {}", parts.join(", "), address.country.code())
    });
    format!(
        "name:          {}\nkind:          {}\ncountry:       {}\nregistration:  {}\nVAT:           {}\naddress:       {}",
        subscriber.name.reveal(),
        subscriber.kind.name(),
        subscriber.country.code(),
        text(subscriber.registration_number.as_ref()).unwrap_or("-"),
        text(subscriber.vat_number.as_ref()).unwrap_or("-"),
        address.as_deref().unwrap_or("-"),
    )
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
