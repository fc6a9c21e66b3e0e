//! A QR code as one path of an inline picture, drawn by us from its modules.

use qrcode::{Color, EcLevel, QrCode};
use serde::Serialize;

use super::shown::ShownOnce;
use crate::kernel::personal::Secret;

/// The quiet zone around a code, in modules (ISO/IEC 18004).
const MARGIN: usize = 4;

/// A code: a square picture with a path of dark modules, one unit each.
#[derive(Debug, Clone, Serialize)]
pub struct Qr {
    /// The picture's width and height, its margin included.
    pub size: usize,
    /// The dark modules, as the `d` of a path.
    pub path: ShownOnce,
}

impl Qr {
    /// The code of `text`; nothing when it is too long for one.
    #[must_use]
    pub fn of(text: &Secret<String>) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text.reveal().as_bytes(), EcLevel::M).ok()?;
        let width = code.width();
        let mut path = String::new();
        for (row, modules) in code.to_colors().chunks(width).enumerate() {
            let mut column = 0;
            for run in modules.chunk_by(|one, next| one == next) {
                if run.first() == Some(&Color::Dark) {
                    path.push_str(&format!("M{} {}h{}v1h-{}z", column + MARGIN, row + MARGIN, run.len(), run.len()));
                }
                column += run.len();
            }
        }
        Some(Self { size: width + 2 * MARGIN, path: Secret::new(path).into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The modules that the path makes dark.
    fn dark(qr: &Qr) -> Vec<(usize, usize)> {
        let path = minijinja::Value::from(minijinja::value::Serde(&qr.path)).to_string();
        let mut modules = Vec::new();
        for run in path.split('M').skip(1) {
            let (column, rest) = run.split_once(' ').unwrap();
            let (row, rest) = rest.split_once('h').unwrap();
            let (length, rest) = rest.split_once("v1h-").unwrap();
            assert_eq!(rest, format!("{length}z"));
            let (column, row, length): (usize, usize, usize) =
                (column.parse().unwrap(), row.parse().unwrap(), length.parse().unwrap());
            modules.extend((column..column + length).map(|column| (column - MARGIN, row - MARGIN)));
        }
        modules
    }

    #[test]
    fn the_path_draws_each_dark_module_and_no_other() {
        let text = "otpauth://totp/Seif:anna%40example.lv?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Seif";
        let code = QrCode::with_error_correction_level(text.as_bytes(), EcLevel::M).unwrap();
        let qr = Qr::of(&Secret::new(text.to_owned())).unwrap();
        let drawn = dark(&qr);
        assert_eq!(qr.size, code.width() + 8);
        for row in 0..code.width() {
            for column in 0..code.width() {
                let is_dark = code[(column, row)] == Color::Dark;
                assert_eq!(drawn.contains(&(column, row)), is_dark, "{column} {row}");
            }
        }
        assert!(Qr::of(&Secret::new("x".repeat(8_000))).is_none());
    }
}
