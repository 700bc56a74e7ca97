//! What the processes of an instance use of this machine, as `/proc` tells it now.

use std::sync::Arc;

use super::process::Process;
use crate::domain::Usage;

/// Processes that are measured: each takes some looks at files.
const MOST: usize = 1_024;

/// What is told where nothing runs.
pub(super) fn of_none() -> Usage {
    Usage {
        processes: Some(0),
        notes: vec!["nothing of it runs on this machine now".to_owned()],
        ..Usage::default()
    }
}

/// Looks at the families of processes; blocks. Of more than can be measured only the number is told.
pub(super) fn of(processes: &[Arc<Process>]) -> Usage {
    let families: Vec<_> = processes.iter().map(|process| process.family()).collect();
    let count: usize = families.iter().map(|family| family.pids().len()).sum();
    let mut usage = Usage { processes: u64::try_from(count).ok(), ..Usage::default() };
    if count > MOST {
        usage.notes = vec![format!("{count} processes are more than the {MOST} that are measured")];
    } else if count > 0 {
        usage.processor_time =
            Some(families.iter().map(|family| family.processor_time().as_secs_f64()).sum());
        // Whoever lives holds some: nothing was seen of one that ended meanwhile.
        usage.resident = Some(families.iter().map(|family| family.memory()).sum()).filter(|held| *held > 0);
    }
    usage
}
