//! Who may do what: sessions and tokens, how sure we are of who it is, and what each permission asks.
//!
//! [`Authorized`]`<P>` in a handler's signature says who may call it; there is no other way to a scope. The order of
//! checks is: signed in, sure enough, permitted; what exists and what the body says come after.

pub mod addresses;
mod authorize;
pub mod factors;
pub mod invitations;
pub mod limits;
mod permission;
pub mod revoked;
pub mod rules;
pub mod sessions;
pub mod throttles;
pub mod tokens;

pub use self::addresses::{AddressList, Outside};
pub(crate) use self::authorize::FROZEN;
pub use self::authorize::{Authorized, Credentials, Denied, authorize, member_scopes, memberships, scopes_of};
pub use self::factors::{AtHand, Proof, Wanted, Wish};
pub use self::limits::{Allowance, Limits, Use};
pub use self::permission::{
    AccountAccess, Acknowledge, Anyone, ApproveSignIns, ChangeAccount, ChooseInactivity, DecideConsent,
    DecideProposals, DownloadFiles, Effect, EndSupportGrant, EraseAccount, EraseRecords, EraseTenants, ExportVault,
    GrantSupport, KeepTenant, LeaveTeam, LeaveTenant, ManageLimits, ManageMembers, ManageOperators, ManageSignInRules,
    ManageTokens, MayReveal, MemberAccess, Need, OperatorAccess, Permission, ProtectAccount, ProtectOperator,
    PublishDocuments, ReadAudit, ReadCollections, ReadFiles, ReadInvitations, ReadLimits, ReadMembers, ReadRecords,
    ReadSignInRules, ReadSubscriber, ReadSupportGrants, ReadTokens, RecoverAccount, Rule, SealVault, SeeConsole,
    SeeLeaving, SeeOperators, SeeSealing, SeeSubscribers, SignedIn, Subject, TenantAccess, TurnKeys, UnsealVault,
    ViewGranted, WriteCollections, WriteFiles, WriteRecords, WriteSubscriber,
};
pub use self::rules::{SignInRules, Verdict};
pub use self::sessions::{Session, SessionRules};
pub use self::tokens::{TokenScope, TokenScopes};

/// How sure we are of who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Assurance {
    /// A password alone: may look, with sensitive fields masked (S-3).
    Password,
    /// A second proof besides.
    Confirmed,
    /// A proof that cannot be phished or guessed along.
    Strong,
}

impl Assurance {
    /// As the database holds it.
    #[must_use]
    pub const fn code(self) -> i16 {
        match self {
            Self::Password => 1,
            Self::Confirmed => 2,
            Self::Strong => 3,
        }
    }

    /// What the database holds; anything unknown counts as the least.
    #[must_use]
    pub const fn from_code(code: i16) -> Self {
        match code {
            3 => Self::Strong,
            2 => Self::Confirmed,
            _ => Self::Password,
        }
    }
}

/// What an account is in a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Reads and changes records.
    Editor,
    /// Changes collections, members and tokens too.
    Admin,
    /// Everything, leaving too.
    Owner,
}

impl Role {
    /// As the database holds it.
    #[must_use]
    pub const fn code(self) -> i16 {
        match self {
            Self::Viewer => 1,
            Self::Editor => 2,
            Self::Admin => 3,
            Self::Owner => 4,
        }
    }

    /// What the database holds; anything unknown is no role.
    #[must_use]
    pub const fn from_code(code: i16) -> Option<Self> {
        match code {
            1 => Some(Self::Viewer),
            2 => Some(Self::Editor),
            3 => Some(Self::Admin),
            4 => Some(Self::Owner),
            _ => None,
        }
    }
}
