//! One script from its code to its outcome.

use std::cell::RefCell;
use std::rc::Rc;

use boa_engine::builtins::promise::{OperationType, Promise, PromiseState};
use boa_engine::context::{ContextBuilder, HostHooks};
use boa_engine::job::{NativeJob, TimeoutJob};
use boa_engine::object::builtins::{JsArray, JsPromise};
use boa_engine::{
    Context, JsArgs as _, JsError, JsNativeErrorKind, JsObject, JsResult, JsString, JsValue, Module,
    NativeFunction, Source,
};

use crate::clock::Virtual;
use crate::jobs::Jobs;
use crate::modules::Modules;
use crate::output::{self, Output, output};
use crate::{Invocation, Outcome, Stopped, random};

const PRELUDE: &str = include_str!("prelude.js");
/// An exit code as Node has it: an error that nobody caught.
const UNCAUGHT: u8 = 1;
/// Another: the script waits for a promise that nothing will settle.
const UNSETTLED: u8 = 13;
/// Nested calls of functions.
const RECURSION_MAX: usize = 1_000;

/// Runs a script to its end.
///
/// # Errors
/// When it says more than it may.
pub fn run(invocation: &Invocation) -> Result<Outcome, Stopped> {
    random::seed(invocation.seed);
    let hooks = Rc::new(Hooks::default());
    let modules = Rc::new(Modules::default());
    let clock = Rc::new(Virtual::at(invocation.now_ms));
    let context = ContextBuilder::new()
        .host_hooks(Rc::clone(&hooks))
        .module_loader(Rc::clone(&modules))
        .job_executor(Rc::new(Jobs::new(Rc::clone(&clock))))
        .clock(clock)
        .build();
    let Ok(mut context) = context else {
        return Ok(failed("the interpreter could not be set up".to_owned()));
    };
    context.runtime_limits_mut().set_recursion_limit(RECURSION_MAX);
    context.insert_data(Output::new(invocation.output_bytes_max));
    let result = script(invocation, &hooks, &modules, &mut context);
    conclude(result, &context)
}

/// How a script ended: its exit code, and its value as JSON.
type Ended = (u8, Option<String>);

fn script(
    invocation: &Invocation,
    hooks: &Hooks,
    modules: &Modules,
    context: &mut Context,
) -> JsResult<Ended> {
    let prelude = Prelude::evaluate(invocation, modules, context)?;
    let begun = match begin(&invocation.code, &prelude, context) {
        Ok(begun) => begun,
        Err(error) => return prelude.uncaught(error, context),
    };
    if let Err(error) = context.run_jobs() {
        return prelude.uncaught(error, context);
    }
    // The script's own promise is among them when it fails.
    let unhandled = hooks.unhandled.borrow().first().cloned();
    if let Some(promise) = unhandled
        && let PromiseState::Rejected(reason) = JsPromise::from_object(promise)?.state()
    {
        return prelude.uncaught(JsError::from_opaque(reason), context);
    }
    let value = match begun.promise.state() {
        PromiseState::Fulfilled(value) if begun.gives => value,
        PromiseState::Fulfilled(_) => JsValue::undefined(),
        PromiseState::Rejected(reason) => return prelude.uncaught(JsError::from_opaque(reason), context),
        PromiseState::Pending => {
            say(context, "Warning: the script waits for a promise that nothing will settle\n")?;
            return Ok((UNSETTLED, None));
        }
    };
    let code = prelude.exit_code(context)?;
    match prelude.json(value, context) {
        Ok(returned) => Ok((code, returned)),
        Err(error) => prelude.uncaught(error, context),
    }
}

struct Begun {
    promise: JsPromise,
    /// Is its value that of the script? A module has none.
    gives: bool,
}

/// As the body of a function, where `return` and `await` are allowed; a text with `import` or `export`
/// is a module.
fn begin(code: &str, prelude: &Prelude, context: &mut Context) -> JsResult<Begun> {
    let text = JsValue::from(JsString::from(code));
    let error = match prelude.call("begin", &[text], context) {
        Ok(promise) => {
            let promise = promise.as_object().ok_or_else(missing)?;
            return Ok(Begun { promise: JsPromise::from_object(promise)?, gives: true });
        }
        Err(error) => error,
    };
    let syntax =
        error.try_native(context).is_ok_and(|native| matches!(native.kind(), JsNativeErrorKind::Syntax));
    if !syntax {
        return Err(error);
    }
    match Module::parse(Source::from_bytes(code), None, context) {
        Ok(module) => Ok(Begun { promise: module.load_link_evaluate(context), gives: false }),
        // What is wrong with a module is told of a module, all else of a plain script.
        Err(of_module) if is_module(code) => Err(of_module),
        Err(_) => Err(error),
    }
}

fn is_module(code: &str) -> bool {
    code.lines().any(|line| {
        let line = line.trim_start();
        ["import ", "import{", "export ", "export{"].iter().any(|word| line.starts_with(word))
    })
}

/// What `prelude.js` gives.
struct Prelude(JsObject);

impl Prelude {
    fn evaluate(invocation: &Invocation, modules: &Modules, context: &mut Context) -> JsResult<Self> {
        let prelude = context.eval(Source::from_bytes(PRELUDE))?;
        let prelude = prelude.as_callable().ok_or_else(missing)?;
        let native = |function: fn(&JsValue, &[JsValue], &mut Context) -> JsResult<JsValue>,
                      context: &Context| {
            JsValue::from(NativeFunction::from_fn_ptr(function).to_js_function(context.realm()))
        };
        let arguments = [
            native(output::write, context),
            native(output::exit, context),
            native(later, context),
            texts(&invocation.arguments, context)?,
            pairs(&invocation.environment, context)?,
            JsString::from(invocation.stdin.as_str()).into(),
            pairs(&invocation.variables, context)?,
        ];
        let given = prelude.call(&JsValue::undefined(), &arguments, context)?;
        let given = given.as_object().ok_or_else(missing)?;
        for name in ["fs", "process"] {
            let members = given.get(JsString::from(name), context)?;
            modules.add(name, &members.as_object().ok_or_else(missing)?, context)?;
        }
        Ok(Self(given))
    }

