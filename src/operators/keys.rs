//! Turning keys over from the console, as `seif keys` does: each begins here, with its entry in the ledger. The service
//! goes on with what has begun, whatever becomes of the process that began it.

use std::ops::ControlFlow;
use std::time::Duration;

use crate::kernel::Kernel;
use crate::kernel::clock::Time;
use crate::kernel::crypto::{KeyVersion, Owner};
use crate::kernel::estimate::Estimate;
use crate::kernel::keyring::KeyringError;
use crate::kernel::keyring::rekeys::EVERYBODY;
use crate::kernel::keyring::rotation::{Pace, RootEvent, Status};
use crate::kernel::log::Incidents;
use crate::kernel::operators::deeds::{HoldKeys, PaceKeys, PrepareRoot, RotateKeys, RotateRoot, Whose};
use crate::kernel::operators::{By, Ledger, Operator, OperatorAct};
use crate::kernel::rekey::{self, Begun, Pause, Rekey, Stage, Walked};
use crate::kernel::store::StoreError;
use crate::operators::background::{self, Kind};
use crate::operators::{Operators, OperatorsError};

/// How fast owner keys are wrapped anew beside requests, where nobody wants another pace.
pub const PACE: Pace = Pace { keys_per_second: 500 };

/// A day.
const DAY: Duration = Duration::from_secs(86_400);

/// How far work that goes on is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Going {
    /// So many are done.
    pub done: u64,
    /// Of so many.
    pub all: u64,
    /// How fast, and for how long still.
    pub estimate: Estimate,
}

impl Going {
    fn of(done: u64, all: u64, elapsed: Duration) -> Self {
        Self { done, all, estimate: Estimate::of(done, all, elapsed) }
    }
}

impl Operators {
    /// Makes a new root version, which wraps every owner's key in the background; where an earlier one is not done, that
    /// one is gone on with. One that is killed is gone on with by the service.
    ///
    /// # Errors
    /// [`OperatorsError::UnderWay`] where this node does so already, or it waits for the word to go on; the keyring is
    /// away.
    pub async fn turn_root_over(&self, who: Operator, pace: Pace, incidents: &Incidents) -> Result<(), OperatorsError> {
        if self.kernel.keyring().status()?.root == Pause::Waits {
            return Err(OperatorsError::UnderWay);
        }
        let work = move |operators: &Self, begun: background::Begun| {
            let keyring = operators.kernel.keyring();
            let turn = |act: &OperatorAct<RotateRoot>| {
                begun.say();
                keyring.rotate_root(act, pace, |_| ControlFlow::Continue(()))
            };
            Ledger::of(keyring).operate_blocking(who, RotateRoot, turn)??;
            Ok(())
        };
        self.in_background(Kind::Root, incidents, work).await
    }

    /// Makes the next root version, which wraps nothing until the root key is turned over: so that a key file can be
    /// copied to other nodes first.
    ///
    /// # Errors
    /// The keyring is away, or who keeps the root key.
    pub async fn prepare_root(&self, who: Operator) -> Result<(), OperatorsError> {
        let keyring = self.kernel.keyring().clone();
        let prepare = move || {
            Ledger::of(&keyring)
                .operate_blocking(who, PrepareRoot, |act: &OperatorAct<PrepareRoot>| keyring.prepare_root(act))
        };
        let _version = tokio::task::spawn_blocking(prepare).await.map_err(|_| StoreError::Unavailable)???;
        Ok(())
    }

    /// Begins to turn the key of a tenant or an account over. One that turns over already goes on.
    ///
    /// # Errors
    /// [`OperatorsError::NoTenant`] and [`OperatorsError::NoAccount`]; [`OperatorsError::TenantSealed`];
    /// [`OperatorsError::TenantErased`]; the keyring is away.
    pub async fn turn_over(&self, who: Operator, owner: Owner) -> Result<(), OperatorsError> {
        let begin = async |act: &OperatorAct<RotateKeys>| match self
            .kernel
            .keyring()
            .begin_rekey(owner, By::Operator(act), None)
            .await
        {
            Ok(Begun::Made(_) | Begun::UnderWay) => Ok(()),
            Ok(Begun::Sealed) => Err(OperatorsError::TenantSealed),
            Ok(Begun::Leaving) => Err(OperatorsError::TenantErased),
            Err(KeyringError::NoKey(Owner::Account(_))) => Err(OperatorsError::NoAccount),
            Err(KeyringError::NoKey(_)) => Err(OperatorsError::NoTenant),
            Err(error) => Err(error.into()),
        };
        self.kernel.operate(who, RotateKeys { whose: Whose::One(owner) }, begin).await?
    }

