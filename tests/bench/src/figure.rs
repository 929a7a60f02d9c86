//! One line for each figure: what it is, then the figure.

/// Prints a figure.
#[expect(clippy::print_stdout, reason = "figures are what was asked for")]
pub fn print(what: &str, figure: &str) {
    println!("{what:<44} {figure}");
}
