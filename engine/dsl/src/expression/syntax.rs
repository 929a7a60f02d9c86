//! Reading jq text: the tree, and what can be told from it without running it.

use std::collections::BTreeSet;
use std::ops::Range;

use jaq_core::load::lex::{StrPart, Tok, Token};
use jaq_core::load::parse::{BinaryOp, Pattern, Term};
use jaq_core::load::{Lexer, Parser};
use jaq_core::{ops, path};

use super::Problem;
use crate::diagnostic::{Code, Text};
use crate::text;

/// Longest expression, in bytes.
const TEXT_LEN_MAX: usize = 16 << 10;
/// Deepest nesting of brackets.
const BRACKETS_MAX: usize = 60;
/// Longest chain of operators that build upon each other, through all brackets.
const CHAIN_LEN_MAX: usize = 100;

/// Parses one expression.
pub(super) fn parse(text: &str) -> Result<Term<&str>, Vec<Problem>> {
    let too_complex = |message: Text| vec![Problem::new(Code::TooComplex, 0..text.len(), message)];
    if text.len() > TEXT_LEN_MAX {
        return Err(too_complex(text!("the expression has more than {} bytes", TEXT_LEN_MAX)));
    }
    if bracket_depth(text) > BRACKETS_MAX {
        return Err(too_complex(text!("the expression nests more than {} brackets", BRACKETS_MAX)));
    }
    let tokens = Lexer::new(text).lex().map_err(|errors| {
        let problem = |(expected, rest): (jaq_core::load::lex::Expect<&str>, &str)| {
            let found = rest.chars().next();
            let start = text.len() - rest.len();
            let message = match found {
                Some(found) => {
                    text!("the expression has `{}` where it needs {}", found, wanted(expected.as_str()))
                }
                None => text!("the expression ends where it needs {}", wanted(expected.as_str())),
            };
            let range = start..start + found.map_or(0, char::len_utf8);
            let problem = Problem::new(Code::ExpressionSyntax, range, message);
            match found {
                Some(found) if found.is_alphabetic() => problem
                    .with_help("a text stands in quotes; a member with such a name is read by `.[\"…\"]`"),
                _ => problem,
            }
        };
        // What follows the first is a consequence of it.
        errors.into_iter().next().map(problem).into_iter().collect::<Vec<_>>()
    })?;
    if chain_len(&tokens) > CHAIN_LEN_MAX {
        return Err(too_complex(text!("the expression chains more than {} operators", CHAIN_LEN_MAX)));
    }
    Parser::new(&tokens).parse(|parser| parser.term()).map_err(|errors| {
        let problem = |(expected, found): (jaq_core::load::parse::Expect<&str>, Option<&Token<&str>>)| {
            let found = Token::opt_as_str(found, text);
            let message = match found {
                "" => text!("the expression ends where it needs {}", wanted(expected.as_str())),
                found => {
                    text!(
                        "the expression has `{}` where it needs {}",
                        short(found),
                        wanted(expected.as_str())
                    )
                }
            };
            Problem::new(Code::ExpressionSyntax, span(text, found), message)
        };
        errors.into_iter().next().map(problem).into_iter().collect::<Vec<_>>()
    })
}

