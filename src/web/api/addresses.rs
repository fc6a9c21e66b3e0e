//! From where an account may be used: seen and changed by its owner.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::accounts::addresses::{AddressesError, Advice, Lockout};
use crate::kernel::access::{AccountAccess, AddressList, Authorized, ProtectAccount, SignedIn};
use crate::kernel::log::Incidents;
use crate::kernel::personal::Personal;
use crate::kernel::values::IpRange;
use crate::web::api::accounts::{invalid, of_failure};
use crate::web::api::body::Body;
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, put};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![get("/api/v1/account/ip-allowlist", addresses), put("/api/v1/account/ip-allowlist", restrict)]
}

#[derive(OpenApi)]
#[openapi(paths(addresses, restrict))]
struct Part;

pub(super) fn document() -> utoipa::openapi::OpenApi {
    Part::openapi()
}

/// From where the account is to be used alone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AddressesBody {
    /// IPv4 and IPv6 addresses and blocks in CIDR notation, at most 50; none: from anywhere.
    #[schema(value_type = Vec<String>, example = json!(["203.0.113.7", "2001:db8::/48"]), max_items = 50)]
    ranges: Vec<Personal<String>>,
    /// Whether a list that refuses the caller's own address is meant.
    confirm_lockout: Option<bool>,
}

/// From where the account may be used.
#[derive(Serialize, ToSchema)]
struct AddressesAnswer {
    /// In one form; none: from anywhere.
    #[schema(example = json!(["203.0.113.7", "2001:db8::/48"]))]
    ranges: Vec<String>,
    /// `add_another`: with one range alone, a line that is down shuts its owner out.
    #[schema(value_type = Option<String>, example = "add_another")]
    advice: Option<&'static str>,
    /// The address that this request came from.
    #[schema(example = "203.0.113.7")]
    your_address: String,
}

impl AddressesAnswer {
    fn of(access: &AccountAccess, list: &AddressList) -> Self {
        Self {
            ranges: list.ranges().iter().map(IpRange::to_stored).collect(),
            advice: match Advice::on(list) {
                Advice::AddAnother => Some("add_another"),
                Advice::Nothing => None,
            },
            your_address: access.origin.address.reveal().to_string(),
        }
    }
}

/// The addresses from which the account may be used.
#[utoipa::path(get, path = "/api/v1/account/ip-allowlist", tag = "account", security(("session" = [])), responses(
    (status = 200, description = "The list", body = AddressesAnswer),
))]
async fn addresses(access: Authorized<SignedIn>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let list = services.accounts.addresses(&access).await;
    let list = list.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(AddressesAnswer::of(&access, &list)))
}

/// Lets the account be used from these addresses alone. It counts from the next request of any session or token on: one
/// from elsewhere is 403 `address_not_allowed`, and a sign-in from elsewhere 401 `sign_in_refused` like one with a wrong
/// password.
#[utoipa::path(put, path = "/api/v1/account/ip-allowlist", tag = "account", request_body = AddressesBody,
    security(("session" = [])),
    responses(
        (status = 200, description = "The list", body = AddressesAnswer),
        (status = 409, description = "`would_lock_out`: the list refuses the caller's own address, and `confirm_lockout` is not sent"),
        (status = 422, description = "There is no such address, an address has bits beyond its prefix, or there are too many"),
    ))]
async fn restrict(
    access: Authorized<ProtectAccount>,
    services: Data<Services>,
    body: Body<AddressesBody>,
) -> Result<HttpResponse, Problem> {
    let AddressesBody { ranges, confirm_lockout } = body.read().await?;
    let lockout = if confirm_lockout == Some(true) { Lockout::Meant } else { Lockout::Unwanted };
    let list = services.accounts.restrict(&access, &ranges, lockout).await;
    let list = list.map_err(|error| refusal(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(AddressesAnswer::of(&access, &list)))
}

/// Why a list stays as it was, as the client sees it.
pub fn refusal(incidents: &Incidents, error: AddressesError) -> Problem {
    match error {
        AddressesError::Invalid(faults) => invalid(faults),
        AddressesError::WouldLockOut => Problem::WouldLockOut,
        AddressesError::Failed(error) => of_failure(incidents, error),
    }
}
