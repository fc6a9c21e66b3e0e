//! What there is to say, before it has words.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::kernel::clock::Time;
use crate::kernel::personal::{Personal, Secret};
use crate::kernel::values::{EmailAddress, Locale, PhoneNumber};

/// One mail to one person: what the outbox seals.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// The address it goes to.
    #[serde(serialize_with = "spelled_out")]
    pub to: EmailAddress,
    /// The language of its reader.
    pub language: Locale,
    /// What it says.
    pub notice: Notice,
}

/// One text message to one phone.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// The phone it goes to.
    #[serde(serialize_with = "in_full")]
    pub to: PhoneNumber,
    /// The language of its reader.
    pub language: Locale,
    /// What it says.
    pub says: Says,
}

/// What a text message says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Says {
    /// A code.
    Code {
        /// What it is for.
        purpose: TextPurpose,
        /// The code itself.
        code: Code,
    },
    /// That somebody regains the account: told at every address that its person has (P-10).
    Regained(Regained),
}

impl Says {
    /// How long it is worth delivering.
    #[must_use]
    pub const fn life(&self) -> Life {
        match self {
            Self::Code { code, .. } => Life::Code(code.valid_for()),
            Self::Regained(_) => Life::Letter,
        }
    }
}

/// A step of regaining an account without its password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Regained {
    /// A new password was asked for by e-mail alone, and waits.
    Waits,
    /// It has waited long enough.
    Ready,
    /// It holds.
    Done,
    /// It holds, and the account is not frozen any more.
    Thawed,
}

/// What a code in a text message is for; it says so (K-1, K-5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextPurpose {
    /// Raising a session from `password` to `confirmed` (R-4.2).
    SignIn,
    /// Proving the phone number that an account is to have (K-2).
    NewNumber,
    /// Taking back a change of the number that this was (P-6): good for days.
    Undo,
}

/// For the seal alone.
fn in_full<S: serde::Serializer>(number: &PhoneNumber, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(number.e164())
}

/// For the seal alone.
fn spelled_out<S: serde::Serializer>(address: &EmailAddress, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(address.display())
}

