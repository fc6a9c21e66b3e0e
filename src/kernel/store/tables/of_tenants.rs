//! The tables that are under row-level security: each row is one tenant's.

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    tenants (tenant_id) {
        tenant_id -> Uid,
        version -> BigInt,
        state -> SmallInt,
        body -> Binary,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    members (tenant_id, account_id) {
        tenant_id -> Uid,
        account_id -> Uid,
        created_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    collections (tenant_id, id) {
        tenant_id -> Uid,
        id -> Uid,
        slug_tag -> Binary,
        index_version -> BigInt,
        version -> BigInt,
        body -> Binary,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    records (tenant_id, collection_id, id) {
        tenant_id -> Uid,
        id -> Uid,
        collection_id -> Uid,
        version -> BigInt,
        trashed_at -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
        body -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    record_versions (tenant_id, record_id, version) {
        tenant_id -> Uid,
        record_id -> Uid,
        version -> BigInt,
        change -> SmallInt,
        actor_kind -> SmallInt,
        actor_id -> Uid,
        at -> BigInt,
        body -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    record_tags (tenant_id, field_id, index_version, tag, record_id) {
        tenant_id -> Uid,
        field_id -> Uid,
        index_version -> BigInt,
        tag -> Binary,
        record_id -> Uid,
        is_unique -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    audit_entries (tenant_id, lane, seq) {
        tenant_id -> Uid,
        lane -> Uid,
        seq -> BigInt,
        id -> Uid,
        at -> BigInt,
        leaf -> Binary,
        chain -> Binary,
        body -> Nullable<Binary>,
        actor_id -> Nullable<Uid>,
        actor -> Nullable<Binary>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    idempotency (tenant_id, key_tag) {
        tenant_id -> Uid,
        key_tag -> Binary,
        body_tag -> Binary,
        row_id -> Uid,
        at -> BigInt,
        answer -> Nullable<Binary>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    daily_uses (tenant_id, holder_kind, holder_id, day) {
        tenant_id -> Uid,
        holder_kind -> SmallInt,
        holder_id -> Uid,
        day -> BigInt,
        reads -> BigInt,
        deletes -> BigInt,
        exports -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    waiting_imports (tenant_id, account_id) {
        tenant_id -> Uid,
        account_id -> Uid,
        id -> Uid,
        version -> BigInt,
        expires_at -> BigInt,
        body -> Binary,
        file -> Nullable<Binary>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    subscriber_profiles (tenant_id) {
        tenant_id -> Uid,
        version -> BigInt,
        body -> Binary,
        updated_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    files (tenant_id, id) {
        tenant_id -> Uid,
        id -> Uid,
        record_id -> Nullable<Uid>,
        object_id -> Uid,
        size -> BigInt,
        created_at -> BigInt,
        body -> Binary,
        content_key -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::kernel::ids::Uid;

    support_grant_collections (tenant_id, grant_id, collection_id) {
        tenant_id -> Uid,
        grant_id -> Uid,
        collection_id -> Uid,
    }
}
