//! What the program is linked from: one TLS stack, and nothing with a hole that nobody mends. `deny.toml` says the same for
//! `cargo deny`, which also knows licences and sources; this part needs no tool and no network.

use std::collections::BTreeSet;
use std::process::Command;

/// Crates that may not be in the tree, with the reason.
const REFUSED: [(&str, &str); 7] = [
    ("openssl", "one TLS stack"),
    ("openssl-sys", "one TLS stack"),
    ("native-tls", "one TLS stack"),
    ("boring", "one TLS stack"),
    ("ring", "rustls stands on aws-lc-rs"),
    ("h2", "RUSTSEC-2026-0258 as long as actix-http takes h2 0.3"),
    ("atomic-polyfill", "RUSTSEC-2023-0089"),
];

/// Crates of which there is exactly one version.
const SINGLE: [&str; 5] = ["rustls", "aws-lc-rs", "aes-gcm", "diesel", "libsqlite3-sys"];

/// The faults in the lines of `cargo tree --prefix none`, each a crate's name and version.
fn faults(tree: &str) -> Vec<String> {
    let crates: BTreeSet<(&str, &str)> = tree
        .lines()
        .filter_map(|line| line.split_once(" v"))
        .map(|(name, rest)| (name, rest.split(' ').next().unwrap_or(rest)))
        .collect();
    let refused = REFUSED
        .iter()
        .filter(|(name, _)| crates.iter().any(|(known, _)| known == name))
        .map(|(name, why)| format!("{name}: {why}"));
    let versions = |name: &str| crates.iter().filter(|(known, _)| *known == name).count();
    let single = SINGLE
        .iter()
        .filter(|name| versions(name) != 1)
        .map(|name| format!("{name}: {} versions instead of one", versions(name)));
    refused.chain(single).collect()
}

/// RUSTSEC-2023-0071 is about private keys. These may use it: they check the signatures of others, and hold no such key.
const CHECK_RSA: [&str; 2] = ["openidconnect", "crypto-glue"];

fn tree(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn rsa_is_used_only_by_what_checks_the_signatures_of_others() {
    let all = tree(&[]);
    let versions: BTreeSet<&str> = all.lines().filter_map(|line| line.strip_prefix("rsa v")).collect();
    assert!(!versions.is_empty(), "an exception that nothing needs");
    for version in versions {
        let version = version.split(' ').next().unwrap();
        let users = tree(&["--invert", &format!("rsa@{version}"), "--depth", "1"]);
        for user in users.lines().skip(1).filter_map(|line| line.split(' ').next()) {
            assert!(CHECK_RSA.contains(&user), "{user} uses rsa {version}");
        }
    }
}

#[test]
fn the_program_links_one_tls_stack_and_no_crate_that_is_refused() {
    assert_eq!(faults(&tree(&[])), [""; 0]);
}

#[test]
fn a_second_tls_stack_and_a_second_version_are_faults() {
    let sound =
        "seif v0.1.0 (/x)\nrustls v0.23.1\naws-lc-rs v1.0.0\naes-gcm v0.11.0\ndiesel v2.3.0\nlibsqlite3-sys v0.38.0\n";
    assert_eq!(faults(sound), [""; 0]);
    assert_eq!(faults(&format!("{sound}ring v0.17.1\nring v0.17.1 (*)\n")), ["ring: rustls stands on aws-lc-rs"]);
    assert_eq!(faults(&format!("{sound}rustls v0.22.9\n")), ["rustls: 2 versions instead of one"]);
    assert_eq!(faults(&sound.replace("diesel v", "diesel_derives v")), ["diesel: 0 versions instead of one"]);
}
