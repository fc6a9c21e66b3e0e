//! What cannot be taken back, or is said to everybody, takes two operators.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use seif::each_database;
use seif::kernel::clock::Clock;
use seif::kernel::crypto::totp::{Step as Totp, TotpSecret};
use seif::kernel::ids::ProposalId;
use seif::kernel::operators::deeds::{DestroyRoot, Restore};
use seif::kernel::operators::{
    Act, Asked, ByTwo, Entry, Ledger, Of, Operator, ProposalError, Role, Standing, Step, TwoPersons, Witness,
};
use seif::kernel::personal::Secret;
use seif::kernel::store::Target;
use seif::policies::{Document, Plan};
use seif::testing::{Actor, Authenticator, Database, World, drop_database, fresh_databases};
use serde_json::{Value, json};

use crate::backups::{Safe, lose, sources};
use crate::operator_ledger::HERE;
use crate::policy_changes::{plan, texts};
use crate::process::Process;
use crate::rows::Beside;

const DAY: Duration = Duration::from_secs(86_400);

const DEED: DestroyRoot = DestroyRoot { version: 7 };

/// An operator with an account.
struct Who {
    name: String,
    is: Operator,
    app: Authenticator,
}

async fn who(world: &World, name: &str, role: Role) -> Who {
    let account = world.app.services.operators.add(HERE, &name.parse().unwrap(), role).await.unwrap();
    let app = Authenticator::new("", account.secret().reveal());
    Who { name: name.to_owned(), is: Operator::Account(account.id), app }
}

/// Three who keep keys.
async fn keepers(world: &World) -> [Who; 3] {
    [
        who(world, "anna", Role::KeyKeeper).await,
        who(world, "berta", Role::KeyKeeper).await,
        who(world, "clara", Role::Administrator).await,
    ]
}

impl Who {
    /// Their word, by a code of their app.
    async fn word(&self, world: &World) -> Witness {
        let code = self.app.next_code(world);
        self.says(world, &code).await.unwrap()
    }

    async fn says(&self, world: &World, code: &str) -> Result<Witness, ProposalError> {
        let keyring = world.app.services.kernel.keyring();
        keyring.witness(HERE, &self.name.parse().unwrap(), &Secret::new(code.to_owned())).await
    }

    async fn confirms(&self, world: &World, id: ProposalId) -> Result<(), ProposalError> {
        let word = self.word(world).await;
        ledger(world).confirm(&word, id).await
    }
}

fn ledger(world: &World) -> Ledger {
    Ledger::of(world.app.services.kernel.keyring())
}

fn standing(world: &World, id: ProposalId) -> Standing {
    ledger(world).proposal(id).unwrap().standing
}

fn of_act(world: &World, act: Act) -> Vec<Entry> {
    let mut found = ledger(world).entries(None, None, 1_000).unwrap();
    found.retain(|entry| entry.act == act);
    found.reverse();
    found
}

/// Has the deed done on behalf of `who`.
async fn ask_as(world: &World, who: Operator, rule: TwoPersons, deed: impl ByTwo) -> Result<Asked<()>, ProposalError> {
    let runs = AtomicUsize::new(0);
    let run = async |_: &_| {
        runs.fetch_add(1, Ordering::SeqCst);
        Ok::<_, ()>(())
    };
    let asked = world.app.services.kernel.operate_by_two(who, rule, deed, run).await?;
    let asked = match asked {
        Asked::Done(done) => {
            done.unwrap();
            Asked::Done(())
        }
        Asked::Proposed(id) => Asked::Proposed(id),
    };
    assert_eq!(runs.load(Ordering::SeqCst), usize::from(asked == Asked::Done(())), "done where it is said to be");
    Ok(asked)
}

async fn ask(world: &World, who: Operator) -> Asked<()> {
    ask_as(world, who, TwoPersons::Auto, DEED).await.unwrap()
}

