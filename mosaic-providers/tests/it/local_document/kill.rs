//! Kills: a process that dies in the middle of writing loses nothing that it reported, and leaves nothing half-made.
//!
//! The test starts this test binary anew as a writer that reports on its output what it begins and what was answered, and
//! kills it after a number of reports. 20 rounds; 50 where `MOSAIC_SOAK` is `full`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use mosaic_core::error::ErrorKind;
use mosaic_core::op::document::{
    CreateDocument, CreateSpace, DeleteDocument, DocsService as _, GetDocument, OrganizeContent, Placement,
    SearchDocuments, UpdateDocument,
};
use mosaic_core::plugin::Plugin as _;
use mosaic_core::types::document::{DocumentEntry, Structure};
use mosaic_providers::local::document::LocalDocs;

use super::{cx, found};

/// Names the folder to the writer; a test run of its own does not have it.
const FOLDER: &str = "MOSAIC_TEST_KILL_FOLDER";
/// What the writer puts in its titles, so that those of different rounds differ.
const ROUND: &str = "MOSAIC_TEST_KILL_ROUND";

/// One line on the output, at once. The line before may be the test harness's own, without an end.
fn report(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("\n{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// A text that says of itself whether it is whole.
fn body(word: &str) -> String {
    format!("---\n{word}\n{}{word}\n", "x".repeat(3000))
}

/// Makes the space and three documents that are put in order, unless an earlier round did.
async fn prepare(docs: &LocalDocs) -> Structure {
    let made = docs.create_space(&cx(), CreateSpace::new("handbook", "The handbook")).await;
    assert!(made.is_ok() || made.unwrap_err().kind() == ErrorKind::Conflict);
    let order = || OrganizeContent::new("handbook", vec![]);
    for title in ["A", "B", "C"] {
        let now = docs.organize_content(&cx(), order()).await.unwrap();
        if now.documents.iter().all(|entry| entry.title != title) {
            docs.create_document(&cx(), CreateDocument::new("handbook", title, "")).await.unwrap();
        }
    }
    docs.organize_content(&cx(), order()).await.unwrap()
}

fn ids<'a>(structure: &'a Structure, titles: &[&str]) -> Vec<&'a str> {
    let id =
        |title: &&str| structure.documents.iter().find(|entry| entry.title == *title).unwrap().id.as_str();
    titles.iter().map(id).collect()
}

/// One of two orders of the three: beside each other, or each below the one before.
fn order(structure: &Structure, nested: bool) -> OrganizeContent {
    let ids = ids(structure, &["A", "B", "C"]);
    let placements = if nested {
        vec![
            Placement::new(ids[0], 0),
            Placement::new(ids[1], 0).below(ids[0]),
            Placement::new(ids[2], 0).below(ids[1]),
        ]
    } else {
        vec![Placement::new(ids[2], 0), Placement::new(ids[1], 1), Placement::new(ids[0], 2)]
    };
    OrganizeContent::new("handbook", placements)
}

/// The writer. Does nothing in a test run of its own.
#[tokio::test]
async fn writer() {
    let (Some(folder), Ok(round)) = (std::env::var_os(FOLDER), std::env::var(ROUND)) else { return };
    report("open");
    let docs = LocalDocs::open(folder).await.unwrap();
    let structure = prepare(&docs).await;
    let a = ids(&structure, &["A"])[0];
    for at in 1.. {
        let title = format!("{round}-{at}");
        report(&format!("begin {title}"));
        let op = CreateDocument::new("handbook", title.as_str(), body(&title)).parent(a);
        let id = docs.create_document(&cx(), op).await.unwrap().id;
        report(&format!("made {title} {id}"));
        let word = format!("{title}-changed");
        docs.update_document(&cx(), UpdateDocument::new("handbook", id.as_str()).body(body(&word)))
            .await
            .unwrap();
        report(&format!("changed {title} {id}"));
        docs.organize_content(&cx(), order(&structure, at % 2 == 0)).await.unwrap();
        report(&format!("ordered {}", at % 2 == 0));
        if at % 3 == 0 {
            docs.search_documents(&cx(), SearchDocuments::new("changed")).await.unwrap();
            report(&format!("deleting {title} {id}"));
            docs.delete_document(&cx(), DeleteDocument::new("handbook", id.as_str())).await.unwrap();
            report(&format!("deleted {title} {id}"));
        }
    }
}

/// What is known of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Made,
    Changed,
    Deleting,
    Deleted,
}

/// What the writers of all rounds reported.
#[derive(Default)]
struct Reported {
    documents: BTreeMap<String, (String, State)>,
}

impl Reported {
    /// Notes a line; whether it was a report. One that was cut off by the kill reports nothing.
    fn note(&mut self, line: &str) -> bool {
        let words: Vec<&str> = line.split(' ').collect();
        let (title, id, state) = match words[..] {
            ["open"] | ["begin", _] | ["ordered", "true" | "false"] => return true,
            ["made", title, id] => (title, id, State::Made),
            ["changed", title, id] => (title, id, State::Changed),
            ["deleting", title, id] => (title, id, State::Deleting),
            ["deleted", title, id] => (title, id, State::Deleted),
            _ => return false,
        };
        // A line that was cut in the middle of the id would name another one.
        if let Some((known, _)) = self.documents.get(title) {
            assert_eq!(known, id);
        }
        self.documents.insert(title.into(), (id.into(), state));
        true
    }

