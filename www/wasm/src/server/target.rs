//! What JavaScript dials.

use std::io;

use redmux::{
    Endpoint,
    transport::{DialError, DialOptions, DialStage, ErrorText},
};
use wasm_bindgen::JsValue;

use crate::object::Fields;

/// An endpoint as a plain object.
///
/// # Errors
/// If there is a proxy on the way: sockets of JavaScript know none.
pub(crate) fn target(endpoint: &Endpoint, options: &DialOptions) -> Result<JsValue, DialError> {
    if options.tunnel.is_some() {
        let why = ErrorText("a tunnel is not possible here: give a transport".to_owned());
        return Err(DialError::new(
            DialStage::Tunnel,
            io::Error::new(io::ErrorKind::Unsupported, why),
        ));
    }
    let fields = Fields::new();
    let fields = match endpoint {
        Endpoint::Tcp { host, port } => fields.set("host", &**host).set("port", u32::from(*port)),
        Endpoint::Unix { path } => fields.set("path", &**path),
        Endpoint::WebSocket { url } => fields.set("url", &**url),
        _ => fields,
    };
    let servername = options.tls.as_ref().and_then(|tls| tls.host.as_deref());
    Ok(fields.set("tls", options.tls.is_some()).set_or_null("servername", servername).into())
}
