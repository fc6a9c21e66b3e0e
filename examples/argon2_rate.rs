//! The measure of `ops/bench` for signing in: how many Argon2id hashes this machine computes, with the service's default
//! parameters and nothing around them.
//!
//! `cargo run --release --example argon2_rate -- THREADS SECONDS` prints one line of JSON.

#![allow(clippy::print_stdout, reason = "its result")]

use std::time::{Duration, Instant};

use anyhow::Context as _;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use seif::settings::{Environment, Overrides, Settings};

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let threads: usize = arguments.next().context("THREADS is missing")?.parse()?;
    let seconds: f64 = arguments.next().context("SECONDS is missing")?.parse()?;
    let cost = Settings::load(&Overrides::default(), &Environment::default())?.passwords;
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32))?;

    let start = Instant::now();
    let until = start + Duration::from_secs_f64(seconds);
    let hashes: anyhow::Result<u64> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(|| hash_until(&params, until))).collect();
        running.into_iter().map(|thread| thread.join().map_err(|_| anyhow::anyhow!("a thread broke"))?).sum()
    });
    let hashes = hashes?;
    let taken = start.elapsed().as_secs_f64();
    println!(
        "{}",
        serde_json::json!({
            "threads": threads, "hashes": hashes, "seconds": taken, "per_second": hashes as f64 / taken,
            "memory_kib": cost.memory_kib, "passes": cost.passes, "lanes": cost.lanes,
        })
    );
    Ok(())
}

/// Hashes in memory allocated once, as often as it begins before the time is up.
fn hash_until(params: &Params, until: Instant) -> anyhow::Result<u64> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let mut memory = vec![Block::default(); params.block_count()];
    let mut hashes = 0;
    while Instant::now() < until {
        let mut out = [0; 32];
        argon2.hash_password_into_with_memory(b"a password of usual length", &[7; 16], &mut out, &mut memory)?;
        std::hint::black_box(&out);
        hashes += 1;
    }
    Ok(hashes)
}
