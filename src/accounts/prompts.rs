//! What the service asks of a person, in the application alone: never by mail, so that no mail asks for a password or
//! for data.
//!
//! # To add a prompt
//!
//! A variant of [`Prompt`], at the end; its name, its number and for how long it can be put off; its line in `is_due`.
//! What answers it calls `answered` in its own transaction, where the answer itself leaves nothing to see. On the pages
//! `prompt-{name}`, `prompt-{name}-text` and `prompt-{name}-action` in five languages, and where the action leads in
//! `web::site::prompts`.

use std::time::Duration;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use crate::accounts::passwords::Strength;
use crate::accounts::person::{self, Ages};
use crate::accounts::{Accounts, Failure, history, renewing};
use crate::kernel::access::{AccountAccess, Role, member_scopes};
use crate::kernel::clock::Time;
use crate::kernel::ids::TenantId;
use crate::kernel::store::schema::prompts;
use crate::kernel::store::{StoreError, Tx, both};
use crate::kernel::tenancy::{AccountScope, InTenant as _};
use crate::tenants::subscriber;

/// Something that the service asks of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// To look whether address and phone number are still right.
    ConfirmContacts,
    /// To choose a new password: this one is old for its strength and use.
    PasswordAge,
    /// To answer a few questions about the business (S-11).
    SubscriberProfile,
    /// To look who has signed in: it is a month since the last look.
    SignIns,
    /// After a thaw: to add a safer way to confirm, and to remove each that is not one's own.
    ReviewMethods,
    /// To object, if need be: somebody has asked by mail alone for a new password, and waits.
    ResetWaits,
}

/// After how long what is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// Between two looks at one's contacts.
    pub contacts: Duration,
    /// Of a password that is only just strong enough.
    pub password_least: Duration,
    /// Of a strong one.
    pub password_most: Duration,
}

/// So many sign-ins since it was chosen make a password one that is used much.
const MUCH: usize = 100;
/// Between two looks at the sign-ins, and for so long a thaw is remembered.
const MONTH: Duration = Duration::from_hours(30 * 24);
/// A look within so long after another is not written down.
const LOOKED: Duration = Duration::from_hours(1);

impl Prompt {
    /// All of them, in the order in which they are asked.
    pub const ALL: [Self; 6] = [
        Self::ResetWaits,
        Self::ReviewMethods,
        Self::ConfirmContacts,
        Self::PasswordAge,
        Self::SignIns,
        Self::SubscriberProfile,
    ];

    /// Its name in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ConfirmContacts => "confirm_contacts",
            Self::PasswordAge => "password_age",
            Self::SubscriberProfile => "subscriber_profile",
            Self::SignIns => "sign_ins",
            Self::ReviewMethods => "review_methods",
            Self::ResetWaits => "reset_waits",
        }
    }

    /// The prompt of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|prompt| prompt.name() == name)
    }

    /// As the database holds it.
    const fn code(self) -> i16 {
        match self {
            Self::ConfirmContacts => 1,
            Self::PasswordAge => 2,
            Self::SubscriberProfile => 3,
            Self::SignIns => 4,
            Self::ReviewMethods => 5,
            Self::ResetWaits => 6,
        }
    }

    /// For how long it is gone when a person puts it off.
    const fn pause(self) -> Duration {
        match self {
            Self::ConfirmContacts | Self::SubscriberProfile => Duration::from_hours(7 * 24),
            Self::PasswordAge | Self::SignIns => Duration::from_hours(30 * 24),
            Self::ReviewMethods => MONTH,
            Self::ResetWaits => Duration::from_hours(1),
        }
    }
}

/// What became of a prompt before.
#[derive(Debug, Clone, Copy, Default)]
struct Before {
    answered_at: Option<Time>,
    put_off_until: Option<Time>,
}

