//! Finding where a reply ends.

mod lines;

use std::ops::Range;

use self::lines::{QUICK_LINE, check_line, is_verbatim_prefix, quick, quick_list};
use super::{Fault, Limits, ProtocolError};

/// Finds the end of each reply in the bytes of a connection
///
/// Give [`scan`](Self::scan) all bytes received since the last complete reply; it looks at
/// each of them once, however they arrive in pieces. What it lets pass is well-formed:
/// numbers, line ends, counts, nesting and sizes are checked here and nowhere else.
///
/// ```
/// use redmux_resp::{Framer, Limits, Scan};
///
/// let mut framer = Framer::new(Limits::default());
/// assert_eq!(framer.scan(b"$5\r\nhel")?, Scan::Incomplete { need: 4 });
/// assert_eq!(framer.scan(b"$5\r\nhello\r\n:1\r\n")?, Scan::Complete(11));
/// assert_eq!(framer.scan(b":1\r\n")?, Scan::Complete(4));
/// # Ok::<(), redmux_resp::ProtocolError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Framer {
    limits: Limits,
    /// Where the element (or the part of a streamed string) begins that is being read.
    at: usize,
    /// The first byte of its line not yet looked at; `at` or before while it has not begun.
    looked: usize,
    /// What its line has been so far, where that is a number.
    number: Number,
    /// Where the announced bytes end, CR LF included; 0 while none are awaited.
    body_end: usize,
    body: Body,
    /// Inside a streamed string: the bytes it had so far.
    streamed: Option<usize>,
    /// An attribute has just ended: the value that it belongs to must follow.
    attributed: bool,
    /// Nothing of the reply has been looked at.
    fresh: bool,
    stack: Vec<Level>,
    /// Whether pushes inside other values are let pass.
    pub(super) lenient: bool,
    /// Where those of the present reply are, in its bytes.
    pub(super) inside: Vec<Range<usize>>,
    failed: Option<ProtocolError>,
    #[cfg(test)]
    pub(super) looks: usize,
}

/// What [`Framer::scan`] found
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scan {
    /// The buffer begins with a whole reply of this many bytes.
    Complete(usize),
    /// The reply goes on.
    Incomplete {
        /// At least this many more bytes belong to it, and no progress is possible with
        /// fewer inside an announced string; at least 1.
        need: usize,
    },
}

#[derive(Debug, Clone, Copy, Default)]
struct Number {
    value: u64,
    digits: u8,
    negative: bool,
    streamed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    Plain,
    Verbatim { start: usize },
    Chunk,
}

#[derive(Debug, Clone, Copy)]
enum Level {
    Counted { left: usize, part: Part },
    Streamed { seen: usize, pairs: bool },
}

/// What an aggregate is to the one around it
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// One of its elements.
    Element,
    /// The attribute of one, and not counted.
    Attribute,
    /// A push that the server wrote at the wrong time, and not counted.
    Push,
    /// A push where it belongs: around it there is nothing.
    Message,
}

/// How far one step of the framer came.
enum Step {
    /// The element is incomplete; at least this many bytes are missing.
    Need(usize),
    /// Over something that a further element belongs to.
    Open,
    /// To the end of a value.
    Value,
}

/// Bytes of the shortest element, such as `_\r\n`.
const MIN_ELEMENT: usize = 3;

/// Pushes inside one reply: more than any transaction publishes, and a bound for their list.
const MAX_INSIDE: usize = 1 << 20;

