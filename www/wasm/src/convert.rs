//! Replies as JavaScript values, straight from the received bytes.

use std::str;

use js_sys::{Array, BigInt, Map, Set, Uint8Array};
use redmux::resp::{Kind, Reply};
use wasm_bindgen::JsValue;

use crate::hooks::Hooks;

/// The largest integer up to which every one has a JavaScript number of its own
const MAX_SAFE: u64 = (1 << 53) - 1;

/// How bulk strings come out
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Texts {
    Strings,
    /// `Uint8Array`; status replies are strings all the same.
    Bytes,
}

pub(crate) fn bytes(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

/// The value of a reply.
///
/// # Errors
/// An error made by `hooks` if a text is not UTF-8 and strings are wanted.
pub(crate) fn value(reply: Reply<'_>, texts: Texts, hooks: &Hooks) -> Result<JsValue, JsValue> {
    Ok(match reply.kind() {
        Kind::Null => JsValue::NULL,
        Kind::Boolean => reply.as_i64().unwrap_or_default().eq(&1).into(),
        Kind::Integer => integer(reply.as_i64().unwrap_or_default()),
        Kind::Double => reply.as_f64().unwrap_or(f64::NAN).into(),
        Kind::BigNumber => big_number(reply),
        Kind::Error | Kind::BulkError => match reply.error() {
            Some(error) => hooks.server_error(&error),
            None => JsValue::NULL,
        },
        Kind::SimpleString => text(reply, Texts::Strings, hooks)?,
        Kind::BulkString | Kind::Verbatim => text(reply, texts, hooks)?,
        Kind::Array | Kind::Push => {
            let array = Array::new();
            for item in reply.items().into_iter().flatten() {
                array.push(&value(item, texts, hooks)?);
            }
            array.into()
        }
        Kind::Set => {
            let set = Set::new(&JsValue::UNDEFINED);
            for item in reply.items().into_iter().flatten() {
                set.add(&value(item, texts, hooks)?);
            }
            set.into()
        }
        Kind::Map => {
            let map = Map::new();
            for (key, item) in reply.entries().into_iter().flatten() {
                map.set(&value(key, texts, hooks)?, &value(item, texts, hooks)?);
            }
            map.into()
        }
    })
}

fn text(reply: Reply<'_>, texts: Texts, hooks: &Hooks) -> Result<JsValue, JsValue> {
    let content = reply.as_bytes().unwrap_or_default();
    if texts == Texts::Bytes {
        return Ok(bytes(&content));
    }
    match str::from_utf8(&content) {
        Ok(text) => Ok(text.into()),
        Err(_) => {
            Err(hooks
                .decode_error("the reply holds bytes that are not UTF-8: pass { bytes: true }"))
        }
    }
}

fn integer(value: i64) -> JsValue {
    if value.unsigned_abs() <= MAX_SAFE {
        (value as f64).into()
    } else {
        BigInt::from(value).into()
    }
}

fn big_number(reply: Reply<'_>) -> JsValue {
    let digits = reply.as_str().unwrap_or_default();
    // The framer has checked the digits.
    BigInt::new(&digits.as_ref().into()).map_or(JsValue::NULL, Into::into)
}
