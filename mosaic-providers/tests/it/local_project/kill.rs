//! Kills: a process that dies in the middle of writing loses nothing that it reported.
//!
//! The test starts this test binary anew as a writer that reports on its output what it begins and what was answered, and
//! kills it after a number of reports. 20 rounds; 50 where `MOSAIC_SOAK` is `full`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use mosaic_core::context::CallContext;
use mosaic_core::error::ErrorKind;
use mosaic_core::op::project::{
    AddComment, CreateIssue, CreateProject, CreateSprint, LinkIssues, PlanSprint, ProjectService as _,
    UnlinkIssues,
};
use mosaic_core::plugin::Plugin as _;
use mosaic_core::types::IssueRef;
use mosaic_core::types::project::{Issue, SprintState};
use mosaic_providers::local::project::LocalProject;
use sqlx::{Row as _, SqliteConnection};

use super::{beside, is_whole, number};

/// Names the file to the writer; a test run of its own does not have it.
const FILE: &str = "MOSAIC_TEST_KILL_FILE";
/// What the writer puts in its titles, so that those of different rounds differ.
const ROUND: &str = "MOSAIC_TEST_KILL_ROUND";

/// One line on the output, at once. The line before may be the test harness's own, without an end.
fn report(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("\n{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

fn create(title: &str) -> (CallContext, CreateIssue) {
    let op = CreateIssue::new("OPS", title).body("x".repeat(2000)).labels(vec!["kill".to_string()]);
    (CallContext::new().idempotency_key(title), op)
}

/// The sprint that comes after an issue.
fn create_sprint(title: &str) -> (CallContext, CreateSprint) {
    (CallContext::new().idempotency_key(title), CreateSprint::new("OPS", title))
}

/// Makes the project, unless an earlier round did.
async fn make_project(tracker: &LocalProject) {
    let op = CreateProject::new("OPS", "Operations");
    if let Err(error) = tracker.create_project(&CallContext::new(), op).await {
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    }
}

/// The writer. Does nothing in a test run of its own.
#[tokio::test]
async fn writer() {
    let (Some(file), Ok(round)) = (std::env::var_os(FILE), std::env::var(ROUND)) else { return };
    report("open");
    let tracker = LocalProject::open(file).await.unwrap();
    make_project(&tracker).await;
    let cx = CallContext::new();
    for at in 1.. {
        let title = format!("{round}-{at}");
        report(&format!("begin {title}"));
        let (keyed, op) = create(&title);
        let issue = tracker.create_issue(&keyed, op).await.unwrap().issue;
        report(&format!("issue {title} {}", issue.number));
        let comment = tracker.add_comment(&cx, AddComment::of(&issue, title.as_str())).await.unwrap();
        report(&format!("comment {} {title}", comment.id));
        if issue.number > 1 {
            let before = IssueRef::new("OPS", issue.number - 1);
            tracker.link_issues(&cx, LinkIssues::of(&issue, before.clone())).await.unwrap();
            report(&format!("link {}", issue.number));
            if issue.number % 2 == 0 {
                report(&format!("unlink {}", issue.number));
                tracker.unlink_issues(&cx, UnlinkIssues::of(&issue, before)).await.unwrap();
                report(&format!("unlinked {}", issue.number));
            }
        }
        let (keyed, op) = create_sprint(&title);
        let sprint = tracker.create_sprint(&keyed, op).await.unwrap().id;
        report(&format!("sprint {sprint} {title}"));
        // The goal, the state and the issues, of which one comes from the sprint before: all of it or nothing.
        let numbers: Vec<u64> = (issue.number.saturating_sub(1).max(1)..=issue.number).collect();
        let op = PlanSprint::new("OPS", sprint.as_str())
            .goal(title)
            .state(SprintState::Active)
            .add_issues(numbers);
        tracker.plan_sprint(&cx, op).await.unwrap();
        report(&format!("plan {sprint}"));
    }
}

/// What the writers of all rounds reported.
#[derive(Default)]
struct Reported {
    begun: Vec<String>,
    issues: BTreeMap<String, u64>,
    comments: BTreeMap<i64, String>,
    links: BTreeSet<i64>,
    /// Links that were on their way out, and those that were gone.
    leaving: BTreeSet<i64>,
    gone: BTreeSet<i64>,
    sprints: BTreeMap<String, i64>,
    /// Sprints that were planned.
    plans: BTreeSet<i64>,
}

impl Reported {
    /// Notes a line; whether it was a report. One that was cut off by the kill reports nothing.
    fn note(&mut self, line: &str) -> bool {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["open"] => {}
            ["begin", title] => self.begun.push(title.into()),
            ["issue", title, number] => {
                let again = self.issues.insert(title.into(), number.parse().unwrap());
                assert_eq!(again, None, "{title} was answered twice");
            }
            ["comment", id, title] => {
                let again = self.comments.insert(id.parse().unwrap(), title.into());
                assert_eq!(again, None, "two comments have the id {id}");
            }
            ["link", number] => _ = self.links.insert(number.parse().unwrap()),
            ["unlink", number] => _ = self.leaving.insert(number.parse().unwrap()),
            ["unlinked", number] => _ = self.gone.insert(number.parse().unwrap()),
            ["sprint", id, title] => {
                let again = self.sprints.insert(title.into(), id.parse().unwrap());
                assert_eq!(again, None, "the sprint {title} was answered twice");
            }
            ["plan", id] => _ = self.plans.insert(id.parse().unwrap()),
            _ => return false,
        }
        true
    }

    /// Runs a writer until it made a number of reports, kills it, and notes also what it reported meanwhile.
    fn run_and_kill(&mut self, file: &Path, round: usize, reports: usize) {
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .args(["local_project::kill::writer", "--exact", "--nocapture", "--test-threads=1"])
            .env(FILE, file)
            .env(ROUND, round.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(writer.stdout.take().unwrap()).split(b'\n');
        let mut left = reports;
        while left > 0 {
            let line = lines.next().expect("the writer goes on until it is killed").unwrap();
            if self.note(str::from_utf8(&line).unwrap()) {
                left -= 1;
            }
        }
        writer.kill().unwrap();
        writer.wait().unwrap();
        // The last line may have been cut off; every whole one ends before it.
        let rest: Vec<Vec<u8>> = lines.map(Result::unwrap).collect();
        rest.iter().for_each(|line| {
            self.note(str::from_utf8(line).unwrap());
        });
    }

    async fn check(&self, file: &Path) {
        is_whole(file).await;
        let mut conn = beside(file).await;
        let issues = sqlx::query("SELECT title, number FROM issue").fetch_all(&mut conn).await.unwrap();
        let stored: BTreeMap<String, i64> = issues.iter().map(|row| (row.get(0), row.get(1))).collect();
        assert_eq!(stored.len(), issues.len(), "no title twice");
        for (title, number) in &self.issues {
            assert_eq!(stored.get(title), Some(&(*number as i64)), "the issue {title}");
        }
        assert_eq!(
            number(&mut conn, "SELECT COALESCE(max(number), 0) FROM issue").await,
            issues.len() as i64
        );
        assert_eq!(number(&mut conn, "SELECT count(*) FROM label").await, issues.len() as i64);
        let comments = sqlx::query_as("SELECT id, body FROM comment").fetch_all(&mut conn).await.unwrap();
        let stored: BTreeMap<i64, String> = comments.into_iter().collect();
        for (id, title) in &self.comments {
            assert_eq!(stored.get(id), Some(title), "the comment {id}");
        }
        let query = "SELECT f.number FROM link k JOIN issue f ON f.id = k.from_issue";
        let stored: Vec<i64> = sqlx::query_scalar(query).fetch_all(&mut conn).await.unwrap();
        let stored = BTreeSet::from_iter(stored);
        assert!(self.links.difference(&self.leaving).all(|number| stored.contains(number)), "every link");
        assert!(self.gone.is_disjoint(&stored), "no link that was taken away");
        self.check_sprints(&mut conn).await;
    }

    async fn check_sprints(&self, conn: &mut SqliteConnection) {
        let sprints = "SELECT s.id, s.name, i.number, s.state = 'active', s.goal IS NOT NULL
            FROM sprint s JOIN issue i ON i.title = s.name";
        let sprints: Vec<(i64, String, i64, bool, bool)> =
            sqlx::query_as(sprints).fetch_all(&mut *conn).await.unwrap();
        let issues = "SELECT number, coalesce(sprint, 0) FROM issue";
        let issues: Vec<(i64, i64)> = sqlx::query_as(issues).fetch_all(&mut *conn).await.unwrap();
        let of = BTreeMap::from_iter(issues);
        let titles: BTreeMap<&str, i64> =
            sprints.iter().map(|sprint| (sprint.1.as_str(), sprint.0)).collect();
        assert_eq!(number(conn, "SELECT count(*) FROM sprint").await, titles.len() as i64, "no name twice");
        for (title, id) in &self.sprints {
            assert_eq!(titles.get(title.as_str()), Some(id), "the sprint {title}");
        }
        for (id, title, last, active, goal) in &sprints {
            let issues = [*last, (last - 1).max(1)];
            let there =
                of.iter().filter(|(_, sprint)| *sprint == id).all(|(number, _)| issues.contains(number));
            // A later plan may have taken an issue further.
            let moved = issues.iter().all(|number| of[number] >= *id);
            let untouched = !of.values().any(|sprint| sprint == id);
            assert_eq!(active, goal, "the plan of {title} is whole");
            assert!(
                if *active { there && moved } else { untouched },
                "the issues of {title} are all moved or none"
            );
            assert!(*active || !self.plans.contains(id), "the plan of {title}");
        }
    }

    /// Repeats what was begun and not answered, with its key: it is then there once, whether it was there before or not.
    async fn repeat(&mut self, tracker: &LocalProject) {
        let begun = std::mem::take(&mut self.begun);
        for title in begun.into_iter().filter(|title| !self.issues.contains_key(title)).collect::<Vec<_>>() {
            let (keyed, op) = create(&title);
            let issue: Issue = tracker.create_issue(&keyed, op).await.unwrap();
            self.issues.insert(title.clone(), issue.issue.number);
        }
        for title in
            self.issues.keys().filter(|title| !self.sprints.contains_key(*title)).cloned().collect::<Vec<_>>()
        {
            let (keyed, op) = create_sprint(&title);
            let sprint = tracker.create_sprint(&keyed, op).await.unwrap();
            self.sprints.insert(title, sprint.id.parse().unwrap());
        }
    }
}

#[tokio::test]
async fn nothing_that_was_reported_is_lost_by_a_kill() {
    let full = std::env::var("MOSAIC_SOAK").is_ok_and(|soak| soak == "full");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tracker.db");
    let mut reported = Reported::default();
    for round in 0..if full { 50 } else { 20 } {
        // The first round dies as it opens the new file, the others after a number of reports that varies.
        let reports = if round == 0 { 1 } else { 2 + round * 7 % 31 };
        reported.run_and_kill(&file, round, reports);
        let tracker = LocalProject::open(&file).await.unwrap();
        make_project(&tracker).await;
        reported.check(&file).await;
        reported.repeat(&tracker).await;
        reported.check(&file).await;
        tracker.stop().await.unwrap();
    }
    let answered = reported.issues.len();
    assert!(answered > 20, "{answered} issues were written");
}
