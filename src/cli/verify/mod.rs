//! `seif verify`: whether a certificate, the report of a key, a receipt or the transparency log holds, and what it proves.

mod certificate;
mod monitor;

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::json;

use crate::app;
use crate::cli::output::Output;
use crate::kernel::transparency::note::Verifier;
use crate::settings::Settings;

/// What, and by which key.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// The certificate or report: a file of JSON.
    #[arg(required_unless_present_any = ["log", "own_log"])]
    file: Option<PathBuf>,
    /// The public key of certificates: base64url of its 32 bytes, or a file as at /.well-known/seif-keys.json. Left out:
    /// this installation's own keys.
    #[arg(long)]
    key: Option<String>,
    /// The certificate's receipt: that the transparency log states it.
    #[arg(long, requires = "file")]
    receipt: Option<PathBuf>,
    /// The public key of the log: NAME+ID+KEY, or a file as at /transparency/keys. Left out: this installation's own
    /// keys; with --log the keys that were kept, or at the first time the log's own.
    #[arg(long)]
    log_key: Option<String>,
    /// The address of a service whose log is read whole and compared with what was kept: https://vault.example
    #[arg(long, value_name = "URL", conflicts_with_all = ["file", "own_log"])]
    log: Option<reqwest::Url>,
    /// The folder that keeps the keys and the newest checkpoint of that log from one time to the next.
    #[arg(long, value_name = "DIR", requires = "log")]
    state: Option<PathBuf>,
    /// The certificate authority of that service, where it is none of the system's: a file of PEM.
    #[arg(long, value_name = "FILE", requires = "log")]
    ca: Option<PathBuf>,
    /// Look again after so many seconds, until the log does not hold.
    #[arg(long, value_name = "SECONDS", requires = "log")]
    every: Option<u64>,
    /// Go through this installation's own log.
    #[arg(long, conflicts_with = "file")]
    own_log: bool,
}

/// Says what it proves; fails with the reason when it does not hold.
pub(super) fn run(settings: &Settings, wanted: &Verify, output: Output) -> anyhow::Result<()> {
    if wanted.own_log {
        let entries = app::open_keyring(settings)?.check_log()?;
        output.show(&json!({"holds": true, "entries": entries}), || {
            format!("it holds: each of {entries} entries is as it was signed")
        });
        return Ok(());
    }
    if let Some(log) = &wanted.log {
        let known = wanted.log_key.as_deref().map(verifiers).transpose()?;
        return monitor::run(log, wanted, known, output);
    }
    let Some(file) = &wanted.file else { bail!("name a certificate, or --log") };
    certificate::run(settings, file, wanted, output)
}

/// The keys of a log that were given: one, or a file of them.
fn verifiers(given: &str) -> anyhow::Result<Vec<Verifier>> {
    let text = std::fs::read_to_string(given).unwrap_or_else(|_| given.to_owned());
    text.lines().map(|line| line.parse().context("the key of the log is neither a file nor NAME+ID+KEY")).collect()
}
