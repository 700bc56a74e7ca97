//! One step of the way: a list, what narrows it, and the line that has the keys.

use std::collections::BTreeSet;

use sigyl_core::domain::{
    Failure, GitHubAsker, GitHubInstallation, GitHubInstallations, GitHubRef, GitHubRefs, GitHubRepositories,
    GitHubRepository, RepositoriesOf, RepositoryName, RepositoryOwner, Timestamp,
};
use sigyl_core::wire::v1::{Request, Response};

use crate::console::loaded::Loaded;
use crate::console::widgets::Entry;
use crate::render::{Role, age, installation_sees, repository_marks};

/// What is listed.
pub(super) enum Listed {
    /// Where the App is installed.
    Installations(Loaded<GitHubInstallations>),
    /// Repositories.
    Repositories(RepositoriesOf, Loaded<GitHubRepositories>),
    /// Branches and tags.
    Refs(RepositoryName, Loaded<GitHubRefs>),
}

/// One line.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// What it is narrowed by, as it was told.
    pub(super) name: String,
    /// What stands beside it.
    pub(super) beside: String,
    /// How the latter is shown.
    pub(super) role: Role,
    /// Where it leads.
    pub(super) to: To,
}

/// Where a line leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum To {
    /// To repositories.
    Repositories(RepositoriesOf),
    /// Nowhere, and why.
    Nowhere(&'static str),
    /// To the branches and tags of a repository.
    Refs(RepositoryName),
    /// To an end: what a source calls it.
    Reference(RepositoryName, String),
}

/// One step.
pub(super) struct Level {
    pub(super) listed: Listed,
    pub(super) filter: Entry,
    pub(super) at: usize,
}

impl Level {
    pub(super) fn new(listed: Listed) -> Self {
        Self { listed, filter: Entry::default(), at: 0 }
    }

    /// What is asked for it.
    pub(super) fn ask(&mut self, now: Timestamp) -> Request {
        match &mut self.listed {
            Listed::Installations(loaded) => {
                loaded.ask(now);
                Request::GitHubInstallations
            }
            Listed::Repositories(of, loaded) => {
                loaded.ask(now);
                Request::GitHubRepositories { of: of.clone() }
            }
            Listed::Refs(repository, loaded) => {
                loaded.ask(now);
                Request::GitHubRefs { repository: repository.clone() }
            }
        }
    }

    pub(super) fn take(&mut self, answer: Result<Response, Failure>) {
        fn taken<T: crate::link::Answer>(answer: Result<Response, Failure>) -> Result<T, Failure> {
            answer.and_then(|it| T::take(it).map_err(|problem| problem.failure))
        }
        match &mut self.listed {
            Listed::Installations(loaded) => loaded.take(taken(answer)),
            Listed::Repositories(_, loaded) => loaded.take(taken(answer)),
            Listed::Refs(_, loaded) => loaded.take(taken(answer)),
        }
        self.at = self.at.min(self.rows(None).len().saturating_sub(1));
    }

    /// As whom GitHub is asked, where that is known here.
    pub(super) fn asker(&self) -> Option<GitHubAsker> {
        match &self.listed {
            Listed::Installations(loaded) => loaded.get().map(|all| all.asker),
            Listed::Repositories(..) | Listed::Refs(..) => None,
        }
    }

    /// Whether the list is known.
    pub(super) fn is_known(&self) -> bool {
        match &self.listed {
            Listed::Installations(loaded) => loaded.get().is_some(),
            Listed::Repositories(_, loaded) => loaded.get().is_some(),
            Listed::Refs(_, loaded) => loaded.get().is_some(),
        }
    }

    /// What a reader has to know of the list beside its lines.
    pub(super) fn says(&self, now: Timestamp) -> Option<(Role, String)> {
        match &self.listed {
            Listed::Installations(loaded) => loaded.says(now),
            Listed::Repositories(_, loaded) => loaded.says(now),
            Listed::Refs(_, loaded) => loaded.says(now),
        }
    }

    /// The lines that the filter leaves; their ages as of a moment, where they are shown.
    pub(super) fn rows(&self, now: Option<Timestamp>) -> Vec<Row> {
        let words: Vec<String> = self.filter.text().split_whitespace().map(str::to_lowercase).collect();
        let mut rows = self.all(now);
        rows.retain(|row| {
            let name = row.name.to_lowercase();
            words.iter().all(|word| name.contains(word))
        });
        rows
    }

