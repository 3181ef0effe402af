//! How documents are stored.

use serde::{Serialize, de::DeserializeOwned};

use super::versioned::Versioned;
use crate::{
    resp::{Arg, ArgList, FromReply, ToArg, ToArgs},
    stack::search::{Doc, JsonDoc, SearchRow},
};

/// As JSON documents, by `serde`
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum JsonStorage {}

/// As hashes, by [`ToArgs`] and [`FromReply`]
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum HashStorage {}

/// A row of a search for documents: [`JsonDoc`] or [`Doc`], by how they are stored
pub type Row<D> = <<D as super::Document>::Storage as Storage<D>>::Row;

mod sealed {
    pub trait Sealed {}

    impl Sealed for super::JsonStorage {}
    impl Sealed for super::HashStorage {}
}

/// A way to store documents: [`JsonStorage`] or [`HashStorage`]
pub trait Storage<D>: sealed::Sealed {
    /// A row of a search for them.
    type Row: SearchRow;

    /// Whether it is JSON.
    #[doc(hidden)]
    const IS_JSON: bool;

    /// The words of the content, with this version instead of that of the document, if one is given.
    ///
    /// # Errors
    /// Why it cannot be written.
    #[doc(hidden)]
    fn content(
        document: &D,
        version: Option<(&str, u64)>,
    ) -> Result<Vec<Arg<'static>>, &'static str>;
}

/// The words of a document: its text, or its fields and their values.
type Content = Vec<Arg<'static>>;

const NO_VERSION: &str = "the version is not in the document that is to be written";

impl<D: Serialize + DeserializeOwned> Storage<D> for JsonStorage {
    type Row = JsonDoc<D>;

    const IS_JSON: bool = true;

    fn content(document: &D, version: Option<(&str, u64)>) -> Result<Content, &'static str> {
        let text = match version {
            None => serde_json::to_vec(document).ok(),
            Some((field, version)) => {
                let versioned = Versioned::new(document, field, version);
                let text = serde_json::to_vec(&versioned).ok();
                if text.is_some() && !versioned.has_field() {
                    return Err(NO_VERSION);
                }
                text
            }
        };
        // The cause is left out: it may quote the document.
        let text = text.ok_or("the document cannot be written as a JSON object")?;
        Ok(vec![Arg::Owned(text)])
    }
}

impl<D: ToArgs + FromReply> Storage<D> for HashStorage {
    type Row = Doc<D>;

    const IS_JSON: bool = false;

    fn content(document: &D, version: Option<(&str, u64)>) -> Result<Content, &'static str> {
        let mut args = ArgList::new();
        document.append_to(&mut args);
        let mut words: Content = args.into_iter().map(Arg::into_owned).collect();
        if words.is_empty() || !words.len().is_multiple_of(2) {
            return Err("the document is no list of fields and values");
        }
        if let Some((field, version)) = version {
            let mut pairs = words.chunks_exact_mut(2);
            let place = pairs.find(|pair| pair[0].as_bytes() == field.as_bytes());
            place.ok_or(NO_VERSION)?[1] = version.to_arg().into_owned();
        }
        Ok(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Pairs(&'static [&'static str]);

    impl ToArgs for Pairs {
        fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
            args.extend(self.0.iter().map(ToArg::to_arg));
        }
    }

    impl FromReply for Pairs {
        fn from_reply(reply: crate::resp::Reply<'_>) -> Result<Self, crate::resp::ReplyError> {
            reply.decode::<()>().map(|()| Self(&[]))
        }
    }

    fn texts(content: &Content) -> Vec<String> {
        content.iter().map(|word| String::from_utf8_lossy(word.as_bytes()).into_owned()).collect()
    }

    #[test]
    fn the_version_of_a_hash_is_replaced_where_it_is() {
        let content = |pairs: &'static [&'static str], version| {
            HashStorage::content(&Pairs(pairs), version).map(|content| texts(&content))
        };
        let book = ["title", "v", "v", "7"];
        assert_eq!(content(&["title", "v", "v", "7"], None).unwrap(), book);
        let next = content(&["title", "v", "v", "7"], Some(("v", 8))).unwrap();
        assert_eq!(next, ["title", "v", "v", "8"]);
        assert_eq!(content(&["title", "v"], Some(("v", 8))), Err(NO_VERSION));
        assert!(content(&["title"], None).is_err() && content(&[], None).is_err());
    }

    #[test]
    fn the_version_of_json_is_replaced_where_it_is() {
        let book = serde_json::json!({ "title": "v", "v": 7, "deep": { "v": 1 } });
        let content = |version| JsonStorage::content(&book, version).map(|text| texts(&text));
        let with = |version: u64| {
            let book = serde_json::json!({ "title": "v", "v": version, "deep": { "v": 1 } });
            vec![book.to_string()]
        };
        assert_eq!(content(None).unwrap(), with(7));
        assert_eq!(content(Some(("v", 8))).unwrap(), with(8));
        assert_eq!(content(Some(("w", 8))), Err(NO_VERSION));
        let error = JsonStorage::content(&vec![1], Some(("v", 8))).unwrap_err();
        assert!(error.contains("JSON object"), "{error}");
    }
}
