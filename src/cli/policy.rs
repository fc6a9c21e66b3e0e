//! `seif policy`: the life of the legal documents, beside a running service.

mod evidence;

use std::path::PathBuf;
use std::str::FromStr as _;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::app;
use crate::cli::operator::{here, proposed};
use crate::cli::output::Output;
use crate::kernel::clock::Time;
use crate::kernel::ids::MessageId;
use crate::kernel::operators::Asked;
use crate::kernel::values::Locale;
use crate::messages::telling::{Telling, Told};
use crate::policies::{Document, DocumentVersion, NewText, Plan, Policies, Published, Weight};
use crate::settings::Settings;

/// What to do with a document: `privacy`, `terms`, `safe_use`, `dpa` or `cookies`.
#[derive(Debug, Subcommand)]
pub(super) enum Policy {
    /// Adds texts to the draft of the next version, and begins one where there is none. A text begins with `# ` and its
    /// title; `{{ operator_name }}` and the like are filled in.
    Draft(Draft),
    /// Shows the draft as it stands, what it changes, the whole mail in each language, and how many will be told.
    Preview {
        #[arg(value_parser = document)]
        document: Document,
        /// The language of readers whose own has no text: their mails are shown with it.
        #[arg(long, value_name = "LANGUAGE", value_parser = language)]
        fallback: Option<Locale>,
    },
    /// Announces the draft, and queues a notice for every account. Where there are two operators for it, proposes it as the
    /// draft stands, and does it when it is run again once another has confirmed it.
    Announce(Announce),
    /// Takes back what is announced, before it is in force.
    Withdraw {
        #[arg(value_parser = document)]
        document: Document,
    },
    /// Lists every version.
    List,
    /// Shows how many notices of a version are where.
    Notices {
        #[arg(value_parser = document)]
        document: Document,
        version: u32,
    },
    /// Notes that a notice came back: reads the mail server's report (RFC 3464) from a file, `-` for stdin.
    Bounced {
        /// The report, as it came.
        report: PathBuf,
    },
    /// Writes what proves a version's notice into a folder: texts, digests, times, and what became of each account's
    /// notice, by the account's id.
    Evidence {
        #[arg(value_parser = document)]
        document: Document,
        version: u32,
        /// A folder that is not there yet.
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
    },
}

/// Texts of a draft.
#[derive(Debug, Args)]
pub(super) struct Draft {
    #[arg(value_parser = document)]
    document: Document,
    /// A text's language; once a `--file`.
    #[arg(long = "language", value_name = "LANGUAGE", required = true, value_parser = language)]
    languages: Vec<Locale>,
    /// The text in Markdown.
    #[arg(long = "file", value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// What changes, in plain words, for the mail and the page; for all the languages or for none.
    #[arg(long = "summary", value_name = "FILE")]
    summaries: Vec<PathBuf>,
}

/// How the draft is announced.
#[derive(Debug, Args)]
pub(super) struct Announce {
    #[arg(value_parser = document)]
    document: Document,
    /// Before when it does not take effect (RFC 3339); the least notice away, or more.
    #[arg(long, value_name = "TIME", value_parser = time)]
    effective_at: Time,
    /// It changes nothing that is agreed, and may take effect sooner.
    #[arg(long)]
    correction: bool,
    /// The language of readers whose own has no text.
    #[arg(long, value_name = "LANGUAGE", value_parser = language)]
    fallback: Option<Locale>,
}

fn document(name: &str) -> Result<Document, String> {
    Document::from_str(name).map_err(|_| "not one of privacy, terms, safe_use, dpa, cookies".to_owned())
}

fn language(tag: &str) -> Result<Locale, String> {
    Locale::ALL.into_iter().find(|locale| locale.tag() == tag).ok_or_else(|| "not one of en, lv, lt, et, kk".to_owned())
}

fn time(text: &str) -> Result<Time, String> {
    Time::parse(text).ok_or_else(|| "not a time as in 2026-12-22T00:00:00Z".to_owned())
}

/// Runs the command beside a service that may be running.
pub(super) fn run(settings: &Settings, command: &Policy, output: Output) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if let Policy::Draft(wanted) = command {
        // Wrong use is told before anything is opened.
        wanted.paired();
    }
    let policies = app::policies_beside(settings)?;
    runtime.block_on(async {
        match command {
            Policy::Draft(wanted) => draft(&policies, wanted, output).await,
            Policy::Preview { document, fallback } => {
                let telling = app::telling(settings)?;
                preview(&policies, &telling, (*document, *fallback), output).await
            }
            Policy::Announce(wanted) => announce(&policies, wanted, output).await,
            Policy::Withdraw { document } => withdraw(&policies, *document, output).await,
            Policy::List => list(&policies, output).await,
            Policy::Notices { document, version } => {
                notices(&policies, DocumentVersion { document: *document, version: *version }, output).await
            }
            Policy::Bounced { report } => bounced(&policies, report, output).await,
            Policy::Evidence { document, version, to } => {
                let which = DocumentVersion { document: *document, version: *version };
                let write = async |act: &_| evidence::write(&policies, act, to, output).await;
                policies.evidence(which, here(), write).await
            }
        }
    })
}

