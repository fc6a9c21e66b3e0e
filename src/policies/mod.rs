//! The legal documents of the service: their versions, their texts, who was told of a change, and who acknowledged what.
//!
//! A version has one text a language. It is a draft until it is announced; from then on the database itself refuses to
//! change it (`life`). Every account is told before it comes into force (`notices`), and what happened is written down
//! once (`events`). The first versions come from `config/legal` at the first start ([`publish_initial`]).
//! [`Policies`] is what the web and the command line ask; [`needed_at_sign_up`], [`acknowledge`] and [`joined`] are for the
//! transaction of who joins, and [`settled`] is for the outbox.

pub mod consents;
pub mod deeds;
mod differences;
mod document;
mod events;
mod facts;
mod fingerprint;
mod initial;
mod life;
mod markdown;
mod notices;
mod published;
mod working;

use std::sync::Arc;
use std::time::Duration;

use crate::kernel::Kernel;
use crate::kernel::access::AccountAccess;
use crate::kernel::clock::Time;
use crate::kernel::ids::{AccountId, MessageId};
use crate::kernel::log::SafeToLog;
use crate::kernel::operators::{Asked, Operator, OperatorAct};
use crate::kernel::store::db::StoreFailure;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::store_error;
use crate::kernel::tenancy::AccountScope;
use crate::kernel::values::{EmailAddress, Locale};
use crate::messages::notice::ChangedDocument;

use deeds::{Announce, DraftTexts, ExportEvidence, NoteBounce, Withdraw};

use consents::{Choice, Purpose, Register, Way};
pub use differences::{Difference, differences};
pub use document::{Document, DocumentVersion, State};
pub use events::{Event, Happened, Tally};
pub use facts::Facts;
pub use fingerprint::Fingerprint;
pub use initial::publish_initial;
pub use life::{Announcement, LifeError, NewText, Plan};
pub use markdown::html;
pub use notices::{Counts, Delivery, Standing, Told, joined, settled};
pub use published::{
    Published, Text, Weight, acknowledge, announced, in_force, needed_at_sign_up, text, unacknowledged,
};
pub use working::Left;

/// Where a person's mails go, and in which language.
pub type AddressOf = fn(&mut Tx<'_>, &AccountScope) -> Result<(EmailAddress, Locale), StoreError>;

/// What can go wrong with policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PoliciesError {
    /// There is no such version for the public, or not in that language.
    #[error("no such document, version or language")]
    Unknown,
    /// A text that ships with the program is not as it must be: no title, or an unknown placeholder.
    #[error("the shipped text of {0:?} in {1:?} is malformed")]
    Malformed(Document, Locale),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SafeToLog for PoliciesError {}

impl StoreFailure for PoliciesError {
    fn as_store(&self) -> Option<StoreError> {
        if let Self::Store(error) = self { Some(*error) } else { None }
    }
}

/// The policies of a running service. Cheap to clone.
#[derive(Clone)]
pub struct Policies(Arc<Inner>);

struct Inner {
    kernel: Kernel,
    facts: Facts,
    address_of: AddressOf,
}

/// A change that is announced, as its reader sees it.
#[derive(Debug, Clone)]
pub struct Change {
    /// What is announced.
    pub published: Published,
    /// Its text in the reader's language.
    pub text: Text,
    /// The version that holds until then.
    pub in_force: Option<u32>,
}

/// An announced change, as the banner of somebody who is signed in tells it.
#[derive(Debug, Clone)]
pub struct Coming {
    /// What is announced.
    pub which: DocumentVersion,
    /// Before when it does not take effect.
    pub effective_at: Time,
    fallback: Option<Locale>,
    summaries: Vec<(Locale, String)>,
}

impl Coming {
    /// What changes, in `language` or the stated fallback; empty where nothing was said.
    #[must_use]
    pub fn summary(&self, language: Locale) -> &str {
        let said = |wanted| self.summaries.iter().find(|(language, _)| Some(*language) == wanted);
        said(Some(language)).or_else(|| said(self.fallback)).map_or("", |(_, summary)| summary)
    }
}

/// A draft, as the operator sees it before anybody else.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Which version it will be.
    pub which: DocumentVersion,
    /// Its texts, one a language.
    pub texts: Vec<Text>,
    /// The version in force, which it is to follow.
    pub in_force: Option<u32>,
    /// How many accounts will be told.
    pub accounts: u64,
    /// How long before it takes effect they are told, at least.
    notice: Duration,
    at: Time,
}

