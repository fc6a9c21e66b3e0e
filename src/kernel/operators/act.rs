//! What an operator can do, and what the ledger says of it.

use crate::kernel::audit::Action;
use crate::kernel::ids::{AccountId, CollectionId, MessageId, OperatorId, SupportGrantId, TenantId};
use crate::kernel::operators::{Role, Step};

/// What an operator can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says it")]
pub enum Act {
    RotateRoot,
    PrepareRoot,
    DestroyRoot,
    RotateKeys,
    PauseKeys,
    ResumeKeys,
    PaceKeys,
    TakeBackup,
    TryBackup,
    Restore,
    DraftPolicy,
    AnnouncePolicy,
    WithdrawPolicy,
    NoteBounce,
    ExportEvidence,
    IdentifyCaller,
    ShowTenant,
    EraseTenant,
    ViewForSupport,
    AddOperator,
    ChangeOperator,
    RemoveOperator,
    ResetOperator,
    SignIn,
}

impl Act {
    /// Every act.
    pub const ALL: [Self; 24] = [
        Self::RotateRoot,
        Self::PrepareRoot,
        Self::DestroyRoot,
        Self::RotateKeys,
        Self::PauseKeys,
        Self::ResumeKeys,
        Self::PaceKeys,
        Self::TakeBackup,
        Self::TryBackup,
        Self::Restore,
        Self::DraftPolicy,
        Self::AnnouncePolicy,
        Self::WithdrawPolicy,
        Self::NoteBounce,
        Self::ExportEvidence,
        Self::IdentifyCaller,
        Self::ShowTenant,
        Self::EraseTenant,
        Self::ViewForSupport,
        Self::AddOperator,
        Self::ChangeOperator,
        Self::RemoveOperator,
        Self::ResetOperator,
        Self::SignIn,
    ];

    /// Its name in the ledger and in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RotateRoot => "rotate_root",
            Self::PrepareRoot => "prepare_root",
            Self::DestroyRoot => "destroy_root",
            Self::RotateKeys => "rotate_keys",
            Self::PauseKeys => "pause_keys",
            Self::ResumeKeys => "resume_keys",
            Self::PaceKeys => "pace_keys",
            Self::TakeBackup => "take_backup",
            Self::TryBackup => "try_backup",
            Self::Restore => "restore",
            Self::DraftPolicy => "draft_policy",
            Self::AnnouncePolicy => "announce_policy",
            Self::WithdrawPolicy => "withdraw_policy",
            Self::NoteBounce => "note_bounce",
            Self::ExportEvidence => "export_evidence",
            Self::IdentifyCaller => "identify_caller",
            Self::ShowTenant => "show_tenant",
            Self::EraseTenant => "erase_tenant",
            Self::ViewForSupport => "view_for_support",
            Self::AddOperator => "add_operator",
            Self::ChangeOperator => "change_operator",
            Self::RemoveOperator => "remove_operator",
            Self::ResetOperator => "reset_operator",
            Self::SignIn => "sign_in",
        }
    }

    /// Whose duty it is, beside an administrator's, who has them all.
    #[must_use]
    pub const fn duty_of(self) -> Role {
        match self {
            Self::RotateRoot
            | Self::PrepareRoot
            | Self::DestroyRoot
            | Self::RotateKeys
            | Self::PauseKeys
            | Self::ResumeKeys
            | Self::PaceKeys
            | Self::TakeBackup
            | Self::TryBackup
            | Self::Restore => Role::KeyKeeper,
            Self::DraftPolicy
            | Self::AnnouncePolicy
            | Self::WithdrawPolicy
            | Self::NoteBounce
            | Self::ExportEvidence => Role::Publisher,
            Self::IdentifyCaller | Self::ShowTenant | Self::ViewForSupport | Self::SignIn => Role::Reader,
            Self::EraseTenant
            | Self::AddOperator
            | Self::ChangeOperator
            | Self::RemoveOperator
            | Self::ResetOperator => Role::Administrator,
        }
    }

    /// Whether it is among the duties of `role`.
    #[must_use]
    pub fn is_duty_of(self, role: Role) -> bool {
        [self.duty_of(), Role::Administrator].contains(&role)
    }

    /// Whether two operators stand behind it: what cannot be taken back, or is said to everybody.
    #[must_use]
    pub const fn is_of_two(self) -> bool {
        matches!(self, Self::DestroyRoot | Self::AnnouncePolicy | Self::Restore | Self::EraseTenant)
    }

    /// What a tenant's own audit says of it; nothing of what touches no tenant. That support looks is said before it does;
    /// where nothing was seen after all, that is said too.
    pub(in crate::kernel) fn told_as(self, step: Step) -> Option<Action> {
        match self {
            Self::ViewForSupport if step == Step::Failed => Some(Action::SupportViewRefused),
            Self::RotateKeys => Some(Action::OperatorRotatedKeys),
            Self::PauseKeys => Some(Action::OperatorPausedKeys),
            Self::ResumeKeys => Some(Action::OperatorResumedKeys),
            Self::Restore => Some(Action::OperatorRestored),
            Self::ShowTenant => Some(Action::OperatorShownTenant),
            Self::EraseTenant => Some(Action::OperatorAskedErasure),
            Self::ViewForSupport => Some(Action::SupportViewed),
            _ => None,
        }
    }
}

/// On what an operator acts: by id and number, never by what a person entered.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says it")]
pub enum Of {
    Everybody,
    Tenant(TenantId),
    Account(AccountId),
    Collection(CollectionId),
    SupportGrant(SupportGrantId),
    Operator(OperatorId),
    Role(Role),
    RootVersion(i64),
    /// Keys whose version in use is at least so many days old.
    OlderThanDays(u64),
    /// A pace: so many values a second at most.
    ValuesASecond(u32),
    /// A legal document, by its name.
    Document(String),
    /// A version of the document that stands beside it.
    Version(u32),
    Message(MessageId),
    /// `data` or `keyring`.
    Database(String),
    /// A back-up's id.
    Backup(String),
    /// Why, of a closed list.
    Reason(String),
}

/// Whom a deed touches, so that they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touches {
    /// No tenant; or those of which whatever does it says so.
    Nobody,
    /// This tenant, from the moment that it begins.
    Tenant(TenantId),
    /// Every tenant, once it is done.
    Everybody,
}

/// Something that an operator has done.
pub trait Deed {
    /// What.
    fn act(&self) -> Act;

    /// On what.
    fn of(&self) -> Vec<Of> {
        Vec::new()
    }

    /// Whom it touches.
    fn touches(&self) -> Touches {
        Touches::Nobody
    }
}

/// A deed that one operator is enough for. The ledger refuses one whose act [is of two](Act::is_of_two).
pub trait ByOne: Deed {}

/// A deed that two operators stand behind: one proposes exactly what is written out here, another confirms it.
pub trait ByTwo: Deed + serde::Serialize {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_act_is_stored_by_its_name() {
        for act in Act::ALL {
            assert_eq!(serde_json::to_string(&act).unwrap(), format!("\"{}\"", act.name()));
        }
        for step in crate::kernel::operators::Step::ALL {
            assert_eq!(serde_json::to_string(&step).unwrap(), format!("\"{}\"", step.name()));
        }
    }
}
