//! A TCP proxy that breaks connections in the ways that networks and servers do.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::{Domain, SockRef, Socket, Type};

use crate::port::{PortLease, lease_port};

/// How often a connection looks whether it was told something new.
const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 1_000_000 };
/// How long the end of a connection may take.
const END_LIMIT: Duration = Duration::from_secs(2);
/// Bytes that wait in the proxy before it stops reading.
const BUFFER: usize = 64 << 10;

/// Which way bytes go
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server.
    Requests,
    /// From the server to the client.
    Replies,
}

/// How the client sees a connection end
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The end of the stream, as if the server had closed it.
    Fin,
    /// A reset.
    Rst,
}

/// What happens to connections
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Accept {
    /// They are forwarded.
    #[default]
    Forward,
    /// As `Forward`, and a second connection to the server is opened for each and left idle.
    ForwardTwice,
    /// They are accepted; nothing is read or written until this changes.
    Hold,
    /// They are accepted and ended at once.
    End(Cut),
    /// They are refused: nothing listens.
    Refuse,
}

/// What happens at a certain byte
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection ends. The server handles what it has got before the client's side is closed.
    Cut(Cut),
    /// This direction of this connection stops, and nothing is closed.
    Stall,
    /// These bytes are put in.
    Insert(Vec<u8>),
    /// The next byte has these bits flipped.
    Flip(u8),
}

/// How bytes go in one direction, on all connections
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How long each byte is on its way.
    pub delay: Duration,
    /// The most bytes handed on at once.
    pub piece: usize,
    /// The time between two pieces.
    pub pause: Duration,
}

impl Default for Pace {
    /// As fast as it goes.
    fn default() -> Self {
        Self { delay: Duration::ZERO, piece: usize::MAX, pause: Duration::ZERO }
    }
}

/// A proxy on a loopback port in front of a server; it ends, with its connections, when dropped
///
/// It only forwards until the test changes that. A change applies at once, also to the
/// connections that are open too.
#[derive(Debug)]
pub struct FaultProxy {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    port: PortLease,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Where new connections lead.
    upstream: Option<SocketAddr>,
    over: bool,
    accept: Accept,
    listens: bool,
    accepted: u64,
    paces: [Pace; 2],
    /// Each fault, and the number of bytes to wait for after the one before it.
    faults: [VecDeque<(u64, Fault)>; 2],
    open: BTreeMap<u64, Connection>,
}

#[derive(Debug, Default)]
struct Connection {
    stalled: [bool; 2],
    cut: Option<Cut>,
}

