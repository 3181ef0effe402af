//! Options from environment variables.

use super::{Options, reading::read_option, table::OPTIONS};
use crate::{Error, Result};

impl Options {
    /// Options from environment variables whose names begin with `prefix` and `_`.
    ///
    /// `REDMUX_URL` (for the prefix `REDMUX`) is a connection string or a URL. Every option also
    /// has its own variable, which overrides that: `REDMUX_CONNECT_TIMEOUT` for `connectTimeout`,
    /// and so on. Their values are taken as they are, without escapes.
    ///
    /// ```no_run
    /// let options = redmux::Options::from_env("REDMUX")?;
    /// # Ok::<(), redmux::Error>(())
    /// ```
    ///
    /// # Errors
    /// A variable with that prefix that is no option, a malformed value, a missing
    /// `REDMUX_URL`. Errors name the variable and do not repeat the value.
    pub fn from_env(prefix: &str) -> Result<Self> {
        let vars = std::env::vars_os().map(|(name, value)| {
            (name.to_string_lossy().into_owned(), value.into_string().map_err(drop))
        });
        from_vars(prefix, vars)
    }
}

fn from_vars(
    prefix: &str,
    vars: impl Iterator<Item = (String, Result<String, ()>)>,
) -> Result<Options> {
    let mut url = None;
    let mut given = Vec::new();
    for (name, value) in vars {
        let Some(key) = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')) else {
            continue;
        };
        let value = value.map_err(|()| Error::config(format!("{name}: expected UTF-8 text")))?;
        match key {
            "URL" => url = Some(value),
            key => given.push((name.clone(), key.to_owned(), value)),
        }
    }
    let url = url.ok_or_else(|| {
        Error::config(format!(
            "{prefix}_URL: it is not set (expected a connection string or a URL, such as \
             redis://localhost:6379)"
        ))
    })?;
    let mut options = Options::read(&url)
        .map_err(|error| Error::config(format!("{prefix}_URL")).source(error))?;
    for (name, key, value) in given {
        let Some(spec) = OPTIONS.iter().find(|spec| variable(spec.name) == key) else {
            let known: Vec<String> = OPTIONS.iter().map(|spec| variable(spec.name)).collect();
            return Err(Error::config(format!(
                "{name}: no such option (expected {prefix}_ and one of URL, {})",
                known.join(", ")
            )));
        };
        read_option(&mut options, spec.name, &value)
            .map_err(|error| Error::config(name).source(error))?;
    }
    options.validate()?;
    Ok(options)
}

/// `connectTimeout` is `CONNECT_TIMEOUT`.
pub(super) fn variable(option: &str) -> String {
    let mut name = String::with_capacity(option.len() + 4);
    for c in option.chars() {
        if c.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(c.to_ascii_uppercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(vars: &[(&str, &str)]) -> Result<Options> {
        let vars = vars.iter().map(|(name, value)| ((*name).to_owned(), Ok((*value).to_owned())));
        from_vars("APP", vars)
    }

    #[test]
    fn variables_go_before_the_url_and_are_not_escaped() {
        let options = read(&[
            ("APP_PASSWORD", "a,b%41=c"),
            ("APP_URL", "redis://u:x@h:1/2"),
            ("APP_CONNECT_TIMEOUT", "250"),
            ("APPLE_COLOUR", "red"),
            ("PATH", "/bin"),
        ]);
        assert_eq!(
            options.unwrap().connection_string(),
            "h:1,connectTimeout=250,user=u,password=a%2Cb%2541=c,defaultDatabase=2"
        );
    }

    #[test]
    fn a_fault_names_the_variable() {
        for (vars, expected) in [
            (&[][..], "APP_URL: it is not set"),
            (&[("APP_URL", "h:s3cret")][..], "APP_URL"),
            (&[("APP_URL", "h"), ("APP_COLOUR", "s3cret")], "APP_COLOUR: no such option"),
            (&[("APP_URL", "h"), ("APP_DEFAULT_DATABASE", "s3cret")], "APP_DEFAULT_DATABASE"),
            (&[("APP_URL", "h"), ("APP_USER", "s3cret")], "a user name needs"),
            (&[("APP_URL", "rediss://:s3cret@h"), ("APP_SSL", "false")], "ssl: false contradicts"),
        ] {
            let error = read(vars).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_environment_of_the_process_is_read() {
        // This variable is not set: the error says so.
        let error = Options::from_env("REDMUX_TEST_NOT_SET").unwrap_err().to_string();
        assert!(error.contains("REDMUX_TEST_NOT_SET_URL"), "{error}");
    }
}
