//! What a new subscriber answers about itself (S-11): a short questionnaire, checked (P-3), under the tenant's own key.

use diesel::QueryDsl as _;
use diesel::{ExpressionMethods as _, OptionalExtension as _, RunQueryDsl as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::kernel::Kernel;
use crate::kernel::access::TenantAccess;
use crate::kernel::audit::{self, Action, Event};
use crate::kernel::clock::Time;
use crate::kernel::crypto::{OwnerKeys, Place, RowRef, Sealed};
use crate::kernel::personal::{Personal, revealed};
use crate::kernel::store::schema::subscriber_profiles;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{InTenant, NoticeScope, TenantScope};
use crate::kernel::values::{Country, EmailAddress, Fault, Faults, PhoneNumber};
use crate::tenants::profile;
use crate::vault::kinds::Kind;

/// Makes an enumeration whose values have a name in the API.
macro_rules! named {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// All of them, in the order in which they are offered.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its name in the API.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// The one of this name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }
        }
    )+};
}

named! {
    /// In what the business works.
    Trade {
        /// Buying and selling.
        Shop = "shop",
        /// Making and mending.
        Craft = "craft",
        /// Building.
        Building = "building",
        /// Hair, nails, sport, care.
        Care = "care",
        /// Doctors, dentists, therapists.
        Health = "health",
        /// Law, accounting, advice.
        Advice = "advice",
        /// Rooms and meals.
        Hospitality = "hospitality",
        /// Goods and people on the road.
        Transport = "transport",
        /// Software, design, media.
        Software = "software",
        /// Land and animals.
        Farming = "farming",
        /// Schools and courses.
        Teaching = "teaching",
        /// Clubs and foundations.
        Association = "association",
        /// None of these.
        Other = "other",
    }

    /// How many work in it.
    Size {
        /// The owner alone.
        One = "one",
        /// Two to nine.
        UpToNine = "up_to_nine",
        /// Ten to 49.
        UpToFortyNine = "up_to_forty_nine",
        /// 50 to 249.
        UpToTwoHundredFortyNine = "up_to_two_hundred_forty_nine",
        /// More.
        More = "more",
    }

    /// What it means to keep here.
    Kept {
        /// Customers.
        Customers = "customers",
        /// Suppliers.
        Suppliers = "suppliers",
        /// Employees.
        Employees = "employees",
        /// Contracts.
        Contracts = "contracts",
        /// Invoices.
        Invoices = "invoices",
        /// Data about health.
        HealthData = "health_data",
        /// Files of any kind.
        Files = "files",
        /// Something else.
        Other = "other",
    }
}

/// The answers, checked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// In what the business works.
    pub trade: Trade,
    /// How many work in it.
    pub size: Size,
    /// What it means to keep.
    pub keeps: Vec<Kept>,
    /// Whom to ask for.
    #[serde(with = "revealed")]
    pub contact_name: Personal<String>,
    /// Their address, where it is another than the owner's.
    #[serde(with = "revealed::option", default)]
    pub contact_email: Option<Personal<String>>,
    /// Their number.
    #[serde(with = "revealed::option", default)]
    pub contact_phone: Option<Personal<String>>,
    /// Street and number.
    #[serde(with = "revealed")]
    pub street: Personal<String>,
    /// Town.
    #[serde(with = "revealed")]
    pub town: Personal<String>,
    /// Postal code.
    #[serde(with = "revealed")]
    pub postal_code: Personal<String>,
    /// Country.
    pub country: Country,
}

/// Answers as they came.
#[derive(Debug, Clone)]
pub struct AnswersDraft {
    /// In what the business works.
    pub trade: String,
    /// How many work in it.
    pub size: String,
    /// What it means to keep.
    pub keeps: Vec<String>,
    /// Whom to ask for.
    pub contact_name: Personal<String>,
    /// Their address.
    pub contact_email: Option<Personal<String>>,
    /// Their number; a national one is read by the country of the address.
    pub contact_phone: Option<Personal<String>>,
    /// Street and number.
    pub street: Personal<String>,
    /// Town.
    pub town: Personal<String>,
    /// Postal code.
    pub postal_code: Personal<String>,
    /// Two letters.
    pub country: String,
}

/// Answers as they stand.
#[derive(Debug, Clone)]
pub struct Answered {
    /// What was answered.
    pub answers: Answers,
    /// When.
    pub at: Time,
}

