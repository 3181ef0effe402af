//! What the server knows about an index.

use std::collections::BTreeMap;

use super::attribute::{IndexAttribute, text};
use crate::{
    database::options::Fields,
    resp::{FromReply, Reply, ReplyError, Value},
};

/// A struct that is decoded by names, all of which may be missing; what it has no field for is in `extra`, and so is what
/// has another type than expected: the replies of versions differ.
macro_rules! lenient {
    (
        $(#[$meta:meta])*
        $name:ident { $($(#[$doc:meta])* $key:literal => $field:ident: $type:ty,)* }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Default)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$doc])* pub $field: $type,)*
            /// What else the server says, by name. Here numbers may be texts, as over RESP2.
            pub extra: Vec<(String, Value)>,
        }

        impl FromReply for $name {
            fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
                let mut this = Self::default();
                for (name, value) in Fields::new(reply)?.iter() {
                    let name = text(name);
                    match &*name {
                        $($key => {
                            if let Ok(value) = value.decode() {
                                this.$field = value;
                                continue;
                            }
                        })*
                        _ => {}
                    }
                    this.extra.push((name, value.decode()?));
                }
                Ok(this)
            }
        }
    };
}

lenient! {
    /// An index, by [`info`](super::SearchCommands::info)
    ///
    /// What a server does not say is `None`, or empty.
    IndexInfo {
        /// Its name, where it was asked for by an alias, too.
        "index_name" => name: Option<String>,
        /// Options such as `NOOFFSETS`.
        "index_options" => options: Vec<String>,
        /// Which documents it has.
        "index_definition" => definition: IndexDefinition,
        /// Its fields.
        "attributes" => attributes: Vec<IndexAttribute>,
        /// The stop words, if they are not those of the server. No stop words at all look as if they were the server's.
        "stopwords_list" => stop_words: Option<Vec<String>>,
        /// How many documents it has.
        "num_docs" => num_docs: Option<u64>,
        /// The largest number of a document so far.
        "max_doc_id" => max_doc_id: Option<u64>,
        /// How many words.
        "num_terms" => num_terms: Option<u64>,
        /// How many entries in all lists.
        "num_records" => num_records: Option<u64>,
        /// Whether documents that were there are still coming into it.
        "indexing" => indexing: Option<bool>,
        /// Which part of these is in it, from 0 to 1.
        "percent_indexed" => percent_indexed: Option<f64>,
        /// How many documents could not be indexed.
        "hash_indexing_failures" => failures: Option<u64>,
        /// Milliseconds of indexing.
        "total_indexing_time" => total_indexing_time: Option<f64>,
        /// How often it was used.
        "number_of_uses" => number_of_uses: Option<u64>,
        /// Whether what was deleted is being cleared away.
        "cleaning" => cleaning: Option<bool>,
        /// What could not be indexed.
        "Index Errors" => errors: IndexErrors,
        /// The same for each field.
        "field statistics" => fields: Vec<FieldErrors>,
        /// Megabytes of lists.
        "inverted_sz_mb" => inverted_mb: Option<f64>,
        /// Megabytes of vectors.
        "vector_index_sz_mb" => vector_mb: Option<f64>,
        /// Blocks of lists, of all indexes.
        "total_inverted_index_blocks" => inverted_blocks: Option<u64>,
        /// Megabytes of places of words.
        "offset_vectors_sz_mb" => offsets_mb: Option<f64>,
        /// Megabytes of documents.
        "doc_table_size_mb" => documents_mb: Option<f64>,
        /// Megabytes of values for sorting.
        "sortable_values_size_mb" => sortable_mb: Option<f64>,
        /// Megabytes of keys.
        "key_table_size_mb" => keys_mb: Option<f64>,
        /// Megabytes of what tags need beside their lists. Since RediSearch 2.10.
        "tag_overhead_sz_mb" => tags_mb: Option<f64>,
        /// Megabytes of what texts need beside their lists. Since RediSearch 2.10.
        "text_overhead_sz_mb" => texts_mb: Option<f64>,
        /// Megabytes of shapes.
        "geoshapes_sz_mb" => shapes_mb: Option<f64>,
        /// Megabytes of all this. Since RediSearch 2.10.
        "total_index_memory_sz_mb" => total_mb: Option<f64>,
        /// Entries a document; NaN if there is none.
        "records_per_doc_avg" => records_per_document: Option<f64>,
        /// Bytes an entry; NaN if there is none.
        "bytes_per_record_avg" => bytes_per_record: Option<f64>,
        /// Places a word; NaN if there is none.
        "offsets_per_term_avg" => offsets_per_term: Option<f64>,
        /// Bits a place; NaN if there is none.
        "offset_bits_per_record_avg" => offset_bits_per_record: Option<f64>,
        /// Numbers about what is cleared away.
        "gc_stats" => gc: BTreeMap<String, f64>,
        /// Numbers of cursors.
        "cursor_stats" => cursors: BTreeMap<String, u64>,
        /// Which dialects were used.
        "dialect_stats" => dialects: BTreeMap<String, u64>,
        /// `ready`, or what the index is at. Only valkey-search says it.
        "state" => state: Option<String>,
        /// As `indexing`. Only valkey-search says it.
        "backfill_in_progress" => backfill_in_progress: Option<bool>,
        /// As `percent_indexed`. Only valkey-search says it.
        "backfill_complete_percent" => backfill_complete: Option<f64>,
        /// How many changes wait. Only valkey-search says it.
        "mutation_queue_size" => mutation_queue: Option<u64>,
    }
}

lenient! {
    /// Which documents an index has
    IndexDefinition {
        /// `HASH` or `JSON`.
        "key_type" => key_type: Option<String>,
        /// How keys begin; an empty one is all keys.
        "prefixes" => prefixes: Vec<String>,
        /// The expression that is true of them.
        "filter" => filter: Option<String>,
        /// The language of documents that name none, unless it is English.
        "default_language" => language: Option<String>,
        /// Where they name it.
        "language_field" => language_field: Option<String>,
        /// The score of documents that have none.
        "default_score" => score: Option<f64>,
        /// Where they have it.
        "score_field" => score_field: Option<String>,
        /// Where they have bytes for a scorer.
        "payload_field" => payload_field: Option<String>,
        /// `true` if the server keeps a list of all documents. Since Redis 8.0.
        "indexes_all" => index_all: Option<String>,
    }
}

lenient! {
    /// What could not be indexed
    IndexErrors {
        /// How often.
        "indexing failures" => failures: u64,
        /// Why not, the last time; `N/A` if it never failed. It may quote values of documents.
        "last indexing error" => last_error: Option<String>,
        /// The key of the document, the last time; `N/A` if it never failed.
        "last indexing error key" => last_key: Option<String>,
    }
}

lenient! {
    /// What of a field could not be indexed
    FieldErrors {
        /// Where it is in documents.
        "identifier" => identifier: String,
        /// The name by which queries ask for it.
        "attribute" => name: String,
        /// What could not be indexed.
        "Index Errors" => errors: IndexErrors,
    }
}

impl IndexInfo {
    /// Whether all documents that were there are in the index.
    pub fn is_indexed(&self) -> bool {
        let is_busy = self.indexing == Some(true) || self.backfill_in_progress == Some(true);
        !is_busy && self.percent_indexed.is_none_or(|part| part >= 1.0)
    }

    /// The field that queries ask for by this name.
    pub fn attribute(&self, name: &str) -> Option<&IndexAttribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::Frame;

    fn info(text: &str) -> IndexInfo {
        Frame::copy_from_slice(text.as_bytes()).decode().unwrap()
    }

    #[test]
    fn what_is_unknown_or_odd_is_kept_aside() {
        let odd = "*8\r\n+new\r\n*2\r\n:1\r\n:2\r\n+num_docs\r\n*1\r\n:7\r\n+num_terms\r\n:3\r\n+indexing\r\n$1\r\n1\r\n";
        let odd = info(odd);
        assert_eq!((odd.num_docs, odd.num_terms, odd.indexing), (None, Some(3), Some(true)));
        let names: Vec<&str> = odd.extra.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["new", "num_docs"]);
        assert!(!odd.is_indexed());
        assert!(info("*0\r\n").is_indexed());
        assert!(!info("*2\r\n+percent_indexed\r\n$3\r\n0.5\r\n").is_indexed());
        assert!(!info("*2\r\n+backfill_in_progress\r\n$1\r\n1\r\n").is_indexed());
        assert!(Frame::copy_from_slice(b"-Unknown index name\r\n").decode::<IndexInfo>().is_err());
    }
}
