//! What API tokens may do.

use crate::kernel::access::Denied;

/// The state of a token that works, as the database holds it.
pub const ACTIVE: i16 = 1;

/// The state of a token that was revoked.
pub const REVOKED: i16 = 2;

/// The state of a token that has ended with its account's sessions, and has yet to be entered in the keyring as revoked.
pub const ENDED: i16 = 3;

/// One thing that a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each name says it")]
pub enum TokenScope {
    RecordsRead,
    RecordsWrite,
    RecordsReveal,
    CollectionsWrite,
    FilesRead,
    FilesWrite,
    ExportsRead,
    AuditRead,
    MembersRead,
}

impl TokenScope {
    /// Every scope, with its name in the API.
    pub const ALL: [(Self, &'static str); 9] = [
        (Self::RecordsRead, "records:read"),
        (Self::RecordsWrite, "records:write"),
        (Self::RecordsReveal, "records:reveal"),
        (Self::CollectionsWrite, "collections:write"),
        (Self::FilesRead, "files:read"),
        (Self::FilesWrite, "files:write"),
        (Self::ExportsRead, "exports:read"),
        (Self::AuditRead, "audit:read"),
        (Self::MembersRead, "members:read"),
    ];

    /// The scope of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(scope, _)| *scope)
    }

    /// Its name in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(scope, _)| *scope == self).map_or("", |(_, name)| name)
    }

    const fn bit(self) -> i64 {
        1 << self as i64
    }
}

/// What one token may do, as a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenScopes(i64);

impl TokenScopes {
    /// As the database holds it.
    #[must_use]
    pub const fn from_bits(bits: i64) -> Self {
        Self(bits)
    }

    /// As the database holds it.
    #[must_use]
    pub const fn bits(self) -> i64 {
        self.0
    }

    /// Its scopes, in the order of [`TokenScope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = TokenScope> {
        TokenScope::ALL.into_iter().map(|(scope, _)| scope).filter(move |scope| self.0 & scope.bit() != 0)
    }

    /// Demands `scope`.
    ///
    /// # Errors
    /// [`Denied::Forbidden`] when the token lacks it.
    pub const fn hold(self, scope: TokenScope) -> Result<(), Denied> {
        if self.0 & scope.bit() != 0 { Ok(()) } else { Err(Denied::Forbidden) }
    }
}

impl FromIterator<TokenScope> for TokenScopes {
    fn from_iter<I: IntoIterator<Item = TokenScope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_holds_the_scopes_that_it_was_given_and_no_other() {
        for (given, name) in TokenScope::ALL {
            assert_eq!(TokenScope::parse(name), Some(given));
            let scopes: TokenScopes = [given].into_iter().collect();
            for (asked, _) in TokenScope::ALL {
                assert_eq!(scopes.hold(asked).is_ok(), asked == given);
            }
            assert_eq!(TokenScopes::from_bits(scopes.bits()).iter().collect::<Vec<_>>(), [given]);
        }
        assert_eq!(TokenScope::parse("records"), None);
    }
}
