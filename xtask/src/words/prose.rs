//! What of a file is prose: the same lines, with something that is no word in place of code.

use std::path::Path;

/// In place of each character of code that is not a space, so that no phrase reaches across it.
const CODE: char = '\u{1}';

/// How a file is read
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Rust,
    /// TypeScript and style sheets too.
    JavaScript,
    /// All of it is prose.
    Text,
}

impl Kind {
    /// `None` for what is no text of the project, such as a picture.
    pub(super) fn of(file: &Path) -> Option<Self> {
        let extension = file.extension().and_then(|extension| extension.to_str());
        match extension {
            Some("rs") => Some(Self::Rust),
            Some("js" | "mjs" | "cjs" | "ts" | "css") => Some(Self::JavaScript),
            Some("md" | "toml" | "html" | "json" | "yml" | "yaml" | "sh" | "conf" | "service") => {
                Some(Self::Text)
            }
            None if file.file_name().is_some_and(|name| name == "Dockerfile" || name == "run") => {
                Some(Self::Text)
            }
            _ => None,
        }
    }
}

/// Returns the prose of a text, line for line.
pub(super) fn prose(kind: Kind, text: &str) -> String {
    let shown = match kind {
        Kind::Text => text.to_owned(),
        Kind::Rust | Kind::JavaScript => Scanner::new(kind, text).run(),
    };
    shown.lines().flat_map(|line| [without_spans(line), "\n".to_owned()]).collect()
}

/// Blanks what is in backticks. A single backtick is left alone, and so are those of a fence.
fn without_spans(line: &str) -> String {
    let mut shown = String::new();
    let mut rest = line;
    while let Some((before, behind)) = rest.split_once('`') {
        shown.push_str(before);
        shown.push(CODE);
        rest = behind.split_once('`').map_or(behind, |(_, after)| after);
    }
    shown + rest
}

/// Goes through source code and keeps its comments and strings.
struct Scanner {
    kind: Kind,
    chars: Vec<char>,
    at: usize,
    shown: String,
    /// The last character of code, to tell a regular expression from a division.
    last: char,
}

impl Scanner {
    fn new(kind: Kind, text: &str) -> Self {
        let chars = text.chars().collect();
        Self { kind, chars, at: 0, shown: String::new(), last: ';' }
    }

    fn run(mut self) -> String {
        self.code(false);
        self.shown
    }

    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn more(&self) -> bool {
        self.at < self.chars.len()
    }

    /// Passes over characters of code.
    fn skip(&mut self, count: usize) {
        for _ in 0..count.min(self.chars.len() - self.at) {
            let c = self.chars[self.at];
            self.shown.push(if c.is_whitespace() { c } else { CODE });
            if !c.is_whitespace() {
                self.last = c;
            }
            self.at += 1;
        }
    }

    fn keep(&mut self) {
        self.shown.push(self.peek(0));
        self.at += 1;
    }

    /// Code up to the end, or up to the brace that ends an expression inside a template.
    fn code(&mut self, inside: bool) {
        let mut depth = 0;
        while self.more() {
            match (self.peek(0), self.peek(1)) {
                ('/', '/') => self.line(),
                ('/', '*') => self.block(),
                ('"', _) => self.string('"'),
                ('\'', _) if self.kind == Kind::JavaScript => self.string('\''),
                ('\'', _) => self.char_or_lifetime(),
                ('`', _) if self.kind == Kind::JavaScript => self.template(),
                ('/', _) if self.kind == Kind::JavaScript && self.expects_value() => self.regex(),
                ('r', '"' | '#') if self.kind == Kind::Rust && !self.in_name(1) => self.raw(),
                ('{', _) => {
                    depth += 1;
                    self.skip(1);
                }
                ('}', _) if inside && depth == 0 => return,
                ('}', _) => {
                    depth -= 1;
                    self.skip(1);
                }
                _ => self.skip(1),
            }
        }
    }

