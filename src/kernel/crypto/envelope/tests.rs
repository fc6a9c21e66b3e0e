use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::kernel::crypto::OwnerKey;
use crate::kernel::crypto::testing::{Hex, vectors};
use crate::kernel::ids::{AccountId, TenantId};

macro_rules! places {
    ($($name:ident: $label:literal, $usage:ident, $plain:ty;)+) => {$(
        struct $name;

        impl Place for $name {
            const LABEL: &'static str = $label;
            const USE: KeyUse = KeyUse::$usage;
            type Plain = $plain;
        }
    )+};
}

places! {
    Body: "records.body", Values, Plain;
    Person: "accounts.person", Values, Plain;
    Audit: "audit.entry", Audit, Plain;
    Throttle: "throttle.address", Values, Plain;
    FileKey: "files.key", Files, ();
    Text: "records.body", Values, String;
    TextUnderFiles: "records.body", Files, String;
    OtherText: "records.note", Values, String;
    Uncounted: "records.body", Values, std::collections::BTreeMap<(u8, u8), u8>;
}

/// A plain type as slices write them: what is kept is revealed to the seal alone.
#[derive(Debug, PartialEq, serde::Serialize, Deserialize)]
struct Plain {
    #[serde(with = "crate::kernel::personal::revealed")]
    name: crate::kernel::personal::Personal<String>,
    number: i64,
}

#[derive(Deserialize)]
struct Frozen {
    sealed: Vec<FrozenEnvelope>,
}

#[derive(Deserialize)]
struct FrozenEnvelope {
    owner_kind: i16,
    owner_id: Hex,
    owner_key: Hex,
    key_version: u32,
    place: String,
    row_id: Hex,
    row_version: i64,
    nonce: Hex,
    associated_data: Hex,
    plain: Hex,
    envelope: Hex,
}

#[test]
fn envelopes_of_format_1_open_and_seal_to_the_byte_as_they_were_frozen() {
    let frozen: Frozen = vectors(include_str!("../../../../tests/vectors/envelope-v1.json"));
    let mut kinds = std::collections::BTreeSet::new();
    for vector in frozen.sealed {
        kinds.insert(vector.owner_kind);
        match vector.place.as_str() {
            "records.body" => holds_json::<Body>(&vector),
            "accounts.person" => holds_json::<Person>(&vector),
            "audit.entry" => holds_json::<Audit>(&vector),
            "throttle.address" => holds_json::<Throttle>(&vector),
            "files.key" => drop(holds::<FileKey>(&vector)),
            other => panic!("{other}"),
        }
    }
    assert_eq!(Vec::from_iter(kinds), [1, 2, 3, 4]);
}

fn holds_json<P: Place<Plain = Plain>>(vector: &FrozenEnvelope) {
    let (keys, row, sealed) = holds::<P>(vector);
    let plain = keys.open(row, &sealed).unwrap();
    let again: Sealed<P> =
        keys.seal_with(row, &vector.nonce.array(), |buffer| Ok(serde_json::to_writer(buffer, &plain)?));
    assert_eq!(again, sealed);
}

fn holds<P: Place>(vector: &FrozenEnvelope) -> (OwnerKeys, RowRef, Sealed<P>) {
    let owner = Owner::decode(vector.owner_kind, vector.owner_id.array()).unwrap();
    let version = KeyVersion::from_u32(vector.key_version);
    let key = OwnerKey::from_bytes(vector.owner_key.array());
    let keys = OwnerKeys::new(owner, [(version, key)], version).unwrap();
    let row = RowRef::new(&vector.row_id.array(), vector.row_version);
    let sealed = Sealed::<P>::from_bytes(vector.envelope.0.clone());

    assert_eq!(associated(P::LABEL, version, owner, row), vector.associated_data.0);
    assert_eq!(sealed.key_version(), Ok(version));
    assert_eq!(keys.open_bytes(row, &sealed).unwrap().reveal(), &vector.plain.0);
    let again: Sealed<P> =
        keys.seal_with(row, &vector.nonce.array(), |buffer| io::Write::write_all(buffer, &vector.plain.0));
    assert_eq!(again, sealed);
    (keys, row, sealed)
}

