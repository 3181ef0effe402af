use bytes::{Bytes, BytesMut};
use redmux_resp::{
    Frame, Framer, Kind, Limits, ProtocolError, Reply, Scan, bulk_len, header_len,
    write_array_header, write_bulk,
};
use smallvec::SmallVec;

/// Why the bytes of a client are not commands
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The bytes are not RESP, or beyond a limit.
    #[error("malformed RESP: {0}")]
    Malformed(ProtocolError),
    /// The bytes are RESP, but not a command.
    #[error("not a command: {0}")]
    NotACommand(&'static str),
}

impl From<ProtocolError> for CommandError {
    fn from(error: ProtocolError) -> Self {
        Self::Malformed(error)
    }
}

/// Reads commands out of a client's messages
///
/// A command is an array of at least one bulk string, and nothing else: no inline commands,
/// no nested types, no attributes. A message may end anywhere in a command and may
/// contain several. The gateway forwards what it writes from the parsed command, not the bytes of
/// the client, so that the server cannot read them differently.
///
/// ```
/// use redmux_gateway::CommandReader;
///
/// let mut reader = CommandReader::new(1 << 20, 1000);
/// reader.push(b"*2\r\n$3\r\nGET\r\n$1".as_slice().into());
/// assert!(reader.next()?.is_none());
/// reader.push(b"\r\nk\r\n".as_slice().into());
/// let command = reader.next()?.expect("it is complete");
/// assert_eq!(command.words()[..], [b"GET".as_slice(), b"k"]);
/// let mut out = Vec::new();
/// command.write(&mut out);
/// assert_eq!(out, b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
/// # Ok::<(), redmux_gateway::CommandError>(())
/// ```
#[derive(Debug)]
pub struct CommandReader {
    framer: Framer,
    /// The beginning of an unfinished command.
    partial: BytesMut,
    /// The bytes that have arrived and are not parsed yet, if `partial` is empty.
    rest: Bytes,
}

/// One well-formed command
#[derive(Debug)]
pub struct Command {
    frame: Frame,
    /// Whether no number has leading zeros: the command can then be forwarded as it is.
    canonical: bool,
}

impl CommandReader {
    /// Accepts commands of at most `max_command` bytes and `max_words` words.
    pub fn new(max_command: usize, max_words: usize) -> Self {
        let mut reader = Self {
            framer: Framer::new(Limits::default()),
            partial: BytesMut::new(),
            rest: Bytes::new(),
        };
        reader.limit(max_command, max_words);
        reader
    }

    /// Changes the limits from the next command on. Call it between commands only.
    pub(crate) fn limit(&mut self, max_command: usize, max_words: usize) {
        let limits = Limits::default()
            .max_depth(1)
            .max_elements(max_words)
            .max_bulk(max_command)
            .max_line(32)
            .max_frame(max_command);
        self.framer = Framer::new(limits);
    }

    /// Takes one message. All commands of the messages before must have been read.
    pub fn push(&mut self, message: Bytes) {
        if self.partial.is_empty() {
            self.rest = message;
        } else {
            self.partial.extend_from_slice(&message);
        }
    }

    /// Returns the next complete command, or `None` if its end has not arrived.
    ///
    /// # Errors
    /// The next bytes are not a well-formed command; the reader cannot be used afterwards.
    #[expect(clippy::should_implement_trait, reason = "it fails")]
    pub fn next(&mut self) -> Result<Option<Command>, CommandError> {
        if !self.partial.is_empty() {
            let Scan::Complete(len) = self.framer.scan(&self.partial)? else { return Ok(None) };
            let mut bytes = std::mem::take(&mut self.partial).freeze();
            let command = bytes.split_to(len);
            self.rest = bytes;
            return Command::new(command).map(Some);
        }
        // Only an array may begin here: another type is refused before its end arrives.
        match self.rest.first() {
            None => return Ok(None),
            Some(b'*') => {}
            Some(_) => return Err(CommandError::NotACommand("expected an array (`*`)")),
        }
        match self.framer.scan(&self.rest)? {
            Scan::Complete(len) => Command::new(self.rest.split_to(len)).map(Some),
            Scan::Incomplete { .. } => {
                self.partial.extend_from_slice(&self.rest);
                self.rest = Bytes::new();
                Ok(None)
            }
        }
    }

