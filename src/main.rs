//! The `seif` command.

fn main() -> std::process::ExitCode {
    seif::cli::run()
}
