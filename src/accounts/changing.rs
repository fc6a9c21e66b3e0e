//! Changing the password, signed in: by the present one, from a session that was confirmed just now.

use crate::accounts::notices::{self, Entry, Refusal, tell_of};
use crate::accounts::passwords::normalised;
use crate::accounts::person::{self, Chosen, Held};
use crate::accounts::renewing::{RenewError, end_wait, not_taken, own_data};
use crate::accounts::session::Begun;
use crate::accounts::signing_in::first;
use crate::accounts::throttles::{Counter, Throttled, of_address};
use crate::accounts::{Accounts, Failure, history, recovering};
use crate::kernel::access::{AccountAccess, member_scopes, sessions};
use crate::kernel::crypto::password::Verdict;
use crate::kernel::personal::{Comparison, Secret};
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::AccountScope;
use crate::kernel::values::Fault;
use crate::messages::notice::Notice;
use crate::tenants::profile;

/// What was done lately, for who suspects somebody else.
#[derive(Debug)]
pub struct Lately {
    /// Sign-ins, newest first.
    pub sign_ins: Vec<history::SignIn>,
    /// What became of the account, newest first.
    pub notices: Vec<Entry>,
}

/// So much is shown of each.
const SHOWN: i64 = 10;

/// What a transaction found.
enum Outcome {
    Throttled(Throttled),
    Wrong,
    Changed,
    Done(Box<(crate::kernel::crypto::token::SessionToken, sessions::Session)>),
}

impl Accounts {
    /// Changes the password of the session's account. Every other session ends, and this one goes on under a new value;
    /// tokens stay, since who changes it has shown who they are, and can see and end each.
    ///
    /// # Errors
    /// [`RenewError::Invalid`]: the present one is wrong (`password_wrong`), or the new one breaks a rule; throttled as
    /// a sign-in is.
    pub async fn change_password(
        &self,
        access: &AccountAccess,
        current: &Secret<String>,
        new: &Secret<String>,
    ) -> Result<Begun, RenewError> {
        let kernel = self.kernel();
        let day = kernel.today().await.map_err(Failure::from)?;
        let of_account = [b"account:".as_slice(), access.scope.account().as_bytes()].concat();
        let counters = [
            Counter::new(&day, self.rules().by_identifier, &of_account),
            Counter::new(&day, self.rules().by_address, &of_address(*access.origin.address.reveal())),
        ];
        let stands = kernel.point(&kernel.service(), move |tx, _| first(tx, &counters, Counter::look)).await;
        if let Some(throttled) = stands.map_err(Failure::from)? {
            return Err(Failure::Throttled(throttled).into());
        }
        let (_, phc, chosen_at) = kernel
            .point(&access.scope, person::credentials)
            .await
            .map_err(Failure::from)?
            .ok_or(Failure::Store(StoreError::Refused("a session without an account")))?;
        let current = normalised(current);
        let verdict = self.0.hashing.verify(current.clone(), phc).await.map_err(Failure::from)?;
        let is_right = matches!(verdict, Verdict::Matches { .. });
        let chosen = if is_right { Some(self.chosen(access, &current, new).await?) } else { None };
        let (session, from) = (access.session.clone(), access.origin.clone());
        let change = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Outcome, StoreError> {
            if let Some(throttled) = first(tx, &counters, Counter::hold)? {
                return Ok(Outcome::Throttled(throttled));
            }
            let Some(chosen) = &chosen else {
                for counter in &counters {
                    counter.count(tx)?;
                }
                notices::refused(tx, scope, Refusal::PasswordChange, &from)?;
                return Ok(Outcome::Wrong);
            };
            if person::hold(tx, scope, chosen_at)? == Held::Changed {
                return Ok(Outcome::Changed);
            }
            let [by_account, _] = &counters;
            by_account.clear(tx)?;
            person::renew_password(tx, scope, chosen)?;
            sessions::end_but(tx, scope.account(), Some(session.id))?;
            recovering::end_codes(tx, scope.account())?;
            end_wait(tx, scope.account())?;
            let person = person::find(tx, scope)?;
            tell_of(tx, scope, &person, Notice::PasswordChanged, &from)?;
            Ok(Outcome::Done(Box::new(sessions::go_on(tx, &session)?)))
        };
        match kernel.write("accounts.change_password", &access.scope, change).await.map_err(Failure::from)? {
            Outcome::Throttled(throttled) => Err(Failure::Throttled(throttled).into()),
            Outcome::Wrong | Outcome::Changed => Err(RenewError::Invalid(vec![Fault::new(
                "/current",
                "password_wrong",
                "This is not the present password.",
            )])),
            Outcome::Done(renewed) => {
                let (token, session) = *renewed;
                let access = AccountAccess { session, scope: access.scope.clone(), origin: access.origin.clone() };
                Ok(Begun { token, access })
            }
        }
    }

    /// The new password, once it keeps every rule and is another than the present one.
    async fn chosen(
        &self,
        access: &AccountAccess,
        current: &Secret<String>,
        new: &Secret<String>,
    ) -> Result<Chosen, RenewError> {
        let kernel = self.kernel();
        let person = kernel.point(&access.scope, person::find).await.map_err(Failure::from)?;
        let mut own = own_data(&person).map_err(Failure::from)?;
        for (scope, _) in member_scopes(kernel, access).await.map_err(Failure::from)? {
            let profile = kernel.point(&scope, profile::find).await.map_err(Failure::from)?;
            own = own.name(profile.name.reveal());
        }
        let new = self.0.passwords.check(new, &own).await.map_err(|error| not_taken(error, "/new"))?;
        let strength = new.strength();
        let new = new.into_secret();
        if new.same_as(current.reveal().as_bytes()) == Comparison::Same {
            let same = Fault::new("/new", "password_unchanged", "This is the password that you have now.");
            return Err(RenewError::Invalid(vec![same]));
        }
        let phc = self.0.hashing.hash(new, kernel.entropy()).await.map_err(Failure::from)?;
        Ok(Chosen { phc, strength })
    }

    /// What was done lately in the account.
    ///
    /// # Errors
    /// The store's.
    pub async fn lately(&self, access: &AccountAccess) -> Result<Lately, Failure> {
        let sign_ins = self.sign_ins(access, None, SHOWN).await?;
        let notices = self.notices(access, None, SHOWN).await?;
        Ok(Lately { sign_ins, notices })
    }
}
