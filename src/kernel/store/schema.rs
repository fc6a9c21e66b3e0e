//! The tables, as slices may reach them.
//!
//! Tables outside row-level security stand here whole; they are few and listed. A tenant's table gives its columns, but
//! its rows only to who holds a scope: [`records::rows`]`(&scope)` is the query already narrowed to the scope's tenant,
//! and the column that says whose a row is can be written only by [`records::of`]`(&scope)`.

pub use super::tables::{
    account_notices, account_tenants, accounts, acknowledgements, anonymous_sessions, backup_drills, certificates,
    confirmations, consents, erased_records, erased_rows, factors, identifier_changes, identifier_undos, inactivity,
    instance, invitations, journals, key_versions, known_places, log_copies, objects, outbox, passkey_sign_ins,
    past_members, policies, policy_events, policy_notices, policy_texts, prompts, provider_logouts, provider_sessions,
    recoveries, recovery_waits, revoked_factors, role_limits, sessions, sign_in_rules, sign_ins, signups,
    support_codes, support_grants, sweeps, throttles, tokens, used_codes,
};

/// The tables of tenants, for the sweeps that walk them all.
pub const TENANT_TABLES: [&str; 13] = [
    "tenants",
    "members",
    "collections",
    "records",
    "record_versions",
    "record_tags",
    "audit_entries",
    "idempotency",
    "daily_uses",
    "waiting_imports",
    "subscriber_profiles",
    "files",
    "support_grant_collections",
];

macro_rules! tenant_tables {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[allow(hidden_glob_reexports, reason = "the column that says whose a row is, is hidden on purpose")]
        pub mod $name {
            use diesel::dsl::{Eq, Filter};
            use diesel::{ExpressionMethods as _, QueryDsl as _};

            pub use super::super::tables::$name::columns::*;
            use super::super::tables::$name as hidden;
            use crate::kernel::ids::TenantId;
            use crate::kernel::tenancy::InTenant;

            // Stands before the column of the same name, which nobody outside may write or compare.
            #[expect(dead_code, non_camel_case_types, reason = "hides the column")]
            struct tenant_id;

            /// The rows of one tenant.
            pub type Rows = Filter<hidden::table, Eq<hidden::tenant_id, TenantId>>;

            /// The rows of the scope's tenant: the only way to this table.
            pub fn rows(scope: &impl InTenant) -> Rows {
                hidden::table.filter(hidden::tenant_id.eq(scope.tenant()))
            }

            /// An insertion; its first value is [`of`]`(&scope)`.
            pub fn insert() -> diesel::query_builder::IncompleteInsertStatement<hidden::table> {
                diesel::insert_into(hidden::table)
            }

            /// Says whose a new row is: the scope's tenant's.
            pub fn of(scope: &impl InTenant) -> Eq<hidden::tenant_id, TenantId> {
                hidden::tenant_id.eq(scope.tenant())
            }
        }
    )+};
}

tenant_tables! {
    /// What a tenant is.
    tenants,
    /// Who belongs to a tenant, and as what.
    members,
    /// Collections: their names and fields are sealed.
    collections,
    /// Records as they stand.
    records,
    /// Records as they stood, one row a version.
    record_versions,
    /// What makes records findable: tags of values in searchable fields.
    record_tags,
    /// The audit trail.
    audit_entries,
    /// Answers already given to requests with an `Idempotency-Key`.
    idempotency,
    /// What was done in a day by whom a limit holds for.
    daily_uses,
    /// Files that wait for the word to import them.
    waiting_imports,
    /// What a new subscriber has answered about itself.
    subscriber_profiles,
    /// Files: what they are called, and where their sealed content lies.
    files,
    /// Into which collections support may look, by which grant.
    support_grant_collections,
}
