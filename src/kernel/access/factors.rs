//! What a confirmation is worth, and what an account has to confirm with.
//!
//! The methods themselves are the accounts' affair; here they are numbers. What counts here is the [`Proof`] that a
//! session has shown when it was confirmed by one.

use crate::kernel::access::{Assurance, SignInRules};

/// The state of a factor whose enrolment was begun, as the database holds it.
pub const WAITING: i16 = 1;

/// The state of a factor that confirms.
pub const ENROLLED: i16 = 2;

/// So many wrong answers in a row end a factor: it must be recovered (SP 800-63B §3.2.2).
pub const MOST_FAILURES: i64 = 100;

/// What a session has shown when it was confirmed, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proof {
    /// A second proof besides the password.
    Confirmed,
    /// The same, by what was put aside for the day when all else is lost: it also lets remove what was lost (K-8).
    Recovery,
    /// A proof that cannot be read along or guessed along.
    Strong,
}

impl Proof {
    /// As the database holds it.
    #[must_use]
    pub const fn code(self) -> i16 {
        match self {
            Self::Confirmed => 1,
            Self::Recovery => 2,
            Self::Strong => 3,
        }
    }

    /// What the database holds. What is unknown counts as strong where an account is protected by it, and opens nothing:
    /// whoever asks for a known one does not find it.
    #[must_use]
    pub const fn from_code(code: i16) -> Self {
        match code {
            1 => Self::Confirmed,
            2 => Self::Recovery,
            _ => Self::Strong,
        }
    }

    /// What the database holds, where it is known.
    #[must_use]
    pub const fn known(code: i16) -> Option<Self> {
        match code {
            1 => Some(Self::Confirmed),
            2 => Some(Self::Recovery),
            3 => Some(Self::Strong),
            _ => None,
        }
    }

    /// How sure one is of who it is from then on.
    #[must_use]
    pub const fn assurance(self) -> Assurance {
        match self {
            Self::Confirmed | Self::Recovery => Assurance::Confirmed,
            Self::Strong => Assurance::Strong,
        }
    }
}

/// A factor that an account has enrolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enrolled {
    /// The number of its method.
    pub method: i16,
    /// What it proves.
    pub proof: Proof,
    /// Whether it can be used.
    pub standing: Standing,
}

/// Whether a factor can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It can.
    Usable,
    /// Too many wrong answers in a row: it protects the account still, and must be recovered.
    Ended,
}

impl Standing {
    /// By the number of wrong answers in a row.
    #[must_use]
    pub const fn after(failures: i64) -> Self {
        if failures < MOST_FAILURES { Self::Usable } else { Self::Ended }
    }
}

/// What a session has yet to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What would do.
    pub wish: Wish,
    /// The numbers of the enrolled methods that would do; methods that come with every account are not among them.
    pub methods: Vec<i16>,
    /// What would do of what nobody enrols, and not every account has.
    pub at_hand: Vec<AtHand>,
    /// What the tenant accepts in which it is wanted.
    pub rules: SignInRules,
}

/// Something to confirm with that nobody enrols: it is there, or is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtHand {
    /// Another session of the account, that was confirmed, may approve this one (S-3).
    AnotherSession,
    /// The account's phone number is verified (K-2).
    Phone,
}

/// What would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// To be confirmed.
    Confirmed,
    /// To be confirmed now.
    Fresh,
    /// To be confirmed now by a strong method, or by another way that is named.
    Strong,
}
