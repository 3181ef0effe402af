//! `#[derive(Document)]`: a struct whose values are documents.

mod options;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{DeriveInput, Fields, Ident, Result, Type, spanned::Spanned};

use self::options::OfStruct;
use crate::{
    attributes::Record,
    schema::{
        names::Names,
        options::{Given, each},
    },
};

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let record = Record::parse(input, "Document")?;
    let refused = |place: &dyn Spanned, message| Err(syn::Error::new(place.span(), message));
    let fields = match &input.data {
        syn::Data::Struct(data) => &data.fields,
        _ => return refused(&input.ident, "Document is for structs"),
    };
    if let Fields::Unnamed(fields) = fields {
        return refused(fields, "Document is for structs whose fields have names");
    }
    if !input.generics.params.is_empty() {
        return refused(&input.generics, "Document is for structs without parameters");
    }
    let of_struct = OfStruct::parse(input)?;
    let names = Names::parse(&input.attrs, of_struct.is_json)?;
    let mut places = Places::default();
    for (field, known) in fields.iter().zip(&record.fields) {
        places.take(field, &names, &known.key, known.skip)?;
    }
    let Places { id, version, expire, .. } = places;
    let Some((id, id_type)) = id else {
        let message = "say which field is the id: mark it with `#[document(id)]`";
        return refused(&input.ident, message);
    };
    let (name, root) = (&input.ident, &record.root);
    let documents = quote!(#root::stack::documents);
    let storage = match of_struct.is_json {
        true => quote!(#documents::JsonStorage),
        false => quote!(#documents::HashStorage),
    };
    let version = match version {
        None => quote! {
            type Version = ();
            fn version(&self) {}
        },
        // A field of another type is reported at the field.
        Some((field, key)) => quote_spanned! {field.span()=>
            type Version = u64;
            const VERSION_FIELD: &'static str = #key;
            fn version(&self) -> u64 {
                self.#field
            }
        },
    };
    let expiry = expiry(expire, of_struct.expire.as_ref(), root);
    let prefix = &of_struct.prefix;
    let indexed = of_struct.index.as_ref().map(|index| {
        quote! {
            #[automatically_derived]
            impl #documents::Indexed for #name {
                const INDEX: &'static str = #index;

                fn index_schema() -> #root::stack::search::Schema {
                    #name::schema()
                }
            }
        }
    });
    // A hash is read by what the struct derives for itself.
    let read = of_struct.is_json.then(|| {
        quote! {
            #[automatically_derived]
            impl #root::resp::FromReply for #name {
                fn from_reply(
                    reply: #root::resp::Reply<'_>,
                ) -> ::std::result::Result<Self, #root::resp::ReplyError> {
                    reply.decode().map(#root::stack::json::Json::into_inner)
                }
            }
        }
    });
    Ok(quote! {
        #[automatically_derived]
        impl #documents::Document for #name {
            type Id = #id_type;
            type Storage = #storage;
            const PREFIX: &'static str = #prefix;

            fn id(&self) -> &Self::Id {
                &self.#id
            }

            #version
            #expiry
        }

        #read
        #indexed
    })
}

/// What a write does with the time to live.
fn expiry(
    field: Option<&Ident>,
    default: Option<&syn::Expr>,
    root: &syn::Path,
) -> Option<TokenStream> {
    let expiry = quote!(#root::database::keys::Expiry);
    let default =
        default.map(|seconds| quote!(#expiry::In(::std::time::Duration::from_secs(#seconds))));
    let of_field = field.map(|field| {
        quote_spanned!(field.span()=> #root::stack::documents::TimeToLive::expiry(&self.#field))
    });
    let value = match (of_field, default) {
        (None, None) => return None,
        (Some(value), None) | (None, Some(value)) => value,
        (Some(value), Some(default)) => quote! {
            match #value {
                #expiry::Never => #default,
                given => given,
            }
        },
    };
    Some(quote! {
        fn expiry(&self) -> #expiry {
            #value
        }
    })
}

/// The fields that mean something
#[derive(Default)]
struct Places<'a> {
    id: Option<(&'a Ident, &'a Type)>,
    /// With its name in the document.
    version: Option<(&'a Ident, String)>,
    expire: Option<&'a Ident>,
}

impl<'a> Places<'a> {
    /// Takes a field; `key` is its name in a hash.
    fn take(&mut self, field: &'a syn::Field, names: &Names, key: &str, skip: bool) -> Result<()> {
        let Some(ident) = &field.ident else { return Ok(()) };
        let mut seen: Option<Given> = None;
        each("document", &field.attrs, |given| {
            given.no_value()?;
            let is_taken = match &*given.name.to_string() {
                "id" => self.id.replace((ident, &field.ty)).is_some(),
                "version" => self.version.replace((ident, String::new())).is_some(),
                "expire" => self.expire.replace(ident).is_some(),
                _ => return Err(given.error("a field takes `id`, `version` or `expire`")),
            };
            if is_taken {
                return Err(given.error(format!("one field is the `{}`", given.name)));
            }
            if seen.is_some() {
                return Err(given.error("a field is one of `id`, `version` and `expire`"));
            }
            seen = Some(given);
            Ok(())
        })?;
        let Some(seen) = seen else { return Ok(()) };
        if seen.is("expire") {
            return Ok(());
        }
        let plain = ident.to_string();
        let name = match names.by_serde {
            true => names.of(field, plain.strip_prefix("r#").unwrap_or(&plain))?,
            false if skip => Err("skip"),
            false => Ok(key.to_owned()),
        };
        let name = name.map_err(|word| {
            seen.error(format!("with `{word}` the {} is not in the document", seen.name))
        })?;
        if let Some((_, version)) = self.version.as_mut().filter(|_| seen.is("version")) {
            if name.is_empty() || name.contains(['\\', '"', '\'']) {
                let message =
                    "the name of a version is not empty and has no quotes and no backslash";
                return Err(seen.error(message));
            }
            *version = name;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
