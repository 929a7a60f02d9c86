//! The event loop: promises first, then what is due of the timers. When only timers are left, the clock jumps
//! to the next one: nothing ever waits.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context as Polling, Poll, Waker};
use std::time::Duration;

use boa_engine::job::{Job, JobExecutor, NativeAsyncJob, PromiseJob, TimeoutJob};
use boa_engine::{Context, JsResult};

use crate::clock::Virtual;

/// What is still to be done.
pub(crate) struct Jobs {
    clock: Rc<Virtual>,
    promises: RefCell<VecDeque<PromiseJob>>,
    loads: RefCell<VecDeque<NativeAsyncJob>>,
    /// By time, then in the order in which they were set.
    timers: RefCell<BTreeMap<(Duration, u64), TimeoutJob>>,
    set: RefCell<u64>,
}

impl Jobs {
    /// None yet.
    pub(crate) fn new(clock: Rc<Virtual>) -> Self {
        Self {
            clock,
            promises: RefCell::default(),
            loads: RefCell::default(),
            timers: RefCell::default(),
            set: RefCell::default(),
        }
    }

    fn turn(&self, context: &mut Context) -> JsResult<bool> {
        // Each borrow ends before its job runs: jobs add jobs.
        let promise = self.promises.borrow_mut().pop_front();
        if let Some(job) = promise {
            return job.call(context).map(|_| true);
        }
        let load = self.loads.borrow_mut().pop_front();
        if let Some(job) = load {
            return at_once(job, context).map(|()| true);
        }
        let next = self.timers.borrow_mut().pop_first();
        let Some(((at, _), timer)) = next else { return Ok(false) };
        self.clock.forward_to(at);
        timer.call(context).map(|_| true)
    }
}

/// Loading a module of ours has nothing to wait for.
fn at_once(job: NativeAsyncJob, context: &mut Context) -> JsResult<()> {
    let context = RefCell::new(context);
    let mut future = pin!(job.call(&context));
    match future.as_mut().poll(&mut Polling::from_waker(Waker::noop())) {
        Poll::Ready(result) => result.map(|_| ()),
        Poll::Pending => Ok(()),
    }
}

impl JobExecutor for Jobs {
    fn enqueue_job(self: Rc<Self>, job: Job, _: &mut Context) {
        match job {
            Job::PromiseJob(job) => self.promises.borrow_mut().push_back(job),
            Job::AsyncJob(job) => self.loads.borrow_mut().push_back(job),
            Job::TimeoutJob(job) => {
                let mut set = self.set.borrow_mut();
                *set += 1;
                let at = self.clock.passed() + Duration::from_millis(job.timeout().as_millis());
                self.timers.borrow_mut().insert((at, *set), job);
            }
            // Registries may be left alone, says the language; the others nothing here enqueues.
            _ => {}
        }
    }

    fn run_jobs(self: Rc<Self>, context: &mut Context) -> JsResult<()> {
        while self.turn(context)? {}
        Ok(())
    }
}