/// Has it proposed.
async fn propose(world: &World, who: Operator) -> ProposalId {
    proposed(ask(world, who).await)
}

fn proposed(asked: Asked<()>) -> ProposalId {
    let Asked::Proposed(id) = asked else { panic!("it was done") };
    id
}

each_database! {
    async fn one_proposes_another_confirms_and_it_is_done_once(world: World) {
        let [anna, ..] = keepers(world).await;
        let id = propose(world, HERE).await;
        assert_eq!(propose(world, HERE).await, id, "asked again, it is the same proposal");
        anna.confirms(world, id).await.unwrap();
        assert_eq!(anna.confirms(world, id).await, Err(ProposalError::Decided));
        assert_eq!(standing(world, id), Standing::Confirmed);
        assert_eq!(ask(world, HERE).await, Asked::Done(()));
        assert_eq!(standing(world, id), Standing::Done);
        assert_ne!(propose(world, HERE).await, id, "a confirmation is good for one deed");
        let entries = of_act(world, Act::DestroyRoot);
        let steps: Vec<_> = entries.iter().map(|entry| (entry.step, entry.operator, entry.proposal == Some(id))).collect();
        let expected = [
            (Step::Proposed, HERE, true),
            (Step::Confirmed, anna.is, true),
            (Step::Begun, HERE, true),
            (Step::Done, HERE, false),
            (Step::Proposed, HERE, false),
        ];
        assert_eq!(steps, expected);
        assert!(entries.iter().all(|entry| !entry.alone && entry.of == [Of::RootVersion(7)]), "{entries:#?}");
    }

    async fn nobody_confirms_what_they_proposed(world: World) {
        let [anna, berta, _] = keepers(world).await;
        let id = propose(world, anna.is).await;
        assert_eq!(anna.confirms(world, id).await, Err(ProposalError::Own));
        assert_eq!(propose(world, anna.is).await, id);
        berta.confirms(world, id).await.unwrap();
        let _ = propose(world, berta.is).await;
        let _ = propose(world, HERE).await;
        assert_eq!(ask(world, anna.is).await, Asked::Done(()), "whoever proposed it does it, and nobody else");
    }

    async fn a_proposal_and_a_confirmation_last_a_day(world: World) {
        let [anna, ..] = keepers(world).await;
        let late = propose(world, HERE).await;
        world.later(DAY);
        assert_eq!(standing(world, late), Standing::Expired);
        assert_eq!(anna.confirms(world, late).await, Err(ProposalError::Expired));
        assert_eq!(ledger(world).refuse(HERE, late).await, Err(ProposalError::Expired));
        let id = propose(world, HERE).await;
        assert_ne!(id, late);
        world.later(DAY - Duration::from_secs(60));
        anna.confirms(world, id).await.unwrap();
        world.later(DAY);
        let again = propose(world, HERE).await;
        assert!(again != id && standing(world, id) == Standing::Expired);
        anna.confirms(world, again).await.unwrap();
        world.later(DAY - Duration::from_secs(60));
        assert_eq!(ask(world, HERE).await, Asked::Done(()));
    }

    async fn what_is_confirmed_is_this_deed_and_no_other(world: World) {
        let [anna, ..] = keepers(world).await;
        let id = propose(world, HERE).await;
        anna.confirms(world, id).await.unwrap();
        let other = ask_as(world, HERE, TwoPersons::Auto, DestroyRoot { version: 8 }).await.unwrap();
        assert_ne!(proposed(other), id);
        let other = ask_as(world, HERE, TwoPersons::Auto, Restore { backup: "7".to_owned() }).await.unwrap();
        assert_ne!(proposed(other), id);
        assert_ne!(propose(world, Operator::Local(1)).await, id, "another user id is somebody else");
        assert_eq!(ask(world, HERE).await, Asked::Done(()));
    }

    async fn a_document_is_confirmed_word_for_word(world: World) {
        let policies = &world.app.services.policies;
        let (anna, _) = (who(world, "anna", Role::Publisher).await, who(world, "berta", Role::Publisher).await);
        let _ = policies.draft(Document::Privacy, texts(&seif::kernel::values::Locale::ALL), HERE).await.unwrap();
        let plan: Plan = plan(world, DAY * 40);
        let announce = async |plan| match policies.announce(Document::Privacy, plan, HERE).await.unwrap() {
            Asked::Done(_) => Asked::Done(()),
            Asked::Proposed(id) => Asked::Proposed(id),
        };
        let id = proposed(announce(plan).await);
        anna.confirms(world, id).await.unwrap();
        let later = Plan { effective_at: plan.effective_at.plus(DAY), ..plan };
        assert_ne!(proposed(announce(later).await), id, "another time is another deed");
        let mut other = texts(&seif::kernel::values::Locale::ALL);
        for text in &mut other {
            text.summary = Some("Something else changes.".to_owned());
        }
        let before = texts(&seif::kernel::values::Locale::ALL);
        let _ = policies.draft(Document::Privacy, other, HERE).await.unwrap();
        assert_ne!(proposed(announce(plan).await), id, "other words are another deed");
        assert_eq!(of_act(world, Act::AnnouncePolicy).iter().filter(|entry| entry.step == Step::Begun).count(), 0);
        let _ = policies.draft(Document::Privacy, before, HERE).await.unwrap();
        assert_eq!(announce(plan).await, Asked::Done(()));
    }

    async fn of_two_who_confirm_at_once_one_does_and_of_two_deeds_one_is_done(world: World) {
        let [anna, berta, _] = keepers(world).await;
        let id = propose(world, HERE).await;
        let (one, other) = (anna.word(world).await, berta.word(world).await);
        let ledger = ledger(world);
        let confirmed = futures_util::future::join(ledger.confirm(&one, id), ledger.confirm(&other, id)).await;
        let confirmed = [confirmed.0, confirmed.1];
        assert_eq!(confirmed.iter().filter(|one| one.is_ok()).count(), 1, "{confirmed:?}");
        assert!(confirmed.contains(&Err(ProposalError::Decided)), "{confirmed:?}");
        let (one, other) = futures_util::future::join(ask(world, HERE), ask(world, HERE)).await;
        assert!((one == Asked::Done(())) != (other == Asked::Done(())), "{one:?} {other:?}");
        let of = |step| of_act(world, Act::DestroyRoot).iter().filter(|entry| entry.step == step).count();
        assert_eq!((of(Step::Confirmed), of(Step::Begun)), (1, 1));
    }

    async fn both_have_the_duty(world: World) {
        let [anna, ..] = keepers(world).await;
        let (reader, publisher) = (who(world, "rita", Role::Reader).await, who(world, "paul", Role::Publisher).await);
        for nobody in [&reader, &publisher] {
            let asked = ask_as(world, nobody.is, TwoPersons::Auto, DEED).await;
            assert_eq!(asked, Err(ProposalError::NotTheirs), "{}", nobody.name);
        }
        let id = propose(world, HERE).await;
        for nobody in [&reader, &publisher] {
            assert_eq!(nobody.confirms(world, id).await, Err(ProposalError::NotTheirs), "{}", nobody.name);
            let refused = ledger(world).refuse(nobody.is, id).await;
            assert_eq!(refused, Err(ProposalError::NotTheirs), "{}", nobody.name);
        }
        anna.confirms(world, id).await.unwrap();
        let unknown = ProposalId::new(world.clock.now(), &seif::kernel::entropy::Entropy::system());
        assert_eq!(anna.confirms(world, unknown).await, Err(ProposalError::Unknown));
    }

    async fn where_there_is_nobody_to_ask_it_is_done_and_marked_or_not_at_all(world: World) {
        let always = ask_as(world, HERE, TwoPersons::Always, DestroyRoot { version: 1 }).await.unwrap();
        assert!(matches!(always, Asked::Proposed(_)), "always is always");
        assert_eq!(ask(world, HERE).await, Asked::Done(()));
        // Those who have not the duty count no more than user ids.
        let (_, _) = (who(world, "rita", Role::Reader).await, who(world, "paul", Role::Publisher).await);
        let anna = who(world, "anna", Role::KeyKeeper).await;
        assert_eq!(ask(world, HERE).await, Asked::Done(()));
        assert_eq!(ask(world, anna.is).await, Asked::Done(()));
        let begun: Vec<_> =
            of_act(world, Act::DestroyRoot).into_iter().filter(|entry| entry.step == Step::Begun).collect();
        assert_eq!(begun.len(), 3);
        assert!(begun.iter().all(|entry| entry.alone && entry.proposal.is_none()), "{begun:#?}");
        let _berta = who(world, "berta", Role::Administrator).await;
        let _ = propose(world, HERE).await;
        let _ = propose(world, anna.is).await;
    }

    async fn who_is_removed_or_has_another_role_counts_no_more(world: World) {
        let [anna, berta, clara] = keepers(world).await;
        let _dora = who(world, "dora", Role::KeyKeeper).await;
        let operators = &world.app.services.operators;
        let of = |who: &Who| if let Operator::Account(id) = who.is { id } else { unreachable!() };
        let id = propose(world, anna.is).await;
        berta.confirms(world, id).await.unwrap();
        operators.give_role(HERE, of(&berta), Role::Reader).await.unwrap();
        assert_eq!(standing(world, id), Standing::Void);
        let again = propose(world, anna.is).await;
        assert_ne!(again, id, "what they confirmed is not done");
        operators.remove(HERE, of(&anna)).await.unwrap();
        assert_eq!(standing(world, again), Standing::Void);
        assert_eq!(clara.confirms(world, again).await, Err(ProposalError::Void));
        let asked = ask_as(world, anna.is, TwoPersons::Auto, DEED).await;
        assert_eq!(asked, Err(ProposalError::NotTheirs));
    }

    async fn what_is_refused_or_taken_back_is_not_done(world: World) {
        let [anna, berta, _] = keepers(world).await;
        let ledger = ledger(world);
        let id = propose(world, anna.is).await;
        ledger.refuse(berta.is, id).await.unwrap();
        assert_eq!(berta.confirms(world, id).await, Err(ProposalError::Decided));
        assert_eq!(ledger.refuse(berta.is, id).await, Err(ProposalError::Decided));
        let id = propose(world, anna.is).await;
        berta.confirms(world, id).await.unwrap();
        ledger.refuse(anna.is, id).await.unwrap();
        let id = propose(world, anna.is).await;
        ledger.refuse(HERE, id).await.unwrap();
        assert_eq!(standing(world, id), Standing::Refused);
        let steps: Vec<_> = of_act(world, Act::DestroyRoot).iter().map(|entry| entry.step).collect();
        let (proposed, refused) = (Step::Proposed, Step::Refused);
        assert_eq!(steps, [proposed, refused, proposed, Step::Confirmed, refused, proposed, refused]);
    }

    async fn on_the_machine_a_code_says_who_confirms(world: World) {
        let [anna, berta, _] = keepers(world).await;
        let code = anna.app.next_code(world);
        let _ = anna.says(world, &code).await.unwrap();
        assert_eq!(anna.says(world, &code).await.unwrap_err(), ProposalError::Refused, "a code is good once");
        let nobody = world.app.services.kernel.keyring();
        let nobody = nobody.witness(HERE, &"nobody".parse().unwrap(), &Secret::new("123456".to_owned())).await;
        assert_eq!(nobody.unwrap_err(), ProposalError::Refused);
        for _ in 0..4 {
            assert_eq!(anna.says(world, "no code").await.unwrap_err(), ProposalError::Refused);
        }
        let code = anna.app.next_code(world);
        assert_eq!(anna.says(world, &code).await.unwrap_err(), ProposalError::TooMany);
        let _ = berta.word(world).await;
        world.later(Duration::from_secs(15 * 60));
        let _ = anna.word(world).await;
    }

    async fn a_keyring_that_is_put_back_forgets_what_was_open(world: World) {
        let [anna, ..] = keepers(world).await;
        let (confirmed, waiting) = (propose(world, HERE).await, propose(world, anna.is).await);
        anna.confirms(world, confirmed).await.unwrap();
        let safe = Safe::new();
        let made = safe.take(world, seif::kernel::backup::format::What::Keyring);
        assert_eq!(ask(world, HERE).await, Asked::Done(()));
        let keyring = sources(world).keyring;
        world.restart_on(|_| {
            lose(&keyring);
            safe.put_back(&made, &keyring);
        }).await;
        for id in [confirmed, waiting] {
            assert_eq!(standing(world, id), Standing::Refused);
        }
        let restored = of_act(world, Act::Restore);
        let said: Vec<_> = restored.iter().map(|entry| (entry.step, entry.alone)).collect();
        assert_eq!(said, [(Step::Begun, true), (Step::Done, false)], "where there was no keyring there was nobody to ask");
    }
}