/// What jq's parser names in its words, in ours.
fn wanted(expected: &str) -> Text {
    let phrase = match expected {
        "argument" => "an argument",
        "closing brace" | "comma or right brace" => "a closing brace",
        "closing bracket" | "comma or right bracket" => "a closing bracket",
        "closing parenthesis" | "semicolon or right parenthesis" => "a closing parenthesis",
        "closing quote" => "a closing quote",
        "digit" => "a digit",
        "else or end" => "`else` or `end`",
        "4-digit hexadecimal UTF-8 code point" | "string escape sequence" => "an escape sequence",
        "identifier" => "a name",
        "key" => "a key",
        "nothing" => "its end",
        "pattern" => "a pattern",
        "string" => "a text in quotes",
        "term" => "a term",
        "token" => "a word or sign of jq",
        "variable" => "a variable",
        word => return text!("`{}`", word),
    };
    Text::from(phrase)
}

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(20).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// The bytes of a part of the text. Parts that jaq made up have no place.
pub(super) fn span(text: &str, part: &str) -> Range<usize> {
    let start = (part.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
    match start.checked_add(part.len()) {
        Some(end) if end <= text.len() => start..end,
        _ => 0..text.len(),
    }
}

/// Brackets open at once, those in strings included: too many is safe here.
fn bracket_depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Words that take a term after them.
const NESTING: [&str; 10] = ["if", "try", "catch", "label", "reduce", "foreach", "def", "and", "or", "as"];

/// How deep the parsed tree can become: the operators and keywords between two separators, with the most
/// of any brackets among them, and the longest path.
fn chain_len(tokens: &[Token<&str>]) -> usize {
    let (mut longest, mut here, mut inner) = (0, 0, 0);
    let (mut path, mut longest_path) = (0, 0);
    for Token(text, kind) in tokens {
        match kind {
            Tok::Block(tokens) => inner = inner.max(chain_len(tokens) + 1),
            Tok::Str(parts) => {
                here += parts.len();
                for part in parts {
                    if let StrPart::Term(Token(_, Tok::Block(tokens))) = part {
                        inner = inner.max(chain_len(tokens) + 1);
                    }
                }
            }
            Tok::Sym if matches!(*text, ";" | ":") => {
                longest = longest.max(here + inner);
                (here, inner) = (0, 0);
            }
            Tok::Sym if is_path(text) || matches!(*text, ")" | "]" | "}") => {}
            Tok::Word if !NESTING.contains(text) => {}
            Tok::Sym | Tok::Word => here += 1,
            Tok::Var | Tok::Fmt | Tok::Num => {}
        }
        path = if is_path(text) || text.starts_with(['[', '"']) { path + 1 } else { 0 };
        longest_path = longest_path.max(path);
    }
    longest.max(here + inner) + longest_path
}

/// `.a`, `.` and `?` belong to a path; so does `[…]`, which is a block.
fn is_path(text: &str) -> bool {
    text.starts_with('.') || text == "?"
}

/// Visits a term and all terms in it, outermost first.
pub(super) fn walk<'t, 's>(term: &'t Term<&'s str>, visit: &mut dyn FnMut(&'t Term<&'s str>)) {
    visit(term);
    children(term, &mut |child| walk(child, visit));
}

/// Visits the direct parts of a term.
fn children<'t, 's>(term: &'t Term<&'s str>, visit: &mut dyn FnMut(&'t Term<&'s str>)) {
    match term {
        Term::Id | Term::Recurse | Term::Num(_) | Term::Var(_) | Term::Break(_) | Term::Arr(None) => {}
        Term::Str(_, parts) => {
            for part in parts {
                if let StrPart::Term(term) = part {
                    visit(term);
                }
            }
        }
        Term::Arr(Some(term)) | Term::Neg(term) | Term::Label(_, term) => visit(term),
        Term::Obj(members) => {
            for (key, value) in members {
                visit(key);
                value.iter().for_each(&mut *visit);
            }
        }
        Term::BinOp(left, op, right) => {
            visit(left);
            if let BinaryOp::Pipe(Some(pattern)) = op {
                pattern_terms(pattern, visit);
            }
            visit(right);
        }
        Term::Fold(_, source, pattern, args) => {
            visit(source);
            pattern_terms(pattern, visit);
            args.iter().for_each(visit);
        }
        Term::TryCatch(body, catch) => {
            visit(body);
            catch.iter().for_each(|catch| visit(catch));
        }
        Term::IfThenElse(branches, otherwise) => {
            for (condition, then) in branches {
                visit(condition);
                visit(then);
            }
            otherwise.iter().for_each(|otherwise| visit(otherwise));
        }
        Term::Def(defs, body) => {
            defs.iter().for_each(|def| visit(&def.body));
            visit(body);
        }
        Term::Call(_, args) => args.iter().for_each(visit),
        Term::Path(base, path::Path(parts)) => {
            visit(base);
            for (part, _) in parts {
                match part {
                    path::Part::Index(index) => visit(index),
                    path::Part::Range(from, upto) => from.iter().chain(upto).for_each(&mut *visit),
                }
            }
        }
    }
}

fn pattern_terms<'t, 's>(pattern: &'t Pattern<&'s str>, visit: &mut dyn FnMut(&'t Term<&'s str>)) {
    match pattern {
        Pattern::Var(_) => {}
        Pattern::Arr(items) => items.iter().for_each(|item| pattern_terms(item, visit)),
        Pattern::Obj(members) => {
            for (key, value) in members {
                // `{$x}` binds `$x` and reads the member of that name.
                if !matches!(key, Term::Var(_)) {
                    visit(key);
                }
                pattern_terms(value, visit);
            }
        }
    }
}

/// Names and numbers of arguments of all calls.
pub(super) fn calls<'s>(term: &Term<&'s str>, calls: &mut BTreeSet<(&'s str, usize)>) {
    walk(term, &mut |term| match term {
        Term::Call(name, args) => {
            calls.insert((name, args.len()));
        }
        Term::Str(Some(format), _) => {
            calls.insert((format, 0));
        }
        _ => {}
    });
}

/// Variables that the term reads and does not bind itself, in order, each with its place.
pub(super) fn free_variables<'s>(term: &Term<&'s str>) -> Vec<&'s str> {
    fn visit<'s>(term: &Term<&'s str>, bound: &mut Vec<&'s str>, free: &mut Vec<&'s str>) {
        let before = bound.len();
        match term {
            Term::Var(name) if !bound.contains(name) => free.push(name),
            Term::BinOp(left, BinaryOp::Pipe(Some(pattern)), right) => {
                visit(left, bound, free);
                pattern_terms(pattern, &mut |term| visit(term, &mut bound.clone(), free));
                pattern_variables(pattern, bound);
                visit(right, bound, free);
            }
            Term::Fold(_, source, pattern, args) => {
                visit(source, bound, free);
                pattern_terms(pattern, &mut |term| visit(term, &mut bound.clone(), free));
                let mut args = args.iter();
                args.next().iter().for_each(|init| visit(init, bound, free));
                pattern_variables(pattern, bound);
                args.for_each(|arg| visit(arg, bound, free));
            }
            _ => children(term, &mut |child| visit(child, bound, free)),
        }
        bound.truncate(before);
    }
    let mut free = Vec::new();
    visit(term, &mut Vec::new(), &mut free);
    free
}

