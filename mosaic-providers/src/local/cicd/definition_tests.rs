//! Definitions that can be read, and the faults of those that cannot.

use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Result<Definition> {
    parse("build", text, 50)
}

fn fault_of(text: &str) -> String {
    read(text).unwrap_err().message().to_owned()
}

#[test]
fn a_whole_pipeline_is_read() {
    let text = r#"
name: Build and test
timeout: 20m
env: { LEVEL: 3, MODE: "fast" }
jobs:
  test:
    needs: [build]
    run: make test
  build:
    run:
      - make
      - true
      - 'echo "a: b"'
    env:
      MODE: slow
    timeout: 90s
    artifacts: ["dist/**", "*.log"]
    directory: src/app
"#;
    let pipeline = read(text).unwrap();
    assert_eq!(pipeline.name.as_deref(), Some("Build and test"));
    assert_eq!(pipeline.timeout, Some(Duration::from_secs(1200)));
    let names: Vec<_> = pipeline.jobs.iter().map(|job| job.name.as_str()).collect();
    assert_eq!(names, ["build", "test"], "each after those that it needs");
    let build = &pipeline.jobs[0];
    assert_eq!(build.script, "make\ntrue\necho \"a: b\"\n");
    assert_eq!(build.env["LEVEL"], "3");
    assert_eq!((build.env["MODE"].as_str(), pipeline.jobs[1].env["MODE"].as_str()), ("slow", "fast"));
    assert_eq!((build.timeout, build.directory.as_deref()), (Some(Duration::from_secs(90)), Some("src/app")));
    let globs = build.artifacts.as_ref().unwrap();
    assert!(globs.is_match("dist/a/b") && globs.is_match("x.log") && !globs.is_match("sub/x.log"));
    assert_eq!(pipeline.jobs[1].needs, ["build"]);
}

#[test]
fn a_script_is_a_word_a_text_or_lines() {
    let script = |run: &str| read(&format!("jobs:\n  a:\n    run: {run}\n")).unwrap().jobs[0].script.clone();
    assert_eq!(script("true"), "true");
    assert_eq!(script("\"false\""), "false");
    assert_eq!(script("|\n      if true; then\n        echo hi\n      fi"), "if true; then\n  echo hi\nfi\n");
    assert_eq!(script("[a, b]"), "a\nb\n");
}

#[test]
fn faults_say_where() {
    for (text, parts) in [
        ("jobs:\n  a:\n    runs: x\n", &["line 3, column 5", "runs"][..]),
        ("steps: []\njobs: {}\n", &["line 1, column 1", "steps"]),
        ("jobs:\n  a: {}\n", &["line 2", "run"]),
        ("jobs: {}\n", &["line 1, column 7", "1 to 50"]),
        ("jobs:\n  a:\n    run: x\n  a:\n    run: y\n", &["line 4, column 3", "a"]),
        ("jobs:\n  a:\n    run: x\n    needs: [b]\n", &["line 4, column 13", "\"b\""]),
        ("jobs:\n  a:\n    run: x\n    needs: [a]\n", &["line 4, column 13", "a -> a"]),
        (
            "jobs:\n  z: { run: x, needs: [b] }\n  a: { run: x, needs: [b] }\n  b: { run: x, needs: [c] }\n  c: { run: x, needs: [b] }\n",
            &["line 5, column 24", "b -> c -> b"],
        ),
        ("name: \"a\\nb\"\njobs:\n  a:\n    run: x\n", &["line 1, column 7", "name"]),
        ("jobs:\n  a b:\n    run: x\n", &["line 3", "\"a b\""]),
        ("jobs:\n  a:\n    run: []\n", &["line 3, column 10", "at least one command"]),
        ("jobs:\n  a:\n    run: x\n    timeout: 5\n", &["line 4, column 14", "90s"]),
        ("jobs:\n  a:\n    run: x\n    timeout: 0s\n", &["line 4, column 14"]),
        ("jobs:\n  a:\n    run: x\n    directory: ../up\n", &["line 4, column 16", "directory"]),
        ("jobs:\n  a:\n    run: x\n    artifacts: [../*]\n", &["line 4, column 17", "artifacts"]),
        ("jobs:\n  a:\n    run: x\n    artifacts: [/etc/passwd]\n", &["line 4, column 17"]),
        ("jobs:\n  a:\n    run: x\n    artifacts: [\"[\"]\n", &["line 4, column 17"]),
        ("env: { MOSAIC_RUN: x }\njobs:\n  a:\n    run: x\n", &["line 1, column 20", "MOSAIC_"]),
        ("env: { \"A B\": x }\njobs:\n  a:\n    run: x\n", &["line 1", "\"A B\""]),
        ("jobs:\n  a:\n    run:\n      - echo \"a: b\"\n", &["line 4, column 9", "quote"]),
        ("jobs: [", &["line 1"]),
        ("", &["build"]),
        ("jobs:\n  a:\n    run: {x: y}\n", &["line 3"]),
    ] {
        let fault = fault_of(text);
        for part in parts {
            assert!(fault.contains(part), "{text:?} lacks {part:?}: {fault}");
        }
    }
}

