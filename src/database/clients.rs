//! The connections of the server.
//!
//! ```no_run
//! # async fn f(db: redmux::Database) -> redmux::Result<()> {
//! use redmux::database::clients::ClientFilter;
//!
//! for client in db.client_list().await? {
//!     println!("{} from {}, idle for {:?}", client.id, client.addr, client.idle);
//! }
//! let killed = db.client_kill(ClientFilter::new().user("intruder")).await?;
//! # Ok(())
//! # }
//! ```

use std::time::Duration;

use super::{
    Database,
    checks::{Unless, empty, millis},
    options::options,
};
use crate::{
    Call,
    resp::{DecodeError, FromReply, Reply, ReplyError, ToArg, ToArgs},
};

impl Database {
    /// The server's number for this connection
    ///
    /// See [CLIENT ID](https://redis.io/docs/latest/commands/client-id/).
    pub fn client_id(&self) -> Call<'_, u64, impl ToArgs> {
        self.call2("CLIENT", "ID", ())
    }

    /// The name of this connection, which the options give it
    ///
    /// See [CLIENT GETNAME](https://redis.io/docs/latest/commands/client-getname/).
    pub fn client_getname(&self) -> Call<'_, Option<String>, impl ToArgs> {
        self.call2("CLIENT", "GETNAME", ())
    }

    /// What the server knows about this connection
    ///
    /// See [CLIENT INFO](https://redis.io/docs/latest/commands/client-info/). Since
    /// Redis 6.2.
    pub fn client_info(&self) -> Call<'_, ClientInfo, impl ToArgs> {
        self.call2("CLIENT", "INFO", ())
    }

    /// All connections of the server
    ///
    /// See [CLIENT LIST](https://redis.io/docs/latest/commands/client-list/).
    pub fn client_list(&self) -> Call<'_, Vec<ClientInfo>, impl ToArgs> {
        self.call2("CLIENT", "LIST", ())
    }

    /// The connections of a type: `normal`, `master`, `replica` or `pubsub`
    ///
    /// See [CLIENT LIST](https://redis.io/docs/latest/commands/client-list/).
    pub fn client_list_kind(&self, kind: impl ToArg) -> Call<'_, Vec<ClientInfo>, impl ToArgs> {
        self.call2("CLIENT", "LIST", ("TYPE", kind))
    }

    /// The connections with these numbers, as far as they exist
    ///
    /// See [CLIENT LIST](https://redis.io/docs/latest/commands/client-list/). Since
    /// Redis 6.2.
    pub fn client_list_ids(&self, ids: impl ToArgs) -> Call<'_, Vec<ClientInfo>, impl ToArgs> {
        let fault = empty(&ids, "ids");
        self.call2("CLIENT", "LIST", super::Join(("ID",), ids)).unless(fault)
    }

    /// Closes the connections that match all parts of the filter, except this one; returns how many
    ///
    /// An empty filter is refused. See
    /// [CLIENT KILL](https://redis.io/docs/latest/commands/client-kill/).
    pub fn client_kill(&self, filter: ClientFilter) -> Call<'_, u64, impl ToArgs> {
        self.list2("CLIENT", "KILL", filter, "conditions")
    }

    /// Ends the wait of a connection in a blocking command; returns false if the connection does
    /// not wait
    ///
    /// See [CLIENT UNBLOCK](https://redis.io/docs/latest/commands/client-unblock/).
    pub fn client_unblock(&self, id: u64) -> Call<'_, bool, impl ToArgs> {
        self.call2("CLIENT", "UNBLOCK", (id,))
    }

    /// Delays the commands of all connections for a time, rounded up to milliseconds
    ///
    /// This connection too: its replies come late. See
    /// [CLIENT PAUSE](https://redis.io/docs/latest/commands/client-pause/).
    pub fn client_pause(&self, time: Duration) -> Call<'_, (), impl ToArgs> {
        self.call2("CLIENT", "PAUSE", (millis(time), "ALL"))
    }

    /// Delays the writing commands of all connections for a time
    ///
    /// See [CLIENT PAUSE](https://redis.io/docs/latest/commands/client-pause/). Since
    /// Redis 6.2.
    pub fn client_pause_writes(&self, time: Duration) -> Call<'_, (), impl ToArgs> {
        self.call2("CLIENT", "PAUSE", (millis(time), "WRITE"))
    }

    /// Ends a pause
    ///
    /// See [CLIENT UNPAUSE](https://redis.io/docs/latest/commands/client-unpause/). Since
    /// Redis 6.2.
    pub fn client_unpause(&self) -> Call<'_, (), impl ToArgs> {
        self.call2("CLIENT", "UNPAUSE", ())
    }

    /// Excludes this connection from eviction when the server runs out of memory for clients, or no
    /// longer
    ///
    /// On a [`Lease`](crate::database::Lease) this applies to that lease. The connection of a multiplexer is
    /// shared: there it applies to every caller, until the connection is replaced; the new one
    /// begins without it. See
    /// [CLIENT NO-EVICT](https://redis.io/docs/latest/commands/client-no-evict/). Since
    /// Redis 7.0.
    pub fn client_no_evict(&self, on: bool) -> Call<'_, (), impl ToArgs> {
        self.note_change();
        self.call2("CLIENT", "NO-EVICT", (on_off(on),))
    }

    /// Keeps reads through this connection from marking keys as recently used, or no longer
    ///
    /// On a [`Lease`](crate::database::Lease) this applies to that lease. The connection of a multiplexer is
    /// shared: there it applies to every caller, until the connection is replaced; the new one
    /// begins without it. See
    /// [CLIENT NO-TOUCH](https://redis.io/docs/latest/commands/client-no-touch/). Since
    /// Redis 7.2.
    pub fn client_no_touch(&self, on: bool) -> Call<'_, (), impl ToArgs> {
        self.note_change();
        self.call2("CLIENT", "NO-TOUCH", (on_off(on),))
    }

    /// Marks a leased connection as changed: the next borrower must not get it like this.
    fn note_change(&self) {
        if let Some(leased) = self.leased.get() {
            leased.change();
        }
    }
}

