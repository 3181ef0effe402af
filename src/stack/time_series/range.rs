//! Which samples of a series are read, and what is made of them.

use std::ops::{Bound, RangeBounds};

use super::LabelFilter;
use crate::{
    database::options::{Words, words},
    resp::{Arg, ArgList, ToArg, ToArgs},
};

words! {
    /// What is made of the samples of a bucket, or of those of several series
    Aggregator {
        /// Their mean.
        Avg => "avg",
        /// The first one.
        First => "first",
        /// The last one.
        Last => "last",
        /// The smallest one.
        Min => "min",
        /// The largest one.
        Max => "max",
        /// Their sum.
        Sum => "sum",
        /// The difference between the largest and the smallest one.
        Range => "range",
        /// How many they are.
        Count => "count",
        /// The standard deviation, if they are all there are.
        StdP => "std.p",
        /// The standard deviation, if they are a part.
        StdS => "std.s",
        /// The variance, if they are all there are.
        VarP => "var.p",
        /// The variance, if they are a part.
        VarS => "var.s",
        /// Their mean over time. Since RedisTimeSeries 1.8.
        Twa => "twa",
        /// How many of them are NaN. Since Redis 8.6.
        CountNan => "countNaN",
        /// How many they are, NaN included. Since Redis 8.6.
        CountAll => "countAll",
    }
}

/// Where buckets begin
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Align {
    /// At the start of the range.
    Start,
    /// At the end of the range.
    End,
    /// At this time, in milliseconds since 1970.
    At(u64),
}

impl ToArg for Align {
    fn to_arg(&self) -> Arg<'_> {
        match self {
            Self::Start => Arg::Bytes(b"-"),
            Self::End => Arg::Bytes(b"+"),
            Self::At(time) => time.to_arg().into_owned(),
        }
    }
}

words! {
    /// Which time a bucket has
    BucketTimestamp {
        /// That of its start.
        Start => "-",
        /// That of its end.
        End => "+",
        /// That of its middle.
        Middle => "~",
    }
}

/// What is read of a range: all of it by default
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct RangeOptions {
    latest: Words,
    times: Words,
    values: Words,
    count: Words,
    align: Words,
    aggregators: Vec<Aggregator>,
    bucket: u64,
    bucket_time: Words,
    empty: bool,
}

impl RangeOptions {
    /// All samples as they are.
    pub fn new() -> Self {
        Self::default()
    }

    /// Of a series that is made by a rule: the unfinished bucket too.
    pub fn latest(mut self) -> Self {
        self.latest = Words::new("LATEST", []);
        self
    }

    /// Only samples at these times.
    pub fn only_at(mut self, times: impl IntoIterator<Item = u64>) -> Self {
        let times: Vec<u64> = times.into_iter().collect();
        self.times = Words::list("FILTER_BY_TS", false, &times);
        self
    }

    /// Only samples with values from `min` to `max`, both included.
    pub fn only_values(mut self, min: f64, max: f64) -> Self {
        self.values =
            Words::new("FILTER_BY_VALUE", [min, max].map(|value| value.to_arg().into_owned()));
        self
    }

    /// At most this many samples or buckets.
    pub fn count(mut self, most: u64) -> Self {
        self.count = Words::new("COUNT", [most.to_arg().into_owned()]);
        self
    }

    /// One sample for each bucket of this length, in milliseconds.
    pub fn aggregate(self, aggregator: Aggregator, bucket: u64) -> Self {
        self.aggregate_all([aggregator], bucket)
    }

    /// Several values for each bucket: read them with [`range_rows`](super::TimeSeriesCommands::range_rows). Since
    /// Redis 8.8.
    pub fn aggregate_all(
        mut self,
        aggregators: impl IntoIterator<Item = Aggregator>,
        bucket: u64,
    ) -> Self {
        self.aggregators = aggregators.into_iter().collect();
        self.bucket = bucket;
        self
    }

