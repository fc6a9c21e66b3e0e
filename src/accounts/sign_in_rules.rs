//! What a tenant accepts of what its members confirm by: the least method or strength, and methods that are
//! forbidden. Seen by its members, set by its owners.
//!
//! The rules are of the tenant alone: who belongs to several is asked by each for itself, and what an account confirms by
//! stays its own affair. What they refuse opens nothing in the tenant, at the next request of every session and token
//! (`kernel::access::rules`). The way back into an account is not theirs to close: a recovery code that a tenant does not
//! accept still lets its person remove what was lost and enrol what the tenant does accept.

use crate::accounts::addresses::Lockout;
use crate::accounts::factors::{Enrolment, Method, Occasion};
use crate::accounts::notices::tell;
use crate::accounts::{Accounts, Failure, person};
use crate::kernel::access::factors::Standing;
use crate::kernel::access::rules::{self, Kept, bit, bits};
use crate::kernel::access::sessions::Phone;
use crate::kernel::access::{AccountAccess, Proof, Session, SignInRules, TenantAccess, Verdict, memberships};
use crate::kernel::audit::{self, Action, Event};
use crate::kernel::ids::{AccountId, TenantId};
use crate::kernel::store::db::StoreFailure;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{AccountScope, InTenant as _, ServiceScope, TenantScope};
use crate::kernel::values::{Fault, Faults};
use crate::messages::notice::Notice;
use crate::tenants::profile;

/// The least that is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Least {
    /// Whatever confirms.
    Confirmed,
    /// What proves strongly: an approval, too, by a session that has just shown such.
    Strong,
    /// This method, and those that are more secure.
    Method(Method),
}

impl Least {
    /// Each, from least to most secure, strengths first.
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::Confirmed, Self::Strong].into_iter().chain(Method::ALL.into_iter().map(Self::Method))
    }

    /// The one of this name: a strength's or a method's.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::all().find(|least| least.name() == name)
    }

    /// Its name in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Strong => "strong",
            Self::Method(method) => method.name(),
        }
    }

    fn code(self) -> i16 {
        match self {
            Self::Confirmed => 0,
            Self::Strong => -1,
            Self::Method(method) => method.code(),
        }
    }

    fn from_code(code: i16) -> Option<Self> {
        Self::all().find(|least| least.code() == code)
    }

    /// What the least accepted has to prove.
    fn proof(self) -> Proof {
        match self {
            Self::Confirmed => Proof::Confirmed,
            Self::Strong => Proof::Strong,
            Self::Method(method) if method.facts().proof == Proof::Strong => Proof::Strong,
            Self::Method(_) => Proof::Confirmed,
        }
    }

    fn reached_by(self, method: Method) -> bool {
        match self {
            Self::Confirmed | Self::Strong => true,
            Self::Method(least) => method >= least,
        }
    }
}

/// The rules of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    least: Least,
    /// From least to most secure, each once.
    forbidden: Vec<Method>,
}

impl Default for Rules {
    fn default() -> Self {
        Self { least: Least::Confirmed, forbidden: Vec::new() }
    }
}

/// Rules as they came.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// The name of a strength or a method.
    pub least: String,
    /// Names of methods.
    pub forbidden: Vec<String>,
}

impl Rules {
    /// The least that is accepted.
    #[must_use]
    pub const fn least(&self) -> Least {
        self.least
    }

    /// What is forbidden whatever it proves, from least to most secure.
    #[must_use]
    pub fn forbidden(&self) -> &[Method] {
        &self.forbidden
    }

    /// What is left, from least to most secure.
    pub fn accepted(&self) -> impl Iterator<Item = Method> {
        let judged = self.judging();
        Method::ALL.into_iter().filter(move |method| method.judged_by(judged) == Verdict::Accepted)
    }

    fn judging(&self) -> SignInRules {
        let is_left = |method: &Method| self.least.reached_by(*method) && !self.forbidden.contains(method);
        SignInRules::of(Method::ALL.into_iter().filter(is_left).map(Method::code), self.least.proof())
    }

    fn of_kept(kept: Option<Kept>) -> Result<Self, StoreError> {
        let Some(Kept { least, forbidden, .. }) = kept else { return Ok(Self::default()) };
        let least = Least::from_code(least).ok_or(StoreError::Unreadable)?;
        let is_forbidden = |method: &Method| forbidden & bit(method.code()) != 0;
        Ok(Self { least, forbidden: Method::ALL.into_iter().filter(is_forbidden).collect() })
    }