/// What is typed at the machine, beside a service and without one.
struct Machine<'p> {
    process: &'p Process,
    databases: &'p [String],
    folder: &'p Path,
}

impl Machine<'_> {
    fn run(&self, mut command: Command, typed: &str) -> Output {
        let command = command.arg("--json").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = command.spawn().unwrap();
        running.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
        running.wait_with_output().unwrap()
    }

    fn told(&self, command: &[&str]) -> Value {
        json_of(&self.run(self.process.command(command), ""), &command.join(" "))
    }

    /// Makes an operator; gives their app's secret.
    fn operator(&self, name: &str) -> TotpSecret {
        let made = self.told(&["operators", "add", name, "--role", "administrator"]);
        TotpSecret::parse(made["secret"].as_str().unwrap()).unwrap()
    }

    /// Whether `name` confirms with this code.
    fn confirms(&self, name: &str, code: &Secret<String>, id: &Value) -> bool {
        self.word(name, code, id).is_ok()
    }

    /// The same; or what the command says against it.
    fn word(&self, name: &str, code: &Secret<String>, id: &Value) -> Result<(), String> {
        let command = self.process.command(&["operators", "confirm", id.as_str().unwrap(), "--as", name]);
        let output = self.run(command, &format!("{}\n", code.reveal()));
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    }

    /// Where each proposal stands, oldest first.
    fn standings(&self) -> Vec<Value> {
        let listed = self.told(&["operators", "proposals"]);
        listed["proposals"].as_array().unwrap().iter().rev().map(|proposal| proposal["standing"].clone()).collect()
    }

    /// Moves a proposal, or its confirmation, a day into the past.
    fn a_day_goes_by(&self, id: &Value) {
        let mut keyring = match self.databases.get(1) {
            Some(url) => Beside::url(url),
            None => Beside::file(&self.folder.join("data/keyring.db")),
        };
        let (micros, id) = (DAY.as_micros(), keyring.id(id.as_str().unwrap()));
        let moved = format!("at = at - {micros}, expires_at = expires_at - {micros}");
        keyring.run(&format!("UPDATE operator_proposals SET {moved} WHERE id = {id}")).unwrap();
    }

    fn restore(&self, from: &str) -> Value {
        let at = |name: &str| self.folder.join(name).display().to_string();
        let data = self.databases.first().cloned().unwrap_or_else(|| format!("sqlite:{}", at("restored/seif.db")));
        let keyring = self.databases.get(1).cloned().unwrap_or_else(|| format!("sqlite:{}", at("data/keyring.db")));
        let mut command = Command::new(env!("CARGO_BIN_EXE_seif"));
        command.args(["backup", "restore", "--from", from, "--database", &data, "--keyring", &keyring]);
        command.arg("--data").arg(at("restored")).env("SEIF_ROOT_KEY__FILE", at("data/root.key"));
        command.env("SEIF_BACKUP__KEY", at("data/backup.key"));
        json_of(&self.run(command, ""), "backup restore")
    }
}

