use syn::parse_quote;

use super::*;

fn made(input: &DeriveInput) -> String {
    let tokens = expand(input).unwrap_or_else(|error| panic!("{error}")).to_string();
    let start = tokens.find("Schema :: hash").or_else(|| tokens.find("Schema :: json")).unwrap();
    tokens[start..].replace(":: redmux :: stack :: search :: ", "").replace(' ', "")
}

#[test]
fn a_struct_is_the_calls_of_a_schema() {
    let book = made(&parse_quote! {
        #[search(json, prefix = "book:", prefix = "b:", language = "german", score = 1, stop_words("a", "the"), no_offsets)]
        #[serde(rename_all = "camelCase", deny_unknown_fields, bound(serialize = "T: X"))]
        struct Book {
            #[search(text(weight = 2, sortable, phonetic = "french"))]
            book_title: String,
            #[search(tag(separator = ";", case_sensitive), missing)]
            #[serde(rename = "genre-of", default)]
            genre: String,
            #[search(numeric, path = "$.shop.price", no_index, sortable)]
            price: f64,
            #[search(geo, name = "where")]
            r#loop: String,
            #[search(geoshape(flat))]
            #[serde(rename(serialize = "out", deserialize = "in"))]
            shape: String,
            #[search(vector(hnsw, f32, dim = DIM, cosine, m = 16, epsilon = 0.5))]
            mood: Vec<f32>,
            note: String,
        }
    });
    let expected = "Schema::json().prefix(\"book:\").prefix(\"b:\").language(Language::German).score(1.0)\
        .stop_words([\"a\",\"the\"]).no_offsets()\
        .field(Text::new(\"bookTitle\").weight(2.0).sortable().phonetic(Phonetic::French))\
        .field(Tag::new(\"genre-of\").separator(';').case_sensitive().missing())\
        .field(Numeric::new(\"price\").at(\"$.shop.price\").no_index().sortable())\
        .field(Geo::new(\"where\").at(\"$[\\\"loop\\\"]\"))\
        .field(GeoShape::new(\"out\").flat())\
        .field(HnswVector::new(\"mood\",VectorType::Float32,DIM,Distance::Cosine).m(16).epsilon(0.5))";
    assert!(book.starts_with(expected), "{book}\n{expected}");
    let hash = made(&parse_quote! {
        #[search(hash)]
        #[redmux(rename_all = "kebab-case")]
        struct Book {
            #[search(text)]
            #[serde(rename = "not this")]
            book_title: String,
            #[search(tag, name = "g")]
            #[redmux(rename = "genre")]
            kind: String,
            #[search(vector(vamana, f16, ip, dim = 2, compression = "LVQ4x8"))]
            mood: Vec<u8>,
        }
    });
    let expected = "Schema::hash().field(Text::new(\"book-title\")).field(Tag::new(\"g\").at(\"genre\"))\
        .field(VamanaVector::new(\"mood\",VectorType::Float16,2,Distance::InnerProduct)\
        .compression(Compression::Lvq4x8))";
    assert!(hash.starts_with(expected), "{hash}\n{expected}");
}

#[test]
fn what_is_said_of_documents_need_not_be_said_again() {
    let of_documents = made(&parse_quote! {
        #[document(hash, prefix = "book:", index = "books")]
        struct Book {
            #[search(tag)]
            kind: String,
        }
    });
    assert!(of_documents.starts_with("Schema::hash().prefix(\"book:\").field("), "{of_documents}");
    let of_both = made(&parse_quote! {
        #[document(json, prefix = "book:new:")]
        #[search(json, prefix = "book:")]
        struct Book {
            #[search(tag)]
            kind: String,
        }
    });
    assert!(of_both.starts_with("Schema::json().prefix(\"book:\").field("), "{of_both}");
}

/// The constants that are made, without spaces.
fn constants(input: &DeriveInput) -> Vec<String> {
    let tokens = expand(input).unwrap_or_else(|error| panic!("{error}")).to_string();
    let parts = tokens.split("const ").skip(1);
    let ends = parts.map(|part| part.split(';').next().unwrap_or_default());
    ends.map(|part| part.replace(":: redmux :: stack :: search :: ", "").replace(' ', "")).collect()
}

#[test]
fn each_field_has_a_constant_of_its_type() {
    let input = parse_quote! {
        #[search(json)]
        #[serde(rename_all = "camelCase")]
        struct Book {
            #[search(text)]
            book_title: String,
            #[search(tag, path = "$.a")]
            r#type: String,
            #[search(numeric, name = "cost")]
            price: f64,
            #[search(geo)]
            place: String,
            #[search(geoshape, constant = "AREA")]
            #[serde(rename = "out")]
            shape: String,
            #[search(vector(flat, f32, dim = 2, l2))]
            mood: Vec<f32>,
            note: String,
        }
    };
    let expected = [
        "BOOK_TITLE:TextField=TextField::new(\"bookTitle\")",
        "TYPE:TagField=TagField::new(\"type\")",
        "PRICE:NumericField=NumericField::new(\"cost\")",
        "PLACE:GeoField=GeoField::new(\"place\")",
        "AREA:ShapeField=ShapeField::new(\"out\")",
        "MOOD:VectorField=VectorField::new(\"mood\")",
    ];
    assert_eq!(constants(&input), expected);
    let none = parse_quote! {
        #[search(json, no_constants)]
        struct Book {
            #[search(text)]
            a: String,
            #[search(text)]
            A: String,
        }
    };
    assert_eq!(constants(&none), [""; 0]);
}

