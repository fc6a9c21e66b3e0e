//! Ranges of IP addresses, for the list of places from which an account may be used.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::kernel::personal::Personal;
use crate::kernel::values::deserialize_parsed;

/// An address or a block of addresses in CIDR notation (RFC 4632, RFC 4291 §2.3).
///
/// Bits beyond the prefix are zero; a text in which one is set names an address within its block and is refused, since
/// its writer meant either the address or another block. An IPv4 address mapped into IPv6 (`::ffff:a.b.c.d`) is the IPv4
/// address, and a block of such addresses an IPv4 block.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IpRange {
    first: Personal<IpAddr>,
    prefix: Personal<u8>,
}

/// The text names no range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnIpRange {
    /// It is not an IP address or a block in CIDR notation.
    #[error("A range is an IP address, or one with a slash and a prefix length.")]
    Text,
    /// The address lies within the block, and is not its first.
    #[error("The address has bits set beyond its prefix length.")]
    HostBits,
}

impl IpRange {
    /// The range that `text` writes: `203.0.113.7`, `203.0.113.0/24`, `2001:db8::/48`.
    pub fn parse(text: &str) -> Result<Self, NotAnIpRange> {
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| NotAnIpRange::Text)?;
        let width = width_of(address);
        let prefix = prefix.map_or(Ok(width), |prefix| prefix_length(prefix, width))?;
        let (address, prefix) = match (address.to_canonical(), address) {
            (IpAddr::V4(mapped), IpAddr::V6(_)) => {
                (IpAddr::V4(mapped), prefix.checked_sub(96).ok_or(NotAnIpRange::HostBits)?)
            }
            _ => (address, prefix),
        };
        if first_of(address, prefix) != address {
            return Err(NotAnIpRange::HostBits);
        }
        Ok(Self { first: Personal::new(address), prefix: Personal::new(prefix) })
    }

    /// Whether `address` lies in the range.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let (address, first) = (address.to_canonical(), *self.first.reveal());
        address.is_ipv4() == first.is_ipv4() && first_of(address, *self.prefix.reveal()) == first
    }

    /// The text for a sealed body and for its owner: a single address without a slash.
    #[must_use]
    pub fn to_stored(&self) -> String {
        let (first, prefix) = (self.first.reveal(), *self.prefix.reveal());
        if prefix == width_of(*first) { first.to_string() } else { format!("{first}/{prefix}") }
    }

    /// The range from a sealed body.
    pub fn from_stored(text: &str) -> Result<Self, NotAnIpRange> {
        Self::parse(text)
    }
}

const fn width_of(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// Decimal digits without sign or leading zeros, at most `width`.
fn prefix_length(text: &str, width: u8) -> Result<u8, NotAnIpRange> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|prefix| is_plain && *prefix <= width).ok_or(NotAnIpRange::Text)
}

/// The first address of the block that `address` lies in.
fn first_of(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask))
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix.min(128))).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
        }
    }
}

impl fmt::Debug for IpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IpRange(..)")
    }
}

impl<'de> serde::Deserialize<'de> for IpRange {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_parsed(deserializer, Self::parse, "not an IP address or range")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    //
    #[test]
    fn a_range_holds_its_own_addresses_and_no_others() {
        for (range, inside, outside) in [
            ("203.0.113.7", "203.0.113.7", "203.0.113.8"),
            ("203.0.113.0/24", "203.0.113.255", "203.0.114.0"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("2001:db8::/48", "2001:db8:0:ffff::1", "2001:db8:1::"),
            ("::/0", "::1", "203.0.113.7"),
            ("203.0.113.7", "::ffff:203.0.113.7", "::203.0.113.7"),
            ("::ffff:203.0.113.0/120", "203.0.113.9", "203.0.114.9"),
        ] {
            let parsed = IpRange::parse(range).unwrap();
            assert!(parsed.contains(inside.parse().unwrap()), "{range} {inside}");
            assert!(!parsed.contains(outside.parse().unwrap()), "{range} {outside}");
        }
    }

    #[test]
    fn a_range_is_stored_in_one_form() {
        for (typed, stored) in [
            (" 203.0.113.0/24 ", "203.0.113.0/24"),
            ("203.0.113.7/32", "203.0.113.7"),
            ("2001:DB8:0::/48", "2001:db8::/48"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("0.0.0.0/0", "0.0.0.0/0"),
        ] {
            let range = IpRange::parse(typed).unwrap();
            assert_eq!(range.to_stored(), stored);
            assert_eq!(IpRange::from_stored(stored), Ok(range));
        }
    }

    #[test]
    fn what_is_not_a_range_is_refused() {
        for text in [
            "",
            "/",
            "203.0.113",
            "203.0.113.256",
            "203.0.113.07",
            "203.0.113.0/33",
            "203.0.113.0/",
            "203.0.113.0/+8",
            "203.0.113.0/08",
            "203.0.113.0/24/8",
            "fe80::1%eth0",
            "2001:db8::/129",
            "[::1]",
            "example.lv",
        ] {
            assert_eq!(IpRange::parse(text), Err(NotAnIpRange::Text), "{text}");
        }
    }

    //
    #[test]
    fn an_address_within_a_block_is_not_taken_for_the_block() {
        for text in ["203.0.113.7/24", "10.1.2.3/0", "2001:db8::1/48", "::ffff:203.0.113.7/120", "::ffff:0.0.0.0/90"] {
            assert_eq!(IpRange::parse(text), Err(NotAnIpRange::HostBits), "{text}");
        }
    }

    #[test]
    fn neither_debug_output_nor_errors_repeat_an_address() {
        assert_eq!(format!("{:?}", IpRange::parse("203.0.113.7").unwrap()), "IpRange(..)");
        let error = serde_json::from_str::<IpRange>("\"203.0.113.7/99\"").unwrap_err().to_string();
        assert!(!error.contains("203"), "{error}");
    }
}
