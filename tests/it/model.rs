//! Random operations against a naive model: what was written and not taken away is read, found and unique, whatever was
//! turned over, restarted, restored and erased between.

use std::collections::BTreeMap;
use std::time::Duration;

use seif::app::lookups::AllLookups;
use seif::kernel::backup::Contents;
use seif::kernel::backup::format::What;
use seif::kernel::crypto::Owner;
use seif::kernel::rekey::{End, Rules, Stage};
use seif::testing::{Actor, Database, World};
use serde_json::json;

use crate::backups::{Safe, lose, sources};
use crate::operator_ledger::begin_rekey;
use crate::shelf::{RECORDS, SEARCH, customers, ids, place, token};

/// How many operations a run has.
const OPERATIONS: u32 = 120;

/// Numbers that follow from a seed alone (Marsaglia's xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
    }
}

/// What a tenant should hold: each record by its number, with where it is and its notes.
type Rows = BTreeMap<String, (String, String)>;

struct Shop {
    owner: Actor,
    program: Actor,
    whose: Owner,
    rows: Rows,
    is_erased: bool,
}

impl Shop {
    async fn open(world: &mut World) -> Self {
        let owner = world.owner().await;
        customers(&owner).await;
        let program = token(&owner, &["records:read", "records:write"]).await;
        let whose = Owner::Tenant(owner.tenant.as_deref().unwrap().parse().unwrap());
        Self { owner, program, whose, rows: Rows::new(), is_erased: false }
    }

    async fn write(&mut self, number: &str, notes: &str) {
        let values = json!({"values": {"number": number, "name": "Anna", "notes": notes}});
        let made = self.program.post(RECORDS, values).await.expect(201);
        self.rows.insert(number.to_owned(), (place(&made), notes.to_owned()));
    }

    async fn change(&mut self, which: usize, notes: &str) {
        let Some((number, (place, _))) = self.rows.iter().nth(which).map(|(n, row)| (n.clone(), row.clone())) else {
            return;
        };
        let change = self.program.with_header("if-match", "*");
        let _ = change.patch(&place, json!({"values": {"notes": notes}})).await.expect(200);
        self.rows.insert(number, (place, notes.to_owned()));
    }

    async fn trash(&mut self, which: usize) {
        let Some(number) = self.rows.keys().nth(which).cloned() else { return };
        let (place, _) = self.rows.remove(&number).unwrap();
        let _ = self.program.with_header("if-match", "*").delete(&place).await.expect(204);
    }

    /// Everything that the model has is there, found and unique; of who was erased there is nothing.
    async fn check(&self, when: &str) {
        if self.is_erased {
            assert_eq!(self.program.get("/api/v1/collections").await.status, 401, "{when}");
            return;
        }
        for (number, (place, notes)) in &self.rows {
            let record = self.program.get(place).await.expect(200).json();
            assert_eq!(record["values"]["notes"], json!(notes), "{when}");
            let found = self.program.post(SEARCH, json!({"where": {"number": number}})).await.expect(200).json();
            assert_eq!(ids(&found), [place.rsplit('/').next().unwrap()], "{when}");
            let again = json!({"values": {"number": number, "name": "Other"}});
            let _ = self.program.post(RECORDS, again).await.problem(409, "already_exists");
        }
        let all = self.program.get(&format!("{RECORDS}?limit=200")).await.expect(200).json();
        assert_eq!(all["items"].as_array().unwrap().len(), self.rows.len(), "{when}");
    }

    async fn erase(&mut self, world: &World) {
        let _ = self.owner.sign_in().await.expect(201);
        let _ = self.owner.confirm(world).await.expect(200);
        let view = self.owner.get("/api/v1/session").await.expect(200).json();
        let wish = json!({"tenant_name": view["tenants"][0]["name"], "when": "now"});
        let _ = self.owner.post("/api/v1/tenant/cancellation", wish).await.expect(202);
        self.is_erased = true;
    }

    fn moved_to(&mut self, world: &World) {
        (self.owner, self.program) = (self.owner.moved_to(world), self.program.moved_to(world));
    }
}

