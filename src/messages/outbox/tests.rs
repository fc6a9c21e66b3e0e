use std::path::{Path, PathBuf};

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use super::*;
use crate::kernel::Parts;
use crate::kernel::clock::Clock;
use crate::kernel::entropy::Entropy;
use crate::kernel::ids::{AccountId, SessionId, TenantId};
use crate::kernel::keyring::root::Provider;
use crate::kernel::objects::Objects;
use crate::kernel::personal::{Personal, Secret};
use crate::kernel::store::schema::outbox;
use crate::kernel::store::{Options, Target};
use crate::kernel::tenancy::{By, Origin};
use crate::kernel::values::{EmailAddress, Locale};
use crate::messages::files::Files;
use crate::messages::notice::{Code, Notice};

/// A laptop: a kernel on SQLite, mails into the data folder, a clock that is moved.
struct Laptop {
    folder: tempfile::TempDir,
    kernel: Kernel,
    outbox: Outbox,
}

impl Laptop {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let parts = Parts {
            database: Target::Sqlite(folder.path().join("seif.db")),
            keyring: Target::Sqlite(folder.path().join("keyring.db")),
            root: Provider::File(folder.path().join("root.key")).into(),
            journal: folder.path().join("journal"),
            objects: Objects::in_folder(folder.path().join("objects")),
            options: Options::default(),
            clock: Clock::moved(Time::parse("2026-03-01T12:00:00Z").unwrap()),
            entropy: Entropy::system(),
        };
        let kernel = tokio::task::spawn_blocking(|| Kernel::start(parts)).await.unwrap().unwrap();
        let outbox = outbox(&kernel, folder.path());
        Self { folder, kernel, outbox }
    }

    async fn queue(&self, notice: Notice) -> MessageId {
        let mail = mail(notice);
        let day = self.kernel.today().await.unwrap();
        self.kernel.write("test.enqueue", &day, move |tx, day| enqueue(tx, day.keys(), &mail)).await.unwrap()
    }

    /// Claims what is due, as a process does that is killed before it notes anything.
    async fn claim_and_die(&self) -> usize {
        let service = self.kernel.service();
        let claim = self
            .kernel
            .write("test.claim", &service, |tx, _| rows::claim(tx, 8, LEASE, |_, _, _| Ok(())))
            .await
            .unwrap();
        claim.messages.len()
    }

    fn waiting(&self) -> i64 {
        self.kernel
            .db()
            .read_here(None, |tx| outbox::table.count().get_result(tx.conn()).map_err(StoreError::from))
            .unwrap()
    }

    fn captured(&self) -> Vec<PathBuf> {
        let mut all: Vec<_> =
            std::fs::read_dir(self.mail_folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
        all.sort();
        all
    }

    fn mail_folder(&self) -> PathBuf {
        self.folder.path().join("mail")
    }

    async fn round(&self) -> Round {
        self.outbox.deliver_due().await.unwrap()
    }
}

fn outbox(kernel: &Kernel, folder: &Path) -> Outbox {
    let transport = Transport::Files(Files::open(folder).unwrap());
    let letterhead = Letterhead::new("Seif", "noreply@mail.example.com", "help@example.com").unwrap();
    Outbox::new(kernel.clone(), transport, None, Texts::load().unwrap(), letterhead)
}

fn mail(notice: Notice) -> Mail {
    Mail { to: EmailAddress::parse("anna@example.com").unwrap(), language: Locale::Lv, notice }
}

fn code() -> Notice {
    Notice::SignupCode { code: Code::new(Secret::new("042042".to_owned()), Duration::from_mins(10)) }
}

const fn round(delivered: usize, postponed: usize, dropped: usize) -> Round {
    Round { delivered, postponed, dropped }
}