    /// As they are kept; rules that accept everything are none.
    fn kept(&self) -> Option<Kept> {
        let forbidden = bits(self.forbidden.iter().map(|method| method.code()));
        (*self != Self::default()).then(|| Kept { least: self.least.code(), forbidden, rules: self.judging() })
    }

    /// Whether a session's account could confirm by them, with what it has for every day. Another session, or a sheet of
    /// codes, is nothing to rely on.
    fn leave_a_way(&self, session: &Session) -> WayIn {
        let judged = self.judging();
        let accepted = |method: Method, proof: Proof| judged.judge(method.code(), proof) == Verdict::Accepted;
        let is_protected = session.factors.iter().any(|factor| factor.proof == Proof::Strong);
        let least = if is_protected { Proof::Strong } else { Proof::Confirmed };
        let has = |method: Method| match method.facts().enrolment {
            Enrolment::Inherent => accepted(method, method.facts().proof) && method.facts().proof >= least,
            Enrolment::AtHand(_) => {
                let reached = method == Method::Sms && session.phone == Phone::Verified;
                reached && accepted(method, method.facts().proof) && method.facts().proof >= least
            }
            Enrolment::One | Enrolment::Several => session.factors.iter().any(|factor| {
                let is_this = factor.method == method.code() && factor.standing == Standing::Usable;
                is_this && factor.proof >= least && accepted(method, factor.proof)
            }),
        };
        let mut everyday = Method::ALL.into_iter().filter(|method| method.facts().occasion == Occasion::Everyday);
        if everyday.any(has) { WayIn::Left } else { WayIn::None }
    }
}

/// Whether an account could confirm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WayIn {
    Left,
    None,
}

impl Draft {
    fn check(&self) -> Result<Rules, Vec<Fault>> {
        let mut faults = Faults::default();
        let unknown = |pointer: String| Fault::new(pointer, "not_a_choice", "There is no such method.");
        let least = faults.take(Least::parse(&self.least).ok_or_else(|| unknown("/least".to_owned())));
        let named: Vec<Method> = self
            .forbidden
            .iter()
            .enumerate()
            .filter_map(|(at, name)| {
                faults.take(Method::parse(name).ok_or_else(|| unknown(format!("/forbidden/{at}"))))
            })
            .collect();
        let forbidden = Method::ALL.into_iter().filter(|method| named.contains(method)).collect();
        let rules = least.map(|least| Rules { least, forbidden });
        let stands_alone = |method: &Method| *method != Method::Device && method.facts().occasion == Occasion::Everyday;
        if rules.as_ref().is_some_and(|rules| !rules.accepted().any(|method| stands_alone(&method))) {
            faults.push(Fault::new("/forbidden", "nothing_left", "Nothing would be left to confirm by."));
        }
        let faults = faults.into_vec();
        match rules {
            Some(rules) if faults.is_empty() => Ok(rules),
            _ => Err(faults),
        }
    }
}

/// Why the rules stay as they were.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// Fields are wrong.
    #[error("fields are wrong")]
    Invalid(Vec<Fault>),
    /// Who sets them could not confirm by them.
    #[error("the rules would lock their author out")]
    WouldLockOut,
    /// Something else was in the way.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<StoreError> for RulesError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl StoreFailure for RulesError {
    fn as_store(&self) -> Option<StoreError> {
        if let Self::Failed(Failure::Store(error)) = self { Some(*error) } else { None }
    }
}

impl Accounts {
    /// The tenant's rules.
    ///
    /// # Errors
    /// The store's.
    pub async fn sign_in_rules(&self, access: &TenantAccess) -> Result<Rules, Failure> {
        Ok(self.kernel().point(&access.scope, find).await?)
    }

