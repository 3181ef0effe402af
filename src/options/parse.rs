use std::{fmt, str::FromStr};

use redmux_transport::Endpoint;

use super::{
    Options,
    escape::{Escaped, unescape},
    reading::{Set, endpoint_fault, find, is_left_out, read_option},
    table::{OPTIONS, Secret},
    url,
};
use crate::{Error, Result};

impl FromStr for Options {
    type Err = Error;

    /// Reads a connection string or a URL.
    ///
    /// A connection string is endpoints and `name=value` options, separated by commas:
    /// `one:6379,two:6379,password=secret,connectTimeout=1000`. In values and in the paths of
    /// sockets, `%XX` is one byte, so that a password may hold commas and percent signs.
    /// `$name=other` renames a command and `$name=` disables it.
    ///
    /// A URL is `redis://user:password@host:port/database?name=value&…`, `rediss://…` for TLS,
    /// or `unix:///path?name=value`. `ws://` and `wss://` URLs are endpoints of a connection
    /// string: their query belongs to the gateway.
    ///
    /// `docs/options.md` lists all options. Their names are those of StackExchange.Redis where it
    /// has the option, in any case.
    ///
    /// # Errors
    /// An unknown option, a malformed value or endpoint: the error names it and says what is
    /// accepted. Errors do not quote values.
    fn from_str(text: &str) -> Result<Self> {
        let options = Self::read(text)?;
        options.validate()?;
        Ok(options)
    }
}

impl Options {
    /// Default options for one endpoint, such as `localhost:6379`, or for a URL.
    ///
    /// Text that is neither makes [`validate`](Self::validate) and each `connect` fail with
    /// [`ErrorKind::Config`](crate::ErrorKind::Config). For a connection string with options there is
    /// [`parse`](std::str::FromStr), which fails at once.
    pub fn new(endpoint: impl AsRef<str>) -> Self {
        Self::default().endpoint(endpoint)
    }

    /// Adds an endpoint; endpoints are tried in turn. A `redis://`, `rediss://` or `unix://` URL
    /// also sets the other options that it holds. A fault is kept for [`validate`](Self::validate).
    pub fn endpoint(mut self, endpoint: impl AsRef<str>) -> Self {
        let text = endpoint.as_ref();
        let fault = if url::is_url(text) {
            url::read(&mut self, text, &mut read_option).err()
        } else {
            let parsed = text.parse().map(|endpoint| self.push_endpoint(endpoint, text));
            parsed.err().map(|error| Error::config("endpoint").source(error))
        };
        self.fault = self.fault.or(fault);
        self
    }

    /// Sets one option by its name in connection strings, in any case, to a value as written there, without escapes
    ///
    /// For programs whose options come from a table. `docs/options.md` has the names and values.
    ///
    /// ```
    /// let options = redmux::Options::new("localhost").set("connectTimeout", "250")?;
    /// assert_eq!(options.to_string(), "localhost:6379,connectTimeout=250");
    /// # Ok::<(), redmux::Error>(())
    /// ```
    ///
    /// # Errors
    /// An unknown option or a malformed value: the error names the option and says what is accepted.
    pub fn set(mut self, name: &str, value: &str) -> Result<Self> {
        read_option(&mut self, name, value)?;
        Ok(self)
    }

    /// Reads text that may hold unknown options, and returns their names
    ///
    /// For a connection string that programs with other clients use too. Known options must be
    /// right, as for [`FromStr`].
    ///
    /// ```
    /// let text = "localhost,allowAdmin=true,connectTimeout=250";
    /// let (options, ignored) = redmux::Options::parse_ignoring_unknown(text)?;
    /// assert_eq!(options.to_string(), "localhost:6379,connectTimeout=250");
    /// assert_eq!(ignored, ["allowAdmin"]);
    /// # Ok::<(), redmux::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`FromStr`], but for unknown options.
    pub fn parse_ignoring_unknown(text: &str) -> Result<(Self, Vec<String>)> {
        let mut ignored = Vec::new();
        let options =
            Self::read_with(text, &mut |options: &mut Self, name, value| match find(name) {
                None if is_left_out(name) => read_option(options, name, value),
                Some(_) => read_option(options, name, value),
                None => {
                    ignored.push(name.to_owned());
                    Ok(())
                }
            })?;
        options.validate()?;
        Ok((options, ignored))
    }

    /// Reads without the checks that concern several options.
    pub(super) fn read(text: &str) -> Result<Self> {
        Self::read_with(text, &mut read_option)
    }

