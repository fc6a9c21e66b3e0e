//! Random operations against a naive model: what was written and not taken away is there, found, unique and as it was,
//! whatever was turned over, restarted, put back, erased and broken off between.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::Path;
use std::time::Duration;

use seif::app::lookups::AllLookups;
use seif::kernel::backup::format::What;
use seif::kernel::backup::{BackupError, Contents, restore};
use seif::kernel::keyring::rotation::Pace;
use seif::kernel::objects::Objects;
use seif::kernel::operators::deeds::{DestroyRoot, RotateRoot};
use seif::kernel::operators::{Ledger, TwoPersons};
use seif::kernel::rekey::{End, Rules, Stage, Turn};
use seif::kernel::store::Target;
use seif::testing::{Database, World};

use self::breaks::breaking_off;
use self::shop::{Holding, Shop};
use crate::backups::{Safe, lose, sources};
use crate::files::{content, objects};
use crate::operator_ledger::{HERE, begin_rekey, keyring_of};
use crate::rows::Beside;

mod breaks;
mod killed;
mod shop;

/// How many operations a run has.
const OPERATIONS: u32 = 130;

/// Numbers that follow from a seed alone (Marsaglia's xorshift).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
    }

    /// In two of five cases, at which point something breaks off, if it gets that far.
    fn breaks(&mut self, points: usize) -> Option<u32> {
        (self.below(5) < 2).then(|| u32::try_from(self.below(points)).unwrap())
    }
}

/// The rules of a turning over that waits for nobody and keeps what it leaves.
const AT_ONCE: Rules = Rules {
    settle: Duration::ZERO,
    retention: Duration::from_secs(35 * 86_400),
    values_per_second: 1_000_000,
    end: End::InTime,
};

/// Longer than whoever works on something holds it without a sign of life.
const LET_GO: Duration = Duration::from_secs(11);

/// How many records are erased for good in a run: each takes a code by mail.
const ERASED: usize = 4;

/// Versions of owners' keys: whose, which, and when it was made, which no other version of that number shares.
type Versions = BTreeSet<(String, String, String)>;

/// Both back-ups of a moment, and what was then.
struct Kept {
    data: Contents,
    keyring: Contents,
    holds: Vec<Holding>,
    /// The versions that the data is sealed under.
    needs: Versions,
    /// The versions that the keyring has.
    has: Versions,
    /// The root versions that wrap them.
    roots: BTreeSet<i64>,
}

/// Whether a keyring goes with some data.
#[derive(Debug, PartialEq, Eq)]
enum Fit {
    Fits,
    /// A start refuses it.
    Refused,
    /// A version of the same number was made twice, by a keyring that knew nothing of the other: no start can tell.
    Unknowable,
}

fn fit(needs: &Versions, has: &Versions) -> Fit {
    let numbered = |versions: &Versions| -> BTreeSet<(String, String)> {
        versions.iter().map(|(owner, version, _)| (owner.clone(), version.clone())).collect()
    };
    match (needs.is_subset(has), numbered(needs).is_subset(&numbered(has))) {
        (true, _) => Fit::Fits,
        (false, false) => Fit::Refused,
        (false, true) => Fit::Unknowable,
    }
}

struct Run<'w> {
    world: &'w mut World,
    dice: Dice,
    shops: Vec<Shop>,
    safe: Safe,
    kept: Vec<Kept>,
    /// Where records were that are erased, which no copy of either database brings back.
    erased: BTreeSet<String>,
    gone_roots: BTreeSet<i64>,
    done: BTreeMap<&'static str, usize>,
}

