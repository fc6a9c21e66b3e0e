//! A business as the naive model has it, and what must hold of it after every step.

use std::collections::BTreeMap;

use seif::kernel::crypto::Owner;
use seif::kernel::keyring::{KeyState, KeyringError};
use seif::kernel::store::sealed::{SEALED, Under};
use seif::testing::{Actor, World};
use serde_json::{Value, json};

use crate::leaving::{erasure, leave, rows};
use crate::rows::Beside;
use crate::shelf::{RECORDS, SEARCH, customers, ids, place, store, token};

const FILES: &str = "/api/v1/files";

/// What a business should hold.
#[derive(Clone, Default)]
pub(super) struct Holding {
    /// Each record by its number, with where it is and its notes.
    pub(super) records: BTreeMap<String, (String, String)>,
    /// Each file by its name.
    pub(super) files: BTreeMap<String, File>,
}

#[derive(Clone)]
pub(super) struct File {
    place: String,
    content: Vec<u8>,
    /// The number of the record that it belongs to.
    of: Option<String>,
}

impl Holding {
    /// A record that was erased for good, with its files: gone here too, wherever this comes from.
    pub(super) fn forget(&mut self, erased: &str) {
        let Some(number) =
            self.records.iter().find(|(_, (place, _))| place == erased).map(|(number, _)| number.clone())
        else {
            return;
        };
        self.records.remove(&number);
        self.files.retain(|_, file| file.of.as_deref() != Some(&number));
    }
}

/// A wish to leave that was acknowledged, and what came of it.
struct Left {
    begun: Value,
    proof: Option<Value>,
}

pub(super) struct Shop {
    owner: Actor,
    program: Actor,
    pub(super) whose: Owner,
    pub(super) holds: Holding,
    left: Option<Left>,
}

impl Shop {
    /// With a collection of customers.
    pub(super) async fn open(world: &mut World) -> Self {
        let owner = world.owner().await;
        customers(&owner).await;
        let program = token(&owner, &["records:read", "records:write", "files:read", "files:write"]).await;
        let whose = Owner::Tenant(owner.tenant.as_deref().unwrap().parse().unwrap());
        Self { owner, program, whose, holds: Holding::default(), left: None }
    }

    /// The ids of the tenant and of its owner, whose keys go together.
    pub(super) fn ids(&self) -> [String; 2] {
        [&self.owner.tenant, &self.owner.account].map(|id| id.clone().unwrap())
    }

    pub(super) fn has_left(&self) -> bool {
        self.left.is_some()
    }

    pub(super) fn moved_to(&mut self, world: &World) {
        (self.owner, self.program) = (self.owner.moved_to(world), self.program.moved_to(world));
    }

    fn nth(&self, which: usize) -> Option<(String, String)> {
        self.holds.records.iter().nth(which).map(|(number, (place, _))| (number.clone(), place.clone()))
    }

    pub(super) async fn write(&mut self, number: &str, notes: &str) {
        let values = json!({"values": {"number": number, "name": "Anna", "notes": notes}});
        let made = self.program.post(RECORDS, values).await.expect(201);
        self.holds.records.insert(number.to_owned(), (place(&made), notes.to_owned()));
    }

    pub(super) async fn change(&mut self, which: usize, notes: &str) {
        let Some((number, place)) = self.nth(which) else { return };
        let change = self.program.with_header("if-match", "*");
        let _ = change.patch(&place, json!({"values": {"notes": notes}})).await.expect(200);
        self.holds.records.insert(number, (place, notes.to_owned()));
    }

    /// One that no file belongs to.
    pub(super) async fn trash(&mut self, which: usize) {
        let Some((number, place)) = self.nth(which) else { return };
        if self.holds.files.values().any(|file| file.of.as_deref() == Some(&number)) {
            return;
        }
        let _ = self.program.with_header("if-match", "*").delete(&place).await.expect(204);
        self.holds.records.remove(&number);
    }

    /// Stores a file: every other one belongs to a record.
    pub(super) async fn store(&mut self, name: &str, which: usize, content: Vec<u8>) {
        let of = self.nth(which).filter(|_| which.is_multiple_of(2));
        let query = of.as_ref().map(|(_, place)| format!("?record={}", id(place))).unwrap_or_default();
        let stored = store(&self.program, &query, name, &content).await.expect(201);
        let file = File { place: place(&stored), content, of: of.map(|(number, _)| number) };
        self.holds.files.insert(name.to_owned(), file);
    }

