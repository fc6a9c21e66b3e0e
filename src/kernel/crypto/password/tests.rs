//! Rules of password hashing.

use futures_util::FutureExt as _;

use super::*;
use crate::kernel::crypto::password::work::{hashed, read};

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

fn hashing(params: Params, waiting: usize) -> Hashing {
    Hashing::new(params, NonZero::<usize>::MIN, waiting)
}

/// Without threads: what is queued stays queued.
fn standing(places: usize) -> Hashing {
    let (state, changed) = (Mutex::default(), Condvar::new());
    Hashing(Arc::new(Pool(Arc::new(Queue { params: Params::for_tests(), places, state, changed }))))
}

#[test]
fn memory_is_wiped_and_a_hash_does_not_depend_on_what_was_in_it() {
    let (mut fresh, mut used) = (Memory::default(), Memory::default());
    let (large, small) = (Params { memory_kib: 64, ..Params::for_tests() }, Params::for_tests());
    let hash = |memory: &mut Memory, params: Params, password: &str| {
        hashed(params, memory, &secret(password), &[7; 16]).unwrap()
    };
    let expected = hash(&mut fresh, small, "one").reveal().to_owned();
    hash(&mut used, large, "another");
    assert!(used.blocks.iter().any(|block| block.as_ref().iter().any(|word| *word != 0)));
    assert_eq!(hash(&mut used, small, "one").reveal(), expected);
    used.wipe();
    assert!(used.blocks.iter().all(|block| block.as_ref().iter().all(|word| *word == 0)));
    used.give_back();
    assert!(used.blocks.is_empty());
}

#[test]
fn a_decoy_has_the_form_and_the_cost_of_a_new_hash() {
    let params = Params::new(19 * 1024, 2, 1).unwrap();
    let decoy = hashing(params, 1).decoy(&Entropy::system());
    let (read, salt, hash) = read(decoy.reveal()).unwrap();
    assert_eq!((read, salt.len(), hash.len()), (params, 16, HASH));
}

#[tokio::test]
async fn a_password_matches_its_own_hash_alone() {
    let hashing = hashing(Params::for_tests(), 1);
    let phc = hashing.hash(secret("Pääsõna 1"), &Entropy::system()).await.unwrap();
    assert!(phc.reveal().starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
    let again = hashing.hash(secret("Pääsõna 1"), &Entropy::system()).await.unwrap();
    assert_ne!(phc.reveal(), again.reveal());
    let matches = Verdict::Matches { rehash: Rehash::NotNeeded };
    assert_eq!(hashing.verify(secret("Pääsõna 1"), phc.clone()).await, Ok(matches));
    for other in ["", "Pääsõna 2", "Pääsõna 1 "] {
        assert_eq!(hashing.verify(secret(other), phc.clone()).await, Ok(Verdict::Differs));
    }
}

#[tokio::test]
async fn hashes_of_the_reference_implementation_match_and_ask_for_todays_parameters() {
    let hashing = hashing(Params::stored(256, 2, 2).unwrap(), 1);
    for (phc, rehash) in [
        ("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", Rehash::Needed),
        ("$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc", Rehash::NotNeeded),
    ] {
        let phc = Phc::new(secret(phc));
        assert_eq!(hashing.verify(secret("password"), phc.clone()).await, Ok(Verdict::Matches { rehash }));
        assert_eq!(hashing.verify(secret("Password"), phc).await, Ok(Verdict::Differs));
    }
}

#[test]
fn argon2id_underneath_gives_the_vector_of_rfc_9106() {
    let params = argon2::ParamsBuilder::new()
        .m_cost(32)
        .t_cost(3)
        .p_cost(4)
        .data(argon2::AssociatedData::new(&[4; 12]).unwrap())
        .build()
        .unwrap();
    let mut tag = [0; 32];
    Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params)
        .unwrap()
        .hash_password_into(&[1; 32], &[2; 16], &mut tag)
        .unwrap();
    let published: [u8; 32] = [
        0x0d, 0x64, 0x0d, 0xf5, 0x8d, 0x78, 0x76, 0x6c, 0x08, 0xc0, 0x37, 0xa3, 0x4a, 0x8b, 0x53, 0xc9, 0xd0, 0x1e,
        0xf0, 0x45, 0x2d, 0x75, 0xb6, 0x5e, 0xb5, 0x25, 0x20, 0xe9, 0x6b, 0x01, 0xe6, 0x59,
    ];
    assert_eq!(tag, published);
}

#[tokio::test]
async fn what_is_no_argon2id_hash_matches_nothing() {
    let hashing = hashing(Params::for_tests(), 1);
    for phc in [
        "",
        "password",
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ",
        "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=4294967295,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    ] {
        assert_eq!(hashing.verify(secret("password"), Phc::new(secret(phc))).await, Ok(Verdict::Differs), "{phc}");
    }
}