fn on_off(on: bool) -> &'static str {
    if on { "ON" } else { "OFF" }
}

options! {
    /// Which connections to close
    ClientFilter { id, addr, laddr, kind, user, maxage }
    /// The one with this number (`ID`).
    id: id(id: u64) => "ID", id;
    /// From this `address:port` (`ADDR`).
    addr: addr(addr: impl ToArg) => "ADDR", addr;
    /// To this `address:port` of the server (`LADDR`). Since Redis 6.2.
    laddr: laddr(addr: impl ToArg) => "LADDR", addr;
    /// Of this type: `normal`, `master`, `replica` or `pubsub` (`TYPE`).
    kind: kind(kind: impl ToArg) => "TYPE", kind;
    /// Of this user (`USER`).
    user: user(name: impl ToArg) => "USER", name;
    /// At least this many seconds old (`MAXAGE`). Since Redis 7.4.
    maxage: maxage(seconds: u64) => "MAXAGE", seconds;
}

/// A connection, as the server describes it
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientInfo {
    /// The server's number for it.
    pub id: u64,
    /// The client's `address:port`.
    pub addr: String,
    /// The connection's name; empty if it has none.
    pub name: String,
    /// How long it has existed.
    pub age: Duration,
    /// How long the connection has been idle.
    pub idle: Duration,
    /// A letter for each special state; `N` if there is none.
    pub flags: String,
    /// Number of its database.
    pub db: u32,
    /// Number of channels it is subscribed to.
    pub sub: u64,
    /// Number of patterns it is subscribed to.
    pub psub: u64,
    /// The last command, as in `client|list`.
    pub cmd: String,
    /// The user; empty before Redis 6.0.
    pub user: String,
    line: String,
}

impl ClientInfo {
    /// Any part of the description by its name, such as `lib-name` or `tot-mem`.
    pub fn get(&self, name: &str) -> Option<&str> {
        field(&self.line, name)
    }

    fn parse(line: &str) -> Option<Self> {
        let text = |name| field(line, name).unwrap_or_default().to_owned();
        let number = |name| field(line, name)?.parse::<u64>().ok();
        Some(Self {
            id: field(line, "id")?.parse().ok()?,
            addr: field(line, "addr")?.to_owned(),
            name: text("name"),
            age: Duration::from_secs(number("age")?),
            idle: Duration::from_secs(number("idle")?),
            flags: text("flags"),
            db: field(line, "db")?.parse().ok()?,
            sub: number("sub").unwrap_or(0),
            psub: number("psub").unwrap_or(0),
            cmd: text("cmd"),
            user: text("user"),
            line: line.to_owned(),
        })
    }
}

fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.split(' ').find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
}

/// One description.
impl FromReply for ClientInfo {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let text = String::from_reply(reply)?;
        Self::parse(text.trim_end()).ok_or_else(|| unreadable(reply))
    }

    /// One description a line.
    fn vec_from_reply(reply: Reply<'_>) -> Result<Vec<Self>, ReplyError> {
        let text = String::from_reply(reply)?;
        let clients = text.lines().filter(|line| !line.is_empty()).map(Self::parse);
        clients.collect::<Option<_>>().ok_or_else(|| unreadable(reply))
    }
}

fn unreadable(reply: Reply<'_>) -> ReplyError {
    DecodeError::because("a client", reply.kind(), "without id, addr, age, idle and db").into()
}
