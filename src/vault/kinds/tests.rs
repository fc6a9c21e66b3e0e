//! Rules that hold for every kind, on written examples and on arbitrary input.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn every_kind() -> Vec<Kind> {
    let choices = ["company", "person"].map(|value| Choice {
        value: value.to_owned(),
        label: serde_json::from_value(json!({"en": value, "lv": "Klients"})).unwrap(),
    });
    let made = KindName::ALL.into_iter().map(|name| {
        let choices = (name == KindName::Choice).then(|| choices.to_vec());
        Kind::new(name, choices, (name == KindName::Link).then(|| "customers".to_owned())).unwrap()
    });
    made.collect()
}

fn kind(name: KindName) -> Kind {
    every_kind().into_iter().find(|kind| kind.name() == name).unwrap()
}

/// One value of each kind as someone might write it, its mask, its look-up form, and its words.
fn examples() -> Vec<(KindName, Value, &'static str, Option<&'static str>, &'static str)> {
    vec![
        (KindName::Text, json!(" Anna  Bērziņa "), "…", Some("anna bērziņa"), "Anna  Bērziņa"),
        (KindName::LongText, json!("Pays\nlate"), "…", None, "Pays\nlate"),
        (KindName::Number, json!("007.50"), "…", Some("7.5"), "7.5"),
        (KindName::Money, json!({"amount": "1234.5", "currency": "eur"}), "…", Some("1234.50 eur"), "1234.50 EUR"),
        (KindName::Date, json!("2026-11-22"), "…", Some("2026-11-22"), "2026-11-22"),
        (KindName::Boolean, json!(true), "…", None, ""),
        (KindName::Choice, json!("person"), "…", Some("person"), "person person Klients"),
        (KindName::Email, json!("Anna@Example.lv"), "A…@Example.lv", Some("anna@example.lv"), "Anna@Example.lv"),
        (KindName::Phone, json!("29 123 456"), "…3456", Some("+37129123456"), "+37129123456"),
        (
            KindName::Iban,
            json!("LV80 BANK 0000 4351 9500 1"),
            "…5001",
            Some("lv80bank0000435195001"),
            "LV80BANK0000435195001",
        ),
        (KindName::PaymentCard, json!("4111 1111 1111 1111"), "…1111", None, "1111"),
        (KindName::VatNumber, json!("40003521600"), "…", Some("lv40003521600"), "LV40003521600"),
        (KindName::RegistrationNumber, json!("40003521600"), "…", Some("40003521600"), "40003521600"),
        (KindName::Country, json!("lv"), "…", Some("lv"), "LV"),
        (
            KindName::Link,
            json!("01890a5d-ac96-774b-bcce-b302099a8057"),
            "…",
            Some("01890a5d-ac96-774b-bcce-b302099a8057"),
            "",
        ),
    ]
}

#[test]
fn each_kind_has_its_value_mask_look_up_form_and_words() {
    let examples = examples();
    assert_eq!(examples.len(), KindName::ALL.len());
    for (name, input, mask, normalised, words) in examples {
        let kind = kind(name);
        let value = kind.check(&input, Some(Country::LV)).unwrap();
        assert_eq!(kind.mask(&value), mask, "{name:?}");
        assert_eq!(kind.normalise(&value), normalised.map(|text| text.as_bytes().to_vec()), "{name:?}");
        assert_eq!(kind.words(&value).reveal(), words, "{name:?}");
    }
}

#[test]
fn a_kinds_name_is_that_of_the_interface() {
    let names = KindName::ALL.map(|name| serde_json::to_value(name).unwrap().as_str().unwrap().to_owned());
    let interface = "text long_text number money date boolean choice email phone iban payment_card vat_number \
                     registration_number country link";
    assert_eq!(names.join(" "), interface);
    for kind in every_kind() {
        assert_eq!(format!("{kind:?}"), format!("{:?}", kind.name()));
    }
}

