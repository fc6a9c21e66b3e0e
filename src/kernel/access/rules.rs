//! What a tenant accepts of what its members confirm by, and what a session has shown, method by method.
//!
//! Every session remembers by which methods it was confirmed, and when. In a tenant that has rules, only what those
//! accept counts: a session counts there for what is left of it, at its next request, whatever it counts elsewhere. A
//! token counts while what its maker had just shown still would. Methods are numbers here, as everywhere in the kernel.

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::access::factors::{Proof, Wanted, Wish};
use crate::kernel::access::permission::FRESH;
use crate::kernel::access::{Assurance, Session};
use crate::kernel::clock::Time;
use crate::kernel::ids::TenantId;
use crate::kernel::store::schema::sign_in_rules;
use crate::kernel::store::{StoreError, Tx};

/// Whether something counts in a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// It does.
    Accepted,
    /// It does not.
    Refused,
}

impl Verdict {
    const fn of(accepted: bool) -> Self {
        if accepted { Self::Accepted } else { Self::Refused }
    }
}

/// What a tenant accepts; by itself, everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignInRules {
    /// A bit for each method, by its number. A method that came into the program after the rules were set is none of
    /// them, until the tenant's owner says so.
    accepted: i64,
    /// What the least of them has to prove.
    least: Proof,
}

impl Default for SignInRules {
    fn default() -> Self {
        Self { accepted: -1, least: Proof::Confirmed }
    }
}

impl SignInRules {
    /// Accepts these methods alone, by their numbers, and where they prove at least this.
    #[must_use]
    pub fn of(methods: impl IntoIterator<Item = i16>, least: Proof) -> Self {
        Self { accepted: bits(methods), least }
    }

    /// Whether a confirmation by this method, that proved this, counts.
    pub fn judge(self, method: i16, proof: Proof) -> Verdict {
        Verdict::of(proof >= self.least && self.accepted & bit(method) != 0)
    }

    /// Whether what a session has shown counts; by whose approval too, where it was approved.
    fn counts(self, showing: &Showing) -> bool {
        let by = showing.approved_by.is_none_or(|method| self.accepted & bit(method) != 0);
        by && self.judge(showing.method, showing.proof) == Verdict::Accepted
    }

    /// Whether anything of what a token's maker had shown counts.
    pub(super) fn judge_maker(self, showings: &Showings) -> Verdict {
        Verdict::of(self == Self::default() || showings.0.iter().any(|showing| self.counts(showing)))
    }

    /// The session as it counts in the tenant.
    pub(super) fn within(self, session: Session) -> Session {
        if self == Self::default() {
            return session;
        }
        let showings = Showings(session.showings.0.into_iter().filter(|showing| self.counts(showing)).collect());
        Session {
            assurance: showings.assurance(),
            confirmed_at: showings.last(Proof::Confirmed),
            strong_at: showings.last(Proof::Strong),
            recovered_at: showings.last_by_recovery(),
            showings,
            rules: self,
            ..session
        }
    }

    /// When other sessions have shown what would count here if they approved this one now: anything, and something strong.
    /// Whether an approval is accepted at all is for who offers it to ask.
    pub(super) fn elsewhere(self, others: &[Showings], now: Time) -> (Option<Time>, Option<Time>) {
        let passed = others.iter().flat_map(|other| other.passed_on(None, now).0);
        let passed = Showings(passed.filter(|showing| self.counts(showing)).collect());
        (passed.last(Proof::Confirmed), passed.last(Proof::Strong))
    }
}

/// What is wanted of a token whose maker had shown nothing that these rules accept: nothing that a program could do.
pub(super) const fn unmet(rules: SignInRules) -> Wanted {
    Wanted { wish: Wish::Strong, methods: Vec::new(), at_hand: Vec::new(), rules }
}

/// The numbers of methods as bits of one number.
#[must_use]
pub fn bits(methods: impl IntoIterator<Item = i16>) -> i64 {
    methods.into_iter().fold(0, |bits, method| bits | bit(method))
}

/// The bit of a method; one whose number has none is never accepted.
#[must_use]
pub fn bit(method: i16) -> i64 {
    u32::try_from(method).ok().filter(|at| *at < 63).map_or(0, |at| 1 << at)
}

/// The columns that judge, as the statement that finds a membership brings them along.
pub(super) type Columns = (i64, i16);

/// The same, by name.
pub(super) const COLUMNS: (sign_in_rules::accepted, sign_in_rules::proof) =
    (sign_in_rules::accepted, sign_in_rules::proof);

/// The rules of a row; without one, everything is accepted.
pub(super) fn of_columns(columns: Option<Columns>) -> SignInRules {
    columns.map_or_else(SignInRules::default, |(accepted, proof)| SignInRules {
        accepted: accepted & i64::MAX,
        least: Proof::from_code(proof),
    })
}

