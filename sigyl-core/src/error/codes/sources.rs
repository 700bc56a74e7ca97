//! Codes of sources that could not be taken.

use super::{CodeDoc, doc};

/// E01xx, in order.
pub(super) const SOURCES: [CodeDoc; 10] = [
    doc(
        "E0101",
        "source not found",
        "The folder, file, package or repository that was named does not exist.",
        "check the spelling; packages are written npm:NAME or pypi:NAME",
    ),
    doc(
        "E0102",
        "source empty or too large",
        "The source holds no files, or more than the limits allow.",
        "point at the folder of the server itself",
    ),
    doc(
        "E0103",
        "bad archive",
        "The archive is damaged or tries to write outside its own folder.",
        "unpack it by hand and look; do not deploy it",
    ),
    doc(
        "E0104",
        "source changed",
        "The bytes differ from those that were scanned and admitted.",
        "start again, so that what is there now is scanned",
    ),
    doc(
        "E0105",
        "tool missing",
        "A program that this source or runtime needs was not found on the PATH.",
        "`sigyl doctor` lists the tools that it looks for",
    ),
    doc(
        "E0106",
        "tool failed",
        "npm, pip, git or cargo ended with an error while the source was fetched or its lock was made, or the \
         dependencies cannot be pinned.",
        "run the command that is shown by hand, or mend the file that is named",
    ),
    doc(
        "E0107",
        "offline",
        "The operation needs the network and --offline forbids it.",
        "run again without --offline",
    ),
    doc(
        "E0108",
        "source unreadable",
        "The operating system refused to read a file of the source.",
        "check the permissions of the file that is named",
    ),
    doc(
        "E0109",
        "host beyond reach",
        "The server fetches no source from a host whose address is not public, unless its settings name the host.",
        "who runs the server may name the host in `[sources] allow`",
    ),
    doc(
        "E0110",
        "repository not fetched",
        "GitHub did not give the archive of a repository: it cannot be reached, asks to wait, or refuses the token or the App.",
        "read the cause; `[github]` in the configuration names the token or the App",
    ),
];
