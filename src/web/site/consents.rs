//! `/account/consents`: what the person agrees to, given and taken back by one button each (P-4).

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{Authorized, DecideConsent, SignedIn};
use crate::policies::consents::{Choice, Purpose, Register, Way};
use crate::web::api::policies::refusal;
use crate::web::guard::{PrivacySignal, privacy_signal};
use crate::web::pages::{ConsentDecided, ConsentLine, ConsentStanding, ConsentsPage, Day, Signal};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::{FormBody, chrome_of, go_to, show};

pub(super) fn routes() -> Vec<Route> {
    vec![get("/account/consents", look), post("/account/consents/{purpose}", decide)]
}

async fn look(
    access: Authorized<SignedIn>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let chrome = chrome_of(&request, &services, &access).await?;
    let registers = services.policies.consents(&access.scope).await;
    let registers = registers.map_err(|error| refusal(&services.incidents, error))?;
    let line = |register: &Register| ConsentLine {
        purpose: register.purpose.name().to_owned(),
        standing: standing(register.stands),
        history: register
            .history
            .iter()
            .map(|decision| ConsentDecided {
                standing: standing(decision.choice),
                by: match decision.way {
                    Way::Said => Signal::Absent,
                    Way::PrivacyControl => Signal::Sent,
                },
                on: Day::new(decision.at, chrome.locale),
            })
            .collect(),
    };
    let signal = match privacy_signal(&request) {
        PrivacySignal::Sent => Signal::Sent,
        PrivacySignal::None => Signal::Absent,
    };
    show(&services, &ConsentsPage { consents: registers.iter().map(line).collect(), signal }, &chrome)
}

async fn decide(
    access: Authorized<DecideConsent>,
    request: HttpRequest,
    services: Data<Services>,
    path: Path<String>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let purpose = Purpose::parse(&path).ok_or(Problem::NotFound)?;
    let given = form.raw("given") == "yes" && privacy_signal(&request) == PrivacySignal::None;
    let choice = if given { Choice::Given } else { Choice::Withdrawn };
    let decided = services.policies.decide_consent(&access, purpose, choice).await;
    decided.map_err(|error| refusal(&services.incidents, error))?;
    Ok(go_to("/account/consents"))
}

const fn standing(choice: Choice) -> ConsentStanding {
    match choice {
        Choice::Given => ConsentStanding::Given,
        Choice::Withdrawn => ConsentStanding::Withdrawn,
    }
}
