//! What the defaults of a hosted service mean for options that are not set.

use redmux_transport::Endpoint;

use super::{Options, provider::Defaults};

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
