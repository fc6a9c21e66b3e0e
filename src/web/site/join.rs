//! `/join` and `/join/{signup_id}`: the address is proved, then the account and its vault begin.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::accounts::joining::{Aim, Draft};
use crate::kernel::access::{Anyone, Authorized};
use crate::kernel::ids::SignupId;
use crate::kernel::personal::Personal;
use crate::kernel::values::{EmailAddress, Fault, Faults, Locale};
use crate::policies::Change;
use crate::tenants::profile::ProfileDraft;
use crate::web::api::accounts::{invalid, of_failure, of_joining};
use crate::web::api::policies::refusal;
use crate::web::cookies;
use crate::web::guard::Caller;
use crate::web::pages::{
    AnnouncedDocument, Day, DocumentToAcknowledge, Form, Join, JoinAim, JoinField, JoinFinish, JoinFinishField,
};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::form::FormFields;
use crate::web::site::{
    FormBody, Surroundings, documents, go_to, preferences, refuse, show, surroundings, told_in, with_session,
};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/join", start),
        post("/join", send_code),
        get("/join/{signup_id}", finish),
        post("/join/{signup_id}", join),
    ]
}

async fn start(
    visitor: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let known = Surroundings::of_whoever(&services, visitor.as_deref()).await?;
    let chrome = surroundings(&request, &services, known);
    let aim = aim_of(&request);
    show(&services, &Join { form: Form::empty(), language: chrome.locale, aim }, &chrome)
}

/// The same answer for every address, known or not.
async fn send_code(
    visitor: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let known = Surroundings::of_whoever(&services, visitor.as_deref()).await?;
    let chrome = surroundings(&request, &services, known);
    let problem = match begin(&services, &form).await {
        Ok((id, language)) => {
            let response = go_to(&format!("/join/{id}{}", aim_of(&request).query()));
            // Whoever picks another language than the page's has chosen one.
            let mut chosen = cookies::preferences_of(&request);
            if language == chrome.locale {
                return Ok(response);
            }
            chosen.language = Some(language);
            return Ok(preferences::with_preferences(response, chosen));
        }
        Err(problem) => problem,
    };
    let typed = Form::empty().typed(JoinField::Email, form.text("email"));
    let form_again = told_in(typed, &problem, |pointer| match pointer {
        "/email" => Some(JoinField::Email),
        "/language" => Some(JoinField::Language),
        _ => None,
    });
    let Some(again) = form_again else { return Err(problem) };
    let language = Locale::parse(form.raw("language")).unwrap_or(chrome.locale);
    refuse(&services, &Join { form: again, language, aim: aim_of(&request) }, &chrome, &problem)
}

async fn begin(services: &Services, form: &FormFields) -> Result<(SignupId, Locale), Problem> {
    let mut faults = Faults::default();
    let email = form.text("email");
    let email = match email.reveal().as_str() {
        "" => faults.take(Err(Fault::new("/email", "required", "An address is needed."))),
        typed => faults
            .take(EmailAddress::parse(typed).map_err(|wrong| Fault::new("/email", "not_an_email", wrong.to_string()))),
    };
    let language = Locale::parse(form.raw("language"));
    let language = faults.take(language.map_err(|wrong| Fault::new("/language", "not_a_choice", wrong.to_string())));
    let (Some(email), Some(language)) = (email, language) else { return Err(invalid(faults.into_vec())) };
    let begun = services.accounts.begin_signup(email, language).await;
    begun.map(|signup| (signup.id, language)).map_err(|error| of_failure(&services.incidents, error))
}

/// The same page for every id, so that it tells of none whether it waits.
async fn finish(
    visitor: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
    id: Path<SignupId>,
) -> Result<HttpResponse, Problem> {
    let known = Surroundings::of_whoever(&services, visitor.as_deref()).await?;
    let chrome = surroundings(&request, &services, known);
    show(&services, &second_step(&services, *id, aim_of(&request), chrome.locale, Form::empty()).await?, &chrome)
}

