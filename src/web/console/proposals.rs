//! `/operator/proposals`: what takes two operators, where it stands, and a second operator's word on it.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{Authorized, DecideProposals, PublishDocuments, SeeConsole, TurnKeys};
use crate::kernel::clock::Time;
use crate::kernel::ids::ProposalId;
use crate::kernel::keyring::KeyringError;
use crate::kernel::log::Incidents;
use crate::kernel::operators::deeds::{DestroyRoot, EraseTenant};
use crate::kernel::operators::{Act, Asked, Ledger, Operator, Proposal, ProposalError, Standing};
use crate::kernel::store::StoreError;
use crate::kernel::values::Fault;
use crate::policies::deeds::Announce;
use crate::policies::{Document, Plan, Preview, Weight};
use crate::web::api::accounts::invalid;
use crate::web::api::failure;
use crate::web::console::ledger::thing;
use crate::web::console::policies::of_life;
use crate::web::console::turning::Typed;
use crate::web::console::{Desk, keys, policies, tenants};
use crate::web::pages::{
    ConsoleCell, ConsoleField, ConsoleForm, ConsolePage, ConsolePart, ConsoleThing, ConsoleWeight, ConsoleWidth, Shown,
};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::{FormBody, go_to, show};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/operator/proposals", list),
        post("/operator/proposals/{id}/confirmation", confirm),
        post("/operator/proposals/{id}/refusal", refuse),
        post("/operator/proposals/{id}/deed", carry_out),
        post("/operator/keys/roots/{version}/destruction", destroy_root),
        post("/operator/policies/{document}/announcement", announce),
    ]
}

/// So many are shown, the newest first.
const SHOWN: i64 = 100;

