//! Keys that live for a time: a day's, for what belongs to nobody yet, and a mail's to somebody who is being erased.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::kernel::core::Kernel;
use crate::kernel::core::scopes::{mirror, unmirror};
use crate::kernel::crypto::{Owner, OwnerKeys};
use crate::kernel::ids::MessageId;
use crate::kernel::keyring::KeyringError;
use crate::kernel::tenancy::DayScope;

/// How long the key of a mail to somebody who is being erased lives at most.
pub const LETTER: Duration = Duration::from_secs(24 * 3600);

impl Kernel {
    /// The scope of this day, for what belongs to nobody yet; its key is made when the day begins.
    ///
    /// # Errors
    /// The keyring or the database is away.
    pub async fn today(&self) -> Result<DayScope, KeyringError> {
        let owner = Owner::day_of(self.now());
        let known = self.0.day.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let (Some(scope), Owner::Day(day)) = (&known, owner)
            && scope.day == day
        {
            return Ok(scope.clone());
        }
        let Owner::Day(day) = owner else { return Err(KeyringError::Defect("a day of no day")) };
        let ahead = self.0.tomorrow.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let keys = match ahead.filter(|(of, _)| *of == day) {
            Some((_, keys)) => keys,
            None => self.make_day(owner).await?,
        };
        let before = match known.filter(|scope| scope.day.saturating_add(1) == day) {
            Some(scope) => Some(scope.keys),
            None => match self.0.keyring.reach(Owner::Day(day.saturating_sub(1))).await {
                Ok(keys) => Some(keys),
                Err(KeyringError::NoKey(_)) => None,
                Err(error) => return Err(error),
            },
        };
        let scope = DayScope { day, keys, before };
        *self.0.day.lock().unwrap_or_else(PoisonError::into_inner) = Some(scope.clone());
        Ok(scope)
    }

    /// Makes the key of the day that comes, and holds it: whoever keeps the root key may be away at midnight.
    ///
    /// # Errors
    /// The keyring, its keeper or the database is away; then the day makes its own.
    pub async fn make_tomorrow(&self) -> Result<(), KeyringError> {
        let today = self.today().await?.day;
        let tomorrow = today.saturating_add(1);
        let keys = self.make_day(Owner::Day(tomorrow)).await?;
        *self.0.tomorrow.lock().unwrap_or_else(PoisonError::into_inner) = Some((tomorrow, keys));
        Ok(())
    }

    /// The keys of a day, made where there are none.
    async fn make_day(&self, owner: Owner) -> Result<Arc<OwnerKeys>, KeyringError> {
        let keys = self.0.keyring.create(owner).await?;
        let version = keys.current();
        self.0.db.write(Vec::new(), move |tx| mirror(tx, owner, version)).await?;
        Ok(keys)
    }

    /// The scope of an earlier day, for what was sealed under its key.
    ///
    /// # Errors
    /// The day's key is destroyed, or the keyring is away.
    pub async fn day_scope(&self, day: u32) -> Result<DayScope, KeyringError> {
        Ok(DayScope { day, keys: self.0.keyring.reach(Owner::Day(day)).await?, before: None })
    }

    /// Destroys the keys of days that ended more than two days ago; gives how many.
    ///
    /// # Errors
    /// The keyring or the database is away; the rest is destroyed the next time.
    pub async fn destroy_old_days(&self) -> Result<usize, KeyringError> {
        let Owner::Day(today) = Owner::day_of(self.now()) else { return Ok(0) };
        let over = self.0.keyring.days()?.into_iter().filter(|day| day.saturating_add(2) < today);
        let mut destroyed = 0;
        for owner in over.map(Owner::Day) {
            self.0.keyring.destroy(owner).await?;
            self.0.db.write(Vec::new(), move |tx| unmirror(tx, owner)).await?;
            destroyed += 1;
        }
        Ok(destroyed)
    }

    /// A key of its own for one mail to somebody who is being erased.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn letter_keys(&self) -> Result<Arc<OwnerKeys>, KeyringError> {
        self.0.keyring.create(Owner::Letter(MessageId::new(self.now(), self.entropy()))).await
    }

    /// Destroys the keys of such mails that are a day old, delivered or not; gives how many.
    ///
    /// # Errors
    /// The keyring is away; the rest is destroyed the next time.
    pub async fn destroy_old_letters(&self) -> Result<usize, KeyringError> {
        let over = self.0.keyring.letters(self.now().minus(LETTER))?;
        for id in &over {
            self.0.keyring.destroy(Owner::Letter(*id)).await?;
        }
        Ok(over.len())
    }
}
