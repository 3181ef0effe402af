//! Commands that read.

use std::ops::RangeBounds;

use super::{
    Label, LabelFilter, RangeOptions, Row, Sample, Series, SeriesInfo, SeriesOptions,
    TimeSeriesCommands,
    range::{Filters, Range},
};
use crate::{
    Call,
    command::{Named, named},
    database::{
        Counted, Join,
        checks::{Unless, empty},
        options::Words,
    },
    resp::{FromReply, ToArg, ToArgs},
};

/// Why samples are not asked for.
const ROWS: &str = "several aggregators give several values: ask for rows";

impl<'a> TimeSeriesCommands<'a> {
    /// The last sample; `None` if there is none yet
    ///
    /// See [TS.GET](https://redis.io/docs/latest/commands/ts.get/).
    pub fn get(self, key: impl ToArg) -> Call<'a, Option<Sample>, impl ToArgs> {
        self.call(named!("TS.GET"), (key,))
    }

    /// The same; of a series that is made by a rule, that of the unfinished bucket
    ///
    /// See [TS.GET](https://redis.io/docs/latest/commands/ts.get/). Since RedisTimeSeries 1.8.
    pub fn get_latest(self, key: impl ToArg) -> Call<'a, Option<Sample>, impl ToArgs> {
        self.call(named!("TS.GET"), (key, "LATEST"))
    }

    /// The samples of a range, the oldest first
    ///
    /// See [TS.RANGE](https://redis.io/docs/latest/commands/ts.range/).
    pub fn range<K: ToArg, R: RangeBounds<u64>>(
        self,
        key: K,
        range: R,
        options: RangeOptions,
    ) -> Call<'a, Vec<Sample>, impl ToArgs + use<'a, K, R>> {
        self.ranged(named!("TS.RANGE"), key, Range::of(&range), options, false)
    }

    /// The samples of a range, the newest first
    ///
    /// See [TS.REVRANGE](https://redis.io/docs/latest/commands/ts.revrange/).
    pub fn rev_range<K: ToArg, R: RangeBounds<u64>>(
        self,
        key: K,
        range: R,
        options: RangeOptions,
    ) -> Call<'a, Vec<Sample>, impl ToArgs + use<'a, K, R>> {
        self.ranged(named!("TS.REVRANGE"), key, Range::of(&range), options, false)
    }

    /// The buckets of a range with a value for each [aggregator](RangeOptions::aggregate_all), the oldest first
    ///
    /// See [TS.RANGE](https://redis.io/docs/latest/commands/ts.range/). Several aggregators since Redis 8.8.
    pub fn range_rows<K: ToArg, R: RangeBounds<u64>>(
        self,
        key: K,
        range: R,
        options: RangeOptions,
    ) -> Call<'a, Vec<Row>, impl ToArgs + use<'a, K, R>> {
        self.ranged(named!("TS.RANGE"), key, Range::of(&range), options, true)
    }

    /// The same, the newest first
    ///
    /// See [TS.REVRANGE](https://redis.io/docs/latest/commands/ts.revrange/). Several aggregators since Redis 8.8.
    pub fn rev_range_rows<K: ToArg, R: RangeBounds<u64>>(
        self,
        key: K,
        range: R,
        options: RangeOptions,
    ) -> Call<'a, Vec<Row>, impl ToArgs + use<'a, K, R>> {
        self.ranged(named!("TS.REVRANGE"), key, Range::of(&range), options, true)
    }

    fn ranged<T, K: ToArg>(
        self,
        name: Named,
        key: K,
        range: Range,
        options: RangeOptions,
        rows: bool,
    ) -> Call<'a, T, impl ToArgs + use<'a, T, K>> {
        let fault = options.fault(range).or_else(|| (options.has_rows() && !rows).then_some(ROWS));
        self.call(name, Join(Join((key,), range), options)).unless(fault)
    }

    /// The last sample of each series that fits all filters
    ///
    /// In a cluster of RedisTimeSeries before Redis 8.10 a server answers for its own series alone: ask each of
    /// [`muxer.nodes()`](crate::ConnectionMultiplexer::nodes).
    ///
    /// See [TS.MGET](https://redis.io/docs/latest/commands/ts.mget/).
    pub fn mget(
        self,
        filters: impl IntoIterator<Item = LabelFilter>,
        options: SeriesOptions,
    ) -> Call<'a, Vec<Series>, impl ToArgs> {
        let filters = Filters(filters.into_iter().collect());
        let grouped = options.has_groups().then_some("the last samples cannot be grouped");
        let fault = LabelFilter::fault(&filters.0).or(grouped);
        let words = Join(options.labels().clone(), filters);
        self.call(named!("TS.MGET"), words).unless(fault)
    }

    /// The samples of a range of each series that fits all filters, the oldest first: see [`mget`](Self::mget) for clusters
    ///
    /// See [TS.MRANGE](https://redis.io/docs/latest/commands/ts.mrange/).
    pub fn mrange<F: IntoIterator<Item = LabelFilter>, R: RangeBounds<u64>>(
        self,
        range: R,
        options: RangeOptions,
        filters: F,
        series: SeriesOptions,
    ) -> Call<'a, Vec<Series>, impl ToArgs + use<'a, F, R>> {
        let range = Range::of(&range);
        self.several(named!("TS.MRANGE"), range, options, filters, series, false)
    }

    /// The same, the newest samples first
    ///
    /// See [TS.MREVRANGE](https://redis.io/docs/latest/commands/ts.mrevrange/).
    pub fn mrev_range<F: IntoIterator<Item = LabelFilter>, R: RangeBounds<u64>>(
        self,
        range: R,
        options: RangeOptions,
        filters: F,
        series: SeriesOptions,
    ) -> Call<'a, Vec<Series>, impl ToArgs + use<'a, F, R>> {
        let range = Range::of(&range);
        self.several(named!("TS.MREVRANGE"), range, options, filters, series, false)
    }

    /// As [`mrange`](Self::mrange), with a value for each [aggregator](RangeOptions::aggregate_all)
    ///
    /// See [TS.MRANGE](https://redis.io/docs/latest/commands/ts.mrange/). Several aggregators since Redis 8.8.
    pub fn mrange_rows<F: IntoIterator<Item = LabelFilter>, R: RangeBounds<u64>>(
        self,
        range: R,
        options: RangeOptions,
        filters: F,
        series: SeriesOptions,
    ) -> Call<'a, Vec<Series<Row>>, impl ToArgs + use<'a, F, R>> {
        let range = Range::of(&range);
        self.several(named!("TS.MRANGE"), range, options, filters, series, true)
    }

    fn several<T: FromReply, F: IntoIterator<Item = LabelFilter>>(
        self,
        name: Named,
        range: Range,
        options: RangeOptions,
        filters: F,
        series: SeriesOptions,
        rows: bool,
    ) -> Call<'a, T, impl ToArgs + use<'a, T, F>> {
        let filters = Filters(filters.into_iter().collect());
        let fault = LabelFilter::fault(&filters.0).or_else(|| options.fault(range));
        let fault = fault.or_else(|| (options.has_rows() && !rows).then_some(ROWS));
        let (labels, group): (Words, Words) = (series.labels().clone(), series.group().clone());
        let words = Join(Join(range, options), Join(labels, Join(filters, group)));
        self.call(name, words).unless(fault)
    }

    /// The keys of the series that fit all filters, in no order: see [`mget`](Self::mget) for clusters
    ///
    /// See [TS.QUERYINDEX](https://redis.io/docs/latest/commands/ts.queryindex/).
    pub fn query_index(
        self,
        filters: impl IntoIterator<Item = LabelFilter>,
    ) -> Call<'a, Vec<String>, impl ToArgs> {
        let filters: Vec<LabelFilter> = filters.into_iter().collect();
        let fault = LabelFilter::fault(&filters);
        self.call(named!("TS.QUERYINDEX"), filters).unless(fault)
    }

    /// The names of all labels of the series that fit the filters, in no order; without filters, of all series
    ///
    /// See [TS.QUERYLABELS](https://redis.io/docs/latest/commands/ts.querylabels/). Since Redis 8.10.
    pub fn query_labels(
        self,
        filters: impl IntoIterator<Item = LabelFilter>,
    ) -> Call<'a, Vec<String>, impl ToArgs> {
        let filters = Filters(filters.into_iter().collect());
        let fault = filters.fault_if_any();
        self.call(named!("TS.QUERYLABELS"), Join(("LABELS",), filters)).unless(fault)
    }

    /// The values of a label of the series that fit the filters, in no order; without filters, of all series
    ///
    /// See [TS.QUERYLABELS](https://redis.io/docs/latest/commands/ts.querylabels/). Since Redis 8.10.
    pub fn query_label_values(
        self,
        label: impl ToArg,
        filters: impl IntoIterator<Item = LabelFilter>,
    ) -> Call<'a, Vec<String>, impl ToArgs> {
        let filters = Filters(filters.into_iter().collect());
        let fault = filters.fault_if_any();
        let words = Join(("VALUES", label), filters);
        self.call(named!("TS.QUERYLABELS"), words).unless(fault)
    }

    /// Up to `most` samples from this time on, the oldest first; an empty list where there are none yet
    ///
    /// See [TS.READ](https://redis.io/docs/latest/commands/ts.read/). Since Redis 8.10.
    pub fn read(self, key: impl ToArg, from: u64, most: u64) -> Call<'a, Vec<Sample>, impl ToArgs> {
        self.call(named!("TS.READ"), (key, from, "MAX_COUNT", most))
    }

    /// The samples of several series side by side: a row for each time at which one of them has a sample
    ///
    /// On a cluster all keys must be in one slot.
    ///
    /// See [TS.NRANGE](https://redis.io/docs/latest/commands/ts.nrange/). Since Redis 8.10.
    pub fn nrange<K: ToArgs, R: RangeBounds<u64>>(
        self,
        keys: K,
        range: R,
    ) -> Call<'a, Vec<Row>, impl ToArgs + use<'a, K, R>> {
        self.side_by_side(named!("TS.NRANGE"), keys, Range::of(&range))
    }

    /// The same, the newest first
    ///
    /// See [TS.NREVRANGE](https://redis.io/docs/latest/commands/ts.nrevrange/). Since Redis 8.10.
    pub fn nrev_range<K: ToArgs, R: RangeBounds<u64>>(
        self,
        keys: K,
        range: R,
    ) -> Call<'a, Vec<Row>, impl ToArgs + use<'a, K, R>> {
        self.side_by_side(named!("TS.NREVRANGE"), keys, Range::of(&range))
    }

    fn side_by_side<K: ToArgs>(
        self,
        name: Named,
        keys: K,
        range: Range,
    ) -> Call<'a, Vec<Row>, impl ToArgs + use<'a, K>> {
        let fault = empty(&keys, "keys").or_else(|| range.fault().map(str::to_owned));
        self.call(name, Counted::new(keys, range)).unless(fault)
    }

    /// What the server knows about a series
    ///
    /// See [TS.INFO](https://redis.io/docs/latest/commands/ts.info/).
    pub fn info(self, key: impl ToArg) -> Call<'a, SeriesInfo, impl ToArgs> {
        self.call(named!("TS.INFO"), (key,))
    }
}

impl Filters {
    /// Why they cannot be sent, if there are some.
    fn fault_if_any(&self) -> Option<&'static str> {
        if self.0.is_empty() { None } else { LabelFilter::fault(&self.0) }
    }
}

impl From<Label> for LabelFilter {
    /// The series has the label, with any value.
    fn from(label: Label) -> Self {
        label.exists()
    }
}
