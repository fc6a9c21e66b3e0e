//! Problem documents (RFC 9457): one closed catalogue of everything that can be wrong with a request.
//!
//! Start at [`Problem`]. Titles and details are fixed texts; what differs from case to case is in typed members that
//! hold no secret, no value of the vault and no SQL. [`Problem::CATALOGUE`] is served at `/problems/{code}` and goes into
//! the OpenAPI document. [`json_error`], [`query_error`] and [`path_error`] turn actix's own errors into problems, and
//! [`everywhere`] whatever else would leave without one.

mod others;

use std::borrow::Cow;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde::Serialize;

pub use self::others::{everywhere, json_error, nothing_here, of_json, path_error, query_error};
use crate::kernel::ids::IncidentId;
use crate::kernel::log::{Incidents, SafeToLog};

/// A refusal or failure as the client sees it.
///
/// Each variant has its entry in the catalogue; members beside the common ones are the variant's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The bytes are not JSON.
    MalformedJson,
    /// The request is malformed in another way: its query, its length, its encoding.
    MalformedRequest,
    /// `?after=` is no cursor of this list.
    BadCursor,
    /// The account belongs to several tenants and none was named.
    TenantRequired,
    /// Nobody is signed in.
    NotSignedIn,
    /// The identifier or the password is wrong; which of them is not told.
    SignInRefused,
    /// A sign-in at an identity provider belongs to nothing that was begun here, or is not believed.
    ProviderRefused,
    /// A sign-in at an identity provider proves too little.
    ProofInsufficient,
    /// No account is linked to who signed in at an identity provider.
    NotLinked,
    /// Who signed in at an identity provider is linked to another account.
    LinkedElsewhere,
    /// A provider's word that somebody signed out is not believed.
    LogoutRefused,
    /// An identity provider cannot be reached at the moment.
    ProviderUnavailable,
    /// The role or the token's scope does not reach.
    Forbidden {
        /// What it would take: a scope or a permission.
        needs: &'static str,
    },
    /// The account may not be used from this address.
    AddressNotAllowed,
    /// An unsafe request from another origin.
    CrossOrigin,
    /// The session must be raised first.
    ConfirmationRequired {
        /// The assurance that would do: `confirmed`, `strong` or `fresh`.
        assurance: &'static str,
        /// The methods that would do.
        methods: Vec<&'static str>,
    },
    /// Something must be shown beside the mailed code.
    SecondRequired {
        /// The methods that would do.
        methods: Vec<&'static str>,
    },
    /// A policy in force has not been acknowledged.
    PolicyUnacknowledged {
        /// Which.
        documents: Vec<DocumentVersion>,
    },
    /// The tenant is about to leave: it reads and exports.
    TenantLeaving,
    /// No such thing, or another tenant's.
    NotFound,
    /// The resource does not know the method.
    MethodNotAllowed {
        /// Those that it knows.
        allowed: Vec<Method>,
    },
    /// No representation that the client accepts.
    NotAcceptable,
    /// The request took too long to arrive.
    RequestTimeout,
    /// Something unique is there already.
    AlreadyExists {
        /// The field, as a JSON pointer; never its value.
        pointer: Option<String>,
    },
    /// There are as many files, or as much in them, as there may be.
    StorageFull,
    /// It still holds what would be lost with it.
    NotEmpty,
    /// The operation with this idempotency key was done, and its answer held a secret.
    AlreadyDone {
        /// The id of what it made.
        id: Option<String>,
    },
    /// A tenant always has an owner.
    LastOwner,
    /// Another session has not yet approved this one.
    NotYetApproved {
        /// When to ask again.
        retry_after: Duration,
    },
    /// The change would shut out its own author.
    WouldLockOut,
    /// `If-Match` is stale or unknown.
    VersionConflict,
    /// The body is over its limit.
    PayloadTooLarge,
    /// The body's type is none that is understood here.
    UnsupportedMediaType,
    /// The range lies outside the file.
    RangeNotSatisfiable,
    /// The request came for a host that this service is not.
    Misdirected,
    /// Fields are wrong.
    Invalid(Vec<FieldProblem>),
    /// The idempotency key was used with another body.
    IdempotencyMismatch,
    /// Documents in force are not acknowledged in the sign-up.
    AcknowledgementRequired {
        /// Which.
        documents: Vec<DocumentVersion>,
    },
    /// The code is wrong, used or too old; which is not told.
    CodeRefused,
    /// An owner has sealed the vault.
    Sealed,
    /// `If-Match` is missing.
    PreconditionRequired,
    /// A limit is reached.
    TooManyRequests(Exhausted),
    /// What the token, or its account, may do in a day is done (K-9).
    LimitReached(Exhausted),
    /// Something went wrong that nobody expected; the log knows more under the same id.
    Internal(IncidentId),
    /// As many callers wait as may wait.
    Busy {
        /// When to come back.
        retry_after: Duration,
    },
    /// Who keeps the root key does not open this owner's key at the moment; nothing was changed.
    KeysUnavailable {
        /// When to come back.
        retry_after: Duration,
    },
    /// A part that is needed cannot be reached at the moment; nothing was changed.
    Unavailable {
        /// When to come back.
        retry_after: Duration,
    },
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// Where it is in the body (RFC 6901), or the name of a parameter of the query behind `/`; empty for the body as a
    /// whole.
    pub pointer: String,
    /// A stable word for programs and for translation.
    pub code: &'static str,
    /// The rule, in English; never the value.
    pub detail: Cow<'static, str>,
}

