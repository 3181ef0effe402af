//! Numbers, strings, and wrappers of one value.

use std::{borrow::Cow, str, sync::Arc};

use bytes::Bytes;

use super::{FromReply, mismatch, refuse_error};
use crate::{
    DecodeError, Frame, Kind, Reply, ReplyError, ServerError,
    node::{self, Node},
    syntax,
};

/// Anything but an error; an error anywhere inside is found.
impl FromReply for () {
    #[inline]
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        match reply.node() {
            Node::Null | Node::Stream(_) => Ok(()),
            Node::Line(..) | Node::Bulk(..) => refuse_error(reply),
            Node::Aggregate { body, .. } => match node::first_error(body) {
                Some(text) => Err(ServerError::new(String::from_utf8_lossy(text)).into()),
                None => Ok(()),
            },
        }
    }
}

/// A boolean; 1 and 0, also as text; `+OK` is true; a null is false.
impl FromReply for bool {
    #[inline]
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        if reply.is_null() {
            return Ok(false);
        }
        if let Some(truth) = reply.as_bool() {
            return Ok(truth);
        }
        match reply.as_text() {
            Some(text) if reply.kind() == Kind::SimpleString && *text == *b"OK" => Ok(true),
            Some(_) => Err(DecodeError::because("bool", reply.kind(), "other than 0 or 1").into()),
            None => Err(mismatch("bool", reply)),
        }
    }
}

macro_rules! integers {
    ($($type:ident $(=> $hook:item)?),* $(,)?) => {$(
        /// An integer; digits in a string, double or big number; a boolean as 1 or 0.
        impl FromReply for $type {
            #[inline]
            fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
                if let Some(value) = reply.as_i64() {
                    return Self::try_from(value)
                        .map_err(|_| DecodeError::out_of_range(stringify!($type), reply.kind()).into());
                }
                // Beyond 64 bits, or no integer.
                let text = number_text(stringify!($type), reply)?;
                let value = str::from_utf8(&text).ok().and_then(|text| text.parse().ok());
                value.ok_or_else(|| {
                    let error = if syntax::is_big_number(&text) {
                        DecodeError::out_of_range(stringify!($type), reply.kind())
                    } else {
                        DecodeError::not_a_number(stringify!($type), reply.kind())
                    };
                    error.into()
                })
            }

            $($hook)?
        }
    )*};
}

integers! {
    i8, i16, i32, i64, i128, isize, u16, u32, u64, u128, usize,
    u8 => fn vec_from_reply(reply: Reply<'_>) -> Result<Vec<Self>, ReplyError> {
        Ok(string("bytes", reply)?.into_owned())
    },
}

/// A double; an integer; the text of a number, also `inf`, `-inf` and `nan`.
impl FromReply for f64 {
    #[inline]
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        float("f64", reply)
    }
}

/// As `f64`, rounded; a finite number beyond its range is an error.
impl FromReply for f32 {
    #[inline]
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let wide = float("f32", reply)?;
        let value = wide as Self;
        if value.is_infinite() && wide.is_finite() {
            return Err(DecodeError::out_of_range("f32", reply.kind()).into());
        }
        Ok(value)
    }
}

fn float(expected: &'static str, reply: Reply<'_>) -> Result<f64, ReplyError> {
    let text = number_text(expected, reply)?;
    syntax::double(&text).ok_or_else(|| DecodeError::not_a_number(expected, reply.kind()).into())
}

fn number_text<'a>(expected: &'static str, reply: Reply<'a>) -> Result<Cow<'a, [u8]>, ReplyError> {
    reply.as_text().ok_or_else(|| mismatch(expected, reply))
}

/// Any string that is UTF-8; the text of a number.
impl FromReply for String {
    #[inline]
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        // Checked after it is copied: the copy is aligned, which the check takes advantage of.
        let bytes = match reply.node() {
            Node::Bulk(Kind::BulkString, bytes) => bytes.to_vec(),
            _ => string("a string", reply)?.into_owned(),
        };
        Self::from_utf8(bytes).map_err(|_| not_utf8(reply))
    }
}

/// As `String`.
impl FromReply for Box<str> {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        String::from_reply(reply).map(String::into_boxed_str)
    }
}

/// As `String`.
impl FromReply for Arc<str> {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let bytes = string("a string", reply)?;
        match str::from_utf8(&bytes) {
            Ok(text) => Ok(text.into()),
            Err(_) => Err(DecodeError::not_utf8("a string", reply.kind()).into()),
        }
    }
}

/// Any string; the text of a number. A string of 16 KiB or more that is at least a quarter of its
/// reply is not copied: it shares the block that the reply was read into, and keeps that alive,
/// which is at most four times as large. All others are copied.
impl FromReply for Bytes {
    #[inline]
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        string("bytes", reply).map(|bytes| reply.share(bytes))
    }
}

fn string<'a>(expected: &'static str, reply: Reply<'a>) -> Result<Cow<'a, [u8]>, ReplyError> {
    reply.as_text().ok_or_else(|| mismatch(expected, reply))
}

#[cold]
fn not_utf8(reply: Reply<'_>) -> ReplyError {
    DecodeError::not_utf8("a string", reply.kind()).into()
}

/// `None` for a null of any form.
impl<T: FromReply> FromReply for Option<T> {
    #[inline]
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        T::option_from_reply(reply)
    }
}

/// As `T`, and an error reply (or one inside, that `T` has no place for) is an `Err` inside.
impl<T: FromReply> FromReply for Result<T, ServerError> {
    #[inline]
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        match T::from_reply(reply) {
            Ok(value) => Ok(Ok(value)),
            Err(ReplyError::Server(error)) => Ok(Err(error)),
            Err(ReplyError::Decode(error)) => Err(ReplyError::Decode(error)),
        }
    }
}

/// The bytes of this part of the reply, with its attributes; errors inside it are left there.
impl FromReply for Frame {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        refuse_error(reply)?;
        Ok(reply.to_frame())
    }
}
