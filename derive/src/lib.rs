//! `#[derive(FromReply)]` and `#[derive(ToArgs)]` for structs, re-exported by `redmux::resp`; `#[derive(Schema)]`,
//! re-exported by `redmux::stack::search`; `#[derive(Document)]`, re-exported by `redmux::stack::documents`.
//!
//! These modules document them.

mod attributes;
mod document;
mod from_reply;
mod schema;
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

/// Makes `schema()`, the schema of an index of such documents, and a constant for each indexed field
///
/// ```ignore
/// #[derive(Serialize, Deserialize, Schema)]
/// #[search(json, prefix = "book:")]
/// struct Book {
///     #[search(text(weight = 2, sortable))]
///     title: String,
///     #[search(tag(separator = ";", case_sensitive), missing)]
///     genre: String,
///     #[search(numeric, path = "$.shop.price")]
///     price: f64,
///     #[search(vector(hnsw, f32, dim = 384, cosine, m = 16))]
///     mood: Vec<f32>,
///     note: String, // not indexed
/// }
///
/// db.search().ensure("books", &Book::schema()).await?;
/// let filter = Book::TITLE.words("peace") & Book::PRICE.between(1.0..2.0);
/// ```
///
/// On the struct, `#[search(…)]` says what the documents are: `json`, written by serde, or `hash`, written by
/// [`ToArgs`](macro@ToArgs). Then the options of the schema, by the names of its methods: `prefix = "…"` (any number of them),
/// `filter = "…"`, `language = "german"`, `language_field = "…"`, `score = 0.5`, `score_field = "…"`, `payload_field = "…"`,
/// `temporary = 60` (seconds), `stop_words("a", "the")`, `no_stop_words`, `max_text_fields`, `no_offsets`,
/// `no_highlights`, `no_fields`, `no_frequencies`, `skip_initial_scan`, `index_all = true`. With `no_constants` there are
/// no constants.
///
/// A field with `#[search(…)]` is indexed, as one of these types; options are in the parentheses or behind them:
///
/// | type | options |
/// |---|---|
/// | `text` | `weight = 2`, `no_stem`, `phonetic = "english"`, `suffixes`, `empty`, `sortable`, `sortable_as_is`, `no_index` |
/// | `tag` | `separator = ";"`, `case_sensitive`, `suffixes`, `empty`, `sortable`, `sortable_as_is`, `no_index` |
/// | `numeric`, `geo` | `sortable`, `no_index` |
/// | `geoshape` | `flat` |
/// | `vector` | `flat`, `hnsw` or `vamana`; `f32`, `f64`, `f16`, `bf16`, `i8` or `u8`; `dim = 384`; `l2`, `ip` or `cosine`; the attributes of the algorithm |
/// | all | `missing`, `name = "…"`, `path = "…"`, `constant = "…"` |
///
/// Its name in queries is its name in the document: of JSON that which serde writes (`rename`, `rename_all`), of hashes
/// that of `#[redmux(rename = "…")]`. `name` gives it another one; `path` says where it is in the document.
///
/// The constant of a field has the name of the field of the struct in capitals, `BOOK_TITLE` for `book_title`, and the type
/// by which queries ask for such a field: `TextField`, `TagField`, `NumericField`, `GeoField`, `ShapeField` or
/// `VectorField`. It is as visible as the struct. Where the struct has a constant or a function of that name already, the
/// compiler refuses the second one (E0592): `constant = "…"` gives the field another name.
///
/// `#[redmux(crate = "path")]` says where redmux is, if not at `::redmux`. Enums, unions, structs without named fields and
/// structs without an indexed field are refused.
#[proc_macro_derive(Schema, attributes(search, redmux))]
pub fn schema(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    schema::expand(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Implements `Document`: values of the struct are documents, with `db.documents::<Book>()`
///
/// ```ignore
/// #[derive(Serialize, Deserialize, Schema, Document)]
/// #[document(json, prefix = "book:", index = "books")]
/// struct Book {
///     #[document(id)]
///     isbn: String,
///     #[search(text)]
///     title: String,
///     #[document(version)]
///     version: u64,
/// }
///
/// let books = db.documents::<Book>();
/// books.save(&book).await?;
/// ```
///
/// On the struct:
///
/// - `json` or `hash`: how documents are stored. JSON is written and read by serde, also where a reply is asked for; for a hash,
///   derive [`ToArgs`](macro@ToArgs) and [`FromReply`](macro@FromReply).
/// - `prefix = "book:"`: what the keys begin with. The rest is the id. No prefix should begin with another one.
/// - `index = "books"`: the name of the index, or of an alias. It takes [`Schema`](macro@Schema). What one of `#[document(…)]` and
///   `#[search(…)]` says, `json` or `hash` and the prefix, the other one need not say again.
/// - `expire = 3600`: how many seconds a document lives after it was written.
///
/// On a field:
///
/// - `id`: of any type that is one argument: a text, a number.
/// - `version`: a `u64`, which `update` compares and raises.
/// - `expire`: how long the document lives after it was written. A `u32` or `u64` is seconds; a `Duration`, a `SystemTime`, or an
///   `Option` of these, of which `None` is the time of the struct if it has one, and otherwise no end.
///
/// `#[redmux(crate = "path")]` says where redmux is, if not at `::redmux`. Enums, unions, structs without named fields and structs
/// with parameters are refused.
#[proc_macro_derive(Document, attributes(document, search, redmux))]
pub fn document(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    document::expand(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
