//! A server that announces maintenance to its connections: a real one, behind doors that put pushes between its replies.

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use redmux::resp::{Frame, Framer, Limits, Scan};

/// What is answered with `+OK` and does nothing, in place of `CLIENT MAINT_NOTIFICATIONS`.
const HARMLESS: &[u8] = b"*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$2\r\nON\r\n";

/// An endpoint of a server that announces maintenance
///
/// Connections are forwarded to a real server. Those that asked for notices get what [`push`](Self::push) sends, between
/// the replies to their commands. Several doors of one server are its old and its new endpoint.
pub struct Door {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    server: SocketAddr,
    open: AtomicBool,
    /// What `CLIENT MAINT_NOTIFICATIONS` said, for each connection that asked.
    asked: Mutex<Vec<Vec<String>>>,
    /// `CLIENT MAINT_NOTIFICATIONS` goes to the server, which does not know it.
    deaf: AtomicBool,
    /// What a connection gets as soon as it has asked.
    retained: Mutex<Vec<u8>>,
    /// Replies come that much later, in milliseconds.
    delay: AtomicU64,
    guests: Mutex<Vec<Arc<Guest>>>,
    accepted: AtomicU64,
    commands: AtomicU64,
}

struct Guest {
    client: TcpStream,
    /// Taken while a whole frame is written.
    writer: Mutex<TcpStream>,
    server: TcpStream,
    asked: AtomicBool,
    ended: AtomicBool,
}

impl Guest {
    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        lock(&self.writer).write_all(bytes)
    }

    fn end(&self) {
        self.ended.store(true, SeqCst);
        // Either may have gone first.
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.server.shutdown(Shutdown::Both);
    }
}

impl Door {
    /// Opens a door to this server, at a free port.
    pub fn open(server: SocketAddr) -> Self {
        Self::open_at("127.0.0.1:0".parse().unwrap_or(server), server)
    }

    /// The same at this address.
    pub fn open_at(address: SocketAddr, server: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let shared = Arc::new(Shared {
            server,
            open: AtomicBool::new(true),
            asked: Mutex::default(),
            deaf: AtomicBool::new(false),
            retained: Mutex::default(),
            delay: AtomicU64::new(0),
            guests: Mutex::default(),
            accepted: AtomicU64::new(0),
            commands: AtomicU64::new(0),
        });
        let inside = shared.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                if !inside.open.load(SeqCst) {
                    return;
                }
                if let Ok(client) = client {
                    inside.accepted.fetch_add(1, SeqCst);
                    // A server that has gone hangs up.
                    let _ = welcome(&inside, client);
                }
            }
        });
        Self { address, shared }
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Pushes these words to all connections that asked, as RESP3 has them; `null` is one, and `:1` a number.
    /// A word in brackets, such as `[a b|c d]`, is a list of lists. Returns how many connections there were.
    pub fn push(&self, words: &str) -> usize {
        let bytes = push_of(words);
        let guests = lock(&self.shared.guests);
        let heard = guests.iter().filter(|guest| guest.asked.load(SeqCst));
        heard.filter(|guest| guest.write(&bytes).is_ok()).count()
    }

    /// Pushes bytes as they are.
    pub fn push_raw(&self, bytes: &[u8]) {
        for guest in lock(&self.shared.guests).iter() {
            // One that has gone hears nothing.
            let _ = guest.write(bytes);
        }
    }

    /// From now on each connection that asks gets this at once, as servers repeat their last notice.
    pub fn repeat(&self, words: &str) {
        *lock(&self.shared.retained) = push_of(words);
    }

    /// From now on the server knows no notices.
    pub fn be_deaf(&self) {
        self.shared.deaf.store(true, SeqCst);
    }

    /// Replies come that much later.
    pub fn delay(&self, time: Duration) {
        self.shared.delay.store(u64::try_from(time.as_millis()).unwrap_or(u64::MAX), SeqCst);
    }

    /// What connections said behind `CLIENT MAINT_NOTIFICATIONS`.
    pub fn asked(&self) -> Vec<Vec<String>> {
        lock(&self.shared.asked).clone()
    }

    /// Connections there are.
    pub fn guests(&self) -> usize {
        lock(&self.shared.guests).iter().filter(|guest| !guest.ended.load(SeqCst)).count()
    }

    /// Connections there were.
    pub fn accepted(&self) -> u64 {
        self.shared.accepted.load(SeqCst)
    }

    /// Commands that went through, those of handshakes too.
    pub fn commands(&self) -> u64 {
        self.shared.commands.load(SeqCst)
    }

    /// Ends all connections; new ones are welcome.
    pub fn hang_up(&self) {
        for guest in std::mem::take(&mut *lock(&self.shared.guests)) {
            guest.end();
        }
    }

    /// Ends all connections and lets nobody in any more.
    pub fn shut(&self) {
        self.shared.open.store(false, SeqCst);
        // The listener looks up.
        let _ = TcpStream::connect(self.address);
        self.hang_up();
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.shut();
    }
}

