//! What pages refer to: the style sheet, small modules, the icon and the manifest, all from the service's own origin
//! (P-1). Each has an address that changes with its content, `/assets/{hash}/{name}`, so that a browser may keep it
//! for ever.

/// A file that is part of the program.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// The last part of its address.
    pub name: &'static str,
    /// What `Content-Type` says of it.
    pub media_type: &'static str,
    /// Its content.
    pub bytes: &'static [u8],
    /// What its content comes to: FNV-1a, 64 bits, 16 hexadecimal digits. Tells versions apart, proves nothing.
    pub hash: [u8; 16],
}

impl Asset {
    const fn new(name: &'static str, media_type: &'static str, bytes: &'static [u8]) -> Self {
        Self { name, media_type, bytes, hash: fnv_1a_hex(bytes) }
    }

    /// Where it is served: `/assets/{hash}/{name}`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/assets/{}/{}", String::from_utf8_lossy(&self.hash), self.name)
    }
}

macro_rules! asset {
    ($name:literal, $media_type:literal) => {
        Asset::new($name, $media_type, include_bytes!($name))
    };
}

/// Every asset there is.
pub static ALL: [Asset; 8] = [
    asset!("seif.css", "text/css; charset=utf-8"),
    asset!("times.js", "text/javascript; charset=utf-8"),
    asset!("password.js", "text/javascript; charset=utf-8"),
    asset!("copy.js", "text/javascript; charset=utf-8"),
    asset!("waiting.js", "text/javascript; charset=utf-8"),
    asset!("passkey.js", "text/javascript; charset=utf-8"),
    asset!("icon.svg", "image/svg+xml"),
    asset!("seif.webmanifest", "application/manifest+json"),
];

/// What an address under `/assets` leads to.
#[derive(Debug, Clone, Copy)]
pub enum Found {
    /// The very content that the address names: may be kept for a year, `immutable`.
    Exact(&'static Asset),
    /// The asset of that name, of another version than the address names: not to be kept (`no-cache`). Happens while
    /// two versions of the program run side by side, and for what the manifest refers to by name alone.
    OtherVersion(&'static Asset),
}

/// The asset at `/assets/{hash}/{name}`, if there is one of that name.
#[must_use]
pub fn find(hash: &str, name: &str) -> Option<Found> {
    let asset = named(name)?;
    Some(if hash.as_bytes() == asset.hash { Found::Exact(asset) } else { Found::OtherVersion(asset) })
}

/// The asset of that name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Asset> {
    ALL.iter().find(|asset| asset.name == name)
}

/// FNV-1a, 64 bits, in hexadecimal.
const fn fnv_1a_hex(bytes: &[u8]) -> [u8; 16] {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut rest = bytes;
    while let [byte, tail @ ..] = rest {
        hash = (hash ^ *byte as u64).wrapping_mul(0x0000_0100_0000_01b3);
        rest = tail;
    }
    hex(hash)
}

#[expect(clippy::indexing_slicing, reason = "both indices are bounded by the loop and the mask")]
const fn hex(mut number: u64) -> [u8; 16] {
    let mut digits = [0; 16];
    let mut at = 16;
    while at > 0 {
        at -= 1;
        digits[at] = b"0123456789abcdef"[(number & 15) as usize];
        number >>= 4;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Landon Curt Noll's published test vectors for FNV-1a, 64 bits.
    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(&fnv_1a_hex(b""), b"cbf29ce484222325");
        assert_eq!(&fnv_1a_hex(b"a"), b"af63dc4c8601ec8c");
        assert_eq!(&fnv_1a_hex(b"foobar"), b"85944171f73967e8");
    }

    #[test]
    fn an_asset_is_found_at_its_own_path_and_another_version_is_not_taken_for_it() {
        for asset in &ALL {
            let path = asset.path();
            let [_, _, hash, name] = path.split('/').collect::<Vec<_>>()[..] else { panic!("{path}") };
            assert!(matches!(find(hash, name), Some(Found::Exact(found)) if found.name == asset.name));
            assert!(matches!(find("0000000000000000", name), Some(Found::OtherVersion(_))));
        }
        assert!(find("0000000000000000", "passwd").is_none());
    }

    // P-1
    #[test]
    fn no_asset_refers_to_another_origin() {
        for asset in &ALL {
            let text = std::str::from_utf8(asset.bytes).unwrap().replace("http://www.w3.org/2000/svg", "");
            for foreign in ["http:", "https:", "url(", "@import", "//cdn"] {
                assert!(!text.contains(foreign), "{} holds {foreign}", asset.name);
            }
        }
    }

    /// Lightness of a colour `#rrggbb` (WCAG 2.2, relative luminance).
    fn luminance(colour: &str) -> f64 {
        let part = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    }

    fn contrast(one: &str, other: &str) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// WCAG 2.2, 1.4.3 (text, 4.5 to 1) and 1.4.11 (what shows a control or the focus, 3 to 1).
    #[test]
    fn colours_stand_apart_in_light_and_dark() {
        let css = std::str::from_utf8(named("seif.css").unwrap().bytes).unwrap();
        let colours = |name: &str| {
            let at = css.find(&format!("--{name}: light-dark(")).unwrap_or_else(|| panic!("no colour {name}"));
            let (pair, _) = css[at..].split_once("light-dark(").unwrap().1.split_once(')').unwrap();
            let (light, dark) = pair.split_once(", ").unwrap();
            [light.to_owned(), dark.to_owned()]
        };
        let pairs = [
            ("ink", "paper", 7.0),
            ("ink", "sheet", 7.0),
            ("ink", "well", 7.0),
            ("quiet", "paper", 4.5),
            ("quiet", "sheet", 4.5),
            ("quiet", "well", 4.5),
            ("spruce", "paper", 4.5),
            ("spruce", "sheet", 4.5),
            ("spruce", "well", 4.5),
            ("on-spruce", "spruce", 4.5),
            ("on-spruce", "spruce-deep", 4.5),
            ("danger", "sheet", 4.5),
            ("danger", "paper", 4.5),
            ("danger", "danger-well", 4.5),
            ("on-danger", "danger", 4.5),
            ("notice-ink", "notice-well", 4.5),
            ("good-ink", "good-well", 4.5),
            ("edge", "sheet", 3.0),
            ("edge", "paper", 3.0),
            ("focus", "paper", 3.0),
            ("focus", "sheet", 3.0),
            ("focus", "well", 3.0),
        ];
        for (above, below, least) in pairs {
            for (one, other) in colours(above).iter().zip(&colours(below)) {
                let found = contrast(one, other);
                assert!(found >= least, "{above} {one} on {below} {other}: {found:.2}, wanted {least}");
            }
        }
    }
}
