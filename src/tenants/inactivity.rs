//! What becomes of a tenant that nobody uses any more, where an owner chose that it then leaves: three warnings to every
//! owner, 90, 30 and 7 days before, then the same as if an owner had asked for it with the time of grace (P-14).
//!
//! A use is any request of a member's session or of a token that is let into the tenant; of a tenant whose owner chose so,
//! its day is noted with the first of the day (`kernel::access`). A use at any time lets the count begin anew. Each step is
//! claimed on the row as it was read, in the transaction that tells of it: of several nodes one tells, and a use that comes
//! in between wins. A warning follows the one before by the whole time between them, however late that was, so that nobody
//! leaves whom fewer than three have reached.
//!
//! Where a database was put back from a copy, the count begins anew and the warnings with it: what stands there of both may
//! be from before. A vault that is sealed is given to nobody, so nothing of it can be told: it is neither warned nor does it
//! leave, and to unseal it is a use. A frozen account is told like any other; its person thaws it to come in. A tenant that
//! is leaving already is let be.

use std::time::Duration;

use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _,
};

use crate::kernel::access::TenantAccess;
use crate::kernel::audit::{self, Action, Event};
use crate::kernel::clock::Time;
use crate::kernel::crypto::Owner;
use crate::kernel::ids::TenantId;
use crate::kernel::store::schema::{account_tenants, inactivity};
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{AccountScope, InTenant as _, NoticeScope, ServiceScope, TenantScope};
use crate::kernel::{Kernel, store_error};
use crate::messages::notice::Notice;
use crate::tenants::leaving::{Leaving, LeavingError};
use crate::tenants::profile;

const DAY: Duration = Duration::from_secs(86_400);

/// How many days before the cancellation each warning goes out, at the latest.
const BEFORE: [u32; 3] = [90, 30, 7];

/// The step after the last warning: every member was told that the tenant leaves.
const ANNOUNCED: i16 = 4;

/// So many tenants are looked at in one go.
const PART: i64 = 200;

/// Tells a person something in the feed and by mail.
pub type Tell = fn(&mut Tx<'_>, &AccountScope, Notice) -> Result<(), StoreError>;

/// After how many months without use a tenant leaves: 6 to 60.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Months(u8);

impl Months {
    /// The fewest.
    pub const LEAST: u8 = 6;
    /// The most.
    pub const MOST: u8 = 60;

    /// So many; nothing where they are too few or too many.
    #[must_use]
    pub fn new(months: u32) -> Option<Self> {
        u8::try_from(months).ok().filter(|months| (Self::LEAST..=Self::MOST).contains(months)).map(Self)
    }

    /// How many.
    #[must_use]
    pub const fn count(self) -> u8 {
        self.0
    }

    fn from_code(code: i16) -> Result<Self, StoreError> {
        u32::try_from(code).ok().and_then(Self::new).ok_or(StoreError::Unreadable)
    }
}

/// What becomes of tenants that nobody uses. Cheap to clone.
#[derive(Clone)]
pub struct Inactivity {
    kernel: Kernel,
    leaving: Leaving,
    tell: Tell,
}

/// Whether this transaction takes a step, or another did or a use came in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(in crate::tenants) enum Claim {
    Won,
    Lost,
}

/// What an owner chose, and how far it has come.
#[derive(Debug, Clone, Copy)]
struct Choice {
    tenant: TenantId,
    after: Months,
    since: Time,
    /// The last day of use.
    used_on: i64,
    /// How many steps were taken: warnings, and the announcement.
    told: i16,
    told_at: Option<Time>,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Nothing,
    /// It was used since it was warned.
    Anew,
    /// The warning of this number, so many days before the cancellation.
    Warn(i16, u32),
    Leave,
    /// It is announced: the wish has to stand.
    SeeThrough,
}

impl Inactivity {
    /// Over `kernel`; a tenant goes by `leaving`, and owners are told by `tell`.
    #[must_use]
    pub const fn new(kernel: Kernel, leaving: Leaving, tell: Tell) -> Self {
        Self { kernel, leaving, tell }
    }

