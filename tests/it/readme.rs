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
