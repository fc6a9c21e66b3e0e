//! Who belongs to a vault, who is invited to it, and what it accepts of what they confirm by.

use serde::Serialize;

use super::account::RoleName;
use super::addresses::LockoutQuestion;
use super::form::{Form, form_fields};
use super::render::Page;
use super::shown::Shown;
use super::vault::Moment;
#[cfg(test)]
use super::vault::samples;
use crate::accounts::factors::Method;
use crate::kernel::ids::{AccountId, InvitationId, TenantId};
use crate::kernel::values::Locale;

/// `/t/{tenant}/members`: posts `email`, `role` and `language` of an invitation there; one ends by posting to
/// `/t/{tenant}/members/withdrawals/{id}`.
#[derive(Debug, Clone, Serialize)]
pub struct Members {
    /// The tenant.
    pub tenant: TenantId,
    /// Everybody.
    pub members: Vec<MemberRow>,
    /// What only who manages the team sees.
    pub managed: Option<Managed>,
    /// What was typed.
    pub form: Form<InviteField>,
}

/// What only who manages the team sees.
#[derive(Debug, Clone, Serialize)]
pub struct Managed {
    /// Who is invited and has not come yet.
    pub invitations: Vec<InvitationRow>,
    /// The roles that they may give, the least first.
    pub roles: Vec<RoleName>,
    /// The language of the mail, so far.
    pub language: Locale,
}

/// A member in the list.
#[derive(Debug, Clone, Serialize)]
pub struct MemberRow {
    /// Their account.
    pub account: AccountId,
    /// Their name.
    pub name: Shown,
    /// As what they belong to it.
    pub role: RoleName,
    /// Whether it is who looks.
    pub whose: Whose,
}

/// Of whom a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// Of who looks at it.
    Ones,
    /// Of somebody else.
    Anothers,
}

/// An invitation in the list.
#[derive(Debug, Clone, Serialize)]
pub struct InvitationRow {
    /// Its id.
    pub id: InvitationId,
    /// Where it was sent.
    pub email: Shown,
    /// As what.
    pub role: RoleName,
    /// When it ends by itself.
    pub expires_at: Moment,
}

form_fields! {
    /// The fields of an invitation.
    InviteField {
        /// Whom.
        Email = "email", Typed;
        /// As what.
        Role = "role", Typed;
        /// The language of the mail.
        Language = "language", Typed;
    }
}

impl Page for Members {
    const TEMPLATE: &'static str = "members.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        use samples::{moment, shown};
        let row = |id, name: &str, role, whose| MemberRow {
            account: AccountId::from_bytes([id; 16]),
            name: shown(name),
            role,
            whose,
        };
        let members = vec![
            row(6, "Anna Ozola", RoleName::Owner, Whose::Ones),
            row(7, "Bērziņš & <meitas>", RoleName::Editor, Whose::Anothers),
        ];
        let invitation = |id, email: &str, role| InvitationRow {
            id: InvitationId::from_bytes([id; 16]),
            email: shown(email),
            role,
            expires_at: moment(9),
        };
        let managed = |invitations| {
            let roles = vec![RoleName::Viewer, RoleName::Editor, RoleName::Admin];
            Some(Managed { invitations, roles, language: Locale::Lt })
        };
        let invitations =
            vec![invitation(8, "berta@example.com", RoleName::Admin), invitation(9, "c@d.lv", RoleName::Viewer)];
        let wrong = Form::empty()
            .typed(InviteField::Email, "berta(at)example.com".to_owned().into())
            .typed(InviteField::Role, "editor".to_owned().into())
            .wrong(InviteField::Email, "not_an_email");
        let page = |managed, form| Self { tenant: samples::tenant(), members: members.clone(), managed, form };
        vec![page(None, Form::empty()), page(managed(Vec::new()), Form::empty()), page(managed(invitations), wrong)]
    }
}

/// `/t/{tenant}/members/{account}`: posts `role` there; the member leaves by posting to `…/removal`.
#[derive(Debug, Clone, Serialize)]
pub struct MemberPage {
    /// The tenant.
    pub tenant: TenantId,
    /// Who.
    pub member: MemberRow,
    /// The roles that they may be given; none where who looks may not.
    pub roles: Vec<RoleName>,
    /// Whether who looks may have them leave.
    pub removal: Removal,
}

/// Whether a member may be removed by who looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Removal {
    /// They may.
    Allowed,
    /// They may not.
    NotAllowed,
    /// Nobody may: a vault always has an owner.
    LastOwner,
}