    fn read_with(text: &str, set: Set<'_>) -> Result<Self> {
        let mut options = Self::default();
        if url::is_url(text) {
            url::read(&mut options, text, set)?;
            return Ok(options);
        }
        let parts = text.split(',').map(str::trim).enumerate();
        for (index, part) in parts.filter(|(_, part)| !part.is_empty()) {
            match part.split_once('=') {
                // A URL may hold `=` in its query: it is still an endpoint.
                Some((name, value)) if !name.contains("://") => {
                    let name = name.trim();
                    let value = unescape(value.trim()).ok_or_else(|| {
                        Error::config(format!("{name}: expected text with `%` written as %25"))
                    })?;
                    match name.strip_prefix('$') {
                        None => set(&mut options, name, &value)?,
                        Some(command) => {
                            let mapping = format!("{command}={value}");
                            read_option(&mut options, "commandMap", &mapping)?;
                        }
                    }
                }
                _ if url::is_url(part) => {
                    return Err(Error::config(format!(
                        "endpoint (part {} of the connection string): a URL must be the only part (in a \
                         connection string write host:port, and ssl=true for rediss://)",
                        index + 1
                    )));
                }
                _ => {
                    let whole =
                        if part.contains("://") { Some(part.into()) } else { unescape(part) };
                    let whole = whole.unwrap_or_default();
                    let endpoint = whole.parse::<Endpoint>();
                    let place = format!("part {} of the connection string", index + 1);
                    let endpoint = endpoint.map_err(|error| endpoint_fault(&place, &error))?;
                    options.push_endpoint(endpoint, &whole);
                }
            }
        }
        Ok(options)
    }

    /// Adds an endpoint that was given as this text.
    #[cfg_attr(not(feature = "topology"), allow(unused_variables, reason = "of many servers"))]
    #[inline]
    pub(super) fn push_endpoint(&mut self, endpoint: Endpoint, text: &str) {
        self.endpoints.push(endpoint);
        #[cfg(feature = "topology")]
        self.note_port(text);
    }

    /// Returns the connection string with the secrets, which [`FromStr`] reads back to the same
    /// options; for a file that is kept as safe as the secrets.
    ///
    /// Options without a text form are left out: a [`ReconnectPolicy`](crate::options::ReconnectPolicy) or a
    /// [`CredentialsProvider`](crate::options::CredentialsProvider) that the program defines. The URL of a
    /// WebSocket is written with `%2C` for commas.
    ///
    /// ```
    /// let options = redmux::Options::new("localhost").password("a,b");
    /// assert_eq!(options.connection_string(), "localhost:6379,password=a%2Cb");
    /// assert_eq!(options.to_string(), "localhost:6379,password=***");
    /// ```
    pub fn connection_string(&self) -> String {
        let mut text = String::new();
        let _ = self.write(&mut text, true);
        text
    }

    fn write(&self, out: &mut impl fmt::Write, secrets: bool) -> fmt::Result {
        let defaults = Self::default();
        let mut separator = "";
        for endpoint in &self.endpoints {
            match endpoint {
                Endpoint::WebSocket { url } if secrets => {
                    write!(out, "{separator}{}", url.replace(',', "%2C"))?;
                }
                Endpoint::WebSocket { .. } => write!(out, "{separator}{endpoint}")?,
                _ => write!(out, "{separator}{}", Escaped(&endpoint.to_string(), "="))?,
            }
            separator = ",";
        }
        for spec in OPTIONS {
            let Some(value) = (spec.show)(self, &defaults) else { continue };
            let value = match spec.secret {
                Secret::All if !secrets => "***",
                Secret::UserInfo if !secrets => &strip_user_info(&value),
                _ => &value,
            };
            write!(out, "{separator}{}={}", spec.name, Escaped(value, ""))?;
            separator = ",";
        }
        Ok(())
    }
}

impl fmt::Display for Options {
    /// Prints the connection string, with `***` for secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, false)
    }
}