    /// Begins to turn over the keys of everybody, or those whose version in use is at least so many days old, in the
    /// background. A run over everybody that was cut off is gone on with.
    ///
    /// # Errors
    /// [`OperatorsError::UnderWay`] where this node does so already; the keyring is away.
    pub async fn turn_many_over(
        &self,
        who: Operator,
        whose: Many,
        incidents: &Incidents,
    ) -> Result<(), OperatorsError> {
        let work = move |operators: &Self, begun: background::Begun| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|_| StoreError::Unavailable)?;
            runtime.block_on(begin_many(&operators.kernel, who, whose, begun))
        };
        self.in_background(Kind::Keys, incidents, work).await
    }

    /// The versions that are retired, and open what was restored until their time has come; the oldest first.
    ///
    /// # Errors
    /// The keyring is away.
    pub fn retired(&self) -> Result<Vec<Rekey>, OperatorsError> {
        let all = self.kernel.keyring().rekeys(None)?;
        Ok(all.into_iter().filter(|rekey| rekey.stage == Stage::Retired).collect())
    }

    /// Has a retired version destroyed as soon as it is seen again that nothing uses it, whichever back-ups need it.
    ///
    /// # Errors
    /// [`OperatorsError::NotRetired`]; the keyring is away.
    pub async fn destroy_now(&self, who: Operator, owner: Owner, old: KeyVersion) -> Result<(), OperatorsError> {
        let all = self.retired()?;
        let is_meant = |rekey: &&Rekey| rekey.owner == owner && rekey.old == old;
        let rekey = all.iter().find(is_meant).ok_or(OperatorsError::NotRetired)?;
        let deed = RotateKeys { whose: Whose::One(owner) };
        let hasten = async |act: &OperatorAct<RotateKeys>| self.kernel.keyring().hasten_rekey(rekey, act).await;
        self.kernel.operate(who, deed, hasten).await??;
        Ok(())
    }

    /// Lets the keys that turn over wait, or go on; and the root version that takes over owners' keys.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn hold_keys(&self, who: Operator, to: Pause) -> Result<(), OperatorsError> {
        let hold = async |act: &OperatorAct<HoldKeys>| self.kernel.keyring().pause_rekeys(act).await;
        self.kernel.operate(who, HoldKeys { whose: None, to }, hold).await??;
        Ok(())
    }

    /// Has the keys that turn over go at this pace, whichever process goes on with them.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn pace_keys(&self, who: Operator, pace: rekey::Pace) -> Result<(), OperatorsError> {
        let keep = async |act: &OperatorAct<PaceKeys>| self.kernel.keyring().pace_rekeys(act).await;
        self.kernel.operate(who, PaceKeys { pace }, keep).await??;
        Ok(())
    }
}

/// How far the values of a key are while they are sealed anew, by whichever node.
#[must_use]
pub fn sealing(rekey: &Rekey) -> Option<Going> {
    let Walked { done, all, worked } = rekey.walked;
    (rekey.stage == Stage::Sealing && all > 0).then(|| Going::of(done, all, worked))
}

/// Whose keys, where they are many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Many {
    /// Everybody's.
    All,
    /// Those whose version in use is at least so many days old.
    OlderThanDays(u32),
}

/// How far a root version is that takes over the owners' keys; nothing where it has them all.
#[must_use]
pub fn root_going(status: &Status, now: Time) -> Option<Going> {
    let current = status.roots.iter().find(|root| root.current)?.version;
    let many = |of: &(i64, i64)| u64::try_from(of.1).unwrap_or(0);
    let all: u64 = status.by_root.iter().map(many).sum();
    let done: u64 = status.by_root.iter().filter(|(version, _)| *version == current).map(many).sum();
    let begins =
        |of: &&crate::kernel::keyring::rotation::Recorded| of.version == current && of.event == RootEvent::Current;
    let since = status.history.iter().rfind(begins)?.at;
    (done < all).then(|| Going::of(done, all, now.since(since)))
}

/// How far those are together that turn over, counted in keys under whose new version everything is; nothing where none is
/// on its way there.
#[must_use]
pub fn keys_going(rekeys: &[Rekey], now: Time) -> Option<Going> {
    let is_done = |rekey: &&Rekey| rekey.stage >= Stage::Found;
    let first = rekeys.iter().filter(|rekey| !is_done(rekey)).map(|rekey| rekey.begun_at).min()?;
    let of_them: Vec<&Rekey> = rekeys.iter().filter(|rekey| rekey.begun_at >= first).collect();
    let done = of_them.iter().copied().filter(is_done).count();
    let many = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    Some(Going::of(many(done), many(of_them.len()), now.since(first)))
}