impl FieldProblem {
    /// What is wrong at `pointer`, with the rule that it breaks.
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { pointer: pointer.into(), code, detail: detail.into() }
    }
}

/// A version of a legal document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DocumentVersion {
    /// Its name, as in its address.
    pub document: &'static str,
    /// Counted from 1.
    pub version: u32,
}

/// A limit that is used up, as the `RateLimit` fields tell it (draft-ietf-httpapi-ratelimit-headers).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exhausted {
    /// The limit's name: lower-case letters and hyphens.
    pub policy: &'static str,
    /// How many go free within the window.
    pub quota: u32,
    /// The window.
    pub window: Duration,
    /// When the next one goes free.
    pub retry_after: Duration,
}

/// An entry of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptor {
    /// The stable code; also the last part of the problem's address.
    pub code: &'static str,
    /// The HTTP status.
    pub status: StatusCode,
    /// The same in every case.
    pub title: &'static str,
    /// What it means and what to do, the same in every case.
    pub detail: &'static str,
    /// The names of members beside the common ones.
    pub members: &'static [&'static str],
}

impl Descriptor {
    /// The problem's address: the `type` of its documents.
    #[must_use]
    pub fn address(&self) -> String {
        format!("/problems/{}", self.code)
    }
}

/// Names the entries, and lists them.
macro_rules! catalogue {
    ($($name:ident = $code:literal $status:ident [$($member:literal),*] $title:literal: $detail:literal;)+) => {
        $(const $name: Descriptor = Descriptor {
            code: $code, status: StatusCode::$status, title: $title, detail: $detail, members: &[$($member),*],
        };)+
        const ALL: &[Descriptor] = &[$($name),+];
    };
}

