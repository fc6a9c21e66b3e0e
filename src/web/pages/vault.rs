//! What the pages of a vault have in common: moments, cells, the collection they stand in, lists in pages.

use serde::Serialize;

use crate::kernel::clock::Time;
use crate::kernel::ids::{RecordId, TenantId};
use crate::kernel::values::Locale;

use super::shown::Shown;

/// What the visitor's role allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Looking alone: no page offers a change.
    Look,
    /// Changing too.
    Change,
}

/// An instant on a page: in UTC as it comes, in the reader's own time where script runs.
#[derive(Debug, Clone, Serialize)]
pub struct Moment {
    iso: String,
    shown: String,
}

impl Moment {
    /// `time` as people of that language write it: `1 March 2026, 12:00 UTC`.
    #[must_use]
    pub fn new(time: Time, locale: Locale) -> Self {
        let format = match locale {
            Locale::En => "%-d %B %Y, %H:%M UTC",
            Locale::Lv => "%d.%m.%Y., %H:%M UTC",
            Locale::Lt => "%Y-%m-%d %H:%M UTC",
            Locale::Et | Locale::Kk => "%d.%m.%Y %H:%M UTC",
        };
        Self { iso: time.rfc3339(), shown: written(time, format) }
    }
}

/// A day on a page.
#[derive(Debug, Clone, Serialize)]
pub struct Day {
    iso: String,
    shown: String,
}

impl Day {
    /// The day of `time` in UTC as people of that language write it: `1 March 2026`.
    #[must_use]
    pub fn new(time: Time, locale: Locale) -> Self {
        let format = match locale {
            Locale::En => "%-d %B %Y",
            Locale::Lv => "%d.%m.%Y.",
            Locale::Lt => "%Y-%m-%d",
            Locale::Et | Locale::Kk => "%d.%m.%Y",
        };
        Self { iso: written(time, "%Y-%m-%d"), shown: written(time, format) }
    }
}

fn written(time: Time, format: &str) -> String {
    jiff::Timestamp::from_microsecond(time.micros())
        .map_or_else(|_| time.rfc3339(), |instant| instant.strftime(format).to_string())
}

/// The collection that a page stands in; its pages are below `/t/{tenant}/collections/{slug}`.
#[derive(Debug, Clone, Serialize)]
pub struct CollectionMark {
    /// The tenant.
    pub tenant: TenantId,
    /// The slug: letters, digits and `_`, `-`.
    pub slug: Shown,
    /// What people call it.
    pub name: Shown,
}

/// One value as a page shows it.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "state", content = "text", rename_all = "snake_case")]
pub enum Cell {
    /// The value, written for people.
    Text(Shown),
    /// A sensitive value, all but its tail hidden: `…5001`.
    Masked(Shown),
    /// A sensitive value that was asked for.
    Revealed(Shown),
    /// Another record.
    Link(LinkedRecord),
    /// A boolean that is set.
    Yes,
    /// A boolean that is not.
    No,
    /// Nothing.
    Empty,
}

/// A record that a value points to.
#[derive(Debug, Clone, Serialize)]
pub struct LinkedRecord {
    /// The slug of its collection.
    pub collection: Shown,
    /// Its id.
    pub id: RecordId,
    /// What it is called there.
    pub title: Shown,
}

/// A field's value before and after.
#[derive(Debug, Clone, Serialize)]
pub struct FieldChange {
    /// The field's label.
    pub label: Shown,
    /// What stood there.
    pub before: Cell,
    /// What stands there now.
    pub after: Cell,
}

/// Where in a long list a page stands: lists go forward by cursor, and back to the start.
#[derive(Debug, Clone, Serialize)]
pub struct Pager {
    /// The cursor of the next part (`after`), when there is one.
    pub next: Option<String>,
    /// Whether this is the first part.
    pub place: Place,
}

/// The first part of a list, or one further on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The first.
    Start,
    /// A later one.
    FurtherOn,
}

#[cfg(test)]
pub(super) mod samples {
    //! Made-up things for the samples of several pages.

    use super::*;
    pub(in super::super) use crate::web::pages::checks::tenant;
    pub(in super::super) use crate::web::pages::shown::tests::shown;

    pub(in super::super) fn moment(minutes: i64) -> Moment {
        Moment::new(time(minutes), Locale::Lv)
    }

    pub(in super::super) const fn time(minutes: i64) -> Time {
        Time::from_micros(1_772_366_400_000_000 + minutes * 60_000_000)
    }

    pub(in super::super) const fn record(last: u8) -> RecordId {
        RecordId::from_bytes([1, 148, 122, 46, 111, 0, 112, 0, 128, 0, 0, 0, 0, 0, 1, last])
    }

    pub(in super::super) fn customers() -> CollectionMark {
        CollectionMark { tenant: tenant(), slug: shown("customers"), name: shown("Klienti") }
    }

    pub(in super::super) fn text(value: &str) -> Cell {
        Cell::Text(shown(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_days_are_written_as_each_language_writes_them() {
        let time = Time::from_micros(1_772_366_400_000_000);
        let moments = Locale::ALL.map(|locale| Moment::new(time, locale).shown);
        assert_eq!(moments[0], "1 March 2026, 12:00 UTC");
        assert_eq!(moments[1], "01.03.2026., 12:00 UTC");
        assert_eq!(moments[2], "2026-03-01 12:00 UTC");
        assert_eq!(moments[3], "01.03.2026 12:00 UTC");
        let day = Day::new(time, Locale::Lt);
        assert_eq!((day.iso.as_str(), day.shown.as_str()), ("2026-03-01", "2026-03-01"));
    }
}