/// Something that the service says to a person.
///
/// Sealed in the outbox under its variant's name. Tagged from outside, because an inner tag would make serde buffer the
/// code in memory that nobody overwrites.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Notice {
    /// The code that proves the address of somebody who joins.
    SignupCode {
        /// The code itself.
        code: Code,
    },
    /// To the owner of an address: somebody tried to join with it.
    AddressTaken,
    /// The code that confirms a step of somebody who has an account.
    ConfirmationCode {
        /// The code itself.
        code: Code,
        /// What the code is for.
        purpose: Purpose,
    },
    /// To the owner of an address: somebody with another account tried to make it theirs.
    AddressWanted,
    /// The account's password was changed.
    PasswordChanged,
    /// To the address that no longer signs in: what takes the change back (P-6).
    IdentifierUndo {
        /// The code that does.
        code: UndoCode,
    },
    /// A support code identified them to support (K-7, S-12).
    SupportIdentified,
    /// A change of what signs in was taken back from the old.
    IdentifierRestored,
    /// The address or phone number that signs in was changed.
    IdentifierChanged,
    /// From where the account may be used was changed (R-24).
    AddressesChanged,
    /// With a new password, the list of addresses from which the account may be used was lifted (R-24).
    AddressesLifted,
    /// A token was made that acts for its maker in a tenant (K-7).
    TokenMade,
    /// Somebody had the right password, and came from where the account may not be used (R-24).
    SignInOutside,
    /// Something was added that confirms its owner from now on (K-7).
    MethodAdded {
        /// Of what kind.
        means: Means,
    },
    /// Something no longer confirms its owner (K-7).
    MethodRemoved {
        /// Of what kind.
        means: Means,
    },
    /// So many wrong answers came that it confirms nobody any more (K-7).
    MethodEnded {
        /// Of what kind.
        means: Means,
    },
    /// A passkey's counter went back: there may be a copy of it (K-7).
    PasskeyCopied,
    /// A recovery code was used (K-7).
    RecoveryCodeUsed {
        /// How many there are left.
        left: u32,
    },
    /// Somebody was not let in, with the wrong password or in another way that is refused alike (K-7).
    SignInRefused {
        /// How often, within an hour.
        times: u32,
    },
    /// Somebody who knew the password had a wrong answer to what else confirms the account (K-7).
    ConfirmationRefused {
        /// How often, within an hour.
        times: u32,
    },
    /// The password was right, and the account is frozen: nobody was let in (R-27).
    SignInWhileFrozen {
        /// How often, within an hour.
        times: u32,
    },
    /// Somebody who is not signed in had a wrong code, or a wrong second one (R-11).
    RecoveryRefused {
        /// How often, within an hour.
        times: u32,
    },
    /// Somebody who is signed in wanted to change the password, and did not know the present one.
    PasswordChangeRefused {
        /// How often, within an hour.
        times: u32,
    },
    /// The account is frozen (R-27).
    AccountFrozen,
    /// The account is open again, under a new password (R-27).
    AccountThawed,
    /// By e-mail alone, a new password was asked for: it can be set from then on, unless its owner objects (R-11).
    ResetWaits {
        /// From when.
        until: Time,
    },
    /// From now on it can.
    ResetReady,
    /// It cannot any more.
    ResetCancelled,
    /// What has gathered since the last one (K-9).
    Digest {
        /// Oldest first.
        items: Vec<DigestItem>,
        /// How many more there were than a mail holds.
        more: u32,
    },
    /// A sign-in that waited for another device was decided on there (K-7).
    SignInDecided {
        /// How.
        decided: Decided,
    },
    /// To whoever reads the mail at an address: they may join a tenant.
    Invitation {
        /// The name that its owner gave it.
        #[serde(with = "crate::kernel::personal::revealed")]
        tenant_name: Personal<String>,
        /// The code that makes them a member.
        code: UndoCode,
    },
    /// To a member: their tenant accepts other ways to confirm from now on (R-5).
    SignInRulesChanged {
        /// The name that its owner gave it.
        #[serde(with = "crate::kernel::personal::revealed")]
        tenant_name: Personal<String>,
    },
    /// To an owner: another or they themselves sealed the vault.
    VaultSealed {
        /// The tenant's name.
        #[serde(with = "crate::kernel::personal::revealed")]
        tenant_name: Personal<String>,
    },
    /// To an owner: it was unsealed.
    VaultUnsealed {
        /// The tenant's name.
        #[serde(with = "crate::kernel::personal::revealed")]
        tenant_name: Personal<String>,
    },
    /// To an owner: support looked into the vault for the first time by a grant.
    SupportLooked {
        /// The tenant's name.
        #[serde(with = "crate::kernel::personal::revealed")]
        tenant_name: Personal<String>,
        /// When the grant ends by itself.
        until: Time,
    },
    /// To everybody: legal documents change (P-15).
    PolicyChanged {
        /// Which, and how.
        documents: Vec<ChangedDocument>,
        /// The signed note of the transparency log as it is, which makes whoever keeps it a witness.
        checkpoint: String,
    },
    /// To whoever was told of a change of the legal documents: it is withdrawn (P-15).
    PolicyWithdrawn {
        /// Which were announced.
        documents: Vec<WithdrawnDocument>,
    },
    /// To every member: an owner wishes the tenant to leave.
    LeavingRequested {
        /// The tenant's name.
        #[serde(with = "crate::kernel::personal::revealed")]
        tenant_name: Personal<String>,
        /// The day it is erased on, if nobody has it stay: `2026-12-22`.
        on: String,
    },
    /// To an owner: nobody uses the tenant, and it leaves if that stays so, as an owner chose.
    InactivityWarned {
        /// The tenant's name.
        #[serde(with = "crate::kernel::personal::revealed")]
        tenant_name: Personal<String>,
        /// The day before which a use keeps it: `2026-12-22`.
        on: String,
    },
    /// To every member: nobody used the tenant for so long that it leaves, as an owner chose.
    LeavingUnused {
        /// The tenant's name.
        #[serde(with = "crate::kernel::personal::revealed")]
        tenant_name: Personal<String>,
        /// The day it is erased on, if nobody has it stay: `2026-12-22`.
        on: String,
    },
    /// To every member: whoever runs the service has the tenant leave on its behalf.
    LeavingOnBehalf {
        /// The tenant's name.
        #[serde(with = "crate::kernel::personal::revealed")]
        tenant_name: Personal<String>,
        /// The day it is erased on, if nobody has it stay: `2026-12-22`.
        on: String,
    },
    /// To every member: the tenant stays after all.
    LeavingTakenBack {
        /// The tenant's name.
        #[serde(with = "crate::kernel::personal::revealed")]
        tenant_name: Personal<String>,
    },
    /// To every member, last of all: everything is being erased.
    Farewell {
        /// The tenant's name.
        #[serde(with = "crate::kernel::personal::revealed")]
        tenant_name: Personal<String>,
        /// To owners: the id under which the proof is kept.
        #[serde(with = "crate::kernel::personal::revealed::option")]
        erasure: Option<Secret<String>>,
    },
    /// To who had their account erased, last of all.
    AccountFarewell {
        /// The id under which the proof is kept.
        #[serde(with = "crate::kernel::personal::revealed")]
        erasure: Secret<String>,
    },
    /// A tenant has begun.
    Welcome {
        /// The name that its owner gave it.
        #[serde(with = "crate::kernel::personal::revealed")]
        tenant_name: Personal<String>,
    },
}

