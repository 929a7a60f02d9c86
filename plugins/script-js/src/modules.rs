//! What a script may `import`: `fs` and `process`, with or without `node:`, made of the prelude's objects.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use boa_engine::module::{ModuleLoader, ModuleRequest, Referrer, SyntheticModuleInitializer};
use boa_engine::property::PropertyKey;
use boa_engine::{Context, JsNativeError, JsObject, JsResult, JsString, Module, js_string};

/// The modules by name.
#[derive(Default)]
pub(crate) struct Modules {
    known: RefCell<BTreeMap<String, Module>>,
}

impl Modules {
    /// A module that exports the members of an object, and the object itself as its default.
    pub(crate) fn add(&self, name: &str, members: &JsObject, context: &mut Context) -> JsResult<()> {
        let mut names = Vec::new();
        for key in members.own_property_keys(context)? {
            if let PropertyKey::String(key) = key
                && key != js_string!("default")
            {
                names.push(key);
            }
        }
        let exported: Vec<JsString> = names.iter().cloned().chain([js_string!("default")]).collect();
        let steps = SyntheticModuleInitializer::from_copy_closure_with_captures(
            |module, (members, names): &(JsObject, Vec<JsString>), context| {
                for name in names {
                    let value = members.get(name.clone(), context)?;
                    module.set_export(name, value)?;
                }
                module.set_export(&js_string!("default"), members.clone().into())
            },
            (members.clone(), names),
        );
        let module = Module::synthetic(&exported, steps, None, None, context);
        self.known.borrow_mut().insert(name.to_owned(), module);
        Ok(())
    }
}

impl ModuleLoader for Modules {
    async fn load_imported_module(
        self: Rc<Self>,
        _: Referrer,
        request: ModuleRequest,
        _: &RefCell<&mut Context>,
    ) -> JsResult<Module> {
        let specifier = request.specifier().to_std_string_lossy();
        let name = specifier.strip_prefix("node:").unwrap_or(&specifier);
        let known = self.known.borrow().get(name).cloned();
        known.ok_or_else(|| {
            let message = format!("cannot find module '{specifier}': there are node:fs and node:process");
            JsNativeError::error().with_message(message).into()
        })
    }
}
