//! Ids of stream entries.

use std::{fmt, str::FromStr};

use crate::resp::{Arg, ArgList, DecodeError, FromReply, Reply, ReplyError, ToArg, ToArgs};

/// The id of a stream entry: milliseconds and a number within them
///
/// ```
/// use redmux::database::streams::StreamId;
///
/// let id: StreamId = "1526919030474-55".parse()?;
/// assert_eq!((id.millis, id.sequence), (1526919030474, 55));
/// assert!(id < StreamId::new(1526919030475, 0));
/// assert_eq!(id.to_string(), "1526919030474-55");
/// # Ok::<(), redmux::database::streams::StreamIdError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct StreamId {
    /// Milliseconds since 1970, if the server made it.
    pub millis: u64,
    /// Number of the entry within the millisecond.
    pub sequence: u64,
}

impl StreamId {
    /// Before any entry.
    pub const MIN: Self = Self::new(0, 0);
    /// After any entry.
    pub const MAX: Self = Self::new(u64::MAX, u64::MAX);

    /// The id of these parts.
    pub const fn new(millis: u64, sequence: u64) -> Self {
        Self { millis, sequence }
    }

    /// The next id; `None` after [`MAX`](Self::MAX).
    pub fn next(self) -> Option<Self> {
        match self.sequence.checked_add(1) {
            Some(sequence) => Some(Self { sequence, ..self }),
            None => Some(Self::new(self.millis.checked_add(1)?, 0)),
        }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.millis, self.sequence)
    }
}

/// The error for text that is no id of a stream entry
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a stream id is two numbers joined by a hyphen, such as 1526919030474-55")]
pub struct StreamIdError(());

impl FromStr for StreamId {
    type Err = StreamIdError;

    /// Without the hyphen, the second number is 0.
    fn from_str(text: &str) -> Result<Self, StreamIdError> {
        let (millis, sequence) = text.split_once('-').unwrap_or((text, "0"));
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse().ok()).flatten().ok_or(StreamIdError(()))
        };
        Ok(Self::new(number(millis)?, number(sequence)?))
    }
}

impl ToArg for StreamId {
    fn to_arg(&self) -> Arg<'_> {
        Arg::Owned(self.to_string().into_bytes())
    }
}

impl ToArgs for StreamId {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.push(self.to_arg());
    }
}

impl FromReply for StreamId {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let text = String::from_reply(reply)?;
        text.parse().map_err(|_| {
            DecodeError::because("a stream id", reply.kind(), "that is not of its form").into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_print_and_order() {
        for text in ["0-0", "1-2", "18446744073709551615-18446744073709551615"] {
            assert_eq!(text.parse::<StreamId>().unwrap().to_string(), text);
        }
        assert_eq!("7".parse(), Ok(StreamId::new(7, 0)));
        for text in ["", "-", "1-", "-1", "+1-1", "1-2-3", "1-18446744073709551616", "$", "*"] {
            assert_eq!(text.parse::<StreamId>(), Err(StreamIdError(())), "{text}");
        }
        assert!(StreamId::new(1, 9) < StreamId::new(2, 0));
        assert!(StreamId::new(2, 1) > StreamId::new(2, 0));
        assert_eq!(StreamId::new(1, u64::MAX).next(), Some(StreamId::new(2, 0)));
        assert_eq!(StreamId::MAX.next(), None);
    }
}
