//! The tables as diesel knows them; the migrations are where they are made. Tenants' tables leave this module through
//! `schema` alone.

#![expect(missing_docs, reason = "the migrations tell what each table is for")]

mod of_tenants;

pub(super) use self::of_tenants::{
    audit_entries, collections, daily_uses, files, idempotency, members, record_tags, record_versions, records,
    subscriber_profiles, support_grant_collections, tenants, waiting_imports,
};

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    instance (id) {
        id -> Uid,
        created_at -> BigInt,
        epoch -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    backup_drills (id) {
        id -> Uid,
        at -> BigInt,
        taken_at -> BigInt,
        is_good -> Bool,
        facts -> Binary,
    }
}

diesel::table! {
    log_copies (position) {
        position -> BigInt,
        entry -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    certificates (digest) {
        digest -> Binary,
        stage -> SmallInt,
        body -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    key_versions (owner_kind, owner_id, version) {
        owner_kind -> SmallInt,
        owner_id -> Uid,
        version -> BigInt,
        state -> SmallInt,
        tags_whole -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    accounts (id) {
        id -> Uid,
        version -> BigInt,
        state -> SmallInt,
        body -> Binary,
        password -> Binary,
        password_at -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        notice_delivery -> SmallInt,
        approvals -> Bool,
        phone_verified -> Bool,
        addresses_version -> BigInt,
        addresses -> Nullable<Binary>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    account_notices (account_id, id) {
        account_id -> Uid,
        id -> Uid,
        at -> BigInt,
        last_at -> BigInt,
        times -> BigInt,
        gather -> Nullable<Binary>,
        due_at -> Nullable<BigInt>,
        reported_at -> Nullable<BigInt>,
        body -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    account_tenants (account_id, tenant_id) {
        account_id -> Uid,
        tenant_id -> Uid,
        role -> SmallInt,
        is_leaving -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    past_members (account_id, tenant_id) {
        account_id -> Uid,
        tenant_id -> Uid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    invitations (id) {
        id -> Uid,
        digest -> Binary,
        tenant_id -> Uid,
        role -> SmallInt,
        created_at -> BigInt,
        expires_at -> BigInt,
        body -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    sign_ins (account_id, id) {
        account_id -> Uid,
        id -> Uid,
        at -> BigInt,
        body -> Binary,
        version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    recoveries (id) {
        id -> Uid,
        account_id -> Uid,
        tries -> BigInt,
        created_at -> BigInt,
        expires_at -> BigInt,
        body -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    recovery_waits (account_id) {
        account_id -> Uid,
        ready_at -> BigInt,
        expires_at -> BigInt,
        told_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    sessions (id) {
        id -> Uid,
        digest -> Binary,
        account_id -> Uid,
        assurance -> SmallInt,
        shared_computer -> Bool,
        created_at -> BigInt,
        seen_at -> BigInt,
        confirmed_at -> Nullable<BigInt>,
        expires_at -> BigInt,
        body -> Binary,
        strong_at -> Nullable<BigInt>,
        recovered_at -> Nullable<BigInt>,
        showings -> Nullable<Binary>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    factors (account_id, id) {
        account_id -> Uid,
        id -> Uid,
        method -> SmallInt,
        proof -> SmallInt,
        state -> SmallInt,
        failures -> BigInt,
        version -> BigInt,
        created_at -> BigInt,
        used_at -> Nullable<BigInt>,
        body -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    confirmations (id) {
        id -> Uid,
        session_id -> Uid,
        account_id -> Uid,
        method -> SmallInt,
        tries -> BigInt,
        created_at -> BigInt,
        expires_at -> BigInt,
        body -> Binary,
        approver_id -> Nullable<Uid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    prompts (account_id, prompt) {
        account_id -> Uid,
        prompt -> SmallInt,
        answered_at -> Nullable<BigInt>,
        put_off_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    identifier_changes (account_id, id) {
        account_id -> Uid,
        id -> Uid,
        kind -> SmallInt,
        state -> SmallInt,
        tries -> BigInt,
        version -> BigInt,
        created_at -> BigInt,
        expires_at -> BigInt,
        body -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    identifier_undos (id) {
        id -> Uid,
        day -> BigInt,
        expires_at -> BigInt,
        body -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    support_codes (tag) {
        tag -> Binary,
        account_id -> Uid,
        created_at -> BigInt,
        expires_at -> BigInt,
        body -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    signups (id) {
        id -> Uid,
        day -> BigInt,
        tries -> BigInt,
        created_at -> BigInt,
        expires_at -> BigInt,
        body -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    passkey_sign_ins (id) {
        id -> Uid,
        day -> BigInt,
        created_at -> BigInt,
        expires_at -> BigInt,
        body -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    anonymous_sessions (id) {
        id -> Uid,
        digest -> Binary,
        day -> BigInt,
        created_at -> BigInt,
        expires_at -> BigInt,
        body -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    provider_sessions (session_id, index_version, subject_tag) {
        session_id -> Uid,
        index_version -> BigInt,
        subject_tag -> Binary,
        sid_tag -> Nullable<Binary>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    provider_logouts (tag) {
        tag -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    throttles (tag) {
        tag -> Binary,
        count -> BigInt,
        since -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    known_places (account_id, tag) {
        account_id -> Uid,
        tag -> Binary,
        seen_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    tokens (id) {
        id -> Uid,
        digest -> Binary,
        tenant_id -> Uid,
        account_id -> Uid,
        scopes -> BigInt,
        state -> SmallInt,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        body -> Binary,
        reads_a_day -> Nullable<BigInt>,
        deletes_a_day -> Nullable<BigInt>,
        exports_a_day -> Nullable<BigInt>,
        showings -> Nullable<Binary>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    role_limits (role, tenant_id) {
        role -> SmallInt,
        tenant_id -> Uid,
        reads_a_day -> Nullable<BigInt>,
        deletes_a_day -> Nullable<BigInt>,
        exports_a_day -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    sign_in_rules (least, tenant_id) {
        least -> SmallInt,
        tenant_id -> Uid,
        forbidden -> BigInt,
        accepted -> BigInt,
        proof -> SmallInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    support_grants (id) {
        id -> Uid,
        tenant_id -> Uid,
        granter_id -> Uid,
        made_at -> BigInt,
        expires_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        views -> BigInt,
        viewed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    inactivity (after_months, tenant_id) {
        after_months -> SmallInt,
        tenant_id -> Uid,
        since -> BigInt,
        used_on -> BigInt,
        warned -> SmallInt,
        warned_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    outbox (id) {
        id -> Uid,
        owner_kind -> SmallInt,
        owner_id -> Uid,
        state -> SmallInt,
        attempts -> BigInt,
        next_at -> BigInt,
        expires_at -> BigInt,
        created_at -> BigInt,
        body -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    journals (id) {
        id -> Uid,
        at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    policies (document, version) {
        document -> SmallInt,
        version -> BigInt,
        state -> SmallInt,
        announced_at -> BigInt,
        effective_at -> BigInt,
        material -> Bool,
        fallback -> Nullable<Text>,
        notice -> BigInt,
        queued_at -> Nullable<BigInt>,
        in_force_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    policy_texts (document, version, language) {
        document -> SmallInt,
        version -> BigInt,
        language -> Text,
        title -> Text,
        body -> Text,
        sha256 -> Binary,
        summary -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    policy_notices (account_id, document, version) {
        account_id -> Uid,
        document -> SmallInt,
        version -> BigInt,
        state -> SmallInt,
        message_id -> Nullable<Uid>,
        queued_at -> BigInt,
        settled_at -> Nullable<BigInt>,
        reply -> Nullable<SmallInt>,
        seen_at -> Nullable<BigInt>,
        acknowledged_at -> Nullable<BigInt>,
        ready_at -> Nullable<BigInt>,
        withdrawal -> Nullable<SmallInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    consents (account_id, purpose, number) {
        account_id -> Uid,
        purpose -> SmallInt,
        number -> BigInt,
        text_version -> BigInt,
        is_given -> Bool,
        way -> SmallInt,
        at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    policy_events (document, version, event) {
        document -> SmallInt,
        version -> BigInt,
        event -> SmallInt,
        at -> BigInt,
        actor -> Text,
        accounts -> BigInt,
        noticed -> BigInt,
        unreachable -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    acknowledgements (account_id, document, version) {
        account_id -> Uid,
        document -> SmallInt,
        version -> BigInt,
        at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    sweeps (due_at, tenant_id) {
        due_at -> BigInt,
        tenant_id -> Uid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    revoked_factors (factor_id) {
        factor_id -> Uid,
        account_id -> Uid,
        at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    used_codes (code_id) {
        code_id -> Uid,
        account_id -> Nullable<Uid>,
        at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    erased_records (record_id, tenant_id) {
        tenant_id -> Uid,
        record_id -> Uid,
        at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    erased_rows (owner_kind, owner_id, name) {
        owner_kind -> SmallInt,
        owner_id -> Uid,
        name -> Text,
        count -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    objects (id) {
        id -> Uid,
        tenant_id -> Uid,
        state -> SmallInt,
        at -> BigInt,
    }
}

// Whom nobody has told of a version yet.
diesel::allow_tables_to_appear_in_same_query!(accounts, policy_notices);
// Records are found by their tags: a sub-select of the one within a query of the other.
diesel::allow_tables_to_appear_in_same_query!(records, record_tags);
// A token is looked up with its account, what that is in the token's tenant, what that role may do in a day, and whether the
// tenant's use counts.
diesel::allow_tables_to_appear_in_same_query!(
    tokens,
    accounts,
    account_tenants,
    role_limits,
    sign_in_rules,
    inactivity
);
// A session is looked up with its account and what that has enrolled.
diesel::allow_tables_to_appear_in_same_query!(sessions, accounts, factors);
// Which sessions stand on a sign-in elsewhere, and which of them are still there.
diesel::allow_tables_to_appear_in_same_query!(provider_sessions, sessions);