impl Run<'_> {
    fn count(&mut self, what: &'static str) {
        *self.done.entry(what).or_default() += 1;
    }

    /// Everything starts anew after what broke off.
    async fn broke_off(&mut self) {
        self.count("broken off");
        self.world.later(LET_GO);
        self.world.restart().await;
    }

    fn versions(&self) -> Versions {
        let mut keyring = keyring_of(self.world);
        lines(&mut keyring, "owner_keys WHERE owner_kind <= 2", "CAST(created_at AS TEXT)")
    }

    /// The versions that the data is sealed under now, as the keyring has them.
    fn needed(&self) -> Versions {
        let mut data = Beside::of(self.world);
        let in_use = lines(&mut data, "key_versions WHERE owner_kind <= 2 AND state IN (1, 2)", "''");
        let used = |one: &(String, String, String)| in_use.contains(&(one.0.clone(), one.1.clone(), String::new()));
        self.versions().into_iter().filter(used).collect()
    }

    fn back_up(&mut self) {
        let (data, keyring) = (self.safe.take(self.world, What::Data), self.safe.take(self.world, What::Keyring));
        let wrapping = "SELECT DISTINCT CAST(root_version AS TEXT) AS line FROM owner_keys WHERE wrapped IS NOT NULL";
        let roots = keyring_of(self.world).lines(wrapping);
        self.kept.push(Kept {
            data,
            keyring,
            holds: self.shops.iter().map(|shop| shop.holds.clone()).collect(),
            needs: self.needed(),
            has: self.versions(),
            roots: roots.iter().map(|version| version.parse().unwrap()).collect(),
        });
    }

    /// What the data of a back-up needs of a keyring today: of who has left nothing.
    fn still_needed(&self, kept: &Kept) -> Versions {
        let left: Vec<String> = self.shops.iter().filter(|shop| shop.has_left()).flat_map(Shop::ids).collect();
        let stays = |one: &&(String, String, String)| !left.contains(&one.0);
        kept.needs.iter().filter(stays).cloned().collect()
    }

    /// Both databases and the objects are as the model has them after the data of `kept` was put back.
    fn hold_as_in(&mut self, kept: usize) {
        for (shop, then) in self.shops.iter_mut().zip(&self.kept[kept].holds) {
            if !shop.has_left() {
                shop.holds.clone_from(then);
                self.erased.iter().for_each(|erased| shop.holds.forget(erased));
            }
        }
    }

    async fn put_data_back(&mut self, which: usize) {
        if fit(&self.still_needed(&self.kept[which]), &self.versions()) != Fit::Fits {
            return;
        }
        let after = self.dice.breaks(9);
        let (data, safe, kept) = (sources(self.world).data, &self.safe, &self.kept[which]);
        let keyring = self.world.app.services.kernel.keyring();
        let gone = restore::demand_fit(&safe.inspect(&kept.data), keyring).unwrap();
        let placing = self.world.restart_on(|folder| {
            lose(&data);
            give_back_objects(safe, kept, &gone, folder);
            safe.put_back(&kept.data, &data);
        });
        if breaking_off(after, placing).await.is_none() {
            self.world.later(LET_GO);
            self.world.restart_on(|_| put_back_again(safe, &kept.data, &data)).await;
            self.count("broken off");
        }
        self.hold_as_in(which);
        self.count("data put back");
    }

    /// An older keyring beside the data as it is.
    async fn put_keyring_back(&mut self, which: usize) {
        // A proof that is not there yet is in no copy of the data, and the wish in an older keyring neither.
        if !self.shops.iter().all(Shop::is_certified) {
            return;
        }
        let is_wrapped = self.kept[which].roots.is_disjoint(&self.gone_roots);
        let expected = match fit(&self.needed(), &self.kept[which].has) {
            Fit::Unknowable => return,
            Fit::Fits if is_wrapped => Fit::Fits,
            _ => Fit::Refused,
        };
        let (fresh, keyring) = (self.safe.take(self.world, What::Keyring), sources(self.world).keyring);
        let after = self.dice.breaks(6).filter(|_| expected == Fit::Fits);
        let (safe, kept) = (&self.safe, &self.kept[which]);
        let placing = self.world.try_restart_on(|_| {
            lose(&keyring);
            safe.put_keyring_back(&kept.keyring, None, &keyring).unwrap();
        });
        let began = match breaking_off(after, placing).await {
            Some(began) => began,
            None => {
                self.count("broken off");
                self.world.later(LET_GO);
                let again =
                    self.world.try_restart_on(|_| put_back_again(&self.safe, &self.kept[which].keyring, &keyring));
                again.await
            }
        };
        assert_eq!(began.is_ok(), expected == Fit::Fits, "{:?}, expected: {expected:?}", began.err());
        if expected == Fit::Fits {
            self.count("keyring put back");
        } else {
            let safe = &self.safe;
            let mending = self.world.restart_on(|_| {
                lose(&keyring);
                safe.put_keyring_back(&fresh, None, &keyring).unwrap();
            });
            mending.await;
            self.count("keyring refused");
        }
    }

    /// Both are lost: the keyring takes over what a later back-up of the data says.
    async fn put_both_back(&mut self, which: usize) {
        if !self.kept[which].roots.is_disjoint(&self.gone_roots) {
            return;
        }
        let later = self.safe.take(self.world, What::Data);
        let (at, left): (_, Vec<_>) =
            (sources(self.world), self.shops.iter().filter(|shop| shop.has_left()).map(|shop| shop.whose).collect());
        let (safe, kept) = (&self.safe, &self.kept[which]);
        let placing = self.world.restart_on(|folder| {
            lose(&at.data);
            lose(&at.keyring);
            safe.put_keyring_back(&kept.keyring, Some(&later), &at.keyring).unwrap();
            give_back_objects(safe, kept, &left, folder);
            safe.put_back(&kept.data, &at.data);
        });
        placing.await;
        self.hold_as_in(which);
        self.count("both put back");
    }

    /// Turns the root key over, and at times destroys what wraps nothing.
    async fn turn_root_over(&mut self) {
        let after = self.dice.breaks(7);
        let destroys = self.dice.below(3) == 0;
        let keyring = self.world.app.services.kernel.keyring().clone();
        let ledger = Ledger::of(&keyring);
        let turning = async {
            let pace = Pace { keys_per_second: 10_000 };
            let go_on = |_| std::ops::ControlFlow::Continue(());
            let turned = ledger.operate_blocking(HERE, RotateRoot, |act| keyring.rotate_root(act, pace, go_on));
            assert_eq!(turned.unwrap().unwrap().unopenable, 0);
            let status = keyring.status().unwrap();
            let is_idle = |version: i64| status.by_root.iter().all(|(wraps, _)| *wraps != version);
            let idle = status.roots.iter().find(|root| !root.current && is_idle(root.version));
            if let Some(version) = idle.filter(|_| destroys).map(|root| root.version) {
                self.gone_roots.insert(version);
                let (rule, deed) = (TwoPersons::Auto, DestroyRoot { version });
                let gone = ledger.operate_by_two_blocking(HERE, rule, deed, |act| keyring.destroy_root(act));
                gone.unwrap().done().unwrap().unwrap();
            }
        };
        let turned = breaking_off(after, turning).await;
        match turned {
            Some(()) => self.count("root turned over"),
            None => self.broke_off().await,
        }
    }

    /// Turns a key over by some steps, and leaves it there; or it is cut off somewhere, or breaks off between two steps.
    /// Says who may have changed: everything starts anew after what broke off.
    async fn turn_over(&mut self, which: usize, steps: usize) -> Option<usize> {
        let (after, cut_off) = (self.dice.breaks(9), self.dice.below(4) == 0);
        let patience =
            Duration::from_millis(if cut_off { 1 + u64::try_from(self.dice.below(12)).unwrap() } else { 60_000 });
        let (kernel, whose) = (self.world.app.services.kernel.clone(), self.shops[which].whose);
        let turning = async {
            let lookups = AllLookups::new(&kernel);
            let _either = begin_rekey(&kernel, whose).await;
            let mut ended = false;
            for _ in 0..steps {
                let turn = kernel.rekey_next(Some(whose), AT_ONCE, &lookups, &|_| ()).await.unwrap();
                ended |= matches!(turn, Turn::Reached(_, Stage::Retired));
            }
            ended
        };
        let turned = breaking_off(after, within(patience, turning)).await;
        match turned {
            Some(Some(true)) => self.count("key turned over"),
            Some(_) => {}
            None => {
                self.broke_off().await;
                return None;
            }
        }
        Some(which)
    }

    /// Somebody leaves, and what is left of it breaks off until the proof stands.
    async fn see_off(&mut self) {
        let shop = self.shops.last_mut().unwrap();
        shop.leave(self.world).await;
        self.world.later(Duration::from_secs(4));
        for _ in 0..20 {
            let after = self.dice.breaks(8);
            let services = self.world.app.services.clone();
            let erasing = async { services.leaving.sweep().await.unwrap() };
            if breaking_off(after, erasing).await.is_some() {
                break;
            }
            self.broke_off().await;
            self.move_all();
            self.shops.last_mut().unwrap().check(self.world, "half erased").await;
        }
    }

    fn move_all(&mut self) {
        self.shops.iter_mut().for_each(|shop| shop.moved_to(self.world));
    }

    /// One operation; says whether others than the one shop may have changed.
    async fn step(&mut self, step: u32) -> Option<usize> {
        let (which, operation, row) = (self.dice.below(self.shops.len()), self.dice.below(36), self.dice.below(8));
        let back = self.dice.below(self.kept.len().max(1));
        eprintln!("operation {operation} of shop {which}, {row}, {back}");
        match operation {
            0..=2 => self.back_up(),
            3 | 4 if !self.kept.is_empty() => self.put_data_back(back).await,
            5 | 6 if !self.kept.is_empty() => self.put_keyring_back(back).await,
            7 if !self.kept.is_empty() => self.put_both_back(back).await,
            3..=8 => self.world.restart().await,
            9 | 10 => self.turn_root_over().await,
            _ => return self.step_of(which, operation, row, step).await,
        }
        None
    }

    async fn step_of(&mut self, which: usize, operation: usize, row: usize, step: u32) -> Option<usize> {
        let erasing = operation == 24 && self.done.get("record erased").is_none_or(|erased| *erased < ERASED);
        let shop = &mut self.shops[which];
        if shop.has_left() {
            return Some(which);
        }
        let name = format!("number-{step}");
        match operation {
            11..=17 => shop.write(&name, &format!("notes {step}")).await,
            18 | 19 => shop.change(row, &format!("changed {step}")).await,
            20 => shop.trash(row).await,
            21 | 22 => shop.store(&name, row, content(usize::try_from(step).unwrap() * 1_111)).await,
            23 => shop.replace(row, content(70_000 + usize::try_from(step).unwrap())).await,
            24 if erasing => {
                self.world.later(Duration::from_secs(600));
                if let Some(place) = shop.erase_record(self.world, row).await {
                    self.erased.insert(place);
                    self.count("record erased");
                }
            }
            24 | 25 => shop.discard(row).await,
            _ => return self.turn_over(which, 1 + row).await,
        }
        Some(which)
    }

    /// As many objects lie there as the model has files.
    fn objects_are_those_of_files(&self, when: &str) {
        if !self.shops.iter().all(Shop::is_certified) {
            return;
        }
        let files: usize = self.shops.iter().map(|shop| shop.holds.files.len()).sum();
        assert_eq!(objects(&self.world.folder.path().join("objects")).len(), files, "{when}");
    }
}