    /// Runs a writer until it made a number of reports, kills it, and notes also what it reported meanwhile.
    fn run_and_kill(&mut self, folder: &Path, round: usize, reports: usize) {
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .args(["local_document::kill::writer", "--exact", "--nocapture", "--test-threads=1"])
            .env(FOLDER, folder)
            .env(ROUND, round.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(writer.stdout.take().unwrap());
        let mut left = reports;
        let mut line = String::new();
        while left > 0 {
            line.clear();
            assert!(out.read_line(&mut line).unwrap() > 0, "the writer goes on until it is killed");
            if self.note(line.trim_end_matches('\n')) {
                left -= 1;
            }
        }
        writer.kill().unwrap();
        writer.wait().unwrap();
        // The last line may have been cut off; every whole one has its end.
        while out
            .read_line({
                line.clear();
                &mut line
            })
            .unwrap()
            > 0
        {
            if let Some(whole) = line.strip_suffix('\n') {
                self.note(whole);
            }
        }
    }

    async fn check(&self, folder: &Path, docs: &LocalDocs, now: &Structure) {
        let by_id: BTreeMap<&str, &DocumentEntry> =
            now.documents.iter().map(|entry| (entry.id.as_str(), entry)).collect();
        assert_eq!(by_id.len(), now.documents.len());
        let a = ids(now, &["A"])[0];
        for (title, (id, state)) in &self.documents {
            match state {
                State::Made | State::Changed => {
                    let entry = by_id.get(id.as_str()).unwrap_or_else(|| panic!("{title} is lost"));
                    assert_eq!(entry.title, *title);
                }
                State::Deleting => {}
                State::Deleted => assert!(!by_id.contains_key(id.as_str()), "{title} is back"),
            }
        }
        // What is there was made as a whole, whether it was reported or not.
        for entry in now.documents.iter().filter(|entry| entry.title.len() > 1) {
            assert_eq!(entry.parent.as_deref(), Some(a), "{} in its place", entry.title);
            let got =
                docs.get_document(&cx(), GetDocument::new("handbook", entry.id.as_str())).await.unwrap();
            let (before, after) = (body(&entry.title), body(&format!("{}-changed", entry.title)));
            let state = self.documents.get(&entry.title).map(|(_, state)| *state);
            let changed = matches!(state, Some(State::Changed | State::Deleting));
            assert!(got.body == after || (!changed && got.body == before), "{} is whole", entry.title);
        }
        // One of the orders as a whole: beside each other as they were made or turned, or each below the other.
        let place = |title: &str| {
            let entry = by_id[ids(now, &[title])[0]];
            let parent = entry.parent.as_deref().map(|id| by_id[id].title.as_str());
            (parent, now.documents.iter().position(|other| other.id == entry.id).unwrap())
        };
        let (a, b, c) = (place("A"), place("B"), place("C"));
        match (a.0, b.0, c.0) {
            (None, Some("A"), Some("B")) => {}
            (None, None, None) => {
                assert!((a.1 < b.1 && b.1 < c.1) || (c.1 < b.1 && b.1 < a.1), "{a:?} {b:?} {c:?}");
            }
            half => panic!("the order is half done: {half:?}"),
        }
        for name in fs::read_dir(folder.join("handbook")).unwrap().map(|entry| entry.unwrap().file_name()) {
            let name = name.to_str().unwrap();
            assert!(name.ends_with(".md") || name == "_order.yml", "{name} is left in sight");
        }
    }
}

#[tokio::test]
async fn nothing_that_was_reported_is_lost_by_a_kill() {
    let full = std::env::var("MOSAIC_SOAK").is_ok_and(|soak| soak == "full");
    let folder = tempfile::tempdir().unwrap();
    let mut reported = Reported::default();
    for round in 0..if full { 50 } else { 20 } {
        // The first round dies as it opens the new folder, the others after a number of reports that varies.
        let reports = if round == 0 { 1 } else { 2 + round * 7 % 31 };
        reported.run_and_kill(folder.path(), round, reports);
        let docs = LocalDocs::open(folder.path()).await.unwrap();
        let now = prepare(&docs).await;
        reported.check(folder.path(), &docs, &now).await;
        // The index knows what this round wrote, wherever it was when it died.
        for entry in now.documents.iter().filter(|entry| entry.title.starts_with(&format!("{round}-"))) {
            assert_eq!(found(&docs, &format!("\"{}\"", entry.title)).await, [entry.title.as_str()]);
        }
        docs.stop().await.unwrap();
    }
    let changed = reported.documents.values().filter(|(_, state)| *state != State::Made).count();
    assert!(changed > 20, "{changed} documents were changed");
}

/// While another process writes, this one does too: nothing of either is lost, and each sees what the other does.
#[tokio::test]
async fn two_processes_may_write_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let docs = LocalDocs::open(folder.path()).await.unwrap();
    let a = ids(&prepare(&docs).await, &["A"])[0].to_owned();
    let ours = tokio::spawn(async move {
        let mut ours = Vec::new();
        for at in 0..20 {
            let op = CreateDocument::new("handbook", format!("ours-{at}"), body(&format!("ours-{at}")))
                .parent(a.as_str());
            ours.push(docs.create_document(&cx(), op).await.unwrap());
        }
        (docs, ours)
    });
    let path = folder.path().to_path_buf();
    let theirs = tokio::task::spawn_blocking(move || {
        let mut theirs = Reported::default();
        theirs.run_and_kill(&path, 7, 60);
        theirs
    });
    let ((docs, ours), theirs) = (ours.await.unwrap(), theirs.await.unwrap());
    assert!(theirs.documents.len() > 10);
    let now = prepare(&docs).await;
    theirs.check(folder.path(), &docs, &now).await;
    for made in ours {
        let op = GetDocument::new("handbook", made.id.as_str());
        assert_eq!(docs.get_document(&cx(), op).await.unwrap(), made);
    }
}