#[tokio::test]
async fn a_mail_leaves_when_its_transaction_is_committed_and_never_otherwise() {
    let laptop = Laptop::new().await;
    let id = laptop.queue(code()).await;
    let day = laptop.kernel.today().await.unwrap();
    let refused: Result<(), StoreError> = laptop
        .kernel
        .write("test.undone", &day, |tx, day| {
            enqueue(tx, day.keys(), &mail(code()))?;
            Err(StoreError::Refused("no"))
        })
        .await;
    assert!(refused.is_err());
    assert_eq!(laptop.waiting(), 1);
    assert_eq!(laptop.round().await, round(1, 0, 0));
    assert_eq!(laptop.round().await, round(0, 0, 0));
    assert_eq!(laptop.waiting(), 0);
    let captured = laptop.captured();
    assert_eq!(captured.len(), 1);
    let text = std::fs::read_to_string(&captured[0]).unwrap();
    assert!(text.contains(&format!("Message-ID: <{id}@")), "{text}");
    assert!(text.lines().any(|line| line == "042042"), "{text}");
}

#[tokio::test]
async fn the_database_holds_neither_address_nor_code() {
    let laptop = Laptop::new().await;
    laptop.queue(code()).await;
    for entry in std::fs::read_dir(laptop.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            for hidden in [&b"anna"[..], b"042042"] {
                assert!(!bytes.windows(hidden.len()).any(|window| window == hidden), "{}", path.display());
            }
        }
    }
}

#[tokio::test]
async fn what_cannot_be_handed_over_goes_again_later_under_the_same_message_id() {
    let laptop = Laptop::new().await;
    let id = laptop.queue(Notice::PasswordChanged).await;
    std::fs::remove_dir(laptop.mail_folder()).unwrap();
    assert_eq!(laptop.round().await, round(0, 1, 0));
    assert_eq!(laptop.round().await, round(0, 0, 0), "not before its time");
    laptop.kernel.clock().advance(Duration::from_mins(1));
    assert_eq!(laptop.round().await, round(0, 1, 0));
    std::fs::create_dir(laptop.mail_folder()).unwrap();
    laptop.kernel.clock().advance(Duration::from_mins(5));
    assert_eq!(laptop.round().await, round(1, 0, 0));
    let name = laptop.captured()[0].file_name().unwrap().to_str().unwrap().to_owned();
    assert_eq!(name, format!("20260301T120000.000Z-{id}.eml"));
}

#[tokio::test]
async fn a_letter_that_nobody_takes_for_two_days_is_left() {
    let laptop = Laptop::new().await;
    laptop.queue(Notice::PasswordChanged).await;
    std::fs::remove_dir(laptop.mail_folder()).unwrap();
    let mut postponed = 0;
    for _ in 0..49 {
        postponed += laptop.round().await.postponed;
        laptop.kernel.clock().advance(Duration::from_hours(1));
    }
    assert!(postponed > 8, "{postponed}");
    assert_eq!(laptop.waiting(), 0);
}

#[tokio::test]
async fn a_code_whose_process_died_is_never_sent_again() {
    let laptop = Laptop::new().await;
    laptop.queue(code()).await;
    assert_eq!(laptop.claim_and_die().await, 1);
    assert_eq!(laptop.round().await, round(0, 0, 0), "the claim lasts");
    laptop.kernel.clock().advance(LEASE);
    assert_eq!(laptop.round().await, round(0, 0, 1));
    assert_eq!(laptop.captured(), Vec::<PathBuf>::new());
    assert_eq!(laptop.waiting(), 0);
}

#[tokio::test]
async fn a_letter_whose_process_died_is_sent_once_more_and_not_twice() {
    let laptop = Laptop::new().await;
    laptop.queue(Notice::PasswordChanged).await;
    assert_eq!(laptop.claim_and_die().await, 1);
    laptop.kernel.clock().advance(LEASE);
    assert_eq!(laptop.round().await, round(1, 0, 0));

    laptop.queue(Notice::PasswordChanged).await;
    for claimed in [1, 1, 0] {
        assert_eq!(laptop.claim_and_die().await, claimed);
        laptop.kernel.clock().advance(LEASE);
    }
    assert_eq!(laptop.captured().len(), 1);
    assert_eq!(laptop.waiting(), 0);
}

