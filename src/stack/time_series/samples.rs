//! Moments, samples and series, as they are sent and read.

use crate::{
    database::options::{items, mismatch},
    resp::{Arg, DecodeError, FromReply, Kind, Reply, ReplyError, ToArg},
};

/// A moment of a sample
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Time {
    /// The server's clock.
    Now,
    /// Milliseconds since 1970.
    At(u64),
}

impl From<u64> for Time {
    fn from(millis: u64) -> Self {
        Self::At(millis)
    }
}

impl ToArg for Time {
    fn to_arg(&self) -> Arg<'_> {
        match self {
            Self::Now => Arg::Bytes(b"*"),
            Self::At(millis) => millis.to_arg().into_owned(),
        }
    }
}

/// A value at a moment
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Sample {
    /// Milliseconds since 1970.
    pub at: u64,
    /// May be NaN.
    pub value: f64,
}

impl FromReply for Sample {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let (at, value) = reply.decode()?;
        Ok(Self { at, value })
    }

    /// A series without samples has an empty last one.
    fn option_from_reply(reply: Reply<'_>) -> Result<Option<Self>, ReplyError> {
        let is_empty = reply.items().is_some_and(|mut items| items.next().is_none());
        if is_empty || reply.is_null() { Ok(None) } else { Self::from_reply(reply).map(Some) }
    }
}

/// Several values at a moment: one for each aggregator, or for each series
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Row {
    /// Milliseconds since 1970.
    pub at: u64,
    /// In the order that was asked for; NaN where there is none.
    pub values: Vec<f64>,
}

impl FromReply for Row {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let odd = || DecodeError::because("a row", reply.kind(), "without a time");
        let mut parts = items("a row", reply)?;
        let at = parts.next().ok_or_else(odd)?.decode()?;
        let mut values = Vec::new();
        for item in parts {
            // Of one series they follow the time; of several they are a list of their own.
            match item.items() {
                Some(list) => {
                    for value in list {
                        values.push(value.decode()?);
                    }
                }
                None => values.push(item.decode()?),
            }
        }
        Ok(Self { at, values })
    }
}

/// A series, or a group of them, and its samples
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Series<S = Sample> {
    /// Its key; of a group the label and its value, as in `room=7`.
    pub key: String,
    /// The labels that were asked for; `None` where the series lacks it.
    pub labels: Vec<(String, Option<String>)>,
    /// How the series of a group were made one.
    pub reducers: Vec<String>,
    /// The series of a group.
    pub sources: Vec<String>,
    /// In the order that was asked for.
    pub samples: Vec<S>,
}

impl<S: FromReply> FromReply for Series<S> {
    /// A list of a key and the rest, as RESP2 has it.
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let mut parts = items("a series", reply)?;
        let odd = || DecodeError::because("a series", reply.kind(), "without a key");
        let key = parts.next().ok_or_else(odd)?.decode()?;
        Self::read(key, parts)
    }

    fn vec_from_reply(reply: Reply<'_>) -> Result<Vec<Self>, ReplyError> {
        let mut all = items("a list of series", reply)?;
        if reply.kind() != Kind::Map {
            return all.map(Self::from_reply).collect();
        }
        let mut list = Vec::new();
        while let (Some(key), Some(rest)) = (all.next(), all.next()) {
            list.push(Self::read(key.decode()?, items("a series", rest)?)?);
        }
        Ok(list)
    }
}

