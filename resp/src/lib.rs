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
//! use redmux_resp::{Frame, Framer, Limits, Scan};
//!
//! let received = b"*2\r\n$3\r\nfoo\r\n:42\r\n+PARTIAL";
//! let mut framer = Framer::new(Limits::default());
//! let Scan::Complete(length) = framer.scan(received)? else { panic!("the first reply is complete") };
//! let frame = Frame::copy_from_slice(&received[..length]);
//! assert_eq!(frame.decode::<(String, i64)>()?, ("foo".to_owned(), 42));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`commands`] is the other half: where the keys of a command are among its words, and what a
//! second execution could do.
//!
//! Programs have all of this from the client, as `redmux::resp` and `redmux::command`. This crate
//! alone is for what speaks RESP without a client: the gateway, a proxy, a server in a test.

mod arg;
mod args;
pub mod commands;
mod decode_error;
#[doc(hidden)]
pub mod derived;
mod encode;
mod fault;
mod forward;
mod frame;
mod framer;
mod from_reply;
#[doc(hidden)]
pub mod internal;
mod items;
mod kind;
mod limits;
mod meaning;
mod node;
mod reply;
mod server_error;
mod slot;
mod syntax;
mod value;

pub use arg::{Arg, NumberText, ToArg};
#[doc(hidden)]
pub use args::Mend;
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
pub use reply::Reply;
pub use server_error::{Redirect, ServerError, ServerErrorKind};
pub use value::Value;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadMe;
