//! Reads Rust source as far as the directions need: the paths that a file names, outside its tests and comments.
//!
//! Paths are taken from tokens, not from a syntax tree, so that those inside macros and attributes count too.

/// A path and the line it starts on: `crate::…` where it is ours, else as written, the crate's name first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) path: Vec<String>,
    pub(super) line: usize,
}

/// What one file names.
pub(super) struct Source {
    pub(super) named: Vec<Named>,
    /// Modules in files of their own that exist in tests alone, as paths below the crate.
    pub(super) test_modules: Vec<Vec<String>>,
}

/// Reads the file of `module` (its path below the crate).
pub(super) fn read(module: &[String], text: &str) -> Source {
    let mut reader = Reader {
        tokens: tokens(text),
        at: 0,
        module: module.to_vec(),
        inline: Vec::new(),
        depth: 0,
        source: Source { named: Vec::new(), test_modules: Vec::new() },
    };
    reader.read();
    reader.source
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    /// `::`
    Then,
    Mark(char),
}

struct Reader {
    tokens: Vec<(Token, usize)>,
    at: usize,
    module: Vec<String>,
    /// Inline modules that are open, with the depth of braces outside them.
    inline: Vec<(String, usize)>,
    depth: usize,
    source: Source,
}

impl Reader {
    fn read(&mut self) {
        while self.at < self.tokens.len() {
            if self.mark(0, '#') && self.mark(1, '[') && self.is_for_tests() {
                self.skip_item();
            } else if self.mark(0, '#') && self.mark(1, '!') && self.mark(2, '[') && self.inner_is_for_tests() {
                self.source.test_modules.push(self.module.clone());
                return;
            } else if self.word(0) == Some("mod") && self.word(1).is_some() && self.mark(2, '{') {
                let name = self.word(1).unwrap_or_default().to_owned();
                self.inline.push((name, self.depth));
                self.at += 2;
            } else if self.word(0) == Some("use") && (self.word(1).is_some() || self.then(1) || self.mark(1, '{')) {
                self.at += 1;
                self.tree(&mut Vec::new());
            } else if self.starts_path() {
                self.path();
            } else {
                self.brace();
                self.at += 1;
            }
        }
    }

    fn brace(&mut self) {
        if self.mark(0, '{') {
            self.depth += 1;
        } else if self.mark(0, '}') {
            self.depth = self.depth.saturating_sub(1);
            if self.inline.last().is_some_and(|(_, outside)| *outside == self.depth) {
                self.inline.pop();
            }
        }
    }

    /// A word before `::` that is not itself behind one; a leading `::` is left out.
    fn starts_path(&self) -> bool {
        let behind = self.at > 0 && self.tokens[self.at - 1].0 == Token::Then;
        let global = behind
            && (self.at < 2 || !matches!(&self.tokens[self.at - 2].0, Token::Word(_) | Token::Mark('>' | ')' | ']')));
        self.word(0).is_some() && self.then(1) && (!behind || global)
    }

    fn path(&mut self) {
        let line = self.tokens[self.at].1;
        let mut path = vec![self.word(0).unwrap_or_default().to_owned()];
        self.at += 1;
        while self.then(0) {
            let Some(word) = self.word(1) else { break };
            path.push(word.to_owned());
            self.at += 2;
        }
        self.emit(path, line);
    }

    /// One tree of a `use`, each leaf as a path of its own.
    fn tree(&mut self, prefix: &mut Vec<String>) {
        let line = self.tokens.get(self.at).map_or(0, |(_, line)| *line);
        let kept = prefix.len();
        loop {
            if self.then(0) {
                self.at += 1;
            } else if self.mark(0, '{') {
                self.at += 1;
                while self.at < self.tokens.len() && !self.mark(0, '}') {
                    if self.mark(0, ',') {
                        self.at += 1;
                    } else {
                        self.tree(prefix);
                    }
                }
                self.at += 1;
                break;
            } else if self.mark(0, '*') {
                prefix.push("*".to_owned());
                self.at += 1;
                self.emit(prefix.clone(), line);
                break;
            } else if let Some(word) = self.word(0) {
                let word = word.to_owned();
                self.at += 1;
                if word != "self" || prefix.is_empty() {
                    prefix.push(word);
                }
                if !self.then(0) {
                    self.emit(prefix.clone(), line);
                    break;
                }
            } else {
                // Nothing that a tree may hold: step over it rather than stand still.
                self.at += 1;
                break;
            }
        }
        prefix.truncate(kept);
        if self.word(0) == Some("as") {
            self.at += 2;
        }
    }

