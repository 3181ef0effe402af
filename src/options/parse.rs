use std::{fmt, str::FromStr};

use super::{Options, table::OPTIONS};
use crate::{Error, Result};

impl FromStr for Options {
    type Err = Error;

    /// Reads a connection string: endpoints and `name=value` options, separated by commas.
    ///
    /// Option names are those of StackExchange.Redis where it has them, in any case:
    /// `connectTimeout`, `commandTimeout`, `syncTimeout`, `keepAlive`, `probeAfter`,
    /// `probeTimeout` (milliseconds), `connectRetry`, `abortConnect`, `user`, `password`,
    /// `defaultDatabase`, `name`, `setlib`, `protocol`, `sendQueueBytes`,
    /// `subscriptionCapacity`. In values, `%XX` stands for a byte, so that a password may
    /// hold commas and percent signs.
    ///
    /// # Errors
    /// An unknown option, a malformed value or endpoint: the error names it and says what
    /// is accepted. Values are not repeated.
    fn from_str(text: &str) -> Result<Self> {
        let mut options = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            // A URL may hold `=` in its query: it is an endpoint all the same.
            let option = if part.contains("://") { None } else { part.split_once('=') };
            match option {
                None => {
                    let endpoint = part
                        .parse::<redmux_transport::Endpoint>()
                        .map_err(|error| Error::config("endpoint").source(error))?;
                    options.endpoints.push(endpoint);
                }
                Some((name, value)) => read_option(&mut options, name.trim(), value)?,
            }
        }
        options.validate()?;
        Ok(options)
    }
}

fn read_option(options: &mut Options, name: &str, value: &str) -> Result<()> {
    let Some(spec) = OPTIONS.iter().find(|spec| spec.name.eq_ignore_ascii_case(name)) else {
        let known: Vec<&str> = OPTIONS.iter().map(|spec| spec.name).collect();
        return Err(Error::config(format!(
            "`{name}` is not an option (expected one of {})",
            known.join(", ")
        )));
    };
    let fail = || Error::config(format!("{}: expected {}", spec.name, spec.accepts));
    let value = unescape(value).ok_or_else(fail)?;
    (spec.read)(options, &value).ok_or_else(fail)
}

/// Replaces `%XX` by the byte it stands for; `None` if that makes no text.
fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        bytes.push((digit()? * 16 + digit()?) as u8);
    }
    String::from_utf8(bytes).ok()
}

/// Writes a value so that [`unescape`] reads it back.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, c) in self.0.char_indices() {
            let at_edge = index == 0 || index + c.len_utf8() == self.0.len();
            if c == ',' || c == '%' || c.is_ascii_control() || (at_edge && c.is_ascii_whitespace())
            {
                write!(f, "%{:02X}", u32::from(c))?;
            } else {
                write!(f, "{c}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Options {
    /// The connection string, with `***` for the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let defaults = Self::default();
        let mut separator = "";
        for endpoint in &self.endpoints {
            write!(f, "{separator}{endpoint}")?;
            separator = ",";
        }
        for spec in OPTIONS {
            let Some(value) = (spec.show)(self, &defaults) else { continue };
            match spec.secret {
                true => write!(f, "{separator}{}=***", spec.name)?,
                false => write!(f, "{separator}{}={}", spec.name, Escaped(&value))?,
            }
            separator = ",";
        }
        Ok(())
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
    }

    #[test]
    fn names_are_read_in_any_case_and_defaults_are_not_printed() {
        let options: Options = " localhost , SYNCTIMEOUT=5000,keepalive=10000 ".parse().unwrap();
        assert_eq!(options.to_string(), "localhost:6379");
    }

    #[test]
    fn a_fault_names_the_option_and_what_is_accepted_but_not_the_value() {
        for (text, expected) in [
            ("", "endpoint: none"),
            ("h,colour=blue", "`colour` is not an option (expected one of connectTimeout"),
            ("h,connectTimeout=s3cret", "connectTimeout: expected milliseconds"),
            ("h,connectTimeout=0", "connectTimeout: expected milliseconds"),
            ("h,password=s3cret%zz", "password: expected text"),
            ("h,password=s3cret%ff", "password: expected text"),
            ("h,setlib=s3cret", "setlib: expected true or false"),
            ("h,protocol=s3cret", "protocol: expected resp2 or resp3"),
            ("h,user=s3cret", "a user name needs a password"),
            ("h,name=s3 cret", "printable ASCII"),
            ("h:port", "1 to 65535"),
            ("h,connectRetry=0", "connectRetry"),
        ] {
            let error = text.parse::<Options>().expect_err(text);
            assert!(error.to_string().contains(expected), "{text}: {error}");
            assert!(!error.to_string().contains("s3cret"), "{text}: {error}");
            assert_eq!(error.kind(), crate::ErrorKind::Config);
        }
    }
}
