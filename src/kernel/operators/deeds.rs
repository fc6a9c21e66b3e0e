//! What an operator has the kernel do.

use crate::kernel::crypto::Owner;
use crate::kernel::ids::{CollectionId, OperatorId, SupportGrantId, TenantId};
use crate::kernel::operators::{Act, ByOne, ByTwo, Deed, Of, Role, Touches};
use crate::kernel::rekey::{Pace, Pause};

/// A new root version wraps every owner's key.
#[derive(Debug, Clone, Copy)]
pub struct RotateRoot;

impl Deed for RotateRoot {
    fn act(&self) -> Act {
        Act::RotateRoot
    }
}

impl ByOne for RotateRoot {}

/// A new root version is made, and wraps nothing yet.
#[derive(Debug, Clone, Copy)]
pub struct PrepareRoot;

impl Deed for PrepareRoot {
    fn act(&self) -> Act {
        Act::PrepareRoot
    }
}

impl ByOne for PrepareRoot {}

/// A root version is destroyed.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct DestroyRoot {
    /// Which.
    pub version: i64,
}

impl Deed for DestroyRoot {
    fn act(&self) -> Act {
        Act::DestroyRoot
    }

    fn of(&self) -> Vec<Of> {
        vec![Of::RootVersion(self.version)]
    }
}

impl ByTwo for DestroyRoot {}

/// Keys of owners turn over. Each tenant is told when its own begin to.
#[derive(Debug, Clone, Copy)]
pub struct RotateKeys {
    /// Whose.
    pub whose: Whose,
}

/// Whose keys are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Everybody's.
    All,
    /// One owner's.
    One(Owner),
    /// Those whose version in use is at least so many days old.
    OlderThanDays(u64),
}

impl Whose {
    fn of(self) -> Of {
        match self {
            Self::One(Owner::Tenant(id)) => Of::Tenant(id),
            Self::One(Owner::Account(id)) => Of::Account(id),
            Self::OlderThanDays(days) => Of::OlderThanDays(days),
            Self::All | Self::One(Owner::Service | Owner::Day(_) | Owner::Letter(_)) => Of::Everybody,
        }
    }

    /// Whether the keys of `owner` may be among them.
    pub(in crate::kernel) fn covers(self, owner: Owner) -> bool {
        match self {
            Self::One(one) => one == owner,
            Self::All | Self::OlderThanDays(_) => true,
        }
    }
}

impl Deed for RotateKeys {
    fn act(&self) -> Act {
        Act::RotateKeys
    }

    fn of(&self) -> Vec<Of> {
        vec![self.whose.of()]
    }
}

impl ByOne for RotateKeys {}

/// Keys that turn over wait, or go on. Each tenant whose keys they are is told.
#[derive(Debug, Clone, Copy)]
pub struct HoldKeys {
    /// Whose; nobody's in particular is everybody's.
    pub whose: Option<Owner>,
    /// What they do from now on.
    pub to: Pause,
}

impl Deed for HoldKeys {
    fn act(&self) -> Act {
        match self.to {
            Pause::Waits => Act::PauseKeys,
            Pause::Runs => Act::ResumeKeys,
        }
    }

    fn of(&self) -> Vec<Of> {
        vec![self.whose.map_or(Of::Everybody, |owner| Whose::One(owner).of())]
    }
}

impl ByOne for HoldKeys {}

/// Keys that turn over go at another pace.
#[derive(Debug, Clone, Copy)]
pub struct PaceKeys {
    /// Which.
    pub pace: Pace,
}

impl Deed for PaceKeys {
    fn act(&self) -> Act {
        Act::PaceKeys
    }

    fn of(&self) -> Vec<Of> {
        vec![Of::Everybody, Of::ValuesASecond(self.pace.values_per_second.get())]
    }
}

impl ByOne for PaceKeys {}

/// A back-up is taken.
#[derive(Debug, Clone, Copy)]
pub struct TakeBackup;

impl Deed for TakeBackup {
    fn act(&self) -> Act {
        Act::TakeBackup
    }
}

impl ByOne for TakeBackup {}

/// A back-up is put back into a scratch place, and a sample of every tenant is opened and compared.
#[derive(Debug, Clone, Copy)]
pub struct TryBackup;

impl Deed for TryBackup {
    fn act(&self) -> Act {
        Act::TryBackup
    }
}

impl ByOne for TryBackup {}

/// A back-up of the data is put back.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Restore {
    /// The back-up's id.
    pub backup: String,
}

impl Deed for Restore {
    fn act(&self) -> Act {
        Act::Restore
    }

    fn of(&self) -> Vec<Of> {
        vec![Of::Database("data".to_owned()), Of::Backup(self.backup.clone())]
    }

    fn touches(&self) -> Touches {
        Touches::Everybody
    }
}

