//! What a struct says of its documents.

use syn::{DeriveInput, Expr, LitStr, Result};

use crate::schema::{
    kind,
    options::{Given, each},
};

pub(super) struct OfStruct {
    pub(super) is_json: bool,
    pub(super) prefix: LitStr,
    pub(super) index: Option<LitStr>,
    /// The time to live by default, in seconds.
    pub(super) expire: Option<Expr>,
}

impl OfStruct {
    pub(super) fn parse(input: &DeriveInput) -> Result<Self> {
        let mut given = Vec::new();
        each("document", &input.attrs, |option| {
            let known = ["json", "hash", "prefix", "index", "expire"];
            if !known.iter().any(|known| option.is(known)) {
                let message = "a struct takes `json`, `hash`, `prefix`, `index` and `expire`";
                return Err(option.error(message));
            }
            if given.iter().any(|other: &Given| option.is(&other.name.to_string())) {
                return Err(option.error(format!("`{}` is there twice", option.name)));
            }
            given.push(option);
            Ok(())
        })?;
        let mut of_index = Vec::new();
        each("search", &input.attrs, |option| {
            of_index.push(option);
            Ok(())
        })?;
        let find = |name: &str| given.iter().find(|option| option.is(name));
        let index = find("index").map(Given::text).transpose()?;
        let expire = find("expire").map(|option| option.count().cloned()).transpose()?;
        let this = Self {
            is_json: is_json(input, &given, &of_index)?,
            prefix: prefix(input, find("prefix"), &of_index)?,
            index,
            expire,
        };
        if let Some(index) = this.index.as_ref().filter(|_| !has_schema(input)) {
            let message =
                "the index has no fields: derive `Schema`, and mark fields with `#[search(…)]`";
            return Err(syn::Error::new(index.span(), message));
        }
        Ok(this)
    }
}

/// Whether documents are JSON: either attribute says it.
fn is_json(input: &DeriveInput, given: &[Given], of_index: &[Given]) -> Result<bool> {
    let mut found = None;
    for option in given.iter().chain(of_index) {
        let Some(kind) = kind(option) else { continue };
        option.no_value()?;
        if found.is_some_and(|found| found != kind) {
            return Err(option.error("documents are of one kind"));
        }
        found = Some(kind);
    }
    let none = || {
        let message = "say how documents are stored: `#[document(json)]` or `#[document(hash)]`";
        syn::Error::new(input.ident.span(), message)
    };
    found.map(|kind| kind == "json").ok_or_else(none)
}

/// What keys begin with: said for the documents, or once for the index.
fn prefix(input: &DeriveInput, given: Option<&Given>, of_index: &[Given]) -> Result<LitStr> {
    let of_index = of_index.iter().filter(|option| option.is("prefix"));
    let of_index = of_index.map(Given::text).collect::<Result<Vec<_>>>()?;
    match (given, &*of_index) {
        (None, [prefix]) => Ok(prefix.clone()),
        (Some(given), []) => given.text(),
        (Some(given), of_index) => {
            let prefix = given.text()?;
            let text = prefix.value();
            match of_index.iter().any(|of_index| text.starts_with(&of_index.value())) {
                true => Ok(prefix),
                false => Err(given.error("the index is about keys with other prefixes")),
            }
        }
        (None, _) => {
            let message = "say what keys begin with: `#[document(prefix = \"book:\")]`";
            Err(syn::Error::new(input.ident.span(), message))
        }
    }
}

fn has_schema(input: &DeriveInput) -> bool {
    let fields = match &input.data {
        syn::Data::Struct(data) => Some(&data.fields),
        _ => None,
    };
    let mut fields = fields.into_iter().flatten();
    fields.any(|field| field.attrs.iter().any(|attribute| attribute.path().is_ident("search")))
}
