//! Commands that write.

use std::ops::RangeBounds;

use super::{
    AddOptions, Aggregator, AlterOptions, CreateOptions, IncrOptions, Time, TimeSeriesCommands,
    range::Range,
};
use crate::{
    Call, Result,
    command::{named, pipeline},
    database::{Join, checks::Unless},
    resp::{Arg, ArgList, ServerError, ToArg, ToArgs},
};

impl<'a> TimeSeriesCommands<'a> {
    /// Makes a series; an error if the key exists
    ///
    /// See [TS.CREATE](https://redis.io/docs/latest/commands/ts.create/).
    pub fn create(self, key: impl ToArg, options: CreateOptions) -> Call<'a, (), impl ToArgs> {
        let fault = options.fault();
        self.call(named!("TS.CREATE"), Join((key,), options)).unless(fault)
    }

    /// Changes what a series was made with
    ///
    /// See [TS.ALTER](https://redis.io/docs/latest/commands/ts.alter/).
    pub fn alter(self, key: impl ToArg, options: AlterOptions) -> Call<'a, (), impl ToArgs> {
        let fault = options.fault();
        self.call(named!("TS.ALTER"), Join((key,), options)).unless(fault)
    }

    /// Adds a sample, and the series if there is none; returns its time
    ///
    /// Where the sample is [ignored](CreateOptions::ignore), the time is that of the last one.
    ///
    /// See [TS.ADD](https://redis.io/docs/latest/commands/ts.add/).
    pub fn add(
        self,
        key: impl ToArg,
        at: impl Into<Time>,
        value: f64,
    ) -> Call<'a, u64, impl ToArgs> {
        self.call(named!("TS.ADD"), (key, at.into(), value))
    }

    /// The same with options
    ///
    /// See [TS.ADD](https://redis.io/docs/latest/commands/ts.add/).
    pub fn add_with(
        self,
        key: impl ToArg,
        at: impl Into<Time>,
        value: f64,
        options: AddOptions,
    ) -> Call<'a, u64, impl ToArgs> {
        let fault = options.fault();
        self.call(named!("TS.ADD"), Join((key, at.into(), value), options)).unless(fault)
    }

    /// Adds samples to series that exist: keys, times and values; returns the time of each, or why it was not added
    ///
    /// On a cluster all keys must be in one slot.
    ///
    /// See [TS.MADD](https://redis.io/docs/latest/commands/ts.madd/).
    pub fn madd<K: ToArg, T: Into<Time>>(
        self,
        samples: impl IntoIterator<Item = (K, T, f64)>,
    ) -> Call<'a, Vec<std::result::Result<u64, ServerError>>, impl ToArgs> {
        let part = |(key, at, value): (K, T, f64)| (key, at.into(), value);
        let samples = Samples(samples.into_iter().map(part).collect());
        self.db.list(named!("TS.MADD"), (), samples, "samples")
    }

    /// Adds a sample that is larger by `by` than the last one; returns its time
    ///
    /// See [TS.INCRBY](https://redis.io/docs/latest/commands/ts.incrby/).
    pub fn incr_by(self, key: impl ToArg, by: f64) -> Call<'a, u64, impl ToArgs> {
        self.incr_by_with(key, by, IncrOptions::new())
    }

    /// The same with options
    ///
    /// See [TS.INCRBY](https://redis.io/docs/latest/commands/ts.incrby/).
    pub fn incr_by_with(
        self,
        key: impl ToArg,
        by: f64,
        options: IncrOptions,
    ) -> Call<'a, u64, impl ToArgs> {
        let fault = options.fault();
        self.call(named!("TS.INCRBY"), Join((key, by), options)).unless(fault)
    }

    /// Adds a sample that is smaller by `by` than the last one; returns its time
    ///
    /// See [TS.DECRBY](https://redis.io/docs/latest/commands/ts.decrby/).
    pub fn decr_by(self, key: impl ToArg, by: f64) -> Call<'a, u64, impl ToArgs> {
        self.decr_by_with(key, by, IncrOptions::new())
    }

    /// The same with options
    ///
    /// See [TS.DECRBY](https://redis.io/docs/latest/commands/ts.decrby/).
    pub fn decr_by_with(
        self,
        key: impl ToArg,
        by: f64,
        options: IncrOptions,
    ) -> Call<'a, u64, impl ToArgs> {
        let fault = options.fault();
        self.call(named!("TS.DECRBY"), Join((key, by), options)).unless(fault)
    }

    /// Deletes the samples of this range and returns how many they were
    ///
    /// See [TS.DEL](https://redis.io/docs/latest/commands/ts.del/). Since RedisTimeSeries 1.6.
    pub fn del<K: ToArg, R: RangeBounds<u64>>(
        self,
        key: K,
        range: R,
    ) -> Call<'a, u64, impl ToArgs + use<'a, K, R>> {
        let range = Range::of(&range);
        self.call(named!("TS.DEL"), Join((key,), range)).unless(range.fault())
    }

    /// Has samples of `source` that come from now on be aggregated into `destination`, which exists
    ///
    /// A bucket is there once a sample behind it has come. Buckets are `bucket` milliseconds long and begin at multiples
    /// of that, moved by `align`.
    ///
    /// See [TS.CREATERULE](https://redis.io/docs/latest/commands/ts.createrule/).
    pub fn create_rule(
        self,
        source: impl ToArg,
        destination: impl ToArg,
        aggregator: Aggregator,
        bucket: u64,
        align: u64,
    ) -> Call<'a, (), impl ToArgs> {
        let fault = (bucket == 0).then_some("a bucket of 0 ms");
        // Servers before RedisTimeSeries 1.8 know no alignment.
        let align: Vec<u64> = Some(align).into_iter().filter(|align| *align > 0).collect();
        let words = (source, destination, "AGGREGATION", aggregator, bucket);
        self.call(named!("TS.CREATERULE"), Join(words, align)).unless(fault)
    }

    /// Ends what [`create_rule`](Self::create_rule) began
    ///
    /// See [TS.DELETERULE](https://redis.io/docs/latest/commands/ts.deleterule/).
    pub fn delete_rule(
        self,
        source: impl ToArg,
        destination: impl ToArg,
    ) -> Call<'a, (), impl ToArgs> {
        self.call(named!("TS.DELETERULE"), (source, destination))
    }

    /// Makes the series `destination` with these options, and the rule by which it gets its samples, in one round trip
    ///
    /// # Errors
    /// Those of [`create`](Self::create) and [`create_rule`](Self::create_rule). The destination stays if the
    /// rule fails.
    pub async fn downsample(
        self,
        source: impl ToArg + Clone,
        destination: impl ToArg + Clone,
        aggregator: Aggregator,
        bucket: u64,
        options: CreateOptions,
    ) -> Result<()> {
        let create = self.create(destination.clone(), options);
        let rule = self.create_rule(source, destination, aggregator, bucket, 0);
        let ((), ()) = pipeline((create, rule)).all().await?;
        Ok(())
    }
}

/// Keys, times and values
struct Samples<K>(Vec<(K, Time, f64)>);

impl<K: ToArg> ToArgs for Samples<K> {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        for (key, at, value) in &self.0 {
            let words: [Arg<'a>; 3] = [key.to_arg(), at.to_arg(), value.to_arg()];
            args.extend(words);
        }
    }
}
