//! Vector sets: members with vectors, found by similarity. Redis 8.0 and later.
//!
//! ```no_run
//! # async fn f(db: redmux::Database) -> redmux::Result<()> {
//! use redmux::database::vectors::{VectorQuery, VsimOptions};
//!
//! db.vadd("words", &[0.1, 0.9, 0.3], "apple").await?;
//! db.vadd("words", &[0.2, 0.8, 0.3], "pear").await?;
//! let query = VectorQuery::vector(&[0.1, 0.8, 0.3]);
//! let near: Vec<(String, f64)> =
//!     db.vsim_with_scores("words", query, VsimOptions::new().count(5)).await?;
//! # Ok(())
//! # }
//! ```

mod search;

pub use search::{VectorMatch, VectorQuery, VsimOptions};

use bytes::Bytes;

use super::{
    Database, Join,
    checks::{Fault, Unless},
    options::{items, options, record},
    sorted_sets::Scored,
};
use crate::{
    Call,
    command::named,
    resp::{Arg, DecodeError, FromReply, Reply, ReplyError, ToArg, ToArgs},
};

impl Database {
    /// Adds a member with its vector, or replaces the vector; returns whether the member is new
    ///
    /// The first vector sets the length of all vectors. See
    /// [VADD](https://redis.io/docs/latest/commands/vadd/).
    /// Since Redis 8.0.
    pub fn vadd(
        &self,
        key: impl ToArg,
        vector: &[f32],
        member: impl ToArg,
    ) -> Call<'_, bool, impl ToArgs> {
        self.vadd_with(key, vector, member, VaddOptions::new())
    }

    /// Adds a member with its vector as the options say; returns whether the member is new
    ///
    /// See [VADD](https://redis.io/docs/latest/commands/vadd/). Since Redis 8.0.
    pub fn vadd_with(
        &self,
        key: impl ToArg,
        vector: &[f32],
        member: impl ToArg,
        options: VaddOptions,
    ) -> Call<'_, bool, impl ToArgs> {
        self.call(named!("VADD"), Join((key, "FP32", blob(vector), member), options))
            .unless(no_vector(vector.len()))
    }

    /// Like [`vadd_with`](Self::vadd_with), shortening the vector by random projection
    ///
    /// Search with vectors of the full length afterwards. See
    /// [VADD](https://redis.io/docs/latest/commands/vadd/) with `REDUCE`. Since Redis 8.0.
    pub fn vadd_reduced(
        &self,
        key: impl ToArg,
        length: u32,
        vector: &[f32],
        member: impl ToArg,
        options: VaddOptions,
    ) -> Call<'_, bool, impl ToArgs> {
        self.call(
            named!("VADD"),
            Join((key, "REDUCE", length, "FP32", blob(vector), member), options),
        )
        .unless(no_vector(vector.len()))
    }

    /// Removes a member; returns whether it was there
    ///
    /// See [VREM](https://redis.io/docs/latest/commands/vrem/). Since Redis 8.0.
    pub fn vrem(&self, key: impl ToArg, member: impl ToArg) -> Call<'_, bool, impl ToArgs> {
        self.call(named!("VREM"), (key, member))
    }

    /// Number of members
    ///
    /// See [VCARD](https://redis.io/docs/latest/commands/vcard/). Since Redis 8.0.
    pub fn vcard(&self, key: impl ToArg) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("VCARD"), (key,))
    }

    /// Length of the vectors; an error if there is no such key
    ///
    /// See [VDIM](https://redis.io/docs/latest/commands/vdim/). Since Redis 8.0.
    pub fn vdim(&self, key: impl ToArg) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("VDIM"), (key,))
    }

    /// Whether a member is in the set
    ///
    /// See [VISMEMBER](https://redis.io/docs/latest/commands/vismember/). Since Redis 8.2.
    pub fn vismember(&self, key: impl ToArg, member: impl ToArg) -> Call<'_, bool, impl ToArgs> {
        self.call(named!("VISMEMBER"), (key, member))
    }

    /// The vector of a member, as precisely as the server keeps it
    ///
    /// See [VEMB](https://redis.io/docs/latest/commands/vemb/). Since Redis 8.0.
    pub fn vemb(
        &self,
        key: impl ToArg,
        member: impl ToArg,
    ) -> Call<'_, Option<Vec<f32>>, impl ToArgs> {
        self.call(named!("VEMB"), (key, member))
    }

    /// The vector of a member, byte for byte as the server keeps it
    ///
    /// See [VEMB](https://redis.io/docs/latest/commands/vemb/) with `RAW`. Since Redis 8.0.
    pub fn vemb_raw(
        &self,
        key: impl ToArg,
        member: impl ToArg,
    ) -> Call<'_, Option<RawVector>, impl ToArgs> {
        self.call(named!("VEMB"), (key, member, "RAW"))
    }

    /// The attributes of a member, a JSON text
    ///
    /// See [VGETATTR](https://redis.io/docs/latest/commands/vgetattr/). Since Redis 8.0.
    pub fn vgetattr<T: FromReply>(
        &self,
        key: impl ToArg,
        member: impl ToArg,
    ) -> Call<'_, Option<T>, impl ToArgs> {
        self.call(named!("VGETATTR"), (key, member))
    }

    /// Sets the attributes of a member, a JSON text, or removes them if empty
    ///
    /// False if there is no such member. See
    /// [VSETATTR](https://redis.io/docs/latest/commands/vsetattr/).
    /// Since Redis 8.0.
    pub fn vsetattr(
        &self,
        key: impl ToArg,
        member: impl ToArg,
        json: impl ToArg,
    ) -> Call<'_, bool, impl ToArgs> {
        self.call(named!("VSETATTR"), (key, member, json))
    }

    /// What the server knows about a vector set; `None` if there is no such key
    ///
    /// See [VINFO](https://redis.io/docs/latest/commands/vinfo/). Since Redis 8.0.
    pub fn vinfo(&self, key: impl ToArg) -> Call<'_, Option<VectorSetInfo>, impl ToArgs> {
        self.call(named!("VINFO"), (key,))
    }

    /// The neighbours of a member in each layer of the graph, the top one first
    ///
    /// See [VLINKS](https://redis.io/docs/latest/commands/vlinks/). Since Redis 8.0.
    pub fn vlinks<T: FromReply>(
        &self,
        key: impl ToArg,
        member: impl ToArg,
    ) -> Call<'_, Option<Vec<Vec<T>>>, impl ToArgs> {
        self.call(named!("VLINKS"), (key, member))
    }

    /// Like [`vlinks`](Self::vlinks), with the similarity of each
    ///
    /// See [VLINKS](https://redis.io/docs/latest/commands/vlinks/). Since Redis 8.0.
    pub fn vlinks_with_scores<T: FromReply>(
        &self,
        key: impl ToArg,
        member: impl ToArg,
    ) -> Call<'_, Option<Vec<Scored<T>>>, impl ToArgs> {
        self.call(named!("VLINKS"), (key, member, "WITHSCORES"))
    }

    /// Members in a range of text, such as `[a` to `(b`; `-` and `+` are the ends
    ///
    /// At most `count` of them, all if it is negative. See
    /// [VRANGE](https://redis.io/docs/latest/commands/vrange/). Since Redis 8.4.
    pub fn vrange<T: FromReply>(
        &self,
        key: impl ToArg,
        start: impl ToArg,
        end: impl ToArg,
        count: i64,
    ) -> Call<'_, Vec<T>, impl ToArgs> {
        self.call(named!("VRANGE"), (key, start, end, count))
    }

    /// A random member, which stays
    ///
    /// See [VRANDMEMBER](https://redis.io/docs/latest/commands/vrandmember/). Since Redis 8.0.
    pub fn vrandmember<T: FromReply>(&self, key: impl ToArg) -> Call<'_, Option<T>, impl ToArgs> {
        self.call(named!("VRANDMEMBER"), (key,))
    }

    /// Random members, which stay; a negative count allows repetition
    ///
    /// See [VRANDMEMBER](https://redis.io/docs/latest/commands/vrandmember/). Since Redis 8.0.
    pub fn vrandmember_count<T: FromReply>(
        &self,
        key: impl ToArg,
        count: i64,
    ) -> Call<'_, Vec<T>, impl ToArgs> {
        self.call(named!("VRANDMEMBER"), (key, count))
    }
}

