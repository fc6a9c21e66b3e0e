//! The kinds of fields: what a value of each may be, its one canonical form, and how it is masked, matched and searched.
//!
//! [`Kind::check`] is the only way from a request's JSON to a [`FieldValue`]; a family of kinds a file. Start at
//! [`Kind`]; what is wrong with an input is a [`FieldError`], which never repeats it.

mod banking;
mod choice;
mod contact;
mod currency;
mod dates;
mod label;
mod numbers;
mod registers;
mod text;
mod value;
mod vat;

pub use choice::{Choice, ChoicesRefused};
pub use label::Label;
pub use value::{FieldError, FieldValue};

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::kernel::personal::Personal;
use crate::kernel::values::{Country, folded, tail};

/// The name of a kind, as the API has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KindName {
    /// One line, at most 1,000 characters.
    Text,
    /// Lines, at most 100,000 characters.
    LongText,
    /// A decimal number: at most 18 digits before the point and 9 behind it.
    Number,
    /// An amount in a currency: `{"amount": "12.50", "currency": "EUR"}`.
    Money,
    /// A day of the calendar: `2026-11-22`.
    Date,
    /// `true` or `false`.
    Boolean,
    /// One of the field's choices.
    Choice,
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// An international bank account number.
    Iban,
    /// A payment card's number.
    PaymentCard,
    /// A VAT identification number.
    VatNumber,
    /// A number in a register of businesses.
    RegistrationNumber,
    /// A country's code.
    Country,
    /// The id of a record in another collection.
    Link,
}

impl KindName {
    /// All of them, in the order of the API's page.
    pub const ALL: [Self; 15] = [
        Self::Text,
        Self::LongText,
        Self::Number,
        Self::Money,
        Self::Date,
        Self::Boolean,
        Self::Choice,
        Self::Email,
        Self::Phone,
        Self::Iban,
        Self::PaymentCard,
        Self::VatNumber,
        Self::RegistrationNumber,
        Self::Country,
        Self::Link,
    ];

    /// How a value of this kind can be found. Exactly the kinds found by value have [`Kind::normalise`] answer.
    #[must_use]
    pub const fn found(self) -> Found {
        match self {
            // Long texts are searched by their words; two booleans tell nothing apart; cards stay out of every index (K-3).
            Self::LongText | Self::Boolean | Self::PaymentCard => Found::ByWords,
            _ => Found::ByValueAndWords,
        }
    }
}

/// How values of a kind can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// By their words alone: a field of this kind can be neither `searchable` nor `unique`.
    ByWords,
    /// By their whole value too, through a blind index.
    ByValueAndWords,
}

/// A kind with what it needs to know: what a field of a collection has.
///
/// `Debug` shows the name alone: choices and slugs are the tenant's.
#[derive(Clone, PartialEq, Eq)]
pub enum Kind {
    /// See [`KindName::Text`].
    Text,
    /// See [`KindName::LongText`].
    LongText,
    /// See [`KindName::Number`].
    Number,
    /// See [`KindName::Money`].
    Money,
    /// See [`KindName::Date`].
    Date,
    /// See [`KindName::Boolean`].
    Boolean,
    /// See [`KindName::Choice`].
    Choice {
        /// What can be chosen, in the order shown.
        choices: Vec<Choice>,
    },
    /// See [`KindName::Email`].
    Email,
    /// See [`KindName::Phone`].
    Phone,
    /// See [`KindName::Iban`].
    Iban,
    /// See [`KindName::PaymentCard`].
    PaymentCard,
    /// See [`KindName::VatNumber`].
    VatNumber,
    /// See [`KindName::RegistrationNumber`].
    RegistrationNumber,
    /// See [`KindName::Country`].
    Country,
    /// See [`KindName::Link`].
    Link {
        /// The slug of the collection it points into.
        collection: String,
    },
}

/// The parameters given do not go with the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParametersRefused {
    /// A choice needs choices, and only it has them.
    #[error("`choices` goes with the kind `choice`, which needs it")]
    Choices,
    /// A link needs a collection, and only it has one.
    #[error("`collection` goes with the kind `link`, which needs it")]
    Collection,
    /// The choices themselves do not hold.
    #[error(transparent)]
    Choice(#[from] ChoicesRefused),
}

