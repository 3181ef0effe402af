//! A server's role towards others.

use crate::{
    database::options::items,
    resp::{DecodeError, FromReply, Reply, ReplyError},
};

/// A server's role towards other servers
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// The server takes writes.
    #[non_exhaustive]
    Primary {
        /// How far its replication log has come, in bytes.
        offset: i64,
        /// The replicas that follow this server.
        replicas: Vec<ReplicaInfo>,
    },
    /// The server follows another one.
    #[non_exhaustive]
    Replica {
        /// The host of the primary.
        host: String,
        /// The port of the primary.
        port: u16,
        /// State of the connection to the primary: `connect`, `connecting`, `sync` or `connected`.
        state: String,
        /// How far it has come in the replication log, in bytes; -1 if not at all.
        offset: i64,
    },
    /// The server monitors others.
    #[non_exhaustive]
    Sentinel {
        /// The names of the primaries.
        primaries: Vec<String>,
    },
}

/// A replica, as its primary knows it
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplicaInfo {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How far it has come in the replication log, in bytes.
    pub offset: i64,
}

impl FromReply for ReplicaInfo {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let (host, port, offset) = reply.decode()?;
        Ok(Self { host, port, offset })
    }
}

impl FromReply for Role {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let name = items("a role", reply)?.next().and_then(|name| name.as_str());
        match name.as_deref() {
            Some("master") => {
                let (_, offset, replicas): (String, _, _) = reply.decode()?;
                Ok(Self::Primary { offset, replicas })
            }
            Some("slave") => {
                let (_, host, port, state, offset): (String, _, _, _, _) = reply.decode()?;
                Ok(Self::Replica { host, port, state, offset })
            }
            Some("sentinel") => {
                let (_, primaries): (String, _) = reply.decode()?;
                Ok(Self::Sentinel { primaries })
            }
            _ => Err(DecodeError::because("a role", reply.kind(), "of unknown kind").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::Frame;

    #[test]
    fn every_role() {
        let decode = |text: &str| Frame::copy_from_slice(text.as_bytes()).decode::<Role>();
        let primary = decode("*3\r\n+master\r\n:9\r\n*1\r\n*3\r\n+h\r\n+6380\r\n+7\r\n").unwrap();
        let replica = ReplicaInfo { host: "h".into(), port: 6380, offset: 7 };
        assert_eq!(primary, Role::Primary { offset: 9, replicas: vec![replica] });
        let replica = decode("*5\r\n+slave\r\n+h\r\n:6379\r\n+connected\r\n:-1\r\n").unwrap();
        assert!(matches!(replica, Role::Replica { port: 6379, offset: -1, .. }));
        let sentinel = decode("*2\r\n+sentinel\r\n*1\r\n+one\r\n").unwrap();
        assert_eq!(sentinel, Role::Sentinel { primaries: vec!["one".into()] });
        for wrong in ["*1\r\n+king\r\n", "*0\r\n", "+master\r\n", "*1\r\n+master\r\n"] {
            assert!(decode(wrong).is_err(), "{wrong:?}");
        }
    }
}
