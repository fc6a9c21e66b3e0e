//! The sign-in history of an account: when, from where, how, and whether it was let in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};
use serde::{Deserialize, Serialize};

use crate::accounts::{Accounts, Failure};
use crate::kernel::access::AccountAccess;
use crate::kernel::clock::Time;
use crate::kernel::crypto::{OwnerKeys, Place, RowRef, Sealed};
use crate::kernel::ids::{AccountId, SignInId};
use crate::kernel::personal::{Personal, revealed};
use crate::kernel::store::schema::sign_ins;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{AccountScope, Origin, ServiceScope};

/// By what somebody came in, or tried to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Joining.
    SignUp,
    /// The password.
    Password,
    /// A code to the verified e-mail address, on top of the password.
    Email,
    /// A code by text message, on top of the password.
    Sms,
    /// One of the recovery codes.
    RecoveryCode,
    /// A code of an authenticator app.
    Totp,
    /// Approval in another session.
    Device,
    /// A passkey: on top of the password, or alone.
    Passkey,
    /// A third party's multi-step sign-in.
    Oidc,
}

/// Whether it was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was.
    Accepted,
    /// It was not.
    Refused,
}

/// An entry of the history.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// Its id, in the order of time.
    pub id: SignInId,
    /// When.
    pub at: Time,
    /// What is known of it.
    pub seen: Seen,
}

/// What is known of a sign-in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// From which address.
    #[serde(with = "revealed")]
    pub ip: Personal<std::net::IpAddr>,
    /// On what, in words.
    #[serde(with = "revealed")]
    pub device: Personal<String>,
    /// By what.
    pub method: Way,
    /// Whether it was let in.
    pub outcome: Outcome,
}

/// Where what is known of a sign-in lies.
struct SignInBody;

impl Place for SignInBody {
    const LABEL: &'static str = "sign_ins.body";
    type Plain = Seen;
}

/// The addresses from which an account was signed in to, as far as its history goes; what does not open is passed over.
///
/// # Errors
/// The store's.
pub(super) fn addresses(
    tx: &mut Tx<'_>,
    keys: &OwnerKeys,
    account: AccountId,
) -> Result<Vec<std::net::IpAddr>, StoreError> {
    let rows: Vec<(SignInId, i64, Sealed<SignInBody>)> = sign_ins::table
        .filter(sign_ins::account_id.eq(account))
        .select((sign_ins::id, sign_ins::version, sign_ins::body))
        .load(tx.conn())?;
    let seen = rows.into_iter().filter_map(|(id, version, body)| {
        keys.open(RowRef::new(id.as_bytes(), version), &body).ok().map(|seen: Seen| *seen.ip.reveal())
    });
    let mut addresses: Vec<_> = seen.collect();
    addresses.sort_unstable();
    addresses.dedup();
    Ok(addresses)
}

