//! Whether the expected server answers, and which version it is: an open port proves nothing.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// A local server that needs longer than this is useless for the tests.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// RabbitMQ that opens the default virtual host for guest; its version.
pub fn rabbitmq(port: u16) -> Option<String> {
    connect(port).and_then(|wire| Amqp(wire).opens()).ok().flatten()
}

/// Redis that answers PONG without a password.
pub fn redis(port: u16) -> bool {
    connect(port).and_then(ping).unwrap_or(false)
}

fn connect(port: u16) -> io::Result<TcpStream> {
    let wire = TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, port).into(), PATIENCE)?;
    wire.set_read_timeout(Some(PATIENCE))?;
    wire.set_write_timeout(Some(PATIENCE))?;
    Ok(wire)
}

fn ping(mut wire: TcpStream) -> io::Result<bool> {
    wire.write_all(b"PING\r\n")?;
    let mut answer = [0; 7];
    wire.read_exact(&mut answer)?;
    Ok(&answer == b"+PONG\r\n")
}

/// The beginning of an AMQP 0-9-1 connection: class 10, and its methods by number.
struct Amqp(TcpStream);

type Method = (u16, u16);

const START: Method = (10, 10);
const START_OK: Method = (10, 11);
const TUNE: Method = (10, 30);
const TUNE_OK: Method = (10, 31);
const OPEN: Method = (10, 40);
const OPEN_OK: Method = (10, 41);
const CLOSE: Method = (10, 50);

const METHOD_FRAME: u8 = 1;
const FRAME_END: u8 = 0xCE;

/// Methods of the handshake are far smaller; a larger one does not come from a broker.
const MOST: usize = 64 * 1024;

impl Amqp {
    fn opens(mut self) -> io::Result<Option<String>> {
        self.0.write_all(b"AMQP\x00\x00\x09\x01")?;
        let (START, greeting) = self.receive()? else { return Ok(None) };
        // No client properties, SASL PLAIN as guest, a locale.
        self.send(START_OK, b"\0\0\0\0\x05PLAIN\0\0\0\x0c\0guest\0guest\x05en_US")?;
        let (TUNE, limits) = self.receive()? else { return Ok(None) };
        self.send(TUNE_OK, &limits)?;
        // The virtual host "/", and two fields that are no longer used.
        self.send(OPEN, b"\x01/\0\0")?;
        let opened = self.receive()?.0 == OPEN_OK;
        // Only for the broker's log, so an error does not matter.
        let _ = self.send(CLOSE, b"\0\xc8\0\0\0\0\0").and_then(|()| self.receive());
        Ok(opened.then(|| version(&greeting)))
    }

    fn send(&mut self, (class, method): Method, arguments: &[u8]) -> io::Result<()> {
        let length = (arguments.len() + 4) as u32;
        let mut frame = vec![METHOD_FRAME, 0, 0];
        frame.extend(length.to_be_bytes());
        frame.extend(class.to_be_bytes());
        frame.extend(method.to_be_bytes());
        frame.extend(arguments);
        frame.push(FRAME_END);
        self.0.write_all(&frame)
    }

    fn receive(&mut self) -> io::Result<(Method, Vec<u8>)> {
        let mut head = [0; 7];
        self.0.read_exact(&mut head)?;
        let length = u32::from_be_bytes([head[3], head[4], head[5], head[6]]) as usize;
        if head[0] != METHOD_FRAME || !(4..=MOST).contains(&length) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut body = vec![0; length + 1];
        self.0.read_exact(&mut body)?;
        let method =
            (u16::from_be_bytes([body[0], body[1]]), u16::from_be_bytes([body[2], body[3]]));
        Ok((method, body[4..length].to_vec()))
    }
}

/// A field of the server's properties: its name with one byte of length, `S`, and the text with
/// four. Empty if it is missing.
fn version(greeting: &[u8]) -> String {
    const FIELD: &[u8] = b"\x07versionS";
    let start = greeting.windows(FIELD.len()).position(|bytes| bytes == FIELD);
    let text = start.and_then(|start| {
        let (length, rest) = greeting[start + FIELD.len()..].split_first_chunk()?;
        rest.get(..u32::from_be_bytes(*length) as usize)
    });
    String::from_utf8_lossy(text.unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use std::net::{Shutdown, TcpListener};

    use super::*;

    /// A port that sends each caller this text and then nothing.
    fn sending(words: &'static [u8]) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
        let port = listener.local_addr().expect("a socket").port();
        std::thread::spawn(move || {
            for wire in listener.incoming() {
                let mut wire = wire.expect("a socket");
                let _ = wire.write_all(words);
                let _ = wire.shutdown(Shutdown::Write);
                // Closing a connection with unread data would discard what was sent.
                let _ = wire.read_to_end(&mut Vec::new());
            }
        });
        port
    }

    #[test]
    fn only_a_pong_is_redis() {
        assert!(redis(sending(b"+PONG\r\n")));
        assert!(!redis(sending(b"-NOAUTH Authentication required.\r\n")));
        assert!(!redis(sending(b"")));
    }

    #[test]
    fn an_open_port_is_no_broker() {
        for words in [
            b"".as_slice(),
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            b"AMQP\x00\x00\x09\x01",
            b"\x01\0\0\xff\xff\xff\xff\0\x0a\0\x0a\xce",
            b"\x01\0\0\0\0\0\x04\0\x0a\0\x32\xce",
        ] {
            assert_eq!(rabbitmq(sending(words)), None, "{words:?}");
        }
    }

    #[test]
    fn a_broker_that_lets_guest_in_is_known_with_its_version() {
        let start = b"\x01\0\0\0\0\0\x15\0\x0a\0\x0a\x07versionS\0\0\0\x044.03\xce";
        let tune = b"\x01\0\0\0\0\0\x0c\0\x0a\0\x1e\x07\xff\0\x02\0\0\0\x3c\xce";
        let opened = b"\x01\0\0\0\0\0\x05\0\x0a\0\x29\0\xce";
        let words = [start.as_slice(), tune, opened].concat();
        assert_eq!(rabbitmq(sending(words.leak())).as_deref(), Some("4.03"));
    }
}
