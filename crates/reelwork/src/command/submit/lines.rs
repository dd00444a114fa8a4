//! Reads jobs from a file, line by line.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use futures::{Stream, stream};
use job::MAX_MESSAGE_BYTES;
use producer::{Producer, Slots};
use tokio::sync::mpsc;

use super::NumberedJob;
use crate::error::Error;

/// Lines read ahead.
const AHEAD: usize = 4;

/// No more of a line is stored; a longer one is refused for its size.
const MOST: u64 = MAX_MESSAGE_BYTES as u64 + 2;

/// Each line is a job: an invalid one is reported, and the next one is read. Reading blocks, so it
/// has its own thread.
pub(super) fn of_file(
    path: &Path,
    slots: Slots,
) -> Result<impl Stream<Item = Result<NumberedJob, Error>> + use<>, Error> {
    let name = path.display().to_string();
    let unreadable = move |error: io::Error| Error::Usage(format!("{name}: {error}"));
    let source: Box<dyn Read + Send> = match path == Path::new("-") {
        true => Box::new(io::stdin()),
        false => Box::new(std::fs::File::open(path).map_err(&unreadable)?),
    };
    let lines = ahead(source, slots, unreadable);
    Ok(stream::unfold(lines, |mut lines| async move { Some((lines.recv().await?, lines)) }))
}

/// Only a few lines are in memory, however long the file is.
fn ahead(
    source: impl Read + Send + 'static,
    slots: Slots,
    unreadable: impl Fn(io::Error) -> Error + Send + 'static,
) -> mpsc::Receiver<Result<NumberedJob, Error>> {
    let (jobs, lines) = mpsc::channel(AHEAD);
    std::thread::spawn(move || {
        let read = read(BufReader::new(source), slots, &jobs);
        if let Err(error) = read {
            let _ = jobs.blocking_send(Err(unreadable(error)));
        }
    });
    lines
}

fn read(
    mut source: impl BufRead,
    slots: Slots,
    jobs: &mpsc::Sender<Result<NumberedJob, Error>>,
) -> io::Result<()> {
    for number in 1.. {
        let mut line = Vec::new();
        if source.by_ref().take(MOST).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if !line.ends_with(b"\n") {
            source.skip_until(b'\n')?;
        }
        let text = content(&line);
        if text.is_empty() {
            continue;
        }
        let job = (Some(number), Producer::read(text, slots));
        // The receiver is closed: the command has ended.
        if jobs.blocking_send(Ok(job)).is_err() {
            break;
        }
    }
    Ok(())
}

/// Without what editors add to a line: a byte order mark, blanks, a carriage return.
fn content(line: &[u8]) -> &[u8] {
    const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
    let text = line.trim_ascii();
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text).trim_ascii()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const GOOD: &str = r#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;

    /// The line numbers, and whether each line is a job.
    fn numbered(text: &str) -> Vec<(Option<usize>, bool)> {
        let (jobs, mut lines) = mpsc::channel(16);
        read(text.as_bytes(), Slots::default(), &jobs).unwrap();
        drop(jobs);
        let mut numbered = Vec::new();
        while let Ok(Ok((number, job))) = lines.try_recv() {
            numbered.push((number, job.is_ok_and(|job| job.key.id.as_str() == "a")));
        }
        numbered
    }

    #[test]
    fn what_editors_add_is_no_job() {
        let text = format!("\u{feff}\r\n\r\n \t\r\n\u{feff}{GOOD}\r\n\n{GOOD}");
        assert_eq!(numbered(&text), [(Some(4), true), (Some(6), true)]);
    }

    /// Many lines of the same length.
    struct Long {
        given: Arc<AtomicUsize>,
    }

    const LINES: usize = 500;
    const LINE_BYTES: usize = 64 * 1024;

    impl Read for Long {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let given = self.given.load(Ordering::SeqCst);
            let length = buffer.len().min(LINES * LINE_BYTES - given);
            for (n, byte) in buffer[..length].iter_mut().enumerate() {
                *byte = if (given + n + 1).is_multiple_of(LINE_BYTES) { b'\n' } else { b'x' };
            }
            self.given.fetch_add(length, Ordering::SeqCst);
            Ok(length)
        }
    }

    #[test]
    fn no_more_is_read_than_is_wanted_soon() {
        let given = Arc::new(AtomicUsize::new(0));
        let source = Long { given: given.clone() };
        let mut lines = ahead(source, Slots::default(), |error| Error::Usage(error.to_string()));
        // Until no line has been taken and the channel is full.
        while lines.capacity() > 0 {
            std::thread::yield_now();
        }
        // The lines in the channel, the next one, and one that the buffer has begun.
        assert!(given.load(Ordering::SeqCst) <= (AHEAD + 2) * LINE_BYTES);
        let read = std::iter::from_fn(|| lines.blocking_recv()).count();
        assert_eq!(read, LINES);
    }

    #[test]
    fn a_line_that_is_too_long_is_one_bad_line() {
        let long = "x".repeat(MAX_MESSAGE_BYTES * 2);
        let text = format!("{GOOD}\n\n{long}\n{GOOD}");
        assert_eq!(numbered(&text), [(Some(1), true), (Some(3), false), (Some(4), true)]);
    }
}
