//! Options of searches.

use std::time::Duration;

use super::{
    GeoField, Language, NumericField, SearchRow, ShapeField, TagField, TextField, VectorField,
    rows::Content, words::time_limit,
};
use crate::{
    database::options::{Words, options},
    resp::{Arg, ToArg, ToArgs},
};

options! {
    /// How documents are searched; see [`search`](super::SearchCommands::search)
    ///
    /// `DIALECT 2` is always sent.
    SearchOptions {
        verbatim, stop_words, keys, fields, returned, summarize, highlight, slop, timeout, in_order, language, expander,
        scorer, payload, sort, limit,
    }

    /// Takes words as they are: no stems, no synonyms.
    verbatim: verbatim() => "VERBATIM";

    /// Looks for stop words too.
    stop_words: with_stop_words() => "NOSTOPWORDS";

    /// Lets this many other words stand between the words of a text.
    slop: slop(words: u32) => "SLOP", words;

    /// Wants words in their order, usually with [`slop`](Self::slop).
    in_order: in_order() => "INORDER";

    /// Stems words of this language.
    language: language(language: Language) => "LANGUAGE", language;

    /// Uses this expander of the server's.
    expander: expander(name: &str) => "EXPANDER", name;

    /// Scores by this function, such as `BM25`.
    scorer: scorer(name: &str) => "SCORER", name;

    /// Bytes for functions of your own that score or expand.
    payload: payload(bytes: impl ToArg) => "PAYLOAD", bytes;

    /// Leaves out `first` documents, and returns at most `most`. Default 0 and 10
    ///
    /// Servers refuse more than a million for either (`MAXSEARCHRESULTS`).
    limit: limit(first: u64, most: u64) => "LIMIT", first, most;
}

impl SearchOptions {
    /// Sorts by this field, the smallest first, instead of by how well documents match
    ///
    /// The field should be sortable in the schema: else servers read it from each document.
    #[allow(clippy::needless_pass_by_value, reason = "constants are given as they are")]
    pub fn sort_by(mut self, field: impl SortField) -> Self {
        self.sort = Words::new("SORTBY", [sort_word(&field)]);
        self
    }

    /// The same, the greatest first.
    #[allow(clippy::needless_pass_by_value, reason = "constants are given as they are")]
    pub fn sort_by_descending(mut self, field: impl SortField) -> Self {
        self.sort = Words::new("SORTBY", [sort_word(&field), Arg::Bytes(b"DESC")]);
        self
    }

    /// Looks only at the documents with these keys; of no keys, at none.
    pub fn in_keys(mut self, keys: impl ToArgs) -> Self {
        self.keys = Words::list("INKEYS", true, &keys);
        self
    }

    /// Looks for words only in these fields of text; an empty list is refused.
    pub fn in_fields(mut self, names: impl ToArgs) -> Self {
        self.fields = Words::list("INFIELDS", true, &names);
        self
    }

    /// Returns this field and no others, but for those of further calls
    ///
    /// For rows with fields, such as [`Doc`](super::Doc). Of a JSON document it may be a path, too; what is returned is the text
    /// of the first value there.
    ///
    /// ```
    /// use redmux::stack::search::{NumericField, SearchOptions, TextField};
    ///
    /// const TITLE: TextField = TextField::new("title");
    /// const PRICE: NumericField = NumericField::new("price");
    /// let options = SearchOptions::new().return_field(TITLE).return_field_as(PRICE, "cost");
    /// ```
    #[allow(clippy::needless_pass_by_value, reason = "constants are given as they are")]
    pub fn return_field(mut self, field: impl FieldName) -> Self {
        self.returned.grow("RETURN", [field_word(&field)]);
        self
    }

    /// The same by another name.
    #[allow(clippy::needless_pass_by_value, reason = "constants are given as they are")]
    pub fn return_field_as(mut self, field: impl FieldName, name: &str) -> Self {
        let words = [field_word(&field), Arg::Bytes(b"AS"), Arg::Bytes(name.as_bytes())];
        self.returned.grow("RETURN", words);
        self
    }

    /// Puts marks around the words that were found. Not of JSON documents, and not with valkey-search
    #[allow(clippy::needless_pass_by_value, reason = "as all options")]
    pub fn highlight(mut self, how: Highlight) -> Self {
        self.highlight = Words::list("HIGHLIGHT", false, &how);
        self
    }