/// The code that an app shows now.
fn shown(app: &TotpSecret) -> Secret<String> {
    app.code(Totp::at(Clock::system().now()))
}

/// The code that it shows next, which is good already.
fn shown_next(app: &TotpSecret) -> Secret<String> {
    app.code(Totp::at(Clock::system().now().plus(Duration::from_secs(30))))
}

fn json_of(output: &Output, command: &str) -> Value {
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// At the machine: proposed, confirmed with a code, done by the same command; a restore too, while nothing runs.
fn the_command_line_proposes(database: Database) {
    let Some(databases) = fresh_databases(database) else { return };
    let databases = databases.map(|urls| urls.to_vec()).unwrap_or_default();
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::start(&folder.path().join("data"), &databases);
    let backups = folder.path().join("backups").display().to_string();
    let (used, berta) = {
        let here = Machine { process: &process, databases: &databases, folder: folder.path() };
        let anna = here.operator("anna");
        let _ = here.told(&["keys", "rotate-root"]);
        assert_eq!(here.told(&["keys", "destroy-root", "1"]), json!({"version": 1, "destroyed": true}), "one is alone");
        let _ = here.told(&["keys", "rotate-root"]);
        let berta = here.operator("berta");
        let refused = here.run(process.command(&["keys", "destroy-root", "3"]), "");
        assert!(!refused.status.success(), "what cannot be done is not proposed");
        let asked = here.told(&["keys", "destroy-root", "2"]);
        let id = &asked["proposed"];
        assert_eq!(asked, here.told(&["keys", "destroy-root", "2"]));
        let listed = here.told(&["operators", "proposals"]);
        assert_eq!(listed["proposals"].as_array().unwrap().len(), 1, "{listed:#}");
        let only = &listed["proposals"][0];
        assert_eq!((&only["id"], &only["standing"], &only["act"]), (id, &json!("waiting"), &json!("destroy_root")));
        assert!(!here.confirms("berta", &shown(&anna), id), "another's code");
        let code = shown(&anna);
        assert!(here.confirms("anna", &code, id));
        assert_eq!(here.told(&["keys", "destroy-root", "2"]), json!({"version": 2, "destroyed": true}));
        let _ = here.told(&["backup", "create", "--to", &backups]);
        (code, berta)
    };
    process.kill();
    if let Some(url) = databases.first() {
        lose(&Target::Postgres(Secret::new(url.clone())));
    }
    let here = Machine { process: &process, databases: &databases, folder: folder.path() };
    let asked = here.restore(&backups);
    assert!(asked["data"].is_null(), "{asked:#}");
    assert!(!here.confirms("anna", &used, &asked["proposed"]), "a code that was used");
    assert!(here.confirms("berta", &shown(&berta), &asked["proposed"]));
    assert_eq!(here.restore(&backups)["data"]["what"], "data");
    for url in &databases {
        drop_database(url);
    }
}

mod the_command_line_proposes_and_does_it_once_another_has_confirmed_it {
    #[test]
    fn sqlite() {
        super::the_command_line_proposes(super::Database::Sqlite);
    }

    #[test]
    fn postgres() {
        super::the_command_line_proposes(super::Database::Postgres);
    }
}

/// A business leaves by command: one person proposes, another confirms, each within a day, and nobody is both.
async fn a_business_leaves_by_command(database: Database) {
    let Some(databases) = fresh_databases(database) else { return };
    let databases = databases.map(|urls| urls.to_vec()).unwrap_or_default();
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(&folder.path().join("data"), &databases);
    let owner = process.owner().await;
    let leaves = async || owner.get("/api/v1/tenant/cancellation").await.expect(200).json()["cancellation"].clone();
    let here = Machine { process: &process, databases: &databases, folder: folder.path() };
    let [anna, berta, clara] = ["anna", "berta", "clara"].map(|name| here.operator(name));
    let tenant = owner.tenant.clone().unwrap();
    let erase = ["tenants", "erase", &tenant];

    let first = here.told(&erase);
    assert!(first["proposed"].is_string(), "{first}");
    assert_eq!(here.told(&erase), first, "asked again, it is the same proposal, and no second word");
    // Whoever runs commands on the machine has no word of their own there.
    let nobody = here.run(process.command(&["operators", "confirm", first["proposed"].as_str().unwrap()]), "");
    assert_eq!(nobody.status.code(), Some(2), "who confirms is to be said");
    let uid = format!("local:{}", rustix::process::getuid().as_raw());
    assert!(here.word(&uid, &shown(&anna), &first["proposed"]).is_err());
    assert_eq!((here.told(&erase), leaves().await), (first.clone(), Value::Null));

    // Nor does anybody take another way for their second word: what anna proposed in the console she confirms here no more.
    let mut console = process.stranger();
    let form = async |console: &Actor, path: &str, fields: String| {
        let body = ("application/x-www-form-urlencoded", fields.into_bytes());
        console.send_bytes(reqwest::Method::POST, path, Some(body)).await.expect(303)
    };
    let fields = format!("operator_name=anna&code={}", shown(&anna).reveal());
    let signed_in = form(&console, "/operator/sign-in", fields).await;
    console.keep_session(&signed_in);
    let _ = form(&console, "/operator/tenants/erasure", format!("tenant={tenant}")).await;
    let hers = here.told(&["operators", "proposals"])["proposals"][0]["id"].clone();
    assert_ne!(hers, first["proposed"], "of each proposer there is one");
    let own = here.word("anna", &shown_next(&anna), &hers).unwrap_err();
    assert!(own.contains("it takes another operator"), "{own}");

    // A day is the end of a proposal, and of a confirmation.
    here.a_day_goes_by(&first["proposed"]);
    let late = here.word("berta", &shown(&berta), &first["proposed"]).unwrap_err();
    assert!(late.contains("older than a day"), "{late}");
    let second = here.told(&erase);
    assert!(second["proposed"].is_string() && second != first, "{second}");
    assert_eq!(here.word("berta", &shown_next(&berta), &second["proposed"]), Ok(()));
    assert!(leaves().await.is_null(), "a confirmation does nothing by itself");
    here.a_day_goes_by(&second["proposed"]);
    let third = here.told(&erase);
    assert!(third["proposed"].is_string() && third != second, "{third}");
    assert_eq!(leaves().await, Value::Null);

    assert_eq!(here.word("clara", &shown(&clara), &third["proposed"]), Ok(()));
    let done = here.told(&erase);
    assert_eq!((&done["tenant"], done["due_at"].is_string()), (&json!(tenant), true), "{done}");
    let wish = leaves().await;
    assert_eq!((&wish["requester"], &wish["grace_until"]), (&json!("operator"), &done["due_at"]));
    assert_eq!(here.standings(), ["expired", "waiting", "expired", "done"]);
    assert!(!here.run(process.command(&erase), "").status.success(), "it leaves already");
    drop(process);
    for url in &databases {
        drop_database(url);
    }
}

mod by_command_a_business_leaves_once_another_person_has_confirmed_it_within_a_day {
    #[actix_web::test]
    async fn sqlite() {
        super::a_business_leaves_by_command(super::Database::Sqlite).await;
    }

    #[actix_web::test]
    async fn postgres() {
        super::a_business_leaves_by_command(super::Database::Postgres).await;
    }
}