    /// Returns the number of bytes that have arrived and were not read yet, with those of an
    /// unfinished command.
    pub(crate) fn held(&self) -> usize {
        self.partial.len() + self.rest.len()
    }

    /// Returns the number of bytes of an unfinished command.
    pub fn pending(&self) -> usize {
        self.partial.len()
    }
}

impl Command {
    fn new(bytes: Bytes) -> Result<Self, CommandError> {
        let frame = Frame::from_bytes(bytes);
        let reply = frame.reply();
        if reply.kind() != Kind::Array || reply.attributes().is_some() {
            return Err(CommandError::NotACommand("expected an array (`*`)"));
        }
        let (Some(count), Some(items)) = (reply.len(), reply.items()) else {
            return Err(CommandError::NotACommand("its length must be given"));
        };
        if count == 0 {
            return Err(CommandError::NotACommand("the array is empty"));
        }
        let mut canonical = header_len(count);
        for item in items {
            let text = plain_bulk(&item)
                .ok_or(CommandError::NotACommand("every element must be a bulk string (`$`)"))?;
            canonical += bulk_len(text.len());
        }
        Ok(Self { canonical: canonical == frame.len(), frame })
    }

    /// Returns the words of the command, its name first.
    pub fn words(&self) -> SmallVec<[&[u8]; 8]> {
        let reply = self.frame.reply();
        reply.items().into_iter().flatten().filter_map(|item| plain_bulk(&item)).collect()
    }

    /// Returns the length of the command as it arrived, in bytes.
    #[expect(clippy::len_without_is_empty, reason = "it never is")]
    pub fn len(&self) -> usize {
        self.frame.len()
    }

    /// Appends the command in its canonical form.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self.canonical {
            true => out.extend_from_slice(self.frame.as_bytes()),
            false => write_words(&self.words(), out),
        }
    }
}

/// Appends these words as a command.
pub(crate) fn write_words(words: &[&[u8]], out: &mut Vec<u8>) {
    write_array_header(out, words.len());
    for word in words {
        write_bulk(out, word);
    }
}

