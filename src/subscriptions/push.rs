//! What the server pushes of subscriptions, taken apart.

use std::borrow::Cow;

use bytes::Bytes;

use super::{items::Message, topic::Topic};
use crate::{connection::Verb, resp::Frame};

/// A message of fewer bytes is copied out of the block that it was read into, which would
/// otherwise be kept for it: a block has four times as many.
const COPIED: usize = 16 << 10;

/// The message that a push is, and the topic through which it comes.
pub(super) fn read_message(verb: Verb, push: &Frame) -> Option<(Topic, Message)> {
    // One allocation for all parts of a small one.
    let whole = push.detached(COPIED);
    let frame = Frame::shared(whole.clone());
    let mut parts = frame.reply().items()?.skip(1).map(|part| {
        part.as_bytes().map(|bytes| match bytes {
            Cow::Borrowed(bytes) => whole.slice_ref(bytes),
            Cow::Owned(bytes) => Bytes::from(bytes),
        })
    });
    let pattern = if verb == Verb::PSubscribe { Some(parts.next()??) } else { None };
    let (channel, payload) = (parts.next()??, parts.next()??);
    let name = pattern.clone().unwrap_or_else(|| channel.clone());
    Some((Topic { verb, name }, Message { channel, pattern, payload }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_message_keeps_no_block_and_a_large_one_is_not_copied() {
        for (length, shared) in [(1, false), (100, false), (COPIED, true)] {
            let mut block = format!(">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n${length}\r\n").into_bytes();
            let at = block.len();
            block.resize(at + length, b'x');
            block.extend_from_slice(b"\r\n");
            let end = block.len();
            block.resize(64 << 10, 0);
            let block = Bytes::from(block);
            let frame = Frame::from_bytes(block.slice(..end));
            let (topic, message) = read_message(Verb::Subscribe, &frame).unwrap();
            assert_eq!((&topic.name[..], &message.channel[..]), (&b"c"[..], &b"c"[..]));
            assert_eq!((topic.verb, message.payload.len()), (Verb::Subscribe, length));
            assert_eq!(message.payload.as_ptr() == block[at..].as_ptr(), shared, "{length}");
        }
    }

    #[test]
    fn what_is_no_message_is_none() {
        for (verb, push) in [
            (Verb::Subscribe, &b">2\r\n$7\r\nmessage\r\n$1\r\nc\r\n"[..]),
            (Verb::PSubscribe, b">3\r\n$8\r\npmessage\r\n$1\r\np\r\n$1\r\nc\r\n"),
            (Verb::Subscribe, b">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n*0\r\n"),
            (Verb::Subscribe, b">1\r\n:1\r\n"),
            (Verb::Subscribe, b">0\r\n"),
            (Verb::Subscribe, b"+OK\r\n"),
        ] {
            assert!(read_message(verb, &Frame::copy_from_slice(push)).is_none());
        }
    }
}
