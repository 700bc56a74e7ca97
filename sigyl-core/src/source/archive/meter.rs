//! Bounds what is read of an archive, also where a parser reads ahead by itself.

use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};

/// How much may still be read.
pub(super) struct Meter {
    left: Cell<u64>,
    allowed: Cell<Option<u64>>,
    over: Cell<bool>,
}

impl Meter {
    /// Lets `left` bytes through in all.
    pub(super) fn new(left: u64) -> Self {
        Self { left: Cell::new(left), allowed: Cell::new(None), over: Cell::new(false) }
    }

    /// Lets only so many through from here on; `None` lifts it.
    pub(super) fn allow(&self, bytes: Option<u64>) {
        self.allowed.set(bytes);
    }

    /// Tells whether more was asked for than was left in all.
    pub(super) fn is_spent(&self) -> bool {
        self.over.get() && self.left.get() == 0
    }

    /// Tells whether more was asked for than was allowed.
    pub(super) fn was_over(&self) -> bool {
        self.over.get()
    }
}

/// Hands out at most what the meter lets through, and fails where that is not all there is.
pub(super) struct Metered<'a, R> {
    inner: R,
    meter: &'a Meter,
}

impl<'a, R> Metered<'a, R> {
    /// Puts `meter` before `inner`.
    pub(super) fn new(inner: R, meter: &'a Meter) -> Self {
        Self { inner, meter }
    }
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.meter.allowed.get().unwrap_or(u64::MAX).min(self.meter.left.get());
        if left == 0 && !buffer.is_empty() {
            // One byte more tells the end from too much.
            if self.inner.read(&mut [0])? == 0 {
                return Ok(0);
            }
            self.meter.over.set(true);
            return Err(io::Error::other("more than the limits allow"));
        }
        let wanted = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = self.inner.read(&mut buffer[..wanted])?;
        self.meter.left.set(self.meter.left.get() - read as u64);
        self.meter.allowed.set(self.meter.allowed.get().map(|allowed| allowed - read as u64));
        Ok(read)
    }
}

impl<R: Seek> Seek for Metered<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}
