//! Closes what a launcher inherited, so that no server does.
//!
//! A shell, an editor or a supervisor may have left files, pipes and locks open in Sigyl without the flag that closes
//! them in a child. Landlock judges the opening of a file, and not the use of one that is open.

use std::fs;
use std::io;
use std::os::fd::RawFd;

/// Closes every descriptor but the three standard ones.
///
/// Only a launcher calls it, first of all: nothing in the process owns a descriptor yet.
pub(super) fn close_inherited() -> io::Result<()> {
    let mut inherited = Vec::new();
    for entry in fs::read_dir("/proc/self/fd")? {
        let number = entry?.file_name().to_str().and_then(|name| name.parse::<RawFd>().ok());
        inherited.extend(number.filter(|number| *number > 2));
    }
    for number in inherited {
        match nix::unistd::close(number) {
            // The one of the listing is closed by now.
            Ok(()) | Err(nix::errno::Errno::EBADF) => {}
            // The descriptor is gone on Linux, whatever its last write failed with.
            Err(nix::errno::Errno::EINTR | nix::errno::Errno::EIO) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
