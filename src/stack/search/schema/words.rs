//! The words of a command.

use crate::resp::{Arg, ToArg};

/// The word of an option.
pub(in crate::stack::search) fn word_of(option: impl ToArg) -> String {
    String::from_utf8_lossy(option.to_arg().as_bytes()).into_owned()
}

/// The words of a command, as they are written one after the other
#[derive(Default)]
pub(in crate::stack::search) struct Words(pub(in crate::stack::search) Vec<Arg<'static>>);

impl Words {
    pub(in crate::stack::search) fn push(&mut self, word: impl ToArg) {
        self.0.push(word.to_arg().into_owned());
    }

    pub(in crate::stack::search) fn texts<const N: usize>(&mut self, words: [&'static str; N]) {
        self.0.extend(words.map(|word| Arg::Bytes(word.as_bytes())));
    }

    pub(in crate::stack::search) fn option(
        &mut self,
        word: &'static str,
        value: Option<impl ToArg>,
    ) {
        if let Some(value) = value {
            self.texts([word]);
            self.push(value);
        }
    }

    pub(in crate::stack::search) fn flags<const N: usize>(
        &mut self,
        flags: [(&'static str, bool); N],
    ) {
        let said = flags.into_iter().filter(|(_, is_said)| *is_said);
        self.0.extend(said.map(|(word, _)| Arg::Bytes(word.as_bytes())));
    }

    pub(super) fn counted(&mut self, word: &'static str, list: &[String]) {
        self.texts([word]);
        self.push(list.len() as u64);
        list.iter().for_each(|text| self.push(&**text));
    }
}