    fn emit(&mut self, path: Vec<String>, line: usize) {
        let path = self.resolve(path);
        self.source.named.push(Named { path, line });
    }

    /// `self`, `super` and the crate's own name become `crate::…`.
    fn resolve(&self, path: Vec<String>) -> Vec<String> {
        let here = || self.module.iter().cloned().chain(self.inline.iter().map(|(name, _)| name.clone()));
        let Some(first) = path.first() else { return path };
        let ups = path.iter().take_while(|segment| *segment == "super").count();
        let (base, rest): (Vec<String>, &[String]) = match first.as_str() {
            "crate" | "seif" => (Vec::new(), &path[1..]),
            "self" => {
                let ups = path[1..].iter().take_while(|segment| *segment == "super").count();
                (here().take(here().count().saturating_sub(ups)).collect(), &path[1 + ups..])
            }
            "super" => (here().take(here().count().saturating_sub(ups)).collect(), &path[ups..]),
            _ => return path,
        };
        [vec!["crate".to_owned()], base, rest.to_vec()].concat()
    }

    /// Whether the attribute here leaves its item out of the product: `#[cfg(test)]`, `#[cfg(feature = "testing")]`, `#[test]`.
    fn is_for_tests(&self) -> bool {
        self.tests_from(self.at + 1)
    }

    fn inner_is_for_tests(&self) -> bool {
        self.tests_from(self.at + 2)
    }

    fn tests_from(&self, bracket: usize) -> bool {
        let inside = &self.tokens[bracket + 1..self.closing(bracket)];
        let words = |wanted: &str| inside.iter().any(|(token, _)| *token == Token::Word(wanted.to_owned()));
        let starts = |wanted: &str| inside.first().is_some_and(|(token, _)| *token == Token::Word(wanted.to_owned()));
        let feature = inside.iter().any(|(token, _)| *token == Token::Text("testing".to_owned()));
        (starts("test") && inside.len() == 1) || (starts("cfg") && !words("not") && (words("test") || feature))
    }

    /// Where the bracket at `open` closes, or the end of the file.
    fn closing(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        for (index, (token, _)) in self.tokens.iter().enumerate().skip(open) {
            match token {
                Token::Mark('(' | '[' | '{') => depth += 1,
                Token::Mark(')' | ']' | '}') => depth = depth.saturating_sub(1),
                _ => continue,
            }
            if depth == 0 {
                return index;
            }
        }
        self.tokens.len()
    }

    /// Steps over an item, field, variant or arm with the attributes before it.
    fn skip_item(&mut self) {
        while self.mark(0, '#') && self.mark(1, '[') {
            self.at = self.closing(self.at + 1) + 1;
        }
        if self.word(0) == Some("pub") {
            self.at += 1;
            if self.mark(0, '(') {
                self.at = self.closing(self.at) + 1;
            }
        }
        const ITEMS: [&str; 15] = [
            "fn",
            "mod",
            "use",
            "impl",
            "struct",
            "enum",
            "const",
            "static",
            "type",
            "trait",
            "unsafe",
            "async",
            "extern",
            "let",
            "macro_rules",
        ];
        let item = self.word(0).is_some_and(|word| ITEMS.contains(&word));
        if self.word(0) == Some("mod") && self.mark(2, ';') {
            let name = self.word(1).unwrap_or_default().to_owned();
            let inline = self.inline.iter().map(|(name, _)| name.clone());
            let outer = if self.is_crate_root() { Vec::new() } else { self.module.clone() };
            self.source.test_modules.push(outer.into_iter().chain(inline).chain([name]).collect());
        }
        while self.at < self.tokens.len() && !self.mark(0, '}') {
            if self.mark(0, ';') || (self.mark(0, ',') && !item) {
                self.at += 1;
                return;
            }
            let block = self.mark(0, '{');
            if block || self.mark(0, '(') || self.mark(0, '[') {
                self.at = self.closing(self.at);
            }
            self.at += 1;
            if block {
                return;
            }
        }
    }