options! {
    /// How to add a member to a vector set
    ///
    /// The first member decides how vectors are kept: those options must be the same later.
    VaddOptions { cas, kept, effort, attributes, links }
    /// Looks for neighbours in the background (`CAS`).
    cas: cas() => "CAS";
    /// Keeps the vectors as they are (`NOQUANT`).
    kept: exact() => "NOQUANT";
    /// Keeps the vectors with 8 bits for each number (`Q8`): the default.
    kept: quantised() => "Q8";
    /// Keeps the vectors with one bit for each number (`BIN`).
    kept: binary() => "BIN";
    /// How many candidates are looked at for neighbours, 200 by default (`EF`).
    effort: effort(candidates: u32) => "EF", candidates;
    /// The attributes of the member, a JSON text (`SETATTR`).
    attributes: attributes(json: impl ToArg) => "SETATTR", json;
    /// How many neighbours each member is linked to, 16 by default (`M`).
    links: links(count: u32) => "M", count;
}

record! {
    /// A vector set
    VectorSetInfo {
        /// How the vectors are kept: `f32`, `int8` or `bin`.
        "quant-type" => quantisation: String,
        /// Length of the vectors.
        "vector-dim" => dimension: u64,
        /// Number of members.
        "size" => members: u64,
        /// The top layer of the graph, the lowest being 0.
        "max-level" => max_level: u64,
        /// How many neighbours each member is linked to. Since Redis 8.2.
        "hnsw-m" => links: Option<u64>,
        /// Number of members with attributes. Since Redis 8.2.
        "attributes-count" => attributes: Option<u64>,
    }
}

/// A vector as the server keeps it
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RawVector {
    /// How it is kept: `f32`, `int8` or `bin`.
    pub quantisation: String,
    /// Its numbers, of unit length: 4 bytes each (the lowest first), one byte each, or one bit
    /// each.
    pub data: Bytes,
    /// Its length before it was normalised.
    pub norm: f64,
    /// The number that a byte of 127, the greatest value, represents.
    pub range: Option<f64>,
}

impl FromReply for RawVector {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let mut parts = items("a vector", reply)?;
        let (Some(quantisation), Some(data), Some(norm)) =
            (parts.next(), parts.next(), parts.next())
        else {
            let why = "without its kind, data and norm";
            return Err(DecodeError::because("a vector", reply.kind(), why).into());
        };
        Ok(Self {
            quantisation: quantisation.decode()?,
            data: data.decode()?,
            norm: norm.decode()?,
            range: parts.next().map(|range| range.decode()).transpose()?,
        })
    }
}

/// The vector as the server takes it: 32-bit numbers, the lowest byte first.
fn blob(vector: &[f32]) -> Arg<'static> {
    Arg::Owned(vector.iter().flat_map(|number| number.to_le_bytes()).collect())
}

fn no_vector(length: usize) -> Fault {
    (length == 0).then(|| "the vector is empty".to_owned())
}
