//! Typed commands, by data type
//!
//! All commands are methods of [`Database`]. What they take beside keys and values, and what they return, is in the
//! modules below: `ZADD` takes a [`sorted_sets::ZaddOptions`], `XREAD` returns [`streams::StreamsRead`].
//!
//! # Numbers
//!
//! What the server counts is a `u64`: elements, keys, bytes, bits, receivers, ids of connections. An `i64` is a number
//! with a sign: the result of `INCR` and the like, and each index, rank or place of a bit, since commands take
//! these from the end, too, as negative numbers. `LINSERT` and `BITPOS` answer -1 for "not found", and are `i64`.
//! [`Call::reply_as`] asks for another type.

#[cfg(feature = "full")]
mod blocking;
#[cfg(feature = "full")]
mod borrowing;
pub(crate) mod checks;
mod command_info;
mod expiry;
mod hyperloglog;
mod lease;
pub(crate) mod options;
mod publishing;
mod scripts;
mod sets;

pub mod arrays;
pub mod bitmaps;
pub mod clients;
pub mod geo;
pub mod hashes;
pub mod keys;
pub mod lists;
pub mod locks;
pub mod scans;
pub mod scripting;
pub mod server;
pub mod sorted_sets;
pub mod streams;
pub mod strings;
pub mod transactions;
pub mod vectors;
#[cfg(any(feature = "full", all(feature = "json", feature = "search")))]
pub(crate) mod waits;

#[cfg(feature = "full")]
pub use blocking::BlockFor;
pub use lease::Lease;

use std::{borrow::Cow, sync::Arc, time::Duration};

use redmux_transport::Runtime;

#[cfg(all(feature = "full", feature = "topology"))]
use crate::command::Arrived;
use crate::{
    Call, ConnectionMultiplexer, Full, Result, clock,
    command::{Handling, Named, check_shared},
    connection::{Link, Selected},
    multiplexer::Leased,
    resp::{Arg, ArgList, FromReply, ToArg, ToArgs},
};
#[cfg(feature = "full")]
use crate::{
    command::{KeyPrefix, RetryPolicy},
    observe::{CommandObserver, ProfilingSession},
};

/// Typed commands; returned by [`ConnectionMultiplexer::database`]
///
/// Keys and values are anything that is [`ToArg`]: text, bytes, numbers.
/// A parameter for several of them accepts a single one, a list, a tuple or (for pairs) a map: see
/// [`ToArgs`]. Replies are decoded into the type that the caller names.
#[derive(Debug, Clone)]
pub struct Database {
    muxer: ConnectionMultiplexer,
    /// A leased connection, instead of the shared one.
    leased: Full<Arc<Leased>>,
    /// One of several servers, whatever the keys are.
    #[cfg(feature = "topology")]
    server: Option<Arc<Link>>,
    selected: Selected,
    /// What is done with the calls of this handle.
    handling: Full<Arc<Handling>>,
}

impl ConnectionMultiplexer {
    /// Typed commands on the database of the options.
    pub fn database(&self) -> Database {
        Database::new(self.clone())
    }

    /// Typed commands for one of several servers, whatever the keys are; `None` if none is known at this address
    ///
    /// For what is about a server: `INFO`, `CONFIG GET`, `SAVE`, `SLOWLOG`. Commands with keys of slots that the
    /// server does not serve fail with its redirect, unless it is a replica that was told to serve reads. The addresses
    /// are those of [`nodes`](Self::nodes). With one server it is [`database`](Self::database), for any address of the options.
    ///
    /// ```no_run
    /// # async fn f(muxer: redmux::ConnectionMultiplexer) -> redmux::Result<()> {
    /// for node in muxer.nodes() {
    ///     if let Some(server) = muxer.node(&node.endpoint) {
    ///         let size: u64 = server.dbsize().await?;
    ///         println!("{}: {size} keys", node.endpoint);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "topology")]
    pub fn node(&self, endpoint: &crate::Endpoint) -> Option<Database> {
        match self.inner().link_at(endpoint)? {
            None => Some(self.database()),
            // Its commands go there, wherever others are read from.
            server => {
                let db = self.database().with_read_from(crate::options::ReadFrom::Primary);
                Some(Database { server, ..db })
            }
        }
    }

    /// Typed commands on the database with this index, over the same connection
    ///
    /// The handles of several databases may be used at the same time: no command runs in another database
    /// than its own. While one database is used, each command is sent as it is. The first command for another one goes
    /// out in one piece with `SELECT` (`MULTI`, `SELECT`, the command, `EXEC`), so that a server that refuses
    /// `SELECT` executes nothing. Programs that alternate between databases thus send four or five
    /// commands instead of one: a [multiplexer](Self) of its own with
    /// [`Options::database`](crate::Options::database) spares the server that.
    ///
    /// Commands that read or block on [leased](Self::lease_at) connections have one for this database.
    /// [`SELECT`](https://redis.io/docs/latest/commands/select/) needs a server that is no cluster, and a
    /// user who may also call `MULTI` and `EXEC`.
    ///
    /// ```no_run
    /// # async fn f(muxer: redmux::ConnectionMultiplexer) -> redmux::Result<()> {
    /// let (users, sessions) = (muxer.database(), muxer.database_at(1));
    /// users.set("7", "Ada").await?;
    /// sessions.set("7", "token").await?;
    /// assert_eq!(sessions.index(), 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Commands fail with the server's error, [not sent](crate::Delivery::NotSent), if the server has no such
    /// database (16 by default, from 0) or refuses to select it. For a second, commands for this
    /// index then fail at once.
    pub fn database_at(&self, index: u32) -> Database {
        let selected = Selected::new(index, self.options().database);
        Database { selected, ..Database::new(self.clone()) }
    }
}

