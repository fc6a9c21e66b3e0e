//! A form of named fields is read from a JSON object alone.
//!
//! serde's derived forms also take an array, field by field in the order of the source; that order is no part of any
//! contract, so such a body is refused.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// A `T` that was written as an object.
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Whole<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Whole<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(Whole(PhantomData))
    }
}

/// For `#[serde(deserialize_with)]`: one object.
///
/// # Errors
/// It is something else, or no `T`.
pub fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Object::deserialize(deserializer).map(|Object(value)| value)
}

/// For `#[serde(default, deserialize_with)]`: one object, or none.
///
/// # Errors
/// As [`object`].
pub fn object_if_any<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::<Object<T>>::deserialize(deserializer).map(|one| one.map(|Object(value)| value))
}

/// For `#[serde(deserialize_with)]`: a list of objects.
///
/// # Errors
/// As [`object`].
pub fn objects<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Vec::<Object<T>>::deserialize(deserializer).map(bare)
}

/// For `#[serde(default, deserialize_with)]`: a list of objects, or none.
///
/// # Errors
/// As [`object`].
pub fn objects_if_any<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    Option::<Vec<Object<T>>>::deserialize(deserializer).map(|list| list.map(bare))
}

fn bare<T>(list: Vec<Object<T>>) -> Vec<T> {
    list.into_iter().map(|Object(value)| value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        name: String,
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Form {
        #[serde(deserialize_with = "object")]
        first: Line,
        #[serde(deserialize_with = "objects")]
        rest: Vec<Line>,
        #[serde(default, deserialize_with = "objects_if_any")]
        more: Option<Vec<Line>>,
        #[serde(default, deserialize_with = "object_if_any")]
        last: Option<Line>,
    }

    fn read(text: &str) -> Result<Form, serde_json::Error> {
        serde_json::from_str::<Object<Form>>(text).map(|Object(form)| form)
    }

    #[test]
    fn a_form_of_objects_is_read() {
        let line = |name: &str| Line { name: name.to_owned() };
        let form = read(r#"{"first": {"name": "a"}, "rest": [{"name": "b"}], "more": [{"name": "c"}]}"#).unwrap();
        assert_eq!(form, Form { first: line("a"), rest: vec![line("b")], more: Some(vec![line("c")]), last: None });
        let form = read(r#"{"first": {"name": "a"}, "rest": []}"#).unwrap();
        assert_eq!((form.rest, form.more), (vec![], None));
        let form = read(r#"{"first": {"name": "a"}, "rest": [], "last": {"name": "d"}}"#).unwrap();
        assert_eq!(form.last, Some(line("d")));
    }

    #[test]
    fn an_array_in_the_place_of_an_object_is_refused_as_another_kind_of_value() {
        let arrays = [
            r#"[{"name": "a"}, []]"#,
            r#"{"first": ["a"], "rest": []}"#,
            r#"{"first": {"name": "a"}, "rest": [["b"]]}"#,
            r#"{"first": {"name": "a"}, "rest": [], "more": [["c"]]}"#,
            r#"{"first": {"name": "a"}, "rest": [], "last": ["d"]}"#,
        ];
        for text in arrays {
            assert!(read(text).unwrap_err().is_data(), "{text}");
        }
    }

    #[test]
    fn what_a_form_refuses_is_told_as_without_the_object() {
        let told = read(r#"{"first": {"name": "a", "age": 1}, "rest": []}"#).unwrap_err().to_string();
        assert!(told.starts_with("unknown field"), "{told}");
        assert!(read("{}").unwrap_err().to_string().starts_with("missing field `first`"));
    }
}
