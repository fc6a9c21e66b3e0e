//! The operators' console: pages for whoever runs the service. It shows counts, times, ids and states, and nothing that a
//! tenant keeps (P-3), but for what a tenant grants to support, masked (`support`); what it does, the command line does too.
//!
//! It answers where `[operators]` of the configuration says and to whom; for anybody else there is nothing there
//! ([`Door`]). Each handler names a permission of operators, as every other names its own.

mod backups;
mod keys;
mod ledger;
mod operators;
mod outbox;
mod overview;
mod policies;
mod proposals;
mod retired;
mod sign_in;
mod support;
mod tenants;
mod turning;

use std::net::IpAddr;

use actix_web::guard::GuardContext;
use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::kernel::access::{OperatorAccess, Permission, Subject};
use crate::kernel::clock::Time;
use crate::kernel::log::Incidents;
use crate::kernel::values::{Fault, IpRange};
use crate::operators::OperatorsError;
use crate::settings::{HostName, Operators as OperatorsSettings};
use crate::web::api::accounts::{invalid, of_failure};
use crate::web::api::failure;
use crate::web::client;
use crate::web::hosts::{HostHeader, host_in};
use crate::web::pages::{Chrome, Console, ConsoleCell, ConsolePage, ConsolePart, ConsoleWho, ConsoleWidth, Moment};
use crate::web::problem::Problem;
use crate::web::routes::Route;
use crate::web::services::Services;
use crate::web::site::{Surroundings, encoded, go_to, local, refuse, show, surroundings};

/// What the console's addresses begin with in the list of routes; where they answer, the configuration says.
pub const PATH: &str = "/operator";

/// Every route of the console.
pub(super) fn routes() -> Vec<Route> {
    let mut routes = Vec::new();
    routes.extend(sign_in::routes());
    routes.extend(overview::routes());
    routes.extend(tenants::routes());
    routes.extend(support::routes());
    routes.extend(keys::routes());
    routes.extend(retired::routes());
    routes.extend(turning::routes());
    routes.extend(policies::routes());
    routes.extend(outbox::routes());
    routes.extend(backups::routes());
    routes.extend(ledger::routes());
    routes.extend(proposals::routes());
    routes.extend(operators::routes());
    routes
}

/// Where the console answers, and to whom.
#[derive(Debug, Clone)]
pub struct Door {
    path: String,
    host: Option<HostName>,
    addresses: Vec<IpRange>,
}

impl Door {
    /// As configured.
    #[must_use]
    pub fn new(settings: &OperatorsSettings) -> Self {
        Self {
            path: settings.path.as_str().to_owned(),
            host: settings.host.clone(),
            addresses: settings.addresses.clone(),
        }
    }

    /// What the console's addresses begin with.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether there is a console for whoever asks.
    #[must_use]
    pub fn opens(&self, asked: &GuardContext<'_>) -> bool {
        let from = client::address_in(&asked.req_data());
        let host = host_in(asked.head());
        let is_here = self.host.as_ref().is_none_or(|wanted| host == Some(HostHeader::Name(wanted.clone())));
        is_here && from.is_some_and(|from: IpAddr| self.addresses.iter().any(|range| range.contains(from)))
    }
}

/// What the console's addresses begin with, where `request` came to one of them.
pub(in crate::web) fn of(request: &HttpRequest) -> Option<String> {
    let services = request.app_data::<web::Data<Services>>()?;
    let path = services.settings.operators.path.as_str();
    let pattern = request.match_pattern()?;
    let rest = pattern.strip_prefix(path)?;
    (rest.is_empty() || rest.starts_with('/')).then(|| path.to_owned())
}

/// Where an operator signs in or shows a code once more, when that is what `problem` asks for.
pub(in crate::web) fn lead_on(console: &str, request: &HttpRequest, problem: &Problem) -> Option<HttpResponse> {
    let to = match problem {
        Problem::NotSignedIn => "sign-in",
        Problem::ConfirmationRequired { .. } => "confirm",
        _ => return None,
    };
    Some(go_to(&format!("{console}/{to}?next={}", encoded(&back(console, request)))))
}

/// The page that was asked for, or that the form stood on.
fn back(console: &str, request: &HttpRequest) -> String {
    if request.method() == Method::GET {
        return request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    }
    let rest = request.path().strip_prefix(console).unwrap_or_default();
    let page = rest.trim_start_matches('/').split('/').next().unwrap_or_default();
    if page.is_empty() { console.to_owned() } else { format!("{console}/{page}") }
}

/// Where a form leads on to: a page of the console and nothing else.
fn next(request: &HttpRequest, console: &str) -> String {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string()).map(web::Query::into_inner);
    let named = pairs.unwrap_or_default().into_iter().find(|(name, _)| name == "next").map(|(_, path)| path);
    let named = named.unwrap_or_default();
    let is_ours = named.strip_prefix(console).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
    if is_ours && local(&named) == named { named } else { console.to_owned() }
}