/// Why no answers were stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubscriberError {
    /// Fields are wrong.
    #[error("fields are wrong")]
    Invalid(Vec<Fault>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl crate::kernel::store::db::StoreFailure for SubscriberError {
    fn as_store(&self) -> Option<StoreError> {
        if let Self::Store(error) = self { Some(*error) } else { None }
    }
}

/// Where the answers lie.
struct SubscriberBody;

impl Place for SubscriberBody {
    const LABEL: &'static str = "subscriber_profiles.body";
    type Plain = Answers;
}

impl AnswersDraft {
    /// The answers, when every field is right.
    ///
    /// # Errors
    /// What is wrong, field by field.
    pub fn check(&self) -> Result<Answers, Vec<Fault>> {
        let mut faults = Faults::default();
        let choice = |pointer: &str| Fault::new(pointer, "not_a_choice", "One of the listed words is needed.");
        let trade = faults.take(Trade::parse(&self.trade).ok_or_else(|| choice("/trade")));
        let size = faults.take(Size::parse(&self.size).ok_or_else(|| choice("/size")));
        let mut keeps: Vec<Kept> = Vec::new();
        for (at, name) in self.keeps.iter().enumerate() {
            match Kept::parse(name) {
                Some(kept) if !keeps.contains(&kept) => keeps.push(kept),
                Some(_) => {}
                None => faults.push(choice(&format!("/keeps/{at}"))),
            }
        }
        let country = faults.take(Country::parse(&self.country).map_err(|_| {
            Fault::new("/address/country", "not_a_country", "A country is its two-letter code of ISO 3166-1.")
        }));
        let contact_name = faults.take(profile::name("/contact/name", &self.contact_name));
        let contact_email = given(self.contact_email.as_ref()).and_then(|email| {
            let email = EmailAddress::parse(email.reveal()).map(|address| Personal::new(address.to_stored()));
            faults.take(email.map_err(|wrong| Fault::new("/contact/email", "not_an_email", wrong.to_string())))
        });
        let contact_phone = given(self.contact_phone.as_ref()).and_then(|phone| {
            let phone = PhoneNumber::parse(phone.reveal(), country).map(|number| Personal::new(number.to_stored()));
            faults.take(phone.map_err(|wrong| Fault::new("/contact/phone", "not_a_phone", wrong.to_string())))
        });
        let street = faults.take(line("/address/street", &self.street, 200));
        let town = faults.take(line("/address/town", &self.town, 100));
        let postal_code = faults.take(line("/address/postal_code", &self.postal_code, 20));
        let faults = faults.into_vec();
        match (trade, size, contact_name, street, town, postal_code, country) {
            (
                Some(trade),
                Some(size),
                Some(contact_name),
                Some(street),
                Some(town),
                Some(postal_code),
                Some(country),
            ) if faults.is_empty() => Ok(Answers {
                trade,
                size,
                keeps,
                contact_name,
                contact_email,
                contact_phone,
                street,
                town,
                postal_code,
                country,
            }),
            _ => Err(faults),
        }
    }
}

fn given(text: Option<&Personal<String>>) -> Option<&Personal<String>> {
    text.filter(|text| !text.reveal().trim().is_empty())
}

/// One line of an address, of so many characters at most.
fn line(pointer: &str, given: &Personal<String>, most: usize) -> Result<Personal<String>, Fault> {
    let text = given.reveal().trim();
    if text.is_empty() {
        return Err(Fault::new(pointer, "required", "This part of the address is needed."));
    }
    if text.chars().count() > most {
        return Err(Fault::new(pointer, "too_long", format!("It has at most {most} characters.")));
    }
    let checked = Kind::Text.check(&Value::String(text.to_owned()), None);
    match checked.map_err(|wrong| Fault::new(pointer, wrong.code, wrong.detail))?.into_json() {
        Value::String(text) => Ok(Personal::new(text)),
        _ => Err(Fault::new(pointer, "wrong_type", "A text is needed.")),
    }
}

/// The answers of the scope's tenant, if it has given any.
///
/// # Errors
/// The store's.
pub fn find(tx: &mut Tx<'_>, scope: &TenantScope) -> Result<Option<Answered>, StoreError> {
    under(tx, scope, scope.keys())
}

/// The answers of a tenant, for whoever runs the service ([`shown`](super::shown)).
pub(in crate::tenants) fn of_subscriber(tx: &mut Tx<'_>, scope: &NoticeScope) -> Result<Option<Answered>, StoreError> {
    under(tx, scope, scope.keys())
}

fn under(tx: &mut Tx<'_>, scope: &impl InTenant, keys: &OwnerKeys) -> Result<Option<Answered>, StoreError> {
    let found: Option<(i64, Time, Sealed<SubscriberBody>)> = subscriber_profiles::rows(scope)
        .select((subscriber_profiles::version, subscriber_profiles::updated_at, subscriber_profiles::body))
        .get_result(tx.conn())
        .optional()?;
    let Some((version, at, body)) = found else { return Ok(None) };
    Ok(Some(Answered { answers: keys.open(row(scope, version), &body)?, at }))
}

/// Whether the scope's tenant has answered.
///
/// # Errors
/// The store's.
pub fn answered_at(tx: &mut Tx<'_>, scope: &TenantScope) -> Result<Option<Time>, StoreError> {
    Ok(subscriber_profiles::rows(scope).select(subscriber_profiles::updated_at).get_result(tx.conn()).optional()?)
}

/// The answers of the tenant that acts.
///
/// # Errors
/// The store's.
pub async fn read(kernel: &Kernel, access: &TenantAccess) -> Result<Option<Answered>, StoreError> {
    kernel.point(&access.scope, find).await
}

/// Keeps the answers of the tenant that acts, in place of earlier ones.
///
/// # Errors
/// [`SubscriberError::Invalid`]: what is wrong, field by field.
pub async fn answer(kernel: &Kernel, access: &TenantAccess, draft: &AnswersDraft) -> Result<Answered, SubscriberError> {
    let answers = draft.check().map_err(SubscriberError::Invalid)?;
    let write = move |tx: &mut Tx<'_>, scope: &TenantScope| -> Result<Answered, SubscriberError> {
        let now = tx.now();
        let before: Option<i64> = subscriber_profiles::rows(scope)
            .select(subscriber_profiles::version)
            .get_result(tx.conn())
            .optional()
            .map_err(StoreError::from)?;
        let version = before.unwrap_or(0).saturating_add(1);
        let body = scope.keys().seal::<SubscriberBody>(row(scope, version), &answers, tx.entropy());
        let changed = match before {
            None => subscriber_profiles::insert()
                .values((
                    subscriber_profiles::of(scope),
                    subscriber_profiles::version.eq(version),
                    subscriber_profiles::body.eq(body),
                    subscriber_profiles::updated_at.eq(now),
                ))
                .execute(tx.conn()),
            Some(before) => {
                diesel::update(subscriber_profiles::rows(scope).filter(subscriber_profiles::version.eq(before)))
                    .set((
                        subscriber_profiles::version.eq(version),
                        subscriber_profiles::body.eq(body),
                        subscriber_profiles::updated_at.eq(now),
                    ))
                    .execute(tx.conn())
            }
        };
        // Two answer for the first time at once: the second is run again, after the first.
        match changed.map_err(StoreError::from) {
            Ok(1) => {}
            Ok(_) | Err(StoreError::Taken) => return Err(StoreError::Again.into()),
            Err(error) => return Err(error.into()),
        }
        audit::record(tx, scope, &Event::new(Action::SubscriberAnswered))?;
        Ok(Answered { answers: answers.clone(), at: now })
    };
    kernel.write("tenants.answer", &access.scope, write).await
}

