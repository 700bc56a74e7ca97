//! The server over HTTP comes with its own issue; until then this program says so and fails.

use std::io::{self, Write as _};
use std::process::ExitCode;

fn main() -> ExitCode {
    match writeln!(
        io::stderr(),
        "sigyl-server is not built yet: use `sigyl serve`, which owns a data directory"
    ) {
        Ok(()) | Err(_) => ExitCode::from(2),
    }
}
