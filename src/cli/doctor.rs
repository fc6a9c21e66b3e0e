//! `seif doctor`: whether everything that the service needs is there and as it should be.

use std::time::Duration;

use serde_json::{Value, json};

use crate::app;
use crate::cli::output::Output;
use crate::kernel::Kernel;
use crate::kernel::backup;
use crate::kernel::backup::format::What;
use crate::kernel::clock::{Clock, Time};
use crate::kernel::operators::{Ledger, LedgerState};
use crate::operators::Operators;
use crate::operators::standing::Drilled;
use crate::settings::values::BackupPlace;
use crate::settings::{Mode, Settings};

/// How long a message may wait before somebody should look why.
const PATIENCE_WITH_MAILS: Duration = Duration::from_hours(1);

/// Of a back-up's interval: how much may have gone by since the newest.
const INTERVALS: u32 = 2;

/// How long before a certificate runs out somebody should look why it was not renewed.
const RENEWED: Duration = Duration::from_hours(14 * 24);

/// What of a disk should be free, in hundredths.
const FREE: u64 = 10;

/// What was looked at, and what was found.
struct Finding {
    check: &'static str,
    state: State,
    says: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Good,
    /// It serves, and somebody should see to it.
    Doubtful,
    Bad,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Doubtful => "doubtful",
            Self::Bad => "bad",
        }
    }
}

const fn good(check: &'static str, says: String) -> Finding {
    Finding { check, state: State::Good, says }
}

const fn doubtful(check: &'static str, says: String) -> Finding {
    Finding { check, state: State::Doubtful, says }
}

const fn bad(check: &'static str, says: String) -> Finding {
    Finding { check, state: State::Bad, says }
}

/// Looks at everything beside a service that may be running. Exit status 1 when something is bad.
pub(super) fn run(settings: &Settings, output: Output) -> anyhow::Result<()> {
    let mut found = vec![configuration(settings), certificate(settings), disk(settings), objects(settings)];
    match app::open_beside(settings) {
        Ok(kernel) => {
            found.push(good("databases", "both open, with this version's schema, and so does the root key".to_owned()));
            found.push(keys(&kernel));
            found.push(ledger(&kernel));
            found.extend(standing(&kernel));
        }
        Err(error) => found.push(bad("databases", error.to_string())),
    }
    found.push(backups(settings, "back-ups", What::Data, settings.backup.to.as_ref()));
    found.push(backups(settings, "back-ups of the keyring", What::Keyring, settings.backup.keyring_to.as_ref()));
    let shown: Vec<Value> =
        found.iter().map(|one| json!({"check": one.check, "state": one.state.word(), "says": one.says})).collect();
    output.show(&json!({"checks": shown}), || {
        let line = |one: &Finding| format!("{:<8}  {}: {}", one.state.word(), one.check, one.says);
        found.iter().map(line).collect::<Vec<_>>().join("\n")
    });
    let many = found.iter().filter(|one| one.state == State::Bad).count();
    anyhow::ensure!(many == 0, "{many} of {} checks found something bad", found.len());
    Ok(())
}

fn configuration(settings: &Settings) -> Finding {
    if settings.mode() == Mode::Trial {
        return doubtful("configuration", "on loopback for trying out: nobody else is served".to_owned());
    }
    let missing: Vec<String> = settings.refusals().iter().map(ToString::to_string).collect();
    if missing.is_empty() {
        good("configuration", "fit for production".to_owned())
    } else {
        bad("configuration", missing.join("; "))
    }
}

fn certificate(settings: &Settings) -> Finding {
    match app::certificates(settings) {
        Ok(None) => good("certificate", "made and renewed by the local authority".to_owned()),
        Ok(Some(certificates)) => served(certificates.runs_out_within(RENEWED)),
        Err(error) => bad("certificate", error.to_string()),
    }
}

/// Of a certificate that is good now.
fn served(runs_out: Option<Time>) -> Finding {
    match runs_out {
        None => good("certificate", "read, and its key fits".to_owned()),
        Some(at) => doubtful("certificate", format!("it runs out at {}, and was not renewed", at.rfc3339())),
    }
}

