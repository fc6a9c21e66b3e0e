//! Puts the sources on top of each other: defaults, file, environment, flags; later wins.
//!
//! `config/default.toml` is the schema: a key that it does not hold is refused, and so is a value of another type. A
//! refusal names where the value came from and its key, never the value.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize as _;
use toml::{Table, Value};

use super::{Environment, Overrides, SettingsError, sections::Raw, values::io_reason};

const DEFAULTS: &str = include_str!("../../config/default.toml");

/// Names in the environment that others set (an orchestrator's service links, the test suite) and that are no settings.
const NOT_OURS: [&str; 4] = ["SEIF_CONFIG", "SEIF_SERVICE_", "SEIF_PORT", "SEIF_TEST_"];

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// `config/default.toml`.
    Defaults,
    /// A configuration file.
    File(PathBuf),
    /// A variable of the environment.
    Variable(String),
    /// A command-line flag.
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Defaults => f.write_str("the defaults"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => write!(f, "the environment variable {name}"),
            Self::Flag(name) => write!(f, "the flag --{name}"),
        }
    }
}

/// All sources in their order, read as one.
pub(super) fn merged(overrides: &Overrides, environment: &Environment) -> Result<Raw, SettingsError> {
    let mut layers = Layers::new()?;
    if let Some(path) = overrides.config.clone().or_else(|| environment.get("SEIF_CONFIG").map(PathBuf::from)) {
        layers.add_file(&path)?;
    }
    layers.add_environment(environment)?;
    layers.add_flags(overrides)?;
    layers.read()
}

/// One key with its value and where that came from.
struct Leaf {
    key: Vec<String>,
    value: Value,
    source: Source,
}

impl Leaf {
    fn name(&self) -> String {
        self.key.join(".")
    }
}

struct Layers {
    defaults: Table,
    leaves: BTreeMap<Vec<String>, Leaf>,
}

impl Layers {
    fn new() -> Result<Self, SettingsError> {
        Ok(Self { defaults: parsed(DEFAULTS, &Source::Defaults)?, leaves: BTreeMap::new() })
    }

    fn add_file(&mut self, path: &Path) -> Result<(), SettingsError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| SettingsError::Unreadable { path: path.to_path_buf(), why: io_reason(&error) })?;
        let text = zeroize::Zeroizing::new(text);
        let source = Source::File(path.to_path_buf());
        for (key, value) in flattened(parsed(&text, &source)?) {
            self.add(Leaf { key, value, source: source.clone() })?;
        }
        Ok(())
    }

    fn add_environment(&mut self, environment: &Environment) -> Result<(), SettingsError> {
        for (name, text) in environment.iter() {
            if !name.starts_with("SEIF_") || NOT_OURS.iter().any(|other| is_named(name, other)) {
                continue;
            }
            let source = Source::Variable(name.to_owned());
            let key: Vec<String> = name.trim_start_matches("SEIF_").split("__").map(str::to_ascii_lowercase).collect();
            let value = match self.default(&key) {
                Some(default) => like(default, text).ok_or_else(|| SettingsError::Refused {
                    at: source.clone(),
                    key: key.join("."),
                    why: expected(default).to_owned(),
                })?,
                None => return Err(SettingsError::UnknownKey { at: source, key: key.join(".") }),
            };
            self.add(Leaf { key, value, source })?;
        }
        Ok(())
    }

    fn add_flags(&mut self, overrides: &Overrides) -> Result<(), SettingsError> {
        let secret = |s: &crate::kernel::personal::Secret<String>| s.reveal().clone();
        let flags = [
            ("data", overrides.data.as_ref().map(|path| path.to_string_lossy().into_owned())),
            ("listen", overrides.listen.clone()),
            ("database", overrides.database.as_ref().map(secret)),
            ("keyring", overrides.keyring.as_ref().map(secret)),
        ];
        for (key, text) in flags {
            if let Some(text) = text {
                self.add(Leaf { key: vec![key.to_owned()], value: Value::String(text), source: Source::Flag(key) })?;
            }
        }
        Ok(())
    }

    fn add(&mut self, leaf: Leaf) -> Result<(), SettingsError> {
        let Some(default) = self.default(&leaf.key) else {
            return Err(SettingsError::UnknownKey { at: leaf.source.clone(), key: leaf.name() });
        };
        if !same_type(default, &leaf.value) {
            let why = expected(default).to_owned();
            return Err(SettingsError::Refused { at: leaf.source.clone(), key: leaf.name(), why });
        }
        self.leaves.insert(leaf.key.clone(), leaf);
        Ok(())
    }

    fn default(&self, key: &[String]) -> Option<&Value> {
        let (last, sections) = key.split_last()?;
        let mut table = &self.defaults;
        for section in sections {
            table = table.get(section)?.as_table()?;
        }
        table.get(last).filter(|value| !value.is_table())
    }

    /// Reads all as one; when that fails, finds the first value that the defaults alone do not take.
    fn read(self) -> Result<Raw, SettingsError> {
        let mut all = self.defaults.clone();
        for leaf in self.leaves.values() {
            set(&mut all, &leaf.key, leaf.value.clone());
        }
        let failure = match Raw::deserialize(Value::Table(all)) {
            Ok(raw) => return Ok(raw),
            Err(error) => error.message().to_owned(),
        };
        for leaf in self.leaves.values() {
            let mut one = self.defaults.clone();
            set(&mut one, &leaf.key, leaf.value.clone());
            if let Err(error) = Raw::deserialize(Value::Table(one)) {
                let why = error.message().to_owned();
                return Err(SettingsError::Refused { at: leaf.source.clone(), key: leaf.name(), why });
            }
        }
        Err(SettingsError::Refused { at: Source::Defaults, key: String::new(), why: failure })
    }
}