#[test]
fn every_fault_is_shown_at_once() {
    let fault = fault_of("timeout: x\njobs:\n  a:\n    run: []\n    needs: [b]\n");
    assert_eq!(fault.matches("column ").count(), 3, "{fault}");
}

#[test]
fn what_is_too_much_is_refused() {
    let jobs: String = (0..51).map(|at| format!("  j{at}: {{ run: x }}\n")).collect();
    assert!(fault_of(&format!("jobs:\n{jobs}")).contains("not 51"));
    assert!(fault_of(&" ".repeat(SIZE_MAX + 1)).contains("over"));
    let bomb = "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\njobs: *c\n";
    fault_of(bomb);
}

#[test]
fn durations_have_units() {
    assert_eq!(duration("5ms"), Some(Duration::from_millis(5)));
    assert_eq!(duration("2 h"), Some(Duration::from_secs(7200)));
    for bad in ["", "5", "s", "-1s", "1.5s", "99999999999999999h", "0m"] {
        assert_eq!(duration(bad), None, "{bad}");
    }
    let shown: Vec<_> =
        [100, 10_000, 120_000, 3_600_000].map(|ms| shown_duration(Duration::from_millis(ms))).into();
    assert_eq!(shown, ["100 ms", "10 s", "2 min", "1 h"]);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_in_peace(text in "\\PC{0,200}|jobs:\n( {0,4}(a|b|run|needs|env|timeout): ?(x|\\[a, b\\]|\\{)?\n){0,8}") {
        if let Err(error) = read(&text) {
            prop_assert_eq!(error.kind(), mosaic_core::ErrorKind::Invalid);
        }
    }

    /// Whatever the needs, the order has every job once and after its needs, or the circle is found.
    #[test]
    fn the_order_keeps_every_need(edges in proptest::collection::vec((0usize..8, 0usize..8), 0..16)) {
        let mut text = String::from("jobs:\n");
        for at in 0..8 {
            let needs: Vec<_> = edges.iter().filter(|(from, _)| *from == at).map(|(_, to)| format!("j{to}")).collect();
            text.push_str(&format!("  j{at}: {{ run: x, needs: [{}] }}\n", needs.join(", ")));
        }
        match read(&text) {
            Ok(pipeline) => {
                prop_assert_eq!(pipeline.jobs.len(), 8);
                for (at, job) in pipeline.jobs.iter().enumerate() {
                    for need in &job.needs {
                        prop_assert!(pipeline.jobs[..at].iter().any(|other| other.name == *need));
                    }
                }
            }
            Err(error) => prop_assert!(error.message().contains("wait for each other")),
        }
    }
}
