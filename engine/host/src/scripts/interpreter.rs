//! One interpreter, compiled and ready. That it imports nothing is checked by giving it nothing.

use std::fs;
use std::path::PathBuf;

use wasmtime::Engine;
use wasmtime::component::Linker;
use yiwang_dsl::definition::ScriptLanguage;

use super::bindings::ScriptPre;
use super::run::State;
use crate::cache::Cache;
use crate::limits;

/// An interpreter.
pub(crate) struct Interpreter {
    pub(crate) pre: ScriptPre<State>,
    pub(crate) memory_bytes_max: usize,
}

impl Interpreter {
    /// Finds, compiles and links it.
    pub(crate) fn load(
        language: ScriptLanguage,
        folders: &[PathBuf],
        engine: &Engine,
        cache: &Cache,
    ) -> Result<Self, String> {
        let (name, memory_bytes_max) = match language {
            ScriptLanguage::Js => ("script-js.wasm", limits::SCRIPT_JS_MEMORY_BYTES_MAX),
            ScriptLanguage::Python => ("script-python.wasm", limits::SCRIPT_PYTHON_MEMORY_BYTES_MAX),
        };
        let found = folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file());
        let Some(path) = found else {
            let folders: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
            let how = match language {
                ScriptLanguage::Js => "`cargo xtask plugins` builds it",
                ScriptLanguage::Python => "`cargo xtask plugins` builds it where python3 and pip are",
            };
            return Err(format!("there is no interpreter {name} in {}; {how}", folders.join(", ")));
        };
        let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let size = fs::metadata(&path).map_err(|error| told(&error))?.len();
        if size > limits::INTERPRETER_BYTES_MAX {
            return Err(told(&format!("it has {size} bytes, more than {}", limits::INTERPRETER_BYTES_MAX)));
        }
        let wasm = fs::read(&path).map_err(|error| told(&error))?;
        let shown = |error: wasmtime::Error| told(&format!("{error:#}"));
        let component = cache.component(engine, &wasm).map_err(shown)?;
        let pre = Linker::new(engine).instantiate_pre(&component).map_err(shown)?;
        Ok(Self { pre: ScriptPre::new(pre).map_err(shown)?, memory_bytes_max })
    }
}
