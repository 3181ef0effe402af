//! `redis://`, `rediss://` and `unix://` URLs.

use redmux_transport::Endpoint;

use super::{
    Options,
    escape::unescape,
    reading::{Set, endpoint_fault, find, read_option},
};
use crate::{Error, Result};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Plain,
    Tls,
    Unix,
}

const SCHEMES: &[(&str, Scheme)] = &[
    ("redis", Scheme::Plain),
    ("rediss", Scheme::Tls),
    ("valkey", Scheme::Plain),
    ("valkeys", Scheme::Tls),
    ("unix", Scheme::Unix),
    ("redis+unix", Scheme::Unix),
];

/// Returns what follows the scheme, if `text` is a URL of a known scheme.
fn split(text: &str) -> Option<(Scheme, &str)> {
    let (name, rest) = text.trim().split_once("://")?;
    let (_, scheme) = SCHEMES.iter().find(|(known, _)| name.eq_ignore_ascii_case(known))?;
    Some((*scheme, rest))
}

pub(super) fn is_url(text: &str) -> bool {
    split(text).is_some()
}

/// Reads a URL into `options`. No error quotes any part of it.
pub(super) fn read(options: &mut Options, text: &str, set: Set<'_>) -> Result<()> {
    let Some((scheme, rest)) = split(text) else {
        return Err(Error::config("endpoint: not a redis://, rediss:// or unix:// URL"));
    };
    if rest.contains('#') {
        return Err(Error::config(
            "endpoint: a URL takes no fragment (a `#` in a password is written %23; what other \
             clients call `#insecure` is the option sslDangerouslyUnverified here)",
        ));
    }
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, ""),
    };
    let (user_info, hosts) = match authority.rsplit_once('@') {
        Some((user_info, hosts)) => (Some(user_info), hosts),
        None => (None, authority),
    };
    if let Some(user_info) = user_info {
        let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
        if !user.is_empty() {
            read_option(options, "user", &decode("user", user)?)?;
        }
        if user_info.contains(':') {
            read_option(options, "password", &decode("password", password)?)?;
        }
    }
    if scheme == Scheme::Unix {
        if !hosts.is_empty() || path.len() < 2 {
            return Err(Error::config(
                "endpoint: expected unix:///path/of/the/socket or unix://user:password@/path",
            ));
        }
        options.endpoints.push(Endpoint::Unix { path: decode("endpoint", path)? });
    } else {
        for host in hosts.split(',') {
            // No host holds `=`, and a value must not be repeated: it may be a password.
            if let Some((name, _)) = host.split_once('=') {
                let name = find(name.trim()).map_or("an option", |spec| spec.name);
                return Err(Error::config(format!(
                    "endpoint: {name} is in the place of a host: in a URL, options follow `?` \
                     and are separated by `&` (redis://host:port?name=value&…)"
                )));
            }
            let endpoint = decode("endpoint", host)?.parse::<Endpoint>();
            match endpoint {
                Ok(endpoint @ Endpoint::Tcp { .. }) => options.endpoints.push(endpoint),
                Ok(_) => return Err(Error::config("endpoint: expected redis://host:port")),
                Err(error) => return Err(endpoint_fault("the URL", &error)),
            }
        }
        let database = path.trim_matches('/');
        if !database.is_empty() {
            read_option(options, "defaultDatabase", database)?;
        }
    }
    if scheme == Scheme::Tls {
        options.tls_by_url = true;
        // An earlier setting stays, so that a contradiction is found.
        options.ssl = options.ssl.or(Some(true));
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = unescape(name).unwrap_or_default();
        set(options, &name, &decode(&name, value)?)?;
    }
    Ok(())
}

fn decode(name: &str, text: &str) -> Result<String> {
    unescape(text).ok_or_else(|| {
        Error::config(format!("{name}: expected text with `%` written as %25 in a URL"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(text: &str) -> Options {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn urls_are_connection_strings() {
        for (url, same) in [
            ("redis://localhost", "localhost"),
            ("redis://localhost:7000/3", "localhost:7000,db=3"),
            ("valkey://:p%40ss%2C@h/", "h,password=p@ss%2C"),
            (
                "redis://app:a:b@[::1]:1?name=x&connectTimeout=250",
                "[::1]:1,user=app,password=a:b,name=x,connectTimeout=250",
            ),
            ("redis://:x@a:1,b:2/1", "a:1,b:2,password=x,db=1"),
            ("rediss://h:6380", "h:6380,ssl=true"),
            ("REDISS://h:6380?sslHost=other", "h:6380,ssl=true,sslHost=other"),
            ("unix:///run/a%20b.sock?db=2", "unix:/run/a b.sock,db=2"),
            ("redis+unix://u:p@/run/r.sock", "unix:/run/r.sock,user=u,password=p"),
            ("wss://gate/redis?t=1,name=x", "wss://gate/redis?t=1,name=x"),
        ] {
            assert_eq!(
                options(url).connection_string(),
                options(same).connection_string(),
                "{url}"
            );
        }
    }

    #[test]
    fn a_fault_in_a_url_does_not_repeat_it() {
        for (url, expected) in [
            ("redis://", "host is empty"),
            ("redis://:s3cret/x@h", "percent-encoded"),
            ("rediss://h#insecure", "sslDangerouslyUnverified"),
            ("rediss://h:6379,ssl=false", "endpoint: ssl is in the place of a host"),
            ("redis://h:6379,password=s3cret", "options follow `?`"),
            ("redis://h,colour=s3cret", "endpoint: an option is in the place of a host"),
            ("rediss://h?ssl_cert_reqs=none", "sslDangerouslyUnverified"),
            ("rediss://h?ssl_ca_certs=s3cret", "(here it is sslCa)"),
            ("redis://:s3cret#x@h", "%23"),
            ("redis://:s3cret%zz@h", "password: expected text"),
            ("redis://s3cret@h", "a user name needs a password"),
            ("redis://h/s3cret", "defaultDatabase: expected"),
            ("redis://h?colour=s3cret", "`colour` is not an option"),
            ("redis://h?db=s3cret", "defaultDatabase: expected"),
            ("redis://:s3cret@h:port", "1 to 65535"),
            ("redis://ws://s3cret", "endpoint"),
            ("unix://:s3cret@host/x", "unix:///path"),
            ("unix://", "unix:///path"),
            ("http://:s3cret@h", "unknown scheme"),
        ] {
            let error = url.parse::<Options>().expect_err(url).to_string();
            assert!(error.contains(expected), "{url}: {error}");
            assert!(!error.contains("s3cret"), "{url}: {error}");
        }
    }
}
