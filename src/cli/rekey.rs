//! `seif keys rotate`, `report`, `pause`, `go-on`: owners' keys that turn over.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};

use crate::app;
use crate::cli::keys::{TELL, pace};
use crate::cli::operator::here;
use crate::cli::output::{Output, progress};
use crate::kernel::Kernel;
use crate::kernel::backup;
use crate::kernel::backup::format::What;
use crate::kernel::clock::{Clock, Time};
use crate::kernel::crypto::Owner;
use crate::kernel::estimate::Estimate;
use crate::kernel::ids::{AccountId, TenantId};
use crate::kernel::keyring::rekeys::{EVERYBODY, Held};
use crate::kernel::operators::OperatorAct;
use crate::kernel::operators::deeds::{self, HoldKeys, PaceKeys, RotateKeys};
use crate::kernel::rekey::{Begun, End, Facts, Pace, Pause, Progress, Rekey, Rules, Stage, Turn, Waiting, WaitsFor};
use crate::kernel::store::StoreError;
use crate::operators::keys::{Going, begin_each, sealing};
use crate::settings::Settings;

/// Whose keys, and how.
#[derive(Debug, Args)]
pub(super) struct Rotate {
    #[command(flatten)]
    whose: Whose,
    /// At most so many values a second, whoever goes on with it; fewer where requests need the time. Without it 5,000 here
    /// and 2,000 in the service, unless `seif keys pace` said otherwise.
    #[arg(long, value_name = "N")]
    rate: Option<NonZeroU32>,
    /// Destroys the old versions as soon as nothing is under them. Lists first what that makes unreadable.
    #[arg(long)]
    destroy_now: bool,
    /// How long a change in the keyring takes until every node and request knows of it; at least 5 s.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(5..=3_600))]
    settle: u64,
    /// Begins anew with everybody, where a run of before was not ended; else that one is gone on with.
    #[arg(long)]
    anew: bool,
    /// Waits also for what the service would go on with by itself: answers kept for repeated requests hold an old version
    /// for up to a day.
    #[arg(long)]
    wait: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Whose {
    /// This tenant's.
    #[arg(value_name = "TENANT_ID")]
    tenant: Option<TenantId>,
    /// This account's.
    #[arg(long, value_name = "ACCOUNT_ID")]
    account: Option<AccountId>,
    /// Every tenant's and account's.
    #[arg(long)]
    all: bool,
    /// Those whose version in use is at least so old: `90d`.
    #[arg(long, value_name = "DAYS", value_parser = days)]
    older_than: Option<Duration>,
}

impl Rotate {
    fn pace(&self) -> Option<Pace> {
        self.rate.map(|values_per_second| Pace { values_per_second })
    }
}

/// `90d`.
fn days(text: &str) -> Result<Duration, &'static str> {
    let days: Option<u64> = text.strip_suffix('d').and_then(|days| days.parse().ok());
    let days = days.filter(|days| *days <= 36_500).ok_or("a number of days, as 90d")?;
    Ok(Duration::from_secs(days * 86_400))
}

/// Turns keys over beside a service that may be running, until the old versions are retired, or destroyed where that is
/// asked for. What is held by answers kept for repeated requests alone is left to the service, unless it is to be waited
/// for. Ended at any moment, whoever runs it next goes on, and so does the service.
pub(super) fn rotate(settings: &Settings, wanted: &Rotate, output: Output) -> anyhow::Result<()> {
    let kernel = app::open_beside(settings)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let deed = RotateKeys { whose: wanted.whose.named() };
    let turning = kernel.operate(here(), deed, async |act| turn_over(&kernel, settings, wanted, act).await);
    let result = runtime.block_on(turning)??;
    let lines: Vec<String> = result.iter().map(line).collect();
    output.show(&json!({ "keys": result.iter().map(shown).collect::<Vec<_>>() }), || lines.join("\n"));
    Ok(())
}

