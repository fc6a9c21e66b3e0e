//! `/account/contacts`: where the person can be reached, and whether that is still right.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::accounts::identifiers::changing::Change;
use crate::kernel::access::{AccountAccess, Authorized, ChangeAccount, SignedIn};
use crate::kernel::values::Locale;
use crate::web::api::accounts::of_failure;
use crate::web::pages::{ContactField, ContactsPage, Form, Moment, PhoneRow, TextMessages, WaitingChange};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::{chrome_of, go_to, show};

pub(super) fn routes() -> Vec<Route> {
    vec![get("/account/contacts", overview), post("/account/contacts/confirmation", confirm)]
}

async fn overview(
    access: Authorized<SignedIn>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let chrome = chrome_of(&request, &services, &access).await?;
    let page = page(&services, &access, chrome.locale, Form::empty()).await?;
    show(&services, &page, &chrome)
}

/// The page, with what was typed.
pub(super) async fn page(
    services: &Services,
    access: &AccountAccess,
    locale: Locale,
    form: Form<ContactField>,
) -> Result<ContactsPage, Problem> {
    let contacts = services.accounts.contacts(access).await.map_err(|error| of_failure(&services.incidents, error))?;
    let changes = services.accounts.changes(access).await.map_err(|error| of_failure(&services.incidents, error))?;
    let phone = contacts.phone.map(|phone| PhoneRow {
        number: phone.number.into(),
        verified_at: phone.verified_at.map(|at| Moment::new(at, locale)),
    });
    let waiting = |change: Change| WaitingChange { id: change.id, kind: change.kind, target: change.new.into() };
    Ok(ContactsPage {
        email: contacts.email.into(),
        phone,
        confirmed_at: contacts.confirmed_at.map(|at| Moment::new(at, locale)),
        waiting: changes.into_iter().map(waiting).collect(),
        form,
        texts: if services.settings.sms.is_some() { TextMessages::Sent } else { TextMessages::NotSent },
    })
}

/// The person says that all of it is right.
async fn confirm(access: Authorized<ChangeAccount>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    services.accounts.confirm_contacts(&access).await.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(go_to("/account/contacts?news=contacts_confirmed"))
}
