//! `sigyl events`: what happened to servers outside of runs, or every change.

use std::str::FromStr;

use clap::builder::PossibleValuesParser;
use serde::Serialize;
use sigyl_core::domain::{Seq, ServerName};
use sigyl_core::event::{Event, EventKind};
use sigyl_core::wire::v1::{Frame, Request};

use super::Context;
use super::pieces::Pieces;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::{self, Look};

const EXAMPLES: &str = "\
Examples:
  sigyl events clock
      Health, restarts and changed tools of one server, oldest first.
  sigyl events --since 812 -f --server https://mcp.example.org
      Every change after event 812, of runs too, and what comes; each line begins with its number.";

/// Show health, restarts and changed tools, or every change
///
/// The events of one run are shown by `sigyl watch RUN`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The server; all of them when absent
    name: Option<ServerName>,
    /// Stay and show what comes
    #[arg(short, long)]
    follow: bool,
    /// Events from the past
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 100)]
    limit: usize,
    /// Every change after the event with this number, of runs too; `now` is from now on
    #[arg(long, value_name = "NUMBER", conflicts_with = "limit")]
    since: Option<Since>,
    /// Only changes of these kinds, such as run,activated,health
    #[arg(long = "kind", value_name = "KIND", value_delimiter = ',', value_parser = PossibleValuesParser::new(EventKind::NAMES), requires = "since")]
    kinds: Vec<String>,
}

/// Where changes are told from.
#[derive(Clone, Copy, Debug)]
enum Since {
    Now,
    After(Seq),
}

impl FromStr for Since {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "now" => Ok(Self::Now),
            number => number.parse().map(|number| Self::After(Seq(number))).map_err(|_| "a number, or `now`"),
        }
    }
}

/// A piece of the feed.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum News {
    Event(Box<Event>),
    /// Where it stands: whoever goes on after this number misses nothing.
    Open {
        open: Seq,
    },
    Gap {
        gap: String,
    },
}

impl News {
    fn of(frame: Frame) -> Option<Self> {
        match frame {
            Frame::Event(event) => Some(Self::Event(event)),
            Frame::Mark { seq } => Some(Self::Open { open: seq }),
            Frame::Gap { why, .. } => Some(Self::Gap { gap: why }),
            _ => None,
        }
    }

    fn plain(&self, look: &Look) -> String {
        match self {
            Self::Event(event) => format!("{}  {}", event.seq, render::event(event, look)),
            Self::Open { open } => format!("{open}  from here on\n"),
            Self::Gap { gap } => format!("-  {}\n", render::specimen(gap)),
        }
    }
}

impl Args {
    /// Does it.
    pub(super) async fn run(self, cx: &mut Context) -> Result<Exit, Problem> {
        if let Some(since) = self.since {
            return self.changes(since, cx).await;
        }
        let pieces = Pieces {
            pick: |frame| match frame {
                Frame::Event(event) => Some(*event),
                _ => None,
            },
            plain: render::event,
            schema: "sigyl.events/1",
            field: "events",
            none: "No events yet.",
        };
        let request = Request::Events { name: self.name, limit: self.limit, follow: self.follow };
        pieces.show(request, self.follow, cx).await
    }

    async fn changes(self, since: Since, cx: &mut Context) -> Result<Exit, Problem> {
        let after = match since {
            Since::Now => None,
            Since::After(seq) => Some(seq),
        };
        let pieces = Pieces {
            pick: News::of,
            plain: News::plain,
            schema: "sigyl.feed/1",
            field: "events",
            none: "No changes yet.",
        };
        let request = Request::Feed { after, server: self.name, kinds: self.kinds, follow: self.follow };
        pieces.show(request, self.follow, cx).await
    }
}
