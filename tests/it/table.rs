//! Every route once more, written down apart from the code: who may call it, and what it takes. The sweeps walk this
//! table against the route list, so a route that stands in one of them alone fails.

use reqwest::Method;
use seif::kernel::access::Role;

/// What a session must have shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shown {
    Password,
    Confirmed,
    /// Within ten minutes, by the strong method that the account has.
    Strongest,
    /// The same, or by a recovery code.
    StrongestOrRecovery,
}

/// Who may.
#[derive(Debug, Clone, Copy)]
pub(crate) enum May {
    /// Everybody.
    Anyone,
    /// Whoever is signed in; never a token.
    Account(Shown),
    /// Members from this role on who have shown this; tokens with one of these scopes.
    Tenant(Role, Shown, &'static [&'static str]),
    /// Members from this role on who have shown this, whether the vault is sealed or not; never a token.
    Beside(Role, Shown),
    /// Operators of these roles who have shown this; nobody who belongs to a tenant, and never a token.
    Operator(&'static [&'static str], Shown),
}

/// What the body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    Nothing,
    Json,
    Form,
    /// A form with a file (`multipart/form-data`).
    Upload,
}

/// A row: the method, the pattern, who may, what it takes, and what an owner gets who sends no body and names a
/// collection and a record that are there.
pub(crate) type Row = (Method, &'static str, May, Takes, u16);

const READ: May = May::Tenant(Role::Viewer, Shown::Password, &["records:read"]);
const WRITE: May = May::Tenant(Role::Editor, Shown::Confirmed, &["records:write"]);
const LOOK: May = May::Tenant(Role::Viewer, Shown::Password, &["records:read", "records:write", "collections:write"]);
const SHAPE: May = May::Tenant(Role::Admin, Shown::Confirmed, &["collections:write"]);
const LIST_FILES: May = May::Tenant(Role::Viewer, Shown::Password, &["files:read"]);
const DOWNLOAD: May = May::Tenant(Role::Viewer, Shown::Confirmed, &["files:read"]);
const STORE: May = May::Tenant(Role::Editor, Shown::Confirmed, &["files:write"]);
const EXPORT: May = May::Tenant(Role::Admin, Shown::Confirmed, &["exports:read"]);
const AUDIT: May = May::Tenant(Role::Admin, Shown::Password, &["audit:read"]);
const MANAGE_TOKENS: May = May::Tenant(Role::Admin, Shown::Strongest, &[]);
const CHANGE_ACCOUNT: May = May::Account(Shown::Confirmed);
const READ_SUBSCRIBER: May = May::Tenant(Role::Admin, Shown::Password, &[]);
const WRITE_SUBSCRIBER: May = May::Tenant(Role::Admin, Shown::Confirmed, &[]);
const LEAVE: May = May::Tenant(Role::Owner, Shown::Strongest, &[]);
const STAY: May = May::Tenant(Role::Owner, Shown::Confirmed, &[]);
const SEAL: May = May::Beside(Role::Owner, Shown::Confirmed);
const UNSEAL: May = May::Beside(Role::Owner, Shown::Strongest);
const PROTECT: May = May::Account(Shown::Strongest);
const RECOVER: May = May::Account(Shown::StrongestOrRecovery);
const APPROVE: May = May::Account(Shown::Confirmed);
const SIGNED_IN: May = May::Account(Shown::Password);
const OPEN: May = May::Anyone;
const WATCH: May = May::Operator(&["reader", "key_keeper", "publisher", "administrator"], Shown::Password);
const OWN_CONSOLE: May = May::Operator(&["reader", "key_keeper", "publisher", "administrator"], Shown::Strongest);
const SEE_OPERATORS: May = May::Operator(&["administrator"], Shown::Password);
const MANAGE_OPERATORS: May = May::Operator(&["administrator"], Shown::Strongest);

/// The table.
pub(crate) const TABLE: &[Row] = &[
    (Method::GET, "/healthz", OPEN, Takes::Nothing, 200),
    (Method::GET, "/readyz", OPEN, Takes::Nothing, 200),
    (Method::GET, "/api/openapi.json", OPEN, Takes::Nothing, 200),
    (Method::GET, "/.well-known/security.txt", OPEN, Takes::Nothing, 200),
    (Method::GET, "/.well-known/change-password", OPEN, Takes::Nothing, 302),
    (Method::GET, "/.well-known/gpc.json", OPEN, Takes::Nothing, 200),
    (Method::GET, "/trust", OPEN, Takes::Nothing, 302),
    (Method::GET, "/trust/{language}", OPEN, Takes::Nothing, 404),
    (Method::GET, "/api/v1/trust", OPEN, Takes::Nothing, 200),
    (Method::GET, "/assets/{hash}/{name}", OPEN, Takes::Nothing, 404),
    (Method::GET, "/problems/{code}", OPEN, Takes::Nothing, 404),
    (Method::GET, "/preferences", OPEN, Takes::Nothing, 200),
    (Method::POST, "/preferences", OPEN, Takes::Form, 415),
    (Method::POST, "/preferences/language", OPEN, Takes::Form, 415),
    (Method::GET, "/transparency", OPEN, Takes::Nothing, 302),
    (Method::GET, "/transparency/checkpoint", OPEN, Takes::Nothing, 200),
    (Method::GET, "/transparency/keys", OPEN, Takes::Nothing, 200),
    (Method::GET, "/transparency/tile/{tile:.*}", OPEN, Takes::Nothing, 404),
    (Method::GET, "/transparency/{language}", OPEN, Takes::Nothing, 404),
    (Method::GET, "/api/v1/erasures/{id}/receipt", OPEN, Takes::Nothing, 404),
    (Method::GET, "/api/v1/policies/{document}/{version}/receipt", OPEN, Takes::Nothing, 404),
    (Method::GET, "/privacy", OPEN, Takes::Nothing, 302),
    (Method::GET, "/privacy/{language}", OPEN, Takes::Nothing, 404),
    (Method::GET, "/privacy/{language}/{from}..{to}", OPEN, Takes::Nothing, 404),
    (Method::GET, "/privacy/{language}/{version}", OPEN, Takes::Nothing, 404),
    (Method::GET, "/terms", OPEN, Takes::Nothing, 302),
    (Method::GET, "/terms/{language}", OPEN, Takes::Nothing, 404),
    (Method::GET, "/terms/{language}/{from}..{to}", OPEN, Takes::Nothing, 404),
    (Method::GET, "/terms/{language}/{version}", OPEN, Takes::Nothing, 404),
    (Method::GET, "/safe-use", OPEN, Takes::Nothing, 302),
    (Method::GET, "/safe-use/{language}", OPEN, Takes::Nothing, 404),
    (Method::GET, "/safe-use/{language}/{from}..{to}", OPEN, Takes::Nothing, 404),
    (Method::GET, "/safe-use/{language}/{version}", OPEN, Takes::Nothing, 404),
    (Method::GET, "/dpa", OPEN, Takes::Nothing, 302),
    (Method::GET, "/dpa/{language}", OPEN, Takes::Nothing, 404),
    (Method::GET, "/dpa/{language}/{from}..{to}", OPEN, Takes::Nothing, 404),
    (Method::GET, "/dpa/{language}/{version}", OPEN, Takes::Nothing, 404),
    (Method::GET, "/cookies", OPEN, Takes::Nothing, 302),
    (Method::GET, "/cookies/{language}", OPEN, Takes::Nothing, 404),
    (Method::GET, "/cookies/{language}/{from}..{to}", OPEN, Takes::Nothing, 404),
    (Method::GET, "/cookies/{language}/{version}", OPEN, Takes::Nothing, 404),
    (Method::GET, "/processors", OPEN, Takes::Nothing, 302),
    (Method::GET, "/processors/{language}", OPEN, Takes::Nothing, 404),
    (Method::GET, "/api/v1/policies", OPEN, Takes::Nothing, 200),
    (Method::GET, "/api/v1/policies/{document}/{from}..{to}", OPEN, Takes::Nothing, 404),
    (Method::GET, "/api/v1/policies/{document}/{version}", OPEN, Takes::Nothing, 404),
    (
        Method::POST,
        "/api/v1/policies/{document}/{version}/acknowledgement",
        May::Account(Shown::Confirmed),
        Takes::Nothing,
        404,
    ),
    (Method::GET, "/api/v1/account/policy-changes", SIGNED_IN, Takes::Nothing, 200),
    (Method::GET, "/api/v1/account/consents", SIGNED_IN, Takes::Nothing, 200),
    (Method::PUT, "/api/v1/account/consents/{purpose}", May::Account(Shown::Confirmed), Takes::Json, 415),
    (Method::GET, "/account/consents", SIGNED_IN, Takes::Nothing, 200),
    (Method::POST, "/account/consents/{purpose}", May::Account(Shown::Confirmed), Takes::Form, 415),
    (Method::GET, "/changes", SIGNED_IN, Takes::Nothing, 200),
    (Method::POST, "/changes", May::Account(Shown::Confirmed), Takes::Form, 415),
    (Method::GET, "/acknowledge", SIGNED_IN, Takes::Nothing, 303),
    (Method::POST, "/acknowledge", May::Account(Shown::Confirmed), Takes::Form, 415),
    (Method::POST, "/api/v1/signups", OPEN, Takes::Json, 415),
    (Method::PUT, "/api/v1/signups/{id}", OPEN, Takes::Json, 415),
    (Method::POST, "/api/v1/session", OPEN, Takes::Json, 415),
    (Method::GET, "/api/v1/session", SIGNED_IN, Takes::Nothing, 200),
    (Method::DELETE, "/api/v1/session", SIGNED_IN, Takes::Nothing, 204),
    (Method::POST, "/api/v1/session/passkey", OPEN, Takes::Nothing, 201),
    (Method::PUT, "/api/v1/session/passkey/{id}", OPEN, Takes::Json, 415),
    (Method::GET, "/api/v1/identity-providers", OPEN, Takes::Nothing, 200),
    (Method::POST, "/api/v1/session/oidc", OPEN, Takes::Json, 415),
    (Method::POST, "/oidc/{provider}/back-channel-logout", OPEN, Takes::Form, 415),
    (Method::POST, "/api/v1/session/confirmations", SIGNED_IN, Takes::Json, 415),
    (Method::PUT, "/api/v1/session/confirmations/{id}", SIGNED_IN, Takes::Json, 415),
    (Method::GET, "/api/v1/account/sign-ins", SIGNED_IN, Takes::Nothing, 200),
    (Method::GET, "/api/v1/account/ip-allowlist", SIGNED_IN, Takes::Nothing, 200),
    (Method::PUT, "/api/v1/account/ip-allowlist", PROTECT, Takes::Json, 415),
    (Method::GET, "/account/addresses", SIGNED_IN, Takes::Nothing, 200),
    (Method::POST, "/account/addresses", PROTECT, Takes::Form, 415),
    (Method::GET, "/api/v1/account/methods", SIGNED_IN, Takes::Nothing, 200),
    (Method::POST, "/api/v1/account/methods", PROTECT, Takes::Json, 415),
    (Method::PUT, "/api/v1/account/methods/{id}", PROTECT, Takes::Json, 415),
    (Method::PATCH, "/api/v1/account/methods/{id}", May::Account(Shown::Confirmed), Takes::Json, 415),
    (Method::DELETE, "/api/v1/account/methods/{id}", RECOVER, Takes::Nothing, 404),
    (Method::GET, "/api/v1/account/contacts", SIGNED_IN, Takes::Nothing, 200),
    (Method::POST, "/api/v1/account/contacts/confirmation", CHANGE_ACCOUNT, Takes::Nothing, 204),
    (Method::POST, "/api/v1/account/prompts/{prompt}/dismissal", CHANGE_ACCOUNT, Takes::Nothing, 404),
    (Method::POST, "/api/v1/account/identifiers", PROTECT, Takes::Json, 415),
    (Method::PUT, "/api/v1/account/identifiers/{id}", PROTECT, Takes::Json, 415),
    (Method::DELETE, "/api/v1/account/contacts/phone", PROTECT, Takes::Nothing, 404),
    (Method::POST, "/api/v1/identifier-undos", OPEN, Takes::Json, 415),
    (Method::PUT, "/api/v1/identifier-undos/{id}", OPEN, Takes::Json, 415),
    (Method::POST, "/account/contacts/changes", PROTECT, Takes::Form, 415),
    (Method::GET, "/account/contacts/changes/{id}", PROTECT, Takes::Nothing, 404),
    (Method::POST, "/account/contacts/changes/{id}", PROTECT, Takes::Form, 415),
    (Method::POST, "/account/contacts/phone/remove", PROTECT, Takes::Nothing, 404),
    (Method::GET, "/undo-change", OPEN, Takes::Nothing, 200),
    (Method::POST, "/undo-change", OPEN, Takes::Form, 415),
    (Method::GET, "/undo-change/{id}", OPEN, Takes::Nothing, 200),
    (Method::POST, "/undo-change/{id}", OPEN, Takes::Form, 415),
    (Method::POST, "/api/v1/account/support-codes", CHANGE_ACCOUNT, Takes::Nothing, 201),
    (Method::GET, "/account/support", SIGNED_IN, Takes::Nothing, 200),
    (Method::POST, "/account/support", CHANGE_ACCOUNT, Takes::Nothing, 200),
    (Method::GET, "/api/v1/tenant/profile", READ_SUBSCRIBER, Takes::Nothing, 200),
    (Method::PUT, "/api/v1/tenant/profile", WRITE_SUBSCRIBER, Takes::Json, 415),
    (Method::GET, "/t/{tenant_id}/profile", READ_SUBSCRIBER, Takes::Nothing, 200),
    (Method::POST, "/t/{tenant_id}/profile", WRITE_SUBSCRIBER, Takes::Form, 415),
    (Method::GET, "/account/contacts", SIGNED_IN, Takes::Nothing, 200),
    (Method::POST, "/account/contacts/confirmation", CHANGE_ACCOUNT, Takes::Nothing, 303),
    (Method::POST, "/account/prompts/{prompt}/dismissal", CHANGE_ACCOUNT, Takes::Form, 415),
    (Method::GET, "/account/password", SIGNED_IN, Takes::Nothing, 200),
    (Method::POST, "/account/password", PROTECT, Takes::Form, 415),
    (Method::POST, "/account/password/object", SIGNED_IN, Takes::Nothing, 303),
    (Method::GET, "/account/sessions", SIGNED_IN, Takes::Nothing, 200),
    (Method::POST, "/account/sessions/others", SIGNED_IN, Takes::Nothing, 303),
    (Method::POST, "/account/sessions/{id}/end", SIGNED_IN, Takes::Nothing, 404),
    (Method::GET, "/account/freeze", SIGNED_IN, Takes::Nothing, 200),
    (Method::POST, "/account/freeze", SIGNED_IN, Takes::Nothing, 303),
    (Method::GET, "/reset", OPEN, Takes::Nothing, 200),
    (Method::POST, "/reset", OPEN, Takes::Form, 415),
    (Method::GET, "/reset/{id}", OPEN, Takes::Nothing, 200),
    (Method::POST, "/reset/{id}", OPEN, Takes::Form, 415),
    (Method::POST, "/reset/{id}/cancel", OPEN, Takes::Form, 415),
    (Method::GET, "/thaw", OPEN, Takes::Nothing, 200),
    (Method::POST, "/thaw", OPEN, Takes::Form, 415),
    (Method::GET, "/thaw/{id}", OPEN, Takes::Nothing, 200),
    (Method::POST, "/thaw/{id}", OPEN, Takes::Form, 415),
    (Method::GET, "/freeze", OPEN, Takes::Nothing, 200),
    (Method::POST, "/freeze", OPEN, Takes::Form, 415),
    (Method::GET, "/freeze/{id}", OPEN, Takes::Nothing, 200),
    (Method::POST, "/freeze/{id}", OPEN, Takes::Form, 415),
    (Method::PUT, "/api/v1/account/password", PROTECT, Takes::Json, 415),
    (Method::DELETE, "/api/v1/account/password-reset", SIGNED_IN, Takes::Nothing, 204),
    (Method::GET, "/api/v1/account/sessions", SIGNED_IN, Takes::Nothing, 200),
    (Method::DELETE, "/api/v1/account/sessions", SIGNED_IN, Takes::Nothing, 204),
    (Method::DELETE, "/api/v1/account/sessions/{id}", SIGNED_IN, Takes::Nothing, 404),
    (Method::POST, "/api/v1/account/freeze", SIGNED_IN, Takes::Nothing, 204),
    (Method::POST, "/api/v1/account-freezes", OPEN, Takes::Json, 415),
    (Method::PUT, "/api/v1/account-freezes/{id}", OPEN, Takes::Json, 415),
    (Method::POST, "/api/v1/account-thaws", OPEN, Takes::Json, 415),
    (Method::PUT, "/api/v1/account-thaws/{id}", OPEN, Takes::Json, 415),
    (Method::POST, "/api/v1/password-resets", OPEN, Takes::Json, 415),
    (Method::PUT, "/api/v1/password-resets/{id}", OPEN, Takes::Json, 415),
    (Method::POST, "/api/v1/password-resets/{id}/cancellation", OPEN, Takes::Json, 415),
    (Method::GET, "/api/v1/account/notices", SIGNED_IN, Takes::Nothing, 200),
    (Method::POST, "/api/v1/account/notices/{id}/report", SIGNED_IN, Takes::Nothing, 404),
    (Method::GET, "/api/v1/account/notice-settings", SIGNED_IN, Takes::Nothing, 200),
    (Method::PUT, "/api/v1/account/notice-settings", May::Account(Shown::Confirmed), Takes::Json, 415),
    (Method::GET, "/account/notices", SIGNED_IN, Takes::Nothing, 200),
    (Method::POST, "/account/notices/{id}/report", SIGNED_IN, Takes::Nothing, 404),
    (Method::POST, "/account/notices/settings", May::Account(Shown::Confirmed), Takes::Form, 415),
    (Method::GET, "/api/v1/account/approvals", APPROVE, Takes::Nothing, 200),
    (Method::GET, "/api/v1/account/approvals/settings", SIGNED_IN, Takes::Nothing, 200),
    (Method::PUT, "/api/v1/account/approvals/settings", PROTECT, Takes::Json, 415),
    (Method::PUT, "/api/v1/account/approvals/{id}", APPROVE, Takes::Json, 415),
    (Method::GET, "/account/approvals", APPROVE, Takes::Nothing, 200),
    (Method::POST, "/account/approvals/{id}", APPROVE, Takes::Form, 415),
    (Method::POST, "/account/security/approvals", PROTECT, Takes::Form, 415),
    (Method::GET, "/account/security", SIGNED_IN, Takes::Nothing, 200),
    (Method::POST, "/account/security/methods", PROTECT, Takes::Form, 415),
    (Method::GET, "/account/security/methods/{id}", PROTECT, Takes::Nothing, 404),
    (Method::POST, "/account/security/methods/{id}", PROTECT, Takes::Form, 415),
    (Method::POST, "/account/security/rename/{id}", May::Account(Shown::Confirmed), Takes::Form, 415),
    (Method::POST, "/account/security/remove/{id}", RECOVER, Takes::Nothing, 404),
    (Method::GET, "/api/v1/tenant/limits", May::Tenant(Role::Viewer, Shown::Password, &[]), Takes::Nothing, 200),
    (Method::PUT, "/api/v1/tenant/limits", MANAGE_TOKENS, Takes::Json, 415),
    (Method::GET, "/t/{tenant_id}/limits", May::Tenant(Role::Viewer, Shown::Password, &[]), Takes::Nothing, 200),
    (Method::POST, "/t/{tenant_id}/limits", MANAGE_TOKENS, Takes::Form, 415),
    (Method::GET, "/api/v1/tenant/sign-in-rules", May::Tenant(Role::Viewer, Shown::Password, &[]), Takes::Nothing, 200),
    (Method::PUT, "/api/v1/tenant/sign-in-rules", May::Tenant(Role::Owner, Shown::Strongest, &[]), Takes::Json, 415),
    (Method::GET, "/t/{tenant_id}/sign-in-rules", May::Tenant(Role::Viewer, Shown::Password, &[]), Takes::Nothing, 200),
    (Method::POST, "/t/{tenant_id}/sign-in-rules", May::Tenant(Role::Owner, Shown::Strongest, &[]), Takes::Form, 415),
    (
        Method::GET,
        "/t/{tenant_id}/members",
        May::Tenant(Role::Viewer, Shown::Password, &["members:read"]),
        Takes::Nothing,
        200,
    ),
    (
        Method::GET,
        "/t/{tenant_id}/members/{account_id}",
        May::Tenant(Role::Viewer, Shown::Password, &["members:read"]),
        Takes::Nothing,
        404,
    ),
    (Method::POST, "/t/{tenant_id}/members/{account_id}", MANAGE_TOKENS, Takes::Form, 415),
    (
        Method::POST,
        "/t/{tenant_id}/members/{account_id}/removal",
        May::Tenant(Role::Viewer, Shown::Strongest, &[]),
        Takes::Nothing,
        404,
    ),
    (Method::POST, "/t/{tenant_id}/members", MANAGE_TOKENS, Takes::Form, 415),
    (Method::POST, "/t/{tenant_id}/members/withdrawals/{id}", MANAGE_TOKENS, Takes::Nothing, 404),
    (Method::GET, "/invitation", OPEN, Takes::Nothing, 200),
    (Method::POST, "/invitation", May::Account(Shown::Confirmed), Takes::Form, 415),
    (Method::GET, "/.well-known/seif-keys.json", OPEN, Takes::Nothing, 200),
    (Method::POST, "/api/v1/account/erasure", PROTECT, Takes::Json, 415),
    (Method::GET, "/api/v1/erasures/{id}", OPEN, Takes::Nothing, 404),
    (Method::GET, "/api/v1/tenant/cancellation", May::Tenant(Role::Viewer, Shown::Password, &[]), Takes::Nothing, 200),
    (Method::POST, "/api/v1/tenant/cancellation", LEAVE, Takes::Json, 415),
    (Method::DELETE, "/api/v1/tenant/cancellation", STAY, Takes::Nothing, 404),
    (Method::POST, "/api/v1/tenant/cancellation/{id}/objection", STAY, Takes::Nothing, 404),
    (Method::POST, "/api/v1/tenant/cancellation/{id}/agreement", LEAVE, Takes::Nothing, 404),
    (Method::GET, "/api/v1/tenant/seal", May::Beside(Role::Viewer, Shown::Password), Takes::Nothing, 200),
    (Method::POST, "/api/v1/tenant/seal", SEAL, Takes::Nothing, 204),
    (Method::DELETE, "/api/v1/tenant/seal", UNSEAL, Takes::Nothing, 404),
    (Method::GET, "/api/v1/tokens", May::Tenant(Role::Admin, Shown::Password, &[]), Takes::Nothing, 200),
    (Method::POST, "/api/v1/tokens", MANAGE_TOKENS, Takes::Json, 415),
    (Method::DELETE, "/api/v1/tokens/{id}", MANAGE_TOKENS, Takes::Nothing, 404),
    (
        Method::GET,
        "/api/v1/members",
        May::Tenant(Role::Viewer, Shown::Password, &["members:read"]),
        Takes::Nothing,
        200,
    ),
    (Method::PUT, "/api/v1/members/{account_id}", MANAGE_TOKENS, Takes::Json, 415),
    (
        Method::DELETE,
        "/api/v1/members/{account_id}",
        May::Tenant(Role::Viewer, Shown::Strongest, &[]),
        Takes::Nothing,
        404,
    ),
    (Method::GET, "/api/v1/invitations", May::Tenant(Role::Admin, Shown::Password, &[]), Takes::Nothing, 200),
    (Method::POST, "/api/v1/invitations", MANAGE_TOKENS, Takes::Json, 415),
    (Method::DELETE, "/api/v1/invitations/{id}", MANAGE_TOKENS, Takes::Nothing, 404),
    (Method::POST, "/api/v1/invitations/accept", May::Account(Shown::Confirmed), Takes::Json, 415),
    (Method::GET, "/api/v1/templates", LOOK, Takes::Nothing, 200),
    (Method::GET, "/api/v1/collections", LOOK, Takes::Nothing, 200),
    (Method::POST, "/api/v1/collections", SHAPE, Takes::Json, 415),
    (Method::GET, "/api/v1/collections/{slug}", LOOK, Takes::Nothing, 200),
    (Method::PUT, "/api/v1/collections/{slug}", SHAPE, Takes::Json, 415),
    (Method::DELETE, "/api/v1/collections/{slug}", SHAPE, Takes::Nothing, 409),
    (Method::GET, "/api/v1/collections/{slug}/records", READ, Takes::Nothing, 200),
    (Method::POST, "/api/v1/collections/{slug}/records", WRITE, Takes::Json, 415),
    (Method::POST, "/api/v1/collections/{slug}/records/batch", WRITE, Takes::Json, 415),
    (Method::GET, "/api/v1/collections/{slug}/records/{id}", READ, Takes::Nothing, 200),
    (Method::PUT, "/api/v1/collections/{slug}/records/{id}", WRITE, Takes::Json, 428),
    (Method::PATCH, "/api/v1/collections/{slug}/records/{id}", WRITE, Takes::Json, 428),
    (Method::DELETE, "/api/v1/collections/{slug}/records/{id}", WRITE, Takes::Nothing, 428),
    (Method::POST, "/api/v1/collections/{slug}/records/{id}/restore", WRITE, Takes::Nothing, 404),
    (Method::POST, "/api/v1/collections/{slug}/records/{id}/erasure", MANAGE_TOKENS, Takes::Nothing, 428),
    (Method::GET, "/api/v1/collections/{slug}/records/{id}/versions", READ, Takes::Nothing, 200),
    (Method::GET, "/api/v1/collections/{slug}/trash", READ, Takes::Nothing, 200),
    (Method::POST, "/api/v1/collections/{slug}/search", READ, Takes::Json, 415),
    (Method::GET, "/api/v1/exports/full", EXPORT, Takes::Nothing, 200),
    (Method::GET, "/api/v1/files", LIST_FILES, Takes::Nothing, 200),
    (Method::POST, "/api/v1/files", STORE, Takes::Nothing, 400),
    (Method::GET, "/api/v1/files/{id}", DOWNLOAD, Takes::Nothing, 404),
    (Method::DELETE, "/api/v1/files/{id}", STORE, Takes::Nothing, 404),
    (Method::GET, "/api/v1/audit", AUDIT, Takes::Nothing, 200),
    (Method::GET, "/api/v1/audit/verification", AUDIT, Takes::Nothing, 200),
    (Method::GET, "/", OPEN, Takes::Nothing, 200),
    (Method::GET, "/api/docs", OPEN, Takes::Nothing, 200),
    (Method::GET, "/join", OPEN, Takes::Nothing, 200),
    (Method::POST, "/join", OPEN, Takes::Form, 415),
    (Method::GET, "/join/{signup_id}", OPEN, Takes::Nothing, 200),
    (Method::POST, "/join/{signup_id}", OPEN, Takes::Form, 415),
    (Method::GET, "/operator/sign-in", OPEN, Takes::Nothing, 200),
    (Method::POST, "/operator/sign-in", OPEN, Takes::Form, 415),
    (Method::POST, "/operator/sign-in/question", OPEN, Takes::Nothing, 200),
    (Method::POST, "/operator/sign-in/passkey", OPEN, Takes::Form, 415),
    (Method::GET, "/operator/sign-out", WATCH, Takes::Nothing, 401),
    (Method::POST, "/operator/sign-out", WATCH, Takes::Nothing, 401),
    (Method::GET, "/operator/confirm", WATCH, Takes::Nothing, 401),
    (Method::POST, "/operator/confirm", WATCH, Takes::Form, 401),
    (Method::GET, "/operator/me", WATCH, Takes::Nothing, 401),
    (Method::POST, "/operator/me/question", OWN_CONSOLE, Takes::Nothing, 401),
    (Method::POST, "/operator/me/passkeys", OWN_CONSOLE, Takes::Form, 401),
    (Method::POST, "/operator/me/removal", OWN_CONSOLE, Takes::Nothing, 401),
    (Method::GET, "/operator", WATCH, Takes::Nothing, 401),
    (Method::GET, "/operator/operators", SEE_OPERATORS, Takes::Nothing, 401),
    (Method::POST, "/operator/operators", MANAGE_OPERATORS, Takes::Form, 401),
    (Method::POST, "/operator/operators/{id}/role", MANAGE_OPERATORS, Takes::Form, 401),
    (Method::POST, "/operator/operators/{id}/reset", MANAGE_OPERATORS, Takes::Nothing, 401),
    (Method::POST, "/operator/operators/{id}/removal", MANAGE_OPERATORS, Takes::Nothing, 401),
    (Method::GET, "/sign-in", OPEN, Takes::Nothing, 200),
    (Method::POST, "/sign-in", OPEN, Takes::Form, 415),
    (Method::POST, "/sign-in/passkey", OPEN, Takes::Form, 415),
    (Method::POST, "/sign-in/oidc", OPEN, Takes::Form, 415),
    (Method::GET, "/sign-in/oidc/{provider}/return", OPEN, Takes::Nothing, 403),
    (Method::GET, "/sign-out", OPEN, Takes::Nothing, 200),
    (Method::POST, "/sign-out", OPEN, Takes::Nothing, 303),
    (Method::GET, "/confirm", SIGNED_IN, Takes::Nothing, 200),
    (Method::POST, "/confirm", SIGNED_IN, Takes::Form, 415),
    (Method::GET, "/confirm/{id}", SIGNED_IN, Takes::Nothing, 303),
    (Method::POST, "/confirm/{id}", SIGNED_IN, Takes::Form, 415),
    (Method::GET, "/t/{tenant_id}/", LOOK, Takes::Nothing, 200),
    (Method::GET, "/t/{tenant_id}/starters", SHAPE, Takes::Nothing, 200),
    (Method::POST, "/t/{tenant_id}/starters", SHAPE, Takes::Form, 415),
    (Method::GET, "/t/{tenant_id}/collections/new", SHAPE, Takes::Nothing, 200),
    (Method::POST, "/t/{tenant_id}/collections", SHAPE, Takes::Form, 415),
    (Method::GET, "/t/{tenant_id}/collections/{slug}", READ, Takes::Nothing, 200),
    (Method::POST, "/t/{tenant_id}/collections/{slug}/search", READ, Takes::Form, 415),
    (Method::GET, "/t/{tenant_id}/collections/{slug}/trash", READ, Takes::Nothing, 200),
    (Method::GET, "/t/{tenant_id}/collections/{slug}/records/new", WRITE, Takes::Nothing, 200),
    (Method::POST, "/t/{tenant_id}/collections/{slug}/records", WRITE, Takes::Form, 415),
    (Method::GET, "/t/{tenant_id}/collections/{slug}/records/{id}", READ, Takes::Nothing, 200),
    (Method::POST, "/t/{tenant_id}/collections/{slug}/records/{id}", WRITE, Takes::Form, 415),
    (Method::GET, "/t/{tenant_id}/collections/{slug}/records/{id}/edit", WRITE, Takes::Nothing, 200),
    (Method::POST, "/t/{tenant_id}/collections/{slug}/records/{id}/delete", WRITE, Takes::Form, 415),
    (Method::POST, "/t/{tenant_id}/collections/{slug}/records/{id}/erase", MANAGE_TOKENS, Takes::Form, 415),
    (Method::POST, "/t/{tenant_id}/collections/{slug}/records/{id}/files", STORE, Takes::Upload, 415),
    (Method::GET, "/t/{tenant_id}/collections/{slug}/records/{id}/files/{file_id}", DOWNLOAD, Takes::Nothing, 404),
    (Method::POST, "/t/{tenant_id}/collections/{slug}/records/{id}/files/delete", STORE, Takes::Form, 415),
    (Method::POST, "/t/{tenant_id}/collections/{slug}/records/{id}/restore", WRITE, Takes::Nothing, 404),
    (Method::POST, "/t/{tenant_id}/collections/{slug}/records/{id}/reveal", READ, Takes::Form, 415),
    (Method::GET, "/t/{tenant_id}/collections/{slug}/records/{id}/versions", READ, Takes::Nothing, 200),
    (Method::GET, "/t/{tenant_id}/collections/{slug}/import", WRITE, Takes::Nothing, 200),
    (Method::POST, "/t/{tenant_id}/collections/{slug}/import", WRITE, Takes::Upload, 415),
    (Method::GET, "/t/{tenant_id}/imports/{id}", WRITE, Takes::Nothing, 404),
    (Method::POST, "/t/{tenant_id}/imports/{id}", WRITE, Takes::Form, 415),
    (Method::GET, "/account/sign-ins", SIGNED_IN, Takes::Nothing, 200),
    (Method::GET, "/account/erasure", SIGNED_IN, Takes::Nothing, 200),
    (Method::POST, "/account/erasure", PROTECT, Takes::Form, 415),
    (Method::GET, "/erasures/{id}", OPEN, Takes::Nothing, 404),
    (Method::GET, "/t/{tenant_id}/export", May::Tenant(Role::Viewer, Shown::Password, &[]), Takes::Nothing, 200),
    (Method::POST, "/t/{tenant_id}/export", EXPORT, Takes::Form, 415),
    (Method::GET, "/t/{tenant_id}/seal", May::Beside(Role::Viewer, Shown::Password), Takes::Nothing, 200),
    (Method::POST, "/t/{tenant_id}/seal", SEAL, Takes::Nothing, 303),
    (Method::POST, "/t/{tenant_id}/seal/opening", UNSEAL, Takes::Nothing, 303),
    (Method::GET, "/t/{tenant_id}/leaving", May::Tenant(Role::Viewer, Shown::Password, &[]), Takes::Nothing, 200),
    (Method::POST, "/t/{tenant_id}/leaving", LEAVE, Takes::Form, 415),
    (Method::POST, "/t/{tenant_id}/leaving/stay", STAY, Takes::Nothing, 404),
    (Method::POST, "/t/{tenant_id}/leaving/{id}/agreement", LEAVE, Takes::Nothing, 404),
    (Method::GET, "/t/{tenant_id}/tokens", May::Tenant(Role::Admin, Shown::Password, &[]), Takes::Nothing, 200),
    (Method::POST, "/t/{tenant_id}/tokens", MANAGE_TOKENS, Takes::Form, 415),
    (Method::POST, "/t/{tenant_id}/tokens/{id}/revoke", MANAGE_TOKENS, Takes::Nothing, 404),
    (Method::POST, "/api/v1/imports", WRITE, Takes::Nothing, 400),
];

/// An id that nothing has.
pub(crate) const NOTHING: &str = "01947a2e-6f00-7000-8000-000000000001";

/// The pattern with each parameter filled by `fill`.
pub(crate) fn filled<'t>(pattern: &'t str, fill: impl Fn(&str) -> Option<&'t str>) -> String {
    let mut path = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap();
        path += before;
        path += fill(name).unwrap_or(NOTHING);
        rest = after;
    }
    path + rest
}
