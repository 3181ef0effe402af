//! What the defaults of a hosted service mean for options that are not set.

#[cfg(feature = "full")]
use std::sync::Arc;

use redmux_transport::Endpoint;

use super::{Options, provider::Defaults};

/// The configuration channel of StackExchange.Redis.
#[cfg(feature = "full")]
const CONFIG_CHANNEL: &str = "__Booksleeve_MasterChanged";

/// Whether the client is to listen to a channel of its own
#[cfg(feature = "full")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    No,
    /// No option says so.
    Default,
    Asked,
}

impl Options {
    pub(super) fn effective_defaults(&self) -> (Defaults, u16) {
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

    /// Whether to listen to Azure's notices of maintenance, and whether that was asked for.
    #[cfg(feature = "full")]
    pub(crate) fn wants_azure_maintenance(&self) -> Wish {
        let asked = self.extras.get().and_then(|extras| extras.azure_maintenance);
        let azure =
            || matches!(self.effective_defaults().0, Defaults::Azure | Defaults::AzureManaged);
        match asked {
            Some(false) => Wish::No,
            Some(true) => Wish::Asked,
            None if azure() => Wish::Default,
            None => Wish::No,
        }
    }

    /// The configuration channel, if there is one.
    #[cfg(feature = "full")]
    pub(crate) fn configuration_channel(&self) -> Option<Arc<str>> {
        let asked = self.extras.get().and_then(|extras| extras.config_channel.clone());
        let channel = asked.unwrap_or_else(|| match self.effective_defaults().0 {
            Defaults::AzureManaged => "".into(),
            _ => CONFIG_CHANNEL.into(),
        });
        (!channel.is_empty()).then_some(channel)
    }

    /// Whether to listen to the configuration channel, if there is one.
    #[cfg(feature = "full")]
    pub(crate) fn wants_broadcasts(&self) -> Wish {
        match self.extras.get().and_then(|extras| extras.config_channel.as_ref()) {
            Some(_) => Wish::Asked,
            // Others that share one server have nothing to announce.
            None if self.endpoints.len() > 1 => Wish::Default,
            None => Wish::No,
        }
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
    #[cfg(feature = "full")]
    fn the_client_listens_where_there_is_something_to_hear() {
        let stock = Some(CONFIG_CHANNEL);
        for (text, maintenance, channel, broadcasts) in [
            ("localhost", Wish::No, stock, Wish::No),
            ("a,b", Wish::No, stock, Wish::Default),
            ("a,configChannel=c", Wish::No, Some("c"), Wish::Asked),
            ("a,b,configChannel=", Wish::No, None, Wish::Asked),
            ("a,azureMaintenance=true", Wish::Asked, stock, Wish::No),
            ("x.redis.cache.windows.net:6380", Wish::Default, stock, Wish::No),
            ("x.redis.cache.windows.net,azureMaintenance=false", Wish::No, stock, Wish::No),
            ("x.redis.azure.net:10000", Wish::Default, None, Wish::No),
            ("x.redis.azure.net,configChannel=c", Wish::Default, Some("c"), Wish::Asked),
            ("10.0.0.1,defaults=azure", Wish::Default, stock, Wish::No),
            ("x.redis.azure.net,defaults=redis", Wish::No, stock, Wish::No),
            ("eu1-x.upstash.io", Wish::No, stock, Wish::No),
        ] {
            let options: Options = text.parse().unwrap();
            let found = options.configuration_channel();
            assert_eq!(
                (options.wants_azure_maintenance(), found.as_deref(), options.wants_broadcasts()),
                (maintenance, channel, broadcasts),
                "{text}"
            );
        }
    }

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
