//! From where an account may be used.

use serde::Serialize;

use super::form::{Form, form_fields};
use super::render::Page;
use super::shown::Shown;
#[cfg(test)]
use super::vault::samples;

/// `/account/addresses`: posts `ranges` (one a line) and `confirm_lockout` (`yes`) there.
#[derive(Debug, Clone, Serialize)]
pub struct Addresses {
    /// Where the person is now.
    pub present: Shown,
    /// How the list stands.
    pub standing: ListStanding,
    /// The lines that name nothing, by their number.
    pub wrong_lines: Vec<usize>,
    /// Whether to ask if the list is meant, which would refuse where the person is now.
    pub lockout: LockoutQuestion,
    /// The list, or what was typed.
    pub form: Form<AddressesField>,
}

/// How the list stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ListStanding {
    /// There is none.
    Open,
    /// It has one range, and another is advised.
    Thin,
    /// It has several.
    Closed,
}

/// Whether to ask about a lockout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LockoutQuestion {
    /// It is no question yet.
    None,
    /// Whether it is meant.
    Asked,
}

form_fields! {
    /// The fields of the list.
    AddressesField {
        /// Addresses and ranges, one a line.
        Ranges = "ranges", Typed;
        /// That a lockout is meant.
        ConfirmLockout = "confirm_lockout", Nothing;
    }
}

impl Page for Addresses {
    const TEMPLATE: &'static str = "addresses.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let page = |standing, wrong_lines, lockout, form| Self {
            present: samples::shown("203.0.113.7"),
            standing,
            wrong_lines,
            lockout,
            form,
        };
        let typed = |text: &str| Form::empty().typed(AddressesField::Ranges, text.to_owned().into());
        let (no_question, asked) = (LockoutQuestion::None, LockoutQuestion::Asked);
        let wrong = typed("203.0.113.7/24\n<nowhere>").wrong(AddressesField::Ranges, "beyond_prefix");
        vec![
            page(ListStanding::Open, Vec::new(), no_question, Form::empty()),
            page(ListStanding::Thin, Vec::new(), no_question, typed("203.0.113.7")),
            page(ListStanding::Closed, Vec::new(), no_question, typed("203.0.113.7\n2001:db8::/48")),
            page(ListStanding::Open, vec![1, 2], no_question, wrong),
            page(
                ListStanding::Open,
                Vec::new(),
                asked,
                typed("192.0.2.1").wrong(AddressesField::ConfirmLockout, "would_lock_out"),
            ),
        ]
    }
}
