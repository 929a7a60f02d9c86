//! What a script says, counted while it says it, and how it ends itself.

use std::cell::{Cell, RefCell};

use boa_engine::error::PanicError;
use boa_engine::{Context, JsArgs as _, JsError, JsResult, JsValue};

/// Kept in the context while the script runs.
pub(crate) struct Output {
    pub(crate) stdout: RefCell<String>,
    pub(crate) stderr: RefCell<String>,
    /// Bytes that it may still say.
    left: Cell<usize>,
    /// It wanted to say more.
    pub(crate) overflown: Cell<bool>,
    /// `process.exit`.
    pub(crate) exit: Cell<Option<u8>>,
}

impl Output {
    /// Room for so many bytes.
    pub(crate) fn new(bytes_max: u32) -> Self {
        Self {
            stdout: RefCell::default(),
            stderr: RefCell::default(),
            left: Cell::new(usize::try_from(bytes_max).unwrap_or(usize::MAX)),
            overflown: Cell::new(false),
            exit: Cell::new(None),
        }
    }

    /// Takes room. False: there is none.
    pub(crate) fn take(&self, bytes: usize) -> bool {
        let left = self.left.get().checked_sub(bytes);
        self.left.set(left.unwrap_or(0));
        self.overflown.set(self.overflown.get() || left.is_none());
        left.is_some()
    }
}

/// `write(stream, text)` of the prelude; stream 2 is stderr.
pub(crate) fn write(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let stream = arguments.get_or_undefined(0).to_number(context)?;
    let text = arguments.get_or_undefined(1).to_string(context)?.to_std_string_lossy();
    let output = output(context)?;
    if !output.take(text.len()) {
        return Err(end("it says too much"));
    }
    let kept = if stream > 1.0 { &output.stderr } else { &output.stdout };
    kept.borrow_mut().push_str(&text);
    Ok(JsValue::undefined())
}

/// `exit(code)` of the prelude.
pub(crate) fn exit(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let code = arguments.get_or_undefined(0).to_i32(context)?;
    // As the operating system does it.
    output(context)?.exit.set(Some(code.to_le_bytes()[0]));
    Err(end("it has ended itself"))
}

/// The output of the script that runs in this context.
pub(crate) fn output(context: &Context) -> JsResult<&Output> {
    context.get_data::<Output>().ok_or_else(|| end("it has no output"))
}

/// An error that no `catch` of the script sees.
fn end(why: &str) -> JsError {
    PanicError::new(why).into()
}
