//! Streams of bytes that JavaScript opens: WebSockets, TCP sockets, anything.

use std::{
    cell::RefCell,
    future::poll_fn,
    io::{self, IoSlice},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker, ready},
};

use futures::io::{AsyncRead, AsyncWrite};
use redmux::{
    Endpoint,
    transport::{
        ByteStream, Capabilities, DialError, DialOptions, DialStage, ErrorText, Transport,
    },
};
use wasm_bindgen::prelude::*;

use crate::{
    hooks::{Hooks, JsLink},
    runtime::drive,
};

/// Dials through `hooks.dial`; JavaScript chooses the socket, with TLS or without
pub(crate) struct JsTransport(pub(crate) Rc<Hooks>);

impl Transport for JsTransport {
    type Stream = JsStream;

    /// JavaScript joins the parts: it copies them anyway.
    fn capabilities(&self) -> Capabilities {
        Capabilities::vectored()
    }

    #[cfg(not(feature = "server"))]
    async fn connect(&self, _: &Endpoint) -> Result<JsStream, DialError> {
        let shared = Rc::<RefCell<Shared>>::default();
        let link = self.0.dial(Sink(shared.clone()));
        let stream = JsStream { link, shared };
        poll_fn(|cx| stream.poll_open(cx)).await?;
        Ok(stream)
    }

    #[cfg(feature = "server")]
    async fn connect(&self, endpoint: &Endpoint) -> Result<JsStream, DialError> {
        self.reach(endpoint, &DialOptions::default()).await
    }

    #[cfg(not(feature = "server"))]
    async fn connect_with(
        &self,
        endpoint: &Endpoint,
        _: &DialOptions,
    ) -> Result<Box<dyn ByteStream>, DialError> {
        Ok(Box::new(self.connect(endpoint).await?))
    }

    #[cfg(feature = "server")]
    async fn connect_with(
        &self,
        endpoint: &Endpoint,
        options: &DialOptions,
    ) -> Result<Box<dyn ByteStream>, DialError> {
        Ok(Box::new(self.reach(endpoint, options).await?))
    }
}

#[cfg(feature = "server")]
impl JsTransport {
    async fn reach(
        &self,
        endpoint: &Endpoint,
        options: &DialOptions,
    ) -> Result<JsStream, DialError> {
        let target = crate::server::target(endpoint, options)?;
        let shared = Rc::<RefCell<Shared>>::default();
        let link = self.0.dial(Sink(shared.clone()), target);
        let stream = JsStream { link, shared };
        poll_fn(|cx| stream.poll_open(cx)).await?;
        Ok(stream)
    }
}

/// What a socket of JavaScript reports to
#[wasm_bindgen]
pub struct Sink(Rc<RefCell<Shared>>);

#[wasm_bindgen]
impl Sink {
    /// The socket is connected.
    pub fn open(&self) {
        self.change(|shared| shared.open = true);
    }

    /// `length` more bytes are there for [`JsLink::read`]; they have been read when this returns,
    /// unless the driver has enough to do.
    pub fn data(&self, length: u32) {
        drive(|| self.change(|shared| shared.unread += length));
    }

    /// More may be written again.
    pub fn drain(&self) {
        self.change(|shared| shared.full = false);
    }

    /// The socket ended: orderly (`kind` 0) or not (1); or it could not be opened: the host has no
    /// address (2), it does not answer (3), TLS failed (4), the upgrade was refused (5).
    pub fn end(&self, kind: u8, message: String) {
        self.change(|shared| {
            // The first end counts: an error comes before the close that follows from it.
            shared.end.get_or_insert((kind, message));
        });
    }

    fn change(&self, change: impl FnOnce(&mut Shared)) {
        let mut shared = self.0.borrow_mut();
        change(&mut shared);
        let over = shared.end.is_some();
        let reader = shared.reader.take();
        let writer = if over || !shared.full { shared.writer.take() } else { None };
        drop(shared);
        [reader, writer].into_iter().flatten().for_each(Waker::wake);
    }
}

/// What a socket and the driver share
#[derive(Default)]
struct Shared {
    open: bool,
    /// Bytes that came and are still in JavaScript: each is copied into wasm once.
    unread: u32,
    full: bool,
    end: Option<(u8, String)>,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Shared {
    fn failure(&self) -> Option<io::Error> {
        let (kind, message) = self.end.as_ref()?;
        let kind = match kind {
            0 => io::ErrorKind::BrokenPipe,
            _ => io::ErrorKind::ConnectionReset,
        };
        Some(match message.is_empty() {
            true => kind.into(),
            false => io::Error::new(kind, ErrorText(message.clone())),
        })
    }
}

/// A socket of JavaScript; dropping it ends the socket, and what it has not sent is lost
pub(crate) struct JsStream {
    link: JsLink,
    shared: Rc<RefCell<Shared>>,
}

impl JsStream {
    fn poll_open(&self, cx: &Context<'_>) -> Poll<Result<(), DialError>> {
        let mut shared = self.shared.borrow_mut();
        // First, because bytes and even the end may have come since.
        if shared.open {
            return Poll::Ready(Ok(()));
        }
        if let (Some(error), Some((kind, _))) = (shared.failure(), &shared.end) {
            let stage = match kind {
                2 => DialStage::Resolve,
                4 => DialStage::Tls,
                5 => DialStage::Upgrade,
                _ => DialStage::Dial,
            };
            return Poll::Ready(Err(DialError::new(stage, error)));
        }
        shared.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Whether more may be written.
    fn poll_room(&self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        let mut shared = self.shared.borrow_mut();
        if let Some(error) = shared.failure() {
            return Poll::Ready(Err(error));
        }
        if shared.full {
            shared.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for JsStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut shared = self.shared.borrow_mut();
        if shared.unread > 0 || buffer.is_empty() {
            let read = self.link.read(buffer);
            shared.unread -= read;
            return Poll::Ready(Ok(read as usize));
        }
        match &shared.end {
            Some((0, _)) => Poll::Ready(Ok(0)),
            Some(_) => Poll::Ready(shared.failure().map_or(Ok(0), Err)),
            None => {
                shared.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl AsyncWrite for JsStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_room(cx))?;
        let more = self.link.write(bytes);
        // Unless the socket drained during the write, or ended.
        self.shared.borrow_mut().full = !more;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_room(cx))?;
        let places: Vec<u32> =
            parts.iter().flat_map(|part| [part.as_ptr() as u32, part.len() as u32]).collect();
        let more = self.link.write_parts(places.as_ptr() as u32, parts.len() as u32);
        self.shared.borrow_mut().full = !more;
        Poll::Ready(Ok(parts.iter().map(|part| part.len()).sum()))
    }

    /// Ready at once: sockets send their bytes without a flush.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Sends what was written and closes; ready when the other side has closed as well.
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut shared = self.shared.borrow_mut();
        if shared.end.is_some() {
            return Poll::Ready(Ok(()));
        }
        shared.reader = Some(cx.waker().clone());
        drop(shared);
        self.link.close();
        Poll::Pending
    }
}

impl Drop for JsStream {
    fn drop(&mut self) {
        self.link.destroy();
    }
}
