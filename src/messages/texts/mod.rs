//! The words of the mails, in five languages: Fluent files in this folder, one a language, the same keys in each.

mod plain;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use zeroize::Zeroizing;

pub(crate) use self::plain::plain;
use crate::kernel::clock::Time;
use crate::kernel::personal::Secret;
use crate::kernel::values::Locale;
use crate::messages::mail::Letterhead;
use crate::messages::notice::{
    ChangedDocument, Code, DigestItem, Notice, Purpose, Regained, Says, Text, TextPurpose, UndoCode, WithdrawnDocument,
};

/// All words, read once at the start.
pub struct Texts {
    en: Bundle,
    lv: Bundle,
    lt: Bundle,
    et: Bundle,
    kk: Bundle,
}

type Bundle = FluentBundle<FluentResource>;

/// A notice in words.
#[derive(Debug)]
pub struct Words {
    /// One line. It never holds a code: a locked phone shows it to everybody.
    pub subject: String,
    /// Plain text, lines ended by CRLF; a code stands alone on its line.
    pub body: Secret<String>,
}

/// A notice as a list tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// One line.
    pub subject: String,
    /// What has happened.
    pub text: String,
}

/// The words are incomplete: a defect of this build, found by its tests.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextsError {
    /// A language's file is not Fluent, or says something twice.
    #[error("the texts in {} cannot be read", .0.tag())]
    Unreadable(Locale),
    /// A language lacks something, or asks for data that the notice does not have.
    #[error("the texts in {} cannot say {}", .0.tag(), .1)]
    Missing(Locale, String),
}

impl Texts {
    /// Reads the words that are built into the program.
    ///
    /// # Errors
    ///
    /// [`TextsError::Unreadable`] where a file is not as it should be.
    pub fn load() -> Result<Self, TextsError> {
        Ok(Self {
            en: bundle(Locale::En, include_str!("en.ftl"))?,
            lv: bundle(Locale::Lv, include_str!("lv.ftl"))?,
            lt: bundle(Locale::Lt, include_str!("lt.ftl"))?,
            et: bundle(Locale::Et, include_str!("et.ftl"))?,
            kk: bundle(Locale::Kk, include_str!("kk.ftl"))?,
        })
    }

