//! What the derived implementations of [`FromReply`] call.

use super::{DecodeError, Frame, FromReply, Kind, Reply, ReplyError};

/// Gives every name and value to `take`, in whichever of the three shapes of a map they come.
pub fn each<'a>(
    expected: &'static str,
    reply: Reply<'a>,
    mut take: impl FnMut(&[u8], Reply<'a>),
) -> Result<(), ReplyError> {
    let mut items = reply.items().ok_or_else(|| mismatch(expected, reply))?;
    let odd = || DecodeError::because(expected, reply.kind(), "with a name that has no value");
    let first = if reply.kind() == Kind::Map { None } else { items.clone().next() };
    let in_pairs = first.is_some_and(|first| first.kind() == Kind::Array);
    while let Some(item) = items.next() {
        let (name, value) = if in_pairs {
            let [name, value] = array(expected, item)?;
            (name, value)
        } else {
            (item, items.next().ok_or_else(odd)?)
        };
        match name.as_bytes() {
            Some(name) => take(&name, value),
            None => return Err(mismatch("the name of a field", name)),
        }
    }
    Ok(())
}

/// The elements of an array of exactly that length.
pub fn array<'a, const N: usize>(
    expected: &'static str,
    reply: Reply<'a>,
) -> Result<[Reply<'a>; N], ReplyError> {
    let items = match reply.kind() {
        Kind::Map => None,
        _ => reply.items(),
    };
    let elements: Vec<_> = items.ok_or_else(|| mismatch(expected, reply))?.collect();
    elements.try_into().map_err(|elements: Vec<Reply<'a>>| {
        // An error among the elements says more than their number.
        let nested = elements.iter().find_map(Reply::error);
        nested.map_or_else(|| DecodeError::length(expected, reply, N).into(), ReplyError::Server)
    })
}

/// The value of a field; what its type makes of a null if there is none.
pub fn required<T: FromReply>(
    value: Option<Reply<'_>>,
    record: Reply<'_>,
    within: &'static str,
    missing: &'static str,
) -> Result<T, ReplyError> {
    match value {
        Some(value) => value.decode().map_err(|error| place(error, within)),
        None => Frame::copy_from_slice(b"_\r\n")
            .decode()
            .map_err(|_| DecodeError::because("a struct", record.kind(), missing).into()),
    }
}

/// The value of a field; its default if it is missing or null.
pub fn or_else<T: FromReply>(
    value: Option<Reply<'_>>,
    within: &'static str,
    default: impl FnOnce() -> T,
) -> Result<T, ReplyError> {
    match value {
        Some(value) if !value.is_null() => value.decode().map_err(|error| place(error, within)),
        _ => Ok(default()),
    }
}

/// `None` for a null, and for an aggregate without elements.
pub fn unless_empty<T: FromReply>(reply: Reply<'_>) -> Result<Option<T>, ReplyError> {
    let empty = reply.items().is_some_and(|mut items| items.next().is_none());
    if reply.is_null() || empty { Ok(None) } else { T::from_reply(reply).map(Some) }
}

fn place(error: ReplyError, within: &'static str) -> ReplyError {
    match error {
        ReplyError::Decode(error) => error.within(within).into(),
        server => server,
    }
}

fn mismatch(expected: &'static str, reply: Reply<'_>) -> ReplyError {
    match reply.error() {
        Some(error) => error.into(),
        None => DecodeError::new(expected, reply.kind()).into(),
    }
}
