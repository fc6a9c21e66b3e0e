//! Permissions as types, each with its rule as data, so that the access matrix and the documentation read the same.

use crate::kernel::access::factors::{AtHand, Enrolled, Proof, Standing, Wanted, Wish};
use crate::kernel::access::{
    Allowance, Assurance, Denied, Role, Session, SignInRules, TokenScope, TokenScopes, Verdict,
};
use crate::kernel::clock::Time;
use crate::kernel::crypto::token::SessionToken;
use crate::kernel::ids::TenantId;
use crate::kernel::operators::{self, Operator, OperatorAccount};
use crate::kernel::tenancy::{AccountScope, Origin, TenantScope};

/// What a caller must have shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Signed in with the password.
    Password,
    /// Confirmed besides.
    Confirmed,
    /// Confirmed within the last ten minutes, and by a strong method once the account has one: for what outlives the
    /// session, or carries much away.
    Strongest,
    /// The same, or by a recovery code: for removing what was lost (K-8).
    StrongestOrRecovery,
}

/// How long a confirmation counts as fresh.
pub(super) const FRESH: std::time::Duration = std::time::Duration::from_secs(600);

impl Need {
    /// Whether `session` has shown it by `now`.
    pub(super) fn met_by(self, session: &Session, now: Time) -> Result<(), Denied> {
        let fresh = |at: Option<Time>| at.is_some_and(|at| now.since(at) <= FRESH);
        // A factor that was ended by wrong answers counts too: else whoever guesses at it would be rid of it.
        let is_protected = session.factors.iter().any(|factor| factor.proof == Proof::Strong);
        let (met, wish, least) = match self {
            Self::Password => return Ok(()),
            Self::Confirmed => (session.assurance >= Assurance::Confirmed, Wish::Confirmed, Proof::Confirmed),
            Self::Strongest if is_protected => (fresh(session.strong_at), Wish::Strong, Proof::Strong),
            Self::StrongestOrRecovery if is_protected => {
                (fresh(session.strong_at) || fresh(session.recovered_at), Wish::Strong, Proof::Recovery)
            }
            Self::Strongest | Self::StrongestOrRecovery => (fresh(session.confirmed_at), Wish::Fresh, Proof::Confirmed),
        };
        if met {
            return Ok(());
        }
        // Who approves passes on what they have shown, with its age.
        let approver = &session.elsewhere;
        let approved = match wish {
            Wish::Confirmed => approver.confirmed_at.is_some(),
            Wish::Fresh => fresh(approver.confirmed_at),
            Wish::Strong => fresh(approver.strong_at),
        };
        let mut at_hand = session.at_hand();
        at_hand.retain(|way| match way {
            AtHand::AnotherSession => approved,
            AtHand::Phone => wish != Wish::Strong,
        });
        Err(Denied::ConfirmationRequired(Wanted { at_hand, ..wanted(session, wish, least) }))
    }
}

fn wanted(session: &Session, wish: Wish, least: Proof) -> Wanted {
    let would_do = |factor: &&Enrolled| {
        let is_accepted = session.rules.judge(factor.method, factor.proof) == Verdict::Accepted;
        factor.proof >= least && factor.standing == Standing::Usable && is_accepted
    };
    let mut methods: Vec<i16> = session.factors.iter().filter(would_do).map(|factor| factor.method).collect();
    methods.sort_unstable();
    methods.dedup();
    Wanted { wish, methods, at_hand: session.at_hand(), rules: session.rules }
}

/// On whose behalf a permission is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Nobody's: open to all.
    Anyone,
    /// The signed-in account's own.
    Account,
    /// A tenant's: for members from this role on, and for tokens with one of these scopes.
    Tenant(Role, &'static [TokenScope]),
    /// A tenant's, without its keys: for members from this role on, whether its vault is sealed or not. Never by a token.
    Beside(Role),
    /// The service's: for operators of these roles, who are nobody's members. Never by a token.
    Operator(&'static [operators::Role]),
}

/// What comes of a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing that a session would first have to acknowledge the documents in force for, or that a tenant about to leave
    /// could not do.
    Harmless,
    /// Something changes: a session must have acknowledged the documents in force, and the tenant stays.
    Changes,
}