fn is_named(name: &str, other: &str) -> bool {
    name == other || (other != "SEIF_CONFIG" && name.starts_with(other))
}

/// Reads TOML; the error tells the line, not what stands there.
fn parsed(text: &str, source: &Source) -> Result<Table, SettingsError> {
    text.parse::<Table>().map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let line = text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
        SettingsError::NotToml { at: source.clone(), line }
    })
}

fn flattened(table: Table) -> Vec<(Vec<String>, Value)> {
    let mut leaves = Vec::new();
    for (key, value) in table {
        match value {
            Value::Table(inner) => leaves.extend(flattened(inner).into_iter().map(|(mut path, value)| {
                path.insert(0, key.clone());
                (path, value)
            })),
            value => leaves.push((vec![key], value)),
        }
    }
    leaves
}

fn set(table: &mut Table, key: &[String], value: Value) {
    match key {
        [] => {}
        [last] => {
            table.insert(last.clone(), value);
        }
        [section, rest @ ..] => {
            if let Some(Value::Table(inner)) = table.get_mut(section) {
                set(inner, rest, value);
            }
        }
    }
}

fn same_type(default: &Value, value: &Value) -> bool {
    match (default, value) {
        (Value::Array(_), Value::Array(items)) => {
            items.iter().all(Value::is_str) || items.iter().all(|item| item.as_table().is_some_and(holds_texts))
        }
        (a, b) => a.same_type(b),
    }
}

/// Whether a table of a list holds texts alone, or tables of them.
fn holds_texts(table: &Table) -> bool {
    table
        .values()
        .all(|value| value.is_str() || value.as_table().is_some_and(|inner| inner.values().all(Value::is_str)))
}

/// Reads a variable's text as the type that the default has.
fn like(default: &Value, text: &str) -> Option<Value> {
    Some(match default {
        Value::Integer(_) => Value::Integer(text.parse().ok()?),
        Value::Boolean(_) => Value::Boolean(text.parse().ok()?),
        Value::Array(_) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Value::Array(items.map(|item| Value::String(item.to_owned())).collect())
        }
        _ => Value::String(text.to_owned()),
    })
}

fn expected(default: &Value) -> &'static str {
    match default {
        Value::Integer(_) => "expected a whole number",
        Value::Boolean(_) => "expected true or false",
        Value::Array(_) => "expected a list of texts",
        _ => "expected a text",
    }
}