/// The page for `who`.
fn page(desk: &Desk<'_>, who: Operator) -> Result<ConsolePage, Problem> {
    let all = Ledger::of(desk.services.kernel.keyring()).proposals(SHOWN);
    let all = all.map_err(|error| of_proposals(&desk.services.incidents, error))?;
    let is_open = |proposal: &&Proposal| matches!(proposal.standing, Standing::Waiting | Standing::Confirmed);
    let open = all.iter().filter(is_open).map(|proposal| {
        let mut row = told(desk, proposal)?;
        row.push(word_on(desk, proposal, who));
        row.push(no_to(desk, proposal, who));
        Ok(row)
    });
    let closed = all.iter().filter(|proposal| !is_open(proposal)).map(|proposal| {
        let mut row = told(desk, proposal)?;
        row.push(proposal.decided_by.map_or(ConsoleCell::Nothing, |by| ConsoleCell::text(by.to_string())));
        Ok(row)
    });
    let columns = ["at", "who", "deed", "about", "ends-at", "state"];
    let with = |more: &[&'static str]| columns.iter().chain(more).copied().collect::<Vec<_>>();
    let parts = vec![
        ConsolePart::Table {
            title: "proposals",
            columns: with(&["proposal-confirm", "proposal-refuse"]),
            rows: open.collect::<Result<_, Problem>>()?,
        },
        ConsolePart::Table {
            title: "proposals-decided",
            columns: with(&["decided-by"]),
            rows: closed.collect::<Result<_, Problem>>()?,
        },
    ];
    Ok(desk.page("proposals", ConsoleWidth::Wide, parts))
}

fn told(desk: &Desk<'_>, proposal: &Proposal) -> Result<Vec<ConsoleCell>, Problem> {
    let mut things: Vec<ConsoleThing> = proposal.of.iter().map(thing).collect();
    if let Some(Announce { plan, .. }) = announcing(&desk.services.incidents, proposal)? {
        let word = if plan.weight.is_material() { "material" } else { "correction" };
        things.push(ConsoleThing { word, which: None });
        things.push(ConsoleThing { word: "not_before", which: Some(Shown::from(plan.effective_at.rfc3339())) });
        let fallback = plan.fallback.map(|language| Some(Shown::from(language.tag().to_owned())));
        things.extend(fallback.map(|which| ConsoleThing { word: "fallback", which }));
    }
    Ok(vec![
        desk.at(proposal.at),
        ConsoleCell::text(proposal.proposer.to_string()),
        ConsoleCell::Word { word: proposal.act.name() },
        ConsoleCell::Things { things },
        desk.at(proposal.expires_at),
        ConsoleCell::Word { word: proposal.standing.name() },
    ])
}

/// What `who` may do for it: confirm another's; do one's own, once it is confirmed, where the console does such.
fn word_on(desk: &Desk<'_>, proposal: &Proposal, who: Operator) -> ConsoleCell {
    let is_own = proposal.proposer == who;
    let is_ours = matches!(proposal.act, Act::DestroyRoot | Act::AnnouncePolicy | Act::EraseTenant);
    match proposal.standing {
        Standing::Waiting if !is_own && has_duty(desk, proposal.act) => {
            button(proposal, "confirmation", "proposal-confirm", ConsoleWeight::Main)
        }
        Standing::Confirmed if is_own && is_ours => button(proposal, "deed", "proposal-do", ConsoleWeight::Danger),
        _ => ConsoleCell::Nothing,
    }
}

fn no_to(desk: &Desk<'_>, proposal: &Proposal, who: Operator) -> ConsoleCell {
    if proposal.proposer == who {
        return button(proposal, "refusal", "proposal-take-back", ConsoleWeight::Plain);
    }
    if has_duty(desk, proposal.act) {
        return button(proposal, "refusal", "proposal-refuse", ConsoleWeight::Plain);
    }
    ConsoleCell::Nothing
}

fn button(proposal: &Proposal, what: &str, says: &'static str, weight: ConsoleWeight) -> ConsoleCell {
    let action = format!("/proposals/{}/{what}", proposal.id);
    ConsoleCell::Form(ConsoleForm { title: None, action, fields: Vec::new(), button: says, weight })
}

/// Whether it is the duty of whoever looks. What the ledger says counts; this only spares buttons that it would refuse.
fn has_duty(desk: &Desk<'_>, act: Act) -> bool {
    desk.console.who.as_ref().is_some_and(|who| act.is_duty_of(who.role))
}

/// What is announced, where that is proposed.
fn announcing(incidents: &Incidents, proposal: &Proposal) -> Result<Option<Announce>, Problem> {
    if proposal.act == Act::AnnouncePolicy { deed_of(incidents, proposal).map(Some) } else { Ok(None) }
}

/// The deed as it was written out. Whatever cannot be read is confirmed and done by nobody.
fn deed_of<D: serde::de::DeserializeOwned>(incidents: &Incidents, proposal: &Proposal) -> Result<D, Problem> {
    serde_json::from_value(proposal.deed.clone()).map_err(|_| failure::of_store(incidents, StoreError::Unreadable))
}

async fn list(
    access: Authorized<SeeConsole>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(&request, &services, Some(&access));
    show(&services, &page(&desk, access.operator())?, &desk.chrome)
}

async fn confirm(
    access: Authorized<DecideProposals>,
    request: HttpRequest,
    services: Data<Services>,
    id: Path<ProposalId>,
) -> Result<HttpResponse, Problem> {
    let ledger = Ledger::of(services.kernel.keyring());
    let confirmed = async {
        let failed = |error| of_proposals(&services.incidents, error);
        let proposal = ledger.proposal(*id).map_err(failed)?;
        if let Some(deed) = announcing(&services.incidents, &proposal)? {
            // Nobody confirms other words than stand there to be read.
            let drafted = services.policies.demand_drafted(&deed).await;
            drafted.map_err(|error| of_life(&services.incidents, error))?;
        }
        ledger.confirm(&access.witness(), *id).await.map_err(failed)
    };
    let confirmed = confirmed.await;
    after(&Desk::new(&request, &services, Some(&access)), access.operator(), confirmed)
}

async fn refuse(
    access: Authorized<DecideProposals>,
    request: HttpRequest,
    services: Data<Services>,
    id: Path<ProposalId>,
) -> Result<HttpResponse, Problem> {
    let refused = Ledger::of(services.kernel.keyring()).refuse(access.operator(), *id).await;
    let refused = refused.map_err(|error| of_proposals(&services.incidents, error));
    after(&Desk::new(&request, &services, Some(&access)), access.operator(), refused)
}

/// Does what was confirmed, for whoever proposed it here.
async fn carry_out(
    access: Authorized<DecideProposals>,
    request: HttpRequest,
    services: Data<Services>,
    id: Path<ProposalId>,
) -> Result<HttpResponse, Problem> {
    let who = access.operator();
    let done = async {
        let proposal = Ledger::of(services.kernel.keyring()).proposal(*id);
        let proposal = proposal.map_err(|error| of_proposals(&services.incidents, error))?;
        if proposal.proposer != who || proposal.standing != Standing::Confirmed {
            return Err(of_proposals(&services.incidents, ProposalError::Decided));
        }
        let incidents = &services.incidents;
        match proposal.act {
            Act::AnnouncePolicy => {
                let Announce { which, plan, .. } = deed_of(incidents, &proposal)?;
                announced(&services, which.document, plan, who).await
            }
            Act::DestroyRoot => destroyed(&services, deed_of(incidents, &proposal)?, who).await,
            Act::EraseTenant => {
                let EraseTenant { tenant } = deed_of(incidents, &proposal)?;
                tenants::erased(&services, tenant, who).await
            }
            _ => Err(invalid(vec![Fault::new("/proposal", "proposal_by_command", "It is done by command.")])),
        }
    };
    let done = done.await.map(drop);
    after(&Desk::new(&request, &services, Some(&access)), who, done)
}

/// Back to the proposals; or there, with what was wrong.
fn after(desk: &Desk<'_>, who: Operator, done: Result<(), Problem>) -> Result<HttpResponse, Problem> {
    match done {
        Ok(()) => Ok(desk.done("/proposals")),
        Err(problem) => desk.refuse(page(desk, who)?, &problem),
    }
}

/// A cell of the table of root versions: a form for whoever may destroy this one, where nothing needs it.
pub(super) fn root_cell(desk: &Desk<'_>, version: i64, is_idle: bool) -> ConsoleCell {
    if !is_idle || !has_duty(desk, Act::DestroyRoot) {
        return ConsoleCell::Nothing;
    }
    ConsoleCell::Form(ConsoleForm {
        title: None,
        action: format!("/keys/roots/{version}/destruction"),
        fields: Vec::new(),
        button: "destroy-root",
        weight: ConsoleWeight::Danger,
    })
}

async fn destroy_root(
    access: Authorized<TurnKeys>,
    request: HttpRequest,
    services: Data<Services>,
    version: Path<String>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(&request, &services, Some(&access));
    let version = version.parse().map_err(|_| Problem::NotFound)?;
    match destroyed(&services, DestroyRoot { version }, access.operator()).await {
        Ok(asked) => Ok(onward(&desk, &asked, "/keys")),
        Err(problem) => desk.refuse(keys::page(&desk, Typed::default())?, &problem),
    }
}

/// Destroys it, or proposes that; on a thread that may wait for who keeps it.
async fn destroyed(services: &Services, deed: DestroyRoot, who: Operator) -> Result<Asked<()>, Problem> {
    let (keyring, rule) = (services.kernel.keyring().clone(), services.settings.operators.two_person);
    let destroy = move || -> Result<Result<Asked<()>, KeyringError>, ProposalError> {
        if let Err(error) = keyring.demand_idle_root(deed.version) {
            return Ok(Err(error));
        }
        let run = |act: &_| keyring.destroy_root(act);
        Ok(match Ledger::of(&keyring).operate_by_two_blocking(who, rule, deed, run)? {
            Asked::Done(done) => done.map(Asked::Done),
            Asked::Proposed(id) => Ok(Asked::Proposed(id)),
        })
    };
    let asked = actix_web::web::block(destroy).await.unwrap_or(Err(StoreError::Unavailable.into()));
    asked.map_err(|error| of_proposals(&services.incidents, error))?.map_err(|error| match error {
        KeyringError::NoRoot(_) => Problem::NotFound,
        KeyringError::RootCurrent(_) | KeyringError::RootInUse(..) => {
            invalid(vec![Fault::new("/version", "root_in_use", "Something needs this root version.")])
        }
        error => failure::of_keyring(&services.incidents, &error),
    })
}

/// That nothing is stated for readers whose language has no text.
const NO_FALLBACK: &str = "no_fallback";

/// The form that announces a document's draft, for whoever may. Where a text is missing, it asks for the language of whoever
/// reads that one.
pub(super) fn announce_form(desk: &Desk<'_>, draft: &Preview, earliest: Time) -> Option<ConsolePart> {
    let mut fields = vec![
        ConsoleField::Line { name: "effective_at", value: Shown::from(earliest.rfc3339()), autocomplete: "off" },
        ConsoleField::Choice { name: "weight", words: vec!["material", "correction"], chosen: "material" },
    ];
    if !draft.missing().is_empty() {
        let words = [NO_FALLBACK].into_iter().chain(draft.texts.iter().map(|text| text.language.tag())).collect();
        fields.push(ConsoleField::Choice { name: "fallback", words, chosen: NO_FALLBACK });
    }
    has_duty(desk, Act::AnnouncePolicy).then(|| {
        ConsolePart::Form(ConsoleForm {
            title: Some("announce"),
            action: format!("/policies/{}/announcement", draft.which.document.name()),
            fields,
            button: "announce",
            weight: ConsoleWeight::Main,
        })
    })
}

async fn announce(
    access: Authorized<PublishDocuments>,
    request: HttpRequest,
    services: Data<Services>,
    name: Path<String>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let document = policies::document(&name)?;
    let desk = Desk::new(&request, &services, Some(&access));
    let fault = |pointer, code| invalid(vec![Fault::new(pointer, code, "See the form.")]);
    let asked = async {
        let effective_at = Time::parse(form.raw("effective_at").trim());
        let effective_at = effective_at.ok_or_else(|| fault("/effective_at", "not_a_time"))?;
        let weight = match form.raw("weight") {
            "material" => Weight::Material,
            "correction" => Weight::Correction,
            _ => return Err(fault("/weight", "unknown_choice")),
        };
        let fallback = match form.raw("fallback") {
            "" | NO_FALLBACK => None,
            tag => Some(policies::language(tag).ok_or_else(|| fault("/fallback", "unknown_choice"))?),
        };
        announced(&services, document, Plan { effective_at, weight, fallback }, access.operator()).await
    };
    match asked.await {
        Ok(asked) => Ok(onward(&desk, &asked, "/policies")),
        Err(problem) => desk.refuse(policies::page(&desk).await?, &problem),
    }
}

async fn announced(services: &Services, document: Document, plan: Plan, who: Operator) -> Result<Asked<()>, Problem> {
    let asked = services.policies.announce(document, plan, who).await;
    Ok(match asked.map_err(|error| of_life(&services.incidents, error))? {
        Asked::Done(_) => Asked::Done(()),
        Asked::Proposed(id) => Asked::Proposed(id),
    })
}

/// To what was done, or to the proposals.
pub(super) fn onward(desk: &Desk<'_>, asked: &Asked<()>, page: &str) -> HttpResponse {
    match asked {
        Asked::Done(()) => desk.done(page),
        Asked::Proposed(_) => go_to(&format!("{}/proposals?news=console_proposed", desk.console.path)),
    }
}

/// Why something about a proposal was not done, as the client sees it.
pub(super) fn of_proposals(incidents: &Incidents, error: ProposalError) -> Problem {
    let proposal = |code| invalid(vec![Fault::new("/proposal", code, "See the proposal's state.")]);
    match error {
        ProposalError::Unknown => Problem::NotFound,
        ProposalError::NotTheirs => Problem::Forbidden { needs: "permission" },
        ProposalError::Decided => proposal("proposal_decided"),
        ProposalError::Expired => proposal("proposal_expired"),
        ProposalError::Own => proposal("proposal_own"),
        ProposalError::Void => proposal("proposal_void"),
        ProposalError::Refused | ProposalError::TooMany => Problem::SignInRefused,
        ProposalError::Store(error) => failure::of_store(incidents, error),
    }
}
