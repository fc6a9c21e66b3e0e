//! How age writes its keys: Bech32 (BIP 173), of any length.

use zeroize::Zeroizing;

/// Its letters.
const LETTERS: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// The bytes as small letters.
pub(super) fn encoded(kind: &str, bytes: &[u8]) -> String {
    let mut values = regrouped::<8, 5>(bytes, Rest::Padded).unwrap_or_default();
    let sum = checksum(kind, values.iter().copied().chain([0; 6])) ^ 1;
    values.extend((0..6).map(|at| u8::try_from((sum >> (5 * (5 - at))) & 31).unwrap_or_default()));
    let letters = values.iter().filter_map(|value| LETTERS.get(usize::from(*value)).copied().map(char::from));
    format!("{kind}1{}", letters.collect::<String>())
}

/// The bytes behind small letters; age's own limits of length apply, not Bitcoin's.
pub(super) fn decoded(kind: &str, text: &str) -> Option<Vec<u8>> {
    let letters = text.strip_prefix(kind)?.strip_prefix('1')?;
    let value = |letter: u8| LETTERS.iter().position(|known| *known == letter).and_then(|at| u8::try_from(at).ok());
    let values = Zeroizing::new(letters.bytes().map(value).collect::<Option<Vec<u8>>>()?);
    if checksum(kind, values.iter().copied()) != 1 {
        return None;
    }
    regrouped::<5, 8>(values.get(..values.len().checked_sub(6)?)?, Rest::Refused)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    Padded,
    Refused,
}

/// Groups of `FROM` bits as groups of `TO`.
fn regrouped<const FROM: u32, const TO: u32>(groups: &[u8], rest: Rest) -> Option<Vec<u8>> {
    let (mut held, mut bits, mut all) = (0_u32, 0, Vec::new());
    for group in groups {
        held = ((held << FROM) | u32::from(*group)) & 0xffff;
        bits += FROM;
        while bits >= TO {
            bits -= TO;
            all.push(u8::try_from((held >> bits) & ((1 << TO) - 1)).ok()?);
        }
    }
    let left = (held << (TO - bits)) & ((1 << TO) - 1);
    match rest {
        Rest::Padded if bits > 0 => all.push(u8::try_from(left).ok()?),
        Rest::Refused if bits >= FROM || left != 0 => return None,
        _ => {}
    }
    Some(all)
}

fn checksum(kind: &str, values: impl Iterator<Item = u8>) -> u32 {
    const POLYNOMIAL: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let expanded = kind.bytes().map(|byte| byte >> 5).chain([0]).chain(kind.bytes().map(|byte| byte & 31));
    expanded.chain(values).fold(1, |sum, value| {
        let top = sum >> 25;
        let sum = ((sum & 0x01ff_ffff) << 5) ^ u32::from(value);
        let picked = POLYNOMIAL.iter().enumerate().filter(|(bit, _)| (top >> bit) & 1 == 1);
        picked.fold(sum, |sum, (_, part)| sum ^ part)
    })
}
