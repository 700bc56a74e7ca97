//! The steps of all plans, one file each. Rooms of equal rank meet here and nowhere else.

mod activate;
mod admit;
mod audience;
mod bind_secrets;
mod build_image;
mod drift;
mod fetch_source;
mod grants;
mod load_version;
mod probe;
mod read_manifest;
mod record_version;
mod release;
mod remove;
mod retire;
mod review;
mod scan_source;
mod settings;
mod state;
mod try_out;

pub(crate) use activate::{Activate, end_earlier};
pub(crate) use admit::Admit;
#[cfg(all(feature = "sled", feature = "gateway"))]
pub(crate) use audience::left_open;
pub(crate) use bind_secrets::BindSecrets;
pub(crate) use build_image::BuildImage;
#[cfg(all(feature = "sled", feature = "gateway"))]
pub(crate) use drift::{declared_by, since, tools_changed};
pub(crate) use fetch_source::FetchSource;
pub(crate) use load_version::LoadVersion;
pub(crate) use probe::ProbeRelease;
pub(crate) use read_manifest::ReadManifest;
pub(crate) use record_version::RecordVersion;
pub(crate) use release::Release;
#[cfg(all(feature = "sled", feature = "gateway"))]
pub(crate) use release::bound_secrets;
pub(crate) use remove::Remove;
pub(crate) use retire::Retire;
pub(crate) use review::ReviewSource;
pub(crate) use scan_source::ScanSource;
pub(crate) use try_out::TryOut;