#[cfg(not(target_family = "wasm"))]
impl crate::multiplexer::Blocking {
    /// Typed commands on the database of the options.
    pub fn database(&self) -> Database {
        self.multiplexer().database()
    }

    /// Typed commands on the database with this index: see [`ConnectionMultiplexer::database_at`].
    pub fn database_at(&self, index: u32) -> Database {
        self.multiplexer().database_at(index)
    }
}

impl Database {
    fn new(muxer: ConnectionMultiplexer) -> Self {
        let handling = muxer.inner().handling.clone();
        Self {
            muxer,
            leased: Full::default(),
            #[cfg(feature = "topology")]
            server: None,
            selected: Selected::HOME,
            handling,
        }
    }

    #[cfg(feature = "full")]
    /// A handle for a leased connection to this database.
    fn on_lease(muxer: ConnectionMultiplexer, leased: Arc<Leased>, selected: Selected) -> Self {
        let handling = muxer.inner().handling.clone();
        Self { leased: Full::new(leased), selected, handling, ..Self::new(muxer) }
    }

    /// The index of the database that its commands are for.
    ///
    /// A `SELECT` on a [`Lease`] does not change it.
    pub fn index(&self) -> u32 {
        self.selected.index(self.muxer.options().database)
    }

    /// What its calls say on their link: a leased connection is in its database from the start.
    #[inline]
    fn selected(&self) -> Selected {
        if self.leased.get().is_some() { Selected::HOME } else { self.selected }
    }

    /// The same handle for this one of several servers; `None` if there is no such server.
    #[cfg(all(feature = "topology", feature = "search"))]
    pub(crate) fn at_server(&self, endpoint: &crate::Endpoint) -> Option<Self> {
        let server = self.muxer.inner().link_at(endpoint)?;
        server.is_some().then(|| Self { server, ..self.clone() })
    }

    pub(crate) fn link(&self) -> &Link {
        match self.leased.get() {
            Some(leased) => &leased.link,
            #[cfg(feature = "topology")]
            None if self.server.is_some() => {
                self.server.as_deref().unwrap_or(self.muxer.inner().link())
            }
            None => self.muxer.inner().link(),
        }
    }

