//! One review: ask about each piece within the budget, read the answers strictly, put them into the report.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};
use tokio::time::Instant;

use super::super::amend::{REVIEWER, amend};
use super::super::evidence::{Masker, bounded};
use super::ask::{Endpoint, ask};
use super::budget::{Budget, Tokens, at_most};
use super::cache::ReviewCache;
use super::courier::Courier;
use super::line::{self, Line};
use super::merge::{Merger, RULE};
use super::piece::Piece;
use super::prompt::{self, Marks};
use super::reply::{self, Reply, Terms};
use super::settings::{ReviewWhen, ReviewerError, ReviewerSettings};
use super::told::{self, Course};
use super::trouble::Trouble;
use super::work::ReviewWork;
use super::{address, redact};
use crate::clock::Clock;
use crate::domain::{Analyzer, AnalyzerStatus, Digest, Policy, Report, RuleId, SecretValue};
use crate::source::Progress;

/// Asks one language model. Nothing is sent before [`Reviewer::review`].
#[derive(Debug)]
pub struct Reviewer {
    settings: ReviewerSettings,
    endpoint: Arc<Endpoint>,
    http: reqwest::Client,
    line: Arc<dyn Line>,
    cache: Option<Arc<dyn ReviewCache>>,
    masker: Masker,
    rule: RuleId,
    /// Why nobody is asked at all.
    closed: Option<Trouble>,
}

/// What came of one piece.
type Answered = Result<(Reply, bool), Trouble>;

