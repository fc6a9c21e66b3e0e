//! The command line: one file a command.

mod audit;
mod backup;
mod demo;
mod doctor;
mod interface;
mod keys;
mod open;
pub mod operator;
mod operators;
mod output;
mod policy;
mod rekey;
mod serve;
mod support;
mod tenants;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::app;
use crate::cli::output::Output;
use crate::settings::{Environment, Overrides, Settings};

/// Seif keeps each business's data under that business's own keys.
#[derive(Debug, Parser)]
#[command(name = "seif", version)]
struct Arguments {
    #[command(flatten)]
    overrides: Overrides,
    /// Prints JSON alone.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Apart(Apart),
    #[command(flatten)]
    Installed(Box<Installed>),
}

/// What needs no installation: no configuration, no service, no keyring.
#[derive(Debug, Subcommand)]
enum Apart {
    /// Opens a vault's own export that was sealed for age recipients.
    Open(open::Open),
}

/// What is done with the installation that the configuration names.
#[derive(Debug, Subcommand)]
enum Installed {
    /// Runs the service.
    Serve,
    /// Brings both databases to this version's schema.
    Migrate,
    /// Tells the whole story on a demonstration business.
    Demo,
    /// Shows and changes keys.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Takes back-ups, reads them, and puts them back.
    #[command(subcommand)]
    Backup(backup::Backup),
    /// Writes, announces and withdraws legal documents, and shows who was told of them.
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Says who may sign in to the operators' console, and as what.
    #[command(subcommand)]
    Operators(operators::Operators),
    /// Shows businesses by id, state, age and size.
    #[command(subcommand)]
    Tenants(tenants::Tenants),
    /// Shows what operators did, and whether the record of it is whole.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Looks whether everything that the service needs is there and as it should be.
    Doctor,
    /// Identifies callers, and looks at what a tenant has granted.
    #[command(subcommand)]
    Support(support::Support),
    /// Says whether a certificate of erasure holds, and what it proves.
    Verify(Box<verify::Verify>),
    /// Lists every route and what it asks of a caller.
    Routes,
    /// Prints the OpenAPI document.
    Openapi,
}

/// Runs the command that the arguments name. Exit status 0 done, 1 failed, 2 wrong use.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let output = if arguments.json { Output::Json } else { Output::Text };
    let command = match arguments.command {
        Command::Apart(Apart::Open(wanted)) => {
            return match open::run(&wanted, output) {
                Ok(()) => ExitCode::SUCCESS,
                Err(refusal) if refusal.is_wrong_use() => wrong_use(&refusal),
                Err(refusal) => failed(&refusal.into()),
            };
        }
        Command::Installed(command) => *command,
    };
    let environment = Environment::of_the_process();
    #[cfg(feature = "testing")]
    if let Some(point) = environment.test_fault() {
        crate::kernel::fault::arm(point);
    }
    let settings = match Settings::load(&arguments.overrides, &environment) {
        Ok(settings) => settings,
        Err(error) => return wrong_use(&error),
    };
    let done = match command {
        Installed::Serve => serve::run(settings),
        Installed::Migrate => migrate(&settings, output),
        Installed::Demo => demo::run(output),
        Installed::Keys(command) => keys::run(&settings, &command, output),
        Installed::Backup(command) => backup::run(&settings, &command, output),
        Installed::Policy(command) => policy::run(&settings, &command, output),
        Installed::Operators(command) => operators::run(&settings, &command, output),
        Installed::Tenants(command) => tenants::run(&settings, &command, output),
        Installed::Audit(command) => audit::run(&settings, &command, output),
        Installed::Doctor => doctor::run(&settings, output),
        Installed::Support(command) => support::run(&settings, &command, output),
        Installed::Verify(wanted) => verify::run(&settings, &wanted, output),
        Installed::Routes => {
            interface::routes(output);
            Ok(())
        }
        Installed::Openapi => {
            interface::openapi();
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn migrate(settings: &Settings, output: Output) -> anyhow::Result<()> {
    app::migrate(settings)?;
    output.show(&serde_json::json!({"migrated": true}), || "both databases have this version's schema".to_owned());
    Ok(())
}

#[expect(clippy::print_stderr, reason = "the command line speaks to a person")]
fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("seif: {error}");
    ExitCode::FAILURE
}

#[expect(clippy::print_stderr, reason = "the command line speaks to a person")]
fn wrong_use(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("seif: {error}");
    ExitCode::from(2)
}
