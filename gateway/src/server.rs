use std::{
    io,
    net::SocketAddr,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use futures::future::select;
use smol::{
    channel::{self, Receiver, Sender},
    net::{TcpListener, TcpStream},
};

use crate::{
    admin,
    config::Config,
    handle::Handle,
    log::{event, event_often},
    metrics::Metrics,
    shared::{Shared, State},
    tasks::{sleep, spawn, timeout},
};

/// A gateway that listens
#[derive(Debug)]
pub struct Gateway {
    listener: TcpListener,
    admin: Option<TcpListener>,
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Sender<()>,
    stopped: Receiver<()>,
}

impl Gateway {
    /// Listens at the address of `config`.
    ///
    /// # Errors
    /// The gateway cannot listen at the address, or the address would make a development
    /// configuration public.
    pub async fn bind(config: Config) -> io::Result<Self> {
        let refused = |error| io::Error::new(io::ErrorKind::InvalidInput, error);
        let metrics = Metrics::default();
        let (replace, state) = State::open(config, &metrics.audit, None).map_err(refused)?;
        let listener = TcpListener::bind(state.config.listen).await?;
        let address = listener.local_addr()?;
        let admin = match state.config.admin {
            Some(address) => Some(TcpListener::bind(address).await?),
            None => None,
        };
        let shared = Arc::new(Shared::new(state, replace, metrics));
        let (stop, stopped) = channel::bounded(1);
        Ok(Self { listener, admin, address, shared, stop, stopped })
    }

    /// Returns the address that it listens at.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Returns the address of `/metrics`, `/healthz` and `/readyz`, if there is one.
    pub fn admin_addr(&self) -> Option<SocketAddr> {
        self.admin.as_ref()?.local_addr().ok()
    }

    /// Returns a handle to control it with.
    pub fn handle(&self) -> Handle {
        Handle::new(self.shared.clone(), self.stop.clone())
    }

    /// Serves clients until [`Handle::shutdown`], then closes them.
    pub async fn run(self) {
        if let Some(listener) = self.admin {
            // Until the very end: operators watch a shutdown there.
            spawn(admin::serve(listener, Arc::downgrade(&self.shared)));
        }
        // Clients leave when `gone` is dropped.
        let (gone, go) = channel::bounded(1);
        {
            let accepting = accept(&self.listener, &self.shared, &go);
            let leaving = leave(&self.shared, &self.stopped);
            select(Box::pin(accepting), Box::pin(leaving)).await;
        }
        self.shared.draining.store(true, Relaxed);
        drop(self.listener);
        drop(gone);
        let all_gone = async {
            while self.shared.sockets.load(Relaxed) > 0 {
                sleep(Duration::from_millis(5)).await;
            }
        };
        let state = self.shared.state();
        // Closing handshakes get a little time on top.
        let patience = (state.config.drain)
            .saturating_add(state.config.drain_spread)
            .saturating_add(Duration::from_secs(3));
        let at_once = self.shared.at_once.1.recv();
        let _ = timeout(patience, select(Box::pin(all_gone), Box::pin(at_once))).await;
        event("stopped", format_args!("left={}", self.shared.sockets.load(Relaxed)));
        if let Some(audit) = &state.audit {
            audit.flush(Duration::from_secs(1));
        }
    }
}

/// Accepts sockets until it is dropped.
async fn accept(listener: &TcpListener, shared: &Arc<Shared>, go: &Receiver<()>) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                spawn(attend(shared.clone(), stream, peer, go.clone()));
            }
            Err(error) => {
                // There are no file descriptors left, for example: other sockets must close first.
                event_often("accept-failed", format_args!("error={:?}", error.to_string()));
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn attend(shared: Arc<Shared>, stream: TcpStream, peer: SocketAddr, stopped: Receiver<()>) {
    shared.attend(stream, peer, stopped).await;
}

/// Waits for a shutdown, and for its lame-duck time, in which clients are still accepted.
async fn leave(shared: &Shared, stopped: &Receiver<()>) {
    let _ = stopped.recv().await;
    let lame_duck = shared.state().config.lame_duck;
    if !lame_duck.is_zero() {
        event("lame-duck", format_args!("seconds={}", lame_duck.as_secs_f64()));
        let _ = timeout(lame_duck, shared.at_once.1.recv()).await;
    }
}
