//! RESP2 and RESP3: framing, views, conversions and encoding
//!
//! A reply passes through four stations, and each looks at a byte as few times as it can:
//!
//! 1. [`Framer`] finds where a reply ends in a growing buffer. It checks everything
//!    structural, resumes at any byte and allocates nothing for an announced size.
//! 2. [`Frame`] holds the bytes of one reply: small ones inline, large ones shared.
//! 3. [`Reply`] is a borrowed view of a value inside a frame.
//! 4. [`FromReply`] turns the view into the caller's type, [`Value`] into an owned tree.
//!
//! Towards the server, [`ToArg`] and [`ToArgs`] turn values into [`Arg`]s, and
//! [`encode_command`] writes them.
//!
//! ```
//! use redmux::resp::{Frame, Framer, Limits, Scan};
//!
//! let received = b"*2\r\n$3\r\nfoo\r\n:42\r\n+PARTIAL";
//! let mut framer = Framer::new(Limits::default());
//! let Scan::Complete(length) = framer.scan(received)? else { panic!("the first reply is complete") };
//! let frame = Frame::copy_from_slice(&received[..length]);
//! assert_eq!(frame.decode::<(String, i64)>()?, ("foo".to_owned(), 42));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Structs get both ways by derivation (with the default feature `derive`): see the macros
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

mod arg;
mod args;
mod decode_error;
#[doc(hidden)]
pub mod derived;
mod encode;
mod fault;
mod frame;
mod framer;
mod from_reply;
mod items;
mod kind;
mod limits;
mod node;
mod reply;
mod server_error;
mod syntax;
mod value;

pub use arg::{Arg, NumberText, ToArg};
pub use args::{AnyArgs, ArgList, ToArgs};
pub use decode_error::{DecodeError, ReplyError};
pub use encode::{
    bulk_len, encode_command, encoded_len, header_len, write_array_header, write_bulk,
    write_bulk_header,
};
pub use fault::{Fault, ProtocolError};
pub use frame::Frame;
pub use framer::{Framer, Scan};
pub use from_reply::FromReply;
pub use items::{Entries, Items};
pub use kind::{Kind, Protocol};
pub use limits::Limits;
#[cfg(feature = "derive")]
pub use redmux_derive::{FromReply, ToArgs};
pub use reply::Reply;
pub use server_error::{Redirect, ServerError, ServerErrorKind};
pub use value::Value;
