use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{DeriveInput, GenericParam, Result, Type, parse_quote, spanned::Spanned};

use crate::attributes::{Field, Record};

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let record = Record::parse(input, "ToArgs")?;
    let (name, root) = (&input.ident, &record.root);
    let mut generics = input.generics.clone();
    for parameter in &mut generics.params {
        if let GenericParam::Type(parameter) = parameter {
            parameter.bounds.push(parse_quote!(#root::resp::ToArg));
        }
    }
    let (of_impl, of_type, conditions) = generics.split_for_impl();
    let appended = record.present().map(|field| append(&record, field));
    Ok(quote! {
        #[automatically_derived]
        impl #of_impl #root::resp::ToArgs for #name #of_type #conditions {
            fn append_to<'redmux>(&'redmux self, args: &mut #root::resp::ArgList<'redmux>) {
                #(#appended)*
            }
        }
    })
}

fn append(record: &Record<'_>, field: &Field<'_>) -> TokenStream {
    let (root, member, key) = (&record.root, &field.member, &field.key);
    let name = record.named.then(|| quote!(args.push(#root::resp::ToArg::to_arg(#key));));
    let span = field.ty.span();
    if is_option(field.ty) {
        quote_spanned! { span =>
            if let ::std::option::Option::Some(value) = &self.#member {
                #name
                args.push(#root::resp::ToArg::to_arg(value));
            }
        }
    } else {
        quote_spanned! { span =>
            #name
            args.push(#root::resp::ToArg::to_arg(&self.#member));
        }
    }
}

/// Whether the type is spelled as an `Option`: a macro sees only the spelling.
fn is_option(ty: &Type) -> bool {
    match ty {
        Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == "Option"),
        Type::Group(group) => is_option(&group.elem),
        Type::Paren(paren) => is_option(&paren.elem),
        _ => false,
    }
}
