//! What a version of a key may be used for, as the databases hold it.

/// What a key version may be used for. The data's database mirrors it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Seals new values and opens.
    Active,
    /// Opens; whatever it sealed is being sealed anew.
    Closed,
    /// Opens restored data only.
    Retired,
    /// Gone: its bytes were overwritten.
    Destroyed,
    /// Opens, and seals nothing yet: every process is to hold it before one seals under it.
    Made,
}

impl KeyState {
    /// As the databases hold it.
    #[must_use]
    pub const fn code(self) -> i16 {
        match self {
            Self::Active => 1,
            Self::Closed => 2,
            Self::Retired => 3,
            Self::Destroyed => 4,
            Self::Made => 5,
        }
    }

    /// The state of a code.
    #[must_use]
    pub fn from_code(code: i16) -> Option<Self> {
        [Self::Active, Self::Closed, Self::Retired, Self::Destroyed, Self::Made]
            .into_iter()
            .find(|state| state.code() == code)
    }
}

/// What tags stand under a key version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kernel) enum TagState {
    /// None is written or looked up.
    Unused,
    /// They are looked up, and written.
    Sought,
    /// They are written beside those that are looked up.
    Written,
}

impl TagState {
    /// As the database holds it.
    pub(super) const fn code(self) -> i16 {
        match self {
            Self::Unused => 0,
            Self::Sought => 1,
            Self::Written => 2,
        }
    }
}

/// How far a root version is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kernel) enum RootState {
    /// Written down; its key may not be made yet.
    Planned,
    /// Unwraps; the current one wraps.
    Live,
    /// Its key is being destroyed.
    Destroying,
    /// Its key is gone.
    Destroyed,
}

impl RootState {
    /// As the database holds it.
    pub(super) const fn code(self) -> i16 {
        match self {
            Self::Planned => 1,
            Self::Live => 2,
            Self::Destroying => 3,
            Self::Destroyed => 4,
        }
    }
}
