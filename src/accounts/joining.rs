//! Joining: an address is proved first; then its account, its tenant and the session begin in one transaction. Who was
//! invited becomes a member of the inviting tenant in place of founding one; the invitation is used up with it.
//!
//! Whether an address has an account already is told to its owner alone, by mail: the answer is the same, at the same
//! cost, and no code fits. Until a sign-up is finished it lies under the key of its day, and goes with it.
//!
//! The two databases in order: the identifiers are claimed and the keys made in the keyring; the data's transaction;
//! the claims settled. What stops in between is settled or released by the sweep.

use std::str::FromStr as _;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use serde::{Deserialize, Serialize};

use crate::accounts::factors::Method;
use crate::accounts::history::{self, Outcome, Way};
use crate::accounts::passwords::{NewPassword, NotTaken, OwnData};
use crate::accounts::person::{self, Chosen, Person, Phone, Standing};
use crate::accounts::session::Begun;
use crate::accounts::signing_in::Identifier;
use crate::accounts::team::{hold_invitation, use_invitation};
use crate::accounts::throttles::{Counter, Throttled};
use crate::accounts::{Accounts, Failure, places};
use crate::kernel::Kernel;
use crate::kernel::access::invitations;
use crate::kernel::access::sessions::{self, Begins, Computer, Session};
use crate::kernel::access::{AccountAccess, Proof, Role};
use crate::kernel::audit::{self, Action, Event, Subject};
use crate::kernel::clock::Time;
use crate::kernel::crypto::token::{Code, RecoveryCode, SessionToken};
use crate::kernel::crypto::{Owner, Place, RowRef, Sealed};
use crate::kernel::ids::{AccountId, InvitationId, SessionId, SignupId, TenantId};
use crate::kernel::keyring::identifiers::Claim;
use crate::kernel::personal::{Comparison, Personal, Secret, revealed};
use crate::kernel::store::schema::signups;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{By, DayScope, InTenant as _, JoinScope, Origin, ServiceScope};
use crate::kernel::values::{Country, EmailAddress, Fault, Faults, Locale, PhoneNumber};
use crate::messages::notice::{self, Mail, Notice};
use crate::messages::outbox;
use crate::policies::{self, Document, DocumentVersion, PoliciesError};
use crate::tenants::members;
use crate::tenants::profile::{self, Profile, ProfileDraft};

/// A sign-up that has begun.
#[derive(Debug, Clone, Copy)]
pub struct Signup {
    /// Its id.
    pub id: SignupId,
    /// When its code dies.
    pub expires_at: Time,
}

/// What somebody sends to finish a sign-up, as it came.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The code from the mail.
    pub code: Secret<String>,
    /// The password.
    pub password: Secret<String>,
    /// The person's name.
    pub name: Personal<String>,
    /// The person's phone number.
    pub phone: Option<Personal<String>>,
    /// What they join.
    pub aim: Aim,
    /// The documents that they have read: name and version.
    pub acknowledged: Vec<(String, u32)>,
}

/// What somebody joins.
#[derive(Debug, Clone)]
pub enum Aim {
    /// A business of their own, which they found.
    Own(ProfileDraft),
    /// Somebody else's, by the code of an invitation to the address that they prove.
    Invitation(Secret<String>),
}

/// Somebody who has joined.
#[derive(Debug)]
pub struct Joined {
    /// The new account.
    pub account: AccountId,
    /// Their tenant.
    pub tenant: TenantId,
    /// The first session, confirmed by the code.
    pub session: Begun,
}

/// Why nobody has joined.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// Fields are wrong; the code was not looked at.
    #[error("fields are wrong")]
    Invalid(Vec<Fault>),
    /// Documents in force are not acknowledged; the code was not looked at.
    #[error("documents are not acknowledged")]
    Unacknowledged(Vec<DocumentVersion>),
    /// The code is wrong, used, or dead, or the address has an account.
    #[error("the code is refused")]
    CodeRefused,
    /// The invitation is taken back, used, over, or for another address. The code of the sign-up is used up where it was
    /// right.
    #[error("the invitation is refused")]
    InvitationRefused,
    /// Something else was in the way.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// What is kept of a sign-up until it is finished.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Waiting {
    #[serde(with = "revealed")]
    email: Personal<String>,
    language: Locale,
    #[serde(with = "revealed")]
    code: Secret<String>,
    /// 1 when the address has an account, so that nothing fits; a number, so that both are as long.
    taken: u8,
}