#[test]
fn parameters_go_with_their_kind_alone() {
    let some = || Some("customers".to_owned());
    assert_eq!(Kind::new(KindName::Choice, None, None), Err(ParametersRefused::Choices));
    assert_eq!(Kind::new(KindName::Text, Some(vec![]), None), Err(ParametersRefused::Choices));
    assert_eq!(Kind::new(KindName::Link, None, None), Err(ParametersRefused::Collection));
    assert_eq!(Kind::new(KindName::Text, None, some()), Err(ParametersRefused::Collection));
    assert_eq!(Kind::new(KindName::Choice, Some(vec![]), None), Err(ChoicesRefused::Count.into()));
    assert_eq!(Kind::new(KindName::Link, None, some()).unwrap().name(), KindName::Link);
}

#[test]
fn the_starter_collections_have_kinds_that_hold() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tenants/templates");
    let mut fields = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let template: Value = serde_json::from_slice(&std::fs::read(file.unwrap().path()).unwrap()).unwrap();
        for field in template["fields"].as_array().unwrap() {
            let name: KindName = serde_json::from_value(field["kind"].clone()).unwrap();
            let label: Label = serde_json::from_value(field["label"].clone()).unwrap();
            let choices = serde_json::from_value(field["choices"].clone()).unwrap();
            let collection = serde_json::from_value(field["collection"].clone()).unwrap();
            Kind::new(name, choices, collection).unwrap();
            assert_eq!(label.texts().count(), 5);
            assert!(field["searchable"] == json!(false) || name.found() == Found::ByValueAndWords, "{name:?}");
            fields += 1;
        }
    }
    assert!(fields > 50, "{fields}");
}

#[test]
fn every_cell_of_the_demonstration_business_is_a_value_of_its_kind() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tenants");
    let read = |path: &str| std::fs::read(format!("{folder}/{path}")).unwrap();
    let mut cells = 0;
    for name in ["contracts", "customers", "employees", "sales_invoices", "suppliers"] {
        let template: Value = serde_json::from_slice(&read(&format!("templates/{name}.json"))).unwrap();
        let kinds: std::collections::HashMap<&str, Kind> = template["fields"]
            .as_array()
            .unwrap()
            .iter()
            .map(|field| {
                let parameter = |name: &str| field[name].clone();
                let kind = Kind::new(
                    serde_json::from_value(parameter("kind")).unwrap(),
                    serde_json::from_value(parameter("choices")).unwrap(),
                    serde_json::from_value(parameter("collection")).unwrap(),
                );
                (field["name"].as_str().unwrap(), kind.unwrap())
            })
            .collect();
        let export = read(&format!("demo/{name}.csv"));
        for row in
            csv::Reader::from_reader(export.as_slice()).deserialize::<std::collections::HashMap<String, String>>()
        {
            let row = row.unwrap();
            let country = row.get("country").map_or(Country::LV, |code| Country::parse(code).unwrap());
            for (column, cell) in row.iter().filter(|(_, cell)| !cell.is_empty()) {
                let kind = &kinds[column.as_str()];
                let input = match kind.name() {
                    KindName::Link => continue,
                    KindName::Boolean => json!(cell == "true"),
                    KindName::Money => {
                        let (amount, currency) = cell.split_once(' ').unwrap();
                        json!({"amount": amount, "currency": currency})
                    }
                    _ => json!(cell),
                };
                let checked = kind.check(&input, Some(country));
                assert!(checked.is_ok(), "{name}.{column}: {cell}: {checked:?}");
                cells += 1;
            }
        }
    }
    assert!(cells > 3_000, "{cells}");
}

#[test]
fn a_stored_value_of_another_form_is_masked_and_has_no_words() {
    for stored in [json!(null), json!(["x"]), json!({"amount": 1}), json!(7)] {
        let value = FieldValue::from_stored(stored);
        assert_eq!(format!("{value:?}"), "FieldValue(..)");
        for kind in every_kind() {
            assert_eq!(kind.mask(&value), "…");
            assert_eq!(kind.words(&value).reveal().trim_end_matches(" Klients"), "");
            assert_eq!(kind.normalise(&value), None);
        }
    }
}