/// Returns the content of a bulk string; `None` for a null, a streamed string or another type.
fn plain_bulk<'a>(item: &Reply<'a>) -> Option<&'a [u8]> {
    match (item.raw(), item.as_bytes()?) {
        ([b'$', b'0'..=b'9', ..], std::borrow::Cow::Borrowed(text)) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use redmux_resp::{Arg, encode_command};

    use super::*;

    fn reader() -> CommandReader {
        CommandReader::new(1 << 20, 1 << 20)
    }

    /// Appends the commands that a message completes.
    fn read(
        reader: &mut CommandReader,
        message: Bytes,
        out: &mut Vec<u8>,
    ) -> Result<(), CommandError> {
        reader.push(message);
        while let Some(command) = reader.next()? {
            command.write(out);
        }
        Ok(())
    }

    fn encode(commands: &[Vec<Vec<u8>>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for command in commands {
            let args: Vec<Arg<'_>> = command.iter().map(|arg| Arg::Bytes(arg)).collect();
            encode_command(&mut bytes, &args);
        }
        bytes
    }

    fn read_in_parts(bytes: &[u8], cuts: &[usize]) -> Result<Vec<u8>, CommandError> {
        let (mut reader, mut out, mut from) = (reader(), Vec::new(), 0);
        for cut in cuts.iter().copied().chain([bytes.len()]) {
            read(&mut reader, Bytes::copy_from_slice(&bytes[from..cut]), &mut out)?;
            from = cut;
        }
        assert_eq!(reader.pending(), 0);
        Ok(out)
    }

    #[test]
    fn every_cut_gives_the_same_commands() {
        let command = |words: &[&str]| words.iter().map(|word| word.as_bytes().to_vec()).collect();
        let bytes = encode(&[command(&["SET", "key", "a\r\nb"]), command(&["GET", ""])]);
        for cut in 0..bytes.len() {
            assert_eq!(read_in_parts(&bytes, &[cut]).unwrap(), bytes, "cut at {cut}");
        }
        let everywhere: Vec<usize> = (1..bytes.len()).collect();
        assert_eq!(read_in_parts(&bytes, &everywhere).unwrap(), bytes);
    }

    #[test]
    fn numbers_are_forwarded_without_idle_zeros() {
        let zeros = b"*02\r\n$003\r\nGET\r\n$00000000000000000000001\r\nk\r\n*1\r\n$04\r\nPING\r\n";
        let plain = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*1\r\n$4\r\nPING\r\n";
        assert_eq!(read_in_parts(zeros, &[]).unwrap(), plain);
        assert_eq!(read_in_parts(plain, &[]).unwrap(), plain);
        for length in [9, 10, 99, 100, 999, 1000, 12_345] {
            let command = encode(&[vec![vec![b'x'; length]; 12]]);
            assert_eq!(read_in_parts(&command, &[]).unwrap(), command);
        }
    }

    #[test]
    fn what_is_no_command_is_refused_and_nothing_of_it_is_forwarded() {
        for bad in [
            "PING\r\n",
            "GET / HTTP/1.1\r\n",
            "$4\r\nPING\r\n",
            "+OK\r\n",
            "*0\r\n",
            "*-1\r\n",
            "*?\r\n.\r\n",
            "*1\r\n:1\r\n",
            "*1\r\n+PING\r\n",
            "*1\r\n$-1\r\n",
            "*1\r\n$?\r\n;4\r\nPING\r\n;0\r\n",
            "*1\r\n*1\r\n$4\r\nPING\r\n",
            "*1\r\n|1\r\n$1\r\na\r\n$1\r\nb\r\n$4\r\nPING\r\n",
            "*1\n$4\nPING\n",
            "*1\r\n$4\r\nPINGXX",
            "*99999999999\r\n",
            "*2000000\r\n",
            "*1\r\n$99999999\r\n",
            "*1\r\n$-5\r\n",
            "%1\r\n$1\r\na\r\n$1\r\nb\r\n",
            ">1\r\n$4\r\nPING\r\n",
        ] {
            let mut out = Vec::new();
            let mut bytes = b"*1\r\n$4\r\nPING\r\n".to_vec();
            bytes.extend_from_slice(bad.as_bytes());
            let error = read(&mut reader(), bytes.into(), &mut out);
            assert!(error.is_err(), "{bad:?} was accepted");
            assert_eq!(out, b"*1\r\n$4\r\nPING\r\n", "{bad:?}");
        }
    }

    #[test]
    fn a_command_beyond_the_limit_is_refused_before_it_has_come() {
        let mut reader = CommandReader::new(1000, 1 << 20);
        let mut out = Vec::new();
        let head = b"*2\r\n$3\r\nSET\r\n$2000\r\n".as_slice();
        assert!(matches!(
            read(&mut reader, head.into(), &mut out),
            Err(CommandError::Malformed(_))
        ));
        let mut reader = CommandReader::new(1000, 1 << 20);
        let mut many = b"*100\r\n".to_vec();
        many.extend(b"$20\r\naaaaaaaaaaaaaaaaaaaa\r\n".repeat(100));
        assert!(read(&mut reader, many.into(), &mut out).is_err());
    }

    proptest! {
        #[test]
        fn commands_pass_unchanged(
            commands in prop::collection::vec(
                prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 1..5), 0..6),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        ) {
            let bytes = encode(&commands);
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.sort_unstable();
            prop_assert_eq!(read_in_parts(&bytes, &cuts).unwrap(), bytes);
        }

        #[test]
        fn whatever_is_forwarded_is_canonical(bytes in prop::collection::vec(
            prop::sample::select(b"*$123 \r\n:+-?.PING%>|".to_vec()), 0..60)) {
            let mut out = Vec::new();
            let _ = read(&mut reader(), bytes.into(), &mut out);
            // Reading it again changes nothing and leaves nothing over.
            let (mut again, mut second) = (Vec::new(), reader());
            read(&mut second, Bytes::from(out.clone()), &mut again).unwrap();
            prop_assert_eq!(second.pending(), 0);
            prop_assert_eq!(again, out);
        }
    }
}