impl Draft {
    /// Each language with its file and summary; ends the process where they do not pair up.
    fn paired(&self) -> Vec<(Locale, &PathBuf, Option<&PathBuf>)> {
        let many = self.languages.len();
        if self.files.len() != many || ![0, many].contains(&self.summaries.len()) {
            let told = "each --language needs one --file, and one --summary or none has any";
            clap::Error::raw(clap::error::ErrorKind::WrongNumberOfValues, format!("{told}\n")).exit();
        }
        let files = self.languages.iter().zip(&self.files).enumerate();
        files.map(|(place, (language, file))| (*language, file, self.summaries.get(place))).collect()
    }
}

async fn draft(policies: &Policies, wanted: &Draft, output: Output) -> anyhow::Result<()> {
    let mut texts = Vec::new();
    for (language, file, summary) in wanted.paired() {
        texts.push(NewText { language, markdown: read(file)?, summary: summary.map(read).transpose()? });
    }
    let which = policies.draft(wanted.document, texts, here()).await?;
    let languages: Vec<&str> =
        policies.preview(wanted.document).await?.texts.iter().map(|text| text.language.tag()).collect();
    output.show(
        &json!({"document": which.document.name(), "version": which.version, "state": "draft", "languages": languages}),
        || format!("{} version {} is a draft in {}", which.document.name(), which.version, languages.join(", ")),
    );
    Ok(())
}

fn read(file: &PathBuf) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
}

async fn preview(
    policies: &Policies,
    telling: &Telling,
    (document, fallback): (Document, Option<Locale>),
    output: Output,
) -> anyhow::Result<()> {
    use crate::policies::{Difference, differences};
    let preview = policies.preview(document).await?;
    let mut texts = Vec::new();
    let mut shown = vec![format!(
        "{} version {}, to follow version {}; {} accounts will be told",
        document.name(),
        preview.which.version,
        preview.in_force.map_or_else(|| "none".to_owned(), |version| version.to_string()),
        preview.accounts
    )];
    for text in &preview.texts {
        let before = match preview.in_force {
            Some(version) => policies.text(DocumentVersion { document, version }, text.language).await?.markdown,
            None => String::new(),
        };
        let pieces = differences(&before, &text.markdown);
        let count = |wanted: fn(&Difference) -> Option<&String>| -> usize {
            pieces.iter().filter_map(wanted).map(|text| text.split_whitespace().count()).sum()
        };
        let added = count(|piece| if let Difference::Added(text) = piece { Some(text) } else { None });
        let removed = count(|piece| if let Difference::Removed(text) = piece { Some(text) } else { None });
        shown.push(format!(
            "\n[{}] {}: {added} words come, {removed} go\nsummary: {}",
            text.language.tag(),
            text.title,
            if text.summary.is_empty() { "none" } else { &text.summary }
        ));
        texts.push(json!({
            "language": text.language.tag(), "title": text.title, "summary": text.summary,
            "words_added": added, "words_removed": removed, "body_markdown": text.markdown,
        }));
    }
    let checkpoint = policies.checkpoint().await?;
    let mut mails = Vec::new();
    for language in Locale::ALL {
        let Some(told) = preview.told_in(language, fallback) else { continue };
        let Told { subject, text } = telling.announcement(vec![told], checkpoint.clone(), language)?;
        let indented =
            text.lines().map(|line| format!("  {line}").trim_end().to_owned()).collect::<Vec<_>>().join("\n");
        shown.push(format!("\nmail to readers of {}: {subject}\n\n{indented}", language.tag()));
        mails.push(json!({"language": language.tag(), "subject": subject, "body": text}));
    }
    let missing: Vec<&str> = preview.missing().iter().map(|locale| locale.tag()).collect();
    if !missing.is_empty() {
        shown.push(format!("\nno text yet in {}", missing.join(", ")));
    }
    let result = json!({
        "document": document.name(), "version": preview.which.version, "in_force": preview.in_force,
        "accounts": preview.accounts, "texts": texts, "mails": mails, "missing": missing,
    });
    output.show(&result, || shown.join("\n"));
    Ok(())
}