impl Notice {
    /// How long it is worth delivering.
    #[must_use]
    pub const fn life(&self) -> Life {
        match self {
            Self::SignupCode { code } | Self::ConfirmationCode { code, .. } => Life::Code(code.valid_for()),
            Self::AddressTaken
            | Self::AddressWanted
            | Self::IdentifierUndo { .. }
            | Self::IdentifierRestored
            | Self::SupportIdentified
            | Self::PasswordChanged
            | Self::IdentifierChanged
            | Self::AddressesChanged
            | Self::AddressesLifted
            | Self::TokenMade
            | Self::SignInOutside
            | Self::MethodAdded { .. }
            | Self::MethodRemoved { .. }
            | Self::MethodEnded { .. }
            | Self::PasskeyCopied
            | Self::RecoveryCodeUsed { .. }
            | Self::SignInRefused { .. }
            | Self::ConfirmationRefused { .. }
            | Self::SignInWhileFrozen { .. }
            | Self::RecoveryRefused { .. }
            | Self::PasswordChangeRefused { .. }
            | Self::AccountFrozen
            | Self::AccountThawed
            | Self::ResetWaits { .. }
            | Self::ResetReady
            | Self::ResetCancelled
            | Self::Digest { .. }
            | Self::SignInDecided { .. }
            | Self::Invitation { .. }
            | Self::SignInRulesChanged { .. }
            | Self::PolicyChanged { .. }
            | Self::PolicyWithdrawn { .. }
            | Self::VaultSealed { .. }
            | Self::VaultUnsealed { .. }
            | Self::SupportLooked { .. }
            | Self::LeavingRequested { .. }
            | Self::InactivityWarned { .. }
            | Self::LeavingUnused { .. }
            | Self::LeavingOnBehalf { .. }
            | Self::LeavingTakenBack { .. }
            | Self::Farewell { .. }
            | Self::AccountFarewell { .. }
            | Self::Welcome { .. } => Life::Letter,
        }
    }
}

impl Notice {
    /// Whether its mail may wait for the time that the person chose (K-9).
    #[must_use]
    pub const fn urgency(&self) -> Urgency {
        match self {
            Self::SignInRefused { .. }
            | Self::ConfirmationRefused { .. }
            | Self::RecoveryRefused { .. }
            | Self::PasswordChangeRefused { .. } => Urgency::AsChosen,
            _ => Urgency::Now,
        }
    }

    /// Whether what it tells of was let happen.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::SignInRefused { .. }
            | Self::ConfirmationRefused { .. }
            | Self::SignInOutside
            | Self::SignInWhileFrozen { .. }
            | Self::RecoveryRefused { .. }
            | Self::PasswordChangeRefused { .. }
            | Self::AddressTaken
            | Self::AddressWanted
            | Self::MethodEnded { .. }
            | Self::PasskeyCopied => Outcome::Refused,
            _ => Outcome::Accepted,
        }
    }
}

/// Whether a mail may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// It goes at once, whatever was chosen: who controls the account has changed, or may have.
    Now,
    /// It goes at once or with the daily digest.
    AsChosen,
}

/// What became of the operation that a notice tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Accepted,
    /// It was not.
    Refused,
}

/// One line of a digest.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigestItem {
    /// When.
    pub at: Time,
    /// What.
    pub notice: Notice,
}

/// A legal document that changes. Public, all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangedDocument {
    /// Its title, in the reader's language.
    pub title: String,
    /// The version that is announced.
    pub version: u32,
    /// The first day on which it may apply: `2026-12-22`.
    pub on: String,
    /// What changes, in plain words; empty where nothing was said.
    pub summary: String,
}

