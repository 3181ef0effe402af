//! `#[derive(Schema)]`: the schema of an index from a struct.

mod field;
pub(crate) mod names;
pub(crate) mod options;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{DeriveInput, Fields, Result, spanned::Spanned};

use crate::attributes::Record;

use self::{
    field::Indexed,
    names::Names,
    options::{Given, each, variant},
};

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let record = Record::parse(input, "Schema")?;
    if let syn::Data::Struct(data) = &input.data
        && let Fields::Unnamed(fields) = &data.fields
    {
        return Err(syn::Error::new(
            fields.span(),
            "Schema is for structs whose fields have names",
        ));
    }
    let (documents, options) = of_struct(input)?;
    let has_constants = !options.iter().any(|option| option.is("no_constants"));
    let names = Names::parse(&input.attrs, documents == "json")?;
    let mut fields: Vec<Indexed> = Vec::new();
    for (field, source) in record.fields.iter().zip(source_fields(input)) {
        let Some(indexed) = Indexed::parse(source, &names, &field.key)? else { continue };
        if field.skip && documents == "hash" {
            return Err(syn::Error::new(
                indexed.span,
                "a field that is skipped is not in the hash",
            ));
        }
        if let Some(other) = fields.iter().find(|other| other.name == indexed.name) {
            let message = format!("there are two fields of the name `{}`", other.name);
            return Err(syn::Error::new(indexed.span, message));
        }
        if let Some(other) =
            fields.iter().find(|other| has_constants && other.constant == indexed.constant)
        {
            let message = format!(
                "two fields would have the constant `{}`: give one of them another name by `constant = \"…\"`",
                other.constant
            );
            return Err(syn::Error::new(indexed.span, message));
        }
        fields.push(indexed);
    }
    if fields.is_empty() {
        let message = "no field is indexed: mark one with `#[search(text)]`, `tag`, `numeric`, `geo`, `geoshape` or `vector(…)`";
        return Err(syn::Error::new(input.ident.span(), message));
    }
    let root = &record.root;
    let search = quote!(#root::stack::search);
    let documents = format_ident!("{documents}");
    let (name, vis) = (&input.ident, &input.vis);
    let constants = fields.iter().filter(|_| has_constants);
    let constants: Vec<_> = constants.map(|field| field.constant(vis, &search)).collect();
    let fields = fields.iter().map(|field| field.builder(&search)).collect::<Result<Vec<_>>>()?;
    let options =
        options.iter().map(|option| of_schema(option, &search)).collect::<Result<Vec<_>>>()?;
    let (of_impl, of_type, conditions) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #of_impl #name #of_type #conditions {
            #(#constants)*

            /// The schema of an index of such documents.
            #vis fn schema() -> #search::Schema {
                #search::Schema::#documents()
                    #(#options)*
                    #(.field(#fields))*
            }
        }
    })
}

fn source_fields(input: &DeriveInput) -> impl Iterator<Item = &syn::Field> {
    let fields = match &input.data {
        syn::Data::Struct(data) => Some(&data.fields),
        _ => None,
    };
    fields.into_iter().flatten()
}

/// What kind of documents they are, and the options of the index
///
/// What `#[document(…)]` says need not be said again.
fn of_struct(input: &DeriveInput) -> Result<(&'static str, Vec<Given>)> {
    let (mut documents, mut options) = (None, Vec::new());
    each("search", &input.attrs, |given| {
        match kind(&given) {
            None => options.push(given),
            Some(kind) if documents.is_none() => documents = Some(kind),
            Some(_) => return Err(given.error("documents are of one kind")),
        }
        Ok(())
    })?;
    let has_prefix = options.iter().any(|option| option.is("prefix"));
    each("document", &input.attrs, |given| {
        match kind(&given) {
            Some(kind) => _ = documents.get_or_insert(kind),
            None if given.is("prefix") && !has_prefix => options.push(given),
            None => {}
        }
        Ok(())
    })?;
    let none = || {
        let message = "say what the documents are: `#[search(json)]` or `#[search(hash)]`";
        syn::Error::new(input.ident.span(), message)
    };
    Ok((documents.ok_or_else(none)?, options))
}

/// The kind of documents, if the option is one.
pub(crate) fn kind(given: &Given) -> Option<&'static str> {
    ["hash", "json"].into_iter().find(|kind| given.is(kind))
}

/// The call that sets an option of the schema.
fn of_schema(given: &Given, search: &TokenStream) -> Result<TokenStream> {
    let name = &given.name;
    Ok(match &*name.to_string() {
        "prefix" | "filter" | "language_field" | "score_field" | "payload_field" => {
            let value = given.text()?;
            quote!(.#name(#value))
        }
        "score" => {
            let value = given.float()?;
            quote!(.#name(#value))
        }
        "language" => {
            let language = variant(&given.text()?)?;
            quote!(.#name(#search::Language::#language))
        }
        "temporary" => {
            let seconds = given.value()?;
            quote!(.#name(::std::time::Duration::from_secs(#seconds)))
        }
        "stop_words" => {
            let words = given.texts()?;
            quote!(.#name([#(#words),*]))
        }
        "index_all" => {
            let value = given.value()?;
            quote!(.#name(#value))
        }
        "no_constants" => {
            given.no_value()?;
            TokenStream::new()
        }
        "max_text_fields" | "no_offsets" | "no_highlights" | "no_fields" | "no_frequencies"
        | "no_stop_words" | "skip_initial_scan" => {
            given.no_value()?;
            quote!(.#name())
        }
        _ => {
            let message = "a struct takes `json`, `hash`, `prefix`, `filter`, `language`, `language_field`, `score`, \
                `score_field`, `payload_field`, `temporary`, `stop_words`, `no_stop_words`, `max_text_fields`, `no_offsets`, \
                `no_highlights`, `no_fields`, `no_frequencies`, `skip_initial_scan`, `index_all` and `no_constants`";
            return Err(given.error(message));
        }
    })
}

#[cfg(test)]
mod tests;
