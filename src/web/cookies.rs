//! The two cookies that there are (P-13), and the filter that lets no other out.
//!
//! `__Host-session` holds an opaque random token and ends with the browser; `__Host-prefs` holds language and theme, and
//! exists only after a person chose one. Both have the prefix that binds them to this very host over TLS.

use actix_web::HttpRequest;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::middleware::Next;
use cookie::{Cookie, SameSite, time::Duration};
use zeroize::Zeroizing;

use crate::kernel::personal::Secret;
use crate::kernel::values::Locale;

/// The session's cookie.
pub const SESSION: &str = "__Host-session";
/// The preferences' cookie.
pub const PREFERENCES: &str = "__Host-prefs";

const YEAR: Duration = Duration::days(365);

/// Hands a session's token to the browser: until it is closed, unreadable to scripts.
#[must_use]
pub fn session(token: &Secret<String>) -> Option<HeaderValue> {
    let text = Zeroizing::new(own(SESSION, token.reveal()).to_string());
    sensitive(&text)
}

/// Takes the session's cookie away.
#[must_use]
pub fn no_session() -> HeaderValue {
    HeaderValue::from_static("__Host-session=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0")
}

/// Keeps what a person chose, for a year.
#[must_use]
pub fn preferences(chosen: Preferences) -> Option<HeaderValue> {
    let mut cookie = own(PREFERENCES, &chosen.to_string()).into_owned();
    cookie.set_max_age(YEAR);
    HeaderValue::from_str(&cookie.to_string()).ok()
}

/// The session token that came with `request`; `None` when there is none, or more than one.
#[must_use]
pub fn session_of(request: &HttpRequest) -> Option<Secret<String>> {
    sole(request.headers(), SESSION).map(Secret::new)
}

/// What the person chose; nothing when there is no such cookie, or it is not one of ours.
#[must_use]
pub fn preferences_of(request: &HttpRequest) -> Preferences {
    sole(request.headers(), PREFERENCES).and_then(|text| Preferences::parse(&text)).unwrap_or_default()
}

fn own<'a>(name: &'static str, value: &'a str) -> Cookie<'a> {
    Cookie::build((name, value)).path("/").secure(true).http_only(true).same_site(SameSite::Lax).build()
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn sole(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut found = headers
        .get_all(header::COOKIE)
        .filter_map(|field| field.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .filter(|cookie| cookie.name() == name);
    match (found.next(), found.next()) {
        (Some(cookie), None) => Some(cookie.value().to_owned()),
        _ => None,
    }
}

/// Language and theme, as far as chosen. As text: `lv.dark`, `-.light`, `kk.-`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Preferences {
    /// The language.
    pub language: Option<Locale>,
    /// The theme.
    pub theme: Option<Theme>,
}

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
    /// As the device has it.
    Auto,
}

impl Theme {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Light, Self::Dark, Self::Auto];

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
            Self::Auto => "auto",
        }
    }

    /// The theme of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.word() == word)
    }
}

const UNCHOSEN: &str = "-";

impl Preferences {
    /// Reads the cookie's value; only what we write is taken.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (language, theme) = text.split_once('.')?;
        let language = match language {
            UNCHOSEN => None,
            tag => Some(Locale::ALL.into_iter().find(|locale| locale.tag() == tag)?),
        };
        let theme = match theme {
            UNCHOSEN => None,
            word => Some(Theme::parse(word)?),
        };
        Some(Self { language, theme })
    }
}

impl std::fmt::Display for Preferences {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let language = self.language.map_or(UNCHOSEN, Locale::tag);
        write!(f, "{language}.{}", self.theme.map_or(UNCHOSEN, Theme::word))
    }
}

/// Middleware: lets the two cookies out in exactly their form, and drops any other `Set-Cookie`, with a warning.
///
/// # Errors
/// Passes on what the inner services return, its answer filtered too.
pub async fn only_ours<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    match next.call(request).await {
        Ok(mut response) => {
            filter(response.headers_mut());
            Ok(response)
        }
        Err(mut error) => {
            error.add_response_mapper(|mut response| {
                filter(response.headers_mut());
                response
            });
            Err(error)
        }
    }
}

fn filter(headers: &mut HeaderMap) {
    let all: Vec<HeaderValue> = headers.remove(header::SET_COOKIE).collect();
    for value in all {
        if is_ours(&value) {
            headers.append(header::SET_COOKIE, value);
        } else {
            tracing::warn!("a cookie that is not ours was dropped from an answer");
        }
    }
}

/// Whether it is byte by byte what this module writes: a browser may read an attribute that we would not.
fn is_ours(value: &HeaderValue) -> bool {
    let Some(cookie) = value.to_str().ok().and_then(|text| Cookie::parse(text).ok()) else { return false };
    let written = match (cookie.name(), cookie.value()) {
        (SESSION, "") => Some(no_session()),
        (SESSION, token) => session(&Secret::new(token.to_owned())),
        (PREFERENCES, text) => Preferences::parse(text).and_then(preferences),
        _ => None,
    };
    written.is_some_and(|written| written == value)
}

