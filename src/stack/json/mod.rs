//! JSON documents
//!
//! ```no_run
//! use redmux::stack::json::Json;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Book {
//!     title: String,
//!     price: f64,
//!     tags: Vec<String>,
//! }
//!
//! # async fn f(db: redmux::Database) -> redmux::Result<()> {
//! let book = Book { title: "Emma".into(), price: 7.5, tags: vec!["novel".into()] };
//! db.json().set("book:1", &book).await?;
//! let found: Option<Json<Book>> = db.json().get("book:1").await?;
//! let prices: Option<Json<Vec<f64>>> = db.json().get_at("book:1", "$.price").await?;
//! db.json().num_incr_by("book:1", "$.price", 0.5).await?;
//! db.json().arr_append("book:1", "$.tags", ["classic"]).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Paths
//!
//! A path is a JSONPath, and finds any number of values. So what is asked for by a path is a list, with an element for each
//! value that was found: none is an empty list, and is no error. A document that is read or written as a whole needs no path.
//! [`JsonPath`] says what is made of paths without `$`.
//!
//! # Numbers
//!
//! Integers up to `u64::MAX` and down to `i64::MIN` are exact, in both protocols. Whatever else `serde` reads is up to the
//! type that is asked for: [`Number`] keeps integers and floats apart. NaN and infinity are no JSON: `serde_json` writes
//! them as `null`.
//!
//! # Servers
//!
//! RedisJSON 2 to 8 (Redis Stack 7.2 and 7.4, Redis 8) and valkey-json answer the same here; what one of them lacks is said
//! at the method.

mod matches;
mod options;
mod path;
mod reading;
mod text;
mod types;
mod writing;

pub use matches::Matches;
pub use options::{FloatWidth, JsonLayout, JsonSetOptions};
pub use path::JsonPath;
pub use serde_json::Number;
pub use text::Json;
pub use types::{JsonType, JsonTypes};

use super::view::view;

view! {
    /// The commands for JSON documents; returned by [`Database::json`](crate::Database::json)
    JsonCommands;
    /// Commands for JSON documents: see [`stack::json`](crate::stack::json).
    json
}
