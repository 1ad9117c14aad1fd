//! Lists within a budget, and the way to what they hide.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::surface::Tools;

fn measured(tools: Vec<Tool>) -> Vec<(Arc<Tool>, usize)> {
    tools
        .into_iter()
        .map(|tool| (serde_json::to_string(&tool).unwrap().len(), Arc::new(tool)))
        .map(|(n, t)| (t, n))
        .collect()
}

/// The list as a client reads it.
fn list(menu: &Menu, tools: &[(Arc<Tool>, usize)]) -> (Vec<Tool>, bool) {
    let two = measured(finders().into());
    let places: Vec<usize> = (0..tools.len()).collect();
    let (chosen, hidden) = menu.choose(tools, &places, two.iter().map(|(_, size)| size + 1).sum());
    let chosen = chosen.into_iter().map(|at| &tools[at].0);
    let shown = chosen.chain(two.iter().map(|(tool, _)| tool).filter(|_| hidden));
    (shown.map(|tool| tool.as_ref().clone()).collect(), hidden)
}

fn tokens(tools: &[Tool]) -> usize {
    serde_json::to_string(tools).unwrap().len().div_ceil(4)
}

#[test]
fn all_shows_all() {
    let tools = measured(Tools::all().list());
    let (shown, hidden) = list(&Menu::all(), &tools);
    assert_eq!((shown.len(), hidden), (tools.len(), false));
    let exactly = tokens(&shown);
    assert_eq!(list(&Menu::all().budget(exactly), &tools).0.len(), tools.len());
    let (fewer, hidden) = list(&Menu::all().budget(exactly - 1), &tools);
    assert!(fewer.len() < tools.len() + 2 && hidden);
}

#[test]
fn groups_effects_and_names_choose() {
    let tools = measured(Tools::all().list());
    let menu = Menu::all()
        .groups(["git"])
        .effects([Effect::Read])
        .first(["project_get_issue", "cicd_*"])
        .without(["*_job_*", "git_get_file"]);
    let names: Vec<String> = list(&menu, &tools).0.into_iter().map(|tool| tool.name).collect();
    assert_eq!(names[0], "project_get_issue");
    assert!(names[1].starts_with("cicd_"), "{names:?}");
    assert_eq!(names[names.len() - 2..], [SEARCH_TOOLS, CALL_TOOL]);
    for (name, shown) in [
        ("git_get_repository", true),
        ("git_delete_branch", false),
        ("git_get_file", false),
        ("cicd_job_log", false),
        ("docs_get_document", false),
    ] {
        assert_eq!(names.iter().any(|known| known == name), shown, "{name}");
    }
}

#[test]
fn what_is_first_stays_within_a_small_budget() {
    let tools = measured(Tools::all().list());
    let (shown, _) = list(&Menu::all().first(["git_merge_pull_request"]).budget(3_000), &tools);
    assert_eq!(shown[0].name, "git_merge_pull_request");
}

#[test]
fn every_tool_is_found_by_its_own_words() {
    let tools: Vec<_> = Tools::all().list().into_iter().map(Arc::new).collect();
    let missed: Vec<&str> = tools
        .iter()
        .filter(|tool| {
            let search: Search =
                serde_json::from_value(json!({ "query": tool.name.replace('_', " "), "limit": 5 })).unwrap();
            let found = search.run(tools.iter());
            found["tools"].as_array().unwrap().iter().all(|found| found["name"] != tool.name)
        })
        .map(|tool| tool.name.as_str())
        .collect();
    assert_eq!(missed, Vec::<&str>::new());
    let first = |query: &str| {
        let search: Search = serde_json::from_value(json!({ "query": query })).unwrap();
        search.run(tools.iter())["tools"][0]["name"].clone()
    };
    assert_eq!(first("remove or delete a branch"), "git_delete_branch");
    assert_eq!(first("log of a job"), "cicd_job_log");
    assert_eq!(first("xyzzy"), json!(null));
}

#[test]
fn stars_stand_for_any_characters() {
    for (pattern, name, expected) in [
        ("git_get", "git_get", true),
        ("git_get", "git_gets", false),
        ("git_*", "git_get", true),
        ("*_get", "git_get", true),
        ("*", "", true),
        ("", "", true),
        ("", "a", false),
        ("a*b*c", "a-b-b-c", true),
        ("a*b*c", "a-c-b", false),
        ("ab*ba", "aba", false),
        ("é*", "éa", true),
    ] {
        assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
    }
}

proptest! {
    #[test]
    fn a_list_is_within_its_budget(
        sizes in prop::collection::vec(0_usize..3_000, 0..30), tokens_allowed in 0_usize..20_000,
    ) {
        let tools = sizes.into_iter().enumerate().map(|(n, size)| {
            Tool::new("test", format!("tool_{n}"), "x".repeat(size), Effect::Read, json!({ "type": "object" }))
        });
        let tools = measured(tools.collect());
        let (shown, hidden) = list(&Menu::all().budget(tokens_allowed), &tools);
        let least = tokens(&finders());
        prop_assert!(tokens(&shown) <= tokens_allowed.max(least), "{} of {tokens_allowed}", tokens(&shown));
        prop_assert_eq!(hidden, shown.iter().filter(|tool| tool.group == "test").count() < tools.len());
    }

    #[test]
    fn patterns_match_as_they_are_defined(pattern in "[a*é]{0,8}", name in "[aé]{0,8}") {
        prop_assert_eq!(matches(&pattern, &name), by_definition(&pattern, &name));
    }
}

/// A star is nothing, or a character and a star.
fn by_definition(pattern: &str, name: &str) -> bool {
    let (mut pattern_rest, mut name_rest) = (pattern.chars(), name.chars());
    match (pattern_rest.next(), name_rest.next()) {
        (None, None) => true,
        (Some('*'), None) => by_definition(pattern_rest.as_str(), name),
        (Some('*'), Some(_)) => {
            by_definition(pattern_rest.as_str(), name) || by_definition(pattern, name_rest.as_str())
        }
        (Some(a), Some(b)) => a == b && by_definition(pattern_rest.as_str(), name_rest.as_str()),
        _ => false,
    }
}