#[test]
fn names_are_those_of_serde() {
    for (rule, expected) in [
        ("lowercase", "first_name"),
        ("UPPERCASE", "FIRST_NAME"),
        ("PascalCase", "FirstName"),
        ("camelCase", "firstName"),
        ("snake_case", "first_name"),
        ("SCREAMING_SNAKE_CASE", "FIRST_NAME"),
        ("kebab-case", "first-name"),
        ("SCREAMING-KEBAB-CASE", "FIRST-NAME"),
    ] {
        let made = made(&parse_quote! {
            #[search(json)]
            #[serde(rename_all = #rule)]
            struct User { #[search(tag)] first_name: String }
        });
        assert!(made.contains(&format!("Tag::new(\"{expected}\")")), "{made}");
    }
}

#[test]
fn says_what_is_wrong() {
    let field = |attribute: TokenStream| -> DeriveInput {
        parse_quote!(
            #[search(hash)]
            struct S {
                #[search(#attribute)]
                a: u8,
                #[search(tag)]
                b: u8,
            }
        )
    };
    let whole = |attribute: TokenStream| -> DeriveInput {
        parse_quote!(
            #[search(#attribute)]
            struct S {
                #[search(tag)]
                a: u8,
            }
        )
    };
    let serde = |attribute: TokenStream| -> DeriveInput {
        parse_quote!(
            #[search(json)]
            struct S {
                #[search(tag)]
                #[serde(#attribute)]
                a: u8,
            }
        )
    };
    for (input, expected) in [
        (
            parse_quote!(
                #[search(json)]
                enum E {
                    A,
                }
            ),
            "not for an enum",
        ),
        (
            parse_quote!(
                #[search(json)]
                struct S(u8);
            ),
            "fields have names",
        ),
        (
            parse_quote!(
                #[search(json)]
                struct S {
                    a: u8,
                }
            ),
            "no field is indexed",
        ),
        (
            parse_quote!(
                struct S {
                    #[search(tag)]
                    a: u8,
                }
            ),
            "`#[search(json)]` or",
        ),
        (whole(quote!(json, hash)), "of one kind"),
        (whole(quote!(json, prefxi = "a")), "a struct takes"),
        (whole(quote!(json, prefix)), "has a value"),
        (whole(quote!(json, prefix = 7)), "in quotes"),
        (whole(quote!(json, prefix = "")), "not empty"),
        (whole(quote!(json, score = -1)), "not negative"),
        (whole(quote!(json, no_fields = true)), "has no value"),
        (whole(quote!(json, stop_words = "a")), "list of texts"),
        (whole(quote!(json, language = "a b")), "one word"),
        (field(quote!(sortable)), "how the field is indexed"),
        (field(quote!(text, tag)), "as one type"),
        (field(quote!(text = 1)), "in parentheses"),
        (field(quote!(text(sort))), "`text` takes `weight`"),
        (field(quote!(text(separator = ";"))), "is for `tag`, not for `text`"),
        (field(quote!(numeric(empty))), "`text` and `tag`"),
        (field(quote!(tag(separator = "ab"))), "one ASCII"),
        (field(quote!(tag(separator = 'ä'))), "one ASCII"),
        (field(quote!(text(weight = -2))), "not negative"),
        (field(quote!(text(weight))), "has a value"),
        (field(quote!(text(sortable, sortable))), "twice"),
        (field(quote!(tag(sortable), sortable)), "twice"),
        (field(quote!(tag, name = "b")), "two fields"),
        (field(quote!(tag, path = "\0")), "NUL"),
        (field(quote!(tag, constant = "B")), "would have the constant `B`"),
        (field(quote!(tag, constant = "a b")), "the name of a constant"),
        (field(quote!(tag, constant = 7)), "in quotes"),
        (whole(quote!(json, no_constants = true)), "has no value"),
        (field(quote!(vector)), "how it is indexed: `flat`"),
        (field(quote!(vector(flat))), "what its numbers are"),
        (field(quote!(vector(flat, f32, f64, dim = 2, l2))), "once"),
        (field(quote!(vector(flat, f32))), "how distances"),
        (field(quote!(vector(flat, f32, l2))), "how many dimensions"),
        (field(quote!(vector(flat, f32, l2, dim = 0))), "not 0"),
        (field(quote!(vector(flat, f32, l2, dim = "2"))), "without quotes"),
        (field(quote!(vector(flat, f32, l2, dim = 2, m = 4))), "not for `vector(flat)`"),
        (field(quote!(vector(flat, f32, l2, dim = 2, sortable))), "not for `vector(flat)`"),
        (serde(quote!(skip)), "serde(skip)"),
        (serde(quote!(flatten)), "serde(flatten)"),
        (serde(quote!(rename = "")), "empty"),
        (
            parse_quote!(
                #[search(hash)]
                struct S {
                    #[search(tag)]
                    #[redmux(skip)]
                    a: u8,
                }
            ),
            "skipped",
        ),
    ] {
        let error = expand(&input).map(|tokens| tokens.to_string()).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
}