/// A version that was announced and is withdrawn. Public, all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithdrawnDocument {
    /// Its title, in the reader's language.
    pub title: String,
    /// Its number.
    pub version: u32,
}

/// What confirms a person, as mails name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// An authenticator app.
    Totp,
    /// A set of recovery codes.
    RecoveryCodes,
    /// A passkey.
    Passkey,
    /// A third party's multi-step sign-in.
    Oidc,
}

impl Means {
    /// Its name in the texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::RecoveryCodes => "recovery-codes",
            Self::Passkey => "passkey",
            Self::Oidc => "oidc",
        }
    }
}

/// How a sign-in was decided on, on another device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decided {
    /// It may go on.
    Approved,
    /// Another code was picked than the one to pick.
    WrongCode,
    /// It may not.
    Refused,
    /// It may not, and it was somebody else.
    Reported,
}

impl Decided {
    /// Its name in the texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::WrongCode => "wrong-code",
            Self::Refused => "refused",
            Self::Reported => "reported",
        }
    }
}

/// A code as its mail shows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    #[serde(with = "crate::kernel::personal::revealed")]
    digits: Secret<String>,
    seconds: u64,
}

impl Code {
    /// The code of these digits, valid for so long (whole seconds) from the moment its mail is queued.
    #[must_use]
    pub const fn new(digits: Secret<String>, valid_for: Duration) -> Self {
        Self { digits, seconds: valid_for.as_secs() }
    }

    /// The digits.
    #[must_use]
    pub const fn digits(&self) -> &Secret<String> {
        &self.digits
    }

    /// How long it is valid.
    #[must_use]
    pub const fn valid_for(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

/// A code that takes a change back: 120 random bits, good for days.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UndoCode(#[serde(with = "crate::kernel::personal::revealed")] Secret<String>);

impl UndoCode {
    /// The code as it is written down.
    #[must_use]
    pub const fn new(shown: Secret<String>) -> Self {
        Self(shown)
    }

    /// The code.
    #[must_use]
    pub const fn shown(&self) -> &Secret<String> {
        &self.0
    }
}

/// What a confirmation code is for; its mail says so (K-1, K-5, K-16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Raising a session from `password` to `confirmed`.
    SignIn,
    /// Proving the address that an account is to have from now on (P-6).
    NewAddress,
    /// Replacing a forgotten password (P-10).
    PasswordReset,
    /// Freezing the account (R-27).
    Freeze,
    /// Opening it again (R-27).
    Thaw,
}

/// How long a mail is worth delivering, and whether it may arrive twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It holds a code that is valid for so long: until then, and never twice.
    Code(Duration),
    /// It holds news: for two days, and twice rather than not at all.
    Letter,
}

impl Life {
    /// How long after its queueing the last attempt may be.
    #[must_use]
    pub const fn length(self) -> Duration {
        match self {
            Self::Code(valid_for) => valid_for,
            Self::Letter => Duration::from_hours(48),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code() -> Code {
        Code::new(Secret::new("042042".to_owned()), Duration::from_mins(10))
    }

    #[test]
    fn a_mail_reads_back_from_the_form_that_the_outbox_seals() {
        let mail = Mail {
            to: EmailAddress::parse("anna@example.com").unwrap(),
            language: Locale::Lv,
            notice: Notice::ConfirmationCode { code: code(), purpose: Purpose::SignIn },
        };
        let sealed = serde_json::to_string(&mail).unwrap();
        assert_eq!(
            sealed,
            r#"{"to":"anna@example.com","language":"lv","notice":{"confirmation_code":{"code":{"digits":"042042","seconds":600},"purpose":"sign_in"}}}"#
        );
        let opened: Mail = serde_json::from_str(&sealed).unwrap();
        assert_eq!(serde_json::to_string(&opened).unwrap(), sealed);
        let news: Notice = serde_json::from_str(r#""address_taken""#).unwrap();
        assert_eq!(news.life(), Life::Letter);
    }

    #[test]
    fn neither_address_nor_code_nor_tenant_shows_in_debug_output() {
        let mail = Mail {
            to: EmailAddress::parse("anna@example.com").unwrap(),
            language: Locale::En,
            notice: Notice::SignupCode { code: code() },
        };
        let welcome = Notice::Welcome { tenant_name: Personal::new("Rīta Maize".to_owned()) };
        let shown = format!("{mail:?} {welcome:?}");
        for hidden in ["anna", "042042", "Maize"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}