impl Preview {
    /// The languages that it has no text in.
    #[must_use]
    pub fn missing(&self) -> Vec<Locale> {
        Locale::ALL.into_iter().filter(|language| self.text(*language).is_none()).collect()
    }

    /// What the mail to readers of `language` will say of it, announced at this moment for the earliest time; nothing where
    /// neither that language nor `fallback` has a text.
    #[must_use]
    pub fn told_in(&self, language: Locale, fallback: Option<Locale>) -> Option<ChangedDocument> {
        let text = self.text(language).or_else(|| self.text(fallback?))?;
        Some(ChangedDocument {
            title: text.title.clone(),
            version: self.which.version,
            on: self.at.plus(self.notice).date(),
            summary: text.summary.clone(),
        })
    }

    fn text(&self, language: Locale) -> Option<&Text> {
        self.texts.iter().find(|text| text.language == language)
    }
}

impl Policies {
    /// The policies in `kernel`'s database, of the operator with these `facts`; people are found by `address_of`.
    #[must_use]
    pub fn new(kernel: Kernel, facts: Facts, address_of: AddressOf) -> Self {
        Self(Arc::new(Inner { kernel, facts, address_of }))
    }

    /// Every version that was ever announced, by document and version.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(&self) -> Result<Vec<Published>, PoliciesError> {
        self.kernel().read(&self.kernel().service(), |tx, _| published::list(tx)).await
    }

    /// The text of a published version.
    ///
    /// # Errors
    /// [`PoliciesError::Unknown`], or the store's.
    pub async fn text(&self, which: DocumentVersion, language: Locale) -> Result<Text, PoliciesError> {
        self.kernel().point(&self.kernel().service(), move |tx, _| text(tx, which, language)).await
    }

    /// What has happened to every version, oldest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn history(&self) -> Result<Vec<Happened>, PoliciesError> {
        Ok(self.kernel().read(&self.kernel().service(), |tx, _| events::history(tx)).await?)
    }

    /// What is announced, in `language`, with what it is to follow; the nearest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn changes(&self, language: Locale) -> Result<Vec<Change>, PoliciesError> {
        let service = self.kernel().service();
        if self.kernel().point(&service, |tx, _| announced(tx)).await?.is_empty() {
            return Ok(Vec::new());
        }
        let read = move |tx: &mut Tx<'_>, _: &_| -> Result<Vec<Change>, PoliciesError> {
            let in_force = in_force(tx)?;
            let mut changes = Vec::new();
            for published in published::list(tx)?.into_iter().filter(|known| known.state == State::Announced) {
                let document = published.which.document;
                let before = in_force.iter().find(|which| which.document == document).map(|which| which.version);
                let text = text(tx, published.which, language)?;
                changes.push(Change { published, text, in_force: before });
            }
            changes.sort_by_key(|change| change.published.effective_at);
            Ok(changes)
        };
        self.kernel().read(&service, read).await
    }

    /// Notes that whoever is signed in sees what is announced.
    ///
    /// # Errors
    /// The store's.
    pub async fn seen(&self, who: &AccountAccess) -> Result<(), PoliciesError> {
        let see = |tx: &mut Tx<'_>, scope: &AccountScope| notices::seen(tx, scope.account());
        Ok(self.kernel().write("policies.seen", &who.scope, see).await?)
    }

    /// What is announced and `account` has not acknowledged, the nearest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn coming(&self, account: AccountId) -> Result<Vec<Coming>, PoliciesError> {
        let read = move |tx: &mut Tx<'_>, _: &_| published::coming(tx, account);
        Ok(self.kernel().point(&self.kernel().service(), read).await?)
    }

    /// Which announced versions the account has seen and which it has acknowledged.
    ///
    /// # Errors
    /// The store's.
    pub async fn standing(&self, who: &AccountAccess) -> Result<Vec<Standing>, PoliciesError> {
        let account = who.session.account;
        Ok(self.kernel().point(&self.kernel().service(), move |tx, _| notices::standing(tx, account)).await?)
    }

    /// What `account` has yet to acknowledge of what is needed: until then its sessions change nothing.
    ///
    /// # Errors
    /// The store's.
    pub async fn unacknowledged(&self, account: AccountId) -> Result<Vec<DocumentVersion>, PoliciesError> {
        let service = self.kernel().service();
        self.kernel().point(&service, move |tx, _| unacknowledged(tx, account).map_err(PoliciesError::from)).await
    }

    /// Notes that the account has read and accepted `which`; again changes nothing.
    ///
    /// # Errors
    /// [`PoliciesError::Unknown`] for a version that is neither in force nor announced, or the store's.
    pub async fn acknowledge(&self, who: &AccountAccess, which: DocumentVersion) -> Result<(), PoliciesError> {
        self.kernel()
            .write("policies.acknowledge", &who.scope, move |tx, scope| acknowledge(tx, scope.account(), &[which]))
            .await
    }

    /// Adds texts to the draft of `document`, and begins one where there is none.
    ///
    /// # Errors
    /// [`LifeError::Untitled`], [`LifeError::Placeholder`], [`LifeError::Summary`], or the store's.
    pub async fn draft(
        &self,
        document: Document,
        texts: Vec<NewText>,
        who: Operator,
    ) -> Result<DocumentVersion, LifeError> {
        let facts = self.0.facts.clone();
        let write = move |tx: &mut Tx<'_>, _: &_| life::write(tx, document, &facts, &texts);
        let done = self.kernel().operate(who, DraftTexts { document }, async |_| {
            self.kernel().write("policies.draft", &self.kernel().service(), write).await
        });
        done.await?
    }

    /// The draft of `document` as it stands.
    ///
    /// # Errors
    /// [`LifeError::NoDraft`], or the store's.
    pub async fn preview(&self, document: Document) -> Result<Preview, LifeError> {
        let notice = self.0.facts.notice;
        let read = move |tx: &mut Tx<'_>, _: &_| -> Result<Preview, LifeError> {
            let (which, texts) = life::drafted(tx, document)?;
            let in_force = in_force(tx)?.into_iter().find(|known| known.document == document);
            let accounts = life::accounts(tx)?;
            let in_force = in_force.map(|known| known.version);
            Ok(Preview { which, texts, in_force, accounts, notice, at: tx.now() })
        };
        self.kernel().read(&self.kernel().service(), read).await
    }

    /// The transparency log's signed note, as mails that tell of a change carry it.
    ///
    /// # Errors
    /// The keyring's.
    pub async fn checkpoint(&self) -> Result<String, StoreError> {
        self.kernel().log_checkpoint().await
    }

    /// Announces the draft of `document` as it stands on behalf of `who`, and queues a notice for every account; or proposes
    /// it, where another operator is to confirm exactly these words and times.
    ///
    /// # Errors
    /// Every [`LifeError`]; what was announced stays announced, and the rest of its notices is queued by the service.
    pub async fn announce(
        &self,
        document: Document,
        plan: Plan,
        who: Operator,
    ) -> Result<Asked<Announcement>, LifeError> {
        let (least, rule) = (self.0.facts.notice, self.0.facts.two_person);
        let look = move |tx: &mut Tx<'_>, _: &_| -> Result<Announce, LifeError> {
            life::Draft::find(tx, document)?.ok_or(LifeError::NoDraft)?.planned(tx, plan, least)
        };
        let deed = self.kernel().read(&self.kernel().service(), look).await?;
        let asked = self.kernel().operate_by_two(who, rule, deed, async |act| self.announced(act).await);
        Ok(match asked.await? {
            Asked::Done(done) => Asked::Done(done?),
            Asked::Proposed(id) => Asked::Proposed(id),
        })
    }

    /// Whether what is announced by `deed` is the draft as it stands, for whoever confirms it: they have read this one.
    ///
    /// # Errors
    /// [`LifeError::Changed`], whatever else keeps it from being announced, or the store's.
    pub async fn demand_drafted(&self, deed: &Announce) -> Result<(), LifeError> {
        let (deed, least) = (deed.clone(), self.0.facts.notice);
        let look = move |tx: &mut Tx<'_>, _: &_| -> Result<(), LifeError> {
            let draft = life::Draft::find(tx, deed.which.document)?.ok_or(LifeError::NoDraft)?;
            let planned = draft.planned(tx, deed.plan, least)?;
            if planned.is_as(&deed) { Ok(()) } else { Err(LifeError::Changed) }
        };
        self.kernel().read(&self.kernel().service(), look).await
    }

    async fn announced(&self, act: &OperatorAct<Announce>) -> Result<Announcement, LifeError> {
        let (deed, least, actor) = (act.deed().clone(), self.0.facts.notice, act.by().to_string());
        let announce = move |tx: &mut Tx<'_>, _: &_| -> Result<Announcement, LifeError> {
            let draft = life::Draft::find(tx, deed.which.document)?.ok_or(LifeError::NoDraft)?;
            draft.announce(tx, &deed, least, &actor)
        };
        let announcement = self.kernel().write("policies.announce", &self.kernel().service(), announce).await?;
        self.queue(announcement.which).await?;
        Ok(announcement)
    }

    /// Takes back what is announced of `document`.
    ///
    /// # Errors
    /// [`LifeError::NothingAnnounced`], or the store's.
    pub async fn withdraw(&self, document: Document, who: Operator) -> Result<DocumentVersion, LifeError> {
        let actor = who.to_string();
        let withdraw = move |tx: &mut Tx<'_>, _: &_| -> Result<DocumentVersion, LifeError> {
            let announced = life::Announced::find(tx, document)?.ok_or(LifeError::NothingAnnounced)?;
            announced.withdraw(tx, &actor)
        };
        let done = self.kernel().operate(who, Withdraw { document }, async |_| {
            self.kernel().write("policies.withdraw", &self.kernel().service(), withdraw).await
        });
        done.await?
    }

    /// How many notices of `which` are where.
    ///
    /// # Errors
    /// [`PoliciesError::Unknown`] for a version that was never announced, or the store's.
    pub async fn counts(&self, which: DocumentVersion) -> Result<Counts, PoliciesError> {
        let read = move |tx: &mut Tx<'_>, _: &_| -> Result<Counts, PoliciesError> {
            published::demand_published(tx, which)?;
            Ok(notices::counts(tx, which)?)
        };
        self.kernel().read(&self.kernel().service(), read).await
    }

    /// Writes out, by `run`, what proves a version's notice.
    ///
    /// # Errors
    /// The operators' ledger is away, or what `run` gives.
    pub async fn evidence<E: From<PoliciesError>>(
        &self,
        which: DocumentVersion,
        who: Operator,
        run: impl AsyncFnOnce(&OperatorAct<ExportEvidence>) -> Result<(), E>,
    ) -> Result<(), E> {
        let done = self.kernel().operate(who, ExportEvidence { which }, run).await;
        done.map_err(|error| E::from(PoliciesError::Store(store_error(&error))))?
    }

    /// What became of the notices of the act's version, by account, after `after`, at most `limit`.
    ///
    /// # Errors
    /// The store's.
    pub async fn deliveries(
        &self,
        act: &OperatorAct<ExportEvidence>,
        after: AccountId,
        limit: i64,
    ) -> Result<Vec<Told>, PoliciesError> {
        let which = act.deed().which;
        let read = move |tx: &mut Tx<'_>, _: &_| notices::deliveries(tx, which, after, limit);
        Ok(self.kernel().read(&self.kernel().service(), read).await?)
    }

    /// Notes that the mail `id` came back; gives how many notices it told of.
    ///
    /// # Errors
    /// The store's.
    pub async fn bounced(&self, id: MessageId, who: Operator) -> Result<usize, PoliciesError> {
        let note = move |tx: &mut Tx<'_>, _: &_| notices::bounced(tx, id);
        let done = self.kernel().operate(who, NoteBounce { message: id }, async |_| {
            self.kernel().write("policies.bounced", &self.kernel().service(), note).await
        });
        Ok(done.await.map_err(|error| store_error(&error))??)
    }

    /// What the account agrees to, with every decision on it.
    ///
    /// # Errors
    /// The store's.
    pub async fn consents(&self, who: &AccountScope) -> Result<Vec<Register>, PoliciesError> {
        let read = |tx: &mut Tx<'_>, scope: &AccountScope| consents::registers(tx, scope.account());
        Ok(self.kernel().point(who, read).await?)
    }

    /// Writes down what the account's person decided; what is so already, is not written again.
    ///
    /// # Errors
    /// The store's.
    pub async fn decide_consent(
        &self,
        who: &AccountAccess,
        purpose: Purpose,
        choice: Choice,
    ) -> Result<(), PoliciesError> {
        let decide = move |tx: &mut Tx<'_>, scope: &AccountScope| {
            consents::decide(tx, scope.account(), purpose, choice, Way::Said)
        };
        Ok(self.kernel().write("policies.consent", &who.scope, decide).await?)
    }

    /// Takes back everything that the account agreed to: its browser sends Global Privacy Control.
    ///
    /// # Errors
    /// The store's.
    pub async fn privacy_control(&self, account: AccountId) -> Result<(), PoliciesError> {
        let service = self.kernel().service();
        let look = move |tx: &mut Tx<'_>, _: &_| consents::any_given(tx, account);
        if self.kernel().point(&service, look).await? == Choice::Given {
            let withdraw = move |tx: &mut Tx<'_>, _: &_| consents::withdraw_all(tx, account);
            self.kernel().write("policies.privacy_control", &service, withdraw).await?;
        }
        Ok(())
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Time {
        self.kernel().now()
    }

    fn kernel(&self) -> &Kernel {
        &self.0.kernel
    }
}
