//! Everything an expression may call, by name and number of arguments.
//!
//! jaq's own definitions and natives, less what reaches outside (process, environment, clock, files, log)
//! and less what cannot be bounded; plus ours. A filter gets only what it uses: a whole prelude would cost
//! a hundred kilobytes for each expression.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jaq_core::load;
use jaq_core::load::parse::Def;
use jaq_core::native::Fun;

use super::native::{self, Engine};
use super::syntax;

/// Name and number of arguments.
pub(super) type Signature = (&'static str, usize);

/// Names that jq has and workflows have not, with the reason.
pub(super) const FORBIDDEN: &[(&str, &str)] = &[
    ("halt", "it would end the server"),
    ("halt_error", "it would end the server"),
    ("env", "workflows do not see the server's environment"),
    ("input", "an expression has one input, `.`"),
    ("inputs", "an expression has one input, `.`"),
    ("input_filename", "an expression has one input, `.`"),
    ("input_line_number", "an expression has one input, `.`"),
    ("debug", "expressions write no log; put the value into a task's output"),
    ("stderr", "expressions write no log; put the value into a task's output"),
    ("now", "time must come from the history; take `$task.startedAt` or `$workflow.startedAt`"),
    ("localtime", "the server's time zone is not part of the workflow; use `gmtime`"),
    ("strflocaltime", "the server's time zone is not part of the workflow; use `strftime`"),
    ("get_search_list", "expressions read no files"),
    ("import", "expressions read no files"),
    ("include", "expressions read no files"),
    ("modulemeta", "expressions read no files"),
    ("def", "expressions define no functions; use `reduce`, `map` or several tasks"),
    ("tobytes", "data are text; use `@base64`"),
    ("jn", "its running time is not bounded"),
    ("yn", "its running time is not bounded"),
];

/// jaq's natives that are not to be had under any name.
const DROPPED: &[&str] = &[
    "halt",
    "env",
    "now",
    "localtime",
    "strflocaltime",
    "debug_empty",
    "stderr_empty",
    "jn",
    "yn",
    "tobytes",
];

/// jaq's natives that are called only through a definition of ours.
const RENAMED: &[(&str, &str)] = &[
    ("matches", "std_matches"),
    ("split_matches", "std_split_matches"),
    ("split_", "std_split_"),
    ("escape_html", "std_escape_html"),
    ("unescape_html", "std_unescape_html"),
    ("strptime", "std_strptime"),
    ("ltrimstr", "std_ltrimstr"),
    ("rtrimstr", "std_rtrimstr"),
];

/// Helpers of the definitions, not words of the language.
const INTERNAL: &[&str] = &[
    "!empty",
    "error_empty",
    "path_value",
    "key_values",
    "min_by_or_empty",
    "max_by_or_empty",
    "escape_sh",
    "escape_html",
    "unescape_html",
    "encode_uri",
    "decode_uri",
    "encode_base64",
    "decode_base64",
    "matches",
    "split_matches",
    "split_",
    "scan_",
    "capture_of_match",
    "totype",
    "spend",
    "spend_regex",
    "refuse_zone_names",
];

/// The definitions, in the order in which they see each other, and the names of the natives.
pub(super) struct Library {
    defs: Vec<Def<&'static str>>,
    /// Indices of what each definition calls.
    uses: Vec<Uses>,
    by_name: BTreeMap<Signature, usize>,
    natives: BTreeSet<Signature>,
}

#[derive(Default)]
struct Uses {
    defs: BTreeSet<usize>,
    natives: BTreeSet<Signature>,
}

/// The library, built once.
pub(super) static LIBRARY: LazyLock<Library> = LazyLock::new(Library::new);

/// What one filter needs.
pub(super) struct Selection {
    defs: BTreeSet<usize>,
    natives: BTreeSet<Signature>,
}

impl Library {
    fn new() -> Self {
        let natives: BTreeSet<Signature> = funs().map(|(name, args, _)| (name, args.len())).collect();
        let defs = definitions(&natives);
        let mut by_name = BTreeMap::new();
        let mut uses = Vec::with_capacity(defs.len());
        for (at, def) in defs.iter().enumerate() {
            // A definition sees itself and those before it; its own arguments hide both.
            by_name.insert((def.name, def.args.len()), at);
            let mut calls = BTreeSet::new();
            syntax::calls(&def.body, &mut calls);
            let mut found = Uses::default();
            for call in calls {
                if call.1 == 0 && def.args.contains(&call.0) {
                    continue;
                }
                if let Some(def) = by_name.get(&call) {
                    found.defs.insert(*def);
                } else if natives.contains(&call) {
                    found.natives.insert(call);
                }
            }
            uses.push(found);
        }
        Self { defs, uses, by_name, natives }
    }

    /// May workflows call this?
    pub(super) fn knows(&self, name: &str, arity: usize) -> bool {
        let find = |(known, args): &Signature| *known == name && *args == arity;
        !is_internal(name) && (self.by_name.keys().any(find) || self.natives.iter().any(find))
    }

    /// The numbers of arguments that this name takes.
    pub(super) fn arities(&self, name: &str) -> Vec<usize> {
        let both = self.by_name.keys().chain(&self.natives);
        let of_name = both.filter(|(known, _)| *known == name && !is_internal(known));
        of_name.map(|(_, arity)| *arity).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// All names, for suggestions.
    pub(super) fn names(&self) -> BTreeSet<&'static str> {
        let both = self.by_name.keys().chain(&self.natives);
        both.map(|(name, _)| *name).filter(|name| !is_internal(name)).collect()
    }

    /// Everything that these calls need, directly or through definitions.
    pub(super) fn select(&self, calls: &BTreeSet<(&str, usize)>) -> Selection {
        let mut selection = Selection { defs: BTreeSet::new(), natives: BTreeSet::new() };
        let mut open = Vec::new();
        for (name, arity) in calls {
            let call = |(known, args): &&Signature| known == name && args == arity;
            if let Some(signature) = self.by_name.keys().find(call) {
                open.push(self.by_name[signature]);
            } else if let Some(signature) = self.natives.iter().find(call) {
                selection.natives.insert(*signature);
            }
        }
        while let Some(def) = open.pop() {
            if selection.defs.insert(def) {
                open.extend(&self.uses[def].defs);
                selection.natives.extend(&self.uses[def].natives);
            }
        }
        selection
    }

    /// The selected definitions, in order.
    pub(super) fn defs(&self, selection: &Selection) -> Vec<Def<&'static str>> {
        selection.defs.iter().map(|at| self.defs[*at].clone()).collect()
    }
}

