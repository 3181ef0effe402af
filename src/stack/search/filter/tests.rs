use std::ops::Bound;

use super::*;
use crate::stack::search::{GeoField, NumericField, ShapeField, TagField, TextField, VectorField};

const TAG: TagField = TagField::new("g");
const NUMBER: NumericField = NumericField::new("n");
const TEXT: TextField = TextField::new("t");

fn fault(filter: Filter) -> Option<&'static str> {
    Query::from(filter).fault()
}

#[test]
fn each_kind_of_field_is_written_in_the_language() {
    for (filter, text) in [
        (Filter::all(), "*"),
        (TAG.is("a"), "@g:{$p0}"),
        (TAG.any(["a", "b"]), "@g:{$p0 | $p1}"),
        (TAG.starts_with("a"), "@g:{$p0*}"),
        (TAG.ends_with("a"), "@g:{*$p0}"),
        (TAG.contains("a"), "@g:{*$p0*}"),
        (TAG.is_missing(), "ismissing(@g)"),
        (NUMBER.is(1.5), "@n:[1.5 1.5]"),
        (NUMBER.between(1.0..2.0), "@n:[1 (2]"),
        (NUMBER.between(..), "@n:[-inf +inf]"),
        (NUMBER.between(f64::NEG_INFINITY..=f64::INFINITY), "@n:[-inf +inf]"),
        (NUMBER.above(-1e-7), "@n:[(-0.0000001 +inf]"),
        (NUMBER.at_least(0.1), "@n:[0.1 +inf]"),
        (NUMBER.below(3.0), "@n:[-inf (3]"),
        (NUMBER.at_most(3.0), "@n:[-inf 3]"),
        (TEXT.words("the red-lamp's, \"(x)\" @é_1"), "@t:(the red lamp s x é_1)"),
        (TEXT.phrase("red lamp"), "@t:(\"red lamp\")"),
        (TEXT.starts_with("la"), "@t:(la*)"),
        (TEXT.ends_with("mp"), "@t:(*mp)"),
        (TEXT.contains("am"), "@t:(*am*)"),
        (TEXT.like("lanp", 2), "@t:(%%lanp%%)"),
        (GeoField::new("p").within(1.5, -2.0, 3.0, GeoUnit::Kilometers), "@p:[1.5 -2 3 km]"),
        (ShapeField::new("s").within("POINT(1 1)"), "@s:[WITHIN $p0]"),
        (VectorField::new("v").within(0.5, &[1.0_f32]), "@v:[VECTOR_RANGE 0.5 $p0]"),
        (TEXT.words("a b").weight(2.0), "(@t:(a b))=>{$weight: 2;}"),
        (TEXT.words("a b").slop(1).in_order(), "((@t:(a b))=>{$slop: 1;})=>{$inorder: true;}"),
        (TEXT.words("a").optional(), "~(@t:(a))"),
        (Filter::raw("a|b") & TAG.is("c"), "(a|b) @g:{$p0}"),
    ] {
        assert_eq!(filter.to_string(), text);
        assert_eq!(fault(filter), None, "{text}");
    }
}

#[test]
fn filters_are_combined_as_the_operators_say() {
    let [a, b, c] = ["a", "b", "c"].map(|word| TEXT.words(word));
    for (filter, text) in [
        (a.clone() & b.clone() & c.clone(), "@t:(a) @t:(b) @t:(c)"),
        (a.clone() | b.clone() | c.clone(), "@t:(a) | @t:(b) | @t:(c)"),
        (a.clone() & (b.clone() | c.clone()), "@t:(a) (@t:(b) | @t:(c))"),
        (a.clone() & b.clone() | c.clone(), "(@t:(a) @t:(b)) | @t:(c)"),
        (!(a.clone() & b.clone()), "-(@t:(a) @t:(b))"),
        (!!a.clone(), "-(-@t:(a))"),
        (!a.clone() | b.clone(), "(-@t:(a)) | @t:(b)"),
        (a.clone() & Filter::all(), "@t:(a)"),
        (a.clone() | Filter::all(), "*"),
    ] {
        assert_eq!(filter.to_string(), text);
    }
}

#[test]
fn what_no_server_could_read_is_refused() {
    for filter in [
        !Filter::all(),
        TAG.any(Vec::<String>::new()),
        TAG.starts_with(""),
        NUMBER.is(f64::NAN),
        NUMBER.between((Bound::Excluded(f64::NAN), Bound::Unbounded)),
        TEXT.words(" .,- "),
        TEXT.phrase(""),
        TEXT.starts_with("two words"),
        TEXT.starts_with("x*"),
        TEXT.like("x", 4),
        TEXT.words("x").weight(f64::INFINITY),
        GeoField::new("p").within(f64::NAN, 0.0, 1.0, GeoUnit::Meters),
        VectorField::new("v").within(-1.0, &[1.0_f32]),
        Filter::raw_with("@g:{?}", ["a", "b"]),
        Filter::raw_with("@g:{? | ?}", ["a"]),
    ] {
        let inside = TAG.is("x") & (TAG.is("y") | filter.clone());
        assert!(fault(inside).is_some() && fault(!filter.clone()).is_some(), "{filter}");
    }
}

#[test]
fn values_are_parameters_in_their_order() {
    let query = Query::from(TAG.any(["}x", "$p0"]) & !TAG.is("*"));
    assert_eq!(query.text(), "@g:{$p0 | $p1} -@g:{$p2}");
    let mut words = ArgList::new();
    query.append_params(&mut words);
    let words: Vec<_> = words.iter().map(|word| String::from_utf8_lossy(word.as_bytes())).collect();
    assert_eq!(words, ["PARAMS", "6", "p0", "}x", "p1", "$p0", "p2", "*"]);
    assert!(!format!("{query:?} {:?}", TAG.is("secret")).contains("secret"));
}

#[test]
fn the_nearest_are_looked_for_among_what_a_filter_finds() {
    let nearest = VectorField::new("v").nearest(3, &[1.0_f32, -2.0]);
    let query = Query::from(nearest.clone());
    assert_eq!(query.text(), "*=>[KNN 3 @v $p0]");
    assert_eq!(query.values, [[0, 0, 128, 63, 0, 0, 0, 192]]);
    let query = Query::from(nearest.among(TAG.is("x")).ef_runtime(9).distance_as("d"));
    assert_eq!(query.text(), "(@g:{$p0})=>[KNN 3 @v $p1 EF_RUNTIME 9 AS $p2]");
    assert!(Query::from(VectorField::new("v").nearest(0, &[1_i8])).fault().is_some());
    assert!(
        Query::from(VectorField::new("v").nearest(1, &[1_u8]).among(!Filter::all()))
            .fault()
            .is_some()
    );
}
