//! RESP2 and RESP3: framing, views, conversions and encoding
//!
//! A [`Framer`] finds the end of a reply, a [`Frame`] keeps its bytes, a [`Reply`] reads them, and
//! [`FromReply`] converts them into the caller's type, or into a [`Value`]. Towards the server, [`ToArg`] and
//! [`ToArgs`] turn values into [`Arg`]s, and [`encode_command`] writes them. All of this is the crate
//! `redmux-resp`, which works without the client.
//!
//! Macros (default feature `derive`) implement both directions for structs:
//! [`FromReply`](derive@FromReply) and [`ToArgs`](derive@ToArgs).
//!
//! ```no_run
//! # #[cfg(feature = "derive")] mod example {
//! use redmux::resp::{FromReply, ToArgs};
//!
//! #[derive(FromReply, ToArgs)]
//! #[redmux(rename_all = "camelCase")]
//! struct User {
//!     full_name: String,
//!     #[redmux(rename = "e-mail")]
//!     mail: Option<String>,
//!     #[redmux(default)]
//!     logins: u64,
//! }
//!
//! # async fn f(db: redmux::Database) -> redmux::Result<()> {
//! let ada = User { full_name: "Ada".to_owned(), mail: None, logins: 3 };
//! db.hset("user:1", ada).await?;
//! let user: Option<User> = db.hgetall("user:1").await?;
//! # Ok(())
//! # }
//! # }
//! ```

#[cfg(feature = "derive")]
pub use redmux_derive::{FromReply, ToArgs};
pub(crate) use redmux_resp::Mend;
#[doc(hidden)]
pub use redmux_resp::derived;
#[cfg(feature = "search")]
pub(crate) use redmux_resp::internal::{Forward, Inside};
#[doc(inline)]
pub use redmux_resp::{
    AnyArgs, Arg, ArgList, DecodeError, Entries, Fault, Frame, Framer, FromReply, Items, Kind,
    Limits, NumberText, Protocol, ProtocolError, Redirect, Reply, ReplyError, Scan, ServerError,
    ServerErrorKind, ToArg, ToArgs, Value, bulk_len, encode_command, encoded_len, header_len,
    write_array_header, write_bulk, write_bulk_header,
};
