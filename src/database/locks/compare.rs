//! Servers that compare and set by one command of their own, without a script.

use std::time::Duration;

use crate::{
    Database, Error, Result, connection::ServerInfo, database::strings::ValueCondition,
    resp::ServerErrorKind,
};

/// Which commands a server has for that
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparing {
    /// Redis 8.4: `SET IFEQ`, `DELEX`.
    Redis,
    /// Valkey 9.0: `SET IFEQ`, `DELIFEQ`.
    Valkey,
}

impl Comparing {
    fn of(server: &ServerInfo) -> Option<Self> {
        let mut numbers = server.version.as_deref()?.split('.').map(|number| number.parse().ok());
        let version: (u32, u32) = (numbers.next()??, numbers.next()??);
        match server.product.as_deref()? {
            "redis" if version >= (8, 4) => Some(Self::Redis),
            "valkey" if version >= (9, 0) => Some(Self::Valkey),
            _ => None,
        }
    }
}

/// What the server has, as far as that is known. Of several servers each may have something else.
pub(super) fn comparing(db: &Database) -> Option<Comparing> {
    let link = db.link();
    // A policy may send such a command again, and a second deletion finds nothing; scripts it never repeats.
    let retries = db.handling().is_some_and(|handling| handling.retry.is_some());
    if retries || link.router().is_some() {
        return None;
    }
    link.with(|core| core.wire.server.as_ref().and_then(Comparing::of))
}

/// Deletes the lock if this is its token; `None` if the server does not do it by itself.
pub(super) async fn delete_if(db: &Database, name: &[u8], token: &str) -> Option<Result<bool>> {
    let deleted = match comparing(db)? {
        Comparing::Redis => db.delex(name, ValueCondition::equal(token)).await,
        Comparing::Valkey => db.delifeq(name, token).await,
    };
    done(deleted)
}

/// Gives the lock this time if this is its token; `None` as above.
pub(super) async fn expire_if(
    db: &Database,
    name: &[u8],
    token: &str,
    ttl: Duration,
) -> Option<Result<bool>> {
    comparing(db)?;
    done(db.set_if_equal(name, token, token, ttl).await)
}

/// The outcome, unless the server knows no such command, or this user may not use it: then nothing was done.
fn done(outcome: Result<bool>) -> Option<Result<bool>> {
    use ServerErrorKind::{Err, NoPerm, UnknownCommand};

    let unable = |error: &Error| {
        error.server().is_some_and(|error| matches!(error.kind(), UnknownCommand | NoPerm | Err))
    };
    match outcome {
        Result::Err(error) if unable(&error) => None,
        outcome => Some(outcome),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_has_its_own_commands() {
        let of = |product: &str, version: &str| {
            let (product, version) = (Some(product.into()), Some(version.into()));
            Comparing::of(&ServerInfo { product, version, ..ServerInfo::default() })
        };
        for (product, version, comparing) in [
            ("redis", "8.4.0", Some(Comparing::Redis)),
            ("redis", "10.0.0", Some(Comparing::Redis)),
            ("redis", "8.2.9", None),
            ("redis", "7.0.15", None),
            ("valkey", "9.0.0", Some(Comparing::Valkey)),
            ("valkey", "8.1.4", None),
            ("dragonfly", "9.9.9", None),
            ("redis", "8", None),
            ("redis", "unstable", None),
        ] {
            assert_eq!(of(product, version), comparing, "{product} {version}");
        }
        assert_eq!(Comparing::of(&ServerInfo::default()), None);
    }
}
