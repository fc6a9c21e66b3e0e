//! Follows a log from the outside: reads all of it, and compares it with the checkpoint that was kept.
//!
//! It trusts nothing but the keys: every entry is hashed here, and the root of as many as there were the last time must
//! be the one that was signed then. A log that is not is told, and what was kept stays, as evidence.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use reqwest::{Client, Url};
use serde_json::json;

use super::{Verify, verifiers};
use crate::cli::output::Output;
use crate::kernel::transparency::note::{Checkpoint, Verifier};
use crate::kernel::transparency::tiles::{self, Tile, WIDTH};
use crate::kernel::transparency::tree::{Grown, Hash};

/// The longest a service may take for one answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The file of the keys that were kept.
const KEYS: &str = "keys";

/// The file of the newest checkpoint that was kept.
const CHECKPOINT: &str = "checkpoint";

/// The file of a checkpoint that does not follow from the one that was kept.
const CONTRADICTION: &str = "contradiction";

/// Looks once, or again and again.
pub(super) fn run(log: &Url, wanted: &Verify, known: Option<Vec<Verifier>>, output: Output) -> anyhow::Result<()> {
    let mut client = Client::builder().timeout(PATIENCE).https_only(true).redirect(reqwest::redirect::Policy::none());
    if let Some(file) = &wanted.ca {
        let pem = std::fs::read(file).with_context(|| format!("{}", file.display()))?;
        client = client.tls_certs_only(reqwest::Certificate::from_pem_bundle(&pem)?);
    }
    let (client, runtime) = (client.build()?, tokio::runtime::Builder::new_current_thread().enable_all().build()?);
    let monitor = Monitor { client, log, known, state: wanted.state.as_deref() };
    loop {
        let seen = runtime.block_on(monitor.look())?;
        let Seen { now, before, kinds } = &seen;
        let proves = json!({
            "holds": true, "origin": now.origin, "entries": now.size, "root": now.root.to_string(),
            "entries_before": before, "kinds": kinds,
        });
        output.show(&proves, || {
            let since =
                before.map_or_else(String::new, |before| format!(", and begins with the {before} that were kept"));
            let counts: String = kinds.iter().map(|(kind, count)| format!("\n{count} {kind}")).collect();
            format!("it holds: {} has {} entries{since}{counts}", now.origin, now.size)
        });
        let Some(pause) = wanted.every else { return Ok(()) };
        std::thread::sleep(Duration::from_secs(pause));
    }
}

struct Monitor<'a> {
    client: Client,
    log: &'a Url,
    known: Option<Vec<Verifier>>,
    state: Option<&'a Path>,
}

/// What was seen.
struct Seen {
    now: Checkpoint,
    before: Option<u64>,
    kinds: BTreeMap<String, u64>,
}

impl Monitor<'_> {
    async fn look(&self) -> anyhow::Result<Seen> {
        let keys = self.keys().await?;
        let before = self.kept(CHECKPOINT)?.map(|note| Checkpoint::open(&note, &keys)).transpose();
        let before = before.context("the checkpoint that was kept")?;
        let note = String::from_utf8(self.get("checkpoint").await?).context("the checkpoint")?;
        let now = Checkpoint::open(&note, &keys)?;
        let entries = self.entries(now.size).await?;
        let mut grown = Grown::default();
        entries.iter().for_each(|entry| grown.push(entry));
        ensure!(grown.root(now.size) == Some(now.root), "its entries are not those that its checkpoint was signed for");
        if let Some(before) = &before {
            let is_same_log = before.origin == now.origin && grown.root(before.size) == Some(before.root);
            if !is_same_log {
                self.keep(CONTRADICTION, &note)?;
                bail!(
                    "the log was rewritten: the {} entries that were signed before are not its beginning; both checkpoints are kept",
                    before.size
                );
            }
        }
        self.keep(KEYS, &keys.iter().map(|key| format!("{key}\n")).collect::<String>())?;
        self.keep(CHECKPOINT, &note)?;
        Ok(Seen { now, before: before.map(|before| before.size), kinds: kinds(&entries) })
    }

    /// The keys that were given; else those that were kept; else, at the first time, those that the log names itself.
    async fn keys(&self) -> anyhow::Result<Vec<Verifier>> {
        if let Some(known) = &self.known {
            return Ok(known.clone());
        }
        match self.kept(KEYS)? {
            Some(kept) => verifiers(&kept),
            None => verifiers(&String::from_utf8(self.get("keys").await?).context("the keys of the log")?),
        }
    }

    /// Every entry, in order; each tile of hashes that the log publishes is compared with them.
    async fn entries(&self, size: u64) -> anyhow::Result<Vec<Vec<u8>>> {
        let mut all = Vec::new();
        for number in 0..size.div_ceil(WIDTH) {
            let width = (size - number * WIDTH).min(WIDTH);
            let bundle = self.get(&format!("tile/{}", Tile::Entries { number, width }.path())).await?;
            let entries = tiles::unbundle(&bundle).context("a bundle of entries is broken off")?;
            ensure!(entries.len() as u64 == width, "a bundle has another number of entries than its address");
            let hashes: Vec<u8> = entries.iter().flat_map(|entry| *Hash::of_entry(entry).as_bytes()).collect();
            let tile = self.get(&format!("tile/{}", Tile::Hashes { level: 0, number, width }.path())).await?;
            ensure!(tile == hashes, "a tile's hashes are not those of its entries");
            all.extend(entries);
        }
        Ok(all)
    }

    async fn get(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let url = self.log.join(&format!("/transparency/{path}"))?;
        let answer = self.client.get(url.clone()).send().await.with_context(|| format!("{url} does not answer"))?;
        ensure!(answer.status().is_success(), "{url} answers {}", answer.status());
        Ok(answer.bytes().await?.to_vec())
    }

    fn kept(&self, name: &str) -> anyhow::Result<Option<String>> {
        let Some(folder) = self.state else { return Ok(None) };
        match std::fs::read_to_string(folder.join(name)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("{}", folder.join(name).display())),
        }
    }

    fn keep(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let Some(folder) = self.state else { return Ok(()) };
        std::fs::create_dir_all(folder)?;
        let aside = folder.join(format!("{name}.new"));
        std::fs::write(&aside, text)?;
        Ok(std::fs::rename(aside, folder.join(name))?)
    }
}

fn kinds(entries: &[Vec<u8>]) -> BTreeMap<String, u64> {
    let mut kinds = BTreeMap::new();
    for entry in entries {
        let kind = serde_json::from_slice::<serde_json::Value>(entry).ok();
        let kind = kind.as_ref().and_then(|entry| entry.get("kind")?.as_str()).unwrap_or("unknown").to_owned();
        *kinds.entry(kind).or_default() += 1;
    }
    kinds
}
