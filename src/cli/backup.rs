//! `seif backup`: taking back-ups, reading them, and putting them back.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail, ensure};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::app::{self, backups};
use crate::cli::operator::{here, said};
use crate::cli::output::{Output, progress};
use crate::kernel::backup::drill::{self, Drill};
use crate::kernel::backup::format::{Label, Total, What};
use crate::kernel::backup::key::{BackupKey, Keys, Origin};
use crate::kernel::backup::place::{Folder, Place};
use crate::kernel::backup::standing::Standing;
use crate::kernel::backup::{self, Contents, restore};
use crate::kernel::clock::Clock;
use crate::kernel::crypto::age::{Identity, Recipient};
use crate::kernel::entropy::Entropy;
use crate::kernel::keyring::Keyring;
use crate::kernel::operators::deeds::{self, TakeBackup, TryBackup};
use crate::kernel::operators::{Asked, By, Ledger, OperatorAct};
use crate::kernel::personal::Comparison;
use crate::settings::{BackupPlace, Objects, Settings};

/// What to do with back-ups.
#[derive(Debug, Subcommand)]
pub(super) enum Backup {
    /// Takes a back-up beside a running service, and deletes those past their retention.
    Create(Create),
    /// Reads a back-up to its last byte: that it opens, and comes to what it says.
    Verify(Chosen),
    /// Puts a back-up back into a new or empty data folder, beside the keyring as it is now. Where there are two operators for
    /// it, proposes it, and does it when it is run again once another has confirmed it; the service may be stopped all the
    /// while.
    Restore(Restore),
    /// Lists the back-ups in a folder.
    List(Listed),
    /// Restores the newest back-up of the data into a scratch place, opens a sample of every tenant, compares, erases the
    /// place, and writes down what was found.
    Drill(Drilled),
}

/// Where to.
#[derive(Debug, Args)]
pub(super) struct Create {
    /// The folder, or s3://BUCKET/PREFIX, for the data's back-up. With neither named: both as `[backup]` of the
    /// configuration says, which also says where buckets are.
    #[arg(long, value_name = "PLACE")]
    to: Option<BackupPlace>,
    /// The place for the keyring's back-up: another one, kept apart from the data's.
    #[arg(long, value_name = "PLACE")]
    keyring_to: Option<BackupPlace>,
    /// Seals it for this age recipient, `age1…`, who may be named more than once; with --key, for whoever has that key too.
    /// Left out: as `[backup]` of the configuration says.
    #[arg(long = "recipient", value_name = "AGE1…", value_parser = Recipient::parse)]
    recipients: Vec<Recipient>,
    #[command(flatten)]
    key: KeyFile,
}

/// Which one.
#[derive(Debug, Args)]
pub(super) struct Chosen {
    /// The folder with back-ups, or s3://BUCKET/PREFIX.
    #[arg(long, value_name = "PLACE")]
    from: BackupPlace,
    /// Which of them: its name or id. Left out: the newest.
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    key: Opening,
}

/// From where.
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The folder with the data's back-ups, or s3://BUCKET/PREFIX.
    #[arg(long, value_name = "PLACE", required_unless_present = "keyring_from")]
    from: Option<BackupPlace>,
    /// The place with the keyring's back-ups: where the keyring is lost too. Its database must be empty.
    #[arg(long, value_name = "PLACE")]
    keyring_from: Option<BackupPlace>,
    /// With --keyring-from alone: a place with back-ups of the data, whose newest one says who was erased since.
    #[arg(long, value_name = "PLACE", requires = "keyring_from", conflicts_with = "from")]
    ledger_from: Option<BackupPlace>,
    /// Which of the data's back-ups: its name or id. Left out: the newest.
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    key: Opening,
}

/// Of which folder.
#[derive(Debug, Args)]
pub(super) struct Listed {
    /// The folder with back-ups, or s3://BUCKET/PREFIX.
    #[arg(long, value_name = "PLACE")]
    from: BackupPlace,
}

/// On which back-ups.
#[derive(Debug, Args)]
pub(super) struct Drilled {
    /// The place with the data's back-ups. Left out: `backup.to` of the configuration; where that is not set, a back-up
    /// is taken for the drill alone.
    #[arg(long, value_name = "PLACE")]
    from: Option<BackupPlace>,
    #[command(flatten)]
    key: Opening,
}

