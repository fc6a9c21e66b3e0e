//! What an account has to confirm with: shown, added, removed (R-5, K-6, K-8), each change told by mail (K-7).

use crate::accounts::factors::confirming::tell;
use crate::accounts::factors::rows::{self, Body, Replaced, Row, Used, Was};
use crate::accounts::factors::workings::{Desk, Enrolling, Here, Then};
use crate::accounts::factors::{Advice, Answer, Enrolment, Handed, Method, alone};
use crate::accounts::oidc::{Away, Leaving};
use crate::accounts::person::Person;
use crate::accounts::{Accounts, Failure, person};
use crate::kernel::access::factors::{ENROLLED, Standing, WAITING};
use crate::kernel::access::{AccountAccess, AtHand, Proof};
use crate::kernel::clock::Time;
use crate::kernel::ids::{AccountId, FactorId};
use crate::kernel::keyring::identifiers::{Claim, IdentifierTag};
use crate::kernel::personal::Personal;
use crate::kernel::store::db::StoreFailure;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::AccountScope;
use crate::kernel::values::Fault;
use crate::messages::notice::Notice;
use crate::tenants::profile;

/// What is to be enrolled, as it came.
#[derive(Debug, Clone)]
pub struct Draft {
    /// By the name of the API.
    pub method: String,
    /// What its owner calls it.
    pub name: Option<Personal<String>>,
}

/// Something that an account can confirm with, as its person sees it.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its id; what comes with the account has none.
    pub id: Option<FactorId>,
    /// Of which method.
    pub method: Method,
    /// What a session has shown that was confirmed by it.
    pub proof: Proof,
    /// The identity provider that it is of, by its name.
    pub provider: Option<String>,
    /// What it is called, or where its code goes.
    pub name: Option<Personal<String>>,
    /// Since when.
    pub created_at: Option<Time>,
    /// When it last confirmed anything.
    pub used_at: Option<Time>,
    /// Whether it can be used.
    pub standing: Standing,
    /// Whether it is advised.
    pub advice: Advice,
    /// How often it can still be used; nothing where that has no end.
    pub left: Option<usize>,
}

/// An enrolment: done, or waiting for its answer.
#[derive(Debug, Clone)]
pub struct Enrolled {
    /// The factor's id.
    pub id: FactorId,
    /// Of which method.
    pub method: Method,
    /// What it hands over.
    pub handed: Handed,
    /// When it ends unless it is answered; nothing when it is done.
    pub expires_at: Option<Time>,
}

/// Why nothing was enrolled, or removed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnrolError {
    /// Fields are wrong.
    #[error("fields are wrong")]
    Invalid(Vec<Fault>),
    /// The account has no such factor.
    #[error("no such factor")]
    Unknown,
    /// The answer is wrong, or the enrolment is over.
    #[error("the code is refused")]
    CodeRefused,
    /// It is linked to another account.
    #[error("it is linked to another account")]
    LinkedElsewhere,
    /// The identity provider is away.
    #[error(transparent)]
    Away(#[from] Away),
    /// Something else was in the way.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<StoreError> for EnrolError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl StoreFailure for EnrolError {
    fn as_store(&self) -> Option<StoreError> {
        if let Self::Failed(Failure::Store(error)) = self { Some(*error) } else { None }
    }
}

/// So many factors an account has at most.
const MOST: usize = 20;

impl Accounts {
    /// Everything that the account can confirm with, from least to most secure.
    ///
    /// # Errors
    /// The store's.
    pub async fn methods(&self, access: &AccountAccess) -> Result<Vec<Item>, Failure> {
        let holdings = self.holdings(access).await?;
        let read = |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<(Person, Vec<Row>), StoreError> {
            Ok((person::find(tx, scope)?, rows::enrolled(tx, scope)?))
        };
        let (person, rows) = self.kernel().read(&access.scope, read).await?;
        let mut items = Vec::new();
        for method in Method::ALL {
            let advice = method.advice(holdings);
            let is_phone = method.facts().enrolment == Enrolment::AtHand(AtHand::Phone);
            let shown = method.facts().enrolment == Enrolment::Inherent
                || is_phone && access.session.at_hand().contains(&AtHand::Phone);
            if shown {
                items.push(inherent(method, &person, advice)?);
            }
            for row in rows.iter().filter(|row| row.method == method) {
                items.push(item(row, advice)?);
            }
        }
        Ok(items)
    }

