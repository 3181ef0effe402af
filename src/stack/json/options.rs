//! Options of commands.

use crate::resp::{Arg, ArgList, ToArgs};

/// Options of [`set_with`](super::JsonCommands::set_with)
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[must_use]
pub struct JsonSetOptions {
    only: Option<&'static str>,
    floats: Option<FloatWidth>,
}

/// How wide the numbers of an array of floats are kept: see [`JsonSetOptions::floats`]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FloatWidth {
    /// IEEE half precision; larger numbers are refused.
    Fp16,
    /// Brain float, 16 bits.
    Bf16,
    /// Single precision.
    Fp32,
    /// Double precision.
    Fp64,
}

impl JsonSetOptions {
    /// Sets always.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only if there is nothing at the path (`NX`).
    pub fn if_absent(mut self) -> Self {
        self.only = Some("NX");
        self
    }

    /// Only if there is something at the path (`XX`).
    pub fn if_present(mut self) -> Self {
        self.only = Some("XX");
        self
    }

    /// Keeps arrays of numbers in this width (`FPHA`), which costs less memory: all become floats, rounded. Since
    /// Redis 8.8.
    pub fn floats(mut self, width: FloatWidth) -> Self {
        self.floats = Some(width);
        self
    }
}

impl ToArgs for JsonSetOptions {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        let width = self.floats.map(|width| match width {
            FloatWidth::Fp16 => "FP16",
            FloatWidth::Bf16 => "BF16",
            FloatWidth::Fp32 => "FP32",
            FloatWidth::Fp64 => "FP64",
        });
        let words =
            self.only.into_iter().chain(width.into_iter().flat_map(|width| ["FPHA", width]));
        args.extend(words.map(|word| Arg::Bytes(word.as_bytes())));
    }
}

/// How [`get_text`](super::JsonCommands::get_text) lays out a document; by default on one line, without blanks
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct JsonLayout {
    indent: Option<String>,
    newline: Option<String>,
    space: Option<String>,
}

impl JsonLayout {
    /// On one line, without blanks.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lines, two blanks for each level, and a blank behind each colon.
    pub fn pretty() -> Self {
        Self::new().indent("  ").newline("\n").space(" ")
    }

    /// The text before an element, for each level that it is deep.
    pub fn indent(mut self, text: impl Into<String>) -> Self {
        self.indent = Some(text.into());
        self
    }

    /// The text behind an element.
    pub fn newline(mut self, text: impl Into<String>) -> Self {
        self.newline = Some(text.into());
        self
    }

    /// The text between the colon and the value of a member.
    pub fn space(mut self, text: impl Into<String>) -> Self {
        self.space = Some(text.into());
        self
    }
}

impl ToArgs for JsonLayout {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        let words = [("INDENT", &self.indent), ("NEWLINE", &self.newline), ("SPACE", &self.space)];
        for (word, text) in words {
            if let Some(text) = text {
                args.extend([word, text].map(|word| Arg::Bytes(word.as_bytes())));
            }
        }
    }
}