/// Two versions, both with the same key bytes, so that only what is bound can tell them apart.
fn keys(owner: Owner) -> OwnerKeys {
    let versions = [1, 2].map(|number| (KeyVersion::from_u32(number), OwnerKey::from_bytes([0x33; 32])));
    OwnerKeys::new(owner, versions, KeyVersion::from_u32(2)).unwrap()
}

fn any_owner() -> impl Strategy<Value = Owner> {
    prop_oneof![
        any::<[u8; 16]>().prop_map(|id| Owner::Tenant(TenantId::from_bytes(id))),
        any::<[u8; 16]>().prop_map(|id| Owner::Account(AccountId::from_bytes(id))),
        Just(Owner::Service),
        any::<u32>().prop_map(Owner::Day),
    ]
}

fn any_row() -> impl Strategy<Value = RowRef> {
    (any::<[u8; 16]>(), any::<i64>()).prop_map(|(id, version)| RowRef { id, version })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_sealed_opens_where_it_belongs(
        owner in any_owner(), row in any_row(), plain in ".*", bytes in any::<Vec<u8>>(), seed: u64,
    ) {
        let entropy = Entropy::seeded(seed);
        let keys = keys(owner);
        let sealed: Sealed<Text> = keys.seal(row, &plain, &entropy);
        prop_assert_eq!(sealed.key_version(), Ok(keys.current()));
        prop_assert_eq!(keys.open(row, &sealed), Ok(plain));
        let sealed: Sealed<FileKey> = keys.seal_bytes(row, &bytes, &entropy);
        prop_assert_eq!(sealed.as_bytes().len(), HEAD + bytes.len() + TAG);
        let opened = keys.open_bytes(row, &sealed).unwrap();
        prop_assert_eq!(opened.reveal(), &bytes);
    }

    #[test]
    fn a_flipped_bit_anywhere_does_not_open(
        row in any_row(), plain in ".*", at: prop::sample::Index, bit in 0u8..8,
    ) {
        let keys = keys(Owner::Service);
        let mut bytes = keys.seal::<Text>(row, &plain, &Entropy::system()).as_bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert_eq!(keys.open(row, &Sealed::<Text>::from_bytes(bytes)), Err(Unreadable));
    }

    #[test]
    fn another_owner_place_use_row_or_version_does_not_open(
        (owner, other) in (any_owner(), any_owner()), row in any_row(), (id, version) in any::<([u8; 16], i64)>(),
    ) {
        prop_assume!(owner != other && row.id != id && row.version != version);
        let keys_here = keys(owner);
        let sealed: Sealed<Text> = keys_here.seal(row, &"Anna".to_owned(), &Entropy::system());
        prop_assert_eq!(keys(other).open(row, &sealed), Err(Unreadable));
        prop_assert_eq!(keys_here.open(RowRef { id, ..row }, &sealed), Err(Unreadable));
        prop_assert_eq!(keys_here.open(RowRef { version, ..row }, &sealed), Err(Unreadable));
        let moved = Sealed::<OtherText>::from_bytes(sealed.as_bytes().to_vec());
        prop_assert_eq!(keys_here.open(row, &moved), Err(Unreadable));
        let moved = Sealed::<TextUnderFiles>::from_bytes(sealed.as_bytes().to_vec());
        prop_assert_eq!(keys_here.open(row, &moved), Err(Unreadable));
        prop_assert_eq!(keys_here.open(row, &sealed), Ok("Anna".to_owned()));
    }

    #[test]
    fn no_bytes_of_any_length_make_opening_panic(bytes in any::<Vec<u8>>(), row in any_row()) {
        let sealed = Sealed::<Text>::from_bytes(bytes);
        prop_assert_eq!(keys(Owner::Service).open(row, &sealed), Err(Unreadable));
    }
}

