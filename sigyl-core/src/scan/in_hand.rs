//! How many bytes of files are looked at at one time.

use std::sync::{Condvar, Mutex, PoisonError};

/// Bytes at most, unless one file alone has more: what is made of a file takes several times its size.
const MOST: u64 = 32 << 20;

/// Counts the bytes that all threads have in hand.
#[derive(Debug, Default)]
pub(super) struct InHand {
    bytes: Mutex<u64>,
    less: Condvar,
}

/// The bytes of one file, until it is dropped.
pub(super) struct Hold<'a>(&'a InHand, u64);

impl InHand {
    /// Waits until there is room for a file.
    pub(super) fn take(&self, bytes: u64) -> Hold<'_> {
        let held = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |held: &mut u64| *held > 0 && *held + bytes > MOST;
        let mut held = self.less.wait_while(held, full).unwrap_or_else(PoisonError::into_inner);
        *held += bytes;
        Hold(self, bytes)
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        *self.0.bytes.lock().unwrap_or_else(PoisonError::into_inner) -= self.1;
        self.0.less.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn no_more_is_in_hand_than_one_large_file_or_many_small_ones() {
        let (all, now, most) = (InHand::default(), AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for thread in 0..4_u64 {
                let (all, now, most) = (&all, &now, &most);
                scope.spawn(move || {
                    for size in [MOST / 3, MOST, MOST / 2, 1].map(|size| size + thread) {
                        let hold = all.take(size);
                        most.fetch_max(now.fetch_add(size, Ordering::SeqCst) + size, Ordering::SeqCst);
                        now.fetch_sub(size, Ordering::SeqCst);
                        drop(hold);
                    }
                });
            }
        });
        assert!(most.load(Ordering::SeqCst) <= MOST + 3);
        assert_eq!(*all.bytes.lock().unwrap(), 0);
    }
}