    fn line(&mut self) {
        // Its slashes are none of its words, but they are no code between two lines of it either.
        while matches!(self.peek(0), '/' | '!') {
            self.shown.push(' ');
            self.at += 1;
        }
        while self.more() && self.peek(0) != '\n' {
            self.keep();
        }
    }

    fn block(&mut self) {
        self.shown.push_str("  ");
        self.at += 2;
        let mut depth = 1;
        while self.more() && depth > 0 {
            match (self.peek(0), self.peek(1)) {
                ('*', '/') => depth -= 1,
                ('/', '*') if self.kind == Kind::Rust => depth += 1,
                _ => {
                    self.keep();
                    continue;
                }
            }
            self.shown.push_str("  ");
            self.at += 2;
        }
    }

    fn string(&mut self, quote: char) {
        self.skip(1);
        while self.more() && self.peek(0) != quote {
            match self.peek(0) {
                '\\' => self.escape(),
                // A string that never ends was none.
                '\n' if self.kind == Kind::JavaScript => return,
                _ => self.keep(),
            }
        }
        self.skip(1);
    }

    fn escape(&mut self) {
        self.shown.push(' ');
        self.at += 1;
        match self.peek(0) {
            '\n' => self.keep(),
            _ => {
                self.shown.push(' ');
                self.at += 1;
            }
        }
    }

    /// Whether the characters before this one, but for `but`, are part of a name: `for"` is no raw string.
    fn in_name(&self, but: usize) -> bool {
        let before = |back: usize| self.at.checked_sub(back).map_or(' ', |at| self.chars[at]);
        let prefix = matches!(before(but), 'b' | 'c');
        let back = if prefix { but + 1 } else { but };
        before(back).is_alphanumeric() || before(back) == '_'
    }

    fn raw(&mut self) {
        let mut hashes = 0;
        while self.peek(1 + hashes) == '#' {
            hashes += 1;
        }
        if self.peek(1 + hashes) != '"' {
            // `r#type`
            return self.skip(1);
        }
        self.skip(2 + hashes);
        while self.more() {
            if self.peek(0) == '"' && (1..=hashes).all(|ahead| self.peek(ahead) == '#') {
                return self.skip(1 + hashes);
            }
            self.keep();
        }
    }

    fn char_or_lifetime(&mut self) {
        match (self.peek(1), self.peek(2)) {
            ('\\', _) => {
                self.skip(3);
                while self.more() && self.peek(0) != '\'' {
                    self.skip(1);
                }
                self.skip(1);
            }
            (_, '\'') => self.skip(3),
            _ => self.skip(1),
        }
    }

    fn template(&mut self) {
        self.skip(1);
        while self.more() && self.peek(0) != '`' {
            match (self.peek(0), self.peek(1)) {
                ('\\', _) => self.escape(),
                ('$', '{') => {
                    self.skip(2);
                    self.code(true);
                    self.skip(1);
                }
                _ => self.keep(),
            }
        }
        self.skip(1);
    }

    /// Whether a slash here begins a regular expression: a value is due.
    fn expects_value(&self) -> bool {
        let word: String = {
            let shown = self.chars[..self.at].iter().rev().skip_while(|c| c.is_whitespace());
            let word: Vec<char> = shown.take_while(|c| c.is_alphanumeric()).copied().collect();
            word.into_iter().rev().collect()
        };
        "(,=:[!&|?{};+~<>".contains(self.last) || matches!(&*word, "return" | "typeof" | "case")
    }

    fn regex(&mut self) {
        self.skip(1);
        let mut in_class = false;
        while self.more() && self.peek(0) != '\n' && (in_class || self.peek(0) != '/') {
            match self.peek(0) {
                '\\' => self.skip(1),
                '[' => in_class = true,
                ']' => in_class = false,
                _ => {}
            }
            self.skip(1);
        }
        self.skip(1);
    }
}