impl Reviewer {
    /// Makes a reviewer of checked settings; `key` is what their variable holds.
    pub fn new(
        settings: ReviewerSettings,
        key: Option<&SecretValue>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ReviewerError> {
        settings.check()?;
        let http = line::client(&settings)?;
        let line = Arc::new(line::Http::new(http.clone(), clock));
        let endpoint = Arc::new(Endpoint::new(address::base(&settings.base_url)?, key)?);
        let masker = Masker::new().map_err(|error| ReviewerError::Client(error.to_string()))?;
        let rule = RuleId::parse(RULE).map_err(|error| ReviewerError::Client(error.to_string()))?;
        let closed = (settings.review == ReviewWhen::Never).then_some(Trouble::Off);
        Ok(Self { settings, endpoint, http, line, cache: None, masker, rule, closed })
    }

    /// Keeps answers for later reviews.
    pub fn with_cache(self, cache: Arc<dyn ReviewCache>) -> Self {
        Self { cache: Some(cache), ..self }
    }

    /// Refuses to ask anybody but this machine.
    pub fn offline(mut self, offline: bool) -> Self {
        if offline && !address::is_local(&self.settings.base_url) {
            self.closed.get_or_insert(Trouble::Offline(self.settings.base_url.clone()));
        }
        self
    }

    /// Returns how it is configured.
    pub fn settings(&self) -> &ReviewerSettings {
        &self.settings
    }

    #[cfg(test)]
    pub(super) fn with_line(self, line: Arc<dyn Line>) -> Self {
        Self { line, ..self }
    }

    /// Reviews what `work` shows and returns `report` with what was found, and with how the review went. It never
    /// fails: what was not answered is a gap in the report.
    pub async fn review(
        &self,
        work: ReviewWork,
        mut report: Report,
        policy: &Policy,
        progress: &dyn Progress,
    ) -> Report {
        if let Some(why) = work.nothing {
            let reason = Some(why.to_owned());
            let idle = Analyzer { name: REVIEWER.to_owned(), status: AnalyzerStatus::Skipped, reason };
            amend(&mut report, idle, policy);
            return report;
        }
        let budget = Arc::new(Budget::new(&self.settings));
        let pieces: Vec<Piece> = work.pieces.into_iter().map(|piece| self.without_key(piece)).collect();
        let answers = self.answers(&pieces, &budget, progress).await;
        let mut course = Course { left_out: work.left_out, ..Course::default() };
        let (masker, rule, worst) = (&self.masker, &self.rule, self.settings.max_severity);
        let mut merger = Merger::new(report, policy, masker, rule, worst);
        for (piece, answer) in pieces.iter().zip(answers) {
            match answer {
                Ok((reply, known)) => {
                    course.answered += 1;
                    course.known += usize::from(known);
                    merger.take(piece, &reply);
                }
                Err(trouble) => course.failed.push((piece.title.clone(), trouble)),
            }
        }
        (course.added, course.raised) = (merger.added, merger.raised);
        let mut report = merger.report;
        let mut analyzer = course.analyzer(&self.settings, &budget);
        analyzer.reason = analyzer.reason.map(|reason| self.without_secrets(&reason));
        amend(&mut report, analyzer, policy);
        report
    }

    /// Gets an answer for each piece, in their order.
    async fn answers(
        &self,
        pieces: &[Piece],
        budget: &Arc<Budget>,
        progress: &dyn Progress,
    ) -> Vec<Answered> {
        if let Some(closed) = &self.closed {
            return pieces.iter().map(|_| Err(closed.clone())).collect();
        }
        let known = self.known(pieces).await;
        let asks = known.iter().filter(|known| known.is_none()).count();
        let open = pieces.iter().zip(&known).filter(|(_, known)| known.is_none()).map(|(piece, _)| piece);
        let most = open.map(|piece| self.may_take(piece)).fold(Tokens::default(), |all, one| Tokens {
            input: all.input + one.input,
            output: all.output + one.output,
        });
        progress.log(&told::estimate(&self.settings, budget, asks, pieces.len() - asks, most));
        let round = Round {
            reviewer: self,
            budget,
            ends: Instant::now() + Duration::from_secs(self.settings.deadline_seconds),
            broken: Mutex::default(),
        };
        let mut asked = Vec::with_capacity(pieces.len());
        for (at, (piece, known)) in pieces.iter().zip(known).enumerate() {
            asked.push(round.one(at, piece, known).boxed());
        }
        let open = usize::from(self.settings.concurrency);
        let mut answers: Vec<_> = futures_util::stream::iter(asked).buffer_unordered(open).collect().await;
        answers.sort_by_key(|(at, _)| *at);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    /// Returns what is known from before of each piece.
    async fn known(&self, pieces: &[Piece]) -> Vec<Option<Reply>> {
        let Some(cache) = self.cache.clone() else { return vec![None; pieces.len()] };
        let keys: Vec<Digest> = pieces.iter().map(|piece| self.key(piece)).collect();
        let read = move || keys.iter().map(|key| cache.get(key)).collect::<Vec<_>>();
        // What cannot be read is asked again.
        let found = tokio::task::spawn_blocking(read).await.unwrap_or_default();
        let read = |(piece, entry): (&Piece, Option<Vec<u8>>)| {
            let text = String::from_utf8(entry?).ok()?;
            reply::read(&text, &self.terms(piece, "")).ok()
        };
        let mut known: Vec<_> = pieces.iter().zip(found).map(read).collect();
        known.resize(pieces.len(), None);
        known
    }

    async fn keep(&self, piece: &Piece, reply: &Reply) {
        let Some(cache) = self.cache.clone() else { return };
        let key = self.key(piece);
        let kept = Reply { receipt: String::new(), ..reply.clone() };
        let Ok(entry) = serde_json::to_vec(&kept) else { return };
        // A cache that loses an entry costs a question.
        tokio::task::spawn_blocking(move || cache.put(&key, &entry)).await.ok();
    }

    /// Returns what tells the answer to this piece from others: content, model and prompt.
    fn key(&self, piece: &Piece) -> Digest {
        let parts = [
            prompt::version(),
            &self.settings.base_url,
            &self.settings.model,
            &self.settings.max_severity.to_string(),
            piece.shown.word(),
            &prompt::subject(piece),
            &prompt::heard(piece),
        ];
        let text: String = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
        Digest::of(text.as_bytes())
    }

    fn terms<'a>(&self, piece: &Piece, receipt: &'a str) -> Terms<'a> {
        let worst = self.settings.max_severity;
        Terms { receipt, parts: piece.parts.len(), heard: piece.heard.len(), worst }
    }

