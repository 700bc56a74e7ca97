//! How a trial is told from outside to go on at once.

use tokio::sync::watch;

use crate::domain::{RunState, StepId};

/// What somebody told a run whose version is tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// Who.
    pub(crate) by: String,
    /// The share of new clients to go on with; all of them when absent.
    pub(crate) to: Option<u8>,
}

/// Why a trial did not go on when it was told to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotPromoted {
    /// It works, and nothing of it is tried.
    #[error("tries no version with clients now{}", at.map(|at| format!(": it is at {at}")).unwrap_or_default())]
    NotTried {
        /// What it does instead, where that is known.
        at: Option<StepId>,
    },
    /// It is not at work.
    #[error("is {0}: a version is promoted while it is tried")]
    Not(RunState),
    /// It is on record as at work, and nobody here works on it: another process does, or it ends just now.
    #[error("is not at work in this process")]
    Elsewhere,
    /// Somebody else was there before.
    #[error("was promoted already, by {by}")]
    Already {
        /// Who.
        by: String,
    },
    /// It is stopped, and takes back what it did.
    #[error("is being cancelled: what it did is taken back")]
    Cancelled,
    /// It is no share.
    #[error("cannot go on to {0} %: a share is 1 to 99 percent, and without one it goes on to all")]
    NoShare(u8),
    /// More clients are led to it already.
    #[error("tries its version with {now} % of new clients, and {asked} % are not more")]
    Share {
        /// Percent of new clients that reach the version.
        now: u8,
        /// Percent that should.
        asked: u8,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum State {
    /// Nothing is tried, or no longer.
    #[default]
    Apart,
    /// A share of new clients reaches the version, for a while.
    Soaking(u8),
    /// Somebody told it to go on; the trial has not seen that yet.
    Told(Told),
    /// It goes on because of them.
    Going { by: String },
}

/// Where a trial is told to go on. A copy is the same. It is kept nowhere: a run that is not at work any more was told nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Promotion(watch::Sender<State>);

impl Promotion {
    /// Tells the trial to go on; returns the share that it is at. Whoever comes first is heard, and the next is told so.
    pub(crate) fn tell(&self, told: Told) -> Result<u8, NotPromoted> {
        let mut result = Err(NotPromoted::NotTried { at: None });
        self.0.send_if_modified(|state| {
            result = match (&*state, told.to) {
                (State::Apart, _) => Err(NotPromoted::NotTried { at: None }),
                (State::Told(Told { by, .. }) | State::Going { by }, _) => {
                    Err(NotPromoted::Already { by: by.clone() })
                }
                (State::Soaking(now), Some(asked)) if asked <= *now => {
                    Err(NotPromoted::Share { now: *now, asked })
                }
                (State::Soaking(now), _) => Ok(*now),
            };
            if result.is_ok() {
                *state = State::Told(told);
            }
            result.is_ok()
        });
        result
    }

    /// Lets the trial be told from now on, as long as what is returned is kept.
    pub(super) fn open(&self, percent: u8) -> Soaking {
        self.0.send_replace(State::Soaking(percent));
        Soaking { promotion: self.clone(), is_left: false }
    }
}

/// One share of a trial, while it can be told to go on. Dropped, also when the run is stopped, it is told nothing more.
#[derive(Debug)]
pub(super) struct Soaking {
    promotion: Promotion,
    is_left: bool,
}

impl Soaking {
    /// Waits until somebody tells it to go on.
    pub(super) async fn told(&self) {
        let mut state = self.promotion.0.subscribe();
        // The sender is held here: it cannot be gone.
        state.wait_for(|state| matches!(state, State::Told(_))).await.ok();
    }

    /// Ends the share: returns what it was told, if it was. From here on it is told nothing, and says who told it.
    pub(super) fn close(&self) -> Option<Told> {
        let mut told = None;
        self.promotion.0.send_modify(|state| {
            *state = match std::mem::take(state) {
                State::Told(it) => {
                    let by = it.by.clone();
                    told = Some(it);
                    State::Going { by }
                }
                _ => State::Apart,
            };
        });
        told
    }

    /// Lets it stay known who told the trial to end.
    pub(super) fn leave(mut self) {
        self.is_left = true;
    }
}

impl Drop for Soaking {
    fn drop(&mut self) {
        if !self.is_left {
            self.promotion.0.send_replace(State::Apart);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(by: &str, to: Option<u8>) -> Told {
        Told { by: by.to_owned(), to }
    }

    #[test]
    fn whoever_comes_first_is_heard_and_the_next_is_told_who() {
        let promotion = Promotion::default();
        assert_eq!(promotion.tell(told("ada", None)), Err(NotPromoted::NotTried { at: None }));
        let soaking = promotion.open(10);
        assert_eq!(promotion.tell(told("ada", Some(10))), Err(NotPromoted::Share { now: 10, asked: 10 }));
        assert_eq!(promotion.tell(told("ada", None)), Ok(10));
        let already = Err(NotPromoted::Already { by: "ada".to_owned() });
        assert_eq!(promotion.tell(told("bert", Some(50))), already);
        assert_eq!(soaking.close(), Some(told("ada", None)));
        assert_eq!(promotion.tell(told("bert", None)), already, "it has not gone on yet");
        soaking.leave();
        assert_eq!(promotion.tell(told("bert", None)), already, "nor is it forgotten who told it");
    }

    #[test]
    fn what_ended_by_itself_or_was_stopped_is_told_nothing() {
        let promotion = Promotion::default();
        let soaking = promotion.open(10);
        assert_eq!(soaking.close(), None);
        assert_eq!(promotion.tell(told("ada", None)), Err(NotPromoted::NotTried { at: None }));
        drop(promotion.open(50));
        assert_eq!(promotion.tell(told("ada", None)), Err(NotPromoted::NotTried { at: None }));
    }
}
