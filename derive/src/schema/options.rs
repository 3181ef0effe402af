//! The options in `#[search(…)]` and `#[document(…)]`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Expr, ExprLit, Ident, Lit, LitStr, Result, Token, UnOp, punctuated::Punctuated,
    spanned::Spanned, token,
};

/// An option: its name, its value if it has one, and what is in its parentheses
pub(crate) struct Given {
    pub(crate) name: Ident,
    pub(crate) value: Option<Expr>,
    pub(crate) inner: Vec<Self>,
    texts: Vec<LitStr>,
}

/// Reads all options of the attributes of this name.
pub(crate) fn each(
    name: &str,
    attributes: &[Attribute],
    mut take: impl FnMut(Given) -> Result<()>,
) -> Result<()> {
    let of_name = attributes.iter().filter(|attribute| attribute.path().is_ident(name));
    of_name
        .into_iter()
        .try_for_each(|attribute| attribute.parse_nested_meta(|meta| take(Given::parse(&meta)?)))
}

impl Given {
    fn parse(meta: &syn::meta::ParseNestedMeta<'_>) -> Result<Self> {
        let name = meta.path.require_ident()?.clone();
        let (mut value, mut inner, mut texts) = (None, Vec::new(), Vec::new());
        if meta.input.peek(Token![=]) {
            value = Some(meta.value()?.parse()?);
        } else if name == "stop_words" && meta.input.peek(token::Paren) {
            let content;
            syn::parenthesized!(content in meta.input);
            let list = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?;
            texts.extend(list);
        } else if meta.input.peek(token::Paren) {
            meta.parse_nested_meta(|meta| {
                inner.push(Self::parse(&meta)?);
                Ok(())
            })?;
        }
        Ok(Self { name, value, inner, texts })
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        self.name == name
    }

    pub(crate) fn span(&self) -> Span {
        self.name.span()
    }

    pub(crate) fn error(&self, message: impl std::fmt::Display) -> syn::Error {
        syn::Error::new(self.span(), message)
    }

    /// Its value, of any form.
    pub(crate) fn value(&self) -> Result<&Expr> {
        let missing = || self.error(format!("`{0}` has a value: `{0} = …`", self.name));
        self.value.as_ref().ok_or_else(missing)
    }

    pub(crate) fn no_value(&self) -> Result<()> {
        match self.value.is_none() && self.inner.is_empty() {
            true => Ok(()),
            false => Err(self.error(format!("`{}` has no value", self.name))),
        }
    }

    /// Its value as a text that is not empty.
    pub(crate) fn text(&self) -> Result<LitStr> {
        text(self.value()?)
    }

    /// Its value as the name of a constant.
    pub(super) fn ident(&self) -> Result<Ident> {
        let text = self.text()?;
        text.parse().map_err(|_| {
            syn::Error::new(text.span(), "expected the name of a constant, as in `\"TITLE\"`")
        })
    }

    /// The texts in its parentheses.
    pub(super) fn texts(&self) -> Result<&[LitStr]> {
        if self.texts.is_empty() {
            let name = &self.name;
            return Err(
                self.error(format!("`{name}` is a list of texts, as in `{name}(\"a\", \"the\")`"))
            );
        }
        self.texts.iter().try_for_each(check)?;
        Ok(&self.texts)
    }

    /// Its value as a number with a point: a whole number may be written without one.
    pub(super) fn float(&self) -> Result<TokenStream> {
        let value = self.value()?;
        Ok(match literal(value) {
            Some(Lit::Int(number)) if number.suffix().is_empty() => {
                let number =
                    syn::LitFloat::new(&format!("{}.0", number.base10_digits()), number.span());
                quote!(#number)
            }
            _ if matches!(value, Expr::Unary(minus) if matches!(minus.op, UnOp::Neg(_))) => {
                return Err(syn::Error::new(
                    value.span(),
                    "expected a number that is not negative",
                ));
            }
            _ => value.to_token_stream(),
        })
    }

    /// Its value as a number of things, not 0.
    pub(crate) fn count(&self) -> Result<&Expr> {
        let value = self.value()?;
        match literal(value) {
            Some(Lit::Int(number)) if number.base10_digits() == "0" => {
                Err(syn::Error::new(value.span(), format!("`{}` is not 0", self.name)))
            }
            Some(Lit::Str(text)) => {
                Err(syn::Error::new(text.span(), "expected a number, without quotes"))
            }
            _ => Ok(value),
        }
    }

    /// Its value as a single ASCII character.
    pub(super) fn mark(&self) -> Result<syn::LitChar> {
        let value = self.value()?;
        let (mark, span) = match literal(value) {
            Some(Lit::Char(mark)) => (Some(mark.value()), mark.span()),
            Some(Lit::Str(text)) => {
                let text_value = text.value();
                let mut letters = text_value.chars();
                (letters.next().filter(|_| letters.next().is_none()), text.span())
            }
            _ => (None, value.span()),
        };
        match mark.filter(|mark| mark.is_ascii() && *mark != '\0') {
            Some(mark) => Ok(syn::LitChar::new(mark, span)),
            None => Err(syn::Error::new(span, "expected one ASCII character, as in `\";\"`")),
        }
    }
}

fn literal(value: &Expr) -> Option<&Lit> {
    match value {
        Expr::Lit(ExprLit { lit, .. }) => Some(lit),
        Expr::Group(group) => literal(&group.expr),
        _ => None,
    }
}

/// A text that servers can read and tell again: not empty, and without a NUL or a line end.
fn text(value: &Expr) -> Result<LitStr> {
    match literal(value) {
        Some(Lit::Str(text)) => check(text).map(|()| text.clone()),
        _ => Err(syn::Error::new(value.span(), "expected a text in quotes")),
    }
}

fn check(text: &LitStr) -> Result<()> {
    match text.value() {
        value if value.is_empty() || value.contains(['\0', '\r', '\n']) => Err(syn::Error::new(
            text.span(),
            "expected a text that is not empty and has no NUL and no line end",
        )),
        _ => Ok(()),
    }
}

/// The variant of an enum whose word this is, such as `German` for `german`.
pub(super) fn variant(text: &LitStr) -> Result<Ident> {
    // As servers spell it, and as Rust does.
    let word = text.value().replace("LVQ", "Lvq");
    let mut letters = word.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    let name: String = first.into_iter().chain(letters).collect();
    let mut ident: Ident =
        syn::parse_str(&name).map_err(|_| syn::Error::new(text.span(), "expected one word"))?;
    ident.set_span(text.span());
    Ok(ident)
}
