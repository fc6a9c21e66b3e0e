//! Operators: who runs the service, what each may do, and the record of what each did.
//!
//! Whatever an operator has done, by the console or by a command, is a [`Deed`]; whatever does it demands an
//! [`OperatorAct`] of that deed, and only the [`Ledger`] makes one, by writing the entry that the deed begins. When it is
//! over, a second entry says how it ended. So there is no way to act that leaves no entry:
//!
//! ```compile_fail,E0451
//! # use seif::kernel::operators::{Operator, OperatorAct, deeds::DestroyRoot};
//! let act = OperatorAct { entry: 1, by: Operator::Local(0), deed: DestroyRoot { version: 1 } };
//! ```
//!
//! ```compile_fail,E0308
//! # use seif::kernel::keyring::{Keyring, KeyringError};
//! fn unseen(keyring: &Keyring) -> Result<(), KeyringError> {
//!     keyring.destroy_root("local:0")
//! }
//! ```
//!
//! ```no_run
//! # use seif::kernel::keyring::{Keyring, KeyringError};
//! # use seif::kernel::operators::{Ledger, Operator, deeds::RotateRoot};
//! # use seif::kernel::keyring::rotation::{Pace, Rotated};
//! fn seen(keyring: &Keyring, pace: Pace) -> Result<Rotated, KeyringError> {
//!     let go_on = |_| std::ops::ControlFlow::Continue(());
//!     let turn = |act: &_| keyring.rotate_root(act, pace, go_on);
//!     Ledger::of(keyring).operate_blocking(Operator::Local(0), RotateRoot, turn)?
//! }
//! ```
//!
//! What cannot be taken back, or is said to everybody, is a deed [of two](ByTwo): one operator proposes it, another confirms
//! it, and only then the ledger makes its act; see [`TwoPersons`]. As one's deed it does not compile, and is refused by what
//! it is besides:
//!
//! ```compile_fail,E0277
//! # use seif::kernel::keyring::{Keyring, KeyringError};
//! # use seif::kernel::operators::{Ledger, Operator, deeds::DestroyRoot};
//! fn alone(keyring: &Keyring) -> Result<(), KeyringError> {
//!     let deed = DestroyRoot { version: 1 };
//!     Ledger::of(keyring).operate_blocking(Operator::Local(0), deed, |act| keyring.destroy_root(act))?
//! }
//! ```
//!
//! A second operator's word needs a [`Witness`], which is made of their session in the console or of a code of their app:
//!
//! ```compile_fail,E0423
//! # use seif::kernel::{ids::OperatorId, operators::Witness};
//! fn anybody(id: OperatorId) -> Witness {
//!     Witness(id)
//! }
//! ```
//!
//! The ledger stands in the keyring's database: a restore of the data must not take back that somebody acted. What
//! touches a tenant is told in that tenant's own audit, which is in the data's database: the entry comes first, together
//! with the word that it is to be told; the telling follows at once, and where the process is killed between the two, the
//! service or the next start tells it, once.

pub mod account;
mod act;
pub mod deeds;
mod ledger;
mod proposals;
mod role;
mod support;
mod telling;
mod witness;

use std::fmt;
use std::str::FromStr;

pub use self::account::{Kept, OperatorAccount, OperatorName};
pub use self::act::{Act, ByOne, ByTwo, Deed, Of, Touches};
pub use self::ledger::{By, Entry, Ledger, LedgerState, OperatorAct, Schedule, Step};
pub(in crate::kernel) use self::ledger::{Mark, note_at_once, touch};
pub(in crate::kernel) use self::proposals::forget_open;
pub use self::proposals::{Asked, Proposal, ProposalError, Standing, TwoPersons, WAITS};
pub use self::role::Role;
pub use self::support::{FirstLook, Granted, GrantedRow, SupportRefused};
pub(in crate::kernel) use self::telling::tell_again;
pub use self::witness::Witness;
use crate::kernel::ids::OperatorId;

/// Who acts for the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Operator {
    /// Whoever may run commands on the machine itself, by their user id there; the machine's own rules let them in.
    Local(u32),
    /// An operator's account, signed in to the console.
    Account(OperatorId),
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(user) => write!(f, "local:{user}"),
            Self::Account(id) => write!(f, "operator:{id}"),
        }
    }
}

/// The text names no operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an operator")]
pub struct NotAnOperator;

impl FromStr for Operator {
    type Err = NotAnOperator;

    fn from_str(text: &str) -> Result<Self, NotAnOperator> {
        match text.split_once(':') {
            Some(("local", user)) => user.parse().map(Self::Local).map_err(|_| NotAnOperator),
            Some(("operator", id)) => id.parse().map(Self::Account).map_err(|_| NotAnOperator),
            _ => Err(NotAnOperator),
        }
    }
}

impl From<Operator> for String {
    fn from(operator: Operator) -> Self {
        operator.to_string()
    }
}

impl TryFrom<String> for Operator {
    type Error = NotAnOperator;

    fn try_from(text: String) -> Result<Self, NotAnOperator> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_is_written_by_kind_and_id_and_read_back() {
        assert_eq!(Operator::Local(1000).to_string(), "local:1000");
        let id: OperatorId = "0193a0e8-4d6b-7000-8000-000000000001".parse().unwrap();
        assert_eq!(Operator::Account(id).to_string(), "operator:0193a0e8-4d6b-7000-8000-000000000001");
        for operator in [Operator::Local(0), Operator::Account(id)] {
            assert_eq!(operator.to_string().parse(), Ok(operator));
        }
        for wrong in ["", "local", "local:", "local:-1", "operator:1", "root:0"] {
            assert_eq!(wrong.parse::<Operator>(), Err(NotAnOperator), "{wrong}");
        }
    }
}