impl ByTwo for Restore {}

/// A back-up of the keyring is put back: where there is no keyring there are no operators, and whoever does it is alone.
#[derive(Debug, Clone)]
pub struct RestoreKeyring {
    /// The back-up's id.
    pub backup: String,
}

impl Deed for RestoreKeyring {
    fn act(&self) -> Act {
        Act::Restore
    }

    fn of(&self) -> Vec<Of> {
        vec![Of::Database("keyring".to_owned()), Of::Backup(self.backup.clone())]
    }

    fn touches(&self) -> Touches {
        Touches::Everybody
    }
}

/// Somebody on the telephone is identified by the code that their screen shows.
#[derive(Debug, Clone, Copy)]
pub struct IdentifyCaller;

impl Deed for IdentifyCaller {
    fn act(&self) -> Act {
        Act::IdentifyCaller
    }
}

impl ByOne for IdentifyCaller {}

/// A tenant is looked at: its size, its state, and who subscribes (P-3).
#[derive(Debug, Clone, Copy)]
pub struct ShowTenant {
    /// Which.
    pub tenant: TenantId,
}

impl Deed for ShowTenant {
    fn act(&self) -> Act {
        Act::ShowTenant
    }

    fn of(&self) -> Vec<Of> {
        vec![Of::Tenant(self.tenant)]
    }

    fn touches(&self) -> Touches {
        Touches::Tenant(self.tenant)
    }
}

impl ByOne for ShowTenant {}

/// A tenant leaves on its behalf, after the time of grace, in which any of its owners has it stay.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct EraseTenant {
    /// Which.
    pub tenant: TenantId,
}

impl Deed for EraseTenant {
    fn act(&self) -> Act {
        Act::EraseTenant
    }

    fn of(&self) -> Vec<Of> {
        vec![Of::Tenant(self.tenant)]
    }

    fn touches(&self) -> Touches {
        Touches::Tenant(self.tenant)
    }
}

impl ByTwo for EraseTenant {}

/// Support looks at a page of a collection that the tenant has granted, masked. Each page is a deed of its own.
#[derive(Debug, Clone, Copy)]
pub struct ViewForSupport {
    /// Whose.
    pub tenant: TenantId,
    /// By which grant of the tenant's.
    pub grant: SupportGrantId,
    /// Into which collection.
    pub collection: CollectionId,
}

impl Deed for ViewForSupport {
    fn act(&self) -> Act {
        Act::ViewForSupport
    }

    fn of(&self) -> Vec<Of> {
        vec![Of::Tenant(self.tenant), Of::SupportGrant(self.grant), Of::Collection(self.collection)]
    }

    fn touches(&self) -> Touches {
        Touches::Tenant(self.tenant)
    }
}

impl ByOne for ViewForSupport {}

/// An operator's account is made, or its role changed.
#[derive(Debug, Clone, Copy)]
pub struct SetOperator {
    /// Whose.
    pub operator: OperatorId,
    /// What they may do from now on.
    pub role: Role,
    /// [`Act::AddOperator`] or [`Act::ChangeOperator`].
    pub how: Set,
}

/// What becomes of an operator's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// It is made.
    Added,
    /// It is another role's.
    Changed,
}

impl Deed for SetOperator {
    fn act(&self) -> Act {
        match self.how {
            Set::Added => Act::AddOperator,
            Set::Changed => Act::ChangeOperator,
        }
    }

    fn of(&self) -> Vec<Of> {
        vec![Of::Operator(self.operator), Of::Role(self.role)]
    }
}

impl ByOne for SetOperator {}

/// An operator's account ends.
#[derive(Debug, Clone, Copy)]
pub struct RemoveOperator {
    /// Whose.
    pub operator: OperatorId,
}

impl Deed for RemoveOperator {
    fn act(&self) -> Act {
        Act::RemoveOperator
    }

    fn of(&self) -> Vec<Of> {
        vec![Of::Operator(self.operator)]
    }
}

impl ByOne for RemoveOperator {}

/// An operator enrols anew: their methods go.
#[derive(Debug, Clone, Copy)]
pub struct ResetOperator {
    /// Whose.
    pub operator: OperatorId,
}

impl Deed for ResetOperator {
    fn act(&self) -> Act {
        Act::ResetOperator
    }

    fn of(&self) -> Vec<Of> {
        vec![Of::Operator(self.operator)]
    }
}

impl ByOne for ResetOperator {}

/// An operator signs in to the console.
#[derive(Debug, Clone, Copy)]
pub struct SignIn {
    /// Who.
    pub operator: OperatorId,
}

impl Deed for SignIn {
    fn act(&self) -> Act {
        Act::SignIn
    }

    fn of(&self) -> Vec<Of> {
        vec![Of::Operator(self.operator)]
    }
}

impl ByOne for SignIn {}
