//! Keyspace notifications: what the server says of changed keys.
//!
//! See [Redis keyspace notifications](https://redis.io/docs/latest/develop/pubsub/keyspace-notifications/).

use std::fmt;

use bytes::Bytes;

use crate::subscriptions::Message;

/// What happened to a key
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyEvent {
    /// Written by `SET` and its like.
    Set,
    /// Deleted by `DEL` and its like, or left empty.
    Del,
    /// Given a time to live.
    Expire,
    /// Deleted because its time to live was over.
    Expired,
    /// Deleted because the server was short of memory.
    Evicted,
    /// Made permanent.
    Persist,
    /// Renamed: this was the old name.
    RenameFrom,
    /// Renamed: this is the new name.
    RenameTo,
    /// Created; only with the class `n`.
    New,
    /// Any other event, by the server's name of it: `hset`, `lpush`, `xadd` and so on.
    Other(String),
}

impl KeyEvent {
    /// The server's name of the event.
    pub fn name(&self) -> &str {
        match self {
            Self::Set => "set",
            Self::Del => "del",
            Self::Expire => "expire",
            Self::Expired => "expired",
            Self::Evicted => "evicted",
            Self::Persist => "persist",
            Self::RenameFrom => "rename_from",
            Self::RenameTo => "rename_to",
            Self::New => "new",
            Self::Other(name) => name,
        }
    }

    fn parse(name: &[u8]) -> Self {
        match name {
            b"set" => Self::Set,
            b"del" => Self::Del,
            b"expire" => Self::Expire,
            b"expired" => Self::Expired,
            b"evicted" => Self::Evicted,
            b"persist" => Self::Persist,
            b"rename_from" => Self::RenameFrom,
            b"rename_to" => Self::RenameTo,
            b"new" => Self::New,
            other => Self::Other(String::from_utf8_lossy(other).into_owned()),
        }
    }
}

/// The databases whose notifications a subscription gets
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyspaceDatabase {
    /// All databases of the server.
    All,
    /// The one with this number.
    Index(u32),
}

impl From<u32> for KeyspaceDatabase {
    fn from(index: u32) -> Self {
        Self::Index(index)
    }
}

/// A keyspace notification
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyNotification {
    /// The number of the database.
    pub database: u32,
    /// The key.
    pub key: Bytes,
    /// What happened to it.
    pub event: KeyEvent,
}

impl KeyNotification {
    /// Reads a message of a keyspace or keyevent channel; `None` for any other message
    ///
    /// ```no_run
    /// # async fn f(muxer: redmux::ConnectionMultiplexer) -> redmux::Result<()> {
    /// use futures::StreamExt;
    /// use redmux::pubsub::{KeyEvent, KeyNotification, KeyspaceDatabase::All};
    ///
    /// let mut expired = muxer.subscriber().keyevent(All, &KeyEvent::Expired).await?.messages();
    /// while let Some(message) = expired.next().await {
    ///     if let Some(change) = KeyNotification::from_message(&message) {
    ///         println!("{} in database {}", change.key.len(), change.database);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_message(message: &Message) -> Option<Self> {
        let channel = &message.channel;
        let keyspace = channel.strip_prefix(b"__keyspace@");
        let rest = keyspace.or_else(|| channel.strip_prefix(b"__keyevent@"))?;
        // The first one: a key may hold the same characters.
        let end = rest.windows(3).position(|part| part == b"__:")?;
        let number = &rest[..end];
        if !number.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let database = std::str::from_utf8(number).ok()?.parse().ok()?;
        let name = channel.slice(channel.len() - rest.len() + end + 3..);
        let (key, event) = match keyspace {
            Some(_) => (name, KeyEvent::parse(&message.payload)),
            None => (message.payload.clone(), KeyEvent::parse(&name)),
        };
        Some(Self { database, key, event })
    }
}

impl fmt::Debug for KeyNotification {
    /// Shows the size of the key only: it may be personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyNotification")
            .field("database", &self.database)
            .field("key_len", &self.key.len())
            .field("event", &self.event)
            .finish()
    }
}

/// The channel pattern of a key (pattern) in a database, or in all.
pub(super) fn pattern(kind: &str, database: KeyspaceDatabase, name: &[u8]) -> Vec<u8> {
    let database = match database {
        KeyspaceDatabase::All => "*".to_owned(),
        KeyspaceDatabase::Index(index) => index.to_string(),
    };
    [format!("__{kind}@{database}__:").as_bytes(), name].concat()
}

/// Whether it is a channel of keyspace notifications, or a pattern of such.
pub(super) fn is_notification(channel: &[u8]) -> bool {
    channel.starts_with(b"__keyspace@") || channel.starts_with(b"__keyevent@")
}

/// Which letters `notify-keyspace-events` lacks for what is wanted
///
/// Both are written like the setting: `K` (keyspace channels), `E` (keyevent channels), and
/// classes of events such as `$`, `x` or `A` for most of them. Empty: nothing is missing.
///
/// ```
/// assert_eq!(redmux::pubsub::missing_notifications("Kx", "KE$x"), "E$");
/// assert_eq!(redmux::pubsub::missing_notifications("AKE", "KE$x"), "");
/// ```
pub fn missing_notifications(setting: &str, wanted: &str) -> String {
    /// What the server takes `A` for; `m` (misses) and `n` (new keys) are not part of it.
    const ALL: &str = "g$lshzxetd";
    let has =
        |letter: char| setting.contains(letter) || (setting.contains('A') && ALL.contains(letter));
    let all = || ALL.chars().all(has);
    wanted.chars().filter(|&letter| !(has(letter) || letter == 'A' && all())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(channel: &'static str, payload: &'static str) -> Option<(u32, Bytes, KeyEvent)> {
        let (channel, payload) = (Bytes::from(channel), Bytes::from(payload));
        let message = Message { channel, pattern: None, payload };
        KeyNotification::from_message(&message).map(|n| (n.database, n.key, n.event))
    }

    #[test]
    fn both_kinds_of_channels_are_read() {
        let odd = || Bytes::from("a__:b");
        assert_eq!(read("__keyspace@0__:a__:b", "set"), Some((0, odd(), KeyEvent::Set)));
        assert_eq!(read("__keyevent@15__:expired", "a__:b"), Some((15, odd(), KeyEvent::Expired)));
        let other = KeyEvent::Other("hset".into());
        assert_eq!(read("__keyevent@1__:hset", ""), Some((1, Bytes::new(), other)));
    }

    #[test]
    fn a_pattern_names_one_database_or_all() {
        assert_eq!(pattern("keyspace", 15.into(), b"k*"), b"__keyspace@15__:k*");
        assert_eq!(pattern("keyevent", KeyspaceDatabase::All, b"set"), b"__keyevent@*__:set");
    }

    #[test]
    fn other_channels_are_not() {
        for channel in
            ["", "news", "__keyspace@", "__keyspace@0", "__keyspace@__:k", "__keyspace@+1__:k"]
        {
            assert_eq!(read(channel, "set"), None, "{channel}");
        }
        assert_eq!(read("__keyspace@99999999999__:k", "set"), None);
    }

    #[test]
    fn missing_letters_are_named() {
        assert_eq!(missing_notifications("", "KA"), "KA");
        assert_eq!(missing_notifications("KEA", "KEAmn"), "mn");
        assert_eq!(missing_notifications("Kg$lshzxetd", "KA"), "");
    }
}
