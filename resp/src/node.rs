//! Reading one value's header inside a frame, and stepping over values.
//!
//! Frames come from the framer, which has checked them. Nothing here relies on that: bytes
//! that are no value give `None`, and no index is taken on trust.

use memchr::memchr;
use smallvec::SmallVec;

use super::{Kind, syntax};

/// One value: its kind and where its content is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Node<'a> {
    Null,
    /// The text of a line: everything but strings with a length and aggregates.
    Line(Kind, &'a [u8]),
    /// A string with a length; of a verbatim string the whole, with its format.
    Bulk(Kind, &'a [u8]),
    /// The parts of a streamed string, from the first one's header on.
    Stream(&'a [u8]),
    /// An aggregate and what follows its header; `None` elements when streamed.
    Aggregate {
        kind: Kind,
        elements: Option<usize>,
        body: &'a [u8],
    },
}

/// The line that an element begins with.
struct Header<'a> {
    /// Without its type byte and CR LF.
    line: &'a [u8],
    /// Where the next line, or the content, begins.
    end: usize,
}

/// The value at the beginning of `bytes` (no attribute) and the length of what was read of
/// it: all of it, or an aggregate's header.
#[inline]
pub(super) fn read(bytes: &[u8]) -> Option<(Node<'_>, usize)> {
    match short_bulk(bytes) {
        Some((text, length)) => Some((Node::Bulk(Kind::BulkString, text), length)),
        None => read_any(bytes),
    }
}

/// The content of a bulk string of up to 999 bytes, the most frequent value, and the length
/// of the whole.
#[inline]
pub(super) fn short_bulk(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let [b'$', first, second, third, ..] = bytes else { return None };
    let digit = |byte: &u8| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then_some(usize::from(digit))
    };
    let mut length = digit(first)?;
    let mut line = 2;
    if *second != b'\r' {
        length = length * 10 + digit(second)?;
        line = 3;
        if *third != b'\r' {
            length = length * 10 + digit(third)?;
            line = 4;
        }
    }
    let body = line + 2;
    let end = body + length;
    let ends_well = bytes.get(line..body)? == b"\r\n" && bytes.get(end..end + 2)? == b"\r\n";
    ends_well.then(|| (&bytes[body..end], end + 2))
}

fn read_any(bytes: &[u8]) -> Option<(Node<'_>, usize)> {
    let type_byte = match bytes {
        [type_byte, ..] => *type_byte,
        [] => return None,
    };
    match type_byte {
        b'$' | b'!' | b'=' => string(type_byte, bytes),
        b'*' | b'%' | b'~' | b'>' => aggregate(type_byte, bytes),
        _ => {
            let Header { line, end } = header(bytes)?;
            let node = match type_byte {
                b'+' => Node::Line(Kind::SimpleString, line),
                b'-' => Node::Line(Kind::Error, line),
                b':' => Node::Line(Kind::Integer, line),
                b',' => Node::Line(Kind::Double, line),
                b'(' => Node::Line(Kind::BigNumber, line),
                b'#' => Node::Line(Kind::Boolean, line),
                b'_' => Node::Null,
                _ => return None,
            };
            Some((node, end))
        }
    }
}

#[inline]
fn string(type_byte: u8, bytes: &[u8]) -> Option<(Node<'_>, usize)> {
    let (length, end) = length(bytes)?;
    let kind = match type_byte {
        b'$' => Kind::BulkString,
        b'!' => Kind::BulkError,
        _ => Kind::Verbatim,
    };
    match length {
        Length::Of(length) => {
            let (body, end) = body(bytes, length, end)?;
            Some((Node::Bulk(kind, body), end))
        }
        Length::Null => Some((Node::Null, end)),
        Length::Streamed => {
            let parts = bytes.get(end..)?;
            let parts = parts.get(..stream_length(parts)?)?;
            Some((Node::Stream(parts), end + parts.len()))
        }
    }
}

#[inline]
fn aggregate(type_byte: u8, bytes: &[u8]) -> Option<(Node<'_>, usize)> {
    let (length, end) = length(bytes)?;
    let kind = match type_byte {
        b'*' => Kind::Array,
        b'%' => Kind::Map,
        b'~' => Kind::Set,
        _ => Kind::Push,
    };
    let elements = match length {
        Length::Of(entries) if kind == Kind::Map => Some(entries.checked_mul(2)?),
        Length::Of(elements) => Some(elements),
        Length::Streamed => None,
        Length::Null => return Some((Node::Null, end)),
    };
    Some((Node::Aggregate { kind, elements, body: bytes.get(end..)? }, end))
}

/// The length of the attributes that `bytes` begins with; mostly 0.
pub(super) fn attributes_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while bytes.get(at) == Some(&b'|') {
        let (elements, length) = attribute_header(bytes.get(at..)?)?;
        at = skip_values(bytes, at + length, elements)?;
    }
    Some(at)
}

/// The elements and the header's length of the attribute that `bytes` begins with.
pub(super) fn attribute_header(bytes: &[u8]) -> Option<(usize, usize)> {
    match (bytes.first()?, length(bytes)?) {
        (b'|', (Length::Of(entries), end)) => Some((entries.checked_mul(2)?, end)),
        _ => None,
    }
}

/// The length of the elements of an aggregate, and of the end mark of a streamed one.
pub(super) fn aggregate_length(elements: Option<usize>, body: &[u8]) -> Option<usize> {
    match elements {
        Some(count) => skip_values(body, 0, count),
        None => skip_levels(body, 0, Level::Streamed),
    }
}