    /// The words for `notice`.
    ///
    /// Each mail ends with what the service never asks for (P-7) and one plain footer (P-5, P-16); each that holds a
    /// code says what the code is for and that nobody will ask for it (K-1, K-5, K-16).
    ///
    /// # Errors
    ///
    /// [`TextsError::Missing`] where the language lacks a text.
    pub fn write(&self, notice: &Notice, language: Locale, letterhead: &Letterhead) -> Result<Words, TextsError> {
        let page = Page { bundle: self.bundle(language), language, letterhead };
        // Room enough that it never moves: what moved would leave a copy of the code behind.
        let mut body = Zeroizing::new(String::with_capacity(8192));
        let subject = match notice {
            Notice::SignupCode { code } => page.code(&mut body, "signup-code", code)?,
            Notice::ConfirmationCode { code, purpose } => page.code(&mut body, confirmation(*purpose), code)?,
            Notice::AddressTaken => page.news(&mut body, "address-taken")?,
            Notice::AddressWanted => page.news(&mut body, "address-wanted")?,
            Notice::IdentifierUndo { code } => page.undo(&mut body, code)?,
            Notice::SupportIdentified => page.news(&mut body, "support-identified")?,
            Notice::IdentifierRestored => page.news(&mut body, "identifier-restored")?,
            Notice::PasswordChanged => page.news(&mut body, "password-changed")?,
            Notice::IdentifierChanged => page.news(&mut body, "identifier-changed")?,
            Notice::AddressesChanged => page.news(&mut body, "addresses-changed")?,
            Notice::AddressesLifted => page.news(&mut body, "addresses-lifted")?,
            Notice::TokenMade => page.news(&mut body, "token-made")?,
            Notice::SignInOutside => page.news(&mut body, "sign-in-outside")?,
            Notice::MethodAdded { means } => {
                page.news_of(&mut body, "method-added", &[("means", means.name().into())])?
            }
            Notice::MethodRemoved { means } => {
                page.news_of(&mut body, "method-removed", &[("means", means.name().into())])?
            }
            Notice::MethodEnded { means } => {
                page.news_of(&mut body, "method-ended", &[("means", means.name().into())])?
            }
            Notice::PasskeyCopied => page.news(&mut body, "passkey-copied")?,
            Notice::RecoveryCodeUsed { left } => {
                page.news_of(&mut body, "recovery-code-used", &[("left", (*left).into())])?
            }
            Notice::SignInRefused { times } => {
                page.news_of(&mut body, "sign-in-refused", &[("times", (*times).into())])?
            }
            Notice::ConfirmationRefused { times } => {
                page.news_of(&mut body, "confirmation-refused", &[("times", (*times).into())])?
            }
            Notice::SignInWhileFrozen { times } => {
                page.news_of(&mut body, "sign-in-while-frozen", &[("times", (*times).into())])?
            }
            Notice::RecoveryRefused { times } => {
                page.news_of(&mut body, "recovery-refused", &[("times", (*times).into())])?
            }
            Notice::PasswordChangeRefused { times } => {
                page.news_of(&mut body, "password-change-refused", &[("times", (*times).into())])?
            }
            Notice::AccountFrozen => page.news(&mut body, "account-frozen")?,
            Notice::AccountThawed => page.news(&mut body, "account-thawed")?,
            Notice::ResetWaits { until } => {
                page.news_of(&mut body, "reset-waits", &[("until", minute(*until).into())])?
            }
            Notice::ResetReady => page.news(&mut body, "reset-ready")?,
            Notice::ResetCancelled => page.news(&mut body, "reset-cancelled")?,
            Notice::Digest { items, more } => self.digest(&page, &mut body, items, *more)?,
            Notice::SignInDecided { decided } => {
                page.news_of(&mut body, "sign-in-decided", &[("decided", decided.name().into())])?
            }
            Notice::Invitation { tenant_name, code } => page.invitation(&mut body, tenant_name.reveal(), code)?,
            Notice::SignInRulesChanged { tenant_name } => {
                page.news_in(&mut body, "sign-in-rules-changed", tenant_name.reveal())?
            }
            Notice::PolicyChanged { documents, checkpoint } => {
                let subject = page.changed(&mut body, documents)?;
                add(&mut body, &page.say("policy-changed", Some("checkpoint"))?);
                add(&mut body, &checkpoint.lines().collect::<Vec<_>>().join("\r\n"));
                subject
            }
            Notice::PolicyWithdrawn { documents } => page.withdrawn(&mut body, documents)?,
            Notice::VaultSealed { tenant_name } => {
                page.news_about(&mut body, "vault-sealed", tenant_name.reveal(), &[])?
            }
            Notice::VaultUnsealed { tenant_name } => {
                page.news_about(&mut body, "vault-unsealed", tenant_name.reveal(), &[])?
            }
            Notice::SupportLooked { tenant_name, until } => {
                let until = [("until", minute(*until).into())];
                page.news_about(&mut body, "support-looked", tenant_name.reveal(), &until)?
            }
            Notice::LeavingRequested { tenant_name, on } => {
                page.news_about(&mut body, "leaving-requested", tenant_name.reveal(), &[("date", on.as_str().into())])?
            }
            Notice::InactivityWarned { tenant_name, on } => {
                page.news_about(&mut body, "inactivity-warned", tenant_name.reveal(), &[("date", on.as_str().into())])?
            }
            Notice::LeavingUnused { tenant_name, on } => {
                page.news_about(&mut body, "leaving-unused", tenant_name.reveal(), &[("date", on.as_str().into())])?
            }
            Notice::LeavingOnBehalf { tenant_name, on } => {
                page.news_about(&mut body, "leaving-on-behalf", tenant_name.reveal(), &[("date", on.as_str().into())])?
            }
            Notice::LeavingTakenBack { tenant_name } => {
                page.news_about(&mut body, "leaving-taken-back", tenant_name.reveal(), &[])?
            }
            Notice::Farewell { tenant_name, erasure: None } => {
                page.news_about(&mut body, "farewell", tenant_name.reveal(), &[])?
            }
            Notice::Farewell { tenant_name, erasure: Some(id) } => {
                let subject = page.news_about(&mut body, "farewell", tenant_name.reveal(), &[])?;
                add(&mut body, &page.say("farewell", Some("proof"))?);
                add(&mut body, id.reveal());
                subject
            }
            Notice::AccountFarewell { erasure } => {
                let subject = page.news(&mut body, "account-farewell")?;
                add(&mut body, &page.say("account-farewell", Some("proof"))?);
                add(&mut body, erasure.reveal());
                subject
            }
            Notice::Welcome { tenant_name } => page.welcome(&mut body, tenant_name.reveal())?,
        };
        page.close(&mut body)?;
        Ok(Words { subject, body: Secret::new(std::mem::take(&mut body)) })
    }

