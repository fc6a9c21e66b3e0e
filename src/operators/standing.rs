//! How the service is doing, in counts and times: nothing of what a tenant keeps is read for it (P-3).

use diesel::dsl::{count_star, min};
use diesel::{QueryDsl as _, RunQueryDsl as _};

use crate::kernel::backup::drill;
use crate::kernel::clock::Time;
use crate::kernel::store::schema::outbox;
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

impl Operators {
    /// How the service is doing.
    ///
    /// # Errors
    /// The store's.
    pub async fn standing(&self) -> Result<Standing, OperatorsError> {
        let messages = self.messages().await?;
        let read = |tx: &mut Tx<'_>, _: &ServiceScope| -> Result<_, StoreError> { drill::newest(tx) };
        let drilled = self.kernel.read(&self.kernel.service(), read).await?;
        Ok(Standing {
            waiting: messages.iter().map(|of| of.many).sum(),
            oldest: messages.iter().filter_map(|of| of.oldest).min(),
            drilled: drilled
                .map(|drill| (drill.at, if drill.findings.is_good() { Drilled::Good } else { Drilled::Bad })),
        })
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
