//! Serving: the listener, and the library behind it.

use sigyl_core::{Error, Sigyl};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::bounds::Bounds;
use crate::listen::accept;

/// The server could not work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The listener has no address.
    #[error("the address of the listener cannot be read")]
    Address(#[source] std::io::Error),
    /// The library failed.
    #[error(transparent)]
    Core(#[from] Error),
}

/// Serves until `shutdown` is ready or another process asks the owner of the data directory to stop; then requests
/// under way have a while to end, and everything that runs is ended.
pub async fn serve(
    bounds: Bounds,
    core: Sigyl,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let address = listener.local_addr().map_err(ServeError::Address)?;
    let owning = core.serve_behind(format!("http://{address}"));
    let owner_ended = CancellationToken::new();
    let owning = async {
        let _ended = owner_ended.clone().drop_guard();
        owning.await
    };
    let answering = async {
        let told = async {
            tokio::select! {
                () = shutdown => {}
                () = core.stopped() => {}
                () = owner_ended.cancelled() => {}
            }
        };
        accept(App::new(core.clone(), bounds), listener, told).await;
        core.shutdown().await;
    };
    let (owned, ()) = tokio::join!(owning, answering);
    Ok(owned?)
}
