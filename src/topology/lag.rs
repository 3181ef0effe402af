//! How far replicas are behind their primary, in time.
//!
//! Servers count bytes: a primary says how many it has sent to its replicas, and a replica how many it has applied. So the
//! primary's numbers are kept with the moments at which they were asked for. A replica that has applied such a number
//! has everything that the primary had at that moment. This is a proof, and not an estimate: it needs no clock but the
//! client's.

use std::collections::VecDeque;

use crate::resp::{Frame, Reply};

/// How many numbers of a primary are kept.
const MOST: usize = 64;

/// What a server says of the stream of changes, by its reply to `ROLE`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Primary {
        sent: u64,
    },
    Replica {
        /// It is connected to its primary, and gets changes as they happen.
        follows: bool,
        applied: u64,
    },
}

impl Standing {
    /// `None` if the reply is none of a primary or a replica.
    pub(crate) fn read(reply: &Frame) -> Option<Self> {
        let mut items = reply.reply().items()?;
        let role = items.next()?;
        let role = role.as_bytes()?;
        let number = |reply: Option<Reply<'_>>| u64::try_from(reply?.as_i64()?).ok();
        match &*role {
            b"master" | b"primary" => Some(Self::Primary { sent: number(items.next())? }),
            b"slave" | b"replica" => {
                let state = items.nth(2)?;
                let follows = state.as_bytes().as_deref() == Some(b"connected");
                // Not a number of bytes while it has no primary.
                let applied = number(items.next()).unwrap_or(0);
                Some(Self::Replica { follows, applied })
            }
            _ => None,
        }
    }
}

/// What one primary had sent, and when; moments in microseconds of the client's clock
#[derive(Debug, Default)]
pub(crate) struct Marks(VecDeque<(u64, u64)>);

impl Marks {
    /// The primary was asked at this moment, and had sent so much by then or a little later.
    pub(crate) fn note(&mut self, asked: u64, sent: u64) {
        match self.0.back_mut() {
            Some((at, last)) if *last == sent => *at = (*at).max(asked),
            // It counts anew, or the answers came in another order than the questions were asked.
            Some((_, last)) if *last > sent => {
                self.0.clear();
                self.0.push_back((asked, sent));
            }
            _ => self.0.push_back((asked, sent)),
        }
        if self.0.len() > MOST {
            self.0.pop_front();
        }
    }

    /// The latest known moment of which a replica has everything that has applied so much.
    pub(crate) fn covers(&self, applied: u64) -> Option<u64> {
        let covered = self.0.iter().rev().find(|(_, sent)| *sent <= applied);
        covered.map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(text: &str) -> Frame {
        Frame::copy_from_slice(text.as_bytes())
    }

    #[test]
    fn a_role_says_how_far_a_server_is() {
        let primary = "*3\r\n$6\r\nmaster\r\n:14\r\n*1\r\n*3\r\n$1\r\nh\r\n$1\r\n1\r\n$1\r\n9\r\n";
        assert_eq!(Standing::read(&frame(primary)), Some(Standing::Primary { sent: 14 }));
        for (state, applied, standing) in [
            ("$9\r\nconnected", 7, Standing::Replica { follows: true, applied: 7 }),
            ("$4\r\nsync", 7, Standing::Replica { follows: false, applied: 7 }),
            ("$7\r\nconnect", -1, Standing::Replica { follows: false, applied: 0 }),
        ] {
            let text = format!("*5\r\n$5\r\nslave\r\n$1\r\nh\r\n:1\r\n{state}\r\n:{applied}\r\n");
            assert_eq!(Standing::read(&frame(&text)), Some(standing), "{state}");
        }
    }

    #[test]
    fn what_is_no_role_says_nothing() {
        for text in [
            "-NOPERM no\r\n",
            "+OK\r\n",
            "*0\r\n",
            "*1\r\n$6\r\nmaster\r\n",
            "*2\r\n$8\r\nsentinel\r\n*0\r\n",
            "*2\r\n$6\r\nmaster\r\n:-5\r\n",
            "*3\r\n$5\r\nslave\r\n$1\r\nh\r\n:1\r\n",
            "*1\r\n:1\r\n",
        ] {
            assert_eq!(Standing::read(&frame(text)), None, "{text}");
        }
    }

    #[test]
    fn a_replica_has_what_the_primary_had_when_it_had_sent_that_much() {
        let mut marks = Marks::default();
        assert_eq!(marks.covers(u64::MAX), None);
        for (asked, sent) in [(10, 100), (20, 100), (30, 150), (40, 220)] {
            marks.note(asked, sent);
        }
        let covered = [99, 100, 149, 150, 219, 220, 500].map(|applied| marks.covers(applied));
        assert_eq!(
            covered,
            [None, Some(20), Some(20), Some(30), Some(30), Some(40), Some(40)],
            "never later than is proven"
        );
    }

    #[test]
    fn a_primary_that_counts_anew_proves_nothing_of_before() {
        let mut marks = Marks::default();
        marks.note(10, 1000);
        marks.note(20, 5);
        assert_eq!(
            (marks.covers(4), marks.covers(5), marks.covers(1000)),
            (None, Some(20), Some(20))
        );
    }

    #[test]
    fn only_so_many_are_kept() {
        let mut marks = Marks::default();
        (0..1000).for_each(|number| marks.note(number, number));
        assert_eq!(marks.0.len(), MOST);
        assert_eq!((marks.covers(999), marks.covers(900)), (Some(999), None));
    }
}
