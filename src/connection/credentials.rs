//! Who we are: given once, or asked for on each connect.

use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

use redmux_transport::{BoxFuture, Endpoint, MaybeSend, MaybeSync};

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

    /// There is something to authenticate with.
    pub(crate) fn are_given(&self) -> bool {
        self.username.is_some() || self.password.is_some()
    }

    /// The ACL user. Default: none, which is Redis's user `default`.
    pub fn username(mut self, username: impl Into<Arc<str>>) -> Self {
        self.username = Some(username.into());
        self
    }

    /// How long they are good, from now. The provider is asked again before that, and the
    /// connection authenticates anew while it is in use. Default: no limit.
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
/// use redmux::{
///     Endpoint, Options, options::{Credentials, CredentialsProvider}, transport::BoxFuture,
/// };
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
