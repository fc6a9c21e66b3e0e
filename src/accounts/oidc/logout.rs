//! Signing out elsewhere ends what stands on it here (OpenID Connect Back-Channel Logout 1.0).

use std::time::Duration;

use crate::accounts::oidc::Away;
use crate::accounts::oidc::identity::{Tags, logout_tag};
use crate::accounts::oidc::sessions::{self as rows, Ended};
use crate::accounts::oidc::signed::{Disbelief, Hearing, SignedOut};
use crate::accounts::{Accounts, Failure};
use crate::kernel::access::sessions;
use crate::kernel::personal::{Personal, Secret};
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::ServiceScope;

/// A sign-out that was told is remembered longer than its token counts.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// Why a sign-out is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LogoutError {
    /// The token is not believed, was taken before, or comes from nobody that is known.
    #[error("the logout token does not count")]
    Refused,
    /// The provider's keys cannot be had at the moment.
    #[error(transparent)]
    Away(#[from] Away),
    /// Something else was in the way.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Accounts {
    /// Ends the sessions that came in, or were confirmed, by the sign-in that the token says is over. Gives how many.
    ///
    /// # Errors
    /// See [`LogoutError`].
    pub async fn back_channel_logout(&self, provider: &str, token: &Secret<String>) -> Result<usize, LogoutError> {
        let (kernel, keyring) = (self.kernel(), self.kernel().keyring());
        let provider = self.providers().find(provider).ok_or(LogoutError::Refused)?;
        let now = kernel.now();
        let found = provider.found(now).await?;
        let hearing = Hearing { issuer: provider.issuer(), client: provider.client_id(), now };
        let heard = match hearing.sign_out(token.reveal(), found.keys()) {
            Err(Disbelief::UnknownKey) => {
                let found = provider.with_keys_of_now(&found, now).await?;
                hearing.sign_out(token.reveal(), found.keys())
            }
            heard => heard,
        };
        let SignedOut { id, subject, sid } = heard.map_err(|why| {
            tracing::warn!(provider = provider.id(), %why, "a logout token was not believed");
            LogoutError::Refused
        })?;
        let told = logout_tag(keyring, provider.issuer(), &id).map_err(Failure::from)?;
        let text = |part: &'_ Option<Personal<String>>| part.as_ref().map(|part| part.reveal().clone());
        let tags = Tags::of(keyring, provider.issuer(), text(&subject).as_deref(), text(&sid).as_deref());
        let tags = tags.map_err(Failure::from)?;
        let end = move |tx: &mut Tx<'_>, _: &ServiceScope| -> Result<Option<usize>, StoreError> {
            let until = tx.now().plus(REMEMBERED);
            if rows::take(tx, told, until)? == Ended::Before {
                return Ok(None);
            }
            let over = rows::standing_on(tx, &tags)?;
            for session in &over {
                sessions::end(tx, *session)?;
            }
            Ok(Some(over.len()))
        };
        let ended = kernel.write("accounts.back_channel_logout", &kernel.service(), end).await;
        ended.map_err(Failure::from)?.ok_or(LogoutError::Refused)
    }
}
