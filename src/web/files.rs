//! Files on their way in and out over HTTP: for the API and the pages alike.
//!
//! In: bytes go to the vault as they come. Out: a range where one is asked for (RFC 9110 §14), always as an attachment of
//! the type that its owner said, under a name that cannot break out of its header field (RFC 6266).

use std::time::Duration;

use actix_web::body::SizedStream;
use actix_web::http::header::{
    self, Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue, HeaderValue,
};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream::try_unfold;
use futures_util::{Stream, StreamExt as _};

use crate::kernel::access::TenantAccess;
use crate::kernel::ids::FileId;
use crate::kernel::objects::IN_THE_MAKING;
use crate::kernel::personal::Personal;
use crate::settings::Settings;
use crate::vault::files::{File, Incoming, Part, Room};
use crate::web::api::vault::refusal;
use crate::web::problem::Problem;
use crate::web::services::Services;

/// The most of a file's name that is kept, in characters.
const LONGEST_NAME: usize = 200;

/// The most of a type.
const LONGEST_TYPE: usize = 200;

/// What is said of content of which nothing is known.
const ANY_CONTENT: &str = "application/octet-stream";

/// How much a tenant may keep.
pub(in crate::web) fn room(settings: &Settings) -> Room {
    let limits = &settings.limits;
    Room { file: limits.file_body.bytes(), files: limits.files_per_tenant, bytes: limits.file_bytes_per_tenant.bytes() }
}

/// A file's name without its folders, and without what cannot be shown or turns letters around.
pub(in crate::web) fn plain_name(called: &str) -> Personal<String> {
    let last = called.rsplit(['/', '\\']).next().unwrap_or_default();
    let turns =
        |letter: char| matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown: String =
        last.chars().filter(|letter| !letter.is_control() && !turns(*letter)).take(LONGEST_NAME).collect();
    let shown = shown.trim();
    Personal::new(if shown.is_empty() || shown == "." || shown == ".." { "file" } else { shown }.to_owned())
}

/// The type that a header says: `type/subtype`, with parameters or not; `None` when it says something else.
pub(in crate::web) fn media_type(said: Option<&HeaderValue>) -> Option<Personal<String>> {
    let Some(said) = said else { return Some(Personal::new(ANY_CONTENT.to_owned())) };
    let said = said.to_str().ok().filter(|said| said.len() <= LONGEST_TYPE)?.trim();
    let token = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte))
    };
    let (kind, subtype) = said.split(';').next().unwrap_or_default().trim().split_once('/')?;
    (token(kind) && token(subtype)).then(|| Personal::new(said.to_owned()))
}

/// The name in a `Content-Disposition`; `None` without one.
pub(in crate::web) fn name_in(said: Option<&HeaderValue>) -> Option<Personal<String>> {
    let said = ContentDisposition::from_raw(said?).ok()?;
    if let Some(ExtendedValue { charset: Charset::Ext(charset), value, .. }) = said.get_filename_ext()
        && charset.eq_ignore_ascii_case("utf-8")
    {
        return Some(plain_name(std::str::from_utf8(value).ok()?));
    }
    said.get_filename().map(plain_name)
}

/// Hands everything that comes to the file, as it comes; each piece within the time that a whole JSON body may take.
pub(in crate::web) async fn take_all<S, E>(
    services: &Services,
    incoming: &mut Incoming,
    pieces: &mut S,
    refused: impl Fn(&E) -> Problem,
) -> Result<(), Problem>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    let within: Duration = services.settings.server.request_body.into();
    let reading = async {
        loop {
            let piece = tokio::time::timeout(within, pieces.next()).await.map_err(|_| Problem::RequestTimeout)?;
            let Some(piece) = piece else { return Ok(()) };
            let piece = piece.map_err(|error| refused(&error))?;
            incoming.take(&piece).await.map_err(|error| refusal(services, error))?;
        }
    };
    // What takes longer counts as left behind.
    tokio::time::timeout(IN_THE_MAKING / 2, reading).await.map_err(|_| Problem::RequestTimeout)?
}

