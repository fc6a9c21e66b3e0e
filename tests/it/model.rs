//! Random operations against a naive model: what was written and not taken away is read, found and unique, whatever was
//! turned over, restarted, restored and erased between.

use std::collections::BTreeMap;
use std::time::Duration;

use seif::app::lookups::AllLookups;
use seif::kernel::crypto::Owner;
use seif::kernel::rekey::{End, Rules, Stage};
use seif::testing::{Actor, Database, World, drop_database};
use serde_json::json;

use crate::shelf::{RECORDS, SEARCH, customers, ids, place, token};
use crate::traces::{copy_of_data, restore_data};

/// How many operations a run has.
const OPERATIONS: u32 = 90;

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

/// Turns the key over by some steps, and leaves it there.
async fn turn_some(world: &World, shop: &Shop, steps: usize) {
    let kernel = &world.app.services.kernel;
    let lookups = AllLookups::new(kernel);
    let rules = Rules {
        settle: Duration::ZERO,
        retention: Duration::from_secs(35 * 86_400),
        values_per_second: 1_000_000,
        end: End::InTime,
    };
    let _either = kernel.keyring().begin_rekey(shop.whose, "local:0").await.unwrap();
    for _ in 0..steps {
        let _turn = kernel.rekey_next(Some(shop.whose), rules, &lookups, &|_| ()).await.unwrap();
    }
}

async fn run(world: &mut World, seed: u64) {
    let mut dice = Dice(seed);
    let mut shops = Vec::new();
    for _ in 0..3 {
        shops.push(Shop::open(world).await);
    }
    let old = tempfile::tempdir().unwrap();
    let (mut copy, mut copied): (Option<String>, Vec<Rows>) = (None, Vec::new());
    let big = |at: usize, dice: &mut Dice| u32::try_from(at + dice.below(12)).unwrap();
    let (restarts, copies, erases, restores) =
        ([big(8, &mut dice), big(70, &mut dice)], big(22, &mut dice), big(36, &mut dice), big(52, &mut dice));
    for step in 0..OPERATIONS {
        let when = format!("seed {seed}, step {step}");
        world.later(Duration::from_secs(1));
        if restarts.contains(&step) {
            world.restart().await;
        } else if step == copies {
            copy = Some(copy_of_data(world, old.path()).await);
            copied = shops.iter().map(|shop| shop.rows.clone()).collect();
        } else if step == erases {
            let last = shops.last_mut().unwrap();
            last.erase(world).await;
        } else if step == restores {
            let original = world.database_urls().first().cloned();
            restore_data(world, copy.as_deref().unwrap()).await;
            if let Some(url) = original {
                drop_database(&url);
            }
            for (shop, rows) in shops.iter_mut().zip(&copied) {
                shop.rows.clone_from(rows);
            }
        }
        let is_big = restarts.contains(&step) || [copies, erases, restores].contains(&step);
        if is_big {
            for shop in &mut shops {
                shop.moved_to(world);
                shop.check(&when).await;
            }
            continue;
        }
        let (which, operation, row) = (dice.below(shops.len()), dice.below(10), dice.below(8));
        let shop = &mut shops[which];
        if shop.is_erased {
            continue;
        }
        match operation {
            0..4 => shop.write(&format!("number-{step}"), &format!("notes {step}")).await,
            4 => shop.change(row, &format!("changed {step}")).await,
            5 => shop.trash(row).await,
            _ => turn_some(world, shop, 1 + row % 3).await,
        }
        shop.check(&when).await;
    }
    let kernel = world.app.services.kernel.clone();
    let rekeys = kernel.keyring().rekeys(None).unwrap();
    let ended = rekeys.iter().filter(|rekey| rekey.stage == Stage::Retired).count();
    assert!(ended > 0, "a run of this seed turns no key over to its end: choose another");
    assert!(rekeys.iter().all(|rekey| rekey.facts.unopenable.is_empty()), "{rekeys:?}");
}

mod what_was_written_is_read_found_and_unique_whatever_happened_between {
    use super::{Database, World, run};

    #[test]
    fn sqlite() {
        World::run(Database::Sqlite, async |world| run(world, 20_261_122).await);
    }

    #[test]
    fn postgres() {
        World::run(Database::Postgres, async |world| run(world, 7_052_931).await);
    }
}
