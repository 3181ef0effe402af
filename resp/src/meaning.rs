//! What error replies of modules mean, in the words of each version.
//!
//! Modules say the same in different words, change them from version to version, and often have no code. So these predicates
//! know all texts that Redis Stack 7.2 and 7.4, Redis 8 and Valkey answer with.

use crate::{
    ServerError, ServerErrorKind,
    server_error::{NO_INDEX, find, starts_with},
};

/// The beginnings of texts, behind `ERR` and behind codes such as `SEARCH_TIMEOUT`, in lower case.
type Texts = &'static [&'static str];

const WRONG_TYPE: Texts =
    &["existing key has wrong redis type", "wrongtype ", "tsdb: the key is not a tsdb key"];
const KEY_MISSING: Texts = &[
    "no such key",
    "could not perform this operation on a key that doesn't exist",
    "document key does not exist",
    "tsdb: the key does not exist",
    "not found",
    "could not open dict key",
    "cuckoo filter was not found",
    "cms: key does not exist",
    "topk: key does not exist",
    "t-digest: key does not exist",
];
const KEY_EXISTS: Texts = &[
    "item exists",
    "tsdb: key already exists",
    "cms: key already exists",
    "topk: key already exists",
    "t-digest: key already exists",
];
const INDEX_MISSING: Texts = &["unknown index name", "index not found"];
const INDEX_EXISTS: Texts = &["index already exists"];
const ALIAS_MISSING: Texts = &["alias does not exist"];
const ALIAS_EXISTS: Texts = &["alias already exists"];
const PATH_MISSING: Texts = &["path does not exist", "json path does not exist"];
const SYNTAX: Texts = &["syntax error at offset "];
const CURSOR_MISSING: Texts = &["cursor not found", "cursor does not exist"];
const QUERY_TIMEOUT: Texts = &["timeout limit was reached"];
const FILTER_FULL: Texts =
    &["non scaling filter is full", "nonscaling filters cannot expand", "filter is full"];

/// What the names of a module's commands begin with, and the module.
const MODULES: [(&str, &str); 8] = [
    ("JSON.", "RedisJSON"),
    ("FT.", "RediSearch"),
    ("TS.", "RedisTimeSeries"),
    ("BF.", "RedisBloom"),
    ("CF.", "RedisBloom"),
    ("CMS.", "RedisBloom"),
    ("TOPK.", "RedisBloom"),
    ("TDIGEST.", "RedisBloom"),
];

/// # What the error means
///
/// These tell errors of modules apart, whose texts differ between Redis Stack 7.2 and 7.4, Redis 8 and Valkey.
///
/// ```
/// use redmux_resp::ServerError;
///
/// for text in ["Unknown Index name", "books: no such index", "SEARCH_INDEX_NOT_FOUND Index not found: books"] {
///     assert!(ServerError::new(text).is_index_missing());
/// }
/// ```
impl ServerError {
    /// Whether the key holds another type of value.
    ///
    /// `TS.MADD` also says so of a key that is missing. That a value in a JSON document is of another type counts where the
    /// server gives it the same code.
    pub fn is_wrong_type(&self) -> bool {
        self.kind() == ServerErrorKind::WrongType || self.says(WRONG_TYPE)
    }

    /// Whether the command needs a key or a dictionary of search that exists, and it does not.
    pub fn is_key_missing(&self) -> bool {
        self.says(KEY_MISSING)
    }

    /// Whether the command makes a key, and it exists already.
    pub fn key_exists(&self) -> bool {
        self.kind() == ServerErrorKind::BusyKey || self.says(KEY_EXISTS)
    }

    /// Whether a path in a JSON document finds nothing that the command could change.
    ///
    /// The text of RedisJSON 2 also covers a path that finds values of another type only.
    pub fn is_path_missing(&self) -> bool {
        let quoted = || self.behind_code().get(..6).is_some_and(|path| path == "Path '");
        self.says(PATH_MISSING) || (quoted() && self.holds("' does not exist"))
    }

    /// Whether there is no search index of this name, and no alias.
    pub fn is_index_missing(&self) -> bool {
        self.says(INDEX_MISSING) || (self.code().is_empty() && self.holds(NO_INDEX))
    }