async fn turn_over(
    kernel: &Kernel,
    settings: &Settings,
    wanted: &Rotate,
    act: &OperatorAct<RotateKeys>,
) -> anyhow::Result<Vec<Rekey>> {
    let rules = Rules {
        settle: Duration::from_secs(wanted.settle),
        end: if wanted.destroy_now { End::Now } else { End::InTime },
        values_per_second: RATE,
        ..app::rekey_rules(settings)
    };
    if wanted.destroy_now {
        for line in unreadable(settings, kernel.now())? {
            progress(&line);
        }
    }
    let run = run(kernel, wanted).await?;
    let (mut to_begin, mut owners) = whom(kernel, &wanted.whose, run)?;
    // A run of long ago that came to its end without a word of it: this is another.
    let is_over = to_begin.is_empty() && under_way(kernel, &owners, rules.end)?.is_empty();
    if is_over && kernel.now().since(run) > DAY && wanted.whose.run().is_some() {
        let now = anew(kernel, wanted).await?;
        (to_begin, owners) = whom(kernel, &wanted.whose, now)?;
    }
    let passed_over = |owner, begun| match begun {
        Begun::Sealed => progress(&format!("{} has sealed its vault: it waits until that is open", name(owner))),
        Begun::Leaving => progress(&format!("{} is being erased: its key goes for good", name(owner))),
        Begun::Made(_) | Begun::UnderWay => {}
    };
    begin_each(kernel, &to_begin, act, wanted.pace(), passed_over).await?;
    if let Some(pace) = wanted.pace() {
        kernel.keyring().keep_rekey_pace(&owners, pace, act).await?;
    }
    // What the tenants are told of it does not wait for its end.
    kernel.tell_tenants().await?;
    let lookups = app::lookups::AllLookups::new(kernel);
    let told = Mutex::new(Instant::now());
    let report = |state: Progress| {
        let mut told = told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if told.elapsed() >= TELL || state.done >= state.all {
            *told = Instant::now();
            progress(&estimate(&state));
        }
    };
    let mut held = BTreeSet::new();
    loop {
        let open = under_way(kernel, &owners, rules.end)?;
        for rekey in open.iter().filter(|rekey| is_held_by_answers(rekey)) {
            if held.insert(name(rekey.owner)) {
                progress(&line(rekey));
            }
        }
        let is_left = |rekey: &Rekey| !wanted.wait && rules.end == End::InTime && is_held_by_answers(rekey);
        if open.iter().all(is_left) {
            break;
        }
        let look_again = if open.iter().all(is_held_by_answers) { SELDOM } else { OFTEN };
        let mut is_idle = true;
        for rekey in open {
            if rekey.stage == Stage::Retired {
                kernel.keyring().hasten_rekey(&rekey, act).await?;
            }
            match kernel.rekey_next(Some(rekey.owner), rules, &lookups, &report).await {
                Ok(Turn::Reached(owner, stage)) => {
                    is_idle = false;
                    progress(&format!("{}: {}", name(owner), words(stage)));
                }
                Ok(Turn::Nothing | Turn::Waits(..)) => {}
                Err(StoreError::Busy | StoreError::Again | StoreError::Unavailable) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if is_idle {
            // How far others are.
            let others = kernel.keyring().rekeys(None)?;
            others.iter().filter(|rekey| owners.contains(&rekey.owner)).filter_map(walking).for_each(&report);
            tokio::time::sleep(look_again).await;
        }
    }
    let mut done = Vec::new();
    for owner in owners {
        done.extend(kernel.keyring().rekeys(Some(owner))?.pop());
    }
    let left = done.iter().filter(|rekey| rekey.stage < Stage::Retired && is_held_by_answers(rekey)).count();
    if left > 0 {
        progress(&format!(
            "a running service goes on with {left} of them by itself; --wait waits for it, --destroy-now for nothing"
        ));
    }
    // Whoever asks again means those that are left.
    if left == 0
        && done.iter().all(|rekey| rekey.paused == Pause::Runs || rekey.stage >= Stage::Retired)
        && let Some(whose) = wanted.whose.run()
    {
        kernel.keyring().end_run(&whose).await?;
    }
    Ok(done)
}

/// Since when those are left alone who were turned over: the beginning of the run that was not ended, if there is one.
async fn run(kernel: &Kernel, wanted: &Rotate) -> anyhow::Result<Time> {
    let Some(whose) = wanted.whose.run() else {
        return Ok(kernel.now().minus(wanted.whose.older_than.unwrap_or_default()));
    };
    if wanted.anew {
        return anew(kernel, wanted).await;
    }
    let run = kernel.keyring().begin_run(&whose, wanted.pace()).await?;
    if run.resumed {
        progress(&format!("goes on with what was begun at {}; --anew begins anew", run.begun_at.rfc3339()));
    }
    Ok(run.begun_at)
}

/// The beginning of a new run in the place of any other.
async fn anew(kernel: &Kernel, wanted: &Rotate) -> anyhow::Result<Time> {
    let Some(whose) = wanted.whose.run() else { return Ok(kernel.now()) };
    kernel.keyring().end_run(&whose).await?;
    Ok(kernel.keyring().begin_run(&whose, wanted.pace()).await?.begun_at)
}

/// How fast this command goes on where nobody wants another pace.
const RATE: u32 = 5_000;

/// How often it is looked again while others work, or a change settles.
const OFTEN: Duration = Duration::from_millis(250);

/// How often it is looked again while nothing can be done for hours.
const SELDOM: Duration = Duration::from_secs(2);

/// Whether all could be done of one that can be until the answers kept for repeated requests are over.
fn is_held_by_answers(rekey: &Rekey) -> bool {
    rekey.waiting().is_some_and(|waiting| waiting.what == WaitsFor::KeptAnswers)
}

/// How long after its beginning a run that has nothing left to do is still the one that is asked for again.
const DAY: Duration = Duration::from_secs(86_400);

/// What a version that is destroyed at once takes with it; the console says the same (`web/console/retired.rs`).
const UNREADABLE: [&str; 4] = [
    "copies of the data's database and its archived log from before now open no more: what they hold under the old versions is gone for good",
    "copies of the keyring from before now open nothing that is sealed from now on, whichever way old versions end: take a new one",
    "requests of the last 24 hours that are repeated with their Idempotency-Key are done once more",
    "what was read in the last second before a kill on a node that was not started since stays unreadable in the audit",
];

/// The same, with every back-up that this installation knows of and that goes with it.
fn unreadable(settings: &Settings, now: Time) -> anyhow::Result<Vec<String>> {
    let mut lines: Vec<String> = UNREADABLE.iter().map(|&line| line.to_owned()).collect();
    let Some(to) = &settings.backup.to else {
        lines.push("no place of back-ups is configured: whoever made some has to know of them".to_owned());
        return Ok(lines);
    };
    let of_data = backup::list(app::place(settings, to, &Clock::system())?.as_ref())?
        .into_iter()
        .filter(|kept| kept.label.what == What::Data);
    lines.extend(
        of_data.filter(|kept| kept.label.taken_at() <= now).map(|kept| {
            format!("the back-up {}, taken at {}, opens no more", kept.name, kept.label.taken_at().rfc3339())
        }),
    );
    Ok(lines)
}

/// Whose keys are begun to turn over, and whose are waited for: those of before who are not at their end too.
fn whom(kernel: &Kernel, whose: &Whose, since: Time) -> anyhow::Result<(Vec<Owner>, Vec<Owner>)> {
    let is_meant = |owner: &Owner| match (whose.tenant, whose.account) {
        (Some(tenant), _) => *owner == Owner::Tenant(tenant),
        (None, Some(account)) => *owner == Owner::Account(account),
        (None, None) => true,
    };
    let to_begin: Vec<Owner> = kernel.keyring().keys_older_than(since)?.into_iter().filter(is_meant).collect();
    let mut all = to_begin.clone();
    // Whoever asks for an age means that alone; a run is of all who were begun in it.
    if whose.run().is_some() {
        let of_run = kernel.keyring().rekeys(None)?.into_iter().filter(|rekey| rekey.begun_at >= since);
        all.extend(of_run.map(|rekey| rekey.owner).filter(is_meant));
        all.sort_unstable();
        all.dedup();
    }
    Ok((to_begin, all))
}

impl Whose {
    /// As the operators' ledger names them.
    fn named(&self) -> deeds::Whose {
        let owner = self.tenant.map(Owner::Tenant).or(self.account.map(Owner::Account));
        let days = self.older_than.map(|age| deeds::Whose::OlderThanDays(age.as_secs() / 86_400));
        owner.map(deeds::Whose::One).or(days).unwrap_or(deeds::Whose::All)
    }

    /// What a run over them is kept under; those of an age are told by it, and need none.
    fn run(&self) -> Option<String> {
        let owner = self.tenant.map(Owner::Tenant).or(self.account.map(Owner::Account));
        owner.map(name).or_else(|| self.all.then(|| EVERYBODY.to_owned()))
    }
}

/// Those of the owners' that are not at their end, and wait for nobody's word.
fn under_way(kernel: &Kernel, owners: &[Owner], end: End) -> anyhow::Result<Vec<Rekey>> {
    let is_open = |rekey: &Rekey| match rekey.stage {
        Stage::Destroyed => false,
        Stage::Retired => end == End::Now,
        Stage::Made | Stage::Sealing | Stage::Found | Stage::Alone => true,
    };
    let ours = |rekey: &Rekey| owners.contains(&rekey.owner) && rekey.paused == Pause::Runs && is_open(rekey);
    let mut open = Vec::new();
    for rekey in kernel.keyring().rekeys(None)?.into_iter().filter(ours) {
        // Who leaves, or has sealed their vault, is not waited for: it goes on by itself should that change.
        if !kernel.keyring().rests(rekey.owner)? {
            open.push(rekey);
        }
    }
    Ok(open)
}

/// Lets those under way wait, or go on.
pub(super) fn pause(settings: &Settings, to: Pause, output: Output) -> anyhow::Result<()> {
    let kernel = app::open_beside(settings)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let deed = HoldKeys { whose: None, to };
    let holding = kernel.operate(here(), deed, async |act| kernel.keyring().pause_rekeys(act).await);
    let Held { keys, root } = runtime.block_on(holding)??;
    let is_paused = to == Pause::Waits;
    let root_waits = root == Some(Pause::Waits);
    output.show(&json!({"changed": keys, "paused": is_paused, "root_waits": root_waits}), || {
        let root = if root_waits { ", and so does the root version that takes over owners' keys" } else { "" };
        format!("{keys} keys {}{root}", if is_paused { "wait for go-on" } else { "go on turning over" })
    });
    Ok(())
}

/// Has those under way go at this pace, whoever goes on with them.
pub(super) fn set_pace(settings: &Settings, values_per_second: NonZeroU32, output: Output) -> anyhow::Result<()> {
    let kernel = app::open_beside(settings)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let deed = PaceKeys { pace: Pace { values_per_second } };
    let pacing = kernel.operate(here(), deed, async |act| kernel.keyring().pace_rekeys(act).await);
    let keys = runtime.block_on(pacing)??;
    output.show(&json!({"changed": keys, "values_per_second": values_per_second}), || {
        format!("{keys} keys that turn over go at {values_per_second} values a second at most")
    });
    Ok(())
}

/// Shows the signed reports of a tenant's key versions that were destroyed, one a line.
pub(super) fn reports(settings: &Settings, tenant: TenantId, output: Output) -> anyhow::Result<()> {
    let keyring = app::open_keyring(settings)?;
    let reports: Vec<String> =
        keyring.rekeys(Some(Owner::Tenant(tenant)))?.into_iter().filter_map(|rekey| rekey.report).collect();
    let parsed = reports.iter().map(|text| serde_json::from_str(text)).collect::<Result<Vec<Value>, _>>()?;
    output.show(&json!({ "reports": parsed }), || reports.join("\n"));
    Ok(())
}

fn shown(rekey: &Rekey) -> Value {
    let (waits_for, waits_until) = waiting(rekey);
    let Facts { sealed, tagged, unopenable, verified_at } = &rekey.facts;
    json!({
        "owner": name(rekey.owner), "old_version": rekey.old.as_u32(), "new_version": rekey.new.as_u32(),
        "stage": rekey.stage, "paused": rekey.paused == Pause::Waits, "begun_at": rekey.begun_at,
        "waits_for": waits_for, "waits_until": waits_until,
        "destroy_at": rekey.destroy_at, "sealed": sealed, "tagged": tagged, "unopenable": unopenable,
        "verified_at": verified_at,
        "report": rekey.report.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok()),
    })
}

/// For what one waits, and until when.
fn waiting(rekey: &Rekey) -> (Option<WaitsFor>, Option<Time>) {
    let waiting = rekey.waiting();
    (waiting.map(|waiting| waiting.what), waiting.and_then(|waiting| waiting.until))
}

/// How far one is, for the state of all.
pub(super) fn short(rekey: &Rekey) -> Value {
    let (waits_for, waits_until) = waiting(rekey);
    json!({
        "owner": name(rekey.owner), "old_version": rekey.old.as_u32(), "new_version": rekey.new.as_u32(),
        "stage": rekey.stage, "paused": rekey.paused == Pause::Waits, "begun_at": rekey.begun_at,
        "stage_at": rekey.stage_at, "destroy_at": rekey.destroy_at,
        "values_per_second": rekey.pace.map(|pace| pace.values_per_second),
        "values": sealing(rekey).map(|Going { done, all, .. }| json!({"done": done, "all": all})),
        "waits_for": waits_for, "waits_until": waits_until,
    })
}

/// The same in words.
pub(super) fn line(rekey: &Rekey) -> String {
    let values = match sealing(rekey) {
        Some(Going { done, all, .. }) => format!("{done} of {all}"),
        None => rekey.facts.sealed.values().sum::<u64>().to_string(),
    };
    let versions = format!("version {} -> {}", rekey.old.as_u32(), rekey.new.as_u32());
    let waits = rekey.waiting().map_or_else(String::new, |Waiting { what, until }| {
        let until = until.map_or_else(String::new, |until| format!(" until {}", until.rfc3339()));
        format!(", and waits for {}{until}", waited_for(what))
    });
    format!("{}  {versions}  {values} values sealed anew  {}{waits}", name(rekey.owner), words(rekey.stage))
}

fn name(owner: Owner) -> String {
    match owner {
        Owner::Tenant(id) => format!("tenant {id}"),
        Owner::Account(id) => format!("account {id}"),
        Owner::Service | Owner::Day(_) | Owner::Letter(_) => "the service".to_owned(),
    }
}

const fn words(stage: Stage) -> &'static str {
    match stage {
        Stage::Made => "the new version is made",
        Stage::Sealing => "the new version seals",
        Stage::Found => "everything is under the new version",
        Stage::Alone => "only the new version is written under",
        Stage::Retired => "the old version is retired",
        Stage::Destroyed => "the old version is destroyed",
    }
}