/// Where a sign-up lies, under the key of its day.
struct SignupBody;

impl Place for SignupBody {
    const LABEL: &'static str = "signups.body";
    type Plain = Waiting;
}

/// Somebody whose fields are right.
struct Applicant {
    name: Personal<String>,
    phone: Option<PhoneNumber>,
    password: NewPassword,
    ground: Ground,
    acknowledged: Vec<DocumentVersion>,
}

/// What an applicant whose fields are right joins.
enum Ground {
    Own(Profile),
    Invited(RecoveryCode),
}

impl Accounts {
    /// Begins a sign-up: the same for every address, known or not.
    ///
    /// # Errors
    /// [`Failure::Throttled`] when too many codes were asked for this address, known or not.
    pub async fn begin_signup(&self, email: EmailAddress, language: Locale) -> Result<Signup, Failure> {
        let kernel = self.kernel();
        let identifier = Identifier::email(&email);
        let normalised = identifier.normalised.reveal();
        let tag = kernel.keyring().identifier_tag(identifier.kind, normalised)?;
        let taken = kernel.keyring().holder_of_identifier(&tag).await?.is_some();
        let day = kernel.today().await?;
        let counter = Counter::new(&day, self.rules().codes, normalised.as_bytes());
        let lifetime = self.rules().code_lifetime;
        let begin = move |tx: &mut Tx<'_>, day: &DayScope| -> Result<Result<Signup, Throttled>, StoreError> {
            if let Some(throttled) = counter.hold(tx)? {
                return Ok(Err(throttled));
            }
            counter.count(tx)?;
            let code = Code::random(tx.entropy());
            let waiting = Waiting {
                email: Personal::new(email.to_stored()),
                language,
                code: Secret::new(code.reveal().to_owned()),
                taken: u8::from(taken),
            };
            let signup = insert(tx, day, &waiting, lifetime)?;
            let code = notice::Code::new(Secret::new(code.reveal().to_owned()), lifetime);
            let notice = if taken { Notice::AddressTaken } else { Notice::SignupCode { code } };
            outbox::enqueue(tx, day.keys(), &Mail { to: email.clone(), language, notice })?;
            Ok(Ok(signup))
        };
        kernel.write("accounts.begin_signup", &day, begin).await?.map_err(Failure::Throttled)
    }

    /// The documents that a sign-up must acknowledge.
    ///
    /// # Errors
    /// The store's.
    pub async fn needed_documents(&self) -> Result<Vec<DocumentVersion>, Failure> {
        let kernel = self.kernel();
        Ok(kernel.point(&kernel.service(), |tx, _| policies::needed_at_sign_up(tx)).await?)
    }

    /// Finishes a sign-up: account, tenant or membership, and session, all or nothing.
    ///
    /// # Errors
    /// See [`JoinError`], in that order.
    pub async fn finish_signup(&self, id: SignupId, draft: Draft, origin: &Origin) -> Result<Joined, JoinError> {
        let waiting = self.waiting(id).await?;
        let email = waiting.as_ref().map(|(_, waiting)| EmailAddress::from_stored(waiting.email.reveal()));
        let email = email.transpose().map_err(|_| Failure::from(StoreError::Unreadable))?;
        let mut applicant = self.check(&draft, email.as_ref()).await?;
        applicant.acknowledged = self.acknowledged(&draft.acknowledged).await?;
        let (Some((day, _)), Some(email)) = (waiting, email) else { return Err(JoinError::CodeRefused) };
        // Before a hash is spent on it; whether it is for this address is seen in the transaction.
        if let Ground::Invited(code) = &applicant.ground
            && invitations::stands(self.kernel(), code).await.map_err(Failure::from)?.is_none()
        {
            return Err(JoinError::InvitationRefused);
        }
        let language = self.try_code(id, &day, draft.code).await?;
        let strength = applicant.password.strength();
        let password = applicant.password.clone().into_secret();
        let phc = self.0.hashing.hash(password, self.kernel().entropy()).await.map_err(Failure::from)?;
        let chosen = Chosen { phc, strength };
        self.join(id, Joining { applicant, email, language, chosen, origin: origin.clone() }).await
    }

    /// What is kept of the sign-up, while its code lives and its day has a key.
    async fn waiting(&self, id: SignupId) -> Result<Option<(DayScope, Waiting)>, Failure> {
        let kernel = self.kernel();
        let read = move |tx: &mut Tx<'_>, _: &ServiceScope| -> Result<Option<(i64, Sealed<SignupBody>)>, StoreError> {
            let now = tx.now();
            Ok(signups::table
                .find(id)
                .filter(signups::expires_at.gt(now))
                .select((signups::day, signups::body))
                .get_result(tx.conn())
                .optional()?)
        };
        let Some((day, body)) = kernel.point(&kernel.service(), read).await? else { return Ok(None) };
        let Some(scope) = self.scope_of_day(day).await? else { return Ok(None) };
        let waiting = scope.keys().open(row(id), &body).map_err(StoreError::from)?;
        Ok(Some((scope, waiting)))
    }

    async fn check(&self, draft: &Draft, email: Option<&EmailAddress>) -> Result<Applicant, JoinError> {
        let mut faults = Faults::default();
        let country = match &draft.aim {
            Aim::Own(tenant) => Country::parse(&tenant.country).ok(),
            Aim::Invitation(_) => None,
        };
        let name = faults.take(profile::name("/name", &draft.name));
        let typed = draft.phone.as_ref().filter(|phone| !phone.reveal().trim().is_empty());
        let phone = typed.and_then(|phone| {
            let number = PhoneNumber::parse(phone.reveal(), country);
            faults.take(number.map_err(|wrong| Fault::new("/phone", "not_a_phone", wrong.to_string())))
        });
        let mut own = OwnData::new().name(draft.name.reveal());
        let ground = match &draft.aim {
            Aim::Own(tenant) => {
                own = own.name(tenant.name.reveal());
                let profile = tenant.check("/tenant").map_err(|wrong| wrong.into_iter().for_each(|f| faults.push(f)));
                profile.ok().map(Ground::Own)
            }
            Aim::Invitation(code) => {
                let wrong = || Fault::new("/invitation", INVITATION_REFUSED, "Not the code of an invitation.");
                faults.take(RecoveryCode::parse(code.reveal()).ok_or_else(wrong)).map(Ground::Invited)
            }
        };
        own = email.into_iter().fold(own, OwnData::email);
        own = phone.iter().fold(own, OwnData::phone);
        let password = match self.0.passwords.check(&draft.password, &own).await {
            Ok(password) => Some(password),
            Err(NotTaken::Weak(broken)) => {
                broken.iter().for_each(|weakness| faults.push(weakness.at("/password")));
                None
            }
            Err(NotTaken::Unknown) => return Err(Failure::from(StoreError::Unavailable).into()),
        };
        let faults = faults.into_vec();
        match (name, ground, password) {
            (Some(name), Some(ground), Some(password)) if faults.is_empty() => {
                Ok(Applicant { name, phone, password, ground, acknowledged: Vec::new() })
            }
            _ => Err(JoinError::Invalid(faults)),
        }
    }

    /// Of the documents in force and those announced, those that were acknowledged.
    async fn acknowledged(&self, sent: &[(String, u32)]) -> Result<Vec<DocumentVersion>, JoinError> {
        let kernel = self.kernel();
        let read = |tx: &mut Tx<'_>, _: &ServiceScope| -> Result<_, StoreError> {
            let mut known = policies::in_force(tx)?;
            known.extend(policies::announced(tx)?);
            Ok((policies::needed_at_sign_up(tx)?, known))
        };
        let (needed, mut known) = kernel.point(&kernel.service(), read).await.map_err(Failure::from)?;
        let sent: Vec<DocumentVersion> = sent
            .iter()
            .filter_map(|(name, version)| {
                Some(DocumentVersion { document: Document::from_str(name).ok()?, version: *version })
            })
            .collect();
        let missing: Vec<DocumentVersion> = needed.into_iter().filter(|needed| !sent.contains(needed)).collect();
        if !missing.is_empty() {
            return Err(JoinError::Unacknowledged(missing));
        }
        known.retain(|which| sent.contains(which));
        Ok(known)
    }

    /// Tries the code. Each try is counted before it is looked at, so that many at once are counted one by one; a right
    /// one is given back, since what follows may still fail for reasons that are ours.
    async fn try_code(&self, id: SignupId, day: &DayScope, code: Secret<String>) -> Result<Locale, JoinError> {
        let tries = self.rules().code_tries;
        let attempt = move |tx: &mut Tx<'_>, day: &DayScope| -> Result<Option<Locale>, StoreError> {
            let now = tx.now();
            let live = signups::table.find(id).filter(signups::tries.lt(tries)).filter(signups::expires_at.gt(now));
            let body: Option<Sealed<SignupBody>> = diesel::update(live)
                .set(signups::tries.eq(signups::tries + 1))
                .returning(signups::body)
                .get_result(tx.conn())
                .optional()?;
            let Some(body) = body else { return Ok(None) };
            let waiting = day.keys().open(row(id), &body)?;
            if waiting.code.same_as(code.reveal().as_bytes()) == Comparison::Different || waiting.taken != 0 {
                return Ok(None);
            }
            diesel::update(signups::table.find(id)).set(signups::tries.eq(signups::tries - 1)).execute(tx.conn())?;
            Ok(Some(waiting.language))
        };
        let language = self.kernel().write("accounts.try_code", day, attempt).await.map_err(Failure::from)?;
        language.ok_or(JoinError::CodeRefused)
    }

    /// Keyring, data, keyring.
    async fn join(&self, id: SignupId, joining: Joining) -> Result<Joined, JoinError> {
        let (kernel, keyring) = (self.kernel(), self.kernel().keyring());
        let account = AccountId::new(kernel.now(), kernel.entropy());
        let own = match joining.applicant.ground {
            Ground::Own(_) => Some(TenantId::new(kernel.now(), kernel.entropy())),
            Ground::Invited(_) => None,
        };
        self.claim(account, &joining).await?;
        match self.write_down(id, account, own, joining).await {
            Ok((tenant, session)) => {
                if keyring.settle_identifiers(account).await.is_err() {
                    tracing::warn!(%account, "the identifiers of a new account are settled by the next sweep");
                }
                Ok(Joined { account, tenant, session })
            }
            Err(error) => {
                // Where it is not known whether the transaction was committed, the sweep finds out.
                if matches!(error, JoinError::CodeRefused | JoinError::InvitationRefused)
                    || error == JoinError::Failed(StoreError::Busy.into())
                {
                    self.give_up(account, own).await;
                }
                Err(error)
            }
        }
    }

    /// Claims the address that the account signs in by. A phone number is only said here: it signs in once it is
    /// verified (K-2).
    async fn claim(&self, account: AccountId, joining: &Joining) -> Result<(), JoinError> {
        let keyring = self.kernel().keyring();
        let email = Identifier::email(&joining.email);
        let tag = keyring.identifier_tag(email.kind, email.normalised.reveal()).map_err(Failure::from)?;
        match keyring.claim_identifier(&tag, account).await.map_err(Failure::from)? {
            Claim::Made => Ok(()),
            Claim::Taken => Err(JoinError::CodeRefused),
        }
    }

    async fn write_down(
        &self,
        id: SignupId,
        account: AccountId,
        own: Option<TenantId>,
        joining: Joining,
    ) -> Result<(TenantId, Begun), JoinError> {
        let kernel = self.kernel();
        let session = SessionId::new(kernel.now(), kernel.entropy());
        let (by, origin) = (By::Session(session), joining.origin.clone());
        let (scope, invitation) = match (&joining.applicant.ground, own) {
            (Ground::Invited(code), _) => {
                let found = invitations::invited_anew(kernel, account, by, origin.clone(), code).await;
                let (scope, id) = found.map_err(Failure::from)?.ok_or(JoinError::InvitationRefused)?;
                (scope, Some(id))
            }
            (Ground::Own(_), Some(tenant)) => {
                let scope = kernel.join_scope(account, tenant, by, origin.clone()).await;
                (scope.map_err(Failure::from)?, None)
            }
            (Ground::Own(_), None) => return Err(Failure::from(StoreError::Refused("a tenant without an id")).into()),
        };
        let rules = self.rules().sessions;
        let write = move |tx: &mut Tx<'_>, scope: &JoinScope| -> Result<Written, StoreError> {
            // Whoever deletes the row has used the code up: of several at once, one.
            let now = tx.now();
            let used =
                diesel::delete(signups::table.find(id).filter(signups::expires_at.gt(now))).execute(tx.conn())?;
            if used != 1 {
                return Ok(Written::CodeRefused);
            }
            let invited = match invitation {
                Some(id) => {
                    let mine = joining.email.normalised();
                    let Some(role) = hold_invitation(tx, scope.tenant_scope(), id, &mine)? else {
                        return Ok(Written::InvitationRefused);
                    };
                    Some((id, role))
                }
                None => None,
            };
            Kernel::mirror_join(tx, scope)?;
            joining.write(tx, scope, invited)?;
            let begun = sessions::begin_as(
                tx,
                session,
                scope.account(),
                &rules,
                Computer::Own,
                Begins::By(Method::Email.code(), Proof::Confirmed),
                &joining.origin,
            )?;
            Ok(Written::Begun(Box::new(begun)))
        };
        let (token, session) = match kernel.write("accounts.join", &scope, write).await.map_err(Failure::from)? {
            Written::Begun(begun) => *begun,
            Written::CodeRefused => return Err(JoinError::CodeRefused),
            Written::InvitationRefused => return Err(JoinError::InvitationRefused),
        };
        let tenant = scope.tenant_scope().tenant();
        Ok((tenant, Begun { token, access: AccountAccess { session, scope: scope.account().clone(), origin } }))
    }

    /// Takes back what was made in the keyring for an account that was not written: of tenants, one of its own alone.
    async fn give_up(&self, account: AccountId, own: Option<TenantId>) {
        let keyring = self.kernel().keyring();
        let released = keyring.release_identifiers(account).await;
        let destroyed = keyring.destroy(Owner::Account(account)).await;
        let of_tenant = match own {
            Some(tenant) => keyring.destroy(Owner::Tenant(tenant)).await,
            None => Ok(()),
        };
        if released.is_err() || destroyed.is_err() || of_tenant.is_err() {
            tracing::warn!(%account, "what was made for an account that was not written is left to the sweep");
        }
    }
}

