//! Root keys that never leave their keeper: a real OpenBao over TLS, and a real PKCS#11 token in software.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use seif::kernel::keyring::rotation::Pace;
use seif::kernel::operators::deeds::{DestroyRoot, RotateRoot};
use seif::kernel::operators::{Ledger, TwoPersons};
use seif::testing::{Actor, Database, World, certify};
use serde_json::Value;

use crate::files::objects;
use crate::leaving_kills::moved;
use crate::operator_ledger::HERE;
use crate::process::Process;
use crate::root_keys::Place;
use crate::shelf::{customer, customers, place};

/// What the tests need and are told of; `None`, after a word on stderr, where it is missing and this is not CI.
#[expect(clippy::disallowed_methods, reason = "where the tests' tools are stands in the environment")]
fn told(variable: &str, made: &Path) -> Option<PathBuf> {
    let path = std::env::var_os(variable).map_or_else(|| made.to_owned(), PathBuf::from);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "{variable} is not set: run ops/test");
    eprintln!("skipped: {variable} is not set");
    None
}

/// An OpenBao server with a transit engine, unsealed; it ends with its test.
struct Bao {
    program: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
    process: Child,
    unseal: String,
    root: String,
}

/// What the service's token may do: what `root/openbao.rs` says that it needs.
const POLICY: &str = r#"
path "transit/keys/seif-*" { capabilities = ["create", "read", "update", "delete"] }
path "transit/encrypt/seif-*" { capabilities = ["update"] }
path "transit/decrypt/seif-*" { capabilities = ["update"] }
"#;

impl Bao {
    fn start() -> Option<Self> {
        let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bao/bao");
        let program = told("SEIF_TEST_BAO", &made)?;
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        std::fs::write(at.join("ca.pem"), certify("localhost", at)).unwrap();
        std::fs::create_dir(at.join("raft")).unwrap();
        let [port, cluster] = [0, 0].map(|_| TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port());
        let show = |name: &str| at.join(name).display().to_string();
        let configuration = format!(
            "storage \"raft\" {{\n path = \"{}\"\n node_id = \"one\"\n}}\nlistener \"tcp\" {{\n address = \"127.0.0.1:{port}\"\n \
             tls_cert_file = \"{}\"\n tls_key_file = \"{}\"\n}}\napi_addr = \"https://localhost:{port}\"\n\
             cluster_addr = \"https://localhost:{cluster}\"\ndisable_mlock = true\n",
            show("raft"),
            show("server.pem"),
            show("server.key"),
        );
        std::fs::write(at.join("bao.hcl"), configuration).unwrap();
        let process = serve(&program, at);
        let mut bao = Self { program, folder, port, process, unseal: String::new(), root: String::new() };
        let begun = bao.until_it_answers(&["operator", "init", "-key-shares=1", "-key-threshold=1", "-format=json"]);
        let begun: Value = serde_json::from_str(&begun).unwrap();
        bao.unseal = begun["unseal_keys_b64"][0].as_str().unwrap().to_owned();
        bao.root = begun["root_token"].as_str().unwrap().to_owned();
        bao.open();
        bao.until_it_answers(&["secrets", "enable", "transit"]);
        std::fs::write(bao.folder.path().join("policy.hcl"), POLICY).unwrap();
        let policy = bao.folder.path().join("policy.hcl");
        bao.run(&["policy", "write", "seif", policy.to_str().unwrap()]).unwrap();
        let token = bao.run(&["token", "create", "-policy=seif", "-field=token"]).unwrap();
        std::fs::write(bao.folder.path().join("token"), token).unwrap();
        Some(bao)
    }

    fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let output = Command::new(&self.program)
            .args(arguments)
            .env("BAO_ADDR", format!("https://localhost:{}", self.port))
            .env("BAO_CACERT", self.folder.path().join("ca.pem"))
            .env("BAO_TOKEN", &self.root)
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    /// Asks again and again, for as long as a server takes to start.
    fn until_it_answers(&self, arguments: &[&str]) -> String {
        let since = Instant::now();
        loop {
            match self.run(arguments) {
                Ok(answer) => return answer,
                Err(why) => assert!(since.elapsed() < Duration::from_secs(60), "{why}"),
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn open(&self) {
        self.until_it_answers(&["operator", "unseal", &self.unseal]);
    }

    /// SIGKILL, by its own process id.
    fn stop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn again(&mut self) {
        self.process = serve(&self.program, self.folder.path());
        self.open();
        // Unsealed, it takes a moment to become the leader of its own.
        self.until_it_answers(&["token", "lookup"]);
    }

    /// It takes connections and answers nobody, until it may go on.
    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }

    /// The names of the keys in its engine.
    fn keys(&self) -> Vec<String> {
        let listed = self.run(&["list", "-format=json", "transit/keys"]).unwrap();
        serde_json::from_str(&listed).unwrap()
    }

    /// The section of the configuration that names it.
    fn settings(&self, section: &str) -> String {
        let show = |name: &str| self.folder.path().join(name).display().to_string();
        format!(
            "{section}\nprovider = \"openbao\"\nurl = \"https://localhost:{}\"\ntoken_file = \"{}\"\nroots = \"{}\"\n",
            self.port,
            show("token"),
            show("ca.pem"),
        )
    }
}

impl Drop for Bao {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn serve(program: &Path, folder: &Path) -> Child {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("log")).unwrap();
    let configuration = format!("-config={}", folder.join("bao.hcl").display());
    let mut command = Command::new(program);
    command.args(["server", &configuration]).stdout(Stdio::null()).stderr(log);
    command.spawn().unwrap()
}

/// Somebody with a record of their own; its address.
async fn business(world: &mut World) -> (Actor, String) {
    let owner = world.owner().await;
    customers(&owner).await;
    let record = place(&customer(&owner, "kept").await);
    (owner, record)
}

async fn answers(actor: &Actor, record: &str) {
    let since = Instant::now();
    let _ = actor.get(record).await.expect(200);
    // Whoever waits for a slow keeper waits for 2 s.
    assert!(since.elapsed() < Duration::from_millis(1_800), "held up for {:?}", since.elapsed());
}

/// Refused in time, with a word on why and on when to come back.
async fn cannot(actor: &Actor, record: &str) {
    let since = Instant::now();
    let answer = actor.get(record).await;
    assert!(!answer.header("retry-after").is_empty(), "{}", answer.text());
    let _ = answer.problem(503, "keys_unavailable");
    assert!(since.elapsed() < Duration::from_secs(6), "told after {:?}", since.elapsed());
}

async fn recovers(actor: &Actor, record: &str) {
    let since = Instant::now();
    while actor.get(record).await.status != 200 {
        assert!(since.elapsed() < Duration::from_secs(20), "it does not recover");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn openbao(database: Database) {
    let Some(mut bao) = Bao::start() else { return };
    let settings = bao.settings("[root_key]");
    World::run_with(database, &settings, async move |world| {
        let (anna, annas) = business(world).await;
        let (berta, bertas) = business(world).await;
        assert_eq!(world.app.services.kernel.keyring().status().unwrap().roots[0].provider, "openbao");
        assert!(!world.folder.path().join("root.key").exists());
        // After a start only the keys of those who came are held.
        world.restart().await;
        let (anna, berta) = (at(world, anna), at(world, berta));
        answers(&anna, &annas).await;

        // Away: those whose keys are held are served, for longer than a lease; the others are told, and nobody waits.
        bao.stop();
        cannot(&berta, &bertas).await;
        let since = Instant::now();
        while since.elapsed() < Duration::from_secs(5) {
            answers(&anna, &annas).await;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        cannot(&berta, &bertas).await;
        bao.again();
        recovers(&berta, &bertas).await;

        // Slow: whoever needs it waits, and those who do not are not held up by those who do.
        world.restart().await;
        let (anna, berta) = (at(world, anna), at(world, berta));
        answers(&anna, &annas).await;
        bao.signal(Signal::STOP);
        let asked = Instant::now();
        let waiting = async {
            cannot(&berta, &bertas).await;
            asked.elapsed()
        };
        let meanwhile = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            while asked.elapsed() < Duration::from_millis(900) {
                answers(&anna, &annas).await;
                let _ = world.stranger().get("/healthz").await.expect(200);
            }
        };
        let (waited, ()) = tokio::join!(waiting, meanwhile);
        assert!(waited > Duration::from_secs(1), "nobody waited: {waited:?}");
        bao.signal(Signal::CONT);
        recovers(&berta, &bertas).await;

        // A rotation within the same server: another key there, and the old one gone for good.
        let before = bao.keys();
        assert_eq!(before.len(), 1, "{before:?}");
        let keyring = world.app.services.kernel.keyring().clone();
        let turned = actix_web::web::block(move || {
            let pace = Pace { keys_per_second: 10_000 };
            let ledger = Ledger::of(&keyring);
            let go_on = |_| std::ops::ControlFlow::Continue(());
            let turned = ledger.operate_blocking(HERE, RotateRoot, |act| keyring.rotate_root(act, pace, go_on));
            let (rule, deed) = (TwoPersons::Auto, DestroyRoot { version: 1 });
            let gone = ledger.operate_by_two_blocking(HERE, rule, deed, |act| keyring.destroy_root(act));
            gone.unwrap().done().unwrap().unwrap();
            turned.unwrap().unwrap()
        });
        let turned = turned.await.unwrap();
        assert_eq!((turned.version, turned.provider.as_str(), turned.unopenable), (2, "openbao", 0));
        let after = bao.keys();
        assert!(after.len() == 1 && after != before, "{after:?}");
        world.restart().await;
        answers(&at(world, anna), &annas).await;
        answers(&at(world, berta), &bertas).await;

        // Away over midnight: the new day's key was made while it was there.
        world.app.sweep().await;
        bao.stop();
        world.later(Duration::from_secs(86_400));
        let wanted = serde_json::json!({"email": format!("{}@example.lv", world.somebody()), "language": "en"});
        let _ = world.stranger().post("/api/v1/signups", wanted).await.expect(202);
    });
}

/// The same person at the service's new address.
fn at(world: &World, known: Actor) -> Actor {
    let mut actor = world.stranger();
    (actor.session, actor.tenant, actor.account) = (known.session, known.tenant, known.account);
    actor
}

mod while_an_openbao_is_away_or_slow_those_whose_keys_are_held_are_served_and_it_recovers_by_itself {
    use seif::testing::Database;

    #[test]
    fn sqlite() {
        super::openbao(Database::Sqlite);
    }

    #[test]
    fn postgres() {
        super::openbao(Database::Postgres);
    }
}

fn done(process: &Process, arguments: &[&str]) -> Value {
    let output = process.command(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(process: &Process, arguments: &[&str]) -> String {
    let output = process.command(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

const ROTATE: [&str; 3] = ["keys", "rotate-root", "--json"];

#[test]
fn a_service_moves_from_a_file_to_an_openbao_and_a_token_that_may_not_is_told() {
    let Some(mut bao) = Bao::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    actix_web::rt::System::new().block_on(async {
        let mut process = Process::start(&data, &[]);
        let program = process.program().await;
        customers(&program).await;
        let kept = place(&customer(&program, "kept").await);
        let token = program.token.clone().unwrap();
        process.kill();
        let both = bao.settings("[root_key]") + "[[root_key.earlier]]\nprovider = \"file\"\n";
        let mut process = Process::start_with(&data, &[], &both);
        let program = process.stranger().with_token(&token);
        // Not there, or not for us: said, and nothing is changed.
        bao.stop();
        assert!(refused(&process, &ROTATE).contains("the provider openbao, which keeps the root key, does not answer"));
        bao.again();
        let token_file = bao.folder.path().join("token");
        let good = std::fs::read(&token_file).unwrap();
        std::fs::write(&token_file, "s.nobody").unwrap();
        assert!(refused(&process, &ROTATE).contains("refuses our token"));
        std::fs::write(&token_file, good).unwrap();
        // Of the authorities that are named alone, whatever the machine believes.
        let others = tempfile::tempdir().unwrap();
        let other = others.path().join("ca.pem");
        std::fs::write(&other, certify("localhost", others.path())).unwrap();
        let mut elsewhere = process.command(&ROTATE);
        elsewhere.env("SSL_CERT_FILE", bao.folder.path().join("ca.pem")).env("SEIF_ROOT_KEY__ROOTS", &other);
        let output = elsewhere.output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("does not answer"), "{output:?}");
        let rotated = done(&process, &ROTATE);
        assert_eq!((rotated["provider"].as_str(), rotated["resumed"].as_bool()), (Some("openbao"), Some(true)));
        let _ = program.get(&kept).await.expect(200);
        done(&process, &["keys", "destroy-root", "1", "--json"]);
        assert!(!data.join("root.key").exists());
        process.kill();
        let mut process = Process::start_with(&data, &[], &bao.settings("[root_key]"));
        let _ = process.stranger().with_token(&token).get(&kept).await.expect(200);
        process.kill();
    });
}

/// A token of SoftHSM2, and the section of the configuration that names it.
struct Token {
    folder: tempfile::TempDir,
    module: PathBuf,
}

const PIN: &str = "914273";

impl Token {
    fn new() -> Option<Self> {
        let module = told("SEIF_TEST_SOFTHSM", Path::new("/usr/lib/softhsm/libsofthsm2.so"))?;
        let folder = tempfile::tempdir().unwrap();
        let tokens = folder.path().join("tokens");
        std::fs::create_dir(&tokens).unwrap();
        std::fs::write(
            folder.path().join("softhsm2.conf"),
            format!("directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n", tokens.display()),
        )
        .unwrap();
        let token = Self { folder, module };
        let mut made = Command::new("softhsm2-util");
        made.args(["--init-token", "--free", "--label", "seif", "--so-pin", "0000", "--pin", PIN])
            .envs(token.environment());
        assert!(made.output().unwrap().status.success());
        Some(token)
    }

    /// Where it keeps what it has.
    fn tokens(&self) -> PathBuf {
        self.folder.path().join("tokens")
    }

    /// Pulled out: there is no token any more.
    fn pull_out(&self) {
        std::fs::rename(self.tokens(), self.folder.path().join("drawer")).unwrap();
    }

    fn put_in(&self) {
        std::fs::rename(self.folder.path().join("drawer"), self.tokens()).unwrap();
    }

    /// Its files, locked as SoftHSM locks them: whoever asks it waits until they are dropped.
    fn halt(&self) -> Vec<std::fs::File> {
        let lock = |path: PathBuf| {
            let file = std::fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
            rustix::fs::fcntl_lock(&file, rustix::fs::FlockOperation::LockExclusive).unwrap();
            file
        };
        objects(&self.tokens()).into_iter().map(lock).collect()
    }

    fn environment(&self) -> Vec<(String, String)> {
        vec![("SOFTHSM2_CONF".to_owned(), self.folder.path().join("softhsm2.conf").display().to_string())]
    }

    fn settings(&self, section: &str, pin: &str) -> String {
        let file = self.folder.path().join("pin");
        std::fs::write(&file, format!("{pin}\n")).unwrap();
        format!(
            "{section}\nprovider = \"pkcs11\"\nmodule = \"{}\"\ntoken_label = \"seif\"\npin_file = \"{}\"\n",
            self.module.display(),
            file.display(),
        )
    }
}

#[test]
fn a_root_key_is_made_used_turned_over_and_destroyed_in_a_pkcs11_token_and_moves_out_of_it() {
    let Some(token) = Token::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    actix_web::rt::System::new().block_on(async {
        let settings = token.settings("[root_key]", PIN);
        let mut process = Process::start_in(&data, &[], &settings, &token.environment());
        let program = process.program().await;
        customers(&program).await;
        let kept = place(&customer(&program, "kept").await);
        let status = done(&process, &["keys", "status", "--json"]);
        assert_eq!(status["root"][0]["provider"], "pkcs11");
        assert!(!data.join("root.key").exists());
        process.kill();
        process.again();
        let program = process.stranger().with_token(program.token.as_deref().unwrap());
        let _ = program.get(&kept).await.expect(200);

        // A wrong PIN is said, and shown to the token once, not until it locks.
        token.settings("[root_key]", "000000");
        assert!(refused(&process, &["keys", "status"]).contains("refuses our PIN"));
        token.settings("[root_key]", PIN);

        let rotated = done(&process, &ROTATE);
        assert_eq!((rotated["version"].as_i64(), rotated["unopenable"].as_i64()), (Some(2), Some(0)));
        done(&process, &["keys", "destroy-root", "1", "--json"]);
        let _ = program.get(&kept).await.expect(200);
        let program_token = program.token.clone().unwrap();
        process.kill();
        process.again();
        let _ = process.stranger().with_token(&program_token).get(&kept).await.expect(200);
        process.kill();

        // Out of the token, into a file.
        let moved = format!("[root_key]\nprovider = \"file\"\n{}", token.settings("[[root_key.earlier]]", PIN));
        let mut process = Process::start_in(&data, &[], &moved, &token.environment());
        let rotated = done(&process, &ROTATE);
        assert_eq!((rotated["version"].as_i64(), rotated["provider"].as_str()), (Some(3), Some("file")));
        done(&process, &["keys", "destroy-root", "2", "--json"]);
        process.kill();
        let mut process = Process::start_with(&data, &[], "");
        let _ = process.stranger().with_token(&program_token).get(&kept).await.expect(200);
        process.kill();
    });
}

/// Two businesses after a start at which only the first one came; the service's address is another after each.
async fn only_anna(process: &mut Process, [anna, berta]: &[(Actor, String); 2]) -> [Actor; 2] {
    process.kill();
    process.again();
    let came = [moved(&anna.0, process), moved(&berta.0, process)];
    let _ = came[0].get(&anna.1).await.expect(200);
    came
}

fn pkcs11(database: Database) {
    let Some(token) = Token::new() else { return };
    let Some(stage) = Place::new(database) else { return };
    actix_web::rt::System::new().block_on(async {
        let settings = token.settings("[root_key]", PIN);
        let mut process = Process::start_in(&stage.data(), &stage.databases, &settings, &token.environment());
        let mut both = Vec::new();
        for name in ["anna", "berta"] {
            let owner = process.owner_called(name).await;
            customers(&owner).await;
            let record = place(&customer(&owner, "kept").await);
            both.push((owner, record));
        }
        let both: [_; 2] = both.try_into().ok().unwrap();
        let (annas, bertas) = (&both[0].1, &both[1].1);

        // Away: those whose keys are held are served, for longer than a lease; the others are told, and nobody waits.
        let [anna, berta] = only_anna(&mut process, &both).await;
        token.pull_out();
        cannot(&berta, bertas).await;
        let since = Instant::now();
        while since.elapsed() < Duration::from_secs(5) {
            answers(&anna, annas).await;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        cannot(&berta, bertas).await;
        assert!(refused(&process, &ROTATE).contains("the provider pkcs11, which keeps the root key, does not answer"));
        token.put_in();
        recovers(&berta, bertas).await;

        // Slow: whoever needs it waits, and those who do not are not held up by those who do.
        let [anna, berta] = only_anna(&mut process, &both).await;
        let halted = token.halt();
        let asked = Instant::now();
        let waiting = async {
            cannot(&berta, bertas).await;
            asked.elapsed()
        };
        let meanwhile = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            while asked.elapsed() < Duration::from_millis(900) {
                answers(&anna, annas).await;
                let _ = process.stranger().get("/healthz").await.expect(200);
            }
        };
        let (waited, ()) = tokio::join!(waiting, meanwhile);
        assert!(waited > Duration::from_secs(1), "nobody waited: {waited:?}");
        drop(halted);
        recovers(&berta, bertas).await;

        // Back, it does all that it did.
        assert_eq!(done(&process, &ROTATE)["version"], 2);
        answers(&anna, annas).await;
        answers(&berta, bertas).await;
        process.kill();
    });
}

mod while_a_pkcs11_token_is_away_or_slow_those_whose_keys_are_held_are_served_and_it_recovers_by_itself {
    use seif::testing::Database;

    #[test]
    fn sqlite() {
        super::pkcs11(Database::Sqlite);
    }

    #[test]
    fn postgres() {
        super::pkcs11(Database::Postgres);
    }
}

/// SoftHSM shows no token while another process writes to it, and cleans up when the process ends.
#[test]
fn commands_at_one_moment_each_find_their_token_and_end_well() {
    let Some(token) = Token::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let settings = token.settings("[root_key]", PIN);
    let process = Process::start_in(&folder.path().join("data"), &[], &settings, &token.environment());
    for _ in 0..20 {
        let begun: Vec<_> = std::iter::repeat_with(|| {
            let mut status = process.command(&["keys", "status", "--json"]);
            status.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .take(6)
        .collect();
        for one in begun {
            let ended = one.wait_with_output().unwrap();
            assert!(ended.status.success(), "{:?}: {}", ended.status, String::from_utf8_lossy(&ended.stderr));
        }
    }
}
