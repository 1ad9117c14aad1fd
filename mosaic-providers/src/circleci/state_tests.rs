//! The tests of the states: each word, and what several workflows are together.

use super::*;
use serde_json::json;

fn workflow(row: &str, at: usize) -> wire::Workflow {
    // `name=status`, `!` before it for one that prepares.
    let (name, status) = row.split_once('=').unwrap();
    let ended = !matches!(status, "running" | "failing" | "on_hold");
    serde_json::from_value(json!({
        "id": format!("w{at}"), "name": name.trim_start_matches('!'), "status": status,
        "tag": name.starts_with('!').then_some("setup"),
        "created_at": format!("2026-01-01T00:00:{at:02}Z"),
        "stopped_at": ended.then(|| format!("2026-01-01T00:01:{at:02}Z")),
    }))
    .unwrap()
}

fn pipeline(state: &str) -> wire::Pipeline {
    serde_json::from_value(json!({
        "id": "p", "state": state, "project_slug": "gh/acme/widget", "created_at": "2026-01-01T00:00:00Z",
    }))
    .unwrap()
}

fn of(state: &str, rows: &str, seconds: i64) -> Standing {
    let all: Vec<_> = rows.split_whitespace().enumerate().map(|(at, row)| workflow(row, at)).collect();
    let begun: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    standing(&pipeline(state), &all, Timestamp::from_second(begun.as_second() + seconds).unwrap())
}

#[test]
fn workflows_are_combined() {
    let table = "
        created | a=success                       | succeeded success
        created | a=success b=running             | running running
        created | a=failed b=running              | running running
        created | a=failing                       | running failing
        created | a=success b=on_hold             | blocked on_hold
        created | a=on_hold b=running             | running running
        created | a=success b=failed              | failed failed
        created | a=error                         | failed error
        created | a=unauthorized                  | failed unauthorized
        created | a=canceled b=success            | cancelled canceled
        created | a=canceled b=failed             | failed failed
        created | a=not_run                       | skipped not_run
        created | a=not_run b=success             | succeeded success
        created | a=new_word                      | failed new_word
        created | a=failed a=running              | running running
        created | a=failed a=success              | succeeded success
        created | a=success a=failed b=success    | failed failed
        created | !a=success a=success            | succeeded success
        created | !a=success a=failed             | failed failed
        setup   | !a=success                      | running setup
        setup   | !a=running                      | running running
        setup   | !a=failed                       | failed failed
        pending | !a=success                      | running pending
        errored | !a=success                      | failed errored
        errored |                                 | failed errored
        pending |                                 | queued pending
        created |                                 | queued created";
    for row in table.trim().lines() {
        let columns: Vec<&str> = row.split('|').map(str::trim).collect();
        let got = of(columns[0], columns[1], 10);
        let state = serde_json::to_value(got.state).unwrap();
        assert_eq!(format!("{} {}", state.as_str().unwrap(), got.word), columns[2], "{row}");
        assert_eq!(got.ended_at.is_some(), got.state.is_final() && !columns[1].is_empty(), "{row}");
    }
}

#[test]
fn the_order_of_the_list_does_not_matter() {
    let all = [workflow("a=success", 7), workflow("a=failed", 3)];
    assert_eq!(counted(&all).iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["w7"]);
    let now: Timestamp = "2026-01-01T01:00:00Z".parse().unwrap();
    let got = standing(&pipeline("created"), &all, now);
    assert_eq!((got.state, got.attempt), (RunState::Succeeded, Some(2)));
    assert_eq!(got.started_at, "2026-01-01T00:00:07Z".parse().ok());
    assert_eq!(got.ended_at, "2026-01-01T00:01:07Z".parse().ok());
}

#[test]
fn a_pipeline_that_stays_empty_is_skipped() {
    assert_eq!(of("created", "", EMPTY).state, RunState::Queued);
    assert_eq!(of("created", "", EMPTY + 1).state, RunState::Skipped);
    assert_eq!(of("pending", "", EMPTY + 1).state, RunState::Queued);
}

#[test]
fn every_word_of_a_job_has_its_meaning() {
    let table = "success:succeeded running:running queued:queued not_running:queued blocked:queued on_hold:blocked \
        failed:failed timedout:failed infrastructure_fail:failed terminated-unknown:failed unauthorized:failed \
        retried:failed canceled:cancelled not_run:skipped";
    for row in table.split_whitespace() {
        let (word, meaning) = row.split_once(':').unwrap();
        let job: wire::Job =
            serde_json::from_value(json!({ "id": "j", "name": "test", "status": word })).unwrap();
        assert_eq!(serde_json::to_value(job.state(false)).unwrap(), meaning, "{row}");
        let after = if meaning == "queued" { "skipped" } else { meaning };
        assert_eq!(serde_json::to_value(job.state(true)).unwrap(), after, "{row}");
    }
    let odd: wire::Job =
        serde_json::from_value(json!({ "id": "j", "name": "test", "status": "odd" })).unwrap();
    assert_eq!((odd.state(false), odd.state(true)), (RunState::Running, RunState::Failed));
}