fn pattern_variables<'s>(pattern: &Pattern<&'s str>, bound: &mut Vec<&'s str>) {
    match pattern {
        Pattern::Var(name) => bound.push(name),
        Pattern::Arr(items) => items.iter().for_each(|item| pattern_variables(item, bound)),
        Pattern::Obj(members) => members.iter().for_each(|(_, value)| pattern_variables(value, bound)),
    }
}

/// The text of a string without interpolation.
pub(super) fn literal<'s>(term: &Term<&'s str>) -> Option<&'s str> {
    match term {
        Term::Str(None, parts) => match parts.as_slice() {
            [StrPart::Str(text)] => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// Members of a variable that are read by name, each with its place.
pub(super) fn member_reads<'s>(term: &Term<&'s str>, variable: &str) -> Vec<&'s str> {
    let mut reads = Vec::new();
    walk(term, &mut |term| {
        if let Term::Path(base, path::Path(parts)) = term
            && matches!(**base, Term::Var(name) if name == variable)
            && let Some((path::Part::Index(index), path::Opt::Essential)) = parts.first()
            && let Some(member) = literal(index)
        {
            reads.push(member);
        }
    });
    reads
}

/// The members that an `export.as` certainly names, when it can be told: `{ a: 1 }`, `$context + { a: 1 }`.
pub(super) fn exported(term: &Term<&str>) -> Option<BTreeSet<String>> {
    match term {
        Term::Var("$context") => Some(BTreeSet::new()),
        Term::Obj(members) => members
            .iter()
            .map(|(key, value)| match (key, value) {
                (Term::Var(name), None) => Some(name.trim_start_matches('$').to_owned()),
                (key, _) => literal(key).map(str::to_owned),
            })
            .collect(),
        Term::BinOp(left, BinaryOp::Math(ops::Math::Add | ops::Math::Mul), right) => {
            let mut members = exported(left)?;
            members.extend(exported(right)?);
            Some(members)
        }
        _ => None,
    }
}