impl Accounts {
    /// What is asked of the session's person now.
    ///
    /// # Errors
    /// The store's.
    pub async fn prompts(&self, access: &AccountAccess) -> Result<Vec<Prompt>, Failure> {
        let terms = self.rules().prompts;
        let read = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Vec<Prompt>, StoreError> {
            let ages = person::ages(tx, scope)?;
            let mut due = Vec::new();
            for prompt in Prompt::ALL {
                let before = before(tx, scope, prompt)?;
                if before.put_off_until.is_some_and(|until| tx.now() < until) {
                    continue;
                }
                if is_due(tx, scope, &terms, prompt, before, &ages)? == Due::Now {
                    due.push(prompt);
                }
            }
            Ok(due)
        };
        let mut due = self.kernel().point(&access.scope, read).await?;
        // Only the tenants know that, each under its own key.
        if due.contains(&Prompt::SubscriberProfile) && self.unanswered(access).await?.is_none() {
            due.retain(|prompt| *prompt != Prompt::SubscriberProfile);
        }
        Ok(due)
    }

    /// The first tenant of the session's account, as its owner, that has not answered what a subscriber is asked (S-11).
    ///
    /// # Errors
    /// The store's.
    pub async fn unanswered(&self, access: &AccountAccess) -> Result<Option<TenantId>, Failure> {
        for (scope, role) in member_scopes(self.kernel(), access).await? {
            if role == Role::Owner && self.kernel().point(&scope, subscriber::answered_at).await?.is_none() {
                return Ok(Some(scope.tenant()));
            }
        }
        Ok(None)
    }

    /// Asks no more for a while.
    ///
    /// # Errors
    /// The store's.
    pub async fn put_off(&self, access: &AccountAccess, prompt: Prompt) -> Result<(), Failure> {
        let write = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<(), StoreError> {
            let until = Some(tx.now().plus(prompt.pause()));
            let row = (
                prompts::account_id.eq(scope.account()),
                prompts::prompt.eq(prompt.code()),
                prompts::put_off_until.eq(until),
            );
            both(
                diesel::insert_into(prompts::table)
                    .values(row)
                    .on_conflict((prompts::account_id, prompts::prompt))
                    .do_update()
                    .set(prompts::put_off_until.eq(until)),
            )
            .execute(tx.conn())?;
            Ok(())
        };
        Ok(self.kernel().write("accounts.put_off", &access.scope, write).await?)
    }

    /// The person has looked at who has signed in: written down when it was time to.
    ///
    /// # Errors
    /// The store's.
    pub async fn saw_sign_ins(&self, access: &AccountAccess) -> Result<(), Failure> {
        let read = |tx: &mut Tx<'_>, scope: &AccountScope| before(tx, scope, Prompt::SignIns);
        let last = self.kernel().point(&access.scope, read).await?.answered_at;
        if last.is_some_and(|at| self.kernel().now().since(at) < LOOKED) {
            return Ok(());
        }
        let write = |tx: &mut Tx<'_>, scope: &AccountScope| answered(tx, scope, Prompt::SignIns);
        Ok(self.kernel().write("accounts.saw_sign_ins", &access.scope, write).await?)
    }

    /// The person says that address and phone number are right.
    ///
    /// # Errors
    /// The store's.
    pub async fn confirm_contacts(&self, access: &AccountAccess) -> Result<(), Failure> {
        let write = |tx: &mut Tx<'_>, scope: &AccountScope| answered(tx, scope, Prompt::ConfirmContacts);
        Ok(self.kernel().write("accounts.confirm_contacts", &access.scope, write).await?)
    }
}

/// Writes down that a prompt was answered now.
///
/// # Errors
/// The store's.
pub(super) fn answered(tx: &mut Tx<'_>, scope: &AccountScope, prompt: Prompt) -> Result<(), StoreError> {
    let now = Some(tx.now());
    let row =
        (prompts::account_id.eq(scope.account()), prompts::prompt.eq(prompt.code()), prompts::answered_at.eq(now));
    both(
        diesel::insert_into(prompts::table)
            .values(row)
            .on_conflict((prompts::account_id, prompts::prompt))
            .do_update()
            .set(prompts::answered_at.eq(now)),
    )
    .execute(tx.conn())?;
    Ok(())
}

/// Asks from now on, whatever was put off before.
pub(super) fn ask(tx: &mut Tx<'_>, scope: &AccountScope, prompt: Prompt) -> Result<(), StoreError> {
    diesel::delete(prompts::table.find((scope.account(), prompt.code()))).execute(tx.conn())?;
    answered(tx, scope, prompt)
}

