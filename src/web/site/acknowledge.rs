//! `/acknowledge`: what changed in the legal documents, and that it was read; until then a session changes nothing.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{AccountAccess, Acknowledge, Authorized, SignedIn};
use crate::policies::DocumentVersion;
use crate::web::api::policies::refusal;
use crate::web::pages::{self, AcknowledgeField, DocumentToAcknowledge, Form};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::{
    FormBody, Surroundings, chrome_of, documents, go_to, onward, refuse, show, surroundings, told_in,
};

pub(super) fn routes() -> Vec<Route> {
    vec![get("/acknowledge", ask), post("/acknowledge", acknowledge)]
}

async fn ask(
    access: Authorized<SignedIn>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let left = left(&services, &access).await?;
    if left.is_empty() {
        return Ok(go_to(&onward::next(&request)));
    }
    show(&services, &page(&request, &left, Form::empty()), &chrome_of(&request, &services, &access).await?)
}

async fn acknowledge(
    access: Authorized<Acknowledge>,
    request: HttpRequest,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let read: Vec<&str> = form.all("acknowledged").collect();
    for which in left(&services, &access).await? {
        if read.contains(&documents::named(which).as_str()) {
            let noted = services.policies.acknowledge(&access, which).await;
            noted.map_err(|error| refusal(&services.incidents, error))?;
        }
    }
    let left = left(&services, &access).await?;
    if left.is_empty() {
        return Ok(go_to(&onward::next(&request)));
    }
    let problem = Problem::AcknowledgementRequired { documents: left.iter().copied().map(Into::into).collect() };
    let again = told_in(Form::empty(), &problem, |_| Some(AcknowledgeField::Acknowledged));
    let Some(again) = again else { return Err(problem) };
    let known = Surroundings::of_whoever(&services, Some(&access)).await?;
    refuse(&services, &page(&request, &left, again), &surroundings(&request, &services, known), &problem)
}

async fn left(services: &Services, access: &AccountAccess) -> Result<Vec<DocumentVersion>, Problem> {
    let left = services.policies.unacknowledged(access.session.account).await;
    left.map_err(|error| refusal(&services.incidents, error))
}

fn page(request: &HttpRequest, left: &[DocumentVersion], form: Form<AcknowledgeField>) -> pages::Acknowledge {
    let shown = |which: &DocumentVersion| DocumentToAcknowledge {
        document: documents::of_pages(which.document),
        version: which.version,
    };
    let onward = onward::passing(&onward::next(request)).into();
    pages::Acknowledge { documents: left.iter().map(shown).collect(), form, onward }
}
