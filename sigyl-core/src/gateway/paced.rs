//! A connection that is given up when its client says nothing, or reads nothing.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// Bytes after which a client is known to have begun a request (the preface of HTTP/2 has as many).
const BEGUN: usize = 24;

/// A connection whose client must begin to speak in time, and must read what it is sent.
///
/// Until a client speaks it is not known which HTTP it does, and no other limit holds; as long as it does not read,
/// answers are kept in memory.
#[derive(Debug)]
pub struct Paced<S> {
    stream: S,
    seen: usize,
    deadline: Pin<Box<Sleep>>,
    write_timeout: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> Paced<S> {
    /// Gives the client this long to begin, and lets no write wait for longer than `write_timeout`.
    pub fn new(stream: S, begin_timeout: Duration, write_timeout: Duration) -> Self {
        let deadline = Box::pin(tokio::time::sleep(begin_timeout));
        Self { stream, seen: 0, deadline, write_timeout, stalled: None }
    }

    /// Fails a write that has not moved for too long.
    fn patience<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let within = self.write_timeout;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(within)));
        match stalled.as_mut().poll(cx) {
            Poll::Ready(()) => {
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client reads nothing")))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.seen += buf.filled().len() - before;
        if read.is_pending() && self.seen < BEGUN && self.deadline.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client said nothing")));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.patience(cx, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.patience(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_client_that_says_too_little_is_given_up_and_one_that_began_is_not() {
        let (near, mut far) = tokio::io::duplex(64);
        let mut paced = Paced::new(near, SECOND, SECOND);
        far.write_all(&[b'x'; BEGUN - 1]).await.unwrap();
        let mut read = [0; BEGUN - 1];
        paced.read_exact(&mut read).await.unwrap();
        assert_eq!(paced.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);

        let (near, mut far) = tokio::io::duplex(64);
        let mut paced = Paced::new(near, SECOND, SECOND);
        far.write_all(&[b'x'; BEGUN]).await.unwrap();
        paced.read_exact(&mut [0; BEGUN]).await.unwrap();
        assert!(tokio::time::timeout(60 * SECOND, paced.read_u8()).await.is_err(), "it may think");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_reads_nothing_is_given_up() {
        let (near, _far) = tokio::io::duplex(4);
        let mut paced = Paced::new(near, SECOND, SECOND);
        paced.write_all(b"1234").await.unwrap();
        assert_eq!(paced.write_all(b"5").await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
