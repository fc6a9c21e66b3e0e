//! A third party's multi-step sign-in: what is linked of it, and what it confirms.
//!
//! There is no code to type: the answer comes with the browser (`accounts::oidc`), so that nothing that is typed fits.

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use serde::{Deserialize, Serialize};

use crate::accounts::factors::confirming::{ConfirmError, ConfirmationBody, Raised, row, settle};
use crate::accounts::factors::enrolling::{EnrolError, added};
use crate::accounts::factors::rows::{self, Row, Used};
use crate::accounts::factors::workings::{Begun, Desk, Enrolling, Factor, Kept, Met, Then, Workings};
use crate::accounts::factors::{Answer, Asks, Enrolment, Facts, Fee, Handed, Method, Occasion, Path};
use crate::accounts::history::{self, Outcome, Way};
use crate::accounts::notices::{self, Refusal, tell_of};
use crate::accounts::oidc::{Identity, Pending, Tags, Vouched, stands_on};
use crate::accounts::{Accounts, Failure, person, session};
use crate::kernel::access::factors::Standing;
use crate::kernel::access::{AccountAccess, Proof, sessions};
use crate::kernel::crypto::Sealed;
use crate::kernel::ids::{AccountId, ConfirmationId, FactorId, SessionId};
use crate::kernel::keyring::identifiers::{Claim, IdentifierTag};
use crate::kernel::personal::{Comparison, Secret};
use crate::kernel::store::schema::{confirmations, sessions as session_rows};
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::AccountScope;
use crate::messages::notice::{Means, Notice};

/// The method.
pub(super) struct Oidc;

static FACTS: Facts = Facts {
    name: "oidc",
    code: 13,
    proof: Proof::Strong,
    enrolment: Enrolment::Several,
    occasion: Occasion::Everyday,
    path: Path::Direct,
    fee: Fee::None,
    way: Way::Oidc,
    means: Some(Means::Oidc),
};

/// What is kept of a link.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Link {
    /// Its person is on the way.
    Pending(Box<Pending>),
    /// They were there.
    Linked {
        /// The provider's name at the time; who somebody is does not depend on it.
        provider: String,
        identity: Identity,
    },
}

impl Workings for Oidc {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn enrol(&self, desk: &mut Desk<'_, '_>) -> Result<Option<Enrolling>, StoreError> {
        let Some(leaving) = desk.leaving else { return Ok(None) };
        let sent = leaving.to_link(desk.tx)?;
        let kept = Kept::of(&Link::Pending(Box::new(sent.pending)))?;
        Ok(Some(Enrolling { kept, handed: Handed::Elsewhere(sent.address), then: Then::Answer }))
    }

    fn begin(&self, desk: &mut Desk<'_, '_>) -> Result<Begun, StoreError> {
        let leaving = desk.leaving.ok_or(StoreError::Refused("a way that leads nowhere"))?;
        let sent = leaving.to_confirm(desk.tx)?;
        Ok(Begun { expected: Kept::of(&sent.pending)?, asks: Asks::Elsewhere(sent.address) })
    }

    fn judge(&self, _: &mut Desk<'_, '_>, _: &Kept, _: &[Factor], _: &Answer) -> Result<Option<Met>, StoreError> {
        Ok(None)
    }

    fn provider(&self, kept: &Kept) -> Result<Option<String>, StoreError> {
        Ok(Some(match kept.open()? {
            Link::Pending(pending) => pending.provider,
            Link::Linked { provider, .. } => provider,
        }))
    }
}

/// The providers of the account's usable links, the one that was used last first.
pub(in crate::accounts) fn linked(tx: &mut Tx<'_>, scope: &AccountScope) -> Result<Vec<String>, StoreError> {
    let is_usable = |row: &Row| row.method == Method::Oidc && Standing::after(row.failures) == Standing::Usable;
    let mut links: Vec<Row> = rows::enrolled(tx, scope)?.into_iter().filter(is_usable).collect();
    links.sort_by_key(|row| std::cmp::Reverse(row.used_at.unwrap_or(row.created_at)));
    let mut providers: Vec<String> = Vec::new();
    for link in links {
        let provider = Oidc.provider(&link.body.kept)?;
        providers.extend(provider.filter(|provider| !providers.contains(provider)));
    }
    Ok(providers)
}

