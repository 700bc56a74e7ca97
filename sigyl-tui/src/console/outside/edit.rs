//! A text in the editor of the operator.

use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, ExitStatus};

/// Bytes that are read of what was written.
const BYTES: u64 = 1 << 20;

/// Why a text does not come back.
#[derive(Debug, thiserror::Error)]
pub(in crate::console) enum EditError {
    /// No editor is named.
    #[error("no editor is named: set VISUAL or EDITOR")]
    Unnamed,
    /// The file that it is in.
    #[error("the file for the editor failed: {0}")]
    File(#[source] io::Error),
    /// It cannot be started.
    #[error("the editor could not be started: {0}")]
    Start(#[source] io::Error),
    /// It did not end well.
    #[error("the editor ended with {0}: the text is as it was")]
    Ended(ExitStatus),
    /// It is too much for a field.
    #[error("the text is larger than 1 MiB: it is as it was")]
    Large,
}

/// Lets the editor change a text, and returns it without the line breaks at its end. The text stands in a file of its own that
/// only the operator can read, and is gone afterwards.
pub(in crate::console) fn edit(text: &str, editor: Option<&str>, folder: &Path) -> Result<String, EditError> {
    let editor = editor.map(str::trim).filter(|editor| !editor.is_empty()).ok_or(EditError::Unnamed)?;
    let builder = tempfile::Builder::new().prefix("sigyl-").suffix(".txt").tempfile_in(folder);
    let mut file = builder.map_err(EditError::File)?;
    writeln!(file, "{text}").and_then(|()| file.flush()).map_err(EditError::File)?;
    // As git does it: the editor may be named with arguments of its own.
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{editor} \"$@\"")).arg(editor).arg(file.path());
    let status = command.status().map_err(EditError::Start)?;
    if !status.success() {
        return Err(EditError::Ended(status));
    }
    // Many editors put another file in its place.
    let mut written = String::new();
    let read = std::fs::File::open(file.path()).map_err(EditError::File)?;
    let bytes = read.take(BYTES + 1).read_to_string(&mut written).map_err(EditError::File)?;
    if bytes as u64 > BYTES {
        return Err(EditError::Large);
    }
    Ok(written.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(text: &str, editor: Option<&str>) -> Result<String, EditError> {
        let folder = tempfile::tempdir().unwrap();
        let edited = edit(text, editor, folder.path());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
        edited
    }

    #[test]
    fn what_the_editor_wrote_comes_back() {
        assert_eq!(edited("a b", Some("sed -i s/b/c/")).unwrap(), "a c");
        assert_eq!(edited("a", Some("true")).unwrap(), "a");
        assert_eq!(edited("$(x) \"q\"", Some("true")).unwrap(), "$(x) \"q\"", "nothing of it is run");
    }

    #[test]
    fn an_editor_that_fails_changes_nothing() {
        assert!(matches!(edited("a", None), Err(EditError::Unnamed)));
        assert!(matches!(edited("a", Some(" ")), Err(EditError::Unnamed)));
        assert!(matches!(edited("a", Some("false")), Err(EditError::Ended(_))));
        let large = "sh -c 'head -c 2000000 /dev/zero | tr \"\\0\" x > \"$1\"' x";
        assert!(matches!(edited("a", Some(large)), Err(EditError::Large)));
    }
}
