//! From a request to the proof of who may do what: the first argument of every handler.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};

use crate::accounts::factors::that_would_do;
use crate::kernel::access::limits::{Reached, Use};
use crate::kernel::access::{
    AccountAccess, Authorized, Credentials, Denied, Effect, MemberAccess, Permission, TenantAccess, Wish, authorize,
};
use crate::kernel::crypto::token::{ApiToken, SessionToken};
use crate::kernel::ids::{AccountId, TenantId};
use crate::kernel::personal::Personal;
use crate::kernel::store::StoreError;
use crate::kernel::tenancy::{InTenant as _, Origin};
use crate::web::api::{failure, policies};
use crate::web::hosts::site_of;
use crate::web::problem::{Exhausted, Problem};
use crate::web::services::Services;
use crate::web::{access_log, client, cookies};

/// The header by which a session names a tenant.
pub const TENANT_HEADER: &str = "Seif-Tenant";

/// The most of a client's own description that is kept.
const DEVICE: usize = 200;

impl<P: Permission> FromRequest for Authorized<P> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let services = request.app_data::<web::Data<Services>>().ok_or(Problem::NotFound)?;
            let shown = credentials(&request)?;
            let allowed = authorize::<P>(&services.kernel, &services.sessions, &shown).await;
            let allowed = allowed.map_err(|denied| refusal(services, denied))?;
            if let Some(tenant) = tenant_of(&allowed) {
                access_log::note_tenant(&request, tenant);
            }
            if privacy_signal(&request) == PrivacySignal::Sent
                && let Some(account) = in_session(&allowed)
            {
                let withdrawn = services.policies.privacy_control(account).await;
                withdrawn.map_err(|error| policies::refusal(&services.incidents, error))?;
            }
            if P::RULE.effect == Effect::Changes
                && let Some(account) = in_session(&allowed)
            {
                demand_acknowledged(services, account).await?;
            }
            Ok(allowed)
        })
    }
}

fn tenant_of<P: Permission>(allowed: &Authorized<P>) -> Option<TenantId> {
    let holds: &dyn std::any::Any = &**allowed;
    let beside = || holds.downcast_ref::<MemberAccess>().map(|access| access.tenant);
    holds.downcast_ref::<TenantAccess>().map(|access| access.scope.tenant()).or_else(beside)
}

/// The account that acts in a session; nobody where a token does.
fn in_session<P: Permission>(allowed: &Authorized<P>) -> Option<AccountId> {
    let holds: &dyn std::any::Any = &**allowed;
    let of_tenant = || holds.downcast_ref::<TenantAccess>()?.session.as_ref();
    let of_account = || holds.downcast_ref::<AccountAccess>().map(|access| &access.session);
    of_tenant().or_else(of_account).map(|session| session.account)
}

/// Whether the browser asks that its person be not followed, and nothing be done that is not needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) enum PrivacySignal {
    /// It does (Global Privacy Control: `Sec-GPC: 1`).
    Sent,
    /// It does not.
    None,
}

/// Whether `request` carries Global Privacy Control.
pub(in crate::web) fn privacy_signal(request: &HttpRequest) -> PrivacySignal {
    match request.headers().get("sec-gpc") {
        Some(value) if value.as_bytes() == b"1" => PrivacySignal::Sent,
        _ => PrivacySignal::None,
    }
}

/// Refuses an account that has yet to acknowledge a document in force.
async fn demand_acknowledged(services: &Services, account: AccountId) -> Result<(), Problem> {
    let left = services.policies.unacknowledged(account).await;
    let left = left.map_err(|error| policies::refusal(&services.incidents, error))?;
    if left.is_empty() {
        return Ok(());
    }
    Err(Problem::PolicyUnacknowledged { documents: left.into_iter().map(Into::into).collect() })
}

/// What the request shows. A bearer token, right or wrong, sets the cookie aside.
fn credentials(request: &HttpRequest) -> Result<Credentials, Problem> {
    let origin = origin(request);
    let tenant = named_tenant(request)?;
    if let Some(value) = request.headers().get(header::AUTHORIZATION) {
        let token = value.to_str().ok().and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| ApiToken::parse(token.trim()))?
        });
        let bearer = Some(token.ok_or(Problem::NotSignedIn)?);
        return Ok(Credentials { session: None, bearer, tenant, origin });
    }
    let session = cookies::session_of(request).and_then(|value| SessionToken::parse(value.reveal()));
    Ok(Credentials { session, bearer: None, tenant, origin })
}

/// Where a request came from, for handlers that are open to all.
pub struct Caller(pub Origin);

impl FromRequest for Caller {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(Ok(Self(origin(request))))
    }
}

/// Where the request came from: the client's address, and the client's own words about itself, shortened.
#[must_use]
pub fn origin(request: &HttpRequest) -> Origin {
    let address = client::address(request);
    let device = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let device = device.chars().filter(|c| !c.is_control()).take(DEVICE).collect();
    Origin { address, device: Personal::new(device), site: site_of(request) }
}

/// The tenant in the path of a page, or in the header; one that is no id names nothing.
fn named_tenant(request: &HttpRequest) -> Result<Option<TenantId>, Problem> {
    let in_path = request.match_info().get("tenant_id");
    let in_header = || request.headers().get(TENANT_HEADER).map(|value| value.to_str().unwrap_or_default());
    in_path.or_else(in_header).map(|text| text.parse().map_err(|_| Problem::NotFound)).transpose()
}

/// A denial as the client sees it.
pub fn refusal(services: &Services, denied: Denied) -> Problem {
    match denied {
        Denied::NotSignedIn => Problem::NotSignedIn,
        Denied::ConfirmationRequired(wanted) => {
            let assurance = match wanted.wish {
                Wish::Confirmed => "confirmed",
                Wish::Fresh => "fresh",
                Wish::Strong => "strong",
            };
            Problem::ConfirmationRequired { assurance, methods: that_would_do(&wanted) }
        }
        Denied::Forbidden => Problem::Forbidden { needs: "permission" },
        Denied::Leaving => Problem::TenantLeaving,
        Denied::Sealed => Problem::Sealed,
        Denied::NotFound => Problem::NotFound,
        Denied::TenantRequired => Problem::TenantRequired,
        Denied::AddressNotAllowed => Problem::AddressNotAllowed,
        Denied::LimitReached(Reached { what, limit, retry_after }) => Problem::LimitReached(Exhausted {
            policy: match what {
                Use::Read => "records-read-per-day",
                Use::Delete => "records-deleted-per-day",
                Use::Export => "exports-per-day",
            },
            quota: limit,
            window: Duration::from_secs(24 * 60 * 60),
            retry_after,
        }),
        Denied::Store(error) => store(services, error),
    }
}

/// A failure of the store as the client sees it.
pub fn store(services: &Services, error: StoreError) -> Problem {
    failure::of_store(&services.incidents, error)
}
