//! The operators' console: one template, and parts that each page puts together from facts, tables and forms.
//!
//! What a page says in words are keys of the texts, `console-…`; what it shows of the service are counts, times, ids and
//! words of closed lists, and on one page who subscribes. One cell alone holds what is a tenant's: names of fields and
//! masks, of what it has granted to support ([`ConsoleCell::Values`], P-3).

use std::time::Duration;

use serde::Serialize;

use super::render::Page;
use super::shown::{Shown, ShownOnce};
use super::vault::Moment;
#[cfg(test)]
use super::vault::samples;
use super::wait::Wait;
use crate::kernel::ids::OperatorQuestionId;
use crate::kernel::operators::Role;

/// What surrounds a page of the console.
#[derive(Debug, Clone, Serialize)]
pub struct Console {
    /// What the console's addresses begin with.
    pub path: String,
    /// Who is signed in.
    pub who: Option<ConsoleWho>,
}

/// An operator as the console greets them.
#[derive(Debug, Clone, Serialize)]
pub struct ConsoleWho {
    /// What they sign in as.
    pub name: Shown,
    /// What they may do.
    pub role: Role,
}

/// A page of the console: `{path}/{name}`.
#[derive(Debug, Clone, Serialize)]
pub struct ConsolePage {
    /// What surrounds it.
    pub console: Console,
    /// Its name, in the texts too: `console-{name}` and `console-{name}-lead`.
    pub name: &'static str,
    /// How wide it is.
    pub width: ConsoleWidth,
    /// What is wrong with what was sent, by the codes of the problems.
    pub wrong: Vec<&'static str>,
    /// What stands on it.
    pub parts: Vec<ConsolePart>,
}

/// How wide a page of the console is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsoleWidth {
    /// For a form.
    Narrow,
    /// For tables.
    Wide,
}

/// A part of a page.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case", tag = "part")]
pub enum ConsolePart {
    /// What is so: a word and a value each.
    Facts {
        /// The heading's word.
        title: &'static str,
        /// Words and values.
        facts: Vec<(&'static str, ConsoleCell)>,
    },
    /// A table; where there is no row, a word says so.
    Table {
        /// The heading's word.
        title: &'static str,
        /// The columns' words.
        columns: Vec<&'static str>,
        /// The rows, a cell for each column.
        rows: Vec<Vec<ConsoleCell>>,
    },
    /// A form that posts what was filled in.
    Form(ConsoleForm),
    /// A paragraph.
    Says {
        /// Its word.
        says: &'static str,
        /// The number in it.
        count: u64,
    },
    /// A text as it will be sent or published.
    Text {
        /// The heading: what it is.
        title: Shown,
        /// The text.
        text: Shown,
    },
    /// A link to another page of the console.
    Link {
        /// Where: behind the console's path.
        to: String,
        /// Its word.
        says: &'static str,
    },
    /// Something that is shown once.
    Once {
        /// Its word.
        title: &'static str,
        /// The secret.
        secret: ShownOnce,
    },
}

/// What stands in a cell.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case", tag = "cell")]
pub enum ConsoleCell {
    /// An id, a version, a name of ours.
    Text {
        /// It.
        text: Shown,
    },
    /// An id that leads to a page of its own.
    Link {
        /// Where: behind the console's path.
        to: String,
        /// The id.
        text: Shown,
    },
    /// A number.
    Number {
        /// It.
        number: i64,
    },
    /// A word of a closed list: `console-word-{word}`.
    Word {
        /// It.
        word: &'static str,
    },
    /// A moment.
    At {
        /// It.
        at: Moment,
    },
    /// Several things, each a word and, where it has one, its id or number.
    Things {
        /// They.
        things: Vec<ConsoleThing>,
    },
    /// How long something still takes, about.
    Left {
        /// So long.
        left: Wait,
    },
    /// How far something is.
    Bar {
        /// So much is done.
        done: u64,
        /// Of so much.
        all: u64,
    },
    /// Links to pages of the console.
    Links {
        /// They.
        links: Vec<ConsoleLink>,
    },
    /// What support sees of a record's values.
    Values {
        /// They.
        values: Vec<ConsoleValue>,
    },
    /// Nothing.
    Nothing,
    /// A form of its own.
    Form(ConsoleForm),
}

impl ConsoleCell {
    /// A text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: Shown::from(text.into()) }
    }

