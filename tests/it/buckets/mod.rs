//! Files and back-ups in the buckets of a real S3 server: as in a folder, and nothing is left there of who is erased.

mod backups;
mod liar;
pub(crate) mod server;

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use seif::kernel::backup::place::{InBucket, Place as _};
use seif::kernel::bucket::{Address, Bucket};
use seif::kernel::clock::{Clock, Time};
use seif::kernel::entropy::Entropy;
use seif::kernel::objects::{ObjectName, Objects};
use seif::kernel::personal::Secret;
use seif::testing::{Actor, Database, World, sweep};
use serde_json::Value;

use self::liar::{Gives, LENGTH, Liar};
use self::server::Server;
use crate::files::content;
use crate::leaving::{is_erased, leave};
use crate::rows::Beside;
use crate::shelf::{customer, customers, store, token};
use crate::wire::Wire;

/// The objects that are kept are these many, in the bucket and by the rows, and nothing is on its way.
async fn settled(world: &World, server: &Server, many: usize) {
    let since = Instant::now();
    loop {
        let (keys, uploads) = (server.keys("vault"), server.uploads("vault").await);
        let rows = Beside::of(world).count("objects");
        if keys.len() == many && uploads == 0 && rows == i64::try_from(many).unwrap() {
            assert!(keys.iter().all(|key| key.starts_with("seif/objects/")), "{keys:?}");
            return;
        }
        assert!(since.elapsed() < Duration::from_secs(20), "{keys:?}, {uploads} on their way, {rows} rows");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn file(stored: &Value) -> String {
    format!("/api/v1/files/{}", stored["id"].as_str().unwrap())
}

/// A business with a record and a token for files.
async fn shop(world: &mut World) -> (Actor, Actor) {
    let owner = world.owner().await;
    customers(&owner).await;
    let _ = customer(&owner, "1").await;
    let program = token(&owner, &["files:read", "files:write", "records:read"]).await;
    (owner, program)
}

fn files(database: Database) {
    let server = actix_web::rt::System::new().block_on(Server::start());
    let Some(server) = server else { return };
    actix_web::rt::System::new().block_on(server.make("vault"));
    World::run_with(database, &server.settings("vault"), async |world| {
        let (anna, annas) = shop(world).await;
        let (_berta, bertas) = shop(world).await;
        // Within a part, exactly one, and several.
        let mut stored = Vec::new();
        for length in [0, 65_537, 8_388_608 - 2_112, 20_000_000] {
            let content = content(length);
            let made = store(&annas, "", "a.bin", &content).await.expect(201).json();
            let back = annas.get(&file(&made)).await.expect(200);
            assert!(back.bytes == content, "{length}");
            stored.push((made, content));
        }
        let (long, whole) = stored.pop().unwrap();
        for (from, to) in [(0, 1), (65_535, 65_537), (300_000, 9_000_000), (19_999_999, 20_000_000)] {
            let part =
                annas.with_header("range", &format!("bytes={from}-{}", to - 1)).get(&file(&long)).await.expect(206);
            assert!(part.bytes == whole[from..to], "{from}");
        }
        let theirs = store(&bertas, "", "b.bin", b"of berta").await.expect(201).json();
        settled(world, &server, 5).await;
        let _ = annas.delete(&file(&stored[1].0)).await.expect(204);
        settled(world, &server, 4).await;

        // What breaks off, with some parts there already.
        let wire = Wire::to(world.address(), &world.authority());
        let head = crate::files::upload_head(&wire, &anna, 30_000_000);
        let sending = move || {
            let mut connection = wire.connect();
            connection.write_all(&head).unwrap();
            connection.write_all(&content(18_000_000)).unwrap();
            connection.flush().unwrap();
            std::thread::sleep(Duration::from_millis(500));
        };
        actix_web::rt::task::spawn_blocking(sending).await.unwrap();
        settled(world, &server, 4).await;

        // What a kill has left on its way is ended once it is old, and not before.
        let mut left = server.bucket("vault", "seif/objects").begin("ffff", 5 << 20);
        left.write_all(&vec![7; 11 << 20]).unwrap();
        std::mem::forget(left);
        world.app.sweep().await;
        assert_eq!(server.uploads("vault").await, 1);
        world.later(Duration::from_secs(8 * 3600));
        world.app.sweep().await;
        settled(world, &server, 4).await;

        // P-14: of whom is erased nothing is left in the bucket; of the other everything.
        let mut anna = anna;
        let _ = anna.sign_in().await.expect(201);
        let _ = anna.confirm(world).await.expect(200);
        let begun = leave(&anna, "now").await;
        world.later(Duration::from_secs(4));
        world.app.sweep().await;
        let proof = is_erased(world, &anna, &begun).await;
        assert_eq!(proof["certificate"]["files"], 3, "{proof}");
        settled(world, &server, 1).await;
        assert_eq!(bertas.get(&file(&theirs)).await.expect(200).bytes, b"of berta");
    });
    sweep(&server.data(), &[]);
}

fn refused(answer: seif::testing::Answer) {
    assert!(!answer.header("retry-after").is_empty(), "{}", answer.text());
    let _ = answer.problem(503, "unavailable");
}

fn away(database: Database) {
    let system = actix_web::rt::System::new();
    let Some(server) = system.block_on(Server::start()) else { return };
    system.block_on(server.make("vault"));
    drop(system);
    World::run_with(database, &server.settings("vault"), async move |world| {
        let mut server = server;
        let (_anna, program) = shop(world).await;
        let made = store(&program, "", "a.bin", &content(300_000)).await.expect(201).json();
        let records = || program.get(crate::shelf::RECORDS);
        server.stop();
        for _ in 0..2 {
            refused(program.get(&file(&made)).await);
            refused(store(&program, "", "b.bin", b"b").await);
            let _ = records().await.expect(200);
        }
        // Deleted while it is away: gone for the tenant, and removed once it is back.
        let kept = store_again(&mut server, &program).await;
        server.stop();
        let _ = program.delete(&file(&kept)).await;
        let _ = program.get(&file(&kept)).await.problem(404, "not_found");
        // A start does not need it.
        world.restart().await;
        let program = program.moved_to(world);
        refused(program.get(&file(&made)).await);
        server.again().await;
        recovers(&program, &made).await;
        world.app.sweep().await;
        settled(world, &server, 1).await;

        // It takes connections and says nothing.
        server.signal(Signal::STOP);
        let asked = Instant::now();
        refused(program.get(&file(&made)).await);
        assert!(asked.elapsed() < Duration::from_secs(20), "told after {:?}", asked.elapsed());
        let _ = program.get(crate::shelf::RECORDS).await.expect(200);
        server.signal(Signal::CONT);
        recovers(&program, &made).await;
    });
}

async fn store_again(server: &mut Server, program: &Actor) -> Value {
    server.again().await;
    let since = Instant::now();
    loop {
        let answer = store(program, "", "c.bin", b"c").await;
        if answer.status == 201 {
            return answer.json();
        }
        assert!(since.elapsed() < Duration::from_secs(30), "it does not recover");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn recovers(program: &Actor, made: &Value) {
    let since = Instant::now();
    loop {
        let answer = program.get(&file(made)).await;
        if answer.status == 200 {
            assert!(answer.bytes == content(300_000));
            return;
        }
        refused(answer);
        assert!(since.elapsed() < Duration::from_secs(30), "it does not recover");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn versions(database: Database) {
    let system = actix_web::rt::System::new();
    let Some(server) = system.block_on(Server::start()) else { return };
    system.block_on(server.make("vault"));
    drop(system);
    World::run_with(database, &server.settings("vault"), async |world| {
        let (_anna, program) = shop(world).await;
        let made = store(&program, "", "a.bin", b"content").await.expect(201).json();
        // From now on the bucket keeps what is removed: nothing is removed from it, and the row says what is to go.
        server.versioning("vault", "Enabled").await;
        let _ = program.delete(&file(&made)).await;
        let _ = program.get(&file(&made)).await.problem(404, "not_found");
        world.app.sweep().await;
        assert_eq!((server.keys("vault").len(), Beside::of(world).count("objects")), (1, 1));
        for status in ["Enabled", "Suspended"] {
            server.versioning("vault", status).await;
            let kept = server.bucket("vault", "seif").demand_fit().unwrap_err();
            assert_eq!(kept.kind(), ErrorKind::Unsupported);
            let said = start(world, &server.settings("vault"));
            assert!(said.contains("keeps versions of what is removed"), "{said}");
        }
        let said = start(world, &server.settings("nothing-there"));
        assert!(said.contains("has no such bucket"), "{said}");
        let said = start(world, &server.settings("vault").replace("that signs", "that does not"));
        assert!(said.contains("refuses our key"), "{said}");
        let said =
            start(world, &server.settings("vault").replace("https://", "http://").replace("localhost", "192.0.2.1"));
        assert!(said.contains("objects.s3.endpoint"), "{said}");
    });
}

/// What the service says when it does not start with this configuration, beside nothing of the story's.
fn start(world: &World, configuration: &str) -> String {
    let folder = world.folder.path().join("refused");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("seif.toml");
    std::fs::write(&file, configuration).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_seif"));
    command.arg("--data").arg(&folder).arg("--config").arg(&file).args(["serve", "--listen", "127.0.0.1:0"]);
    let mut started = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(started.stdout.take().unwrap()).lines();
    let serves = lines.map_while(Result::ok).any(|line| line.starts_with("ready "));
    if serves {
        started.kill().unwrap();
    }
    let output = started.wait_with_output().unwrap();
    assert!(!serves && !output.status.success(), "it starts");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn what_is_put_in_parts_is_there_whole_or_not_at_all_and_is_read_by_ranges() {
    let system = actix_web::rt::System::new();
    let Some(server) = system.block_on(Server::start()) else { return };
    system.block_on(server.make("vault"));
    let bucket = server.bucket("vault", "some/where");
    bucket.demand_fit().unwrap();
    const PART: usize = 5 << 20;
    for length in [0, 1, PART, PART + 1, 3 * PART] {
        let (key, whole) = (format!("k{length}"), content(length));
        let mut upload = bucket.begin(&key, PART);
        for some in whole.chunks(777_777) {
            upload.write_all(some).unwrap();
        }
        assert_eq!(bucket.read(&key).err().map(|error| error.kind()), Some(ErrorKind::NotFound));
        upload.put().unwrap();
        let mut down = bucket.read(&key).unwrap();
        assert_eq!(down.length(), u64::try_from(length).unwrap());
        let mut all = Vec::new();
        down.read_to_end(&mut all).unwrap();
        assert!(all == whole, "{length}");
        for at in [0, length.min(1), length / 2, length.saturating_sub(3), length] {
            down.seek(SeekFrom::Start(u64::try_from(at).unwrap())).unwrap();
            let mut some = Vec::new();
            (&mut down).take(5).read_to_end(&mut some).unwrap();
            assert_eq!(some, whole[at..length.min(at + 5)], "{at} of {length}");
        }
    }
    // Given up, its parts go; ended by another, it cannot be put.
    let mut given_up = bucket.begin("x", PART);
    given_up.write_all(&content(2 * PART)).unwrap();
    drop(given_up);
    let since = Instant::now();
    while system.block_on(server.uploads("vault")) > 0 {
        assert!(since.elapsed() < Duration::from_secs(10), "it is still there");
        std::thread::sleep(Duration::from_millis(50));
    }
    let mut ended = bucket.begin("y", PART);
    ended.write_all(&content(2 * PART)).unwrap();
    bucket.end_uploads(Time::from_micros(0)).unwrap();
    assert_eq!(system.block_on(server.uploads("vault")), 1);
    server.bucket("vault", "else/where").end_uploads(Time::from_micros(i64::MAX)).unwrap();
    assert_eq!(system.block_on(server.uploads("vault")), 1, "of another's");
    bucket.end_uploads(Time::from_micros(i64::MAX)).unwrap();
    assert_eq!(system.block_on(server.uploads("vault")), 0);
    assert!(ended.put().is_err());
    // What is removed is removed from its way there, too.
    let mut removed = bucket.begin("z", PART);
    removed.write_all(&content(2 * PART)).unwrap();
    bucket.remove(&["z".to_owned()]).unwrap();
    assert_eq!(system.block_on(server.uploads("vault")), 0);
    assert!(removed.put().is_err());

    let mut keys = server.keys("vault");
    assert_eq!(keys.len(), 5);
    let names: Vec<String> = keys.drain(..).map(|key| key.rsplit('/').next().unwrap().to_owned()).collect();
    assert_eq!(bucket.demand_gone(&names).unwrap_err().kind(), ErrorKind::AlreadyExists);
    // What is not there is removed.
    let more: Vec<String> = names.iter().cloned().chain(["nothing".to_owned()]).collect();
    bucket.remove(&more).unwrap();
    bucket.demand_gone(&more).unwrap();
    assert!(server.keys("vault").is_empty());

    // Another authority's certificate is not believed, and a bucket that is not there is no missing object.
    let other = tempfile::tempdir().unwrap();
    std::fs::write(other.path().join("ca.pem"), seif::testing::certify("localhost", other.path())).unwrap();
    let liar =
        Bucket::open(&Address { roots: Some(other.path().join("ca.pem")), ..server.address("vault", "") }).unwrap();
    assert_eq!(liar.demand_fit().unwrap_err().kind(), ErrorKind::NotConnected);
    assert_eq!(server.bucket("nothing-there", "").read("x").err().map(|e| e.kind()), Some(ErrorKind::Unsupported));
    let wrong = Address { secret: Secret::new("another".to_owned()), ..server.address("vault", "") };
    assert_eq!(Bucket::open(&wrong).unwrap().demand_fit().unwrap_err().kind(), ErrorKind::PermissionDenied);
    // Nor is one for another name, and a file without an authority stands neither for any nor for the system's.
    let here = server.endpoint().replace("localhost", "127.0.0.1");
    let by_number = Bucket::open(&Address { endpoint: here, ..server.address("vault", "") }).unwrap();
    assert_eq!(by_number.demand_fit().unwrap_err().kind(), ErrorKind::NotConnected);
    for broken in ["", "-----BEGIN CERTIFICATE-----\nMIIB", "no authority"] {
        std::fs::write(other.path().join("ca.pem"), broken).unwrap();
        let roots = Some(other.path().join("ca.pem"));
        assert!(Bucket::open(&Address { roots, ..server.address("vault", "") }).is_err(), "{broken}");
    }
}

#[test]
fn what_a_service_says_it_removed_or_gave_is_not_believed() {
    // P-14
    let liar = Liar::start(Gives::Less);
    let bucket = liar.bucket();
    bucket.demand_fit().unwrap();
    let key = ["x".to_owned()];
    bucket.remove(&key).unwrap();
    assert_eq!(bucket.demand_gone(&key).unwrap_err().kind(), ErrorKind::AlreadyExists);
    let name = ObjectName::random(&Entropy::system());
    assert_eq!(Objects::in_bucket(&bucket).remove(&[name]).unwrap_err().kind(), ErrorKind::AlreadyExists);
    let backups = InBucket::new(bucket, Clock::system());
    let refused = backups.remove("data-1.seif").unwrap_err().to_string();
    assert!(refused.contains("still has what it said it removed"), "{refused}");
    for gives in [Gives::Less, Gives::BrokenOff] {
        let liar = Liar::start(gives);
        let mut down = liar.bucket().read("x").unwrap();
        assert_eq!(down.length(), u64::try_from(LENGTH).unwrap());
        let mut all = Vec::new();
        assert!(down.read_to_end(&mut all).is_err(), "{gives:?}: {} bytes taken as whole", all.len());
    }
    for gives in [Gives::Loses, Gives::LosesLate] {
        let liar = Liar::start(gives);
        let mut upload = liar.bucket().begin("x", 4);
        upload.write_all(b"in four parts").unwrap();
        assert!(upload.put().is_err(), "{gives:?}");
    }
    let liar = Liar::start(Gives::Elsewhere);
    assert!(liar.bucket().demand_fit().is_err());
    assert!(!liar.was_followed());
}

fn back_ups(database: Database) {
    backups::story(database);
}

/// A story on both databases, of a server of its own.
macro_rules! both {
    ($($name:ident: $story:ident,)+) => {$(
        mod $name {
            use seif::testing::Database;

            #[test]
            fn sqlite() {
                super::$story(Database::Sqlite);
            }

            #[test]
            fn postgres() {
                super::$story(Database::Postgres);
            }
        }
    )+};
}

both! {
    files_in_a_bucket_come_back_and_nothing_is_left_of_who_is_erased: files,
    while_the_bucket_is_away_files_alone_answer_503_and_it_recovers: away,
    back_ups_in_a_bucket_come_back_and_a_kill_leaves_nothing_half_counted: back_ups,
    a_bucket_that_keeps_what_is_removed_is_refused: versions,
}
