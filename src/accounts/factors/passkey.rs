//! A passkey (WebAuthn level 3, S-1): a key that a device keeps, uses for our genuine hosts alone and only after
//! it has verified its person. There is nothing to type, and so nothing to give away on a false page.
//!
//! Each device is enrolled for itself, named, and removable (K-6). What is kept of it is the public key and a counter.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::accounts::factors::confirming::tell;
use crate::accounts::factors::workings::{Begun, Desk, Enrolling, Factor, Here, Kept, Met, Then, Workings};
use crate::accounts::factors::{Answer, Asks, Enrolment, Facts, Fee, Handed, Method, Occasion, Path, rows};
use crate::accounts::history::{self, Way};
use crate::accounts::person::Person;
use crate::kernel::access::Proof;
use crate::kernel::crypto::passkey::{self, Ceremony, Passkey as Key, Refused, Site, User, UserHandle};
use crate::kernel::personal::Personal;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::AccountScope;
use crate::messages::notice::{Means, Notice};

/// The method.
pub(super) struct Passkey;

static FACTS: Facts = Facts {
    name: "passkey",
    code: 4,
    proof: Proof::Strong,
    enrolment: Enrolment::Several,
    occasion: Occasion::Everyday,
    path: Path::Direct,
    fee: Fee::None,
    way: Way::Passkey,
    means: Some(Means::Passkey),
};

/// What is kept of a passkey.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Held {
    /// It is to be made.
    Asked {
        ceremony: Ceremony,
        handle: UserHandle,
        /// What the browser was told, to be told again.
        public_key: Value,
    },
    /// It was made.
    Made(Box<Key>),
}

/// What is kept of a challenge.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    pub(super) ceremony: Ceremony,
    /// What the browser was told, to be told again.
    pub(super) public_key: Value,
}

impl Workings for Passkey {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn here(&self, site: Option<&Site>) -> Here {
        if site.is_some() { Here::Works } else { Here::NeedsName }
    }

    fn named_after(&self, device: &Personal<String>) -> Option<Personal<String>> {
        let words = history::in_words(device.reveal());
        (!words.is_empty()).then(|| Personal::new(words))
    }

    fn enrol(&self, desk: &mut Desk<'_, '_>) -> Result<Option<Enrolling>, StoreError> {
        let Some(site) = &desk.origin.site else { return Ok(None) };
        let known = made(desk.tx, desk.scope)?;
        let handle = known.first().map(|key| key.handle().clone());
        let handle = handle.unwrap_or_else(|| UserHandle::random(desk.tx.entropy()));
        let user =
            User { handle: handle.clone(), name: desk.person.email.clone(), display_name: desk.person.name.clone() };
        let ceremony = Ceremony::new(site, desk.tx.entropy());
        let public_key = ceremony.creation_options(&user, &known, desk.lifetime);
        let handed = Handed::Passkey(Personal::new(public_key.clone()));
        Ok(Some(Enrolling {
            kept: Kept::of(&Held::Asked { ceremony, handle, public_key })?,
            handed,
            then: Then::Answer,
        }))
    }

    fn handed(&self, _: &Person, kept: &Kept) -> Result<Option<Handed>, StoreError> {
        let Held::Asked { public_key, .. } = kept.open()? else { return Ok(None) };
        Ok(Some(Handed::Passkey(Personal::new(public_key))))
    }

    fn settle(&self, desk: &mut Desk<'_, '_>, kept: &Kept, answer: &Answer) -> Result<Option<Kept>, StoreError> {
        let key = registered(desk, kept, answer)?;
        key.map(|key| Kept::of(&Held::Made(Box::new(key)))).transpose()
    }

    fn would_sign_in_by(
        &self,
        desk: &mut Desk<'_, '_>,
        kept: &Kept,
        answer: &Answer,
    ) -> Result<Option<Personal<String>>, StoreError> {
        Ok(registered(desk, kept, answer)?.map(|key| Personal::new(key.id())))
    }

    fn signs_in_by(&self, kept: &Kept) -> Result<Option<Personal<String>>, StoreError> {
        let Held::Made(key) = kept.open()? else { return Ok(None) };
        Ok(Some(Personal::new(key.id())))
    }

    fn begin(&self, desk: &mut Desk<'_, '_>) -> Result<Begun, StoreError> {
        let site = desk.origin.site.as_ref().ok_or(StoreError::Refused("a passkey away from its site"))?;
        let usable = rows::hold(desk.tx, desk.scope, Method::Passkey)?;
        let keys: Vec<Key> = usable.iter().map(|row| opened(&row.body.kept)).collect::<Result<_, _>>()?;
        let ceremony = Ceremony::new(site, desk.tx.entropy());
        let public_key = ceremony.request_options(&keys, desk.lifetime);
        let asks = Asks::Passkey(Personal::new(public_key.clone()));
        Ok(Begun { expected: Kept::of(&Question { ceremony, public_key })?, asks })
    }

    fn asked(&self, expected: &Kept) -> Result<Option<Asks>, StoreError> {
        let Question { public_key, .. } = expected.open()?;
        Ok(Some(Asks::Passkey(Personal::new(public_key))))
    }

    /// An answer whose counter went back is refused, and its person hears that there may be a copy of the key.
    fn judge(
        &self,
        desk: &mut Desk<'_, '_>,
        expected: &Kept,
        factors: &[Factor],
        answer: &Answer,
    ) -> Result<Option<Met>, StoreError> {
        let Answer::Passkey(answer) = answer else { return Ok(None) };
        let Question { ceremony, .. } = expected.open()?;
        let Some(said) = passkey::claimed(answer.reveal()) else { return Ok(None) };
        for factor in factors {
            let key = opened(&factor.kept)?;
            if key.id() != said.id {
                continue;
            }
            return match ceremony.verify(&key, answer.reveal()) {
                Ok(key) => Ok(Some(Met { by: Some((factor.id, Kept::of(&Held::Made(Box::new(key)))?)) })),
                Err(Refused::Wrong) => Ok(None),
                Err(Refused::Ours) => Err(StoreError::Unreadable),
                Err(Refused::Copied) => {
                    tell(desk.tx, desk.scope, desk.person, Notice::PasskeyCopied)?;
                    Ok(None)
                }
            };
        }
        Ok(None)
    }
}

/// The key that `answer` makes for an enrolment that waits; nothing when it does not fit.
fn registered(desk: &mut Desk<'_, '_>, kept: &Kept, answer: &Answer) -> Result<Option<Key>, StoreError> {
    let (Answer::Passkey(answer), Held::Asked { ceremony, handle, .. }) = (answer, kept.open()?) else {
        return Ok(None);
    };
    let known = made(desk.tx, desk.scope)?;
    match ceremony.register(&handle, &known, answer.reveal()) {
        Ok(key) => Ok(Some(key)),
        Err(Refused::Wrong | Refused::Copied) => Ok(None),
        Err(Refused::Ours) => Err(StoreError::Unreadable),
    }
}

/// The account's passkeys, those too that wrong answers have ended.
fn made(tx: &mut Tx<'_>, scope: &AccountScope) -> Result<Vec<Key>, StoreError> {
    let rows = rows::enrolled(tx, scope)?;
    rows.iter().filter(|row| row.method == Method::Passkey).map(|row| opened(&row.body.kept)).collect()
}

fn opened(kept: &Kept) -> Result<Key, StoreError> {
    match kept.open()? {
        Held::Made(key) => Ok(*key),
        Held::Asked { .. } => Err(StoreError::Unreadable),
    }
}
