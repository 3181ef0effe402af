//! One option by its name, and what is wrong with it or with an endpoint.

use redmux_transport::EndpointError;

use super::{
    Options,
    table::{OPTIONS, OptionSpec},
};
use crate::{Error, Result};

/// Sets the option of this name to this value.
pub(super) type Set<'a> = &'a mut dyn FnMut(&mut Options, &str, &str) -> Result<()>;

/// Options of StackExchange.Redis without a counterpart, which users may try.
const NOT_HERE: [&str; 14] = [
    "allowAdmin",
    "checkCertificateRevocation",
    "configChannel",
    "configCheckSeconds",
    "highPriorityThreads",
    "preserveAsyncOrder",
    "proxy",
    "resolveDns",
    "responseTimeout",
    "serviceName",
    "tiebreaker",
    "topologyRefreshSeconds",
    "version",
    "writeBuffer",
];

/// Other clients' names for TLS options, and the names here.
#[cfg(feature = "full")]
const OF_OTHER_CLIENTS: [(&str, &str); 9] = [
    ("insecure", "sslDangerouslyUnverified=true"),
    ("skip_verify", "sslDangerouslyUnverified=true"),
    ("ssl_ca_certs", "sslCa"),
    (
        "ssl_cert_reqs",
        "sslDangerouslyUnverified=true for `none`; certificates are verified otherwise",
    ),
    ("ssl_certfile", "sslCert"),
    ("ssl_check_hostname", "sslHost, for another name; a name is always checked"),
    ("ssl_keyfile", "sslKey"),
    ("tlsServerName", "sslHost"),
    ("verifyPeer", "sslDangerouslyUnverified=true for `none`; certificates are verified otherwise"),
];

pub(super) fn find(name: &str) -> Option<&'static OptionSpec> {
    let is = |known: &&str| known.eq_ignore_ascii_case(name);
    OPTIONS.iter().find(|spec| is(&spec.name) || spec.aliases.iter().any(is))
}

/// Sets one option; the escapes in `value` are already decoded.
pub(super) fn read_option(options: &mut Options, name: &str, value: &str) -> Result<()> {
    let Some(spec) = find(name) else {
        let known: Vec<&str> = OPTIONS.iter().map(|spec| spec.name).collect();
        #[cfg(feature = "full")]
        if let Some((_, here)) =
            OF_OTHER_CLIENTS.iter().find(|(other, _)| other.eq_ignore_ascii_case(name))
        {
            return Err(Error::config(format!("`{name}` is not an option (here it is {here})")));
        }
        let elsewhere = NOT_HERE.iter().any(|other| other.eq_ignore_ascii_case(name));
        return Err(Error::config(format!(
            "`{name}` is not an option{} (expected one of {})",
            if elsewhere { " here as it is in StackExchange.Redis: leave it out" } else { "" },
            known.join(", ")
        )));
    };
    (spec.read)(options, value)
        .ok_or_else(|| Error::config(format!("{}: expected {}", spec.name, spec.accepts)))
}

/// The fault of an endpoint, without its text: the text may be part of a password.
pub(super) fn endpoint_fault(place: &str, error: &EndpointError) -> Error {
    Error::config(format!(
        "endpoint ({place}): {} (expected host, host:port, [ipv6]:port, unix:/path, ws://…, wss://…; \
         a password in a URL is percent-encoded, and a comma in a value is written %2C)",
        error.reason()
    ))
}
