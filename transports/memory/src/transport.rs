use std::{
    collections::VecDeque,
    fmt,
    future::{pending, poll_fn},
    io,
    sync::{Arc, Mutex},
    task::{Poll, Waker},
};

use redmux_transport::{Capabilities, DialError, DialStage, Endpoint, Transport};

use crate::{Duplex, duplex, lock::lock};

/// The answer to a dial
#[derive(Debug)]
#[non_exhaustive]
pub enum DialAnswer {
    /// A stream whose other end the listener accepts.
    Accept,
    /// This error.
    Refuse(DialError),
    /// Nothing, ever: the dial waits until it is dropped.
    Hang,
}

/// Dials into the test itself: every stream's other end arrives at the [`MemoryListener`]
///
/// Serves endpoints of every kind. Clones share the listener.
#[derive(Debug, Clone)]
pub struct MemoryTransport {
    shared: Arc<Mutex<Shared>>,
    capabilities: Capabilities,
    to_server: usize,
    to_client: usize,
}

impl MemoryTransport {
    /// A transport and the listener that its dials arrive at.
    ///
    /// Its streams buffer 64 KiB in each direction and write vectored.
    pub fn new() -> (Self, MemoryListener) {
        let shared = Arc::new(Mutex::new(Shared::default()));
        let transport = Self {
            shared: shared.clone(),
            capabilities: Capabilities::vectored(),
            to_server: 64 * 1024,
            to_client: 64 * 1024,
        };
        (transport, MemoryListener { shared })
    }

    /// Sets the abilities that the streams report.
    pub fn with_capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Bytes buffered from client to server and from server to client.
    pub fn with_capacity(mut self, to_server: usize, to_client: usize) -> Self {
        (self.to_server, self.to_client) = (to_server, to_client);
        self
    }
}

impl Transport for MemoryTransport {
    type Stream = Duplex;

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn connect(&self, endpoint: &Endpoint) -> Result<Duplex, DialError> {
        let answer = lock(&self.shared).answer(endpoint);
        match answer {
            DialAnswer::Hang => pending().await,
            DialAnswer::Refuse(error) => Err(error),
            DialAnswer::Accept => {
                let (client, server) = duplex(self.to_server, self.to_client);
                let mut shared = lock(&self.shared);
                shared.arrived.push_back((server, endpoint.clone()));
                let accepting = shared.accepting.take();
                drop(shared);
                if let Some(waker) = accepting {
                    waker.wake();
                }
                Ok(client)
            }
        }
    }
}

/// Where the dials of a [`MemoryTransport`] arrive
///
/// Dropping it refuses every further dial.
#[derive(Debug)]
pub struct MemoryListener {
    shared: Arc<Mutex<Shared>>,
}

impl MemoryListener {
    /// The server's end of the next dial, and the endpoint that was dialled.
    pub async fn accept(&self) -> (Duplex, Endpoint) {
        poll_fn(|cx| {
            let mut shared = lock(&self.shared);
            if let Some(arrived) = shared.arrived.pop_front() {
                return Poll::Ready(arrived);
            }
            let former = shared.accepting.replace(cx.waker().clone());
            drop(shared);
            drop(former);
            Poll::Pending
        })
        .await
    }

    /// A dial that has arrived already, if there is one.
    pub fn try_accept(&self) -> Option<(Duplex, Endpoint)> {
        lock(&self.shared).arrived.pop_front()
    }

    /// Fails the next dial that is not spoken for yet; calls add up.
    pub fn refuse_next(&self, error: DialError) {
        lock(&self.shared).next.push_back(DialAnswer::Refuse(error));
    }

    /// Lets the next dial that is not spoken for yet wait forever; calls add up.
    pub fn hang_next(&self) {
        lock(&self.shared).next.push_back(DialAnswer::Hang);
    }

