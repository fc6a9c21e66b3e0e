//! What a tenant says of itself: the business that subscribes (P-3, P-17).

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::kernel::crypto::{OwnerKeys, Place, RowRef, Sealed};
use crate::kernel::objects::Objects;
use crate::kernel::personal::{Personal, revealed};
use crate::kernel::store::schema::tenants;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{InTenant, NoticeScope, TenantScope, UpkeepScope};
use crate::kernel::values::{Country, Fault, Faults};
use crate::vault::kinds::Kind;

/// Whether a tenant is a company or a person in business (P-17).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BusinessKind {
    /// A legal entity.
    Company,
    /// A person in business under their own name.
    SelfEmployed,
}

impl BusinessKind {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::SelfEmployed => "self_employed",
        }
    }
}

/// What a business is, checked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Company or self-employed.
    pub kind: BusinessKind,
    /// Its name.
    #[serde(with = "revealed")]
    pub name: Personal<String>,
    /// Where it is registered.
    pub country: Country,
    /// Its number in that country's register.
    #[serde(with = "revealed::option", default)]
    pub registration_number: Option<Personal<String>>,
    /// Its VAT number.
    #[serde(with = "revealed::option", default)]
    pub vat_number: Option<Personal<String>>,
}

/// What a business said of itself, as it came.
#[derive(Debug, Clone)]
pub struct ProfileDraft {
    /// `company` or `self_employed`.
    pub kind: String,
    /// Its name.
    pub name: Personal<String>,
    /// Two letters.
    pub country: String,
    /// Its number in the register.
    pub registration_number: Option<Personal<String>>,
    /// Its VAT number.
    pub vat_number: Option<Personal<String>>,
}

/// The most characters of a name of a person or a business.
const LONGEST_NAME: usize = 200;

/// Where a tenant's profile lies.
struct TenantBody;

impl Place for TenantBody {
    const LABEL: &'static str = "tenants.body";
    type Plain = Profile;
}

/// The version of a profile that was never changed.
const FIRST: i64 = 1;

/// A tenant that is served.
const ACTIVE: i16 = 1;

impl ProfileDraft {
    /// The profile, when every field is right; `at` is the pointer of the object that the fields stand in. National
    /// numbers are checked by the rules of the business's own country.
    ///
    /// # Errors
    /// What is wrong, field by field.
    pub fn check(&self, at: &str) -> Result<Profile, Vec<Fault>> {
        let mut faults = Faults::default();
        let kind = faults.take(match self.kind.as_str() {
            "company" => Ok(BusinessKind::Company),
            "self_employed" => Ok(BusinessKind::SelfEmployed),
            _ => Err(Fault::new(format!("{at}/kind"), "not_a_choice", "The kind is company or self_employed.")),
        });
        let name = faults.take(name(&format!("{at}/name"), &self.name));
        let country = faults.take(Country::parse(&self.country).map_err(|_| {
            Fault::new(format!("{at}/country"), "not_a_country", "A country is its two-letter code of ISO 3166-1.")
        }));
        let mut number = |field: &str, kind: &Kind, given: &Option<Personal<String>>| {
            let given = given.as_ref().filter(|number| !number.reveal().trim().is_empty())?;
            faults.take(checked(&format!("{at}/{field}"), kind, given, country))
        };
        let registration_number = number("registration_number", &Kind::RegistrationNumber, &self.registration_number);
        let vat_number = number("vat_number", &Kind::VatNumber, &self.vat_number);
        let faults = faults.into_vec();
        match (kind, name, country) {
            (Some(kind), Some(name), Some(country)) if faults.is_empty() => {
                Ok(Profile { kind, name, country, registration_number, vat_number })
            }
            _ => Err(faults),
        }
    }
}

/// A name of a person or a business: one line of 1 to 200 characters.
///
/// # Errors
/// What is wrong with it, at `pointer`.
pub fn name(pointer: &str, given: &Personal<String>) -> Result<Personal<String>, Fault> {
    if given.reveal().trim().is_empty() {
        return Err(Fault::new(pointer, "required", "A name is needed."));
    }
    if given.reveal().trim().chars().count() > LONGEST_NAME {
        return Err(Fault::new(pointer, "too_long", "A name has at most 200 characters."));
    }
    checked(pointer, &Kind::Text, given, None)
}

fn checked(
    pointer: &str,
    kind: &Kind,
    given: &Personal<String>,
    country: Option<Country>,
) -> Result<Personal<String>, Fault> {
    let input = Value::String(given.reveal().trim().to_owned());
    let value = kind.check(&input, country).map_err(|wrong| Fault::new(pointer, wrong.code, wrong.detail))?;
    match value.into_json() {
        Value::String(text) => Ok(Personal::new(text)),
        _ => Err(Fault::new(pointer, "wrong_type", "A text is needed.")),
    }
}

