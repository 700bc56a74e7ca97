//! A small MCP server over stdio: tells the time, converts it between UTC offsets, and waits.

mod time;
mod tools;

use std::error::Error;

use rmcp::ServiceExt as _;

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    runtime.block_on(async {
        let service = tools::Clock.serve((tokio::io::stdin(), tokio::io::stdout())).await?;
        service.waiting().await?;
        Ok(())
    })
}