/// The back-up key.
#[derive(Debug, Args)]
pub(super) struct KeyFile {
    /// The file of the back-up key. Left out: backup.key beside a SQLite keyring, else in the data folder.
    #[arg(long = "key", value_name = "FILE")]
    path: Option<PathBuf>,
}

impl KeyFile {
    fn path(&self, settings: &Settings) -> PathBuf {
        self.path.clone().unwrap_or_else(|| settings.backup_key())
    }
}

/// What opens back-ups.
#[derive(Debug, Args)]
pub(super) struct Opening {
    #[command(flatten)]
    key: KeyFile,
    /// A file of age identities, AGE-SECRET-KEY-1…, one of which opens the back-up in the place of the back-up key.
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
}

impl Opening {
    fn load(&self, settings: &Settings) -> anyhow::Result<Keys> {
        let path = self.key.path(settings);
        let Some(file) = &self.identity else { return Ok(BackupKey::load(&path)?.into()) };
        let text = Zeroizing::new(std::fs::read_to_string(file).with_context(|| file.display().to_string())?);
        let identities =
            Identity::of_file(&text).map_err(|error| anyhow!("{}: what is in it {error}", file.display()))?;
        // The key beside, where there is one: the keyring's and the data's may differ in what opens them.
        let own = if self.key.path.is_some() || path.exists() { Some(BackupKey::load(&path)?) } else { None };
        Ok(Keys::opening(own, identities))
    }
}

/// Runs the command beside a service that may be running.
pub(super) fn run(settings: &Settings, command: &Backup, output: Output) -> anyhow::Result<()> {
    match command {
        Backup::Create(wanted) => create(settings, wanted, output),
        Backup::Verify(wanted) => verify(settings, wanted, output),
        Backup::Restore(wanted) => restore(settings, wanted, output),
        Backup::List(wanted) => list(settings, wanted, output),
        Backup::Drill(wanted) => drill(settings, wanted, output),
    }
}

