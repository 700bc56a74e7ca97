//! Frames and file descriptors over a pair of sockets.
//!
//! A frame is four bytes of length, most significant first, and that many bytes of JSON.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

/// Bytes of a frame at most: a whole environment fits.
const FRAME_MAX: usize = 8 << 20;
/// Descriptors sent at once.
const FDS: usize = 3;

/// Sends descriptors, with one byte to carry them.
pub(in super::super) fn send_fds(socket: &UnixStream, fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FDS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(fds)) {
        return Err(io::Error::other("too many descriptors for one message"));
    }
    sendmsg(socket, &[IoSlice::new(&[0])], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Receives exactly `count` descriptors.
pub(super) fn receive_fds(socket: &UnixStream, count: usize) -> io::Result<Vec<OwnedFd>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FDS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let got = recvmsg(socket, &mut [IoSliceMut::new(&mut byte)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let mut fds = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            fds.extend(rights);
        }
    }
    if got.bytes == 0 || fds.len() != count {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(fds)
}

/// Writes a value as a frame.
pub(super) fn write(socket: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    write_raw(socket, &Zeroizing::new(serde_json::to_vec(value)?))
}

/// Writes a frame that is encoded already.
pub(super) fn write_raw(socket: &mut impl Write, frame: &[u8]) -> io::Result<()> {
    let length = u32::try_from(frame.len()).map_err(io::Error::other)?;
    socket.write_all(&length.to_be_bytes())?;
    socket.write_all(frame)
}

/// Reads a frame without decoding it; the bytes are wiped when dropped.
pub(super) fn read_raw(socket: &mut impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut length = [0; 4];
    socket.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_be_bytes(length)).map_err(io::Error::other)?;
    if length > FRAME_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "frame too long"));
    }
    let mut frame = Zeroizing::new(vec![0; length]);
    socket.read_exact(&mut frame)?;
    Ok(frame)
}

/// Reads a value.
pub(super) fn read<T: DeserializeOwned>(socket: &mut impl Read) -> io::Result<T> {
    Ok(serde_json::from_slice(&read_raw(socket)?)?)
}

#[cfg(test)]
mod tests {
    use std::io::Seek as _;
    use std::os::fd::AsFd as _;

    use super::*;

    #[test]
    fn descriptors_and_frames_arrive_in_order() {
        let (mut ours, mut theirs) = UnixStream::pair().unwrap();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"kept").unwrap();
        send_fds(&ours, &[file.as_fd()]).unwrap();
        write(&mut ours, &("a", 7)).unwrap();
        let fds = receive_fds(&theirs, 1).unwrap();
        assert_eq!(read::<(String, u8)>(&mut theirs).unwrap(), ("a".to_owned(), 7));
        let mut same = std::fs::File::from(fds.into_iter().next().unwrap());
        let mut text = String::new();
        same.rewind().unwrap();
        same.read_to_string(&mut text).unwrap();
        assert_eq!(text, "kept");
    }

    #[test]
    fn a_closed_end_and_a_lying_length_are_errors() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        drop(ours);
        assert!(receive_fds(&theirs, 1).is_err());
        assert!(read::<u8>(&mut theirs).is_err());
        assert!(read_raw(&mut &[0xff, 0xff, 0xff, 0xff, 0][..]).is_err());
    }
}