impl Selection {
    /// The selected natives.
    pub(super) fn funs(&self) -> impl Iterator<Item = Fun<Engine>> + '_ {
        funs().filter(|(name, args, _)| self.natives.contains(&(*name, args.len())))
    }
}

fn is_internal(name: &str) -> bool {
    name.starts_with("std_") || INTERNAL.contains(&name)
}

/// Every native that is allowed; ours take the place of jaq's.
fn funs() -> impl Iterator<Item = Fun<Engine>> {
    let ours: BTreeSet<&str> = native::funs().map(|(name, ..)| name).collect();
    let jaq = jaq_core::funs::<Engine>().chain(jaq_std::base_funs()).chain(jaq_std::extra_funs());
    let jaq = jaq.filter(move |(name, ..)| !DROPPED.contains(name) && !ours.contains(name));
    let jaq = jaq.map(|(name, args, native)| {
        let renamed = RENAMED.iter().find(|(from, _)| *from == name);
        (renamed.map_or(name, |(_, to)| *to), args, native)
    });
    jaq.chain(native::funs())
}

/// jaq's definitions with ours in their places.
fn definitions(natives: &BTreeSet<Signature>) -> Vec<Def<&'static str>> {
    let ours = load::parse(include_str!("prelude.jq"), |parser| parser.defs()).unwrap_or_default();
    let kept = |def: &Def<&'static str>| {
        let signature = (def.name, def.args.len());
        let replaced = ours.iter().any(|our| (our.name, our.args.len()) == signature);
        !replaced && !natives.contains(&signature) && !FORBIDDEN.iter().any(|(name, _)| *name == def.name)
    };
    // jaq's standard library stands on its core, and on some of ours in place of its own.
    let (early, late): (Vec<_>, Vec<_>) = ours.iter().cloned().partition(|def| EARLY.contains(&def.name));
    let core = jaq_core::defs().filter(&kept);
    let standard = jaq_std::defs().filter(&kept);
    core.chain(early).chain(standard).chain(late).collect()
}

/// Our definitions that jaq's own build upon.
const EARLY: &[&str] =
    &["isboolean", "add", "matches", "split_matches", "split_", "escape_html", "unescape_html"];

#[cfg(test)]
mod tests {
    use jaq_core::Compiler;
    use jaq_core::load::{Arena, File, Loader};

    use super::*;

    fn compiles(text: &str) -> Result<(), String> {
        let mut calls = BTreeSet::new();
        let term = syntax::parse(text).map_err(|problems| format!("{problems:?}"))?;
        syntax::calls(&term, &mut calls);
        let selection = LIBRARY.select(&calls);
        let arena = Arena::default();
        let modules = Loader::new(LIBRARY.defs(&selection)).load(&arena, File { code: text, path: () });
        let modules = modules.map_err(|_| "it does not load".to_owned())?;
        let compiled = Compiler::default().with_funs(selection.funs()).compile(modules);
        compiled.map(drop).map_err(|errors| {
            let names = errors.into_iter().flat_map(|(_, errors)| errors);
            names.map(|(name, _)| name.to_owned()).collect::<Vec<_>>().join(", ")
        })
    }

    #[test]
    fn everything_that_is_offered_compiles() {
        for name in LIBRARY.names() {
            for arity in LIBRARY.arities(name) {
                let args =
                    if arity == 0 { String::new() } else { format!("({})", vec!["."; arity].join("; ")) };
                assert_eq!(compiles(&format!("{name}{args}")), Ok(()), "{name}/{arity}");
            }
        }
    }

    #[test]
    fn filters_hold_only_what_they_call() {
        let size = |text: &str| {
            let mut calls = BTreeSet::new();
            syntax::calls(&syntax::parse(text).unwrap(), &mut calls);
            let selection = LIBRARY.select(&calls);
            (selection.defs.len(), selection.natives.len())
        };
        assert_eq!(size(".a + $context.b"), (0, 0));
        assert_eq!(size("[.items[] | select(.a > 1)] | length"), (2, 1));
        assert!(size("test(\"a\")").0 < 20);
    }

    #[test]
    fn what_is_forbidden_is_not_there() {
        for (name, _) in FORBIDDEN {
            for arity in 0..4 {
                assert!(!LIBRARY.knows(name, arity), "{name}/{arity}");
                assert!(!LIBRARY.natives.contains(&(name, arity)), "{name}/{arity}");
            }
        }
        for name in DROPPED {
            assert!(LIBRARY.natives.iter().all(|(known, _)| known != name), "{name}");
        }
    }
}
