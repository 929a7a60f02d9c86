//! The interpreter: moves one instance as far as it goes without the world.
//!
//! ```text
//! enter ─► if ─► input ─► run (task/*.rs) ─► output ─► export ─► then ─► enter the next …
//!                          │        └─ parks: a timer, a person, an event, an effect
//!                          └─ fails ─► the nearest `try` that wants it, or the instance faults
//! ```
//!
//! Nested lists are frames of a stack, not calls of Rust: what stands in the [`State`] is all there is.
//! One strand moves at a time; when it parks, the next that is ready does.

mod cancel;
mod entropy;
mod evaluate;
mod extend;
mod fail;
mod history;
mod strand;
mod timer;

use std::collections::{BTreeMap, VecDeque};

use yiwang_dsl::definition::{Callee, Definition, ExportSpec, Flow, OutputSpec, Task, TaskId, TaskKind};
use yiwang_dsl::{Data, Fault};

use self::entropy::Entropy;
pub(crate) use self::evaluate::{Binding, Place, error_variable, settle};
use crate::case::repeat::RepeatQuery;
use crate::deployment::Deployment;
use crate::district::District;
use crate::history::What;
use crate::lifecycle::{Before, Sink};
use crate::limits::{DEPTH_MAX, TASKS_PER_STEP_MAX};
use crate::state::{Again, Doing, Frame, FrameId, Goes, Incoming, State, TryPhase};
use crate::stopwatch::{self, Ending};
use crate::transition::{Ambient, CaseNumbers, Refusal, Status};
use crate::{
    Case, Effect, Event, HistoryEvent, Timestamp, Transition, WorkItem, family, lifecycle, limits, outbox,
    task,
};

/// One step under way.
pub(crate) struct Machine<'a> {
    pub(crate) deployment: &'a Deployment,
    pub(crate) state: &'a mut State,
    pub(crate) now: Timestamp,
    pub(crate) entropy: Entropy,
    pub(crate) case_numbers: &'a mut CaseNumbers,
    /// The line of control that moves.
    pub(crate) strand: usize,
    /// Tasks that begin when the moving strand parks: the first ones of branches, and what is run again.
    ready: VecDeque<FrameId>,
    tasks_run: u32,
    history: Vec<HistoryEvent>,
    effects: Vec<Effect>,
    pub(crate) published: Vec<Event>,
    work_items: BTreeMap<u32, WorkItem>,
    case_changed: bool,
    /// The input is refused, and history has a line about that.
    pub(crate) refused: Option<Refusal>,
    /// What this step wants to know of other cases.
    pub(crate) asks: Option<RepeatQuery>,
    /// Kept only where somebody wants lifecycle events.
    before: Option<Before>,
    /// Where the server's operator wants lifecycle events.
    pub(crate) sink: Option<&'a Sink>,
    /// The reference data.
    pub(crate) district: &'a District,
    /// The version that the instance is to be migrated to.
    pub(crate) target: Option<&'a Deployment>,
}

/// What happens next.
#[derive(Debug)]
pub(crate) enum Move {
    /// This task begins, with this raw input.
    Enter(TaskId, Data),
    /// The innermost task has this raw output.
    Return(Data),
    /// The same, and goes on elsewhere than its own `then` says.
    ReturnThen(Data, Flow),
    /// The list that the innermost task runs has ended with this output.
    ListEnded(Data),
    /// The workflow ends with this raw output.
    End(Data),
    /// The innermost task took something in that it waited for, and sees what to do now.
    Proceed,
    /// An operator passes over the innermost task: this is its raw output, with nothing more to be done inside.
    Skip(Data),
    /// The innermost task failed.
    Fail(Fault),
    /// Nothing more in this strand until the world answers.
    Park,
}

