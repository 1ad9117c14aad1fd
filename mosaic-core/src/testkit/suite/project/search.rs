//! Behaviours of the search for words.

use super::super::pages::{refuse_cursors, walk};
use super::super::{Failure, done, ensure, equal};
use super::{QUERY_MAX, Trait, World, unused_key};
use crate::error::ErrorKind;
use crate::op::project::{CreateIssue, ProjectService, SearchIssues, UpdateIssue};
use crate::types::project::{Issue, IssueState};
use crate::types::{IssueRef, ProjectKey};

/// A search finds the issues that have all its words, in the title or in the text, newest first; filters by project and
/// state; and finds an issue by what it says now. Left out where what was written is found later only.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn searches_find_every_word(service: &impl ProjectService, world: &World) -> Result<(), Failure> {
    const B: &str = "project/searches_find_every_word";
    if !world.shows(Trait::FindsAtOnce) {
        return Ok(());
    }
    let (here, there) = (world.project(service, B).await?, world.project(service, B).await?);
    let word = unused_word();
    let title = create(service, world, B, &here, &format!("The {word} leaks"), "Since Monday.").await?;
    let body =
        create(service, world, B, &here, "The cap drips", &format!("Beside the {word}, leaks seen.")).await?;
    let far = create(service, world, B, &there, &format!("Mend the {word}"), "It leaks.").await?;
    create(service, world, B, &here, "Other", "It leaks, drips and stays open.").await?;

    let of = |words: &str| SearchIssues::new(words.replace('W', &word));
    for (query, op, expected) in [
        ("the word", of("W"), vec![&far, &body, &title]),
        ("the word and one more", of("leaks W"), vec![&far, &body, &title]),
        ("words of title and text", of("drips W"), vec![&body]),
        ("a word that is not there", of("W absent"), vec![]),
        ("a part of the word", SearchIssues::new(&word[..word.len() - 1]), vec![]),
        ("the word in one project", of("W").project(&here), vec![&body, &title]),
        ("the word in the other", of("W").project(&there), vec![&far]),
        ("the open ones", of("W").state(IssueState::Open), vec![&far, &body, &title]),
        ("the closed ones", of("W").state(IssueState::Closed), vec![]),
    ] {
        if query == "a part of the word" && !world.shows(Trait::SearchesWholeWords) {
            continue;
        }
        let (op, expected) = within(world, &here, op, expected);
        equal(B, query, &find(service, world, B, op).await?, &refs(&expected))?;
    }
    if !world.shows(Trait::SearchesEverywhere) {
        let got = service.search_issues(world.cx(), of("W")).await;
        world.refused(B, "search_issues of the whole tracker", got, ErrorKind::Unsupported)?;
    }

    let closed = UpdateIssue::of(&title.issue).state(IssueState::Closed);
    done(B, "update_issue", service.update_issue(world.cx(), closed).await)?;
    let changed = UpdateIssue::of(&body.issue).body("Mended.");
    done(B, "update_issue", service.update_issue(world.cx(), changed).await)?;
    for (query, op, expected) in [
        ("the word after a change of the text", of("W"), vec![&far, &title]),
        ("a word of the new text", of("mended drips").project(&here), vec![&body]),
        ("the closed ones after one was closed", of("W").state(IssueState::Closed), vec![&title]),
        ("the open ones after one was closed", of("W").state(IssueState::Open), vec![&far]),
    ] {
        let (op, expected) = within(world, &here, op, expected);
        equal(B, query, &find(service, world, B, op).await?, &refs(&expected))?;
    }
    Ok(())
}

/// A search and what it finds; of one project only where the tracker searches no more.
fn within<'a>(
    world: &World,
    project: &ProjectKey,
    op: SearchIssues,
    mut expected: Vec<&'a Issue>,
) -> (SearchIssues, Vec<&'a Issue>) {
    if op.project.is_some() || world.shows(Trait::SearchesEverywhere) {
        return (op, expected);
    }
    expected.retain(|issue| issue.issue.project == *project);
    (op.project(project), expected)
}

