//! A plugin that is ready to be called: compiled, linked, its exports found. It holds no state of any call.

use serde_json::Value;
use wasmtime::Engine;
use wasmtime::component::{InstancePre, Linker};

use crate::cache::Cache;
use crate::call::CallState;
use crate::exports::Exports;
use crate::manifest::Manifest;
use crate::package::Package;

/// One plugin.
pub(crate) struct Plugin {
    pub(crate) manifest: Manifest,
    /// `sha256:…` of the component.
    pub(crate) digest: String,
    pub(crate) pre: InstancePre<CallState>,
    pub(crate) exports: Exports,
    pub(crate) event_schemas: Vec<(String, Option<jsonschema::Validator>)>,
}

impl Plugin {
    /// Compiles and links a checked component file.
    pub(crate) fn new(
        engine: &Engine,
        linker: &Linker<CallState>,
        cache: &Cache,
        package: Package,
    ) -> Result<Self, String> {
        let told = |error: wasmtime::Error| format!("{error:#}");
        let component = cache.component(engine, &package.wasm).map_err(told)?;
        let pre = linker.instantiate_pre(&component).map_err(told)?;
        let digest = package.digest();
        let manifest = package.manifest;
        // Only what it provides is looked for; `package` has checked that the two agree.
        let exports = Exports::new(&pre, manifest.contract, &|interface| manifest.provides(interface));
        Ok(Self {
            exports: exports.map_err(told)?,
            event_schemas: event_schemas(&manifest)?,
            manifest,
            digest,
            pre,
        })
    }

    /// The name and version as people see them.
    pub(crate) fn label(&self) -> String {
        format!("{} {}", self.manifest.name, self.manifest.version)
    }
}

fn event_schemas(manifest: &Manifest) -> Result<Vec<(String, Option<jsonschema::Validator>)>, String> {
    let compile = |schema: &Value| schema_validator(schema);
    manifest
        .events
        .iter()
        .map(|event| {
            let validator = event.data_schema.as_ref().map(compile).transpose();
            Ok((
                event.r#type.clone(),
                validator.map_err(|error| format!("schema of {}: {error}", event.r#type))?,
            ))
        })
        .collect()
}

/// Compiles a schema; it may refer to nothing outside itself.
pub(crate) fn schema_validator(schema: &Value) -> Result<jsonschema::Validator, String> {
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(true)
        .build(schema)
        .map_err(|error| error.to_string())
}
