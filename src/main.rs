//! The `seif` command.

fn main() -> std::process::ExitCode {
    let status = seif::cli::run();
    seif::kernel::finish();
    status
}