fn welcome(shared: &Arc<Shared>, client: TcpStream) -> io::Result<()> {
    let server = TcpStream::connect(shared.server)?;
    for socket in [&client, &server] {
        socket.set_nodelay(true)?;
    }
    let guest = Arc::new(Guest {
        writer: Mutex::new(client.try_clone()?),
        client,
        server,
        asked: AtomicBool::new(false),
        ended: AtomicBool::new(false),
    });
    let mut guests = lock(&shared.guests);
    guests.retain(|guest| !guest.ended.load(SeqCst));
    guests.push(guest.clone());
    drop(guests);
    let due: Arc<Mutex<VecDeque<bool>>> = Arc::default();
    let (inside, theirs, asks) = (shared.clone(), guest.clone(), due.clone());
    thread::spawn(move || {
        // Ends with the connection.
        let _ = requests(&inside, &theirs, &asks);
        theirs.end();
    });
    let inside = shared.clone();
    thread::spawn(move || {
        // Ends with the connection.
        let _ = replies(&inside, &guest, &due);
        guest.end();
    });
    Ok(())
}

/// Hands commands on; `due` has for each whether it asks for notices.
fn requests(shared: &Shared, guest: &Guest, due: &Mutex<VecDeque<bool>>) -> io::Result<()> {
    let mut frames = Frames::of(guest.client.try_clone()?);
    let mut server = guest.server.try_clone()?;
    while let Some(bytes) = frames.next()? {
        shared.commands.fetch_add(1, SeqCst);
        let words: Vec<String> = Frame::copy_from_slice(&bytes).decode().unwrap_or_default();
        let asks =
            words.len() > 2 && words[1] == "MAINT_NOTIFICATIONS" && !shared.deaf.load(SeqCst);
        lock(due).push_back(asks);
        if asks {
            lock(&shared.asked).push(words[2..].to_vec());
            server.write_all(HARMLESS)?;
        } else {
            server.write_all(&bytes)?;
        }
    }
    Ok(())
}

fn replies(shared: &Shared, guest: &Guest, due: &Mutex<VecDeque<bool>>) -> io::Result<()> {
    let mut frames = Frames::of(guest.server.try_clone()?);
    while let Some(bytes) = frames.next()? {
        let delay = shared.delay.load(SeqCst);
        if delay > 0 {
            thread::sleep(Duration::from_millis(delay));
        }
        let asks = bytes[0] != b'>' && lock(due).pop_front() == Some(true);
        let mut writer = lock(&guest.writer);
        if asks {
            // A test that sees the reply may push; that waits for the writer.
            guest.asked.store(true, SeqCst);
        }
        writer.write_all(&bytes)?;
        if asks {
            writer.write_all(&lock(&shared.retained))?;
        }
    }
    Ok(())
}

/// Whole values of a stream, one after the other
struct Frames {
    stream: TcpStream,
    buffer: Vec<u8>,
    framer: Framer,
}

impl Frames {
    fn of(stream: TcpStream) -> Self {
        Self { stream, buffer: Vec::new(), framer: Framer::new(Limits::default()) }
    }

    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut chunk = [0; 16 << 10];
        loop {
            let scan = self.framer.scan(&self.buffer).map_err(io::Error::other)?;
            if let Scan::Complete(len) = scan {
                return Ok(Some(self.buffer.drain(..len).collect()));
            }
            match self.stream.read(&mut chunk)? {
                0 => return Ok(None),
                read => self.buffer.extend_from_slice(&chunk[..read]),
            }
        }
    }
}

/// A push of these words, as [`Door::push`] has them.
pub fn push_of(words: &str) -> Vec<u8> {
    let mut parts = Vec::new();
    let mut rest = words.trim();
    while !rest.is_empty() {
        let end = match rest.starts_with('[') {
            true => rest.find(']').map_or(rest.len(), |end| end + 1),
            false => rest.find(' ').unwrap_or(rest.len()),
        };
        parts.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    let mut bytes = format!(">{}\r\n", parts.len()).into_bytes();
    for part in parts {
        let list = part.strip_prefix('[').and_then(|part| part.strip_suffix(']'));
        let Some(list) = list else {
            bytes.extend_from_slice(&value(part));
            continue;
        };
        let rows: Vec<&str> = list.split('|').collect();
        bytes.extend_from_slice(format!("*{}\r\n", rows.len()).as_bytes());
        for row in rows {
            let words: Vec<&str> = row.split_whitespace().collect();
            bytes.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
            words.iter().for_each(|word| bytes.extend_from_slice(&value(word)));
        }
    }
    bytes
}

fn value(word: &str) -> Vec<u8> {
    match word.strip_prefix(':') {
        _ if word == "null" => b"_\r\n".to_vec(),
        Some(number) if number.parse::<i64>().is_ok() => format!(":{number}\r\n").into_bytes(),
        _ => format!("${}\r\n{word}\r\n", word.len()).into_bytes(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