impl Framer {
    /// A framer at the beginning of a reply.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits: Limits {
                max_depth: limits.max_depth.min(Limits::DEPTH_CAP),
                // `OK` is not measured.
                max_line: limits.max_line.max(2),
                ..limits
            },
            at: 0,
            looked: 0,
            number: Number::default(),
            body_end: 0,
            body: Body::Plain,
            streamed: None,
            attributed: false,
            fresh: true,
            stack: Vec::new(),
            lenient: false,
            inside: Vec::new(),
            failed: None,
            #[cfg(test)]
            looks: 0,
        }
    }

    /// Looks for the end of the reply that `buf` begins with.
    ///
    /// `buf` holds all bytes received of this reply, and possibly of later ones; a following
    /// call sees the same bytes and more, until the reply is complete. After
    /// [`Scan::Complete`] the next call is about the next reply.
    ///
    /// # Errors
    ///
    /// The reply is malformed or beyond a limit. The framer then keeps returning this error
    /// until it is [`reset`](Self::reset).
    #[inline]
    pub fn scan(&mut self, buf: &[u8]) -> Result<Scan, ProtocolError> {
        if self.fresh {
            let length = quick(buf, &self.limits).or_else(|| quick_list(buf, &self.limits));
            if let Some(length) = length {
                return Ok(Scan::Complete(length));
            }
            if buf.is_empty() {
                return Ok(Scan::Incomplete { need: 1 });
            }
        }
        self.resume(buf)
    }

    /// Forgets the current reply, and the error if there was one.
    pub fn reset(&mut self) {
        self.failed = None;
        self.inside.clear();
        self.restart();
    }

    fn restart(&mut self) {
        self.at = 0;
        self.looked = 0;
        self.body_end = 0;
        self.streamed = None;
        self.attributed = false;
        self.fresh = true;
        self.stack.clear();
    }

    fn resume(&mut self, buf: &[u8]) -> Result<Scan, ProtocolError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.fresh = false;
        loop {
            let step = if self.body_end == 0 {
                self.quick_elements(buf);
                self.element(buf)
            } else {
                self.body(buf)
            };
            match step {
                Ok(Step::Open) => {}
                Ok(Step::Value) => {
                    if self.close() {
                        let length = self.at;
                        self.restart();
                        return Ok(Scan::Complete(length));
                    }
                }
                Ok(Step::Need(need)) => return Ok(Scan::Incomplete { need }),
                Err(error) => {
                    self.failed = Some(error);
                    return Err(error);
                }
            }
        }
    }

    /// A value ends: does the whole reply end with it?
    fn close(&mut self) -> bool {
        loop {
            match self.stack.last_mut() {
                None => return true,
                Some(Level::Streamed { seen, .. }) => {
                    *seen += 1;
                    return false;
                }
                Some(Level::Counted { left, part }) => {
                    *left -= 1;
                    if *left > 0 {
                        return false;
                    }
                    let part = *part;
                    self.stack.pop();
                    match part {
                        Part::Element | Part::Message => {}
                        Part::Attribute => {
                            self.attributed = true;
                            return false;
                        }
                        Part::Push => {
                            if let Some(push) = self.inside.last_mut() {
                                push.end = self.at;
                            }
                            return false;
                        }
                    }
                }
            }
        }
    }

    /// Goes over elements of the most frequent kinds, but for the last of their aggregate.
    fn quick_elements(&mut self, buf: &[u8]) {
        // Once per element at most: what is not quick, or not all there, is then begun.
        if self.looked > self.at || self.streamed.is_some() {
            return;
        }
        while let Some(Level::Counted { left: left @ 2.., .. }) = self.stack.last_mut() {
            let Some(rest) = buf.get(self.at..) else { return };
            let quick = quick(rest, &self.limits);
            let Some(length) = quick.filter(|length| self.at + length <= self.limits.max_frame)
            else {
                self.count(rest.len().min(QUICK_LINE));
                return;
            };
            *left -= 1;
            self.at += length;
            self.attributed = false;
            self.count(length.min(QUICK_LINE));
        }
    }

    /// Reads the line of an element, and goes on to what the line announces.
    fn element(&mut self, buf: &[u8]) -> Result<Step, ProtocolError> {
        let Some(&type_byte) = buf.get(self.at) else { return Ok(Step::Need(1)) };
        if self.looked <= self.at {
            self.begin(type_byte)?;
            self.looked = self.at + 1;
            self.number = Number::default();
        }
        match type_byte {
            b'+' | b'-' | b',' | b'(' | b'#' | b'_' | b'.' => {
                let Some((text, end)) = self.line(buf)? else { return Ok(Step::Need(1)) };
                check_line(type_byte, text).map_err(|fault| self.fault(fault))?;
                if type_byte == b'.' {
                    self.stack.pop();
                }
                self.value_ends(end)
            }
            b':' => {
                let Some((number, end)) = self.number(buf, b'+')? else { return Ok(Step::Need(1)) };
                if number.value > i64::MAX as u64 + u64::from(number.negative) {
                    return Err(self.fault(Fault::IntegerRange));
                }
                self.value_ends(end)
            }
            b'*' | b'%' | b'~' | b'>' | b'|' => {
                let Some((number, end)) = self.number(buf, b'?')? else { return Ok(Step::Need(1)) };
                self.aggregate(type_byte, number, end)
            }
            _ => {
                let Some((number, end)) = self.number(buf, b'?')? else { return Ok(Step::Need(1)) };
                self.string(type_byte, number, end)
            }
        }
    }

    /// May an element of this type stand here?
    fn begin(&mut self, type_byte: u8) -> Result<(), ProtocolError> {
        if (type_byte == b';') != self.streamed.is_some() {
            return Err(self.fault(Fault::Chunk));
        }
        match type_byte {
            b'$' | b'+' | b':' | b'*' | b'-' | b'_' | b',' | b'#' | b'(' | b'!' | b'=' | b'%'
            | b'~' | b';' => {}
            b'|' => return Ok(()),
            b'>' if self.stack.is_empty() => {}
            b'>' if self.takes_push() => return Ok(()),
            b'>' => return Err(self.fault(Fault::NestedPush)),
            b'.' => match self.stack.last() {
                Some(Level::Streamed { .. }) if self.attributed => {
                    return Err(self.fault(Fault::End));
                }
                Some(Level::Streamed { seen, pairs: true }) if seen % 2 == 1 => {
                    return Err(self.fault(Fault::OddMap));
                }
                Some(Level::Streamed { .. }) => return Ok(()),
                _ => return Err(self.fault(Fault::End)),
            },
            other => return Err(self.fault(Fault::UnknownType(other))),
        }
        self.attributed = false;
        if let Some(Level::Streamed { seen, .. }) = self.stack.last()
            && *seen >= self.limits.max_elements
        {
            return Err(self.fault(Fault::TooManyElements));
        }
        Ok(())
    }

    /// Whether a push may stand here, where an element is due.
    #[cold]
    fn takes_push(&self) -> bool {
        let in_part =
            |level: &Level| matches!(level, Level::Counted { part, .. } if *part != Part::Element);
        self.lenient
            && !self.attributed
            && self.inside.len() < MAX_INSIDE
            && !self.stack.iter().any(in_part)
    }

    /// Begins the string that `type_byte` and its line announced.
    fn string(&mut self, type_byte: u8, number: Number, end: usize) -> Result<Step, ProtocolError> {
        if number.negative {
            // RESP2's null bulk string.
            return if type_byte == b'$' && number.value == 1 && number.digits == 1 {
                self.value_ends(end)
            } else {
                Err(self.fault(Fault::Length))
            };
        }
        if number.streamed {
            if type_byte != b'$' {
                return Err(self.fault(Fault::Length));
            }
            self.streamed = Some(0);
            self.at = end;
            return Ok(Step::Open);
        }
        let before = self.streamed.unwrap_or(0);
        if number.value > (self.limits.max_bulk - before) as u64 {
            return Err(self.fault(Fault::BulkTooLong));
        }
        let length = number.value as usize;
        match type_byte {
            b';' if length == 0 => {
                self.streamed = None;
                return self.value_ends(end);
            }
            b';' => {
                self.streamed = Some(before + length);
                self.body = Body::Chunk;
            }
            b'=' if length < 4 => return Err(self.fault(Fault::Verbatim)),
            b'=' => self.body = Body::Verbatim { start: end },
            _ => self.body = Body::Plain,
        }
        let body_end =
            length.checked_add(end + 2).filter(|body_end| *body_end <= self.limits.max_frame);
        self.body_end = body_end.ok_or_else(|| self.fault(Fault::FrameTooLong))?;
        self.at = end;
        Ok(Step::Open)
    }

    /// Begins the aggregate that `type_byte` and its line announced.
    fn aggregate(
        &mut self,
        type_byte: u8,
        number: Number,
        end: usize,
    ) -> Result<Step, ProtocolError> {
        if number.negative {
            // RESP2's null array.
            return if type_byte == b'*' && number.value == 1 && number.digits == 1 {
                self.value_ends(end)
            } else {
                Err(self.fault(Fault::Length))
            };
        }
        if self.stack.len() >= self.limits.max_depth {
            return Err(self.fault(Fault::TooDeep));
        }
        let pairs = matches!(type_byte, b'%' | b'|');
        let part = match type_byte {
            b'|' => Part::Attribute,
            b'>' if self.stack.is_empty() => Part::Message,
            b'>' => Part::Push,
            _ => Part::Element,
        };
        if number.streamed {
            if matches!(type_byte, b'>' | b'|') {
                return Err(self.fault(Fault::Length));
            }
            self.stack.push(Level::Streamed { seen: 0, pairs });
        } else {
            let elements = if pairs { number.value.saturating_mul(2) } else { number.value };
            if elements > self.limits.max_elements as u64 {
                return Err(self.fault(Fault::TooManyElements));
            }
            let left = elements as usize;
            if left.saturating_mul(MIN_ELEMENT).saturating_add(end) > self.limits.max_frame {
                return Err(self.fault(Fault::FrameTooLong));
            }
            if part == Part::Push {
                self.inside.push(self.at..end);
            }
            if left == 0 {
                match part {
                    Part::Element | Part::Message => return self.value_ends(end),
                    Part::Attribute => self.attributed = true,
                    Part::Push => {}
                }
                self.at = end;
                return Ok(Step::Open);
            }
            self.stack.push(Level::Counted { left, part });
        }
        self.at = end;
        Ok(Step::Open)
    }

    /// Waits for the announced bytes and checks what must stand in and after them.
    fn body(&mut self, buf: &[u8]) -> Result<Step, ProtocolError> {
        let end = self.body_end;
        if buf.len() < end {
            return Ok(Step::Need(end - buf.len()));
        }
        if let Body::Verbatim { start } = self.body
            && !is_verbatim_prefix(&buf[start..start + 4])
        {
            return Err(ProtocolError::new(Fault::Verbatim, start));
        }
        if buf[end - 2..end] != *b"\r\n" {
            return Err(ProtocolError::new(Fault::LineEnd, end - 2));
        }
        self.body_end = 0;
        self.at = end;
        Ok(if self.body == Body::Chunk { Step::Open } else { Step::Value })
    }

    fn value_ends(&mut self, end: usize) -> Result<Step, ProtocolError> {
        if end > self.limits.max_frame {
            return Err(self.fault(Fault::FrameTooLong));
        }
        self.at = end;
        Ok(Step::Value)
    }

    /// The error of the element being read.
    #[cold]
    fn fault(&self, fault: Fault) -> ProtocolError {
        ProtocolError::new(fault, self.at)
    }

    #[inline]
    #[cfg_attr(not(test), allow(clippy::unused_self, reason = "counts in tests only"))]
    fn count(&mut self, _bytes: usize) {
        #[cfg(test)]
        {
            self.looks += _bytes;
        }
    }
}

#[cfg(test)]
mod tests;
