//! The rules that come with Sigyl, and those of the user's own folders.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use sigyl_core::domain::Kind;
use sigyl_core::scan::RuleSet;

use crate::problem::{Problem, chain};

/// Files of rules in one folder.
const FILES: usize = 500;
/// Bytes of one of them; the rules themselves allow less.
const BYTES: u64 = 1 << 20;

/// Compiles the rules that come with Sigyl and those of `folders`.
pub(crate) fn rule_set(folders: &[PathBuf]) -> Result<RuleSet, Problem> {
    let builtin = RuleSet::builtin()
        .map_err(|error| Problem::failed("E0999", Kind::Internal, chain(&error), "report this"))?;
    if folders.is_empty() {
        return Ok(builtin);
    }
    let mut files = Vec::new();
    for folder in folders {
        files.extend(read(folder).map_err(|why| wrong(&format!("{}: {why}", folder.display())))?);
    }
    builtin.with_pattern_files(&files).map_err(|problems| {
        let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
        wrong(&lines.join("\n"))
    })
}

/// Runs the samples that the rules of `folders` carry, and returns what does not hold.
pub(crate) fn unproved(rules: &RuleSet, folders: &[PathBuf]) -> Result<Vec<String>, Problem> {
    if folders.is_empty() {
        return Ok(Vec::new());
    }
    let builtin = rule_set(&[])?;
    let own = rules.metas().into_iter().filter(|meta| builtin.meta(&meta.id).is_none());
    Ok(own.flat_map(|meta| rules.unproved_of(&meta.id)).collect())
}

/// Reads the YAML files of a folder, in the order of their names.
fn read(folder: &Path) -> Result<Vec<(String, String)>, String> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| error.to_string())? {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    match paths.len() {
        0 => return Err("it holds no .yaml file".to_owned()),
        many if many > FILES => return Err(format!("it holds {many} .yaml files, {FILES} at most")),
        _ => {}
    }
    paths.iter().map(|path| Ok((path.display().to_string(), text(path)?))).collect()
}

fn text(path: &Path) -> Result<String, String> {
    let said = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut text = String::new();
    let file = fs::File::open(path).map_err(said)?;
    file.take(BYTES + 1).read_to_string(&mut text).map_err(said)?;
    Ok(text)
}

fn wrong(message: &str) -> Problem {
    Problem::wrong_use(
        "E0029",
        message,
        "correct the rules that are named; docs/scan.md describes their form",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "id: my-own\ntitle: T\ncategory: form\nseverity: info\nconfidence: low\nlooks_at: [tool]\n\
                        patterns: ['abc']\nwhy: w\nfix: f\ntaxa: []\nreferences: []\n";

    fn made(files: &[(&str, &str)]) -> Result<RuleSet, String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        rule_set(&[folder.path().to_owned()]).map_err(|problem| problem.failure.message)
    }

    #[test]
    fn the_users_own_rules_join_the_others() {
        let set = made(&[("a.yaml", RULE), ("notes.txt", "no rule")]).unwrap();
        assert!(set.metas().iter().any(|meta| meta.id.as_str() == "my-own"));
        assert!(set.metas().len() > 20);
    }

    #[test]
    fn a_folder_without_rules_or_with_wrong_ones_is_refused_with_every_reason() {
        assert!(made(&[("notes.txt", "x")]).unwrap_err().ends_with("it holds no .yaml file"));
        assert!(rule_set(&["/nonexistent".into()]).is_err());
        let wrong =
            made(&[("a.yaml", &RULE.replace("abc", "a(")), ("b.yml", &RULE.replace("title", "titel"))]);
        let wrong = wrong.unwrap_err();
        assert!(wrong.contains("a.yaml:7: my-own: `patterns`") && wrong.contains("b.yml:"), "{wrong}");
        assert!(made(&[("a.yaml", &RULE.replace("my-own", "debug-mode"))]).unwrap_err().contains("already"));
    }
}
