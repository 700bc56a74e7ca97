//! The routes: one table that requests are led by and the OpenAPI document is made of.

mod find;
mod route;
mod table;

pub(crate) use find::{Found, Params, Place, find};
pub(crate) use route::{
    Access, BEGUN, Carries, DONE, Doc, Handler, Lasts, Method, Param, Reply, Route, fails, gives, param,
    shows,
};
pub(crate) use table::ROUTES;

/// Makes a handler of an `async fn(Arc<App>, Ask) -> Result<Answer, Problem>`.
macro_rules! handler {
    ($name:path) => {
        |app, ask| Box::pin($name(app, ask))
    };
}
pub(crate) use handler;