impl FaultProxy {
    /// Starts one in front of `upstream`.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn start(upstream: SocketAddr) -> Self {
        let port = lease_port(None).unwrap_or_else(|e| panic!("{e}"));
        let shared = Arc::new(Shared { port, state: Mutex::default() });
        shared.state().upstream = Some(upstream);
        let proxy = Self { shared };
        // Here, so that it listens when this returns.
        let listener = proxy.shared.listen().unwrap_or_else(|e| panic!("the proxy: {e}"));
        proxy.shared.state().listens = true;
        thread::spawn({
            let shared = proxy.shared.clone();
            move || shared.accept(listener)
        });
        proxy
    }

    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.shared.port.addr()
    }

    /// Leads connections that come from now on to another server, as a DNS name or a virtual IP would;
    /// those that are open stay where they are.
    pub fn lead_to(&self, upstream: SocketAddr) {
        self.shared.state().upstream = Some(upstream);
    }

    /// What happens to connections from now on; those held are let go by `Forward`.
    pub fn accept(&self, accept: Accept) {
        self.shared.state().accept = accept;
        // The next connection is to find what was asked for.
        while self.shared.state().listens == (accept == Accept::Refuse) {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// How bytes go in one direction.
    pub fn pace(&self, direction: Direction, pace: Pace) {
        self.shared.state().paces[direction as usize] = pace;
    }

    /// After `bytes` more in this direction (on whatever connection), and after the faults
    /// that were asked for before: this one, once.
    pub fn fault(&self, direction: Direction, bytes: u64, fault: Fault) {
        self.shared.state().faults[direction as usize].push_back((bytes, fault));
    }

    /// Whether there are faults that have not happened yet.
    pub fn has_faults(&self) -> bool {
        self.shared.state().faults.iter().any(|faults| !faults.is_empty())
    }

    /// Takes back the faults that have not happened; returns whether there were any.
    pub fn forgive(&self) -> bool {
        let any = self.has_faults();
        self.shared.state().faults.iter_mut().for_each(VecDeque::clear);
        any
    }

    /// Stops one direction of all open connections, without closing them.
    pub fn stall(&self, direction: Direction) {
        self.set_stalled(direction, true);
    }

    /// Lets what was stalled go on.
    pub fn resume(&self, direction: Direction) {
        self.set_stalled(direction, false);
    }

    fn set_stalled(&self, direction: Direction, stalled: bool) {
        for connection in self.shared.state().open.values_mut() {
            connection.stalled[direction as usize] = stalled;
        }
    }

    /// Ends all open connections.
    pub fn cut(&self, cut: Cut) {
        self.shared.state().open.values_mut().for_each(|connection| connection.cut = Some(cut));
    }

    /// Connections accepted so far.
    pub fn accepted(&self) -> u64 {
        self.shared.state().accepted
    }

    /// Connections that are open.
    pub fn open(&self) -> usize {
        self.shared.state().open.len()
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.shared.state().over = true;
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen(&self) -> io::Result<TcpListener> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&self.port.addr().into())?;
        socket.listen(1024)?;
        socket.set_nonblocking(true)?;
        Ok(socket.into())
    }

    fn accept(self: Arc<Self>, listener: TcpListener) {
        let mut listener = Some(listener);
        loop {
            let accept = {
                let state = self.state();
                if state.over {
                    return;
                }
                state.accept
            };
            if accept == Accept::Refuse {
                listener = None;
            } else if listener.is_none() {
                listener = self.listen().ok();
            }
            self.state().listens = listener.is_some();
            let Some(Ok((client, _))) = listener.as_ref().map(TcpListener::accept) else {
                match &listener {
                    Some(listener) => wait(&mut [PollFd::new(listener, PollFlags::IN)]),
                    None => thread::sleep(Duration::from_millis(1)),
                }
                continue;
            };
            let id = {
                let mut state = self.state();
                state.accepted += 1;
                let id = state.accepted;
                state.open.insert(id, Connection::default());
                id
            };
            let shared = self.clone();
            thread::spawn(move || {
                // What goes wrong here is an end of the connection like any other.
                let _ = shared.serve(id, client);
                shared.state().open.remove(&id);
            });
        }
    }

    fn serve(&self, id: u64, client: TcpStream) -> io::Result<()> {
        let mut second = None;
        loop {
            let (accept, cut) = {
                let state = self.state();
                let cut = state.open.get(&id).and_then(|connection| connection.cut);
                (state.accept, if state.over { Some(Cut::Rst) } else { cut })
            };
            match (accept, cut) {
                (_, Some(cut)) | (Accept::End(cut), None) => return end(client, cut),
                (Accept::Hold, None) => thread::sleep(Duration::from_millis(1)),
                (Accept::ForwardTwice, None) => {
                    second = self.dial().ok();
                    break;
                }
                (Accept::Forward | Accept::Refuse, None) => break,
            }
        }
        let Ok(upstream) = self.dial() else { return end(client, Cut::Rst) };
        for stream in [&client, &upstream] {
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
        }
        let cut = self.forward(id, &client, &upstream);
        // If this fails, the server's side has ended too; the client's side is closed either way.
        let _ = drain(&upstream);
        drop(second);
        end(client, cut)
    }

    fn dial(&self) -> io::Result<TcpStream> {
        let upstream = self.state().upstream;
        TcpStream::connect(upstream.ok_or(ErrorKind::NotFound)?)
    }

    /// Forwards until one side or a fault ends it, and says how the other side shall see that.
    fn forward(&self, id: u64, client: &TcpStream, upstream: &TcpStream) -> Cut {
        let mut lanes = [Lane::new(client, upstream), Lane::new(upstream, client)];
        loop {
            let mut moved = false;
            {
                let mut state = self.state();
                let state = &mut *state;
                let Some(connection) = state.open.get_mut(&id) else { return Cut::Rst };
                if let Some(cut) = connection.cut {
                    return cut;
                }
                if state.over {
                    return Cut::Rst;
                }
                for (i, lane) in lanes.iter_mut().enumerate() {
                    if connection.stalled[i] {
                        continue;
                    }
                    match lane.step(&state.paces[i], &mut state.faults[i]) {
                        Ok(Step::Idle) => {}
                        Ok(Step::Moved) => moved = true,
                        Ok(Step::Stalled) => connection.stalled[i] = true,
                        Ok(Step::Cut(cut)) => return cut,
                        Ok(Step::Ended) => return Cut::Fin,
                        Err(_) => return Cut::Rst,
                    }
                }
            }
            if !moved {
                let stalled = self.state().open.get(&id).map(|c| c.stalled).unwrap_or_default();
                let mut fds: Vec<PollFd<'_>> = lanes
                    .iter()
                    .zip(stalled)
                    .filter(|(lane, stalled)| !stalled && lane.wants_more())
                    .map(|(lane, _)| PollFd::new(lane.from, PollFlags::IN))
                    .collect();
                wait(&mut fds);
            }
        }
    }
}

enum Step {
    Idle,
    Moved,
    Stalled,
    Cut(Cut),
    Ended,
}

/// One direction of one connection
struct Lane<'a> {
    from: &'a TcpStream,
    to: &'a TcpStream,
    /// What was read, and when it may go on.
    waiting: VecDeque<(Instant, VecDeque<u8>)>,
    bytes: usize,
    ended: bool,
    not_before: Instant,
}

