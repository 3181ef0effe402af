//! Real servers for redmux's tests and demo: started on free ports, stopped on drop.

mod process;
mod redis;
mod resp;
mod websockify;

pub use process::{find_program, free_port};
pub use redis::{Builder, RedisServer};
pub use resp::{call, encode};
pub use websockify::Websockify;
