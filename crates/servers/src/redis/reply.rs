use std::fmt;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};

use crate::probe::PATIENCE;

/// The answer to a command (protocol RESP2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    Text(String),
    Number(i64),
    Nothing,
    List(Vec<Reply>),
}

impl Reply {
    /// The text of a simple or bulk string; empty for anything else.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Number(_) | Self::Nothing | Self::List(_) => "",
        }
    }

    /// The value of a line `name:value`, as in the answer to `INFO`.
    pub fn field(&self, name: &str) -> &str {
        let lines = self.text().lines().filter_map(|line| line.trim_end().split_once(':'));
        lines.into_iter().find(|(found, _)| *found == name).map_or("", |(_, value)| value)
    }
}

/// Words, as a person would write the answer in one line.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
            Self::Nothing => Ok(()),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Self::to_string).collect();
                f.write_str(&items.join(" "))
            }
        }
    }
}

/// Sends one command on a connection of its own, after the password unless that is empty. An error
/// of the server is an error.
pub(super) fn ask(address: SocketAddr, password: &str, words: &[&str]) -> io::Result<Reply> {
    let mut wire = TcpStream::connect_timeout(&address, PATIENCE)?;
    wire.set_read_timeout(Some(PATIENCE))?;
    wire.set_write_timeout(Some(PATIENCE))?;
    if !password.is_empty() {
        send(&mut wire, &["AUTH", password])?;
    }
    send(&mut wire, words)
}

fn send(wire: &mut TcpStream, words: &[&str]) -> io::Result<Reply> {
    let mut command = format!("*{}\r\n", words.len());
    for word in words {
        command += &format!("${}\r\n{word}\r\n", word.len());
    }
    wire.write_all(command.as_bytes())?;
    read(&mut BufReader::new(wire))
}

fn read(wire: &mut impl BufRead) -> io::Result<Reply> {
    let mut line = String::new();
    wire.read_line(&mut line)?;
    let line = line.trim_end();
    let rest = line.get(1..).unwrap_or_default();
    let number =
        || rest.parse::<i64>().map_err(|_| io::Error::other(format!("an answer {line:?}")));
    match line.as_bytes().first() {
        Some(b'+') => Ok(Reply::Text(rest.to_owned())),
        Some(b':') => number().map(Reply::Number),
        Some(b'$') => bulk(wire, number()?),
        Some(b'*') => {
            let items = (0..number()?).map(|_| read(wire));
            items.collect::<io::Result<_>>().map(Reply::List)
        }
        Some(b'-') => Err(io::Error::other(rest.to_owned())),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn bulk(wire: &mut impl BufRead, length: i64) -> io::Result<Reply> {
    let Ok(length) = usize::try_from(length) else { return Ok(Reply::Nothing) };
    let mut bytes = vec![0; length + 2];
    wire.read_exact(&mut bytes)?;
    bytes.truncate(length);
    Ok(Reply::Text(String::from_utf8_lossy(&bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_answer_is_read() {
        let text = |text: &str| Reply::Text(text.to_owned());
        for (bytes, expected) in [
            ("+OK\r\n", text("OK")),
            (":-3\r\n", Reply::Number(-3)),
            ("$-1\r\n", Reply::Nothing),
            ("$4\r\na\r\nb\r\n", text("a\r\nb")),
            ("*2\r\n:1\r\n$1\r\nx\r\n", Reply::List(vec![Reply::Number(1), text("x")])),
        ] {
            assert_eq!(read(&mut bytes.as_bytes()).expect(bytes), expected);
        }
        assert_eq!(read(&mut &b"-ERR no\r\n"[..]).expect_err("an error").to_string(), "ERR no");
        assert!(read(&mut &b""[..]).is_err());
    }

    #[test]
    fn a_field_of_info_is_found() {
        let info = Reply::Text("# Server\r\nredis_version:8.2.3\r\nrole:master\r\n".to_owned());
        assert_eq!((info.field("role"), info.field("none")), ("master", ""));
    }

    #[test]
    fn an_answer_is_shown_in_one_line() {
        let list = Reply::List(vec![Reply::Number(7), Reply::Nothing, Reply::Text("x".into())]);
        assert_eq!(list.to_string(), "7  x");
    }
}
