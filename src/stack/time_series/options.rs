//! What a series is made with.

use std::time::Duration;

use crate::{
    database::options::{Words, options, words},
    resp::{Arg, ToArg},
};

use super::Time;

words! {
    /// What becomes of a sample at the time of another one
    DuplicatePolicy {
        /// It is an error.
        Block => "BLOCK",
        /// The first one stays.
        First => "FIRST",
        /// The last one counts.
        Last => "LAST",
        /// The smaller one.
        Min => "MIN",
        /// The larger one.
        Max => "MAX",
        /// Their sum.
        Sum => "SUM",
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Labels as words: names and values in turn.
fn labelled(labels: impl IntoIterator<Item = (impl ToArg, impl ToArg)>) -> Words {
    let list: Vec<Arg<'static>> = labels
        .into_iter()
        .flat_map(|(name, value)| [name.to_arg().into_owned(), value.to_arg().into_owned()])
        .collect();
    Words::list("LABELS", false, &list)
}

macro_rules! labels {
    ($($name:ident),*) => {$(
        impl $name {
            /// The labels: pairs of a name and a value.
            pub fn labels(mut self, labels: impl IntoIterator<Item = (impl ToArg, impl ToArg)>) -> Self {
                self.labels = labelled(labels);
                self
            }
        }
    )*};
}

labels!(CreateOptions, AlterOptions, AddOptions, IncrOptions);

options! {
    /// Options of [`create`](super::TimeSeriesCommands::create)
    CreateOptions { retention, encoding, chunk_size, duplicates, ignore, labels }

    /// How long samples are kept, measured from the last one; by default without end (0), unless the server is set otherwise.
    retention: retention(time: Duration) => "RETENTION", millis(time);

    /// Samples are not compressed. By default they are.
    encoding: uncompressed() => "ENCODING", "UNCOMPRESSED";

    /// The size of a chunk in bytes, a multiple of 8 from 48 to 1048576. Default 4096.
    chunk_size: chunk_size(bytes: u64) => "CHUNK_SIZE", bytes;

    /// What becomes of a sample at the time of another one. By default it is an error.
    duplicates: on_duplicate(policy: DuplicatePolicy) => "DUPLICATE_POLICY", policy;

    /// Samples are left out that are this close to the last one, in milliseconds and in value. Since RedisTimeSeries 1.12.
    ignore: ignore(millis: u64, difference: f64) => "IGNORE", millis, difference;
}

options! {
    /// Options of [`alter`](super::TimeSeriesCommands::alter): what is not given stays
    AlterOptions { retention, chunk_size, duplicates, ignore, labels }

    /// How long samples are kept, measured from the last one; 0 is without end.
    retention: retention(time: Duration) => "RETENTION", millis(time);

    /// The size of new chunks in bytes, a multiple of 8 from 48 to 1048576.
    chunk_size: chunk_size(bytes: u64) => "CHUNK_SIZE", bytes;

    /// What becomes of a sample at the time of another one.
    duplicates: on_duplicate(policy: DuplicatePolicy) => "DUPLICATE_POLICY", policy;

    /// Samples are left out that are this close to the last one, in milliseconds and in value. Since RedisTimeSeries 1.12.
    ignore: ignore(millis: u64, difference: f64) => "IGNORE", millis, difference;
}

options! {
    /// Options of [`add_with`](super::TimeSeriesCommands::add_with); all but `on_duplicate` are for a series that the command makes
    AddOptions { retention, encoding, chunk_size, duplicates, here, ignore, labels }

    /// How long samples are kept, measured from the last one; by default without end (0), unless the server is set otherwise.
    retention: retention(time: Duration) => "RETENTION", millis(time);

    /// Samples are not compressed. By default they are.
    encoding: uncompressed() => "ENCODING", "UNCOMPRESSED";

    /// The size of a chunk in bytes, a multiple of 8 from 48 to 1048576. Default 4096.
    chunk_size: chunk_size(bytes: u64) => "CHUNK_SIZE", bytes;

    /// What becomes of samples at the time of another one, for good.
    duplicates: duplicate_policy(policy: DuplicatePolicy) => "DUPLICATE_POLICY", policy;

    /// What becomes of this sample, if there is another one at its time.
    here: on_duplicate(policy: DuplicatePolicy) => "ON_DUPLICATE", policy;

    /// Samples are left out that are this close to the last one, in milliseconds and in value. Since RedisTimeSeries 1.12.
    ignore: ignore(millis: u64, difference: f64) => "IGNORE", millis, difference;
}

options! {
    /// Options of [`incr_by_with`](super::TimeSeriesCommands::incr_by_with); all but `at` are for a series that the command makes
    IncrOptions { at, retention, encoding, chunk_size, duplicates, ignore, labels }

    /// The time of the new sample, not before that of the last one. By default the server's clock.
    at: at(time: Time) => "TIMESTAMP", time;

    /// How long samples are kept, measured from the last one; by default without end (0), unless the server is set otherwise.
    retention: retention(time: Duration) => "RETENTION", millis(time);

    /// Samples are not compressed. By default they are.
    encoding: uncompressed() => "ENCODING", "UNCOMPRESSED";

    /// The size of a chunk in bytes, a multiple of 8 from 48 to 1048576. Default 4096.
    chunk_size: chunk_size(bytes: u64) => "CHUNK_SIZE", bytes;

    /// What becomes of samples at the time of another one.
    duplicates: on_duplicate(policy: DuplicatePolicy) => "DUPLICATE_POLICY", policy;

    /// Samples are left out that are this close to the last one, in milliseconds and in value. Since RedisTimeSeries 1.12.
    ignore: ignore(millis: u64, difference: f64) => "IGNORE", millis, difference;
}