async fn announce(policies: &Policies, wanted: &Announce, output: Output) -> anyhow::Result<()> {
    let weight = if wanted.correction { Weight::Correction } else { Weight::Material };
    let plan = Plan { effective_at: wanted.effective_at, weight, fallback: wanted.fallback };
    let done = match policies.announce(wanted.document, plan, here()).await? {
        Asked::Done(done) => done,
        Asked::Proposed(id) => {
            proposed(id, output);
            return Ok(());
        }
    };
    let name = done.which.document.name();
    let result = json!({
        "document": name, "version": done.which.version, "state": "announced", "announced_at": done.announced_at,
        "effective_at": done.effective_at, "notice_seconds": done.notice.as_secs(), "accounts": done.accounts,
    });
    output.show(&result, || {
        format!(
            "{name} version {} is announced to {} accounts; it comes into force at {} at the earliest",
            done.which.version,
            done.accounts,
            done.effective_at.rfc3339()
        )
    });
    Ok(())
}

async fn withdraw(policies: &Policies, document: Document, output: Output) -> anyhow::Result<()> {
    let which = policies.withdraw(document, here()).await?;
    output.show(&json!({"document": document.name(), "version": which.version, "state": "withdrawn"}), || {
        format!("{} version {} is withdrawn; who was told already was told", document.name(), which.version)
    });
    Ok(())
}

async fn list(policies: &Policies, output: Output) -> anyhow::Result<()> {
    let all = policies.list().await?;
    let mut rows: Vec<Value> = all.iter().map(row).collect();
    let mut lines: Vec<String> = all.iter().map(line).collect();
    for document in Document::ALL {
        // A document without a draft is no failure.
        if let Ok(draft) = policies.preview(document).await {
            let languages: Vec<&str> = draft.texts.iter().map(|text| text.language.tag()).collect();
            lines.push(format!(
                "{:9} {:>3}  draft       {}",
                document.name(),
                draft.which.version,
                languages.join(" ")
            ));
            rows.push(json!({
                "document": document.name(), "version": draft.which.version, "state": "draft", "languages": languages,
            }));
        }
    }
    output.show(&Value::Array(rows), || lines.join("\n"));
    Ok(())
}

fn row(published: &Published) -> Value {
    let languages: Vec<&str> = published.languages.iter().map(|language| language.tag()).collect();
    json!({
        "document": published.which.document.name(), "version": published.which.version,
        "state": published.state.name(), "languages": languages, "material": published.weight.is_material(),
        "announced_at": published.announced_at, "effective_at": published.effective_at,
        "in_force_at": published.in_force_at, "notice_seconds": published.notice.as_secs(),
        "sha256": evidence::hex(&published.sha256),
    })
}

fn line(published: &Published) -> String {
    format!(
        "{:9} {:>3}  {:11} announced {}  in force {}",
        published.which.document.name(),
        published.which.version,
        published.state.name(),
        published.announced_at.rfc3339(),
        published.in_force_at.map_or_else(|| format!("from {} on", published.effective_at.rfc3339()), Time::rfc3339),
    )
}

async fn notices(policies: &Policies, which: DocumentVersion, output: Output) -> anyhow::Result<()> {
    let counts = policies.counts(which).await?;
    let result = evidence::counted(&counts);
    output.show(&result, || {
        format!(
            "of {} accounts: {} queued, {} sent, {} refused, {} bounced, {} unreachable, {} joined since, {} called off\n\
             seen in the application by {}, acknowledged by {}",
            counts.accounts(),
            counts.queued,
            counts.sent,
            counts.refused,
            counts.bounced,
            counts.unreachable,
            counts.joined,
            counts.called_off,
            counts.seen,
            counts.acknowledged
        )
    });
    Ok(())
}

async fn bounced(policies: &Policies, report: &PathBuf, output: Output) -> anyhow::Result<()> {
    let text = if report.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin()).context("stdin cannot be read")?
    } else {
        read(report)?
    };
    let id = message_of(&text).context("the report returns no mail of this service")?;
    let notices = policies.bounced(id, here()).await?;
    anyhow::ensure!(notices > 0, "the mail that came back told of no change, or is known as lost already");
    output.show(&json!({"notices": notices}), || format!("{notices} notices came back"));
    Ok(())
}

/// The id of the mail that a report returns: the left side of a Message-ID of ours.
fn message_of(report: &str) -> Option<MessageId> {
    let mut ids = report.lines().filter_map(|line| {
        let (name, value) = line.trim().split_once(':')?;
        let id = value.trim().strip_prefix('<')?.split_once('@')?.0;
        name.eq_ignore_ascii_case("message-id").then(|| id.parse().ok())?
    });
    ids.next_back()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_names_the_mail_that_it_returns_last() {
        let id = "018f0d3e-7c3a-7b2e-9d5f-2b1c6a4e8f90";
        let report = format!(
            "Message-ID: <report@relay.example>\r\nContent-Type: multipart/report\r\n\r\n\
             Action: failed\r\n\r\nmessage-id: <{id}@vault.example.com>\r\nSubject: x\r\n"
        );
        assert_eq!(message_of(&report).map(|found| found.to_string()), Some(id.to_owned()));
        assert_eq!(message_of("Message-ID: <report@relay.example>\n"), None);
    }
}
