//! How the service is doing, in counts and times: nothing of what a tenant keeps is read for it (P-3).

use diesel::dsl::{count_star, min};
use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::backup::drill;
use crate::kernel::clock::Time;
use crate::kernel::rekey::Stage;
use crate::kernel::store::schema::{outbox, policy_notices};
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::ServiceScope;
use crate::operators::{Operators, OperatorsError};

/// How the service is doing.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Messages that wait to be handed over.
    pub waiting: i64,
    /// Since when the oldest of them waits.
    pub oldest: Option<Time>,
    /// When a back-up was last tried, and what came of it.
    pub drilled: Option<(Time, Drilled)>,
}

/// What came of trying a back-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drilled {
    /// It can be put back.
    Good,
    /// It cannot, or not all of it.
    Bad,
}

impl Drilled {
    /// As the console calls it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
        }
    }
}

/// Messages of one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Messages {
    /// Its number in the outbox.
    pub state: i16,
    /// How many.
    pub many: i64,
    /// Since when the oldest of them is there.
    pub oldest: Option<Time>,
}

impl Messages {
    /// The state as the console calls it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self.state {
            WAITING | WAITING_ONCE => "waiting",
            _ => "in_hand",
        }
    }
}

/// Messages that wait, as the outbox numbers them: as often as it takes, and once.
const WAITING: i16 = 1;
const WAITING_ONCE: i16 = 2;

/// Work that goes on behind requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    /// What, as the console calls it.
    pub word: &'static str,
    /// How much of it waits or is under way.
    pub many: i64,
    /// Since when the oldest of it is.
    pub oldest: Option<Time>,
}

impl Operators {
    /// Work that waits or is under way: notices of documents, and keys that turn over.
    ///
    /// # Errors
    /// A store's.
    pub async fn work(&self) -> Result<Vec<Work>, OperatorsError> {
        let read = |tx: &mut Tx<'_>, _: &ServiceScope| -> Result<(i64, Option<Time>), StoreError> {
            let waiting = policy_notices::table.filter(policy_notices::settled_at.is_null());
            Ok(waiting.select((count_star(), min(policy_notices::queued_at))).get_result(tx.conn())?)
        };
        let (many, oldest) = self.kernel.read(&self.kernel.service(), read).await?;
        let rekeys = self.kernel.keyring().rekeys(None)?;
        let open: Vec<Time> =
            rekeys.iter().filter(|rekey| rekey.stage < Stage::Retired).map(|rekey| rekey.begun_at).collect();
        Ok(vec![
            Work { word: "notices", many, oldest },
            Work {
                word: "re_keying",
                many: i64::try_from(open.len()).unwrap_or(i64::MAX),
                oldest: open.into_iter().min(),
            },
        ])
    }

    /// How the service is doing.
    ///
    /// # Errors
    /// The store's.
    pub async fn standing(&self) -> Result<Standing, OperatorsError> {
        let messages = self.messages().await?;
        Ok(Standing {
            waiting: messages.iter().map(|of| of.many).sum(),
            oldest: messages.iter().filter_map(|of| of.oldest).min(),
            drilled: self.drilled().await?,
        })
    }

    /// When a back-up was last tried, and what came of it.
    ///
    /// # Errors
    /// The store's.
    pub async fn drilled(&self) -> Result<Option<(Time, Drilled)>, StoreError> {
        let read = |tx: &mut Tx<'_>, _: &ServiceScope| -> Result<_, StoreError> { drill::newest(tx) };
        let newest = self.kernel.read(&self.kernel.service(), read).await?;
        Ok(newest.map(|drill| (drill.at, if drill.findings.is_good() { Drilled::Good } else { Drilled::Bad })))
    }

    /// Messages that are in the outbox, by state.
    ///
    /// # Errors
    /// The store's.
    pub async fn messages(&self) -> Result<Vec<Messages>, OperatorsError> {
        let read = |tx: &mut Tx<'_>, _: &ServiceScope| -> Result<_, StoreError> {
            let rows: Vec<(i16, i64, Option<Time>)> = outbox::table
                .group_by(outbox::state)
                .select((outbox::state, count_star(), min(outbox::created_at)))
                .order(outbox::state)
                .load(tx.conn())?;
            Ok(rows.into_iter().map(|(state, many, oldest)| Messages { state, many, oldest }).collect())
        };
        Ok(self.kernel.read(&self.kernel.service(), read).await?)
    }
}