/// The held link of this identity.
fn of_identity<'r>(held: &'r [Row], identity: &Identity) -> Result<Option<&'r Row>, StoreError> {
    for row in held {
        if let Link::Linked { identity: linked, .. } = row.body.kept.open()?
            && linked == *identity
        {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// Notes that the account's link of this identity was used; nothing when there is none that can be.
pub(in crate::accounts) fn use_linked(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    identity: &Identity,
) -> Result<Option<FactorId>, StoreError> {
    let held = rows::hold(tx, scope, Method::Oidc)?;
    let Some(link) = of_identity(&held, identity)? else { return Ok(None) };
    rows::keep(tx, scope, link, link.body.kept.clone(), Used::Now)?;
    Ok(Some(link.id))
}

/// What a link signs in by, where this is one.
pub(super) fn identity_of(row: &Row) -> Result<Option<Identity>, StoreError> {
    if row.method != Method::Oidc {
        return Ok(None);
    }
    Ok(match row.body.kept.open()? {
        Link::Linked { identity, .. } => Some(identity),
        Link::Pending(_) => None,
    })
}

impl Accounts {
    /// What the session's challenge has begun: used up with this, whatever comes of it.
    pub(in crate::accounts) async fn take_challenge(
        &self,
        access: &AccountAccess,
        state: &Secret<String>,
        provider: &str,
    ) -> Result<(ConfirmationId, Pending), ConfirmError> {
        let (session, state, provider) = (access.session.id, state.clone(), provider.to_owned());
        let take = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<_, StoreError> {
            let now = tx.now();
            let live = confirmations::table
                .filter(confirmations::session_id.eq(session))
                .filter(confirmations::method.eq(FACTS.code))
                .filter(confirmations::tries.eq(0))
                .filter(confirmations::expires_at.gt(now));
            let found: Vec<(ConfirmationId, Sealed<ConfirmationBody>)> =
                live.select((confirmations::id, confirmations::body)).load(tx.conn())?;
            for (id, body) in found {
                let pending: Pending = scope.keys().open(row(id), &body)?.open()?;
                if pending.is_of(&state, &provider, Some(session)) == Comparison::Different {
                    continue;
                }
                let this = confirmations::table.find(id).filter(confirmations::tries.eq(0));
                let taken = diesel::update(this).set(confirmations::tries.eq(1)).execute(tx.conn())?;
                return Ok((taken == 1).then_some((id, pending)));
            }
            Ok(None)
        };
        let taken = self.kernel().write("accounts.take_challenge", &access.scope, take).await?;
        taken.ok_or(ConfirmError::CodeRefused)
    }

    /// Raises the session by what a linked identity has proved there; one that is not linked counts as a wrong answer.
    pub(in crate::accounts) async fn confirm_by_identity(
        &self,
        access: &AccountAccess,
        id: ConfirmationId,
        vouched: Vouched,
        tags: Tags,
    ) -> Result<session::Begun, ConfirmError> {
        let (session, origin) = (access.session.clone(), access.origin.clone());
        let finish = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Option<Raised>, StoreError> {
            // It took a while: the session may have ended, or another challenge have taken this one's place.
            let its_own = session_rows::table.find(session.id).select(session_rows::id);
            let alive: Option<SessionId> = its_own.get_result(tx.conn()).optional()?;
            let ours = confirmations::table.find(id).filter(confirmations::session_id.eq(session.id));
            if alive.is_none() || diesel::delete(ours).execute(tx.conn())? != 1 {
                return Ok(None);
            }
            let person = person::find(tx, scope)?;
            let held = rows::hold(tx, scope, Method::Oidc)?;
            let Some(link) = of_identity(&held, &vouched.identity)? else {
                history::enter(tx, scope, &origin, Way::Oidc, Outcome::Refused)?;
                notices::refused(tx, scope, Refusal::Confirmation, &origin)?;
                if rows::count_failure(tx, scope, Method::Oidc)? > 0 {
                    tell_of(tx, scope, &person, Notice::MethodEnded { means: Means::Oidc }, &origin)?;
                }
                return Ok(None);
            };
            let met = Met { by: Some((link.id, link.body.kept.clone())) };
            // Nothing of an identity provider is used up.
            let _ = settle(tx, scope, Method::Oidc, &person, &held, met)?;
            history::enter(tx, scope, &origin, Way::Oidc, Outcome::Accepted)?;
            stands_on(tx, session.id, &tags)?;
            sessions::raise(tx, &session, FACTS.code, vouched.proof).map(Some)
        };
        let raised = self.kernel().write("accounts.confirm_by_identity", &access.scope, finish).await?;
        let (token, session) = raised.ok_or(ConfirmError::CodeRefused)?;
        let access = AccountAccess { session, scope: access.scope.clone(), origin: access.origin.clone() };
        Ok(session::Begun { token, access })
    }

    /// What the session has begun to link: used up with this, whatever comes of it.
    pub(in crate::accounts) async fn take_enrolment(
        &self,
        access: &AccountAccess,
        state: &Secret<String>,
        provider: &str,
    ) -> Result<(FactorId, Pending), EnrolError> {
        let (session, state, provider) = (access.session.id, state.clone(), provider.to_owned());
        let lifetime = self.rules().code_lifetime;
        let take = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<_, StoreError> {
            let since = tx.now().minus(lifetime);
            for row in rows::all_waiting(tx, scope, Method::Oidc)? {
                let Link::Pending(pending) = row.body.kept.open()? else { continue };
                if pending.is_of(&state, &provider, Some(session)) == Comparison::Same {
                    let taken = rows::take_try(tx, scope, row.id, 1, since)?;
                    return Ok(taken.map(|row| (row.id, *pending)));
                }
            }
            Ok(None)
        };
        let taken = self.kernel().write("accounts.take_enrolment", &access.scope, take).await?;
        taken.ok_or(EnrolError::CodeRefused)
    }

    /// Links an identity to the account: from now on it confirms, and signs in. Keyring, data, keyring; the session stays
    /// what it is.
    pub(in crate::accounts) async fn link(
        &self,
        access: &AccountAccess,
        id: FactorId,
        provider: &str,
        vouched: Vouched,
    ) -> Result<(), EnrolError> {
        let (account, keyring) = (access.scope.account(), self.kernel().keyring());
        let tag = vouched.identity.tag(keyring).map_err(Failure::from)?;
        self.claim_identity(account, &vouched.identity, &tag).await?;
        let Vouched { identity, proof, .. } = vouched;
        let kept = Kept::of(&Link::Linked { provider: provider.to_owned(), identity: identity.clone() })?;
        let write = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Option<()>, StoreError> {
            let Some(waiting) = rows::waiting(tx, scope, id)? else { return Ok(None) };
            let person = person::find(tx, scope)?;
            let held = rows::all(tx, scope, Method::Oidc)?;
            if let Some(before) = of_identity(&held, &identity)? {
                rows::remove(tx, scope, before.id)?;
            }
            rows::keep(tx, scope, &waiting, kept.clone(), Used::NotYet)?;
            rows::prove(tx, scope, id, proof)?;
            added(tx, scope, &person, Method::Oidc, id)?;
            Ok(Some(()))
        };
        let written = self.kernel().write("accounts.link", &access.scope, write).await?;
        // Where it was taken back meanwhile, the claim stands without a link, and gives way to whoever proves it next.
        self.keyring_follows(account).await;
        written.ok_or(EnrolError::CodeRefused)
    }

    /// Makes the identity the account's. One that another account has linked stays that account's.
    async fn claim_identity(
        &self,
        account: AccountId,
        identity: &Identity,
        tag: &IdentifierTag,
    ) -> Result<(), EnrolError> {
        let keyring = self.kernel().keyring();
        for _ in 0..2 {
            if keyring.claim_identifier(tag, account).await.map_err(Failure::from)? == Claim::Made {
                return Ok(());
            }
            match keyring.find_identifier(tag).await.map_err(Failure::from)? {
                Some(mine) if mine == account => return Ok(()),
                Some(other) if self.has_linked(other, identity).await? => return Err(EnrolError::LinkedElsewhere),
                // A claim that was left over: its link was never written, or is gone.
                Some(other) => keyring.forget_identifier(tag, other).await.map_err(Failure::from)?,
                None => {}
            }
        }
        Err(EnrolError::LinkedElsewhere)
    }

    /// Whether the account has this identity linked, usable or not.
    async fn has_linked(&self, account: AccountId, identity: &Identity) -> Result<bool, Failure> {
        let Some(scope) = self.scope_of(account).await? else { return Ok(false) };
        let rows =
            self.kernel().read(&scope, |tx: &mut Tx<'_>, scope: &AccountScope| rows::enrolled(tx, scope)).await?;
        for row in &rows {
            if identity_of(row)?.as_ref() == Some(identity) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Gives up what a factor that is about to be removed signs in by. First, so that nothing signs in by what is gone.
    pub(super) async fn unlink(&self, access: &AccountAccess, id: FactorId) -> Result<(), EnrolError> {
        let read = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Option<Identity>, StoreError> {
            let factor = rows::enrolled(tx, scope)?.into_iter().find(|row| row.id == id);
            factor.as_ref().map(identity_of).transpose().map(Option::flatten)
        };
        let Some(identity) = self.kernel().read(&access.scope, read).await? else { return Ok(()) };
        let keyring = self.kernel().keyring();
        let tag = identity.tag(keyring).map_err(Failure::from)?;
        Ok(keyring.forget_identifier(&tag, access.scope.account()).await.map_err(Failure::from)?)
    }
}