async fn join(
    visitor: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
    origin: Caller,
    id: Path<SignupId>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let aim = aim_of(&request);
    let problem = match services.accounts.finish_signup(*id, draft(&form, aim), &origin.0).await {
        Ok(joined) => {
            let leads_to = match aim {
                JoinAim::Own => format!("/t/{}/profile?news=joined", joined.tenant),
                JoinAim::Invited => format!("/t/{}/?news=team_joined", joined.tenant),
            };
            return Ok(with_session(go_to(&leads_to), &joined.session));
        }
        Err(error) => of_joining(&services.incidents, error),
    };
    let Some(again) = told_in(typed(&form), &problem, field) else { return Err(problem) };
    let known = Surroundings::of_whoever(&services, visitor.as_deref()).await?;
    let chrome = surroundings(&request, &services, known);
    refuse(&services, &second_step(&services, *id, aim, chrome.locale, again).await?, &chrome, &problem)
}

/// What somebody wants to join: `?invited`, or a business of their own.
fn aim_of(request: &HttpRequest) -> JoinAim {
    if request.query_string().split('&').any(|word| word == "invited") { JoinAim::Invited } else { JoinAim::Own }
}

async fn second_step(
    services: &Services,
    id: SignupId,
    aim: JoinAim,
    language: Locale,
    form: Form<JoinFinishField>,
) -> Result<JoinFinish, Problem> {
    let needed = services.accounts.needed_documents().await;
    let needed = needed.map_err(|error| of_failure(&services.incidents, error))?;
    let documents = needed
        .into_iter()
        .map(|which| DocumentToAcknowledge { document: documents::of_pages(which.document), version: which.version })
        .collect();
    let changes = services.policies.changes(language).await.map_err(|error| refusal(&services.incidents, error))?;
    let announced = changes.into_iter().map(|change| announced(change, language)).collect();
    Ok(JoinFinish { signup: id.to_string(), form, documents, announced, aim })
}

fn announced(change: Change, language: Locale) -> AnnouncedDocument {
    let which = change.published.which;
    AnnouncedDocument {
        document: documents::of_pages(which.document),
        name: which.document.name().to_owned(),
        version: which.version,
        effective_on: Day::new(change.published.effective_at, language),
        summary: change.text.summary,
    }
}

fn draft(form: &FormFields, aim: JoinAim) -> Draft {
    let optional = |name: &str| Some(form.text(name)).filter(|value: &Personal<String>| !value.reveal().is_empty());
    Draft {
        code: form.secret("code"),
        password: form.secret("password"),
        name: form.text("name"),
        phone: optional("phone"),
        aim: match aim {
            JoinAim::Invited => Aim::Invitation(form.secret("invitation")),
            JoinAim::Own => Aim::Own(ProfileDraft {
                kind: form.raw("kind").to_owned(),
                name: form.text("business_name"),
                country: form.raw("country").to_owned(),
                registration_number: optional("registration_number"),
                vat_number: optional("vat_number"),
            }),
        },
        acknowledged: form.all("acknowledged").filter_map(acknowledged).collect(),
    }
}

/// `{document}:{version}`, as the box that was ticked says it.
fn acknowledged(ticked: &str) -> Option<(String, u32)> {
    let (document, version) = ticked.split_once(':')?;
    Some((document.to_owned(), version.parse().ok()?))
}

fn typed(form: &FormFields) -> Form<JoinFinishField> {
    use JoinFinishField as F;
    [F::Name, F::Phone, F::Kind, F::BusinessName, F::Country, F::RegistrationNumber, F::VatNumber]
        .into_iter()
        .fold(Form::empty(), |again, field| again.typed(field, form.text(crate::web::pages::FormField::name(field))))
}

/// The field that a pointer into the API's body means.
fn field(pointer: &str) -> Option<JoinFinishField> {
    use JoinFinishField as F;
    Some(match pointer {
        "/code" => F::Code,
        "/password" => F::Password,
        "/name" => F::Name,
        "/phone" => F::Phone,
        "/invitation" => F::Invitation,
        "/tenant/kind" => F::Kind,
        "/tenant/name" => F::BusinessName,
        "/tenant/country" => F::Country,
        "/tenant/registration_number" => F::RegistrationNumber,
        "/tenant/vat_number" => F::VatNumber,
        "/acknowledged" => F::Acknowledged,
        _ => return None,
    })
}
