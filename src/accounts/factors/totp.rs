//! A code of an authenticator app (RFC 6238): the app and the account share a secret, and the time.

use serde::{Deserialize, Serialize};

use crate::accounts::factors::workings::{Begun, Desk, Enrolling, Factor, Kept, Met, Then, Workings};
use crate::accounts::factors::{Answer, Asks, Enrolment, Facts, Fee, Handed, Occasion, Path};
use crate::accounts::history::Way;
use crate::accounts::person::Person;
use crate::kernel::access::Proof;
use crate::kernel::crypto::totp::{DIGITS, PERIOD, Step, TotpSecret};
use crate::kernel::personal::{Secret, revealed};
use crate::kernel::store::StoreError;
use crate::messages::notice::Means;

/// The method.
pub(super) struct Totp;

static FACTS: Facts = Facts {
    name: "totp",
    code: 3,
    proof: Proof::Strong,
    enrolment: Enrolment::Several,
    occasion: Occasion::Everyday,
    path: Path::Direct,
    fee: Fee::None,
    way: Way::Totp,
    means: Some(Means::Totp),
};

/// What stands beside the account in an app.
const ISSUER: &str = "Seif";

/// What is kept of an app.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct App {
    /// Base32.
    #[serde(with = "revealed")]
    secret: Secret<String>,
    /// The step of the last code that was accepted: none up to it is accepted again.
    last: Option<Step>,
}

impl App {
    /// The app after `typed` was accepted at the desk's time; nothing when it is not.
    fn accept(self, desk: &Desk<'_, '_>, answer: &Answer) -> Result<Option<Self>, StoreError> {
        let Answer::Code(typed) = answer else { return Ok(None) };
        let typed: String = typed.reveal().chars().filter(|c| !c.is_whitespace()).collect();
        let typed = Secret::new(typed);
        let secret = TotpSecret::parse(self.secret.reveal()).ok_or(StoreError::Unreadable)?;
        let step = secret.accepts(typed.reveal(), desk.tx.now(), self.last);
        Ok(step.map(|step| Self { last: Some(step), ..self }))
    }
}

impl Workings for Totp {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn enrol(&self, desk: &mut Desk<'_, '_>) -> Result<Option<Enrolling>, StoreError> {
        let app = App { secret: TotpSecret::random(desk.tx.entropy()).base32(), last: None };
        let handed = handed(desk.person, &app);
        Ok(Some(Enrolling { kept: Kept::of(&app)?, handed, then: Then::Answer }))
    }

    fn handed(&self, person: &Person, kept: &Kept) -> Result<Option<Handed>, StoreError> {
        Ok(Some(handed(person, &kept.open()?)))
    }

    fn settle(&self, desk: &mut Desk<'_, '_>, kept: &Kept, answer: &Answer) -> Result<Option<Kept>, StoreError> {
        let app: App = kept.open()?;
        app.accept(desk, answer)?.map(|app| Kept::of(&app)).transpose()
    }

    fn begin(&self, _: &mut Desk<'_, '_>) -> Result<Begun, StoreError> {
        Ok(Begun { expected: Kept::of(&())?, asks: Asks::Code })
    }

    fn judge(
        &self,
        desk: &mut Desk<'_, '_>,
        _: &Kept,
        factors: &[Factor],
        answer: &Answer,
    ) -> Result<Option<Met>, StoreError> {
        for factor in factors {
            let app: App = factor.kept.open()?;
            if let Some(app) = app.accept(desk, answer)? {
                return Ok(Some(Met { by: Some((factor.id, Kept::of(&app)?)) }));
            }
        }
        Ok(None)
    }
}

/// The secret and its address (`otpauth`), by which apps tell the account from others.
fn handed(person: &Person, app: &App) -> Handed {
    let label: String = person.email.reveal().bytes().map(escaped).collect();
    let secret = app.secret.reveal();
    let uri = format!(
        "otpauth://totp/{ISSUER}:{label}?secret={secret}&issuer={ISSUER}&algorithm=SHA1&digits={DIGITS}&period={PERIOD}"
    );
    Handed::App { secret: app.secret.clone(), uri: Secret::new(uri) }
}

/// A byte as a part of a path (RFC 3986 §2.1).
fn escaped(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::personal::Personal;
    use crate::kernel::values::Locale;

    #[test]
    fn the_address_of_a_secret_names_the_service_and_the_account_and_nothing_breaks_out_of_it() {
        let person = Person {
            name: Personal::new("Anna".to_owned()),
            email: Personal::new("anna+x&issuer=Evil@example.lv".to_owned()),
            phone: None,
            language: Locale::En,
        };
        let app = App { secret: Secret::new("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".to_owned()), last: None };
        let Handed::App { uri, .. } = handed(&person, &app) else { panic!("an app's") };
        assert_eq!(
            uri.reveal(),
            "otpauth://totp/Seif:anna%2Bx%26issuer%3DEvil%40example.lv?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Seif&algorithm=SHA1&digits=6&period=30"
        );
    }
}
