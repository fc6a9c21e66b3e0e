//! Countries and territories (ISO 3166-1 alpha-2).

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::kernel::values::deserialize_parsed;

/// A country or territory that has a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country(&'static str);

/// The text is not a country's two-letter code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a country is its two-letter code of ISO 3166-1")]
pub struct NotACountry;

impl Country {
    /// Estonia.
    pub const EE: Self = Self("EE");
    /// Kazakhstan.
    pub const KZ: Self = Self("KZ");
    /// Lithuania.
    pub const LT: Self = Self("LT");
    /// Latvia.
    pub const LV: Self = Self("LV");

    /// The country with this code, in either case.
    pub fn parse(code: &str) -> Result<Self, NotACountry> {
        let code = code.trim();
        CODES.iter().find(|known| known.eq_ignore_ascii_case(code)).map(|known| Self(known)).ok_or(NotACountry)
    }

    /// All of them, by code.
    pub fn all() -> impl Iterator<Item = Self> {
        CODES.iter().map(|code| Self(code))
    }

    /// Its code, in capitals.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.0
    }

    /// The text for a sealed body.
    #[must_use]
    pub fn to_stored(self) -> String {
        self.0.to_owned()
    }

    /// The country from a sealed body.
    pub fn from_stored(text: &str) -> Result<Self, NotACountry> {
        Self::parse(text)
    }
}

impl Serialize for Country {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_parsed(deserializer, Self::parse, "not a two-letter country code")
    }
}

/// The officially assigned codes, in order.
#[rustfmt::skip]
const CODES: [&str; 249] = [
    "AD", "AE", "AF", "AG", "AI", "AL", "AM", "AO", "AQ", "AR", "AS", "AT", "AU", "AW", "AX", "AZ", "BA", "BB",
    "BD", "BE", "BF", "BG", "BH", "BI", "BJ", "BL", "BM", "BN", "BO", "BQ", "BR", "BS", "BT", "BV", "BW", "BY",
    "BZ", "CA", "CC", "CD", "CF", "CG", "CH", "CI", "CK", "CL", "CM", "CN", "CO", "CR", "CU", "CV", "CW", "CX",
    "CY", "CZ", "DE", "DJ", "DK", "DM", "DO", "DZ", "EC", "EE", "EG", "EH", "ER", "ES", "ET", "FI", "FJ", "FK",
    "FM", "FO", "FR", "GA", "GB", "GD", "GE", "GF", "GG", "GH", "GI", "GL", "GM", "GN", "GP", "GQ", "GR", "GS",
    "GT", "GU", "GW", "GY", "HK", "HM", "HN", "HR", "HT", "HU", "ID", "IE", "IL", "IM", "IN", "IO", "IQ", "IR",
    "IS", "IT", "JE", "JM", "JO", "JP", "KE", "KG", "KH", "KI", "KM", "KN", "KP", "KR", "KW", "KY", "KZ", "LA",
    "LB", "LC", "LI", "LK", "LR", "LS", "LT", "LU", "LV", "LY", "MA", "MC", "MD", "ME", "MF", "MG", "MH", "MK",
    "ML", "MM", "MN", "MO", "MP", "MQ", "MR", "MS", "MT", "MU", "MV", "MW", "MX", "MY", "MZ", "NA", "NC", "NE",
    "NF", "NG", "NI", "NL", "NO", "NP", "NR", "NU", "NZ", "OM", "PA", "PE", "PF", "PG", "PH", "PK", "PL", "PM",
    "PN", "PR", "PS", "PT", "PW", "PY", "QA", "RE", "RO", "RS", "RU", "RW", "SA", "SB", "SC", "SD", "SE", "SG",
    "SH", "SI", "SJ", "SK", "SL", "SM", "SN", "SO", "SR", "SS", "ST", "SV", "SX", "SY", "SZ", "TC", "TD", "TF",
    "TG", "TH", "TJ", "TK", "TL", "TM", "TN", "TO", "TR", "TT", "TV", "TW", "TZ", "UA", "UG", "UM", "US", "UY",
    "UZ", "VA", "VC", "VE", "VG", "VI", "VN", "VU", "WF", "WS", "YE", "YT", "ZA", "ZM", "ZW",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_assigned_code_is_known_once_and_in_order() {
        assert!(CODES.is_sorted_by(|a, b| a < b));
        assert!(CODES.iter().all(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())));
        assert_eq!(Country::all().count(), 249);
    }

    #[test]
    fn a_code_is_read_in_either_case_and_kept_in_capitals() {
        assert_eq!(Country::parse(" lv "), Ok(Country::LV));
        for country in [Country::EE, Country::KZ, Country::LT, Country::LV] {
            assert_eq!(serde_json::to_value(country).unwrap(), country.code());
            assert_eq!(Country::from_stored(&country.to_stored()), Ok(country));
        }
        // Not assigned: reserved, withdrawn, alpha-3, by users.
        for code in ["", "L", "LVA", "UK", "EU", "SU", "XK", "AA", "ĻV"] {
            assert_eq!(Country::parse(code), Err(NotACountry), "{code}");
        }
        assert!(!serde_json::from_str::<Country>("\"QQ\"").unwrap_err().to_string().contains("QQ"));
    }
}
