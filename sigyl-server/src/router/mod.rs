//! The routes: one table that requests are led by and the OpenAPI document is made of.

mod find;
mod route;
mod table;

pub(crate) use find::{Found, find};
pub(crate) use route::{Carries, Doc, Method, Reply, Route};
pub(crate) use table::ROUTES;

/// Makes a handler of an `async fn(Arc<App>) -> Result<Answer, Problem>`.
macro_rules! handler {
    ($name:path) => {
        |app| Box::pin($name(app))
    };
}
pub(crate) use handler;