/// Whose (an id), which version, and something else of each row.
fn lines(database: &mut Beside, from: &str, also: &str) -> Versions {
    let owner = match database {
        Beside::Sqlite(_) => "lower(hex(owner_id))",
        Beside::Postgres(_) => "replace(CAST(owner_id AS TEXT), '-', '')",
    };
    let said =
        database.lines(&format!("SELECT {owner} || ' ' || CAST(version AS TEXT) || ' ' || {also} AS line FROM {from}"));
    let row = |line: &String| {
        let mut parts = line.splitn(3, ' ').map(str::to_owned);
        let mut owner = parts.next().unwrap();
        [20, 16, 12, 8].into_iter().for_each(|at| owner.insert(at, '-'));
        (owner, parts.next().unwrap(), parts.next().unwrap())
    };
    said.iter().map(row).collect()
}

fn give_back_objects(safe: &Safe, kept: &Kept, gone: &[seif::kernel::crypto::Owner], folder: &Path) {
    let live = folder.join("objects");
    drop(std::fs::remove_dir_all(&live));
    safe.give_back_objects(&kept.data, gone, &Objects::in_folder(live)).unwrap();
}

/// Begins again what broke off, unless it stands where it is looked for.
fn put_back_again(safe: &Safe, made: &Contents, target: &Target) {
    match safe.try_to_put_back(made, target) {
        Ok(()) | Err(BackupError::NotEmpty) => {}
        Err(error) => panic!("{error}"),
    }
}