    /// Where buckets begin. By default at 1970.
    pub fn align(mut self, align: Align) -> Self {
        self.align = Words::new("ALIGN", [align.to_arg().into_owned()]);
        self
    }

    /// Which time a bucket has. By default that of its start.
    pub fn bucket_timestamp(mut self, time: BucketTimestamp) -> Self {
        self.bucket_time = Words::new("BUCKETTIMESTAMP", [time.to_arg().into_owned()]);
        self
    }

    /// Buckets without samples too. Refused where the range has no two ends: the server would go through all buckets since
    /// 1970.
    pub fn empty_buckets(mut self) -> Self {
        self.empty = true;
        self
    }

    /// Whether a row has several values.
    pub(super) fn has_rows(&self) -> bool {
        self.aggregators.len() > 1
    }

    /// Why they cannot be sent for this range, if they cannot.
    pub(super) fn fault(&self, range: Range) -> Option<&'static str> {
        let is_open = range.from.is_none() || range.to.is_none();
        if let Some(fault) = range.fault() {
            Some(fault)
        } else if self.aggregators.is_empty() {
            let word = self.empty || self.align.is_set() || self.bucket_time.is_set();
            word.then_some("align, bucket_timestamp and empty_buckets are for buckets: aggregate")
        } else if self.bucket == 0 {
            Some("a bucket of 0 ms")
        } else if self.empty && is_open {
            Some("empty buckets of a range without two ends would hold the server up")
        } else {
            None
        }
    }
}

impl ToArgs for RangeOptions {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        for words in [&self.latest, &self.times, &self.values, &self.count] {
            words.append_to(args);
        }
        if self.aggregators.is_empty() {
            return;
        }
        self.align.append_to(args);
        args.push(Arg::Bytes(b"AGGREGATION"));
        match &*self.aggregators {
            [one] => args.push(one.to_arg().into_owned()),
            all => {
                let names: Vec<Arg<'_>> = all.iter().map(ToArg::to_arg).collect();
                let names: Vec<&[u8]> = names.iter().map(Arg::as_bytes).collect();
                args.push(Arg::Owned(names.join(&b","[..])));
            }
        }
        args.push(self.bucket.to_arg().into_owned());
        self.bucket_time.append_to(args);
        if self.empty {
            args.push(Arg::Bytes(b"EMPTY"));
        }
    }
}

/// Which series a command for several says more of, and whether they are made one
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct SeriesOptions {
    labels: Words,
    group: Words,
}

impl SeriesOptions {
    /// No labels, no groups.
    pub fn new() -> Self {
        Self::default()
    }

    /// With all labels.
    pub fn with_labels(mut self) -> Self {
        self.labels = Words::new("WITHLABELS", []);
        self
    }

    /// With these labels.
    pub fn select_labels(mut self, names: impl IntoIterator<Item = impl ToArg>) -> Self {
        let names: Vec<Arg<'static>> =
            names.into_iter().map(|name| name.to_arg().into_owned()).collect();
        self.labels = Words::list("SELECTED_LABELS", false, &names);
        self
    }

    /// Makes one series of those with the same value of a label. Their labels are that one; which series they were is in
    /// [`Series::sources`](super::Series::sources).
    pub fn group_by(mut self, label: impl ToArg, reducer: Aggregator) -> Self {
        let words =
            [label.to_arg().into_owned(), Arg::Bytes(b"REDUCE"), reducer.to_arg().into_owned()];
        self.group = Words::new("GROUPBY", words);
        // Over RESP2 only labels say which series were made one.
        self.with_labels()
    }

    pub(super) fn has_groups(&self) -> bool {
        self.group.is_set()
    }

    pub(super) fn labels(&self) -> &Words {
        &self.labels
    }

    pub(super) fn group(&self) -> &Words {
        &self.group
    }
}

/// The ends of a range, both included
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    from: Option<u64>,
    to: Option<u64>,
    is_empty: bool,
}

