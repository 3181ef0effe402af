//! A connection that sends many commands at once.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use redmux_resp::{Arg, Frame, Framer, Limits, Scan, Value, encode_command};

/// The words of a command
pub(crate) type Words = Vec<Vec<u8>>;

pub(crate) struct Link {
    stream: TcpStream,
    framer: Framer,
    received: Vec<u8>,
}

impl Link {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self { stream, framer: Framer::new(Limits::default()), received: Vec::new() }
    }

    pub(crate) fn ask(&mut self, words: &Words) -> Value {
        let answers = self.ask_all(std::slice::from_ref(words));
        Frame::copy_from_slice(&answers[0]).decode().unwrap()
    }

    pub(crate) fn ask_line(&mut self, line: &str) -> Value {
        self.ask(&line.split(' ').map(|word| word.as_bytes().to_vec()).collect())
    }

    /// The replies as they came.
    pub(crate) fn ask_all(&mut self, commands: &[Words]) -> Vec<Vec<u8>> {
        let mut answers = Vec::new();
        // Not so much at once that both sides wait for the other to read.
        for some in commands.chunks(200) {
            let mut out = Vec::new();
            for words in some {
                let args: Vec<Arg<'_>> = words.iter().map(|word| Arg::Bytes(word)).collect();
                encode_command(&mut out, &args);
            }
            self.stream.write_all(&out).unwrap();
            answers.extend(some.iter().map(|words| self.answer(words)));
        }
        answers
    }

    fn answer(&mut self, words: &Words) -> Vec<u8> {
        loop {
            match self.framer.scan(&self.received).unwrap() {
                Scan::Complete(len) => return self.received.drain(..len).collect(),
                Scan::Incomplete { .. } => {
                    let mut bytes = [0; 64 << 10];
                    let name = words[0].escape_ascii().to_string();
                    let read = self
                        .stream
                        .read(&mut bytes)
                        .unwrap_or_else(|error| panic!("{name}: {error}"));
                    assert!(read > 0, "{name}: the server closed the connection");
                    self.received.extend_from_slice(&bytes[..read]);
                }
            }
        }
    }
}
