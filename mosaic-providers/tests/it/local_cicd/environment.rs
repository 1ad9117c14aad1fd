//! What a job sees: a clean checkout of its commit, and of the environment only what it is meant to see.

use mosaic_core::ErrorKind;
use mosaic_core::op::cicd::{CicdService, TriggerRun};
use mosaic_core::op::git::{CreateBranch, GitService, WriteFile};

use super::{Place, one_job, open_log, succeeded, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_this_process_is_seen_but_what_is_listed() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config).await;
    // The test runner sets this one for every test.
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    let (run, _, log) = place.script(&ci, "all", "env").await;
    succeeded(&run, &log);
    let mut seen: Vec<_> =
        log.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    seen.sort_unstable();
    let expected = [
        "CI",
        "HOME",
        "MOSAIC_COMMIT",
        "MOSAIC_JOB",
        "MOSAIC_JOB_MARK",
        "MOSAIC_PIPELINE",
        "MOSAIC_REFERENCE",
        "MOSAIC_REPOSITORY",
        "MOSAIC_RUN",
        "PATH",
        "PWD",
        "TMPDIR",
    ];
    // Shells add some of their own.
    seen.retain(|name| !["_", "SHLVL", "OLDPWD"].contains(name));
    assert_eq!(seen, expected, "{log}");
    assert!(log.contains("MOSAIC_REPOSITORY=acme/widget") && log.contains("MOSAIC_REFERENCE=main"), "{log}");
    drop(ci);

    let other = tempfile::tempdir().unwrap();
    let place = Place::new(other.path()).await;
    let ci = place.open(|config| config.environment(["CARGO_MANIFEST_DIR", "NOT_SET_ANYWHERE"])).await;
    let (_, _, log) = place.script(&ci, "some", "env").await;
    assert!(log.contains(&format!("CARGO_MANIFEST_DIR={}", env!("CARGO_MANIFEST_DIR"))), "{log}");
    assert!(!log.contains("NOT_SET_ANYWHERE"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn variables_and_inputs_arrive_as_they_are_written() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config).await;
    let pipeline = "env: { LEVEL: 3, MODE: fast, PATH: /usr/bin:/bin }\njobs:\n  a:\n    env: { MODE: \"slow; exit 9\" }\n    run: 'printf \"%s|%s|%s|%s\\n\" \"$LEVEL\" \"$MODE\" \"$INPUT_DRY_RUN\" \"$PATH\"'\n";
    place.pipeline("vars", pipeline).await;
    let op =
        TriggerRun::new("acme", "widget", "vars").inputs([("dry-run".to_owned(), "a\nb $HOME".to_owned())]);
    let run = ci.trigger_run(&place.cx, op).await.unwrap();
    assert_eq!(text(open_log(&ci, &run, "a").await).await, "3|slow; exit 9|a\nb $HOME|/usr/bin:/bin\n");
    for bad in ["", "a b", "1a", "a=b"] {
        let op = TriggerRun::new("acme", "widget", "vars").inputs([(bad.to_owned(), String::new())]);
        assert_eq!(ci.trigger_run(&place.cx, op).await.unwrap_err().kind(), ErrorKind::Invalid, "{bad:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_job_has_a_clean_checkout_of_exactly_its_commit() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config).await;
    place.write("src/deep/file.txt", "first").await;
    let two = "jobs:\n  a: { run: 'ls -A; cat src/deep/file.txt; echo spoiled > src/deep/file.txt' }\n  b: { needs: [a], directory: src/deep, run: 'cat file.txt; pwd | sed s,.*checkout,,; test ! -e ~/.git' }\n";
    place.pipeline("two", two).await;
    let branch = CreateBranch::new("acme", "widget", "old");
    place.forge.create_branch(&place.cx, branch).await.unwrap();
    place.write("src/deep/file.txt", "second").await;
    for (at, content) in [("old", "first"), ("main", "second")] {
        let run = ci.trigger_run(&place.cx, TriggerRun::new("acme", "widget", "two").at(at)).await.unwrap();
        assert_eq!(run.reference.as_deref(), Some(at));
        let a = text(open_log(&ci, &run, "a").await).await;
        assert_eq!(a, format!(".mosaic\nREADME.md\nsrc\n{content}"));
        assert_eq!(text(open_log(&ci, &run, "b").await).await, format!("{content}/src/deep\n"));
    }
    // The pipeline of a branch is that of the branch.
    let other =
        WriteFile::new("acme", "widget", ".mosaic/pipelines/two.yml", one_job("echo other")).branch("old");
    place.forge.write_file(&place.cx, other).await.unwrap();
    let run = ci.trigger_run(&place.cx, TriggerRun::new("acme", "widget", "two").at("old")).await.unwrap();
    assert_eq!(text(open_log(&ci, &run, "a").await).await, "other\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_outside_the_checkout_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let place = Place::new(root.path()).await;
    let ci = place.open(|config| config).await;
    // A link that the repository itself holds.
    let bare = root.path().join("forge/acme/widget.git");
    let clone = root.path().join("clone");
    let git = |directory: &std::path::Path, args: &[&str]| {
        let done = std::process::Command::new("git")
            .current_dir(directory)
            .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"])
            .args(args)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    git(root.path(), &["clone", "-q", &bare.to_string_lossy(), "clone"]);
    std::os::unix::fs::symlink("/etc", clone.join("out")).unwrap();
    git(&clone, &["add", "out"]);
    git(&clone, &["commit", "-qm", "A link"]);
    git(&clone, &["push", "-q", "origin", "HEAD:main"]);
    for (name, directory) in [("out", "out"), ("none", "missing"), ("file", "README.md")] {
        let text = format!("jobs:\n  a: {{ run: pwd, directory: {directory} }}\n");
        let run = place.trigger(&ci, name, &text).await;
        let run = super::ended(&ci, &run).await;
        assert!(run.reason.as_deref().unwrap().contains("no directory of the commit"), "{run:?}");
    }
}
