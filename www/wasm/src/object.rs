//! Building plain JavaScript objects.

use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;

/// An object that is filled field by field
pub(crate) struct Fields(Object);

impl Fields {
    pub(crate) fn new() -> Self {
        Self(Object::new())
    }

    /// Sets a field; the names are constants of this crate, never text of a server.
    pub(crate) fn set(self, name: &str, value: impl Into<JsValue>) -> Self {
        // Setting a field of an ordinary object cannot fail.
        let _ = Reflect::set(&self.0, &name.into(), &value.into());
        self
    }

    /// Sets a field to the value, or to `null`.
    pub(crate) fn set_or_null(self, name: &str, value: Option<impl Into<JsValue>>) -> Self {
        self.set(name, value.map_or(JsValue::NULL, Into::into))
    }
}

impl From<Fields> for JsValue {
    fn from(fields: Fields) -> Self {
        fields.0.into()
    }
}
