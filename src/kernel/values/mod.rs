//! Values that are parsed once, at the edge, and are valid from then on.
//!
//! A value of one of these types proves that its text was checked; nothing further in checks it again. Those that tell
//! something of a person ([`EmailAddress`], [`PhoneNumber`], [`IpRange`]) keep it in [`Personal`], have neither
//! `Display` nor `Serialize`, and go into sealed bodies through `to_stored` and `from_stored`. No parse error and no
//! `Deserialize` error repeats what was given.
//!
//! [`Personal`]: crate::kernel::personal::Personal

mod country;
mod email;
mod fault;
mod ip_range;
mod locale;
mod object;
mod phone;
mod written;

pub use country::{Country, NotACountry};
pub use email::{EmailAddress, NotAnEmail};
pub use fault::{Fault, Faults};
pub use ip_range::{IpRange, NotAnIpRange};
pub use locale::{Locale, UnknownLocale};
pub use object::{Object, object, object_if_any, objects, objects_if_any};
pub use phone::{NotAPhoneNumber, PhoneNumber};
pub use written::{folded, nfc, tail};

/// Reads a string and parses it; whatever goes wrong is told as `expected`, never as what was found.
fn deserialize_parsed<'de, D, T, E>(
    deserializer: D,
    parse: impl FnOnce(&str) -> Result<T, E>,
    expected: &'static str,
) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
{
    let refuse = || serde::de::Error::custom(expected);
    let text = <String as serde::Deserialize>::deserialize(deserializer).map_err(|_| refuse())?;
    parse(&text).map_err(|_| refuse())
}