/// The first error at any depth of the value that `bytes` is, attributes left out.
pub(super) fn first_error(bytes: &[u8]) -> Option<&[u8]> {
    // Elements lie one behind the other whatever their nesting: no stack is needed.
    let mut rest = bytes;
    loop {
        rest = rest.get(attributes_length(rest)?..)?;
        if is_end(rest) {
            rest = &rest[3..];
            continue;
        }
        match read(rest)? {
            (Node::Line(Kind::Error, text) | Node::Bulk(Kind::BulkError, text), _) => {
                return Some(text);
            }
            (_, length) => rest = rest.get(length..)?,
        }
    }
}

/// The next part of a streamed string and what follows it; an empty part is the last.
fn chunk(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    if bytes.first() != Some(&b';') {
        return None;
    }
    match length(bytes)? {
        (Length::Of(0), end) => Some((&[], bytes.get(end..)?)),
        (Length::Of(length), end) => {
            let (part, end) = body(bytes, length, end)?;
            Some((part, bytes.get(end..)?))
        }
        _ => None,
    }
}

/// All parts of a streamed string in one piece.
pub(super) fn joined(mut parts: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some((part, rest)) = chunk(parts) {
        if part.is_empty() {
            break;
        }
        whole.extend_from_slice(part);
        parts = rest;
    }
    whole
}

/// Whether `bytes` begins with the end mark of a streamed aggregate.
pub(super) fn is_end(bytes: &[u8]) -> bool {
    bytes.starts_with(b".\r\n")
}

fn stream_length(body: &[u8]) -> Option<usize> {
    let mut rest = body;
    loop {
        let (part, after) = chunk(rest)?;
        rest = after;
        if part.is_empty() {
            return Some(body.len() - rest.len());
        }
    }
}

#[derive(Clone, Copy)]
enum Level {
    /// This many values to go; nested ones are added.
    Counted(usize),
    Streamed,
}

/// Where `count` values from `at` on end.
fn skip_values(bytes: &[u8], mut at: usize, count: usize) -> Option<usize> {
    let mut left = count;
    while left > 0 {
        let element = bytes.get(at..)?;
        // Most are short, at any depth.
        if let Some((_, length)) = short_bulk(element) {
            at += length;
            left -= 1;
            continue;
        }
        if element.first() == Some(&b'|') {
            return skip_levels(bytes, at, Level::Counted(left));
        }
        match read_any(element)? {
            // Counts add up: no stack is needed for them.
            (Node::Aggregate { elements: Some(inner), .. }, length) => {
                at += length;
                left = (left - 1).checked_add(inner)?;
            }
            (Node::Aggregate { elements: None, .. }, _) => {
                return skip_levels(bytes, at, Level::Counted(left));
            }
            (_, length) => {
                at += length;
                left -= 1;
            }
        }
    }
    Some(at)
}

/// Where the values of `level` from `at` on end, whatever is nested in them.
fn skip_levels(bytes: &[u8], mut at: usize, level: Level) -> Option<usize> {
    let mut levels: SmallVec<[Level; 8]> = SmallVec::new();
    levels.push(level);
    while let Some(level) = levels.last_mut() {
        let element = bytes.get(at..)?;
        match level {
            Level::Counted(0) => {
                levels.pop();
                continue;
            }
            Level::Streamed if is_end(element) => {
                at += 3;
                levels.pop();
                continue;
            }
            _ => {}
        }
        if element.first() == Some(&b'|') {
            // An attribute's elements come in addition to those of its aggregate.
            let (elements, length) = attribute_header(element)?;
            at += length;
            levels.push(Level::Counted(elements));
            continue;
        }
        if let Level::Counted(left) = level {
            *left -= 1;
        }
        let (node, length) = read(element)?;
        at += length;
        if let Node::Aggregate { elements, .. } = node {
            match (elements, levels.last_mut()) {
                // Counts add up; only what streams has an end of its own.
                (Some(count), Some(Level::Counted(left))) => *left = left.checked_add(count)?,
                (Some(count), _) => levels.push(Level::Counted(count)),
                (None, _) => levels.push(Level::Streamed),
            }
        }
    }
    Some(at)
}

fn header(bytes: &[u8]) -> Option<Header<'_>> {
    let rest = bytes.get(1..)?;
    // Lines are mostly a few digits: looking at the first bytes beats a search.
    let cr = match rest.iter().take(8).position(|byte| *byte == b'\r') {
        Some(cr) => cr,
        None => memchr(b'\r', rest)?,
    };
    (rest.get(cr + 1) == Some(&b'\n')).then(|| Header { line: &rest[..cr], end: cr + 3 })
}

enum Length {
    Of(usize),
    Null,
    Streamed,
}

/// The length that an element's line announces, and where what it announces begins.
#[inline]
fn length(bytes: &[u8]) -> Option<(Length, usize)> {
    if let Some((length, end)) = syntax::short_number(bytes.get(1..)?) {
        return Some((Length::Of(usize::try_from(length).ok()?), end + 1));
    }
    let Header { line, end } = header(bytes)?;
    let length = match line {
        b"-1" => Length::Null,
        b"?" => Length::Streamed,
        digits => Length::Of(usize::try_from(syntax::integer(digits)?).ok()?),
    };
    Some((length, end))
}

/// The announced bytes, and where the next element begins.
#[inline]
fn body(bytes: &[u8], length: usize, start: usize) -> Option<(&[u8], usize)> {
    let end = start.checked_add(length)?;
    let body = bytes.get(start..end)?;
    let after = end.checked_add(2)?;
    (bytes.get(end..after)? == b"\r\n").then_some((body, after))
}
