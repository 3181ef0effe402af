//! What the server reports about itself.

use std::{str::FromStr, time::Duration};

use crate::{
    Call,
    command::named,
    database::Database,
    resp::{FromReply, Reply, ReplyError, ToArgs},
};

impl Database {
    /// What the server reports about itself; `()` for the usual sections
    ///
    /// Several sections since Redis 7.0. See [INFO](https://redis.io/docs/latest/commands/info/).
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// let info = db.info(()).await?;
    /// println!("{:?} uses {:?} bytes", info.version(), info.used_memory());
    /// let hits: Option<u64> = info.get_as("keyspace_hits");
    /// for db in info.keyspace() {
    ///     println!("database {} has {} keys", db.db, db.keys);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn info(&self, sections: impl ToArgs) -> Call<'_, Info, impl ToArgs> {
        self.call(named!("INFO"), sections)
    }
}

/// What a server reports about itself: sections of names and values
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info(String);

impl Info {
    /// The value of a name, such as `redis_version`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
    }

    /// The value of a name as a number or another type; `None` also if it does not fit.
    pub fn get_as<T: FromStr>(&self, name: &str) -> Option<T> {
        self.get(name)?.parse().ok()
    }

    /// The names of the sections, such as `Server`.
    pub fn sections(&self) -> impl Iterator<Item = &str> {
        self.0.lines().filter_map(heading)
    }

    /// The names and values of a section, in any case; none if there is no such section.
    pub fn section<'a>(&'a self, name: &str) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let is_it = |line| heading(line).is_some_and(|heading| heading.eq_ignore_ascii_case(name));
        let start = self.0.lines().position(is_it).map_or(usize::MAX, |line| line + 1);
        let lines = self.0.lines().skip(start).take_while(|line| heading(line).is_none());
        lines.filter_map(|line| line.split_once(':'))
    }

    /// The version of Redis that the server is, or is compatible with.
    pub fn version(&self) -> Option<&str> {
        self.get("redis_version")
    }

    /// The version of Valkey, if the server is one.
    pub fn valkey_version(&self) -> Option<&str> {
        self.get("valkey_version")
    }

    /// Time since the server was started, to the second.
    pub fn uptime(&self) -> Option<Duration> {
        self.get_as("uptime_in_seconds").map(Duration::from_secs)
    }

    /// Number of connections, without those of replicas.
    pub fn connected_clients(&self) -> Option<u64> {
        self.get_as("connected_clients")
    }

    /// Bytes that the server has allocated.
    pub fn used_memory(&self) -> Option<u64> {
        self.get_as("used_memory")
    }

    /// Number of commands processed.
    pub fn commands_processed(&self) -> Option<u64> {
        self.get_as("total_commands_processed")
    }

    /// Whether the server is a replica of another one.
    pub fn is_replica(&self) -> Option<bool> {
        self.get("role").map(|role| role == "slave")
    }

    /// Whether the server is part of a cluster.
    pub fn is_cluster(&self) -> Option<bool> {
        self.get("cluster_enabled").map(|enabled| enabled == "1")
    }

    /// The databases that are not empty.
    pub fn keyspace(&self) -> Vec<Keyspace> {
        self.section("Keyspace").filter_map(|(name, value)| Keyspace::parse(name, value)).collect()
    }

    /// The text as the server sent it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn heading(line: &str) -> Option<&str> {
    line.strip_prefix("# ")
}

impl FromReply for Info {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        String::from_reply(reply).map(Self)
    }
}

/// What is in a database
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Keyspace {
    /// Its number.
    pub db: u32,
    /// Number of keys.
    pub keys: u64,
    /// Number of keys that expire.
    pub expires: u64,
    /// Estimate of their average time to live.
    pub avg_ttl: Duration,
}

impl Keyspace {
    fn parse(name: &str, value: &str) -> Option<Self> {
        let number = |name: &str| -> Option<u64> {
            value
                .split(',')
                .find_map(|part| part.strip_prefix(name)?.strip_prefix('='))?
                .parse()
                .ok()
        };
        Some(Self {
            db: name.strip_prefix("db")?.parse().ok()?,
            keys: number("keys")?,
            expires: number("expires")?,
            avg_ttl: Duration::from_millis(number("avg_ttl").unwrap_or(0)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_sections() {
        let text = "# Server\r\nredis_version:7.0.15\r\nuptime_in_seconds:61\r\nodd\r\n\r\n\
            # Keyspace\r\ndb0:keys=2,expires=1,avg_ttl=1500\r\ndb7:keys=x\r\n";
        let info = Info(text.into());
        assert_eq!(info.version(), Some("7.0.15"));
        assert_eq!(info.uptime(), Some(Duration::from_secs(61)));
        assert_eq!((info.get("redis"), info.get_as::<u8>("redis_version")), (None, None));
        assert_eq!(info.sections().collect::<Vec<_>>(), ["Server", "Keyspace"]);
        assert_eq!(info.section("server").count(), 2);
        assert_eq!(info.section("none").count(), 0);
        let [db] = &info.keyspace()[..] else { panic!("one line is right") };
        assert_eq!((db.db, db.keys, db.expires), (0, 2, 1));
        assert_eq!(db.avg_ttl, Duration::from_millis(1500));
    }
}
