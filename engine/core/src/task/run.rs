//! `run`: a process outside, or another workflow as a child.

use yiwang_dsl::Fault;
use yiwang_dsl::definition::{Process, Task};

use super::service::{self, Wanted};
use crate::effect::Service;
use crate::family;
use crate::machine::{Machine, Move, Place};

pub(super) fn begin(
    machine: &mut Machine<'_>,
    task: &Task,
    process: &Process,
    wait: bool,
) -> Result<Move, Fault> {
    let (service, with, property) = match process {
        Process::Workflow { workflow, version, input } => {
            let input = machine.template(input, &machine.input(), Place::new(task, "run.workflow.input"))?;
            return family::begin(machine, task, workflow, version.as_deref(), input, wait);
        }
        Process::Script { language, with } => (Service::Script(*language), with, "run.script"),
        Process::Shell { with } => (Service::Shell, with, "run.shell"),
        Process::Container { with } => (Service::Container, with, "run.container"),
    };
    let wanted = if wait { Wanted::Answer } else { Wanted::Nothing };
    service::request(machine, service, with, Place::new(task, property), wanted)?;
    Ok(if wait { Move::Park } else { Move::Return(machine.input()) })
}
