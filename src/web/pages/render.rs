//! A page and its template come together here.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use fluent_bundle::{FluentArgs, FluentValue};
use minijinja::value::{Kwargs, Serde, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, context};
use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

use super::chrome::Chrome;
use super::texts::{TextError, Texts};
use crate::kernel::values::Locale;
use crate::web::assets;

/// One kind of page: what it shows, as `page` in its template.
pub trait Page: Serialize {
    /// Its template in `src/web/templates`.
    const TEMPLATE: &'static str;

    /// Pages of this kind as they may really look, each state at least once; the tests render them all.
    #[cfg(test)]
    fn samples() -> Vec<Self>
    where
        Self: Sized;
}

/// A finished page. It shows personal data, so it can be sent and not printed.
pub struct Html(String);

impl Html {
    /// The document, for the body of an answer (`text/html; charset=utf-8`).
    #[must_use]
    pub fn into_body(self) -> String {
        self.0
    }
}

impl std::fmt::Debug for Html {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Html(..)")
    }
}

/// Why a page could not be rendered: a defect of this program, told without anything of the page.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RenderError {
    /// The template failed.
    #[error("the template {template} failed at line {line}: {kind}")]
    Template {
        /// Its name.
        template: String,
        /// The line, 0 when unknown.
        line: usize,
        /// In what way.
        kind: ErrorKind,
    },
    /// The texts failed.
    #[error(transparent)]
    Text(#[from] TextError),
}

/// The page in its surroundings, in the visitor's language.
///
/// # Errors
/// [`RenderError`] when a template or a text is at fault; tests rule that out for every sample.
pub fn render<P: Page>(page: &P, chrome: &Chrome) -> Result<Html, RenderError> {
    let environment = environment(chrome.locale)?;
    draw(page, chrome, environment).map(Html).map_err(|error| failed(&error))
}

/// The page as text; the error tells everything, values included, so it stays here and in tests.
pub(super) fn draw<P: Page>(page: &P, chrome: &Chrome, with: &Environment<'_>) -> Result<String, Error> {
    with.get_template(P::TEMPLATE)?.render(context! { page => Serde(page), chrome => Serde(chrome) })
}

/// The renderer of a language, made once.
pub(super) fn environment(locale: Locale) -> Result<&'static Environment<'static>, RenderError> {
    static ALL: LazyLock<Result<BTreeMap<Locale, Environment<'static>>, RenderError>> =
        LazyLock::new(|| Locale::ALL.into_iter().map(|locale| make(locale).map(|made| (locale, made))).collect());
    let all = ALL.as_ref().map_err(Clone::clone)?;
    all.get(&locale).ok_or_else(|| TextError::Malformed(locale).into())
}

/// What is told of a renderer's error: where and in what way, never with what values.
fn failed(error: &Error) -> RenderError {
    RenderError::Template {
        template: error.name().unwrap_or("?").to_owned(),
        line: error.line().unwrap_or(0),
        kind: error.kind(),
    }
}

macro_rules! templates {
    ($($name:literal),+ $(,)?) => { [$(($name, include_str!(concat!("../templates/", $name)))),+] };
}

/// Every template there is.
pub(super) static TEMPLATES: &[(&str, &str)] = &templates![
    "account_erasure.html",
    "acknowledge.html",
    "addresses.html",
    "api_docs.html",
    "base.html",
    "change_code.html",
    "changes.html",
    "choose_tenant.html",
    "collections.html",
    "confirm_code.html",
    "confirm_methods.html",
    "confirm_passkey.html",
    "consents.html",
    "console.html",
    "console_base.html",
    "console_passkey.html",
    "contacts.html",
    "confirm_wait.html",
    "approvals.html",
    "export.html",
    "enrol_app.html",
    "enrol_passkey.html",
    "erasure.html",
    "freeze.html",
    "history.html",
    "import.html",
    "invitation.html",
    "import_done.html",
    "import_dry_run.html",
    "join.html",
    "join_finish.html",
    "leave.html",
    "leaving.html",
    "seal.html",
    "legal.html",
    "legal_differences.html",
    "limits.html",
    "macros.html",
    "member.html",
    "members.html",
    "new_collection.html",
    "notices.html",
    "password.html",
    "people.html",
    "person_erased.html",
    "preferences.html",
    "processors.html",
    "record.html",
    "record_form.html",
    "record_erased.html",
    "records.html",
    "recovery_codes.html",
    "recovery_finish.html",
    "recovery_over.html",
    "recovery_start.html",
    "refusal.html",
    "security.html",
    "sessions.html",
    "sign_in.html",
    "sign_in_rules.html",
    "sign_ins.html",
    "sign_out.html",
    "starters.html",
    "subscriber.html",
    "support.html",
    "support_access.html",
    "trust.html",
    "token_made.html",
    "tokens.html",
    "transparency.html",
    "trash.html",
    "undo_change.html",
    "undo_change_code.html",
];

/// The templates with everything that they may call, in one language.
fn make(locale: Locale) -> Result<Environment<'static>, RenderError> {
    let texts = Texts::of(locale)?;
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_debug(false);
    environment.add_function("t", move |key: &str, variables: Kwargs| say(texts, key, &variables));
    environment.add_function("t_or", move |key: &str, otherwise: &str| {
        texts.say_or(key, otherwise).map_err(|error| unsaid(&error))
    });
    environment.add_function("asset", |name: &str| {
        assets::named(name).map(assets::Asset::path).ok_or_else(|| Error::from(ErrorKind::UndefinedError))
    });
    environment.add_filter("slug", |name: &str| name.replace(['_', '.', ':'], "-"));
    environment.add_global("locale", locale.tag());
    environment.add_global("locales", Value::from(Serde(Locale::ALL.map(|l| (l.tag(), l.native_name())))));
    environment.add_global("countries", Value::from(Serde(countries(texts)?)));
    for (name, source) in TEMPLATES {
        environment.add_template(name, source).map_err(|error| failed(&error))?;
    }
    Ok(environment)
}

/// The countries that a business may choose, two letters each: those that Seif is made for, then the others in the
/// order of their names.
fn countries(texts: &Texts) -> Result<[Vec<&'static str>; 2], TextError> {
    const HOME: [&str; 4] = ["EE", "LV", "LT", "KZ"];
    const OTHERS: [&str; 33] = [
        "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "ES", "FI", "FR", "GB", "GE", "GR", "HR", "HU", "IE", "IS",
        "IT", "KG", "LU", "MD", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK", "UA", "UZ",
    ];
    let mut others = Vec::with_capacity(OTHERS.len());
    for code in OTHERS {
        let name = texts.say(&format!("country-{}", code.to_ascii_lowercase()), &FluentArgs::new())?;
        // Close enough to each language's own order: letters without their marks.
        let plain: String = name.nfd().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        others.push((plain, code));
    }
    others.sort();
    Ok([HOME.to_vec(), others.into_iter().map(|(_, code)| code).collect()])
}

/// A text with variables out of a template.
fn say(texts: &Texts, key: &str, variables: &Kwargs) -> Result<String, Error> {
    let mut args = FluentArgs::new();
    for name in variables.args() {
        let value: Value = variables.get(name)?;
        let filled = match i64::try_from(value.clone()) {
            Ok(number) if value.is_number() => FluentValue::from(number),
            _ => FluentValue::from(value.to_string()),
        };
        args.set(name.to_owned(), filled);
    }
    texts.say(key, &args).map_err(|error| unsaid(&error))
}

fn unsaid(error: &TextError) -> Error {
    Error::new(ErrorKind::InvalidOperation, error.to_string())
}
