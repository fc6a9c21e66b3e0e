//! `seif keys`: what keys there are.

use clap::Subcommand;
use serde_json::json;

use crate::app;
use crate::cli::output::Output;
use crate::settings::Settings;

/// What to do with the keys.
#[derive(Debug, Subcommand)]
pub(super) enum Keys {
    /// Shows the root versions, and how many owner keys each wraps.
    Status,
}

/// Runs the command beside a service that may be running.
pub(super) fn run(settings: &Settings, command: &Keys, output: Output) -> anyhow::Result<()> {
    match command {
        Keys::Status => status(settings, output),
    }
}

fn status(settings: &Settings, output: Output) -> anyhow::Result<()> {
    let status = app::open_keyring(settings)?.status()?;
    let root: Vec<_> = status
        .roots
        .iter()
        .map(|(version, provider, current, created_at)| json!({"version": version, "provider": provider, "current": current, "created_at": created_at}))
        .collect();
    let by_root: serde_json::Map<_, _> =
        status.by_root.iter().map(|(version, keys)| (version.to_string(), json!(keys))).collect();
    output.show(&json!({"root": root, "owners": status.owners, "owner_keys_by_root_version": by_root}), || {
        let mut lines = Vec::new();
        for (version, provider, current, created_at) in &status.roots {
            let mark = if *current { "current" } else { "known" };
            lines.push(format!("root {version}  {provider}  {mark}  since {}", created_at.rfc3339()));
        }
        for (version, keys) in &status.by_root {
            lines.push(format!("wrapped by root {version}: {keys} owner keys"));
        }
        lines.push(format!("owners: {}", status.owners));
        lines.join("\n")
    });
    Ok(())
}