/// Whether something is permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Allowed {
    /// It is.
    Yes,
    /// It is not.
    No,
}

/// A page of the console, for whoever is signed in to it.
struct Desk<'s> {
    services: &'s Services,
    chrome: Chrome,
    console: Console,
}

impl<'s> Desk<'s> {
    fn new(request: &HttpRequest, services: &'s Services, who: Option<&OperatorAccess>) -> Self {
        let chrome = surroundings(request, services, Surroundings::of_a_stranger());
        let who =
            who.map(|access| ConsoleWho { name: access.account.kept.name.clone().into(), role: access.account.role });
        let console = Console { path: services.settings.operators.path.as_str().to_owned(), who };
        Self { services, chrome, console }
    }

    fn at(&self, time: Time) -> ConsoleCell {
        ConsoleCell::at(Some(Moment::new(time, self.chrome.locale)))
    }

    fn page(&self, name: &'static str, width: ConsoleWidth, parts: Vec<ConsolePart>) -> ConsolePage {
        ConsolePage { console: self.console.clone(), name, width, wrong: Vec::new(), parts }
    }

    fn show(&self, name: &'static str, width: ConsoleWidth, parts: Vec<ConsolePart>) -> Result<HttpResponse, Problem> {
        show(self.services, &self.page(name, width, parts), &self.chrome)
    }

    /// The page with what is wrong with what was sent; a problem that is not the form's stays one.
    fn refuse(&self, page: ConsolePage, problem: &Problem) -> Result<HttpResponse, Problem> {
        let wrong = match problem {
            Problem::Invalid(faults) => faults.iter().map(|fault| fault.code).collect(),
            Problem::SignInRefused => vec!["operator_refused"],
            Problem::TooManyRequests(_) => vec![problem.descriptor().code],
            _ => return Err(problem.clone()),
        };
        refuse(self.services, &ConsolePage { wrong, ..page }, &self.chrome, problem)
    }

    /// What came of a form: where it leads, or its page once more with what was wrong.
    async fn told(
        &self,
        done: Result<HttpResponse, Problem>,
        again: impl Future<Output = Result<ConsolePage, Problem>>,
    ) -> Result<HttpResponse, Problem> {
        match done {
            Ok(led) => Ok(led),
            Err(problem) => self.refuse(again.await?, &problem),
        }
    }

    /// Whether whoever looks may do what `P` permits: what they may not is not offered to them.
    fn may<P: Permission>(&self) -> Allowed {
        let role = self.console.who.as_ref().map(|who| who.role);
        match (P::RULE.subject, role) {
            (Subject::Operator(roles), Some(role)) if roles.contains(&role) => Allowed::Yes,
            _ => Allowed::No,
        }
    }

    /// Leads back to a page of the console: what was asked for goes on.
    fn begun(&self, page: &str) -> HttpResponse {
        go_to(&format!("{}{page}?news=console_begun", self.console.path))
    }

    /// Leads back to a page of the console after something was done.
    fn done(&self, page: &str) -> HttpResponse {
        go_to(&format!("{}{page}?news=console_done", self.console.path))
    }
}

/// Why something about operators was not done, as the client sees it.
fn refusal(incidents: &Incidents, error: OperatorsError) -> Problem {
    use crate::accounts::Failure;
    match error {
        OperatorsError::Refused => Problem::SignInRefused,
        OperatorsError::Throttled(throttled) => of_failure(incidents, Failure::Throttled(throttled)),
        OperatorsError::Taken => {
            invalid(vec![Fault::new("/operator_name", "operator_taken", "There is an operator of this name.")])
        }
        OperatorsError::NotFound => Problem::NotFound,
        OperatorsError::LastAdministrator => {
            invalid(vec![Fault::new("/role", "last_administrator", "The last administrator stays.")])
        }
        OperatorsError::NeedsName => {
            invalid(vec![Fault::new("/passkey", "needs_name", "Passkeys are bound to a name.")])
        }
        OperatorsError::UnderWay => invalid(vec![Fault::new("", "under_way", "Something of the kind is under way.")]),
        OperatorsError::NoPlace => invalid(vec![Fault::new("", "no_place", "The configuration names no place.")]),
        OperatorsError::NoTenant => invalid(vec![Fault::new("/tenant", "no_such_tenant", "There is no such tenant.")]),
        OperatorsError::NoAccount => {
            invalid(vec![Fault::new("/account", "no_such_account", "There is no such account.")])
        }
        OperatorsError::NotRetired => {
            invalid(vec![Fault::new("/version", "not_retired", "There is no such retired version.")])
        }
        OperatorsError::TenantSealed => {
            invalid(vec![Fault::new("/tenant", "tenant_sealed", "An owner has sealed this vault.")])
        }
        OperatorsError::TenantErased => {
            invalid(vec![Fault::new("/tenant", "tenant_erased", "This tenant is being erased.")])
        }
        OperatorsError::Store(error) => failure::of_store(incidents, error),
    }
}