impl Page for MemberPage {
    const TEMPLATE: &'static str = "member.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let member = |role, whose| MemberRow {
            account: AccountId::from_bytes([7; 16]),
            name: samples::shown("Bērziņš & <meitas>"),
            role,
            whose,
        };
        let page = |member, roles, removal| Self { tenant: samples::tenant(), member, roles, removal };
        let all = vec![RoleName::Viewer, RoleName::Editor, RoleName::Admin, RoleName::Owner];
        vec![
            page(member(RoleName::Editor, Whose::Anothers), all.clone(), Removal::Allowed),
            page(member(RoleName::Viewer, Whose::Ones), Vec::new(), Removal::Allowed),
            page(member(RoleName::Owner, Whose::Ones), all, Removal::LastOwner),
            page(member(RoleName::Owner, Whose::Anothers), Vec::new(), Removal::NotAllowed),
        ]
    }
}

/// `/invitation`: posts `invitation` there.
#[derive(Debug, Clone, Serialize)]
pub struct Invitation {
    /// Whether somebody is signed in, who could accept it.
    pub guest: Guest,
    /// What is wrong with the last try.
    pub form: Form<InvitationField>,
}

/// Who has an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Guest {
    /// Somebody who is signed in.
    SignedIn,
    /// Somebody who is not, with an account or without.
    Stranger,
}

form_fields! {
    /// The one field of who accepts an invitation.
    InvitationField {
        /// The code from the mail.
        Invitation = "invitation", Nothing;
    }
}

impl Page for Invitation {
    const TEMPLATE: &'static str = "invitation.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let wrong = Form::empty().wrong(InvitationField::Invitation, "invitation_refused");
        let page = |guest, form| Self { guest, form };
        vec![page(Guest::SignedIn, Form::empty()), page(Guest::SignedIn, wrong), page(Guest::Stranger, Form::empty())]
    }
}

/// `/t/{tenant}/sign-in-rules`: posts `least`, `forbidden` (once for each that is ticked) and `confirm_rules` (`yes`)
/// there.
#[derive(Debug, Clone, Serialize)]
pub struct SignInRulesPage {
    /// The tenant.
    pub tenant: TenantId,
    /// What is accepted now, from least to most secure.
    pub accepted: Vec<Method>,
    /// What can be chosen, where who looks may choose.
    pub choice: Option<RulesChoice>,
    /// What was chosen.
    pub form: Form<RulesField>,
}

/// What can be chosen.
#[derive(Debug, Clone, Serialize)]
pub struct RulesChoice {
    /// The names of what may be the least.
    pub least: Vec<&'static str>,
    /// Every method, from least to most secure.
    pub methods: Vec<Method>,
    /// Those that are forbidden.
    pub ticked: Vec<Method>,
    /// Whether to ask if rules are meant by which who sets them could not confirm.
    pub lockout: LockoutQuestion,
}

form_fields! {
    /// The fields of the rules.
    RulesField {
        /// The least that is accepted.
        Least = "least", Typed;
        /// What is not.
        Forbidden = "forbidden", Nothing;
        /// That a lockout is meant.
        ConfirmRules = "confirm_rules", Nothing;
    }
}

impl Page for SignInRulesPage {
    const TEMPLATE: &'static str = "sign_in_rules.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        use crate::accounts::sign_in_rules::Least;
        let choice = |ticked, lockout| {
            let (least, methods) = (Least::all().map(Least::name).collect(), Method::ALL.to_vec());
            Some(RulesChoice { least, methods, ticked, lockout })
        };
        let strong = vec![Method::Device, Method::Totp, Method::Oidc, Method::Passkey];
        let page = |accepted, choice, form| Self { tenant: samples::tenant(), accepted, choice, form };
        let typed = |least: &str| Form::empty().typed(RulesField::Least, least.to_owned().into());
        vec![
            page(Method::ALL.to_vec(), choice(Vec::new(), LockoutQuestion::None), typed("confirmed")),
            page(strong.clone(), None, Form::empty()),
            page(
                strong,
                choice(vec![Method::Email], LockoutQuestion::Asked),
                typed("strong").wrong(RulesField::ConfirmRules, "rules_lock_out"),
            ),
            page(
                Method::ALL.to_vec(),
                choice(Method::ALL.to_vec(), LockoutQuestion::None),
                typed("passkey").wrong(RulesField::Forbidden, "nothing_left"),
            ),
        ]
    }
}