    /// Begins an enrolment; what needs no answer is done with it. One of the same method that waited is over.
    ///
    /// # Errors
    /// [`EnrolError::Invalid`]: no such method, one that comes with the account, a name that is none, too many.
    pub async fn enrol(&self, access: &AccountAccess, draft: Draft) -> Result<Enrolled, EnrolError> {
        self.begin_enrolment(access, draft, None).await
    }

    /// The same, for a method that sends people elsewhere.
    pub(in crate::accounts) async fn begin_enrolment(
        &self,
        access: &AccountAccess,
        draft: Draft,
        leaving: Option<Leaving>,
    ) -> Result<Enrolled, EnrolError> {
        let (method, name) = checked(&draft)?;
        let (lifetime, origin) = (self.rules().code_lifetime, access.origin.clone());
        if method.workings().here(origin.site.as_ref()) == Here::NeedsName {
            return Err(fault("/method", "needs_name", NEEDS_NAME));
        }
        let name = name.or_else(|| method.workings().named_after(&access.origin.device));
        let enrol = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Enrolled, EnrolError> {
            let person = person::find(tx, scope)?;
            let others = rows::enrolled(tx, scope)?.into_iter().filter(|row| row.method == method).count();
            if method.facts().enrolment == Enrolment::Several && others >= MOST {
                return Err(fault("/method", "too_many", "The account has as many of them as it may."));
            }
            let mut desk = Desk { tx, scope, person: &person, lifetime, origin: &origin, leaving: leaving.as_ref() };
            let begun = method.workings().enrol(&mut desk)?;
            let Some(Enrolling { kept, handed, then }) = begun else { return Err(no_such_method()) };
            let body = Body { name: name.clone(), kept };
            let expires_at = tx.now().plus(lifetime);
            if then == Then::Answer {
                let id = rows::insert(tx, scope, method, WAITING, &body)?;
                rows::replace(tx, scope, method, id, Replaced::Waiting)?;
                return Ok(Enrolled { id, method, handed, expires_at: Some(expires_at) });
            }
            let id = rows::insert(tx, scope, method, ENROLLED, &body)?;
            added(tx, scope, &person, method, id)?;
            Ok(Enrolled { id, method, handed, expires_at: None })
        };
        let enrolled = self.kernel().write("accounts.enrol", &access.scope, enrol).await?;
        if enrolled.expires_at.is_none() {
            self.keyring_follows(access.scope.account()).await;
        }
        Ok(enrolled)
    }

    /// An enrolment that waits for its answer, as it was begun.
    ///
    /// # Errors
    /// [`EnrolError::Unknown`]: there is none, or it is over.
    pub async fn enrolment(&self, access: &AccountAccess, id: FactorId) -> Result<Enrolled, EnrolError> {
        let lifetime = self.rules().code_lifetime;
        let read = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Enrolled, EnrolError> {
            let row = rows::waiting(tx, scope, id)?.ok_or(EnrolError::Unknown)?;
            let expires_at = row.created_at.plus(lifetime);
            if expires_at <= tx.now() {
                return Err(EnrolError::Unknown);
            }
            let person = person::find(tx, scope)?;
            let handed = row.method.workings().handed(&person, &row.body.kept)?.ok_or(EnrolError::Unknown)?;
            Ok(Enrolled { id, method: row.method, handed, expires_at: Some(expires_at) })
        };
        self.kernel().read(&access.scope, read).await
    }

