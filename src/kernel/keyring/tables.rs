//! The keyring's tables as diesel knows them; `migrations/keyring-*` is where they are made.

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    instance (id) {
        id -> Uid,
        created_at -> BigInt,
        reached -> BigInt,
        planned -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    epoch (one) {
        one -> BigInt,
        value -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    roots (version) {
        version -> BigInt,
        provider -> Text,
        is_current -> Bool,
        created_at -> BigInt,
        proof -> Binary,
        state -> SmallInt,
        handle -> Text,
        is_held -> Bool,
        pace -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    root_events (id) {
        id -> Uid,
        version -> BigInt,
        kind -> SmallInt,
        keys -> BigInt,
        actor -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    key_changes (epoch, owner_kind, owner_id) {
        epoch -> BigInt,
        owner_kind -> SmallInt,
        owner_id -> Uid,
        at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    owner_keys (owner_kind, owner_id, version) {
        owner_kind -> SmallInt,
        owner_id -> Uid,
        version -> BigInt,
        state -> SmallInt,
        root_version -> BigInt,
        wrapped -> Nullable<Binary>,
        created_at -> BigInt,
        tags -> SmallInt,
        seals -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    identifiers (index_version, tag) {
        tag -> Binary,
        index_version -> BigInt,
        account_id -> Uid,
        claimed_at -> BigInt,
        is_settled -> Bool,
        held_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    ledger (owner_kind, owner_id, row_id) {
        owner_kind -> SmallInt,
        owner_id -> Uid,
        row_id -> Uid,
        at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    revocations (kind, id) {
        kind -> SmallInt,
        id -> Uid,
        at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    erasures (digest) {
        digest -> Binary,
        owner_kind -> SmallInt,
        owner_id -> Uid,
        state -> SmallInt,
        requested_at -> BigInt,
        due_at -> BigInt,
        held_until -> BigInt,
        keys_destroyed_at -> Nullable<BigInt>,
        finished_at -> Nullable<BigInt>,
        horizon_at -> Nullable<BigInt>,
        facts -> Binary,
        certificate -> Nullable<Binary>,
        last_certificate -> Nullable<Binary>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    signing_keys (id) {
        id -> Uid,
        public -> Binary,
        secret -> Binary,
        created_at -> BigInt,
        purpose -> SmallInt,
    }
}

diesel::table! {
    log_head (one) {
        one -> BigInt,
        size -> BigInt,
    }
}

diesel::table! {
    log_entries (position) {
        position -> BigInt,
        subject -> Text,
        entry -> Binary,
    }
}

diesel::table! {
    log_nodes (level, position) {
        level -> BigInt,
        position -> BigInt,
        hash -> Binary,
    }
}

diesel::table! {
    log_checkpoints (size) {
        size -> BigInt,
        note -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    rekeys (owner_kind, owner_id, old_version) {
        owner_kind -> SmallInt,
        owner_id -> Uid,
        old_version -> BigInt,
        new_version -> BigInt,
        stage -> SmallInt,
        begun_at -> BigInt,
        stage_at -> BigInt,
        held_until -> BigInt,
        destroy_at -> Nullable<BigInt>,
        is_paused -> Bool,
        actor -> Text,
        facts -> Binary,
        report -> Nullable<Binary>,
        waits_for -> Nullable<SmallInt>,
        waits_until -> Nullable<BigInt>,
        pace -> Nullable<BigInt>,
        values_done -> BigInt,
        values_all -> BigInt,
        worked_ms -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    rekey_runs (whose) {
        whose -> Text,
        begun_at -> BigInt,
        pace -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    sealings (tenant_id) {
        tenant_id -> Uid,
        account_id -> Uid,
        at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    operators (id) {
        id -> Uid,
        index_version -> BigInt,
        name_tag -> Binary,
        role -> Text,
        version -> BigInt,
        body -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    operator_sessions (digest) {
        digest -> Binary,
        operator_id -> Uid,
        begun_at -> BigInt,
        seen_at -> BigInt,
        shown_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    operator_questions (id) {
        id -> Uid,
        operator_id -> Nullable<Uid>,
        expires_at -> BigInt,
        body -> Binary,
    }
}

diesel::table! {
    operator_head (one) {
        one -> BigInt,
        seq -> BigInt,
        chain -> Binary,
    }
}

diesel::table! {
    operator_entries (seq) {
        seq -> BigInt,
        at -> BigInt,
        body -> Binary,
        chain -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    operator_tellings (seq, tenant_id) {
        seq -> BigInt,
        tenant_id -> Uid,
        held_until -> BigInt,
        told_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    operator_proposals (id) {
        id -> Uid,
        act -> Text,
        deed -> Binary,
        proposer -> Text,
        at -> BigInt,
        expires_at -> BigInt,
        state -> SmallInt,
        decided_by -> Nullable<Text>,
        decided_at -> Nullable<BigInt>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(owner_keys, ledger);
diesel::allow_tables_to_appear_in_same_query!(operator_sessions, operators);
diesel::allow_tables_to_appear_in_same_query!(operator_entries, operator_tellings);
