//! The measure of `ops/bench` for a new root key: how fast it takes over the keys of many owners, in a keyring of its own.
//!
//! `cargo run --release --example rewrap_rate -- OWNERS KEYRING_URL FOLDER` prints one line of JSON. The root key is made in
//! the folder; the keyring must be empty.

#![allow(clippy::print_stdout, reason = "its result")]

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context as _;
use seif::kernel::clock::Clock;
use seif::kernel::crypto::Owner;
use seif::kernel::entropy::Entropy;
use seif::kernel::ids::AccountId;
use seif::kernel::keyring::Keyring;
use seif::kernel::keyring::root::Provider;
use seif::kernel::keyring::rotation::Pace;
use seif::kernel::operators::deeds::RotateRoot;
use seif::kernel::operators::{Ledger, Operator};
use seif::kernel::personal::Secret;
use seif::kernel::store::migrate::{Schema, migrate};
use seif::kernel::store::{Conn, Target};

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let owners: u32 = arguments.next().context("OWNERS is missing")?.parse()?;
    let url = arguments.next().context("KEYRING_URL is missing")?;
    let folder = PathBuf::from(arguments.next().context("FOLDER is missing")?);
    let target = match url.strip_prefix("sqlite:") {
        Some(path) => Target::Sqlite(path.into()),
        None => Target::Postgres(Secret::new(url)),
    };
    migrate(&mut Conn::open(&target)?, Schema::Keyring)?;
    let (clock, entropy) = (Clock::system(), Entropy::system());
    let keyring = Keyring::open(target, Provider::File(folder.join("root.key")), clock.clone(), entropy.clone())?;
    for _ in 0..owners {
        keyring.create_blocking(Owner::Account(AccountId::new(clock.now(), &entropy)))?;
    }
    let begun = Instant::now();
    let pace = Pace { keys_per_second: u32::MAX };
    let rotated = Ledger::of(&keyring).operate_blocking(Operator::Local(0), RotateRoot, |act| {
        keyring.rotate_root(act, pace, |_| ControlFlow::Continue(()))
    })??;
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{}",
        serde_json::json!({
            "owners": rotated.rewrapped, "unopenable": rotated.unopenable, "seconds": seconds,
            "per_second": f64::from(u32::try_from(rotated.rewrapped)?) / seconds,
        })
    );
    Ok(())
}
