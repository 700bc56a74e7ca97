//! Comments that answer a finding: `sigyl-ignore: RULE -- reason`, on its line or on the one before.

use super::file::FileText;
use super::lexer::TokenKind;
use crate::domain::{Objection, RuleId};

/// What such a comment begins with.
const MARK: &str = "sigyl-ignore:";
/// Such comments of one file that are read; whoever needs more needs a policy.
const MOST: usize = 200;

/// Finds the comments of a file that answer findings. Whether they count is for the policy to say.
pub(super) fn objections(file: &FileText<'_>) -> Vec<Objection> {
    let text = file.text();
    if !text.contains(MARK) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let comments = file.tokens().iter().filter(|token| token.kind == TokenKind::Comment);
    for token in comments {
        let Some(comment) = text.get(token.start..token.end) else { continue };
        for (at, _) in comment.match_indices(MARK) {
            let said = comment[at + MARK.len()..].lines().next().unwrap_or_default();
            let at = token.start + at;
            let (line, _) = file.place(at);
            // A comment that stands alone is for the line after it as well.
            let before = text[..token.start].rsplit('\n').next().unwrap_or_default();
            let alone = before.trim().is_empty();
            let last = if alone { line.saturating_add(1) } else { line };
            for (rule, reason) in read(said) {
                if found.len() == MOST {
                    return found;
                }
                found.push(Objection { rule, path: file.path().to_owned(), first: line, last, reason });
            }
        }
    }
    found
}

/// Reads `RULE, RULE -- reason`. What names no rule is an ordinary comment.
fn read(said: &str) -> Vec<(RuleId, Option<String>)> {
    let (rules, reason) = said.split_once("--").map_or((said, ""), |(rules, reason)| (rules, reason));
    let reason = reason.trim().trim_end_matches("*/").trim_end_matches("-->").trim();
    let reason = (!reason.is_empty()).then(|| reason.chars().filter(|c| !c.is_control()).take(200).collect());
    let rules = rules.trim().trim_end_matches("*/").split(',').filter_map(|id| RuleId::parse(id.trim()).ok());
    rules.map(|rule| (rule, Option::<String>::clone(&reason))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::proof::builtin;
    use super::super::{Scanner, Subject};
    use super::*;
    use crate::clock::FixedClock;
    use crate::domain::{Policy, Report, SuppressedBy, Suppressions, Verdict};
    use crate::source::{Limits, SourceTree};

    fn found(path: &str, text: &str) -> Vec<(String, u32, u32, Option<String>)> {
        let all = objections(&FileText::new(path, text)).into_iter();
        all.map(|one| (one.rule.to_string(), one.first, one.last, one.reason)).collect()
    }

    #[test]
    fn a_comment_is_for_its_line_or_for_the_next() {
        let why = Some("known".to_owned());
        let one = |first, last| vec![("a-b".to_owned(), first, last, why.clone())];
        assert_eq!(found("a.py", "x = 1  # sigyl-ignore: a-b -- known\n"), one(1, 1));
        assert_eq!(found("a.py", "\n# sigyl-ignore: a-b -- known\nx\n"), one(2, 3));
        assert_eq!(found("a.js", "/* sigyl-ignore: a-b -- known */\nx\n"), one(1, 2));
        assert_eq!(found("a.ts", "x(); // sigyl-ignore:a-b--known"), one(1, 1));
        let two = found("a.py", "# sigyl-ignore: a-b, c -- known\n");
        assert_eq!(two.iter().map(|one| one.0.as_str()).collect::<Vec<_>>(), ["a-b", "c"]);
    }

    #[test]
    fn what_is_no_comment_or_names_no_rule_answers_nothing() {
        for (path, text) in [
            ("a.py", "x = '# sigyl-ignore: a-b -- known'\n"),
            ("a.js", "const a = \"// sigyl-ignore: a-b -- known\";\n"),
            ("a.py", "# sigyl-ignore: * -- known\n"),
            ("a.py", "# sigyl-ignore: -- known\n"),
        ] {
            assert_eq!(found(path, text), [], "{text}");
        }
        assert_eq!(found("a.py", "# sigyl-ignore: a-b\n")[0].3, None, "a reason is missing");
        assert_eq!(found("a.py", &"# sigyl-ignore: a-b -- x\n".repeat(500)).len(), MOST);
    }

    fn scan(code: &str, suppressions: Suppressions) -> Report {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.py"), code).unwrap();
        let tree = SourceTree::from_folder(folder.path(), &Limits::default()).unwrap();
        let policy = Policy { suppressions, ..Policy::default() };
        Scanner::new(builtin(), policy).scan(&Subject::of(&tree), &FixedClock::default())
    }

    #[test]
    fn code_from_outside_does_not_acquit_itself() {
        let code = "# sigyl-ignore: debug-mode -- it is only a demo\napp.run(debug=True)\n";
        let report = scan(code, Suppressions::List);
        let debug =
            |report: &Report| report.standing().filter(|one| one.rule.as_str() == "debug-mode").count();
        assert_eq!(debug(&report), 1, "{:?}", report.findings);
        let [listed] = &report.suppressed[..] else { panic!("{:?}", report.suppressed) };
        assert_eq!((listed.by, listed.applied), (SuppressedBy::Comment, false));
        assert_eq!(listed.reason, "it is only a demo");
        let allowed = scan(code, Suppressions::Allow);
        assert_eq!((debug(&allowed), allowed.suppressed[0].applied), (0, true));
        assert!(allowed.score.value > report.score.value);
        let hidden = "x = 1 \u{e0041}\u{e0042}\u{e0043}\u{e0044}\u{e0045}\u{e0046}\n";
        let report = scan(hidden, Suppressions::Allow);
        let rules: Vec<_> = report.findings.iter().map(|one| one.rule.to_string()).collect();
        assert_eq!(report.verdict, Verdict::Block, "{rules:?}");
        let answered = format!("# sigyl-ignore: {} -- fine\n{hidden}", rules.join(", "));
        let report = scan(&answered, Suppressions::Allow);
        assert_eq!(report.verdict, Verdict::Block, "what blocks is not answered by a comment");
        assert!(!report.suppressed.is_empty());
    }
}