const fn waited_for(what: WaitsFor) -> &'static str {
    match what {
        WaitsFor::Settling => "every node to know of it",
        WaitsFor::KeptAnswers => "the answers kept for repeated requests",
        WaitsFor::Rest => "what came in behind",
        WaitsFor::Unsealing => "the vault to be unsealed",
        WaitsFor::Staying => "a wish to leave to be taken back",
        WaitsFor::GoOn => "go-on",
    }
}

/// How far the values of a key are, where they are sealed anew now.
fn walking(rekey: &Rekey) -> Option<Progress> {
    let Going { done, all, .. } = sealing(rekey).filter(|going| going.done < going.all)?;
    Some(Progress { owner: rekey.owner, stage: rekey.stage, done, all, elapsed: rekey.walked.worked })
}

/// `1200 of 10000 values, 850 a second, 11 s left`.
fn estimate(state: &Progress) -> String {
    let Progress { done, all, elapsed, .. } = *state;
    format!("{}: {done} of {all} values{}", name(state.owner), pace(Estimate::of(done, all, elapsed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_a_number_of_days() {
        assert_eq!(days("90d"), Ok(Duration::from_secs(90 * 86_400)));
        for wrong in ["", "d", "90", "90h", "-1d", "99999999999d"] {
            assert!(days(wrong).is_err(), "{wrong}");
        }
    }
}