    fn call(&self, name: &str, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
        let function = self.0.get(JsString::from(name), context)?;
        let function = function.as_callable().ok_or_else(missing)?;
        function.call(&JsValue::undefined(), arguments, context)
    }

    /// Says what was not caught. What ends the script from inside goes on as it is.
    fn uncaught(&self, error: JsError, context: &mut Context) -> JsResult<Ended> {
        if output(context)?.exit.get().is_some() || output(context)?.overflown.get() {
            return Err(error);
        }
        let told = match error.as_engine() {
            Some(engine) => engine.to_string(),
            None => {
                let place = error.to_string();
                let value = error.into_opaque(context)?;
                let told = self.call("describe", &[value], context)?;
                let told = told.to_string(context)?.to_std_string_lossy();
                with_place(told, &place)
            }
        };
        say(context, &format!("Uncaught {told}\n"))?;
        Ok((UNCAUGHT, None))
    }

    fn json(&self, value: JsValue, context: &mut Context) -> JsResult<Option<String>> {
        if value.is_undefined() {
            return Ok(None);
        }
        let text = self.call("json", &[value], context)?;
        Ok(text.as_string().map(|text| text.to_std_string_lossy()))
    }

    fn exit_code(&self, context: &mut Context) -> JsResult<u8> {
        let code = self.call("exitCode", &[], context)?;
        Ok(code.to_i32(context)?.to_le_bytes()[0])
    }
}

/// The lines of the interpreter's own text that say where it was.
fn with_place(told: String, place: &str) -> String {
    let places = place.lines().skip_while(|line| !line.trim_start().starts_with("at ")).take(5);
    places.fold(told, |told, line| format!("{told}\n{line}"))
}

/// `later(function, milliseconds)` of the prelude.
fn later(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let Some(function) = arguments.get_or_undefined(0).as_callable() else { return Ok(JsValue::undefined()) };
    let millis = u64::try_from(arguments.get_or_undefined(1).to_i32(context)?).unwrap_or(0);
    let job = NativeJob::new(move |context| function.call(&JsValue::undefined(), &[], context));
    context.enqueue_job(TimeoutJob::new(job, millis).into());
    Ok(JsValue::undefined())
}

fn texts(texts: &[String], context: &mut Context) -> JsResult<JsValue> {
    let texts: Vec<JsValue> = texts.iter().map(|text| JsString::from(text.as_str()).into()).collect();
    Ok(JsArray::from_iter(texts, context).into())
}

fn pairs(pairs: &[(String, String)], context: &mut Context) -> JsResult<JsValue> {
    let mut all = Vec::with_capacity(pairs.len());
    for (name, value) in pairs {
        all.push(texts(&[name.clone(), value.clone()], context)?);
    }
    Ok(JsArray::from_iter(all, context).into())
}

fn say(context: &Context, text: &str) -> JsResult<()> {
    let output = output(context)?;
    if output.take(text.len()) {
        output.stderr.borrow_mut().push_str(text);
    }
    Ok(())
}

fn conclude(result: JsResult<Ended>, context: &Context) -> Result<Outcome, Stopped> {
    let Ok(output) = output(context) else { return Ok(failed("the interpreter lost its output".to_owned())) };
    let (code, returned) = match (output.exit.get(), result) {
        (Some(code), _) => (code, None),
        (None, Ok(ended)) => ended,
        (None, Err(error)) => {
            let told = format!("Uncaught {error}\n");
            if output.take(told.len()) {
                output.stderr.borrow_mut().push_str(&told);
            }
            (UNCAUGHT, None)
        }
    };
    if output.overflown.get() || !output.take(returned.as_ref().map_or(0, String::len)) {
        return Err(Stopped::TooMuchOutput);
    }
    Ok(Outcome { code, stdout: output.stdout.take(), stderr: output.stderr.take(), returned })
}

fn failed(why: String) -> Outcome {
    Outcome { code: UNCAUGHT, stdout: String::new(), stderr: why, returned: None }
}

/// The prelude lacks something: a mistake of ours.
fn missing() -> JsError {
    boa_engine::error::PanicError::new("the prelude lacks something").into()
}

/// What the interpreter asks its host.
#[derive(Default)]
struct Hooks {
    /// Promises that were rejected and that nobody has looked at, in order.
    unhandled: RefCell<Vec<JsObject>>,
}

impl HostHooks for Hooks {
    fn promise_rejection_tracker(
        &self,
        promise: &JsObject<Promise>,
        operation: OperationType,
        _: &mut Context,
    ) {
        let promise = promise.clone().upcast();
        let mut unhandled = self.unhandled.borrow_mut();
        match operation {
            OperationType::Reject => unhandled.push(promise),
            OperationType::Handle => unhandled.retain(|known| !JsObject::equals(known, &promise)),
        }
    }

    /// A script sees the same time everywhere.
    fn local_timezone_offset_seconds(&self, _: i64) -> i32 {
        0
    }

    /// More does not fit into the memory of a script.
    fn max_buffer_size(&self, _: &mut Context) -> u64 {
        1 << 30
    }
}
