//! What an account's person is told of their account (K-7, K-9).

use serde::Serialize;

use super::account::Outcome;
use super::render::Page;
use super::shown::Shown;
use super::vault::{Moment, Pager};
#[cfg(test)]
use super::vault::{Place, samples};
use crate::kernel::ids::NoticeId;

/// `/account/notices`: each entry is reported by posting to `/account/notices/{id}/report`; how mails come is chosen by
/// posting `delivery` (`at_once` or `daily`) to `/account/notices/settings`.
#[derive(Debug, Clone, Serialize)]
pub struct Notices {
    /// The entries, newest first.
    pub entries: Vec<NoticeRow>,
    /// How mails of what may wait come.
    pub delivery: NoticeDelivery,
    /// What comes before and after.
    pub pager: Pager,
}

/// An entry of the feed.
#[derive(Debug, Clone, Serialize)]
pub struct NoticeRow {
    /// Its id.
    pub id: NoticeId,
    /// When it happened last.
    pub at: Moment,
    /// What it is about: the subject of its mail.
    pub subject: Shown,
    /// What has happened.
    pub text: Shown,
    /// Whether it was done.
    pub outcome: Outcome,
    /// From which network address.
    pub ip: Option<Shown>,
    /// On what device.
    pub device: Option<Shown>,
    /// When it was reported.
    pub reported_at: Option<Moment>,
}

/// How mails come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeDelivery {
    /// At once.
    AtOnce,
    /// Once a day.
    Daily,
}

impl Page for Notices {
    const TEMPLATE: &'static str = "notices.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        use samples::{moment, shown};
        let row = |number: u8, outcome, from: Option<&str>, reported| NoticeRow {
            id: NoticeId::from_bytes([number; 16]),
            at: moment(i64::from(number)),
            subject: shown("Your password at Seif was changed"),
            text: shown("The password of your account at Seif has just been changed."),
            outcome,
            ip: from.map(shown),
            device: from.map(|_| shown("Firefox <test>, Linux")),
            reported_at: reported,
        };
        let entries = vec![
            row(3, Outcome::Accepted, Some("203.0.113.7"), None),
            row(2, Outcome::Refused, Some("2001:db8::1"), Some(moment(9))),
            row(1, Outcome::Accepted, None, None),
        ];
        let page = |entries, delivery, next: Option<&str>, place| Self {
            entries,
            delivery,
            pager: Pager { next: next.map(str::to_owned), place },
        };
        vec![
            page(entries, NoticeDelivery::AtOnce, Some("b2Zmc2V0"), Place::Start),
            page(Vec::new(), NoticeDelivery::Daily, None, Place::FurtherOn),
        ]
    }
}