    fn all(&self, now: Option<Timestamp>) -> Vec<Row> {
        match &self.listed {
            Listed::Installations(loaded) => loaded.get().map(installations),
            Listed::Repositories(_, loaded) => loaded.get().map(|all| repositories(all, now)),
            Listed::Refs(_, loaded) => loaded.get().map(refs),
        }
        .unwrap_or_default()
    }

    pub(super) fn selected(&self) -> Option<Row> {
        self.rows(None).into_iter().nth(self.at)
    }

    /// Where what was typed leads when no line is called so: to what somebody shows.
    pub(super) fn typed(&self) -> Option<To> {
        let Listed::Installations(loaded) = &self.listed else { return None };
        loaded.get()?;
        let owner = RepositoryOwner::parse(self.filter.text().trim()).ok()?;
        Some(To::Repositories(RepositoriesOf::Owner(owner)))
    }

    /// What was cut.
    pub(super) fn cut(&self) -> Option<String> {
        let said = |is_cut: bool, count: usize, what: &str| {
            is_cut.then(|| format!("{count} {what} are listed, and there are more."))
        };
        match &self.listed {
            Listed::Installations(loaded) => {
                loaded.get().and_then(|all| said(all.more, all.installations.len(), "installations"))
            }
            Listed::Repositories(_, loaded) => {
                loaded.get().and_then(|all| said(all.more, all.repositories.len(), "repositories"))
            }
            Listed::Refs(_, loaded) => loaded.get().and_then(|all| {
                let branches = said(all.more_branches, all.branches.len(), "branches");
                let tags = said(all.more_tags, all.tags.len(), "tags");
                let both: Vec<_> = branches.into_iter().chain(tags).collect();
                (!both.is_empty()).then(|| both.join(" "))
            }),
        }
    }

    /// What it is called in the line that says where one is.
    pub(super) fn title(&self) -> String {
        match &self.listed {
            Listed::Installations(_) => "GitHub".to_owned(),
            Listed::Repositories(RepositoriesOf::Owner(owner), _) => format!("GitHub: {owner}"),
            Listed::Repositories(..) => "GitHub: repositories".to_owned(),
            Listed::Refs(repository, _) => format!("GitHub: {repository}"),
        }
    }
}

fn installations(all: &GitHubInstallations) -> Vec<Row> {
    let row = |one: &GitHubInstallation| {
        let (beside, role, to) = match one.suspended {
            true => {
                ("suspended", Role::Warn, To::Nowhere("it is suspended: GitHub lets nothing be read there"))
            }
            false => {
                let to = To::Repositories(RepositoriesOf::Installation(one.id));
                (installation_sees(one), Role::Dim, to)
            }
        };
        Row { name: one.account.clone(), beside: beside.to_owned(), role, to }
    };
    all.installations.iter().map(row).collect()
}

fn repositories(all: &GitHubRepositories, now: Option<Timestamp>) -> Vec<Row> {
    let row = |one: &GitHubRepository| {
        let pushed = one.pushed_at.zip(now).map(|(at, now)| age(at, now));
        let marks = Some(repository_marks(one)).filter(|marks| !marks.is_empty()).map(str::to_owned);
        let beside: Vec<_> = marks.into_iter().chain(pushed).collect();
        let role = if one.private || one.archived { Role::Warn } else { Role::Dim };
        Row { name: one.name.to_string(), beside: beside.join(" · "), role, to: To::Refs(one.name.clone()) }
    };
    all.repositories.iter().map(row).collect()
}

fn refs(all: &GitHubRefs) -> Vec<Row> {
    let names = |all: &[GitHubRef]| all.iter().map(|one| one.name.clone()).collect::<BTreeSet<_>>();
    let (branches, tags) = (names(&all.branches), names(&all.tags));
    let row = |one: &GitHubRef, kind: String, whole: &str, others: &BTreeSet<String>| {
        // A name that is both is written so that it means one of the two.
        let is_both = others.contains(&one.name);
        let name = if is_both { format!("{whole}{}", one.name) } else { one.name.clone() };
        let beside = format!("{kind} · {}", one.commit.short());
        let to = To::Reference(all.repository.clone(), name);
        Row { name: one.name.clone(), beside, role: Role::Dim, to }
    };
    let branches_of = all.branches.iter().map(|one| {
        let first = if one.name == all.default_branch { ", shown first" } else { "" };
        row(one, format!("branch{first}"), "refs/heads/", &tags)
    });
    let tags_of = all.tags.iter().map(|one| row(one, "tag".to_owned(), "refs/tags/", &branches));
    branches_of.chain(tags_of).collect()
}
