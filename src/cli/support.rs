//! `seif support`: who is on the telephone.

use clap::Subcommand;
use serde_json::json;

use crate::accounts::support::{self, Named, Word};
use crate::app;
use crate::cli::operator::here;
use crate::cli::output::Output;
use crate::kernel::operators::deeds::IdentifyCaller;
use crate::kernel::personal::Secret;
use crate::settings::Settings;

/// What support asks.
#[derive(Debug, Subcommand)]
pub(super) enum Support {
    /// Identifies a caller by the code that their screen shows, and gives the words to say back. Uses the code.
    Verify {
        /// Eight digits.
        #[arg(value_parser = secret)]
        code: Secret<String>,
    },
}

fn secret(text: &str) -> Result<Secret<String>, std::convert::Infallible> {
    Ok(Secret::new(text.to_owned()))
}

/// Runs the command beside a service that may be running.
pub(super) fn run(settings: &Settings, command: &Support, output: Output) -> anyhow::Result<()> {
    match command {
        Support::Verify { code } => verify(settings, code, output),
    }
}

fn verify(settings: &Settings, code: &Secret<String>, output: Output) -> anyhow::Result<()> {
    let kernel = app::open_beside(settings)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let identify = kernel.operate(here(), IdentifyCaller, async |act| support::verify(&kernel, act, code).await);
    let caller = runtime.block_on(identify)??;
    let tenants: Vec<&str> = caller.tenants.iter().map(|Named(name)| name.reveal().as_str()).collect();
    let words: Vec<&str> = caller.words.iter().map(|Word(word)| word.reveal().as_str()).collect();
    let name = caller.name.reveal();
    let language = caller.language.tag();
    output.show(&json!({"name": name, "tenants": tenants, "words": words, "language": language}), || {
        format!(
            "caller:    {name}\nof:        {}\nsay back:  {}   (language: {language})",
            tenants.join(", "),
            words.join(" ")
        )
    });
    Ok(())
}
