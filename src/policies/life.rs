//! The life of a version: draft, announced, in force, superseded; withdrawn only while it is announced.
//!
//! Each step consumes the state before it ([`Draft`], [`Announced`]) and holds the row until its transaction ends, so that
//! of several nodes one takes it. The database's own triggers refuse every other way.

use std::time::Duration;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use sha2::{Digest as _, Sha256};

use crate::kernel::clock::Time;
use crate::kernel::keyring::KeyringError;
use crate::kernel::log::SafeToLog;
use crate::kernel::operators::ProposalError;
use crate::kernel::store::db::StoreFailure;
use crate::kernel::store::schema::{accounts, policies, policy_texts};
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::store_error;
use crate::kernel::values::Locale;
use crate::policies::deeds::Announce;
use crate::policies::document::{DRAFT, Document, DocumentVersion, State};
use crate::policies::events::{self, Event, Tally};
use crate::policies::facts::Facts;
use crate::policies::fingerprint::Fingerprint;
use crate::policies::published::{Text, Weight, written};
use crate::policies::{PoliciesError, markdown, notices};

/// Why a version cannot take a step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LifeError {
    /// Nothing of this document is being written.
    #[error("there is no draft of this document")]
    NoDraft,
    /// Nothing of this document is announced.
    #[error("no version of this document is announced")]
    NothingAnnounced,
    /// One version of a document is announced at a time.
    #[error("version {0} is announced and not yet in force: withdraw it, or wait for it")]
    AnotherAnnounced(u32),
    /// Somebody would have nothing to read.
    #[error("there is no text in {}; write one, or state a fallback that there is a text in", tags(.0))]
    Languages(Vec<Locale>),
    /// The least notice is longer.
    #[error("it cannot take effect before {}", .0.rfc3339())]
    TooSoon(Time),
    /// The first line of a text is not `# ` and a title.
    #[error("the first line of the text in {} is not `# ` and a title", .0.tag())]
    Untitled(Locale),
    /// A text names a placeholder that there is none of.
    #[error("the text in {} names an unknown placeholder", .0.tag())]
    Placeholder(Locale),
    /// A summary goes into mails, which hold no links and no control characters.
    #[error("the summary in {} is longer than 2,000 characters or holds something that mails may not", .0.tag())]
    Summary(Locale),
    /// There is no such version.
    #[error("there is no such version")]
    Unknown,
    /// The texts were written on since.
    #[error("the draft is not what it was a moment ago: look at it again")]
    Changed,
    /// It takes another operator, or another role.
    #[error(transparent)]
    Rule(ProposalError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn tags(languages: &[Locale]) -> String {
    languages.iter().map(|language| language.tag()).collect::<Vec<_>>().join(", ")
}

impl SafeToLog for LifeError {}

impl StoreFailure for LifeError {
    fn as_store(&self) -> Option<StoreError> {
        if let Self::Store(error) = self { Some(*error) } else { None }
    }
}

impl From<KeyringError> for LifeError {
    fn from(error: KeyringError) -> Self {
        Self::Store(store_error(&error))
    }
}

impl From<ProposalError> for LifeError {
    fn from(error: ProposalError) -> Self {
        if let ProposalError::Store(error) = error { Self::Store(error) } else { Self::Rule(error) }
    }
}

impl From<PoliciesError> for LifeError {
    fn from(error: PoliciesError) -> Self {
        match error {
            PoliciesError::Store(error) => Self::Store(error),
            PoliciesError::Unknown => Self::Unknown,
            PoliciesError::Malformed(_, language) => Self::Untitled(language),
        }
    }
}

/// A text as it was handed in.
#[derive(Debug, Clone)]
pub struct NewText {
    /// Its language.
    pub language: Locale,
    /// The whole of it in Markdown, where the operator's facts may be named as `{{ … }}`.
    pub markdown: String,
    /// What it changes; none leaves what was said before.
    pub summary: Option<String>,
}

/// How a version is to be announced.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct Plan {
    /// Before when it does not take effect.
    pub effective_at: Time,
    /// Whether it changes what is agreed.
    pub weight: Weight,
    /// The language of readers whose own has no text.
    pub fallback: Option<Locale>,
}

