//! Search: indexes over hashes and JSON documents
//!
//! RediSearch has them (Redis Stack 7.2 and 7.4, Redis 8), and valkey-search a part of them; what one of them lacks is said
//! at the method.

use super::view::view;
use crate::{Call, command::named, resp::ToArgs};

view! {
    /// The commands for search; returned by [`Database::search`](crate::Database::search)
    SearchCommands;
    /// Commands for search: see [`stack::search`](crate::stack::search).
    search
}

impl<'a> SearchCommands<'a> {
    /// The names of all indexes, in no order
    ///
    /// See [FT._LIST](https://redis.io/docs/latest/commands/ft._list/).
    pub fn list(self) -> Call<'a, Vec<String>, impl ToArgs> {
        self.call(named!("FT._LIST"), ())
    }
}