#[tokio::test]
async fn a_code_is_not_handed_over_after_its_life() {
    let laptop = Laptop::new().await;
    laptop.queue(code()).await;
    laptop.kernel.clock().advance(Duration::from_mins(10));
    assert_eq!(laptop.round().await, round(0, 0, 1));
    assert_eq!(laptop.captured(), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn the_mail_of_an_erased_owner_is_dropped_and_that_of_an_owner_with_a_lost_key_is_kept() {
    let laptop = Laptop::new().await;
    let kernel = &laptop.kernel;
    let (account, tenant) =
        (AccountId::new(kernel.now(), kernel.entropy()), TenantId::new(kernel.now(), kernel.entropy()));
    let origin = Origin {
        address: Personal::new(std::net::Ipv4Addr::LOCALHOST.into()),
        device: Personal::new("test".to_owned()),
        site: None,
    };
    let by = By::Session(SessionId::new(kernel.now(), kernel.entropy()));
    let scope = kernel.join_scope(account, tenant, by, origin).await.unwrap();
    kernel
        .write("test.join", &scope, |tx, scope| {
            Kernel::mirror_join(tx, scope)?;
            enqueue(tx, scope.account().keys(), &mail(Notice::PasswordChanged))
        })
        .await
        .unwrap();
    kernel.keyring().destroy(Owner::Account(account)).await.unwrap();
    assert_eq!(laptop.round().await, round(0, 1, 0), "a missing key without an erasure is a fault");
    kernel.keyring().enter_erasure(Owner::Account(account)).await.unwrap();
    kernel.clock().advance(LEASE);
    assert_eq!(laptop.round().await, round(0, 0, 1));
    assert_eq!(laptop.captured(), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_mail_that_does_not_open_is_dropped_and_the_others_leave() {
    let laptop = Laptop::new().await;
    let bad = laptop.queue(Notice::PasswordChanged).await;
    laptop.queue(Notice::IdentifierChanged).await;
    laptop
        .kernel
        .db()
        .write(Vec::new(), move |tx| -> Result<(), StoreError> {
            let row = outbox::table.filter(outbox::id.eq(bad));
            let mut body: Vec<u8> = row.select(outbox::body).get_result(tx.conn())?;
            *body.last_mut().unwrap() ^= 1;
            diesel::update(row).set(outbox::body.eq(body)).execute(tx.conn())?;
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(laptop.round().await, round(1, 0, 1));
}

#[tokio::test]
async fn two_processes_hand_each_mail_over_once() {
    let laptop = Laptop::new().await;
    for _ in 0..20 {
        laptop.queue(Notice::PasswordChanged).await;
        laptop.queue(code()).await;
    }
    let other = outbox(&laptop.kernel, laptop.folder.path());
    let (one, two) = tokio::join!(laptop.round(), other.deliver_due());
    let two = two.unwrap();
    assert_eq!((one.delivered + two.delivered, one.dropped + two.dropped), (40, 0));
    assert_eq!(laptop.captured().len(), 40);
    assert_eq!(laptop.waiting(), 0);
}

#[tokio::test]
async fn a_running_outbox_sends_at_once_what_is_queued() {
    let laptop = Laptop::new().await;
    let outbox = laptop.outbox.clone();
    let running = tokio::spawn(async move { outbox.run().await });
    let sent = async {
        let id = laptop.queue(Notice::PasswordChanged).await;
        loop {
            let captured = laptop.captured();
            if let [only] = captured.as_slice()
                && only.to_str().unwrap().contains(&id.to_string())
                && laptop.waiting() == 0
            {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(LOOK / 2, sent).await.unwrap();
    laptop.outbox.stop();
    timeout(LOOK / 2, running).await.unwrap().unwrap();
}
