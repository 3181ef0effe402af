//! Words that JavaScript packs apart from commands.

use std::sync::Arc;

use redmux::resp::{ArgList, ToArgs};

use crate::batch::Batch;

/// The words of the first entry, behind an empty name.
pub(super) fn words(heads: Vec<u32>, bytes: Vec<u8>) -> Vec<Vec<u8>> {
    let batch = Arc::new(Batch::new(heads, bytes));
    let Some(entry) = batch.entries().next() else { return Vec::new() };
    let words = entry.into_words();
    let mut list = ArgList::new();
    words.append_to(&mut list);
    list.iter().skip(1).map(|word| word.as_bytes().to_vec()).collect()
}
