//! What the names let through and what they keep out, by example and by property.

use std::path::{Component, Path};
use std::process::Command;

use proptest::prelude::*;

use super::*;

/// Pieces that an attacker would try, mixed with harmless ones.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "..",
            ".",
            "/",
            "//",
            "\\",
            "-",
            "--",
            "--upload-pack=x",
            ".git",
            ".GIT",
            "git~1",
            ".lock",
            "@",
            "@{",
            "HEAD",
            "refs/heads/",
            "a",
            "main",
            "x1",
            "~",
            "^",
            ":",
            "?",
            "*",
            "[",
            " ",
            "\t",
            "\n",
            "\0",
            "\u{7f}",
            "\u{200c}",
            "ä",
            "C:",
            "$(id)",
            "`id`",
            ";",
            "%2e%2e",
            "a.b",
            "_",
            "0",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
        "[a-z]{1,3}",
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn an_accepted_repository_stays_inside_the_root(owner in hostile(), name in hostile()) {
        if repository(&RepoRef::new(owner.clone(), name.clone())).is_ok() {
            let root = Path::new("/forges/one");
            let full = root.join(&owner).join(format!("{name}.git"));
            let inside: Vec<_> = full.strip_prefix(root).unwrap().components().collect();
            prop_assert_eq!(inside.len(), 2);
            prop_assert!(inside.iter().all(|part| matches!(part, Component::Normal(_))));
            prop_assert!(!owner.starts_with(['-', '.']) && !name.starts_with(['-', '.']));
        }
    }

    #[test]
    fn an_accepted_path_stays_inside_the_tree(text in hostile()) {
        if let Ok(path) = FilePath::parse(&text) {
            let parts: Vec<_> = Path::new(path.as_str()).components().collect();
            prop_assert!(parts.iter().all(|part| matches!(part, Component::Normal(_))));
            prop_assert_eq!(parts.len(), path.components().len());
            prop_assert!(!text.contains(['\n', '\0', '\\']));
        }
    }

    #[test]
    fn an_accepted_revision_is_one_line_and_no_option(text in hostile()) {
        if let Ok(revision) = Revision::parse("at", &text) {
            for candidate in revision.candidates() {
                prop_assert!(!candidate.starts_with('-') && !candidate.contains(['\n', ' ', ':']));
            }
        }
    }

    #[test]
    fn an_identity_is_always_one_that_git_takes(name in hostile()) {
        let (name, email) = identity(&Principal::user(name));
        prop_assert!(!name.trim().is_empty() && !name.contains(['<', '>', '\n', '\0']));
        prop_assert!(email.ends_with("@mosaic.invalid") && !email.contains([' ', '<', '>', '\n']));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Git is the judge: what is accepted here is a branch there, too.
    #[test]
    fn an_accepted_branch_is_one_for_git(text in hostile()) {
        if let Ok(branch) = BranchName::parse("branch", &text) {
            prop_assert!(!branch.as_str().starts_with('-'));
            let verdict = Command::new("git").args(["check-ref-format", &branch.reference()]).status().unwrap();
            prop_assert!(verdict.success(), "{branch}");
            // The same rules hold for tags.
            let tag = TagName::parse("tag", &text).unwrap();
            prop_assert_eq!(tag.reference(), format!("refs/tags/{text}"));
        }
    }
}

#[test]
fn ordinary_names_pass() {
    for name in ["widget", "Widget_2", "a.b", "_x", "0", &"a".repeat(100)] {
        assert!(repository(&RepoRef::new("acme", name)).is_ok(), "{name}");
    }
    for branch in ["main", "feature/lid", "release-1.2", "ümlaut", "a@b", "deadbeef"] {
        assert!(BranchName::parse("branch", branch).is_ok(), "{branch}");
    }
    for path in
        ["README.md", "src/lib.rs", ".github/workflows/ci.yml", "-x", "a b", ".gitignore", "ä/ö", "a~b"]
    {
        assert!(FilePath::parse(path).is_ok(), "{path}");
    }
}

#[test]
fn hostile_names_do_not() {
    for name in [
        "",
        ".",
        "..",
        "-x",
        "a/b",
        "a\\b",
        "a\n",
        "a\0",
        "x.git",
        "x.GIT",
        "x.lock",
        ".x",
        "a b",
        "ä",
        "a..b",
        "a.",
        &"a".repeat(101),
    ] {
        assert!(repository(&RepoRef::new("acme", name)).is_err(), "{name:?}");
        assert!(repository(&RepoRef::new(name, "widget")).is_err(), "{name:?}");
    }
    for branch in [
        "",
        "@",
        "HEAD",
        "-x",
        "a..b",
        "a b",
        "a~1",
        "a^",
        "a:b",
        "/a",
        "a/",
        "a//b",
        ".a",
        "a/.b",
        "a.lock",
        "a.lock/b",
        "a.",
        "a@{1}",
        "refs/heads/a",
        "a\n",
        &"0".repeat(40),
        &"a".repeat(241),
    ] {
        assert!(BranchName::parse("branch", branch).is_err(), "{branch:?}");
    }
    for path in [
        "",
        "/etc/passwd",
        "../x",
        "a/../b",
        "./a",
        "a/",
        "a//b",
        ".git",
        ".git/config",
        "a/.GIT/config",
        "git~1/x",
        ".git /x",
        ".git::$INDEX_ALLOCATION/x",
        ".g\u{200c}it/config",
        "a\\b",
        "a\nb",
        "a\0b",
    ] {
        assert!(FilePath::parse(path).is_err(), "{path:?}");
    }
}

#[test]
fn a_name_that_shows_nothing_is_no_identity() {
    for blank in ["\u{a0}", "\u{2003} .", "  ", "<>"] {
        assert_eq!(identity(&Principal::user(blank)).0, "mosaic", "{blank:?}");
    }
}
