//! What the service asks of a person: a line above every page, where it leads, and the button that puts it off.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::accounts::prompts::Prompt;
use crate::kernel::access::{AccountAccess, Authorized, ChangeAccount};
use crate::web::api::accounts::of_failure;
use crate::web::problem::Problem;
use crate::web::routes::{Route, post};
use crate::web::services::Services;
use crate::web::site::{FormBody, go_to, onward};

pub(super) fn routes() -> Vec<Route> {
    vec![post("/account/prompts/{prompt}/dismissal", put_off)]
}

/// Where a prompt leads.
///
/// # Errors
/// The tenants cannot be read.
pub(super) async fn leads_to(services: &Services, account: &AccountAccess, prompt: Prompt) -> Result<String, Problem> {
    Ok(match prompt {
        Prompt::ConfirmContacts => "/account/contacts".to_owned(),
        Prompt::PasswordAge | Prompt::ResetWaits => "/account/password".to_owned(),
        Prompt::SignIns => "/account/sign-ins".to_owned(),
        Prompt::ReviewMethods => "/account/security".to_owned(),
        Prompt::SubscriberProfile => {
            let tenant = services.accounts.unanswered(account).await;
            let tenant = tenant.map_err(|error| of_failure(&services.incidents, error))?;
            tenant.map_or_else(|| "/".to_owned(), |tenant| format!("/t/{tenant}/profile"))
        }
    })
}

/// Puts a prompt off, and leads back to where it was read.
async fn put_off(
    access: Authorized<ChangeAccount>,
    request: HttpRequest,
    services: Data<Services>,
    prompt: Path<String>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    form.read().await?;
    let prompt = Prompt::parse(&prompt).ok_or(Problem::NotFound)?;
    services.accounts.put_off(&access, prompt).await.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(go_to(&onward::next(&request)))
}
