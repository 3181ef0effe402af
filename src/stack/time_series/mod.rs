//! Time series
//!
//! ```no_run
//! use std::time::Duration;
//! use redmux::stack::time_series::{Aggregator, CreateOptions, Label, RangeOptions, SeriesOptions, Time};
//!
//! # async fn f(db: redmux::Database) -> redmux::Result<()> {
//! let ts = db.time_series();
//! let options = CreateOptions::new().retention(Duration::from_secs(86_400)).labels([("room", "7")]);
//! ts.create("heat:7", options).await?;
//! ts.add("heat:7", Time::Now, 21.5).await?;
//!
//! let hourly = RangeOptions::new().aggregate(Aggregator::Avg, 3_600_000);
//! for sample in ts.range("heat:7", .., hourly).await? {
//!     println!("{}: {}", sample.at, sample.value);
//! }
//! let all = ts.mrange(.., RangeOptions::new(), [Label::new("room").is("7")], SeriesOptions::new()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Times are milliseconds since 1970, as [`u64`]. Values are `f64`; since Redis 8.6 they may be NaN, and stay it.

mod labels;
mod options;
mod range;
mod reading;
mod reports;
mod samples;
mod writing;

pub use labels::{Label, LabelFilter};
pub use options::{AddOptions, AlterOptions, CreateOptions, DuplicatePolicy, IncrOptions};
pub use range::{Aggregator, Align, BucketTimestamp, RangeOptions, SeriesOptions};
pub use reports::{SeriesInfo, SeriesRule};
pub use samples::{Row, Sample, Series, Time};

use super::view::view;

view! {
    /// The commands for time series; returned by [`Database::time_series`](crate::Database::time_series)
    TimeSeriesCommands;
    /// Commands for time series: see [`stack::time_series`](crate::stack::time_series).
    time_series
}
