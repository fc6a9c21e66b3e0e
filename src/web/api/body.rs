//! JSON bodies, read after the caller was authorised: the order of checks is sign-in, assurance, permission, existence,
//! precondition, body.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::{Method, header};
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::kernel::values::Object;
use crate::web::problem::{Problem, of_json};
use crate::web::services::Services;

/// A JSON body that was not read yet.
pub struct Body<T> {
    request: HttpRequest,
    payload: Payload,
    kind: std::marker::PhantomData<fn() -> T>,
}

impl<T: 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Ok(Self { request: request.clone(), payload: payload.take(), kind: std::marker::PhantomData }))
    }
}

/// A body's bytes, overwritten when dropped: they may hold a password.
pub type Bytes = Zeroizing<Vec<u8>>;

impl<T: DeserializeOwned> Body<T> {
    /// Reads the body, of at most the configured length for JSON.
    ///
    /// # Errors
    /// 415, 413, 400 or 422, as the body deserves.
    pub async fn read(self) -> Result<T, Problem> {
        self.read_with_bytes().await.map(|(value, _)| value)
    }

    /// Reads the body and keeps its bytes, for the comparison of idempotent requests.
    ///
    /// # Errors
    /// As [`Body::read`].
    pub async fn read_with_bytes(self) -> Result<(T, Bytes), Problem> {
        let limit = self.settings_limit(|limits| limits.json_body.len());
        self.read_up_to(limit).await
    }

    /// As [`Body::read_with_bytes`], of at most the configured length of a batch.
    ///
    /// # Errors
    /// As [`Body::read`].
    pub async fn read_batch(self) -> Result<(T, Bytes), Problem> {
        let limit = self.settings_limit(|limits| limits.batch_body.len());
        self.read_up_to(limit).await
    }

    fn settings_limit(&self, limit: impl FnOnce(&crate::settings::sections::Limits) -> usize) -> usize {
        self.request.app_data::<web::Data<Services>>().map_or(0, |services| limit(&services.settings.limits))
    }

    async fn read_up_to(mut self, limit: usize) -> Result<(T, Bytes), Problem> {
        demand_json(&self.request)?;
        let bytes = collect(&self.request, &mut self.payload, limit).await?;
        let Object(value) = serde_json::from_slice(&bytes).map_err(|error| of_json(&error))?;
        Ok((value, bytes))
    }
}

/// What a `PATCH` may call its body as well (RFC 7396 §4).
const MERGE_PATCH: &str = "application/merge-patch+json";

fn demand_json(request: &HttpRequest) -> Result<(), Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (essence, parameters) = kind.split_once(';').unwrap_or((kind, ""));
    let parameters = parameters.trim();
    let utf8 = parameters.is_empty()
        || parameters.eq_ignore_ascii_case("charset=utf-8")
        || parameters.eq_ignore_ascii_case("charset=\"utf-8\"");
    let named = |name: &str| essence.trim().eq_ignore_ascii_case(name);
    let fits = named("application/json") || request.method() == Method::PATCH && named(MERGE_PATCH);
    if fits && utf8 { Ok(()) } else { Err(Problem::UnsupportedMediaType) }
}

/// Collects a body of at most `limit` bytes, within the configured time.
///
/// # Errors
/// 413 beyond the limit, 408 when it takes too long, 400 when it breaks off.
pub async fn collect(request: &HttpRequest, payload: &mut Payload, limit: usize) -> Result<Bytes, Problem> {
    let announced =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(Problem::PayloadTooLarge);
    }
    let within = request
        .app_data::<web::Data<Services>>()
        .map_or(std::time::Duration::ZERO, |s| s.settings.server.request_body.into());
    let mut bytes = Zeroizing::new(Vec::with_capacity(announced.unwrap_or(0)));
    let reading = async {
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| Problem::MalformedRequest)?;
            if bytes.len() + chunk.len() > limit {
                return Err(Problem::PayloadTooLarge);
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(())
    };
    tokio::time::timeout(within, reading).await.map_err(|_| Problem::RequestTimeout)??;
    Ok(bytes)
}
