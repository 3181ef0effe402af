//! Finds the lines in which a configuration says something.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// The text of a configuration, to be searched for names of tables and keys
pub(super) struct Places<'t> {
    text: &'t str,
    root: DeTable<'t>,
}

impl<'t> Places<'t> {
    /// Parses the text; `None` if it is not TOML.
    pub(super) fn of(text: &'t str) -> Option<Self> {
        Some(Self { text, root: DeTable::parse(text).ok()?.into_inner() })
    }

    /// Returns the names of the tables in this one.
    pub(super) fn names(&self, table: &str) -> Vec<String> {
        let inner = self.value(&[table]).and_then(|value| value.get_ref().as_table());
        inner.into_iter().flatten().map(|(name, _)| name.get_ref().to_string()).collect()
    }

    /// Returns the line of a key, or of the table that it would be in.
    pub(super) fn line(&self, path: &[&str]) -> Option<usize> {
        (1..=path.len()).rev().find_map(|end| {
            let (table, key) = (self.table(&path[..end - 1])?, path[end - 1]);
            Some(line_of(self.text, &table.get_key_value(key)?.0.span()))
        })
    }

    /// Returns the value of a key, if it is a text.
    pub(super) fn text(&self, path: &[&str]) -> Option<&str> {
        self.value(path)?.get_ref().as_str()
    }

    /// Returns whether the value of a key is the number zero.
    pub(super) fn is_zero(&self, path: &[&str]) -> bool {
        let number = self.value(path).and_then(|value| value.get_ref().as_integer());
        number.is_some_and(|number| number.as_str().bytes().all(|digit| digit == b'0'))
    }

    /// Returns the texts and numbers of a list, each with its line.
    pub(super) fn list(&self, path: &[&str]) -> Vec<(usize, String)> {
        let list = self.value(path).and_then(|value| value.get_ref().as_array());
        let read = |item: &Spanned<DeValue<'_>>| {
            let value = item.get_ref();
            let text =
                value.as_str().or_else(|| value.as_integer().map(|number| number.as_str()))?;
            Some((line_of(self.text, &item.span()), text.to_owned()))
        };
        list.into_iter().flat_map(|list| list.iter()).filter_map(read).collect()
    }

    fn value(&self, path: &[&str]) -> Option<&Spanned<DeValue<'t>>> {
        let (last, path) = path.split_last()?;
        self.table(path)?.get(*last)
    }

    fn table(&self, path: &[&str]) -> Option<&DeTable<'t>> {
        let mut table = &self.root;
        for name in path {
            table = table.get(*name)?.get_ref().as_table()?;
        }
        Some(table)
    }
}

/// Returns the number of the line in which `span` begins.
pub(super) fn line_of(text: &str, span: &Range<usize>) -> usize {
    text.as_bytes()[..span.start.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// Returns the name of the key whose value is at `span`, with its table: for errors that do not
/// name it.
pub(super) fn key_at(text: &str, span: &Range<usize>) -> Option<String> {
    let before = text.get(..span.start)?;
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let line = &before[line_start..];
    let name = |text: &str| -> Option<String> {
        let text = text.trim_end();
        let begin = text.rfind(|c: char| !c.is_ascii_alphanumeric() && !"-_.\"".contains(c));
        let name = &text[begin.map_or(0, |at| at + 1)..];
        (!name.is_empty()).then(|| name.replace('"', ""))
    };
    // In an inline table the key that it is the value of comes first.
    let (outer, _) = line.split_once('=')?;
    let mut parts = vec![name(outer)?];
    let (inner, _) = line.rsplit_once('=')?;
    if inner.len() > outer.len() {
        parts.push(name(inner)?);
    }
    let header = before[..line_start].lines().rev().find(|line| line.trim_start().starts_with('['));
    let table = header.and_then(|line| line.trim().strip_prefix('[')?.split(']').next());
    parts.splice(..0, table.map(|table| table.trim().replace('"', "")));
    Some(parts.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[listen]\nhosts = [\n  \"a\",\n  \"b\",\n]\n\n[policies.p]\nlimits = { message = \"1GB\", in_flight = 0 }\n";

    #[test]
    fn keys_and_items_have_lines() {
        let places = Places::of(TEXT).unwrap();
        assert_eq!(places.line(&["listen", "hosts"]), Some(2));
        assert_eq!(places.line(&["listen", "none"]), Some(1));
        assert_eq!(places.line(&["policies", "p", "limits", "message"]), Some(8));
        assert_eq!(places.list(&["listen", "hosts"]), [(3, "a".to_owned()), (4, "b".to_owned())]);
        assert_eq!(places.names("policies"), ["p"]);
        assert_eq!(places.text(&["policies", "p", "limits", "message"]), Some("1GB"));
        assert_eq!(places.text(&["none", "p"]), None);
        assert!(places.is_zero(&["policies", "p", "limits", "in_flight"]));
        assert!(!places.is_zero(&["policies", "p", "limits", "message"]));
    }

    #[test]
    fn a_value_is_found_to_have_a_key() {
        let key = |part: &str| {
            let at = TEXT.find(part).unwrap();
            key_at(TEXT, &(at..at + 1))
        };
        assert_eq!(key("\"1GB\"").as_deref(), Some("policies.p.limits.message"));
        assert_eq!(key("[\n").as_deref(), Some("listen.hosts"));
        assert_eq!(key("hosts"), None);
        assert_eq!(key("\"b\""), None);
    }
}