/// Any text is a safe query: signs that mean something to an index are no more than signs. A query without a word, or an
/// overlong one, is `Invalid`.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn searches_take_any_text(service: &impl ProjectService, world: &World) -> Result<(), Failure> {
    const B: &str = "project/searches_take_any_text";
    let key = world.project(service, B).await?;
    let word = unused_word();
    let made = create(service, world, B, &key, &format!("Only {word}"), "and nothing else").await?;
    let signs = world.shows(Trait::TakesSignsAsText);
    // None of these texts stands in the issue: whatever is read as an operator, a wildcard or a column finds it.
    for sign in [
        "W OR absent",
        "W OR title:absent",
        "W NOT absent",
        "absent OR W",
        "NOT absent",
        "-absent",
        "title:W",
        "{title body}:W",
        "NEAR(W only)",
        "^absent* W",
        "absent\"W",
        "'; DROP TABLE issue; -- W",
        "(W) absent",
        "absent%_W",
        "\"W absent",
        "W\0absent",
        "\\W\\absent",
        "W +absent",
        "W🧰absent",
        "absent' OR '1'='1",
    ] {
        let op = SearchIssues::new(sign.replace('W', &word)).project(&key);
        match service.search_issues(world.cx(), op).await {
            Ok(page) if signs => equal(B, &format!("issues found by {sign:?}"), &page.items.len(), &0)?,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Invalid => {}
            Err(error) => {
                let message = format!("{sign:?}: expected issues or invalid, got {error}");
                return Err(Failure::new(B, message));
            }
        }
    }
    let overlong = "w".repeat(QUERY_MAX + 1);
    for (what, query) in [("empty", ""), ("blank", " \t\n"), ("overlong", &overlong)] {
        let got = service.search_issues(world.cx(), SearchIssues::new(query).project(&key)).await;
        world.refused(B, &format!("search_issues with an {what} query"), got, ErrorKind::Invalid)?;
    }
    if !world.shows(Trait::FindsAtOnce) {
        return Ok(());
    }
    let most = format!("{word}{}", " only".repeat((QUERY_MAX - word.len()) / 5));
    let found = find(service, world, B, SearchIssues::new(most).project(&key)).await?;
    equal(B, "issues found by a query of many words", &found, &[made.issue])
}

/// Pages of every size hold every issue that was found once, newest first; a cursor that the provider did not make is
/// `Invalid`.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn searches_come_in_pages(service: &impl ProjectService, world: &World) -> Result<(), Failure> {
    const B: &str = "project/searches_come_in_pages";
    let key = world.project(service, B).await?;
    let word = unused_word();
    let mut made = Vec::new();
    for at in 1..=5 {
        made.push(create(service, world, B, &key, &format!("{word} {at}"), "Text").await?);
    }
    made.reverse();
    let (cx, mut op) = (world.cx(), SearchIssues::new(word));
    if !world.shows(Trait::SearchesEverywhere) {
        op = op.project(&key);
    }
    let most = if world.shows(Trait::FindsAtOnce) { 6 } else { 0 };
    for limit in 1..=most {
        let found = walk(B, &op, limit, |op| service.search_issues(cx, op)).await?;
        equal(B, &format!("issues in pages of {limit}"), &found, &made)?;
    }
    refuse_cursors(B, &op, |op| service.search_issues(cx, op)).await
}

/// A word that no earlier run used.
fn unused_word() -> String {
    unused_key('W').as_str().to_ascii_lowercase()
}

async fn create(
    service: &impl ProjectService,
    world: &World,
    b: &'static str,
    key: &ProjectKey,
    title: &str,
    body: &str,
) -> Result<Issue, Failure> {
    let op = CreateIssue::of(key, title).body(body);
    done(b, "create_issue", service.create_issue(world.cx(), op).await)
}

/// The issues that a search finds, all on one page.
async fn find(
    service: &impl ProjectService,
    world: &World,
    b: &'static str,
    op: SearchIssues,
) -> Result<Vec<IssueRef>, Failure> {
    let page = done(b, "search_issues", service.search_issues(world.cx(), op).await)?;
    ensure(b, page.next.is_none(), || "expected no page after the last issue")?;
    Ok(page.items.into_iter().map(|issue| issue.issue).collect())
}

fn refs(issues: &[&Issue]) -> Vec<IssueRef> {
    issues.iter().map(|issue| issue.issue.clone()).collect()
}
