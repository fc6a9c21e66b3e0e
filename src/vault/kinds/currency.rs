//! Currencies and their decimals (ISO 4217, list one, 2026).

/// The code in capitals, and how many decimals an amount in it has at most; `None` for what is no currency.
pub(super) fn parse(code: &str) -> Option<(&'static str, usize)> {
    let listed = |codes: &'static str| codes.split(' ').find(|known| known.eq_ignore_ascii_case(code));
    BY_DECIMALS.iter().find_map(|(decimals, codes)| Some((listed(codes)?, *decimals)))
}

/// The active codes by their decimals. Metals, funds of central banks, tests and "no currency" are not money here.
const BY_DECIMALS: [(usize, &str); 4] = [
    (
        2,
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF \
         CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL \
         HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU \
         MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR \
         SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED \
         VES WST XAD XCD XCG YER ZAR ZMW ZWG",
    ),
    (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
    (3, "BHD IQD JOD KWD LYD OMR TND"),
    (4, "CLF UYW"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_currency_is_listed_once_with_its_decimals() {
        let mut codes: Vec<&str> = BY_DECIMALS.iter().flat_map(|(_, codes)| codes.split(' ')).collect();
        assert!(codes.iter().all(|code| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase())));
        let listed = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), listed);
        for (code, decimals) in [("EUR", 2), ("kzt", 2), ("JPY", 0), ("ISK", 0), ("KWD", 3), ("CLF", 4)] {
            assert_eq!(
                parse(code).map(|(found, decimals)| (found.to_owned(), decimals)),
                Some((code.to_uppercase(), decimals))
            );
        }
        for code in ["", "EU", "EURO", "XAU", "XTS", "XXX", "LVL", "EUR USD"] {
            assert_eq!(parse(code), None, "{code}");
        }
    }
}
