//! What a scan tells while it runs, and how it is ended before its time.

/// Follows one scan, from whatever thread it runs on.
pub trait Watch: std::fmt::Debug + Send + Sync {
    /// Is told how many files of how many are done.
    fn files(&self, done: usize, of: usize) {
        let _ = (done, of);
    }

    /// Tells whether to stop: asked before each file. What was found until then is reported, and that it is not all.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// A flag that another thread sets cancels the scan.
impl Watch for std::sync::atomic::AtomicBool {
    fn is_cancelled(&self) -> bool {
        self.load(std::sync::atomic::Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::super::proof::builtin;
    use super::super::{Scanner, Subject};
    use super::*;
    use crate::clock::FixedClock;
    use crate::domain::{Policy, Report, SkipKind};
    use crate::source::{Limits, SourceTree};

    /// Cancels after so many files.
    #[derive(Debug)]
    struct After(usize, AtomicBool, Mutex<Vec<(usize, usize)>>);

    impl Watch for After {
        fn files(&self, done: usize, of: usize) {
            self.2.lock().unwrap().push((done, of));
            self.1.fetch_or(done >= self.0, Ordering::SeqCst);
        }

        fn is_cancelled(&self) -> bool {
            self.1.load(Ordering::SeqCst)
        }
    }

    fn scan(files: usize, watch: &dyn Watch) -> Report {
        let folder = tempfile::tempdir().unwrap();
        (0..files).for_each(|at| std::fs::write(folder.path().join(format!("{at}.ts")), "x").unwrap());
        let tree = SourceTree::from_folder(folder.path(), &Limits::default()).unwrap();
        Scanner::new(builtin(), Policy::default())
            .watch(watch)
            .scan(&Subject::of(&tree), &FixedClock::default())
    }

    #[test]
    fn every_file_is_told() {
        let watch = After(usize::MAX, AtomicBool::new(false), Mutex::default());
        let report = scan(40, &watch);
        assert!(!report.partial);
        let mut told = watch.2.into_inner().unwrap();
        told.sort_unstable();
        assert_eq!(told, (1..=40).map(|done| (done, 40)).collect::<Vec<_>>());
    }

    #[test]
    fn a_cancelled_scan_says_how_far_it_came() {
        let report = scan(400, &After(100, AtomicBool::new(false), Mutex::default()));
        assert!(report.partial && (100..400).contains(&report.stats.files), "{:?}", report.stats);
        let gap = report.skipped.iter().find(|skipped| skipped.kind == SkipKind::Cancelled).unwrap();
        assert_eq!(gap.reason, format!("the scan was cancelled after {} of 400 files", report.stats.files));
        assert_eq!(scan(3, &AtomicBool::new(true)).stats.files, 0);
    }
}
