//! What confirms a person beside the password: the methods, what is enrolled of each, and the challenges (R-3 to R-5, K-8).
//!
//! Start at [`Method`]. [`confirming`] raises a session by one; [`enrolling`] adds and removes them; [`alone`]
//! signs in by a passkey and nothing else. What both do is the
//! same for every method: rows, tries, locks, history, notices. What differs is a `workings::Workings`, one file each.
//!
//! # To add a method
//!
//! 1. A file here with a unit struct that implements `workings::Workings`: its [`Facts`] (name in the API, what it
//!    proves, whether it is enrolled, what it costs), what it asks when a challenge begins, and how an answer is judged.
//!    What it keeps of a factor and of a challenge are its own serde types in a `Kept`, which is sealed for it. Whatever
//!    must happen once (a counter, a used code) goes into the `Kept` that `judge` gives back: the factors are held in
//!    the same transaction, so of many answers at once one is first.
//! 2. A variant of [`Method`], in its place from least to most secure, and its line in `Method::workings`.
//! 3. A new kind of question or answer, if it needs one: variants of [`Asks`], [`Answer`] and [`Handed`]; the API maps each
//!    in `web::api::methods`, the pages in `web::site::{confirm, security}`.
//! 4. The words in five languages: of the pages `method-{name}` with `-text` and `-risk`, `add-{name}` with `-again`; of
//!    the history a `Way` and `by-{way}` (`web::site::account`); of the mails its name (`messages::notice::Means`).
//! 5. Nothing for tenants with rules of their own (`accounts::sign_in_rules`): what is new is not accepted there until an
//!    owner says so.
//!
//! The rules (what needs a strong proof, once the account has a strong factor) are `kernel::access`'s and hold by the
//! [`Proof`] that the facts name.

pub mod alone;
pub mod approving;
pub mod confirming;
mod device;
mod email;
pub mod enrolling;
mod oidc;
mod passkey;
mod recovery_codes;
mod rows;
pub(super) mod seconds;
mod sms;
mod totp;
mod workings;

use std::time::Duration;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

pub(super) use self::oidc::{linked, use_linked};
pub use self::workings::{Answer, Asks, Enrolment, Facts, Fee, Handed, Occasion, Path};
use crate::accounts::factors::workings::Workings;
use crate::accounts::{Accounts, Failure};
use crate::kernel::access::{AccountAccess, Proof, SignInRules, Verdict, Wanted, Wish, member_scopes};
use crate::kernel::ids::{FactorId, RecordId};
use crate::kernel::store::schema::{factors, records};
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{AccountScope, TenantScope};

/// A way to confirm, from least to most secure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// A code to the verified e-mail address.
    Email,
    /// A code by text message to the verified phone number.
    Sms,
    /// Approval in another session of the account (S-3).
    Device,
    /// A code of those that were put aside.
    RecoveryCodes,
    /// A code of an authenticator app (RFC 6238).
    Totp,
    /// A third party's multi-step sign-in.
    Oidc,
    /// A key that a device keeps (WebAuthn).
    Passkey,
}

impl Method {
    /// All of them, from least to most secure.
    pub const ALL: [Self; 7] =
        [Self::Email, Self::Sms, Self::Device, Self::RecoveryCodes, Self::Totp, Self::Oidc, Self::Passkey];

    /// The method of this name in the API.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }

    /// Its name in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// What is to be known of it.
    #[must_use]
    pub fn facts(self) -> &'static Facts {
        self.workings().facts()
    }

    /// Whether it is advised for what the account can reach.
    #[must_use]
    pub fn advice(self, holdings: Holdings) -> Advice {
        match (self.facts().path, holdings) {
            (Path::ThroughOthers, Holdings::Data) => Advice::AdvisedAgainst,
            (Path::ThroughOthers, Holdings::Nothing) | (Path::Direct, _) => Advice::Advised,
        }
    }

    /// Whether it can count where these rules hold. What an approval proves is the approving session's to show.
    pub(super) fn judged_by(self, rules: SignInRules) -> Verdict {
        let proof = if self == Self::Device { Proof::Strong } else { self.facts().proof };
        rules.judge(self.code(), proof)
    }

    fn workings(self) -> &'static dyn Workings {
        match self {
            Self::Email => &email::Email,
            Self::Sms => &sms::Sms,
            Self::Device => &device::Device,
            Self::RecoveryCodes => &recovery_codes::RecoveryCodes,
            Self::Totp => &totp::Totp,
            Self::Oidc => &oidc::Oidc,
            Self::Passkey => &passkey::Passkey,
        }
    }

    /// Its number, as the kernel and the database know it.
    pub(super) fn code(self) -> i16 {
        self.facts().code
    }

    pub(super) fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.code() == code)
    }
}

impl serde::Serialize for Method {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What is said of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// Take it.
    Advised,
    /// Better take a safer one.
    AdvisedAgainst,
}

/// What the vaults of an account hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holdings {
    /// Nothing yet.
    Nothing,
    /// Something of value.
    Data,
}