    /// Finishes an enrolment: from now on the factor confirms. The session stays what it is.
    ///
    /// # Errors
    /// [`EnrolError::Unknown`]; [`EnrolError::CodeRefused`], the last of the tries ends it.
    pub async fn finish_enrolment(
        &self,
        access: &AccountAccess,
        id: FactorId,
        answer: Answer,
    ) -> Result<Item, EnrolError> {
        if self.claim_for(access, id, &answer).await? == Claim::Taken {
            return Err(EnrolError::CodeRefused);
        }
        let holdings = self.holdings(access).await?;
        let (tries, lifetime) = (self.rules().code_tries, self.rules().code_lifetime);
        let origin = access.origin.clone();
        let finish = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Option<Item>, EnrolError> {
            rows::waiting(tx, scope, id)?.ok_or(EnrolError::Unknown)?;
            let since = tx.now().minus(lifetime);
            let Some(row) = rows::take_try(tx, scope, id, tries, since)? else { return Ok(None) };
            let (method, person) = (row.method, person::find(tx, scope)?);
            let mut desk = Desk { tx, scope, person: &person, lifetime, origin: &origin, leaving: None };
            let Some(kept) = method.workings().settle(&mut desk, &row.body.kept, &answer)? else { return Ok(None) };
            rows::keep(tx, scope, &row, kept, Used::NotYet)?;
            added(tx, scope, &person, method, id)?;
            Ok(Some(item(&Row { failures: 0, ..row }, method.advice(holdings))?))
        };
        let finished = self.kernel().write("accounts.finish_enrolment", &access.scope, finish).await?;
        self.keyring_follows(access.scope.account()).await;
        finished.ok_or(EnrolError::CodeRefused)
    }

    /// Claims what the account is found by that signs in by a new factor alone: in the keyring first, so that of one key
    /// at two accounts one is. Nothing is claimed for an answer that does not fit, which is for the transaction to refuse.
    async fn claim_for(&self, access: &AccountAccess, id: FactorId, answer: &Answer) -> Result<Claim, EnrolError> {
        let (lifetime, origin, answer) = (self.rules().code_lifetime, access.origin.clone(), answer.clone());
        let look = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Option<Personal<String>>, StoreError> {
            let Some(row) = rows::waiting(tx, scope, id)? else { return Ok(None) };
            let person = person::find(tx, scope)?;
            let mut desk = Desk { tx, scope, person: &person, lifetime, origin: &origin, leaving: None };
            row.method.workings().would_sign_in_by(&mut desk, &row.body.kept, &answer)
        };
        let Some(found_by) = self.kernel().read(&access.scope, look).await? else { return Ok(Claim::Made) };
        let tag = self.passkey_tag(&found_by)?;
        let claim = self.kernel().keyring().claim_identifier(&tag, access.scope.account()).await;
        Ok(claim.map_err(Failure::from)?)
    }

    /// Brings the keyring in line with what the account's rows say it signs in by, its new factor among it, and tells it
    /// what that took the place of. Young claims that no row says, of a change under way beside it or of an answer that was
    /// refused, stay as they are, and lapse. What fails here is done by the next sweep.
    pub(super) async fn keyring_follows(&self, account: AccountId) {
        if self.reconcile(account).await.is_err() {
            tracing::warn!(%account, "what an account's factors sign in by is settled by the next sweep");
        }
        self.tell_used_up(account).await;
    }

    /// Tells the keyring what of the account's factors is used up or was replaced, before that is acknowledged. What fails
    /// here is done by the next sweep.
    pub(in crate::accounts) async fn tell_used_up(&self, account: AccountId) {
        if self.kernel().tell_revoked().await.is_err() {
            tracing::warn!(%account, "the keyring is told by the next sweep what of an account's factors is used up");
        }
    }

    fn passkey_tag(&self, found_by: &Personal<String>) -> Result<IdentifierTag, Failure> {
        Ok(self.kernel().keyring().identifier_tag(alone::IDENTIFIER, found_by.reveal())?)
    }

    /// Calls a factor by another name (K-6).
    ///
    /// # Errors
    /// [`EnrolError::Invalid`]: a name that is none; [`EnrolError::Unknown`].
    pub async fn rename_method(
        &self,
        access: &AccountAccess,
        id: FactorId,
        name: &Personal<String>,
    ) -> Result<Item, EnrolError> {
        let name = profile::name("/name", name).map_err(|fault| EnrolError::Invalid(vec![fault]))?;
        let holdings = self.holdings(access).await?;
        let rename = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Item, EnrolError> {
            let row = rows::rename(tx, scope, id, &name)?.ok_or(EnrolError::Unknown)?;
            Ok(item(&row, row.method.advice(holdings))?)
        };
        self.kernel().write("accounts.rename_method", &access.scope, rename).await
    }

