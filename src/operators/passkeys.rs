//! Operators' passkeys: enrolled in the console, and enough to sign in (S-1). A question is answered once.

use std::time::Duration;

use serde_json::Value;

use crate::kernel::access::OperatorAccess;
use crate::kernel::access::throttles::{Counter, Limit, of_address};
use crate::kernel::crypto::passkey::{self, Ceremony, Passkey, User};
use crate::kernel::crypto::token::SessionToken;
use crate::kernel::ids::OperatorQuestionId;
use crate::kernel::keyring::operators::{Changed, Then};
use crate::kernel::operators::{Operator, OperatorAccount};
use crate::kernel::personal::Personal;
use crate::kernel::tenancy::Origin;
use crate::operators::signing_in::BY_ADDRESS;
use crate::operators::{Operators, OperatorsError};

/// How long a question waits for its answer.
const LIFETIME: Duration = Duration::from_secs(10 * 60);

/// Questions asked from one address.
const QUESTIONS: Limit = Limit { policy: "operator-questions", ..BY_ADDRESS };

/// How many passkeys an operator has at most.
const MOST: usize = 8;

/// A question for a browser.
#[derive(Debug, Clone)]
pub struct Question {
    /// Its id, which comes back with the answer.
    pub id: OperatorQuestionId,
    /// What the browser is told, as the WebAuthn JSON forms have it.
    pub public_key: Value,
}

impl Operators {
    /// Asks for whichever passkey a device holds for the site.
    ///
    /// # Errors
    /// [`OperatorsError::NeedsName`]; [`OperatorsError::Throttled`]; the keyring is away.
    pub async fn ask_for_passkey(&self, origin: &Origin) -> Result<Question, OperatorsError> {
        let ceremony = self.ceremony(origin)?;
        let day = self.kernel.today().await?;
        let counter = Counter::new(&day, QUESTIONS, &of_address(*origin.address.reveal()));
        self.count_all(&day, vec![counter]).await?;
        let public_key = ceremony.request_options(&[], LIFETIME);
        self.keep(&ceremony, None, public_key).await
    }

    /// Signs in by a passkey's answer to `question`.
    ///
    /// # Errors
    /// [`OperatorsError::Refused`], the same whatever was wrong; [`OperatorsError::Throttled`].
    pub async fn sign_in_by_passkey(
        &self,
        question: OperatorQuestionId,
        answer: &Personal<Value>,
        origin: &Origin,
    ) -> Result<SessionToken, OperatorsError> {
        let day = self.kernel.today().await?;
        let counter = Counter::new(&day, BY_ADDRESS, &of_address(*origin.address.reveal()));
        self.count_all(&day, vec![counter]).await?;
        let keyring = self.kernel.keyring();
        let ceremony = keyring.take_operator_question(question, None).await?.ok_or(OperatorsError::Refused)?;
        let said = passkey::claimed(answer.reveal()).ok_or(OperatorsError::Refused)?;
        let handle = said.handle.ok_or(OperatorsError::Refused)?;
        let all = keyring.operators().await?;
        let account = all.into_iter().find(|account| account.kept.handle == handle).ok_or(OperatorsError::Refused)?;
        let known = account.kept.passkeys.iter().find(|key| key.id() == said.id).ok_or(OperatorsError::Refused)?;
        let used = ceremony.verify(known, answer.reveal()).map_err(|_| OperatorsError::Refused)?;
        let token = SessionToken::random(self.kernel.entropy());
        self.put(with(account, used), Then::Begins(token.clone())).await?;
        Ok(token)
    }

    /// Begins to make a passkey.
    ///
    /// # Errors
    /// [`OperatorsError::NeedsName`]; [`OperatorsError::Refused`] where there are as many as there may be.
    pub async fn begin_passkey(&self, access: &OperatorAccess) -> Result<Question, OperatorsError> {
        let account = &access.account;
        if account.kept.passkeys.len() >= MOST {
            return Err(OperatorsError::Refused);
        }
        let ceremony = self.ceremony(&access.origin)?;
        let name = account.kept.name.clone();
        let user = User { handle: account.kept.handle.clone(), name: name.clone(), display_name: name };
        let public_key = ceremony.creation_options(&user, &account.kept.passkeys, LIFETIME);
        self.keep(&ceremony, Some(account), public_key).await
    }

    /// Keeps the passkey that `answer` makes.
    ///
    /// # Errors
    /// [`OperatorsError::Refused`].
    pub async fn add_passkey(
        &self,
        access: &OperatorAccess,
        question: OperatorQuestionId,
        answer: &Personal<Value>,
    ) -> Result<(), OperatorsError> {
        let asked = self.kernel.keyring().take_operator_question(question, Some(access.account.id)).await?;
        let ceremony = asked.ok_or(OperatorsError::Refused)?;
        let mut account = self.with_id(access.account.id).await?;
        let kept = &mut account.kept;
        let made = ceremony.register(&kept.handle, &kept.passkeys, answer.reveal());
        kept.passkeys.push(made.map_err(|_| OperatorsError::Refused)?);
        self.put(account, Then::Nothing).await
    }

    /// Removes every passkey of the operator's own; the app stays.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn remove_passkeys(&self, access: &OperatorAccess) -> Result<(), OperatorsError> {
        let mut account = self.with_id(access.account.id).await?;
        account.kept.passkeys.clear();
        self.put(account, Then::Nothing).await
    }

    async fn put(&self, account: OperatorAccount, then: Then) -> Result<(), OperatorsError> {
        match self.kernel.keyring().change_operator(Operator::Account(account.id), &account, then).await? {
            Changed::Done => Ok(()),
            Changed::Overtaken | Changed::LastAdministrator => Err(OperatorsError::Refused),
        }
    }

    fn ceremony(&self, origin: &Origin) -> Result<Ceremony, OperatorsError> {
        let site = origin.site.as_ref().ok_or(OperatorsError::NeedsName)?;
        Ok(Ceremony::new(site, self.kernel.entropy()))
    }

    async fn keep(
        &self,
        ceremony: &Ceremony,
        of: Option<&OperatorAccount>,
        public_key: Value,
    ) -> Result<Question, OperatorsError> {
        let expires_at = self.kernel.now().plus(LIFETIME);
        let of = of.map(|account| account.id);
        let id = self.kernel.keyring().keep_operator_question(ceremony, of, expires_at).await?;
        Ok(Question { id, public_key })
    }
}

/// The account with a passkey as it is kept from now on.
fn with(mut account: OperatorAccount, used: Passkey) -> OperatorAccount {
    for key in &mut account.kept.passkeys {
        if key.id() == used.id() {
            *key = used.clone();
        }
    }
    account
}
