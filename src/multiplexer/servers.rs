//! What a multiplexer does when its servers have changed, and how it tells others.

use redmux_transport::Endpoint;

use super::{ConnectionMultiplexer, Inner, announcements::Servers, site::Site};
use crate::{Call, Error, Result, commands::Mapped, resp::Arg};

const PUBLISH: &str = "PUBLISH";

impl Servers for Inner {
    fn will_change(&self) {
        match &self.site {
            Site::One(node) => self.looks.note(&node.link),
            #[cfg(feature = "topology")]
            Site::Many(_) | Site::Group(_) => {}
        }
    }

    fn look_again(&self) {
        match &self.site {
            Site::One(node) => self.looks.look(&node.link),
            #[cfg(feature = "topology")]
            Site::Many(many) => many.look_again(),
            // Each of the members listens by itself.
            #[cfg(feature = "topology")]
            Site::Group(_) => {}
        }
    }
}

impl ConnectionMultiplexer {
    /// Tells the other programs that use these servers that the servers have changed; returns how many connections received it
    ///
    /// They are those that listen to the [configuration channel](crate::Options::config_channel): programs with redmux get
    /// [`ConfigurationChangedBroadcast`](crate::events::ConfigurationChangedBroadcast), programs with StackExchange.Redis reconfigure themselves. `changed`
    /// is the server to look at, for example the new primary; `None` means all.
    ///
    /// Without a configuration channel nothing is sent, and the number is 0.
    ///
    /// ```no_run
    /// # async fn f(muxer: redmux::ConnectionMultiplexer) -> redmux::Result<()> {
    /// let heard = muxer.publish_reconfigure(None).await?;
    /// println!("{heard} others look at the servers again");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of any command.
    pub async fn publish_reconfigure(&self, changed: Option<&Endpoint>) -> Result<u64> {
        let Some(channel) = self.inner.options.configuration_channel() else { return Ok(0) };
        let message = changed.map_or_else(|| "*".to_owned(), ToString::to_string);
        let commands = self.inner.options.commands();
        if commands.get(PUBLISH) == Mapped::Disabled {
            let words = [PUBLISH, &*channel, &*message].map(|word| Arg::Bytes(word.as_bytes()));
            return Err(Error::rejected(PUBLISH, commands.refusal(&words).unwrap_or_default()));
        }
        // Without the handling of other calls: a prefix of channels is for those of the program.
        let name = commands.name_of(PUBLISH).to_owned();
        Call::new(self.inner.link(), name, (&*channel, message)).await
    }
}