/// Sends a file, or the part of it that the request asks for.
pub(in crate::web) async fn send(
    services: Data<Services>,
    access: &TenantAccess,
    request: &HttpRequest,
    id: FileId,
) -> Result<HttpResponse, Problem> {
    let found = services.vault.file(access, id).await.map_err(|error| refusal(&services, error))?;
    let File { size, name, media_type, .. } = &found.file;
    let etag = format!("\"{id}\"");
    let said = |name| request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let is_it =
        |list: &str| list.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag);
    if said(header::IF_NONE_MATCH).is_some_and(is_it) {
        return Ok(HttpResponse::NotModified().insert_header((header::ETAG, etag)).finish());
    }
    let same = request.headers().get(header::IF_RANGE).is_none_or(|tag| tag.as_bytes() == etag.as_bytes());
    let wanted = said(header::RANGE).filter(|_| same).map_or(Wanted::Whole, |range| Wanted::of(range, *size));
    let (part, mut response) = match wanted {
        Wanted::Whole => (Part { from: 0, length: *size }, HttpResponse::Ok()),
        Wanted::Part(part) => {
            let last = part.from + part.length - 1;
            let mut response = HttpResponse::PartialContent();
            response.insert_header((header::CONTENT_RANGE, format!("bytes {}-{last}/{size}", part.from)));
            (part, response)
        }
        Wanted::Outside => {
            let mut refused = HttpResponse::from_error(Problem::RangeNotSatisfiable);
            if let Ok(range) = HeaderValue::from_str(&format!("bytes */{size}")) {
                refused.headers_mut().insert(header::CONTENT_RANGE, range);
            }
            return Ok(refused);
        }
    };
    let kind = HeaderValue::from_str(media_type.reveal()).unwrap_or(HeaderValue::from_static(ANY_CONTENT));
    let outgoing = services.vault.send_file(access, &found, part).await.map_err(|error| refusal(&services, error))?;
    response
        .insert_header((header::ETAG, etag))
        .insert_header((header::ACCEPT_RANGES, "bytes"))
        .insert_header((header::CONTENT_TYPE, kind))
        .insert_header(attachment(name.reveal()));
    let content = try_unfold((outgoing, services), |(mut outgoing, services)| async move {
        match outgoing.next().await {
            Ok(bytes) => Ok(bytes.map(|bytes| (Bytes::from(bytes), (outgoing, services)))),
            Err(error) => {
                // The head is gone already: the connection ends before the length that it told.
                services.incidents.report(&error);
                Err(std::io::Error::from(std::io::ErrorKind::InvalidData))
            }
        }
    });
    Ok(response.body(SizedStream::new(part.length, Box::pin(content))))
}

/// An attachment of this name: the real one in UTF-8, and one in ASCII for who does not know that.
pub(in crate::web) fn attachment(name: &str) -> ContentDisposition {
    let harmless =
        |letter: char| if letter.is_ascii_alphanumeric() || " ._-()+,".contains(letter) { letter } else { '_' };
    ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![
            DispositionParam::Filename(name.chars().map(harmless).collect()),
            DispositionParam::FilenameExt(ExtendedValue {
                charset: Charset::Ext("UTF-8".to_owned()),
                language_tag: None,
                value: name.as_bytes().to_vec(),
            }),
        ],
    }
}

/// What a `Range` asks for of so many bytes.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Whole,
    Part(Part),
    Outside,
}

