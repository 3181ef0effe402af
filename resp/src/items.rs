//! Going through the elements of aggregates.

use bytes::Bytes;

use super::{Reply, node};

/// The elements of an array, a set or a push message; keys and values of a map in turn
///
/// It ends with its aggregate, and where bytes are no value (which a frame from the
/// [`Framer`](super::Framer) never has).
///
/// ```
/// use redmux_resp::Frame;
/// let frame = Frame::copy_from_slice(b"%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n");
/// let numbers: Vec<_> = frame.reply().items().unwrap().filter_map(|item| item.as_i64()).collect();
/// assert_eq!(numbers, [1, 2]);
/// ```
#[derive(Debug, Clone)]
pub struct Items<'a> {
    rest: &'a [u8],
    left: Left,
    owner: Option<&'a Bytes>,
}

#[derive(Debug, Clone, Copy)]
enum Left {
    Counted(usize),
    Streamed,
    /// As counted, and another attribute may follow.
    Attributes(usize),
}

impl<'a> Items<'a> {
    pub(super) fn new(elements: Option<usize>, body: &'a [u8], owner: Option<&'a Bytes>) -> Self {
        let left = elements.map_or(Left::Streamed, Left::Counted);
        Self { rest: body, left, owner }
    }

    /// The entries of one or more attributes.
    pub(super) fn attributes(bytes: &'a [u8], owner: Option<&'a Bytes>) -> Self {
        Self { rest: bytes, left: Left::Attributes(0), owner }
    }

    fn take(&mut self) -> Option<Reply<'a>> {
        match &mut self.left {
            Left::Streamed if node::is_end(self.rest) => return None,
            Left::Streamed => {}
            Left::Counted(left) => *left = left.checked_sub(1)?,
            Left::Attributes(left) => {
                while *left == 0 {
                    let (elements, length) = node::attribute_header(self.rest)?;
                    *left = elements;
                    self.rest = self.rest.get(length..)?;
                }
                *left -= 1;
            }
        }
        let (reply, length) = Reply::read(self.rest, self.owner)?;
        self.rest = self.rest.get(length..)?;
        Some(reply)
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Reply<'a>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if let Left::Counted(left @ 1..) = self.left
            && let Some((text, length)) = node::short_bulk(self.rest)
        {
            self.left = Left::Counted(left - 1);
            let (raw, rest) = self.rest.split_at(length);
            self.rest = rest;
            return Some(Reply::bulk(raw, text, self.owner));
        }
        let next = self.take();
        if next.is_none() {
            self.left = Left::Counted(0);
        }
        next
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // An element has at least three bytes: an announced number alone reserves nothing.
        let most = self.rest.len() / 3;
        match self.left {
            Left::Counted(left) => (left.min(most), Some(left.min(most))),
            Left::Streamed | Left::Attributes(_) => (0, Some(most)),
        }
    }
}

impl std::iter::FusedIterator for Items<'_> {}

/// The entries of a map, as keys and values
///
/// ```
/// use redmux_resp::Frame;
/// let frame = Frame::copy_from_slice(b"%1\r\n+a\r\n:1\r\n");
/// let (key, value) = frame.reply().entries().unwrap().next().unwrap();
/// assert_eq!((key.as_bytes().unwrap().as_ref(), value.as_i64()), (&b"a"[..], Some(1)));
/// ```
#[derive(Debug, Clone)]
pub struct Entries<'a>(pub(super) Items<'a>);

impl<'a> Iterator for Entries<'a> {
    type Item = (Reply<'a>, Reply<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        Some((self.0.next()?, self.0.next()?))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let (least, most) = self.0.size_hint();
        (least / 2, most.map(|most| most / 2))
    }
}

impl std::iter::FusedIterator for Entries<'_> {}
