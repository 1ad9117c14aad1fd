//! The program in the README is the example that CI compiles.

#[test]
fn the_program_of_the_readme_is_the_example() {
    let root = env!("CARGO_MANIFEST_DIR");
    let read = |path: &str| std::fs::read_to_string(format!("{root}/{path}")).unwrap();
    let example = read("examples/first_steps.rs");
    let program = example.split_once("\n\n").map(|(_, program)| program).unwrap();
    assert!(
        read("README.md").contains(program),
        "the README shows another program than examples/first_steps.rs"
    );
}

/// The blocks of the guide that are excerpts, without their fences.
fn excerpts(guide: &str) -> Vec<&str> {
    guide
        .split("```rust,ignore\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("\n```"))
        .map(|(code, _)| code)
        .collect()
}

#[test]
fn the_guide_to_providers_shows_the_example_and_all_of_it() {
    let root = env!("CARGO_MANIFEST_DIR");
    let read = |path: &str| std::fs::read_to_string(format!("{root}/{path}")).unwrap();
    let guide = read("docs/guide/providers.md");
    let (shelf, main) = (read("examples/custom_provider/shelf.rs"), read("examples/custom_provider/main.rs"));
    assert!(shelf.lines().count() < 150, "the provider of the guide is to stay small");
    let mut left = shelf.clone();
    for code in excerpts(&guide) {
        assert!(shelf.contains(code) || main.contains(code), "this is not in the example:\n{code}");
        left = left.replacen(code, "", 1);
    }
    let shown = |line: &&str| !line.is_empty() && !line.starts_with("//!") && !line.starts_with("use ");
    let missing: Vec<_> = left.lines().filter(shown).collect();
    assert!(missing.is_empty(), "the guide leaves out: {missing:#?}");
}
