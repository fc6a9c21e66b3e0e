//! Pages for people: rendered on the server from typed contexts, complete without script.
//!
//! A page is a struct that says what it shows ([`Page`]); [`render`] puts it into its template with what surrounds it
//! ([`Chrome`]) in the visitor's language ([`texts`]). Handlers make the struct, nothing here knows a route or a row.
//! What is personal comes in as [`Shown`] and is given up in the rendering alone. Each page has samples, and one test
//! renders every sample in every language.

mod account;
mod acknowledge;
mod addresses;
mod api_docs;
mod approvals;
mod changes;
mod chrome;
mod collections;
mod confirm;
mod consents;
mod console;
mod contacts;
mod control;
mod export;
mod form;
mod identifiers;
mod import;
mod join;
mod leaving;
mod legal;
mod limits;
mod notices;
mod oidc;
mod people;
mod processors;
mod qr;
mod record;
mod records;
mod recovery;
mod refusal;
mod render;
mod sealing;
mod security;
mod shown;
mod sign_in;
mod subscriber;
mod support;
mod support_access;
mod team;
pub mod texts;
mod tokens;
mod transparency;
mod trust;
mod vault;
mod wait;

#[cfg(test)]
mod checks;

pub use crate::kernel::values::Locale;
pub use account::{
    Attempt, ChooseTenant, Outcome, Preferences, RoleName, SignInMethod, SignIns, SignOut, TenantChoice,
};
pub use acknowledge::{Acknowledge, AcknowledgeField};
pub use addresses::{Addresses, AddressesField, ListStanding, LockoutQuestion};
pub use api_docs::{ApiDocs, ApiGroup, ApiOperation};
pub use approvals::{ApprovalRequest, Approvals, ConfirmWait, WaitStanding};
pub use changes::{
    Acknowledgement, AnnouncedChange, Changes, ComparedLine, ComparedPiece, LegalDifferences, LineKind, LineStanding,
    PieceChange,
};
pub use chrome::{ApprovalAsked, Asked, Chrome, ComingChange, Document, News, Section, TenantMark, Theme, Visitor};
pub use collections::{
    CollectionCard, Collections, FieldTrait, NewCollection, NewCollectionField, NewFieldRow, Starter, StarterState,
    Starters,
};
pub use confirm::{
    Advice, ConfirmCode, ConfirmCodeField, ConfirmMethods, ConfirmPasskey, ConfirmReason, OfferedMethod, PasskeyField,
};
pub use consents::{ConsentDecided, ConsentLine, ConsentStanding, ConsentsPage, Signal};
pub use console::{
    Console, ConsoleCell, ConsoleField, ConsoleForm, ConsoleLink, ConsolePage, ConsolePart, ConsolePasskey,
    ConsolePasskeyPurpose, ConsoleThing, ConsoleValue, ConsoleWeight, ConsoleWho, ConsoleWidth,
};
pub use contacts::{ContactsPage, PhoneRow, TextMessages, WaitingChange};
pub use control::{FreezePage, PasswordField, PasswordPage, SessionPlace, SessionRow, SessionsPage, WhichSession};
pub use export::{ExportField, ExportPage};
pub use form::{Echo, Form, FormField};
pub use identifiers::{ChangeCode, ContactField, UndoChange, UndoChangeCode, UndoField};
pub use import::{
    DryRunStanding, ImportColumn, ImportDone, ImportDryRun, ImportField, ImportFile, ImportLink, MappedColumn,
    Presence, RowProblem,
};
pub use join::{AnnouncedDocument, DocumentToAcknowledge, Join, JoinAim, JoinField, JoinFinish, JoinFinishField};
pub use leaving::{
    AccountErasureField, AccountErasurePage, ErasurePage, Leaving, LeavingField, MayLeave, StandingWish, Unused,
    WisherKind,
};
pub use legal::{CleanHtml, LegalDocument, OtherVersion, Standing};
pub use limits::{LimitField, LimitShown, RoleLimitsPage};
pub use notices::{NoticeDelivery, NoticeRow, Notices};
pub use oidc::{Leave, ProviderChoice};
pub use people::{MentionRow, Mentioned, People, PersonErased};
pub use processors::{ProcessorRow, Processors};
pub use qr::Qr;
pub use record::{
    Conflict, Deed, Fact, FieldOption, FileField, FileLine, FormOf, History, Need, RecordField, RecordFiles,
    RecordForm, RecordView, Taking, Version,
};
pub use records::{RecordErased, RecordList, RecordRow, Search, SearchField, Sought, Trash, TrashedRow};
pub use recovery::{
    RecoveryAim, RecoveryField, RecoveryFinish, RecoveryOutcome, RecoveryOver, RecoveryStart, RecoveryStartField,
};
pub use refusal::Refusal;
pub use render::{Html, Page, RenderError, render};
pub use sealing::{MaySeal, SealPage};
pub use security::{
    Adding, ApprovalsSet, EnrolApp, EnrolPasskey, FactorStanding, RecoveryCodesMade, Security, SecurityFactor,
    SecurityField, SecurityMethod,
};
pub use shown::{Shown, ShownOnce};
pub use sign_in::{Passkeys, SignIn, SignInField, SignInReason};
pub use subscriber::{SubscriberField, SubscriberPage};
pub use support::{SupportMade, SupportPage};
pub use support_access::{CollectionChoice, GrantRow, GrantState, SupportAccess, SupportAccessField, Tick};
pub use team::{
    Guest, Invitation, InvitationField, InvitationRow, InviteField, Managed, MemberPage, MemberRow, Members, Removal,
    RulesChoice, RulesField, SignInRulesPage, Whose,
};
pub use tokens::{TokenField, TokenMade, TokenRow, Tokens};
pub use transparency::{LogFact, LogRow, TransparencyPage};
pub use trust::{PolicyLine, TrustPage};
pub use vault::{Cell, CollectionMark, Day, FieldChange, LinkedRecord, Moment, Pager, Place, Reach};
pub use wait::{Unit, Wait};