    /// What `notice` tells, for a list of such: its subject, and what has happened. Every letter begins with that.
    ///
    /// # Errors
    ///
    /// [`TextsError::Missing`] where the language lacks a text.
    pub fn tell(&self, notice: &Notice, language: Locale, letterhead: &Letterhead) -> Result<Told, TextsError> {
        let Words { subject, body } = self.write(notice, language, letterhead)?;
        let text = body.reveal().split("\r\n\r\n").next().unwrap_or_default().to_owned();
        Ok(Told { subject, text })
    }

    /// The lines of a digest: when, and what each mail would have been about.
    fn digest(
        &self,
        page: &Page<'_>,
        body: &mut String,
        items: &[DigestItem],
        more: u32,
    ) -> Result<String, TextsError> {
        add(body, &page.say("digest", Some("lead"))?);
        for item in items {
            let subject = self.write(&item.notice, page.language, page.letterhead)?.subject;
            add(body, &format!("{}: {subject}", minute(item.at)));
        }
        if more > 0 {
            add(body, &page.say_with("digest", Some("more"), &[("more", more.into())])?);
        }
        add(body, &page.say("digest", Some("otherwise"))?);
        page.say("digest", Some("subject"))
    }

    /// The words of a text message: the code, what it is for, and that nobody will ask for it (K-1); or what has become of
    /// the account. No link.
    ///
    /// # Errors
    /// [`TextsError::Missing`] where the language lacks a text.
    pub fn say_in_short(&self, text: &Text, letterhead: &Letterhead) -> Result<Secret<String>, TextsError> {
        let page = Page { bundle: self.bundle(text.language), language: text.language, letterhead };
        let (purpose, code) = match &text.says {
            Says::Code { purpose, code } => (*purpose, code),
            Says::Regained(step) => return Ok(Secret::new(page.say("text-regained", Some(regained(*step)))?)),
        };
        let mut body = Zeroizing::new(String::with_capacity(1024));
        body.push_str(code.digits().reveal());
        body.push_str(" – ");
        let purpose = match purpose {
            TextPurpose::SignIn => "sign-in",
            TextPurpose::NewNumber => "new-number",
            TextPurpose::Undo => return page.undo_in_short(body),
        };
        body.push_str(&page.say("text-code", Some(purpose))?);
        body.push(' ');
        let minutes = (code.valid_for().as_secs() / 60).max(1);
        body.push_str(&page.say_with("text-code", Some("secrecy"), &[("minutes", minutes.into())])?);
        Ok(Secret::new(std::mem::take(&mut body)))
    }

    const fn bundle(&self, language: Locale) -> &Bundle {
        match language {
            Locale::En => &self.en,
            Locale::Lv => &self.lv,
            Locale::Lt => &self.lt,
            Locale::Et => &self.et,
            Locale::Kk => &self.kk,
        }
    }
}

impl std::fmt::Debug for Texts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Texts")
    }
}

/// A moment to the minute: `2026-03-01 12:00 UTC`.
fn minute(at: Time) -> String {
    let at = at.rfc3339();
    format!("{} {} UTC", at.get(..10).unwrap_or_default(), at.get(11..16).unwrap_or_default())
}

const fn confirmation(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::SignIn => "sign-in-code",
        Purpose::NewAddress => "new-address-code",
        Purpose::PasswordReset => "password-reset-code",
        Purpose::Freeze => "freeze-code",
        Purpose::Thaw => "thaw-code",
    }
}

