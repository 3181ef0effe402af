//! Defaults for hosted services, by the names of their servers.

use redmux_transport::Endpoint;

use super::Options;

/// The service whose defaults apply to options that are not set
///
/// Recognised by the host name of the first endpoint, unless the option `defaults` names one. The
/// defaults concern TLS, and whether a first connect that fails is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Defaults {
    /// The defaults of the service that the host name belongs to, if any.
    #[default]
    Auto,
    /// The defaults of Redis itself.
    Redis,
    /// Azure Cache for Redis: TLS on port 6380; a failed first connect goes on in the background.
    Azure,
    /// Azure Managed Redis: TLS; a failed first connect goes on in the background.
    AzureManaged,
    /// Amazon ElastiCache Serverless: TLS.
    ElastiCacheServerless,
    /// Upstash: TLS.
    Upstash,
}

const NAMES: &[(Defaults, &str)] = &[
    (Defaults::Auto, "auto"),
    (Defaults::Redis, "redis"),
    (Defaults::Azure, "azure"),
    (Defaults::AzureManaged, "amr"),
    (Defaults::ElastiCacheServerless, "elasticacheServerless"),
    (Defaults::Upstash, "upstash"),
];

const SUFFIXES: &[(&str, Defaults)] = &[
    (".redis.cache.windows.net", Defaults::Azure),
    (".redis.cache.chinacloudapi.cn", Defaults::Azure),
    (".redis.cache.usgovcloudapi.net", Defaults::Azure),
    (".redis.azure.net", Defaults::AzureManaged),
    (".redisenterprise.cache.azure.net", Defaults::AzureManaged),
    (".upstash.io", Defaults::Upstash),
];

impl Defaults {
    pub(super) fn name(self) -> &'static str {
        NAMES.iter().find(|(defaults, _)| *defaults == self).map_or("auto", |(_, name)| name)
    }

    pub(super) fn of_name(name: &str) -> Option<Self> {
        Some(NAMES.iter().find(|(_, known)| known.eq_ignore_ascii_case(name))?.0)
    }

    fn of_host(host: &str) -> Self {
        // Byte by byte: the search functions of `str` would add much code to a page.
        let dots = host.bytes().rev().take_while(|byte| *byte == b'.').count();
        let host = host[..host.len() - dots].to_ascii_lowercase();
        let known = SUFFIXES.iter().find(|(suffix, _)| host.ends_with(suffix));
        match known {
            Some((_, defaults)) => *defaults,
            None if host.as_bytes().windows(12).any(|part| part == b".serverless.")
                && host.ends_with(".cache.amazonaws.com") =>
            {
                Self::ElastiCacheServerless
            }
            None => Self::Redis,
        }
    }
}

impl Options {
    fn effective_defaults(&self) -> (Defaults, u16) {
        let Some(Endpoint::Tcp { host, port }) = self.endpoints.first() else {
            return (Defaults::Redis, 0);
        };
        match self.defaults {
            Defaults::Auto => (Defaults::of_host(host), *port),
            chosen => (chosen, *port),
        }
    }

    /// Whether to use TLS with TCP endpoints.
    pub(crate) fn wants_tls(&self) -> bool {
        self.ssl.unwrap_or_else(|| match self.effective_defaults() {
            (Defaults::Azure, port) => port == 6380,
            (defaults, _) => {
                use Defaults::{AzureManaged, ElastiCacheServerless, Upstash};
                matches!(defaults, AzureManaged | ElastiCacheServerless | Upstash)
            }
        })
    }

    /// Whether a first connect that fails is an error.
    pub(crate) fn aborts_on_connect_fail(&self) -> bool {
        self.abort_on_connect_fail.unwrap_or_else(|| {
            !matches!(self.effective_defaults().0, Defaults::Azure | Defaults::AzureManaged)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_known_by_their_names_and_options_go_before() {
        for (text, tls, abort) in [
            ("localhost", false, true),
            ("x.redis.cache.windows.net:6380", true, false),
            ("x.redis.cache.windows.net", false, false),
            ("X.Redis.Azure.NET.:10000", true, false),
            ("x.redis.azure.net,ssl=false,abortConnect=true", false, true),
            ("x.redis.azure.net,defaults=redis", false, true),
            ("evilredis.azure.net.example", false, true),
            ("c-1.serverless.use1.cache.amazonaws.com", true, true),
            ("c-1.use1.cache.amazonaws.com", false, true),
            ("eu1-x.upstash.io", true, true),
            ("10.0.0.1:10000,defaults=amr", true, false),
        ] {
            let options: Options = text.parse().unwrap();
            assert_eq!(
                (options.wants_tls(), options.aborts_on_connect_fail()),
                (tls, abort),
                "{text}"
            );
        }
    }
}