    /// Whether there is a search index of this name already.
    pub fn index_exists(&self) -> bool {
        self.says(INDEX_EXISTS)
    }

    /// Whether there is no alias of this name.
    pub fn is_alias_missing(&self) -> bool {
        self.says(ALIAS_MISSING)
    }

    /// Whether there is an alias of this name already.
    pub fn alias_exists(&self) -> bool {
        self.says(ALIAS_EXISTS)
    }

    /// Whether the text of a query or an expression is malformed.
    pub fn is_query_syntax(&self) -> bool {
        self.code() == "SEARCH_SYNTAX" || self.says(SYNTAX)
    }

    /// Where the query is malformed, in bytes from its beginning; `None` if the server does not say, or this is
    /// [no such error](Self::is_query_syntax).
    ///
    /// ```
    /// use redmux_resp::ServerError;
    /// let error = ServerError::new("Syntax error at offset 8 near red");
    /// assert_eq!(error.query_offset(), Some(8));
    /// ```
    pub fn query_offset(&self) -> Option<usize> {
        let digits = self.behind_code().get(SYNTAX[0].len()..).filter(|_| self.says(SYNTAX))?;
        digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    }

    /// Whether the cursor has been read to its end, was deleted, or was not read for longer than the server keeps it.
    pub fn is_cursor_missing(&self) -> bool {
        self.says(CURSOR_MISSING)
    }

    /// Whether a search took longer than the server allows, and was given up.
    pub fn is_query_timeout(&self) -> bool {
        self.says(QUERY_TIMEOUT)
    }

    /// Whether a Bloom or cuckoo filter has no place for another item.
    pub fn is_filter_full(&self) -> bool {
        self.says(FILTER_FULL)
    }

