//! Threads whose stack is large enough for code that is nested as deeply as the bounds let it be.

use std::thread::{Builder, scope};

/// Stack of a thread that reads files.
const STACK: usize = 64 << 20;

#[cfg(feature = "ast")]
thread_local! {
    /// Whether this thread has such a stack.
    static ROOMY: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Why something did not run to its end.
#[cfg(feature = "ast")]
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// It stopped by itself.
    #[error("following it failed")]
    Panicked,
    /// It did not begin.
    #[error("no thread for it: {0}")]
    NoThread(std::io::Error),
}

/// Does the same work on some threads, or on this one when there are none to be had.
pub(super) fn each(threads: usize, work: impl Fn() + Sync) {
    scope(|scope| {
        let begin = || {
            #[cfg(feature = "ast")]
            ROOMY.set(true);
            work();
        };
        let started =
            (0..threads.max(1)).map(|_| Builder::new().stack_size(STACK).spawn_scoped(scope, begin));
        // All are started before any is waited for.
        if started.collect::<Vec<_>>().iter().all(Result::is_err) {
            work();
        }
    });
}

/// Runs something on such a stack: on that of this thread, or on one of its own.
#[cfg(feature = "ast")]
pub(super) fn run<T: Send>(run: impl FnOnce() -> T + Send) -> Result<T, Failure> {
    if ROOMY.get() {
        // What it was given is not looked at again when it fails.
        let run = std::panic::AssertUnwindSafe(run);
        return std::panic::catch_unwind(run).map_err(|_| Failure::Panicked);
    }
    scope(|scope| {
        let begin = || {
            ROOMY.set(true);
            run()
        };
        let thread =
            Builder::new().stack_size(STACK).spawn_scoped(scope, begin).map_err(Failure::NoThread)?;
        thread.join().map_err(|_| Failure::Panicked)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn every_thread_works_and_one_at_least() {
        for threads in [0, 1, 3] {
            let count = AtomicUsize::new(0);
            each(threads, || {
                count.fetch_add(1, Ordering::Relaxed);
            });
            assert_eq!(count.into_inner(), threads.max(1));
        }
    }

    #[cfg(feature = "ast")]
    #[test]
    fn what_fails_is_told_and_what_is_deep_runs() {
        fn deep(left: usize) -> usize {
            if left == 0 { 0 } else { std::hint::black_box(deep(left - 1)) + 1 }
        }
        let check = || {
            assert!(matches!(run(|| panic!("on purpose")), Err::<(), _>(Failure::Panicked)));
            assert_eq!(run(|| deep(100_000)).unwrap(), 100_000);
        };
        check();
        each(1, check);
    }
}
