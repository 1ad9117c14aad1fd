//! The state by itself.

use super::*;
use mosaic_core::testkit::suite::cicd::{Draft, JobDraft, Step};
use mosaic_core::types::cicd::RunState;
use mosaic_core::types::git::MergeMethod;

async fn seeded() -> (Arc<Forge>, User, u64) {
    let forge = Forge::open().await;
    let ada = forge.add_user("ada", "token-of-ada");
    let repo = forge.create_repo(NewRepo::new("ada", "widget")).await.unwrap().id;
    let put = Put::new("main", "README.md", "one\ntwo\n").by(&ada);
    let written = forge.git(repo).put_file(&put, |_| Ok(())).await.unwrap();
    assert_eq!(written.before, None);
    (forge, ada, repo)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_become_commits() {
    let (forge, ada, repo) = seeded().await;
    let git = forge.git(repo);
    let first = git.tip("main").await.unwrap();
    let put = Put::new("main", "src/lid.rs", "fn lid() {}\n").by(&ada).message("Add a lid");
    let written = git.put_file(&put, |_| Ok(())).await.unwrap();
    let commit = git.commit(&written.commit).await.unwrap();
    assert_eq!((commit.message.as_str(), commit.author.name.as_str()), ("Add a lid", "ada"));
    assert_eq!(commit.parents, [first.as_str()]);
    let paths: Vec<_> =
        git.tree("main", "", true).await.unwrap().into_iter().map(|entry| entry.path).collect();
    assert_eq!(paths, ["README.md", "src", "src/lid.rs"]);
    assert_eq!(git.blob(written.blob.as_deref().unwrap()).await.unwrap(), b"fn lid() {}\n");
    let diff = git.diff(Some(&first), &written.commit).await;
    assert_eq!((diff[0].status, diff[0].lines), ('A', Some((1, 0))));
    assert_eq!(diff[0].patch.as_deref(), Some("@@ -0,0 +1 @@\n+fn lid() {}"));
    let again = git.put_file(&put, |_| Ok(())).await.unwrap();
    assert_eq!(again.before, written.blob);
    let check = |before: Option<&str>| Err(Refusal::stale(before.unwrap_or_default()));
    let refused = git.put_file(&put, check).await.unwrap_err();
    assert_eq!(refused, Refusal::stale(again.before.clone().unwrap()));
    assert_ne!(again.commit, written.commit, "forges make a commit also where nothing changes");
    let below = git.put_file(&Put::new("main", "README.md/x", "x"), |_| Ok(())).await.unwrap_err();
    assert_eq!(below.reason, Reason::Invalid);
    let gone = git.put_file(&Put::deletion("main", "src/lid.rs"), |_| Ok(())).await.unwrap();
    assert_eq!(git.tree(&gone.commit, "src", false).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pull_requests_and_issues_share_their_numbers() {
    let (forge, ada, repo) = seeded().await;
    let git = forge.git(repo);
    let issue = NewIssue { title: "It leaks".into(), labels: vec!["bug".into()], ..NewIssue::default() };
    assert_eq!(forge.create_issue(repo, "ada", issue).unwrap().number, 1);
    git.create_ref("refs/heads/lid", &git.tip("main").await.unwrap()).await.unwrap();
    let new =
        NewPull { title: "Lid".into(), source: "lid".into(), target: "main".into(), ..NewPull::default() };
    let nothing = forge.create_pull(repo, "ada", new.clone()).await.unwrap_err();
    assert_eq!(nothing.reason, Reason::Invalid);
    let put = Put::new("lid", "lid.txt", "lid").by(&ada);
    let head = git.put_file(&put, |_| Ok(())).await.unwrap().commit;
    let pull = forge.create_pull(repo, "ada", new.clone()).await.unwrap();
    assert_eq!((pull.item.number, pull.head.as_str(), pull.mergeable), (2, head.as_str(), Some(true)));
    assert_eq!(forge.create_pull(repo, "ada", new).await.unwrap_err().reason, Reason::Exists);
    let stale = forge.merge_pull(repo, 2, MergeMethod::Merge, "m", Some("0"), &ada).await.unwrap_err();
    assert_eq!(stale.reason, Reason::Stale);
    let commit = forge.merge_pull(repo, 2, MergeMethod::Squash, "Lid (#2)", Some(&head), &ada).await.unwrap();
    assert_eq!(git.tip("main").await, Some(commit));
    let twice = forge.merge_pull(repo, 2, MergeMethod::Squash, "m", None, &ada).await.unwrap_err();
    assert_eq!(twice.reason, Reason::State);
    let repo = forge.repo(repo).unwrap();
    assert_eq!((repo.place_among(&repo.items[&2]), repo.nth(true, 1).unwrap().number), (1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_branch_that_goes_closes_its_pull_requests() {
    let (forge, ada, repo) = seeded().await;
    let git = forge.git(repo);
    git.create_ref("refs/heads/lid", &git.tip("main").await.unwrap()).await.unwrap();
    let head = git.put_file(&Put::new("lid", "a", "a").by(&ada), |_| Ok(())).await.unwrap().commit;
    let new =
        NewPull { title: "Lid".into(), source: "lid".into(), target: "main".into(), ..NewPull::default() };
    forge.create_pull(repo, "ada", new).await.unwrap();
    forge.delete_ref(repo, "refs/heads/lid").await.unwrap();
    let view = forge.pull(repo, 1).await.unwrap();
    assert_eq!((view.item.open, view.head), (false, head));
    assert_eq!(forge.set_pull_open(repo, 1, true, "ada").await.unwrap_err().reason, Reason::State);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_merged_in_another_way_is_merged() {
    let (forge, ada, repo) = seeded().await;
    let git = forge.git(repo);
    let base = git.tip("main").await.unwrap();
    for branch in ["lid", "box"] {
        git.create_ref(&format!("refs/heads/{branch}"), &base).await.unwrap();
        git.put_file(&Put::new(branch, branch, "x").by(&ada), |_| Ok(())).await.unwrap();
        let (title, source, target) = (branch.to_owned(), branch.to_owned(), "main".to_owned());
        let new = NewPull { title, source, target, ..NewPull::default() };
        forge.create_pull(repo, "ada", new).await.unwrap();
    }
    let merge = Merge { source: "lid", target: "main", method: MergeMethod::Merge, message: "m", by: &ada };
    let commit = git.merge(&merge).await.unwrap().commit;
    forge.settle(repo, "main", "ada").await;
    let merged = forge.pull(repo, 1).await.unwrap();
    assert_eq!((merged.item.open, merged.pull.merged.unwrap().commit), (false, commit));
    assert!(forge.item(repo, 2).unwrap().open);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_the_wiki_count_their_versions() {
    let (forge, _, repo) = seeded().await;
    let page = WikiPage::new("Home", "# Home", "ada");
    assert_eq!(forge.put_page(repo, "Home", page.clone()).unwrap().version, 1);
    assert_eq!(forge.put_page(repo, "Home", page).unwrap().version, 2);
    assert!(forge.delete_page(repo, "Home") && !forge.delete_page(repo, "Home"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_lead_on_after_a_rename() {
    let (forge, _, repo) = seeded().await;
    forge.move_repo(repo, "ada", "gadget").unwrap();
    assert_eq!(forge.find("Ada", "Gadget"), Found::Here(repo));
    assert_eq!(forge.find("ada", "widget"), Found::Moved(repo));
    let other = forge.create_repo(NewRepo::new("ada", "widget")).await.unwrap().id;
    assert_eq!(forge.find("ada", "widget"), Found::Here(other));
    forge.delete_repo(repo).await.unwrap();
    assert_eq!(forge.find("ada", "gadget"), Found::Nowhere);
    assert!(forge.git(other).is_empty().await);
}

#[tokio::test]
async fn runs_go_on_with_every_look() {
    let forge = Forge::open().await;
    let draft = Draft::of(
        JobDraft::new("build").step(Step::Print("hello".into())).step(Step::PrintInput("who".into())),
    )
    .job(JobDraft::new("fail").needs(["build"]).step(Step::Exit(3)))
    .job(JobDraft::new("after").needs(["fail"]))
    .job(JobDraft::new("files").step(Step::LeaveFile { path: "out/a.txt".into(), content: "a b".into() }));
    let text = format!("on: push\n{}", program_lines(&draft, "#"));
    assert_eq!(read_program(&text), Some(draft.clone()));
    assert_eq!(
        read_program(&program_lines(&Draft::of(JobDraft::new("w").step(Step::WaitForEver)), "//"))
            .unwrap()
            .jobs
            .len(),
        1
    );
    let trigger = Trigger {
        pipeline: "ci.yml".into(),
        reference: "main".into(),
        commit: "0".repeat(40),
        event: "push".into(),
        actor: "ada".into(),
        inputs: [("who".to_owned(), "Ada".to_owned())].into(),
        program: draft,
    };
    let id = forge.trigger_run(1, trigger.clone()).id;
    let mut seen = vec![RunState::Queued];
    let run = loop {
        let run = forge.run(1, id).unwrap();
        if seen.last() != Some(&run.state) {
            seen.push(run.state);
        }
        if run.state.is_final() {
            break run;
        }
    };
    assert_eq!(seen, [RunState::Queued, RunState::Running, RunState::Failed]);
    let states: Vec<_> = run.jobs.iter().map(|job| job.state).collect();
    assert_eq!(states, [RunState::Succeeded, RunState::Failed, RunState::Skipped, RunState::Succeeded]);
    assert_eq!((run.jobs[0].log.as_str(), run.jobs[1].exit_code), ("hello\nAda\n", Some(3)));
    assert_eq!(run.artifacts[0].content, b"a b");
    let again = forge.rerun(1, id, true).unwrap();
    assert_eq!(
        (again.attempt, again.jobs[0].state, again.jobs[1].state),
        (2, RunState::Succeeded, RunState::Queued)
    );
    let program = Draft::of(JobDraft::new("w").step(Step::WaitForEver));
    let waits = forge.trigger_run(1, Trigger { program, ..trigger }).id;
    for _ in 0..5 {
        assert!(!forge.run(1, waits).unwrap().state.is_final());
    }
    forge.cancel_run(1, waits).unwrap();
    assert_eq!(forge.cancel_run(1, waits).unwrap_err().reason, Reason::State);
    assert_eq!(forge.runs(1)[0].jobs[0].state, RunState::Cancelled);
}