#[test]
fn parameters_below_owasps_least_are_refused() {
    let mib = |n: u32| n * 1024;
    for (memory, iterations) in [(mib(46), 1), (mib(19), 2), (mib(12), 3), (mib(9), 4), (mib(7), 5), (mib(64), 3)] {
        assert!(Params::new(memory, iterations, 1).is_ok(), "{memory} {iterations}");
    }
    for (memory, iterations) in [(mib(46), 0), (mib(19), 1), (mib(12), 2), (mib(9), 3), (mib(7), 4), (mib(7) - 1, 9)] {
        assert_eq!(Params::new(memory, iterations, 1), Err(Unfit::TooWeak), "{memory} {iterations}");
    }
    for (memory, iterations, lanes) in [(mib(19), 2, 0), (mib(19), 2, 65), (u32::MAX, 2, 1), (mib(19), 1001, 1)] {
        assert_eq!(Params::new(memory, iterations, lanes), Err(Unfit::OutOfRange));
    }
}

#[test]
fn a_full_queue_turns_callers_away_and_those_who_leave_give_up_their_places() {
    let hashing = standing(2);
    let entropy = Entropy::system();
    let mut staying = Box::pin(hashing.hash(secret("one"), &entropy));
    assert!(staying.as_mut().now_or_never().is_none());
    let mut leaving = Box::pin(hashing.verify(secret("two"), Phc::new(secret(""))));
    assert!(leaving.as_mut().now_or_never().is_none());
    let turned_away = hashing.hash(secret("three"), &entropy).now_or_never();
    assert!(matches!(turned_away, Some(Err(Busy))));

    drop(leaving);
    for _ in 0..100 {
        assert!(hashing.hash(secret("four"), &entropy).now_or_never().is_none());
    }
    let queue = &hashing.0.0;
    assert!(
        matches!(queue.take(&mut Memory::default()), Some((Job::Hash { password, .. }, _)) if password.reveal() == "one")
    );
    assert_eq!(queue.state().running, 0);
}

#[test]
fn a_thread_takes_no_job_that_nobody_waits_for_and_ends_with_the_last_handle() {
    let hashing = standing(5);
    for _ in 0..3 {
        assert!(hashing.hash(secret("gone"), &Entropy::system()).now_or_never().is_none());
    }
    let queue = Arc::clone(&hashing.0.0);
    drop(hashing);
    assert!(queue.take(&mut Memory::default()).is_none());
    assert_eq!(queue.state().taken(), 0);
}

#[test]
fn its_threads_alone_step_back() {
    /// The niceness of each thread of this process: field 19 of its `stat` (proc(5)).
    fn niceness() -> Vec<i32> {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        let stats = tasks.filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("stat")).ok());
        stats
            .map(|stat| stat.rsplit(')').next().unwrap().split_whitespace().nth(16).unwrap().parse().unwrap())
            .collect()
    }
    let own = rustix::process::getpriority_process(None).unwrap();
    let hashing = Hashing::new(Params::for_tests(), NonZero::new(3).unwrap(), 0);
    let expected = (own + POLITENESS).min(19);
    let begin = std::time::Instant::now();
    while niceness().iter().filter(|nice| **nice == expected).count() < 3 && begin.elapsed().as_secs() < 20 {
        std::thread::yield_now();
    }
    assert!(niceness().iter().filter(|nice| **nice == expected).count() >= 3);
    assert_eq!(rustix::process::getpriority_process(None).unwrap(), own);
    drop(hashing);
}

#[tokio::test]
async fn whoever_was_answered_finds_the_place_free() {
    let hashing = hashing(Params::for_tests(), 0);
    for _ in 0..500 {
        assert!(hashing.hash(secret("again"), &Entropy::system()).await.is_ok());
    }
}

#[tokio::test]
async fn all_who_found_a_place_are_answered() {
    let hashing = Hashing::new(Params::for_tests(), NonZero::new(2).unwrap(), 30);
    let phc = hashing.hash(secret("right"), &Entropy::system()).await.unwrap();
    let checks = (0..32).map(|i| hashing.verify(secret(if i % 2 == 0 { "right" } else { "wrong" }), phc.clone()));
    for (i, verdict) in futures_util::future::join_all(checks).await.into_iter().enumerate() {
        assert_eq!(matches!(verdict.unwrap(), Verdict::Matches { .. }), i % 2 == 0);
    }
}

#[test]
fn the_hash_is_written_for_a_seal_and_shows_nowhere_else() {
    let phc: Phc = serde_json::from_str("\"$argon2id$\"").unwrap();
    assert_eq!(serde_json::to_string(&phc).unwrap(), "\"$argon2id$\"");
    assert_eq!(format!("{phc:?}"), "Phc(Secret(..))");
}

#[test]
fn a_passphrase_and_its_salt_make_one_key() {
    let key = |text, salt| *stretch(Params::for_tests(), &secret(text), &[salt; 16]).unwrap().reveal();
    assert_eq!(key("a", 1), key("a", 1));
    assert_ne!(key("a", 1), key("a", 2));
    assert_ne!(key("a", 1), key("b", 1));
}
