use std::{
    cell::RefCell,
    collections::VecDeque,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use futures::io::{AsyncRead, AsyncWrite};
use js_sys::Uint8Array;
use redmux_transport::{Instant, Timer};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

use super::{
    bindings::{BinaryType, CloseEvent, Event, Fields, MessageEvent, Socket},
    timer::WebTimer,
};
use crate::{CloseCode, WebSocketTransport};

/// How long a close waits for the other side to agree.
const CLOSE_WAIT: Duration = Duration::from_secs(1);
/// How soon a full send buffer is looked at again, at first and at most.
const BACK_OFF_MILLIS: (u64, u64) = (4, 64);

/// The bytes of a WebSocket
///
/// Dropping it closes the socket.
pub struct WebSocketStream {
    socket: Socket,
    shared: Rc<RefCell<Shared>>,
    max_message_out: usize,
    high_water: usize,
    /// Looks at a full send buffer again; there once one was full.
    back_off: Option<(WebTimer, u64)>,
    closing: Option<WebTimer>,
    // Kept alive as long as the socket may call them.
    _handlers: [Handler; 4],
}

type Handler = Closure<dyn FnMut(Event)>;

impl WebSocketStream {
    /// Takes charge of a socket that has just been made.
    pub(crate) fn new(socket: Socket, options: &WebSocketTransport) -> Self {
        socket.set_binary_type(BinaryType::Arraybuffer);
        let limit = options.receive_limit;
        let shared = Rc::new(RefCell::new(Shared::default()));
        let handlers = [
            handler(&shared, |shared, _| shared.open = true),
            handler(&shared, move |shared, event| {
                shared.receive(&event.unchecked_ref::<MessageEvent>().data(), limit)
            }),
            handler(&shared, |shared, event| shared.end(End::Closed(failure(event)))),
            handler(&shared, |shared, event| shared.end(End::Closed(close_code(event)))),
        ];
        socket.set_onopen(Some(handlers[0].as_ref().unchecked_ref()));
        socket.set_onmessage(Some(handlers[1].as_ref().unchecked_ref()));
        socket.set_onerror(Some(handlers[2].as_ref().unchecked_ref()));
        socket.set_onclose(Some(handlers[3].as_ref().unchecked_ref()));
        Self {
            socket,
            shared,
            max_message_out: options.max_message_out,
            high_water: options.send_high_water,
            back_off: None,
            closing: None,
            _handlers: handlers,
        }
    }

    /// Ready when the socket has been open, or with the end it came to instead.
    pub(crate) fn poll_open(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut shared = self.shared.borrow_mut();
        // First of all: messages and even the end may have come since.
        if shared.open {
            return Poll::Ready(Ok(()));
        }
        match &shared.end {
            Some(end) => Poll::Ready(Err(end.write())),
            None => {
                shared.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Ready when the runtime has sent enough of what it was given.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // A runtime that does not tell gives NaN, which is no reason to wait.
        // Where there is no such thing (workerd), web-sys reads 0.
        let full = |socket: &Socket| socket.buffered_amount() as usize > self.high_water;
        if !full(&self.socket) {
            if let Some((_, delay)) = &mut self.back_off {
                *delay = BACK_OFF_MILLIS.0;
            }
            return Poll::Ready(());
        }
        let after = |millis| Instant::now() + Duration::from_millis(millis);
        let (timer, delay) = self
            .back_off
            .get_or_insert_with(|| (WebTimer::new(after(BACK_OFF_MILLIS.0)), BACK_OFF_MILLIS.0));
        while timer.poll_expired(cx).is_ready() {
            *delay = (*delay * 2).min(BACK_OFF_MILLIS.1);
            timer.reset(after(*delay));
        }
        Poll::Pending
    }
}

impl AsyncRead for WebSocketStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut shared = self.shared.borrow_mut();
        if buffer.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let read = shared.take(buffer);
        if read > 0 {
            return Poll::Ready(Ok(read));
        }
        match &shared.end {
            Some(end) => Poll::Ready(end.read()),
            None => {
                shared.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl AsyncWrite for WebSocketStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(end) = &self.shared.borrow().end {
            return Poll::Ready(Err(end.write()));
        }
        if self.closing.is_some() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        // While the other side closes, what is sent is lost: wait for its code instead.
        if self.socket.ready_state() != Socket::OPEN || self.poll_room(cx).is_pending() {
            self.shared.borrow_mut().writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let length = bytes.len().min(self.max_message_out);
        // A copy outside of the memory of wasm: some WebSocket classes keep what they are
        // given until later, and a view moves when the memory grows.
        let message = Uint8Array::from(&bytes[..length]).buffer();
        match self.socket.send_with_array_buffer(&message) {
            Ok(()) => Poll::Ready(Ok(length)),
            Err(error) => {
                Poll::Ready(Err(io::Error::new(io::ErrorKind::BrokenPipe, text_of(&error, ""))))
            }
        }
    }

    /// Ready at once: the runtime sends what it was given by itself.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Sends what was written and a close frame, and waits up to a second for the answer.
    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        {
            let mut shared = this.shared.borrow_mut();
            if shared.end.is_some() {
                return Poll::Ready(Ok(()));
            }
            shared.closer = Some(cx.waker().clone());
        }
        let timer = this.closing.get_or_insert_with(|| {
            close(&this.socket);
            WebTimer::new(Instant::now() + CLOSE_WAIT)
        });
        timer.poll_expired(cx).map(Ok)
    }
}

impl Drop for WebSocketStream {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // Not unset: some classes throw what nobody listens for, and closing a socket that
        // is not open yet is such an error.
        IGNORE.with(|ignore| self.socket.set_onerror(Some(ignore.as_ref().unchecked_ref())));
        close(&self.socket);
    }
}

thread_local! {
    static IGNORE: Closure<dyn FnMut()> = Closure::new(|| ());
}

/// What the handlers and the stream share
#[derive(Default)]
struct Shared {
    open: bool,
    /// Messages not read yet, still in JavaScript: each byte is copied into wasm once, to
    /// where the reader wants it.
    messages: VecDeque<Uint8Array>,
    /// How much of the first message was read.
    offset: u32,
    unread: usize,
    end: Option<End>,
    reader: Option<Waker>,
    writer: Option<Waker>,
    closer: Option<Waker>,
}

impl Shared {
    fn receive(&mut self, data: &JsValue, limit: usize) {
        if self.end.is_some() {
            return;
        }
        // Asked for its length and not for its class, which may be that of another realm.
        if !data.is_object() || data.unchecked_ref::<Fields>().byte_length().is_undefined() {
            return self.end(End::NotBinary);
        }
        let message = Uint8Array::new(data);
        self.unread += message.length() as usize;
        if self.unread > limit {
            self.messages.clear();
            return self.end(End::Flood);
        }
        if message.length() > 0 {
            self.messages.push_back(message);
        }
    }

    /// Moves bytes that have arrived into `buffer`.
    fn take(&mut self, buffer: &mut [u8]) -> usize {
        let mut filled = 0;
        while let Some(message) = self.messages.front()
            && filled < buffer.len()
        {
            let left = message.length() - self.offset;
            let room = buffer.len() - filled;
            let count = left.min(u32::try_from(room).unwrap_or(u32::MAX));
            let into = &mut buffer[filled..filled + count as usize];
            if count == message.length() {
                message.copy_to(into);
            } else {
                message.subarray(self.offset, self.offset + count).copy_to(into);
            }
            filled += count as usize;
            self.offset += count;
            if count == left {
                self.messages.pop_front();
                self.offset = 0;
            }
        }
        self.unread -= filled;
        filled
    }

    /// The first end counts: an error comes before the close that follows from it.
    fn end(&mut self, end: End) {
        self.end.get_or_insert(end);
    }
}

/// Why nothing more comes
enum End {
    Closed(CloseCode),
    NotBinary,
    Flood,
}

impl End {
    fn read(&self) -> io::Result<usize> {
        match self {
            Self::Closed(close) => close.read(),
            Self::NotBinary | Self::Flood => Err(self.write()),
        }
    }

    fn write(&self) -> io::Error {
        match self {
            Self::Closed(close) => close.write(),
            Self::NotBinary => io::Error::new(
                io::ErrorKind::InvalidData,
                "a WebSocket message was not binary, as RESP is",
            ),
            Self::Flood => io::Error::new(
                io::ErrorKind::OutOfMemory,
                "more was received than may wait to be read (receive_limit)",
            ),
        }
    }
}

/// An event handler: changes the shared state, then wakes everyone who waits.
fn handler(
    shared: &Rc<RefCell<Shared>>,
    mut change: impl FnMut(&mut Shared, &Event) + 'static,
) -> Handler {
    let shared = shared.clone();
    Closure::new(move |event: Event| {
        let mut state = shared.borrow_mut();
        change(&mut state, &event);
        // Writers and closers wait for nothing but the end.
        let over = state.end.is_some();
        let reader = state.reader.take();
        let others = if over { [state.writer.take(), state.closer.take()] } else { [None, None] };
        drop(state);
        others.into_iter().chain([reader]).flatten().for_each(Waker::wake);
    })
}

fn close_code(event: &Event) -> CloseCode {
    let event = event.unchecked_ref::<CloseEvent>();
    let code = match event.code() {
        0 => CloseCode::ABNORMAL,
        code => code,
    };
    CloseCode::new(code, event.reason())
}

/// Browsers say nothing about an error; other runtimes tell in a message.
fn failure(event: &Event) -> CloseCode {
    let message = event.unchecked_ref::<Fields>().message().as_string().unwrap_or_default();
    CloseCode::new(CloseCode::ABNORMAL, without_urls(message))
}

/// What a thrown value says, without the URL that was given, or any other.
pub(crate) fn text_of(thrown: &JsValue, url: &str) -> String {
    let message = if thrown.is_object() {
        thrown.unchecked_ref::<Fields>().message().as_string()
    } else {
        None
    };
    match message {
        // As it was given first: a malformed URL may hold what would end it.
        Some(message) if !url.is_empty() => without_urls(message.replace(url, "(url)")),
        Some(message) => without_urls(message),
        None => "the WebSocket threw no error".to_owned(),
    }
}

/// Leaves URLs out of a message, because tokens live in their query.
fn without_urls(mut text: String) -> String {
    while let Some(colon) = text.find("://") {
        let start = text[..colon].trim_end_matches(|c: char| c.is_ascii_alphanumeric()).len();
        let end = text[colon..].find(['\'', '"', '`', ' ']).map_or(text.len(), |at| colon + at);
        text.replace_range(start..end, "(url)");
    }
    text
}

fn close(socket: &Socket) {
    // Fails only if it is closed already.
    let _ = socket.close_with_code(1000);
}