/// How long a step of a turning over is given before the process that does it is gone, in milliseconds.
const CUT_OFF: u64 = 12;

/// Turns the key over by some steps, and leaves it there.
async fn turn_some(world: &World, shop: &Shop, steps: usize) {
    let kernel = &world.app.services.kernel;
    let lookups = AllLookups::new(kernel);
    let _either = begin_rekey(kernel, shop.whose).await;
    for _ in 0..steps {
        let _turn = kernel.rekey_next(Some(shop.whose), AT_ONCE, &lookups, &|_| ()).await.unwrap();
    }
}

/// Turns the key over until it is cut off somewhere.
async fn turn_until_cut_off(world: &World, shop: &Shop, dice: &mut Dice) {
    let patience = Duration::from_millis(1 + u64::try_from(dice.below(usize::try_from(CUT_OFF).unwrap())).unwrap());
    let _cut_off = tokio::time::timeout(patience, turn_some(world, shop, 5)).await;
}

/// The rules of a turning over that waits for nobody and keeps what it leaves.
const AT_ONCE: Rules = Rules {
    settle: Duration::ZERO,
    retention: Duration::from_secs(35 * 86_400),
    values_per_second: 1_000_000,
    end: End::InTime,
};

/// The shops as they were when a back-up was taken.
struct Kept {
    contents: Contents,
    rows: Vec<Rows>,
}

async fn put_back(world: &mut World, safe: &Safe, kept: &Kept, shops: &mut [Shop]) {
    let data = sources(world).data;
    world
        .restart_on(|_| {
            lose(&data);
            safe.put_back(&kept.contents, &data);
        })
        .await;
    for (shop, rows) in shops.iter_mut().zip(&kept.rows) {
        shop.rows.clone_from(rows);
    }
}

async fn run(world: &mut World, seed: u64) {
    let mut dice = Dice(seed);
    let mut shops = Vec::new();
    for _ in 0..3 {
        shops.push(Shop::open(world).await);
    }
    let safe = Safe::new();
    let mut kept: Vec<Kept> = Vec::new();
    let erased_at = OPERATIONS / 3 + u32::try_from(dice.below(12)).unwrap();
    for step in 0..OPERATIONS {
        let when = format!("seed {seed}, step {step}");
        world.later(Duration::from_secs(1));
        if step == erased_at {
            shops.last_mut().unwrap().erase(world).await;
        }
        let (which, operation, row) = (dice.below(shops.len()), dice.below(24), dice.below(8));
        match operation {
            0 | 1 => {
                let contents = safe.take(world, What::Data);
                kept.push(Kept { contents, rows: shops.iter().map(|shop| shop.rows.clone()).collect() });
            }
            2 if !kept.is_empty() => {
                let back = dice.below(kept.len());
                put_back(world, &safe, &kept[back], &mut shops).await;
            }
            2..=4 => world.restart().await,
            _ if shops[which].is_erased => continue,
            5..=12 => shops[which].write(&format!("number-{step}"), &format!("notes {step}")).await,
            13 | 14 => shops[which].change(row, &format!("changed {step}")).await,
            15 => shops[which].trash(row).await,
            16 | 17 => turn_until_cut_off(world, &shops[which], &mut dice).await,
            _ => turn_some(world, &shops[which], 1 + row).await,
        }
        let all_may_have_changed = operation <= 4 || step == erased_at;
        for (at, shop) in shops.iter_mut().enumerate() {
            if all_may_have_changed {
                shop.moved_to(world);
            }
            if all_may_have_changed || at == which {
                shop.check(&when).await;
            }
        }
    }
    let kernel = world.app.services.kernel.clone();
    let rekeys = kernel.keyring().rekeys(None).unwrap();
    let ended = rekeys.iter().filter(|rekey| rekey.stage == Stage::Retired).count();
    assert!(
        ended > 1 && kept.len() > 2,
        "a run of this seed turns too few keys over or keeps too little: choose another"
    );
    assert!(rekeys.iter().all(|rekey| rekey.facts.unopenable.is_empty()), "{rekeys:?}");
}

mod what_was_written_is_read_found_and_unique_whatever_happened_between {
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
