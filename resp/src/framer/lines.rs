//! Reading the lines that elements begin with.

use memchr::memchr2;

use super::{Framer, Number};
use crate::{Fault, Limits, ProtocolError, node, syntax};

/// Characters of an integer or a length: 19 digits and a sign, with room for idle zeros.
const MAX_NUMBER: usize = 32;

/// How many bytes of a line [`quick`] looks at: the type byte, 18 digits and CR LF.
pub(super) const QUICK_LINE: usize = 21;

impl Framer {
    /// The text of the line and where the next one begins, once its CR LF is there.
    pub(super) fn line<'b>(
        &mut self,
        buf: &'b [u8],
    ) -> Result<Option<(&'b [u8], usize)>, ProtocolError> {
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
    pub(super) fn number(
        &mut self,
        buf: &[u8],
        mark: u8,
    ) -> Result<Option<(Number, usize)>, ProtocolError> {
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
    pub(super) fn line_end(
        &mut self,
        buf: &[u8],
        cr: usize,
    ) -> Result<Option<usize>, ProtocolError> {
        self.count(1);
        match (buf[cr], buf.get(cr + 1)) {
            (b'\r', Some(b'\n')) => Ok(Some(cr + 2)),
            (b'\r', None) => Ok(None),
            (b'\r', Some(_)) => Err(ProtocolError::new(Fault::LineEnd, cr + 1)),
            _ => Err(ProtocolError::new(Fault::LineEnd, cr)),
        }
    }
}

/// The length of the whole reply that `buf` begins with, when it is of the most frequent
/// kinds and complete; `None` sends it the long way, which also names its faults.
#[inline]
pub(super) fn quick(buf: &[u8], limits: &Limits) -> Option<usize> {
    if let Some((text, length)) = node::short_bulk(buf)
        && text.len() <= limits.max_bulk
        && length <= limits.max_frame
    {
        return Some(length);
    }
    let length = match buf {
        [b'+', b'O', b'K', b'\r', b'\n', ..] => 5,
        [b'_', b'\r', b'\n', ..] => 3,
        [b'$', b'-', b'1', b'\r', b'\n', ..] => 5,
        [type_byte @ (b':' | b'$'), rest @ ..] => {
            let (value, end) = syntax::short_number(rest)?;
            let line = end + 1;
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

/// The length of the whole reply that `buf` begins with, when it is a short list of short
/// strings and complete: small hashes, messages of channels, and every command.
#[inline]
pub(super) fn quick_list(buf: &[u8], limits: &Limits) -> Option<usize> {
    let [type_byte, count @ b'1'..=b'9', b'\r', b'\n', ..] = buf else { return None };
    let count = usize::from(count - b'0');
    let count = match type_byte {
        b'*' | b'>' | b'~' => count,
        b'%' => count * 2,
        _ => return None,
    };
    if limits.max_depth < 1 || limits.max_elements < count {
        return None;
    }
    let mut at = 4;
    for _ in 0..count {
        let (text, length) = node::short_bulk(buf.get(at..)?)?;
        if text.len() > limits.max_bulk {
            return None;
        }
        at += length;
    }
    (at <= limits.max_frame).then_some(at)
}

pub(super) fn check_line(type_byte: u8, text: &[u8]) -> Result<(), Fault> {
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

pub(super) fn is_verbatim_prefix(prefix: &[u8]) -> bool {
    matches!(prefix, [format @ .., b':'] if format.iter().all(u8::is_ascii_graphic))
}