fn create(settings: &Settings, wanted: &Create, output: Output) -> anyhow::Result<()> {
    let (to, keyring_to) = match (&wanted.to, &wanted.keyring_to) {
        (None, None) => (&settings.backup.to, &settings.backup.keyring_to),
        named => named,
    };
    ensure!(
        to.is_some() || keyring_to.is_some(),
        "name a place: --to DIR, --to s3://BUCKET/PREFIX, or backup.to in the configuration"
    );
    demand_apart(settings, to.as_ref(), keyring_to.as_ref())?;
    let entropy = Entropy::system();
    let path = wanted.key.path(settings);
    let (key, origin) = match (wanted.recipients.as_slice(), &wanted.key.path) {
        ([], None) => backups::sealing(settings, &entropy)?,
        (recipients, None) => (Keys::sealing(None, recipients.to_vec()), Origin::There),
        (recipients, Some(path)) => {
            let (own, origin) = BackupKey::load_or_make(path, &entropy)?;
            (Keys::sealing(Some(own), recipients.to_vec()), origin)
        }
    };
    if origin == Origin::Made {
        progress(&format!("made the back-up key {}: without a copy of it elsewhere no back-up opens", path.display()));
    }
    let taking = ledger(settings)?.operate_blocking(here(), TakeBackup, |act| {
        take(settings, &By::Operator(act), &key, (to.as_ref(), keyring_to.as_ref()))
    });
    let made = taking??;
    let shown: serde_json::Map<_, _> = made
        .iter()
        .map(|(contents, deleted, to)| {
            let path = match to {
                BackupPlace::Folder(folder) => folder.join(&contents.name).display().to_string(),
                BackupPlace::Bucket { .. } => format!("{}/{}", to.to_string().trim_end_matches('/'), contents.name),
            };
            let taken = contents.taken;
            let objects = json!({
                "kept": taken.objects, "copied": taken.copied, "copied_bytes": taken.copied_bytes, "gone": taken.gone,
            });
            let more = [
                ("tables", tables(&contents.totals)),
                ("objects", objects),
                ("deleted", json!(deleted)),
                ("path", json!(path)),
            ];
            (contents.label.what.name().to_owned(), with(described(&contents.label, &contents.name), more))
        })
        .collect();
    output.show(&Value::Object(shown), || {
        let line = |(contents, deleted, _): &Made| {
            let rows: u64 = contents.totals.iter().map(|total| total.rows).sum();
            let (all, new) = (contents.taken.objects, contents.taken.copied);
            format!(
                "{}: {rows} rows, {all} objects of which {new} are new; deleted {} past their retention",
                contents.name,
                deleted.len()
            )
        };
        made.iter().map(line).collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

/// What was taken, what went past its retention, and where.
type Made = (Contents, Vec<String>, BackupPlace);

fn take(
    settings: &Settings,
    by: &By<'_, TakeBackup>,
    key: &Keys,
    (to, keyring_to): (Option<&BackupPlace>, Option<&BackupPlace>),
) -> anyhow::Result<Vec<Made>> {
    let (clock, entropy, sources) = (Clock::system(), Entropy::system(), app::sources(settings)?);
    let mut made = Vec::new();
    // The data first: then every key that it needs is in the keyring's back-up.
    for (what, to, retention) in
        [(What::Data, to, settings.backup.retention), (What::Keyring, keyring_to, settings.backup.keyring_retention)]
    {
        let Some(to) = to else { continue };
        let place = app::place(settings, to, &clock)?;
        let contents = backup::create(by, &sources, what, place.as_ref(), key, &clock, &entropy)?;
        let deleted = backup::prune(place.as_ref(), what, retention.into(), &clock)?;
        made.push((contents, deleted, to.clone()));
    }
    Ok(made)
}

/// The operators' ledger, which needs no key.
fn ledger(settings: &Settings) -> anyhow::Result<Ledger> {
    let target = app::sources(settings)?.keyring;
    restore::keyring_at(&target)?;
    Ok(Ledger::open(target, Clock::system(), Entropy::system())?)
}

/// The two kinds of back-ups are together everything, and none of them lies among the objects at work.
fn demand_apart(settings: &Settings, to: Option<&BackupPlace>, keyring_to: Option<&BackupPlace>) -> anyhow::Result<()> {
    let share = |one: &BackupPlace, other: &BackupPlace| one.overlaps(other) == Comparison::Same;
    if let (Some(to), Some(keyring_to)) = (to, keyring_to) {
        ensure!(!share(to, keyring_to), "the keyring's back-ups are kept apart from the data's: name another place");
    }
    if let Objects::S3(live) = &settings.objects {
        let live = BackupPlace::Bucket { name: live.name.clone(), prefix: live.prefix.clone() };
        let among = [to, keyring_to].into_iter().flatten().any(|place| share(place, &live));
        ensure!(!among, "the place shares names with the objects at work: name another prefix");
    }
    Ok(())
}

fn verify(settings: &Settings, wanted: &Chosen, output: Output) -> anyhow::Result<()> {
    let place = app::place(settings, &wanted.from, &Clock::system())?;
    let key = wanted.key.load(settings)?;
    let all = backup::list(place.as_ref())?;
    let named = |name: &str| all.iter().find(|kept| kept.name == name || kept.label.id == name);
    let chosen = wanted.name.as_deref().map_or_else(|| all.last(), named).context("there is no such back-up there")?;
    let contents = backup::verify(place.as_ref(), &chosen.name, &key)?;
    let more = [
        ("tables", tables(&contents.totals)),
        ("objects", json!({"kept": contents.taken.objects})),
        ("size", json!(chosen.size)),
        ("holds", json!(true)),
    ];
    let shown = with(described(&contents.label, &contents.name), more);
    output.show(&shown, || {
        let rows: u64 = contents.totals.iter().map(|total| total.rows).sum();
        format!("{} holds: {} tables, {rows} rows, {} bytes", contents.name, contents.totals.len(), chosen.size)
    });
    Ok(())
}

fn list(settings: &Settings, wanted: &Listed, output: Output) -> anyhow::Result<()> {
    let all = backup::list(app::place(settings, &wanted.from, &Clock::system())?.as_ref())?;
    let shown: Vec<Value> =
        all.iter().map(|kept| with(described(&kept.label, &kept.name), [("size", json!(kept.size))])).collect();
    output.show(&json!({"backups": shown}), || {
        let line = |kept: &backup::Kept| {
            format!(
                "{}  {}  {} bytes  {}",
                kept.label.taken_at().rfc3339(),
                kept.label.what.name(),
                kept.size,
                kept.name
            )
        };
        all.iter().map(line).collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

fn drill(settings: &Settings, wanted: &Drilled, output: Output) -> anyhow::Result<()> {
    let keyring = app::open_keyring(settings)?;
    let trying = Ledger::of(&keyring).operate_blocking(here(), TryBackup, |act| tried(settings, wanted, &keyring, act));
    let done = trying??;
    told(&done, output)
}

fn tried(
    settings: &Settings,
    wanted: &Drilled,
    keyring: &Keyring,
    act: &OperatorAct<TryBackup>,
) -> anyhow::Result<Drill> {
    let (clock, entropy) = (Clock::system(), Entropy::system());
    let scratch = backups::scratch(settings);
    let known = wanted.from.clone().or_else(|| settings.backup.to.clone());
    // Gone with its folder, whatever comes of the drill.
    let own = known.is_none().then(|| Own::new(&settings.data)).transpose()?;
    let place: Box<dyn Place> = match (&known, &own) {
        (Some(known), _) => app::place(settings, known, &clock)?,
        (None, own) => Box::new(Folder::new(own.as_ref().map(|own| own.0.clone()).unwrap_or_default())),
    };
    let place = place.as_ref();
    let key = if own.is_some() {
        let (key, _) = BackupKey::load_or_make(&wanted.key.key.path(settings), &entropy)?;
        let key = key.into();
        let _made = backup::for_a_drill(act, &app::sources(settings)?, What::Data, place, &key, &clock, &entropy)?;
        key
    } else {
        wanted.key.load(settings)?
    };
    let by = By::Operator(act);
    let done = drill::drill(&by, place, &key, keyring, &scratch, &backups::SAMPLERS, &clock, &entropy)?;
    drill::note(&app::sources(settings)?.data, &done, &entropy)?;
    Ok(done)
}

fn told(done: &Drill, output: Output) -> anyhow::Result<()> {
    let Drill { at, taken_at, findings } = done;
    let more =
        [("at", json!(at.rfc3339())), ("taken_at", json!(taken_at.rfc3339())), ("good", json!(findings.is_good()))];
    let shown = with(serde_json::to_value(findings)?, more);
    output.show(&shown, || {
        format!(
            "{} of {}: {} rows in {} tables are as they were; {} values of {} tenants opened, {} tenants were erased since",
            findings.backup,
            taken_at.rfc3339(),
            findings.rows,
            findings.tables,
            findings.opened,
            findings.tenants,
            findings.erased_since
        )
    });
    if let Some(fault) = &findings.fault {
        bail!("{} cannot be put back: {fault}", findings.backup);
    }
    ensure!(findings.is_good(), "something of {} tenants did not open", findings.unreadable);
    Ok(())
}

/// A folder for a back-up that is taken for a drill alone.
struct Own(PathBuf);

impl Own {
    fn new(data: &Path) -> anyhow::Result<Self> {
        let own = Self(data.join("drilled"));
        own.clear().with_context(|| own.0.display().to_string())?;
        Ok(own)
    }

    fn clear(&self) -> std::io::Result<()> {
        match std::fs::remove_dir_all(&self.0) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if self.clear().is_err() {
            progress("what was taken for the drill could not be removed; the next drill does");
        }
    }
}

fn restore(settings: &Settings, wanted: &Restore, output: Output) -> anyhow::Result<()> {
    let (key, clock) = (wanted.key.load(settings)?, Clock::system());
    let sources = app::sources(settings)?;
    let mut shown = serde_json::Map::new();
    let mut lines = Vec::new();
    if wanted.from.is_some() {
        demand_empty(&settings.data)?;
    }
    if let Some(from) = &wanted.keyring_from {
        let place = app::place(settings, from, &clock)?;
        let place = place.as_ref();
        let kept = backup::find(place, What::Keyring, None)?;
        let inspected = restore::inspect(place, &kept.name, &key)?;
        shown.insert("keyring".to_owned(), described(&kept.label, &kept.name));
        lines.push(format!("the keyring is as it was at {}", kept.label.taken_at().rfc3339()));
        let (who, now, target) = (here(), clock.now(), &sources.keyring);
        if let Some(from) = wanted.from.as_ref().or(wanted.ledger_from.as_ref()) {
            let data = app::place(settings, from, &clock)?;
            let newest = backup::find(data.as_ref(), What::Data, None)?;
            let later = restore::inspect(data.as_ref(), &newest.name, &key)?;
            let taken = restore::restore_keyring(who, now, place, &inspected, Some(&later), &key, target)?;
            lines.push(format!("{taken} erasures of since then are entered from {}", newest.name));
            shown.insert("erasures_entered".to_owned(), json!(taken));
        } else {
            restore::restore_keyring(who, now, place, &inspected, None, &key, target)?;
        }
    }
    if let Some(from) = &wanted.from {
        let place = app::place(settings, from, &clock)?;
        let place = place.as_ref();
        let kept = backup::find(place, What::Data, wanted.name.as_deref())?;
        let ours = restore::keyring_at(&sources.keyring).with_context(
            || "there is no keyring where --keyring says: without it no back-up of the data is readable",
        )?;
        ensure!(ours == kept.label.installation, "the back-up belongs to another installation than this keyring");
        let inspected = restore::inspect(place, &kept.name, &key)?;
        let keyring = app::open_keyring(settings)?;
        let gone = restore::demand_fit(&inspected, &keyring)?;
        app::private_folder(&settings.data)?;
        let deed = deeds::Restore { backup: kept.label.id.clone() };
        let rule = settings.operators.two_person;
        let restoring = Ledger::of(&keyring).operate_by_two_blocking(here(), rule, deed, |act| -> anyhow::Result<_> {
            let objects = restore::restore_objects(act, place, &inspected, &gone, &sources.objects)?;
            restore::restore(act, place, &inspected, &key, &sources.data)?;
            // As any start: ledger and revocations are applied, and every session is ended, before it serves.
            Ok((objects, app::open_beside(settings)?))
        });
        let (objects, kernel) = match restoring? {
            Asked::Done(done) => done?,
            Asked::Proposed(id) => {
                let shown = with(Value::Object(shown), [("proposed", json!(id))]);
                lines.push(said(id));
                output.show(&shown, || lines.join("\n"));
                return Ok(());
            }
        };
        let found = kernel.found();
        // Whoever has sealed their vault is told by the service, once it is open.
        tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(kernel.tell_tenants())?;
        ensure!(found.standing != Standing::Even, "the restored data was not known as such: this is a fault of ours");
        let more = [("tables", tables(inspected.totals()))];
        shown.insert("data".to_owned(), with(described(inspected.label(), &kept.name), more));
        shown.insert("objects".to_owned(), json!(objects));
        shown.insert("sessions_ended".to_owned(), json!(found.ended.sessions));
        shown.insert("mails_not_sent".to_owned(), json!(found.ended.mails));
        shown.insert("erased_again".to_owned(), json!(found.erased_again));
        lines.push(format!("the data is as it was at {}", kept.label.taken_at().rfc3339()));
        lines.push(format!("{objects} objects are back"));
        lines.push(format!("{} owners who were erased since are erased again", found.erased_again));
        lines.push(format!("revocations are applied, and {} sessions are ended", found.ended.sessions));
        lines.push(format!("{} mails that waited may have been sent since, and are not sent again", found.ended.mails));
    }
    output.show(&Value::Object(shown), || lines.join("\n"));
    Ok(())
}

/// A data folder may be missing, or empty but for the keys, which an operator puts there first where the keyring is in a
/// PostgreSQL, and for what a restore has left that was interrupted.
fn demand_empty(folder: &Path) -> anyhow::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("{}", folder.display())),
    };
    for entry in entries {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        // Objects have random names, are never written over, and are a restore's that was interrupted.
        if !name.contains(restore::ASIDE) && name != "objects" && !name.starts_with("root.key") && name != "backup.key"
        {
            bail!("{} is not empty: a back-up is restored into a new or empty folder", folder.display());
        }
    }
    Ok(())
}

fn described(label: &Label, name: &str) -> Value {
    json!({
        "name": name, "id": label.id, "what": label.what.name(), "taken_at": label.taken_at().rfc3339(),
        "installation": label.installation, "key": label.keys.key, "recipients": label.keys.recipients, "schema": label.schema.last(), "roots": label.roots,
        "program": label.program,
    })
}

fn tables(totals: &[Total]) -> Value {
    totals.iter().map(|total| (total.table.clone(), json!({"rows": total.rows, "sum": total.sum}))).collect()
}

/// An object with these members too.
fn with<const N: usize>(mut shown: Value, more: [(&str, Value); N]) -> Value {
    if let Value::Object(members) = &mut shown {
        members.extend(more.map(|(name, value)| (name.to_owned(), value)));
    }
    shown
}
