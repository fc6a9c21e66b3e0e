//! The rows beside sessions: what was begun before anybody is signed in, and what stands on a sign-in elsewhere.

use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, JoinOnDsl as _, OptionalExtension as _, QueryDsl as _,
    RunQueryDsl as _,
};

use crate::accounts::oidc::Pending;
use crate::accounts::oidc::identity::Tags;
use crate::kernel::clock::Time;
use crate::kernel::crypto::token::SessionToken;
use crate::kernel::crypto::{Place, RowRef, Sealed, Tag};
use crate::kernel::ids::SessionId;
use crate::kernel::store::schema::{anonymous_sessions, provider_logouts, provider_sessions, sessions};
use crate::kernel::store::{StoreError, Tx, both};
use crate::kernel::tenancy::DayScope;

/// Where what was begun lies, under the day's key.
pub(super) struct AnonymousBody;

impl Place for AnonymousBody {
    const LABEL: &'static str = "anonymous_sessions.body";
    type Plain = Pending;
}

/// What is found of an anonymous session: its day and what was begun.
pub(super) type Anonymous = (SessionId, i64, Sealed<AnonymousBody>);

/// An anonymous session never changes: its row has one version.
pub(super) const fn row(id: &SessionId) -> RowRef {
    RowRef::new(id.as_bytes(), 1)
}

/// Begins an anonymous session; its token is the browser's.
pub(super) fn begin(
    tx: &mut Tx<'_>,
    day: &DayScope,
    pending: &Pending,
    expires_at: Time,
) -> Result<SessionToken, StoreError> {
    let (now, token) = (tx.now(), SessionToken::random(tx.entropy()));
    let id = SessionId::new(now, tx.entropy());
    let body = day.keys().seal::<AnonymousBody>(row(&id), pending, tx.entropy());
    diesel::insert_into(anonymous_sessions::table)
        .values((
            anonymous_sessions::id.eq(id),
            anonymous_sessions::digest.eq(token.digest().as_slice()),
            anonymous_sessions::day.eq(i64::from(day.day())),
            anonymous_sessions::created_at.eq(now),
            anonymous_sessions::expires_at.eq(expires_at),
            anonymous_sessions::body.eq(body),
        ))
        .execute(tx.conn())?;
    Ok(token)
}

/// The anonymous session of this token, while it lasts.
pub(super) fn find(tx: &mut Tx<'_>, token: &SessionToken) -> Result<Option<Anonymous>, StoreError> {
    let now = tx.now();
    let found = anonymous_sessions::table
        .filter(anonymous_sessions::digest.eq(token.digest().as_slice()))
        .filter(anonymous_sessions::expires_at.gt(now))
        .select((anonymous_sessions::id, anonymous_sessions::day, anonymous_sessions::body))
        .get_result(tx.conn())
        .optional()?;
    Ok(found)
}

/// Ends it; of several at once, one has.
pub(super) fn end(tx: &mut Tx<'_>, id: SessionId) -> Result<Ended, StoreError> {
    let ended = diesel::delete(anonymous_sessions::table.find(id)).execute(tx.conn())?;
    Ok(if ended == 1 { Ended::Now } else { Ended::Before })
}

/// Whether it was this one that ended something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Now,
    Before,
}

/// Writes down that a session stands on a sign-in elsewhere, in place of an earlier one of the same person there.
pub(in crate::accounts) fn stands_on(tx: &mut Tx<'_>, session: SessionId, tags: &Tags) -> Result<(), StoreError> {
    let Some(subject) = tags.subject else { return Ok(()) };
    let before = provider_sessions::table.find((session, tags.index_version, subject));
    diesel::delete(before).execute(tx.conn())?;
    diesel::insert_into(provider_sessions::table)
        .values((
            provider_sessions::session_id.eq(session),
            provider_sessions::index_version.eq(tags.index_version),
            provider_sessions::subject_tag.eq(subject),
            provider_sessions::sid_tag.eq(tags.sid),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// The sessions that stand on a sign-in of these tags: on that very one where it has a name, else on any of that person's.
/// A session whose sign-in was given no name ends with any of them.
pub(super) fn standing_on(tx: &mut Tx<'_>, tags: &Tags) -> Result<Vec<SessionId>, StoreError> {
    let of_version = provider_sessions::table.filter(provider_sessions::index_version.eq(tags.index_version));
    let mut query = of_version.select(provider_sessions::session_id).into_boxed();
    match (tags.subject, tags.sid) {
        (Some(subject), Some(sid)) => {
            let this_one = provider_sessions::sid_tag.eq(sid).or(provider_sessions::sid_tag.is_null());
            query = query.filter(provider_sessions::subject_tag.eq(subject)).filter(this_one);
        }
        (None, Some(sid)) => query = query.filter(provider_sessions::sid_tag.eq(sid)),
        (Some(subject), None) => query = query.filter(provider_sessions::subject_tag.eq(subject)),
        (None, None) => return Ok(Vec::new()),
    }
    Ok(query.load(tx.conn())?)
}

/// Takes a sign-out that a provider tells; of several at once, and of one that is told again, one is the first.
pub(super) fn take(tx: &mut Tx<'_>, logout: Tag, until: Time) -> Result<Ended, StoreError> {
    let first = diesel::insert_into(provider_logouts::table)
        .values((provider_logouts::tag.eq(logout), provider_logouts::expires_at.eq(until)))
        .on_conflict_do_nothing();
    Ok(if both(first).execute(tx.conn())? == 1 { Ended::Now } else { Ended::Before })
}

/// Deletes what is over, at most `limit` of each; gives how many.
pub(in crate::accounts) fn sweep(tx: &mut Tx<'_>, limit: i64) -> Result<usize, StoreError> {
    let now = tx.now();
    let over: Vec<SessionId> = anonymous_sessions::table
        .filter(anonymous_sessions::expires_at.le(now))
        .select(anonymous_sessions::id)
        .limit(limit)
        .load(tx.conn())?;
    let mut swept =
        diesel::delete(anonymous_sessions::table.filter(anonymous_sessions::id.eq_any(&over))).execute(tx.conn())?;
    let over: Vec<Tag> = provider_logouts::table
        .filter(provider_logouts::expires_at.le(now))
        .select(provider_logouts::tag)
        .limit(limit)
        .load(tx.conn())?;
    swept += diesel::delete(provider_logouts::table.filter(provider_logouts::tag.eq_any(&over))).execute(tx.conn())?;
    // Sessions end in many ways; what stood on them is not looked for each time.
    let over: Vec<SessionId> = provider_sessions::table
        .left_join(sessions::table.on(sessions::id.eq(provider_sessions::session_id)))
        .filter(sessions::id.is_null())
        .select(provider_sessions::session_id)
        .limit(limit)
        .load(tx.conn())?;
    swept += diesel::delete(provider_sessions::table.filter(provider_sessions::session_id.eq_any(&over)))
        .execute(tx.conn())?;
    Ok(swept)
}