    /// Decides every dial by its endpoint, once the answers given ahead are used up.
    ///
    /// `decide` must not call the listener or the transport.
    pub fn decide(&self, decide: impl FnMut(&Endpoint) -> DialAnswer + Send + 'static) {
        lock(&self.shared).decide = Some(Box::new(decide));
    }

    /// How many dials there were, failed ones included.
    pub fn dials(&self) -> usize {
        lock(&self.shared).dials
    }
}

impl Drop for MemoryListener {
    fn drop(&mut self) {
        let mut shared = lock(&self.shared);
        shared.gone = true;
        let arrived = std::mem::take(&mut shared.arrived);
        drop(shared);
        drop(arrived);
    }
}

type Decide = Box<dyn FnMut(&Endpoint) -> DialAnswer + Send>;

#[derive(Default)]
struct Shared {
    arrived: VecDeque<(Duplex, Endpoint)>,
    accepting: Option<Waker>,
    next: VecDeque<DialAnswer>,
    decide: Option<Decide>,
    dials: usize,
    gone: bool,
}

impl Shared {
    fn answer(&mut self, endpoint: &Endpoint) -> DialAnswer {
        self.dials += 1;
        if self.gone {
            let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
            return DialAnswer::Refuse(DialError::new(DialStage::Dial, refused));
        }
        if let Some(answer) = self.next.pop_front() {
            return answer;
        }
        self.decide.as_mut().map_or(DialAnswer::Accept, |decide| decide(endpoint))
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("arrived", &self.arrived)
            .field("dials", &self.dials)
            .field("gone", &self.gone)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, executor::block_on, io::AsyncReadExt, io::AsyncWriteExt};

    use super::*;

    fn refused() -> DialError {
        DialError::new(DialStage::Tls, io::Error::other("no"))
    }

    #[test]
    fn a_dial_arrives_with_its_endpoint() {
        let (transport, listener) = MemoryTransport::new();
        assert!(listener.try_accept().is_none());
        let mut accept = Box::pin(listener.accept());
        assert!((&mut accept).now_or_never().is_none());
        let to: Endpoint = "ws://gateway/redis".parse().unwrap();
        let mut client = block_on(transport.connect(&to)).unwrap();
        let (mut server, endpoint) = block_on(accept);
        assert_eq!(endpoint, to);
        block_on(client.write_all(b"hi")).unwrap();
        let mut got = [0; 2];
        block_on(server.read_exact(&mut got)).unwrap();
        assert_eq!(&got, b"hi");
    }

    #[test]
    fn answers_given_ahead_come_first() {
        let (transport, listener) = MemoryTransport::new();
        let to = Endpoint::tcp("a", 1);
        listener.decide(|endpoint| match endpoint {
            Endpoint::Tcp { port: 1, .. } => DialAnswer::Accept,
            _ => DialAnswer::Hang,
        });
        listener.refuse_next(refused());
        listener.hang_next();
        assert_eq!(block_on(transport.connect(&to)).unwrap_err().stage, DialStage::Tls);
        assert!(transport.connect(&to).now_or_never().is_none());
        assert!(block_on(transport.connect(&to)).is_ok());
        assert!(transport.connect(&Endpoint::tcp("a", 2)).now_or_never().is_none());
        assert_eq!(listener.dials(), 4);
    }

    #[test]
    fn without_a_listener_dials_are_refused() {
        let (transport, listener) = MemoryTransport::new();
        let to = Endpoint::tcp("a", 1);
        let client = block_on(transport.connect(&to)).unwrap();
        drop(listener);
        assert!(client.peer_closed());
        let error = block_on(transport.connect(&to)).unwrap_err();
        assert_eq!(error.source.kind(), io::ErrorKind::ConnectionRefused);
    }

    #[test]
    fn capabilities_are_what_the_test_says() {
        let (transport, _listener) = MemoryTransport::new();
        assert_eq!(transport.capabilities(), Capabilities::vectored());
        let transport = transport.with_capabilities(Capabilities::messages());
        assert_eq!(transport.capabilities(), Capabilities::messages());
    }
}
