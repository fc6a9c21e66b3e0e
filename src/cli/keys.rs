//! `seif keys`: what keys there are, and turning them over.

use std::num::NonZeroU32;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use clap::Subcommand;
use serde_json::json;

use crate::app;
use crate::cli::operator::{here, proposed};
use crate::cli::output::{Output, progress};
use crate::cli::rekey;
use crate::kernel::estimate::Estimate;
use crate::kernel::ids::TenantId;
use crate::kernel::keyring::rotation::{Pace, Progress, RootEvent, Rotated};
use crate::kernel::operators::deeds::{DestroyRoot, PrepareRoot, RotateRoot};
use crate::kernel::operators::{Asked, Ledger};
use crate::kernel::rekey::{Pause, Stage};
use crate::settings::Settings;

/// What to do with the keys.
#[derive(Debug, Subcommand)]
pub(super) enum Keys {
    /// Shows the root versions and how many owner keys each wraps, owners' keys by state, and those that turn over.
    Status,
    /// Makes a new root version and wraps every owner key by it, beside a running service; goes on where it was
    /// interrupted. Moving to another provider is the same: see [[root_key.earlier]] in the configuration.
    RotateRoot {
        /// At most so many owner keys a second; fewer where requests need the time.
        #[arg(long, value_name = "N", default_value_t = 2_000)]
        rate: u32,
        /// Makes the new version and stops: for a key file that other nodes need a copy of before it wraps anything.
        #[arg(long)]
        prepare: bool,
    },
    /// Turns keys of tenants and accounts over, beside a running service: a new version seals, everything that the old one
    /// sealed is sealed anew, and the old one is retired, and destroyed once the last back-up that needs it is gone.
    Rotate(rekey::Rotate),
    /// Lets the keys that turn over wait, and the root version that takes over owners' keys.
    Pause,
    /// Lets what waits go on turning over.
    GoOn,
    /// Has the keys that turn over go at this pace from the next batch on, whichever process goes on with them.
    Pace {
        /// At most so many values a second for each.
        #[arg(value_name = "N")]
        values: NonZeroU32,
    },
    /// Shows the signed reports of a tenant's destroyed key versions.
    Reports {
        /// Whose.
        tenant: TenantId,
    },
    /// Destroys a root version that wraps nothing any more: back-ups of the keyring that need it open no more. Where there are
    /// two operators for it, proposes it, and does it when it is run again once another has confirmed it.
    DestroyRoot {
        /// Which, as `seif keys status` shows it.
        version: i64,
    },
}

/// Runs the command beside a service that may be running.
pub(super) fn run(settings: &Settings, command: &Keys, output: Output) -> anyhow::Result<()> {
    match command {
        Keys::Status => status(settings, output),
        Keys::RotateRoot { prepare: true, .. } => prepare_root(settings, output),
        Keys::RotateRoot { rate, .. } => rotate_root(settings, *rate, output),
        Keys::Rotate(wanted) => rekey::rotate(settings, wanted, output),
        Keys::Pause => rekey::pause(settings, Pause::Waits, output),
        Keys::GoOn => rekey::pause(settings, Pause::Runs, output),
        Keys::Pace { values } => rekey::set_pace(settings, *values, output),
        Keys::Reports { tenant } => rekey::reports(settings, *tenant, output),
        Keys::DestroyRoot { version } => destroy_root(settings, *version, output),
    }
}

fn status(settings: &Settings, output: Output) -> anyhow::Result<()> {
    let keyring = app::open_keyring(settings)?;
    let (status, rekeys) = (keyring.status()?, keyring.rekeys(None)?);
    let by_state: serde_json::Map<_, _> = status
        .by_state
        .iter()
        .filter_map(|(state, keys)| Some((json!(state).as_str()?.to_owned(), json!(keys))))
        .collect();
    let under_way: Vec<_> = rekeys.iter().filter(|rekey| rekey.stage != Stage::Destroyed).collect();
    let root: Vec<_> = status
        .roots
        .iter()
        .map(|root| json!({"version": root.version, "provider": root.provider, "current": root.current, "created_at": root.created_at}))
        .collect();
    let by_root: serde_json::Map<_, _> =
        status.by_root.iter().map(|(version, keys)| (version.to_string(), json!(keys))).collect();
    let shown = json!({
        "root": root, "owners": status.owners, "owner_keys_by_root_version": by_root,
        "owner_keys_by_state": by_state, "root_waits": status.root == Pause::Waits, "prepared": status.prepared,
        "rotations": under_way.iter().map(|rekey| rekey::short(rekey)).collect::<Vec<_>>(),
    });
    output.show(&shown, || {
        let mut lines = Vec::new();
        for root in &status.roots {
            let mark = if root.current { "current" } else { "known" };
            lines.push(format!(
                "root {}  {}  {mark}  since {}",
                root.version,
                root.provider,
                root.created_at.rfc3339()
            ));
        }
        lines.extend(status.prepared.map(|version| format!("root {version}  is prepared, and wraps nothing yet")));
        if status.root == Pause::Waits {
            lines.push("the current root version waits for go-on before it takes over the rest".to_owned());
        }
        for (version, keys) in &status.by_root {
            lines.push(format!("wrapped by root {version}: {keys} owner keys"));
        }
        lines.push(format!("owners: {}", status.owners));
        for (state, keys) in &by_state {
            lines.push(format!("keys of tenants and accounts that are {state}: {keys}"));
        }
        lines.extend(under_way.iter().map(|rekey| rekey::line(rekey)));
        for line in &status.history {
            let what = match line.event {
                RootEvent::Current => "became current".to_owned(),
                RootEvent::Rewrapped => format!("took over {} owner keys", line.keys),
                RootEvent::Destroying => "is to be destroyed".to_owned(),
                RootEvent::Destroyed => "was destroyed".to_owned(),
                RootEvent::Held => format!("was to wait with {} owner keys", line.keys),
                RootEvent::GoesOn => format!("went on with {} owner keys", line.keys),
            };
            lines.push(format!("{}  root {} {what}  by {}", line.at.rfc3339(), line.version, line.actor));
        }
        lines.join("\n")
    });
    Ok(())
}

