//! The tables of a configuration file that say who may do what.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    ops::Range,
    sync::Arc,
};

use toml::Spanned;

use super::{
    file::{Fault, Found, Reading, at, nowhere},
    issuers::keep_subjects_apart,
    schema::*,
};
use crate::{
    auth::{Access, Principal, TokenHash},
    policy::{ClientLimits, Policy, Prefixes, QueryLimits, Rate, Rules, SharedLimits},
    upstream::Login,
};

impl Reading {
    pub(super) fn access(
        &mut self,
        upstreams: BTreeMap<String, UpstreamTable>,
        policies: BTreeMap<String, Spanned<PolicyTable>>,
        principals: BTreeMap<String, Spanned<PrincipalTable>>,
        jwt: BTreeMap<String, Spanned<JwtTable>>,
    ) -> Found<Access> {
        let mut servers = HashMap::new();
        for (name, table) in upstreams {
            servers.insert(name.clone(), Arc::new(self.upstream(name, table)?));
        }
        let mut rules = HashMap::new();
        for (name, table) in policies {
            rules.insert(name.clone(), self.policy(&name, table)?);
        }
        let mut access = Access::default();
        for (name, table) in principals {
            let place = table.span();
            let what = format!("principals.{name}");
            let missing = |text: String| Fault { span: Some(place.clone()), text };
            let table = table.into_inner();
            let policy = rules.get(table.policy.get_ref()).cloned().ok_or_else(|| {
                at(
                    &table.policy,
                    format!("{what}.policy: there is no policy {:?}", table.policy.get_ref()),
                )
            })?;
            let upstream = match &table.upstream {
                Some(named) => servers.get(named.get_ref()).ok_or_else(|| {
                    at(
                        named,
                        format!("{what}.upstream: there is no upstream {:?}", named.get_ref()),
                    )
                })?,
                None if servers.len() == 1 => servers
                    .values()
                    .next()
                    .ok_or_else(|| missing(format!("{what}: there are no [upstreams]")))?,
                None => {
                    return Err(missing(format!(
                        "{what}.upstream is missing: name one of [upstreams]"
                    )));
                }
            };
            let login = self.login(&what, &table, &place)?;
            for token in &table.tokens {
                let hash: TokenHash = token
                    .get_ref()
                    .parse()
                    .map_err(|error| at(token, format!("{what}.tokens: {error}")))?;
                if access.tokens.iter().any(|(known, _)| *known == hash) {
                    return Err(at(
                        token,
                        format!("{what}.tokens: another principal has this one"),
                    ));
                }
                access.tokens.push((hash, name.clone()));
            }
            for id in table.certificates {
                if access.certificates.iter().any(|(known, _)| *known == id) {
                    return Err(missing(format!(
                        "{what}.certificates: another principal has {id:?}"
                    )));
                }
                access.certificates.push((id, name.clone()));
            }
            if login.is_none() {
                self.warn(format!(
                    "{what} has no user: Redis lets it do what its default user may"
                ));
            }
            let principal =
                Principal { name: name.clone(), policy, upstream: upstream.clone(), login };
            access.principals.insert(name, Arc::new(principal));
        }
        for (name, table) in jwt {
            access.issuers.push(Arc::new(self.issuer(name, table, &access.principals)?));
        }
        keep_subjects_apart(&access)?;
        Ok(access)
    }

    fn policy(&mut self, name: &str, table: Spanned<PolicyTable>) -> Found<Policy> {
        let what = format!("policies.{name}");
        let place = table.span();
        let table = table.into_inner();
        let mut names = Vec::new();
        for command in &table.commands {
            // One by one, to say which line is wrong.
            Rules::new([command.get_ref().as_str()])
                .map_err(|error| at(command, format!("{what}.commands: {error}")))?;
            names.push(command.get_ref().as_str());
        }
        let rules = Rules::new(names).map_err(|error| nowhere(format!("{what}: {error}")))?;
        let prefixes = |key: &str, texts: Vec<Spanned<String>>| {
            for text in &texts {
                Prefixes::new([text.get_ref().clone()])
                    .map_err(|error| at(text, format!("{what}.{key}: {error}")))?;
            }
            Prefixes::new(texts.into_iter().map(Spanned::into_inner))
                .map_err(|error| nowhere(format!("{what}.{key}: {error}")))
        };
        if table.databases.is_empty() {
            return Err(Fault { span: Some(place), text: format!("{what}.databases is empty") });
        }
        let rules = rules
            .read(prefixes("read", table.read)?)
            .write(prefixes("write", table.write)?)
            .subscribe(prefixes("subscribe", table.subscribe)?)
            .publish(prefixes("publish", table.publish)?)
            .databases(table.databases)
            .scripts_by_acl(table.scripts == Some(Scripts::Acl))
            .queries(QueryLimits {
                rows: table.queries.rows.map(Into::into),
                time: table.queries.time.and_then(|time| time.0),
                cursor_idle: table.queries.cursor_idle.and_then(|time| time.0),
            });
        rules
            .check()
            .map_err(|error| Fault { span: Some(place), text: format!("{what}: {error}") })?;
        let (limits, usual) = (table.limits, ClientLimits::default());
        let client = ClientLimits {
            message: limits.message.map_or(usual.message, |size| size.0),
            fragments: limits.fragments.map_or(usual.fragments, Into::into),
            command: limits.command.map_or(usual.command, |size| size.0),
            arguments: limits.arguments.map_or(usual.arguments, Into::into),
            in_flight: limits.client_in_flight.map_or(usual.in_flight, Into::into),
            rate: Rate {
                commands: limits.client_commands_per_second,
                bytes: limits.client_bytes_per_second,
            },
            idle: limits.idle.and_then(|time| time.0),
            session: limits.session.and_then(|time| time.0),
            denied: limits.denied.unwrap_or(usual.denied),
        };
        let principal = SharedLimits {
            connections: limits.connections.map(Into::into),
            in_flight: limits.in_flight.map(Into::into),
            rate: Rate { commands: limits.commands_per_second, bytes: limits.bytes_per_second },
        };
        Ok(Policy { rules, client, principal })
    }

    fn login(
        &mut self,
        what: &str,
        table: &PrincipalTable,
        place: &Range<usize>,
    ) -> Found<Option<Login>> {
        let fault = |text: String| Fault { span: Some(place.clone()), text };
        let password = match (&table.password_file, &table.password_env) {
            (Some(file), None) => {
                let path = self.path(file);
                let text = fs::read_to_string(&path).map_err(|error| {
                    fault(format!("{what}.password_file: {}: {error}", path.display()))
                })?;
                Some(text.trim_end_matches(['\r', '\n']).to_owned())
            }
            (None, Some(name)) => Some(
                std::env::var(name)
                    .map_err(|_| fault(format!("{what}.password_env: {name} is not set")))?,
            ),
            (None, None) => None,
            _ => {
                return Err(fault(format!("{what}: give password_file or password_env, not both")));
            }
        };
        match (table.user.clone(), password) {
            (Some(user), Some(password)) => Ok(Some(Login { user, password })),
            (None, None) => Ok(None),
            (Some(_), None) => {
                Err(fault(format!("{what}.user needs a password_file or password_env")))
            }
            (None, Some(_)) => Err(fault(format!("{what}.user is missing"))),
        }
    }
}
