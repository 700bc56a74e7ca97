//! From an `async fn` to what the table holds.

/// Makes a handler of an `async fn(Arc<App>, Ask) -> Result<Answer, Problem>`.
macro_rules! handler {
    ($name:path) => {
        |app, ask| Box::pin($name(app, ask))
    };
}
pub(crate) use handler;