catalogue! {
    MALFORMED_JSON = "malformed_json" BAD_REQUEST [] "Not JSON": "The body is not JSON in UTF-8, or is nested too deeply.";
    MALFORMED_REQUEST = "malformed_request" BAD_REQUEST [] "Malformed request": "The query, a header or the length of the request is malformed.";
    LOGOUT_REFUSED = "logout_refused" BAD_REQUEST [] "Not a sign-out": "The logout token is not the provider's, not for this service, too old, or was sent before.";
    BAD_CURSOR = "bad_cursor" BAD_REQUEST [] "Not a cursor of this list": "Leave `after` out to start from the beginning, or send a `next` as it was given.";
    TENANT_REQUIRED = "tenant_required" BAD_REQUEST [] "Name the tenant": "The account belongs to several tenants: name one in the header Seif-Tenant.";
    NOT_SIGNED_IN = "not_signed_in" UNAUTHORIZED [] "Not signed in": "Sign in, or send a valid token.";
    SIGN_IN_REFUSED = "sign_in_refused" UNAUTHORIZED [] "Sign-in refused": "The identifier or the password is wrong.";
    PROVIDER_REFUSED = "provider_refused" FORBIDDEN [] "The sign-in elsewhere does not count": "It was broken off, took too long, was used before or begun in another browser, or its provider is not believed. Begin it again.";
    PROOF_INSUFFICIENT = "proof_insufficient" FORBIDDEN [] "The sign-in elsewhere proves too little": "The provider let the person in, but in no way that counts here.";
    NOT_LINKED = "not_linked" FORBIDDEN [] "No account is linked": "No account here is linked to who signed in at the provider.";
    FORBIDDEN = "forbidden" FORBIDDEN ["needs"] "Not allowed": "The role or the token's scope does not reach; `needs` says what would.";
    ADDRESS_NOT_ALLOWED = "address_not_allowed" FORBIDDEN [] "Not from this address": "The account has a list of addresses from which it may be used, and this is none of them.";
    CROSS_ORIGIN = "cross_origin" FORBIDDEN [] "From another origin": "Requests that change something must come from the service's own pages, or carry no cookie.";
    CONFIRMATION_REQUIRED = "confirmation_required" FORBIDDEN ["assurance", "methods"] "Confirmation required": "Confirm the session by one of `methods` first.";
    SECOND_REQUIRED = "second_required" FORBIDDEN ["methods"] "Something besides is required": "The mailed code fits; show one of `methods` besides, as `second`.";
    POLICY_UNACKNOWLEDGED = "policy_unacknowledged" FORBIDDEN ["documents"] "Policy not acknowledged": "Acknowledge the `documents` in force first; reading goes on.";
    TENANT_LEAVING = "tenant_leaving" FORBIDDEN [] "Leaving": "An owner has asked to leave: reading and exporting go on, changes do not, until the wish is taken back.";
    NOT_FOUND = "not_found" NOT_FOUND [] "Not found": "There is nothing here for you.";
    METHOD_NOT_ALLOWED = "method_not_allowed" METHOD_NOT_ALLOWED [] "Method not allowed": "The header Allow names the methods that this address knows.";
    NOT_ACCEPTABLE = "not_acceptable" NOT_ACCEPTABLE [] "Not acceptable": "None of the accepted types is served here.";
    REQUEST_TIMEOUT = "request_timeout" REQUEST_TIMEOUT [] "Request timeout": "The request took too long to arrive; nothing was changed.";
    ALREADY_EXISTS = "already_exists" CONFLICT ["errors"] "Already exists": "Something that must be unique is there already.";
    LINKED_ELSEWHERE = "linked_elsewhere" CONFLICT [] "Linked to another account": "Who signed in at the provider is linked to another account already.";
    NOT_EMPTY = "not_empty" CONFLICT [] "Not empty": "It still has records: take them to the trash first.";
    STORAGE_FULL = "storage_full" CONFLICT [] "No room": "There are as many files, or as much in them, as a business may keep: delete some first.";
    ALREADY_DONE = "already_done" CONFLICT ["id"] "Already done": "The operation of this Idempotency-Key was done; its answer held a secret and is not repeated.";
    LAST_OWNER = "last_owner" CONFLICT [] "The last owner": "A tenant always has an owner: make somebody else one first.";
    NOT_YET_APPROVED = "not_yet_approved" CONFLICT [] "Not yet approved": "Pick the control code on the other device; come back after Retry-After.";
    WOULD_LOCK_OUT = "would_lock_out" CONFLICT [] "Would lock you out": "The change would keep you out yourself; send `confirm_lockout` if that is meant.";
    VERSION_CONFLICT = "version_conflict" PRECONDITION_FAILED [] "Changed meanwhile": "If-Match names another version than the present one; read it again.";
    PAYLOAD_TOO_LARGE = "payload_too_large" PAYLOAD_TOO_LARGE [] "Too large": "The body is over the limit of this address.";
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE [] "Unsupported type": "Send the body as a type that this address takes, with its Content-Type.";
    RANGE_NOT_SATISFIABLE = "range_not_satisfiable" RANGE_NOT_SATISFIABLE [] "Range not satisfiable": "The range lies outside the file.";
    MISDIRECTED = "misdirected" MISDIRECTED_REQUEST [] "Not this service": "This service does not answer for that host name; use its genuine address.";
    INVALID = "invalid" UNPROCESSABLE_ENTITY ["errors"] "Invalid": "`errors` names each field and the rule that it breaks.";
    IDEMPOTENCY_MISMATCH = "idempotency_mismatch" UNPROCESSABLE_ENTITY [] "Another body": "This Idempotency-Key was used with another body; take a new key.";
    ACKNOWLEDGEMENT_REQUIRED = "acknowledgement_required" UNPROCESSABLE_ENTITY ["documents"] "Acknowledgement required": "Acknowledge each of `documents`.";
    CODE_REFUSED = "code_refused" UNPROCESSABLE_ENTITY [] "Code refused": "The code is wrong, used or too old.";
    SEALED = "sealed" LOCKED [] "Sealed": "An owner has sealed the vault: nobody can read or change it until an owner unseals it.";
    PRECONDITION_REQUIRED = "precondition_required" PRECONDITION_REQUIRED [] "If-Match required": "Send the ETag of the version that is to be changed as If-Match.";
    TOO_MANY_REQUESTS = "too_many_requests" TOO_MANY_REQUESTS [] "Too many requests": "A limit is reached; come back after Retry-After.";
    LIMIT_REACHED = "limit_reached" TOO_MANY_REQUESTS [] "Limit of the day reached": "The limit that RateLimit-Policy names is reached; the next day begins after Retry-After, at midnight UTC.";
    INTERNAL = "internal" INTERNAL_SERVER_ERROR ["incident"] "Internal error": "Something went wrong on our side; `incident` identifies it to support.";
    BUSY = "busy" SERVICE_UNAVAILABLE [] "Busy": "As many callers wait as may wait; come back after Retry-After.";
    PROVIDER_UNAVAILABLE = "provider_unavailable" SERVICE_UNAVAILABLE [] "The provider is away": "The identity provider does not answer at the moment; nothing was changed. Come back after Retry-After, or take another method.";
    KEYS_UNAVAILABLE = "keys_unavailable" SERVICE_UNAVAILABLE [] "Keys unavailable": "Who keeps the root key does not answer, so this data cannot be opened at the moment; it is safe, and nothing was changed. Come back after Retry-After.";
    UNAVAILABLE = "unavailable" SERVICE_UNAVAILABLE [] "Unavailable": "A part of the service cannot be reached at the moment; nothing was changed. Come back after Retry-After.";
}

