use syn::parse_quote;

use super::*;

fn made(input: &DeriveInput) -> String {
    let tokens = expand(input).unwrap_or_else(|error| panic!("{error}")).to_string();
    tokens.replace(":: redmux :: ", "").replace(' ', "")
}

#[test]
fn a_struct_says_where_its_documents_are() {
    let book = made(&parse_quote! {
        #[document(json, prefix = "book:", index = "books", expire = 60)]
        #[serde(rename_all = "camelCase")]
        struct Book {
            #[document(id)]
            isbn: String,
            #[search(text)]
            title: String,
            #[document(version)]
            how_often: u64,
            #[document(expire)]
            until: Option<Duration>,
        }
    });
    for part in [
        "typeId=String;",
        "typeStorage=stack::documents::JsonStorage;",
        "constPREFIX:&'staticstr=\"book:\";",
        "fnid(&self)->&Self::Id{&self.isbn}",
        "typeVersion=u64;constVERSION_FIELD:&'staticstr=\"howOften\";",
        "fnversion(&self)->u64{self.how_often}",
        "matchstack::documents::TimeToLive::expiry(&self.until){\
            database::keys::Expiry::Never=>database::keys::Expiry::In(::std::time::Duration::from_secs(60)),",
        "implresp::FromReplyforBook",
        "constINDEX:&'staticstr=\"books\";",
        "Book::schema()",
    ] {
        assert!(book.contains(part), "{part}\n{book}");
    }
    let user = made(&parse_quote! {
        #[search(hash, prefix = "user:")]
        #[redmux(rename_all = "kebab-case")]
        struct User {
            #[document(id)]
            id: u64,
            #[search(tag)]
            name: String,
            #[document(version)]
            how_often: u64,
        }
    });
    for part in ["HashStorage", "\"user:\"", "VERSION_FIELD:&'staticstr=\"how-often\""] {
        assert!(user.contains(part), "{part}\n{user}");
    }
    for part in ["Indexed", "FromReply", "Expiry"] {
        assert!(!user.contains(part), "{part}\n{user}");
    }
    let plain = made(&parse_quote! {
        #[document(hash, prefix = "u:")]
        struct User {
            #[document(id)]
            id: u64,
        }
    });
    assert!(plain.contains("typeVersion=();fnversion(&self){}"), "{plain}");
}

#[test]
fn says_what_is_wrong() {
    let whole = |attributes: TokenStream| -> DeriveInput {
        parse_quote!(
            #attributes
            struct S {
                #[document(id)]
                a: u8,
                b: u8,
            }
        )
    };
    let fields = |fields: TokenStream| -> DeriveInput {
        parse_quote!(
            #[document(json, prefix = "a")]
            struct S { #fields }
        )
    };
    for (input, expected) in [
        (
            parse_quote!(
                #[document(json, prefix = "a")]
                enum E {
                    A,
                }
            ),
            "not for an enum",
        ),
        (
            parse_quote!(
                #[document(json, prefix = "a")]
                struct S(u8);
            ),
            "fields have names",
        ),
        (
            parse_quote!(
                #[document(json, prefix = "a")]
                struct S<T> {
                    #[document(id)]
                    a: T,
                }
            ),
            "without parameters",
        ),
        (whole(quote!(#[document(prefix = "a")])), "how documents are stored"),
        (whole(quote!(#[document(json, hash, prefix = "a")])), "of one kind"),
        (whole(quote!(#[document(json, prefix = "a")] #[search(hash)])), "of one kind"),
        (whole(quote!(#[document(json = 1, prefix = "a")])), "has no value"),
        (whole(quote!(#[document(json)])), "what keys begin with"),
        (whole(quote!(#[search(json, prefix = "a", prefix = "b")])), "what keys begin with"),
        (whole(quote!(#[document(json, prefix = "")])), "not empty"),
        (whole(quote!(#[document(json, prefix = "a", prefix = "b")])), "twice"),
        (whole(quote!(#[document(prefix = "a")] #[search(json, prefix = "b")])), "other prefixes"),
        (whole(quote!(#[document(json, prefix = "a", index = "i")])), "derive `Schema`"),
        (whole(quote!(#[document(json, prefix = "a", index)])), "has a value"),
        (whole(quote!(#[document(json, prefix = "a", expire = 0)])), "not 0"),
        (whole(quote!(#[document(json, prefix = "a", expire = "1")])), "without quotes"),
        (whole(quote!(#[document(json, prefix = "a", expires = 1)])), "a struct takes"),
        (fields(quote!(a: u8)), "which field is the id"),
        (fields(quote!(#[document(id)] a: u8, #[document(id)] b: u8)), "one field is the `id`"),
        (
            fields(
                quote!(#[document(id)] a: u8, #[document(version)] b: u64, #[document(version)] c: u64),
            ),
            "one field is the `version`",
        ),
        (fields(quote!(#[document(id, version)] a: u64)), "a field is one of"),
        (fields(quote!(#[document(key)] a: u8)), "a field takes"),
        (fields(quote!(#[document(id = 1)] a: u8)), "has no value"),
        (fields(quote!(#[document(id)] #[serde(skip)] a: u8)), "the id is not in the document"),
        (
            fields(quote!(#[document(id)] a: u8, #[document(version)] #[serde(flatten)] b: u64)),
            "the version is not in the document",
        ),
        (
            fields(
                quote!(#[document(id)] a: u8, #[document(version)] #[serde(rename = "a'b")] b: u64),
            ),
            "no quotes",
        ),
        (
            parse_quote!(
                #[document(hash, prefix = "a")]
                struct S {
                    #[document(id)]
                    #[redmux(skip)]
                    a: u8,
                }
            ),
            "with `skip` the id",
        ),
    ] {
        let error = expand(&input).map(|tokens| tokens.to_string()).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
}
