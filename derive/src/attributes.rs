//! The attributes of the struct and its fields.

use quote::format_ident;
use syn::{
    Attribute, Data, DeriveInput, ExprPath, Fields, Ident, Index, LitStr, Member, Path, Result,
    Type, meta::ParseNestedMeta, spanned::Spanned,
};

/// The struct to derive for
pub(crate) struct Record<'a> {
    pub(crate) input: &'a DeriveInput,
    /// The path to redmux.
    pub(crate) root: Path,
    /// Whether its fields have names.
    pub(crate) named: bool,
    pub(crate) fields: Vec<Field<'a>>,
}

/// A field
pub(crate) struct Field<'a> {
    pub(crate) member: Member,
    /// A variable for it.
    pub(crate) place: Ident,
    pub(crate) ty: &'a Type,
    /// Its name in the reply or among the arguments.
    pub(crate) key: String,
    pub(crate) skip: bool,
    pub(crate) default: Option<Fallback>,
}

/// What replaces a missing value
pub(crate) enum Fallback {
    Default,
    Function(ExprPath),
}

impl<'a> Record<'a> {
    pub(crate) fn parse(input: &'a DeriveInput, derived: &str) -> Result<Self> {
        let fields = match &input.data {
            Data::Struct(data) => &data.fields,
            Data::Enum(data) => return Err(refused(data.enum_token, derived, "an enum")),
            Data::Union(data) => return Err(refused(data.union_token, derived, "a union")),
        };
        if fields.is_empty() {
            return Err(refused(&input.ident, derived, "a struct without fields"));
        }
        let of_struct = OfStruct::parse(&input.attrs)?;
        let named = matches!(fields, Fields::Named(_));
        if let (false, Some(case)) = (named, &of_struct.rename_all) {
            return Err(syn::Error::new(case.span, "there are no names to rename"));
        }
        let fields = fields.iter().enumerate();
        let fields: Vec<_> = fields
            .map(|(index, field)| Field::parse(index, field, of_struct.rename_all.as_ref()))
            .collect::<Result<_>>()?;
        for (index, field) in fields.iter().enumerate().filter(|(_, field)| named && !field.skip) {
            let same = |other: &&Field<'_>| !other.skip && other.key == field.key;
            if fields[..index].iter().any(|other| same(&other)) {
                let message = format!("there are two fields of the name `{}`", field.key);
                return Err(syn::Error::new(field.member.span(), message));
            }
        }
        Ok(Self { input, root: of_struct.root, named, fields })
    }

    /// The fields that are in the reply, or sent.
    pub(crate) fn present(&self) -> impl Iterator<Item = &Field<'a>> {
        self.fields.iter().filter(|field| !field.skip)
    }
}

fn refused(place: impl Spanned, derived: &str, what: &str) -> syn::Error {
    let message = format!("{derived} can be derived for structs with fields, not for {what}");
    syn::Error::new(place.span(), message)
}

struct OfStruct {
    root: Path,
    rename_all: Option<Case>,
}

impl OfStruct {
    fn parse(attributes: &[Attribute]) -> Result<Self> {
        let mut this = Self { root: syn::parse_quote!(::redmux), rename_all: None };
        each(attributes, |meta| {
            if meta.path.is_ident("rename_all") {
                let name: LitStr = meta.value()?.parse()?;
                this.rename_all = Some(Case::parse(&name)?);
            } else if meta.path.is_ident("crate") {
                this.root = meta.value()?.parse::<LitStr>()?.parse()?;
            } else {
                return Err(meta.error("a struct takes `rename_all` and `crate`"));
            }
            Ok(())
        })?;
        Ok(this)
    }
}

impl<'a> Field<'a> {
    fn parse(index: usize, field: &'a syn::Field, case: Option<&Case>) -> Result<Self> {
        let mut key = match &field.ident {
            Some(name) => {
                let name = name.to_string();
                let name = name.strip_prefix("r#").unwrap_or(&name);
                case.map_or_else(|| name.to_owned(), |case| case.apply(name))
            }
            None => index.to_string(),
        };
        let (mut skip, mut default) = (false, None);
        each(&field.attrs, |meta| {
            if meta.path.is_ident("rename") && field.ident.is_some() {
                key = meta.value()?.parse::<LitStr>()?.value();
            } else if meta.path.is_ident("skip") {
                skip = true;
            } else if meta.path.is_ident("default") {
                default = Some(match meta.value() {
                    Ok(value) => Fallback::Function(value.parse::<LitStr>()?.parse()?),
                    Err(_) => Fallback::Default,
                });
            } else if field.ident.is_some() {
                return Err(meta.error("a field takes `rename`, `default` and `skip`"));
            } else {
                return Err(meta.error("a field without a name takes `default` and `skip`"));
            }
            Ok(())
        })?;
        let member = match &field.ident {
            Some(name) => Member::Named(name.clone()),
            None => Member::Unnamed(Index { index: index as u32, span: field.span() }),
        };
        let place = format_ident!("field_{index}");
        Ok(Self { member, place, ty: &field.ty, key, skip, default })
    }
}

