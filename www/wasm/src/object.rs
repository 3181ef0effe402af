//! Building plain JavaScript objects.

use std::time::Duration;

use js_sys::Array;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = Object)]
    type Record;

    #[wasm_bindgen(constructor, js_class = "Object")]
    fn new() -> Record;

    // One for each kind of value: a value that is converted to JavaScript first takes a place in a table.
    #[wasm_bindgen(method, structural, indexing_setter)]
    fn set_text(this: &Record, name: &str, value: &str);

    #[wasm_bindgen(method, structural, indexing_setter)]
    fn set_number(this: &Record, name: &str, value: f64);

    #[wasm_bindgen(method, structural, indexing_setter)]
    fn set_flag(this: &Record, name: &str, value: bool);

    #[wasm_bindgen(method, structural, indexing_setter)]
    fn set_value(this: &Record, name: &str, value: &JsValue);
}

/// An object that is filled field by field
pub(crate) struct Fields(Record);

impl Fields {
    pub(crate) fn new() -> Self {
        Self(Record::new())
    }

    /// Sets a field; the names are constants of this crate, never text of a server.
    pub(crate) fn set(self, name: &str, value: impl Value) -> Self {
        value.put(&self, name);
        self
    }

    /// Sets a field to the value, or to `null`.
    pub(crate) fn set_or_null(self, name: &str, value: Option<impl Value>) -> Self {
        match value {
            Some(value) => value.put(&self, name),
            None => self.0.set_value(name, &JsValue::NULL),
        }
        self
    }
}

impl From<Fields> for JsValue {
    fn from(fields: Fields) -> Self {
        fields.0.into()
    }
}

/// A value of a field
pub(crate) trait Value {
    fn put(self, fields: &Fields, name: &str);
}

impl Value for &str {
    fn put(self, fields: &Fields, name: &str) {
        fields.0.set_text(name, self);
    }
}

impl Value for String {
    fn put(self, fields: &Fields, name: &str) {
        fields.0.set_text(name, &self);
    }
}

impl Value for f64 {
    fn put(self, fields: &Fields, name: &str) {
        fields.0.set_number(name, self);
    }
}

impl Value for u32 {
    fn put(self, fields: &Fields, name: &str) {
        fields.0.set_number(name, self.into());
    }
}

impl Value for usize {
    fn put(self, fields: &Fields, name: &str) {
        fields.0.set_number(name, self as f64);
    }
}

impl Value for bool {
    fn put(self, fields: &Fields, name: &str) {
        fields.0.set_flag(name, self);
    }
}

impl Value for JsValue {
    fn put(self, fields: &Fields, name: &str) {
        fields.0.set_value(name, &self);
    }
}

impl Value for Array {
    fn put(self, fields: &Fields, name: &str) {
        fields.0.set_value(name, &self);
    }
}

impl Value for Fields {
    fn put(self, fields: &Fields, name: &str) {
        fields.0.set_value(name, &self.0);
    }
}

/// Milliseconds as JavaScript numbers.
pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