    /// Other content in the place of a file's: a file never changes, so it is another one.
    pub(super) async fn replace(&mut self, which: usize, content: Vec<u8>) {
        let Some((name, former)) = self.holds.files.iter().nth(which).map(|(n, file)| (n.clone(), file.clone())) else {
            return;
        };
        let stored = store(&self.program, "", &name, &content).await.expect(201);
        let _ = self.program.delete(&former.place).await.expect(204);
        self.holds.files.insert(name, File { place: place(&stored), content, of: None });
    }

    pub(super) async fn discard(&mut self, which: usize) {
        let Some(name) = self.holds.files.keys().nth(which).cloned() else { return };
        let file = self.holds.files.remove(&name).unwrap();
        let _ = self.program.delete(&file.place).await.expect(204);
        let _ = self.program.get(&file.place).await.problem(404, "not_found");
    }

    async fn confirmed(&mut self, world: &World) {
        let _ = self.owner.sign_in().await.expect(201);
        let _ = self.owner.confirm(world).await.expect(200);
    }

    /// Erases a record for good, with its files; gives where it was.
    pub(super) async fn erase_record(&mut self, world: &World, which: usize) -> Option<String> {
        let (_, place) = self.nth(which)?;
        self.confirmed(world).await;
        let erasing = self.owner.with_header("if-match", "*");
        let _ = erasing.post(&format!("{place}/erasure"), json!({})).await.expect(200);
        self.holds.forget(&place);
        Some(place)
    }

    /// Wishes to be gone at once: with the answer nothing opens any more.
    pub(super) async fn leave(&mut self, world: &World) {
        self.confirmed(world).await;
        let begun = leave(&self.owner, "now").await;
        assert!(begun["keys_destroyed_at"].is_string(), "{begun}");
        self.left = Some(Left { begun, proof: None });
        self.holds = Holding::default();
    }

    pub(super) fn is_certified(&self) -> bool {
        self.left.as_ref().is_none_or(|left| left.proof.is_some())
    }

    /// Everything that the model has is there, found and unique, and nothing else; of who was erased there is nothing, but the
    /// proof.
    pub(super) async fn check(&mut self, world: &World, when: &str) {
        if self.has_left() {
            self.is_gone(world, when).await;
            return;
        }
        for (number, (place, notes)) in &self.holds.records {
            let record = self.program.get(place).await.expect(200).json();
            assert_eq!(record["values"]["notes"], json!(notes), "{when}");
            let found = self.program.post(SEARCH, json!({"where": {"number": number}})).await.expect(200).json();
            assert_eq!(ids(&found), [id(place)], "{when}");
            let again = json!({"values": {"number": number, "name": "Other"}});
            let _ = self.program.post(RECORDS, again).await.problem(409, "already_exists");
        }
        let all = self.program.get(&format!("{RECORDS}?limit=200")).await.expect(200).json();
        assert_eq!(all["items"].as_array().unwrap().len(), self.holds.records.len(), "{when}");
        for (name, file) in &self.holds.files {
            let back = self.program.get(&file.place).await.expect(200);
            assert!(back.bytes == file.content, "{when}: {name} is not as it was stored");
        }
        let all = self.program.get(&format!("{FILES}?limit=200")).await.expect(200).json();
        assert_eq!(all["items"].as_array().unwrap().len(), self.holds.files.len(), "{when}");
        self.versions_are_as_they_say(world, when);
    }