impl Effect {
    /// What the password alone reaches changes nothing.
    const fn of(need: Need) -> Self {
        match need {
            Need::Password => Self::Harmless,
            Need::Confirmed | Need::Strongest | Need::StrongestOrRecovery => Self::Changes,
        }
    }
}

/// What a permission asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// On whose behalf.
    pub subject: Subject,
    /// What a session must have shown; tokens are made by a confirmed session and need no more.
    pub need: Need,
    /// What comes of it.
    pub effect: Effect,
}

/// A permission: its rule, and what who has it holds.
pub trait Permission: 'static {
    /// What it asks.
    const RULE: Rule;
    /// What it gives.
    type Holds: TryFrom<Held, Error = Denied>;
}

/// What `authorize` found; each permission takes its part.
pub enum Held {
    /// Somebody.
    Visitor(Option<Box<AccountAccess>>),
    /// An account.
    Account(Box<AccountAccess>),
    /// A tenant's member or token.
    Tenant(Box<TenantAccess>),
    /// A tenant's member, without the tenant's keys.
    Beside(Box<MemberAccess>),
    /// An operator.
    Operator(Box<OperatorAccess>),
}

/// An operator, signed in to the console. It holds no tenant's keys and leads to none.
#[derive(Clone)]
pub struct OperatorAccess {
    /// The account, as it stood when the request came.
    pub account: OperatorAccount,
    /// The session.
    pub token: SessionToken,
    /// Where the request came from.
    pub origin: Origin,
}

impl OperatorAccess {
    /// Who acts.
    #[must_use]
    pub const fn operator(&self) -> Operator {
        Operator::Account(self.account.id)
    }
}

/// A signed-in account.
#[derive(Debug, Clone)]
pub struct AccountAccess {
    /// Its session.
    pub session: Session,
    /// Its rows and keys.
    pub scope: AccountScope,
    /// Where the request came from.
    pub origin: Origin,
}

/// A tenant, for one of its members or tokens.
#[derive(Debug, Clone)]
pub struct TenantAccess {
    /// The tenant's rows and keys, and who acts.
    pub scope: TenantScope,
    /// What the account is in the tenant.
    pub role: Role,
    /// The session as it counts in the tenant, when it is a session that acts.
    pub session: Option<Session>,
    /// What the token may, when it is a token that acts.
    pub scopes: Option<TokenScopes>,
    /// How much may be done in a day, when that has a limit.
    pub allowance: Option<Allowance>,
}

/// A tenant's member who holds none of its keys.
#[derive(Debug, Clone)]
pub struct MemberAccess {
    /// Which tenant.
    pub tenant: TenantId,
    /// What the account is in it.
    pub role: Role,
    /// The account, in its session as it counts in the tenant.
    pub account: AccountAccess,
}

/// The right to see sensitive values in the clear.
#[derive(Debug, Clone, Copy)]
pub struct MayReveal(());

impl TenantAccess {
    /// The right to see sensitive values (R-35, S-3): a confirmed session of an editor and above, or a token with
    /// `records:reveal`.
    ///
    /// # Errors
    /// [`Denied::ConfirmationRequired`] below that assurance, [`Denied::Forbidden`] without the role or scope.
    pub fn may_reveal(&self) -> Result<MayReveal, Denied> {
        if let Some(session) = &self.session
            && session.assurance < Assurance::Confirmed
        {
            return Err(Denied::ConfirmationRequired(wanted(session, Wish::Confirmed, Proof::Confirmed)));
        }
        match (&self.session, &self.scopes) {
            (Some(_), _) if self.role >= Role::Editor => Ok(MayReveal(())),
            (None, Some(scopes)) if scopes.hold(TokenScope::RecordsReveal).is_ok() => Ok(MayReveal(())),
            _ => Err(Denied::Forbidden),
        }
    }

