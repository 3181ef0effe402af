//! Credentials are asked for, and renewed before they expire.

use std::{panic::AssertUnwindSafe, pin::pin, sync::Arc, time::Duration};

use futures::{FutureExt, future::select};
use redmux_transport::{Endpoint, FAR};

use crate::{
    Delivery, Error, ErrorKind,
    clock::sleep,
    connection::{
        credentials::{Credentials, CredentialsProvider},
        link::Link,
    },
    error::ConnectStage,
    events::{CredentialsNotRenewed, Event, InternalError},
    resp::{Arg, ReplyError},
};

/// # Errors
/// That of the provider, as a failure to connect.
pub(super) async fn ask(
    link: &Link,
    provider: &dyn CredentialsProvider,
    server: &Arc<Endpoint>,
) -> Result<Credentials, Error> {
    let failed = |detail: String| {
        Error::new(ErrorKind::Connect(ConnectStage::Credentials), Delivery::NotSent).detail(detail)
    };
    // Its panic would end the connection's own task, and with it the connection for good.
    match AssertUnwindSafe(async { provider.credentials(server).await }).catch_unwind().await {
        Ok(Ok(credentials)) => Ok(credentials),
        Ok(Err(error)) => Err(failed(format!("the credentials provider failed: {error}"))),
        Err(_) => {
            link.owner.publish(Event::InternalError(InternalError {
                endpoint: Some(server.clone()),
                connection_type: Some(link.connection_type),
                origin: "credentials provider",
                detail: "it panicked".to_owned(),
            }));
            Err(failed("the credentials provider panicked".to_owned()))
        }
    }
}

/// Authenticates the present connection anew before its credentials expire, until it ends.
pub(super) async fn keep_fresh(
    link: Arc<Link>,
    provider: Arc<dyn CredentialsProvider>,
    valid_for: Duration,
) {
    let session = link.with(|core| core.wire.number);
    let ended =
        link.watch(|core| (core.wire.number != session || !core.is_connected()).then_some(()));
    select(pin!(ended), pin!(renew(&link, &*provider, valid_for))).await;
}

async fn renew(link: &Link, provider: &dyn CredentialsProvider, mut valid_for: Duration) {
    let server = link.endpoint();
    let mut brief = 0;
    let mut wait = paced(part(valid_for, 70, 85, link), &mut brief);
    loop {
        sleep(&*link.clock.runtime, wait).await;
        match reauthenticate(link, provider, &server).await {
            Ok(Some(next)) => {
                valid_for = next;
                wait = paced(part(valid_for, 70, 85, link), &mut brief);
            }
            Ok(None) => return,
            Err(error) => {
                // The connection's credentials stay valid for a while, or without a limit: the
                // server decides.
                wait = paced(part(valid_for, 3, 6, link), &mut brief);
                let error = error.endpoint_at(&server);
                let event = CredentialsNotRenewed { endpoint: server.clone(), error };
                link.owner.publish(Event::CredentialsNotRenewed(event));
            }
        }
    }
}

/// Returns for how long that is good.
async fn reauthenticate(
    link: &Link,
    provider: &dyn CredentialsProvider,
    server: &Arc<Endpoint>,
) -> Result<Option<Duration>, Error> {
    if link.with(|core| core.quiet) {
        return Ok(None);
    }
    let credentials = ask(link, provider, server).await?;
    let name = link.config.commands.name_of("AUTH");
    let password = credentials.password.as_deref().unwrap_or_default();
    let args: Vec<&str> = credentials.username.as_deref().into_iter().chain([password]).collect();
    let words: Vec<_> =
        [name].iter().chain(&args).map(|word| Arg::Bytes(word.as_bytes())).collect();
    // On a leased connection its borrower may be in `MULTI`, or somebody else by now.
    let Some(reply) = link.say(&words).await else { return Ok(None) };
    let reply = reply.map_err(|error| error.command(name))?;
    reply.decode::<()>().map_err(|error: ReplyError| match link.config.leased {
        true => Error::from(error).command(name),
        false => link.not_decoded(name, error),
    })?;
    Ok(credentials.valid_for)
}

/// A wait before the next renewal, of a tenth of a second at least; each further one that would be
/// shorter lasts twice as long, up to half a minute.
///
/// A token that has just expired, or whose life is given as nothing, must not flood the server and
/// the token service.
fn paced(wait: Duration, brief: &mut u32) -> Duration {
    const LEAST: Duration = Duration::from_millis(100);
    const MOST: Duration = Duration::from_secs(30);
    if wait >= LEAST {
        *brief = 0;
        return wait;
    }
    let pause = LEAST.saturating_mul(1 << (*brief).min(16)).min(MOST);
    *brief = brief.saturating_add(1);
    pause
}

/// A random part of a time, `from` to `to` percent of it, so that clients do not come all at once.
fn part(time: Duration, from: u32, to: u32, link: &Link) -> Duration {
    let random = link.clock.runtime.entropy() as f64 / u64::MAX as f64;
    let percent = f64::from(from) + f64::from(to - from) * random;
    time.min(FAR).mul_f64(percent / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_that_are_good_for_nothing_are_renewed_ever_more_seldom() {
        let mut brief = 0;
        let waits: Vec<u128> =
            (0..12).map(|_| paced(Duration::ZERO, &mut brief).as_millis()).collect();
        assert_eq!(waits[..5], [100, 200, 400, 800, 1600]);
        assert_eq!(waits[11], 30_000);
        let hour = Duration::from_secs(3600);
        assert_eq!(paced(hour, &mut brief), hour);
        assert_eq!(paced(Duration::ZERO, &mut brief).as_millis(), 100);
    }
}
