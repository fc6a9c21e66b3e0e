//! What proves to an authority that users learnt of a version in time.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::cli::output::Output;
use crate::kernel::clock::Time;
use crate::kernel::ids::AccountId;
use crate::kernel::operators::OperatorAct;
use crate::policies::deeds::ExportEvidence;
use crate::policies::{Counts, Fingerprint, Policies};

/// So many accounts are read at once.
const PAGE: i64 = 5_000;

/// Writes the package into the folder `to`, which must not be there: `policy.json` (times, counts, what happened, by whom),
/// a text and a summary for each language, `notices.csv` (one line an account), and `SHA256SUMS` over all of them in the
/// form of sha256sum(1). Accounts stand by their ids: no name and no address leaves the service. Which person an id
/// belongs to, only the person's own key tells; an authority that asks for one account is answered about that one.
pub(super) async fn write(
    policies: &Policies,
    act: &OperatorAct<ExportEvidence>,
    to: &Path,
    output: Output,
) -> anyhow::Result<()> {
    let which = act.deed().which;
    let name = which.document.name();
    let published = policies.list().await?.into_iter().find(|known| known.which == which);
    let published = published.with_context(|| format!("{name} has no announced version {}", which.version))?;
    fs::create_dir(to).with_context(|| format!("{} cannot be made", to.display()))?;
    let mut sums = String::new();
    let mut texts = Vec::new();
    for language in &published.languages {
        let text = policies.text(which, *language).await?;
        put(to, &format!("{}.md", language.tag()), text.markdown.as_bytes(), &mut sums)?;
        texts.push(json!({
            "language": language.tag(), "title": text.title, "summary": text.summary, "sha256": hex(&text.sha256),
        }));
    }
    let counts = policies.counts(which).await?;
    let accounts = accounts(policies, act, &to.join("notices.csv"), &mut sums).await?;
    let happened: Vec<Value> = policies
        .history()
        .await?
        .iter()
        .filter(|event| event.which == which)
        .map(|event| {
            json!({
                "event": event.event.name(), "at": event.at, "by": event.actor,
                "accounts": event.tally.accounts, "noticed": event.tally.noticed,
                "unreachable": event.tally.unreachable,
            })
        })
        .collect();
    let policy = json!({
        "document": name, "version": which.version, "state": published.state.name(),
        "material": published.weight.is_material(), "announced_at": published.announced_at,
        "effective_at": published.effective_at, "in_force_at": published.in_force_at,
        "notice_seconds": published.notice.as_secs(), "sha256": hex(&published.sha256), "texts": texts,
        "notices": counted(&counts), "events": happened, "written_at": policies.now(),
    });
    put(to, "policy.json", format!("{policy:#}\n").as_bytes(), &mut sums)?;
    fs::write(to.join("SHA256SUMS"), &sums).context("SHA256SUMS cannot be written")?;
    let digest = Fingerprint::of(sums.as_bytes());
    output.show(&json!({"folder": to, "accounts": accounts, "sha256": digest}), || {
        format!("{} holds the evidence of {accounts} accounts; SHA-256 of its SHA256SUMS: {digest}", to.display())
    });
    Ok(())
}

async fn accounts(
    policies: &Policies,
    act: &OperatorAct<ExportEvidence>,
    file: &Path,
    sums: &mut String,
) -> anyhow::Result<u64> {
    let mut digest = Fingerprint::default();
    let mut out = std::io::BufWriter::new(fs::File::create(file).context("notices.csv cannot be written")?);
    let mut line = |text: String| -> anyhow::Result<()> {
        digest.add(text.as_bytes());
        out.write_all(text.as_bytes()).context("notices.csv cannot be written")
    };
    line("account,delivery,queued_at,settled_at,reply,seen_at,acknowledged_at\n".to_owned())?;
    let mut after = AccountId::from_bytes([0; 16]);
    let mut many = 0;
    loop {
        let page = policies.deliveries(act, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.account;
        for told in page {
            let at = |time: Option<Time>| time.map(Time::rfc3339).unwrap_or_default();
            many += 1;
            line(format!(
                "{},{},{},{},{},{},{}\n",
                told.account,
                told.delivery.name(),
                told.queued_at.rfc3339(),
                at(told.settled_at),
                told.reply.map(|code| code.to_string()).unwrap_or_default(),
                at(told.seen_at),
                at(told.acknowledged_at)
            ))?;
        }
    }
    out.flush().context("notices.csv cannot be written")?;
    sums.push_str(&format!("{}  notices.csv\n", digest.hex()));
    Ok(many)
}

fn put(to: &Path, name: &str, bytes: &[u8], sums: &mut String) -> anyhow::Result<()> {
    sums.push_str(&format!("{}  {name}\n", Fingerprint::of(bytes)));
    fs::write(to.join(name), bytes).with_context(|| format!("{name} cannot be written"))
}

/// The counts of notices as programs read them.
pub(super) fn counted(counts: &Counts) -> Value {
    json!({
        "accounts": counts.accounts(), "queued": counts.queued, "sent": counts.sent, "refused": counts.refused,
        "bounced": counts.bounced, "unreachable": counts.unreachable, "joined": counts.joined,
        "called_off": counts.called_off, "seen": counts.seen, "acknowledged": counts.acknowledged,
    })
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
