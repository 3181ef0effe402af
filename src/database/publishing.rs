//! Publishing, and lists of what is subscribed to.
//!
//! To receive messages see [`ConnectionMultiplexer::subscriber`](crate::ConnectionMultiplexer::subscriber).

use super::Database;
use crate::{
    Call,
    command::named,
    resp::{FromReply, ToArg, ToArgs},
};

impl Database {
    /// Publishes a message and returns how many received it
    ///
    /// See [PUBLISH](https://redis.io/docs/latest/commands/publish/).
    pub fn publish(&self, channel: impl ToArg, message: impl ToArg) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("PUBLISH"), (channel, message))
    }

    /// Publishes a message to a shard channel and returns how many received it
    ///
    /// See [SPUBLISH](https://redis.io/docs/latest/commands/spublish/). Since Redis 7.0.
    pub fn spublish(&self, channel: impl ToArg, message: impl ToArg) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("SPUBLISH"), (channel, message))
    }

    /// Channels that match a pattern and have subscribers
    ///
    /// See [PUBSUB CHANNELS](https://redis.io/docs/latest/commands/pubsub-channels/).
    pub fn pubsub_channels<T: FromReply>(
        &self,
        pattern: impl ToArg,
    ) -> Call<'_, Vec<T>, impl ToArgs> {
        self.call2("PUBSUB", "CHANNELS", (pattern,))
    }

    /// Number of subscribers of each channel, without those of patterns
    ///
    /// See [PUBSUB NUMSUB](https://redis.io/docs/latest/commands/pubsub-numsub/).
    pub fn pubsub_numsub<T: FromReply>(
        &self,
        channels: impl ToArgs,
    ) -> Call<'_, Vec<(T, u64)>, impl ToArgs> {
        self.list2("PUBSUB", "NUMSUB", channels, "channels")
    }

    /// Number of different patterns that are subscribed to
    ///
    /// See [PUBSUB NUMPAT](https://redis.io/docs/latest/commands/pubsub-numpat/).
    pub fn pubsub_numpat(&self) -> Call<'_, u64, impl ToArgs> {
        self.call2("PUBSUB", "NUMPAT", ())
    }

    /// Shard channels that match a pattern and have subscribers
    ///
    /// See [PUBSUB SHARDCHANNELS](https://redis.io/docs/latest/commands/pubsub-shardchannels/).
    /// Since Redis 7.0.
    pub fn pubsub_shardchannels<T: FromReply>(
        &self,
        pattern: impl ToArg,
    ) -> Call<'_, Vec<T>, impl ToArgs> {
        self.call2("PUBSUB", "SHARDCHANNELS", (pattern,))
    }

    /// Number of subscribers of each shard channel
    ///
    /// See [PUBSUB SHARDNUMSUB](https://redis.io/docs/latest/commands/pubsub-shardnumsub/).
    /// Since Redis 7.0.
    pub fn pubsub_shardnumsub<T: FromReply>(
        &self,
        channels: impl ToArgs,
    ) -> Call<'_, Vec<(T, u64)>, impl ToArgs> {
        self.list2("PUBSUB", "SHARDNUMSUB", channels, "channels")
    }
}