    /// Returns a handle that puts this prefix before every key of every command
    ///
    /// The prefix applies to the words that are keys, in typed commands and in
    /// [`execute`](Self::execute). A second prefix is put after the first one. A command that is
    /// unknown, or whose keys its words do not show (`TS.MGET`), is refused with
    /// [`ErrorKind::Command`](crate::ErrorKind::Command) and not sent.
    ///
    /// - `KEYS`, `SCAN` and the patterns of `SORT` (`BY`, `GET`) are confined to the prefix.
    /// - Where replies name keys, they come without it: `KEYS`, `SCAN`, `RANDOMKEY`, `XREAD`,
    ///   `XREADGROUP`, `LMPOP`, `ZMPOP` and the blocking pops.
    /// - Indexes, aliases and dictionaries of search get the prefix too, since their names are global: an index is only about
    ///   keys with the prefix, and documents come without it. What `APPLY` or `AS` make of `@__key` keeps it.
    /// - `KEYS` of scripts get the prefix; the script's text, and keys that the script makes up, do
    ///   not.
    /// - Commands on the whole database are not confined: `FLUSHDB`, `DBSIZE`, and `RANDOMKEY`, which
    ///   may name a key without the prefix. Channels get no prefix either.
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// let shop = db.with_key_prefix("shop:");
    /// shop.set("open", true).await?; // SET shop:open 1
    /// let carts = shop.with_key_prefix("cart:");
    /// carts.incr(7).await?; // INCR shop:cart:7
    /// let keys: Vec<String> = shop.keys("*").await?; // open, cart:7
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "full")]
    pub fn with_key_prefix(&self, prefix: impl ToArg) -> Self {
        let prefix = prefix.to_arg();
        self.change(|handling| {
            handling.prefix = match &handling.prefix {
                Some(outer) => Some(outer.then(prefix.as_bytes())),
                None => Some(KeyPrefix::new(prefix.as_bytes())),
            }
        })
    }

    /// Returns a handle that sends calls again, as this policy says, when they fail for a passing
    /// reason
    ///
    /// See [`RetryPolicy`]. A call's own [`retry`](Call::retry) overrides the policy. A blocking
    /// command (`blpop`) is sent again on another connection, with its full time for each attempt.
    /// Not sent again: transactions (but a connection for them is asked for again), calls that are
    /// [forgotten](Call::forget), and commands of a [`Lease`], which is lost with its
    /// connection.
    #[cfg(feature = "full")]
    pub fn with_retry(&self, policy: RetryPolicy) -> Self {
        self.change(|handling| handling.retry = Some(policy))
    }

    /// Returns a handle whose commands that only read go to these servers
    ///
    /// A call's own [`read_from`](Call::read_from) overrides it. Commands that write, transactions, blocking commands,
    /// scans and commands without a key go to primaries all the same. See [`ReadFrom`](crate::options::ReadFrom).
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// use redmux::options::ReadFrom;
    ///
    /// let reports = db.with_read_from(ReadFrom::PreferReplica);
    /// let views: Option<u64> = reports.get("views").await?; // from a replica, if there is one
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "topology")]
    pub fn with_read_from(&self, read_from: crate::options::ReadFrom) -> Self {
        self.change(|handling| handling.read_from = read_from)
    }

    /// Returns a handle whose calls this observer sees too.
    #[cfg(feature = "full")]
    pub fn with_observer(&self, observer: impl CommandObserver) -> Self {
        self.change(|handling| handling.observers.add(Arc::new(observer)))
    }

    /// Returns a handle whose calls this session records while it lives.
    #[cfg(feature = "full")]
    pub fn profiled(&self, session: &ProfilingSession) -> Self {
        match session.observer() {
            Some(observer) => self.change(|handling| handling.observers.add(observer)),
            None => self.clone(),
        }
    }

    /// Sends any command, treated as this handle treats its typed commands
    ///
    /// As [`ConnectionMultiplexer::execute`], or [`Lease::execute`](crate::database::Lease::execute) if this
    /// is the database of a lease.
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// let app = db.with_key_prefix("app:");
    /// let encoding: String = app.execute("OBJECT", ("ENCODING", "k")).await?; // of app:k
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`ConnectionMultiplexer::execute`].
    pub fn execute<T: FromReply>(
        &self,
        name: impl Into<Cow<'static, str>>,
        args: impl ToArgs,
    ) -> Call<'_, T, impl ToArgs> {
        let call = Call::new(self.link(), name, args).on(self.selected()).handled(self.handling());
        match self.leased.get() {
            Some(leased) => call.judged(|words| self.check_leased(leased, words)),
            None => call.checked(check_shared),
        }
    }

    fn check_leased(&self, leased: &Leased, words: &[Arg<'_>]) -> Result<()> {
        let effect = leased.check(words)?;
        #[cfg(all(feature = "full", feature = "topology"))]
        if self.arrived().is_some() {
            return Arrived::check_effect(effect);
        }
        let _ = effect;
        Ok(())
    }

    #[cfg(feature = "full")]
    fn change(&self, change: impl FnOnce(&mut Handling)) -> Self {
        let mut handling = self.handling.as_deref().cloned().unwrap_or_default();
        change(&mut handling);
        Self { handling: Full::of(|| handling.unless_usual()), ..self.clone() }
    }

    pub(crate) fn runtime(&self) -> &dyn Runtime {
        &*self.muxer.inner().clock.runtime
    }

    /// Waits for this long, by the clock of the multiplexer.
    pub(crate) async fn sleep(&self, time: Duration) {
        clock::sleep(self.runtime(), time).await;
    }

    pub(crate) fn handling(&self) -> Option<&Arc<Handling>> {
        self.handling.get()
    }

    /// A command of one word.
    pub(crate) fn call<T, A>(&self, name: impl Into<Named>, args: A) -> Call<'_, T, A> {
        Call::named(self.link(), name.into(), args).on(self.selected()).handled(self.handling())
    }

    /// A command of two words.
    pub(crate) fn call2<T, A>(
        &self,
        name: &'static str,
        second: &'static str,
        args: A,
    ) -> Call<'_, T, A> {
        self.call(name, args).with_subcommand(second)
    }
}

/// First these arguments, then those
#[derive(Clone)]
pub(crate) struct Join<A, B>(pub(crate) A, pub(crate) B);

impl<A: ToArgs, B: ToArgs> ToArgs for Join<A, B> {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        self.0.append_to(args);
        self.1.append_to(args);
    }

    fn arg_count(&self) -> usize {
        self.0.arg_count() + self.1.arg_count()
    }
}

/// The number of elements in a list, the list, and the other arguments
#[derive(Clone)]
pub(crate) struct Counted<L, A> {
    /// This many arguments are one element.
    size: usize,
    list: L,
    after: A,
}

impl<L, A> Counted<L, A> {
    pub(crate) fn new(list: L, after: A) -> Self {
        Self { size: 1, list, after }
    }

    fn pairs(list: L, after: A) -> Self {
        Self { size: 2, list, after }
    }
}

impl<L: ToArgs, A: ToArgs> ToArgs for Counted<L, A> {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        let place = args.len();
        self.list.append_to(args);
        let count = (args.len() - place) / self.size;
        args.insert(place, (count as u64).to_arg().into_owned());
        self.after.append_to(args);
    }
}

#[cfg(test)]
mod tests;