    /// A number.
    #[must_use]
    pub fn number(number: impl TryInto<i64>) -> Self {
        Self::Number { number: number.try_into().unwrap_or(i64::MAX) }
    }

    /// How long something still takes, where that is known.
    #[must_use]
    pub fn left(left: Option<Duration>) -> Self {
        left.map_or(Self::Nothing, |left| Self::Left { left: left.into() })
    }

    /// A moment, where there is one.
    #[must_use]
    pub fn at(at: Option<Moment>) -> Self {
        at.map_or(Self::Nothing, |at| Self::At { at })
    }
}

/// A thing that something is about.
#[derive(Debug, Clone, Serialize)]
pub struct ConsoleThing {
    /// What: `console-word-{word}`.
    pub word: &'static str,
    /// Which: an id, a number or a name of ours.
    pub which: Option<Shown>,
}

/// A link to a page of the console.
#[derive(Debug, Clone, Serialize)]
pub struct ConsoleLink {
    /// Where: behind the console's path.
    pub to: String,
    /// An id.
    pub text: Shown,
}

/// What support sees of a value.
#[derive(Debug, Clone, Serialize)]
pub struct ConsoleValue {
    /// The field's name.
    pub name: Shown,
    /// A mask, or a state.
    pub seen: Shown,
}

/// A form of the console.
#[derive(Debug, Clone, Serialize)]
pub struct ConsoleForm {
    /// The heading's word; none within a table.
    pub title: Option<&'static str>,
    /// Where it posts to: behind the console's path.
    pub action: String,
    /// Its fields.
    pub fields: Vec<ConsoleField>,
    /// The button's word.
    pub button: &'static str,
    /// How the button looks.
    pub weight: ConsoleWeight,
}

/// How a button looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsoleWeight {
    /// What the page is for.
    Main,
    /// What can be done besides.
    Plain,
    /// What cannot be undone.
    Danger,
}

/// A field of a form.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum ConsoleField {
    /// A line of text.
    Line {
        /// Its name; its label is `field-{name}`.
        name: &'static str,
        /// What stands in it.
        value: Shown,
        /// What a browser may fill in.
        autocomplete: &'static str,
    },
    /// A code of six digits: never filled in again.
    Code {
        /// Its name.
        name: &'static str,
    },
    /// One of several words.
    Choice {
        /// Its name.
        name: &'static str,
        /// The words: `console-word-{word}`.
        words: Vec<&'static str>,
        /// The one that is chosen.
        chosen: &'static str,
    },
    /// What the page knows.
    Hidden {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: String,
    },
}

