//! The `seif` command.
fn main() {}
