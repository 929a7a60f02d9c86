//! A question to the person at the terminal.

use std::io::{self, Write};

use crate::failure::{Exit, Failure};

/// Asks on stderr; anything but a yes is a no.
pub(crate) fn confirm(question: &str) -> Result<bool, Failure> {
    let mut terminal = io::stderr();
    let asked = write!(terminal, "{question}? [y/N] ").and_then(|()| terminal.flush());
    asked.map_err(|error| Failure::new(Exit::Failed, "cli.terminal", "asking").because(error))?;
    let mut answer = String::new();
    io::stdin()
        .read_line(&mut answer)
        .map_err(|error| Failure::new(Exit::Failed, "cli.terminal", "reading the answer").because(error))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes" | "是"))
}
