//! Under which names documents have fields: as serde writes JSON.

use syn::{Attribute, LitStr, Result, meta::ParseNestedMeta};

/// How the names of fields are written
pub(crate) struct Names {
    /// serde writes the documents.
    pub(crate) by_serde: bool,
    rule: Option<String>,
}

/// What serde does with a field
#[derive(Default)]
struct OfSerde {
    name: Option<String>,
    /// The word by which it is not in the document under a name of its own.
    gone: Option<&'static str>,
}

impl Names {
    pub(crate) fn parse(attributes: &[Attribute], by_serde: bool) -> Result<Self> {
        let mut rule = None;
        if by_serde {
            each(attributes, |meta| match meta.path.is_ident("rename_all") {
                true => renamed(meta, &mut rule),
                false => pass(meta),
            })?;
        }
        Ok(Self { by_serde, rule })
    }

    /// The name of a field in a JSON document; why it has none, if that is so.
    pub(crate) fn of(
        &self,
        field: &syn::Field,
        ident: &str,
    ) -> Result<std::result::Result<String, &'static str>> {
        let mut serde = OfSerde::default();
        each(&field.attrs, |meta| {
            let gone = ["skip", "skip_serializing", "flatten"].into_iter();
            match gone.into_iter().find(|word| meta.path.is_ident(word)) {
                Some(word) => serde.gone = Some(word),
                None if meta.path.is_ident("rename") => return renamed(meta, &mut serde.name),
                None => return pass(meta),
            }
            Ok(())
        })?;
        Ok(match serde.gone {
            Some(word) => Err(word),
            None => Ok(serde.name.unwrap_or_else(|| self.apply(ident))),
        })
    }

    /// As serde does it.
    fn apply(&self, name: &str) -> String {
        let pascal = || {
            let mut capital = true;
            let mut text = String::new();
            for letter in name.chars() {
                match letter {
                    '_' => capital = true,
                    letter if std::mem::take(&mut capital) => {
                        text.push(letter.to_ascii_uppercase())
                    }
                    letter => text.push(letter),
                }
            }
            text
        };
        match self.rule.as_deref() {
            Some("UPPERCASE" | "SCREAMING_SNAKE_CASE") => name.to_ascii_uppercase(),
            Some("PascalCase") => pascal(),
            Some("camelCase") => {
                let text = pascal();
                let mut letters = text.chars();
                let first = letters.next().map(|letter| letter.to_ascii_lowercase());
                first.into_iter().chain(letters).collect()
            }
            Some("kebab-case") => name.replace('_', "-"),
            Some("SCREAMING-KEBAB-CASE") => name.to_ascii_uppercase().replace('_', "-"),
            _ => name.to_owned(),
        }
    }
}

fn each(
    attributes: &[Attribute],
    mut take: impl FnMut(ParseNestedMeta<'_>) -> Result<()>,
) -> Result<()> {
    let of_serde = attributes.iter().filter(|attribute| attribute.path().is_ident("serde"));
    of_serde.into_iter().try_for_each(|attribute| attribute.parse_nested_meta(&mut take))
}

/// `rename = "…"`, or `rename(serialize = "…", deserialize = "…")`, of which the first counts.
fn renamed(meta: ParseNestedMeta<'_>, name: &mut Option<String>) -> Result<()> {
    if meta.input.peek(syn::token::Paren) {
        return meta.parse_nested_meta(|meta| {
            let text: LitStr = meta.value()?.parse()?;
            if meta.path.is_ident("serialize") {
                *name = Some(text.value());
            }
            Ok(())
        });
    }
    *name = Some(meta.value()?.parse::<LitStr>()?.value());
    Ok(())
}

/// Reads over what is serde's own business.
fn pass(meta: ParseNestedMeta<'_>) -> Result<()> {
    if meta.input.peek(syn::Token![=]) {
        meta.value()?.parse::<syn::Expr>()?;
    } else if meta.input.peek(syn::token::Paren) {
        let content;
        syn::parenthesized!(content in meta.input);
        content.parse::<proc_macro2::TokenStream>()?;
    }
    Ok(())
}