    fn is_crate_root(&self) -> bool {
        self.module == ["lib"] || self.module == ["main"]
    }

    fn token(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead).map(|(token, _)| token)
    }

    fn mark(&self, ahead: usize, mark: char) -> bool {
        self.token(ahead) == Some(&Token::Mark(mark))
    }

    fn then(&self, ahead: usize) -> bool {
        self.token(ahead) == Some(&Token::Then)
    }

    fn word(&self, ahead: usize) -> Option<&str> {
        match self.token(ahead) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }
}

/// The tokens with their lines; comments and lifetimes are left out, numbers and characters are one mark.
fn tokens(text: &str) -> Vec<(Token, usize)> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while let Some(&c) = chars.get(at) {
        let next = chars.get(at + 1).copied();
        let start = at;
        let mut token = None;
        if c == '/' && next == Some('/') {
            at = end_of_line(&chars, at);
        } else if c == '/' && next == Some('*') {
            at = end_of_comment(&chars, at);
        } else if let Some((hashes, quote)) = raw_text(&chars, at) {
            let end = end_of_raw_text(&chars, quote + 1, hashes);
            token = Some(Token::Text(chars[quote + 1..end].iter().collect()));
            at = end + 1 + hashes;
        } else if c == '"' || (matches!(c, 'b' | 'c') && next == Some('"')) {
            let quote = if c == '"' { at } else { at + 1 };
            at = end_of_text(&chars, quote, '"');
            token = Some(Token::Text(chars[quote + 1..at.saturating_sub(1).max(quote + 1)].iter().collect()));
        } else if c == '\'' && (next == Some('\\') || chars.get(at + 2) == Some(&'\'')) {
            at = end_of_text(&chars, at, '\'');
            token = Some(Token::Mark('\''));
        } else if c == '\'' {
            at = end_of_word(&chars, at + 1);
        } else if c == 'r' && next == Some('#') {
            at = end_of_word(&chars, at + 2);
            token = Some(Token::Word(chars[start + 2..at].iter().collect()));
        } else if c.is_alphabetic() || c == '_' {
            at = end_of_word(&chars, at);
            token = Some(Token::Word(chars[start..at].iter().collect()));
        } else if c.is_ascii_digit() {
            at = end_of_word(&chars, at);
            token = Some(Token::Mark('0'));
        } else if c == ':' && next == Some(':') {
            at += 2;
            token = Some(Token::Then);
        } else {
            at += 1;
            token = (!c.is_whitespace()).then_some(Token::Mark(c));
        }
        found.extend(token.map(|token| (token, line)));
        at = at.min(chars.len());
        line += chars[start..at].iter().filter(|c| **c == '\n').count();
    }
    found
}

fn end_of_line(chars: &[char], from: usize) -> usize {
    (from..chars.len()).find(|at| chars[*at] == '\n').unwrap_or(chars.len())
}

fn end_of_word(chars: &[char], from: usize) -> usize {
    (from..chars.len()).find(|at| !(chars[*at].is_alphanumeric() || chars[*at] == '_')).unwrap_or(chars.len())
}

