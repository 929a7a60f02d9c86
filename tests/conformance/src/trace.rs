//! What an instance did, read from its history: the only witness of the order of its tasks.

use serde_json::Value;

/// One line of history.
#[derive(Clone, Debug)]
pub struct Line {
    /// Milliseconds since 1970.
    pub at: i64,
    /// JSON Pointer of the task, if it is about one.
    pub reference: Option<String>,
    /// The word for what happened, e.g. `task_started`.
    pub event: String,
    /// All of it.
    pub body: Value,
}

impl Line {
    /// Reads a line as it is stored.
    pub fn read(text: &str) -> Option<Self> {
        let body: Value = serde_json::from_str(text).ok()?;
        let reference = body["task"].as_str().map(str::to_owned);
        Some(Self { at: body["at"].as_i64()?, reference, event: body["event"].as_str()?.to_owned(), body })
    }

    /// The name of the task: the last segment of its reference.
    pub fn name(&self) -> Option<String> {
        let last = self.reference.as_deref()?.rsplit('/').next()?;
        Some(last.replace("~1", "/").replace("~0", "~"))
    }

    fn is(&self, event: &str, task: &str) -> bool {
        self.event == event && self.name().is_some_and(|name| name == task)
    }
}

/// How an instance ended.
#[derive(Clone, Debug)]
pub enum Ending {
    /// With this output.
    Completed(Value),
    /// With this error.
    Faulted(Value),
    /// By an operator.
    Cancelled,
    /// Not yet.
    None,
}

/// The whole history of an instance.
#[derive(Clone, Debug, Default)]
pub struct Trace(pub Vec<Line>);

impl Trace {
    /// The last ending, if it has ended.
    pub fn ending(&self) -> Ending {
        let last = self.0.iter().rev().find_map(|line| match line.event.as_str() {
            "completed" => Some(Ending::Completed(line.body["output"].clone())),
            "faulted" => Some(Ending::Faulted(line.body["error"].clone())),
            "cancelled" => Some(Ending::Cancelled),
            _ => None,
        });
        last.unwrap_or(Ending::None)
    }

    /// Names of the tasks in the order in which they began; a skipped task never does.
    pub fn started(&self) -> Vec<String> {
        let started = self.0.iter().filter(|line| line.event == "task_started");
        started.filter_map(Line::name).collect()
    }

    /// When this task began, each time, in milliseconds after the instance did.
    pub fn begun(&self, task: &str) -> Vec<i64> {
        let from = self.0.first().map_or(0, |line| line.at);
        self.0.iter().filter(|line| line.is("task_started", task)).map(|line| line.at - from).collect()
    }

    /// From its beginning to its end, in milliseconds.
    pub fn taken(&self) -> i64 {
        let last = self
            .0
            .iter()
            .rev()
            .find(|line| ["completed", "faulted", "cancelled"].contains(&line.event.as_str()));
        let first = self.0.first().map_or(0, |line| line.at);
        last.or(self.0.last()).map_or(0, |line| line.at - first)
    }

    /// The last thing that became of a task.
    pub fn fate(&self, task: &str) -> Fate {
        let mut fate = Fate::Unknown;
        for line in &self.0 {
            if line.is("task_started", task) {
                fate = Fate::Begun;
            } else if line.is("task_skipped", task) {
                fate = Fate::Skipped;
            } else if line.is("task_completed", task) {
                fate = Fate::Completed(line.body["output"].clone());
            } else if line.is("task_faulted", task) {
                fate = Fate::Faulted(line.body["error"].clone());
            } else if line.is("task_cancelled", task) {
                fate = Fate::Cancelled;
            }
        }
        match fate {
            // Given up without a word of its own: what it stood in has ended.
            Fate::Begun if !matches!(self.ending(), Ending::None) => Fate::Cancelled,
            fate => fate,
        }
    }

    /// What two runs of the same scenario must have in common.
    pub fn words(&self) -> Vec<String> {
        let telling = self.0.iter().filter(|line| line.event.starts_with("task_"));
        telling.map(|line| format!("{} {}", line.event, line.reference.as_deref().unwrap_or("/"))).collect()
    }
}

/// What became of a task.
#[derive(Clone, Debug)]
pub enum Fate {
    /// It never began.
    Unknown,
    /// It began and has not ended.
    Begun,
    /// Its `if` was false.
    Skipped,
    /// With this output.
    Completed(Value),
    /// With this error.
    Faulted(Value),
    /// Given up.
    Cancelled,
}
