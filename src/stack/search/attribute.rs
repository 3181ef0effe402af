//! A field of an index, as the server tells of it.

use crate::{
    database::options::mismatch,
    resp::{FromReply, Kind, Reply, ReplyError},
};

/// A field of an index
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct IndexAttribute {
    /// Where it is in documents: a field of a hash, or a path.
    pub identifier: String,
    /// The name by which queries ask for it.
    pub name: String,
    /// Its type, such as `TEXT`.
    pub kind: String,
    /// How much its words count.
    pub weight: Option<f64>,
    /// The mark between values of a tag; empty where there is none.
    pub separator: Option<String>,
    /// Options of one word, such as `SORTABLE`.
    pub flags: Vec<String>,
    /// What else the server says, by name: of a vector its `algorithm`, `data_type`, `dim` and so on.
    pub details: Vec<(String, String)>,
}

impl IndexAttribute {
    /// Whether it has this option of one word.
    pub fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|word| word == flag)
    }

    /// What else the server says, by name.
    pub fn detail(&self, name: &str) -> Option<&str> {
        self.details.iter().find(|(key, _)| key == name).map(|(_, value)| &**value)
    }

    /// Takes a name and its value.
    fn take(&mut self, name: String, value: Reply<'_>) {
        match &*name {
            "identifier" => self.identifier = text(value),
            "attribute" => self.name = text(value),
            "type" => self.kind = text(value),
            "WEIGHT" => self.weight = value.decode().ok(),
            "SEPARATOR" => self.separator = Some(text(value).trim_end_matches('\0').to_owned()),
            "flags" => self.flags.extend(value.items().into_iter().flatten().map(text)),
            _ => self.detail_of(name, value, 0),
        }
    }

    /// valkey-search tells of vectors in lists of their own.
    fn detail_of(&mut self, name: String, value: Reply<'_>, depth: usize) {
        let Some(mut parts) = value.items().filter(|_| depth < 3) else {
            self.details.push((name, text(value)));
            return;
        };
        while let (Some(key), Some(inner)) = (parts.next(), parts.next()) {
            let key = match (&*name, text(key)) {
                ("algorithm", key) if key == "name" => name.clone(),
                (_, key) => key,
            };
            self.detail_of(key, inner, depth + 1);
        }
    }
}

impl FromReply for IndexAttribute {
    /// A map with a list of flags over RESP3; over RESP2 a list in which flags are words among names and values.
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let mut this = Self::default();
        let mut parts =
            reply.items().ok_or_else(|| mismatch("a field of an index", reply))?.peekable();
        let is_map = reply.kind() == Kind::Map;
        while let Some(name) = parts.next().map(text) {
            let next = parts.peek().copied();
            match next {
                Some(value) if is_map || !is_flag(&name, value) => {
                    parts.next();
                    this.take(name, value);
                }
                _ => this.flags.push(name),
            }
        }
        Ok(this)
    }
}

/// Whether a word has no value, but another name behind it. Flags are in capitals.
fn is_flag(name: &str, next: Reply<'_>) -> bool {
    let in_capitals = !name.bytes().any(|byte| byte.is_ascii_lowercase());
    let is_value = || next.as_bytes().is_none() || text(next).parse::<f64>().is_ok();
    in_capitals && !matches!(name, "WEIGHT" | "SEPARATOR" | "PHONETIC") && !is_value()
}

/// A string or a number as text.
pub(super) fn text(reply: Reply<'_>) -> String {
    match reply.as_bytes() {
        Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        None => reply.as_f64().map(|number| number.to_string()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::Frame;

    fn attribute(words: &str) -> IndexAttribute {
        let words: Vec<&str> = words.split(' ').collect();
        let mut text = format!("*{}\r\n", words.len());
        for word in words {
            text.push_str(&format!("+{word}\r\n"));
        }
        Frame::copy_from_slice(text.as_bytes()).decode().unwrap()
    }

    #[test]
    fn flags_are_told_from_names() {
        let tag = attribute(
            "identifier kind attribute k type TAG SEPARATOR , CASESENSITIVE SORTABLE UNF",
        );
        assert_eq!((&*tag.identifier, &*tag.name, &*tag.kind), ("kind", "k", "TAG"));
        assert_eq!(tag.separator.as_deref(), Some(","));
        assert_eq!(tag.flags, ["CASESENSITIVE", "SORTABLE", "UNF"]);
        let vector = attribute(
            "identifier v attribute v type VECTOR algorithm HNSW dim 2 M 10 ef_construction 100 INDEXMISSING",
        );
        assert_eq!((vector.detail("M"), vector.detail("dim")), (Some("10"), Some("2")));
        assert!(vector.has("INDEXMISSING") && !vector.has("SORTABLE"));
        let new = attribute("identifier t attribute t type TEXT WEIGHT 1 NEWFLAG NO_STEM 1 new x");
        assert_eq!((new.weight, &*new.flags), (Some(1.0), &["NEWFLAG".to_owned()][..]));
        assert_eq!((new.detail("NO_STEM"), new.detail("new")), (Some("1"), Some("x")));
    }

    #[test]
    fn lists_in_lists_are_read() {
        let text = "*8\r\n+identifier\r\n+v\r\n+attribute\r\n+v\r\n+type\r\n+VECTOR\r\n+index\r\n*6\r\n+dimensions\r\n:3\r\n\
            +distance_metric\r\n+COSINE\r\n+algorithm\r\n*4\r\n+name\r\n+HNSW\r\n+m\r\n:16\r\n";
        let vector: IndexAttribute = Frame::copy_from_slice(text.as_bytes()).decode().unwrap();
        let details =
            ["dimensions", "distance_metric", "algorithm", "m"].map(|name| vector.detail(name));
        assert_eq!(details, [Some("3"), Some("COSINE"), Some("HNSW"), Some("16")]);
    }
}