/// A version that is being written: one a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draft(DocumentVersion);

/// A version that is announced: one a document.
#[derive(Debug)]
pub(super) struct Announced {
    pub(super) which: DocumentVersion,
    pub(super) effective_at: Time,
    pub(super) queued_at: Option<Time>,
}

/// What was announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announcement {
    /// Which.
    pub which: DocumentVersion,
    /// When.
    pub announced_at: Time,
    /// Before when it does not take effect.
    pub effective_at: Time,
    /// How long before its effect each account is told.
    pub notice: Duration,
    /// How many accounts there were.
    pub accounts: u64,
}

/// Adds `texts` to the draft of `document`, with `facts` rendered in, and begins one where there is none.
pub(super) fn write(
    tx: &mut Tx<'_>,
    document: Document,
    facts: &Facts,
    texts: &[NewText],
) -> Result<DocumentVersion, LifeError> {
    let Draft(which) = match Draft::find(tx, document)? {
        Some(draft) => draft,
        None => Draft::begin(tx, document)?,
    };
    for text in texts {
        let language = text.language;
        let body = facts.fill(&text.markdown, language).map_err(|_| LifeError::Placeholder(language))?;
        let title = markdown::title(&body).ok_or(LifeError::Untitled(language))?.to_owned();
        let summary = match &text.summary {
            Some(summary) => fit_for_mail(summary).ok_or(LifeError::Summary(language))?,
            None => written(tx, which, language)?.map(|before| before.summary).unwrap_or_default(),
        };
        let (document, version) = which.key();
        diesel::delete(policy_texts::table.find((document, version, language.tag())))
            .execute(tx.conn())
            .map_err(StoreError::from)?;
        diesel::insert_into(policy_texts::table)
            .values((
                policy_texts::document.eq(document),
                policy_texts::version.eq(version),
                policy_texts::language.eq(language.tag()),
                policy_texts::title.eq(title),
                policy_texts::sha256.eq(Sha256::digest(&body).as_slice()),
                policy_texts::body.eq(body),
                policy_texts::summary.eq(summary),
            ))
            .execute(tx.conn())
            .map_err(StoreError::from)?;
    }
    Ok(which)
}

/// A summary as one paragraph of a mail; none where it holds what a mail program could make a link of.
fn fit_for_mail(summary: &str) -> Option<String> {
    let line = summary.split_whitespace().collect::<Vec<_>>().join(" ");
    let low = line.to_lowercase();
    let links = ["http", "www.", "://", "mailto:", "<", "href"].iter().any(|mark| low.contains(mark));
    (line.chars().count() <= 2_000 && !links && !line.contains(char::is_control)).then_some(line)
}

/// The draft of `document`, with its texts.
pub(super) fn drafted(tx: &mut Tx<'_>, document: Document) -> Result<(DocumentVersion, Vec<Text>), LifeError> {
    let Draft(which) = Draft::find(tx, document)?.ok_or(LifeError::NoDraft)?;
    let mut texts = Vec::new();
    for language in Locale::ALL {
        texts.extend(written(tx, which, language)?);
    }
    Ok((which, texts))
}

/// How many accounts there are, decoys aside.
pub(super) fn accounts(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    let many: i64 = accounts::table.filter(accounts::state.ne(notices::DECOY)).count().get_result(tx.conn())?;
    Ok(u64::try_from(many).unwrap_or(0))
}

impl Draft {
    pub(super) fn find(tx: &mut Tx<'_>, document: Document) -> Result<Option<Self>, StoreError> {
        let version: Option<i64> = policies::table
            .filter(policies::document.eq(document.code()))
            .filter(policies::state.eq(DRAFT))
            .select(policies::version)
            .get_result(tx.conn())
            .optional()?;
        Ok(version.and_then(|version| DocumentVersion::decode(document.code(), version)).map(Self))
    }