impl Range {
    pub(super) fn of(range: &impl RangeBounds<u64>) -> Self {
        let (mut is_empty, mut from, mut to) = (false, None, None);
        match range.start_bound() {
            Bound::Included(time) => from = Some(*time),
            Bound::Excluded(time) => (from, is_empty) = (time.checked_add(1), *time == u64::MAX),
            Bound::Unbounded => {}
        }
        match range.end_bound() {
            Bound::Included(time) => to = Some(*time),
            Bound::Excluded(time) => {
                to = time.checked_sub(1);
                is_empty |= *time == 0;
            }
            Bound::Unbounded => {}
        }
        is_empty |= matches!((from, to), (Some(from), Some(to)) if from > to);
        Self { from, to, is_empty }
    }

    /// Why it cannot be sent, if it cannot.
    pub(super) fn fault(self) -> Option<&'static str> {
        self.is_empty.then_some("the range ends before it begins")
    }
}

impl ToArgs for Range {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        let end = |time: Option<u64>, open: &'static [u8]| match time {
            Some(time) => time.to_arg().into_owned(),
            None => Arg::Bytes(open),
        };
        args.extend([end(self.from, b"-"), end(self.to, b"+")]);
    }
}

/// The conditions of a command for several series
pub(super) struct Filters(pub(super) Vec<LabelFilter>);

impl ToArgs for Filters {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        if !self.0.is_empty() {
            args.push(Arg::Bytes(b"FILTER"));
            args.extend(self.0.iter().map(ToArg::to_arg));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(words: &impl ToArgs) -> String {
        let mut args = ArgList::new();
        words.append_to(&mut args);
        let words: Vec<_> =
            args.iter().map(|arg| String::from_utf8_lossy(arg.as_bytes()).into_owned()).collect();
        words.join(" ")
    }

    #[test]
    fn words_are_in_the_order_that_the_server_reads() {
        let options = RangeOptions::new()
            .empty_buckets()
            .bucket_timestamp(BucketTimestamp::Middle)
            .aggregate_all([Aggregator::Avg, Aggregator::StdP], 1000)
            .align(Align::At(5))
            .count(10)
            .only_values(f64::NEG_INFINITY, 2.5)
            .only_at([1, 2])
            .latest();
        assert_eq!(
            sent(&options),
            "LATEST FILTER_BY_TS 1 2 FILTER_BY_VALUE -inf 2.5 COUNT 10 ALIGN 5 AGGREGATION avg,std.p 1000 BUCKETTIMESTAMP ~ EMPTY"
        );
        let series =
            SeriesOptions::new().select_labels(["a", "b"]).group_by("area", Aggregator::Max);
        assert_eq!(sent(series.labels()), "WITHLABELS");
        assert_eq!(sent(series.group()), "GROUPBY area REDUCE max");
    }

    #[test]
    fn ranges_are_those_of_the_language() {
        for (range, text) in [
            (Range::of(&(..)), "- +"),
            (Range::of(&(5..)), "5 +"),
            (Range::of(&(5..10)), "5 9"),
            (Range::of(&(5..=10)), "5 10"),
            (Range::of(&(..=u64::MAX)), "- 18446744073709551615"),
        ] {
            assert_eq!((sent(&range).as_str(), range.fault()), (text, None));
        }
        for empty in [Range::of(&(5..5)), Range::of(&(..0)), Range::of(&(7..7))] {
            assert!(empty.fault().is_some());
        }
    }

    #[test]
    fn what_would_hold_the_server_up_or_mean_nothing_is_a_fault() {
        let (open, closed) = (Range::of(&(5..)), Range::of(&(5..9)));
        let buckets = RangeOptions::new().aggregate(Aggregator::Sum, 10).empty_buckets();
        assert!(buckets.fault(open).is_some() && buckets.fault(closed).is_none());
        assert!(RangeOptions::new().aggregate(Aggregator::Sum, 0).fault(closed).is_some());
        assert!(RangeOptions::new().empty_buckets().fault(closed).is_some());
        assert!(RangeOptions::new().align(Align::Start).fault(closed).is_some());
    }
}
