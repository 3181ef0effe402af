//! Commands of the modules that Redis Stack has, and Redis itself from 8.0 on
//!
//! Each module is a view of [`Database`](crate::Database), whose methods return ordinary [`Call`](crate::Call)s: pipelines,
//! transactions, retries, time limits, prefixes and several servers work with them as with `GET`.
//!
//! | feature | view | module |
//! |---|---|---|
//! | `json` | [`db.json()`](crate::Database::json) | RedisJSON, valkey-json |
//! | `probabilistic` | [`db.bloom()`](crate::Database::bloom) | RedisBloom, valkey-bloom |
//! | `probabilistic` | [`db.cuckoo()`](crate::Database::cuckoo), [`db.count_min()`](crate::Database::count_min), [`db.top_k()`](crate::Database::top_k), [`db.t_digest()`](crate::Database::t_digest) | RedisBloom |
//! | `search` | [`db.search()`](crate::Database::search) | RediSearch, valkey-search |
//! | `time-series` | [`db.time_series()`](crate::Database::time_series) | RedisTimeSeries |
//!
//! The feature `stack` has all of them. With `json` and `search`, `documents` reads and writes structs as documents.

#[cfg(feature = "probabilistic")]
pub mod bloom;
#[cfg(feature = "probabilistic")]
mod chunks;
#[cfg(feature = "probabilistic")]
pub mod count_min;
#[cfg(feature = "probabilistic")]
pub mod cuckoo;
#[cfg(all(feature = "json", feature = "search"))]
pub mod documents;
#[cfg(feature = "json")]
pub mod json;
#[cfg(feature = "search")]
pub mod search;
#[cfg(feature = "probabilistic")]
pub mod t_digest;
#[cfg(feature = "time-series")]
pub mod time_series;
#[cfg(feature = "probabilistic")]
pub mod top_k;
mod view;
