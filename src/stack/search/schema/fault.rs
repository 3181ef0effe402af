//! Why a schema is not sent.

use std::collections::HashSet;

use super::{
    Schema,
    field::{Field, in_order},
    kind::{Documents, Kind},
};
use crate::resp::ToArg;

/// The fault of a name of an index, an alias or a dictionary.
pub(in crate::stack::search) fn fault_of_name(
    name: &impl ToArg,
    what: &'static str,
) -> Option<String> {
    is_odd(name.to_arg().as_bytes()).then(|| format!("{what} is empty or has a NUL or a line end"))
}

/// Whether it is no name: servers read texts up to a NUL, and tell of names in simple strings, which line ends break
/// (RediSearch 2.8) or change (2.10).
fn is_odd(text: &[u8]) -> bool {
    text.is_empty() || text.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n'))
}

impl Schema {
    /// Why it cannot be sent, if it cannot.
    pub(in crate::stack::search) fn fault(&self) -> Option<String> {
        let Self { language_field, score_field, payload_field, .. } = self;
        let mut fields = [language_field, score_field, payload_field].into_iter().flatten();
        let mut stop_words = self.stop_words.iter().flatten();
        let is_odd = |text: &String| is_odd(text.as_bytes());
        let fault = if self.prefixes.iter().any(|prefix| !prefix.is_empty() && is_odd(prefix)) {
            "a prefix has a NUL or a line end"
        } else if self.filter.as_ref().is_some_and(is_odd) {
            "the filter is empty or has a NUL or a line end"
        } else if fields.any(is_odd) {
            "the field of the language, the score or the payload is empty or has a NUL or a line end"
        } else if self.score.is_some_and(|score| !(0.0..=1.0).contains(&score)) {
            "a score is between 0 and 1"
        } else if self.temporary.is_some_and(|time| time.is_zero()) {
            "an index for no time at all"
        } else if stop_words.any(is_odd) {
            "a stop word is empty or has a NUL or a line end"
        } else if self.payload_field.is_some() && self.documents == Documents::Json {
            "only hashes have payloads"
        } else {
            return fault_of_fields(&self.fields, self.documents);
        };
        Some(fault.to_owned())
    }
}

/// The fault of the fields of a command.
pub(in crate::stack::search) fn fault_of_fields(
    fields: &[Field],
    documents: Documents,
) -> Option<String> {
    if fields.is_empty() {
        return Some("the list of fields is empty".to_owned());
    }
    let mut names = HashSet::new();
    for (index, field) in fields.iter().enumerate() {
        let fault = match names.insert(&*field.name) {
            true => fault_of_field(field),
            false => Some("its name is that of another field"),
        };
        if let Some(fault) = fault {
            return Some(format!("field {} of the schema: {fault}", index + 1));
        }
    }
    let ordered = in_order(fields, documents);
    let mut pairs = ordered.windows(2);
    let clash = pairs.any(|pair| pair[0].takes(&pair[1].place_in(documents)));
    clash.then(|| "several fields have names that the server takes for its options".to_owned())
}

fn fault_of_field(field: &Field) -> Option<&'static str> {
    let (name, place) = (field.name.as_bytes(), field.place.as_deref());
    if is_odd(name) || place.is_some_and(|place| is_odd(place.as_bytes())) {
        return Some("its name or its place is empty or has a NUL or a line end");
    }
    if field.no_index && (field.missing || field.empty) {
        return Some("what is not indexed is not found by missing or empty values");
    }
    match &field.kind {
        Kind::Text { weight: Some(weight), .. } if !weight.is_finite() || *weight < 0.0 => {
            Some("its weight is negative or no number")
        }
        Kind::Tag { separator: Some(mark), .. } if !mark.is_ascii() || *mark == '\0' => {
            Some("the server takes only an ASCII character as a separator")
        }
        Kind::Vector(vector) => vector.fault(),
        _ => None,
    }
}