impl<'a> Machine<'a> {
    pub(crate) fn new(deployment: &'a Deployment, state: &'a mut State, ambient: Ambient<'a>) -> Self {
        Self {
            before: Before::new(deployment, state, ambient.lifecycle),
            sink: ambient.lifecycle,
            district: ambient.district,
            deployment,
            state,
            now: ambient.now,
            entropy: Entropy::new(ambient.entropy, ambient.instance),
            case_numbers: ambient.case_numbers,
            strand: 0,
            ready: VecDeque::new(),
            tasks_run: 0,
            history: Vec::new(),
            effects: Vec::new(),
            published: Vec::new(),
            work_items: BTreeMap::new(),
            case_changed: false,
            refused: None,
            asks: None,
            target: None,
        }
    }

    /// From here on the instance runs by this version. All that its state names is of it already.
    pub(crate) fn switch_to(&mut self, deployment: &'a Deployment) {
        self.deployment = deployment;
        self.state.definition = Some(deployment.hash.clone());
        self.before = Before::new(deployment, self.state, self.sink);
    }

    pub(crate) fn definition(&self) -> &'a Definition {
        &self.deployment.definition
    }

    /// Moves until nothing moves any more.
    pub(crate) fn drive(&mut self, first: Move) {
        let mut next = first;
        loop {
            let result = match next {
                Move::Enter(task, raw) => self.enter(task, raw),
                Move::Return(output) => self.complete(output, None),
                Move::ReturnThen(output, flow) => self.complete(output, Some(flow)),
                Move::ListEnded(output) => self.list_ended(output),
                Move::Proceed => task::proceed(self),
                Move::Skip(output) => self.conclude(self.top_task(), output, None),
                Move::Fail(fault) => self.fail(fault),
                Move::End(output) => {
                    self.end(output);
                    return;
                }
                Move::Park => match self.next_ready() {
                    Some(next) => Ok(next),
                    None => return,
                },
            };
            next = result.unwrap_or_else(Move::Fail);
        }
    }

    fn enter(&mut self, id: TaskId, raw: Data) -> Result<Move, Fault> {
        let task = self.definition().task(id);
        self.push(task, raw.clone());
        self.tasks_run += 1;
        if self.tasks_run > TASKS_PER_STEP_MAX {
            return Err(limits::exceeded("tasks-per-step", TASKS_PER_STEP_MAX as usize, &task.reference));
        }
        if self.around(usize::MAX).take(DEPTH_MAX + 1).count() > DEPTH_MAX {
            return Err(limits::exceeded("depth", DEPTH_MAX, &task.reference));
        }
        if let Some(condition) = &task.condition
            && !self.expression(condition, &raw, Place::new(task, "if"))?.is_true()
        {
            self.record(Some(task), What::TaskSkipped);
            self.pop();
            return self.after(task, raw, task.then);
        }
        self.record(Some(task), What::TaskStarted);
        self.begin_extended(task, raw)
    }

    /// The innermost task itself begins.
    fn begin_task(&mut self, task: &Task) -> Result<Move, Fault> {
        self.transform_input(task)?;
        if let Some(after) = &task.timeout {
            self.set_task_timeout(task, after)?;
        }
        task::begin(self, task)
    }

    fn transform_input(&mut self, task: &Task) -> Result<(), Fault> {
        let raw = self.top().incoming.raw.clone();
        if let Some(schema) = &task.input.schema {
            self.conforms(schema, &raw, Place::new(task, "input.schema"))?;
        }
        if let Some(from) = &task.input.from {
            let transformed = self.template(from, &raw, Place::new(task, "input.from"))?;
            self.top_mut().incoming.transformed = transformed;
        }
        Ok(())
    }

    /// The innermost task has a raw output, unless something is to be done with each part of it first.
    fn complete(&mut self, raw: Data, flow: Option<Flow>) -> Result<Move, Fault> {
        let task = self.top_task();
        match task::foreach::begin(self, task, &raw) {
            Some(next) => next,
            None => self.conclude(task, raw, flow),
        }
    }

    /// Transforms and checks the output of the innermost task, exports it, and goes on.
    fn conclude(&mut self, task: &'a Task, raw: Data, flow: Option<Flow>) -> Result<Move, Fault> {
        let [r#as, schema] =
            ["output.as", "output.schema"].map(|name| Place::new(task, name).returning(&raw));
        let output = self.transform_output(&task.output, raw.clone(), r#as, schema)?;
        let [r#as, schema] =
            ["export.as", "export.schema"].map(|name| Place::new(task, name).returning(&raw));
        self.export(task, &task.export, &output, r#as, schema)?;
        self.after_task(task, raw, output, flow)
    }

    /// The innermost task is over.
    fn leave(&mut self, task: &'a Task, output: Data, flow: Option<Flow>) -> Result<Move, Fault> {
        self.record(Some(task), What::TaskCompleted { output: output.clone() });
        self.pop();
        self.after(task, output, flow.unwrap_or(task.then))
    }

    /// What `output` makes of a raw output.
    pub(crate) fn transform_output(
        &self,
        spec: &OutputSpec,
        raw: Data,
        r#as: Place<'_>,
        schema: Place<'_>,
    ) -> Result<Data, Fault> {
        let output = match &spec.r#as {
            Some(template) => self.template(template, &raw, r#as)?,
            None => settle(raw, r#as)?,
        };
        if let Some(wanted) = &spec.schema {
            self.conforms(wanted, &output, schema)?;
        }
        Ok(output)
    }

    /// What `export` makes of a transformed output becomes the context.
    pub(crate) fn export(
        &mut self,
        task: &Task,
        spec: &ExportSpec,
        output: &Data,
        r#as: Place<'_>,
        schema: Place<'_>,
    ) -> Result<(), Fault> {
        let Some(template) = &spec.r#as else { return Ok(()) };
        let binding = Binding { name: "output", value: output };
        let context = self.template(template, output, r#as.with(binding))?;
        if let Some(wanted) = &spec.schema {
            self.conforms(wanted, &context, schema)?;
        }
        self.change_context(task, context);
        Ok(())
    }

    /// The moving strand's context is this from now on.
    pub(crate) fn change_context(&mut self, task: &Task, context: Data) {
        if self.state.strands[self.strand].context != context {
            self.record(Some(task), What::ContextChanged { context: context.clone() });
            self.state.strands[self.strand].context = context;
        }
    }

    /// A task of the current list is over: where to go.
    fn after(&mut self, task: &'a Task, output: Data, flow: Flow) -> Result<Move, Fault> {
        Ok(match flow {
            Flow::Goto(target) => Move::Enter(target, output),
            Flow::End => Move::End(output),
            Flow::Exit => match self.is_before() {
                Some(at) => return self.skip_task(at, output),
                None => Move::ListEnded(output),
            },
            Flow::Continue => {
                let mut list = self.current_list().iter().skip_while(|id| **id != task.id);
                match list.nth(1) {
                    Some(next) => Move::Enter(*next, output),
                    None => Move::ListEnded(output),
                }
            }
        })
    }

    fn list_ended(&mut self, output: Data) -> Result<Move, Fault> {
        if self.frames().is_empty() {
            return match self.branch() {
                Some(branch) => task::fork::branch_ended(self, branch.n, output),
                None => Ok(Move::End(output)),
            };
        }
        match self.extension_ended() {
            Some(next) => next,
            None => task::list_ended(self, self.top_task(), output),
        }
    }

    /// The list that the innermost task runs now. A branch and a function are lists of one task.
    fn current_list(&self) -> &'a [TaskId] {
        let Some(frame) = self.frames().last() else { return self.strand_list() };
        if let Some(list) = self.extension_list() {
            return list;
        }
        match &self.definition().task(frame.task).kind {
            TaskKind::Do { body } | TaskKind::For { body, .. } => body,
            TaskKind::Call { foreach: Some(foreach), .. }
            | TaskKind::Listen { foreach: Some(foreach), .. } => &foreach.body,
            TaskKind::Call { callee: Callee::Defined(function), .. } => std::slice::from_ref(function),
            TaskKind::Try { body, catch } => match (&frame.doing, &catch.body) {
                (Doing::Try { phase: TryPhase::Catching { .. }, .. }, Some(body)) => body,
                _ => body,
            },
            TaskKind::Call { .. }
            | TaskKind::Emit { .. }
            | TaskKind::Fork { .. }
            | TaskKind::Listen { .. }
            | TaskKind::Raise { .. }
            | TaskKind::Run { .. }
            | TaskKind::Set { .. }
            | TaskKind::Switch { .. }
            | TaskKind::Wait { .. } => unreachable!("only a list's owner has tasks inside"),
        }
    }

    fn strand_list(&self) -> &'a [TaskId] {
        let Some(branch) = self.branch() else { return &self.definition().root };
        let mut frames = self.state.strands.iter().filter_map(|strand| strand.frames.last());
        let fork = frames.find(|frame| frame.id == branch.of).expect("a branch has its fork");
        match &self.definition().task(fork.task).kind {
            TaskKind::Fork { branches, .. } => &branches[branch.n..=branch.n],
            TaskKind::Call { .. }
            | TaskKind::Do { .. }
            | TaskKind::Emit { .. }
            | TaskKind::For { .. }
            | TaskKind::Listen { .. }
            | TaskKind::Raise { .. }
            | TaskKind::Run { .. }
            | TaskKind::Set { .. }
            | TaskKind::Switch { .. }
            | TaskKind::Try { .. }
            | TaskKind::Wait { .. } => unreachable!("only a fork has branches"),
        }
    }

    /// How the innermost task goes on that got this while the instance did not move.
    fn go(&mut self, goes: Goes) -> Move {
        match goes {
            Goes::Returns(output) => Move::Return(output),
            Goes::Fails(fault) => Move::Fail(fault),
            Goes::Proceeds => Move::Proceed,
            Goes::Skips(output) => Move::Skip(output),
            Goes::Begins => self.top_again(),
        }
    }

    /// The innermost task begins once more, with the raw input it had.
    pub(crate) fn top_again(&mut self) -> Move {
        let Some(frame) = self.frames().last() else {
            return self.enter_list(&self.definition().root, self.state.input.clone());
        };
        let (task, raw) = (frame.task, frame.incoming.raw.clone());
        self.pop();
        Move::Enter(task, raw)
    }

    /// Enters the first task of a list; an empty list ends with its input.
    pub(crate) fn enter_list(&self, list: &[TaskId], input: Data) -> Move {
        list.first()
            .map_or_else(|| Move::ListEnded(input.clone()), |first| Move::Enter(*first, input.clone()))
    }

    /// The workflow ends with this raw output.
    fn end(&mut self, raw: Data) {
        // A branch may end it: the output of the workflow sees the context of the workflow itself.
        self.strand = 0;
        self.cancel_frames_from(0);
        self.ready.clear();
        let spec = &self.definition().output;
        let output = match &spec.r#as {
            Some(template) => self.template(template, &raw, Place::workflow("output.as")),
            None => settle(raw.clone(), Place::workflow("output")),
        };
        let checked = output.and_then(|output| match &spec.schema {
            Some(schema) => self.conforms(schema, &output, Place::workflow("output.schema")).map(|()| output),
            None => Ok(output),
        });
        match checked {
            Err(fault) => self.fault(fault, Again::End { output: raw }),
            Ok(output) => {
                stopwatch::end_all(self, None, Ending::Cancel);
                self.record(None, What::Completed { output });
                self.state.status = Status::Completed;
                self.forget_work();
            }
        }
    }

    /// Checks and transforms the workflow's input, and begins.
    pub(crate) fn begin(&mut self) {
        match self.workflow_input() {
            Ok(input) => {
                self.drive(self.enter_list(&self.definition().root, input));
            }
            Err(fault) => self.fault(fault, Again::Start),
        }
    }

    fn workflow_input(&mut self) -> Result<Data, Fault> {
        let definition = self.definition();
        let raw = settle(self.state.input.clone(), Place::workflow("input"))?;
        self.state.input = raw.clone();
        if let Some(schema) = &definition.input.schema {
            self.conforms(schema, &raw, Place::workflow("input.schema"))?;
        }
        let input = match &definition.input.from {
            Some(from) => self.template(from, &raw, Place::workflow("input.from"))?,
            None => raw,
        };
        self.set_workflow_timeout(&input)?;
        Ok(input)
    }

    pub(crate) fn push(&mut self, task: &Task, raw: Data) {
        self.state.counters.frames += 1;
        let frame = Frame {
            id: FrameId(self.state.counters.frames),
            task: task.id,
            started: self.now,
            incoming: Incoming { transformed: raw.clone(), raw },
            doing: Doing::Task,
            extended: None,
        };
        self.state.strands[self.strand].frames.push(frame);
    }

    fn pop(&mut self) {
        let last = self.frames().len() - 1;
        self.cancel_frames_from(last);
    }

    pub(crate) fn frames(&self) -> &[Frame] {
        // An ended instance has no strand any more.
        self.state.strands.get(self.strand).map_or(&[], |strand| &strand.frames)
    }

    /// The innermost frame.
    pub(crate) fn top(&self) -> &Frame {
        self.frames().last().expect("a task is under way")
    }

    pub(crate) fn top_mut(&mut self) -> &mut Frame {
        self.state.strands[self.strand].frames.last_mut().expect("a task is under way")
    }

    /// The frame at this place of the moving strand.
    pub(crate) fn frame_mut(&mut self, at: usize) -> &mut Frame {
        &mut self.state.strands[self.strand].frames[at]
    }

    pub(crate) fn top_task(&self) -> &'a Task {
        self.definition().task(self.top().task)
    }

    /// The transformed input of the innermost task.
    pub(crate) fn input(&self) -> Data {
        self.top().incoming.transformed.clone()
    }

    /// Does nothing move until an operator comes?
    pub(crate) fn is_still(&self) -> bool {
        self.state.status == Status::Suspended || self.state.has_ended()
    }

    /// A line says that the case changed: its row is written.
    fn case_changed(&mut self) {
        self.case_changed = true;
        if let Some(case) = &mut self.state.case {
            case.version += 1;
        }
    }

    /// A clock changed, and a line says so: its case shows it.
    pub(crate) fn clocks_changed(&mut self) {
        self.case_changed = true;
    }

    /// A work item changed: its row is written as it is now.
    pub(crate) fn work_item_changed(&mut self, item: &WorkItem) {
        self.work_items.insert(item.id.n, item.public());
    }

    pub(crate) fn request(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Whether something outside is under way for it decides between two phases.
    fn settle_status(&mut self) {
        let state = &mut *self.state;
        if !matches!(state.status, Status::Pending | Status::Suspended) && !state.has_ended() {
            let outside = state.outbox.iter().any(|pending| pending.is_due() && !pending.is_notice());
            state.status = if outside { Status::Running } else { Status::Waiting };
        }
    }

    /// Everything that the step did.
    pub(crate) fn finish(mut self, reply: Data) -> Transition {
        if let Some(outcome) = family::ending(&self.history) {
            family::tell(&mut self, outcome);
        }
        self.settle_status();
        outbox::forget_settled(self.state);
        lifecycle::hush(self.state, &self.history);
        if let Some(before) = self.before.take() {
            // What is done to send them makes lines of its own, behind these.
            let lines = self.history.clone();
            lifecycle::tell(&mut self, &lines, &before);
        }
        let state = self.state;
        // An effect can be requested and forgotten in one step, when its scope ends at once.
        let mut effects = self.effects;
        effects.retain(|effect| {
            state.outbox.iter().any(|one| one.n == effect.id.n && one.attempt == effect.attempt)
        });
        Transition {
            history: self.history,
            effects,
            published: self.published,
            work_items: self.work_items.into_values().collect(),
            case: if self.case_changed { shown(state) } else { None },
            subscriptions: None,
            asks: self.asks,
            reply,
            refused: self.refused,
        }
    }
}

/// The case as others see it, with its clocks.
fn shown(state: &State) -> Option<Case> {
    let mut case = state.case.clone()?;
    case.clocks = state.clocks().cloned().collect();
    Some(case)
}
