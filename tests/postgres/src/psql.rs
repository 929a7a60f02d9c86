//! A session with the server that stays open: its transactions begin and end when the test says so.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Printed when all before it has been done.
const DONE: &str = "-- done --";

/// One session. It ends when dropped; what it had not committed is taken back.
#[derive(Debug)]
pub struct Psql {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Psql {
    pub(crate) fn start(mut command: Command) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let closed = || io::Error::other("a pipe of psql is missing");
        let input = child.stdin.take().ok_or_else(closed)?;
        let output = BufReader::new(child.stdout.take().ok_or_else(closed)?);
        Ok(Self { child, input, output })
    }

    /// Runs these statements and waits until they are done; what they printed.
    ///
    /// # Errors
    /// When one fails: the session has ended then.
    pub fn run(&mut self, sql: &str) -> io::Result<Vec<String>> {
        writeln!(self.input, "{sql};\n\\echo '{DONE}'")?;
        self.input.flush()?;
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line)? == 0 {
                return Err(io::Error::other(format!("psql has ended within: {sql}")));
            }
            match line.trim_end() {
                DONE => return Ok(lines),
                line => lines.push(line.to_owned()),
            }
        }
    }
}

impl Drop for Psql {
    fn drop(&mut self) {
        // It is gone already when this fails.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
