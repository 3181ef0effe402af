//! Defaults for hosted services, by the names of their servers.

/// The service whose defaults apply to options that are not set
///
/// Recognised by the host name of the first endpoint, unless the option `defaults` names one. The
/// defaults concern TLS, whether a first connect that fails is an error, and whether the client listens to announcements
/// of maintenance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Defaults {
    /// The defaults of the service that the host name belongs to, if any.
    #[default]
    Auto,
    /// The defaults of Redis itself.
    Redis,
    /// Azure Cache for Redis: TLS on port 6380; a failed first connect goes on in the background;
    /// announced maintenance is an event.
    Azure,
    /// Azure Managed Redis: TLS; a failed first connect goes on in the background; announced
    /// maintenance is an event, and connections move before it begins.
    AzureManaged,
    /// Redis Cloud: announced maintenance is an event, and connections move before it begins.
    #[cfg(feature = "full")]
    RedisCloud,
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
    #[cfg(feature = "full")]
    (Defaults::RedisCloud, "redisCloud"),
    (Defaults::ElastiCacheServerless, "elasticacheServerless"),
    (Defaults::Upstash, "upstash"),
];

const SUFFIXES: &[(&str, Defaults)] = &[
    (".redis.cache.windows.net", Defaults::Azure),
    (".redis.cache.chinacloudapi.cn", Defaults::Azure),
    (".redis.cache.usgovcloudapi.net", Defaults::Azure),
    (".redis.azure.net", Defaults::AzureManaged),
    (".redisenterprise.cache.azure.net", Defaults::AzureManaged),
    #[cfg(feature = "full")]
    (".redis-cloud.com", Defaults::RedisCloud),
    #[cfg(feature = "full")]
    (".rlrcp.com", Defaults::RedisCloud),
    #[cfg(feature = "full")]
    (".redislabs.com", Defaults::RedisCloud),
    (".upstash.io", Defaults::Upstash),
];

impl Defaults {
    pub(super) fn name(self) -> &'static str {
        NAMES.iter().find(|(defaults, _)| *defaults == self).map_or("auto", |(_, name)| name)
    }

    pub(super) fn of_name(name: &str) -> Option<Self> {
        Some(NAMES.iter().find(|(_, known)| known.eq_ignore_ascii_case(name))?.0)
    }

    pub(super) fn of_host(host: &str) -> Self {
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