/// What is kept of a tenant's rules: as its owner put them, and what judges by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// The least, by a number that is the accounts' to read.
    pub least: i16,
    /// The forbidden methods, as bits.
    pub forbidden: i64,
    /// What judges.
    pub rules: SignInRules,
}

/// The rules of a tenant; nothing where it accepts everything.
///
/// # Errors
/// The store's.
pub fn find(tx: &mut Tx<'_>, tenant: TenantId) -> Result<Option<Kept>, StoreError> {
    let row: Option<(i16, i64, i64, i16)> = sign_in_rules::table
        .filter(sign_in_rules::tenant_id.eq(tenant))
        .select((sign_in_rules::least, sign_in_rules::forbidden, sign_in_rules::accepted, sign_in_rules::proof))
        .get_result(tx.conn())
        .optional()?;
    Ok(row.map(|(least, forbidden, accepted, proof)| Kept {
        least,
        forbidden,
        rules: of_columns(Some((accepted, proof))),
    }))
}

/// Replaces the rules of a tenant; they count from the next request on.
///
/// # Errors
/// The store's.
pub fn replace(tx: &mut Tx<'_>, tenant: TenantId, kept: Option<Kept>) -> Result<(), StoreError> {
    diesel::delete(sign_in_rules::table.filter(sign_in_rules::tenant_id.eq(tenant))).execute(tx.conn())?;
    if let Some(Kept { least, forbidden, rules }) = kept {
        diesel::insert_into(sign_in_rules::table)
            .values((
                sign_in_rules::tenant_id.eq(tenant),
                sign_in_rules::least.eq(least),
                sign_in_rules::forbidden.eq(forbidden),
                sign_in_rules::accepted.eq(rules.accepted),
                sign_in_rules::proof.eq(rules.least.code()),
            ))
            .execute(tx.conn())?;
    }
    Ok(())
}

/// One thing that a session has shown: by which method, what it proved, when, and by which method it was approved, where
/// another session showed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Showing {
    /// The number of the method.
    pub method: i16,
    /// What it proved.
    pub proof: Proof,
    /// When.
    pub at: Time,
    /// The number of the method by which it was passed on.
    pub approved_by: Option<i16>,
}

/// All that a session has shown; of each method that proved the same, the last time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Showings(Vec<Showing>);

/// How many bytes a showing takes: method, approving method (0: none), proof, time.
const WIDTH: usize = 14;

impl Showings {
    /// One.
    #[must_use]
    pub fn of(showing: Showing) -> Self {
        Self(vec![showing])
    }

    /// These, and another.
    #[must_use]
    pub fn and(mut self, new: Showing) -> Self {
        let same = |known: &Showing| {
            (known.method, known.proof, known.approved_by) == (new.method, new.proof, new.approved_by)
        };
        match self.0.iter_mut().find(|known| same(known)) {
            Some(known) => known.at = known.at.max(new.at),
            None => self.0.push(new),
        }
        self
    }

    /// What an approval by `method` passes on of them at `now`: with its age, strong only while that is fresh, and
    /// nothing of what lets remove what was lost.
    pub(super) fn passed_on(&self, method: Option<i16>, now: Time) -> Self {
        let pass = |showing: &Showing| Showing {
            proof: match showing.proof {
                Proof::Strong if now.since(showing.at) <= FRESH => Proof::Strong,
                Proof::Strong | Proof::Recovery | Proof::Confirmed => Proof::Confirmed,
            },
            approved_by: method.or(showing.approved_by),
            ..*showing
        };
        self.0.iter().map(pass).fold(Self::default(), Self::and)
    }

    /// These and those.
    pub(super) fn joined(self, others: &Self) -> Self {
        others.0.iter().copied().fold(self, Self::and)
    }

    /// Those that were shown within ten minutes: what a token is made by.
    #[must_use]
    pub fn fresh(&self, now: Time) -> Self {
        Self(self.0.iter().copied().filter(|showing| now.since(showing.at) <= FRESH).collect())
    }

    fn assurance(&self) -> Assurance {
        self.0.iter().map(|showing| showing.proof.assurance()).max().unwrap_or(Assurance::Password)
    }

    fn last(&self, least: Proof) -> Option<Time> {
        self.0.iter().filter(|showing| showing.proof >= least).map(|showing| showing.at).max()
    }

    fn last_by_recovery(&self) -> Option<Time> {
        self.0.iter().filter(|showing| showing.proof == Proof::Recovery).map(|showing| showing.at).max()
    }

    /// As the database holds them.
    #[must_use]
    pub fn to_stored(&self) -> Vec<u8> {
        let mut stored = Vec::with_capacity(self.0.len() * WIDTH);
        for Showing { method, proof, at, approved_by } in &self.0 {
            stored.extend(method.to_be_bytes());
            stored.extend(approved_by.unwrap_or(0).to_be_bytes());
            stored.extend(proof.code().to_be_bytes());
            stored.extend(at.micros().to_be_bytes());
        }
        stored
    }

