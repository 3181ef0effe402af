//! Counts replies as they stream past, without keeping them.

/// A reply or a push that has passed
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Passed {
    /// Its first byte, which is its type.
    pub(crate) kind: u8,
    pub(crate) word: Word,
    /// Its last number, if it is an array or a push without nested ones.
    pub(crate) number: Option<i64>,
}

/// The first word of an array or a push
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    /// `subscribe`, `punsubscribe` and the like.
    Confirms,
    /// `message`, `pmessage`, `smessage`.
    Message,
    Other,
}

/// Bytes that are not RESP: the server is not a Redis server
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotResp;

/// The longest line that is taken for a header, and the longest first word that is recognised.
const MAX_LINE: usize = 24;
/// The deepest nesting of arrays.
const MAX_DEPTH: usize = 128;

/// Finds the ends of replies in a stream
#[derive(Debug, Default)]
pub(crate) struct ReplyCounter {
    state: State,
    /// For each open aggregate, how many elements are still to come.
    open: Vec<u64>,
    kind: u8,
    first: First,
    number: Option<i64>,
}

#[derive(Debug, Default, Clone, Copy)]
enum State {
    #[default]
    Start,
    /// In a line of this type, with its first bytes.
    Line { kind: u8, text: [u8; MAX_LINE], len: usize },
    /// In a string: how many bytes are still to come, line end included.
    Text(u64),
}

/// The first element of the outermost aggregate
#[derive(Debug, Default, Clone, Copy)]
enum First {
    #[default]
    None,
    Collecting([u8; MAX_LINE], usize),
    Known(Word),
}

impl ReplyCounter {
    /// Takes the next bytes, and calls `tell` for each reply that they end.
    pub(crate) fn pass(
        &mut self,
        mut bytes: &[u8],
        mut tell: impl FnMut(Passed),
    ) -> Result<(), NotResp> {
        while let Some(&byte) = bytes.first() {
            match &mut self.state {
                State::Start => {
                    self.state = State::Line { kind: byte, text: [0; MAX_LINE], len: 0 };
                    if self.open.is_empty() {
                        (self.kind, self.first, self.number) = (byte, First::None, None);
                    }
                    bytes = &bytes[1..];
                }
                State::Line { kind, text, len } => {
                    let end = bytes.iter().position(|byte| *byte == b'\n');
                    let (part, rest) = match end {
                        Some(end) => (&bytes[..end], &bytes[end + 1..]),
                        None => (bytes, &bytes[bytes.len()..]),
                    };
                    let kept = part.len().min(MAX_LINE - *len);
                    text[*len..*len + kept].copy_from_slice(&part[..kept]);
                    *len += kept;
                    bytes = rest;
                    if end.is_some() {
                        let (kind, text, len) = (*kind, *text, *len);
                        self.line(kind, text[..len].trim_ascii_end(), &mut tell)?;
                    }
                }
                State::Text(left) => {
                    let taken = (*left).min(bytes.len() as u64);
                    *left -= taken;
                    let done = *left == 0;
                    #[expect(clippy::cast_possible_truncation, reason = "no more than there are")]
                    let (part, rest) = bytes.split_at(taken as usize);
                    if let First::Collecting(text, len) = &mut self.first {
                        let kept = part.len().min(MAX_LINE - *len);
                        text[*len..*len + kept].copy_from_slice(&part[..kept]);
                        *len += kept;
                        if done {
                            self.first = First::Known(word(text[..*len].trim_ascii_end()));
                        }
                    }
                    bytes = rest;
                    if done {
                        self.end(&mut tell);
                    }
                }
            }
        }
        Ok(())
    }

    fn line(
        &mut self,
        kind: u8,
        text: &[u8],
        tell: &mut impl FnMut(Passed),
    ) -> Result<(), NotResp> {
        let number = || -> Option<i64> { std::str::from_utf8(text).ok()?.parse().ok() };
        let is_first = self.open.len() == 1 && matches!(self.first, First::None);
        match kind {
            b'+' | b'-' | b'_' | b'#' | b',' | b'(' => {
                if is_first {
                    self.first = First::Known(word(text));
                }
                self.end(tell);
            }
            b':' => {
                self.number = number();
                self.end(tell);
            }
            b'$' | b'!' | b'=' => match number().ok_or(NotResp)? {
                -1 => self.end(tell),
                length => {
                    let length = u64::try_from(length).map_err(|_| NotResp)?;
                    if is_first {
                        self.first = First::Collecting([0; MAX_LINE], 0);
                    }
                    self.state = State::Text(length.checked_add(2).ok_or(NotResp)?);
                }
            },
            b'*' | b'~' | b'>' | b'%' | b'|' => {
                let count = match number().ok_or(NotResp)? {
                    -1 => 0,
                    count => u64::try_from(count).map_err(|_| NotResp)?,
                };
                if is_first {
                    self.first = First::Known(Word::Other);
                }
                // Redis 7.0 writes a message into the reply of the transaction that publishes it,
                // where it is no element (redis/redis#12326).
                if kind == b'>'
                    && let Some(left) = self.open.last_mut()
                {
                    *left = left.saturating_add(1);
                }
                let elements = match kind {
                    b'%' => count.checked_mul(2),
                    // The value comes behind the attribute and counts as one element with it.
                    b'|' => count.checked_mul(2).and_then(|count| count.checked_add(1)),
                    _ => Some(count),
                };
                match elements.ok_or(NotResp)? {
                    0 => self.end(tell),
                    _ if self.open.len() >= MAX_DEPTH => return Err(NotResp),
                    elements => {
                        self.open.push(elements);
                        self.state = State::Start;
                    }
                }
            }
            _ => return Err(NotResp),
        }
        Ok(())
    }

