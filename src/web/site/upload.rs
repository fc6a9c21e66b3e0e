//! Forms with files, as browsers send them: `multipart/form-data` (RFC 7578), read after the caller was authorised. A table
//! is read in memory alone and of a bounded length; files to be stored go to the vault as they come.

use std::future::{Ready, ready};

use actix_multipart::{Multipart, MultipartError};
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt as _;

use crate::kernel::access::TenantAccess;
use crate::kernel::ids::RecordId;
use crate::kernel::personal::{Personal, Secret};
use crate::web::api::vault::refusal;
use crate::web::files::{media_type, plain_name, room, take_all};
use crate::web::problem::Problem;
use crate::web::services::Services;
use crate::web::site::form::FormFields;

/// What a form may hold beside its file.
const BESIDE: usize = 64 * 1024;
/// The most parts of a form.
const MOST_PARTS: usize = 500;

/// A form with a file that was not read yet.
pub(in crate::web) struct UploadBody {
    request: HttpRequest,
    payload: Payload,
}

/// A form with a file.
pub(in crate::web) struct Upload {
    /// The other fields.
    pub(in crate::web) fields: FormFields,
    /// The file; none when nobody chose one.
    pub(in crate::web) file: Option<File>,
}

/// A file that somebody sent.
pub(in crate::web) struct File {
    /// What it is called there, without its folders.
    pub(in crate::web) name: Personal<String>,
    /// What it holds; overwritten when dropped.
    pub(in crate::web) content: Secret<Vec<u8>>,
}

impl FromRequest for UploadBody {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Ok(Self { request: request.clone(), payload: payload.take() }))
    }
}

impl UploadBody {
    /// Reads the form, whose field `file` holds a file of at most `limit` bytes.
    ///
    /// # Errors
    /// 415, 413, 408 or 400, as it deserves.
    pub(in crate::web) async fn read(self, file: &str, limit: usize) -> Result<Upload, Problem> {
        self.demand_form()?;
        let headers = self.request.headers();
        let announced =
            headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|length| length > limit.saturating_add(BESIDE)) {
            return Err(Problem::PayloadTooLarge);
        }
        let within = self
            .request
            .app_data::<Data<Services>>()
            .map_or(std::time::Duration::ZERO, |services| services.settings.server.request_body.into());
        let parts = Multipart::new(headers, self.payload);
        tokio::time::timeout(within, read(parts, file, limit)).await.map_err(|_| Problem::RequestTimeout)?
    }
}

impl UploadBody {
    fn demand_form(&self) -> Result<(), Problem> {
        let kind = self.request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_form = kind.unwrap_or_default().to_ascii_lowercase().starts_with("multipart/form-data");
        if is_form { Ok(()) } else { Err(Problem::UnsupportedMediaType) }
    }

    /// Stores each file in the field `file` as one of the record's; gives how many there were.
    ///
    /// # Errors
    /// As the form deserves, or as the vault refuses a file: those before it are stored then.
    pub(in crate::web) async fn store(
        self,
        file: &str,
        services: &Services,
        access: &TenantAccess,
        record: RecordId,
    ) -> Result<usize, Problem> {
        self.demand_form()?;
        let mut parts = Multipart::new(self.request.headers(), self.payload);
        let (mut stored, mut number) = (0, 0);
        while let Some(part) = parts.next().await {
            let mut part = part.map_err(|error| of_multipart(&error))?;
            number += 1;
            if number > MOST_PARTS {
                return Err(Problem::PayloadTooLarge);
            }
            let called = part.content_disposition().and_then(|told| told.get_filename()).unwrap_or_default().to_owned();
            if part.name() != Some(file) || called.is_empty() {
                skip(&mut part).await?;
                continue;
            }
            let kind = media_type(part.headers().get(header::CONTENT_TYPE)).ok_or(Problem::UnsupportedMediaType)?;
            let told = (plain_name(&called), kind);
            let incoming = services.vault.receive_file(access, told, Some(record), room(&services.settings)).await;
            let mut incoming = incoming.map_err(|error| refusal(services, error))?;
            take_all(services, &mut incoming, &mut part, of_multipart).await?;
            drop(incoming.finish(|_| None).await.map_err(|error| refusal(services, error))?);
            stored += 1;
        }
        Ok(stored)
    }
}

/// Passes over a part that is none of ours, of a bounded length.
async fn skip(part: &mut actix_multipart::Field) -> Result<(), Problem> {
    let mut room = BESIDE;
    while let Some(chunk) = part.next().await {
        let chunk = chunk.map_err(|error| of_multipart(&error))?;
        room = room.checked_sub(chunk.len()).ok_or(Problem::PayloadTooLarge)?;
    }
    Ok(())
}

async fn read(mut parts: Multipart, file: &str, limit: usize) -> Result<Upload, Problem> {
    let (mut fields, mut found, mut beside, mut number) = (Vec::new(), None, BESIDE, 0);
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(|error| of_multipart(&error))?;
        number += 1;
        if number > MOST_PARTS {
            return Err(Problem::PayloadTooLarge);
        }
        let name = part.name().unwrap_or_default().to_owned();
        let called = part.content_disposition().and_then(|told| told.get_filename()).map(ToOwned::to_owned);
        let room = if name == file { limit } else { beside };
        let mut content = Vec::new();
        while let Some(chunk) = part.next().await {
            let chunk = chunk.map_err(|error| of_multipart(&error))?;
            if content.len() + chunk.len() > room {
                return Err(Problem::PayloadTooLarge);
            }
            content.extend_from_slice(&chunk);
        }
        let content = Secret::new(content);
        match called {
            Some(called) if name == file => {
                let is_chosen = !(called.is_empty() && content.reveal().is_empty());
                found = is_chosen.then(|| File { name: plain_name(&called), content });
            }
            _ => {
                beside = beside.saturating_sub(content.reveal().len());
                let text = String::from_utf8(content.reveal().clone()).map_err(|_| Problem::MalformedRequest)?;
                fields.push((name, Secret::new(text)));
            }
        }
    }
    Ok(Upload { fields: FormFields::new(fields), file: found })
}

fn of_multipart(error: &MultipartError) -> Problem {
    match error {
        MultipartError::Payload(actix_web::error::PayloadError::Overflow) => Problem::PayloadTooLarge,
        _ => Problem::MalformedRequest,
    }
}
