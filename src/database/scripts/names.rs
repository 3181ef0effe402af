//! Named parameters of scripts.

use memchr::memmem;

/// The names of a script's parameters, in the order of their numbers
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    keys: Vec<String>,
    args: Vec<String>,
}

/// Where a parameter is sent, counted from 0
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Key(usize),
    Arg(usize),
}

/// The error for text that is no script with named parameters
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ScriptError(String);

impl Names {
    /// Returns the text with numbers in place of names, and the names.
    pub(super) fn parse<'k>(
        text: &str,
        keys: impl IntoIterator<Item = &'k str>,
    ) -> Result<(String, Self), ScriptError> {
        let mut names = Self::default();
        for key in keys {
            if names.keys.iter().any(|name| name == key) {
                return Err(ScriptError(format!("the key `{key}` is declared twice")));
            }
            names.keys.push(key.to_owned());
        }
        let mut used = vec![false; names.keys.len()];
        let mut rewritten = String::with_capacity(text.len() + 32);
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, is_name) = piece(rest);
            let (head, tail) = rest.split_at(piece);
            rest = tail;
            if !is_name {
                rewritten.push_str(head);
                continue;
            }
            let name = &head[1..];
            if name.is_empty() {
                let line = text[..text.len() - tail.len()].lines().count();
                return Err(ScriptError(format!("there is no name after the `@` in line {line}")));
            }
            // `return@name` must not become one word.
            if rewritten.ends_with(is_word) {
                rewritten.push(' ');
            }
            let place = names.find(name).unwrap_or_else(|| {
                names.args.push(name.to_owned());
                Place::Arg(names.args.len() - 1)
            });
            match place {
                Place::Key(index) => {
                    used[index] = true;
                    rewritten.push_str(&format!("KEYS[{}]", index + 1));
                }
                Place::Arg(index) => rewritten.push_str(&format!("ARGV[{}]", index + 1)),
            }
        }
        match used.iter().position(|used| !used) {
            Some(index) => {
                let key = &names.keys[index];
                Err(ScriptError(format!("the key `{key}` does not occur in the script")))
            }
            None => Ok((rewritten, names)),
        }
    }

    /// Number of keys and of arguments.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.keys.len(), self.args.len())
    }

    pub(super) fn find(&self, name: &str) -> Option<Place> {
        let index = |names: &[String]| names.iter().position(|known| known == name);
        index(&self.keys).map(Place::Key).or_else(|| index(&self.args).map(Place::Arg))
    }

    pub(super) fn name(&self, place: Place) -> &str {
        match place {
            Place::Key(index) => &self.keys[index],
            Place::Arg(index) => &self.args[index],
        }
    }
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// The length of what a text begins with: an `@` and its name, or anything else, to be copied.
fn piece(text: &str) -> (usize, bool) {
    let bytes = text.as_bytes();
    let length = match bytes[0] {
        b'@' => {
            let begins = bytes.get(1).is_some_and(|byte| !byte.is_ascii_digit());
            let name = text[1..].find(|letter| !is_word(letter)).unwrap_or(text.len() - 1);
            return (if begins { 1 + name } else { 1 }, true);
        }
        quote @ (b'"' | b'\'') => quoted(bytes, quote),
        b'-' if bytes.starts_with(b"--") => match long_bracket(&bytes[2..]) {
            Some(length) => 2 + length,
            None => memchr::memchr(b'\n', bytes).unwrap_or(bytes.len()),
        },
        b'[' => long_bracket(bytes).unwrap_or(1),
        _ => text.find(['@', '"', '\'', '-', '[']).unwrap_or(bytes.len()).max(1),
    };
    (length, false)
}

/// The length of a string in quotes; the whole text if it does not end.
fn quoted(bytes: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            _ if byte == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// The length of `[[…]]` or `[=[…]=]`, if the text begins with one; all of it if it does not end.
fn long_bracket(bytes: &[u8]) -> Option<usize> {
    let level = bytes.get(1..)?.iter().take_while(|byte| **byte == b'=').count();
    if bytes[0] != b'[' || bytes.get(level + 1) != Some(&b'[') {
        return None;
    }
    let end = format!("]{}]", "=".repeat(level));
    let inside = &bytes[level + 2..];
    let found = memmem::find(inside, end.as_bytes());
    Some(found.map_or(bytes.len(), |at| level + 2 + at + end.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rewritten(text: &str, keys: &[&str]) -> String {
        Names::parse(text, keys.iter().copied()).unwrap().0
    }

    #[test]
    fn names_become_numbers() {
        let text = "redis.call('SET', @key, @value) return@value2-@value";
        let (text, names) = Names::parse(text, ["key"]).unwrap();
        assert_eq!(text, "redis.call('SET', KEYS[1], ARGV[1]) return ARGV[2]-ARGV[1]");
        assert_eq!(names.counts(), (1, 2));
        assert_eq!(names.find("value2"), Some(Place::Arg(1)));
        assert_eq!(names.name(Place::Key(0)), "key");
        assert_eq!(rewritten("return {@a,@b}", &["b", "a"]), "return {KEYS[2],KEYS[1]}");
        assert_eq!(rewritten("return 1", &[]), "return 1");
        assert_eq!(rewritten("t[@a]", &[]), "t[ARGV[1]]");
        assert_eq!(rewritten("t[i]=@a -@b", &[]), "t[i]=ARGV[1] -ARGV[2]");
        assert_eq!(rewritten("return 'ä'..@a..'ö'", &[]), "return 'ä'..ARGV[1]..'ö'");
    }

    #[test]
    fn strings_and_comments_stay_as_they_are() {
        for text in [
            "return '@a'",
            r#"return "@a""#,
            r#"return 'it\'s @a' .. "\"@b""#,
            "return [[@a\n]] .. [==[ ]] @b ]=] ]==]",
            "-- @a\nreturn 1 --@b",
            "--[[ @a\n @b ]] return 1 --[=[ ]] @c ]=]",
            "return 'open @a",
            "return [[open @a",
            r"return '\",
        ] {
            assert_eq!(rewritten(text, &[]), text);
        }
        assert_eq!(rewritten("--[ @a\n@b", &[]), "--[ @a\nARGV[1]");
        assert_eq!(rewritten(r"'\\'..@a", &[]), r"'\\'..ARGV[1]");
    }

    #[test]
    fn says_what_is_wrong() {
        let error =
            |text, keys: &[&str]| Names::parse(text, keys.iter().copied()).unwrap_err().to_string();
        assert_eq!(error("return 1\nreturn @", &[]), "there is no name after the `@` in line 2");
        assert_eq!(error("return @1", &[]), "there is no name after the `@` in line 1");
        assert_eq!(error("return @a", &["b"]), "the key `b` does not occur in the script");
        assert_eq!(error("return '@a'", &["a"]), "the key `a` does not occur in the script");
        assert_eq!(error("return @a", &["a", "a"]), "the key `a` is declared twice");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_or_change_what_has_no_names(
            text in r#"([@'"\[\]=\\ \n-]|[a-c]|ä){0,40}"#,
        ) {
            let parsed = Names::parse(&text, []);
            if !text.contains('@') {
                prop_assert_eq!(parsed.unwrap().0, text);
            }
        }
    }
}
