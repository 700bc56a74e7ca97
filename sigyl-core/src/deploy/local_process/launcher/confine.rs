//! The confined stage: limits itself for good, then becomes the server.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use rustix::process::{Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setrlimit};
use rustix::thread::{CapabilitySet, remove_capability_from_bounding_set, set_no_new_privs};

use super::channel::{read, receive_fds, write};
use super::{Limits, StartSpec, Told};

/// Becomes the server; returns the exit code of the launcher only if that fails.
pub(super) fn run() -> i32 {
    let Ok(control) = io::stdin().as_fd().try_clone_to_owned() else { return 125 };
    let mut control = UnixStream::from(control);
    match become_server(&mut control) {
        Ok(never) => match never {},
        Err(why) => {
            // Without the keeper nobody is left to tell.
            write(&mut control, &Told::Refused { why }).ok();
            125
        }
    }
}

fn become_server(control: &mut UnixStream) -> Result<std::convert::Infallible, String> {
    let failed = |what: &str| {
        let what = what.to_owned();
        move |error: io::Error| format!("could not {what}: {error}")
    };
    let mut fds = receive_fds(control, 1).map_err(failed("receive standard input"))?;
    let stdin: OwnedFd = fds.pop().ok_or("could not receive standard input")?;
    let spec: StartSpec = read(control).map_err(failed("read what to start"))?;
    // The keeper's death is the server's: the last stop, should something kill the keeper.
    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| failed("follow the keeper")(error.into()))?;
    // From here on the keeper is known to have been alive after the line above.
    write(control, &Told::Started { pid: std::process::id() }).map_err(failed("tell the keeper"))?;
    limit(&spec.limits).map_err(failed("limit itself"))?;
    if !spec.trusted {
        drop_privileges().map_err(failed("give up privileges"))?;
    }
    spec.sandbox.apply()?;
    let error = Command::new(&spec.program)
        .args(&spec.args)
        .env_clear()
        .envs(spec.env.iter().map(|(name, value)| (name, value)))
        .current_dir(&spec.dir)
        .stdin(Stdio::from(stdin))
        .exec();
    Err(format!("could not start {} in {}: {error}", spec.program.display(), spec.dir.display()))
}

fn limit(limits: &Limits) -> io::Result<()> {
    lower(Resource::Core, 0)?;
    lower(Resource::Nofile, limits.files)?;
    lower(Resource::Locks, limits.mark)?;
    if let Some(data) = limits.data {
        lower(Resource::Data, data)?;
    }
    Ok(())
}

/// Lowers a limit; one that is lower already stays.
fn lower(resource: Resource, to: u64) -> io::Result<()> {
    let now = getrlimit(resource);
    let maximum = now.maximum.map_or(to, |maximum| maximum.min(to));
    Ok(setrlimit(resource, Rlimit { current: Some(maximum), maximum: Some(maximum) })?)
}

/// Gives up root's capabilities and set-user-id programs, so that being root means no more than owning root's files.
fn drop_privileges() -> io::Result<()> {
    if rustix::process::geteuid().is_root() {
        for capability in CapabilitySet::all().iter() {
            match remove_capability_from_bounding_set(capability) {
                // The kernel does not know this one, or this root may not drop it since it never had the right to.
                Ok(()) | Err(rustix::io::Errno::INVAL | rustix::io::Errno::PERM) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(set_no_new_privs(true)?)
}
