//! Reads `sigyl.yaml` (how a server runs) and `mcp.yaml` (what it is) into one checked [`Manifest`].
//!
//! Bytes become values with places (`raw`, `position`), old spellings become new ones (`legacy`), the form is checked
//! against the table of fields (`shape`, `field`, `table`), both files are joined (`merge`), what is missing is
//! derived from the package (`derive`), and every value is checked (`check`). All problems are reported at once, each
//! with its file, line and column. `init` writes a manifest, `schema` describes one. Nothing here touches a file
//! system: files come in through [`Files`].

mod check;
mod declared;
mod derive;
mod emit;
mod field;
mod files;
mod fit;
mod init;
mod inside;
mod legacy;
mod limit;
mod merge;
mod model;
mod node;
mod position;
mod problem;
mod quantity;
mod raw;
mod read;
mod schema;
mod shape;
mod table;
mod words;

pub use files::Files;
pub use fit::Fit;
pub use init::init;
pub use limit::{LimitError, read_limit};
pub use model::{Build, DeclaredSecret, Health, Manifest, Runtime, SecretType, Start};
#[cfg(feature = "scan")]
pub(crate) use node::{Entry, Node, Value};
pub use problem::{ManifestError, Problem};
#[cfg(feature = "scan")]
pub(crate) use problem::{Place, Problems, shown};
#[cfg(feature = "scan")]
pub(crate) use raw::read_as as read_yaml;
pub use read::{Derived, Read, read};
pub use schema::schema;