fn each(
    attributes: &[Attribute],
    mut take: impl FnMut(ParseNestedMeta<'_>) -> Result<()>,
) -> Result<()> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("redmux"))
        .try_for_each(|attribute| attribute.parse_nested_meta(&mut take))
}

/// A spelling of names
struct Case {
    span: proc_macro2::Span,
    style: Style,
}

#[derive(Clone, Copy)]
enum Style {
    /// Words joined by this, changed in case or not.
    Joined(&'static str, fn(&str) -> String),
    /// Words that begin with a capital; the first one as well or not.
    Capitals { first: bool },
}

impl Case {
    fn parse(name: &LitStr) -> Result<Self> {
        let style = match &*name.value() {
            "lowercase" => Style::Joined("", str::to_lowercase),
            "UPPERCASE" => Style::Joined("", str::to_uppercase),
            "snake_case" => Style::Joined("_", str::to_lowercase),
            "SCREAMING_SNAKE_CASE" => Style::Joined("_", str::to_uppercase),
            "kebab-case" => Style::Joined("-", str::to_lowercase),
            "camelCase" => Style::Capitals { first: false },
            "PascalCase" => Style::Capitals { first: true },
            _ => {
                let message = "expected camelCase, PascalCase, snake_case, SCREAMING_SNAKE_CASE, \
                    kebab-case, lowercase or UPPERCASE";
                return Err(syn::Error::new(name.span(), message));
            }
        };
        Ok(Self { span: name.span(), style })
    }

    /// The name of a field, whose words are joined by underscores.
    fn apply(&self, name: &str) -> String {
        let mut words = name.split('_').filter(|word| !word.is_empty());
        match self.style {
            Style::Joined(by, change) => words.map(change).collect::<Vec<_>>().join(by),
            Style::Capitals { first } => {
                let plain = if first { None } else { words.next() };
                plain.map(str::to_lowercase).into_iter().chain(words.map(capital)).collect()
            }
        }
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn keys(input: &DeriveInput) -> Vec<String> {
        let record = Record::parse(input, "FromReply").unwrap();
        record.present().map(|field| field.key.clone()).collect()
    }

    #[test]
    fn names_are_written_as_asked_for() {
        for (case, expected) in [
            ("lowercase", "firstname"),
            ("UPPERCASE", "FIRSTNAME"),
            ("snake_case", "first_name"),
            ("SCREAMING_SNAKE_CASE", "FIRST_NAME"),
            ("kebab-case", "first-name"),
            ("camelCase", "firstName"),
            ("PascalCase", "FirstName"),
        ] {
            let input = parse_quote! {
                #[redmux(rename_all = #case)]
                struct User { first_name: String, #[redmux(rename = "as is")] other: u8 }
            };
            assert_eq!(keys(&input), [expected, "as is"]);
        }
        assert_eq!(
            keys(&parse_quote!(
                struct Raw {
                    r#type: u8,
                }
            )),
            ["type"]
        );
    }

    #[test]
    fn says_what_is_wrong() {
        let cases: [(DeriveInput, &str); 9] = [
            (
                parse_quote!(
                    enum E {
                        A,
                    }
                ),
                "not for an enum",
            ),
            (parse_quote!(union U { a: u8 }), "not for a union"),
            (
                parse_quote!(
                    struct S;
                ),
                "without fields",
            ),
            (
                parse_quote!(
                    #[redmux(rename_all = "Title")]
                    struct S {
                        a: u8,
                    }
                ),
                "camelCase",
            ),
            (
                parse_quote!(
                    #[redmux(rename = "x")]
                    struct S {
                        a: u8,
                    }
                ),
                "a struct takes",
            ),
            (
                parse_quote!(
                    #[redmux(rename_all = "lowercase")]
                    struct S(u8, u8);
                ),
                "no names",
            ),
            (
                parse_quote!(
                    struct S {
                        #[redmux(defualt)]
                        a: u8,
                    }
                ),
                "a field takes",
            ),
            (
                parse_quote!(
                    struct S(#[redmux(rename = "x")] u8);
                ),
                "without a name",
            ),
            (
                parse_quote!(
                    struct S {
                        #[redmux(rename = "b")]
                        a: u8,
                        b: u8,
                    }
                ),
                "two fields",
            ),
        ];
        for (input, expected) in cases {
            let error = Record::parse(&input, "FromReply").err().unwrap().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
