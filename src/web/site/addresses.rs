//! `/account/addresses`: from where the account may be used.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::accounts::addresses::{Advice, Lockout};
use crate::kernel::access::{AccountAccess, AddressList, Authorized, ProtectAccount, SignedIn};
use crate::kernel::personal::Personal;
use crate::kernel::values::IpRange;
use crate::web::api::accounts::of_failure;
use crate::web::api::addresses::refusal;
use crate::web::pages::{Addresses, AddressesField, Form, FormField as _, ListStanding, LockoutQuestion};
use crate::web::problem::{FieldProblem, Problem};
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::{FormBody, chrome_of, go_to, refuse, show};

pub(super) fn routes() -> Vec<Route> {
    vec![get("/account/addresses", list), post("/account/addresses", restrict)]
}

async fn list(
    access: Authorized<SignedIn>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let list = known(&services, &access).await?;
    let chrome = chrome_of(&request, &services, &access).await?;
    let lines = list.ranges().iter().map(IpRange::to_stored).collect::<Vec<_>>().join("\n");
    let form = Form::empty().typed(AddressesField::Ranges, Personal::new(lines));
    show(&services, &page(&access, &list, form), &chrome)
}

async fn restrict(
    access: Authorized<ProtectAccount>,
    request: HttpRequest,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let typed = form.text(AddressesField::Ranges.name());
    let lines: Vec<(usize, &str)> = typed
        .reveal()
        .lines()
        .enumerate()
        .map(|(number, line)| (number + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty())
        .collect();
    let ranges: Vec<_> = lines.iter().map(|(_, line)| Personal::new((*line).to_owned())).collect();
    let is_meant = form.raw(AddressesField::ConfirmLockout.name()) == "yes";
    let lockout = if is_meant { Lockout::Meant } else { Lockout::Unwanted };
    let problem = match services.accounts.restrict(&access, &ranges, lockout).await {
        Ok(_) => return Ok(go_to("/account/addresses?news=addresses_saved")),
        Err(error) => refusal(&services.incidents, error),
    };
    let again = Form::empty().typed(AddressesField::Ranges, typed.clone());
    let mut page = page(&access, &known(&services, &access).await?, again);
    match &problem {
        Problem::WouldLockOut => {
            page.form = page.form.wrong(AddressesField::ConfirmLockout, problem.descriptor().code);
            page.lockout = LockoutQuestion::Asked;
        }
        Problem::Invalid(wrong) => {
            if let Some(first) = wrong.first() {
                page.form = page.form.wrong(AddressesField::Ranges, first.code);
            }
            page.wrong_lines = wrong.iter().filter_map(|one| line_of(one, &lines)).collect();
        }
        _ => return Err(problem),
    }
    let chrome = chrome_of(&request, &services, &access).await?;
    refuse(&services, &page, &chrome, &problem)
}

/// The number of the line that is meant, in what was typed.
fn line_of(wrong: &FieldProblem, lines: &[(usize, &str)]) -> Option<usize> {
    let at: usize = wrong.pointer.strip_prefix("/ranges/")?.parse().ok()?;
    lines.get(at).map(|(number, _)| *number)
}

async fn known(services: &Services, access: &AccountAccess) -> Result<AddressList, Problem> {
    services.accounts.addresses(access).await.map_err(|error| of_failure(&services.incidents, error))
}

fn page(access: &AccountAccess, list: &AddressList, form: Form<AddressesField>) -> Addresses {
    let standing = match Advice::on(list) {
        Advice::AddAnother => ListStanding::Thin,
        Advice::Nothing if list.ranges().is_empty() => ListStanding::Open,
        Advice::Nothing => ListStanding::Closed,
    };
    Addresses {
        present: access.origin.address.clone().map(|address| address.to_string()).into(),
        standing,
        wrong_lines: Vec::new(),
        lockout: LockoutQuestion::None,
        form,
    }
}