/// Begins to turn over the keys of `owners`, at `pace` where there is one, whoever goes on with them; `passed_over` is told
/// of those that stay as they are.
///
/// # Errors
/// The keyring is away: those that were begun are.
pub async fn begin_each(
    kernel: &Kernel,
    owners: &[Owner],
    act: &OperatorAct<RotateKeys>,
    pace: Option<rekey::Pace>,
    mut passed_over: impl FnMut(Owner, Begun),
) -> Result<(), KeyringError> {
    for owner in owners {
        match kernel.keyring().begin_rekey(*owner, By::Operator(act), pace).await {
            Ok(Begun::Made(_) | Begun::UnderWay) => {}
            Ok(begun @ (Begun::Sealed | Begun::Leaving)) => passed_over(*owner, begun),
            // A key that was made for somebody who never came.
            Err(KeyringError::NoKey(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn begin_many(
    kernel: &Kernel,
    who: Operator,
    whose: Many,
    begun: background::Begun,
) -> Result<(), OperatorsError> {
    let named = match whose {
        Many::All => Whose::All,
        Many::OlderThanDays(days) => Whose::OlderThanDays(days.into()),
    };
    let begin = async |act: &OperatorAct<RotateKeys>| -> Result<(), KeyringError> {
        begun.say();
        let keyring = kernel.keyring();
        match whose {
            Many::OlderThanDays(days) => {
                let owners = keyring.keys_older_than(kernel.now().minus(DAY.saturating_mul(days)))?;
                begin_each(kernel, &owners, act, None, |_, _| ()).await
            }
            Many::All => {
                let (owners, pace) = everybody(kernel).await?;
                begin_each(kernel, &owners, act, pace, |_, _| ()).await?;
                // From here on the service goes on with each of them.
                keyring.end_run(EVERYBODY).await
            }
        }
    };
    kernel.operate(who, RotateKeys { whose: named }, begin).await??;
    Ok(())
}

/// Whose keys a run over everybody's begins to turn over, and at which pace: those whom the run of before did not come to, if
/// it was cut off.
async fn everybody(kernel: &Kernel) -> Result<(Vec<Owner>, Option<rekey::Pace>), KeyringError> {
    let keyring = kernel.keyring();
    let run = keyring.begin_run(EVERYBODY, None).await?;
    let owners = keyring.keys_older_than(run.begun_at)?;
    if !run.resumed {
        return Ok((owners, run.pace));
    }
    for owner in &owners {
        if !keyring.rests(*owner)? {
            return Ok((owners, run.pace));
        }
    }
    // It had come to everybody.
    keyring.end_run(EVERYBODY).await?;
    let run = keyring.begin_run(EVERYBODY, None).await?;
    Ok((keyring.keys_older_than(run.begun_at)?, run.pace))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::ids::AccountId;
    use crate::kernel::keyring::rotation::{Recorded, RootVersion};
    use crate::kernel::rekey::Facts;

    fn at(seconds: i64) -> Time {
        Time::from_micros(seconds * 1_000_000)
    }

    fn rekey(stage: Stage, begun: i64) -> Rekey {
        Rekey {
            owner: Owner::Account(AccountId::from_bytes([1; 16])),
            old: KeyVersion::FIRST,
            new: KeyVersion::FIRST,
            stage,
            begun_at: at(begun),
            stage_at: at(begun),
            destroy_at: None,
            paused: Pause::Runs,
            waits: None,
            pace: None,
            walked: Walked::default(),
            actor: String::new(),
            facts: Facts::default(),
            report: None,
        }
    }

    #[test]
    fn keys_are_counted_since_the_first_that_is_still_on_its_way() {
        assert_eq!(keys_going(&[rekey(Stage::Found, 5), rekey(Stage::Destroyed, 6)], at(9)), None);
        let all = [
            rekey(Stage::Retired, 1),
            rekey(Stage::Sealing, 10),
            rekey(Stage::Found, 10),
            rekey(Stage::Alone, 20),
            rekey(Stage::Made, 30),
        ];
        assert_eq!(keys_going(&all, at(130)), Some(Going::of(2, 4, Duration::from_secs(120))));
        let Going { estimate, .. } = keys_going(&all, at(130)).unwrap();
        assert_eq!((estimate.rate(Duration::from_secs(60)), estimate.left()), (1, Some(Duration::from_secs(120))));
    }

    #[test]
    fn a_root_version_is_on_its_way_until_it_wraps_everything() {
        let root = |version, current| RootVersion { version, provider: String::new(), current, created_at: at(0) };
        let became = |seconds, version| Recorded {
            at: at(seconds),
            version,
            event: RootEvent::Current,
            keys: 0,
            actor: String::new(),
        };
        let status = |by_root: &[(i64, i64)]| Status {
            roots: vec![root(1, false), root(2, true)],
            by_root: by_root.to_vec(),
            owners: 4,
            by_state: Vec::new(),
            history: vec![became(0, 1), became(100, 2)],
            root: Pause::Runs,
            prepared: None,
        };
        let going = root_going(&status(&[(1, 30), (2, 10)]), at(105));
        assert_eq!(going, Some(Going::of(10, 40, Duration::from_secs(5))));
        assert_eq!(root_going(&status(&[(2, 40)]), at(105)), None);
        assert_eq!(root_going(&status(&[(1, 40)]), at(105)), Some(Going::of(0, 40, Duration::from_secs(5))));
    }
}