    /// The right to see sensitive values of many records at once: as [`TenantAccess::may_reveal`], and a session was
    /// confirmed within the ten minutes before `now`, by a strong method once its account has one.
    ///
    /// # Errors
    /// As [`TenantAccess::may_reveal`].
    pub fn may_reveal_many(&self, now: Time) -> Result<MayReveal, Denied> {
        if let Some(session) = &self.session {
            Need::Strongest.met_by(session, now)?;
        }
        self.may_reveal()
    }
}

impl TryFrom<Held> for Option<Box<AccountAccess>> {
    type Error = Denied;
    fn try_from(held: Held) -> Result<Self, Denied> {
        match held {
            Held::Visitor(account) => Ok(account),
            Held::Account(_) | Held::Tenant(_) | Held::Beside(_) | Held::Operator(_) => Err(Denied::Forbidden),
        }
    }
}

impl TryFrom<Held> for AccountAccess {
    type Error = Denied;
    fn try_from(held: Held) -> Result<Self, Denied> {
        if let Held::Account(account) = held { Ok(*account) } else { Err(Denied::NotSignedIn) }
    }
}

impl TryFrom<Held> for TenantAccess {
    type Error = Denied;
    fn try_from(held: Held) -> Result<Self, Denied> {
        if let Held::Tenant(tenant) = held { Ok(*tenant) } else { Err(Denied::NotSignedIn) }
    }
}

impl TryFrom<Held> for MemberAccess {
    type Error = Denied;
    fn try_from(held: Held) -> Result<Self, Denied> {
        if let Held::Beside(member) = held { Ok(*member) } else { Err(Denied::NotSignedIn) }
    }
}

impl TryFrom<Held> for OperatorAccess {
    type Error = Denied;
    fn try_from(held: Held) -> Result<Self, Denied> {
        if let Held::Operator(operator) = held { Ok(*operator) } else { Err(Denied::NotSignedIn) }
    }
}

/// What an operator must have shown within the last ten minutes to change something.
fn strong_again() -> Denied {
    Denied::ConfirmationRequired(Wanted {
        wish: Wish::Strong,
        methods: Vec::new(),
        at_hand: Vec::new(),
        rules: SignInRules::default(),
    })
}

impl Need {
    /// Whether an operator who signed in, or showed who they are once more, at `shown_at` has shown it by `now`.
    pub(super) fn met_by_operator(self, shown_at: Time, now: Time) -> Result<(), Denied> {
        match self {
            Self::Password | Self::Confirmed => Ok(()),
            Self::Strongest | Self::StrongestOrRecovery if now.since(shown_at) <= FRESH => Ok(()),
            Self::Strongest | Self::StrongestOrRecovery => Err(strong_again()),
        }
    }
}

macro_rules! permissions {
    (@effect $need:expr) => { Effect::of($need) };
    (@effect $need:expr, $effect:expr) => { $effect };
    ($($(#[$doc:meta])* $name:ident => $holds:ty, $subject:expr, $need:expr $(, $effect:expr)?;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl Permission for $name {
            const RULE: Rule = Rule { subject: $subject, need: $need, effect: permissions!(@effect $need $(, $effect)?) };
            type Holds = $holds;
        }
    )+};
}

