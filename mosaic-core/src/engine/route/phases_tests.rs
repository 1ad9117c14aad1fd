//! Buckets are the same everywhere and for ever, shares only grow, and faults of phases are said.

use proptest::prelude::*;

use super::*;
use crate::engine::route::{Member, PhaseNote};
use crate::engine::route::{Rule, RuleBook, Rules};
use crate::op::OpSet;
use crate::types::{ProviderId, ServiceKind};

fn to(provider: &str) -> Routing {
    Routing::new().default_rule(Rule::any().to(provider))
}

fn members() -> Vec<Member> {
    let member = |id| Member::new(ProviderId::new(id).unwrap(), OpSet::service(ServiceKind::Git));
    ["a", "b", "c"].map(member).to_vec()
}

fn phases() -> Phases {
    Phases::new()
        .phase(Phase::new("1", to("a")))
        .phase(Phase::new("2", to("b")))
        .phase(Phase::new("3", to("c")))
}

fn book() -> RuleBook {
    RuleBook::compile(&phases().into(), &members(), 1).unwrap()
}

/// Reckoned by another implementation of SipHash-1-3 than the one that is used.
#[test]
fn buckets_are_those_of_every_process_and_version() {
    let (plain, salted) = (phases(), phases().salt("to-forge-b"));
    for (org, name, bucket, other) in [
        ("acme", "widget", 74, 15),
        ("acme", "gadget", 89, 95),
        ("internal-tools", "vault", 8, 50),
        ("a", "b", 34, 46),
        ("ab", "", 9, 33),
    ] {
        let subject = Subject::item(org, name);
        assert_eq!((plain.bucket(subject), salted.bucket(subject)), (Some(bucket), Some(other)), "{subject}");
    }
    assert_eq!(plain.bucket(Subject::name("OPS")), Some(99), "a project without an organisation");
}

#[test]
fn what_has_no_name_has_no_bucket() {
    let by_org = phases().split(Split::Org);
    for subject in [Subject::NOTHING, Subject::org("acme")] {
        assert_eq!(phases().bucket(subject), None);
    }
    assert_eq!(by_org.bucket(Subject::NOTHING), None);
    assert_eq!(by_org.bucket(Subject::org("acme")), by_org.bucket(Subject::item("ACME", "widget")));
    assert!(by_org.bucket(Subject::name("OPS")).is_some());
}

#[test]
fn buckets_are_about_equally_full() {
    let mut counts = [0; 100];
    for number in 0..20_000 {
        let name = format!("repository-{number}");
        counts[usize::from(phases().bucket(Subject::item("acme", &name)).unwrap())] += 1;
    }
    // 200 expected; five times the root of it to either side.
    assert!(counts.iter().all(|count| (130..270).contains(count)), "{counts:?}");
}

#[test]
fn every_fault_of_phases_at_once() {
    let faulty = Phases::new()
        .phase(Phase::new("1", to("a")).share(50))
        .phase(Phase::new("1", to("nobody")).share(101))
        .begin("Phase 1");
    let error = RuleBook::compile(&faulty.into(), &members(), 1).unwrap_err();
    for part in ["the first and has no phase before it", "two of this name", "101 %", "nobody", "\"Phase 1\""]
    {
        assert!(error.message().contains(part), "{part} is missing in {error}");
    }
    let error = RuleBook::compile(&Phases::new().into(), &members(), 1).unwrap_err();
    assert!(error.message().contains("there is no phase"), "{error}");
}

#[test]
fn it_begins_where_it_is_told_to() {
    let begun = Rules::from(phases().begin("2"));
    assert_eq!(RuleBook::compile(&begun, &members(), 1).unwrap().stage(), Stage { at: 1, share: 100 });
    assert_eq!(book().stage(), Stage { at: 0, share: 100 });
}

#[test]
fn the_note_says_who_decides() {
    use crate::context::CallContext;
    use crate::engine::balance::LoadCell;
    use crate::engine::route::{Boards, Standing};
    use crate::op::{Operation, git};
    use tokio::time::Instant;

    struct Idle(LoadCell);
    impl Boards for Idle {
        fn standing(&self, _: usize, _: ServiceKind, _: Instant) -> Standing {
            Standing::Good
        }
        fn load(&self, _: usize) -> &LoadCell {
            &self.0
        }
    }
    let now = Instant::now();
    let book = book().at(Stage { at: 1, share: 50 });
    let subject = Subject::item("acme", "widget");
    let explanation =
        book.explain(git::GetRepository::META, subject, &CallContext::new(), &Idle(LoadCell::new(now)), now);
    let bucket = phases().bucket(subject).unwrap();
    let (decides, provider) = if bucket < 50 { ("2", "b") } else { ("1", "a") };
    let note = PhaseNote { phase: "2".into(), share: 50, bucket: Some(bucket), decides: decides.into() };
    assert_eq!(explanation.phase, Some(note));
    assert_eq!(explanation.candidates[0].provider.as_str(), provider);
    let line = format!(
        "phase 2 is in force for 50 of 100 buckets; this is bucket {bucket}: phase {decides} decides"
    );
    assert!(explanation.to_string().contains(&line), "{explanation}");
}

/// The provider of everything about a thing.
fn side(book: &RuleBook, subject: Subject<'_>) -> String {
    let table = book.table(subject);
    let rule = table.winner(None, ServiceKind::Git).unwrap();
    table.target_names(rule).concat()
}

proptest! {
    #[test]
    fn what_moved_stays_moved_while_the_share_grows(
        org in prop::option::of("[a-zA-Z0-9-]{1,12}"),
        name in prop::option::of("[a-zA-Z0-9._-]{1,12}"),
        salt in ".{0,8}",
        by_org: bool,
    ) {
        let split = if by_org { Split::Org } else { Split::Item };
        let rules = phases().salt(salt).split(split);
        let book = RuleBook::compile(&rules.clone().into(), &members(), 1).unwrap();
        let mut subject = Subject::default();
        (subject.org, subject.name) = (org.as_deref(), name.as_deref());
        let mut sides = Vec::new();
        for share in 0..=100 {
            sides.push(side(&book.at(Stage { at: 1, share }), subject));
        }
        prop_assert_eq!(&sides[0], "a");
        prop_assert_eq!(&sides[100], "b");
        let moves = sides.windows(2).filter(|pair| pair[0] != pair[1]).count();
        prop_assert_eq!(moves, 1, "there and never back");
        let expected = rules.bucket(subject).map_or(100, |bucket| usize::from(bucket) + 1);
        prop_assert_eq!(sides.iter().position(|side| side == "b"), Some(expected));
    }

    #[test]
    fn a_path_inside_and_capital_letters_change_nothing(org in "[a-z]{1,8}", name in "[a-z]{1,8}", path in ".{0,8}") {
        let (org_up, name_up) = (org.to_uppercase(), name.to_uppercase());
        let one = phases().bucket(Subject::item(&org, &name));
        prop_assert_eq!(one, phases().bucket(Subject::item(&org_up, &name_up).at_path(Some(&path)).private(Some(true))));
    }
}
