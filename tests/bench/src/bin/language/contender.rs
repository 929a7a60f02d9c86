//! Who runs the same workflow in the same process: we, and whoever is measured beside us.

use anyhow::Result;
use serde_json::Value;

/// A workflow with its input, loaded and ready to be run again and again.
pub(crate) trait Contender {
    /// Runs one instance to its end, and keeps its output.
    fn run(&mut self) -> Result<()>;

    /// The output of the last run.
    fn output(&self) -> Value;
}

/// The runtimes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runtime {
    /// This project's `dsl` and `core`, without a store.
    Yiwang,
    /// The crate `swf-runtime`.
    #[cfg(feature = "beside")]
    Swf,
}

impl Runtime {
    /// All that this program was built with.
    pub(crate) const ALL: &[Self] = &[
        Self::Yiwang,
        #[cfg(feature = "beside")]
        Self::Swf,
    ];

    /// Its name, with the version where it is not ours.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Yiwang => "yiwang".to_owned(),
            #[cfg(feature = "beside")]
            Self::Swf => format!("swf-runtime {}", crate::beside::VERSION),
        }
    }

    /// Loads a workflow.
    pub(crate) fn load(self, text: &str, input: &Value) -> Result<Box<dyn Contender>> {
        Ok(match self {
            Self::Yiwang => Box::new(crate::ours::Ours::load(text, input)?),
            #[cfg(feature = "beside")]
            Self::Swf => Box::new(crate::beside::Beside::load(text, input)?),
        })
    }
}
