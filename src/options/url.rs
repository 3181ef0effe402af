//! `redis://`, `rediss://` and `unix://` URLs, and those of clusters and sentinels.

use redmux_transport::Endpoint;

#[cfg(feature = "topology")]
use super::servers::Mode;
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

/// What a scheme says of many servers
#[derive(Clone, Copy, PartialEq, Eq)]
enum Many {
    Cluster,
    Sentinel,
}

#[cfg(feature = "topology")]
impl Many {
    fn mode(self) -> Mode {
        match self {
            Self::Cluster => Mode::Cluster,
            Self::Sentinel => Mode::Sentinel,
        }
    }
}

/// Returns what follows the scheme, if `text` is a URL of a known scheme.
fn split(text: &str) -> Option<(Scheme, Option<Many>, &str)> {
    let (name, rest) = text.trim().split_once("://")?;
    let scheme =
        |name: &str| Some(SCHEMES.iter().find(|(known, _)| name.eq_ignore_ascii_case(known))?.1);
    if let Some(scheme) = scheme(name) {
        return Some((scheme, None, rest));
    }
    // Other clients write `redis+sentinel`, or `redis-sentinel`.
    let (name, many) = name.split_once(['+', '-'])?;
    let many = match many {
        many if many.eq_ignore_ascii_case("cluster") => Many::Cluster,
        many if many.eq_ignore_ascii_case("sentinel") => Many::Sentinel,
        _ => return None,
    };
    let scheme = scheme(name).filter(|scheme| *scheme != Scheme::Unix)?;
    Some((scheme, Some(many), rest))
}

pub(super) fn is_url(text: &str) -> bool {
    split(text).is_some()
}

/// Reads a URL into `options`. No error quotes any part of it.
pub(super) fn read(options: &mut Options, text: &str, set: Set<'_>) -> Result<()> {
    let Some((scheme, many, rest)) = split(text) else {
        return Err(Error::config("endpoint: not a redis://, rediss:// or unix:// URL"));
    };
    #[cfg(not(feature = "topology"))]
    if many.is_some() {
        return Err(super::reading::needs_topology("endpoint (the scheme of the URL)"));
    }
    // Some write the service's name as a fragment. A `#` anywhere else is one of a password.
    let (rest, fragment) = match rest.rsplit_once('#') {
        Some((before, name)) if many == Some(Many::Sentinel) && is_service(name) => {
            (before, Some(name))
        }
        _ => (rest, None),
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
            let host = decode("endpoint", host)?;
            let endpoint = host.parse::<Endpoint>();
            match endpoint {
                Ok(endpoint @ Endpoint::Tcp { .. }) => options.push_endpoint(endpoint, &host),
                Ok(_) => return Err(Error::config("endpoint: expected redis://host:port")),
                Err(error) => return Err(endpoint_fault("the URL", &error)),
            }
        }
        let path = path.trim_matches('/');
        #[cfg(feature = "topology")]
        let path = read_many(options, many, path, fragment, query)?;
        #[cfg(not(feature = "topology"))]
        let _ = fragment;
        let database = path;
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
    #[cfg(feature = "topology")]
    if many.is_some_and(|many| options.wanted_mode() != many.mode()) {
        return Err(Error::config("mode: it contradicts the scheme of the URL (leave it out)"));
    }
    Ok(())
}

/// Whether this can be the name of a service, as sentinels know it.
fn is_service(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

/// Reads what a scheme of many servers says; returns the part of the path that names a database.
///
/// The service's name is the first part of the path, unless a fragment or the query has it.
#[cfg(feature = "topology")]
fn read_many<'a>(
    options: &mut Options,
    many: Option<Many>,
    path: &'a str,
    fragment: Option<&str>,
    query: &str,
) -> Result<&'a str> {
    match many {
        None => return Ok(path),
        Some(many) => options.change_servers(|servers| servers.mode = many.mode()),
    }
    let mut names = query.split('&').filter_map(|pair| unescape(pair.split('=').next()?));
    let queried = names.any(|name| find(&name).is_some_and(|spec| spec.name == "serviceName"));
    let (name, database) = match fragment {
        _ if many == Some(Many::Cluster) => return Ok(path),
        Some(_) if queried => {
            return Err(Error::config(
                "serviceName: it is in the query of the URL and behind its `#`: one of them is enough",
            ));
        }
        Some(name) => (name, path),
        None if queried => return Ok(path),
        None => path.split_once('/').unwrap_or((path, "")),
    };
    if !name.is_empty() {
        read_option(options, "serviceName", &decode("serviceName", name)?)?;
    }
    Ok(database)
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

    #[cfg(feature = "topology")]
    #[test]
    fn schemes_of_other_clients_for_many_servers_are_read() {
        for (url, same) in [
            ("redis+cluster://a:7000,b:7001", "a:7000,b:7001,mode=cluster"),
            ("REDISS-cluster://u:p@a/2", "a,mode=cluster,user=u,password=p,db=2,ssl=true"),
            ("valkeys+cluster://a?ssl=true&mode=Cluster", "a,mode=cluster,ssl=true"),
            (
                "redis+sentinel://:p@s1,s2:26380/mymaster/3",
                "s1:26379,s2:26380,mode=sentinel,serviceName=mymaster,db=3,password=p",
            ),
            (
                "redis-sentinel://p:q@s1,[::1]/1?connectTimeout=250#mymaster",
                "s1,::1,mode=sentinel,serviceName=mymaster,db=1,user=p,password=q,connectTimeout=250",
            ),
            (
                "rediss-sentinel://s1/0?sentinelMasterId=main&sentinel_password=x",
                "s1,mode=sentinel,serviceName=main,ssl=true,sentinelPassword=x",
            ),
            ("valkey-sentinel://s1/my%2Dmaster", "s1,mode=sentinel,serviceName=my-master"),
            ("redis://s1,s2:6379?serviceName=x", "s1:26379,s2:6379,serviceName=x"),
        ] {
            assert_eq!(
                options(url).connection_string(),
                options(same).connection_string(),
                "{url}"
            );
        }
        for (url, expected) in [
            ("redis+sentinel://h", "serviceName: mode=sentinel needs the name"),
            ("redis+sentinel://h?serviceName=s3cret#x", "one of them is enough"),
            ("redis-sentinel://:s3cret#x@h/mymaster", "%23"),
            ("redis+sentinel://h/s3cret/one", "defaultDatabase: expected"),
            ("redis+sentinel://h/a%20s3cret", "serviceName: expected printable ASCII"),
            ("redis+cluster://h?mode=single", "mode: it contradicts the scheme"),
            ("redis+cluster://h?serviceName=s3cret", "serviceName: only sentinels know it"),
            ("redis+cluster://h#x", "%23"),
            ("redis+other://:s3cret@h", "unknown scheme"),
            ("unix+cluster:///x", "unknown scheme"),
        ] {
            let error = url.parse::<Options>().expect_err(url).to_string();
            assert!(error.contains(expected), "{url}: {error}");
            assert!(!error.contains("s3cret"), "{url}: {error}");
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
