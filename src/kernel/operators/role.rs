//! What an operator may do.

/// A set of duties; an operator has one.
///
/// None of them opens a vault: a role says which levers somebody may pull, never what they may read. What a tenant itself
/// grants to support, for a time, is seen masked (`support`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks at sizes, states, ages and progress; changes nothing.
    Reader,
    /// A reader who turns keys over, pauses such work, and makes, checks and restores back-ups.
    KeyKeeper,
    /// A reader who drafts, announces and withdraws documents.
    Publisher,
    /// All of it, and the operators themselves.
    Administrator,
}

impl Role {
    /// Every role, from the least to the most.
    pub const ALL: [Self; 4] = [Self::Reader, Self::KeyKeeper, Self::Publisher, Self::Administrator];

    /// Its name as it is stored and typed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::KeyKeeper => "key_keeper",
            Self::Publisher => "publisher",
            Self::Administrator => "administrator",
        }
    }

    /// The role of this name, if there is one.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_is_found_by_its_own_name() {
        for role in Role::ALL {
            assert_eq!(Role::named(role.name()), Some(role));
        }
        assert_eq!(Role::named("root"), None);
    }
}
