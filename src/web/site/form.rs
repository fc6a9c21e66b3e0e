//! Forms as browsers send them: `application/x-www-form-urlencoded`, read after the caller was authorised.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};

use crate::kernel::personal::{Personal, Secret};
use crate::web::api::body::collect;
use crate::web::problem::Problem;

/// The longest form.
const LIMIT: usize = 512 * 1024;

/// A form that was not read yet.
pub(in crate::web) struct FormBody {
    request: HttpRequest,
    payload: Payload,
}

impl FromRequest for FormBody {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Ok(Self { request: request.clone(), payload: payload.take() }))
    }
}

impl FormBody {
    /// Reads the form.
    ///
    /// # Errors
    /// 415, 413 or 400, as it deserves.
    pub(in crate::web) async fn read(mut self) -> Result<FormFields, Problem> {
        let kind =
            self.request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
            return Err(Problem::UnsupportedMediaType);
        }
        let bytes = collect(&self.request, &mut self.payload, LIMIT).await?;
        let pairs = actix_web::web::Query::<Vec<(String, Secret<String>)>>::from_query(
            std::str::from_utf8(&bytes).map_err(|_| Problem::MalformedRequest)?,
        );
        Ok(FormFields(pairs.map_err(|_| Problem::MalformedRequest)?.into_inner()))
    }
}

/// The fields of a form in their order; overwritten when dropped, since some hold a password.
pub(in crate::web) struct FormFields(Vec<(String, Secret<String>)>);

impl FormFields {
    /// These fields.
    pub(in crate::web) const fn new(fields: Vec<(String, Secret<String>)>) -> Self {
        Self(fields)
    }

    /// The first value of `name`, trimmed; empty when there is none.
    pub(in crate::web) fn text(&self, name: &str) -> Personal<String> {
        Personal::new(self.raw(name).trim().to_owned())
    }

    /// The first value of `name` as it was typed.
    pub(in crate::web) fn secret(&self, name: &str) -> Secret<String> {
        Secret::new(self.raw(name).to_owned())
    }

    /// The first value of `name` as it was typed, for words of closed lists.
    pub(in crate::web) fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.reveal().as_str())
    }

    /// Every value of `name`, in their order.
    pub(in crate::web) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.reveal().as_str())
    }

    /// Every field, in order.
    pub(in crate::web) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.reveal().as_str()))
    }
}
