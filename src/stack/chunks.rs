//! Filters as chunks, which are stored and loaded again.

use std::{
    fmt,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::{
    TryStreamExt,
    stream::{FusedStream, Stream},
};

use crate::{
    Database, Result,
    database::scans::pager::{Pager, Pages},
    resp::{Arg, ArgList, DecodeError, FromReply, Reply, ReplyError, ToArg},
};

/// A part of a filter
///
/// A dump gives chunks, which are loaded in the same order. What is in them is the module's business: they are good for
/// the version that made them and for later ones.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FilterChunk {
    /// What the server calls the iterator: where the next chunk begins.
    pub position: u64,
    /// The content; up to 16 MiB.
    pub data: Bytes,
}

impl FilterChunk {
    /// A chunk that was stored somewhere else.
    pub fn new(position: u64, data: impl Into<Bytes>) -> Self {
        Self { position, data: data.into() }
    }
}

impl fmt::Debug for FilterChunk {
    /// Shows the length, not the content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilterChunk")
            .field("position", &self.position)
            .field("len", &self.data.len())
            .finish()
    }
}

impl FromReply for FilterChunk {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let ended = || DecodeError::because("a chunk", reply.kind(), "behind the last one");
        Ok(Self::option_from_reply(reply)?.ok_or_else(ended)?)
    }

    /// The end is the position 0, with no data or empty data.
    fn option_from_reply(reply: Reply<'_>) -> Result<Option<Self>, ReplyError> {
        let (position, data): (u64, Option<Bytes>) = reply.decode()?;
        Ok((position != 0).then(|| Self { position, data: data.unwrap_or_default() }))
    }
}

/// The chunks of a filter, one after the other
///
/// Nothing is sent before the first poll. At most one chunk waits while the caller uses another. An error ends the stream.
/// The filter should not change meanwhile: each chunk is what the server has when it is asked for it.
#[must_use = "nothing is sent before the stream is polled"]
pub struct FilterChunks<'a> {
    pager: Pager<'a, Dump>,
}

impl<'a> FilterChunks<'a> {
    pub(super) fn new(db: &'a Database, command: &'static str, key: &impl ToArg) -> Self {
        let dump = Dump { key: key.to_arg().into_owned() };
        Self { pager: Pager::new(db, command, Arc::new(dump), 0) }
    }
}

impl Stream for FilterChunks<'_> {
    type Item = Result<FilterChunk>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.pager.poll_next(cx)
    }
}

impl FusedStream for FilterChunks<'_> {
    fn is_terminated(&self) -> bool {
        self.pager.is_terminated()
    }
}

impl fmt::Debug for FilterChunks<'_> {
    /// Shows the command and how far it is, no content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FilterChunks").field(&self.pager).finish()
    }
}

/// Each chunk says where the next one begins.
struct Dump {
    key: Arg<'static>,
}

impl Pages for Dump {
    type Item = FilterChunk;
    type Position = u64;
    type Page = Option<FilterChunk>;

    fn append_to<'a>(&'a self, position: &'a u64, args: &mut ArgList<'a>) {
        args.extend([self.key.to_arg(), position.to_arg()]);
    }

    fn open(&self, _: u64, page: Option<FilterChunk>) -> (Vec<FilterChunk>, Option<u64>) {
        let next = page.as_ref().map(|chunk| chunk.position);
        (page.into_iter().collect(), next)
    }
}

/// Loads the chunks in their order: the next one when the server has the one before.
pub(super) async fn load<L: IntoFuture<Output = Result<()>>>(
    chunks: impl Stream<Item = Result<FilterChunk>>,
    mut one: impl FnMut(FilterChunk) -> L,
) -> Result<()> {
    let mut chunks = pin!(chunks);
    while let Some(chunk) = chunks.try_next().await? {
        one(chunk).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::Frame;

    fn decode<T: FromReply>(text: &str) -> Result<T, ReplyError> {
        Frame::copy_from_slice(text.as_bytes()).decode()
    }

    #[test]
    fn the_end_is_none_in_each_of_its_forms() {
        let chunk = Some(FilterChunk::new(9, "ab"));
        assert_eq!(decode::<Option<FilterChunk>>("*2\r\n:9\r\n$2\r\nab\r\n").unwrap(), chunk);
        for end in ["*2\r\n:0\r\n$0\r\n\r\n", "*2\r\n:0\r\n$-1\r\n", "*2\r\n:0\r\n_\r\n"] {
            assert_eq!(decode::<Option<FilterChunk>>(end).unwrap(), None, "{end:?}");
            assert!(decode::<FilterChunk>(end).is_err());
        }
        assert!(matches!(
            decode::<Option<FilterChunk>>("-ERR not found\r\n"),
            Err(ReplyError::Server(_))
        ));
    }

    #[test]
    fn the_content_is_not_shown() {
        let shown = format!("{:?}", FilterChunk::new(9, "s3cret"));
        assert_eq!(shown, "FilterChunk { position: 9, len: 6 }");
    }
}
