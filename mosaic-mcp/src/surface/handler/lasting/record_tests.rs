use mosaic_core::types::Timestamp;
use proptest::prelude::*;
use rmcp::model::{CreateMessageRequest, CreateMessageRequestParams, ElicitRequest, SamplingMessage};

use super::*;
use crate::surface::CallToolResult;

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn question() -> InputRequest {
    let params = json!({ "mode": "form", "message": "Sure?", "requestedSchema": { "type": "object", "properties": {} } });
    InputRequest::Elicitation(ElicitRequest::new(serde_json::from_value(params).unwrap()))
}

#[expect(deprecated, reason = "clients may lend a model all the same")]
fn sample() -> InputRequest {
    let params = CreateMessageRequestParams::new(vec![SamplingMessage::user_text("Go on")], 10);
    InputRequest::CreateMessage(CreateMessageRequest::new(params))
}

fn begun() -> Record {
    let called = Called {
        tool: "slow".to_owned(),
        arguments: json!({ "a": 1 }),
        key: Some("k".to_owned()),
        effect: Effect::Create,
        about: vec!["acme/widget".to_owned()],
    };
    Record::begun(called, BTreeMap::new(), "here", now(), Duration::from_secs(60))
}

fn ended(asked: &[&str]) -> End {
    let asked = asked.iter().map(|key| ((*key).to_owned(), question())).collect();
    End::of(Ok((CallToolResult::value(json!(1)), asked)), Effect::Create)
}

#[test]
fn a_record_is_stored_with_its_questions() {
    let mut record = begun();
    let asked: BTreeMap<_, _> = [("sure".to_owned(), question()), ("go_on".to_owned(), sample())].into();
    record.course = Course::Asking(asked);
    let again: Record = serde_json::from_slice(&serde_json::to_vec(&record).unwrap()).unwrap();
    assert_eq!(again, record);
}

#[test]
fn whoever_is_lost_may_have_done_something_unless_it_only_reads() {
    let told = |effect| {
        let mut record = begun();
        record.called.effect = effect;
        record.lost(now());
        let TaskPayload::Failed { error } = record.task("1", &Lasting::new()).unwrap().payload else {
            panic!("{record:?}")
        };
        error["data"].clone()
    };
    let create = told(Effect::Create);
    assert_eq!(create["outcome"], "unknown");
    assert!(create["advice"].as_str().unwrap().starts_with("It may have happened."), "{create}");
    let read = told(Effect::Read);
    assert_eq!((read.get("outcome"), read["advice"].as_str()), (None, Some("Call it again later.")));
}

#[derive(Debug, Clone)]
enum Step {
    Ended { node: &'static str, turn: u32, asked: Vec<&'static str> },
    GivenUp,
    Told(Vec<&'static str>),
    Lost,
}

fn step() -> impl Strategy<Value = Step> {
    let keys = || prop::sample::subsequence(vec!["a", "b", "c"], 0..=3);
    prop_oneof![
        4 => (prop::sample::select(vec!["here", "there"]), 1_u32..4, keys())
            .prop_map(|(node, turn, asked)| Step::Ended { node, turn, asked }),
        1 => Just(Step::GivenUp),
        4 => keys().prop_map(Step::Told),
        1 => Just(Step::Lost),
    ]
}

proptest! {
    #[test]
    fn what_is_over_stays_so_and_only_the_run_that_is_under_way_ends_it(steps in prop::collection::vec(step(), 0..12)) {
        let mut record = begun();
        for step in steps {
            let before = record.clone();
            let over = !matches!(before.course, Course::Working { .. } | Course::Asking(_));
            let changed = match step.clone() {
                Step::Ended { node, turn, asked } => {
                    let fits = before.runner() == Some((node, turn));
                    let changed = record.ended(node, turn, ended(&asked), now()).is_some();
                    prop_assert_eq!(changed, fits);
                    changed
                }
                Step::GivenUp => {
                    prop_assert_eq!(record.give_up(now()).is_some(), !over);
                    !over
                }
                Step::Told(keys) => {
                    let said = keys.iter().map(|key| ((*key).to_owned(), json!(1))).collect();
                    let told = record.told(said, "there", now());
                    if let Some(Told::Again { turn }) = told {
                        prop_assert_eq!(record.runner(), Some(("there", turn)));
                        prop_assert_eq!(turn, before.turn + 1);
                    }
                    told.is_some()
                }
                // Only a store says so, and only of one that a node runs.
                Step::Lost if before.runner().is_some() => {
                    record.lost(now());
                    true
                }
                Step::Lost => false,
            };
            if !changed {
                prop_assert_eq!(&record, &before, "{:?}", step);
            }
            if over {
                prop_assert_eq!(&record, &before, "{:?}", step);
            }
            prop_assert!(record.answers.len() >= before.answers.len());
            prop_assert!(record.task("1", &Lasting::new()).is_some());
        }
    }
}
