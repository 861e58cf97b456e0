//! Lines out of a stream, as Go's `bufio.Scanner` takes them: they end in `\n`, a `\r` before it is left off, the last one
//! needs no end, and one that does not fit into 64 KiB is an error.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// What a line may come to, with its end.
const LONGEST: usize = 64 * 1024;
/// Room for the first read; it is doubled as it is needed.
const FIRST: usize = 4096;

/// Lines, and what has been read of the next one. Whoever reads from the stream beside it misses what is held here, as in
/// the original.
#[derive(Debug, Default)]
pub(super) struct Lines {
    held: Vec<u8>,
    /// Where the lines that were handed out end.
    at: usize,
    is_over: bool,
}

/// Why there is no next line.
#[derive(Debug)]
pub(super) enum LineError {
    TooLong,
    Io(io::Error),
}

impl Lines {
    /// The next line; nothing at the end of the stream.
    pub(super) async fn next(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin + ?Sized),
    ) -> Result<Option<Vec<u8>>, LineError> {
        // What has been searched holds no end of a line.
        let mut searched = self.at;
        loop {
            let end = self.held[searched..].iter().position(|byte| *byte == b'\n');
            if let Some(end) = end.map(|end| searched + end) {
                let line = without_return(&self.held[self.at..end]).to_vec();
                self.at = end + 1;
                return Ok(Some(line));
            }
            if self.is_over {
                let last = without_return(&self.held[self.at..]).to_vec();
                let is_there = self.at < self.held.len();
                self.at = self.held.len();
                return Ok(is_there.then_some(last));
            }
            self.held.drain(..self.at);
            self.at = 0;
            searched = self.held.len();
            self.read_on(stream).await?;
        }
    }

    async fn read_on(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin + ?Sized),
    ) -> Result<(), LineError> {
        let held = self.held.len();
        if held >= LONGEST {
            return Err(LineError::TooLong);
        }
        let room = (held * 2).clamp(FIRST, LONGEST);
        self.held.resize(room, 0);
        let read = stream.read(&mut self.held[held..]).await;
        self.held.truncate(held + *read.as_ref().unwrap_or(&0));
        self.is_over = read.map_err(LineError::Io)? == 0;
        Ok(())
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::AsyncWriteExt;

    use super::*;

    async fn lines(mut stream: impl AsyncRead + Unpin) -> Result<Vec<Vec<u8>>, LineError> {
        let mut lines = Lines::default();
        let mut all = Vec::new();
        while let Some(line) = lines.next(&mut stream).await? {
            all.push(line);
        }
        Ok(all)
    }

    #[tokio::test]
    async fn lines_end_where_go_ends_them() {
        for (sentence, sent, expected) in [
            ("nothing is no line", &b""[..], &[][..]),
            ("one with its end", b"a\n", &[&b"a"[..]]),
            ("the last needs no end", b"a\nb", &[b"a", b"b"]),
            ("one return is left off", b"a\r\nb\r\r\nc\r", &[b"a", b"b\r", b"c"]),
            ("a return inside of a line stays", b"a\rb\n", &[b"a\rb"]),
            ("empty lines are lines", b"\n\r\n\n", &[b"", b"", b""]),
            ("any bytes will do", b"\xff\0\n", &[b"\xff\0"]),
        ] {
            assert_eq!(lines(sent).await.expect(sentence), expected, "{sentence}");
        }
    }

    #[tokio::test]
    async fn a_line_fits_into_64_kib_or_is_an_error() {
        let most = vec![b'x'; LONGEST - 1];
        let fits = [&most[..], b"\nafter\n"].concat();
        assert_eq!(lines(&fits[..]).await.expect("it fits"), [&most[..], b"after"]);
        for too_long in [vec![b'x'; LONGEST], [&most[..], b"x\n"].concat(), vec![b'x'; 1 << 20]] {
            let error = lines(&too_long[..]).await.expect_err("it does not fit");
            assert!(matches!(error, LineError::TooLong), "{error:?}");
        }
    }

    #[tokio::test]
    async fn an_endless_line_is_given_up_without_keeping_it() {
        let mut lines = Lines::default();
        let error = lines.next(&mut tokio::io::repeat(b'x')).await.expect_err("it has no end");
        assert!(matches!(error, LineError::TooLong), "{error:?}");
        assert!(lines.held.capacity() <= 2 * LONGEST);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_bytes_arrive(
            pieces in proptest::collection::vec(proptest::collection::vec(
                prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..9), 0..9),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            let whole = pieces.concat();
            let (at_once, in_pieces) = runtime.block_on(async {
                let (mut writer, reader) = tokio::io::duplex(3);
                let write = async move {
                    for piece in &pieces {
                        writer.write_all(piece).await.expect("the reader is there");
                    }
                };
                let (in_pieces, ()) = tokio::join!(lines(reader), write);
                (lines(&whole[..]).await, in_pieces)
            });
            prop_assert_eq!(at_once.expect("short"), in_pieces.expect("short"));
        }
    }
}
