//! The command line: one file a command.

mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::settings::{Environment, Overrides, Settings};

/// Seif keeps each business's data under that business's own keys.
#[derive(Debug, Parser)]
#[command(name = "seif", version)]
struct Arguments {
    #[command(flatten)]
    overrides: Overrides,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the service.
    Serve,
}

/// Runs the command that the arguments name. Exit status 0 done, 1 failed, 2 wrong use.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let settings = match Settings::load(&arguments.overrides, &Environment::of_the_process()) {
        Ok(settings) => settings,
        Err(error) => return wrong_use(&error),
    };
    let done = match arguments.command {
        Command::Serve => serve::run(settings),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
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