/// What came of writing somebody down.
enum Written {
    Begun(Box<(SessionToken, Session)>),
    CodeRefused,
    InvitationRefused,
}

/// The code of the fault of an invitation that does not lead anywhere.
pub const INVITATION_REFUSED: &str = "invitation_refused";

/// All that is written when somebody joins.
struct Joining {
    applicant: Applicant,
    email: EmailAddress,
    language: Locale,
    chosen: Chosen,
    origin: Origin,
}

impl Joining {
    fn write(
        &self,
        tx: &mut Tx<'_>,
        scope: &JoinScope,
        invited: Option<(InvitationId, Role)>,
    ) -> Result<(), StoreError> {
        let (account, tenant) = (scope.account(), scope.tenant_scope());
        let Applicant { name, phone, ground, acknowledged, .. } = &self.applicant;
        let person = Person {
            name: name.clone(),
            email: Personal::new(self.email.to_stored()),
            phone: phone.as_ref().map(Phone::unverified),
            language: self.language,
        };
        person::create(tx, account, Standing::Active, &person, &self.chosen)?;
        if let Ground::Own(profile) = ground {
            profile::create(tx, tenant, profile)?;
            members::add(tx, tenant, account.account(), Role::Owner)?;
            let created = Event::new(Action::TenantCreated).of(Subject::Account(account.account()));
            audit::record(tx, tenant, &created)?;
        }
        if let Some((id, role)) = invited {
            use_invitation(tx, tenant, id, role)?;
        }
        history::enter(tx, account, &self.origin, Way::SignUp, Outcome::Accepted)?;
        places::remember(tx, account, &self.origin)?;
        policies::joined(tx, account.account(), acknowledged)?;
        policies::acknowledge(tx, account.account(), acknowledged).map_err(|error| match error {
            PoliciesError::Store(error) => error,
            _ => StoreError::Refused("a document in force is not there"),
        })?;
        let notice = Notice::Welcome { tenant_name: profile::find(tx, tenant)?.name };
        outbox::enqueue(tx, account.keys(), &Mail { to: self.email.clone(), language: self.language, notice })?;
        Ok(())
    }
}

fn insert(
    tx: &mut Tx<'_>,
    day: &DayScope,
    waiting: &Waiting,
    lifetime: std::time::Duration,
) -> Result<Signup, StoreError> {
    let now = tx.now();
    let (id, expires_at) = (SignupId::new(now, tx.entropy()), now.plus(lifetime));
    let body = day.keys().seal::<SignupBody>(row(id), waiting, tx.entropy());
    diesel::insert_into(signups::table)
        .values((
            signups::id.eq(id),
            signups::day.eq(i64::from(day.day())),
            signups::tries.eq(0),
            signups::created_at.eq(now),
            signups::expires_at.eq(expires_at),
            signups::body.eq(body),
        ))
        .execute(tx.conn())?;
    Ok(Signup { id, expires_at })
}

/// A sign-up never changes but in its tries: its row has one version.
const fn row(id: SignupId) -> RowRef {
    RowRef::new(id.as_bytes(), 1)
}