fn any_country() -> impl Strategy<Value = Option<Country>> {
    prop::sample::select(vec![
        None,
        Some(Country::EE),
        Some(Country::KZ),
        Some(Country::LT),
        Some(Country::LV),
        Country::parse("FR").ok(),
        Country::parse("NO").ok(),
    ])
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        near_values().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            (inner.clone(), inner.clone())
                .prop_map(|(amount, currency)| json!({"amount": amount, "currency": currency})),
            prop::collection::hash_map("[a-z]{1,8}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

/// Texts close to values: numbers of every length, examples with a stroke too many, and the examples themselves.
fn near_values() -> impl Strategy<Value = String> {
    let texts: Vec<String> =
        examples().into_iter().filter_map(|(_, input, ..)| Some(input.as_str()?.to_owned())).collect();
    let examples = prop::sample::select(texts);
    prop_oneof![
        "-?[0-9]{1,20}(\\.[0-9]{1,10})?",
        "[A-Z]{0,3}[0-9]{5,14}[A-Z]{0,2}",
        "[+]?[0-9 ()-]{7,16}",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}",
        "[a-zāč]{1,9}@[a-zāč]{1,9}\\.(lv|eu)",
        examples.clone(),
        (examples, any::<prop::sample::Index>(), any::<char>()).prop_map(|(text, at, stroke)| {
            let mut letters: Vec<char> = text.chars().collect();
            letters.insert(at.index(letters.len() + 1), stroke);
            letters.into_iter().collect()
        }),
    ]
}

/// The texts of an input that no English sentence holds by chance.
fn telling_texts(input: &Value) -> Vec<String> {
    match input {
        Value::String(text) if text.trim().chars().count() >= 5 && !is_plain_words(text) => {
            vec![text.clone(), text.trim().to_owned()]
        }
        Value::Number(number) if number.to_string().len() >= 5 => vec![number.to_string()],
        Value::Array(values) => values.iter().flat_map(telling_texts).collect(),
        Value::Object(members) => members.values().flat_map(telling_texts).collect(),
        _ => vec![],
    }
}

fn is_plain_words(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphabetic() || c.is_ascii_whitespace())
}

/// The most characters of `value` that its mask may repeat.
fn allowed(kind: &Kind, value: &str) -> usize {
    match kind.name() {
        KindName::Iban | KindName::PaymentCard | KindName::Phone => (value.chars().count() / 3).min(4),
        KindName::Email => value.rsplit_once('@').map_or(0, |(_, domain)| domain.chars().count() + 2),
        _ => 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_input_panics_and_a_canonical_form_is_a_fixed_point(input in any_json(), country in any_country()) {
        for kind in every_kind() {
            match kind.check(&input, country) {
                Ok(value) => {
                    let again = kind.check(&value.to_json(), country);
                    prop_assert_eq!(again.map(FieldValue::into_json), Ok(value.to_json()), "{:?}", kind);
                }
                Err(error) => {
                    prop_assert!(error.code.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase()));
                    for text in telling_texts(&input) {
                        prop_assert!(!error.detail.contains(&text), "{:?}: {}", kind, error.detail);
                    }
                }
            }
        }
    }

    // K-3, S-16
    #[test]
    fn a_mask_shows_no_more_than_allowed(input in near_values(), country in any_country()) {
        for kind in every_kind() {
            let Ok(value) = kind.check(&json!(input), country) else { continue };
            let shown = kind.mask(&value).chars().filter(|c| *c != '…').count();
            prop_assert!(shown <= allowed(&kind, value.as_str().unwrap_or_default()), "{:?}", kind);
        }
    }

    #[test]
    fn what_is_found_by_value_is_found_by_any_spelling(input in near_values(), country in any_country()) {
        for kind in every_kind() {
            let Ok(value) = kind.check(&json!(input), country) else { continue };
            let normalised = kind.normalise(&value);
            prop_assert_eq!(normalised.is_some(), kind.name().found() == Found::ByValueAndWords);
            let spaced = kind.check(&json!(format!("\u{a0}{input} ")), country);
            prop_assert_eq!(spaced.ok().and_then(|value| kind.normalise(&value)), normalised, "{:?}", kind);
        }
    }
}
