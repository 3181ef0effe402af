//! Sentinels: who is the primary by their word, and what servers say themselves.
//!
//! [`said`] and [`events`] read what comes in; [`machine`] decides what to ask and which primary to use. None of them
//! does any I/O.

mod beliefs;
mod events;
mod machine;
mod plan;
mod said;
#[cfg(test)]
mod tests;