    /// After how many months without use the tenant leaves; nothing where nobody chose that, as at first.
    ///
    /// # Errors
    /// The store's.
    pub async fn chosen(&self, access: &TenantAccess) -> Result<Option<Months>, StoreError> {
        self.kernel.point(&access.scope, find).await
    }

    /// Keeps what an owner chose; the count begins now.
    ///
    /// # Errors
    /// The store's.
    pub async fn choose(&self, access: &TenantAccess, after: Option<Months>) -> Result<(), StoreError> {
        let choose = move |tx: &mut Tx<'_>, scope: &TenantScope| -> Result<(), StoreError> {
            if find(tx, scope)? == after {
                return Ok(());
            }
            let now = tx.now();
            diesel::delete(inactivity::table.filter(inactivity::tenant_id.eq(scope.tenant()))).execute(tx.conn())?;
            if let Some(after) = after {
                diesel::insert_into(inactivity::table)
                    .values((
                        inactivity::after_months.eq(i16::from(after.count())),
                        inactivity::tenant_id.eq(scope.tenant()),
                        inactivity::since.eq(now),
                        inactivity::used_on.eq(now.day()),
                        inactivity::warned.eq(0),
                    ))
                    .execute(tx.conn())?;
            }
            let event = Event::new(Action::InactivityChosen);
            let event = after.map_or(event.clone(), |after| event.counting(usize::from(after.count())));
            audit::record(tx, scope, &event)
        };
        self.kernel.write("tenants.choose_inactivity", &access.scope, choose).await
    }

    /// Warns the owners of every tenant that is due to be, and has those leave that nobody used in spite of three warnings.
    /// Safe at any time, on any node.
    ///
    /// # Errors
    /// The first of what failed; each tenant is tried, and the next time again.
    pub async fn sweep(&self) -> Result<(), StoreError> {
        let mut failed = None;
        let mut after = TenantId::from_bytes([0; 16]);
        loop {
            let some = self.kernel.point(&self.kernel.service(), move |tx, _: &ServiceScope| part(tx, after)).await?;
            let Some(last) = some.last() else { break };
            after = last.tenant;
            for choice in some {
                match self.go_on(choice).await {
                    // Erased, or sealed: see above.
                    Ok(()) | Err(StoreError::NoKey(_) | StoreError::Sealed(_)) => {}
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn go_on(&self, choice: Choice) -> Result<(), StoreError> {
        match choice.due(self.kernel.now()) {
            Due::Nothing => Ok(()),
            Due::Anew => {
                let again = move |tx: &mut Tx<'_>, _: &ServiceScope| claim(tx, &choice, 0).map(|_| ());
                self.kernel.write("tenants.used_again", &self.kernel.service(), again).await
            }
            Due::Warn(number, days) => self.warn(choice, number, days).await,
            Due::Leave => self.leave(choice).await,
            Due::SeeThrough => {
                let known = self.kernel.keyring().erasure_of(Owner::Tenant(choice.tenant)).await;
                if known.map_err(|error| store_error(&error))?.is_some() {
                    return Ok(());
                }
                self.leaving.leave_unused(&self.scope(choice.tenant).await?).await.map_err(of_leaving)
            }
        }
    }

    /// The warning of this number to every owner, so many days before the tenant leaves.
    async fn warn(&self, choice: Choice, number: i16, days: u32) -> Result<(), StoreError> {
        let scope = self.scope(choice.tenant).await?;
        let owners = self.leaving.owners_to_tell(&scope).await?;
        // A warning that reaches nobody is none.
        if owners.is_empty() {
            return Ok(());
        }
        let tell = self.tell;
        let warn = move |tx: &mut Tx<'_>, (scope, owners): &(NoticeScope, Vec<AccountScope>)| {
            if is_leaving(tx, choice.tenant)? || claim(tx, &choice, number)? == Claim::Lost {
                return Ok(());
            }
            let event = Event::new(Action::InactivityWarned).counting(usize::try_from(number).unwrap_or_default());
            audit::record_by_service(tx, scope, &event)?;
            let (tenant_name, on) = (profile::name_of(tx, scope)?, tx.now().plus(DAY * days).date());
            for owner in owners {
                tell(tx, owner, Notice::InactivityWarned { tenant_name: tenant_name.clone(), on: on.clone() })?;
            }
            Ok(())
        };
        self.kernel.write("tenants.warn_of_inactivity", &(scope, owners), warn).await
    }

    async fn leave(&self, choice: Choice) -> Result<(), StoreError> {
        let scope = self.scope(choice.tenant).await?;
        if self.leaving.owners_to_tell(&scope).await?.is_empty() {
            return Ok(());
        }
        let take = move |tx: &mut Tx<'_>| {
            if is_leaving(tx, choice.tenant)? { Ok(Claim::Lost) } else { claim(tx, &choice, ANNOUNCED) }
        };
        match self.leaving.announce_unused(&scope, take).await.map_err(of_leaving)? {
            Claim::Lost => Ok(()),
            Claim::Won => self.leaving.leave_unused(&scope).await.map_err(of_leaving),
        }
    }

    async fn scope(&self, tenant: TenantId) -> Result<NoticeScope, StoreError> {
        self.kernel.notice_scope(tenant).await.map_err(|error| store_error(&error))
    }
}

impl Choice {
    /// What is to be done of it at `now`.
    fn due(&self, now: Time) -> Due {
        // A day of use counts whole.
        let last_use = self.since.max(Time::of_day(self.used_on + 1));
        let Some(told_at) = self.told_at.filter(|_| self.told > 0) else {
            let [first, ..] = BEFORE;
            let warning = last_use.plus_months(self.after.count()).minus(DAY * first);
            return if now >= warning { Due::Warn(1, first) } else { Due::Nothing };
        };
        if last_use > told_at {
            return Due::Anew;
        }
        if self.told >= ANNOUNCED {
            return Due::SeeThrough;
        }
        let days = |number: i16| usize::try_from(number).ok().and_then(|at| BEFORE.get(at)).copied().unwrap_or(0);
        let (before, next) = (days(self.told - 1), days(self.told));
        match now >= told_at.plus(DAY * (before - next)) {
            false => Due::Nothing,
            true if next == 0 => Due::Leave,
            true => Due::Warn(self.told + 1, next),
        }
    }
}

/// Takes the step `told`, unless the row is not as it was read: another node was faster, it was used, or chosen anew.
fn claim(tx: &mut Tx<'_>, read: &Choice, told: i16) -> Result<Claim, StoreError> {
    let at = (told > 0).then_some(tx.now());
    let as_read = inactivity::table
        .filter(inactivity::tenant_id.eq(read.tenant))
        .filter(inactivity::after_months.eq(i16::from(read.after.count())))
        .filter(inactivity::since.eq(read.since))
        .filter(inactivity::used_on.eq(read.used_on))
        .filter(inactivity::warned.eq(read.told));
    let changed =
        diesel::update(as_read).set((inactivity::warned.eq(told), inactivity::warned_at.eq(at))).execute(tx.conn())?;
    Ok(if changed == 1 { Claim::Won } else { Claim::Lost })
}

fn find(tx: &mut Tx<'_>, scope: &TenantScope) -> Result<Option<Months>, StoreError> {
    let found: Option<i16> = inactivity::table
        .filter(inactivity::tenant_id.eq(scope.tenant()))
        .select(inactivity::after_months)
        .get_result(tx.conn())
        .optional()?;
    found.map(Months::from_code).transpose()
}

/// Some of the choices of tenants after `after` of which something could be due: warned, or unused for as long as the
/// shortest term leaves before its first warning.
fn part(tx: &mut Tx<'_>, after: TenantId) -> Result<Vec<Choice>, StoreError> {
    type Row = (TenantId, i16, Time, i64, i16, Option<Time>);
    let unused = tx.now().day() - i64::from(Months::LEAST) * 28 + i64::from(BEFORE[0]);
    let rows: Vec<Row> = inactivity::table
        .filter(inactivity::tenant_id.gt(after))
        .filter(inactivity::used_on.le(unused).or(inactivity::warned.gt(0)))
        .order(inactivity::tenant_id)
        .limit(PART)
        .select((
            inactivity::tenant_id,
            inactivity::after_months,
            inactivity::since,
            inactivity::used_on,
            inactivity::warned,
            inactivity::warned_at,
        ))
        .load(tx.conn())?;
    rows.into_iter()
        .map(|(tenant, after, since, used_on, told, told_at)| {
            Ok(Choice { tenant, after: Months::from_code(after)?, since, used_on, told, told_at })
        })
        .collect()
}

fn is_leaving(tx: &mut Tx<'_>, tenant: TenantId) -> Result<bool, StoreError> {
    let leaving: Option<bool> = account_tenants::table
        .filter(account_tenants::tenant_id.eq(tenant))
        .select(account_tenants::is_leaving)
        .limit(1)
        .get_result(tx.conn())
        .optional()?;
    Ok(leaving.unwrap_or(false))
}

fn of_leaving(error: LeavingError) -> StoreError {
    match error {
        LeavingError::Store(error) => error,
        _ => StoreError::Refused("a tenant that nobody uses does not leave"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time::parse(text).unwrap()
    }

    fn choice(told: i16, told_at: Option<&str>) -> Choice {
        Choice {
            tenant: TenantId::from_bytes([1; 16]),
            after: Months::new(6).unwrap(),
            since: at("2026-01-01T09:00:00Z"),
            used_on: at("2026-01-31T23:59:59Z").day(),
            told,
            told_at: told_at.map(at),
        }
    }

    #[test]
    fn a_term_has_six_to_sixty_months() {
        let counted = |months| Months::new(months).map(Months::count);
        assert_eq!([0, 5, 6, 60, 61, 262].map(counted), [None, None, Some(6), Some(60), None, None]);
    }

    #[test]
    fn warnings_come_ninety_thirty_and_seven_days_before_the_end_of_the_term() {
        // The day of use counts whole: until 2026-02-01, six months on is 2026-08-01.
        let none = choice(0, None);
        assert_eq!(none.due(at("2026-05-02T23:59:59Z")), Due::Nothing);
        assert_eq!(none.due(at("2026-05-03T00:00:00Z")), Due::Warn(1, 90));
        let first = choice(1, Some("2026-05-03T00:00:00Z"));
        assert_eq!(first.due(at("2026-07-01T23:59:59Z")), Due::Nothing);
        assert_eq!(first.due(at("2026-07-02T00:00:00Z")), Due::Warn(2, 30));
        let second = choice(2, Some("2026-07-02T00:00:00Z"));
        assert_eq!(second.due(at("2026-07-24T23:59:59Z")), Due::Nothing);
        assert_eq!(second.due(at("2026-07-25T00:00:00Z")), Due::Warn(3, 7));
        let third = choice(3, Some("2026-07-25T00:00:00Z"));
        assert_eq!(third.due(at("2026-07-31T23:59:59Z")), Due::Nothing);
        assert_eq!(third.due(at("2026-08-01T00:00:00Z")), Due::Leave);
        assert_eq!(choice(4, Some("2026-08-01T00:00:00Z")).due(at("2027-01-01T00:00:00Z")), Due::SeeThrough);
    }

    #[test]
    fn after_years_without_service_each_warning_keeps_its_distance_from_the_one_before() {
        let late = "2029-01-01T00:00:00Z";
        assert_eq!(choice(0, None).due(at(late)), Due::Warn(1, 90));
        assert_eq!(choice(1, Some(late)).due(at("2029-03-01T00:00:00Z")), Due::Nothing);
        assert_eq!(choice(1, Some(late)).due(at("2029-03-02T00:00:00Z")), Due::Warn(2, 30));
        assert_eq!(choice(3, Some(late)).due(at("2029-01-07T23:59:59Z")), Due::Nothing);
    }

    #[test]
    fn a_use_on_the_day_of_a_warning_or_later_lets_the_count_begin_anew() {
        let (warned, later) = ("2026-05-03T12:00:00Z", at("2031-01-01T00:00:00Z"));
        for told in 1..=4 {
            let used = |day: &str| Choice { used_on: at(day).day(), ..choice(told, Some(warned)) };
            assert_ne!(used("2026-05-02T23:00:00Z").due(later), Due::Anew, "{told}");
            assert_eq!(used("2026-05-03T00:00:00Z").due(later), Due::Anew, "{told}");
            let put_back = Choice { since: at("2026-05-03T12:00:01Z"), ..choice(told, Some(warned)) };
            assert_eq!(put_back.due(later), Due::Anew, "{told}");
        }
    }
}
