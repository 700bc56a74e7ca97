//! A text in the editor of the operator.

use std::fs::{OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
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

/// Lets the editor change a text, and returns it without the line breaks at its end. The text stands in a folder of its own that
/// only the operator can read, and is gone afterwards with all that the editor left beside it.
pub(in crate::console) fn edit(text: &str, editor: Option<&str>, folder: &Path) -> Result<String, EditError> {
    let editor = editor.map(str::trim).filter(|editor| !editor.is_empty()).ok_or(EditError::Unnamed)?;
    let mut own = tempfile::Builder::new();
    let own = own.prefix("sigyl-").permissions(Permissions::from_mode(0o700)).tempdir_in(folder);
    let own = own.map_err(EditError::File)?;
    let edited = edit_in(own.path(), text, editor);
    // What was written stays nowhere, and who cannot be rid of it is told.
    own.close().map_err(EditError::File).and(edited)
}

fn edit_in(folder: &Path, text: &str, editor: &str) -> Result<String, EditError> {
    let path = folder.join("text.txt");
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(&path);
    file.and_then(|mut file| writeln!(file, "{text}")).map_err(EditError::File)?;
    // As git does it: the editor may be named with arguments of its own.
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{editor} \"$@\"")).arg(editor).arg(&path);
    let status = command.status().map_err(EditError::Start)?;
    if !status.success() {
        return Err(EditError::Ended(status));
    }
    // Many editors put another file in its place.
    let mut written = String::new();
    let read = std::fs::File::open(&path).map_err(EditError::File)?;
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
    fn what_an_editor_leaves_beside_the_text_is_gone_too_and_nobody_else_reads_it() {
        let leaves = "sh -c 'cp \"$1\" \"$1~\"; stat -c %a \"$(dirname \"$1\")\" \"$1\" >\"$1.new\"; mv \"$1.new\" \"$1\"' x";
        assert_eq!(edited("a", Some(leaves)).unwrap(), "700\n600");
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
