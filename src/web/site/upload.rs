//! Forms with a file, as browsers send them: `multipart/form-data` (RFC 7578), read after the caller was authorised, in
//! memory alone and of a bounded length.

use std::future::{Ready, ready};

use actix_multipart::{Multipart, MultipartError};
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt as _;

use crate::kernel::personal::{Personal, Secret};
use crate::web::problem::Problem;
use crate::web::services::Services;
use crate::web::site::form::FormFields;

/// What a form may hold beside its file.
const BESIDE: usize = 64 * 1024;
/// The most parts of a form.
const MOST_PARTS: usize = 500;
/// The most of a file's name that is kept.
const LONGEST_NAME: usize = 200;

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
        let headers = self.request.headers();
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !kind.to_ascii_lowercase().starts_with("multipart/form-data") {
            return Err(Problem::UnsupportedMediaType);
        }
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
                found = is_chosen.then(|| File { name: plain(&called), content });
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

/// A file's name without its folders, and without what cannot be shown.
fn plain(called: &str) -> Personal<String> {
    let last = called.rsplit(['/', '\\']).next().unwrap_or_default();
    Personal::new(last.chars().filter(|letter| !letter.is_control()).take(LONGEST_NAME).collect())
}

fn of_multipart(error: &MultipartError) -> Problem {
    match error {
        MultipartError::Payload(actix_web::error::PayloadError::Overflow) => Problem::PayloadTooLarge,
        _ => Problem::MalformedRequest,
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_files_name_has_no_folders_and_nothing_that_cannot_be_shown() {
        for (called, name) in
            [("klienti.csv", "klienti.csv"), ("C:\\Users\\Anna\\a b.xlsx", "a b.xlsx"), ("../x\u{0}\n", "x")]
        {
            assert_eq!(plain(called).reveal(), name);
        }
        assert_eq!(plain(&"ā".repeat(300)).reveal().chars().count(), 200);
    }
}
