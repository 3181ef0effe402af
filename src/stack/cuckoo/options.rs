//! Options of commands.

use crate::database::options::options;

options! {
    /// What a cuckoo filter is made of
    ///
    /// ```
    /// use redmux::stack::cuckoo::CuckooOptions;
    /// let options = CuckooOptions::new().bucket_size(4).expansion(0);
    /// ```
    CuckooOptions { bucket_size, max_iterations, expansion }
    /// How many items a bucket has room for, 1 to 255, 2 by default (`BUCKETSIZE`): more need less memory and give more
    /// wrong yeses.
    bucket_size: bucket_size(items: u8) => "BUCKETSIZE", items;
    /// How often items are moved in search of room before the filter counts as full, 1 to 65535, 20 by default
    /// (`MAXITERATIONS`).
    max_iterations: max_iterations(moves: u16) => "MAXITERATIONS", moves;
    /// When the filter is full it gets a part that is this many times as large as the part before, 0 to 32768, 1 by
    /// default; with 0 it does not grow (`EXPANSION`).
    expansion: expansion(factor: u16) => "EXPANSION", factor;
}

options! {
    /// The filter that [`insert`](super::CuckooCommands::insert) makes if there is none
    CuckooInsertOptions { capacity, no_create }
    /// For how many items, 1024 by default (`CAPACITY`).
    capacity: capacity(items: u64) => "CAPACITY", items;
    /// It is an error if there is no filter (`NOCREATE`).
    no_create: no_create() => "NOCREATE";
}
