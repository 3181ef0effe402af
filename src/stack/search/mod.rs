//! Search: indexes over hashes and JSON documents
//!
//! RediSearch has them (Redis Stack 7.2 and 7.4, Redis 8), and valkey-search a part of them; what one of them lacks is said
//! at the method.
//!
//! ```no_run
//! use redmux::stack::search::{Numeric, Schema, Tag, Text};
//!
//! # async fn f(db: redmux::Database) -> redmux::Result<()> {
//! let books = Schema::json()
//!     .prefix("book:")
//!     .field(Text::new("title").weight(2.0).sortable())
//!     .field(Tag::new("genre"))
//!     .field(Numeric::new("price"));
//! db.search().ensure("books", &books).await?;
//! # Ok(())
//! # }
//! ```

mod aggregate;
mod all;
mod attribute;
mod ensure;
mod fields;
mod filter;
mod hybrid;
mod indexes;
mod info;
mod options;
mod page;
mod profile;
mod rebuild;
mod rows;
mod schema;
mod searching;
mod suggestions;
mod vocabulary;
mod words;

pub use aggregate::{Aggregate, AggregatePage, Expression, ExpressionValue, Properties, Reduce};
#[cfg(feature = "full")]
pub use aggregate::{AggregateStream, CursorOptions};
pub use all::SearchStream;
pub use attribute::IndexAttribute;
pub use ensure::{Difference, Ensured};
pub use fields::{GeoField, NumericField, ShapeField, TagField, TextField, VectorField};
pub use filter::{Component, Filter, GeoUnit, Nearest, Query};
pub use hybrid::{Hybrid, HybridPage};
pub use info::{FieldErrors, IndexDefinition, IndexErrors, IndexInfo};
pub use options::{FieldName, Highlight, SearchOptions, SortField, Summarize};
pub use page::SearchPage;
pub use profile::{Profile, ProfileStep, Profiled, ShardProfile};
pub use rebuild::Rebuilt;
#[cfg(feature = "derive")]
pub use redmux_derive::Schema;
#[cfg(feature = "json")]
pub use rows::JsonDoc;
pub use rows::{Doc, Explained, Explanation, Id, Scored, SearchRow, SortKey, Sorted, WithPayload};
pub use schema::{
    Compression, Coordinates, Distance, Documents, Field, FlatVector, Geo, GeoShape, HnswVector,
    Language, Numeric, Phonetic, Schema, Tag, Text, VamanaVector, VectorType,
};
pub use suggestions::{SugAddOptions, SugGetOptions, SugHit};
pub use vocabulary::{Misspelling, SpellCheckOptions, SpellCheckQuery, Spelling};

use super::view::view;

view! {
    /// The commands for search; returned by [`Database::search`](crate::Database::search)
    SearchCommands;
    /// Commands for search: see [`stack::search`](crate::stack::search).
    search
}
