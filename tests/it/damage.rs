//! What was tampered with in the database does not open, and everything beside it goes on.

use seif::each_database;
use seif::testing::{Actor, World};
use serde_json::json;

use crate::rows::Beside;
use crate::shelf::{RECORDS, SEARCH, customer, customers, ids, place};

fn id(place: &str) -> &str {
    place.rsplit('/').next().unwrap()
}

/// The bytes of a record's body, in hexadecimal.
fn body(db: &mut Beside, record: &str) -> String {
    let hex = match db {
        Beside::Sqlite(_) => "lower(hex(body))",
        Beside::Postgres(_) => "encode(body, 'hex')",
    };
    let record = db.id(record);
    db.lines(&format!("SELECT {hex} AS line FROM records WHERE id = {record}")).remove(0)
}

/// Puts other bytes in their place.
fn put(db: &mut Beside, record: &str, hex: &str) {
    let bytes = match db {
        Beside::Sqlite(_) => format!("x'{hex}'"),
        Beside::Postgres(_) => format!("'\\x{hex}'"),
    };
    let record = db.id(record);
    db.run(&format!("UPDATE records SET body = {bytes} WHERE id = {record}")).unwrap();
}

/// The same bytes but for one bit.
fn flipped(hex: &str, byte: usize) -> String {
    let (at, mut text) = (2 * byte, hex.to_owned());
    let value = u8::from_str_radix(&hex[at..at + 2], 16).unwrap() ^ 1;
    text.replace_range(at..at + 2, &format!("{value:02x}"));
    text
}

/// The record at `damaged` is told by an incident; the list names it, and `whole` is as it was.
async fn told(owner: &Actor, damaged: &str, whole: &str) {
    let problem = owner.get(damaged).await.problem(500, "internal");
    assert!(problem["incident"].is_string(), "{problem}");
    let _ = owner.get(whole).await.expect(200);
    let list = owner.get(RECORDS).await.expect(200).json();
    for item in list["items"].as_array().unwrap() {
        let is_damaged = item["id"] == id(damaged);
        assert_eq!(
            (item.get("unreadable").is_some(), item.get("values").is_some()),
            (is_damaged, !is_damaged),
            "{item}"
        );
    }
    assert!(list["items"].as_array().unwrap().len() >= 2);
}

async fn shop(world: &mut World) -> (Actor, String, String) {
    let owner = world.owner().await;
    customers(&owner).await;
    let first = place(&customer(&owner, "1").await);
    let second = place(&customer(&owner, "2").await);
    (owner, first, second)
}

each_database! {
    async fn one_flipped_bit_anywhere_in_a_stored_body_makes_that_record_unreadable_and_no_other(world: World) {
        let (owner, first, second) = shop(world).await;
        let mut db = Beside::of(world);
        let whole = body(&mut db, id(&first));
        let length = whole.len() / 2;
        // Format, key version, both ends of the nonce, of the ciphertext and of the tag.
        for byte in [0, 1, 4, 5, 28, 29, length / 2, length - 17, length - 16, length - 1] {
            put(&mut db, id(&first), &flipped(&whole, byte));
            told(&owner, &first, &second).await;
        }
        for cut in ["", &whole[..2], &whole[..56], &whole[..whole.len() - 2]] {
            put(&mut db, id(&first), cut);
            told(&owner, &first, &second).await;
        }
        // What is sought and what is made beside it goes on.
        let found = owner.post(SEARCH, json!({"text": "anna"})).await.expect(200).json();
        assert_eq!(ids(&found), [id(&second)]);
        let _ = customer(&owner, "3").await;
        put(&mut db, id(&first), &whole);
        let _ = owner.get(&first).await.expect(200);
    }

    async fn a_body_put_into_another_row_another_version_or_another_tenant_does_not_open(world: World) {
        let (owner, first, second) = shop(world).await;
        let (other, theirs, _) = shop(world).await;
        let mut db = Beside::of(world);
        let (old, moved) = (body(&mut db, id(&first)), body(&mut db, id(&theirs)));
        put(&mut db, id(&first), &moved);
        told(&owner, &first, &second).await;
        let neighbour = body(&mut db, id(&second));
        put(&mut db, id(&first), &neighbour);
        told(&owner, &first, &second).await;
        put(&mut db, id(&first), &old);
        let changed = owner.with_header("if-match", "*").patch(&first, json!({"values": {"notes": "new"}})).await;
        let _ = changed.expect(200);
        // An older body under the version that stands.
        put(&mut db, id(&first), &old);
        told(&owner, &first, &second).await;
        // A whole row given to another tenant.
        let (record, tenant) = (db.id(id(&second)), db.id(other.tenant.as_deref().unwrap()));
        let collection = db.id(id(&theirs));
        db.run(&format!(
            "UPDATE records SET tenant_id = {tenant}, collection_id = (SELECT collection_id FROM records WHERE id = {collection}) WHERE id = {record}"
        )).unwrap();
        told(&other, &second, &theirs).await;
        let _ = owner.get(&second).await.problem(404, "not_found");
    }
}