impl<'a> Lane<'a> {
    fn new(from: &'a TcpStream, to: &'a TcpStream) -> Self {
        let waiting = VecDeque::new();
        Self { from, to, waiting, bytes: 0, ended: false, not_before: Instant::now() }
    }

    fn wants_more(&self) -> bool {
        !self.ended && self.bytes < BUFFER
    }

    fn step(&mut self, pace: &Pace, faults: &mut VecDeque<(u64, Fault)>) -> io::Result<Step> {
        let mut moved = self.read(pace)?;
        loop {
            // At once, so that it meets the connection whose bytes were counted.
            if let Some(step) = self.suffer(pace, faults)? {
                return Ok(step);
            }
            let most = faults.front().map_or(usize::MAX, |(after, _)| *after as usize);
            let written = self.write(most, pace)?;
            if written == 0 {
                break;
            }
            moved = true;
            if let Some((after, _)) = faults.front_mut() {
                *after -= written as u64;
            }
        }
        match self.ended && self.bytes == 0 {
            true => Ok(Step::Ended),
            false => Ok(if moved { Step::Moved } else { Step::Idle }),
        }
    }

    /// Brings about the faults whose time has come.
    fn suffer(
        &mut self,
        pace: &Pace,
        faults: &mut VecDeque<(u64, Fault)>,
    ) -> io::Result<Option<Step>> {
        while let Some((0, next)) = faults.front() {
            // Only a byte that is there can be flipped.
            if matches!(next, Fault::Flip(_)) && self.bytes == 0 {
                break;
            }
            let Some((_, fault)) = faults.pop_front() else { break };
            match fault {
                Fault::Cut(cut) => return Ok(Some(Step::Cut(cut))),
                Fault::Stall => return Ok(Some(Step::Stalled)),
                Fault::Insert(bytes) => {
                    self.bytes += bytes.len();
                    self.waiting.push_front((Instant::now(), bytes.into()));
                    // They do not count as bytes that pass.
                    return self.write(usize::MAX, pace).map(|_| Some(Step::Moved));
                }
                Fault::Flip(bits) => {
                    if let Some(byte) = self.waiting.front_mut().and_then(|w| w.1.front_mut()) {
                        *byte ^= bits;
                    }
                }
            }
        }
        Ok(None)
    }

    fn read(&mut self, pace: &Pace) -> io::Result<bool> {
        if !self.wants_more() {
            return Ok(false);
        }
        let mut block = vec![0; BUFFER.min(pace.piece)];
        match (&mut &*self.from).read(&mut block) {
            Ok(0) => self.ended = true,
            Ok(n) => {
                block.truncate(n);
                self.bytes += n;
                self.waiting.push_back((Instant::now() + pace.delay, block.into()));
            }
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                return Ok(false);
            }
            Err(e) => return Err(e),
        }
        Ok(true)
    }

    fn write(&mut self, most: usize, pace: &Pace) -> io::Result<usize> {
        let now = Instant::now();
        let Some((ready, bytes)) = self.waiting.front_mut() else { return Ok(0) };
        if now < *ready || now < self.not_before {
            return Ok(0);
        }
        let piece = bytes.as_slices().0;
        let piece = &piece[..piece.len().min(most).min(pace.piece)];
        if piece.is_empty() {
            return Ok(0);
        }
        match (&mut &*self.to).write(piece) {
            Ok(n) => {
                bytes.drain(..n);
                self.bytes -= n;
                self.not_before = now + pace.pause;
                self.tidy();
                Ok(n)
            }
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(0),
            Err(e) => Err(e),
        }
    }

    fn tidy(&mut self) {
        while self.waiting.front().is_some_and(|(_, bytes)| bytes.is_empty()) {
            self.waiting.pop_front();
        }
    }
}

/// Waits for one of these, or a little.
fn wait(fds: &mut [PollFd<'_>]) {
    let _ = poll(fds, Some(&TICK));
}

/// Lets the server deal with all it has got, and waits until it has closed.
fn drain(upstream: &TcpStream) -> io::Result<()> {
    let _ = upstream.shutdown(Shutdown::Write);
    read_to_end(upstream)
}

fn end(client: TcpStream, cut: Cut) -> io::Result<()> {
    match cut {
        Cut::Rst => SockRef::from(&client).set_linger(Some(Duration::ZERO)),
        Cut::Fin => {
            // Bytes that nobody reads would turn the end into a reset.
            client.shutdown(Shutdown::Write)?;
            read_to_end(&client)
        }
    }
}

fn read_to_end(mut stream: &TcpStream) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    let end = Instant::now() + END_LIMIT;
    let mut block = vec![0; BUFFER];
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        stream.set_read_timeout(Some(left))?;
        if stream.read(&mut block)? == 0 {
            return Ok(());
        }
    }
}
