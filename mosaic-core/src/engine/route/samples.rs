//! Rules and calls for property tests.

use proptest::prelude::*;

use super::{Facts, Member, Rule};
use crate::context::{CallContext, Principal};
use crate::op::{OpSet, Operation, git};
use crate::types::{ProviderId, ServiceKind, Subject};

pub(super) fn members() -> Vec<Member> {
    let git = OpSet::service(ServiceKind::Git);
    [
        ("a", git),
        ("b", git),
        ("c", git.without(git::ListCommits::META)),
        ("t", OpSet::service(ServiceKind::Project)),
    ]
    .map(|(id, set)| Member::new(ProviderId::new(id).unwrap(), set))
    .to_vec()
}

/// Rules of many shapes over few names, so that they meet.
pub(super) fn any_rule() -> impl Strategy<Value = Rule> {
    let name = || prop::sample::select(vec!["a", "b", "ab"]);
    let pattern = prop_oneof![
        (
            prop::sample::select(vec!["org", "repo", "user", "path"]),
            prop::sample::select(vec!["a", "b*", "*b", "*", "?b"])
        )
            .prop_map(|(selector, glob)| format!("{selector}:{glob}")),
        Just("repo:a/b".to_owned()),
        Just("repo:*/b".to_owned()),
        Just("private:true".to_owned()),
    ];
    let condition = prop_oneof![
        (name(), name()).prop_map(|(a, b)| format!("org in ['{a}', '{b}', 'zz']")),
        name().prop_map(|a| format!("region == '{a}'")),
        name().prop_map(|a| format!("region != '{a}' || org == '{a}'")),
        name().prop_map(|a| format!("region == '{a}' || org == '{a}' || user matches '{a}*'")),
        name().prop_map(|a| format!("'{a}' in build.labels")),
        Just("build.public && priority > 1".to_owned()),
        Just("!build.public".to_owned()),
        Just("priority < 1 && region == 'a'".to_owned()),
        Just("service == 'git'".to_owned()),
    ];
    let parts = (prop::collection::vec(pattern, 0..2), prop::collection::vec(condition, 0..3));
    (parts, prop::sample::select(vec!["a", "b", "c", "t"]), 0..2i32).prop_map(
        |((patterns, conditions), to, priority)| {
            let rule = patterns.into_iter().fold(Rule::any().to(to).priority(priority), Rule::and);
            conditions.into_iter().fold(rule, Rule::condition)
        },
    )
}

/// A call with few names, so that rules meet it.
#[derive(Debug)]
pub(super) struct Sample {
    cx: CallContext,
    names: Vec<Option<String>>,
    private: Option<bool>,
}

impl Sample {
    pub(super) fn facts(&self) -> Facts<'_> {
        let name = |at: usize| self.names[at].as_deref();
        let subject = Subject { org: name(0), name: name(1), path: name(2), private: self.private };
        Facts { meta: git::GetRepository::META, subject, cx: &self.cx }
    }
}

pub(super) fn any_call() -> impl Strategy<Value = Sample> {
    let name =
        || prop::option::of(prop::sample::select(vec!["a", "b", "ab", "B", "zz"]).prop_map(str::to_owned));
    let rest = (prop::option::of(any::<bool>()), prop::option::of(0..3), prop::option::of(any::<bool>()));
    (prop::collection::vec(name(), 6), rest).prop_map(|(names, (public, priority, private))| {
        let mut cx = CallContext::new();
        if let Some(user) = &names[3] {
            cx = cx.principal(Principal::user(user.as_str()));
        }
        if let Some(region) = &names[4] {
            cx = cx.attribute("region", region);
        }
        if let Some(label) = &names[5] {
            cx = cx.attribute("build.labels", [label.as_str(), "x"]);
        }
        if let Some(public) = public {
            cx = cx.attribute("build.public", public);
        }
        if let Some(priority) = priority {
            cx = cx.attribute("priority", priority);
        }
        Sample { cx, names, private }
    })
}
