//! Codes to put aside for the day when all else is lost: ten, shown once, each good once.
//!
//! Only their digests are kept: of 120 random bits nobody finds the code by its digest. A new set replaces the old. A code
//! that was used is taken out of its set, and remembered by a mark besides: a set that is put back from a copy of before
//! opens without it.

use serde::{Deserialize, Serialize};

use crate::accounts::factors::workings::{Begun, Desk, Enrolling, Factor, Kept, Met, Then, Workings};
use crate::accounts::factors::{Answer, Asks, Enrolment, Facts, Fee, Handed, Occasion, Path};
use crate::accounts::history::Way;
use crate::kernel::access::Proof;
use crate::kernel::access::revoked::{note_used, used_of};
use crate::kernel::crypto::token::RecoveryCode;
use crate::kernel::ids::UsedCodeId;
use crate::kernel::store::{StoreError, Tx};
use crate::messages::notice::Means;

/// The method.
pub(super) struct RecoveryCodes;

static FACTS: Facts = Facts {
    name: "recovery_codes",
    code: 2,
    proof: Proof::Recovery,
    enrolment: Enrolment::One,
    occasion: Occasion::Emergency,
    path: Path::Direct,
    fee: Fee::None,
    way: Way::RecoveryCode,
    means: Some(Means::RecoveryCodes),
};

/// How many make a set.
const SET: usize = 10;

/// What is kept of a set: the digests of the codes that were not used yet.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    digests: Vec<[u8; 32]>,
}

impl Workings for RecoveryCodes {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn enrol(&self, desk: &mut Desk<'_, '_>) -> Result<Option<Enrolling>, StoreError> {
        let codes: Vec<RecoveryCode> = (0..SET).map(|_| RecoveryCode::random(desk.tx.entropy())).collect();
        let kept = Kept::of(&Set { digests: codes.iter().map(RecoveryCode::digest).collect() })?;
        let handed = Handed::Codes(codes.iter().map(RecoveryCode::shown).collect());
        Ok(Some(Enrolling { kept, handed, then: Then::Done }))
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
        let Answer::Code(typed) = answer else { return Ok(None) };
        let Some(code) = RecoveryCode::parse(typed.reveal()) else { return Ok(None) };
        let digest = code.digest();
        for factor in factors {
            let Set { mut digests } = factor.kept.open()?;
            let before = digests.len();
            // A digest tells nothing by how long it is compared: nobody can choose one.
            digests.retain(|known| *known != digest);
            if digests.len() < before {
                note_used(desk.tx, desk.scope, RecoveryCode::mark(&digest))?;
                return Ok(Some(Met { by: Some((factor.id, Kept::of(&Set { digests })?)) }));
            }
        }
        Ok(None)
    }

    fn without_used(&self, tx: &mut Tx<'_>, kept: Kept) -> Result<Kept, StoreError> {
        let Set { mut digests } = kept.open()?;
        let marks: Vec<UsedCodeId> = digests.iter().map(RecoveryCode::mark).collect();
        let used = used_of(tx, &marks)?;
        if used.is_empty() {
            return Ok(kept);
        }
        digests.retain(|digest| !used.contains(&RecoveryCode::mark(digest)));
        Kept::of(&Set { digests })
    }

    fn left(&self, kept: &Kept) -> Result<Option<usize>, StoreError> {
        let Set { digests } = kept.open()?;
        Ok(Some(digests.len()))
    }
}