/// The URL without user name and password.
fn strip_user_info(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://***@{rest}"),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_string_is_read_and_printed_back() {
        let text = "a:1,[::1]:6379,connectTimeout=250,connectRetry=9,abortConnect=false,\
                    user=me%2C100%25,password=***,defaultDatabase=3,name=app,protocol=resp2";
        let options: Options = text.replace("***", "p%2Cw%25=d").parse().unwrap();
        assert_eq!(options.password.as_deref(), Some("p,w%=d"));
        assert_eq!(options.username.as_deref(), Some("me,100%"));
        assert_eq!(options.to_string(), text);
        assert_eq!(options.connection_string(), text.replace("***", "p%2Cw%25=d"));
    }

    #[test]
    fn names_are_read_in_any_case_and_defaults_are_not_printed() {
        let options: Options = " localhost , SYNCTIMEOUT=5000,keepalive=10000 ".parse().unwrap();
        assert_eq!(options.to_string(), "localhost:6379");
    }

    #[test]
    fn an_option_may_hold_a_url_and_a_path_an_equals_sign() {
        let options: Options = "unix:/a%3Db,password=x://y".parse().unwrap();
        assert_eq!(options.password.as_deref(), Some("x://y"));
        assert_eq!(options.endpoints, [Endpoint::Unix { path: "/a=b".into() }]);
        assert_eq!(options.connection_string(), "unix:/a%3Db,password=x://y");
        let text = "h,tunnel=socks5://me:pw@proxy:1080,$config=CFG,$flushall=";
        let options: Options = text.parse().unwrap();
        let shown = "h:6379,commandMap=CONFIG=CFG;FLUSHALL=,tunnel=socks5://***@proxy:1080";
        assert_eq!(options.to_string(), shown);
        assert_eq!(options.connection_string(), shown.replace("***", "me:pw"));
    }

    #[test]
    fn a_fault_names_the_option_and_what_is_accepted_but_not_the_value() {
        for (text, expected) in [
            ("", "endpoint: none"),
            ("h,colour=blue", "`colour` is not an option (expected one of connectTimeout"),
            ("h,ALLOWADMIN=s3cret", "`ALLOWADMIN` is not an option here as it is in StackExchange"),
            ("h,connectTimeout=s3cret", "connectTimeout: expected milliseconds"),
            ("h,connectTimeout=0", "connectTimeout: expected milliseconds"),
            ("h,password=s3cret%zz", "password: expected text"),
            ("h,password=s3cret%ff", "password: expected text"),
            ("h,password=a,s3cret x", "part 3"),
            ("h,setlib=s3cret", "setlib: expected true or false"),
            ("h,protocol=s3cret", "protocol: expected resp2 or resp3"),
            ("h,user=s3cret", "a user name needs a password"),
            ("h,name=s3 cret", "printable ASCII"),
            ("h,libraryName=s3 cret", "printable ASCII"),
            ("h:port", "1 to 65535"),
            ("h,connectRetry=0", "connectRetry"),
            ("h,reconnect=s3cret", "reconnect: expected exponential"),
            ("h,reconnect=exponential:0:s3cret", "reconnect: expected exponential"),
            ("h,backlog=queue:1:s3cret", "backlog: expected queue"),
            ("h,sendQueueBytes=1TiB", "sendQueueBytes: expected bytes"),
            ("h,tcpKeepAlive=1:2", "tcpKeepAlive: expected off"),
            ("h,tunnel=ftp://s3cret@h", "tunnel: expected http://"),
            ("h,sslProtocols=ssl3", "sslProtocols: expected tls12"),
            ("h,sslHost=other", "add ssl=true"),
            ("h,ssl=true,sslCert=x", "sslCert and sslKey go together"),
            ("unix:/x,ssl=true", "unix:"),
            ("unix:/x,tunnel=http:proxy:1", "tunnel: a Unix socket"),
            ("ws://x,ssl=true", "wss://"),
            ("rediss://:s3cret@h?ssl=false", "ssl: false contradicts the URL"),
            ("rediss://:s3cret@h?ssl=0", "ssl: false contradicts the URL"),
            ("rediss://:s3cret@h?tls=no", "ssl: false contradicts the URL"),
            ("rediss://:s3cret@h?sslHost=h&ssl=false", "ssl: false contradicts the URL"),
            ("valkeys://h?SSL=False", "ssl: false contradicts the URL"),
            ("wss://h,ssl=false", "ssl: false contradicts the URL"),
            ("h,insecure=true", "sslDangerouslyUnverified"),
            ("h,sslcert=s3cret%", "sslcert: expected text"),
            ("h,rediss://:s3cret@g", "a URL must be the only part"),
            ("h,defaults=nobody", "defaults: expected auto"),
            ("h,$get x=y", "commandMap"),
            ("h,db=1,$select=", "commandMap: SELECT is disabled"),
            ("h,password=s3cret,$auth=", "commandMap: AUTH is disabled"),
        ] {
            let error = text.parse::<Options>().expect_err(text);
            assert!(error.to_string().contains(expected), "{text}: {error}");
            assert!(!error.to_string().contains("s3cret"), "{text}: {error}");
            assert_eq!(error.kind(), crate::ErrorKind::Config);
        }
    }
}