impl<S: FromReply> Series<S> {
    /// Its labels, what was made of it, and its samples.
    fn read<'a>(key: String, parts: impl Iterator<Item = Reply<'a>>) -> Result<Self, ReplyError> {
        let mut series = Self {
            key,
            labels: Vec::new(),
            reducers: Vec::new(),
            sources: Vec::new(),
            samples: Vec::new(),
        };
        for (place, part) in parts.enumerate() {
            if place == 0 {
                series.labels = part.decode()?;
            } else if part.kind() == Kind::Map {
                series.note(part)?;
            } else {
                series.samples = samples(part)?;
            }
        }
        series.take_notes();
        Ok(series)
    }

    /// What RESP3 says between the labels and the samples.
    fn note(&mut self, part: Reply<'_>) -> Result<(), ReplyError> {
        for (name, list) in part.entries().into_iter().flatten() {
            match name.as_bytes().as_deref() {
                Some(b"reducers") => self.reducers = list.decode()?,
                Some(b"sources") => self.sources = list.decode()?,
                // The names of aggregators are those that were asked for.
                _ => {}
            }
        }
        Ok(())
    }

    /// RESP2 says the same with labels.
    fn take_notes(&mut self) {
        let (reducers, sources) = (&mut self.reducers, &mut self.sources);
        self.labels.retain(|(name, value)| {
            let list = match &**name {
                "__reducer__" => &mut *reducers,
                "__source__" => &mut *sources,
                _ => return true,
            };
            if list.is_empty() {
                *list = value.iter().flat_map(|text| text.split(',')).map(str::to_owned).collect();
            }
            false
        });
    }
}

/// A list of samples; or one, as the command for the last ones has it.
fn samples<S: FromReply>(reply: Reply<'_>) -> Result<Vec<S>, ReplyError> {
    let first = reply.items().and_then(|mut items| items.next());
    match first {
        None if reply.items().is_none() => Err(mismatch("samples", reply)),
        None => Ok(Vec::new()),
        Some(first) if first.items().is_some() => reply.decode(),
        Some(_) => Ok(vec![reply.decode()?]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::Frame;

    fn frame(text: &str) -> Frame {
        Frame::copy_from_slice(text.as_bytes())
    }

    #[test]
    fn samples_are_the_same_in_both_protocols_and_stay_nan() {
        let two = frame("*2\r\n:1000\r\n+5E-1\r\n").decode::<Sample>().unwrap();
        assert_eq!(two, frame("*2\r\n:1000\r\n,0.5\r\n").decode().unwrap());
        for nan in ["*2\r\n:1\r\n+NaN\r\n", "*2\r\n:1\r\n,nan\r\n"] {
            assert!(frame(nan).decode::<Sample>().unwrap().value.is_nan());
        }
        assert_eq!(frame("*0\r\n").decode::<Option<Sample>>().unwrap(), None);
        assert_eq!(frame("_\r\n").decode::<Option<Sample>>().unwrap(), None);
    }

    #[test]
    fn rows_have_a_value_for_each_that_was_asked_for() {
        let row = Row { at: 1, values: vec![2.0, 3.5] };
        assert_eq!(frame("*3\r\n:1\r\n+2\r\n+3.5\r\n").decode::<Row>().unwrap(), row);
        assert_eq!(frame("*2\r\n:1\r\n*2\r\n,2\r\n,3.5\r\n").decode::<Row>().unwrap(), row);
        assert!(frame("*0\r\n").decode::<Row>().is_err());
    }

    #[test]
    fn what_was_made_of_a_group_is_no_label() {
        let labels = "*3\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n*2\r\n$11\r\n__reducer__\r\n$3\r\nmax\r\n*2\r\n$10\r\n__source__\r\n$3\r\nx,y\r\n";
        let two = format!("*1\r\n*3\r\n$3\r\na=b\r\n{labels}*1\r\n*2\r\n:1\r\n+2\r\n");
        let three = "%1\r\n$3\r\na=b\r\n*4\r\n%1\r\n$1\r\na\r\n$1\r\nb\r\n%1\r\n$8\r\nreducers\r\n*1\r\n$3\r\nmax\r\n%1\r\n$7\r\nsources\r\n*2\r\n$1\r\nx\r\n$1\r\ny\r\n*1\r\n*2\r\n:1\r\n,2\r\n";
        let (two, three): (Vec<Series>, Vec<Series>) =
            (frame(&two).decode().unwrap(), frame(three).decode().unwrap());
        assert_eq!(two, three);
        assert_eq!(
            (two[0].labels.len(), &*two[0].reducers, two[0].sources.len()),
            (1, &["max".to_owned()][..], 2)
        );
    }
}