async fn within<R>(patience: Duration, work: impl Future<Output = R>) -> Option<R> {
    tokio::time::timeout(patience, work).await.ok()
}

async fn run(world: &mut World, seed: u64) {
    let mut shops = Vec::new();
    for _ in 0..3 {
        shops.push(Shop::open(world).await);
    }
    let (dice, safe) = (Dice(seed), Safe::new());
    let (kept, erased, gone_roots, done) = (Vec::new(), BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
    let mut run = Run { world, dice, shops, safe, kept, erased, gone_roots, done };
    let leaves_at = OPERATIONS / 3 + u32::try_from(run.dice.below(12)).unwrap();
    for step in 0..OPERATIONS {
        let when = format!("seed {seed}, step {step}");
        run.world.later(Duration::from_secs(1));
        if step == leaves_at {
            run.see_off().await;
        }
        let one = run.step(step).await.filter(|_| step != leaves_at);
        let told: Vec<String> = run.shops.iter().map(|shop| shop.told(run.world)).collect();
        eprintln!("{when}: {:?}\n  {}", run.done, told.join("\n  "));
        if one.is_none() {
            run.move_all();
        }
        for at in 0..run.shops.len() {
            if one.is_none_or(|one| one == at) {
                run.shops[at].check(run.world, &when).await;
            }
        }
        if one.is_none() {
            run.objects_are_those_of_files(&when);
        }
    }
    for (what, least) in LEAST {
        let done = run.done.get(what).copied().unwrap_or(0);
        assert!(done >= least, "seed {seed} does too little, choose another: {:?}", run.done);
    }
    let rekeys = run.world.app.services.kernel.keyring().rekeys(None).unwrap();
    assert!(rekeys.iter().all(|rekey| rekey.facts.unopenable.is_empty()), "{rekeys:?}");
}

/// What a run has to have done for its seed to be one of the suite's.
const LEAST: [(&str, usize); 4] =
    [("broken off", 3), ("data put back", 2), ("root turned over", 1), ("key turned over", 2)];

mod what_was_written_is_there_found_unique_and_as_it_was_whatever_happened_between {
    use super::{Database, World, run};

    /// More runs than the suite has are asked for by a first seed and how many: `MODEL_SEEDS=1000+50`.
    #[expect(clippy::disallowed_methods, reason = "whoever runs the tests says how many")]
    fn seeds(usual: u64) -> std::ops::Range<u64> {
        let asked = std::env::var("MODEL_SEEDS").ok();
        let asked = asked.as_deref().and_then(|asked| asked.split_once('+'));
        asked.map_or(usual..usual + 1, |(first, many)| {
            let first: u64 = first.parse().unwrap();
            first..first + many.parse::<u64>().unwrap()
        })
    }

    #[test]
    fn sqlite() {
        for seed in seeds(20_261_122) {
            World::run(Database::Sqlite, async |world| run(world, seed).await);
        }
    }

    #[test]
    fn postgres() {
        for seed in seeds(7_052_931) {
            World::run(Database::Postgres, async |world| run(world, seed).await);
        }
    }
}