fn row(scope: &impl InTenant, version: i64) -> RowRef {
    RowRef::new(scope.tenant().as_bytes(), version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> AnswersDraft {
        let kept = |text: &str| Personal::new(text.to_owned());
        AnswersDraft {
            trade: "craft".to_owned(),
            size: "up_to_nine".to_owned(),
            keeps: vec!["customers".to_owned(), "invoices".to_owned(), "customers".to_owned()],
            contact_name: kept("Anna Ozola"),
            contact_email: Some(kept("Anna@Example.LV")),
            contact_phone: Some(kept("29 123 456")),
            street: kept(" Brīvības iela 1 "),
            town: kept("Rīga"),
            postal_code: kept("LV-1010"),
            country: "lv".to_owned(),
        }
    }

    #[test]
    fn answers_are_kept_in_one_form() {
        // S-11
        let answers = draft().check().unwrap();
        assert_eq!(answers.keeps, [Kept::Customers, Kept::Invoices]);
        assert_eq!(answers.street.reveal(), "Brīvības iela 1");
        assert_eq!(answers.contact_phone.unwrap().reveal(), "+37129123456");
        let mut least = draft();
        (least.keeps, least.contact_email, least.contact_phone) = (Vec::new(), Some(Personal::new(" ".into())), None);
        assert!(least.check().unwrap().contact_email.is_none());
    }

    #[test]
    fn each_wrong_field_is_named() {
        // P-3
        let empty = || Personal::new(String::new());
        let wrong = AnswersDraft {
            trade: "piracy".to_owned(),
            size: String::new(),
            keeps: vec!["customers".to_owned(), "secrets".to_owned()],
            contact_name: empty(),
            contact_email: Some(Personal::new("anna".to_owned())),
            contact_phone: Some(Personal::new("12".to_owned())),
            street: empty(),
            town: Personal::new("x".repeat(101)),
            postal_code: empty(),
            country: "QQ".to_owned(),
        };
        let pointers: Vec<String> = wrong.check().unwrap_err().into_iter().map(|fault| fault.pointer).collect();
        assert_eq!(
            pointers,
            [
                "/trade",
                "/size",
                "/keeps/1",
                "/address/country",
                "/contact/name",
                "/contact/email",
                "/contact/phone",
                "/address/street",
                "/address/town",
                "/address/postal_code"
            ]
        );
    }

    #[test]
    fn every_word_is_one_s_own() {
        for (names, count) in [
            (Trade::ALL.iter().map(|one| one.name()).collect::<std::collections::BTreeSet<_>>(), Trade::ALL.len()),
            (Size::ALL.iter().map(|one| one.name()).collect(), Size::ALL.len()),
            (Kept::ALL.iter().map(|one| one.name()).collect(), Kept::ALL.len()),
        ] {
            assert_eq!(names.len(), count);
        }
    }
}
