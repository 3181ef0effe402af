//! Commands of the modules that Redis Stack has, and Redis itself from 8.0 on
//!
//! Each module is a view of [`Database`](crate::Database), whose methods return ordinary [`Call`](crate::Call)s: pipelines,
//! transactions, retries, time limits, prefixes and several servers work with them as with `GET`.
//!
//! | feature | view | module |
//! |---|---|---|
//! | `json` | [`db.json()`](crate::Database::json) | RedisJSON, valkey-json |
//! | `time-series` | [`db.time_series()`](crate::Database::time_series) | RedisTimeSeries |
//!
//! The feature `stack` has all of them.

#[cfg(feature = "json")]
pub mod json;
#[cfg(feature = "time-series")]
pub mod time_series;
