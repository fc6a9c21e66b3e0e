//! `seif support`: who is on the telephone, and what their business lets support look at.

use clap::Subcommand;
use serde_json::{Value, json};

use crate::accounts::support::{self, Named, Word};
use crate::app;
use crate::cli::operator::here;
use crate::cli::output::Output;
use crate::kernel::ids::{CollectionId, RecordId, SupportGrantId, TenantId};
use crate::kernel::operators::deeds::{IdentifyCaller, ViewForSupport};
use crate::kernel::personal::Secret;
use crate::operators::support::LiveGrant;
use crate::settings::Settings;
use crate::vault::support::viewing::{SeenRecord, SupportView};

/// What support asks.
#[derive(Debug, Subcommand)]
pub(super) enum Support {
    /// Identifies a caller by the code that their screen shows, and gives the words to say back. Uses the code.
    Verify {
        /// Eight digits.
        #[arg(value_parser = secret)]
        code: Secret<String>,
    },
    /// Lists what businesses let support look at now, the newest first.
    Grants {
        /// Those made before this one.
        #[arg(long)]
        after: Option<SupportGrantId>,
    },
    /// Shows records of a collection that its business has granted, masked. The business is told of each look.
    View {
        /// Whose.
        tenant: TenantId,
        /// By which grant.
        grant: SupportGrantId,
        /// Into which of its collections.
        collection: CollectionId,
        /// Those made before this record.
        #[arg(long)]
        after: Option<RecordId>,
    },
}

fn secret(text: &str) -> Result<Secret<String>, std::convert::Infallible> {
    Ok(Secret::new(text.to_owned()))
}

/// Runs the command beside a service that may be running.
pub(super) fn run(settings: &Settings, command: &Support, output: Output) -> anyhow::Result<()> {
    match command {
        Support::Verify { code } => verify(settings, code, output),
        Support::Grants { after } => grants(settings, *after, output),
        Support::View { tenant, grant, collection, after } => {
            let deed = ViewForSupport { tenant: *tenant, grant: *grant, collection: *collection };
            view(settings, deed, *after, output)
        }
    }
}

fn grants(settings: &Settings, after: Option<SupportGrantId>, output: Output) -> anyhow::Result<()> {
    let operators = app::operators_beside(settings)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let page = runtime.block_on(operators.support_grants(after))?;
    let shown: Vec<Value> = page.grants.iter().map(described).collect();
    output.show(&json!({"grants": shown, "next": page.next}), || {
        let mut lines: Vec<String> = page.grants.iter().map(line).collect();
        lines.extend(page.next.map(|last| format!("further: seif support grants --after {last}")));
        lines.join("\n")
    });
    Ok(())
}

fn described(grant: &LiveGrant) -> Value {
    json!({
        "id": grant.id, "tenant": grant.tenant, "made_at": grant.made_at, "expires_at": grant.expires_at,
        "views": grant.views, "collections": grant.collections,
    })
}

fn line(grant: &LiveGrant) -> String {
    let collections: Vec<String> = grant.collections.iter().map(ToString::to_string).collect();
    let until = grant.expires_at.rfc3339();
    format!("{}  {}  until {until}  viewed {}: {}", grant.tenant, grant.id, grant.views, collections.join(" "))
}

fn view(settings: &Settings, deed: ViewForSupport, after: Option<RecordId>, output: Output) -> anyhow::Result<()> {
    let kernel = app::open_beside(settings)?;
    let vault = app::vault(kernel.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let looked = kernel.operate(here(), deed, async |act| vault.view_for_support(act, after).await);
    let seen: SupportView = runtime.block_on(looked)??;
    output.show(&serde_json::to_value(&seen)?, || {
        let mut lines: Vec<String> = seen.records.iter().map(record).collect();
        lines.extend(seen.next.map(|last| format!("further: the same with --after {last}")));
        lines.join("\n")
    });
    Ok(())
}

fn record(record: &SeenRecord) -> String {
    let values = record.values.as_ref().map_or_else(
        || "does not open".to_owned(),
        |values| values.iter().map(|(name, seen)| format!("{name}: {seen}")).collect::<Vec<_>>().join(", "),
    );
    format!("{}  version {}  changed {}  {values}", record.id, record.version, record.updated_at.rfc3339())
}

fn verify(settings: &Settings, code: &Secret<String>, output: Output) -> anyhow::Result<()> {
    let kernel = app::open_beside(settings)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let identify = kernel.operate(here(), IdentifyCaller, async |act| support::verify(&kernel, act, code).await);
    let caller = runtime.block_on(identify)??;
    let tenants: Vec<&str> = caller.tenants.iter().map(|Named(name)| name.reveal().as_str()).collect();
    let words: Vec<&str> = caller.words.iter().map(|Word(word)| word.reveal().as_str()).collect();
    let name = caller.name.reveal();
    let language = caller.language.tag();
    output.show(&json!({"name": name, "tenants": tenants, "words": words, "language": language}), || {
        format!(
            "caller:    {name}\nof:        {}\nsay back:  {}   (language: {language})",
            tenants.join(", "),
            words.join(" ")
        )
    });
    Ok(())
}
