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
const NOT_HERE: [&str; 10] = [
    "allowAdmin",
    "checkCertificateRevocation",
    "configCheckSeconds",
    "highPriorityThreads",
    "preserveAsyncOrder",
    "resolveDns",
    "responseTimeout",
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

/// Options that a build with the feature `topology` has.
#[cfg(not(feature = "topology"))]
const OF_TOPOLOGY: [&str; 16] = [
    "tiebreaker",
    "mode",
    "proxy",
    "readFrom",
    "zone",
    "maxReplicaLag",
    "serviceName",
    "service_name",
    "sentinelServiceName",
    "sentinelMasterId",
    "sentinelUser",
    "sentinelUsername",
    "sentinel_username",
    "sentinelPassword",
    "sentinel_password",
    "sentinelTls",
];

/// Whether an option of this name is read by a build with more features only.
pub(super) fn is_left_out(name: &str) -> bool {
    #[cfg(not(feature = "topology"))]
    if OF_TOPOLOGY.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return true;
    }
    let _ = name;
    false
}

/// Many servers need more code than this build has.
#[cfg(not(feature = "topology"))]
pub(super) fn needs_topology(what: &str) -> Error {
    Error::config(format!(
        "{what}: several servers need the feature `topology` of redmux, without which this program was built"
    ))
}

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
        #[cfg(not(feature = "topology"))]
        if is_left_out(name) {
            return Err(needs_topology(name));
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

#[cfg(all(test, not(feature = "topology")))]
mod tests {
    use super::*;

    #[test]
    fn what_concerns_many_servers_names_the_feature_that_is_missing() {
        let texts = OF_TOPOLOGY.map(|name| format!("h,{}=s3cret", name.to_uppercase()));
        let urls = ["redis+cluster", "rediss-sentinel"].map(|scheme| format!("{scheme}://s3cret"));
        for text in texts.into_iter().chain(urls) {
            let error = text.parse::<Options>().expect_err(&text);
            let ignoring = Options::parse_ignoring_unknown(&text).expect_err(&text);
            for error in [error.to_string(), ignoring.to_string()] {
                assert!(error.contains("feature `topology`"), "{text}: {error}");
                assert!(!error.contains("s3cret"), "{text}: {error}");
            }
        }
    }
}