#[test]
fn every_flipped_bit_and_every_truncation_of_an_envelope_is_unreadable() {
    let keys = keys(Owner::Service);
    let row = RowRef::new(&[5; 16], 1);
    let whole = keys.seal::<Text>(row, &"Anna".to_owned(), &Entropy::system()).as_bytes().to_vec();
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << bit;
            assert_eq!(keys.open(row, &Sealed::<Text>::from_bytes(flipped)), Err(Unreadable), "{at}.{bit}");
        }
        let cut = Sealed::<Text>::from_bytes(whole[..at].to_vec());
        assert_eq!(keys.open(row, &cut), Err(Unreadable), "{at}");
        assert_eq!(cut.key_version().is_err(), at < HEAD + TAG, "{at}");
    }
    let mut longer = whole.clone();
    longer.push(0);
    assert_eq!(keys.open(row, &Sealed::<Text>::from_bytes(longer)), Err(Unreadable));
}

#[test]
fn the_key_version_is_bound_even_between_equal_keys() {
    let keys = keys(Owner::Service);
    let row = RowRef::new(&[5; 16], 1);
    let mut bytes = keys.seal::<Text>(row, &"Anna".to_owned(), &Entropy::system()).as_bytes().to_vec();
    assert_eq!(bytes[1..5], [0, 0, 0, 2]);
    bytes[4] = 1;
    assert_eq!(keys.open(row, &Sealed::<Text>::from_bytes(bytes)), Err(Unreadable));
}

#[test]
fn an_older_version_still_opens_and_a_missing_one_does_not() {
    let row = RowRef::new(&[5; 16], 1);
    let entropy = Entropy::seeded(1);
    let (first, second) = (KeyVersion::FIRST, KeyVersion::from_u32(2));
    let (old, new) = (OwnerKey::random(&entropy), OwnerKey::random(&entropy));
    let before = OwnerKeys::new(Owner::Service, [(first, old.clone())], first).unwrap();
    let sealed: Sealed<Text> = before.seal(row, &"Anna".to_owned(), &entropy);
    let both = OwnerKeys::new(Owner::Service, [(first, old), (second, new.clone())], second).unwrap();
    assert_eq!(both.open(row, &sealed), Ok("Anna".to_owned()));
    assert_eq!(both.seal::<Text>(row, &String::new(), &entropy).key_version(), Ok(second));
    let after = OwnerKeys::new(Owner::Service, [(second, new)], second).unwrap();
    assert_eq!(after.open(row, &sealed), Err(Unreadable));
}

#[test]
fn two_seals_of_the_same_value_have_nothing_in_common() {
    let keys = keys(Owner::Service);
    let row = RowRef::new(&[5; 16], 1);
    let seal = || keys.seal::<Text>(row, &"Anna".to_owned(), &Entropy::system()).as_bytes()[5..].to_vec();
    let (one, two) = (seal(), seal());
    assert_ne!(one[..NONCE], two[..NONCE]);
    assert_ne!(one[NONCE..], two[NONCE..]);
}

#[test]
fn a_value_that_outgrows_the_first_buffer_seals_and_opens() {
    let keys = keys(Owner::Service);
    let row = RowRef::new(&[5; 16], 1);
    let plain = "ā".repeat(1 << 20);
    let sealed: Sealed<Text> = keys.seal(row, &plain, &Entropy::system());
    assert_eq!(sealed.as_bytes().len(), HEAD + plain.len() + 2 + TAG);
    assert_eq!(keys.open(row, &sealed), Ok(plain));
}

#[test]
fn a_plain_text_of_another_shape_is_unreadable_too() {
    let keys = keys(Owner::Service);
    let row = RowRef::new(&[5; 16], 1);
    let sealed: Sealed<Text> = keys.seal_bytes(row, b"not JSON", &Entropy::system());
    assert_eq!(keys.open(row, &sealed), Err(Unreadable));
}

#[test]
#[should_panic(expected = "records.body cannot be sealed")]
fn a_plain_type_that_json_cannot_hold_stops_rather_than_loses_data() {
    let plain = std::iter::once(((1, 2), 3)).collect();
    let _ = keys(Owner::Service).seal::<Uncounted>(RowRef::new(&[5; 16], 1), &plain, &Entropy::system());
}

#[test]
fn debug_output_shows_place_and_size_alone() {
    let sealed: Sealed<Text> =
        keys(Owner::Service).seal(RowRef::new(&[5; 16], 1), &"Anna".to_owned(), &Entropy::system());
    assert_eq!(format!("{sealed:?}"), "Sealed(records.body, 51 bytes)");
}
