use std::{collections::VecDeque, future::Future, io, net::SocketAddr, pin::pin, time::Duration};

use futures::{
    future::{Either, select},
    stream::{FuturesUnordered, StreamExt},
};

/// Head start of one address over the next.
const HEAD_START: Duration = Duration::from_millis(250);

/// Dials `addresses` until one answers: the next one starts when the former has failed or
/// has had its head start.
///
/// `pause` is the runtime's sleep.
pub(crate) async fn first<T, F, P>(
    addresses: Vec<SocketAddr>,
    dial: impl Fn(SocketAddr) -> F,
    pause: impl Fn(Duration) -> P,
) -> io::Result<T>
where
    F: Future<Output = io::Result<T>>,
    P: Future<Output = ()>,
{
    let total = addresses.len();
    let mut waiting = interleave(addresses);
    let mut dials = FuturesUnordered::new();
    let mut worst: Option<(SocketAddr, io::Error)> = None;
    loop {
        if let Some(address) = waiting.pop_front() {
            let attempt = dial(address);
            dials.push(async move { attempt.await.map_err(|error| (address, error)) });
        }
        let answered = if waiting.is_empty() {
            dials.next().await
        } else {
            match select(dials.next(), pin!(pause(HEAD_START))).await {
                Either::Left((answered, _)) => answered,
                Either::Right(_) => continue,
            }
        };
        match answered {
            Some(Ok(stream)) => return Ok(stream),
            Some(Err(failed)) if worst.is_none() || telling(&failed.1) => worst = Some(failed),
            Some(Err(_)) => {}
            None if waiting.is_empty() => break,
            None => {}
        }
    }
    Err(match worst {
        None => io::Error::new(io::ErrorKind::NotFound, "the name has no address"),
        Some((_, error)) if total == 1 => error,
        Some((address, error)) => io::Error::new(
            error.kind(),
            format!("all {total} addresses failed; {address}: {error}"),
        ),
    })
}

/// Whether an error speaks of the server, and not of an address family that this machine
/// has no route for.
fn telling(error: &io::Error) -> bool {
    use io::ErrorKind::{AddrNotAvailable, HostUnreachable, NetworkUnreachable};
    !matches!(error.kind(), AddrNotAvailable | HostUnreachable | NetworkUnreachable)
}

/// Families in turn, beginning with that of the first address.
fn interleave(addresses: Vec<SocketAddr>) -> VecDeque<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut these, mut those): (VecDeque<_>, VecDeque<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let mut order = VecDeque::with_capacity(these.len() + those.len());
    while !these.is_empty() || !those.is_empty() {
        order.extend(these.pop_front());
        order.extend(those.pop_front());
    }
    order
}

#[cfg(test)]
#[cfg(feature = "async-std")]
mod tests {
    use std::{future::pending, sync::Mutex};

    use super::*;

    async fn pause(time: Duration) {
        async_std::task::sleep(time).await;
    }

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn families_take_turns() {
        let order = interleave(addresses(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1"]));
        assert_eq!(order, addresses(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "[::3]:1"]));
    }

    #[async_std::test]
    async fn a_black_hole_does_not_hold_up_the_address_that_answers() {
        let dialled = Mutex::new(Vec::new());
        let answer = first(
            addresses(&["10.0.0.1:1", "10.0.0.2:1"]),
            |address| {
                dialled.lock().unwrap().push(address);
                async move {
                    if address.ip().to_string() == "10.0.0.1" {
                        pending::<()>().await;
                    }
                    Ok(address)
                }
            },
            pause,
        );
        let bounded = async_std::future::timeout(Duration::from_secs(10), answer);
        assert_eq!(bounded.await.unwrap().unwrap().ip().to_string(), "10.0.0.2");
        assert_eq!(dialled.lock().unwrap().len(), 2);
    }

    #[async_std::test]
    async fn when_all_fail_the_error_says_how_many() {
        let refuse = |_| async { Err::<(), _>(io::Error::from(io::ErrorKind::ConnectionRefused)) };
        let error =
            first(addresses(&["10.0.0.1:1", "10.0.0.2:1"]), refuse, pause).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert!(error.to_string().starts_with("all 2 addresses failed"), "{error}");
        let error = first(Vec::new(), refuse, pause).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[async_std::test]
    async fn the_most_telling_error_is_told() {
        let families = |address: SocketAddr| async move {
            let no_route = io::ErrorKind::NetworkUnreachable;
            let kind = if address.is_ipv6() { no_route } else { io::ErrorKind::ConnectionRefused };
            Err::<(), _>(io::Error::from(kind))
        };
        for order in [["[::1]:1", "1.1.1.1:1"], ["1.1.1.1:1", "[::1]:1"]] {
            let error = first(addresses(&order), families, pause).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
            assert!(error.to_string().contains("1.1.1.1:1"), "{error}");
        }
    }

    #[async_std::test]
    async fn a_failure_starts_the_next_dial_at_once() {
        // Sixty-four head starts would take sixteen seconds.
        let mut many = vec!["10.0.0.1:1"; 64];
        many.push("10.0.0.2:1");
        let answer = first(
            addresses(&many),
            |address| async move {
                if address.ip().to_string() == "10.0.0.2" {
                    Ok(())
                } else {
                    Err(io::ErrorKind::ConnectionRefused.into())
                }
            },
            pause,
        );
        async_std::future::timeout(Duration::from_secs(8), answer).await.unwrap().unwrap();
    }
}