    /// Shortens texts to what is around the words that were found. Not with valkey-search
    #[allow(clippy::needless_pass_by_value, reason = "as all options")]
    pub fn summarize(mut self, how: Summarize) -> Self {
        self.summarize = Words::list("SUMMARIZE", false, &how);
        self
    }

    /// Gives up after this long, in milliseconds, rounded up; 0 is never. Default is the server's (500 ms)
    ///
    /// Whether a search that was given up is an error or a [page in parts](super::SearchPage::is_partial) is an option of the
    /// server. More than 24 days are sent as 24 days.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = Words::new("TIMEOUT", [time_limit(time)]);
        self
    }

    /// How many documents are left out, and how many returned at most.
    pub(super) fn range(&self) -> [u64; 2] {
        let number = |at: usize, default| {
            let word = self.limit.words().get(at);
            let text = word.and_then(|word| std::str::from_utf8(word.as_bytes()).ok());
            text.and_then(|text| text.parse().ok()).unwrap_or(default)
        };
        [number(1, 0), number(2, 10)]
    }

    pub(super) fn has_limit(&self) -> bool {
        self.limit.is_set()
    }

    pub(super) fn without_limit(mut self) -> Self {
        self.limit = Words::default();
        self
    }

    /// Why it cannot be sent for rows of this type.
    pub(super) fn fault<R: SearchRow>(&self) -> Option<&'static str> {
        let marked = self.highlight.is_set() || self.summarize.is_set();
        if R::CONTENT != Content::Fields && (self.returned.is_set() || marked) {
            return Some("rows of this type have no fields that could be chosen or marked");
        }
        if self.fields.is_set() && self.fields.values().is_empty() {
            return Some("the list of fields to look in is empty");
        }
        let texts = [&self.fields, &self.highlight, &self.summarize, &self.sort];
        let mut texts = texts.into_iter().chain([&self.expander, &self.scorer, &self.returned]);
        if texts.any(|texts| texts.words().iter().any(|text| text.as_bytes().contains(&0))) {
            return Some("a name or a mark has a NUL, where servers would cut it");
        }
        fault_of_names(self.returned.values())
    }
}

