//! Signing in to the console and out of it, showing a code once more, and one's own passkeys.

use actix_web::http::header::{HeaderValue, SET_COOKIE};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use crate::kernel::access::{AccountAccess, Anyone, Authorized, ProtectOperator, SeeConsole};
use crate::kernel::crypto::token::SessionToken;
use crate::kernel::personal::{Personal, Secret};
use crate::operators::{OperatorsError, Question};
use crate::web::api::accounts::of_failure;
use crate::web::console::{Desk, next, refusal};
use crate::web::cookies;
use crate::web::guard::Caller;
use crate::web::pages::{
    ConsoleCell, ConsoleField, ConsoleForm, ConsolePage, ConsolePart, ConsolePasskey, ConsolePasskeyPurpose,
    ConsoleWeight, ConsoleWidth, Shown,
};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::{FormBody, FormFields, encoded, go_to, show};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/operator/sign-in", page),
        post("/operator/sign-in", sign_in),
        post("/operator/sign-in/question", ask),
        post("/operator/sign-in/passkey", by_passkey),
        get("/operator/sign-out", leave),
        post("/operator/sign-out", sign_out),
        get("/operator/confirm", confirm_page),
        post("/operator/confirm", confirm),
        get("/operator/me", me),
        post("/operator/me/question", begin_passkey),
        post("/operator/me/passkeys", add_passkey),
        post("/operator/me/removal", remove_passkeys),
    ]
}

fn sign_in_page(desk: &Desk<'_>, request: &HttpRequest, typed: Personal<String>) -> ConsolePage {
    let onward = encoded(&next(request, &desk.console.path));
    let name = ConsoleField::Line { name: "operator_name", value: typed.into(), autocomplete: "username" };
    let by_code = ConsoleForm {
        title: None,
        action: format!("/sign-in?next={onward}"),
        fields: vec![name, ConsoleField::Code { name: "code" }],
        button: "sign-in",
        weight: ConsoleWeight::Main,
    };
    let by_passkey = ConsoleForm {
        title: Some("passkey"),
        action: format!("/sign-in/question?next={onward}"),
        fields: Vec::new(),
        button: "passkey-use",
        weight: ConsoleWeight::Plain,
    };
    let parts = vec![ConsolePart::Form(by_code), ConsolePart::Form(by_passkey)];
    desk.page("sign-in", ConsoleWidth::Narrow, parts)
}

async fn page(_: Authorized<Anyone>, request: HttpRequest, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(&request, &services, None);
    show(&services, &sign_in_page(&desk, &request, Personal::new(String::new())), &desk.chrome)
}

async fn sign_in(
    visitor: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
    origin: Caller,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let begun = services.operators.sign_in(&form.text("operator_name"), &form.secret("code"), &origin.0).await;
    begin(&request, &services, visitor.as_deref(), begun, form.text("operator_name")).await
}

/// Asks for whichever passkey a device holds for the console's name.
async fn ask(
    _: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
    origin: Caller,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(&request, &services, None);
    let onward = encoded(&next(&request, &desk.console.path));
    match services.operators.ask_for_passkey(&origin.0).await {
        Ok(question) => {
            let action = format!("/sign-in/passkey?next={onward}");
            show(&services, &asked(&desk, question, ConsolePasskeyPurpose::Use, action), &desk.chrome)
        }
        Err(error) => {
            let page = sign_in_page(&desk, &request, Personal::new(String::new()));
            desk.refuse(page, &refusal(&services.incidents, error))
        }
    }
}

async fn by_passkey(
    visitor: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
    origin: Caller,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let begun = match form.raw("question").parse() {
        Ok(question) => services.operators.sign_in_by_passkey(question, &credential(&form), &origin.0).await,
        Err(_) => Err(OperatorsError::Refused),
    };
    begin(&request, &services, visitor.as_deref(), begun, Personal::new(String::new())).await
}

/// Hands the session over. One that the browser had of an account ends.
async fn begin(
    request: &HttpRequest,
    services: &Services,
    visitor: Option<&AccountAccess>,
    begun: Result<SessionToken, OperatorsError>,
    typed: Personal<String>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(request, services, None);
    let token = match begun {
        Ok(token) => token,
        Err(error) => {
            return desk.refuse(sign_in_page(&desk, request, typed), &refusal(&services.incidents, error));
        }
    };
    if let Some(before) = visitor {
        let ended = services.accounts.sign_out(before).await;
        ended.map_err(|error| of_failure(&services.incidents, error))?;
    }
    let cookie = cookies::session(&Secret::new(token.reveal().to_owned())).unwrap_or_else(cookies::no_session);
    Ok(with_cookie(go_to(&next(request, &desk.console.path)), cookie))
}

fn with_cookie(mut response: HttpResponse, cookie: HeaderValue) -> HttpResponse {
    response.headers_mut().insert(SET_COOKIE, cookie);
    response
}