/// Comments nest.
fn end_of_comment(chars: &[char], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0_usize);
    while at + 1 < chars.len() {
        match (chars[at], chars[at + 1]) {
            ('/', '*') => (at, depth) = (at + 2, depth + 1),
            ('*', '/') => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    chars.len()
}

/// One past the quote that closes the text opened at `quote`.
fn end_of_text(chars: &[char], quote: usize, with: char) -> usize {
    let mut at = quote + 1;
    while let Some(&c) = chars.get(at) {
        at += if c == '\\' { 2 } else { 1 };
        if c == with {
            return at;
        }
    }
    chars.len()
}

/// For `r"`, `r#"`, `br"`, `cr"` at `from`: the number of hashes and where the quote is.
fn raw_text(chars: &[char], from: usize) -> Option<(usize, usize)> {
    let behind_r = match (chars.get(from)?, chars.get(from + 1)) {
        ('r', _) => from + 1,
        ('b' | 'c', Some('r')) => from + 2,
        _ => return None,
    };
    let hashes = chars[behind_r..].iter().take_while(|c| **c == '#').count();
    (chars.get(behind_r + hashes) == Some(&'"')).then_some((hashes, behind_r + hashes))
}

/// Where the quote stands that, followed by `hashes` hashes, closes a raw text.
fn end_of_raw_text(chars: &[char], from: usize, hashes: usize) -> usize {
    (from..chars.len())
        .find(|at| chars[*at] == '"' && chars[at + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes)
        .unwrap_or(chars.len())
}

#[cfg(test)]
mod tests {
    use super::read;

    fn named_in(module: &str, text: &str) -> Vec<String> {
        let module: Vec<String> = module.split("::").map(str::to_owned).collect();
        read(&module, text).named.into_iter().map(|named| named.path.join("::")).collect()
    }

    #[test]
    fn each_leaf_of_a_use_tree_is_a_path() {
        let text =
            "pub use crate::{kernel::{self, ids::*}, vault as v}; use ::diesel::prelude; use a::{b, c::{d as _, e,},};";
        let paths =
            ["crate::kernel", "crate::kernel::ids::*", "crate::vault", "diesel::prelude", "a::b", "a::c::d", "a::c::e"];
        assert_eq!(named_in("web", text), paths);
    }

    #[test]
    fn relative_paths_are_resolved_through_files_and_inline_modules() {
        let text = "use super::x; mod inner { use super::super::super::y; fn f() { self::z::w(); } } use self::v;";
        let paths = ["crate::kernel::x", "crate::y", "crate::kernel::store::inner::z::w", "crate::kernel::store::v"];
        assert_eq!(named_in("kernel::store", text), paths);
    }

    #[test]
    fn paths_in_expressions_types_attributes_and_macros_count() {
        let text = "#[derive(diesel::Insertable)] fn f(a: Vec<crate::web::A>) { ::aes::B::c::<u8>::d(); m!(hkdf::E); <lettre::T as X>::f() }";
        assert_eq!(
            named_in("vault", text),
            ["diesel::Insertable", "crate::web::A", "aes::B::c", "hkdf::E", "lettre::T"]
        );
    }

    #[test]
    fn comments_and_texts_name_nothing() {
        let text = "/// [`crate::web`] crate::web::x\n/* a::b /* c::d */ e::f */ const A: &str = \"g::h \\\" i::j\"; \
                    const B: &[u8] = br#\"k::l\" m::n\"#; const C: char = '\"'; fn f<'a>(x: &'a str) { o::p(); }";
        assert_eq!(named_in("vault", text), ["o::p"]);
    }

    #[test]
    fn what_is_built_for_tests_alone_is_left_out() {
        let text = "#[cfg(test)] mod tests { use a::b; } #[cfg(any(test, feature = \"testing\"))] #[x] pub fn f<A, B>() { c::d() } \
                    #[cfg(feature = \"testing\")] pub(crate) use e::f; struct S { #[cfg(test)] g: h::I, j: k::L } \
                    #[cfg(not(test))] use m::n; #[cfg(test)] mod chains; use o::p;";
        assert_eq!(named_in("vault", text), ["k::L", "m::n", "o::p"]);
        assert_eq!(read(&["vault".to_owned()], text).test_modules, [["vault", "chains"]]);
    }

    #[test]
    fn a_path_knows_its_line() {
        let text = "// one\n\n/* three\nfour */ use a::b;\nconst C: &str = \"\n\n\"; use d::e;";
        let lines: Vec<usize> = read(&["vault".to_owned()], text).named.into_iter().map(|named| named.line).collect();
        assert_eq!(lines, [4, 7]);
    }
}
