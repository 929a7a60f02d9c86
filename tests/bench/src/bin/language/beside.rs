//! The same workflow run by the crate `swf-runtime`, another runtime of the language, in memory as well.
//!
//! It takes no YAML: our parser reads the text, and the crate's own types read the JSON that comes of it.

use std::io;
use std::sync::LazyLock;

use anyhow::{Context, Result, anyhow};
use serde_json::Value;
use swf_core::models::workflow::WorkflowDefinition;
use swf_runtime::WorkflowRunner;
use tokio::runtime::{Builder, Runtime};

use crate::contender::Contender;

/// Its version.
pub(crate) const VERSION: &str = swf_runtime::context::runtime_info::VERSION;

/// It is asynchronous, but here it waits for nothing: everything runs on the thread that asks.
static RUNTIME: LazyLock<io::Result<Runtime>> = LazyLock::new(|| Builder::new_current_thread().build());

/// A workflow with a runner of its own.
pub(crate) struct Beside {
    runner: WorkflowRunner,
    input: Value,
    output: Value,
}

impl Beside {
    pub(crate) fn load(text: &str, input: &Value) -> Result<Self> {
        let node = yiwang_dsl::yaml::parse(text).map_err(|remarks| anyhow!("{remarks:?}"))?;
        let workflow: WorkflowDefinition =
            serde_json::from_value(node.to_json()).context("swf-core reading the workflow")?;
        let runner = WorkflowRunner::new(workflow).map_err(|error| anyhow!("{error}"))?;
        Ok(Self { runner, input: input.clone(), output: Value::Null })
    }
}

impl Contender for Beside {
    fn run(&mut self) -> Result<()> {
        let runtime = RUNTIME.as_ref().map_err(|error| anyhow!("tokio: {error}"))?;
        let running = self.runner.run(self.input.clone());
        self.output = runtime.block_on(running).map_err(|error| anyhow!("swf-runtime: {error}"))?;
        Ok(())
    }

    fn output(&self) -> Value {
        self.output.clone()
    }
}
