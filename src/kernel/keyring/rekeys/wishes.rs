//! What operators want of keys that turn over: that they wait, keep to a pace, or go at once.

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use super::{AT_ONCE, Pace, Pause, Rekey, Stage};
use crate::kernel::crypto::{KeyVersion, Owner};
use crate::kernel::ids::AnyId;
use crate::kernel::keyring::tables::{rekey_runs, rekeys};
use crate::kernel::keyring::{Keyring, KeyringError, hold};
use crate::kernel::operators::deeds::{HoldKeys, PaceKeys, RotateKeys};
use crate::kernel::operators::{self, OperatorAct};
use crate::kernel::store::StoreError;

/// What waits, or goes on, from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// How many owners' keys that turn over.
    pub keys: usize,
    /// Whether the root version waits, where it was meant too.
    pub root: Option<Pause>,
}

impl Keyring {
    /// Lets every one that the act names wait or go on; where it names nobody, all of them and the root version that takes
    /// over owners' keys.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn pause_rekeys(&self, act: &OperatorAct<HoldKeys>) -> Result<Held, KeyringError> {
        let (HoldKeys { whose, to }, mark, by) = (*act.deed(), act.mark(), act.by().to_string());
        self.db()
            .write(Vec::new(), move |tx| {
                let open: Vec<(i16, AnyId, KeyVersion)> = rekeys::table
                    .filter(rekeys::stage.lt(Stage::Retired.code()))
                    .select((rekeys::owner_kind, rekeys::owner_id, rekeys::old_version))
                    .load(tx.conn())
                    .map_err(StoreError::from)?;
                let mut keys = 0;
                for (kind, id, old) in open {
                    let owner = Owner::decode(kind, *id.as_bytes()).ok();
                    if whose.is_some_and(|whose| owner != Some(whose)) {
                        continue;
                    }
                    let still = rekeys::table.find((kind, id, old)).filter(rekeys::stage.lt(Stage::Retired.code()));
                    let set = rekeys::is_paused.eq(to == Pause::Waits);
                    keys += diesel::update(still).set(set).execute(tx.conn()).map_err(StoreError::from)?;
                    if let (Some(entry), Some(Owner::Tenant(tenant))) = (mark.entry, owner) {
                        operators::touch(tx.conn(), entry, tenant)?;
                    }
                }
                let root = if whose.is_none() { Some(hold::set(tx, to, &by)?) } else { None };
                Ok(Held { keys, root })
            })
            .await
    }

    /// Has every key that turns over go at the pace that the act names from the next batch on, and whom a run comes to later,
    /// whoever goes on with them; gives how many turn over.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn pace_rekeys(&self, act: &OperatorAct<PaceKeys>) -> Result<usize, KeyringError> {
        let pace = Some(act.deed().pace.column());
        self.db()
            .write(Vec::new(), move |tx| {
                let open = rekeys::table.filter(rekeys::stage.lt(Stage::Retired.code()));
                let keys = diesel::update(open).set(rekeys::pace.eq(pace)).execute(tx.conn());
                let runs = diesel::update(rekey_runs::table).set(rekey_runs::pace.eq(pace)).execute(tx.conn());
                runs.map_err(StoreError::from)?;
                Ok(keys.map_err(StoreError::from)?)
            })
            .await
    }

    /// Has those of `owners` that turn over go at `pace`, whoever goes on with them.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn keep_rekey_pace(
        &self,
        owners: &[Owner],
        pace: Pace,
        act: &OperatorAct<RotateKeys>,
    ) -> Result<(), KeyringError> {
        if !owners.iter().all(|owner| act.deed().whose.covers(*owner)) {
            return Err(KeyringError::Defect("keys that the operator's entry does not name"));
        }
        for some in owners.chunks(AT_ONCE) {
            let within = some.to_vec();
            self.db()
                .write(Vec::new(), move |tx| {
                    for owner in &within {
                        let open = rekeys::table
                            .filter(rekeys::owner_kind.eq(owner.kind()))
                            .filter(rekeys::owner_id.eq(AnyId::from_bytes(owner.id_bytes())))
                            .filter(rekeys::stage.lt(Stage::Retired.code()));
                        let set = rekeys::pace.eq(Some(pace.column()));
                        diesel::update(open).set(set).execute(tx.conn()).map_err(StoreError::from)?;
                    }
                    Ok::<_, KeyringError>(())
                })
                .await?;
        }
        Ok(())
    }

    /// Lets a retired version be destroyed now.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn hasten_rekey(&self, rekey: &Rekey, act: &OperatorAct<RotateKeys>) -> Result<(), KeyringError> {
        if !act.deed().whose.covers(rekey.owner) {
            return Err(KeyringError::Defect("keys that the operator's entry does not name"));
        }
        let rekey = rekey.clone();
        self.db()
            .write(Vec::new(), move |tx| {
                let retired = this!(rekey).filter(rekeys::stage.eq(Stage::Retired.code()));
                let set = rekeys::destroy_at.eq(Some(tx.now()));
                diesel::update(retired).set(set).execute(tx.conn()).map_err(StoreError::from)?;
                Ok(())
            })
            .await
    }
}
