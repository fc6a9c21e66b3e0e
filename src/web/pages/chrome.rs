//! What surrounds every page: language, theme, who is signed in, which vault this is, where to turn with questions.

use serde::Serialize;

use super::shown::Shown;
use super::vault::Day;
use crate::accounts::prompts::Prompt;
use crate::kernel::ids::TenantId;
use crate::kernel::values::Locale;

/// Everything about a page but its content.
#[derive(Debug, Clone, Serialize)]
pub struct Chrome {
    /// The language.
    pub locale: Locale,
    /// Light or dark.
    pub theme: Theme,
    /// Who looks at it.
    pub visitor: Visitor,
    /// The vault it belongs to, when it belongs to one.
    pub tenant: Option<TenantMark>,
    /// The operator's address for questions (P-16).
    pub contact: String,
    /// The legal documents in force, linked in the footer.
    pub documents: Vec<Document>,
    /// The path of this page, ids only, where the language switch returns to.
    pub path: String,
    /// The part of the vault that the navigation marks.
    pub section: Section,
    /// Whether a sign-in on another device waits for this one.
    pub approval: ApprovalAsked,
    /// One line on what just happened, when the page follows an action.
    pub news: Option<News>,
    /// What the service asks of who is signed in; one thing at a time.
    pub asked: Option<Asked>,
    /// What is going to change in the legal documents, for who is signed in and has not acknowledged it.
    pub change: Option<ComingChange>,
}

/// A change of the legal documents that is announced (P-15).
#[derive(Debug, Clone, Serialize)]
pub struct ComingChange {
    /// Which documents.
    pub documents: Vec<Document>,
    /// The first day on which the first of them may apply.
    pub effective_on: Day,
    /// What changes, in plain words; may be empty.
    pub summary: String,
}

/// Something that the service asks: it leads to where it can be done, and can be put off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// What.
    pub prompt: Prompt,
    /// The page where it is done.
    pub leads_to: String,
}

/// The person in front of the page.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Visitor {
    /// Nobody is signed in.
    Stranger,
    /// Signed in with the password alone: may look, and is offered to confirm (S-3).
    Unconfirmed {
        /// The account's name.
        name: Shown,
    },
    /// Signed in and confirmed.
    Confirmed {
        /// The account's name.
        name: Shown,
    },
}

/// Whether a sign-in on another device waits for this person to decide on it (S-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalAsked {
    /// None does.
    #[default]
    Nobody,
    /// One does.
    Somebody,
}

/// The vault in the head of a page.
#[derive(Debug, Clone, Serialize)]
pub struct TenantMark {
    /// Its id, in every path below it.
    pub id: TenantId,
    /// Its name.
    pub name: Shown,
}

/// The colours that were chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the device has it.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

/// The parts of a vault that have an entry in its navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// None of them.
    #[default]
    None,
    /// Collections and what is in them.
    Collections,
    /// API tokens.
    Tokens,
    /// Who belongs to the vault.
    Team,
    /// Leaving.
    Leaving,
}

/// A legal document that has a page of its own, `/{path}/{language}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Document {
    /// The privacy policy, `/privacy/{language}`.
    Privacy,
    /// The terms of service, `/terms/{language}`.
    Terms,
    /// The rules of safe use, `/safe-use/{language}`.
    SafeUse,
    /// The data processing agreement, `/dpa/{language}`.
    Dpa,
    /// What cookies are used for, `/cookies/{language}`.
    Cookies,
}

/// What just happened, said at the top of the page that follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// The vault is there and its owner is in it.
    Joined,
    /// The session is confirmed.
    Confirmed,
    /// Collections were made.
    CollectionsMade,
    /// An operator has done something in the console.
    ConsoleDone,
    /// A second operator is asked first.
    ConsoleProposed,
    /// Something that an operator has done has begun, and goes on.
    ConsoleBegun,
    /// A record was stored.
    RecordSaved,
    /// Files were stored with a record.
    FilesStored,
    /// A file was deleted.
    FileDeleted,
    /// A record went to the trash.
    RecordTrashed,
    /// A record came back from the trash.
    RecordRestored,
    /// An import is finished.
    Imported,
    /// Something confirms the account from now on.
    MethodAdded,
    /// Something that confirms has another name.
    MethodRenamed,
    /// Something no longer does.
    MethodRemoved,
    /// The questions about the business are answered.
    SubscriberAnswered,
    /// Something else signs in.
    IdentifierChanged,
    /// A change of what signs in was taken back.
    ChangeUndone,
    /// The phone number is gone.
    PhoneRemoved,
    /// The contacts were said to be right.
    ContactsConfirmed,
    /// The password is another one.
    PasswordChanged,
    /// Sessions ended.
    SessionEnded,
    /// An entry was reported.
    NoticeReported,
    /// A sign-in on another device may go on.
    SignInApproved,
    /// It may not.
    SignInRefused,
    /// It may not, and was somebody else's.
    SignInReported,
    /// Somebody was invited to the vault.
    Invited,
    /// An invitation was taken back.
    InvitationWithdrawn,
    /// A member has another role.
    RoleChanged,
    /// A member is none any more.
    MemberRemoved,
    /// An invitation was accepted.
    TeamJoined,
    /// Whoever looks has left a vault.
    TeamLeft,
    /// What the vault accepts of what confirms was stored.
    SignInRulesSaved,
    /// How much members may do in a day was stored.
    LimitsSaved,
    /// From where the account may be used was stored.
    AddressesSaved,
    /// The tenant stays after all.
    LeavingTakenBack,
    /// After how long without use the tenant leaves was stored.
    InactivityChosen,
    /// Support is let look.
    SupportGranted,
    /// It is not any more.
    SupportGrantEnded,
    /// A token ended.
    TokenRevoked,
    /// Preferences were stored.
    PreferencesSaved,
}