/// Writes down a sign-in, let in or not.
pub(super) fn enter(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    origin: &Origin,
    method: Way,
    outcome: Outcome,
) -> Result<(), StoreError> {
    let id = SignInId::new(tx.now(), tx.entropy());
    let device = origin.device.clone().map(|agent| in_words(&agent));
    let seen = Seen { ip: origin.address.clone(), device, method, outcome };
    let body = scope.keys().seal::<SignInBody>(RowRef::new(id.as_bytes(), 1), &seen, tx.entropy());
    let now = tx.now();
    diesel::insert_into(sign_ins::table)
        .values((
            sign_ins::account_id.eq(scope.account()),
            sign_ins::id.eq(id),
            sign_ins::at.eq(now),
            sign_ins::body.eq(body),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// How often the password has let somebody in since then: `enough` at most, and not counted beyond what that takes.
pub(super) fn let_in_by_password(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    since: Time,
    enough: usize,
) -> Result<usize, StoreError> {
    let looked_at = i64::try_from(enough.saturating_mul(4)).unwrap_or(i64::MAX);
    let rows: Vec<(SignInId, i64, Sealed<SignInBody>)> = sign_ins::table
        .filter(sign_ins::account_id.eq(scope.account()))
        .filter(sign_ins::at.gt(since))
        .order(sign_ins::id.desc())
        .limit(looked_at)
        .select((sign_ins::id, sign_ins::version, sign_ins::body))
        .load(tx.conn())?;
    let mut counted = 0;
    for (id, version, body) in rows {
        let seen = scope.keys().open(RowRef::new(id.as_bytes(), version), &body)?;
        if seen.method == Way::Password && seen.outcome == Outcome::Accepted {
            counted += 1;
        }
        if counted >= enough {
            break;
        }
    }
    Ok(counted)
}

impl Accounts {
    /// The account's sign-ins before `before`, newest first, at most `limit`.
    ///
    /// # Errors
    /// The store's.
    pub async fn sign_ins(
        &self,
        access: &AccountAccess,
        before: Option<SignInId>,
        limit: i64,
    ) -> Result<Vec<SignIn>, Failure> {
        let before = before.unwrap_or(SignInId::from_bytes([0xff; 16]));
        let read = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Vec<SignIn>, StoreError> {
            let rows: Vec<(SignInId, Time, i64, Sealed<SignInBody>)> = sign_ins::table
                .filter(sign_ins::account_id.eq(scope.account()))
                .filter(sign_ins::id.lt(before))
                .order(sign_ins::id.desc())
                .limit(limit)
                .select((sign_ins::id, sign_ins::at, sign_ins::version, sign_ins::body))
                .load(tx.conn())?;
            let open = |(id, at, version, body): (SignInId, Time, i64, Sealed<SignInBody>)| {
                let seen = scope.keys().open(RowRef::new(id.as_bytes(), version), &body)?;
                Ok(SignIn { id, at, seen })
            };
            rows.into_iter().map(open).collect()
        };
        Ok(self.kernel().read(&access.scope, read).await?)
    }
}

/// How long an address is kept as it was.
const WHOLE: Duration = Duration::from_hours(365 * 24);
/// The version of an entry whose address is as it was.
const AS_IT_WAS: i64 = 1;
/// So many entries are shortened in one go.
const IN_ONE_GO: i64 = 500;

impl Accounts {
    /// Shortens the addresses in entries that are a year old: they tell the network from then on, and nobody in it. Gives
    /// how many.
    ///
    /// # Errors
    /// The store's; what was done stays done.
    pub(super) async fn shorten_addresses(&self) -> Result<usize, Failure> {
        let kernel = self.kernel();
        let old = |tx: &mut Tx<'_>, _: &ServiceScope| -> Result<Vec<AccountId>, StoreError> {
            let until = tx.now().minus(WHOLE);
            let entries = sign_ins::table.filter(sign_ins::version.eq(AS_IT_WAS)).filter(sign_ins::at.le(until));
            Ok(entries.select(sign_ins::account_id).distinct().limit(100).load(tx.conn())?)
        };
        let mut shortened = 0;
        loop {
            let accounts = kernel.point(&kernel.service(), old).await?;
            if accounts.is_empty() {
                return Ok(shortened);
            }
            for account in accounts {
                match self.scope_of(account).await? {
                    Some(scope) => shortened += kernel.write("history.shorten", &scope, shorten).await?,
                    None => {
                        kernel.write("history.forget", &kernel.service(), move |tx, _| forget(tx, account)).await?;
                    }
                }
            }
        }
    }
}

fn shorten(tx: &mut Tx<'_>, scope: &AccountScope) -> Result<usize, StoreError> {
    let until = tx.now().minus(WHOLE);
    let rows: Vec<(SignInId, Sealed<SignInBody>)> = sign_ins::table
        .filter(sign_ins::account_id.eq(scope.account()))
        .filter(sign_ins::version.eq(AS_IT_WAS))
        .filter(sign_ins::at.le(until))
        .limit(IN_ONE_GO)
        .select((sign_ins::id, sign_ins::body))
        .load(tx.conn())?;
    let many = rows.len();
    for (id, body) in rows {
        let seen = scope.keys().open(RowRef::new(id.as_bytes(), AS_IT_WAS), &body)?;
        let seen = Seen { ip: seen.ip.map(network), ..seen };
        let version = AS_IT_WAS + 1;
        let body = scope.keys().seal::<SignInBody>(RowRef::new(id.as_bytes(), version), &seen, tx.entropy());
        let entry = sign_ins::table.find((scope.account(), id)).filter(sign_ins::version.eq(AS_IT_WAS));
        diesel::update(entry).set((sign_ins::version.eq(version), sign_ins::body.eq(body))).execute(tx.conn())?;
    }
    Ok(many)
}

/// The network of an address: /24 of IPv4, /48 of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits() & (u32::MAX << 8)).into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 80)).into(),
    }
}

/// Forgets the history of an account whose keys are gone: nobody can read it any more.
fn forget(tx: &mut Tx<'_>, account: AccountId) -> Result<(), StoreError> {
    diesel::delete(sign_ins::table.filter(sign_ins::account_id.eq(account))).execute(tx.conn())?;
    Ok(())
}

/// The programs that people know by name, most telling first: browsers say that they are each other.
const PROGRAMS: [(&str, &str); 11] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Vivaldi", "Vivaldi"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
    ("python", "Python"),
];

/// The systems that people know by name, most telling first.
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// What a client says of itself (`User-Agent`), as a person would: `Firefox, Linux`. What is not known stays as it is,
/// shortened.
pub(super) fn in_words(agent: &str) -> String {
    let named =
        |known: &[(&str, &'static str)]| known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    match (named(&PROGRAMS), named(&SYSTEMS)) {
        (Some(program), Some(system)) => format!("{program}, {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => agent.chars().take(60).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortened_address_tells_the_network_alone() {
        //
        let of = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(of("203.0.113.77"), "203.0.113.0");
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1::");
    }

    #[test]
    fn a_device_is_told_in_words() {
        //
        for (agent, words) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0",
                "Edge, Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari, iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
                "Chrome, Android",
            ),
            ("curl/8.5.0", "curl"),
            ("", ""),
        ] {
            assert_eq!(in_words(agent), words);
        }
        assert_eq!(in_words(&"x".repeat(500)).len(), 60);
    }
}