    fn begin(tx: &mut Tx<'_>, document: Document) -> Result<Self, StoreError> {
        let last: Option<i64> = policies::table
            .filter(policies::document.eq(document.code()))
            .select(diesel::dsl::max(policies::version))
            .get_result(tx.conn())?;
        let (version, now) = (last.unwrap_or(0).saturating_add(1), tx.now());
        diesel::insert_into(policies::table)
            .values((
                policies::document.eq(document.code()),
                policies::version.eq(version),
                policies::state.eq(DRAFT),
                policies::announced_at.eq(now),
                policies::effective_at.eq(now),
            ))
            .execute(tx.conn())?;
        let which = DocumentVersion::decode(document.code(), version);
        which.map(Self).ok_or(StoreError::Refused("a version beyond counting"))
    }

    /// What announcing it as planned is, where it can be.
    pub(super) fn planned(self, tx: &mut Tx<'_>, plan: Plan, least: Duration) -> Result<Announce, LifeError> {
        let Self(which) = self;
        if let Some(other) = Announced::find(tx, which.document)? {
            return Err(LifeError::AnotherAnnounced(other.which.version));
        }
        demand_languages(tx, which, plan.fallback)?;
        let now = tx.now();
        let earliest = match plan.weight {
            Weight::Material => now.plus(least),
            Weight::Correction => now,
        };
        if plan.effective_at < earliest {
            return Err(LifeError::TooSoon(earliest));
        }
        Ok(Announce { which, plan, sha256: fingerprint(tx, which)? })
    }

    /// Announces it, as the deed says: from now on neither it nor its texts change.
    pub(super) fn announce(
        self,
        tx: &mut Tx<'_>,
        deed: &Announce,
        least: Duration,
        actor: &str,
    ) -> Result<Announcement, LifeError> {
        let (Self(which), plan, now) = (self, deed.plan, tx.now());
        let planned = self.planned(tx, plan, least)?;
        if !planned.is_as(deed) {
            return Err(LifeError::Changed);
        }
        let notice = least.min(plan.effective_at.since(now));
        let announced = diesel::update(policies::table.find(which.key()).filter(policies::state.eq(DRAFT)))
            .set((
                policies::state.eq(State::Announced.code()),
                policies::announced_at.eq(now),
                policies::effective_at.eq(plan.effective_at),
                policies::material.eq(plan.weight.is_material()),
                policies::fallback.eq(plan.fallback.map(Locale::tag)),
                policies::notice.eq(i64::try_from(notice.as_micros()).unwrap_or(i64::MAX)),
            ))
            .execute(tx.conn())
            .map_err(StoreError::from)?;
        if announced != 1 {
            return Err(LifeError::NoDraft);
        }
        let accounts = accounts(tx)?;
        events::note(tx, which, Event::Announced, actor, Tally { accounts, ..Tally::default() })?;
        Ok(Announcement { which, announced_at: now, effective_at: plan.effective_at, notice, accounts })
    }
}

