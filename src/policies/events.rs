//! What happened to a version, once each, and never changed: the one place where announcing, coming into force and the
//! counts of notices are written down, in the transaction in which they happen. Whatever else is to know of them in the
//! same transaction (a leaf of a log, say) is told in [`note`].

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::clock::Time;
use crate::kernel::store::schema::policy_events;
use crate::kernel::store::{StoreError, Tx};
use crate::policies::document::DocumentVersion;

/// Who did what nobody had to do.
pub(super) const SERVICE: &str = "service";

/// What can happen to a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It was announced.
    Announced,
    /// Every account has a notice of it, to be delivered.
    Queued,
    /// It came into force.
    InForce,
    /// Another came into force.
    Superseded,
    /// It was withdrawn before it came into force.
    Withdrawn,
}

/// How many accounts had been told at that moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Accounts in all.
    pub accounts: u64,
    /// Of them, those that were told in time.
    pub noticed: u64,
    /// Those that cannot be reached.
    pub unreachable: u64,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// To what.
    pub which: DocumentVersion,
    /// What.
    pub event: Event,
    /// When.
    pub at: Time,
    /// By whom: `service`, or `local:UID`.
    pub actor: String,
    /// Who had been told.
    pub tally: Tally,
}

impl Event {
    const ALL: [Self; 5] = [Self::Announced, Self::Queued, Self::InForce, Self::Superseded, Self::Withdrawn];

    /// Its name in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::Queued => "notices_queued",
            Self::InForce => "in_force",
            Self::Superseded => "superseded",
            Self::Withdrawn => "withdrawn",
        }
    }

    const fn code(self) -> i16 {
        match self {
            Self::Announced => 1,
            Self::Queued => 2,
            Self::InForce => 3,
            Self::Superseded => 4,
            Self::Withdrawn => 5,
        }
    }
}

/// Writes down what happens to `which` in this transaction.
///
/// # Errors
/// The store's; [`StoreError::Taken`] where it has happened before.
pub(super) fn note(
    tx: &mut Tx<'_>,
    which: DocumentVersion,
    event: Event,
    actor: &str,
    tally: Tally,
) -> Result<(), StoreError> {
    let ((document, version), at) = (which.key(), tx.now());
    let count = |many: u64| i64::try_from(many).unwrap_or(i64::MAX);
    diesel::insert_into(policy_events::table)
        .values((
            policy_events::document.eq(document),
            policy_events::version.eq(version),
            policy_events::event.eq(event.code()),
            policy_events::at.eq(at),
            policy_events::actor.eq(actor),
            policy_events::accounts.eq(count(tally.accounts)),
            policy_events::noticed.eq(count(tally.noticed)),
            policy_events::unreachable.eq(count(tally.unreachable)),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Whether that has happened to `which`.
pub(super) fn has_happened(tx: &mut Tx<'_>, which: DocumentVersion, event: Event) -> Result<bool, StoreError> {
    let (document, version) = which.key();
    let many: i64 = policy_events::table.find((document, version, event.code())).count().get_result(tx.conn())?;
    Ok(many > 0)
}

/// What has happened to every version, oldest first.
///
/// # Errors
/// The store's.
pub(super) fn history(tx: &mut Tx<'_>) -> Result<Vec<Happened>, StoreError> {
    type Row = (i16, i64, i16, Time, String, i64, i64, i64);
    let rows: Vec<Row> = policy_events::table
        .order((policy_events::at, policy_events::document, policy_events::version, policy_events::event))
        .load(tx.conn())?;
    let count = |many: i64| u64::try_from(many).unwrap_or(0);
    let read = |(document, version, event, at, actor, accounts, noticed, unreachable): Row| {
        let tally = Tally { accounts: count(accounts), noticed: count(noticed), unreachable: count(unreachable) };
        let event = Event::ALL.into_iter().find(|known| known.code() == event)?;
        Some(Happened { which: DocumentVersion::decode(document, version)?, event, at, actor, tally })
    };
    Ok(rows.into_iter().filter_map(read).collect())
}
