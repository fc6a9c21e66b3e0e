//! Signing in to the console by a name and a code of the app, and showing a code once more before a change.
//!
//! A try is counted before it is judged, so that any number at once come no further than as many one after another. An
//! unknown name is counted, answered and taken as long over as a known one.

use std::time::Duration;

use crate::kernel::access::OperatorAccess;
use crate::kernel::access::throttles::{Counter, Limit, Then as Grows, Throttled, of_address};
use crate::kernel::crypto::token::SessionToken;
use crate::kernel::keyring::operators::{Changed, Then};
use crate::kernel::operators::account::accept_for_nobody;
use crate::kernel::operators::{Operator, OperatorAccount, OperatorName};
use crate::kernel::personal::{Personal, Secret};
use crate::kernel::store::Tx;
use crate::kernel::tenancy::{DayScope, Origin};
use crate::operators::{Operators, OperatorsError};

/// Tries with one name.
const BY_NAME: Limit = Limit {
    policy: "operator-sign-ins-by-name",
    free: 5,
    window: Duration::from_secs(15 * 60),
    then: Grows::Growing(Duration::from_secs(60)),
};

/// Tries from one address.
pub(super) const BY_ADDRESS: Limit = Limit { policy: "operator-sign-ins-by-address", free: 60, ..BY_NAME };

impl Operators {
    /// Signs in by a name and a code, which is used up by it.
    ///
    /// # Errors
    /// [`OperatorsError::Refused`], the same whatever was wrong; [`OperatorsError::Throttled`] at once after too many
    /// tries with this name or from this address.
    pub async fn sign_in(
        &self,
        name: &Personal<String>,
        code: &Secret<String>,
        origin: &Origin,
    ) -> Result<SessionToken, OperatorsError> {
        let parsed = OperatorName::parse(name.reveal());
        let counted =
            parsed.as_ref().map_or_else(|_| name.reveal().trim().to_lowercase(), |n| n.text().reveal().clone());
        let by_name = self.count(counted.as_bytes(), origin).await?;
        let account = match &parsed {
            Ok(name) => self.kernel.keyring().operator_named(name).await?,
            Err(_) => None,
        };
        let Some(account) = account else {
            accept_for_nobody(code, self.kernel.now(), self.kernel.entropy());
            return Err(OperatorsError::Refused);
        };
        let token = SessionToken::random(self.kernel.entropy());
        self.use_code(account, code, Then::Begins(token.clone())).await?;
        self.forget(by_name).await?;
        Ok(token)
    }

    /// Takes a code once more, so that the session counts as fresh.
    ///
    /// # Errors
    /// As [`Operators::sign_in`].
    pub async fn show_again(&self, access: &OperatorAccess, code: &Secret<String>) -> Result<(), OperatorsError> {
        let name = access.account.kept.name.reveal().clone();
        let by_name = self.count(name.as_bytes(), &access.origin).await?;
        let account = self.with_id(access.account.id).await?;
        self.use_code(account, code, Then::Shown(access.token.clone())).await?;
        self.forget(by_name).await
    }

    /// Ends the session.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn sign_out(&self, access: &OperatorAccess) -> Result<(), OperatorsError> {
        Ok(self.kernel.keyring().end_operator_session(&access.token).await?)
    }

    async fn use_code(
        &self,
        account: OperatorAccount,
        code: &Secret<String>,
        then: Then,
    ) -> Result<(), OperatorsError> {
        let by = Operator::Account(account.id);
        let changed = account.accept(code, self.kernel.now()).ok_or(OperatorsError::Refused)?;
        match self.kernel.keyring().change_operator(by, &changed, then).await? {
            Changed::Done => Ok(()),
            // Somebody used the code at the same moment: it counts once.
            Changed::Overtaken | Changed::LastAdministrator => Err(OperatorsError::Refused),
        }
    }

    /// Counts a try with this name from there.
    async fn count(&self, name: &[u8], origin: &Origin) -> Result<Counter, OperatorsError> {
        let day = self.kernel.today().await?;
        let by_name = Counter::new(&day, BY_NAME, name);
        let by_address = Counter::new(&day, BY_ADDRESS, &of_address(*origin.address.reveal()));
        self.count_all(&day, vec![by_name, by_address]).await?;
        Ok(by_name)
    }

    /// Counts a try by each of these, unless one of them says to wait.
    pub(super) async fn count_all(&self, day: &DayScope, counters: Vec<Counter>) -> Result<(), OperatorsError> {
        let count = move |tx: &mut Tx<'_>, _: &DayScope| -> Result<Option<Throttled>, OperatorsError> {
            for counter in &counters {
                if let Some(throttled) = counter.hold(tx)? {
                    return Ok(Some(throttled));
                }
            }
            for counter in &counters {
                counter.count(tx)?;
            }
            Ok(None)
        };
        match self.kernel.write("operators.try", day, count).await? {
            Some(throttled) => Err(OperatorsError::Throttled(throttled)),
            None => Ok(()),
        }
    }

    /// Forgets the tries with a name, once one was right; those from an address stay counted.
    async fn forget(&self, by_name: Counter) -> Result<(), OperatorsError> {
        let day = self.kernel.today().await?;
        let forget = move |tx: &mut Tx<'_>, _: &DayScope| -> Result<(), OperatorsError> { Ok(by_name.clear(tx)?) };
        self.kernel.write("operators.signed_in", &day, forget).await
    }
}
