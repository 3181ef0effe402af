//! A field of the struct that is indexed.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Ident, LitStr, Result, Visibility, ext::IdentExt};

use super::{
    names::Names,
    options::{Given, each, variant},
};

/// The types of fields, the builder of each, and its handle in queries.
const KINDS: [(&str, &str, &str); 5] = [
    ("text", "Text", "TextField"),
    ("tag", "Tag", "TagField"),
    ("numeric", "Numeric", "NumericField"),
    ("geo", "Geo", "GeoField"),
    ("geoshape", "GeoShape", "ShapeField"),
];

/// What the value of an option is
#[derive(Clone, Copy)]
enum Value {
    None,
    Float,
    Count,
    Mark,
    /// A variant of this enum.
    Variant(&'static str),
}

/// Each option, the types that take it, and its value.
const OPTIONS: [(&str, &[&str], Value); 23] = [
    ("weight", &["text"], Value::Float),
    ("no_stem", &["text"], Value::None),
    ("phonetic", &["text"], Value::Variant("Phonetic")),
    ("suffixes", &["text", "tag"], Value::None),
    ("separator", &["tag"], Value::Mark),
    ("case_sensitive", &["tag"], Value::None),
    ("empty", &["text", "tag"], Value::None),
    ("sortable", &["text", "tag", "numeric", "geo"], Value::None),
    ("sortable_as_is", &["text", "tag"], Value::None),
    ("no_index", &["text", "tag", "numeric", "geo"], Value::None),
    ("flat", &["geoshape"], Value::None),
    ("initial_capacity", &["vector(flat)", "vector(hnsw)"], Value::Count),
    ("block_size", &["vector(flat)"], Value::Count),
    ("m", &["vector(hnsw)"], Value::Count),
    ("ef_construction", &["vector(hnsw)"], Value::Count),
    ("ef_runtime", &["vector(hnsw)"], Value::Count),
    ("epsilon", &["vector(hnsw)", "vector(vamana)"], Value::Float),
    ("compression", &["vector(vamana)"], Value::Variant("Compression")),
    ("construction_window_size", &["vector(vamana)"], Value::Count),
    ("graph_max_degree", &["vector(vamana)"], Value::Count),
    ("search_window_size", &["vector(vamana)"], Value::Count),
    ("training_threshold", &["vector(vamana)"], Value::Count),
    ("reduce", &["vector(vamana)"], Value::Count),
];

const ALGORITHMS: [(&str, &str); 3] =
    [("flat", "FlatVector"), ("hnsw", "HnswVector"), ("vamana", "VamanaVector")];
const NUMBERS: [(&str, &str); 6] = [
    ("f32", "Float32"),
    ("f64", "Float64"),
    ("f16", "Float16"),
    ("bf16", "BFloat16"),
    ("i8", "Int8"),
    ("u8", "UInt8"),
];
const DISTANCES: [(&str, &str); 3] = [("l2", "L2"), ("ip", "InnerProduct"), ("cosine", "Cosine")];

/// A field with `#[search(…)]`
pub(super) struct Indexed {
    pub(super) span: Span,
    /// The name by which queries ask for it.
    pub(super) name: String,
    /// The constant that names it in queries.
    pub(super) constant: Ident,
    /// Where it is, unless its name says so.
    place: Option<LitStr>,
    kind: Given,
    options: Vec<Given>,
}

impl Indexed {
    /// The field, if it is indexed; `key` is its name in a hash.
    pub(super) fn parse(field: &syn::Field, names: &Names, key: &str) -> Result<Option<Self>> {
        let (mut kind, mut options, mut name, mut place) = (None, Vec::new(), None, None);
        let (mut seen, mut constant) = (None, None);
        each("search", &field.attrs, |mut given| {
            seen.get_or_insert_with(|| given.span());
            let is_kind = given.is("vector") || KINDS.iter().any(|(word, ..)| given.is(word));
            if !is_kind {
                options.push(given);
                return Ok(());
            }
            if given.value.is_some() {
                return Err(given.error("options of a type are in parentheses"));
            }
            options.append(&mut given.inner);
            match kind {
                None => kind = Some(given),
                Some(_) => return Err(given.error("a field is indexed as one type")),
            }
            Ok(())
        })?;
        let Some(span) = seen else { return Ok(None) };
        let none = || {
            let message = "say how the field is indexed: `text`, `tag`, `numeric`, `geo`, `geoshape` or `vector(…)`";
            syn::Error::new(span, message)
        };
        let kind = kind.ok_or_else(none)?;
        let mut others = Vec::new();
        for option in options {
            match &*option.name.to_string() {
                "name" => name = Some(option.text()?),
                "path" => place = Some(option.text()?),
                "constant" => constant = Some(option.ident()?),
                _ => others.push(option),
            }
        }
        let (name, place) = Self::named(field, names, key, name, place, span)?;
        let constant = constant.unwrap_or_else(|| constant_of(field, span));
        Ok(Some(Self { span, name, constant, place, kind, options: others }))
    }

