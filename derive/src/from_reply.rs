use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{DeriveInput, GenericParam, LitByteStr, Result, parse_quote, spanned::Spanned};

use crate::attributes::{Fallback, Field, Record};

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    if let Some(lifetime) = input.generics.lifetimes().next() {
        let message = "FromReply makes values that borrow nothing: no lifetimes";
        return Err(syn::Error::new(lifetime.span(), message));
    }
    let record = Record::parse(input, "FromReply")?;
    let (name, root) = (&input.ident, &record.root);
    let mut generics = input.generics.clone();
    for parameter in &mut generics.params {
        if let GenericParam::Type(parameter) = parameter {
            parameter.bounds.push(parse_quote!(#root::resp::FromReply));
        }
    }
    let (of_impl, of_type, conditions) = generics.split_for_impl();
    let present = record.present().count();
    let (body, hook) = if record.named {
        (from_map(&record), Some(option_hook(&record)))
    } else if present == 1 {
        (from_one(&record), None)
    } else {
        (from_array(&record, present), None)
    };
    Ok(quote! {
        #[automatically_derived]
        impl #of_impl #root::resp::FromReply for #name #of_type #conditions {
            fn from_reply(
                reply: #root::resp::Reply<'_>,
            ) -> ::std::result::Result<Self, #root::resp::ReplyError> {
                #body
            }

            #hook
        }
    })
}

/// Goes through the names and values once, and keeps the values that fields want.
fn from_map(record: &Record<'_>) -> TokenStream {
    let root = &record.root;
    let expected = format!("a map for {}", record.input.ident);
    let places = record.present().map(|field| &field.place);
    let arms = record.present().map(|field| {
        let (place, key) = (&field.place, byte_string(&field.key));
        quote!(#key => #place = ::std::option::Option::Some(value),)
    });
    let fields = all_fields(record);
    quote! {
        #(let mut #places = ::std::option::Option::None;)*
        #root::resp::derived::each(#expected, reply, |name, value| match name {
            #(#arms)*
            _ => {}
        })?;
        ::std::result::Result::Ok(Self { #fields })
    }
}

/// `HGETALL` of a key that does not exist is an empty map: `None` where an `Option` is asked for.
fn option_hook(record: &Record<'_>) -> TokenStream {
    let root = &record.root;
    quote! {
        fn option_from_reply(
            reply: #root::resp::Reply<'_>,
        ) -> ::std::result::Result<::std::option::Option<Self>, #root::resp::ReplyError> {
            #root::resp::derived::unless_empty(reply)
        }
    }
}

fn from_one(record: &Record<'_>) -> TokenStream {
    let places = record.present().map(|field| &field.place);
    let fields = all_fields(record);
    quote! {
        #(let #places = ::std::option::Option::Some(reply);)*
        ::std::result::Result::Ok(Self { #fields })
    }
}

fn from_array(record: &Record<'_>, present: usize) -> TokenStream {
    let root = &record.root;
    let expected = format!("an array for {}", record.input.ident);
    let places = record.present().map(|field| &field.place);
    let fields = all_fields(record);
    quote! {
        let [#(#places),*] = #root::resp::derived::array::<#present>(#expected, reply)?
            .map(::std::option::Option::Some);
        ::std::result::Result::Ok(Self { #fields })
    }
}

fn all_fields(record: &Record<'_>) -> TokenStream {
    record.fields.iter().map(|field| value(record, field)).collect()
}

fn value(record: &Record<'_>, field: &Field<'_>) -> TokenStream {
    let (root, member, place, ty) = (&record.root, &field.member, &field.place, field.ty);
    let default = match &field.default {
        Some(Fallback::Function(path)) => quote_spanned!(path.span() => #path),
        _ => quote_spanned!(ty.span() => <#ty as ::std::default::Default>::default),
    };
    if field.skip {
        return quote!(#member: #default(),);
    }
    let name = &record.input.ident;
    let within = match record.named {
        true => format!("in the field `{}` of {name}", field.key),
        false => format!("in part {} of {name}", field.key),
    };
    let decoded = match (&field.default, record.named) {
        (Some(_), _) => quote_spanned! { ty.span() =>
            #root::resp::derived::or_else::<#ty>(#place, #within, #default)?
        },
        (None, _) => {
            let missing = format!("without the field `{}`", field.key);
            quote_spanned! { ty.span() =>
                #root::resp::derived::required::<#ty>(#place, reply, #within, #missing)?
            }
        }
    };
    quote!(#member: #decoded,)
}

fn byte_string(text: &str) -> LitByteStr {
    LitByteStr::new(text.as_bytes(), proc_macro2::Span::call_site())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_refused() {
        let input: DeriveInput = parse_quote!(
            struct User<'a> {
                name: &'a str,
            }
        );
        let error = expand(&input).unwrap_err().to_string();
        assert!(error.contains("borrow nothing"), "{error}");
    }
}
