//! API tokens: which there are, making one, seeing it once.

use serde::Serialize;

use super::form::{Form, form_fields};
use super::limits::LimitShown;
use super::render::Page;
use super::shown::{Shown, ShownOnce};
use super::vault::Moment;
#[cfg(test)]
use super::vault::samples;
use crate::kernel::ids::{TenantId, TokenId};

/// `/t/{tenant}/tokens`: posts `token_name`, `scopes` (once for each that is ticked), `lifetime` (days, or `none`) and the limits of a day there; a
/// token ends by posting to `/t/{tenant}/tokens/{id}/revoke`.
#[derive(Debug, Clone, Serialize)]
pub struct Tokens {
    /// The tenant.
    pub tenant: TenantId,
    /// Those that work, newest first.
    pub tokens: Vec<TokenRow>,
    /// What was typed.
    pub form: Form<TokenField>,
    /// The scopes that may be given, as the API names them.
    pub scopes: Vec<&'static str>,
    /// Those that were ticked.
    pub ticked: Vec<&'static str>,
}

/// A token in the list.
#[derive(Debug, Clone, Serialize)]
pub struct TokenRow {
    /// Its id.
    pub id: TokenId,
    /// What it was called.
    pub name: Shown,
    /// What it may do.
    pub scopes: Vec<&'static str>,
    /// When it was made.
    pub created_at: Moment,
    /// When it ends, if it does.
    pub expires_at: Option<Moment>,
    /// How much it may do in a day.
    pub limits: Vec<LimitShown>,
}

form_fields! {
    /// The fields of a new token.
    TokenField {
        /// What it is called.
        Name = "token_name", Typed;
        /// What it may do.
        Scopes = "scopes", Nothing;
        /// For how many days: `30`, `90`, `365`, `none`.
        Lifetime = "lifetime", Typed;
        /// How many records it may read in a day.
        Reads = "records_read_per_day", Typed;
        /// How many it may delete.
        Deletes = "records_deleted_per_day", Typed;
        /// How many exports it may make.
        Exports = "exports_per_day", Typed;
    }
}

impl Page for Tokens {
    const TEMPLATE: &'static str = "tokens.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        use samples::{moment, shown};
        let scopes: Vec<_> = crate::kernel::access::TokenScope::ALL.iter().map(|(_, name)| *name).collect();
        let row = |name: &str, expires_at| TokenRow {
            id: TokenId::from_bytes([9; 16]),
            name: shown(name),
            scopes: vec!["records:read", "records:write"],
            created_at: moment(0),
            expires_at,
            limits: vec![LimitShown { what: "records_read_per_day", many: 500 }],
        };
        let page =
            |tokens, form, ticked| Self { tenant: samples::tenant(), tokens, form, scopes: scopes.clone(), ticked };
        let form = Form::empty()
            .typed(TokenField::Lifetime, "90".to_owned().into())
            .wrong(TokenField::Name, "required")
            .wrong(TokenField::Scopes, "required");
        vec![
            page(vec![row("Grāmatvedība", Some(moment(99)))], Form::empty(), vec!["records:read"]),
            page(vec![row("Interneta veikals", None)], form, Vec::new()),
            page(Vec::new(), Form::empty(), vec!["records:read"]),
        ]
    }
}

/// A token that was just made: the one time that it can be seen.
#[derive(Debug, Clone, Serialize)]
pub struct TokenMade {
    /// The tenant.
    pub tenant: TenantId,
    /// What it is called.
    pub name: Shown,
    /// The token.
    pub token: ShownOnce,
}

impl Page for TokenMade {
    const TEMPLATE: &'static str = "token_made.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let token = crate::kernel::personal::Secret::new("seif_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG".to_owned());
        vec![Self { tenant: samples::tenant(), name: samples::shown("Grāmatvedība"), token: token.into() }]
    }
}