/// May the term look at its input? False only where that is certain.
pub(super) fn reads_input(term: &Term<&str>) -> bool {
    match term {
        Term::Var(_) | Term::Num(_) | Term::Arr(None) => false,
        Term::Call("true" | "false" | "null" | "empty", args) if args.is_empty() => false,
        Term::Id | Term::Recurse | Term::Call(..) | Term::Fold(..) | Term::Def(..) => true,
        // What comes after a pipe looks at what went in, which is the same every time.
        Term::BinOp(left, BinaryOp::Pipe(_), _) => reads_input(left),
        Term::Break(_)
        | Term::Str(..)
        | Term::Arr(Some(_))
        | Term::Neg(_)
        | Term::Label(..)
        | Term::Obj(_)
        | Term::BinOp(..)
        | Term::TryCatch(..)
        | Term::IfThenElse(..)
        | Term::Path(..) => {
            let mut reads = false;
            children(term, &mut |child| reads |= reads_input(child));
            reads
        }
    }
}

/// May the term have more than one result?
pub(super) fn many(term: &Term<&str>) -> bool {
    match term {
        Term::Recurse | Term::BinOp(_, BinaryOp::Comma, _) => true,
        Term::BinOp(left, BinaryOp::Pipe(_), right) => many(left) || many(right),
        Term::BinOp(left, BinaryOp::Alt, right) => many(left) || many(right),
        Term::Path(base, path::Path(parts)) => {
            many(base) || parts.iter().any(|(part, _)| matches!(part, path::Part::Range(None, None)))
        }
        Term::TryCatch(body, _) => many(body),
        Term::IfThenElse(branches, otherwise) => {
            branches.iter().any(|(_, then)| many(then)) || otherwise.as_deref().is_some_and(many)
        }
        Term::Call(name, args) => {
            matches!((*name, args.len()), ("range" | "recurse" | "while" | "repeat" | "splits" | "paths", _))
        }
        _ => false,
    }
}

/// Calls that repeat without a bound that can be told from the text.
pub(super) fn unbounded<'s>(term: &Term<&'s str>) -> Vec<&'s str> {
    fn visit<'s>(term: &Term<&'s str>, found: &mut Vec<&'s str>) {
        if let Term::Call(name, args) = term {
            match (*name, args.as_slice()) {
                // These stop the generator; only what is inside their generator's arguments is looked at.
                ("limit", [count, Term::Call(_, inner)]) if bound(count) => {
                    return inner.iter().for_each(|arg| visit(arg, found));
                }
                ("first", [Term::Call(_, inner)]) => return inner.iter().for_each(|arg| visit(arg, found)),
                ("repeat", [_]) | ("while" | "until", [_, _]) | ("recurse", [_] | [_, _]) => found.push(name),
                ("range", [upto] | [_, upto] | [_, upto, _]) if !bound(upto) => found.push(name),
                _ => {}
            }
        }
        children(term, &mut |child| visit(child, found));
    }
    /// A number, or the size of something that is there already.
    fn bound(term: &Term<&str>) -> bool {
        match term {
            Term::Num(number) => number.parse::<f64>().is_ok_and(|number| number <= 100_000.0),
            Term::Call("length", args) => args.is_empty(),
            Term::BinOp(_, BinaryOp::Pipe(None), right) => bound(right),
            Term::BinOp(left, BinaryOp::Math(ops::Math::Add | ops::Math::Sub), right) => {
                bound(left) && bound(right)
            }
            _ => false,
        }
    }
    let mut found = Vec::new();
    visit(term, &mut found);
    found
}
