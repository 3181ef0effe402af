//! Options of commands.

use crate::{
    database::options::{options, words},
    resp::ToArg,
};

words! {
    /// How wide the numbers of an array of floats are kept: see [`JsonSetOptions::floats`]
    FloatWidth {
        /// IEEE half precision; larger numbers are refused.
        Fp16 => "FP16",
        /// Brain float, 16 bits.
        Bf16 => "BF16",
        /// Single precision.
        Fp32 => "FP32",
        /// Double precision.
        Fp64 => "FP64",
    }
}

options! {
    /// Options of [`set_with`](super::JsonCommands::set_with)
    JsonSetOptions { only, floats }

    /// Only if there is nothing at the path (`NX`).
    only: if_absent() => "NX";

    /// Only if there is something at the path (`XX`).
    only: if_present() => "XX";

    /// Keeps arrays of numbers in this width (`FPHA`), which costs less memory: all become floats, rounded. Since
    /// Redis 8.8.
    floats: floats(width: FloatWidth) => "FPHA", width;
}

options! {
    /// How [`get_text`](super::JsonCommands::get_text) lays out a document; by default on one line, without blanks
    JsonLayout { indent, newline, space }

    /// The text before an element, for each level that it is deep.
    indent: indent(text: impl ToArg) => "INDENT", text;

    /// The text behind an element.
    newline: newline(text: impl ToArg) => "NEWLINE", text;

    /// The text between the colon and the value of a member.
    space: space(text: impl ToArg) => "SPACE", text;
}

impl JsonLayout {
    /// Lines, two blanks for each level, and a blank behind each colon.
    pub fn pretty() -> Self {
        Self::new().indent("  ").newline("\n").space(" ")
    }
}
