//! Structs as documents: a layer on [`json`](super::json), hashes and [`search`](super::search)
//!
//! A struct with `#[derive(Document)]` says where its documents are: as JSON or hashes, under which prefix of keys, in which
//! index. [`Database::documents`](crate::Database::documents) then has what programs do with them. Each method is a command that
//! could be written by hand, and the documents stay ordinary keys: there is nothing else on the server.
//!
#![cfg_attr(feature = "derive", doc = "```no_run")]
#![cfg_attr(not(feature = "derive"), doc = "```ignore")]
//! use redmux::stack::{documents::{Document, Updated}, search::{Schema, SearchOptions}};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize, Schema, Document)]
//! #[document(json, prefix = "book:", index = "books")]
//! struct Book {
//!     #[document(id)]
//!     isbn: String,
//!     #[search(text)]
//!     title: String,
//!     #[search(numeric)]
//!     price: f64,
//!     #[document(version)]
//!     version: u64,
//! }
//!
//! # async fn f(db: redmux::Database) -> redmux::Result<()> {
//! let books = db.documents::<Book>();
//! books.ensure().await?;
//! let emma = Book { isbn: "9780141439587".into(), title: "Emma".into(), price: 7.5, version: 0 };
//! books.insert(&emma).await?;
//!
//! if let Some(mut book) = books.load("9780141439587").await? {
//!     book.price = 6.0;
//!     if let Updated::Stale(_) = books.update(&book).await? {
//!         println!("somebody else has changed it");
//!     }
//! }
//! let page = books.find(Book::TITLE.words("emma"), SearchOptions::new()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Versions
//!
//! A struct with `#[document(version)]` has a number that [`save`](DocumentCommands::save) and [`update`](DocumentCommands::update) raise. `update` writes
//! only if the stored document has the version of the one that is given: a program that has read an older one writes nothing.
//! The comparison and the write are one script on the server. What is written past this layer, such as by
//! `JSON.NUMINCRBY`, raises no version.
//!
//! # What goes out
//!
//! | method | JSON | hash |
//! |---|---|---|
//! | `load` | `JSON.GET` | `HGETALL` |
//! | `load_many` | `JSON.MGET` | `HGETALL` for each |
//! | `insert` | `JSON.SET … NX` | a script |
//! | `save` | `JSON.SET` | a script |
//! | `insert`, `save` of what expires; `save` of what has a version; `update` | a script | a script |
//!
//! A script is an `EVAL` with its whole text: a command like others, in pipelines and transactions too, and no server can lack
//! it. A user with an ACL needs the right to call it.

mod change;
mod document;
mod reading;
mod scripts;
mod storage;
mod updated;
mod versioned;
mod writing;

pub use change::Changed;
pub use document::{Document, Indexed, Numbered, TimeToLive, Version};
#[cfg(feature = "derive")]
pub use redmux_derive::Document;
pub use storage::{HashStorage, JsonStorage, Row, Storage};
pub use updated::Updated;

use std::{fmt, marker::PhantomData};

use crate::{
    Database,
    resp::{Arg, ToArg},
};

/// The documents of one type; returned by [`Database::documents`](crate::Database::documents)
#[must_use = "it does nothing by itself"]
pub struct DocumentCommands<'a, D> {
    db: &'a Database,
    of: PhantomData<fn() -> D>,
}

impl Database {
    /// The documents of this type: see [`stack::documents`](crate::stack::documents).
    pub fn documents<D: Document>(&self) -> DocumentCommands<'_, D> {
        DocumentCommands { db: self, of: PhantomData }
    }
}

impl<D: Document> DocumentCommands<'_, D> {
    /// The key of the document with this id, for other commands
    ///
    #[cfg_attr(feature = "derive", doc = "```no_run")]
    #[cfg_attr(not(feature = "derive"), doc = "```ignore")]
    /// # use redmux::stack::documents::Document;
    /// # #[derive(serde::Serialize, serde::Deserialize, Document)]
    /// # #[document(json, prefix = "book:")]
    /// # struct Book { #[document(id)] isbn: String, price: f64 }
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// let books = db.documents::<Book>();
    /// db.json().num_incr_by(books.key("9780141439587"), "$.price", 0.5).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn key(self, id: impl ToArg) -> Arg<'static> {
        let id = id.to_arg();
        Arg::Owned([D::PREFIX.as_bytes(), id.as_bytes()].concat())
    }
}

/// Why a command with this id is not sent.
fn fault_of(id: &impl ToArg) -> Option<&'static str> {
    id.to_arg().as_bytes().is_empty().then_some("the id of the document is empty")
}

impl<D> Clone for DocumentCommands<'_, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D> Copy for DocumentCommands<'_, D> {}

impl<D> fmt::Debug for DocumentCommands<'_, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DocumentCommands").finish_non_exhaustive()
    }
}
