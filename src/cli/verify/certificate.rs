//! Whether a certificate, or the report of a key that turned over, holds, and whether a certificate's receipt proves that
//! the log states it.

use std::path::Path;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};

use super::{Verify, verifiers};
use crate::app;
use crate::cli::output::Output;
use crate::kernel::erasure::certificate::{Certificate, Kind};
use crate::kernel::ids::SigningKeyId;
use crate::kernel::rekey::report::{self, Report};
use crate::kernel::transparency::Leaf;
use crate::kernel::transparency::note::Checkpoint;
use crate::kernel::transparency::proof::Receipt;
use crate::settings::Settings;

/// Says what the certificate proves; fails with the reason when it, or its receipt, does not hold.
pub(super) fn run(settings: &Settings, file: &Path, wanted: &Verify, output: Output) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{}", file.display()))?;
    let keys = match &wanted.key {
        Some(key) => given(key, &text)?,
        None => {
            let own = app::open_keyring(settings)?.public_keys()?;
            own.into_iter().map(|key| (key.id, key.bytes)).collect()
        }
    };
    let format =
        serde_json::from_str(&text).ok().and_then(|value: Value| Some(value.get("format")?.as_str()?.to_owned()));
    if format.as_deref() == Some(report::FORMAT) {
        show_report(&Report::verify(&text, &keys)?, output);
        return Ok(());
    }
    let held = Certificate::verify(&text, &keys)?;
    let logged = wanted.receipt.as_deref().map(|receipt| logged(settings, &text, receipt, wanted)).transpose()?;
    let rows: u64 = held.purged.values().sum();
    let kind = if held.kind == Kind::Erased { "erased" } else { "horizon_passed" };
    let log = logged
        .as_ref()
        .map(|(index, checkpoint)| json!({"origin": checkpoint.origin, "index": index, "entries": checkpoint.size}));
    let proves = json!({
        "holds": true, "kind": kind, "owner": held.owner, "keys_destroyed_at": held.keys_destroyed_at,
        "keys": held.keys.len(), "rows": rows, "files": held.files, "finished_at": held.finished_at,
        "horizon_at": held.horizon_at, "key": held.key, "log": log,
    });
    output.show(&proves, || {
        let log = logged.as_ref().map_or_else(String::new, |(index, checkpoint)| {
            format!("\nthe log {} states it as entry {index} of {}", checkpoint.origin, checkpoint.size)
        });
        format!(
            "it holds: {}\n{} keys destroyed at {}\n{rows} rows and {} files deleted by {}\nnothing found when every store was searched once more\nno old back-up can open anything from {} on{log}",
            held.owner, held.keys.len(), held.keys_destroyed_at, held.files, held.finished_at, held.horizon_at
        )
    });
    Ok(())
}

/// Says what the report of a key proves.
fn show_report(held: &Report, output: Output) {
    let (values, tags): (u64, u64) = (held.sealed.values().sum(), held.tagged.values().sum());
    let lost: u64 = held.unopenable.values().sum();
    let proves = json!({
        "holds": true, "kind": "key_turned_over", "owner": held.owner, "old_version": held.old_version,
        "new_version": held.new_version, "values": values, "tags": tags, "unopenable": lost,
        "verified_at": held.verified_at, "destroyed_at": held.issued_at, "key": held.key,
    });
    output.show(&proves, || {
        format!(
            "it holds: {}\nkey version {} destroyed at {}, version {} in its stead\n{values} values sealed anew, {tags} tags made anew, {lost} values that opened under no version",
            held.owner, held.old_version, held.issued_at, held.new_version
        )
    });
}

/// Where the receipt proves the certificate to be in the log.
fn logged(
    settings: &Settings,
    certificate: &str,
    receipt: &Path,
    wanted: &Verify,
) -> anyhow::Result<(u64, Checkpoint)> {
    let text = std::fs::read_to_string(receipt).with_context(|| format!("{}", receipt.display()))?;
    let receipt = Receipt::parse(&text)?;
    let keys = match &wanted.log_key {
        Some(key) => verifiers(key)?,
        None => app::open_keyring(settings)?.log_verifiers()?,
    };
    let leaf = Leaf::of_certificate(certificate).context("it is not a certificate: not JSON")?;
    let checkpoint = receipt.verify(&leaf.entry(), &keys).context("the receipt does not hold")?;
    Ok((receipt.index, checkpoint))
}

/// The keys that were given: a bare one stands for whichever the certificate names.
fn given(key: &str, certificate: &str) -> anyhow::Result<Vec<(SigningKeyId, [u8; 32])>> {
    if let Ok(text) = std::fs::read_to_string(key) {
        let set: Value = serde_json::from_str(&text).context("the file of keys is not JSON")?;
        let keys = set.get("keys").and_then(Value::as_array).context("the file of keys holds none")?;
        return keys
            .iter()
            .map(|key| Ok((named(key.get("kid"))?, bytes(key.get("x").and_then(Value::as_str).unwrap_or_default())?)))
            .collect();
    }
    let certificate: Value = serde_json::from_str(certificate).context("it is not a certificate: not JSON")?;
    Ok(vec![(named(certificate.get("key"))?, bytes(key)?)])
}

fn named(id: Option<&Value>) -> anyhow::Result<SigningKeyId> {
    id.and_then(Value::as_str).and_then(|id| id.parse().ok()).context("a key without its id")
}

fn bytes(text: &str) -> anyhow::Result<[u8; 32]> {
    let Ok(bytes) = BASE64URL.decode(text).map(<[u8; 32]>::try_from) else {
        bail!("the key is neither a file nor base64url");
    };
    bytes.ok().context("a public key has 32 bytes")
}
