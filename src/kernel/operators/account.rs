//! An operator's account: a name, a role, and what signs in. There is no password.

use serde::{Deserialize, Serialize};

use super::Role;
use crate::kernel::clock::Time;
use crate::kernel::crypto::passkey::{Passkey, UserHandle};
use crate::kernel::crypto::totp::{DIGITS, PERIOD, Step, TotpSecret};
use crate::kernel::entropy::Entropy;
use crate::kernel::ids::OperatorId;
use crate::kernel::personal::{Personal, Secret, revealed};

/// What an operator signs in as: 2 to 64 letters, digits and `.`, `-`, `_`, `@`, in small letters.
#[derive(Debug, Clone)]
pub struct OperatorName(Personal<String>);

/// It is no operator's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name is 2 to 64 letters, digits, dots, hyphens, underscores or at signs")]
pub struct NotAName;

impl OperatorName {
    /// Reads a name as somebody types it.
    ///
    /// # Errors
    /// [`NotAName`].
    pub fn parse(text: &str) -> Result<Self, NotAName> {
        let name = text.trim().to_lowercase();
        let fits = (2..=64).contains(&name.chars().count());
        let is_plain = name.chars().all(|c| c.is_alphanumeric() || ".-_@".contains(c));
        if fits && is_plain { Ok(Self(Personal::new(name))) } else { Err(NotAName) }
    }

    /// As it is kept.
    #[must_use]
    pub const fn text(&self) -> &Personal<String> {
        &self.0
    }
}

impl std::str::FromStr for OperatorName {
    type Err = NotAName;
    fn from_str(text: &str) -> Result<Self, NotAName> {
        Self::parse(text)
    }
}

/// An operator's account.
#[derive(Clone)]
pub struct OperatorAccount {
    /// Its id.
    pub id: OperatorId,
    /// What it may do.
    pub role: Role,
    /// Since when it is there.
    pub created_at: Time,
    /// What is sealed of it.
    pub kept: Kept,
    /// Of its row, counted from 1: whoever changes it says which one they saw.
    pub(in crate::kernel) version: i64,
}

/// What is known of an operator, sealed under the service's key.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// What they sign in as.
    #[serde(with = "revealed")]
    pub name: Personal<String>,
    /// Their authenticator app.
    app: App,
    /// What authenticators know them by.
    pub handle: UserHandle,
    /// Their passkeys.
    pub passkeys: Vec<Passkey>,
}

/// A secret shared with an authenticator app (RFC 6238).
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct App {
    /// Base32.
    #[serde(with = "revealed")]
    secret: Secret<String>,
    /// The step of the last code that was accepted: none up to it is accepted again.
    last: Option<Step>,
}

/// What stands beside the name in an app.
const ISSUER: &str = "Seif operator";

impl OperatorAccount {
    /// A new account with a new app and no passkey.
    #[must_use]
    pub fn new(name: &OperatorName, role: Role, now: Time, entropy: &Entropy) -> Self {
        let app = App::new(entropy);
        let kept = Kept { name: name.text().clone(), app, handle: UserHandle::random(entropy), passkeys: Vec::new() };
        Self { id: OperatorId::new(now, entropy), role, created_at: now, kept, version: 1 }
    }

    /// The same in another role.
    #[must_use]
    pub fn of_role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// The same with a new app alone: what signed in before does so no more.
    #[must_use]
    pub fn reset(mut self, entropy: &Entropy) -> Self {
        self.kept.app = App::new(entropy);
        self.kept.passkeys = Vec::new();
        self
    }

    /// The account after `typed` was accepted as a code of its app; nothing when it is not. A code is accepted once.
    #[must_use]
    pub fn accept(mut self, typed: &Secret<String>, now: Time) -> Option<Self> {
        self.kept.app.last = Some(self.kept.app.step_of(typed, now)?);
        Some(self)
    }

    /// The app's secret, base32; shown once, to whoever makes the account.
    #[must_use]
    pub const fn secret(&self) -> &Secret<String> {
        &self.kept.app.secret
    }

    /// The same as an address that apps read from a picture (`otpauth`).
    #[must_use]
    pub fn app_address(&self) -> Secret<String> {
        let label: String = self.kept.name.reveal().bytes().map(escaped).collect();
        let issuer: String = ISSUER.bytes().map(escaped).collect();
        let secret = self.secret().reveal();
        Secret::new(format!(
            "otpauth://totp/{issuer}:{label}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={PERIOD}"
        ))
    }
}

/// Looks for `typed` among the codes of nobody, for as long as it takes among somebody's.
pub fn accept_for_nobody(typed: &Secret<String>, now: Time, entropy: &Entropy) {
    let _ = App::new(entropy).step_of(typed, now);
}

impl App {
    fn new(entropy: &Entropy) -> Self {
        Self { secret: TotpSecret::random(entropy).base32(), last: None }
    }

    fn step_of(&self, typed: &Secret<String>, now: Time) -> Option<Step> {
        let typed = Secret::new(typed.reveal().chars().filter(|c| !c.is_whitespace()).collect::<String>());
        TotpSecret::parse(self.secret.reveal())?.accepts(typed.reveal(), now, self.last)
    }
}

/// A byte as a part of a path (RFC 3986 §2.1).
fn escaped(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn code(account: &OperatorAccount, now: Time) -> Secret<String> {
        TotpSecret::parse(account.secret().reveal()).unwrap().code(Step::at(now))
    }

    #[test]
    fn a_code_is_accepted_once_and_none_before_it_afterwards() {
        let (entropy, now) = (Entropy::system(), Time::from_micros(1_800_000_000_000_000));
        let account = OperatorAccount::new(&"anna".parse().unwrap(), Role::Reader, now, &entropy);
        let (early, late) = (code(&account, now), code(&account, now.plus(Duration::from_secs(30))));
        let after = account.accept(&late, now).unwrap();
        assert!(after.clone().accept(&late, now).is_none());
        assert!(after.clone().accept(&early, now).is_none());
        assert!(after.reset(&entropy).accept(&late, now).is_none());
    }

    #[test]
    fn a_name_is_read_in_small_letters_and_holds_nothing_that_breaks_out_of_an_address() {
        assert_eq!(OperatorName::parse(" Anna.K@x ").unwrap().text().reveal(), "anna.k@x");
        for wrong in ["", "a", "a b", "a&b", "a?b", "a/b", &"a".repeat(65)] {
            assert_eq!(OperatorName::parse(wrong).unwrap_err(), NotAName, "{wrong}");
        }
        let account =
            OperatorAccount::new(&"jānis@x".parse().unwrap(), Role::Reader, Time::from_micros(0), &Entropy::system());
        let address = account.app_address();
        assert!(address.reveal().starts_with("otpauth://totp/Seif%20operator:j%C4%81nis%40x?secret="));
    }
}