/// The SHA-256 of all that a version says, in hex: its texts, their titles, and the words of its mails.
fn fingerprint(tx: &mut Tx<'_>, which: DocumentVersion) -> Result<String, LifeError> {
    let mut fingerprint = Fingerprint::default();
    for language in Locale::ALL {
        if let Some(text) = written(tx, which, language)? {
            for part in [text.language.tag(), &text.title, &text.summary, &text.markdown] {
                fingerprint.add(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
                fingerprint.add(part.as_bytes());
            }
        }
    }
    Ok(fingerprint.hex())
}

fn demand_languages(tx: &mut Tx<'_>, which: DocumentVersion, fallback: Option<Locale>) -> Result<(), LifeError> {
    let (document, version) = which.key();
    let there: Vec<String> = policy_texts::table
        .filter(policy_texts::document.eq(document))
        .filter(policy_texts::version.eq(version))
        .select(policy_texts::language)
        .load(tx.conn())
        .map_err(StoreError::from)?;
    let is_there = |language: &Locale| there.iter().any(|tag| tag == language.tag());
    let missing: Vec<Locale> = Locale::ALL.into_iter().filter(|language| !is_there(language)).collect();
    if missing.is_empty() || fallback.as_ref().is_some_and(is_there) {
        return Ok(());
    }
    Err(LifeError::Languages(missing))
}

impl Announced {
    pub(super) fn find(tx: &mut Tx<'_>, document: Document) -> Result<Option<Self>, StoreError> {
        Ok(Self::all(tx)?.into_iter().find(|announced| announced.which.document == document))
    }

    pub(super) fn all(tx: &mut Tx<'_>) -> Result<Vec<Self>, StoreError> {
        let rows: Vec<(i16, i64, Time, Option<Time>)> = policies::table
            .filter(policies::state.eq(State::Announced.code()))
            .order((policies::document, policies::version))
            .select((policies::document, policies::version, policies::effective_at, policies::queued_at))
            .load(tx.conn())?;
        let read = |(document, version, effective_at, queued_at)| {
            Some(Self { which: DocumentVersion::decode(document, version)?, effective_at, queued_at })
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// Holds the row until the transaction ends; of several nodes that go on, one.
    fn hold(&self, tx: &mut Tx<'_>) -> Result<Held, StoreError> {
        let mine = policies::table.find(self.which.key()).filter(policies::state.eq(State::Announced.code()));
        let held = diesel::update(mine).set(policies::state.eq(State::Announced.code())).execute(tx.conn())?;
        Ok(if held == 1 { Held::Ours } else { Held::Gone })
    }

    /// Takes it back. Who was not mailed yet will not be.
    pub(super) fn withdraw(self, tx: &mut Tx<'_>, actor: &str) -> Result<DocumentVersion, LifeError> {
        if self.hold(tx)? == Held::Gone {
            return Err(LifeError::NothingAnnounced);
        }
        diesel::update(policies::table.find(self.which.key()))
            .set(policies::state.eq(State::Withdrawn.code()))
            .execute(tx.conn())
            .map_err(StoreError::from)?;
        notices::call_off(tx, self.which)?;
        let tally = notices::tally(tx, self.which)?;
        events::note(tx, self.which, Event::Withdrawn, actor, tally)?;
        Ok(self.which)
    }

    /// Whether it could come into force now: its time has come, and nobody holds it up. A look without a lock.
    pub(super) fn is_due(&self, tx: &mut Tx<'_>) -> Result<Due, StoreError> {
        if self.effective_at > tx.now() || self.queued_at.is_none() || notices::holds_up(tx, self.which)? {
            return Ok(Due::Later);
        }
        Ok(Due::Now)
    }

    /// Has it come into force, in place of the one before it: at its time, once every account was told the promised
    /// time before or cannot be reached; once.
    pub(super) fn come_into_force(self, tx: &mut Tx<'_>) -> Result<Due, StoreError> {
        if self.is_due(tx)? == Due::Later || self.hold(tx)? == Held::Gone {
            return Ok(Due::Later);
        }
        let now = tx.now();
        if notices::anybody_untold(tx, self.which)? {
            // Somebody was left out: they are told now, and have as long as the others had.
            diesel::update(policies::table.find(self.which.key()))
                .set(policies::queued_at.eq(None::<Time>))
                .execute(tx.conn())?;
            return Ok(Due::Later);
        }
        let tally = notices::tally(tx, self.which)?;
        let before = policies::table
            .filter(policies::document.eq(self.which.document.code()))
            .filter(policies::state.eq(State::InForce.code()));
        let before: Option<i64> = diesel::update(before)
            .set(policies::state.eq(State::Superseded.code()))
            .returning(policies::version)
            .get_result(tx.conn())
            .optional()?;
        if let Some(before) = before.and_then(|version| DocumentVersion::decode(self.which.document.code(), version)) {
            events::note(tx, before, Event::Superseded, events::SERVICE, Tally::default())?;
        }
        diesel::update(policies::table.find(self.which.key()))
            .set((policies::state.eq(State::InForce.code()), policies::in_force_at.eq(now)))
            .execute(tx.conn())?;
        events::note(tx, self.which, Event::InForce, events::SERVICE, tally)?;
        Ok(Due::Now)
    }
}

/// Whether a version comes into force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Now,
    Later,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    Ours,
    Gone,
}
