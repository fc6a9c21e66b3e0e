//! The last mail: what it says is read while the keys still open it, and it is sealed under a key of its own.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::kernel::crypto::{Owner, OwnerKeys};
use crate::kernel::erasure::{Farewell, Last, Leaver};
use crate::kernel::personal::Secret;
use crate::kernel::store::StoreError;
use crate::kernel::store_error;
use crate::kernel::tenancy::AccountScope;
use crate::messages::notice::{Mail, Notice};
use crate::messages::outbox;
use crate::tenants::leaving::Leaving;
use crate::tenants::leaving::wish::{Wish, open_id};

impl Farewell for Leaving {
    fn prepare<'f>(
        &'f self,
        leaver: &'f Leaver,
    ) -> Pin<Box<dyn Future<Output = Result<Last, StoreError>> + Send + 'f>> {
        Box::pin(self.farewell(leaver))
    }
}

impl Leaving {
    /// A mail to each of a tenant's people, or to the account's own; owners get the id under which the proof is kept.
    async fn farewell(&self, leaver: &Leaver) -> Result<Last, StoreError> {
        let mut mails: Vec<(Arc<OwnerKeys>, Mail)> = Vec::new();
        for (person, notice) in self.last_words(leaver).await? {
            let (to, language) = self.kernel().point(person, self.0.address_of).await?;
            let keys = self.kernel().letter_keys().await.map_err(|error| store_error(&error))?;
            mails.push((keys, Mail { to, language, notice }));
        }
        Ok(Box::new(move |tx| {
            for (keys, mail) in &mails {
                outbox::enqueue(tx, keys, mail)?;
            }
            Ok(())
        }))
    }

    /// What each of the leaver's people is told.
    async fn last_words<'l>(&self, leaver: &'l Leaver) -> Result<Vec<(&'l AccountScope, Notice)>, StoreError> {
        match leaver.owner {
            Owner::Tenant(tenant) => {
                let wish = Wish::open_with(&leaver.keys, tenant, &leaver.facts)?;
                let owners = self.owners(tenant).await?;
                let told = |person: &'l AccountScope| {
                    let erasure = owners.contains(&person.account()).then(|| Secret::new(wish.wished.erasure.reveal()));
                    (person, Notice::Farewell { tenant_name: wish.tenant_name.clone(), erasure })
                };
                Ok(leaver.people.iter().map(told).collect())
            }
            Owner::Account(account) => {
                let erasure = open_id(&leaver.keys, account, &leaver.facts)?;
                let told = |person: &'l AccountScope| (person, Notice::AccountFarewell { erasure: erasure.clone() });
                Ok(leaver.people.iter().map(told).collect())
            }
            Owner::Service | Owner::Day(_) | Owner::Letter(_) => Ok(Vec::new()),
        }
    }
}