    /// The module that has the command, if the server does not know the command: the server has no such module, or an older
    /// one.
    ///
    /// ```
    /// use redmux_resp::ServerError;
    /// let error = ServerError::new("ERR unknown command 'JSON.GET', with args beginning with: 'a' ");
    /// assert_eq!(error.missing_module(), Some("RedisJSON"));
    /// ```
    pub fn missing_module(&self) -> Option<&'static str> {
        if self.kind() != ServerErrorKind::UnknownCommand {
            return None;
        }
        // Redis 4 to 6 quote it with backticks.
        let name = self.message().split(['\'', '`']).nth(1)?;
        MODULES.into_iter().find(|(family, _)| starts_with(name, family)).map(|(_, module)| module)
    }

    /// The text behind the code, if there is one.
    fn behind_code(&self) -> &str {
        let code = self.code();
        let is_of_error = code == "ERR" || code == "NONEXISTENT" || code.starts_with("SEARCH_");
        let text = self.message();
        if is_of_error { text[code.len()..].trim_start() } else { text }
    }

    fn says(&self, texts: Texts) -> bool {
        let text = self.behind_code();
        texts.iter().any(|beginning| starts_with(text, beginning))
    }

    fn holds(&self, part: &str) -> bool {
        find(self.message(), part).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The predicates that hold, by name.
    fn meanings(error: &ServerError) -> Vec<&'static str> {
        let all = [
            ("wrong type", error.is_wrong_type()),
            ("key missing", error.is_key_missing()),
            ("key exists", error.key_exists()),
            ("path missing", error.is_path_missing()),
            ("index missing", error.is_index_missing()),
            ("index exists", error.index_exists()),
            ("alias missing", error.is_alias_missing()),
            ("alias exists", error.alias_exists()),
            ("syntax", error.is_query_syntax()),
            ("cursor missing", error.is_cursor_missing()),
            ("timeout", error.is_query_timeout()),
            ("full", error.is_filter_full()),
            ("module", error.missing_module().is_some()),
        ];
        all.into_iter().filter(|(_, holds)| *holds).map(|(name, _)| name).collect()
    }

    #[test]
    fn each_text_means_one_thing() {
        for (text, meaning) in [
            ("WRONGTYPE Operation against a key holding the wrong kind of value", "wrong type"),
            ("ERR WRONGTYPE Operation against a key holding the wrong kind of value", "wrong type"),
            ("Existing key has wrong Redis type", "wrong type"),
            ("WRONGTYPE Not a JSON document key", "wrong type"),
            ("ERR TSDB: the key is not a TSDB key", "wrong type"),
            ("ERR no such key", "key missing"),
            ("ERR could not perform this operation on a key that doesn't exist", "key missing"),
            ("NONEXISTENT Document key does not exist", "key missing"),
            ("ERR TSDB: the key does not exist", "key missing"),
            ("ERR not found", "key missing"),
            ("Not found", "key missing"),
            ("Cuckoo filter was not found", "key missing"),
            ("CMS: key does not exist", "key missing"),
            ("TopK: key does not exist", "key missing"),
            ("ERR T-Digest: key does not exist", "key missing"),
            ("BUSYKEY Target key name already exists.", "key exists"),
            ("ERR item exists", "key exists"),
            ("ERR TSDB: key already exists", "key exists"),
            ("CMS: key already exists", "key exists"),
            ("TopK: key already exists", "key exists"),
            ("ERR T-Digest: key already exists", "key exists"),
            ("ERR Path '$.a' does not exist", "path missing"),
            ("ERR Path '$['it's']' does not exist or not an array", "path missing"),
            ("ERR Path does not exist or not a bool", "path missing"),
            ("ERR Path does not exist script: 1e6a, on @user_script:1.", "path missing"),
            ("NONEXISTENT JSON path does not exist", "path missing"),
            ("Unknown index name", "index missing"),
            ("Unknown Index name", "index missing"),
            ("Unknown index name (or name is an alias itself)", "index missing"),
            ("books: no such index", "index missing"),
            ("SEARCH_INDEX_NOT_FOUND Index not found: books", "index missing"),
            ("Index already exists", "index exists"),
            ("SEARCH_INDEX_EXISTS Index already exists", "index exists"),
            ("Alias does not exist", "alias missing"),
            ("Alias already exists", "alias exists"),
            ("Syntax error at offset 8 near red", "syntax"),
            ("SEARCH_SYNTAX Syntax error at offset 8 near red", "syntax"),
            ("Cursor not found", "cursor missing"),
            ("Cursor not found, id: 12", "cursor missing"),
            ("Cursor does not exist", "cursor missing"),
            ("Timeout limit was reached", "timeout"),
            ("SEARCH_TIMEOUT Timeout limit was reached", "timeout"),
            ("ERR non scaling filter is full", "full"),
            ("Filter is full", "full"),
            ("Nonscaling filters cannot expand", "full"),
            ("ERR unknown command 'TDIGEST.MIN', with args beginning with: 'a' ", "module"),
            ("ERR unknown command `ft.search`, with args beginning with: `i`, `*`, ", "module"),
        ] {
            assert_eq!(meanings(&ServerError::new(text)), [meaning], "{text}");
        }
        for text in [
            "",
            "ERR",
            "ERR syntax error",
            "ERR unknown command 'GTE', with args beginning with: 'JSON.GET' ",
            "ERR TSDB: compaction rule does not exist",
            "Property `Index already exists` not loaded nor in schema",
            "ERR Path '$.a' is odd",
            "ERR P\u{e4}th 'x' does not exist",
            "ERR wrong number of arguments for 'json.get' command",
        ] {
            assert!(meanings(&ServerError::new(text)).is_empty(), "{text}");
        }
    }

    #[test]
    fn the_place_of_a_syntax_error_is_a_number() {
        let offset = |text: &str| ServerError::new(text).query_offset();
        assert_eq!(offset("SEARCH_SYNTAX Syntax error at offset 12 near x"), Some(12));
        assert_eq!(offset("Syntax error at offset 0 near "), Some(0));
        assert_eq!(offset("Syntax error at offset 99999999999999999999999 near x"), None);
        assert_eq!(offset("Syntax error at offset "), None);
        assert_eq!(offset("SEARCH_SYNTAX something else"), None);
        assert_eq!(offset("Unknown index name"), None);
    }
}