/// The names of the methods that would give a session what it lacks, from least to most secure.
#[must_use]
pub fn that_would_do(wanted: &Wanted) -> Vec<&'static str> {
    let would_do = |method: &Method| match method.facts().enrolment {
        Enrolment::Inherent => wanted.wish != Wish::Strong,
        Enrolment::One | Enrolment::Several => wanted.methods.contains(&method.code()),
        Enrolment::AtHand(way) => wanted.at_hand.contains(&way),
    };
    let accepted = |method: &Method| method.judged_by(wanted.rules) == Verdict::Accepted;
    Method::ALL.into_iter().filter(would_do).filter(accepted).map(Method::name).collect()
}

impl Accounts {
    /// What the vaults hold that the account belongs to.
    ///
    /// # Errors
    /// The store's.
    pub async fn holdings(&self, access: &AccountAccess) -> Result<Holdings, Failure> {
        for (scope, _) in member_scopes(self.kernel(), access).await? {
            let first = |tx: &mut Tx<'_>, scope: &TenantScope| -> Result<Option<RecordId>, StoreError> {
                let some = records::rows(scope).select(records::id).limit(1);
                Ok(some.get_result(tx.conn()).optional()?)
            };
            if self.kernel().point(&scope, first).await?.is_some() {
                return Ok(Holdings::Data);
            }
        }
        Ok(Holdings::Nothing)
    }
}

/// Ends the challenges whose codes went to the account's address: it has another one from now on.
pub(super) fn forget_mailed_codes(tx: &mut Tx<'_>, scope: &AccountScope) -> Result<(), StoreError> {
    for method in Method::ALL.into_iter().filter(|method| method.facts().path == Path::ThroughOthers) {
        rows::end_challenges(tx, scope, method)?;
    }
    Ok(())
}

/// Deletes enrolments that were begun and not finished within `life`, at most `limit`; gives how many.
pub(super) fn sweep(tx: &mut Tx<'_>, life: Duration, limit: i64) -> Result<usize, StoreError> {
    let over: Vec<FactorId> = factors::table
        .filter(factors::state.eq(crate::kernel::access::factors::WAITING))
        .filter(factors::created_at.le(tx.now().minus(life)))
        .select(factors::id)
        .limit(limit)
        .load(tx.conn())?;
    Ok(diesel::delete(factors::table.filter(factors::id.eq_any(&over))).execute(tx.conn())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::access::AtHand;

    #[test]
    fn each_method_has_a_name_and_a_number_of_its_own_and_stands_by_its_security() {
        //
        for method in Method::ALL {
            assert_eq!(Method::parse(method.name()), Some(method));
            assert_eq!(Method::from_code(method.code()), Some(method));
        }
        assert_eq!(Method::parse("pigeon"), None);
        assert!(Method::ALL.is_sorted());
        assert!(Method::ALL.map(|method| method.facts().proof).is_sorted());
    }

    #[test]
    fn a_code_that_goes_through_others_is_advised_against_once_there_is_data() {
        //
        let advised = |holdings| Method::ALL.map(|method| method.advice(holdings) == Advice::Advised);
        assert_eq!(advised(Holdings::Nothing), [true; 7]);
        assert_eq!(advised(Holdings::Data), [false, false, true, true, true, true, true]);
    }

    #[test]
    fn the_methods_that_would_do_are_those_that_come_with_the_account_and_those_enrolled() {
        let codes = |methods: &[Method]| methods.iter().map(|method| method.code()).collect::<Vec<_>>();
        let with = |wish, methods: &[Method], at_hand| {
            that_would_do(&Wanted { wish, methods: codes(methods), at_hand, rules: SignInRules::default() })
        };
        let would_do = |wish, methods: &[Method]| with(wish, methods, Vec::new());
        assert_eq!(would_do(Wish::Confirmed, &[]), ["email"]);
        assert_eq!(would_do(Wish::Fresh, &[Method::RecoveryCodes]), ["email", "recovery_codes"]);
        assert_eq!(would_do(Wish::Strong, &[Method::Totp]), ["totp"]);
        assert_eq!(would_do(Wish::Strong, &[Method::RecoveryCodes, Method::Totp]), ["recovery_codes", "totp"]);
        assert_eq!(with(Wish::Strong, &[Method::Totp], vec![AtHand::AnotherSession]), ["device", "totp"]);
    }

    #[test]
    fn what_a_tenant_refuses_would_not_do_whoever_has_it() {
        let all = |rules| {
            let (methods, at_hand) =
                (Method::ALL.map(Method::code).to_vec(), vec![AtHand::AnotherSession, AtHand::Phone]);
            that_would_do(&Wanted { wish: Wish::Confirmed, methods, at_hand, rules })
        };
        let without = |gone: &[Method]| {
            SignInRules::of(
                Method::ALL.into_iter().filter(|one| !gone.contains(one)).map(Method::code),
                Proof::Confirmed,
            )
        };
        assert_eq!(all(SignInRules::default()), Method::ALL.map(Method::name));
        assert_eq!(
            all(without(&[Method::Email, Method::Device])),
            ["sms", "recovery_codes", "totp", "oidc", "passkey"]
        );
        let strong = SignInRules::of(Method::ALL.map(Method::code), Proof::Strong);
        assert_eq!(all(strong), ["device", "totp", "oidc", "passkey"]);
    }
}
