//! Sets of distinct members.
//!
//! ```no_run
//! # async fn f(db: redmux::Database) -> redmux::Result<()> {
//! db.sadd("tags", ["rust", "redis"]).await?;
//! let tags: std::collections::HashSet<String> = db.smembers("tags").await?;
//! let both: Vec<String> = db.sinter(["tags", "other"]).await?;
//! # Ok(())
//! # }
//! ```

use super::{
    Counted, Database, Join,
    checks::{Unless, empty},
    scans::{ScanOptions, ScanPage},
};
use crate::{
    Call,
    command::named,
    resp::{FromReply, ToArg, ToArgs},
};

impl Database {
    /// Adds members and returns how many are new
    ///
    /// See [SADD](https://redis.io/docs/latest/commands/sadd/).
    pub fn sadd(&self, key: impl ToArg, members: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        self.list(named!("SADD"), (key,), members, "members")
    }

    /// Removes members and returns how many there were
    ///
    /// See [SREM](https://redis.io/docs/latest/commands/srem/).
    pub fn srem(&self, key: impl ToArg, members: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        self.list(named!("SREM"), (key,), members, "members")
    }

    /// All members, as a set or a list; empty if there is no such key
    ///
    /// See [SMEMBERS](https://redis.io/docs/latest/commands/smembers/).
    pub fn smembers<M: FromReply>(&self, key: impl ToArg) -> Call<'_, M, impl ToArgs> {
        self.call(named!("SMEMBERS"), (key,))
    }

    /// Whether a member is in the set
    ///
    /// See [SISMEMBER](https://redis.io/docs/latest/commands/sismember/).
    pub fn sismember(&self, key: impl ToArg, member: impl ToArg) -> Call<'_, bool, impl ToArgs> {
        self.call(named!("SISMEMBER"), (key, member))
    }

    /// Whether each of several members is in the set
    ///
    /// See [SMISMEMBER](https://redis.io/docs/latest/commands/smismember/). Since Redis 6.2.
    pub fn smismember(
        &self,
        key: impl ToArg,
        members: impl ToArgs,
    ) -> Call<'_, Vec<bool>, impl ToArgs> {
        self.list(named!("SMISMEMBER"), (key,), members, "members")
    }

    /// Number of members
    ///
    /// See [SCARD](https://redis.io/docs/latest/commands/scard/).
    pub fn scard(&self, key: impl ToArg) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("SCARD"), (key,))
    }

    /// Takes a random member
    ///
    /// See [SPOP](https://redis.io/docs/latest/commands/spop/).
    pub fn spop<T: FromReply>(&self, key: impl ToArg) -> Call<'_, Option<T>, impl ToArgs> {
        self.call(named!("SPOP"), (key,))
    }

    /// Takes up to `count` random members
    ///
    /// See [SPOP](https://redis.io/docs/latest/commands/spop/).
    pub fn spop_count<T: FromReply>(
        &self,
        key: impl ToArg,
        count: u64,
    ) -> Call<'_, Vec<T>, impl ToArgs> {
        self.call(named!("SPOP"), (key, count))
    }

    /// A random member, which stays
    ///
    /// See [SRANDMEMBER](https://redis.io/docs/latest/commands/srandmember/).
    pub fn srandmember<T: FromReply>(&self, key: impl ToArg) -> Call<'_, Option<T>, impl ToArgs> {
        self.call(named!("SRANDMEMBER"), (key,))
    }

    /// Random members, which stay; a negative count allows repetition
    ///
    /// See [SRANDMEMBER](https://redis.io/docs/latest/commands/srandmember/).
    pub fn srandmember_count<T: FromReply>(
        &self,
        key: impl ToArg,
        count: i64,
    ) -> Call<'_, Vec<T>, impl ToArgs> {
        self.call(named!("SRANDMEMBER"), (key, count))
    }

    /// Moves a member; returns false if it is not in the first set
    ///
    /// See [SMOVE](https://redis.io/docs/latest/commands/smove/).
    pub fn smove(
        &self,
        from: impl ToArg,
        to: impl ToArg,
        member: impl ToArg,
    ) -> Call<'_, bool, impl ToArgs> {
        self.call(named!("SMOVE"), (from, to, member))
    }

    /// Members that are in all sets
    ///
    /// See [SINTER](https://redis.io/docs/latest/commands/sinter/).
    pub fn sinter<M: FromReply>(&self, keys: impl ToArgs) -> Call<'_, M, impl ToArgs> {
        self.list(named!("SINTER"), (), keys, "keys")
    }

    /// Members that are in any set
    ///
    /// See [SUNION](https://redis.io/docs/latest/commands/sunion/).
    pub fn sunion<M: FromReply>(&self, keys: impl ToArgs) -> Call<'_, M, impl ToArgs> {
        self.list(named!("SUNION"), (), keys, "keys")
    }

    /// Members of the first set that are in no other
    ///
    /// See [SDIFF](https://redis.io/docs/latest/commands/sdiff/).
    pub fn sdiff<M: FromReply>(&self, keys: impl ToArgs) -> Call<'_, M, impl ToArgs> {
        self.list(named!("SDIFF"), (), keys, "keys")
    }

    /// Stores what [`sinter`](Self::sinter) returns; returns the number of members
    ///
    /// See [SINTERSTORE](https://redis.io/docs/latest/commands/sinterstore/).
    pub fn sinterstore(&self, to: impl ToArg, keys: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        self.list(named!("SINTERSTORE"), (to,), keys, "keys")
    }

    /// Stores what [`sunion`](Self::sunion) returns; returns the number of members
    ///
    /// See [SUNIONSTORE](https://redis.io/docs/latest/commands/sunionstore/).
    pub fn sunionstore(&self, to: impl ToArg, keys: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        self.list(named!("SUNIONSTORE"), (to,), keys, "keys")
    }

    /// Stores what [`sdiff`](Self::sdiff) returns; returns the number of members
    ///
    /// See [SDIFFSTORE](https://redis.io/docs/latest/commands/sdiffstore/).
    pub fn sdiffstore(&self, to: impl ToArg, keys: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        self.list(named!("SDIFFSTORE"), (to,), keys, "keys")
    }

    /// Number of members that are in all sets; stops counting at `limit`, unless that is 0
    ///
    /// See [SINTERCARD](https://redis.io/docs/latest/commands/sintercard/). Since Redis 7.0.
    pub fn sintercard(&self, keys: impl ToArgs, limit: u64) -> Call<'_, u64, impl ToArgs> {
        let fault = empty(&keys, "keys");
        self.call(named!("SINTERCARD"), Counted::new(keys, ("LIMIT", limit))).unless(fault)
    }

    /// Number of members of the first set that are in no other; stops counting at `limit`, unless that is 0
    ///
    /// See [SDIFFCARD](https://redis.io/docs/latest/commands/sdiffcard/). Since Redis 8.10.
    pub fn sdiffcard(&self, keys: impl ToArgs, limit: u64) -> Call<'_, u64, impl ToArgs> {
        let fault = empty(&keys, "keys");
        self.call(named!("SDIFFCARD"), Counted::new(keys, ("LIMIT", limit))).unless(fault)
    }

    /// Number of members that are in any set; stops counting at `limit`, unless that is 0
    ///
    /// See [SUNIONCARD](https://redis.io/docs/latest/commands/sunioncard/). Since Redis 8.10.
    pub fn sunioncard(&self, keys: impl ToArgs, limit: u64) -> Call<'_, u64, impl ToArgs> {
        let fault = empty(&keys, "keys");
        self.call(named!("SUNIONCARD"), Counted::new(keys, ("LIMIT", limit))).unless(fault)
    }

    /// About how many members are in any set, in little memory
    ///
    /// See [SUNIONCARD](https://redis.io/docs/latest/commands/sunioncard/) with `APPROX`. Since Redis 8.10.
    pub fn sunioncard_approx(&self, keys: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        let fault = empty(&keys, "keys");
        self.call(named!("SUNIONCARD"), Counted::new(keys, ("APPROX",))).unless(fault)
    }

    /// One page of the members; start with cursor 0 and stop when the returned cursor is 0
    ///
    /// The same member may be on several pages. See
    /// [SSCAN](https://redis.io/docs/latest/commands/sscan/).
    pub fn sscan<T: FromReply>(
        &self,
        key: impl ToArg,
        cursor: u64,
        options: ScanOptions,
    ) -> Call<'_, ScanPage<T>, impl ToArgs> {
        self.call(named!("SSCAN"), Join((key, cursor), options))
    }
}
