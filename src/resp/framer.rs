//! Finding where a reply ends.

use memchr::memchr2;

use super::{Fault, Limits, ProtocolError, syntax};

/// Finds the end of each reply in the bytes of a connection
///
/// Give [`scan`](Self::scan) all bytes received since the last complete reply; it looks at
/// each of them once, however they arrive in pieces. What it lets pass is well-formed:
/// numbers, line ends, counts, nesting and sizes are checked here and nowhere else.
///
/// ```
/// use redmux::resp::{Framer, Limits, Scan};
///
/// let mut framer = Framer::new(Limits::default());
/// assert_eq!(framer.scan(b"$5\r\nhel")?, Scan::Incomplete { need: 4 });
/// assert_eq!(framer.scan(b"$5\r\nhello\r\n:1\r\n")?, Scan::Complete(11));
/// assert_eq!(framer.scan(b":1\r\n")?, Scan::Complete(4));
/// # Ok::<(), redmux::resp::ProtocolError>(())
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
    Counted { left: usize, attribute: bool },
    Streamed { seen: usize, pairs: bool },
}

/// How far one step of the framer came.
enum Step {
    /// Not to the end of what it reads; so many bytes are missing at least.
    Need(usize),
    /// Over something that a further element belongs to.
    Open,
    /// To the end of a value.
    Value,
}

/// Characters of an integer or a length: 19 digits and a sign, with room for idle zeros.
const MAX_NUMBER: usize = 32;

/// Bytes of the shortest element, such as `_\r\n`.
const MIN_ELEMENT: usize = 3;

impl Framer {
    /// A framer at the beginning of a reply.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits: Limits { max_depth: limits.max_depth.min(Limits::DEPTH_CAP), ..limits },
            at: 0,
            looked: 0,
            number: Number::default(),
            body_end: 0,
            body: Body::Plain,
            streamed: None,
            attributed: false,
            fresh: true,
            stack: Vec::new(),
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
            if let Some(length) = quick(buf, &self.limits) {
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
            let step = if self.body_end == 0 { self.element(buf) } else { self.body(buf) };
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
                Some(Level::Counted { left, attribute }) => {
                    *left -= 1;
                    if *left > 0 {
                        return false;
                    }
                    let attribute = *attribute;
                    self.stack.pop();
                    if attribute {
                        self.attributed = true;
                        return false;
                    }
                }
            }
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
        let attribute = type_byte == b'|';
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
            if left == 0 {
                if attribute {
                    self.attributed = true;
                    self.at = end;
                    return Ok(Step::Open);
                }
                return self.value_ends(end);
            }
            self.stack.push(Level::Counted { left, attribute });
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

    /// The text of the line and where the next one begins, once its CR LF is there.
    fn line<'b>(&mut self, buf: &'b [u8]) -> Result<Option<(&'b [u8], usize)>, ProtocolError> {
        let first = self.at + 1;
        let limit = first.saturating_add(self.limits.max_line).saturating_add(1);
        let stop = buf.len().min(limit);
        let unseen = buf.get(self.looked..stop).unwrap_or_default();
        let Some(found) = memchr2(b'\r', b'\n', unseen) else {
            self.count(unseen.len());
            self.looked = stop.max(self.looked);
            return if stop == limit { Err(self.fault(Fault::LineTooLong)) } else { Ok(None) };
        };
        self.count(found + 1);
        let cr = self.looked + found;
        self.looked = cr;
        let end = self.line_end(buf, cr)?;
        Ok(end.map(|end| (&buf[first..cr], end)))
    }

    /// The number that the line is and where the next one begins, once its CR LF is there.
    ///
    /// `mark` is the byte that may stand first beside digits and a minus sign.
    fn number(&mut self, buf: &[u8], mark: u8) -> Result<Option<(Number, usize)>, ProtocolError> {
        let first = self.at + 1;
        let fault = if mark == b'?' { Fault::Length } else { Fault::Integer };
        let mut number = self.number;
        let mut at = self.looked;
        loop {
            let Some(&byte) = buf.get(at) else {
                self.number = number;
                self.looked = at;
                return Ok(None);
            };
            self.count(1);
            let digit = byte.wrapping_sub(b'0');
            if digit < 10 && !number.streamed {
                let value =
                    number.value.checked_mul(10).and_then(|value| value.checked_add(digit.into()));
                number.value = value.ok_or_else(|| self.fault(Fault::IntegerRange))?;
                number.digits += 1;
            } else if byte == b'\r' {
                break;
            } else if at == first && byte == b'-' {
                number.negative = true;
            } else if at == first && byte == mark {
                number.streamed = mark == b'?';
            } else {
                return Err(ProtocolError::new(fault, at));
            }
            at += 1;
            if at - first > MAX_NUMBER {
                return Err(self.fault(Fault::LineTooLong));
            }
        }
        if number.digits == 0 && !number.streamed {
            return Err(ProtocolError::new(fault, at));
        }
        self.number = number;
        self.looked = at;
        Ok(self.line_end(buf, at)?.map(|end| (number, end)))
    }

    /// Where the next line begins: after the LF that must follow the CR at `cr`.
    fn line_end(&mut self, buf: &[u8], cr: usize) -> Result<Option<usize>, ProtocolError> {
        self.count(1);
        match (buf[cr], buf.get(cr + 1)) {
            (b'\r', Some(b'\n')) => Ok(Some(cr + 2)),
            (b'\r', None) => Ok(None),
            (b'\r', Some(_)) => Err(ProtocolError::new(Fault::LineEnd, cr + 1)),
            _ => Err(ProtocolError::new(Fault::LineEnd, cr)),
        }
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

/// The length of the whole reply that `buf` begins with, when it is of the most frequent
/// kinds and complete; `None` sends it the long way, which also names its faults.
#[inline]
fn quick(buf: &[u8], limits: &Limits) -> Option<usize> {
    let length = match buf {
        [b'+', b'O', b'K', b'\r', b'\n', ..] => 5,
        [type_byte @ (b':' | b'$'), rest @ ..] => {
            let mut value = 0;
            let mut digits = 0;
            for byte in rest.iter().take(18) {
                let digit = byte.wrapping_sub(b'0');
                if digit > 9 {
                    break;
                }
                value = value * 10 + u64::from(digit);
                digits += 1;
            }
            if digits == 0 || rest.get(digits..digits + 2)? != b"\r\n" {
                return None;
            }
            let line = digits + 3;
            if *type_byte == b':' {
                line
            } else {
                if value > limits.max_bulk as u64 {
                    return None;
                }
                let end = line.checked_add(value as usize)?;
                if buf.get(end..end.checked_add(2)?)? != b"\r\n" {
                    return None;
                }
                end + 2
            }
        }
        _ => return None,
    };
    (length <= limits.max_frame).then_some(length)
}

fn check_line(type_byte: u8, text: &[u8]) -> Result<(), Fault> {
    let (ok, fault) = match type_byte {
        b',' => (syntax::is_double(text), Fault::Double),
        b'(' => (syntax::is_big_number(text), Fault::BigNumber),
        b'#' => (matches!(text, b"t" | b"f"), Fault::Boolean),
        b'_' => (text.is_empty(), Fault::Null),
        b'.' => (text.is_empty(), Fault::End),
        _ => return Ok(()),
    };
    if ok { Ok(()) } else { Err(fault) }
}

fn is_verbatim_prefix(prefix: &[u8]) -> bool {
    matches!(prefix, [format @ .., b':'] if format.iter().all(u8::is_ascii_graphic))
}

#[cfg(test)]
mod tests;