fn rotate_root(settings: &Settings, rate: u32, output: Output) -> anyhow::Result<()> {
    let keyring = app::open_keyring(settings)?;
    let since = Instant::now();
    let mut told = since;
    let report = |state: Progress| {
        if told.elapsed() >= TELL || state.done >= state.all {
            told = Instant::now();
            progress(&estimate(&state));
        }
        ControlFlow::Continue(())
    };
    let pace = Pace { keys_per_second: rate };
    let done =
        Ledger::of(&keyring).operate_blocking(here(), RotateRoot, |act| keyring.rotate_root(act, pace, report))??;
    let Rotated { version, provider, resumed, rewrapped, unopenable, paused } = &done;
    let waits = *paused == Pause::Waits;
    let seconds = since.elapsed().as_secs_f64();
    let result = json!({
        "version": version, "provider": provider, "resumed": resumed,
        "rewrapped": rewrapped, "unopenable": unopenable, "paused": waits,
        "seconds": (seconds * 1_000.0).round() / 1_000.0,
    });
    output.show(&result, || {
        let how = if *resumed { "went on with" } else { "made" };
        let rest = if waits { ", and waits for seif keys go-on before it takes over the rest" } else { "" };
        format!("{how} root version {version} ({provider}), which now wraps {rewrapped} more owner keys{rest}")
    });
    anyhow::ensure!(
        *unopenable == 0,
        "{unopenable} owner keys do not open under their root version and were left as they are"
    );
    Ok(())
}

fn prepare_root(settings: &Settings, output: Output) -> anyhow::Result<()> {
    let keyring = app::open_keyring(settings)?;
    let version = Ledger::of(&keyring).operate_blocking(here(), PrepareRoot, |act| keyring.prepare_root(act))??;
    output.show(&json!({"version": version, "prepared": true}), || {
        format!(
            "root version {version} is made and wraps nothing yet: run seif keys rotate-root once every node has it"
        )
    });
    Ok(())
}

fn destroy_root(settings: &Settings, version: i64, output: Output) -> anyhow::Result<()> {
    let keyring = app::open_keyring(settings)?;
    keyring.demand_idle_root(version)?;
    let (rule, deed) = (settings.operators.two_person, DestroyRoot { version });
    let destroy = |act: &_| keyring.destroy_root(act);
    match Ledger::of(&keyring).operate_by_two_blocking(here(), rule, deed, destroy)? {
        Asked::Done(done) => done?,
        Asked::Proposed(id) => {
            proposed(id, output);
            return Ok(());
        }
    }
    output.show(&json!({"version": version, "destroyed": true}), || {
        format!("root version {version} is destroyed; copies of its file elsewhere are yours to destroy")
    });
    Ok(())
}

/// How often progress is told.
pub(super) const TELL: Duration = Duration::from_secs(1);

/// `1200 of 10000 owner keys, 850 a second, 11 s left`.
fn estimate(state: &Progress) -> String {
    let Progress { done, all, elapsed } = *state;
    format!("{done} of {all} owner keys{}", pace(Estimate::of(done, all, elapsed)))
}

/// `, 850 a second, 11 s left`: the second once that can be said.
pub(super) fn pace(estimate: Estimate) -> String {
    let left = estimate.left().map_or_else(String::new, |left| format!(", {} s left", left.as_secs()));
    format!(", {} a second{left}", estimate.rate(Duration::from_secs(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_tells_the_rate_and_what_is_left() {
        let state = Progress { done: 1_200, all: 10_000, elapsed: Duration::from_millis(1_500) };
        assert_eq!(estimate(&state), "1200 of 10000 owner keys, 800 a second, 11 s left");
        let begun = Progress { done: 0, all: 5, elapsed: Duration::ZERO };
        assert_eq!(estimate(&begun), "0 of 5 owner keys, 0 a second");
    }
}