impl Problem {
    /// Every problem that there is.
    pub const CATALOGUE: &'static [Descriptor] = ALL;

    /// The entry with this code.
    #[must_use]
    pub fn by_code(code: &str) -> Option<&'static Descriptor> {
        Self::CATALOGUE.iter().find(|descriptor| descriptor.code == code)
    }

    /// One field is wrong.
    pub fn invalid_field(pointer: impl Into<String>, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid(vec![FieldProblem::new(pointer, code, detail)])
    }

    /// Nobody expected `error`: it is logged once, and the client gets the incident's id alone.
    pub fn unexpected<E: SafeToLog>(incidents: &Incidents, error: &E) -> Self {
        Self::Internal(incidents.report(error))
    }

    /// Its entry in the catalogue.
    #[must_use]
    pub const fn descriptor(&self) -> &'static Descriptor {
        match self {
            Self::MalformedJson => &MALFORMED_JSON,
            Self::MalformedRequest => &MALFORMED_REQUEST,
            Self::BadCursor => &BAD_CURSOR,
            Self::TenantRequired => &TENANT_REQUIRED,
            Self::NotSignedIn => &NOT_SIGNED_IN,
            Self::SignInRefused => &SIGN_IN_REFUSED,
            Self::ProviderRefused => &PROVIDER_REFUSED,
            Self::ProofInsufficient => &PROOF_INSUFFICIENT,
            Self::NotLinked => &NOT_LINKED,
            Self::LinkedElsewhere => &LINKED_ELSEWHERE,
            Self::LogoutRefused => &LOGOUT_REFUSED,
            Self::ProviderUnavailable => &PROVIDER_UNAVAILABLE,
            Self::Forbidden { .. } => &FORBIDDEN,
            Self::AddressNotAllowed => &ADDRESS_NOT_ALLOWED,
            Self::CrossOrigin => &CROSS_ORIGIN,
            Self::ConfirmationRequired { .. } => &CONFIRMATION_REQUIRED,
            Self::SecondRequired { .. } => &SECOND_REQUIRED,
            Self::PolicyUnacknowledged { .. } => &POLICY_UNACKNOWLEDGED,
            Self::TenantLeaving => &TENANT_LEAVING,
            Self::NotFound => &NOT_FOUND,
            Self::MethodNotAllowed { .. } => &METHOD_NOT_ALLOWED,
            Self::NotAcceptable => &NOT_ACCEPTABLE,
            Self::RequestTimeout => &REQUEST_TIMEOUT,
            Self::AlreadyExists { .. } => &ALREADY_EXISTS,
            Self::StorageFull => &STORAGE_FULL,
            Self::NotEmpty => &NOT_EMPTY,
            Self::AlreadyDone { .. } => &ALREADY_DONE,
            Self::LastOwner => &LAST_OWNER,
            Self::NotYetApproved { .. } => &NOT_YET_APPROVED,
            Self::WouldLockOut => &WOULD_LOCK_OUT,
            Self::VersionConflict => &VERSION_CONFLICT,
            Self::PayloadTooLarge => &PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => &UNSUPPORTED_MEDIA_TYPE,
            Self::RangeNotSatisfiable => &RANGE_NOT_SATISFIABLE,
            Self::Misdirected => &MISDIRECTED,
            Self::Invalid(_) => &INVALID,
            Self::IdempotencyMismatch => &IDEMPOTENCY_MISMATCH,
            Self::AcknowledgementRequired { .. } => &ACKNOWLEDGEMENT_REQUIRED,
            Self::CodeRefused => &CODE_REFUSED,
            Self::Sealed => &SEALED,
            Self::PreconditionRequired => &PRECONDITION_REQUIRED,
            Self::TooManyRequests(_) => &TOO_MANY_REQUESTS,
            Self::LimitReached(_) => &LIMIT_REACHED,
            Self::Internal(_) => &INTERNAL,
            Self::Busy { .. } => &BUSY,
            Self::KeysUnavailable { .. } => &KEYS_UNAVAILABLE,
            Self::Unavailable { .. } => &UNAVAILABLE,
        }
    }

    /// The document that the client reads.
    #[must_use]
    pub fn document(&self) -> Document {
        let Descriptor { code, status, title, detail, .. } = *self.descriptor();
        let mut document = Document {
            address: self.descriptor().address(),
            title,
            status: status.as_u16(),
            detail,
            code,
            ..Document::default()
        };
        match self {
            Self::Forbidden { needs } => document.needs = Some(needs),
            Self::ConfirmationRequired { assurance, methods } => {
                document.assurance = Some(assurance);
                document.methods = Some(methods.clone());
            }
            Self::SecondRequired { methods } => document.methods = Some(methods.clone()),
            Self::PolicyUnacknowledged { documents } | Self::AcknowledgementRequired { documents } => {
                document.documents = Some(documents.clone());
            }
            Self::AlreadyExists { pointer: Some(pointer) } => {
                let error = FieldProblem::new(pointer, code, "must be unique, and is there already");
                document.errors = Some(vec![error]);
            }
            Self::AlreadyDone { id } => document.id.clone_from(id),
            Self::Invalid(errors) => document.errors = Some(errors.clone()),
            Self::Internal(incident) => document.incident = Some(*incident),
            _ => {}
        }
        document
    }

    /// Sets the header fields that go with it; those of the body are not among them.
    pub fn add_headers(&self, headers: &mut HeaderMap) {
        match self {
            Self::TooManyRequests(exhausted) | Self::LimitReached(exhausted) => exhausted.add_headers(headers),
            Self::Busy { retry_after }
            | Self::KeysUnavailable { retry_after }
            | Self::Unavailable { retry_after }
            | Self::NotYetApproved { retry_after } => {
                headers.insert(header::RETRY_AFTER, seconds(*retry_after).into());
            }
            // As long as a provider that was away is left alone.
            Self::ProviderUnavailable => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            }
            Self::MethodNotAllowed { allowed } => {
                let list = allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
                if let Ok(list) = HeaderValue::from_str(&list) {
                    headers.insert(header::ALLOW, list);
                }
            }
            // RFC 9110 §15.5.2 wants a challenge; a sign-in by password has no scheme that a browser should pop up for.
            Self::NotSignedIn => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
    }
}

impl Exhausted {
    fn add_headers(&self, headers: &mut HeaderMap) {
        let retry = seconds(self.retry_after);
        headers.insert(header::RETRY_AFTER, retry.into());
        let fields = [
            ("ratelimit-policy", format!("\"{}\";q={};w={}", self.policy, self.quota, seconds(self.window))),
            ("ratelimit", format!("\"{}\";r=0;t={retry}", self.policy)),
        ];
        for (name, value) in fields {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

/// Whole seconds, rounded up, at least one.
fn seconds(duration: Duration) -> u64 {
    duration.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX).max(1)
}

/// A problem as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Document {
    #[serde(rename = "type")]
    address: String,
    title: &'static str,
    status: u16,
    detail: &'static str,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<FieldProblem>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    needs: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assurance: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    methods: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    documents: Option<Vec<DocumentVersion>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incident: Option<IncidentId>,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.descriptor().code)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.descriptor().status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code()).json(self.document());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
        self.add_headers(headers);
        response
    }
}

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

impl actix_web::Responder for Problem {
    type Body = BoxBody;
    fn respond_to(self, _request: &HttpRequest) -> HttpResponse {
        HttpResponse::from_error(self)
    }
}

#[cfg(test)]
mod tests;
