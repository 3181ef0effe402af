//! Who we are: given once, or asked for on each connect.

use std::{error::Error as StdError, fmt, pin::pin, sync::Arc, time::Duration};

use futures::future::{poll_fn, select};
use redmux_transport::{BoxFuture, Endpoint, MaybeSend, MaybeSync};

use super::link::Link;
use crate::{
    Call, ConnectStage, Delivery, Error, ErrorKind,
    events::{CredentialsNotRenewed, Event},
};

/// A user name (for ACL users) and a password, kept out of every log
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    pub(crate) username: Option<Arc<str>>,
    pub(crate) password: Option<Arc<str>>,
    pub(crate) valid_for: Option<Duration>,
}

impl Credentials {
    /// A password, or a token in its place.
    pub fn new(password: impl Into<Arc<str>>) -> Self {
        Self { username: None, password: Some(password.into()), valid_for: None }
    }

    /// The ACL user. Default: none, which is Redis's user `default`.
    pub fn username(mut self, username: impl Into<Arc<str>>) -> Self {
        self.username = Some(username.into());
        self
    }

    /// How long they are good, from now. The provider is asked again before that, and the
    /// connection authenticates anew while it is in use. Default: for ever.
    pub fn valid_for(mut self, time: Duration) -> Self {
        self.valid_for = Some(time);
        self
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("username", &self.username.is_some())
            .field("password", &self.password.is_some())
            .field("valid_for", &self.valid_for)
            .finish()
    }
}

/// Gives the credentials, on each connect and before they expire
///
/// For tokens (Entra ID, IAM) and passwords that are changed while the program runs.
///
/// ```
/// use redmux::{Credentials, CredentialsProvider, Endpoint, Options, transport::BoxFuture};
/// use std::{error::Error, time::Duration};
///
/// #[derive(Debug)]
/// struct Tokens;
///
/// impl CredentialsProvider for Tokens {
///     fn credentials<'a>(
///         &'a self,
///         _server: &'a Endpoint,
///     ) -> BoxFuture<'a, Result<Credentials, Box<dyn Error + Send + Sync>>> {
///         Box::pin(async {
///             let token = "fetched from somewhere";
///             Ok(Credentials::new(token).username("app").valid_for(Duration::from_secs(3600)))
///         })
///     }
/// }
///
/// let options = Options::new("localhost").credentials_provider(Tokens);
/// # let _ = options;
/// ```
pub trait CredentialsProvider: fmt::Debug + MaybeSend + MaybeSync + 'static {
    /// The credentials for this server, at this moment.
    ///
    /// The time it takes counts against the connect timeout. The text of an error is shown to
    /// operators, so it must not hold secrets.
    fn credentials<'a>(
        &'a self,
        server: &'a Endpoint,
    ) -> BoxFuture<'a, Result<Credentials, Box<dyn StdError + Send + Sync>>>;
}

/// # Errors
/// That of the provider, as a failure to connect.
pub(super) async fn ask(
    provider: &dyn CredentialsProvider,
    server: &Endpoint,
) -> Result<Credentials, Error> {
    provider.credentials(server).await.map_err(|error| {
        Error::new(ErrorKind::Connect(ConnectStage::Credentials), Delivery::NotSent)
            .detail(format!("the credentials provider failed: {error}"))
    })
}

/// Authenticates the present connection anew before its credentials expire, until it ends.
pub(super) async fn keep_fresh(
    link: Arc<Link>,
    provider: Arc<dyn CredentialsProvider>,
    valid_for: Duration,
) {
    let session = link.with(|core| core.session);
    let ended = link.watch(|core| (core.session != session || !core.is_connected()).then_some(()));
    select(pin!(ended), pin!(renew(&link, &*provider, valid_for))).await;
}

async fn renew(link: &Link, provider: &dyn CredentialsProvider, mut valid_for: Duration) {
    let server = link.endpoint();
    let mut wait = part(valid_for, 70, 85, link);
    loop {
        sleep(link, wait).await;
        match reauthenticate(link, provider, &server).await {
            Ok(Some(next)) => {
                valid_for = next;
                wait = part(valid_for, 70, 85, link);
            }
            Ok(None) => return,
            Err(error) => {
                // What the connection has goes on being good for a while, or for ever: the
                // server decides.
                wait = part(valid_for, 3, 6, link).max(Duration::from_millis(100));
                let error = error.endpoint_at(&server);
                let event = CredentialsNotRenewed { endpoint: server.clone(), error };
                link.hub.publish(Event::CredentialsNotRenewed(event));
            }
        }
    }
}

/// Returns for how long that is good.
async fn reauthenticate(
    link: &Link,
    provider: &dyn CredentialsProvider,
    server: &Endpoint,
) -> Result<Option<Duration>, Error> {
    let credentials = ask(provider, server).await?;
    let name = link.with(|core| core.config.commands.name_of("AUTH").to_owned());
    let password = credentials.password.as_deref().unwrap_or_default();
    let args: Vec<&str> = credentials.username.as_deref().into_iter().chain([password]).collect();
    Call::<(), _>::new(link, name, args).await?;
    Ok(credentials.valid_for)
}

/// Between so many percent of a time, so that many clients do not come at once.
fn part(time: Duration, from: u32, to: u32, link: &Link) -> Duration {
    const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);
    let random = link.runtime.entropy() as f64 / u64::MAX as f64;
    let percent = f64::from(from) + f64::from(to - from) * random;
    time.min(LONGEST).mul_f64(percent / 100.0)
}

async fn sleep(link: &Link, time: Duration) {
    let mut timer = link.runtime.timer(link.runtime.now() + time);
    poll_fn(|cx| timer.poll_expired(cx)).await;
}
