//! What was begun when a browser was sent away: all that is needed to judge what it comes back with.

use openidconnect::RedirectUrl;
use serde::{Deserialize, Serialize};

use crate::kernel::clock::Time;
use crate::kernel::crypto::token::SessionToken;
use crate::kernel::entropy::Entropy;
use crate::kernel::ids::SessionId;
use crate::kernel::personal::{Comparison, Secret, revealed};

/// Why somebody was sent away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Errand {
    /// To sign in.
    SignIn,
    /// To confirm a session.
    Confirm,
    /// To link who they are there.
    Link,
}

impl Errand {
    const ALL: [Self; 3] = [Self::SignIn, Self::Confirm, Self::Link];

    const fn letter(self) -> &'static str {
        match self {
            Self::SignIn => "s.",
            Self::Confirm => "c.",
            Self::Link => "l.",
        }
    }

    /// The errand that a `state` belongs to, and what of it is secret.
    pub(super) fn of(state: &str) -> Option<(Self, Secret<String>)> {
        let errand = Self::ALL.into_iter().find(|errand| state.starts_with(errand.letter()))?;
        let secret = SessionToken::parse(state.get(2..)?)?;
        Some((errand, Secret::new(secret.reveal().to_owned())))
    }
}

/// An errand under way. Each is judged once.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::accounts) struct Pending {
    /// The provider's name.
    pub(in crate::accounts) provider: String,
    /// The secret part of `state`: what comes back belongs to what was begun here.
    #[serde(with = "revealed")]
    pub(super) state: Secret<String>,
    /// What the token must repeat.
    #[serde(with = "revealed")]
    pub(super) nonce: Secret<String>,
    /// What redeems the code (RFC 7636).
    #[serde(with = "revealed")]
    pub(super) verifier: Secret<String>,
    /// Where the browser comes back to.
    pub(super) redirect: String,
    /// The session that began it; none before sign-in.
    pub(super) session: Option<SessionId>,
    /// When.
    pub(super) began_at: Time,
    /// Where it leads on to.
    pub(super) next: String,
    /// Whether others use the computer too.
    pub(super) shared_computer: bool,
}

impl Pending {
    /// An errand that begins now, with randomness of its own.
    pub(super) fn new(
        provider: &str,
        return_to: &ReturnTo,
        session: Option<SessionId>,
        now: Time,
        entropy: &Entropy,
    ) -> Self {
        let secret = || Secret::new(SessionToken::random(entropy).reveal().to_owned());
        Self {
            provider: provider.to_owned(),
            state: secret(),
            nonce: secret(),
            verifier: secret(),
            redirect: return_to.redirect(provider),
            session,
            began_at: now,
            next: return_to.next.clone(),
            shared_computer: false,
        }
    }

    /// Its `state`, for an errand of this kind.
    pub(super) fn state_of(&self, errand: Errand) -> String {
        format!("{}{}", errand.letter(), self.state.reveal())
    }

    /// Whether what came back is of this errand, by its secret, its provider and its session.
    pub(in crate::accounts) fn is_of(
        &self,
        state: &Secret<String>,
        provider: &str,
        session: Option<SessionId>,
    ) -> Comparison {
        let same = self.provider == provider && self.session == session;
        if same { self.state.same_as(state.reveal().as_bytes()) } else { Comparison::Different }
    }

    /// Where the browser comes back to, as the provider knows it.
    pub(super) fn redirect_url(&self) -> Option<RedirectUrl> {
        RedirectUrl::new(self.redirect.clone()).ok()
    }
}

/// Where the browser is to come back to: the service as it was asked for, then a path of ours.
#[derive(Debug, Clone)]
pub struct ReturnTo {
    /// `https://` and the host that the browser asked for, one of the genuine ones.
    pub origin: String,
    /// The path that it leads on to.
    pub next: String,
}

impl ReturnTo {
    fn redirect(&self, provider: &str) -> String {
        format!("{}/sign-in/oidc/{provider}/return", self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(session: Option<SessionId>) -> Pending {
        let return_to = ReturnTo { origin: "https://vault.example".to_owned(), next: "/".to_owned() };
        Pending::new("bank", &return_to, session, Time::from_micros(0), &Entropy::seeded(7))
    }

    #[test]
    fn a_state_is_of_its_own_errand_provider_and_session_alone() {
        let mine = Some(SessionId::from_bytes([1; 16]));
        let begun = pending(mine);
        let (errand, state) = Errand::of(&begun.state_of(Errand::Confirm)).unwrap();
        assert_eq!(errand, Errand::Confirm);
        assert_eq!(begun.is_of(&state, "bank", mine), Comparison::Same);
        assert_eq!(begun.is_of(&state, "other", mine), Comparison::Different);
        assert_eq!(begun.is_of(&state, "bank", None), Comparison::Different);
        assert_eq!(begun.is_of(&state, "bank", Some(SessionId::from_bytes([2; 16]))), Comparison::Different);
        assert_eq!(begun.is_of(&begun.nonce, "bank", mine), Comparison::Different);
        for text in ["", "s.", "x.AAAA", "s.short", "é"] {
            assert!(Errand::of(text).is_none(), "{text}");
        }
    }

    #[test]
    fn what_is_secret_of_an_errand_differs_from_one_another_and_shows_nowhere() {
        let begun = pending(None);
        assert_eq!(begun.state.same_as(begun.nonce.reveal().as_bytes()), Comparison::Different);
        assert_eq!(begun.nonce.same_as(begun.verifier.reveal().as_bytes()), Comparison::Different);
        // RFC 7636 §4.1: 43 to 128 characters.
        assert_eq!(begun.verifier.reveal().len(), 43);
        assert_eq!(begun.redirect, "https://vault.example/sign-in/oidc/bank/return");
    }
}