    /// The constant that names it in queries, in an `impl` of the struct.
    pub(super) fn constant(&self, vis: &Visibility, search: &TokenStream) -> TokenStream {
        let kind = KINDS.iter().find(|(word, ..)| self.kind.is(word));
        let handle = format_ident!("{}", kind.map_or("VectorField", |(.., handle)| handle));
        let (constant, name) = (&self.constant, LitStr::new(&self.name, self.span));
        let doc = format!("The field `{}` of the index, in queries.", self.name);
        // A name that the struct has already is reported at the field.
        quote_spanned! {constant.span()=>
            #[doc = #doc]
            #[allow(dead_code, reason = "queries need not ask for every field")]
            #vis const #constant: #search::#handle = #search::#handle::new(#name);
        }
    }

    /// Its name and its place.
    fn named(
        field: &syn::Field,
        names: &Names,
        key: &str,
        name: Option<LitStr>,
        place: Option<LitStr>,
        span: Span,
    ) -> Result<(String, Option<LitStr>)> {
        let ident = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
        let ident = ident.strip_prefix("r#").unwrap_or(&ident);
        let in_document = match names.by_serde {
            false => key.to_owned(),
            true => match names.of(field, ident)? {
                Ok(name) => name,
                // What is elsewhere in the document has a path.
                Err("flatten") if place.is_some() => ident.to_owned(),
                Err(word) => {
                    let message = format!(
                        "with `#[serde({word})]` the field is not in the document under its name"
                    );
                    return Err(syn::Error::new(span, message));
                }
            },
        };
        if in_document.is_empty() {
            return Err(syn::Error::new(span, "the name of the field is empty"));
        }
        Ok(match (name, place) {
            (None, place) => (in_document, place),
            (Some(name), Some(place)) => (name.value(), Some(place)),
            (Some(name), None) => (name.value(), Some(place_of(&in_document, names, name.span()))),
        })
    }

