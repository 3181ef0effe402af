//! Going through nested values from front to back.

use bytes::Bytes;

use crate::{
    Items, Reply,
    node::{self, Node},
};

/// A place between two values inside a reply
///
/// [`Items`] finds the end of a value before it hands the value out, so that a value is gone over once for each level that it is
/// inside of. A reader of all of a deep reply goes over it once here: it enters what it reads the parts of.
#[derive(Debug)]
pub struct Forward<'a> {
    rest: &'a [u8],
    owner: Option<&'a Bytes>,
}

/// What is left of an aggregate that was entered
#[derive(Debug)]
#[non_exhaustive]
pub struct Inside(
    /// The number of elements; `None` up to an end mark.
    Option<usize>,
);

impl<'a> Forward<'a> {
    /// Enters the elements of an array, a set or a push message, and keys and values of a map in turn.
    pub fn new(reply: Reply<'a>) -> Option<(Self, Inside)> {
        match reply.node() {
            Node::Aggregate { elements, body, .. } => {
                Some((Self { rest: body, owner: reply.owner() }, Inside(elements)))
            }
            _ => None,
        }
    }

    /// The next element as a whole; `None` at the end.
    #[inline]
    pub fn next(&mut self, inside: &mut Inside) -> Option<Reply<'a>> {
        if !self.is_due(inside) {
            return None;
        }
        let (reply, length) = match node::short_bulk(self.rest) {
            Some((text, length)) => (Reply::bulk(&self.rest[..length], text, self.owner), length),
            None => Reply::read(self.rest, self.owner)?,
        };
        self.rest = self.rest.get(length..)?;
        inside.count();
        Some(reply)
    }

    /// Enters the next element; `None` at the end, and before a value without elements, which is then still the next one.
    ///
    /// The elements must be read up to their end before `inside` is read on.
    #[inline]
    pub fn enter(&mut self, inside: &mut Inside) -> Option<Inside> {
        if !self.is_due(inside) {
            return None;
        }
        let attributes = match self.rest.first()? {
            b'|' => node::attributes_length(self.rest)?,
            _ => 0,
        };
        match node::read(self.rest.get(attributes..)?)? {
            (Node::Aggregate { elements, .. }, length) => {
                self.rest = self.rest.get(attributes + length..)?;
                inside.count();
                Some(Inside(elements))
            }
            _ => None,
        }
    }

    /// Whether there is another element; goes over the end mark.
    fn is_due(&mut self, inside: &mut Inside) -> bool {
        if inside.0.is_none() && node::is_end(self.rest) {
            self.rest = &self.rest[3..];
            inside.0 = Some(0);
        }
        inside.0 != Some(0)
    }
}

impl Inside {
    /// At least how many elements there are, which the bytes of the reply bound.
    pub fn least(&self, at: &Forward<'_>) -> usize {
        Items::new(self.0, at.rest, None).size_hint().0
    }

    fn count(&mut self) {
        self.0 = self.0.map(|left| left.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Frame;

    /// All values below `inside`, nested ones in brackets.
    fn walked(at: &mut Forward<'_>, inside: &mut Inside) -> String {
        let mut text = String::new();
        loop {
            if let Some(mut inner) = at.enter(inside) {
                text += &format!("({})", walked(at, &mut inner));
            } else if let Some(reply) = at.next(inside) {
                text += &String::from_utf8_lossy(&reply.as_text().unwrap_or_default());
            } else {
                return text;
            }
        }
    }

    fn all(bytes: &str) -> String {
        let frame = Frame::copy_from_slice(bytes.as_bytes());
        let (mut at, mut inside) = Forward::new(frame.reply()).unwrap();
        let text = walked(&mut at, &mut inside);
        assert!(at.rest.is_empty(), "{:?}", at.rest);
        text
    }

    #[test]
    fn every_value_is_met_once() {
        assert_eq!(all("*2\r\n%1\r\n+a\r\n*2\r\n:1\r\n$2\r\nbc\r\n~0\r\n"), "(a(1bc))()");
        assert_eq!(all("*?\r\n:1\r\n*?\r\n:2\r\n.\r\n*1\r\n:3\r\n.\r\n"), "1(2)(3)");
        assert_eq!(
            all("*2\r\n|1\r\n+k\r\n*1\r\n:9\r\n*1\r\n:1\r\n|1\r\n+k\r\n:9\r\n:2\r\n"),
            "(1)2"
        );
        assert_eq!(all("*3\r\n_\r\n$?\r\n;2\r\nab\r\n;0\r\n*-1\r\n"), "ab");
    }

    #[test]
    fn a_value_that_is_not_entered_is_gone_over() {
        let frame = Frame::copy_from_slice(b"*3\r\n*2\r\n*1\r\n:1\r\n:2\r\n:3\r\n:4\r\n");
        let (mut at, mut inside) = Forward::new(frame.reply()).unwrap();
        assert_eq!(inside.least(&at), 3);
        assert_eq!(at.next(&mut inside).and_then(|reply| reply.len()), Some(2));
        assert!(at.enter(&mut inside).is_none());
        assert_eq!(at.next(&mut inside).and_then(|reply| reply.as_i64()), Some(3));
        assert_eq!(at.next(&mut inside).and_then(|reply| reply.as_i64()), Some(4));
        assert!(at.next(&mut inside).is_none() && at.enter(&mut inside).is_none());
        assert!(Forward::new(Frame::copy_from_slice(b":1\r\n").reply()).is_none());
    }

    #[test]
    fn what_is_cut_off_ends() {
        let frame = Frame::copy_from_slice(b"*9\r\n*9\r\n:1\r\n");
        let (mut at, mut inside) = Forward::new(frame.reply()).unwrap();
        let mut inner = at.enter(&mut inside).unwrap();
        assert!(inner.least(&at) <= 1);
        assert!(at.next(&mut inner).is_some() && at.next(&mut inner).is_none());
        assert!(at.next(&mut inside).is_none() && at.enter(&mut inside).is_none());
    }
}