impl Kind {
    /// The kind of this name with the parameters that a field's definition carries beside it.
    pub fn new(
        name: KindName,
        choices: Option<Vec<Choice>>,
        collection: Option<String>,
    ) -> Result<Self, ParametersRefused> {
        if choices.is_some() != (name == KindName::Choice) {
            return Err(ParametersRefused::Choices);
        }
        if collection.is_some() != (name == KindName::Link) {
            return Err(ParametersRefused::Collection);
        }
        Ok(match name {
            KindName::Text => Self::Text,
            KindName::LongText => Self::LongText,
            KindName::Number => Self::Number,
            KindName::Money => Self::Money,
            KindName::Date => Self::Date,
            KindName::Boolean => Self::Boolean,
            KindName::Choice => Self::Choice { choices: choice::checked(choices.unwrap_or_default())? },
            KindName::Email => Self::Email,
            KindName::Phone => Self::Phone,
            KindName::Iban => Self::Iban,
            KindName::PaymentCard => Self::PaymentCard,
            KindName::VatNumber => Self::VatNumber,
            KindName::RegistrationNumber => Self::RegistrationNumber,
            KindName::Country => Self::Country,
            KindName::Link => Self::Link { collection: collection.unwrap_or_default() },
        })
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> KindName {
        match self {
            Self::Text => KindName::Text,
            Self::LongText => KindName::LongText,
            Self::Number => KindName::Number,
            Self::Money => KindName::Money,
            Self::Date => KindName::Date,
            Self::Boolean => KindName::Boolean,
            Self::Choice { .. } => KindName::Choice,
            Self::Email => KindName::Email,
            Self::Phone => KindName::Phone,
            Self::Iban => KindName::Iban,
            Self::PaymentCard => KindName::PaymentCard,
            Self::VatNumber => KindName::VatNumber,
            Self::RegistrationNumber => KindName::RegistrationNumber,
            Self::Country => KindName::Country,
            Self::Link { .. } => KindName::Link,
        }
    }

    /// The value that `input` writes, in its canonical form. Checking a canonical form again changes nothing.
    ///
    /// `country` is the one whose rules complete and check national numbers (phone, VAT, register): that of the record
    /// where it names one, else the tenant's. An empty text is refused: a field without a value is left out or null.
    pub fn check(&self, input: &Value, country: Option<Country>) -> Result<FieldValue, FieldError> {
        let canonical = match self {
            Self::Text => text::line(input).map(Value::String),
            Self::LongText => text::lines(input).map(Value::String),
            Self::Number => numbers::number(input).map(Value::String),
            Self::Money => numbers::money(input),
            Self::Date => dates::date(input).map(Value::String),
            Self::Boolean => choice::boolean(input),
            Self::Choice { choices } => choice::one_of(choices, input).map(Value::String),
            Self::Email => contact::email(input).map(Value::String),
            Self::Phone => contact::phone(input, country).map(Value::String),
            Self::Iban => banking::iban(input).map(Value::String),
            Self::PaymentCard => banking::payment_card(input).map(Value::String),
            Self::VatNumber => vat::vat_number(input, country).map(Value::String),
            Self::RegistrationNumber => registers::registration_number(input, country).map(Value::String),
            Self::Country => contact::country(input).map(Value::String),
            Self::Link { .. } => choice::link(input).map(Value::String),
        }?;
        Ok(FieldValue::from_stored(canonical))
    }

    /// What stands in place of a sensitive value: enough to recognise it, not to use it.
    ///
    /// Numbers of accounts, cards and phones show their last four characters and never more than a third; an e-mail
    /// address its first letter and domain; all else nothing.
    #[must_use]
    pub fn mask(&self, value: &FieldValue) -> String {
        match (self, value.as_str()) {
            (Self::Iban | Self::PaymentCard | Self::Phone, Some(text)) => tail(text),
            (Self::Email, Some(text)) => contact::masked_email(text),
            _ => "…".to_owned(),
        }
    }

    /// The bytes that a blind index tags: the same for every spelling of the same value. `None` where a kind is not
    /// found by its value ([`KindName::found`]).
    #[must_use]
    pub fn normalise(&self, value: &FieldValue) -> Option<Vec<u8>> {
        if self.name().found() == Found::ByWords {
            return None;
        }
        let text = match self {
            Self::Money => numbers::money_words(value)?,
            _ => value.as_str()?.to_owned(),
        };
        Some(folded(&text).into_bytes())
    }

    /// What a search by text reads of the value; empty where it has no words. A card has its last four digits alone.
    #[must_use]
    pub fn words(&self, value: &FieldValue) -> Personal<String> {
        let text = value.as_str().unwrap_or_default();
        Personal::new(match self {
            Self::Boolean | Self::Link { .. } => String::new(),
            Self::Money => numbers::money_words(value).unwrap_or_default(),
            Self::Choice { choices } => choice::words(choices, text),
            Self::PaymentCard => tail(text).chars().skip(1).collect(),
            _ => text.to_owned(),
        })
    }
}

/// Whether amounts can be in the currency of this code (ISO 4217), in any case of its letters.
#[must_use]
pub fn is_currency(code: &str) -> bool {
    currency::parse(code).is_some()
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name().fmt(f)
    }
}

#[cfg(test)]
mod tests;
