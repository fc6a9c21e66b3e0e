//! A document's Markdown as HTML that may stand in a page.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// The text in HTML without its title: tables and lists, no scripts, images, styles or forms, whatever it holds. Its
/// headings are those of the text, `h2` and below.
#[must_use]
pub fn html(markdown: &str) -> String {
    let mut in_title = false;
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES).filter(move |event| match event {
        Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }) => {
            in_title = true;
            false
        }
        Event::End(TagEnd::Heading(HeadingLevel::H1)) => {
            in_title = false;
            false
        }
        _ => !in_title,
    });
    let mut html = String::with_capacity(markdown.len() + markdown.len() / 4);
    pulldown_cmark::html::push_html(&mut html, events);
    ammonia::Builder::default().rm_tags(["img", "map", "area"]).clean(&html).to_string()
}

/// The title of a text: what its first line says after `# `.
pub(super) fn title(markdown: &str) -> Option<&str> {
    markdown.lines().next()?.strip_prefix("# ").map(str::trim).filter(|title| !title.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_shows_its_parts_and_nothing_that_acts() {
        let html = html(
            "# Title\n\nHello *you*.\n\n## Part\n\n| a | b |\n|---|---|\n| `c` | d |\n\n<script>alert(1)</script>\n\n\
             ![x](https://example.com/x.png) <img src=x onerror=alert(1)> [y](javascript:alert(1))\n",
        );
        for part in ["<p>Hello <em>you</em>.</p>", "<h2>Part</h2>", "<td><code>c</code></td>"] {
            assert!(html.contains(part), "{html}");
        }
        for no in ["Title", "<h1", "script", "img", "onerror", "javascript"] {
            assert!(!html.contains(no), "{html}");
        }
    }

    #[test]
    fn a_title_is_the_first_line() {
        assert_eq!(title("# Privacy policy\n\ntext"), Some("Privacy policy"));
        for none in ["", "Privacy", "## Privacy", "\n# Privacy", "# "] {
            assert_eq!(title(none), None, "{none}");
        }
    }
}
