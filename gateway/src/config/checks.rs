//! Finds what a configuration probably does not mean: some of it is an error, some a warning.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use futures_rustls::pki_types::ServerName;
use redmux_resp::commands::CommandSpec;

use super::{Config, origin::split_authority, places::Places};
use crate::{
    auth::validity,
    console::is_below,
    policy::Rules,
    tls::{certificates, check_towards_server},
};

/// What is wrong, and in which line
pub(super) type Wrong = (Option<usize>, String);

/// Checks a configuration that was read; returns warnings.
///
/// # Errors
/// The configuration would admit the wrong clients or none, or fail with the first client.
pub(super) fn look_over(text: &str, file: &Path, config: &Config) -> Result<Vec<String>, Wrong> {
    let Some(places) = Places::of(text) else { return Ok(Vec::new()) };
    let mut look = Look { places, file, config, warnings: Vec::new() };
    look.listener()?;
    look.limits()?;
    look.files()?;
    look.certificates()?;
    look.policies();
    look.principals()?;
    Ok(look.warnings)
}

struct Look<'a> {
    places: Places<'a>,
    file: &'a Path,
    config: &'a Config,
    warnings: Vec<String>,
}

/// Commands that strangers should not have, and why.
const DANGEROUS: &[(&str, &str)] = &[
    ("RESTORE", FORGED),
    ("RESTORE-ASKING", FORGED),
    ("BF.LOADCHUNK", FORGED),
    ("CF.LOADCHUNK", FORGED),
    ("FT.CREATE", INDEXES),
    ("FT.ALTER", INDEXES),
    ("FT._CREATEIFNX", INDEXES),
    ("FT._ALTERIFNX", INDEXES),
    ("KEYS", "goes through all keys and blocks every other client meanwhile: use SCAN"),
];
const INDEXES: &str = "makes indexes: sizes in them can crash Redis Stack 7";
const FORGED: &str =
    "takes a value in the server's internal form: forged ones have been used to break into servers";

/// Names that look like placeholders.
const PLACES: &[&str] = &[
    "user",
    "username",
    "uid",
    "id",
    "subject",
    "email",
    "mail",
    "name",
    "tenant",
    "org",
    "client",
    "principal",
    "account",
    "session",
    "issuer",
    "SUB",
    "ISS",
    "Sub",
];