    /// What the database holds. What is no showing shows nothing.
    #[must_use]
    pub fn from_stored(stored: Option<&[u8]>) -> Self {
        let of = |bytes: &[u8]| -> Option<Showing> {
            let number = |at: usize| Some(i16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
            let proof = Proof::known(number(4)?)?;
            let at = Time::from_micros(i64::from_be_bytes(bytes.get(6..WIDTH)?.try_into().ok()?));
            Some(Showing { method: number(0)?, proof, at, approved_by: number(2).filter(|method| *method != 0) })
        };
        Self(stored.unwrap_or_default().chunks_exact(WIDTH).filter_map(of).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: i16 = 1;
    const APP: i16 = 3;
    const KEY: i16 = 4;
    const DEVICE: i16 = 5;

    fn at(seconds: i64) -> Time {
        Time::from_micros(seconds * 1_000_000)
    }

    fn showing(method: i16, proof: Proof, seconds: i64) -> Showing {
        Showing { method, proof, at: at(seconds), approved_by: None }
    }

    #[test]
    fn what_was_shown_reads_back_as_it_was_stored_and_what_is_cut_off_shows_nothing() {
        let approved = Showing { approved_by: Some(DEVICE), ..showing(APP, Proof::Strong, 7) };
        let all = Showings::of(showing(MAIL, Proof::Confirmed, 1)).and(approved);
        let stored = all.to_stored();
        assert_eq!(Showings::from_stored(Some(&stored)), all);
        assert_eq!(
            Showings::from_stored(Some(&stored[..stored.len() - 1])),
            Showings::of(showing(MAIL, Proof::Confirmed, 1))
        );
        assert_eq!(Showings::from_stored(None), Showings::default());
        // A proof that nobody knows opens nothing here, though it protects an account.
        assert_eq!(Showings::from_stored(Some(&[0, 3, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1])), Showings::default());
    }

    #[test]
    fn of_each_method_the_last_time_is_kept() {
        let all = Showings::of(showing(MAIL, Proof::Confirmed, 5)).and(showing(MAIL, Proof::Confirmed, 3));
        assert_eq!(all.clone().and(showing(MAIL, Proof::Confirmed, 9)).0, [showing(MAIL, Proof::Confirmed, 9)]);
        assert_eq!(all.0, [showing(MAIL, Proof::Confirmed, 5)]);
    }

    #[test]
    fn a_rule_refuses_what_it_does_not_name_what_proves_too_little_and_what_was_passed_on_by_a_refused_method() {
        let strong = SignInRules::of([MAIL, APP, DEVICE], Proof::Strong);
        for (method, proof, verdict) in [
            (APP, Proof::Strong, Verdict::Accepted),
            (APP, Proof::Confirmed, Verdict::Refused),
            (MAIL, Proof::Confirmed, Verdict::Refused),
            (KEY, Proof::Strong, Verdict::Refused),
            (99, Proof::Strong, Verdict::Refused),
            (-1, Proof::Strong, Verdict::Refused),
        ] {
            assert_eq!(strong.judge(method, proof), verdict, "{method}");
        }
        let approved = Showing { approved_by: Some(DEVICE), ..showing(APP, Proof::Strong, 1) };
        assert!(strong.counts(&approved));
        assert!(!SignInRules::of([APP], Proof::Strong).counts(&approved));
    }

    #[test]
    fn an_approval_passes_on_what_was_shown_no_stronger_than_it_is_fresh() {
        let shown = Showings::of(showing(APP, Proof::Strong, 0)).and(showing(2, Proof::Recovery, 500));
        let passed = shown.passed_on(Some(DEVICE), at(600));
        let of = |method, proof, seconds| Showing { approved_by: Some(DEVICE), ..showing(method, proof, seconds) };
        assert_eq!(passed.0, [of(APP, Proof::Strong, 0), of(2, Proof::Confirmed, 500)]);
        assert_eq!(shown.passed_on(Some(DEVICE), at(601)).0[0], of(APP, Proof::Confirmed, 0));
    }

    #[test]
    fn without_rules_everything_counts_and_a_token_of_which_nothing_is_known_too() {
        let open = SignInRules::default();
        assert_eq!(open.judge(60, Proof::Confirmed), Verdict::Accepted);
        assert_eq!(open.judge_maker(&Showings::default()), Verdict::Accepted);
        let rules = SignInRules::of([APP], Proof::Confirmed);
        assert_eq!(rules.judge_maker(&Showings::default()), Verdict::Refused);
        assert_eq!(rules.judge_maker(&Showings::of(showing(APP, Proof::Strong, 1))), Verdict::Accepted);
    }
}
