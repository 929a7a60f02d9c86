//! Does something again whenever a file of interest changes.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use notify::{Event, EventKind, RecursiveMode, Watcher as _};

use crate::failure::{Exit, Failure};
use crate::output;

/// Editors write a file in several steps: changes this close together are one.
const QUIET: Duration = Duration::from_millis(100);

/// Runs `check` now and after each change in or beside these paths. It ends only with the process, or when
/// the folders cannot be watched.
pub(super) fn run(paths: &[PathBuf], check: impl Fn() -> Result<(), Failure>) -> Result<(), Failure> {
    let (sender, changes) = mpsc::channel();
    let told =
        |error: notify::Error| Failure::new(Exit::Failed, "cli.watch", "watching the folders").because(error);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        // Who listens no more has ended.
        drop(sender.send(event));
    })
    .map_err(told)?;
    for path in paths {
        let folder = if path.is_dir() { path.as_path() } else { path.parent().unwrap_or(path) };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        watcher.watch(folder, RecursiveMode::Recursive).map_err(told)?;
    }
    loop {
        match check() {
            Ok(()) => {}
            Err(failure) if failure.silent => {}
            // A file that is just being written may be missing for a moment.
            Err(failure) => output::note(&format!("{:?}", miette::Report::new(failure))),
        }
        output::note("watching; Ctrl-C ends");
        if !wait(&changes) {
            return Ok(());
        }
        output::note("");
    }
}

/// Until a file of interest has changed, and a moment longer. False: nothing can change any more.
fn wait(changes: &Receiver<notify::Result<Event>>) -> bool {
    loop {
        match changes.recv() {
            Ok(Ok(event)) if is_of_interest(&event) => break,
            Ok(_) => {}
            Err(mpsc::RecvError) => return false,
        }
    }
    while changes.recv_timeout(QUIET).is_ok() {}
    true
}

fn is_of_interest(event: &Event) -> bool {
    let changes = match event.kind {
        EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) => true,
        EventKind::Access(_) | EventKind::Any | EventKind::Other => false,
    };
    let read = |path: &PathBuf| {
        path.extension().is_some_and(|it| ["yaml", "yml", "json"].iter().any(|known| it == *known))
    };
    changes && event.paths.iter().any(read)
}