async fn leave(
    access: Authorized<SeeConsole>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(&request, &services, Some(&access));
    let form = ConsoleForm {
        title: None,
        action: "/sign-out".to_owned(),
        fields: Vec::new(),
        button: "sign-out",
        weight: ConsoleWeight::Main,
    };
    desk.show("sign-out", ConsoleWidth::Narrow, vec![ConsolePart::Form(form)])
}

async fn sign_out(
    access: Authorized<SeeConsole>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let ended = services.operators.sign_out(&access).await;
    ended.map_err(|error| refusal(&services.incidents, error))?;
    let desk = Desk::new(&request, &services, None);
    Ok(with_cookie(go_to(&format!("{}/sign-in", desk.console.path)), cookies::no_session()))
}

fn confirming(desk: &Desk<'_>, request: &HttpRequest) -> ConsolePage {
    let form = ConsoleForm {
        title: None,
        action: format!("/confirm?next={}", encoded(&next(request, &desk.console.path))),
        fields: vec![ConsoleField::Code { name: "code" }],
        button: "confirm",
        weight: ConsoleWeight::Main,
    };
    desk.page("confirm", ConsoleWidth::Narrow, vec![ConsolePart::Form(form)])
}

async fn confirm_page(
    access: Authorized<SeeConsole>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(&request, &services, Some(&access));
    show(&services, &confirming(&desk, &request), &desk.chrome)
}

async fn confirm(
    access: Authorized<SeeConsole>,
    request: HttpRequest,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let desk = Desk::new(&request, &services, Some(&access));
    match services.operators.show_again(&access, &form.secret("code")).await {
        Ok(()) => Ok(go_to(&next(&request, &desk.console.path))),
        Err(error) => desk.refuse(confirming(&desk, &request), &refusal(&services.incidents, error)),
    }
}

fn mine(desk: &Desk<'_>, passkeys: usize) -> ConsolePage {
    let form = |action: &str, button, weight| {
        ConsolePart::Form(ConsoleForm {
            title: Some(button),
            action: action.to_owned(),
            fields: Vec::new(),
            button,
            weight,
        })
    };
    let role =
        desk.console.who.as_ref().map_or(ConsoleCell::Nothing, |who| ConsoleCell::Word { word: who.role.name() });
    let mut parts = vec![
        ConsolePart::Facts { title: "me", facts: vec![("role", role), ("passkeys", ConsoleCell::number(passkeys))] },
        form("/me/question", "passkey-make", ConsoleWeight::Main),
    ];
    if passkeys > 0 {
        parts.push(form("/me/removal", "passkeys-remove", ConsoleWeight::Danger));
    }
    desk.page("me", ConsoleWidth::Wide, parts)
}

async fn me(
    access: Authorized<SeeConsole>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(&request, &services, Some(&access));
    show(&services, &mine(&desk, access.account.kept.passkeys.len()), &desk.chrome)
}

async fn begin_passkey(
    access: Authorized<ProtectOperator>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(&request, &services, Some(&access));
    match services.operators.begin_passkey(&access).await {
        Ok(question) => {
            let page = asked(&desk, question, ConsolePasskeyPurpose::Create, "/me/passkeys".to_owned());
            show(&services, &page, &desk.chrome)
        }
        Err(error) => {
            desk.refuse(mine(&desk, access.account.kept.passkeys.len()), &refusal(&services.incidents, error))
        }
    }
}

async fn add_passkey(
    access: Authorized<ProtectOperator>,
    request: HttpRequest,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let desk = Desk::new(&request, &services, Some(&access));
    let added = match form.raw("question").parse() {
        Ok(question) => services.operators.add_passkey(&access, question, &credential(&form)).await,
        Err(_) => Err(OperatorsError::Refused),
    };
    match added {
        Ok(()) => Ok(desk.done("/me")),
        Err(error) => {
            desk.refuse(mine(&desk, access.account.kept.passkeys.len()), &refusal(&services.incidents, error))
        }
    }
}

async fn remove_passkeys(
    access: Authorized<ProtectOperator>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let removed = services.operators.remove_passkeys(&access).await;
    removed.map_err(|error| refusal(&services.incidents, error))?;
    Ok(Desk::new(&request, &services, Some(&access)).done("/me"))
}

fn asked(desk: &Desk<'_>, question: Question, purpose: ConsolePasskeyPurpose, action: String) -> ConsolePasskey {
    let Question { id, public_key } = question;
    ConsolePasskey {
        console: desk.console.clone(),
        purpose,
        action,
        question: id,
        public_key: Shown::from(public_key.to_string()),
    }
}

fn credential(form: &FormFields) -> Personal<Value> {
    Personal::new(serde_json::from_str(form.raw("credential")).unwrap_or(Value::Null))
}