fn disk(settings: &Settings) -> Finding {
    match rustix::fs::statvfs(&settings.data) {
        Ok(facts) => {
            let share = facts.f_bavail.saturating_mul(100) / facts.f_blocks.max(1);
            let says = format!("{share} of 100 parts are free where the data folder is");
            if share >= FREE { good("disk", says) } else { doubtful("disk", says) }
        }
        Err(error) => bad("disk", format!("the data folder cannot be looked at: {error}")),
    }
}

fn objects(settings: &Settings) -> Finding {
    let fit = app::objects(settings).map_err(|error| error.to_string());
    match fit.and_then(|objects| objects.demand_fit().map_err(|error| error.to_string())) {
        Ok(()) => good("objects", "their place answers, and keeps nothing that is removed".to_owned()),
        Err(says) => bad("objects", says),
    }
}

fn keys(kernel: &Kernel) -> Finding {
    match kernel.keyring().status() {
        Ok(status) => {
            let current = status.roots.iter().find(|root| root.current).map(|root| root.version);
            let behind: i64 =
                status.by_root.iter().filter(|(version, _)| Some(*version) != current).map(|(_, keys)| *keys).sum();
            if behind == 0 {
                good("keys", format!("those of {} owners are wrapped by the current root key", status.owners))
            } else {
                doubtful("keys", format!("{behind} owner keys are under an older root key: seif keys rotate-root"))
            }
        }
        Err(error) => bad("keys", error.to_string()),
    }
}

fn ledger(kernel: &Kernel) -> Finding {
    let ledger = Ledger::of(kernel.keyring());
    match ledger.verify().and_then(|state| Ok((state, ledger.untold()?))) {
        Ok((LedgerState::Intact(entries), 0)) => good("operators' ledger", format!("{entries} entries, all whole")),
        Ok((LedgerState::Intact(_), untold)) => {
            doubtful("operators' ledger", format!("{untold} tenants are still to be told of something"))
        }
        Ok((LedgerState::Broken(at), _)) => bad("operators' ledger", format!("broken at entry {at}")),
        Err(error) => bad("operators' ledger", error.to_string()),
    }
}

/// Of mails, and of the last drill.
fn standing(kernel: &Kernel) -> Vec<Finding> {
    let asked =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string()).and_then(
            |runtime| runtime.block_on(Operators::new(kernel.clone()).standing()).map_err(|error| error.to_string()),
        );
    let standing = match asked {
        Ok(standing) => standing,
        Err(error) => return vec![bad("messages", error)],
    };
    let waits = standing.oldest.map_or(Duration::ZERO, |oldest| kernel.now().since(oldest));
    let says = format!("{} wait to be handed over", standing.waiting);
    let messages = if waits > PATIENCE_WITH_MAILS { doubtful("messages", says) } else { good("messages", says) };
    let drill = match standing.drilled {
        Some((at, Drilled::Good)) => good("drill", format!("a back-up could be put back at {}", at.rfc3339())),
        Some((at, Drilled::Bad)) => bad("drill", format!("a back-up could not be put back at {}", at.rfc3339())),
        None => doubtful("drill", "no back-up was ever tried: seif backup drill".to_owned()),
    };
    vec![messages, drill]
}

fn backups(settings: &Settings, check: &'static str, what: What, to: Option<&BackupPlace>) -> Finding {
    let Some(to) = to else { return doubtful(check, "none are taken by themselves".to_owned()) };
    let clock = Clock::system();
    let listed = app::place(settings, to, &clock)
        .map_err(|error| error.to_string())
        .and_then(|place| backup::list(place.as_ref()).map_err(|error| error.to_string()));
    let newest = match listed {
        Ok(all) => all.into_iter().filter(|kept| kept.label.what == what).map(|kept| kept.label.taken_at()).max(),
        Err(error) => return bad(check, error),
    };
    let every: Duration = settings.backup.every.into();
    match newest {
        Some(at) if clock.now().since(at) <= every * INTERVALS => good(check, taken(at)),
        Some(at) => doubtful(check, taken(at)),
        None => doubtful(check, "there is none yet".to_owned()),
    }
}

fn taken(at: Time) -> String {
    format!("the newest is of {}", at.rfc3339())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_runs_out_soon_is_doubtful_and_says_when() {
        assert!(served(None).state == State::Good);
        let at = Time::from_micros(1_800_000_000_000_000);
        let found = served(Some(at));
        assert!(found.state == State::Doubtful && found.says.contains(&at.rfc3339()), "{}", found.says);
    }
}
