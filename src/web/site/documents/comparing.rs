//! Two texts beside each other as lines to be read: marks of Markdown say what a line is and are not shown.

use crate::policies::Difference;
use crate::web::pages::{ComparedLine, ComparedPiece, LineKind, LineStanding, PieceChange};

/// The lines of both texts, in order. A line that is only in one of them stands alone; the first, the title, is left out
/// where it is the same in both.
pub(super) fn lines(pieces: &[Difference]) -> Vec<ComparedLine> {
    let mut all = Vec::new();
    let mut line = Vec::new();
    for piece in pieces {
        let (change, text) = match piece {
            Difference::Same(text) => (PieceChange::Same, text),
            Difference::Removed(text) => (PieceChange::Removed, text),
            Difference::Added(text) => (PieceChange::Added, text),
        };
        for part in text.split_inclusive('\n') {
            let words = part.trim_end_matches('\n');
            if !words.is_empty() {
                line.push(ComparedPiece { change, text: words.to_owned() });
            }
            if part.ends_with('\n') {
                all.extend(shown(std::mem::take(&mut line)));
            }
        }
    }
    all.extend(shown(line));
    all
}

/// A line without its marks; nothing where nothing is left to read.
fn shown(mut pieces: Vec<ComparedPiece>) -> Option<ComparedLine> {
    let whole: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
    let start = whole.trim_start();
    let is_rule = !start.is_empty() && start.chars().all(|c| "|-: ".contains(c));
    let is_title = start.starts_with("# ") && pieces.iter().all(|piece| piece.change == PieceChange::Same);
    if is_rule || is_title {
        return None;
    }
    let kind = match start {
        heading if heading.starts_with('#') => LineKind::Heading,
        item if item.starts_with("- ") || item.starts_with("* ") => LineKind::Item,
        _ => LineKind::Text,
    };
    let last = pieces.len().saturating_sub(1);
    for (place, piece) in pieces.iter_mut().enumerate() {
        let mut text: String = piece.text.chars().filter(|c| !"*`\\".contains(*c)).collect();
        if place == 0 {
            text = text.trim_start_matches(['#', '-', '|', ' ']).to_owned();
        }
        if place == last {
            text = text.trim_end_matches(['|', ' ']).to_owned();
        }
        piece.text = text.replace('|', "·");
    }
    pieces.retain(|piece| !piece.text.is_empty());
    let same = pieces.iter().all(|piece| piece.change == PieceChange::Same);
    let standing = if same { LineStanding::Same } else { LineStanding::Changed };
    (!pieces.is_empty()).then_some(ComparedLine { kind, standing, pieces })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policies::differences;

    #[test]
    fn a_line_shows_its_words_and_what_became_of_them() {
        let before = "# T\n\nText **one**.\n\n## Part\n\n- item\n\n| a | b |\n|---|---|\n| c | d |\n";
        let after = "# T\n\nText **two**.\n\n## Part\n\n- item\n\n| a | b |\n|---|---|\n| c | e |\n";
        let told: Vec<String> = lines(&differences(before, after))
            .into_iter()
            .map(|line| {
                let words = line.pieces.iter().map(|piece| match piece.change {
                    PieceChange::Same => piece.text.clone(),
                    PieceChange::Removed => format!("[-{}]", piece.text),
                    PieceChange::Added => format!("[+{}]", piece.text),
                });
                format!("{:?} {}", line.kind, words.collect::<String>())
            })
            .collect();
        assert_eq!(told, ["Text Text [-one][+two].", "Heading Part", "Item item", "Text a · b", "Text c · [-d][+e]"]);
    }
}
