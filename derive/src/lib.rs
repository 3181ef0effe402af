//! `#[derive(FromReply)]` and `#[derive(ToArgs)]` for structs, re-exported by `redmux::resp`.
//!
//! `redmux::resp` documents them.

mod attributes;
mod from_reply;
mod to_args;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Implements `FromReply`: a reply can be decoded into the struct
///
/// | struct | decoded from |
/// |---|---|
/// | with named fields | a map, an array of names and values in turn, or an array of pairs |
/// | with one unnamed field | what that field's type takes |
/// | with several unnamed fields | an array of exactly that length |
///
/// Names that are not in the struct are ignored; of equal ones the last counts. A field that is
/// missing takes what its type makes of a null (`None` for an `Option`), or its default if it
/// has one; otherwise the error names it. For an `Option` of the struct, an empty
/// map is `None`: that is the reply of `HGETALL` for a key that does not exist.
///
/// On the struct:
///
/// - `#[redmux(rename_all = "camelCase")]`: the spelling of the names in the reply; also
///   `PascalCase`, `snake_case`, `SCREAMING_SNAKE_CASE`, `kebab-case`, `lowercase`, `UPPERCASE`.
/// - `#[redmux(crate = "path")]`: where redmux is, if not at `::redmux`.
///
/// On a field:
///
/// - `#[redmux(rename = "name")]`: its name in the reply.
/// - `#[redmux(default)]`, `#[redmux(default = "function")]`: the value if the field is missing or null.
/// - `#[redmux(skip)]`: the field is not in the reply; it has its default.
///
/// Type parameters are bound by `FromReply`. Enums, unions, structs without fields and lifetimes
/// are refused.
#[proc_macro_derive(FromReply, attributes(redmux))]
pub fn from_reply(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    from_reply::expand(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Implements `ToArgs`: the struct becomes a list of arguments
///
/// Of named fields, the name and the value of each in turn, as `HSET` and `XADD` take them; an
/// `Option` (written so, or with a path to it) that is `None` is left out with its name. Of
/// unnamed fields, the values.
///
/// The attributes are those of [`FromReply`](macro@FromReply): `rename`, `skip` and `default`
/// (which has no effect here) on fields, `rename_all` and `crate` on the struct. Type parameters
/// are bound by `ToArg`. Enums, unions and structs without fields are refused.
#[proc_macro_derive(ToArgs, attributes(redmux))]
pub fn to_args(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    to_args::expand(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
