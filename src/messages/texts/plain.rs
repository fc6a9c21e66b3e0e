/// Somebody's own words as a part of one line of a mail: control characters and marks that turn the writing's
/// direction become spaces.
///
/// `None` where a mail program could make a link of it, where it is longer than a name, and where nothing is
/// left.
pub(crate) fn plain(words: &str) -> Option<String> {
    let spaced: String = words.chars().map(|c| if breaks_a_line(c) { ' ' } else { c }).collect();
    let line = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    let named = (1..=120).contains(&line.chars().count());
    (named && !looks_like_a_link(&line)).then_some(line)
}

fn breaks_a_line(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// What mail programs turn into links: schemes, `www.`, addresses, and any dot, full-width ones too, inside a word.
fn looks_like_a_link(line: &str) -> bool {
    let low = line.to_lowercase();
    let dotted = low.split(' ').any(|word| {
        let mut parts = word.split(['.', '\u{3002}', '\u{ff0e}', '\u{ff61}']);
        parts.next().is_some_and(|before| before.ends_with(char::is_alphanumeric))
            && parts.any(|after| after.starts_with(char::is_alphanumeric))
    });
    dotted || ["http", "www", "://", "mailto:", "tel:", "@", "href"].iter().any(|mark| low.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_mail_program_could_make_a_link_of_is_not_repeated() {
        //
        for link in [
            "http://evil.example",
            "Rīts HTTPS",
            "www evil",
            "evil.example",
            "see evil.example/x now",
            "A.B.C",
            "x@y",
            "mailto:x",
            "evil\u{3002}example",
        ] {
            assert_eq!(plain(link), None, "{link}");
        }
        for (name, line) in [
            ("SIA „Rīta maize”", "SIA „Rīta maize”"),
            ("Anna K. Berg Ltd.", "Anna K. Berg Ltd."),
            (" Два\r\nслова\u{202e} ", "Два слова"),
        ] {
            assert_eq!(plain(name).as_deref(), Some(line));
        }
    }

    #[test]
    fn a_name_is_neither_empty_nor_endless() {
        assert_eq!(plain(" \n"), None);
        assert_eq!(plain(&"a".repeat(121)), None);
        assert!(plain(&"ā".repeat(120)).is_some());
    }
}
