//! The tables of a configuration file that say who signs tokens.

use std::{collections::BTreeMap, fs, sync::Arc, time::Duration};

use jsonwebtoken::{Algorithm, AlgorithmFamily};
use toml::Spanned;

use super::{
    file::{Fault, Found, Reading, at, nowhere},
    schema::JwtTable,
};
use crate::{
    auth::{Access, Issuer, Keys, Principal, Role},
    policy::Rules,
};

impl Reading {
    pub(super) fn issuer(
        &mut self,
        name: String,
        table: Spanned<JwtTable>,
        principals: &BTreeMap<String, Arc<Principal>>,
    ) -> Found<Issuer> {
        let what = format!("jwt.{name}");
        let place = table.span();
        let fault = |text: String| Fault { span: Some(place.clone()), text };
        let mut table = table.into_inner();
        let mut algorithms = Vec::new();
        for text in &table.algorithms {
            algorithms.push(text.get_ref().parse().map_err(|_| {
                at(text, format!("{what}.algorithms: expected HS256 to HS512, RS256 to RS512, PS256 to PS512, ES256, ES384 or EdDSA"))
            })?);
        }
        let families: Vec<_> = algorithms.iter().map(|a: &Algorithm| a.family()).collect();
        if families.is_empty() || families.iter().any(|family| *family != families[0]) {
            return Err(fault(format!("{what}.algorithms: name one, or several of one family")));
        }
        if table.issuer.get_ref().is_empty() {
            return Err(at(&table.issuer, format!("{what}.issuer is empty")));
        }
        if table.audience.is_empty() {
            return Err(fault(format!("{what}.audience is empty")));
        }
        if let Some(empty) = table.audience.iter().find(|text| text.get_ref().is_empty()) {
            return Err(at(empty, format!("{what}.audience: an empty audience matches no token")));
        }
        let keys = self.keys(&what, &mut table, &algorithms, &fault)?;
        let known = |named: &Spanned<String>, key: &str| {
            let text = || format!("{what}.{key}: there is no principal {:?}", named.get_ref());
            match principals.get(named.get_ref()) {
                Some(principal) => Ok(principal),
                None => Err(at(named, text())),
            }
        };
        let role = match (table.principal, table.principal_claim) {
            (Some(_), None) if !table.principals.is_empty() => {
                return Err(fault(format!("{what}.principals goes with principal_claim")));
            }
            (Some(named), None) => {
                known(&named, "principal")?;
                Role::Fixed(named.into_inner())
            }
            (None, Some(_)) if table.principals.is_empty() => {
                return Err(fault(format!(
                    "{what}.principals is missing: list those that principal_claim may name"
                )));
            }
            (None, Some(claim)) => {
                for named in &table.principals {
                    known(named, "principals")?;
                }
                let among = table.principals.into_iter().map(Spanned::into_inner).collect();
                Role::Claim { claim, among }
            }
            _ => return Err(fault(format!("{what}: give either principal or principal_claim"))),
        };
        let issuer = Issuer {
            name,
            algorithms,
            issuer: table.issuer.into_inner(),
            audience: table.audience.into_iter().map(Spanned::into_inner).collect(),
            leeway: table.leeway.0.unwrap_or(Duration::ZERO),
            max_lifetime: table.max_lifetime.0,
            typ: table.typ,
            keys,
            role,
            subject_claim: table.subject_claim,
        };
        for principal in issuer.principals().filter_map(|name| principals.get(name)) {
            if rules_of(principal, &issuer.name).is_none() {
                return Err(fault(format!(
                    "{what}: the policy of principals.{} has {{iss}}, and this name has \
                     characters that a prefix cannot take",
                    principal.name
                )));
            }
        }
        Ok(issuer)
    }

    fn keys(
        &self,
        what: &str,
        table: &mut JwtTable,
        algorithms: &[Algorithm],
        fault: &dyn Fn(String) -> Fault,
    ) -> Found<Keys> {
        let hmac = algorithms.iter().any(|one| one.family() == AlgorithmFamily::Hmac);
        let read = |key: &str, file: &str| {
            let path = self.path(file);
            fs::read(&path)
                .map_err(|error| fault(format!("{what}.{key}: {}: {error}", path.display())))
        };
        match (&table.jwks, &table.public_key, &table.secret_file) {
            (Some(file), None, None) if file.get_ref().contains("://") => Err(at(
                file,
                format!("{what}.jwks: expected a file, not a URL: fetch it with a timer"),
            )),
            (Some(file), None, None) => Keys::file(&self.path(file.get_ref()), algorithms)
                .map_err(|error| at(file, format!("{what}.jwks: {error}"))),
            (None, Some(file), None) => Keys::public(&read("public_key", file)?, algorithms)
                .map_err(|error| fault(format!("{what}.public_key: {error}"))),
            (None, None, Some(file)) if hmac => Keys::secret(&read("secret_file", file)?)
                .map_err(|error| fault(format!("{what}.secret_file: {error}"))),
            (None, None, Some(_)) => {
                Err(fault(format!("{what}.secret_file is for HS algorithms only")))
            }
            _ => Err(fault(format!("{what}: give one of jwks, public_key and secret_file"))),
        }
    }
}

/// Checks that subjects of different issuers have no keys in common: two issuers may each have a
/// subject `ada`, and neither may read what belongs to the other.
pub(super) fn keep_subjects_apart(access: &Access) -> Found<()> {
    for (at, one) in access.issuers.iter().enumerate() {
        // Tables of one issuer name the same people.
        for other in access.issuers[..at].iter().filter(|other| other.issuer != one.issuer) {
            let reached = |issuer: &Issuer| -> Vec<&Principal> {
                let names = issuer.principals();
                names.filter_map(|name| access.principals.get(name).map(|p| &**p)).collect()
            };
            for (a, b) in reached(one)
                .into_iter()
                .flat_map(|a| reached(other).into_iter().map(move |b| (a, b)))
                .filter(|(a, b)| a.upstream.endpoint == b.upstream.endpoint)
            {
                let (Some(these), Some(those)) = (rules_of(a, &one.name), rules_of(b, &other.name))
                else {
                    continue;
                };
                if share_subjects(&these, &those) {
                    return Err(nowhere(format!(
                        "jwt.{} and jwt.{} are different issuers, and the same subject of both \
                         would have the same keys by {{sub}} (principals.{}, principals.{}): put \
                         {{iss}} into the prefixes, which is the name of the [jwt] table",
                        other.name, one.name, b.name, a.name
                    )));
                }
            }
        }
    }
    Ok(())
}

fn rules_of(principal: &Principal, issuer: &str) -> Option<Rules> {
    let rules = &principal.policy.rules;
    match rules.wants_issuer() {
        true => rules.of_issuer(issuer),
        false => Some(rules.clone()),
    }
}

/// Returns whether a subject has a key or a channel in common under both rules.
fn share_subjects(these: &Rules, those: &Rules) -> bool {
    // What is read matters as much as what is written: keys with keys, channels with channels.
    let of = |rules: &Rules, channels: bool| -> Vec<String> {
        let [read, write, subscribe, publish] = rules.all_prefixes();
        let both = if channels { [subscribe, publish] } else { [read, write] };
        both.iter().flat_map(|prefixes| prefixes.of_subjects().map(str::to_owned)).collect()
    };
    [false, true].iter().any(|channels| {
        let those = of(those, *channels);
        of(these, *channels)
            .iter()
            .any(|a| those.iter().any(|b| a.starts_with(b.as_str()) || b.starts_with(a.as_str())))
    })
}