/// Writes down the tenant of `scope`, which is new.
///
/// # Errors
/// The store's.
pub fn create(tx: &mut Tx<'_>, scope: &TenantScope, profile: &Profile) -> Result<(), StoreError> {
    let now = tx.now();
    let body = scope.keys().seal::<TenantBody>(row(scope, FIRST), profile, tx.entropy());
    tenants::insert()
        .values((
            tenants::of(scope),
            tenants::version.eq(FIRST),
            tenants::state.eq(ACTIVE),
            tenants::body.eq(body),
            tenants::created_at.eq(now),
            tenants::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// The profile of the scope's tenant.
///
/// # Errors
/// The store's.
pub fn find(tx: &mut Tx<'_>, scope: &TenantScope) -> Result<Profile, StoreError> {
    under(tx, scope, scope.keys())
}

/// The name of a tenant of which the service has something to tell.
///
/// # Errors
/// The store's.
pub fn name_of(tx: &mut Tx<'_>, scope: &NoticeScope) -> Result<Personal<String>, StoreError> {
    Ok(under(tx, scope, scope.keys())?.name)
}

/// The profile of a tenant, for whoever runs the service ([`shown`](super::shown)).
pub(in crate::tenants) fn of_subscriber(tx: &mut Tx<'_>, scope: &NoticeScope) -> Result<Profile, StoreError> {
    under(tx, scope, scope.keys())
}

fn under(tx: &mut Tx<'_>, scope: &impl InTenant, keys: &OwnerKeys) -> Result<Profile, StoreError> {
    let (version, body): (i64, Sealed<TenantBody>) =
        tenants::rows(scope).select((tenants::version, tenants::body)).get_result(tx.conn())?;
    Ok(keys.open(RowRef::new(scope.tenant().as_bytes(), version), &body)?)
}

/// Opens the tenant's profile and drops what it holds: what a drill of back-ups asks of restored data.
///
/// # Errors
/// [`StoreError::Unreadable`] when it does not open.
pub fn sample(tx: &mut Tx<'_>, scope: &UpkeepScope, keys: &OwnerKeys, _: &Objects) -> Result<u64, StoreError> {
    let (version, body): (i64, Sealed<TenantBody>) =
        tenants::rows(scope).select((tenants::version, tenants::body)).get_result(tx.conn())?;
    drop(keys.open(RowRef::new(scope.tenant().as_bytes(), version), &body)?);
    Ok(1)
}

fn row(scope: &TenantScope, version: i64) -> RowRef {
    RowRef::new(scope.tenant().as_bytes(), version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(kind: &str, country: &str, registration: Option<&str>, vat: Option<&str>) -> ProfileDraft {
        let kept = |text: &str| Personal::new(text.to_owned());
        ProfileDraft {
            kind: kind.to_owned(),
            name: kept("SIA Rīta Maize"),
            country: country.to_owned(),
            registration_number: registration.map(kept),
            vat_number: vat.map(kept),
        }
    }

    fn pointers(draft: &ProfileDraft) -> Vec<String> {
        draft.check("/tenant").map_or_else(|faults| faults.into_iter().map(|fault| fault.pointer).collect(), |_| vec![])
    }

    #[test]
    fn a_tenant_is_a_company_or_a_person_in_business() {
        // P-17
        let company = draft("company", "lv", Some("4000 3245 752"), Some("LV40003245752")).check("/tenant").unwrap();
        assert_eq!(company.kind, BusinessKind::Company);
        assert_eq!(company.registration_number.unwrap().reveal(), "40003245752");
        assert_eq!(pointers(&draft("self_employed", "KZ", None, None)), [""; 0]);
        assert_eq!(pointers(&draft("person", "KZ", None, None)), ["/tenant/kind"]);
    }

    #[test]
    fn each_wrong_field_is_named_and_numbers_follow_the_rules_of_the_country() {
        // P-3
        let wrong = draft("x", "QQ", Some("!"), Some("!"));
        assert_eq!(
            pointers(&wrong),
            ["/tenant/kind", "/tenant/country", "/tenant/registration_number", "/tenant/vat_number"]
        );
        assert_eq!(pointers(&draft("company", "EE", Some("40003245752"), None)), ["/tenant/registration_number"]);
        assert_eq!(pointers(&draft("company", "LV", Some("40003245753"), None)), ["/tenant/registration_number"]);
        let mut nameless = draft("company", "LV", None, None);
        nameless.name = Personal::new("  ".to_owned());
        assert_eq!(pointers(&nameless), ["/tenant/name"]);
        nameless.name = Personal::new("x".repeat(201));
        assert_eq!(pointers(&nameless), ["/tenant/name"]);
    }
}
