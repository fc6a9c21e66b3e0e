//! Approval on another device (S-3): a session that is confirmed already sees who asks, and picks the code that the
//! waiting screen shows.
//!
//! What it proves is what the approving session has shown, with its age: [`super::approving`] decides, and raises the
//! session. A wrong pick ends the request: of three codes, a second guess would be worth having.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::accounts::factors::workings::{Begun, Desk, Factor, Kept, Met, Workings};
use crate::accounts::factors::{Answer, Asks, Enrolment, Facts, Fee, Occasion, Path};
use crate::accounts::history::{Way, in_words};
use crate::accounts::throttles::{Limit, Then};
use crate::kernel::access::{AtHand, Proof};
use crate::kernel::entropy::Entropy;
use crate::kernel::personal::{Personal, Secret, revealed};
use crate::kernel::store::StoreError;

/// The method.
pub(super) struct Device;

/// Its number in the database.
pub(super) const NUMBER: i16 = 5;

static FACTS: Facts = Facts {
    name: "device",
    code: NUMBER,
    proof: Proof::Confirmed,
    enrolment: Enrolment::AtHand(AtHand::AnotherSession),
    occasion: Occasion::Everyday,
    path: Path::Direct,
    fee: Fee::None,
    way: Way::Device,
    means: None,
};

/// How long a request waits: somebody sits before it.
const LIFETIME: Duration = Duration::from_secs(120);

/// How many an account may ask for: whoever is asked again and again says yes at last.
const LIMIT: Limit = Limit {
    policy: "approvals",
    free: 3,
    window: Duration::from_secs(3600),
    then: Then::Growing(Duration::from_secs(600)),
};

/// How many codes there are to pick from.
const CHOICES: usize = 3;

/// Who asks, and what is to be picked: sealed with the challenge.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// From which address.
    #[serde(with = "revealed")]
    pub(super) ip: Personal<std::net::IpAddr>,
    /// On what, in words.
    #[serde(with = "revealed")]
    pub(super) device: Personal<String>,
    /// What the waiting screen shows.
    #[serde(with = "revealed")]
    pub(super) code: Secret<String>,
    /// That, and others, in random order.
    pub(super) choices: Vec<String>,
}

impl Workings for Device {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn lifetime(&self, _: Duration) -> Duration {
        LIFETIME
    }

    fn limit(&self, _: Limit) -> Limit {
        LIMIT
    }

    fn begin(&self, desk: &mut Desk<'_, '_>) -> Result<Begun, StoreError> {
        let (code, choices) = codes(desk.tx.entropy());
        let code = Secret::new(code);
        let origin = desk.origin;
        let device = origin.device.clone().map(|agent| in_words(&agent));
        let asked = Asked { ip: origin.address.clone(), device, code: code.clone(), choices };
        Ok(Begun { expected: Kept::of(&asked)?, asks: Asks::Approval(code) })
    }

    /// No answer of the waiting session's meets it: another session decides.
    fn judge(&self, _: &mut Desk<'_, '_>, _: &Kept, _: &[Factor], _: &Answer) -> Result<Option<Met>, StoreError> {
        Ok(None)
    }
}

/// The code to show, and all that are to be picked from, of two digits each.
fn codes(entropy: &Entropy) -> (String, Vec<String>) {
    let mut choices: Vec<String> = Vec::with_capacity(CHOICES);
    while choices.len() < CHOICES {
        let code = format!("{:02}", entropy.below(100));
        if !choices.contains(&code) {
            choices.push(code);
        }
    }
    let place = entropy.below(u32::try_from(CHOICES).unwrap_or(1));
    let code = choices.get(usize::try_from(place).unwrap_or(0)).cloned().unwrap_or_default();
    (code, choices)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_three_different_codes_of_two_digits_and_the_right_one_stands_anywhere_among_them() {
        // S-3
        let entropy = Entropy::seeded(1);
        let (mut places, mut shown) = ([0; CHOICES], BTreeSet::new());
        for _ in 0..600 {
            let (code, choices) = codes(&entropy);
            assert_eq!(choices.iter().collect::<BTreeSet<_>>().len(), CHOICES);
            assert!(choices.iter().all(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_digit())));
            places[choices.iter().position(|choice| *choice == code).unwrap()] += 1;
            shown.insert(code);
        }
        assert!(places.iter().all(|count| *count > 150), "{places:?}");
        assert!(shown.len() > 90, "{}", shown.len());
    }
}