    /// Removes a factor, and every challenge that waits for it (K-8); or takes an enrolment back. The keyring knows of it
    /// first, so that no restore of the data brings it back.
    ///
    /// # Errors
    /// [`EnrolError::Unknown`].
    pub async fn remove_method(&self, access: &AccountAccess, id: FactorId) -> Result<(), EnrolError> {
        self.unlink(access, id).await?;
        let (keyring, account) = (self.kernel().keyring(), access.scope.account());
        let look =
            move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Option<Option<Personal<String>>>, StoreError> {
                let enrolled = rows::enrolled(tx, scope)?.into_iter().find(|row| row.id == id);
                enrolled.map(|row| row.method.workings().signs_in_by(&row.body.kept)).transpose()
            };
        let enrolled = self.kernel().read(&access.scope, look).await?;
        if enrolled.is_some() {
            keyring.revoke_factor(id).await.map_err(Failure::from)?;
        }
        if let Some(found_by) = enrolled.flatten() {
            let tag = self.passkey_tag(&found_by)?;
            keyring.forget_identifier(&tag, account).await.map_err(Failure::from)?;
        }
        let remove = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<(), EnrolError> {
            let (method, was) = rows::remove(tx, scope, id)?.ok_or(EnrolError::Unknown)?;
            if was == Was::Enrolled
                && let Some(means) = method.facts().means
            {
                let person = person::find(tx, scope)?;
                tell(tx, scope, &person, Notice::MethodRemoved { means })?;
            }
            Ok(())
        };
        self.kernel().write("accounts.remove_method", &access.scope, remove).await
    }
}

fn checked(draft: &Draft) -> Result<(Method, Option<Personal<String>>), EnrolError> {
    let method = Method::parse(&draft.method).ok_or_else(no_such_method)?;
    let name = draft.name.as_ref().map(|name| profile::name("/name", name)).transpose();
    Ok((method, name.map_err(|fault| EnrolError::Invalid(vec![fault]))?))
}

/// What is said where a method works at the service's name alone.
const NEEDS_NAME: &str = "It works at the service's name alone, not at a bare address.";

/// There is no such identity provider.
pub(in crate::accounts) fn no_such_provider() -> EnrolError {
    fault("/provider", "not_a_choice", "There is no such identity provider.")
}

fn no_such_method() -> EnrolError {
    fault("/method", "not_a_choice", "There is no such method to enrol.")
}

fn fault(pointer: &'static str, code: &'static str, detail: &'static str) -> EnrolError {
    EnrolError::Invalid(vec![Fault::new(pointer, code, detail)])
}

/// A factor confirms from now on: it takes the place of what it replaces, and its person hears of it.
pub(super) fn added(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    person: &Person,
    method: Method,
    id: FactorId,
) -> Result<(), StoreError> {
    let replaced = match method.facts().enrolment {
        Enrolment::One => Replaced::Everything,
        Enrolment::Several | Enrolment::Inherent | Enrolment::AtHand(_) => Replaced::Waiting,
    };
    rows::replace(tx, scope, method, id, replaced)?;
    match method.facts().means {
        Some(means) => tell(tx, scope, person, Notice::MethodAdded { means }),
        None => Ok(()),
    }
}

fn inherent(method: Method, person: &Person, advice: Advice) -> Result<Item, StoreError> {
    let name = method.workings().target(person)?;
    let standing = Standing::Usable;
    let proof = method.facts().proof;
    let (id, provider, created_at, used_at, left) = (None, None, None, None, None);
    Ok(Item { id, method, proof, provider, name, created_at, used_at, standing, advice, left })
}

fn item(row: &Row, advice: Advice) -> Result<Item, StoreError> {
    Ok(Item {
        id: Some(row.id),
        method: row.method,
        proof: row.proof,
        provider: row.method.workings().provider(&row.body.kept)?,
        name: row.body.name.clone(),
        created_at: Some(row.created_at),
        used_at: row.used_at,
        standing: Standing::after(row.failures),
        advice,
        left: row.method.workings().left(&row.body.kept)?,
    })
}
