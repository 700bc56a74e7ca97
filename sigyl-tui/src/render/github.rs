//! What is at GitHub.

use sigyl_core::domain::{
    GitHubFiles, GitHubInstallation, GitHubRef, GitHubRefs, GitHubRepository, Timestamp,
};

use super::table::{Cell, Column, Table};
use super::{Look, Role, age, specimen};

/// Writes where an App is installed.
pub(crate) fn github_installations(all: &[GitHubInstallation], look: &Look) -> String {
    let columns =
        [Column::key("ACCOUNT"), Column::right("ID"), Column::left("SEES"), Column::flexible("STATE")];
    let mut table = Table::new(columns);
    for one in all {
        table.push([
            Cell::new(Role::Strong, specimen(&one.account)),
            one.id.to_string().into(),
            installation_sees(one).into(),
            Cell::new(Role::Warn, if one.suspended { "suspended" } else { "" }),
        ]);
    }
    table.render(look)
}

/// Says which repositories an installation sees.
pub(crate) fn installation_sees(one: &GitHubInstallation) -> &'static str {
    if one.selected { "chosen repositories" } else { "all repositories" }
}

/// Writes repositories.
pub(crate) fn github_repositories(all: &[GitHubRepository], look: &Look, now: Timestamp) -> String {
    let mut table = Table::new([
        Column::key("REPOSITORY"),
        Column::left("IS"),
        Column::flexible("BRANCH"),
        Column::right("PUSHED"),
    ]);
    for one in all {
        table.push([
            Cell::new(Role::Strong, one.name.as_str()),
            Cell::new(Role::Warn, repository_marks(one)),
            specimen(&one.default_branch).into(),
            Cell::new(Role::Dim, one.pushed_at.map_or_else(|| "never".to_owned(), |at| age(at, now))),
        ]);
    }
    table.render(look)
}

/// Says what a repository is beside public and in use.
pub(crate) fn repository_marks(one: &GitHubRepository) -> &'static str {
    match (one.private, one.archived) {
        (true, true) => "private, archived",
        (true, false) => "private",
        (false, true) => "archived",
        (false, false) => "",
    }
}

/// Writes the branches and tags of a repository, and what was found at the branch that it shows first.
pub(crate) fn github_refs(refs: &GitHubRefs, files: &GitHubFiles, look: &Look) -> String {
    let mut table = Table::new([Column::key("REF"), Column::left("KIND"), Column::left("COMMIT")]);
    let mut push = |one: &GitHubRef, kind: &str| {
        table.push([
            Cell::new(Role::Strong, specimen(&one.name)),
            kind.into(),
            Cell::new(Role::Dim, one.commit.short()),
        ]);
    };
    for branch in &refs.branches {
        let is_first = branch.name == refs.default_branch;
        push(branch, if is_first { "branch, shown first" } else { "branch" });
    }
    refs.tags.iter().for_each(|tag| push(tag, "tag"));
    let nothing = refs.branches.is_empty() && refs.tags.is_empty();
    let table = if nothing { String::new() } else { table.render(look) };
    format!("{}: {}\n{table}", refs.repository, github_files(files))
}

/// Says what stands at the root of a repository.
pub(crate) fn github_files(files: &GitHubFiles) -> String {
    let found = match (&files.commit, files.files.as_slice()) {
        (None, _) => return "it is empty".to_owned(),
        (Some(_), []) => "nothing at its root says what it is".to_owned(),
        (Some(_), found) => found.iter().map(|name| specimen(name)).collect::<Vec<_>>().join(", "),
    };
    let cut = if files.more { " (its root holds more than GitHub tells)" } else { "" };
    format!("{found}{cut}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_that_strangers_push_are_shown_and_never_done() {
        let refs = json!({
            "repository": "octo/x", "default_branch": "main", "more_branches": false, "more_tags": false,
            "branches": [{"name": "main", "commit": "0a".repeat(20)}, {"name": "a\u{1b}[2J\u{202e}", "commit": "0b".repeat(20)}],
            "tags": [{"name": "v1", "commit": "0a".repeat(20)}],
        });
        let files =
            json!({"commit": "0a".repeat(20), "files": ["sigyl.yaml", "package.json"], "more": false});
        let (refs, files) = (serde_json::from_value(refs).unwrap(), serde_json::from_value(files).unwrap());
        insta::assert_snapshot!(github_refs(&refs, &files, &Look::PLAIN), @"
        octo/x: sigyl.yaml, package.json
        REF             KIND                 COMMIT
        main            branch, shown first  0a0a0a0a0a0a
        a⟦ESC⟧[2J⟦RLO⟧  branch               0b0b0b0b0b0b
        v1              tag                  0a0a0a0a0a0a
        ");
        let empty = serde_json::from_value(json!({"commit": null, "files": [], "more": false})).unwrap();
        assert_eq!(github_files(&empty), "it is empty");
    }

    #[test]
    fn what_is_not_for_everybody_or_over_is_marked() {
        let all: Vec<GitHubRepository> = serde_json::from_value(json!([
            {"name": "octo/x", "private": true, "archived": true, "default_branch": "main", "pushed_at": "2026-11-22T13:00:00Z"},
            {"name": "octo/y", "private": false, "archived": false, "default_branch": "m\u{7}", "pushed_at": null},
        ]))
        .unwrap();
        let now = crate::fixtures::now();
        insta::assert_snapshot!(github_repositories(&all, &Look::PLAIN, now), @"
        REPOSITORY  IS                 BRANCH      PUSHED
        octo/x      private, archived  main       1 h ago
        octo/y                         m⟦U+0007⟧    never
        ");
        let all: Vec<GitHubInstallation> = serde_json::from_value(json!([
            {"id": 7, "account": "octo", "selected": true, "suspended": false},
            {"id": 8, "account": "org", "selected": false, "suspended": true},
        ]))
        .unwrap();
        insta::assert_snapshot!(github_installations(&all, &Look::PLAIN), @"
        ACCOUNT  ID  SEES                 STATE
        octo      7  chosen repositories
        org       8  all repositories     suspended
        ");
    }
}
