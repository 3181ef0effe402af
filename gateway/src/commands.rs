use bytes::{Bytes, BytesMut};
use redmux::resp::{
    Frame, Framer, Kind, Limits, ProtocolError, Reply, Scan, bulk_len, header_len,
    write_array_header, write_bulk,
};

use crate::policy::{Policy, Refusal};

/// Why a client's bytes are not forwarded
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// They are not RESP, or beyond a limit.
    #[error("malformed RESP: {0}")]
    Malformed(#[from] ProtocolError),
    /// They are RESP, but no command.
    #[error("not a command: {0}")]
    NotACommand(&'static str),
    /// The command is refused by the gateway's policy.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Reads commands out of a client's messages and writes them anew
///
/// A command is an array of at least one bulk string, and nothing else: no inline commands,
/// no nested types, no attributes. Messages may split commands anywhere and may hold many.
/// The same parser decides what a command is, and what is forwarded is written from its
/// result, so that the server cannot read the bytes differently.
///
/// ```
/// use redmux_gateway::{CommandReader, Policy};
///
/// let mut reader = CommandReader::new(1 << 20, Policy::default());
/// let mut out = Vec::new();
/// reader.read(b"*2\r\n$3\r\nGET\r\n$1".as_slice().into(), &mut out)?;
/// assert!(out.is_empty());
/// reader.read(b"\r\nk\r\n".as_slice().into(), &mut out)?;
/// assert_eq!(out, b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
/// # Ok::<(), redmux_gateway::CommandError>(())
/// ```
#[derive(Debug)]
pub struct CommandReader {
    framer: Framer,
    policy: Policy,
    /// The beginning of a command whose end has not come.
    partial: BytesMut,
    commands: u64,
}

impl CommandReader {
    /// Accepts commands of at most `max_command` bytes.
    pub fn new(max_command: usize, policy: Policy) -> Self {
        let limits = Limits::default()
            .max_depth(1)
            .max_elements(1 << 20)
            .max_bulk(max_command)
            .max_line(32)
            .max_frame(max_command);
        Self { framer: Framer::new(limits), policy, partial: BytesMut::new(), commands: 0 }
    }

    /// Appends the commands that `message` completes to `out`.
    ///
    /// # Errors
    /// The first command that is not well-formed or not allowed; those before it are in
    /// `out`, nothing of it or behind it is. The reader is of no use afterwards.
    pub fn read(&mut self, message: Bytes, out: &mut Vec<u8>) -> Result<(), CommandError> {
        let mut bytes = if self.partial.is_empty() {
            message
        } else {
            self.partial.extend_from_slice(&message);
            match self.framer.scan(&self.partial)? {
                Scan::Incomplete { .. } => return Ok(()),
                Scan::Complete(len) => {
                    let mut bytes = std::mem::take(&mut self.partial).freeze();
                    self.forward(bytes.split_to(len), out)?;
                    bytes
                }
            }
        };
        while !bytes.is_empty() {
            // Only arrays may begin here: say so at once instead of waiting for their end.
            if bytes[0] != b'*' {
                return Err(CommandError::NotACommand("expected an array (`*`)"));
            }
            match self.framer.scan(&bytes)? {
                Scan::Complete(len) => self.forward(bytes.split_to(len), out)?,
                Scan::Incomplete { .. } => {
                    self.partial.extend_from_slice(&bytes);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Commands forwarded so far.
    pub fn commands(&self) -> u64 {
        self.commands
    }

    /// Bytes of a command whose end has not come.
    pub fn pending(&self) -> usize {
        self.partial.len()
    }

    fn forward(&mut self, command: Bytes, out: &mut Vec<u8>) -> Result<(), CommandError> {
        let frame = Frame::from_bytes(command);
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
        for item in items.clone() {
            let text = item
                .as_bytes()
                .filter(|_| is_plain_bulk(&item))
                .ok_or(CommandError::NotACommand("every element must be a bulk string (`$`)"))?;
            canonical += bulk_len(text.len());
        }
        self.policy.check(items.clone())?;
        if canonical == frame.len() {
            // No number is written longer than need be: what would be written anew is this.
            out.extend_from_slice(frame.as_bytes());
        } else {
            write_array_header(out, count);
            for item in items {
                if let Some(bytes) = item.as_bytes() {
                    write_bulk(out, &bytes);
                }
            }
        }
        self.commands += 1;
        Ok(())
    }
}

/// A bulk string with its length given, and no null.
fn is_plain_bulk(item: &Reply<'_>) -> bool {
    matches!(item.raw(), [b'$', b'0'..=b'9', ..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use redmux::resp::{Arg, encode_command};

    use super::*;

    fn reader() -> CommandReader {
        CommandReader::new(1 << 20, Policy::default())
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
            reader.read(Bytes::copy_from_slice(&bytes[from..cut]), &mut out)?;
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
            let error = reader().read(bytes.into(), &mut out);
            assert!(error.is_err(), "{bad:?} was accepted");
            assert_eq!(out, b"*1\r\n$4\r\nPING\r\n", "{bad:?}");
        }
    }

    #[test]
    fn a_command_beyond_the_limit_is_refused_before_it_has_come() {
        let mut reader = CommandReader::new(1000, Policy::default());
        let mut out = Vec::new();
        let head = b"*2\r\n$3\r\nSET\r\n$2000\r\n".as_slice();
        assert!(matches!(reader.read(head.into(), &mut out), Err(CommandError::Malformed(_))));
        let mut reader = CommandReader::new(1000, Policy::default());
        let mut many = b"*100\r\n".to_vec();
        many.extend(b"$20\r\naaaaaaaaaaaaaaaaaaaa\r\n".repeat(100));
        assert!(reader.read(many.into(), &mut out).is_err());
    }

    proptest! {
        #[test]
        fn commands_pass_unchanged(
            commands in prop::collection::vec(
                prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 1..5), 0..6),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        ) {
            // The first word must not be one that the policy refuses.
            let commands: Vec<Vec<Vec<u8>>> = commands
                .into_iter()
                .map(|args| std::iter::once(b"ECHO".to_vec()).chain(args).collect())
                .collect();
            let bytes = encode(&commands);
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.sort_unstable();
            prop_assert_eq!(read_in_parts(&bytes, &cuts).unwrap(), bytes);
        }

        #[test]
        fn whatever_is_forwarded_is_canonical(bytes in prop::collection::vec(
            prop::sample::select(b"*$123 \r\n:+-?.PING%>|".to_vec()), 0..60)) {
            let mut out = Vec::new();
            let _ = reader().read(bytes.into(), &mut out);
            // Reading it again changes nothing and leaves nothing over.
            let (mut again, mut second) = (Vec::new(), reader());
            second.read(Bytes::from(out.clone()), &mut again).unwrap();
            prop_assert_eq!(second.pending(), 0);
            prop_assert_eq!(again, out);
        }
    }
}