    /// Ends a value, and the aggregates whose last element it is.
    fn end(&mut self, tell: &mut impl FnMut(Passed)) {
        self.state = State::Start;
        while let Some(left) = self.open.last_mut() {
            *left -= 1;
            if *left > 0 {
                return;
            }
            self.open.pop();
        }
        let word = match self.first {
            First::Known(word) => word,
            _ => Word::Other,
        };
        tell(Passed { kind: self.kind, word, number: self.number });
    }
}

fn word(text: &[u8]) -> Word {
    match text {
        b"message" | b"pmessage" | b"smessage" => Word::Message,
        b"subscribe" | b"psubscribe" | b"ssubscribe" | b"unsubscribe" | b"punsubscribe"
        | b"sunsubscribe" => Word::Confirms,
        _ => Word::Other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use redmux_resp::{Framer, Limits, Scan};

    use super::*;

    fn passed(bytes: &[u8], cut: usize) -> Result<Vec<Passed>, NotResp> {
        let (mut counter, mut all) = (ReplyCounter::default(), Vec::new());
        for part in [&bytes[..cut], &bytes[cut..]] {
            counter.pass(part, |passed| all.push(passed))?;
        }
        Ok(all)
    }

    #[test]
    fn replies_are_counted_wherever_they_are_cut() {
        let stream = b"+OK\r\n$3\r\nabc\r\n$-1\r\n*2\r\n:1\r\n*1\r\n$0\r\n\r\n*-1\r\n*0\r\n\
            >3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:7\r\n%1\r\n+a\r\n_\r\n|1\r\n+t\r\n:3\r\n+OK\r\n-ERR no\r\n\
            *3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\n\r\n\r\n(12345678901234567890123456789012345\r\n=5\r\ntxt:a\r\n#t\r\n";
        let expected = passed(stream, 0).unwrap();
        let kinds: Vec<u8> = expected.iter().map(|passed| passed.kind).collect();
        assert_eq!(kinds, b"+$$***>%|-*(=#");
        assert_eq!((expected[6].word, expected[6].number), (Word::Confirms, Some(7)));
        assert_eq!(expected[10].word, Word::Message);
        for cut in 0..stream.len() {
            assert_eq!(passed(stream, cut).unwrap(), expected, "cut at {cut}");
        }
    }

    /// As Redis 7.0 writes it.
    #[test]
    fn a_push_inside_a_reply_is_no_element() {
        let stream = b"*3\r\n_\r\n>3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n:1\r\n\
            *2\r\n:1\r\n>0\r\n>1\r\n*2\r\n:1\r\n:2\r\n:2\r\n+PONG\r\n\
            *1\r\n>3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n:1\r\n>1\r\n+x\r\n";
        for cut in 0..stream.len() {
            let kinds: Vec<u8> =
                passed(stream, cut).unwrap().iter().map(|passed| passed.kind).collect();
            assert_eq!(kinds, b"*+*>", "cut at {cut}");
        }
    }

    #[test]
    fn what_is_no_reply_is_an_error() {
        for bytes in [
            "HTTP/1.1 400 Bad\r\n",
            "$x\r\n",
            "*-5\r\n",
            "$99999999999999999999\r\n",
            &"*1\r\n".repeat(200),
        ] {
            assert_eq!(passed(bytes.as_bytes(), 0), Err(NotResp), "{bytes:.20}");
        }
    }

    proptest! {
        /// As many as the framer of the client finds.
        #[test]
        fn it_agrees_with_the_framer(bytes in prop::collection::vec(
            prop::sample::select(vec!["$1\r\na\r\n", "*2\r\n", ":1\r\n", "+OK\r\n", ">1\r\n", "%1\r\n", "$-1\r\n", "*0\r\n", "_\r\n"]),
            0..30,
        )) {
            let bytes = bytes.concat().into_bytes();
            let (mut framer, mut start, mut frames) = (Framer::new(Limits::default()), 0, 0);
            while let Ok(Scan::Complete(len)) = framer.scan(&bytes[start..]) {
                start += len;
                frames += 1;
            }
            if framer.scan(&bytes[start..]).is_ok() {
                prop_assert_eq!(passed(&bytes, bytes.len() / 2).unwrap().len(), frames);
            }
        }
    }
}
