//! What an audit entry says.

use crate::kernel::ids::{
    AccountId, CollectionId, FieldId, FileId, ImportId, InvitationId, RecordId, SupportGrantId, TokenId,
};
use crate::kernel::store::{StoreError, json};

/// Something that happened to a tenant's data: by ids and counts, never by value.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// What was done.
    pub action: Action,
    /// To what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<Subject>,
    /// How many, where it was many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Which operator did it, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<ByOperator>,
}

/// An operator, and where their own ledger says what they did.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByOperator {
    /// `local:UID` or `operator:ID`.
    pub operator: String,
    /// The number of the ledger's entry.
    pub entry: u64,
}

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says it")]
pub enum Action {
    TenantCreated,
    CollectionCreated,
    CollectionChanged,
    CollectionDeleted,
    RecordCreated,
    RecordsCreated,
    RecordRead,
    RecordsListed,
    RecordsSearched,
    RecordRevealed,
    RecordHistoryRead,
    RecordChanged,
    RecordTrashed,
    RecordRestored,
    RecordErased,
    ImportDone,
    FileStored,
    FilesListed,
    FileDownloaded,
    FileDeleted,
    ExportMade,
    SubscriberAnswered,
    TokenCreated,
    TokenRevoked,
    AddressesLifted,
    LimitsChanged,
    SignInRulesChanged,
    MemberInvited,
    InvitationWithdrawn,
    MemberJoined,
    MemberRoleChanged,
    MemberRemoved,
    AuditRead,
    AuditVerified,
    LeavingRequested,
    LeavingAgreed,
    LeavingTakenBack,
    LeavingObjected,
    LeavingUnused,
    InactivityChosen,
    InactivityWarned,
    VaultSealed,
    VaultUnsealed,
    OperatorRotatedKeys,
    OperatorPausedKeys,
    OperatorResumedKeys,
    OperatorRestored,
    OperatorShownTenant,
    OperatorAskedErasure,
    SupportGranted,
    SupportGrantEnded,
    SupportViewed,
    SupportViewRefused,
}

/// Something that an event touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says it")]
pub enum Subject {
    Account(AccountId),
    Collection(CollectionId),
    Field(FieldId),
    Record(RecordId),
    File(FileId),
    Import(ImportId),
    Token(TokenId),
    Invitation(InvitationId),
    SupportGrant(SupportGrantId),
}

impl Event {
    /// `action`, of nothing in particular.
    #[must_use]
    pub const fn new(action: Action) -> Self {
        Self { action, subjects: Vec::new(), count: None, operator: None }
    }

    /// The same, done by an operator.
    #[must_use]
    pub fn by(mut self, operator: ByOperator) -> Self {
        self.operator = Some(operator);
        self
    }

    /// The same, of `subject` too.
    #[must_use]
    pub fn of(mut self, subject: Subject) -> Self {
        self.subjects.push(subject);
        self
    }

    /// The same, of so many.
    #[must_use]
    pub fn counting(mut self, count: usize) -> Self {
        self.count = u64::try_from(count).ok();
        self
    }

    /// The bytes that the leaf is made from: JSON with the members in this order.
    ///
    /// # Errors
    /// It cannot be written down.
    pub(super) fn canonical(&self) -> Result<String, StoreError> {
        json("an event that is no JSON", self)
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}