/// Servers read a field called `AS` as the word of that name, and of two fields of one name they return one.
fn fault_of_names(words: &[Arg<'_>]) -> Option<&'static str> {
    let is_as = |word: &Arg<'_>| word.as_bytes().eq_ignore_ascii_case(b"AS");
    let (mut names, mut rest) = (Vec::new(), words.iter());
    while let Some(field) = rest.next() {
        let name = match rest.as_slice() {
            [mark, name, ..] if is_as(mark) => {
                rest.nth(1);
                name
            }
            _ => field,
        };
        if is_as(field) || is_as(name) {
            return Some("a field that is returned is called AS, which servers read otherwise");
        }
        if field.is_empty() || name.is_empty() {
            return Some("a field that is returned has no name");
        }
        names.push(name.as_bytes());
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    (names.len() < count).then_some("two of the fields that are returned have the same name")
}

options! {
    /// How words that were found are marked; see [`SearchOptions::highlight`]
    ///
    /// A field that is returned by another name is not marked.
    Highlight { fields, tags }

    /// What is put before and behind each word. Default `<b>` and `</b>`
    ///
    /// The text around is as the document has it: for a page, escape it, and use marks that texts do not have.
    tags: tags(before: &str, behind: &str) => "TAGS", before, behind;
}

impl Highlight {
    /// Marks words in this field and in those of further calls. Default is all
    #[allow(clippy::needless_pass_by_value, reason = "constants are given as they are")]
    pub fn field(mut self, field: impl FieldName) -> Self {
        self.fields.grow("FIELDS", [field_word(&field)]);
        self
    }
}

options! {
    /// How texts are shortened; see [`SearchOptions::summarize`]
    Summarize { fields, fragments, words, separator }

    /// How many pieces there are of a text at most. Default 3
    fragments: fragments(count: u32) => "FRAGS", count;

    /// About how many words a piece has. Default 20
    words: words(count: u32) => "LEN", count;

    /// What is put behind each piece. Default `"... "`
    separator: separator(text: &str) => "SEPARATOR", text;
}

impl Summarize {
    /// Shortens this field and those of further calls. Default is all
    #[allow(clippy::needless_pass_by_value, reason = "constants are given as they are")]
    pub fn field(mut self, field: impl FieldName) -> Self {
        self.fields.grow("FIELDS", [field_word(&field)]);
        self
    }
}

/// A field that documents can be sorted by: of texts, tags or numbers, or a distance by its name
pub trait SortField {
    /// The name.
    fn sort_name(&self) -> &str;
}

/// A field of any type, or its name
pub trait FieldName {
    /// The name, as the index has it.
    fn field_name(&self) -> &str;
}

macro_rules! named {
    ($($trait:ident::$method:ident for $($field:ident)*;)*) => {
        $(
            $(
                impl $trait for $field {
                    fn $method(&self) -> &str {
                        self.name()
                    }
                }

                impl $trait for &$field {
                    fn $method(&self) -> &str {
                        self.name()
                    }
                }
            )*

            impl $trait for &str {
                fn $method(&self) -> &str {
                    self
                }
            }
        )*
    };
}
named! {
    SortField::sort_name for TextField TagField NumericField;
    FieldName::field_name for TextField TagField NumericField GeoField ShapeField VectorField;
}

fn sort_word(field: &impl SortField) -> Arg<'static> {
    Arg::Owned(field.sort_name().as_bytes().to_vec())
}

fn field_word(field: &impl FieldName) -> Arg<'static> {
    Arg::Owned(field.field_name().as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::{super::Doc, *};
    use crate::{resp::ArgList, stack::search::Id};

    fn sent(options: &impl ToArgs) -> String {
        let mut words = ArgList::new();
        options.append_to(&mut words);
        let words: Vec<_> =
            words.iter().map(|word| String::from_utf8_lossy(word.as_bytes())).collect();
        words.join(" ")
    }

    type Row = Doc<Vec<(String, String)>>;

    #[test]
    fn options_are_small_enough_to_be_given_by_value() {
        let size = size_of::<SearchOptions>();
        assert!(size <= 32 * size_of::<usize>(), "{size}");
    }

    #[test]
    fn lists_are_counted_with_all_their_words() {
        let options = SearchOptions::new()
            .return_field(TextField::new("title"))
            .return_field_as(NumericField::new("price"), "cost")
            .return_field("$.a[*]")
            .summarize(Summarize::new().field("body").field("title").words(3).fragments(1))
            .highlight(Highlight::new().tags("<i>", "</i>").field(TextField::new("body")))
            .in_keys(["a", "b"])
            .timeout(Duration::from_micros(1));
        assert_eq!(
            sent(&options),
            "INKEYS 2 a b RETURN 5 title price AS cost $.a[*] SUMMARIZE FIELDS 2 body title FRAGS 1 LEN 3 \
             HIGHLIGHT FIELDS 1 body TAGS <i> </i> TIMEOUT 1",
        );
        assert_eq!(options.fault::<Row>(), None);
        assert!(options.fault::<Id>().is_some());
    }

    #[test]
    fn what_servers_read_otherwise_is_refused() {
        let new = SearchOptions::new;
        for options in [
            new().return_field("t").return_field("as"),
            new().return_field("AS"),
            new().return_field_as("t", "As"),
            new().return_field("t").return_field_as("n", "t"),
            new().return_field_as("t", ""),
            new().return_field(""),
            new().return_field("a\0b"),
            new().in_fields(()),
            new().in_fields(["a\0"]),
            new().sort_by("n\0"),
            new().highlight(Highlight::new().tags("a\0", "b")),
            new().summarize(Summarize::new().separator("\0")),
            new().scorer("BM25\0"),
        ] {
            assert!(options.fault::<Row>().is_some(), "{}", sent(&options));
        }
        let fine =
            new().in_keys(["a\0b"]).payload("\0").return_field("a").return_field_as("a", "b");
        assert_eq!(fine.fault::<Row>(), None);
    }

    #[test]
    fn the_longest_times_are_cut() {
        for (time, text) in [
            (Duration::ZERO, "TIMEOUT 0"),
            (Duration::from_nanos(1), "TIMEOUT 1"),
            (Duration::from_millis(u64::from(u32::MAX)), "TIMEOUT 2147483647"),
            (Duration::MAX, "TIMEOUT 2147483647"),
        ] {
            assert_eq!(sent(&SearchOptions::new().timeout(time)), text);
        }
    }

    #[test]
    fn the_range_is_that_of_the_limit() {
        assert_eq!(SearchOptions::new().range(), [0, 10]);
        assert_eq!(SearchOptions::new().limit(7, u64::MAX).range(), [7, u64::MAX]);
    }
}
