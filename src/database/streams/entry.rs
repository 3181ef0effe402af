//! Entries.

use std::time::Duration;

use super::StreamId;
use crate::{
    database::options::{Fields, items},
    resp::{DecodeError, Frame, FromReply, Reply, ReplyError},
};

/// An entry of a stream: its id, and names with values
///
/// Names may come several times. To have another type instead use
/// [`Call::reply_as`](crate::Call::reply_as), as in `Vec<(StreamId, HashMap<String, String>)>`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StreamEntry {
    /// Its id.
    pub id: StreamId,
    /// Nothing in it if it was deleted while it was pending.
    fields: Option<Frame>,
    redelivery: Option<(Duration, u64)>,
}

impl StreamEntry {
    /// The value of a name as `T`; `None` if there is none.
    ///
    /// # Errors
    ///
    /// If it does not fit the type.
    pub fn get<T: FromReply>(&self, name: &str) -> Result<Option<T>, DecodeError> {
        let Some(frame) = &self.fields else { return Ok(None) };
        let decode = || -> Result<_, ReplyError> {
            Fields::new(frame.reply())?.find(name).map(|value| value.decode()).transpose()
        };
        decode().map_err(into_decode)
    }

    /// All names and values as a map or a list of pairs.
    ///
    /// # Errors
    ///
    /// If they do not fit the type.
    pub fn fields<M: FromReply + Default>(&self) -> Result<M, DecodeError> {
        match &self.fields {
            Some(frame) => frame.decode().map_err(into_decode),
            None => Ok(M::default()),
        }
    }

    /// How long it was not delivered, and how often it had been, if it was claimed for this read:
    /// [`XreadGroupOptions::claim`](super::XreadGroupOptions::claim).
    pub fn redelivery(&self) -> Option<(Duration, u64)> {
        self.redelivery
    }

    /// Whether it was deleted while it was pending.
    pub fn is_deleted(&self) -> bool {
        self.fields.is_none()
    }
}

/// The same id and the same fields, byte by byte.
impl PartialEq for StreamEntry {
    fn eq(&self, other: &Self) -> bool {
        let raw = |entry: &Self| entry.fields.as_ref().map(|fields| fields.reply().raw().to_vec());
        self.id == other.id && raw(self) == raw(other)
    }
}

impl Eq for StreamEntry {}

fn into_decode(error: ReplyError) -> DecodeError {
    match error {
        ReplyError::Decode(error) => error,
        // Fields are strings.
        ReplyError::Server(_) => {
            DecodeError::because("a field", crate::resp::Kind::Error, "inside a stream entry")
        }
    }
}

impl FromReply for StreamEntry {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let mut parts = items("an entry", reply)?;
        let (Some(id), Some(fields)) = (parts.next(), parts.next()) else {
            let why = "without an id and fields";
            return Err(DecodeError::because("an entry", reply.kind(), why).into());
        };
        let redelivery = match (parts.next(), parts.next()) {
            (Some(idle), Some(deliveries)) => {
                Some((Duration::from_millis(idle.decode()?), deliveries.decode()?))
            }
            _ => None,
        };
        Ok(Self { id: id.decode()?, fields: fields.decode()?, redelivery })
    }

    /// Before Redis 7.0, `XCLAIM` puts a null in the place of an entry that no longer exists.
    fn vec_from_reply(reply: Reply<'_>) -> Result<Vec<Self>, ReplyError> {
        let entries = items("entries", reply)?.filter(|entry| !entry.is_null());
        entries.map(|entry| entry.decode()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_among_entries_stand_for_what_no_longer_exists() {
        for null in ["*-1\r\n", "$-1\r\n", "_\r\n"] {
            let entry = "*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n";
            let reply = format!("*3\r\n{null}{entry}{null}");
            let entries: Vec<StreamEntry> =
                Frame::copy_from_slice(reply.as_bytes()).decode().unwrap();
            assert_eq!(entries.len(), 1);
            assert_eq!(entries[0].get::<String>("f").unwrap().as_deref(), Some("v"));
        }
        assert!(Frame::copy_from_slice(b":1\r\n").decode::<Vec<StreamEntry>>().is_err());
    }
}
