//! A report, in the form that was asked for.

use std::path::{Component, Path};

use sigyl_core::domain::{Locator, Report};
use sigyl_core::scan::RuleSet;
use sigyl_core::scan::render::{self as form, Origin};

use super::Context;
use crate::problem::Problem;
use crate::render::{self, Pages};
use crate::settings::Format;

/// Writes a report.
pub(super) fn write(
    report: &Report,
    rules: &RuleSet,
    origin: &Origin,
    pages: Option<&Pages<'_>>,
    cx: &mut Context,
) -> Result<(), Problem> {
    let text = match cx.output.format {
        Format::Plain => render::report(report, &cx.output.look, pages),
        Format::Json => form::json(report),
        Format::Jsonl => form::jsonl(report),
        Format::Sarif => form::sarif(report, rules, origin),
        Format::Junit => form::junit(report, origin),
        Format::Markdown => form::markdown(report, origin),
        Format::Github => form::github(report, origin),
    };
    cx.output.document_text(&text)
}

/// Tells where the paths of a source are meant from: a folder below this one has its paths from here, as code hosts
/// want them.
pub(super) fn origin(source: &Locator) -> Origin {
    let folder = match source {
        Locator::Path(path) => below(path).unwrap_or_default(),
        _ => String::new(),
    };
    Origin { folder, file: None }
}

/// Writes a relative path with `/`, if it stays below where it starts.
fn below(path: &Path) -> Option<String> {
    let mut parts = Vec::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::ParentDir => drop(parts.pop()?),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_below_this_one_is_named_from_here() {
        for (path, folder) in
            [(".", ""), ("./a/b/", "a/b"), ("a/../b", "b"), ("../x", ""), ("/srv/x", ""), ("a", "a")]
        {
            assert_eq!(origin(&Locator::parse(path).unwrap()).folder, folder, "{path}");
        }
        assert_eq!(origin(&Locator::parse("npm:a").unwrap()), Origin::default());
    }
}
