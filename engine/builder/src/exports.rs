//! Takes the exports out of a component that are not of our contract.
//!
//! Tools that put an interpreter into a component leave the function exported by which they set it up. Whoever
//! could call it again would change what the component is, so the host takes no component with such an export.
//! An export gives what it names one more index, so those of everything behind it move.

use std::convert::Infallible;

use anyhow::{Context as _, Result, bail};
use wasm_encoder::reencode::{Error, Reencode, ReencodeComponent};
use wasm_encoder::{Component, ComponentExportSection, ComponentSectionId, RawSection};
use wasmparser::{
    CanonicalFunction, ComponentAlias, ComponentExport, ComponentExternalKind, ComponentTypeRef,
    CustomSectionReader, KnownCustom, Parser, Payload,
};

/// The component with those exports only whose names are `wanted`; byte for byte the same if it has no others.
///
/// # Errors
/// If it cannot be read, or exports something else than functions and interfaces.
pub(crate) fn only(component: &[u8], wanted: fn(&str) -> bool) -> Result<Vec<u8>> {
    let gone = Gone::of(component, wanted)?;
    if gone.functions.is_empty() && gone.instances.is_empty() {
        return Ok(component.to_vec());
    }
    let mut kept = Component::new();
    let mut without = Without { wanted, gone, nested: 0 };
    without
        .parse_component(&mut kept, Parser::new(0), component)
        .context("taking the tool's own exports out")?;
    Ok(kept.finish())
}

/// The indices that exports give which are not wanted, each with that of what it names.
#[derive(Debug, Default)]
struct Gone {
    functions: Vec<(u32, u32)>,
    instances: Vec<(u32, u32)>,
}

impl Gone {
    /// Goes through all that has an index.
    fn of(component: &[u8], wanted: fn(&str) -> bool) -> Result<Self> {
        let mut gone = Self::default();
        let (mut functions, mut instances, mut nested) = (0_u32, 0_u32, 0_u32);
        for payload in Parser::new(0).parse_all(component) {
            match payload? {
                // What lies deeper has indices of its own.
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => nested += 1,
                Payload::End(_) => nested = nested.saturating_sub(1),
                _ if nested > 0 => {}
                Payload::ComponentImportSection(section) => {
                    for import in section {
                        match import?.ty {
                            ComponentTypeRef::Func(_) => functions += 1,
                            ComponentTypeRef::Instance(_) => instances += 1,
                            _ => {}
                        }
                    }
                }
                Payload::ComponentAliasSection(section) => {
                    for alias in section {
                        match alias? {
                            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Func, .. } => {
                                functions += 1;
                            }
                            ComponentAlias::InstanceExport {
                                kind: ComponentExternalKind::Instance, ..
                            } => {
                                instances += 1;
                            }
                            _ => {}
                        }
                    }
                }
                Payload::ComponentInstanceSection(section) => instances += section.count(),
                Payload::ComponentCanonicalSection(section) => {
                    for function in section {
                        functions += u32::from(matches!(function?, CanonicalFunction::Lift { .. }));
                    }
                }
                Payload::ComponentExportSection(section) => {
                    for export in section {
                        let export = export?;
                        let keep = wanted(export.name.name);
                        let (space, index) = match export.kind {
                            ComponentExternalKind::Func => (&mut gone.functions, &mut functions),
                            ComponentExternalKind::Instance => (&mut gone.instances, &mut instances),
                            _ if keep => continue,
                            _ => bail!("it exports `{}`, which is no interface", export.name.name),
                        };
                        if !keep {
                            space.push((*index, export.index));
                        }
                        *index += 1;
                    }
                }
                _ => {}
            }
        }
        Ok(gone)
    }
}

/// Where it is without those before it; what is gone itself is where that is which it named.
fn moved(gone: &[(u32, u32)], index: u32) -> u32 {
    if let Some((_, named)) = gone.iter().find(|(gone, _)| *gone == index) {
        return moved(gone, *named);
    }
    gone.iter().fold(index, |at, (gone, _)| if *gone < index { at - 1 } else { at })
}

struct Without {
    wanted: fn(&str) -> bool,
    gone: Gone,
    /// How deep inside of a type we are: it has indices of its own.
    nested: u32,
}

impl Reencode for Without {
    type Error = Infallible;
}

impl ReencodeComponent for Without {
    fn push_depth(&mut self) {
        self.nested += 1;
    }

    fn pop_depth(&mut self) {
        self.nested -= 1;
    }

    fn component_func_index(&mut self, index: u32) -> u32 {
        if self.nested == 0 { moved(&self.gone.functions, index) } else { index }
    }

    fn component_instance_index(&mut self, index: u32) -> u32 {
        if self.nested == 0 { moved(&self.gone.instances, index) } else { index }
    }

    fn parse_component_export(
        &mut self,
        exports: &mut ComponentExportSection,
        export: ComponentExport<'_>,
    ) -> Result<(), Error<Infallible>> {
        if !(self.wanted)(export.name.name) {
            return Ok(());
        }
        wasm_encoder::reencode::component_utils::parse_component_export(self, exports, export)
    }

