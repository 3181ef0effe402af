//! As much of JSON as a line of status needs.

use std::fmt::{self, Write};

/// A line that is being written; commas come by themselves.
pub(crate) struct Line {
    text: String,
    /// Something precedes in the same object or list.
    follows: bool,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self { text: String::new(), follows: false }
    }

    pub(crate) fn done(self) -> String {
        self.text
    }

    /// The name of what is written next.
    pub(crate) fn name(&mut self, name: &str) -> &mut Self {
        self.text(name);
        self.text.push(':');
        self.follows = false;
        self
    }

    pub(crate) fn object(&mut self, fields: impl FnOnce(&mut Self)) {
        self.nest('{', '}', fields);
    }

    pub(crate) fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(T, &mut Self),
    ) {
        self.nest('[', ']', |line| items.into_iter().for_each(|item| write(item, line)));
    }

    /// A value, or `null`.
    pub(crate) fn maybe<T>(&mut self, value: Option<T>, write: impl FnOnce(T, &mut Self)) {
        match value {
            Some(value) => write(value, self),
            None => self.raw("null"),
        }
    }

    pub(crate) fn number(&mut self, number: f64) {
        // JSON has no other numbers.
        let number = if number.is_finite() { number } else { 0.0 };
        self.raw(format_args!("{}", (number * 1000.0).round() / 1000.0));
    }

    pub(crate) fn boolean(&mut self, value: bool) {
        self.raw(value);
    }

    pub(crate) fn text(&mut self, text: impl fmt::Display) {
        self.raw('"');
        for letter in text.to_string().chars() {
            match letter {
                '"' | '\\' => self.text.extend(['\\', letter]),
                letter if letter.is_control() => {
                    let _ = write!(self.text, "\\u{:04x}", u32::from(letter));
                }
                letter => self.text.push(letter),
            }
        }
        self.text.push('"');
    }

    fn nest(&mut self, open: char, close: char, inside: impl FnOnce(&mut Self)) {
        self.raw(open);
        self.follows = false;
        inside(self);
        self.text.push(close);
        self.follows = true;
    }

    /// What is JSON already.
    pub(crate) fn raw(&mut self, value: impl fmt::Display) {
        if self.follows {
            self.text.push(',');
        }
        let _ = write!(self.text, "{value}");
        self.follows = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_json() {
        let mut line = Line::new();
        line.object(|all| {
            all.name("a").number(1.5);
            all.name("b").list([1.0, 2.0], |item, all| all.number(item));
            all.name("c").list([(); 0], |(), all| all.boolean(true));
            all.name("d").object(|one| one.name("e").text("\"\\\n\u{85}ä"));
            all.name("f").maybe(None::<f64>, |_, _| {});
            all.name("g").list([true, false], |item, all| {
                all.object(|one| one.name("h").boolean(item));
            });
        });
        let wanted = r#"{"a":1.5,"b":[1,2],"c":[],"d":{"e":"\"\\\u000a\u0085ä"},"f":null,"g":[{"h":true},{"h":false}]}"#;
        assert_eq!(line.done(), wanted);
    }
}
