//! The paths of a source file that lead to other modules of its crate.

use std::path::Path;

use super::lex::{Token, tokens};

/// The crate's own name, which a path may begin with as well.
const CRATE: &str = "mosaic_core";

/// A mention of something below the crate root.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reference<'s> {
    /// Line of the mention, counted from one.
    pub(super) line: usize,
    /// First name below the crate root; `None` where the root itself is meant, as in `use crate::*`.
    pub(super) top: Option<&'s str>,
    /// Whether it stands in test code.
    pub(super) in_tests: bool,
}

/// One file as tokens, and the module it is.
#[derive(Debug)]
pub(super) struct Source<'s> {
    module: Vec<&'s str>,
    in_tests: bool,
    tokens: Vec<(usize, Token<'s>)>,
}

/// One end of a path or of a `use` tree.
struct Leaf<'s> {
    line: usize,
    /// From the crate root.
    path: Vec<&'s str>,
    /// What the `use` calls it; `None` for a glob.
    name: Option<&'s str>,
}

impl<'s> Source<'s> {
    /// Reads `text`, the file at `path` below `src`.
    pub(super) fn new(path: &'s Path, text: &'s str) -> Self {
        let folders = path.parent().into_iter().flatten().filter_map(|name| name.to_str());
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let module: Vec<&str> = folders.chain(stem.filter(|stem| !matches!(*stem, "mod" | "lib"))).collect();
        Self { in_tests: module.contains(&"tests"), module, tokens: tokens(text) }
    }

    /// The top module that the file belongs to; `None` for lib.rs.
    pub(super) fn top(&self) -> Option<&'s str> {
        self.module.first().copied()
    }

    /// Every path that begins at the crate root or is relative to the file's own module.
    pub(super) fn references(&self) -> Vec<Reference<'s>> {
        let mut found = Vec::new();
        let mut module = self.module.clone();
        // Per open brace: the depth of modules to go back to, and whether the code in it is test code.
        let mut braces = Vec::new();
        let mut for_tests = false;
        let mut at = 0;
        while let Some(token) = self.token(at) {
            let in_tests = braces.last().map_or(self.in_tests, |(_, in_tests)| *in_tests);
            match (token, self.token(at + 1), self.token(at + 2)) {
                (Token::Punct('#'), Some(Token::Punct('[')), _) => {
                    let end = self.attribute_end(at + 2);
                    for_tests |= is_cfg_test(&self.tokens[at + 2..end]);
                    at = end;
                    continue;
                }
                (Token::Ident("mod"), Some(Token::Ident(name)), Some(Token::Punct('{'))) => {
                    braces.push((module.len(), in_tests || for_tests));
                    module.push(name);
                    at += 2;
                }
                (Token::Ident("crate" | "self" | "super" | CRATE), Some(Token::Colons), _) => {
                    let mut leaves = Vec::new();
                    at = self.walk(at, module.clone(), &mut leaves);
                    found.extend(leaves.iter().map(|leaf| Reference {
                        line: leaf.line,
                        top: leaf.path.first().copied(),
                        in_tests,
                    }));
                    for_tests = false;
                    continue;
                }
                (Token::Punct('{'), ..) => braces.push((module.len(), in_tests)),
                (Token::Punct('}'), ..) => {
                    let depth = braces.pop().map_or(self.module.len(), |(depth, _)| depth);
                    module.truncate(depth);
                }
                _ => {}
            }
            for_tests &= matches!(token, Token::Ident("pub" | "crate" | "super") | Token::Punct('(' | ')'));
            at += 1;
        }
        found.dedup();
        found
    }

    /// The names that the `use` items of this file, lib.rs, put at the crate root, each with the top module
    /// or foreign crate it comes from.
    pub(super) fn reexports(&self) -> Vec<(&'s str, &'s str)> {
        let mut leaves = Vec::new();
        for at in 0..self.tokens.len() {
            if self.token(at) == Some(Token::Ident("use")) {
                let start = at + 1 + usize::from(self.token(at + 1) == Some(Token::Colons));
                self.walk(start, Vec::new(), &mut leaves);
            }
        }
        leaves.iter().filter_map(|leaf| Some((leaf.name?, *leaf.path.first()?))).collect()
    }

    /// The macros that this file puts at the crate root, each with the file's top module.
    pub(super) fn exported_macros(&self) -> Vec<(&'s str, &'s str)> {
        let Some(top) = self.top() else { return Vec::new() };
        let mut exported = false;
        let mut found = Vec::new();
        for at in 0..self.tokens.len() {
            match (self.token(at), self.token(at + 2)) {
                (Some(Token::Ident("macro_export")), _) => exported = true,
                (Some(Token::Ident("macro_rules")), Some(Token::Ident(name))) => {
                    found.extend(exported.then_some((name, top)));
                    exported = false;
                }
                _ => {}
            }
        }
        found
    }

    /// Follows a path or a `use` tree from the token at `at`, collects its leaves and returns where it ends.
    fn walk(&self, mut at: usize, mut path: Vec<&'s str>, leaves: &mut Vec<Leaf<'s>>) -> usize {
        let line = self.tokens.get(at).map_or(0, |(line, _)| *line);
        loop {
            match self.token(at) {
                Some(Token::Ident("crate" | CRATE)) => path.clear(),
                Some(Token::Ident("self")) => {}
                Some(Token::Ident("super")) => {
                    path.pop();
                }
                Some(Token::Ident(name)) => path.push(name),
                Some(Token::Punct('*')) => {
                    leaves.push(Leaf { line, path, name: None });
                    return at + 1;
                }
                Some(Token::Punct('{')) => return self.walk_group(at + 1, &path, leaves),
                // `crate::$name` in a macro: what follows is not known.
                _ if path.is_empty() => return at,
                _ => break,
            }
            if self.token(at + 1) != Some(Token::Colons) {
                at += 1;
                break;
            }
            at += 2;
        }
        let name = match (self.token(at), self.token(at + 1)) {
            (Some(Token::Ident("as")), Some(Token::Ident(alias))) => Some(alias),
            _ => path.last().copied(),
        };
        leaves.push(Leaf { line, path, name });
        at
    }

    /// Follows each tree of a group, up to and including its closing brace.
    fn walk_group(&self, mut at: usize, path: &[&'s str], leaves: &mut Vec<Leaf<'s>>) -> usize {
        loop {
            match self.token(at) {
                None => return at,
                Some(Token::Punct('}')) => return at + 1,
                Some(Token::Punct(',') | Token::Ident("as")) => at += 1,
                Some(Token::Ident(_)) if self.token(at - 1) == Some(Token::Ident("as")) => at += 1,
                Some(_) => at = self.walk(at, path.to_vec(), leaves).max(at + 1),
            }
        }
    }

    /// Where the attribute whose first inner token is at `at` has ended.
    fn attribute_end(&self, at: usize) -> usize {
        let mut depth = 1;
        let mut at = at;
        while let Some(token) = self.token(at).filter(|_| depth > 0) {
            depth += i32::from(token == Token::Punct('[')) - i32::from(token == Token::Punct(']'));
            at += 1;
        }
        at
    }

    fn token(&self, at: usize) -> Option<Token<'s>> {
        self.tokens.get(at).map(|(_, token)| *token)
    }
}