    /// The rules of a tenant that the account belongs to; nothing where it does not.
    ///
    /// # Errors
    /// The store's.
    pub async fn sign_in_rules_of(&self, access: &AccountAccess, tenant: TenantId) -> Result<Option<Rules>, Failure> {
        let account = access.scope.account();
        let read = move |tx: &mut Tx<'_>, _: &ServiceScope| -> Result<Option<Rules>, StoreError> {
            if !memberships(tx, account)?.iter().any(|(belongs, _)| *belongs == tenant) {
                return Ok(None);
            }
            Rules::of_kept(rules::find(tx, tenant)?).map(Some)
        };
        Ok(self.kernel().point(&self.kernel().service(), read).await?)
    }

    /// Replaces the tenant's rules; they count from the next request of every session and token on. Its members are told,
    /// each under their own key, in the transaction that changes them.
    ///
    /// # Errors
    /// See [`RulesError`].
    pub async fn set_sign_in_rules(
        &self,
        access: &TenantAccess,
        draft: &Draft,
        lockout: Lockout,
    ) -> Result<Rules, RulesError> {
        let rules = draft.check().map_err(RulesError::Invalid)?;
        let way = access.session.as_ref().map_or(WayIn::None, |session| rules.leave_a_way(session));
        if (way, lockout) == (WayIn::None, Lockout::Unwanted) {
            return Err(RulesError::WouldLockOut);
        }
        let all = (access.scope.clone(), self.member_scopes(access).await?);
        let wanted = rules.clone();
        let set =
            move |tx: &mut Tx<'_>, (scope, members): &(TenantScope, Vec<AccountScope>)| -> Result<(), RulesError> {
                if find(tx, scope)? == wanted {
                    return Ok(());
                }
                rules::replace(tx, scope.tenant(), wanted.kept())?;
                audit::record(tx, scope, &Event::new(Action::SignInRulesChanged))?;
                let tenant_name = profile::find(tx, scope)?.name;
                for member in members {
                    let person = person::find(tx, member)?;
                    tell(tx, member, &person, Notice::SignInRulesChanged { tenant_name: tenant_name.clone() })?;
                }
                Ok(())
            };
        self.kernel().write("tenants.set_sign_in_rules", &all, set).await?;
        Ok(rules)
    }

    /// The scope of everybody who belongs to the tenant; whose keys are destroyed is left out.
    async fn member_scopes(&self, access: &TenantAccess) -> Result<Vec<AccountScope>, Failure> {
        let mut scopes = Vec::new();
        let mut after: Option<AccountId> = None;
        loop {
            let part = self.member_accounts(access, after, PART).await?;
            for account in &part {
                scopes.extend(self.scope_of(*account).await?);
            }
            after = part.last().copied();
            if part.len() < usize::try_from(PART).unwrap_or(usize::MAX) {
                return Ok(scopes);
            }
        }
    }
}

/// How many members are looked up at once.
const PART: i64 = 200;

fn find(tx: &mut Tx<'_>, scope: &TenantScope) -> Result<Rules, StoreError> {
    Rules::of_kept(rules::find(tx, scope.tenant())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(least: &str, forbidden: &[&str]) -> Result<Rules, Vec<Fault>> {
        Draft { least: least.to_owned(), forbidden: forbidden.iter().map(|&name| name.to_owned()).collect() }.check()
    }

    fn accepted(least: &str, forbidden: &[&str]) -> Vec<&'static str> {
        rules(least, forbidden).unwrap().accepted().map(Method::name).collect()
    }

    fn wrong(least: &str, forbidden: &[&str]) -> Vec<(String, &'static str)> {
        let faults = rules(least, forbidden).err().unwrap_or_default();
        faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
    }

    //
    #[test]
    fn the_least_refuses_what_is_less_secure_and_a_method_can_be_forbidden_besides() {
        assert_eq!(accepted("confirmed", &[]), Method::ALL.map(Method::name));
        assert_eq!(accepted("strong", &[]), ["device", "totp", "oidc", "passkey"]);
        assert_eq!(accepted("totp", &[]), ["totp", "oidc", "passkey"]);
        assert_eq!(accepted("recovery_codes", &["oidc"]), ["recovery_codes", "totp", "passkey"]);
        assert_eq!(accepted("passkey", &[]), ["passkey"]);
        assert_eq!(
            accepted("confirmed", &["email", "sms", "email"]),
            ["device", "recovery_codes", "totp", "oidc", "passkey"]
        );
    }

    #[test]
    fn rules_name_methods_that_there_are_and_leave_one_that_stands_alone() {
        assert_eq!(wrong("pigeon", &[]), [("/least".to_owned(), "not_a_choice")]);
        assert_eq!(wrong("confirmed", &["email", "pigeon"]), [("/forbidden/1".to_owned(), "not_a_choice")]);
        for (least, forbidden) in [
            ("passkey", &["passkey"][..]),
            ("strong", &["totp", "oidc", "passkey"]),
            ("confirmed", &["email", "sms", "totp", "oidc", "passkey"]),
        ] {
            assert_eq!(wrong(least, forbidden), [("/forbidden".to_owned(), "nothing_left")], "{least}");
        }
    }

    #[test]
    fn rules_read_back_as_they_were_put_and_those_that_accept_everything_are_none() {
        for (least, forbidden) in [("strong", &[][..]), ("sms", &["oidc"]), ("confirmed", &["email"])] {
            let put = rules(least, forbidden).unwrap();
            assert_eq!(Rules::of_kept(put.kept()), Ok(put));
        }
        assert_eq!(rules("confirmed", &[]).unwrap().kept(), None);
        assert!(rules("email", &[]).unwrap().kept().is_some());
    }
}