permissions! {
    /// Open to all, signed in or not.
    Anyone => Option<Box<AccountAccess>>, Subject::Anyone, Need::Password;
    /// Signed in, with any assurance: to look at one's own, to confirm, to freeze, to sign out.
    SignedIn => AccountAccess, Subject::Account, Need::Password;
    /// Acknowledges a document: the one change that comes before it.
    Acknowledge => AccountAccess, Subject::Account, Need::Confirmed, Effect::Harmless;
    /// Agrees to what the service does not need, or takes that back: nobody must acknowledge anything to take it back.
    DecideConsent => AccountAccess, Subject::Account, Need::Confirmed, Effect::Harmless;
    /// Approves or refuses sign-ins on other devices: it comes before any document, so that nobody is kept out by one.
    ApproveSignIns => AccountAccess, Subject::Account, Need::Confirmed, Effect::Harmless;
    /// Changes to one's own account.
    ChangeAccount => AccountAccess, Subject::Account, Need::Confirmed;
    /// Changes to what protects one's account: what confirms it, where it may be used from.
    ProtectAccount => AccountAccess, Subject::Account, Need::Strongest;
    /// Removes what confirms one's account, lost things too (K-8).
    RecoverAccount => AccountAccess, Subject::Account, Need::StrongestOrRecovery;
    /// Reads what collections there are.
    ReadCollections => TenantAccess, Subject::Tenant(Role::Viewer, &[TokenScope::RecordsRead, TokenScope::RecordsWrite, TokenScope::CollectionsWrite]), Need::Password;
    /// Makes, changes and deletes collections.
    WriteCollections => TenantAccess, Subject::Tenant(Role::Admin, &[TokenScope::CollectionsWrite]), Need::Confirmed;
    /// Reads and finds records, sensitive fields masked.
    ReadRecords => TenantAccess, Subject::Tenant(Role::Viewer, &[TokenScope::RecordsRead]), Need::Password;
    /// Makes, changes and trashes records.
    WriteRecords => TenantAccess, Subject::Tenant(Role::Editor, &[TokenScope::RecordsWrite]), Need::Confirmed;
    /// Sees which files there are: what they are called, how long they are.
    ReadFiles => TenantAccess, Subject::Tenant(Role::Viewer, &[TokenScope::FilesRead]), Need::Password;
    /// Takes a file's content away.
    DownloadFiles => TenantAccess, Subject::Tenant(Role::Viewer, &[TokenScope::FilesRead]), Need::Confirmed, Effect::Harmless;
    /// Stores and deletes files.
    WriteFiles => TenantAccess, Subject::Tenant(Role::Editor, &[TokenScope::FilesWrite]), Need::Confirmed;
    /// Takes everything away, in open formats: whoever leaves may, and whoever has not acknowledged a document.
    ExportVault => TenantAccess, Subject::Tenant(Role::Admin, &[TokenScope::ExportsRead]), Need::Confirmed, Effect::Harmless;
    /// Erases records for good.
    EraseRecords => TenantAccess, Subject::Tenant(Role::Admin, &[]), Need::Strongest;
    /// Has the tenant leave: whoever has not acknowledged a document may.
    LeaveTenant => TenantAccess, Subject::Tenant(Role::Owner, &[]), Need::Strongest, Effect::Harmless;
    /// Erases one's own account, which belongs to no tenant.
    EraseAccount => AccountAccess, Subject::Account, Need::Strongest, Effect::Harmless;
    /// Has the tenant stay after all, or says yes or no to another owner's wish to leave.
    KeepTenant => TenantAccess, Subject::Tenant(Role::Owner, &[]), Need::Confirmed, Effect::Harmless;
    /// Chooses whether the tenant leaves when nobody uses it any more: never by a token.
    ChooseInactivity => TenantAccess, Subject::Tenant(Role::Owner, &[]), Need::Strongest;
    /// Sees whether the tenant is about to leave, and what would go with it: never by a token.
    SeeLeaving => TenantAccess, Subject::Tenant(Role::Viewer, &[]), Need::Password;
    /// Reads and verifies the audit.
    ReadAudit => TenantAccess, Subject::Tenant(Role::Admin, &[TokenScope::AuditRead]), Need::Password;
    /// Reads who belongs to the tenant.
    ReadMembers => TenantAccess, Subject::Tenant(Role::Viewer, &[TokenScope::MembersRead]), Need::Password;
    /// Reads what the subscriber has answered about itself: never by a token.
    ReadSubscriber => TenantAccess, Subject::Tenant(Role::Admin, &[]), Need::Password;
    /// Answers it: never by a token.
    WriteSubscriber => TenantAccess, Subject::Tenant(Role::Admin, &[]), Need::Confirmed;
    /// Sees who is invited to the tenant: never by a token.
    ReadInvitations => TenantAccess, Subject::Tenant(Role::Admin, &[]), Need::Password;
    /// Invites to the tenant, and gives its members their roles: never by a token.
    ManageMembers => TenantAccess, Subject::Tenant(Role::Admin, &[]), Need::Strongest;
    /// Leaves the tenant, or has somebody leave it: whom, is for the slice to judge by the roles.
    LeaveTeam => TenantAccess, Subject::Tenant(Role::Viewer, &[]), Need::Strongest;
    /// Seals the tenant's vault: nobody opens it until an owner unseals it. Whoever has not acknowledged a document may.
    SealVault => MemberAccess, Subject::Beside(Role::Owner), Need::Confirmed, Effect::Harmless;
    /// Unseals it.
    UnsealVault => MemberAccess, Subject::Beside(Role::Owner), Need::Strongest, Effect::Harmless;
    /// Sees whether it is sealed.
    SeeSealing => MemberAccess, Subject::Beside(Role::Viewer), Need::Password;
    /// Sees which API tokens there are: never by a token.
    ReadTokens => TenantAccess, Subject::Tenant(Role::Admin, &[]), Need::Password;
    /// Sees how much members may do in a day: never by a token.
    ReadLimits => TenantAccess, Subject::Tenant(Role::Viewer, &[]), Need::Password;
    /// Sets how much members may do in a day: never by a token.
    ManageLimits => TenantAccess, Subject::Tenant(Role::Admin, &[]), Need::Strongest;
    /// Sees what the tenant accepts of what its members confirm by: never by a token.
    ReadSignInRules => TenantAccess, Subject::Tenant(Role::Viewer, &[]), Need::Password;
    /// Sets what the tenant accepts of it: never by a token.
    ManageSignInRules => TenantAccess, Subject::Tenant(Role::Owner, &[]), Need::Strongest;
    /// Sees what support was let look at, and how often it did: never by a token.
    ReadSupportGrants => TenantAccess, Subject::Tenant(Role::Admin, &[]), Need::Password;
    /// Lets support look: never by a token.
    GrantSupport => TenantAccess, Subject::Tenant(Role::Admin, &[]), Need::Strongest;
    /// Lets it look no longer: never by a token. Whoever has not acknowledged a document may.
    EndSupportGrant => TenantAccess, Subject::Tenant(Role::Admin, &[]), Need::Confirmed, Effect::Harmless;
    /// Makes and revokes API tokens: never by a token.
    ManageTokens => TenantAccess, Subject::Tenant(Role::Admin, &[]), Need::Strongest;
    /// Looks at the service from the operators' console.
    SeeConsole => OperatorAccess, Subject::Operator(&operators::Role::ALL), Need::Password;
    /// Looks at what a tenant has granted to support.
    ViewGranted => OperatorAccess, Subject::Operator(&operators::Role::ALL), Need::Strongest;
    /// Turns keys over, destroys what is left of them, and makes, checks and restores back-ups.
    TurnKeys => OperatorAccess, Subject::Operator(&[operators::Role::KeyKeeper, operators::Role::Administrator]), Need::Strongest;
    /// Announces and withdraws documents.
    PublishDocuments => OperatorAccess, Subject::Operator(&[operators::Role::Publisher, operators::Role::Administrator]), Need::Strongest;
    /// Says yes or no to what another operator proposes, and does what was confirmed; the ledger asks whose duty it is.
    DecideProposals => OperatorAccess, Subject::Operator(&[operators::Role::KeyKeeper, operators::Role::Publisher, operators::Role::Administrator]), Need::Strongest;
    /// Sees who subscribes: the only name of a business that an operator sees (P-3). Each look is told to the business.
    SeeSubscribers => OperatorAccess, Subject::Operator(&[operators::Role::Reader, operators::Role::Administrator]), Need::Password;
    /// Has a business leave on its behalf.
    EraseTenants => OperatorAccess, Subject::Operator(&[operators::Role::Administrator]), Need::Strongest;
    /// Sees who the operators are.
    SeeOperators => OperatorAccess, Subject::Operator(&[operators::Role::Administrator]), Need::Password;
    /// Adds operators, gives them roles, and removes them.
    ManageOperators => OperatorAccess, Subject::Operator(&[operators::Role::Administrator]), Need::Strongest;
    /// Changes what one signs in to the console by.
    ProtectOperator => OperatorAccess, Subject::Operator(&operators::Role::ALL), Need::Strongest;
}