/// Whether what an attribute holds compiles its item for tests only.
fn is_cfg_test(attribute: &[(usize, Token<'_>)]) -> bool {
    let has = |word| attribute.iter().any(|(_, token)| *token == Token::Ident(word));
    has("cfg") && has("test") && !has("not") && !has("any")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The tops a file mentions; `*` is the root itself, and `?` marks test code.
    fn tops(path: &str, text: &str) -> Vec<String> {
        let show = |reference: Reference<'_>| {
            format!("{}{}", reference.top.unwrap_or("*"), if reference.in_tests { "?" } else { "" })
        };
        Source::new(Path::new(path), text).references().into_iter().map(show).collect()
    }

    #[test]
    fn paths_resolve_from_the_root_and_from_the_own_module() {
        for (path, text, expected) in [
            ("op/mod.rs", "use crate::types::{Page, page::Cursor as C};", vec!["types"]),
            (
                "op/mod.rs",
                "use crate::{error::{self, Error}, types as t, op::*};",
                vec!["error", "types", "op"],
            ),
            (
                "op/mod.rs",
                "use super::{engine, super::x}; use self::meta::OpMeta;",
                vec!["engine", "x", "op"],
            ),
            (
                "op/git/pr.rs",
                "use super::super::meta; use super::super::super::engine::Call;",
                vec!["op", "engine"],
            ),
            ("context.rs", "use super::*; use crate as root;", vec!["*"]),
            (
                "context.rs",
                "mod a { mod b { use super::super::C; } use super::super::types; }",
                vec!["context", "types"],
            ),
            ("op/mod.rs", "macro_rules! m { () => { $crate::engine::f($crate::$x) } }", vec!["engine"]),
            (
                "op/mod.rs",
                "pub(crate) fn f(x: &crate::types::A) -> u8 { self.x + super::engine::B as u8 }",
                vec!["types", "engine"],
            ),
            (
                "op/mod.rs",
                "fn f() { mosaic_core::engine::g::<u8>(); ::mosaic_core::api::h() }",
                vec!["engine", "api"],
            ),
            ("op/mod.rs", "// crate::a\n/* super::b */ /// crate::c\nconst D: &str = \"crate::e\";", vec![]),
        ] {
            assert_eq!(tops(path, text), expected, "{text}");
        }
    }

    #[test]
    fn test_code_is_known_by_its_attribute_or_its_file() {
        let text = "#[cfg(test)] pub(crate) mod tests { fn f() { crate::a::g() } } use crate::b;";
        assert_eq!(tops("op/mod.rs", text), ["a?", "b"]);
        assert_eq!(tops("op/mod.rs", "#[cfg(not(test))] mod real { use crate::a; }"), ["a"]);
        assert_eq!(tops("op/mod.rs", "#[cfg(test)] use crate::a; mod real { use crate::b; }"), ["a", "b"]);
        assert_eq!(tops("op/tests.rs", "use crate::a;"), ["a?"]);
    }

    #[test]
    fn names_at_the_root_come_from_reexports_and_macros() {
        let lib = "pub use error::{Error, Result as R}; pub use self::op::*; pub use ::serde_json as json;";
        let lib = Source::new(Path::new("lib.rs"), lib);
        assert_eq!(lib.reexports(), [("Error", "error"), ("R", "error"), ("json", "serde_json")]);
        let text = "#[macro_export] macro_rules! service { () => {} } macro_rules! hidden { () => {} }";
        assert_eq!(Source::new(Path::new("op/service.rs"), text).exported_macros(), [("service", "op")]);
    }

    const WORDS: &[&str] = &[
        "crate", "super", "self", "::", "{", "}", ",", "*", "as", "a", "use", "mod", "#", "[", "]", "cfg",
        "test",
    ];

    proptest! {
        #[test]
        fn any_tokens_are_walked_to_their_end(
            words in prop::collection::vec(prop::sample::select(WORDS), 0..30),
        ) {
            let text = words.join(" ");
            let source = Source::new(Path::new("op/mod.rs"), &text);
            let _ = (source.references(), source.reexports(), source.exported_macros());
        }
    }
}