const fn regained(step: Regained) -> &'static str {
    match step {
        Regained::Waits => "waits",
        Regained::Ready => "ready",
        Regained::Done => "done",
        Regained::Thawed => "thawed",
    }
}

fn bundle(language: Locale, source: &str) -> Result<Bundle, TextsError> {
    let unreadable = || TextsError::Unreadable(language);
    let resource = FluentResource::try_new(source.to_owned()).map_err(|_| unreadable())?;
    let mut bundle = Bundle::new_concurrent(vec![language.tag().parse().map_err(|_| unreadable())?]);
    // The isolating marks are for pages; in a mail they would stand around a code that somebody copies.
    bundle.set_use_isolating(false);
    bundle.add_resource(resource).map_err(|_| unreadable())?;
    Ok(bundle)
}

/// One mail while it is being written.
struct Page<'t> {
    bundle: &'t Bundle,
    language: Locale,
    letterhead: &'t Letterhead,
}

impl Page<'_> {
    /// What the code is for, the code, how long it is valid, that nobody asks for it, and what if it was not you.
    fn code(&self, body: &mut String, kind: &str, code: &Code) -> Result<String, TextsError> {
        add(body, &self.say(kind, Some("lead"))?);
        add(body, code.digits().reveal());
        add(body, &[self.validity(code)?, self.say("code-secrecy", None)?].join(" "));
        add(body, &self.say(kind, Some("otherwise"))?);
        self.say(kind, Some("subject"))
    }

    /// Whole minutes, rather too few than too many.
    fn validity(&self, code: &Code) -> Result<String, TextsError> {
        let minutes = (code.valid_for().as_secs() / 60).max(1);
        self.say_with("code-validity", None, &[("minutes", minutes.into())])
    }

    fn news(&self, body: &mut String, kind: &str) -> Result<String, TextsError> {
        self.news_of(body, kind, &[])
    }

    /// What has happened, and what if it was not you.
    fn news_of(&self, body: &mut String, kind: &str, of: &[(&str, FluentValue<'_>)]) -> Result<String, TextsError> {
        add(body, &self.say_with(kind, Some("lead"), of)?);
        add(body, &self.say_with(kind, Some("otherwise"), of)?);
        self.say_with(kind, Some("subject"), of)
    }

    /// The code that takes a change back, and where.
    fn undo_in_short(&self, mut body: Zeroizing<String>) -> Result<Secret<String>, TextsError> {
        body.push_str(&self.say("text-undo", None)?);
        Ok(Secret::new(std::mem::take(&mut body)))
    }

    /// What has happened, what takes it back, the code that does, and what if it was you.
    fn undo(&self, body: &mut String, code: &UndoCode) -> Result<String, TextsError> {
        const KIND: &str = "identifier-undo";
        add(body, &self.say(KIND, Some("lead"))?);
        add(body, code.shown().reveal());
        add(body, &self.say(KIND, Some("secrecy"))?);
        add(body, &self.say(KIND, Some("otherwise"))?);
        self.say(KIND, Some("subject"))
    }

    /// What they are invited to, the code, and what if they do not want to. The name as in [`Page::welcome`].
    fn invitation(&self, body: &mut String, tenant_name: &str, code: &UndoCode) -> Result<String, TextsError> {
        const KIND: &str = "invitation";
        let lead = match plain(tenant_name) {
            Some(name) => self.say_with(KIND, Some("lead-named"), &[("tenant", name.into())])?,
            None => self.say(KIND, Some("lead"))?,
        };
        add(body, &lead);
        add(body, code.shown().reveal());
        add(body, &self.say(KIND, Some("secrecy"))?);
        add(body, &self.say(KIND, Some("otherwise"))?);
        self.say(KIND, Some("subject"))
    }

    /// What has happened in a tenant. The name as in [`Page::welcome`].
    fn news_in(&self, body: &mut String, kind: &str, tenant_name: &str) -> Result<String, TextsError> {
        let lead = match plain(tenant_name) {
            Some(name) => self.say_with(kind, Some("lead-named"), &[("tenant", name.into())])?,
            None => self.say(kind, Some("lead"))?,
        };
        add(body, &lead);
        add(body, &self.say(kind, Some("otherwise"))?);
        self.say(kind, Some("subject"))
    }

    /// Which documents change, when at the earliest and how, and what can be done until then.
    fn changed(&self, body: &mut String, documents: &[ChangedDocument]) -> Result<String, TextsError> {
        const KIND: &str = "policy-changed";
        add(body, &self.say(KIND, Some("lead"))?);
        for ChangedDocument { title, version, on, summary } in documents {
            let title = plain(title).unwrap_or_default();
            let of = [("title", title.into()), ("version", (*version).into()), ("date", on.as_str().into())];
            add(body, &self.say_with(KIND, Some("document"), &of)?);
            if !summary.is_empty() {
                add(body, summary);
            }
        }
        add(body, &self.say(KIND, Some("otherwise"))?);
        self.say(KIND, Some("subject"))
    }

    /// Which changes of documents do not come, and that what is known holds.
    fn withdrawn(&self, body: &mut String, documents: &[WithdrawnDocument]) -> Result<String, TextsError> {
        const KIND: &str = "policy-withdrawn";
        add(body, &self.say(KIND, Some("lead"))?);
        for WithdrawnDocument { title, version } in documents {
            let of = [("title", plain(title).unwrap_or_default().into()), ("version", (*version).into())];
            add(body, &self.say_with(KIND, Some("document"), &of)?);
        }
        add(body, &self.say(KIND, Some("otherwise"))?);
        self.say(KIND, Some("subject"))
    }

    /// What has happened to a tenant, which is named unless a mail program could make a link of its name.
    fn news_about(
        &self,
        body: &mut String,
        kind: &str,
        tenant_name: &str,
        more: &[(&str, FluentValue<'_>)],
    ) -> Result<String, TextsError> {
        let mut of = more.to_vec();
        let lead = match plain(tenant_name) {
            Some(name) => {
                of.push(("tenant", name.into()));
                self.say_with(kind, Some("lead-named"), &of)?
            }
            None => self.say_with(kind, Some("lead"), &of)?,
        };
        add(body, &lead);
        add(body, &self.say_with(kind, Some("otherwise"), more)?);
        self.say_with(kind, Some("subject"), more)
    }

    /// Names the tenant, unless a mail program could make a link of its name.
    fn welcome(&self, body: &mut String, tenant_name: &str) -> Result<String, TextsError> {
        let lead = match plain(tenant_name) {
            Some(name) => self.say_with("welcome", Some("lead-named"), &[("tenant", name.into())])?,
            None => self.say("welcome", Some("lead"))?,
        };
        add(body, &[lead, self.say("welcome", Some("keys"))?].join(" "));
        add(body, &self.say("welcome", Some("otherwise"))?);
        self.say("welcome", Some("subject"))
    }

    fn close(&self, body: &mut String) -> Result<(), TextsError> {
        add(body, &self.say("never-asked", None)?);
        // RFC 3676 §4.3: mail programs know by it where a footer begins.
        add(body, &["-- \r\n", &self.say("footer", None)?, "\r\n"].concat());
        Ok(())
    }

    /// The text under `key`, or under its attribute.
    fn say(&self, key: &str, attribute: Option<&str>) -> Result<String, TextsError> {
        self.say_with(key, attribute, &[])
    }

    fn say_with(
        &self,
        key: &str,
        attribute: Option<&str>,
        more: &[(&str, FluentValue<'_>)],
    ) -> Result<String, TextsError> {
        let missing = || TextsError::Missing(self.language, [key, attribute.unwrap_or_default()].join("."));
        let message = self.bundle.get_message(key).ok_or_else(missing)?;
        let pattern = match attribute {
            Some(attribute) => message.get_attribute(attribute).map(|a| a.value()),
            None => message.value(),
        };
        let mut data = FluentArgs::new();
        data.set("service", self.letterhead.name());
        data.set("contact", self.letterhead.contact());
        for (name, value) in more {
            data.set(*name, value.clone());
        }
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern.ok_or_else(missing)?, Some(&data), &mut errors);
        if errors.is_empty() { Ok(text.into_owned()) } else { Err(missing()) }
    }
}

/// One more paragraph.
fn add(body: &mut String, paragraph: &str) {
    if !body.is_empty() {
        body.push_str("\r\n\r\n");
    }
    body.push_str(paragraph);
}

#[cfg(test)]
mod tests;