impl Look<'_> {
    fn wrong<T>(&self, path: &[&str], text: impl std::fmt::Display) -> Result<T, Wrong> {
        Err((self.places.line(path), format!("{}: {text}", path.join("."))))
    }

    fn warn(&mut self, path: &[&str], text: impl std::fmt::Display) {
        let line = self.places.line(path);
        self.warn_in(line, path, text);
    }

    fn warn_in(&mut self, line: Option<usize>, path: &[&str], text: impl std::fmt::Display) {
        let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        self.warnings.push(format!("{line}{}: {text}", path.join(".")));
    }

    fn path(&self, path: &[&str]) -> Option<PathBuf> {
        let text = self.places.text(path)?;
        Some(self.file.parent().map_or_else(|| text.into(), |folder| folder.join(text)))
    }

    fn listener(&mut self) -> Result<(), Wrong> {
        let path = &self.config.path;
        if path == "/healthz" || is_below(path) {
            return self
                .wrong(&["listen", "path"], format!("{path} is a path of the gateway's own"));
        }
        if let Some(admin) = self.config.admin {
            let listen = self.config.listen;
            let same = admin.ip() == listen.ip()
                || admin.ip().is_unspecified()
                || listen.ip().is_unspecified();
            if same && admin.port() == listen.port() && admin.port() != 0 {
                return self.wrong(&["admin", "address"], "listen.address has this port already");
            }
        }
        Ok(())
    }

    fn limits(&mut self) -> Result<(), Wrong> {
        let nobody = "0 lets nobody in";
        if self.places.is_zero(&["limits", "connections"]) {
            return self.wrong(&["limits", "connections"], nobody);
        }
        let rates = [
            "in_flight",
            "commands_per_second",
            "bytes_per_second",
            "client_commands_per_second",
            "client_bytes_per_second",
        ];
        let policies = self.places.names("policies");
        let tables = policies.iter().map(|name| vec!["policies", name.as_str(), "limits"]);
        for table in tables.chain([vec!["limits"]]) {
            for rate in rates {
                let path = [&table[..], &[rate]].concat();
                if self.places.is_zero(&path) {
                    return self.wrong(&path, "0 allows nothing: leave it out for no limit");
                }
            }
        }
        Ok(())
    }

    /// No file that is named here may be served, and secrets must not be readable for everybody.
    fn files(&mut self) -> Result<(), Wrong> {
        let mut named: Vec<(Vec<String>, bool)> = Vec::new();
        let mut add = |path: &[&str], secret| {
            named.push((path.iter().map(|part| (*part).to_owned()).collect(), secret));
        };
        add(&["listen", "tls", "certificate"], false);
        add(&["listen", "tls", "key"], true);
        add(&["listen", "tls", "client_ca"], false);
        add(&["audit", "file"], false);
        add(&["audit", "secret_file"], true);
        for name in self.places.names("upstreams") {
            for (key, secret) in [("ca", false), ("certificate", false), ("key", true)] {
                add(&["upstreams", &name, "tls", key], secret);
            }
        }
        for name in self.places.names("principals") {
            add(&["principals", &name, "password_file"], true);
        }
        for name in self.places.names("jwt") {
            for (key, secret) in [("jwks", false), ("public_key", false), ("secret_file", true)] {
                add(&["jwt", &name, key], secret);
            }
        }
        let mut inside = vec![("the configuration".to_owned(), self.file.to_owned())];
        for (path, secret) in named {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let Some(file) = self.path(&path) else { continue };
            if secret && is_for_everybody(&file) {
                let text = format!("{} can be read by everybody on this machine", file.display());
                self.warn(&path, text);
            }
            inside.push((path.join("."), file));
        }
        for served in [["listen", "serve"], ["console", "directory"]] {
            let Some(folder) = self.path(&served).and_then(|folder| folder.canonicalize().ok())
            else {
                continue;
            };
            let found = inside
                .iter()
                .find(|(_, file)| file.canonicalize().is_ok_and(|file| file.starts_with(&folder)));
            if let Some((what, file)) = found {
                let text = format!(
                    "it would hand out {} ({what}): serve a folder of its own",
                    file.display()
                );
                return self.wrong(&served, text);
            }
        }
        Ok(())
    }

    fn certificates(&mut self) -> Result<(), Wrong> {
        for name in self.places.names("upstreams") {
            let of = |key: &str| self.path(&["upstreams", &name, "tls", key]);
            let files = [of("ca"), of("certificate"), of("key")];
            let [ca, certificate, key] = files.each_ref().map(Option::as_deref);
            if let Err(error) = check_towards_server(ca, certificate.zip(key)) {
                return self.wrong(&["upstreams", &name, "tls"], error);
            }
        }
        let Some(tls) = &self.config.tls else { return Ok(()) };
        let chain = certificates(&tls.certificate).unwrap_or_default();
        let Some(own) = chain.first() else { return Ok(()) };
        let place = ["listen", "tls", "certificate"];
        let now = SystemTime::now();
        let file = tls.certificate.display();
        match validity(own) {
            Some((_, end)) if end <= now => self.warn(&place, format!("{file} has expired")),
            Some((begin, _)) if begin > now => {
                self.warn(&place, format!("{file} is not valid yet"))
            }
            _ => {}
        }
        let Ok(own) = webpki::EndEntityCert::try_from(own) else { return Ok(()) };
        for (line, host) in self.places.list(&["listen", "hosts"]) {
            let Some((name, _)) = split_authority(&host) else { continue };
            let bare = name.trim_start_matches('[').trim_end_matches(']').to_owned();
            let has = ServerName::try_from(bare)
                .is_ok_and(|name| own.verify_is_valid_for_subject_name(&name).is_ok());
            if !has {
                let text = format!("{file} is not for the name {name}");
                self.warn_in(Some(line), &["listen", "hosts"], text);
            }
        }
        Ok(())
    }

    /// Returns the rules of a policy, if a principal has it.
    fn rules(&self, policy: &str) -> Option<&Rules> {
        let has = |name: &&String| {
            self.places.text(&["principals", name.as_str(), "policy"]) == Some(policy)
        };
        let principal = self.config.access.principals.keys().find(has)?;
        Some(&self.config.access.principals[principal].policy.rules)
    }

    fn policies(&mut self) {
        for name in self.places.names("policies") {
            let of = |key| ["policies", name.as_str(), key];
            let Some(rules) = self.rules(&name).cloned() else {
                self.warn(&["policies", &name], "no principal has it");
                continue;
            };
            let lack: Vec<_> = rules.idle().collect();
            for (line, command) in self.places.list(&of("commands")) {
                let is = |known: &str| known.eq_ignore_ascii_case(&command);
                if let Some((_, what)) = lack.iter().find(|(known, _)| is(known)) {
                    let text = format!("{command} can never pass: it needs {what}");
                    self.warn_in(Some(line), &of("commands"), text);
                }
                if let Some((_, why)) = DANGEROUS.iter().find(|(known, _)| is(known)) {
                    self.warn_in(Some(line), &of("commands"), format!("{command} {why}"));
                }
                let (first, second) = match command.split_once(' ') {
                    Some((first, second)) => (first, Some(second)),
                    None => (command.as_str(), None),
                };
                if CommandSpec::find(first, second).is_some_and(CommandSpec::is_admin) {
                    let text = format!("{command} shows data of other clients");
                    self.warn_in(Some(line), &of("commands"), text);
                }
            }
            if rules.hears_of_all_keys() {
                let text = "keyspace notifications are among these channels: they name keys that may not be read";
                self.warn(&of("subscribe"), text);
            }
            for key in ["read", "write", "subscribe", "publish"] {
                for (line, prefix) in self.places.list(&of(key)) {
                    for place in
                        PLACES.iter().filter(|place| prefix.contains(&format!("{{{place}}}")))
                    {
                        let text = format!(
                            "{{{place}}} is taken as it is: only {{sub}} and {{iss}} are replaced"
                        );
                        self.warn_in(Some(line), &of(key), text);
                    }
                }
            }
            for (line, number) in self.places.list(&of("databases")) {
                if number.parse::<u32>().is_ok_and(|number| number > 15) {
                    let text = format!(
                        "{number}: a server has databases 0 to 15 unless it is configured for more"
                    );
                    self.warn_in(Some(line), &of("databases"), text);
                }
            }
        }
        for name in self.places.names("upstreams") {
            let used = |principal: &std::sync::Arc<crate::auth::Principal>| {
                principal.upstream.name == name
            };
            if !self.config.access.principals.values().any(used) {
                self.warn(&["upstreams", &name], "no principal has it");
            }
        }
    }

    fn principals(&mut self) -> Result<(), Wrong> {
        let access = &self.config.access;
        let tokens: BTreeSet<&String> = access.tokens.iter().map(|(_, name)| name).collect();
        let certificates: BTreeSet<&String> =
            access.certificates.iter().map(|(_, name)| name).collect();
        let issued: BTreeSet<&String> =
            access.issuers.iter().flat_map(|issuer| issuer.principals()).collect();
        let mut unreachable = Vec::new();
        for (name, principal) in &access.principals {
            let anonymous = access.anonymous.as_ref() == Some(name);
            let ways = [
                (tokens.contains(name), "tokens"),
                (certificates.contains(name), "certificates"),
                (anonymous, "access.anonymous"),
            ];
            let rules = &principal.policy.rules;
            let nameless = ways.iter().find(|(has, _)| *has);
            if let Some((_, way)) =
                nameless.filter(|_| rules.wants_subject() || rules.wants_issuer())
            {
                let text = format!(
                    "its policy has {{sub}} or {{iss}}, which only a JWT has: {way} would never be accepted"
                );
                return self.wrong(&["principals", name], text);
            }
            if nameless.is_none() && !issued.contains(name) {
                unreachable.push(name.clone());
            }
        }
        for name in unreachable {
            let text = "no client can be this principal: it has no tokens and no certificates, no issuer names it, and it is not access.anonymous";
            self.warn(&["principals", &name], text);
        }
        Ok(())
    }
}

/// Returns whether others than the owner and the group may read the file.
#[cfg(unix)]
fn is_for_everybody(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(file).is_ok_and(|file| file.permissions().mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn is_for_everybody(file: &Path) -> bool {
    let _ = fs::metadata(file);
    false
}