    /// As it is: megabytes of code, none of which knows an index of the outside.
    fn parse_component_submodule(
        &mut self,
        component: &mut Component,
        _parser: Parser,
        module: &[u8],
    ) -> Result<(), Error<Infallible>> {
        component.section(&RawSection { id: ComponentSectionId::CoreModule as u8, data: module });
        Ok(())
    }

    /// As it is: what it has of the outside, it is given by name.
    fn parse_component_subcomponent(
        &mut self,
        component: &mut Component,
        _parser: Parser,
        subcomponent: &[u8],
        _whole: &[u8],
    ) -> Result<(), Error<Infallible>> {
        component.section(&RawSection { id: ComponentSectionId::Component as u8, data: subcomponent });
        Ok(())
    }

    /// Names of things by their index would be those of others now.
    fn parse_component_custom_section(
        &mut self,
        component: &mut Component,
        section: CustomSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        if matches!(section.as_known(), KnownCustom::ComponentName(_)) {
            return Ok(());
        }
        wasm_encoder::reencode::component_utils::parse_component_custom_section(self, component, section)
    }
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{
        Alias, CanonicalFunctionSection, CodeSection, ComponentAliasSection, ComponentExportKind,
        ComponentInstanceSection, ComponentTypeSection, ExportKind, ExportSection, Function, FunctionSection,
        InstanceSection, Module, ModuleArg, ModuleSection, TypeSection,
    };
    use wasmparser::Validator;

    use super::*;

    const OURS: &str = "yiwang:channel/webhook@1.0.0";

    /// A module with one function, `f`, that does nothing.
    fn module() -> Module {
        let (mut types, mut functions, mut exports, mut code) =
            (TypeSection::new(), FunctionSection::new(), ExportSection::new(), CodeSection::new());
        types.ty().function([], []);
        functions.function(0);
        exports.export("f", ExportKind::Func, 0);
        let mut body = Function::new([]);
        body.instructions().end();
        code.function(&body);
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&exports).section(&code);
        module
    }

    /// Takes `f` of the module and lifts it: one more function of the component.
    fn lifted(component: &mut Component, core: u32) {
        let mut aliases = ComponentAliasSection::new();
        aliases.alias(Alias::CoreInstanceExport { instance: 0, kind: ExportKind::Func, name: "f" });
        let mut lifts = CanonicalFunctionSection::new();
        lifts.lift(core, 0, []);
        component.section(&aliases).section(&lifts);
    }

    fn exported(component: &mut Component, name: &str, kind: ComponentExportKind, index: u32) {
        let mut exports = ComponentExportSection::new();
        exports.export(name, kind, index, None);
        component.section(&exports);
    }

    fn instance_of(component: &mut Component, function: u32) {
        let mut instances = ComponentInstanceSection::new();
        instances.export_items([("run", ComponentExportKind::Func, function)]);
        component.section(&instances);
    }

    /// Our interface, behind a function and an interface of a tool's own, which take indices before it.
    fn component(others: bool) -> Vec<u8> {
        let mut component = Component::new();
        component.section(&ModuleSection(&module()));
        let mut instances = InstanceSection::new();
        instances.instantiate(0, Vec::<(&str, ModuleArg)>::new());
        component.section(&instances);
        let mut types = ComponentTypeSection::new();
        types.function().params(Vec::<(&str, wasm_encoder::ComponentValType)>::new()).result(None);
        component.section(&types);
        let (mut function, mut instance) = (0, 0);
        if others {
            lifted(&mut component, 0);
            exported(&mut component, "init", ComponentExportKind::Func, 0);
            instance_of(&mut component, 1);
            exported(&mut component, "exports", ComponentExportKind::Instance, 0);
            (function, instance) = (2, 2);
        }
        lifted(&mut component, u32::from(others));
        instance_of(&mut component, function);
        exported(&mut component, OURS, ComponentExportKind::Instance, instance);
        component.finish()
    }

    fn exports(component: &[u8]) -> Vec<String> {
        let mut names = Vec::new();
        for payload in Parser::new(0).parse_all(component) {
            if let Payload::ComponentExportSection(section) = payload.unwrap() {
                names.extend(section.into_iter().map(|export| export.unwrap().name.name.to_owned()));
            }
        }
        names
    }

    #[test]
    fn a_tools_own_exports_are_taken_out_and_the_rest_holds() {
        let made = component(true);
        Validator::new().validate_all(&made).unwrap();
        assert_eq!(exports(&made), ["init", "exports", OURS]);
        let kept = only(&made, |name| name == OURS).unwrap();
        Validator::new().validate_all(&kept).unwrap();
        assert_eq!(exports(&kept), [OURS]);
    }

    #[test]
    fn without_any_it_stays_as_it_is() {
        let made = component(false);
        Validator::new().validate_all(&made).unwrap();
        assert_eq!(only(&made, |name| name == OURS).unwrap(), made);
    }
}