    /// The expression that makes it.
    pub(super) fn builder(&self, search: &TokenStream) -> Result<TokenStream> {
        let mut options: Vec<&Given> = self.options.iter().collect();
        let name = LitStr::new(&self.name, self.span);
        let (kind, start) = if self.kind.is("vector") {
            self.vector(&mut options, &name, search)?
        } else {
            let word = self.kind.name.to_string();
            let kind = KINDS.iter().find(|(kind, ..)| *kind == word);
            let builder = kind.map(|(_, builder, _)| *builder);
            let builder = format_ident!("{}", builder.unwrap_or("Text"));
            (word, quote!(#search::#builder::new(#name)))
        };
        let place = self.place.as_ref().map(|place| quote!(.at(#place)));
        let mut seen: Vec<String> = Vec::new();
        let mut calls = Vec::new();
        for option in options {
            let word = option.name.to_string();
            if seen.contains(&word) {
                return Err(option.error(format!("`{word}` is there twice")));
            }
            calls.push(call(option, &kind, search)?);
            seen.push(word);
        }
        Ok(quote_spanned!(self.span => #start #place #(#calls)*))
    }

    /// The constructor of a vector; takes what it is made with out of the options.
    fn vector(
        &self,
        options: &mut Vec<&Given>,
        name: &LitStr,
        search: &TokenStream,
    ) -> Result<(String, TokenStream)> {
        let mut one_of = |table: &[(&str, &str)], what: &str| {
            let words =
                || table.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(", ");
            let is_known = |given: &Given| table.iter().any(|(word, _)| given.is(word));
            let Some(found) = options.iter().position(|given| is_known(given)) else {
                return Err(self.kind.error(format!("a vector says {what}: {}", words())));
            };
            let found = options.remove(found);
            found.no_value()?;
            if let Some(other) = options.iter().find(|given| is_known(given)) {
                return Err(other.error(format!("a vector says {what} once: {}", words())));
            }
            let known = table.iter().find(|(word, _)| found.is(word));
            let (word, ident) = known.copied().unwrap_or_default();
            Ok((word.to_owned(), Ident::new(ident, found.span())))
        };
        let (algorithm, builder) = one_of(&ALGORITHMS, "how it is indexed")?;
        let (_, numbers) = one_of(&NUMBERS, "what its numbers are")?;
        let (_, distance) = one_of(&DISTANCES, "how distances are measured")?;
        let missing = || self.kind.error("a vector says how many dimensions it has: `dim = 384`");
        let dim = options.iter().position(|given| given.is("dim")).ok_or_else(missing)?;
        let dim = options.remove(dim).count()?.to_token_stream();
        let start = quote! {
            #search::#builder::new(#name, #search::VectorType::#numbers, #dim, #search::Distance::#distance)
        };
        Ok((format!("vector({algorithm})"), start))
    }
}

/// The name of the field of the struct, as constants are written.
fn constant_of(field: &syn::Field, span: Span) -> Ident {
    let name = field.ident.as_ref().map(|name| name.unraw().to_string()).unwrap_or_default();
    let at = field.ident.as_ref().map_or(span, Ident::span);
    Ident::new(&name.to_uppercase(), at)
}

/// The place of a field under another name.
fn place_of(name: &str, names: &Names, span: Span) -> LitStr {
    if !names.by_serde {
        return LitStr::new(name, span);
    }
    let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
    LitStr::new(&format!("$[\"{quoted}\"]"), span)
}

/// The call that sets an option.
fn call(option: &Given, kind: &str, search: &TokenStream) -> Result<TokenStream> {
    let name = &option.name;
    if option.is("missing") {
        option.no_value()?;
        return Ok(quote!(.#name()));
    }
    let takes = |kinds: &[&str]| kinds.contains(&kind);
    let Some((_, kinds, value)) = OPTIONS.iter().find(|(word, ..)| option.is(word)) else {
        let words = OPTIONS.iter().filter(|(_, kinds, _)| takes(kinds)).map(|(word, ..)| *word);
        let words: Vec<String> = words
            .chain(["missing", "name", "path", "constant"])
            .map(|word| format!("`{word}`"))
            .collect();
        return Err(option.error(format!("`{kind}` takes {}", words.join(", "))));
    };
    if !takes(kinds) {
        let kinds: Vec<String> = kinds.iter().map(|kind| format!("`{kind}`")).collect();
        return Err(
            option.error(format!("`{name}` is for {}, not for `{kind}`", kinds.join(" and ")))
        );
    }
    Ok(match value {
        Value::None => {
            option.no_value()?;
            quote!(.#name())
        }
        Value::Float => {
            let value = option.float()?;
            quote!(.#name(#value))
        }
        Value::Count => {
            let value = option.count()?;
            quote!(.#name(#value))
        }
        Value::Mark => {
            let mark = option.mark()?;
            quote!(.#name(#mark))
        }
        Value::Variant(of) => {
            let (of, word) = (format_ident!("{of}"), variant(&option.text()?)?);
            quote!(.#name(#search::#of::#word))
        }
    })
}
