//! Operators: who runs the service, what each may do, and the record of what each did.

pub mod account;
mod role;

use std::fmt;

pub use self::account::{Kept, OperatorAccount, OperatorName};
pub use self::role::Role;
use crate::kernel::ids::OperatorId;

/// Who acts for the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_is_written_by_kind_and_id() {
        assert_eq!(Operator::Local(1000).to_string(), "local:1000");
        let id: OperatorId = "0193a0e8-4d6b-7000-8000-000000000001".parse().unwrap();
        assert_eq!(Operator::Account(id).to_string(), "operator:0193a0e8-4d6b-7000-8000-000000000001");
    }
}