impl Wanted {
    /// One range of bytes is honoured; several, other units and what is no range count as none asked for (RFC 9110
    /// §14.2).
    fn of(range: &str, size: u64) -> Self {
        let Some((unit, spec)) = range.trim().split_once('=') else { return Self::Whole };
        let Some((first, last)) = spec.trim().split_once('-') else { return Self::Whole };
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !unit.eq_ignore_ascii_case("bytes") || !digits(first) || !digits(last) {
            return Self::Whole;
        }
        // More digits than fit are more bytes than there are.
        let number = |text: &str| text.parse::<u64>().unwrap_or(u64::MAX);
        let (from, end) = match (first, last) {
            ("", "") => return Self::Whole,
            ("", many) => (size.saturating_sub(number(many)), size),
            (first, "") => (number(first), size),
            (first, last) if number(first) > number(last) => return Self::Whole,
            (first, last) => (number(first), size.min(number(last).saturating_add(1))),
        };
        if from < end { Self::Part(Part { from, length: end - from }) } else { Self::Outside }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_has_no_folders_and_nothing_that_cannot_be_shown() {
        for (called, name) in [
            ("klienti.csv", "klienti.csv"),
            ("C:\\Users\\Anna\\a b.xlsx", "a b.xlsx"),
            ("../x\u{0}\n", "x"),
            ("\u{202e}fdp.exe", "fdp.exe"),
            ("..", "file"),
            ("a/", "file"),
        ] {
            assert_eq!(plain_name(called).reveal(), name);
        }
        assert_eq!(plain_name(&"ā".repeat(300)).reveal().chars().count(), 200);
    }

    #[test]
    fn a_name_is_read_from_either_form_and_written_so_that_it_cannot_break_out() {
        let header = |text: &str| HeaderValue::from_bytes(text.as_bytes()).unwrap();
        let read = |text: &str| name_in(Some(&header(text))).map(Personal::into_revealed);
        assert_eq!(read("attachment; filename=\"rēķins.pdf\"").as_deref(), Some("rēķins.pdf"));
        assert_eq!(
            read("attachment; filename=\"x\"; filename*=UTF-8''r%C4%93%C4%B7ins.pdf").as_deref(),
            Some("rēķins.pdf")
        );
        assert_eq!(read("attachment; filename=\"../../etc/passwd\"").as_deref(), Some("passwd"));
        assert_eq!(read("attachment"), None);
        assert_eq!(read("attachment; filename*=UTF-8''%ff"), None);
        let written = attachment("a\"; filename=\"b\r\n\u{2028}ā.pdf").to_string();
        // The library leaves an equals sign as it is; it ends no parameter.
        assert_eq!(
            written,
            "attachment; filename=\"a__ filename__b____.pdf\"; filename*=UTF-8''a%22%3B%20filename=%22b%0D%0A%E2%80%A8%C4%81.pdf"
        );
    }

    #[test]
    fn a_type_is_two_tokens() {
        let read = |text: &'static str| media_type(Some(&HeaderValue::from_static(text))).map(Personal::into_revealed);
        assert_eq!(read("text/plain; charset=utf-8").as_deref(), Some("text/plain; charset=utf-8"));
        for wrong in ["", "json", "\"", "a/", "/b", "a b/c"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert_eq!(media_type(None).map(Personal::into_revealed).as_deref(), Some(ANY_CONTENT));
    }

    #[test]
    fn one_range_is_honoured_and_what_is_none_counts_as_none() {
        let part = |from, length| Wanted::Part(Part { from, length });
        for (range, wanted) in [
            ("bytes=0-0", part(0, 1)),
            ("bytes=2-", part(2, 8)),
            ("bytes=-3", part(7, 3)),
            ("bytes=-30", part(0, 10)),
            ("bytes=5-99999999999999999999999", part(5, 5)),
            ("Bytes=9-9", part(9, 1)),
            ("bytes=10-", Wanted::Outside),
            ("bytes=-0", Wanted::Outside),
            ("bytes=18446744073709551616-", Wanted::Outside),
            ("bytes=5-4", Wanted::Whole),
            ("bytes=0-1,3-4", Wanted::Whole),
            ("lines=0-1", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
        ] {
            assert_eq!(Wanted::of(range, 10), wanted, "{range}");
        }
        assert_eq!(Wanted::of("bytes=0-", 0), Wanted::Outside);
    }
}
