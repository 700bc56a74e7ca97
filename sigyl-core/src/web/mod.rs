//! Small answers of other servers: bounded in size and time, no redirect to elsewhere, nothing of what was sent in an error.

mod asking;
#[cfg(feature = "github")]
mod download;
mod grant;
mod line;

pub(crate) use asking::encoded;
pub use asking::{Heard, Web, WebError};
pub use grant::DeviceCode;
pub(crate) use grant::{Granted, plain};
pub use line::{Line, Method, Question};
