//! Asks for the exact name before something is destroyed.

use std::io::BufRead as _;

use crate::output::Output;
use crate::problem::Problem;

/// Returns the name as a person typed it, or as a script gave it; anything but the exact name is wrong use.
pub(crate) fn typed(name: &str, given: Option<String>, output: &Output) -> Result<String, Problem> {
    let typed = match given {
        Some(given) => given,
        None if !output.interactive => {
            let message = format!("{name} was not deleted: there is no terminal to confirm it");
            return Err(wrong(message, format!("in a script, write --confirm {name}")));
        }
        None => ask(output)?,
    };
    if typed == name {
        return Ok(typed);
    }
    Err(wrong(
        format!("{name} was not deleted: the name given is another one"),
        format!("the exact name is {name}"),
    ))
}

fn ask(output: &Output) -> Result<String, Problem> {
    output.tell("Type the name to delete it: ");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(|error| {
        wrong(
            format!("nothing was deleted: could not read the answer: {error}"),
            "try --confirm NAME".to_owned(),
        )
    })?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn wrong(message: String, hint: String) -> Problem {
    Problem::wrong_use("E0009", message, hint)
}
