//! How the words of a hybrid query are written.

use crate::resp::Arg;

/// Words that are written one after the other
pub(super) struct Words(pub(super) Vec<Arg<'static>>);

impl Words {
    pub(super) fn push(&mut self, word: &str) {
        self.0.push(Arg::Owned(word.as_bytes().to_vec()));
    }

    pub(super) fn named(&mut self, name: &str, value: Option<&String>) {
        if let Some(value) = value {
            self.push(name);
            self.push(value);
        }
    }

    /// A word, how many follow, and these.
    pub(super) fn pairs(&mut self, word: &str, pairs: &[(&'static str, String)]) {
        self.push(word);
        self.push(&(2 * pairs.len()).to_string());
        for (name, value) in pairs {
            self.push(name);
            self.push(value);
        }
    }
}
