//! Reading the options object. Errors name the option and never repeat a value.

use std::{fmt, rc::Rc, time::Duration};

use js_sys::{Object, Reflect};
use redmux::{CacheOptions, Endpoint, Options, ReconnectPolicy, resp::Protocol};
use wasm_bindgen::{JsCast, JsValue};

use crate::{hooks::Hooks, runtime::time_has_passed};

/// The options that the object gives; `endpoint` is among them, as the JavaScript side names it
/// in errors.
///
/// # Errors
/// Which option cannot be used, and what is accepted.
pub(crate) fn read(object: &JsValue, hooks: &Rc<Hooks>) -> Result<Options, String> {
    let mut options = Options::default().reconnect_policy(JsPolicy(hooks.clone()));
    if !object.is_object() {
        return Err("options: expected an object".to_owned());
    }
    let object: &Object = object.unchecked_ref();
    for name in Object::keys(object) {
        let value = Reflect::get(object, &name).unwrap_or_default();
        if value.is_undefined() {
            continue;
        }
        let name = name.as_string().unwrap_or_default();
        options = set(options, &name, &value).map_err(|accepted| match accepted {
            Fault::Unknown => format!("{name} is not an option"),
            Fault::Value(accepted) => format!("{name}: expected {accepted}"),
        })?;
    }
    Ok(options)
}

enum Fault {
    Unknown,
    /// What is accepted.
    Value(&'static str),
}

fn set(options: Options, name: &str, value: &JsValue) -> Result<Options, Fault> {
    Ok(match name {
        "endpoint" => options.add_endpoint(Endpoint::WebSocket { url: text(value)? }),
        "username" => options.username(text(value)?),
        "password" => options.password(text(value)?),
        "clientName" => options.client_name(text(value)?),
        "database" => options.database(whole(value)?),
        "connectRetry" => options.connect_retry(whole(value)?),
        "sendQueueBytes" => options.send_queue_bytes(whole(value)? as usize),
        "subscriptionCapacity" => options.subscription_capacity(whole(value)? as usize),
        "connectTimeout" => options.connect_timeout(time(value)?),
        "commandTimeout" => options.command_timeout(time(value)?),
        "keepAlive" => options.keep_alive(time(value)?),
        "probeAfter" => options.probe_after(time(value)?),
        "probeTimeout" => options.probe_timeout(time(value)?),
        "abortOnConnectFail" => options.abort_on_connect_fail(boolean(value)?),
        "libraryInfo" => options.library_info(boolean(value)?),
        "clientCache" => match value.as_bool() {
            Some(true) => options.client_cache(CacheOptions::default()),
            Some(false) => options,
            None => options.client_cache(cache(value)?),
        },
        "protocol" => options.protocol(match value.as_f64() {
            Some(2.0) => Protocol::Resp2,
            Some(3.0) => Protocol::Resp3,
            _ => return Err(Fault::Value("2 or 3")),
        }),
        _ => return Err(Fault::Unknown),
    })
}

fn cache(object: &JsValue) -> Result<CacheOptions, Fault> {
    const ACCEPTED: Fault =
        Fault::Value("true, or an object of maxBytes, maxReplyBytes, maxAge and prefixes");
    if !object.is_object() {
        return Err(ACCEPTED);
    }
    let mut cache = CacheOptions::default();
    let object: &Object = object.unchecked_ref();
    for name in Object::keys(object) {
        let value = Reflect::get(object, &name).unwrap_or_default();
        if value.is_undefined() {
            continue;
        }
        cache = match name.as_string().unwrap_or_default().as_str() {
            "maxBytes" => cache.max_bytes(whole(&value)? as usize),
            "maxReplyBytes" => cache.max_reply_bytes(whole(&value)? as usize),
            "maxAge" => cache.max_age(time(&value)?),
            "prefixes" => {
                let list = js_sys::Array::from(&value);
                let prefixes: Option<Vec<_>> = list.iter().map(|item| item.as_string()).collect();
                cache.broadcast(prefixes.ok_or(ACCEPTED)?)
            }
            _ => return Err(ACCEPTED),
        };
    }
    Ok(cache)
}

/// Asks the JavaScript side, which knows why the last socket ended
struct JsPolicy(Rc<Hooks>);

impl ReconnectPolicy for JsPolicy {
    fn delay(&self, attempt: u32, outage: Duration, _: u64) -> Duration {
        let delay = duration(self.0.delay(attempt, crate::millis(outage)));
        time_has_passed();
        delay
    }
}

impl fmt::Debug for JsPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JsPolicy")
    }
}

fn text(value: &JsValue) -> Result<String, Fault> {
    value.as_string().ok_or(Fault::Value("a string"))
}

fn boolean(value: &JsValue) -> Result<bool, Fault> {
    value.as_bool().ok_or(Fault::Value("true or false"))
}

fn whole(value: &JsValue) -> Result<u32, Fault> {
    let number =
        value.as_f64().filter(|n| *n >= 0.0 && *n <= f64::from(u32::MAX) && n.trunc() == *n);
    number.map(|n| n as u32).ok_or(Fault::Value("a whole number, 0 or more"))
}

fn time(value: &JsValue) -> Result<Duration, Fault> {
    let accepted = Fault::Value("milliseconds greater than 0, or Infinity");
    value.as_f64().filter(|ms| *ms > 0.0).map(duration).ok_or(accepted)
}

/// Milliseconds as a duration; what is too long for one is for ever.
pub(crate) fn duration(milliseconds: f64) -> Duration {
    Duration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or(Duration::MAX)
}
