use std::time::Duration;

use super::*;
use crate::kernel::clock::Clock;
use crate::kernel::entropy::Entropy;
use crate::kernel::keyring::root::Provider;
use crate::kernel::objects::Objects;
use crate::kernel::store::{Options, Target};
use crate::kernel::{Kernel, Parts};
use crate::policies::facts::tests::none;
use crate::policies::{Facts, publish_initial};

fn kernel(folder: &std::path::Path) -> Kernel {
    Kernel::start(Parts {
        database: Target::Sqlite(folder.join("seif.db")),
        keyring: Target::Sqlite(folder.join("keyring.db")),
        root: Provider::File(folder.join("root.key")).into(),
        journal: folder.join("journal"),
        objects: Objects::in_folder(folder.join("objects")),
        options: Options::default(),
        clock: Clock::moved(Time::parse("2026-03-01T12:00:00Z").unwrap()),
        entropy: Entropy::system(),
    })
    .unwrap()
}

fn read<R>(kernel: &Kernel, run: impl FnOnce(&mut Tx<'_>) -> Result<R, PoliciesError>) -> Result<R, PoliciesError> {
    kernel.db().read_here(None, run)
}

const PRIVACY: DocumentVersion = DocumentVersion { document: Document::Privacy, version: 1 };

#[test]
fn the_first_start_puts_every_document_in_force_and_a_later_one_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let kernel = kernel(folder.path());
    publish_initial(&kernel, &none()).unwrap();
    let first = read(&kernel, list).unwrap();
    assert_eq!(first.len(), 5);
    for published in &first {
        assert_eq!((published.which.version, published.state), (1, State::InForce));
        assert_eq!(published.languages, Locale::ALL);
        assert_eq!((published.announced_at, published.effective_at), (kernel.now(), kernel.now()));
    }
    let before = read(&kernel, |tx| text(tx, PRIVACY, Locale::Lv)).unwrap();
    assert_eq!(before.title, "Privātuma politika");
    assert_eq!(before.sha256, <[u8; 32]>::from(Sha256::digest(&before.markdown)));
    assert!(before.markdown.contains("Seif (izmēģinājuma instalācija)"));

    kernel.clock().advance(Duration::from_hours(1));
    publish_initial(&kernel, &Facts { operator_name: Some("Piemērs SIA".to_owned()), ..none() }).unwrap();
    assert_eq!(read(&kernel, list).unwrap(), first);
    assert_eq!(read(&kernel, |tx| text(tx, PRIVACY, Locale::Lv)).unwrap(), before);
}

#[test]
fn whoever_joins_acknowledges_privacy_terms_and_safe_use() {
    let folder = tempfile::tempdir().unwrap();
    let kernel = kernel(folder.path());
    publish_initial(&kernel, &none()).unwrap();
    let account = AccountId::new(kernel.now(), kernel.entropy());
    let names = |tx: &mut Tx<'_>| -> Result<Vec<&str>, PoliciesError> {
        Ok(unacknowledged(tx, account)?.into_iter().map(|which| which.document.name()).collect())
    };
    assert_eq!(read(&kernel, names).unwrap(), ["privacy", "terms", "safe_use"]);
    for _ in 0..2 {
        kernel.db().write_blocking(Vec::new(), move |tx| acknowledge(tx, account, &[PRIVACY])).unwrap();
    }
    assert_eq!(read(&kernel, names).unwrap(), ["terms", "safe_use"]);
    let second = DocumentVersion { version: 2, ..PRIVACY };
    let refused = kernel.db().write_blocking(Vec::new(), move |tx| acknowledge(tx, account, &[second]));
    assert_eq!(refused, Err(PoliciesError::Unknown));
}

#[test]
fn the_database_refuses_to_change_what_is_published() {
    let folder = tempfile::tempdir().unwrap();
    let kernel = kernel(folder.path());
    let run = |statement: &'static str| {
        kernel.db().write_blocking(Vec::new(), move |tx| -> Result<(), StoreError> { Ok(tx.conn().batch(statement)?) })
    };
    // A draft may change as it likes.
    run("INSERT INTO policies (document, version, state, announced_at, effective_at) VALUES (1, 7, 1, 0, 0)").unwrap();
    run("INSERT INTO policy_texts VALUES (1, 7, 'en', 'T', 'B', X'00', '')").unwrap();
    run("UPDATE policy_texts SET body = 'C' WHERE version = 7").unwrap();
    run("DELETE FROM policy_texts WHERE version = 7").unwrap();
    run("DELETE FROM policies WHERE version = 7").unwrap();

    publish_initial(&kernel, &none()).unwrap();
    let before = read(&kernel, |tx| text(tx, PRIVACY, Locale::En)).unwrap();
    for statement in [
        "UPDATE policy_texts SET body = 'other' WHERE document = 1",
        "UPDATE policy_texts SET language = 'fr' WHERE document = 1 AND language = 'en'",
        "DELETE FROM policy_texts WHERE document = 1 AND language = 'en'",
        "INSERT INTO policy_texts VALUES (1, 1, 'fr', 'T', 'B', X'00', '')",
        "INSERT OR REPLACE INTO policy_texts VALUES (1, 1, 'en', 'T', 'B', X'00', '')",
        "UPDATE policies SET state = 1 WHERE document = 1",
        "UPDATE policies SET version = 2 WHERE document = 1",
        "DELETE FROM policies WHERE document = 1",
    ] {
        assert!(matches!(run(statement), Err(StoreError::Refused(_))), "{statement}");
    }
    assert_eq!(read(&kernel, |tx| text(tx, PRIVACY, Locale::En)).unwrap(), before);
    // A version's life goes on.
    run("UPDATE policies SET state = 4 WHERE document = 1").unwrap();
    assert!(!read(&kernel, |tx| Ok(in_force(tx)?)).unwrap().contains(&PRIVACY));
}
