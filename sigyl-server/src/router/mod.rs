//! The routes: one table that requests are led by and the OpenAPI document is made of.

mod find;
mod handler;
mod route;
mod table;

pub(crate) use find::{Found, Params, Place, find};
pub(crate) use handler::handler;
pub(crate) use route::{
    Access, BEGUN, CURSOR, Carries, DONE, Doc, Handler, LIMIT, Lasts, Method, PARTS, Param, Reply, Route,
    fails, gives, param, shows,
};
pub(crate) use table::ROUTES;
pub use table::page_routes;