/// When a prompt was last answered.
pub(super) fn last_answered(tx: &mut Tx<'_>, scope: &AccountScope, prompt: Prompt) -> Result<Option<Time>, StoreError> {
    Ok(before(tx, scope, prompt)?.answered_at)
}

fn before(tx: &mut Tx<'_>, scope: &AccountScope, prompt: Prompt) -> Result<Before, StoreError> {
    let row: Option<(Option<Time>, Option<Time>)> = prompts::table
        .find((scope.account(), prompt.code()))
        .select((prompts::answered_at, prompts::put_off_until))
        .get_result(tx.conn())
        .optional()?;
    Ok(row.map_or_else(Before::default, |(answered_at, put_off_until)| Before { answered_at, put_off_until }))
}

/// Whether it is time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Now,
    NotYet,
}

impl Due {
    fn once(passed: Duration, term: Duration) -> Self {
        if passed >= term { Self::Now } else { Self::NotYet }
    }
}

fn is_due(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    terms: &Terms,
    prompt: Prompt,
    before: Before,
    ages: &Ages,
) -> Result<Due, StoreError> {
    let now = tx.now();
    match prompt {
        // Whether a tenant has answered is asked of the tenants.
        Prompt::SubscriberProfile => Ok(Due::Now),
        Prompt::ConfirmContacts => {
            Ok(Due::once(now.since(before.answered_at.unwrap_or(ages.created_at)), terms.contacts))
        }
        Prompt::SignIns => Ok(Due::once(now.since(before.answered_at.unwrap_or(ages.created_at)), MONTH)),
        // Asked for at a moment, and for a month from then on.
        Prompt::ReviewMethods => Ok(match before.answered_at {
            Some(at) if now.since(at) < MONTH => Due::Now,
            _ => Due::NotYet,
        }),
        Prompt::ResetWaits => Ok(if renewing::waiting(tx, scope)?.is_some() { Due::Now } else { Due::NotYet }),
        Prompt::PasswordAge => {
            let age = now.since(ages.password_at);
            // How much it is used is counted only where that decides.
            if age >= terms.password(ages.strength, Use::Little) {
                return Ok(Due::Now);
            }
            if age < terms.password(ages.strength, Use::Much) {
                return Ok(Due::NotYet);
            }
            let used = history::let_in_by_password(tx, scope, ages.password_at, MUCH)?;
            Ok(if used >= MUCH { Due::Now } else { Due::NotYet })
        }
    }
}

/// How much a password is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Little,
    Much,
}

impl Terms {
    /// How long a password is good for: from the least to the most by its strength, one step less where it is used much.
    fn password(&self, strength: Strength, used: Use) -> Duration {
        let middle = self.password_least.saturating_add(self.password_most) / 2;
        match (strength, used) {
            (Strength::Strong, Use::Little) => self.password_most,
            (Strength::Strong, Use::Much) | (Strength::Good, Use::Little) => middle,
            (Strength::Good, Use::Much) | (Strength::Fair, _) => self.password_least,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_has_a_name_and_a_number_of_its_own() {
        for (at, prompt) in Prompt::ALL.into_iter().enumerate() {
            assert_eq!(Prompt::parse(prompt.name()), Some(prompt));
            assert!(Prompt::ALL.iter().take(at).all(|other| other.code() != prompt.code()));
            assert_eq!(serde_json::to_value(prompt).unwrap(), prompt.name());
        }
        assert_eq!(Prompt::parse("pigeon"), None);
    }

    #[test]
    fn a_password_is_good_for_three_to_six_months_by_its_strength_and_its_use() {
        //
        const DAY: Duration = Duration::from_hours(24);
        let terms = Terms { contacts: 180 * DAY, password_least: 90 * DAY, password_most: 180 * DAY };
        let days = |strength, used| terms.password(strength, used).as_secs() / 86_400;
        let each = [Strength::Fair, Strength::Good, Strength::Strong];
        assert_eq!(each.map(|strength| days(strength, Use::Little)), [90, 135, 180]);
        assert_eq!(each.map(|strength| days(strength, Use::Much)), [90, 90, 135]);
    }
}