    /// Where it was said that tags are whole they are, and whatever is sealed is under a version that opens.
    fn versions_are_as_they_say(&self, world: &World, when: &str) {
        let mut data = Beside::of(world);
        let (tenant, held) = (data.id(self.owner.tenant.as_deref().unwrap()), held(world, self.whose));
        assert_eq!(held.iter().filter(|(_, state)| *state == KeyState::Active).count(), 1, "{when}: {held:?}");
        let whole = format!(
            "SELECT CAST(version AS TEXT) AS line FROM key_versions WHERE owner_kind = 1 AND owner_id = {tenant} AND tags_whole"
        );
        let whole = data.lines(&whole);
        assert!(!whole.is_empty(), "{when}: no tags are whole");
        for version in whole {
            let tagged = format!(
                "SELECT CAST(count(DISTINCT record_id) AS TEXT) AS line FROM record_tags WHERE tenant_id = {tenant} AND index_version = {version}"
            );
            assert_eq!(
                data.lines(&tagged),
                [self.holds.records.len().to_string()],
                "{when}: tags of version {version} are said to be whole"
            );
        }
        for version in sealed_under(&mut data, &tenant) {
            let opens = |(held, state): &(u32, KeyState)| *held == version && opens(*state);
            assert!(held.iter().any(opens), "{when}: something is sealed under version {version} of {held:?}");
        }
    }

    /// How far the key is turned over, for whoever looks into a failure.
    pub(super) fn told(&self, world: &World) -> String {
        let rekeys = world.app.services.kernel.keyring().rekeys(Some(self.whose)).unwrap();
        let told =
            rekeys.iter().map(|rekey| format!("{}→{} {:?}", rekey.old.as_u32(), rekey.new.as_u32(), rekey.stage));
        let whole = "SELECT CAST(version AS TEXT) AS line FROM key_versions WHERE owner_kind = 1 AND tags_whole AND owner_id = ";
        let mut data = Beside::of(world);
        let whole = data.lines(&format!("{whole}{}", data.id(self.owner.tenant.as_deref().unwrap())));
        format!("{} whole under {}", told.collect::<Vec<_>>().join(", "), whole.join(", "))
    }

    async fn is_gone(&mut self, world: &World, when: &str) {
        assert_eq!(self.program.get("/api/v1/collections").await.status, 401, "{when}");
        let keys = world.app.services.kernel.keyring().keys(self.whose);
        assert!(matches!(keys, Err(KeyringError::NoKey(_))), "{when}");
        let left = self.left.as_mut().unwrap();
        let told = erasure(world, &left.begun).await;
        if told["state"] != "erased" {
            assert!(left.proof.is_none() && told["certificate"].is_null(), "{when}: {told}");
            return;
        }
        for whose in [&self.owner.tenant, &self.owner.account] {
            assert_eq!(rows(world, whose.as_deref().unwrap()), [], "{when}");
        }
        let certificate = &told["certificate"];
        let owner = format!("tenant:{}", self.owner.tenant.as_deref().unwrap());
        assert_eq!((certificate["owner"].as_str(), &certificate["check"]["rows"]), (Some(owner.as_str()), &json!(0)));
        assert_eq!(*left.proof.get_or_insert_with(|| told.clone()), told, "{when}: the proof is another");
    }
}

fn id(place: &str) -> &str {
    place.rsplit('/').next().unwrap()
}

/// A version that is made opens: an older keyring may be put back beside what was sealed under it.
const fn opens(state: KeyState) -> bool {
    !matches!(state, KeyState::Destroyed)
}

/// The versions of an owner's key that the keyring has, with their states.
fn held(world: &World, whose: Owner) -> Vec<(u32, KeyState)> {
    let all = world.app.services.kernel.keyring().owners().unwrap().into_iter();
    all.filter(|(owner, ..)| *owner == whose)
        .map(|(_, version, state)| (version.as_u32(), KeyState::from_code(state).unwrap()))
        .collect()
}

/// The key versions under which anything of a tenant's is sealed, as the envelopes say.
fn sealed_under(data: &mut Beside, tenant: &str) -> Vec<u32> {
    let hex = |column: &str| match data {
        Beside::Sqlite(_) => format!("hex(substr({column}, 2, 4))"),
        Beside::Postgres(_) => format!("encode(substr({column}, 2, 4), 'hex')"),
    };
    let of = |column: &seif::kernel::store::sealed::SealedColumn| {
        let Under::Tenant(whose) = column.under else { return None };
        let (table, name) = (column.table, column.column);
        Some(format!("SELECT {} AS line FROM {table} WHERE {whose} = {tenant} AND {name} IS NOT NULL", hex(name)))
    };
    let columns: Vec<String> = SEALED.iter().filter_map(of).collect();
    let versions = data.lines(&columns.join(" UNION "));
    versions.iter().map(|version| u32::from_str_radix(version, 16).unwrap()).collect()
}
