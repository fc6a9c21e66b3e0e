//! That an operator is there in person: a second operator's word is theirs alone.

use std::time::Duration;

use crate::kernel::access::OperatorAccess;
use crate::kernel::ids::OperatorId;
use crate::kernel::keyring::Keyring;
use crate::kernel::keyring::operators::{Changed, Then};
use crate::kernel::operators::deeds::SignIn;
use crate::kernel::operators::{Act, Ledger, Of, Operator, OperatorName, ProposalError, Step};
use crate::kernel::personal::Secret;

/// That an operator themselves are there: signed in to the console, or with a code of their app.
#[derive(Debug)]
pub struct Witness(OperatorId);

impl Witness {
    /// Who.
    #[must_use]
    pub const fn operator(&self) -> Operator {
        Operator::Account(self.0)
    }
}

impl OperatorAccess {
    /// Whoever is signed in.
    #[must_use]
    pub const fn witness(&self) -> Witness {
        Witness(self.account.id)
    }
}

/// How many wrong codes of one operator's are tried by the command line within [`TRIED_WITHIN`].
const TRIES: usize = 5;
const TRIED_WITHIN: Duration = Duration::from_secs(15 * 60);

impl Keyring {
    /// Whoever has this name and an app that shows this code, which is used up by it. The try is entered in the ledger
    /// before it is judged, as `by`'s.
    ///
    /// # Errors
    /// [`ProposalError::Refused`], the same whatever was wrong; [`ProposalError::TooMany`]; the keyring is away.
    pub async fn witness(
        &self,
        by: Operator,
        name: &OperatorName,
        code: &Secret<String>,
    ) -> Result<Witness, ProposalError> {
        let account = self.operator_named(name).await?.ok_or(ProposalError::Refused)?;
        let (id, now, ledger) = (account.id, self.clock().now(), Ledger::of(self));
        let recent = ledger.entries(None, None, 1_000)?;
        let tried = |step: Step| {
            let of_theirs = recent.iter().filter(move |entry| {
                let is_theirs = entry.act == Act::SignIn && entry.of.contains(&Of::Operator(id));
                is_theirs && entry.step == step && now.since(entry.at) < TRIED_WITHIN
            });
            of_theirs.count()
        };
        if tried(Step::Begun).saturating_sub(tried(Step::Done)) >= TRIES {
            return Err(ProposalError::TooMany);
        }
        let judged = ledger.operate(by, SignIn { operator: id }, async |_| -> Result<(), ProposalError> {
            let changed = account.accept(code, now).ok_or(ProposalError::Refused)?;
            match self.change_operator(Operator::Account(id), &changed, Then::Nothing).await? {
                Changed::Done => Ok(()),
                // Somebody used the code at the same moment: it counts once.
                Changed::Overtaken | Changed::LastAdministrator => Err(ProposalError::Refused),
            }
        });
        judged.await??;
        Ok(Witness(id))
    }
}
