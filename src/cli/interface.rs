//! `seif routes` and `seif openapi`: the interface as the program itself knows it.

use serde_json::json;

use crate::cli::output::Output;
use crate::kernel::access::{Need, Subject};
use crate::web::api::openapi::document_json;
use crate::web::routes;

/// Lists every route and what it asks of a caller.
pub(super) fn routes(output: Output) {
    let routes = routes::all();
    let rows: Vec<_> = routes
        .iter()
        .map(|route| {
            let (subject, need) = (subject(route.rule.subject), need(route.rule.need));
            json!({"method": route.method.as_str(), "path": route.path, "subject": subject, "assurance": need})
        })
        .collect();
    output.show(&json!(rows), || {
        let line = |route: &routes::Route| {
            format!(
                "{:7}{:60}{:22}{}",
                route.method.as_str(),
                route.path,
                subject(route.rule.subject),
                need(route.rule.need)
            )
        };
        routes.iter().map(line).collect::<Vec<_>>().join("\n")
    });
}

/// Prints the OpenAPI document.
pub(super) fn openapi() {
    Output::Json.show(&document_json(), String::new);
}

fn subject(subject: Subject) -> String {
    match subject {
        Subject::Anyone => "anyone".to_owned(),
        Subject::Account => "account".to_owned(),
        Subject::Beside(role) => format!("tenant, sealed or not, from {role:?}").to_lowercase(),
        Subject::Operator(roles) => {
            format!("operator: {}", roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(", "))
        }
        Subject::Tenant(role, _) => format!("tenant, from {role:?}").to_lowercase(),
    }
}

const fn need(need: Need) -> &'static str {
    match need {
        Need::Password => "password",
        Need::Confirmed => "confirmed",
        Need::Strongest => "confirmed within ten minutes, strongly where the account can",
        Need::StrongestOrRecovery => {
            "confirmed within ten minutes, strongly where the account can, or by a recovery code"
        }
    }
}
