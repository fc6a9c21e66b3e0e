//! What each operation takes, from the served document itself, and bodies that are nearly that.

use seif::testing::MARK;
use serde_json::{Map, Value, json};

/// What an operation of the document takes.
pub(super) struct Operation<'d> {
    document: &'d Value,
    operation: &'d Value,
}

/// A body that is wrong in one place.
pub(super) struct Twisted {
    pub(super) what: String,
    pub(super) body: Value,
    /// The code that the field's error has; any when there is none.
    pub(super) code: Option<&'static str>,
}

/// Makes a body with a value at a place, from what that is called and the code that it must get.
type Put<'p> = dyn FnMut(String, &str, Value, Option<&'static str>) + 'p;

impl<'d> Operation<'d> {
    /// The operation of a route; `None` for pages and whatever is not described.
    pub(super) fn find(document: &'d Value, method: &str, path: &str) -> Option<Self> {
        let operation = document["paths"].get(path)?.get(method.to_lowercase())?;
        Some(Self { document, operation })
    }

    /// The types of bodies that it takes; none when it takes no body.
    pub(super) fn types(&self) -> Vec<&'d str> {
        let content = self.operation["requestBody"]["content"].as_object();
        content.into_iter().flat_map(Map::keys).map(String::as_str).collect()
    }

    /// Whether its query says how long a list's page is.
    pub(super) fn is_a_list(&self) -> bool {
        let parameters = self.operation["parameters"].as_array().into_iter().flatten();
        let mut names = parameters.filter(|it| it["in"] == "query").filter_map(|it| it["name"].as_str());
        names.any(|name| name == "limit")
    }

    /// The schema of its JSON body.
    fn body(&self) -> Option<&'d Value> {
        let schema = self.operation["requestBody"]["content"].get("application/json")?.get("schema")?;
        Some(self.resolved(schema))
    }

    /// Whether a JSON body is an object.
    pub(super) fn takes_an_object(&self) -> bool {
        self.body().is_some_and(|schema| schema["properties"].is_object())
    }

    fn resolved(&self, schema: &'d Value) -> &'d Value {
        if let Some(reference) = schema["$ref"].as_str() {
            return self.resolved(self.document.pointer(&reference[1..]).unwrap());
        }
        let choices = ["oneOf", "anyOf", "allOf"].iter().find_map(|key| schema[*key].as_array());
        let one = choices.and_then(|choices| choices.iter().find(|choice| choice["type"] != "null"));
        one.map_or(schema, |one| self.resolved(one))
    }

    /// A body of the right shape.
    pub(super) fn sample(&self) -> Option<Value> {
        self.body().map(|schema| self.sample_of(schema))
    }

    fn sample_of(&self, schema: &'d Value) -> Value {
        let schema = self.resolved(schema);
        if let Some(example) = schema.get("example").or_else(|| schema["examples"].get(0)) {
            return example.clone();
        }
        match kind(schema) {
            "object" => {
                let properties = schema["properties"].as_object().into_iter().flatten();
                let required: Vec<&str> =
                    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                let members = properties.filter(|(name, _)| required.contains(&name.as_str()));
                Value::Object(members.map(|(name, it)| (name.clone(), self.sample_of(it))).collect())
            }
            "array" => json!([self.sample_of(&schema["items"])]),
            "integer" | "number" => json!(1),
            "boolean" => json!(true),
            _ => json!("text"),
        }
    }

    /// Each body that is the sample but for one member: of another kind, or unknown.
    pub(super) fn twisted(&self) -> Vec<Twisted> {
        let mut all = Vec::new();
        if let (Some(schema), Some(sample)) = (self.body(), self.sample()) {
            self.twist(schema, &sample, "", &mut |what, place, value, code| {
                let mut body = sample.clone();
                put(&mut body, place, value);
                all.push(Twisted { what, body, code });
            });
        }
        all
    }

    fn twist(&self, schema: &'d Value, sample: &Value, place: &str, put: &mut Put<'_>) {
        let schema = self.resolved(schema);
        match kind(schema) {
            "object" if schema["properties"].is_object() => {
                put(
                    format!("an unknown member at {place:?}"),
                    &format!("{place}/{MARK}"),
                    json!(MARK),
                    Some("unknown_field"),
                );
                for (name, member) in schema["properties"].as_object().unwrap() {
                    let (place, member) = (format!("{place}/{name}"), self.resolved(member));
                    for wrong in wrong_kinds(kind(member)) {
                        put(format!("{place} is {}", brief(&wrong)), &place, wrong, None);
                    }
                    self.twist(member, &self.sample_of(member), &place, put);
                }
            }
            "array" if place.matches('/').count() < 3 => {
                if let Some(first) = sample.as_array().and_then(|items| items.first()) {
                    for wrong in wrong_kinds(kind(self.resolved(&schema["items"]))) {
                        put(format!("an item of {place} is {}", brief(&wrong)), place, json!([wrong]), None);
                    }
                    let items = self.resolved(&schema["items"]);
                    if items["properties"].is_object() {
                        let mut item = first.clone();
                        item[MARK] = json!(MARK);
                        put(
                            format!("an unknown member in an item of {place:?}"),
                            place,
                            json!([item]),
                            Some("unknown_field"),
                        );
                    }
                }
            }
            _ => {}
        }
    }
}

/// The kind of a schema: its type, or the first of several that is not null.
fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("any"),
        _ if schema["properties"].is_object() => "object",
        _ => "any",
    }
}

/// Values of every other kind, and numbers that no machine holds.
fn wrong_kinds(kind: &str) -> Vec<Value> {
    let all = [
        ("string", json!(MARK)),
        ("boolean", json!(true)),
        ("array", json!([[MARK]])),
        ("object", json!({MARK: MARK})),
        ("integer", json!(7)),
        ("integer", json!(1.5e300)),
        ("integer", json!(u64::MAX)),
        ("integer", json!(i64::MIN)),
    ];
    // What may be anything is the domain's to refuse; the sweep of values has it.
    if kind == "any" {
        return Vec::new();
    }
    let numbers = ["integer", "number"].contains(&kind);
    let right = |(other, _): &(&str, Value)| *other == kind || (numbers && *other == "integer");
    let mut wrong: Vec<Value> = all.into_iter().filter(|it| !right(it)).map(|(_, value)| value).collect();
    if numbers {
        wrong.extend([json!(1.5), json!(u64::MAX), json!(-1e300)]);
    }
    wrong
}

fn put(body: &mut Value, place: &str, value: Value) {
    if place.is_empty() {
        *body = value;
        return;
    }
    let (parent, name) = place.rsplit_once('/').unwrap();
    if !parent.is_empty() && body.pointer(parent).is_none() {
        put(body, parent, json!({}));
    }
    if let Some(parent) = body.pointer_mut(parent) {
        if !parent.is_object() {
            *parent = json!({});
        }
        parent[name] = value;
    }
}

fn brief(value: &Value) -> String {
    value.to_string().chars().take(30).collect()
}