#[cfg(test)]
mod tests {
    use actix_web::middleware::from_fn;
    use actix_web::{App, HttpResponse, error, test, web};

    use super::*;

    async fn let_out(tried: Vec<HeaderValue>, address: &str) -> Vec<String> {
        let tried = web::Data::new(tried);
        let app = App::new()
            .app_data(tried)
            .wrap(from_fn(only_ours))
            .wrap(from_fn(crate::web::headers::secure))
            .app_data(web::Data::new(crate::web::headers::SecurityHeaders::new(
                &crate::settings::Settings::load(&Default::default(), &Default::default()).unwrap(),
            )))
            .route(
                "/ok",
                web::get().to(async |tried: web::Data<Vec<HeaderValue>>| {
                    let mut answer = HttpResponse::Ok();
                    for value in tried.iter() {
                        answer.append_header((header::SET_COOKIE, value.clone()));
                    }
                    answer.finish()
                }),
            )
            .route(
                "/failed",
                web::get().to(async |tried: web::Data<Vec<HeaderValue>>| {
                    let mut answer = HttpResponse::BadRequest();
                    for value in tried.iter() {
                        answer.append_header((header::SET_COOKIE, value.clone()));
                    }
                    Err::<HttpResponse, _>(error::InternalError::from_response("", answer.finish()))
                }),
            );
        let app = test::init_service(app).await;
        let response = test::call_service(&app, test::TestRequest::get().uri(address).to_request()).await;
        response.headers().get_all(header::SET_COOKIE).map(|v| v.to_str().unwrap().to_owned()).collect()
    }

    // P-13, R-32: no session stays in a browser that was closed.
    #[actix_web::test]
    async fn exactly_the_two_cookies_leave_and_only_in_their_form() {
        let chosen = Preferences { language: Some(Locale::Lv), theme: Some(Theme::Dark) };
        let ours = vec![session(&Secret::new("t0ken".into())).unwrap(), no_session(), preferences(chosen).unwrap()];
        let expected = [
            "__Host-session=t0ken; HttpOnly; SameSite=Lax; Secure; Path=/",
            "__Host-session=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0",
            "__Host-prefs=lv.dark; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=31536000",
        ];
        let foreign = [
            "tracker=1; Secure; HttpOnly; SameSite=Lax; Path=/",
            "__Host-session=t; Secure; HttpOnly; SameSite=Lax; Path=/; Max-Age=60",
            "__Host-session=t; Secure; HttpOnly; SameSite=Lax; Path=/; Expires=Wed, 21 Oct 2099 07:28:00 GMT",
            "__Host-session=t; Secure; HttpOnly; SameSite=None; Path=/",
            "__Host-session=t; Secure; SameSite=Lax; Path=/",
            "__Host-session=t; HttpOnly; SameSite=Lax; Path=/",
            "__Host-session=t; Secure; HttpOnly; SameSite=Lax; Path=/app",
            "__Host-session=t; Secure; HttpOnly; SameSite=Lax; Path=/; Domain=example.com",
            "__Host-prefs=anna; Secure; HttpOnly; SameSite=Lax; Path=/; Max-Age=31536000",
            "__Host-prefs=lv.dark; Secure; HttpOnly; SameSite=Lax; Path=/",
            "__Host-session=t; HttpOnly; SameSite=Lax; Secure; Path=/; Expires=tomorrow",
            "__Host-session=t; HttpOnly; SameSite=Lax; Secure; Path=/; Partitioned",
            "session=t0ken",
            "",
        ];
        let tried: Vec<_> = foreign.into_iter().map(HeaderValue::from_static).chain(ours).collect();
        assert_eq!(let_out(tried.clone(), "/ok").await, expected);
        assert_eq!(let_out(tried, "/failed").await, expected);
    }

    #[actix_web::test]
    async fn preferences_read_back_as_written_and_nothing_else_is_read() {
        for language in Locale::ALL.into_iter().map(Some).chain([None]) {
            for theme in Theme::ALL.into_iter().map(Some).chain([None]) {
                let chosen = Preferences { language, theme };
                assert_eq!(Preferences::parse(&chosen.to_string()), Some(chosen));
            }
        }
        for text in ["", ".", "lv", "lv.", ".dark", "lv.dark.x", "LV.dark", "lv-LV.dark", "de.dark", "lv.blue"] {
            assert_eq!(Preferences::parse(text), None, "{text}");
            let request = test::TestRequest::default().insert_header(("cookie", format!("{PREFERENCES}={text}")));
            assert_eq!(preferences_of(&request.to_http_request()), Preferences::default());
        }
    }

    #[actix_web::test]
    async fn two_session_cookies_are_none() {
        let with = |text: &'static str| test::TestRequest::default().insert_header(("cookie", text)).to_http_request();
        assert_eq!(session_of(&with("a=b; __Host-session=x; c=d")).unwrap().reveal(), "x");
        assert!(session_of(&with("__Host-session=x; __Host-session=y")).is_none());
        assert!(session_of(&with("session=x; __host-session=y")).is_none());
    }
}
