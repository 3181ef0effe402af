//! Where in a document.

use std::{borrow::Cow, fmt};

use crate::resp::{Arg, ArgList, ToArg, ToArgs};

/// Where in a document: a JSONPath, which begins with `$`
///
/// Made of text, or step by step; names in steps are quoted, so that they may have dots, blanks and quotes.
///
/// Paths without `$` are those of RedisJSON 1: one value, or an error. Here they mean the same place with `$` before it, so
/// that what is asked for by a path is always a list: `price`, `.price` and `$.price` are the same, `.` is the root.
///
/// ```
/// use redmux::stack::json::JsonPath;
///
/// assert_eq!(JsonPath::root().key("a.b").index(-1).as_str(), r#"$["a.b"][-1]"#);
/// assert_eq!(JsonPath::root().anywhere("price").as_str(), r#"$..["price"]"#);
/// assert_eq!(JsonPath::from("sizes[0].w").as_str(), "$.sizes[0].w");
/// assert_eq!(JsonPath::from("$..price").as_str(), "$..price");
/// ```
///
/// RedisJSON finds names with a backslash, and names with both kinds of quotes, but does not set them: it would add a member
/// of another name. Commands that set are refused with such a path.
///
/// See [paths](https://redis.io/docs/latest/develop/data-types/json/path/).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JsonPath(Cow<'static, str>);

impl JsonPath {
    /// The whole document.
    pub const fn root() -> Self {
        Self(Cow::Borrowed("$"))
    }

    /// The member of this name.
    #[must_use]
    pub fn key(self, name: &str) -> Self {
        self.then(|path| push_name(path, name))
    }

    /// The element at this place, counted from 0; negative ones count from the end.
    #[must_use]
    pub fn index(self, place: i64) -> Self {
        self.then(|path| path.push_str(&format!("[{place}]")))
    }

    /// All elements, or the values of all members.
    #[must_use]
    pub fn each(self) -> Self {
        self.then(|path| path.push_str("[*]"))
    }

    /// The members of this name at any depth.
    #[must_use]
    pub fn anywhere(self, name: &str) -> Self {
        self.then(|path| {
            path.push_str("..");
            push_name(path, name);
        })
    }

    /// What is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Why nothing is set at this path, if that is so.
    pub(super) fn fault(&self) -> Option<&'static str> {
        self.0.contains('\\').then_some(
            "the path has a backslash, and RedisJSON would set a member of another name: merge or set what is above it",
        )
    }

    fn then(self, change: impl FnOnce(&mut String)) -> Self {
        let mut path = self.0.into_owned();
        change(&mut path);
        Self(path.into())
    }
}

fn push_name(path: &mut String, name: &str) {
    // RedisJSON reads names with a backslash, but does not find them where it sets something.
    let quote = if name.contains('"') && !name.contains('\'') { '\'' } else { '"' };
    path.extend(['[', quote]);
    for letter in name.chars() {
        if letter == quote || letter == '\\' {
            path.push('\\');
        }
        path.push(letter);
    }
    path.extend([quote, ']']);
}

impl Default for JsonPath {
    fn default() -> Self {
        Self::root()
    }
}

impl From<&str> for JsonPath {
    fn from(text: &str) -> Self {
        Self(match text {
            "" | "." | "$" => return Self::root(),
            text if text.starts_with('$') => text.to_owned().into(),
            text if text.starts_with(['.', '[']) => format!("${text}").into(),
            text => format!("$.{text}").into(),
        })
    }
}

impl From<String> for JsonPath {
    fn from(text: String) -> Self {
        match text.strip_prefix('$') {
            Some(_) => Self(text.into()),
            None => text.as_str().into(),
        }
    }
}

impl From<&String> for JsonPath {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<&Self> for JsonPath {
    fn from(path: &Self) -> Self {
        path.clone()
    }
}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ToArg for JsonPath {
    fn to_arg(&self) -> Arg<'_> {
        Arg::Bytes(self.0.as_bytes())
    }
}

impl ToArgs for JsonPath {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.push(self.to_arg());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_paths_are_the_same_place() {
        for (old, path) in [
            ("", "$"),
            (".", "$"),
            ("$", "$"),
            ("a", "$.a"),
            (".a.b", "$.a.b"),
            ("a[0]", "$.a[0]"),
            ("[1]", "$[1]"),
            ("[\"a b\"]", "$[\"a b\"]"),
            ("..a", "$..a"),
            ("$.a", "$.a"),
        ] {
            assert_eq!(JsonPath::from(old).as_str(), path);
            assert_eq!(JsonPath::from(old.to_owned()).as_str(), path);
        }
    }

    #[test]
    fn names_are_quoted() {
        let path = JsonPath::root().key(r#"say "a\b""#).each().key("ü's");
        assert_eq!(path.to_string(), r#"$['say "a\\b"'][*]["ü's"]"#);
        assert_eq!(JsonPath::root().key(r#"'""#).as_str(), r#"$["'\""]"#);
        assert!(path.fault().is_some() && JsonPath::root().key("'").fault().is_none());
        assert_eq!(JsonPath::default(), JsonPath::root());
    }
}