    /// Returns what one try about a piece may take.
    fn may_take(&self, piece: &Piece) -> Tokens {
        let text = prompt::subject(piece).len() + prompt::heard(piece).len();
        let output = u64::from(self.settings.max_answer_tokens);
        Tokens { input: at_most(text + prompt::overhead()), output }
    }

    /// Takes the reviewer's own key out, should a subject hold it.
    fn without_key(&self, mut piece: Piece) -> Piece {
        let own = [self.endpoint.key()];
        for part in &mut piece.parts {
            if part.text.contains(own[0]) || part.label.contains(own[0]) {
                part.text = redact::redact(&self.masker, &part.text, false, &own);
                part.label = redact::redact(&self.masker, &part.label, false, &own);
            }
        }
        piece
    }

    fn without_secrets(&self, reason: &str) -> String {
        redact::redact(&self.masker, reason, false, &[self.endpoint.key()]).replace('\n', " ")
    }
}

/// What the questions of one review have in common.
struct Round<'a> {
    reviewer: &'a Reviewer,
    budget: &'a Arc<Budget>,
    ends: Instant,
    /// What makes every further question useless.
    broken: Mutex<Option<Trouble>>,
}

impl Round<'_> {
    async fn one(&self, at: usize, piece: &Piece, known: Option<Reply>) -> (usize, Answered) {
        match known {
            Some(reply) => (at, Ok((reply, true))),
            None => (at, self.answer(piece).await.map(|reply| (reply, false))),
        }
    }

    async fn answer(&self, piece: &Piece) -> Result<Reply, Trouble> {
        if let Some(broken) = self.broken.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            return Err(broken);
        }
        let deadline = Duration::from_secs(self.reviewer.settings.deadline_seconds);
        let asked = tokio::time::timeout_at(self.ends, self.asked(piece)).await;
        let answer = asked.unwrap_or(Err(Trouble::Deadline(deadline)));
        match &answer {
            Ok(reply) => self.reviewer.keep(piece, reply).await,
            Err(trouble) if trouble.is_for_all() => {
                let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
                broken.get_or_insert_with(|| trouble.clone());
            }
            Err(_) => {}
        }
        answer
    }

    async fn asked(&self, piece: &Piece) -> Result<Reply, Trouble> {
        let (reviewer, settings) = (self.reviewer, &self.reviewer.settings);
        let marks = Marks::new().map_err(|error| Trouble::Question(error.to_string()))?;
        let question = prompt::request(
            piece,
            &marks,
            &settings.model,
            settings.max_answer_tokens,
            settings.max_severity,
        );
        let aside = reviewer.may_take(piece);
        self.budget.set_aside(aside)?;
        let courier = Courier {
            line: reviewer.line.clone(),
            budget: self.budget.clone(),
            aside,
            attempts: settings.attempts,
            timeout: Duration::from_secs(settings.timeout_seconds),
        };
        let answer = ask(&reviewer.http, &reviewer.endpoint, courier, &question).await?;
        if let Some(taken) = answer.taken() {
            self.budget.settle(aside, taken);
        }
        let text = answer.text().map_err(|trouble| self.shown(trouble))?;
        reply::read(text, &reviewer.terms(piece, &marks.receipt))
    }

    /// Bounds what a stranger says in a reason.
    fn shown(&self, trouble: Trouble) -> Trouble {
        match trouble {
            Trouble::Refused(text) => Trouble::Refused(bounded(&self.reviewer.masker.mask(&text))),
            other => other,
        }
    }
}
