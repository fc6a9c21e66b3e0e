//! Sign-ins on other devices: the screen that waits, and the one that decides (S-3).

use serde::Serialize;

use super::confirm::ConfirmCodeField;
use super::form::Form;
use super::render::Page;
use super::shown::Shown;
use super::vault::Moment;
use crate::kernel::ids::ConfirmationId;

/// `/confirm/{id}` of an approval: shows the number to pick on the other device; posts there to go on. A module looks by
/// itself whether it was approved.
#[derive(Debug, Clone, Serialize)]
pub struct ConfirmWait {
    /// The challenge's id, in the path.
    pub challenge: ConfirmationId,
    /// The number.
    pub code: Shown,
    /// When it ends by itself.
    pub expires_at: Moment,
    /// How it stands.
    pub standing: WaitStanding,
    /// The query that says where it leads on to: `?next=…`, or nothing.
    pub onward: Shown,
}

/// How a sign-in stands that waits for another device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitStanding {
    /// It waits.
    Waiting,
    /// It waits, and its person thought that it did not.
    AskedTooEarly,
    /// It was approved.
    Approved,
}

impl Page for ConfirmWait {
    const TEMPLATE: &'static str = "confirm_wait.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        use super::vault::samples::{moment, shown};
        [WaitStanding::Waiting, WaitStanding::AskedTooEarly, WaitStanding::Approved]
            .map(|standing| Self {
                challenge: ConfirmationId::from_bytes([7; 16]),
                code: shown("47"),
                expires_at: moment(2),
                standing,
                onward: shown("?next=/t/1/"),
            })
            .to_vec()
    }
}

/// `/account/approvals`: a number is picked by posting `control_code` to `/account/approvals/{id}`; `decision` there is
/// `refuse` or `report`.
#[derive(Debug, Clone, Serialize)]
pub struct Approvals {
    /// What waits, oldest first.
    pub requests: Vec<ApprovalRequest>,
    /// What is wrong with the last decision.
    pub form: Form<ConfirmCodeField>,
}

/// A sign-in that waits.
#[derive(Debug, Clone, Serialize)]
pub struct ApprovalRequest {
    /// Its id.
    pub id: ConfirmationId,
    /// Since when.
    pub at: Moment,
    /// From which network address.
    pub ip: Shown,
    /// On what.
    pub device: Shown,
    /// The numbers to pick from.
    pub choices: Vec<String>,
}

impl Page for Approvals {
    const TEMPLATE: &'static str = "approvals.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        use super::vault::samples::{moment, shown};
        let request = |byte, device| ApprovalRequest {
            id: ConfirmationId::from_bytes([byte; 16]),
            at: moment(1),
            ip: shown("2001:db8:85a3::8a2e:370:7334"),
            device: shown(device),
            choices: vec!["12".to_owned(), "47".to_owned(), "83".to_owned()],
        };
        vec![
            Self { requests: vec![request(3, "Firefox, Windows <test>"), request(4, "")], form: Form::empty() },
            Self { requests: Vec::new(), form: Form::empty().refused("wrong_number") },
            Self { requests: Vec::new(), form: Form::empty() },
        ]
    }
}
