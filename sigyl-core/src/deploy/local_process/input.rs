//! Standard input of a server, which its session writes and whoever stops it may close.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::io::AsyncWrite;
use tokio::net::unix::pipe::Sender;

/// The end that a session writes; dropping it closes the pipe.
#[derive(Debug)]
pub(super) struct Input(Closer);

/// Closes the pipe, whoever writes it.
#[derive(Clone, Debug)]
pub(super) struct Closer(Arc<Mutex<Shared>>);

#[derive(Debug)]
struct Shared {
    pipe: Option<Sender>,
    /// Whoever waits until the pipe has room: nothing else wakes it once the pipe is closed.
    waits: Option<Waker>,
}

impl Input {
    /// Takes the pipe.
    pub(super) fn new(pipe: Sender) -> Self {
        Self(Closer(Arc::new(Mutex::new(Shared { pipe: Some(pipe), waits: None }))))
    }

    /// Returns what closes it.
    pub(super) fn closer(&self) -> Closer {
        self.0.clone()
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Closer {
    /// Closes the pipe; the server sees the end of its input, and a writer that it is broken.
    pub(super) fn close(&self) {
        let mut shared = self.lock();
        shared.pipe = None;
        let waits = shared.waits.take();
        drop(shared);
        if let Some(waits) = waits {
            waits.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsyncWrite for Input {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut shared = self.0.lock();
        let Some(pipe) = shared.pipe.as_mut() else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        let done = Pin::new(pipe).poll_write(cx, bytes);
        shared.waits = done.is_pending().then(|| cx.waker().clone());
        done
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A pipe keeps nothing back.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.close();
        Poll::Ready(Ok(()))
    }
}