impl Page for ConsolePage {
    const TEMPLATE: &'static str = "console.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let path = "/operator".to_owned();
        let stranger = Console { path: path.clone(), who: None };
        let form = |title, fields, weight| ConsoleForm {
            title,
            action: "/operators".to_owned(),
            fields,
            button: "operator-add",
            weight,
        };
        let line =
            ConsoleField::Line { name: "operator_name", value: samples::shown("anna"), autocomplete: "username" };
        let sign_in = Self {
            console: stranger,
            name: "sign-in",
            width: ConsoleWidth::Narrow,
            wrong: vec!["operator_refused"],
            parts: vec![ConsolePart::Form(form(
                None,
                vec![line, ConsoleField::Code { name: "code" }],
                ConsoleWeight::Main,
            ))],
        };
        let page = |role| {
            let choice = ConsoleField::Choice { name: "role", words: vec!["reader", "publisher"], chosen: "reader" };
            let hidden = ConsoleField::Hidden { name: "version", value: "1".to_owned() };
            let cells = vec![
                if role == Role::Reader {
                    ConsoleCell::Link { to: "/tenants/01947a2e".to_owned(), text: samples::shown("01947a2e") }
                } else {
                    ConsoleCell::text("01947a2e")
                },
                ConsoleCell::number(12),
                ConsoleCell::Word { word: "reader" },
                ConsoleCell::at(Some(samples::moment(0))),
                ConsoleCell::at(None),
                ConsoleCell::Things {
                    things: vec![
                        ConsoleThing { word: "everybody", which: None },
                        ConsoleThing { word: "tenant", which: Some(samples::shown("01947a2e")) },
                    ],
                },
                ConsoleCell::Bar { done: 3, all: 10 },
                ConsoleCell::Links {
                    links: vec![ConsoleLink { to: "/support/a/b/c".to_owned(), text: samples::shown("01947a2e") }],
                },
                ConsoleCell::Values {
                    values: vec![
                        ConsoleValue { name: samples::shown("name"), seen: samples::shown("… (12)") },
                        ConsoleValue { name: samples::shown("is_paid"), seen: samples::shown("true") },
                    ],
                },
                ConsoleCell::left(Some(Duration::from_secs(if role == Role::Reader { 40 } else { 600 }))),
                ConsoleCell::left(Some(Duration::from_secs(86_400))),
                ConsoleCell::Form(form(None, vec![choice.clone(), hidden], ConsoleWeight::Danger)),
            ];
            let columns = vec![
                "id",
                "count",
                "role",
                "since",
                "since",
                "about",
                "progress",
                "support-collections",
                "support-values",
                "left",
                "left",
                "operator-role",
            ];
            let facts = vec![("count", ConsoleCell::number(3)), ("since", ConsoleCell::at(Some(samples::moment(9))))];
            Self {
                console: Console {
                    path: path.clone(),
                    who: Some(ConsoleWho { name: samples::shown("anna@seif"), role }),
                },
                name: "overview",
                width: ConsoleWidth::Wide,
                wrong: Vec::new(),
                parts: vec![
                    ConsolePart::Facts { title: "overview", facts },
                    ConsolePart::Table { title: "operators", columns, rows: vec![cells.clone(), cells] },
                    ConsolePart::Table { title: "operators", columns: vec!["id"], rows: Vec::new() },
                    ConsolePart::Form(form(Some("operator-add"), vec![choice], ConsoleWeight::Plain)),
                    ConsolePart::Says { says: "will-be-told", count: 3 },
                    ConsolePart::Text {
                        title: samples::shown("lv: Vēstule"), text: samples::shown("Sveiki, <Anna>!")
                    },
                    ConsolePart::Link { to: "/keys".to_owned(), says: "keys" },
                    ConsolePart::Once {
                        title: "secret",
                        secret: crate::kernel::personal::Secret::new("GEZDGNBVGY3TQOJQ".to_owned()).into(),
                    },
                ],
            }
        };
        vec![sign_in, page(Role::Reader), page(Role::Administrator)]
    }
}

/// A passkey of the console's, asked for or to be made: posts `question` and `credential` to `{path}{action}`.
#[derive(Debug, Clone, Serialize)]
pub struct ConsolePasskey {
    /// What surrounds it.
    pub console: Console,
    /// What becomes of the answer.
    pub purpose: ConsolePasskeyPurpose,
    /// Where the answer is posted to: behind the console's path.
    pub action: String,
    /// Which question it is.
    pub question: OperatorQuestionId,
    /// What the browser is told, as JSON.
    pub public_key: Shown,
}

/// What becomes of a passkey's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsolePasskeyPurpose {
    /// It signs in.
    Use,
    /// It is kept.
    Create,
}

impl Page for ConsolePasskey {
    const TEMPLATE: &'static str = "console_passkey.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let page = |purpose| Self {
            console: Console { path: "/operator".to_owned(), who: None },
            purpose,
            action: "/sign-in/passkey".to_owned(),
            question: OperatorQuestionId::from_bytes([7; 16]),
            public_key: samples::shown("{\"challenge\":\"x\"}"),
        };
        vec![page(ConsolePasskeyPurpose::Use), page(ConsolePasskeyPurpose::Create)]
    }
}
