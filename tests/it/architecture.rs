//! Who may use whom: every path that `src` names, held against the two tables under "Directions" in the README.

mod source;
mod table;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use source::{Named, Source};
use table::Directions;

/// A path that a file may not name, with the reason.
#[derive(Debug, PartialEq, Eq)]
struct Violation {
    module: String,
    line: usize,
    path: String,
    why: String,
}

/// What `module` may not name of `named`.
fn violations(directions: &Directions, module: &[String], named: &[Named]) -> Vec<Violation> {
    named
        .iter()
        .flat_map(|name| {
            let ours = directions.refuse_part(module, &name.path);
            let homes = directions.refuse_name(module, &name.path);
            ours.into_iter().chain(homes).map(|why| Violation {
                module: module.join("::"),
                line: name.line,
                path: name.path.join("::"),
                why,
            })
        })
        .collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn directions() -> Directions {
    Directions::parse(&fs::read_to_string(root().join("README.md")).unwrap())
}

/// Every source file outside the tests, as its module path and what it names.
fn sources() -> Vec<(Vec<String>, Source)> {
    let mut files = Vec::new();
    collect(&root().join("src"), &mut files);
    files.sort();
    let read: Vec<_> = files
        .into_iter()
        .map(|file| {
            let module = module_of(file.strip_prefix(root().join("src")).unwrap());
            let source = source::read(&module, &fs::read_to_string(&file).unwrap());
            (module, source)
        })
        .collect();
    let tests: Vec<Vec<String>> = read.iter().flat_map(|(_, source)| source.test_modules.clone()).collect();
    read.into_iter().filter(|(module, _)| !tests.iter().any(|test| module.starts_with(test))).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// `kernel/store/mod.rs` is `kernel::store`; `lib.rs` and `main.rs` are modules of those names.
fn module_of(file: &Path) -> Vec<String> {
    let mut module: Vec<String> =
        file.with_extension("").iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if module.len() > 1 && module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    module
}

#[test]
fn every_module_uses_only_what_the_readme_allows() {
    let directions = directions();
    let found: Vec<Violation> =
        sources().iter().flat_map(|(module, source)| violations(&directions, module, &source.named)).collect();
    let lines: Vec<String> =
        found.iter().map(|v| format!("src {} line {}: {}: {}", v.module, v.line, v.path, v.why)).collect();
    assert!(found.is_empty(), "\n{}\n", lines.join("\n"));
}

#[test]
fn every_part_of_the_source_has_a_row_in_the_readme() {
    let present: BTreeSet<String> = sources().into_iter().filter_map(|(module, _)| module.into_iter().next()).collect();
    let rows: BTreeSet<String> = directions().parts().map(str::to_owned).collect();
    let missing: Vec<_> = present.difference(&rows).collect();
    assert!(missing.is_empty(), "no row for {missing:?}");
}

/// The rules of the README on small sources: each refuses its planted fault and lets the honest neighbour pass.
mod planted {
    use super::{directions, module_of, source, violations};

    /// The paths refused in `text`, were it the file `file` of `src`.
    fn refused(file: &str, text: &str) -> Vec<String> {
        let module = module_of(file.as_ref());
        let read = source::read(&module, text);
        violations(&directions(), &module, &read.named).into_iter().map(|violation| violation.path).collect()
    }

    #[track_caller]
    fn refuses(file: &str, text: &str, path: &str) {
        assert_eq!(refused(file, text), [path]);
    }

    #[track_caller]
    fn allows(file: &str, text: &str) {
        assert_eq!(refused(file, text), [""; 0]);
    }

    #[test]
    fn the_kernel_uses_nothing_of_ours() {
        for part in ["accounts", "tenants", "vault", "policies", "jobs", "messages", "web", "cli", "settings", "app"] {
            let path = format!("crate::{part}::thing");
            refuses("kernel/audit.rs", &format!("use {path};"), &path);
        }
        allows("kernel/audit.rs", "use crate::kernel::ids::TenantId; use super::clock; use serde::Serialize;");
    }

    #[test]
    fn a_slice_does_not_know_the_web_the_command_line_or_actix() {
        for slice in ["accounts", "tenants", "vault", "policies"] {
            let file = format!("{slice}/mod.rs");
            refuses(&file, "use crate::web::problem::Problem;", "crate::web::problem::Problem");
            refuses(&file, "fn f() { crate::cli::serve::run() }", "crate::cli::serve::run");
            refuses(&file, "use actix_web::HttpRequest;", "actix_web::HttpRequest");
            allows(&file, "use crate::kernel::ids::TenantId; use diesel::prelude::*;");
        }
    }

    #[test]
    fn the_vault_does_not_reach_into_accounts() {
        refuses("vault/records.rs", "use crate::accounts::password;", "crate::accounts::password");
    }

    #[test]
    fn tenants_know_the_kinds_of_fields_and_nothing_else_of_the_vault() {
        refuses("tenants/profile.rs", "use crate::vault::records;", "crate::vault::records");
        allows("tenants/profile.rs", "use crate::vault::kinds::Kind;");
    }

    #[test]
    fn only_the_demonstration_looks_into_the_database_from_the_command_line() {
        refuses("cli/doctor.rs", "use diesel::connection::Connection;", "diesel::connection::Connection");
        allows("cli/demo/mod.rs", "use diesel::connection::Connection;");
    }

    #[test]
    fn the_web_never_names_the_database_library() {
        refuses("web/api/records.rs", "use diesel::prelude::*;", "diesel::prelude::*");
        refuses("web/api/records.rs", "#[derive(diesel::Queryable)] struct Row;", "diesel::Queryable");
        refuses("cli/keys.rs", "fn f() -> diesel::QueryResult<()> { Ok(()) }", "diesel::QueryResult");
        allows("web/api/records.rs", "use actix_web::web::Json; use crate::vault::records;");
    }

    #[test]
    fn only_the_kernels_crypto_names_a_cipher() {
        for cipher in ["aes", "aes_gcm", "argon2", "hkdf", "hmac"] {
            let path = format!("{cipher}::Thing");
            refuses("kernel/keyring/mod.rs", &format!("use {path};"), &path);
            refuses("vault/files.rs", &format!("use {path};"), &path);
            allows("kernel/crypto/aead.rs", &format!("use {path};"));
        }
    }

    #[test]
    fn a_plain_digest_is_for_the_kernel_and_for_published_documents() {
        refuses("accounts/password.rs", "use sha2::Sha256;", "sha2::Sha256");
        allows("kernel/audit.rs", "use sha2::Sha256;");
        allows("policies/documents.rs", "use sha2::Sha256;");
    }

    #[test]
    fn only_messages_name_the_mail_library() {
        refuses("accounts/signup.rs", "use lettre::Message;", "lettre::Message");
        refuses("jobs/outbox.rs", "use lettre::Message;", "lettre::Message");
        allows("messages/smtp/mod.rs", "use lettre::Message;");
    }

    #[test]
    fn only_settings_read_the_environment_and_configuration() {
        refuses("web/tls/mod.rs", "fn f() { std::env::var(\"HOME\"); }", "std::env::var");
        refuses("kernel/clock.rs", "use std::{env, fs};", "std::env");
        refuses("vault/mod.rs", "use toml::Table;", "toml::Table");
        allows("settings/mod.rs", "use std::env; use toml::Table;");
    }

    #[test]
    fn only_the_clock_and_the_entropy_ask_the_machine() {
        refuses("jobs/lease.rs", "use std::time::{Duration, SystemTime};", "std::time::SystemTime");
        refuses("kernel/crypto/envelope.rs", "fn f() { getrandom::fill(&mut []); }", "getrandom::fill");
        allows("kernel/clock.rs", "use std::time::SystemTime;");
        allows("kernel/entropy.rs", "fn f() { getrandom::fill(&mut []); }");
        allows("jobs/lease.rs", "use std::time::Duration;");
    }

    #[test]
    fn what_the_tests_need_is_not_named_by_the_product() {
        refuses("vault/files.rs", "use tempfile::tempdir;", "tempfile::tempdir");
        allows("vault/files.rs", "#[cfg(test)] mod tests { use tempfile::tempdir; use crate::web::routes; }");
    }

    #[test]
    fn a_glob_counts_as_naming_what_is_behind_it() {
        refuses("vault/mod.rs", "use std::*;", "std::*");
        refuses("vault/mod.rs", "use crate::*;", "crate::*");
    }

    #[test]
    fn a_part_without_a_row_may_use_nothing() {
        refuses("extra/mod.rs", "use crate::kernel::ids;", "crate::kernel::ids");
    }
}
