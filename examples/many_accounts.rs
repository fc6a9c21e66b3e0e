//! The measure of `ops/bench` for announcements: makes accounts with addresses, faster than people join, since nobody signs
//! in to them and no password is hashed.
//!
//! `cargo run --release --example many_accounts -- ACCOUNTS DATA DATABASE_URL KEYRING_URL`, beside the service's root key in
//! DATA, prints one line of JSON. The addresses are `person-0@bench.example`, `person-1@bench.example` and so on.

#![allow(clippy::print_stdout, reason = "its result")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use diesel::{ExpressionMethods as _, RunQueryDsl as _};
use futures_util::future::try_join_all;
use seif::app;
use seif::kernel::Kernel;
use seif::kernel::crypto::{Owner, OwnerKeys, Place, RowRef};
use seif::kernel::ids::{AccountId, AnyId};
use seif::kernel::keyring::KeyState;
use seif::kernel::personal::Secret;
use seif::kernel::store::schema::{accounts, key_versions};
use seif::kernel::store::{StoreError, Tx};
use seif::settings::{Environment, Overrides, Settings};
use serde_json::{Value, json};

/// So many are made at once, and written in one transaction.
const BATCH: usize = 500;

/// Who a person is, as the service keeps it: what it cannot open, it does not mail to.
struct Body;

impl Place for Body {
    const LABEL: &'static str = "accounts.body";
    type Plain = Value;
}

/// No password has this hash.
struct Password;

impl Place for Password {
    const LABEL: &'static str = "accounts.password";
    type Plain = Value;
}

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let many: usize = arguments.next().context("ACCOUNTS is missing")?.parse()?;
    let mut next = |name: &'static str| arguments.next().context(name);
    let overrides = Overrides {
        data: Some(PathBuf::from(next("DATA is missing")?)),
        database: Some(Secret::new(next("DATABASE_URL is missing")?)),
        keyring: Some(Secret::new(next("KEYRING_URL is missing")?)),
        ..Overrides::default()
    };
    let kernel = app::open_beside(&Settings::load(&overrides, &Environment::of_the_process())?)?;
    let begun = Instant::now();
    for from in (0..many).step_by(BATCH) {
        make(&kernel, from..many.min(from + BATCH)).await?;
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!("{}", json!({"accounts": many, "seconds": seconds}));
    Ok(())
}

/// Makes the accounts of these numbers.
async fn make(kernel: &Kernel, numbers: std::ops::Range<usize>) -> anyhow::Result<()> {
    let made = numbers.map(async |number| {
        let id = AccountId::new(kernel.now(), kernel.entropy());
        let keys = kernel.keyring().create(Owner::Account(id)).await?;
        anyhow::Ok((number, id, keys))
    });
    let made = try_join_all(made).await?;
    let write = move |tx: &mut Tx<'_>| made.iter().try_for_each(|(number, id, keys)| insert(tx, *number, *id, keys));
    kernel.db().write(Vec::new(), write).await?;
    Ok(())
}

fn insert(tx: &mut Tx<'_>, number: usize, id: AccountId, keys: &Arc<OwnerKeys>) -> Result<(), StoreError> {
    let (now, row) = (tx.now(), RowRef::new(id.as_bytes(), 1));
    let person = json!({
        "name": format!("Person {number}"), "email": format!("person-{number}@bench.example"), "phone": null, "language": "en",
    });
    let owner = Owner::Account(id);
    diesel::insert_into(key_versions::table)
        .values((
            key_versions::owner_kind.eq(owner.kind()),
            key_versions::owner_id.eq(AnyId::from_bytes(owner.id_bytes())),
            key_versions::version.eq(keys.current()),
            key_versions::state.eq(KeyState::Active.code()),
            key_versions::tags_whole.eq(true),
        ))
        .execute(tx.conn())?;
    diesel::insert_into(accounts::table)
        .values((
            accounts::id.eq(id),
            accounts::version.eq(1i64),
            accounts::state.eq(1i16),
            accounts::body.eq(keys.seal::<Body>(row, &person, tx.entropy())),
            accounts::password.eq(keys.seal::<Password>(row, &json!("none"), tx.entropy())),
            accounts::password_at.eq(now),
            accounts::created_at.eq(now),
            accounts::updated_at.eq(now),
            accounts::phone_verified.eq(false),
        ))
        .execute(tx.conn())?;
    Ok(())
}
