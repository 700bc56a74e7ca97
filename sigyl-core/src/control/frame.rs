//! One JSON message per line, bounded.

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use zeroize::Zeroizing;

/// Bytes of one message at most.
pub(super) const MOST: u64 = 64 << 20;

/// Reads the next message; nothing when the other side is done. The bytes are wiped, since a secret may be in them, and
/// for the same reason the error does not repeat what could not be read.
pub(super) async fn read<T: DeserializeOwned>(
    from: &mut (impl AsyncBufRead + Unpin),
) -> std::io::Result<Option<T>> {
    let mut line = Zeroizing::new(Vec::new());
    let read = from.take(MOST).read_until(b'\n', &mut line).await?;
    if read == 0 {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') {
        return Err(std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            "a message was cut off or is too long",
        ));
    }
    serde_json::from_slice(&line).map(Some).map_err(|error| {
        let why = format!("a message does not read at byte {}", error.column());
        std::io::Error::new(std::io::ErrorKind::InvalidData, why)
    })
}

/// Writes one message.
pub(super) async fn write(
    to: &mut (impl AsyncWrite + Unpin),
    message: &(impl Serialize + ?Sized),
) -> std::io::Result<()> {
    let mut line = Zeroizing::new(serde_json::to_vec(message)?);
    // A document keeps the line ends between its parts, and one would end the message. Within texts they are escaped.
    line.iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b' ');
    line.push(b'\n');
    to.write_all(&line).await?;
    to.flush().await
}
