//! What a series is made with.

use std::time::Duration;

use crate::{
    database::{
        checks::millis,
        options::{Words, options, words},
    },
    resp::{Arg, ArgList, ToArg, ToArgs},
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

/// Labels as words: names and values in turn.
fn labelled(labels: impl IntoIterator<Item = (impl ToArg, impl ToArg)>) -> Words {
    let list: Vec<Arg<'static>> = labels
        .into_iter()
        .flat_map(|(name, value)| [name.to_arg().into_owned(), value.to_arg().into_owned()])
        .collect();
    Words::list("LABELS", false, &list)
}

/// The words that servers look for among all words behind the key.
const OPTIONS: [&str; 8] = [
    "RETENTION",
    "ENCODING",
    "UNCOMPRESSED",
    "CHUNK_SIZE",
    "DUPLICATE_POLICY",
    "ON_DUPLICATE",
    "IGNORE",
    "TIMESTAMP",
];

/// Why the options are not sent: a label that is named as an option would be read as that option, unless it comes before.
fn fault(options: &impl ToArgs) -> Option<&'static str> {
    let mut words = ArgList::new();
    options.append_to(&mut words);
    let is = |word: &Arg<'_>, name: &str| word.as_bytes().eq_ignore_ascii_case(name.as_bytes());
    let labels = words.iter().position(|word| is(word, "LABELS"))?;
    let (before, labels) = words.split_at(labels);
    let is_misread = |name: &str| {
        labels.iter().any(|word| is(word, name)) && !before.iter().any(|word| is(word, name))
    };
    OPTIONS
        .iter()
        .any(|name| is_misread(name))
        .then_some("the server would take a label for an option")
}

macro_rules! labels {
    ($($name:ident),*) => {$(
        impl $name {
            /// The labels: pairs of a name and a value
            ///
            /// One that is named as an option (`RETENTION` and the like) is refused unless that option is given, since servers
            /// take it for the option.
            pub fn labels(mut self, labels: impl IntoIterator<Item = (impl ToArg, impl ToArg)>) -> Self {
                self.labels = labelled(labels);
                self
            }

            /// Why they are not sent.
            pub(super) fn fault(&self) -> Option<&'static str> {
                fault(self)
            }
        }
    )*};
}

labels!(CreateOptions, AlterOptions, AddOptions, IncrOptions);

options! {
    /// Options of [`create`](super::TimeSeriesCommands::create)
    CreateOptions { retention, encoding, chunk_size, duplicates, ignore, labels }

    /// How long samples are kept, measured from the last one, in milliseconds, rounded up; by default without end (0), unless the server is set
    /// otherwise.
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

    /// How long samples are kept, measured from the last one, in milliseconds, rounded up; 0 is without end.
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

    /// How long samples are kept, measured from the last one, in milliseconds, rounded up; by default without end (0), unless the server is set
    /// otherwise.
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

    /// How long samples are kept, measured from the last one, in milliseconds, rounded up; by default without end (0), unless the server is set
    /// otherwise.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn words(options: &impl ToArgs) -> Vec<String> {
        let mut words = ArgList::new();
        options.append_to(&mut words);
        words.iter().map(|word| String::from_utf8_lossy(word.as_bytes()).into_owned()).collect()
    }

    #[test]
    fn a_short_retention_is_not_sent_as_none() {
        let (short, odd) = (Duration::from_nanos(1), Duration::from_micros(1500));
        assert_eq!(words(&CreateOptions::new().retention(short)), ["RETENTION", "1"]);
        assert_eq!(words(&AlterOptions::new().retention(odd)), ["RETENTION", "2"]);
        assert_eq!(words(&AddOptions::new().retention(short)), ["RETENTION", "1"]);
        assert_eq!(words(&IncrOptions::new().retention(odd)), ["RETENTION", "2"]);
        assert_eq!(words(&AlterOptions::new().retention(Duration::ZERO)), ["RETENTION", "0"]);
    }
}
