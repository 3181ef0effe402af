//! Commands for suggestions: words and phrases by how they begin, in keys of their own.

use bytes::Bytes;

use super::SearchCommands;
use crate::{
    Call,
    command::named,
    database::{
        Join,
        checks::Unless,
        options::{mismatch, options},
    },
    resp::{DecodeError, FromReply, Reply, ReplyError, ToArg, ToArgs},
};

options! {
    /// How a suggestion is added: see [`sug_add_with`](SearchCommands::sug_add_with)
    SugAddOptions { incr, payload }

    /// The score is added to the one that the suggestion has, if it is there already.
    incr: incr() => "INCR";

    /// Keeps these bytes with it, for [`sug_get_hits`](SearchCommands::sug_get_hits).
    payload: payload(bytes: impl ToArg) => "PAYLOAD", bytes;
}

options! {
    /// Which suggestions are returned
    SugGetOptions { fuzzy, max }

    /// Those, too, whose beginning differs by one letter.
    fuzzy: fuzzy() => "FUZZY";

    /// At most this many. Default 5.
    max: max(most: u64) => "MAX", most;
}

/// A suggestion with what the server keeps of it
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SugHit {
    /// The text.
    pub text: String,
    /// How well it fits: not the score it was added with, but one that takes lengths into account.
    pub score: f64,
    /// What it was added with.
    pub payload: Option<Bytes>,
}

impl<'a> SearchCommands<'a> {
    /// Adds a suggestion, or changes its score; returns how many the key has now
    ///
    /// See [FT.SUGADD](https://redis.io/docs/latest/commands/ft.sugadd/). Not with valkey-search.
    pub fn sug_add<K: ToArg, T: ToArg>(
        self,
        key: K,
        text: T,
        score: f64,
    ) -> Call<'a, u64, impl ToArgs + use<'a, K, T>> {
        self.sug_add_with(key, text, score, SugAddOptions::new())
    }

    /// The same with options
    ///
    /// With [`incr`](SugAddOptions::incr) a repetition adds the score twice: such a command is not sent again after its
    /// reply was lost.
    ///
    /// See [FT.SUGADD](https://redis.io/docs/latest/commands/ft.sugadd/). Not with valkey-search.
    pub fn sug_add_with<K: ToArg, T: ToArg>(
        self,
        key: K,
        text: T,
        score: f64,
        options: SugAddOptions,
    ) -> Call<'a, u64, impl ToArgs + use<'a, K, T>> {
        // The server takes an empty text, keeps nothing, and counts it.
        let fault = if text.to_arg().as_bytes().is_empty() {
            Some("a suggestion is empty")
        } else {
            (!score.is_finite()).then_some("the score of a suggestion is no number")
        };
        self.call(named!("FT.SUGADD"), Join((key, text, score), options)).unless(fault)
    }

    /// Suggestions that begin with this, the best ones first; `None` if the key does not exist
    ///
    /// See [FT.SUGGET](https://redis.io/docs/latest/commands/ft.sugget/). Not with valkey-search.
    pub fn sug_get<K: ToArg, P: ToArg>(
        self,
        key: K,
        prefix: P,
        options: SugGetOptions,
    ) -> Call<'a, Option<Vec<String>>, impl ToArgs + use<'a, K, P>> {
        self.call(named!("FT.SUGGET"), Join((key, prefix), options))
    }

    /// The same with scores and payloads
    ///
    /// See [FT.SUGGET](https://redis.io/docs/latest/commands/ft.sugget/). Not with valkey-search.
    pub fn sug_get_hits<K: ToArg, P: ToArg>(
        self,
        key: K,
        prefix: P,
        options: SugGetOptions,
    ) -> Call<'a, Option<Vec<SugHit>>, impl ToArgs + use<'a, K, P>> {
        // The reply is flat: its shape follows from the words, which are always these.
        let words = Join((key, prefix, "WITHSCORES", "WITHPAYLOADS"), options);
        self.call(named!("FT.SUGGET"), words)
    }

    /// Removes a suggestion; returns whether it was there
    ///
    /// See [FT.SUGDEL](https://redis.io/docs/latest/commands/ft.sugdel/). Not with valkey-search.
    pub fn sug_del(self, key: impl ToArg, text: impl ToArg) -> Call<'a, bool, impl ToArgs> {
        self.call(named!("FT.SUGDEL"), (key, text))
    }

    /// How many suggestions a key has; 0 if it does not exist
    ///
    /// See [FT.SUGLEN](https://redis.io/docs/latest/commands/ft.suglen/). Not with valkey-search.
    pub fn sug_len(self, key: impl ToArg) -> Call<'a, u64, impl ToArgs> {
        self.call(named!("FT.SUGLEN"), (key,))
    }
}

impl FromReply for SugHit {
    /// A list of the text, the score and the payload.
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let (text, score, payload) = reply.decode()?;
        Ok(Self { text, score, payload })
    }

    /// One flat list.
    fn vec_from_reply(reply: Reply<'_>) -> Result<Vec<Self>, ReplyError> {
        let odd = || {
            DecodeError::because("suggestions", reply.kind(), "whose length is no multiple of 3")
        };
        let mut parts = reply.items().ok_or_else(|| mismatch("suggestions", reply))?;
        let mut hits = Vec::new();
        while let Some(text) = parts.next() {
            let score = parts.next().ok_or_else(odd)?;
            let payload = parts.next().ok_or_else(odd)?;
            let (text, score, payload) = (text.decode()?, score.decode()?, payload.decode()?);
            hits.push(Self { text, score, payload });
        }
        Ok(hits)
    }
}
