//! Tests of plan ids.

use proptest::prelude::*;

use super::*;

fn id(text: &str) -> PlanId {
    text.parse().unwrap()
}

fn error(text: &str) -> String {
    text.parse::<PlanId>().unwrap_err().to_string()
}

#[test]
fn every_level_reads_and_writes_its_form() {
    let forms =
        ["E.001", "F.001.01", "S.001.01.01", "T.001.01.01.01", "ST.001.01.01.01.01", "A.001.01.01.01.01.01"];
    for (form, level) in forms.into_iter().zip(Level::ALL) {
        assert_eq!(id(form).to_string(), form);
        assert_eq!(id(form).level(), level);
    }
    for pair in forms.windows(2) {
        assert_eq!(id(pair[1]).parent(), Some(id(pair[0])));
        assert_eq!(id(pair[0]).child(1), Ok(id(pair[1])));
    }
    assert_eq!(id("E.001").parent(), None);
}

#[test]
fn a_wrong_depth_is_told_with_the_right_one() {
    assert_eq!(error("T.001"), "`T.001` has 1 number group; a task has 4, as in `T.001.01.01.01`");
    assert_eq!(error("E.001.01"), "`E.001.01` has 2 number groups; an epic has 1, as in `E.001`");
    assert_eq!(
        error("A.001.01"),
        "`A.001.01` has 2 number groups; an atomic has 6, as in `A.001.01.01.01.01.01`"
    );
    assert_eq!(error("E"), "`E` has 0 number groups; an epic has 1, as in `E.001`");
    assert_eq!(error("E.001."), "`E.001.` has 2 number groups; an epic has 1, as in `E.001`");
}

#[test]
fn a_wrong_prefix_is_told_with_the_right_ones() {
    assert_eq!(error("P.001"), "`P.001` begins with `P`; expected E, F, S, T, ST or A");
    assert_eq!(
        error("st.001.01.01.01.01"),
        "`st.001.01.01.01.01` begins with `st`; expected E, F, S, T, ST or A"
    );
    assert_eq!(error(""), "`` begins with ``; expected E, F, S, T, ST or A");
    assert_eq!(error(" E.001"), "` E.001` begins with ` E`; expected E, F, S, T, ST or A");
}

#[test]
fn a_wrong_group_is_told_with_its_position() {
    assert_eq!(error("E.1"), "group 1 of `E.1` is `1`; expected 3 digits");
    assert_eq!(
        error("T.001.01.undefined.01"),
        "group 3 of `T.001.01.undefined.01` is `undefined`; expected 2 digits"
    );
    for text in ["E.+01", "E.0 1", "E.0001", "E.٠٠١", "F.001.1", "F.001.001", "F.01.01", "F.001."] {
        assert!(matches!(text.parse::<PlanId>(), Err(PlanIdError::Digits { .. })), "{text}");
    }
}

#[test]
fn numbers_that_do_not_fit_are_refused() {
    assert_eq!(
        PlanId::epic(1_000).unwrap_err().to_string(),
        "1000 is too large for an epic; expected 0 to 999"
    );
    let error = id("E.001").child(100).unwrap_err();
    assert_eq!(error.to_string(), "100 is too large for a feature; expected 0 to 99");
    let atomic = id("A.001.01.01.01.01.01");
    assert_eq!(atomic.child(1), Err(PlanIdError::Atomic { id: atomic }));
}

#[test]
fn in_json_an_id_is_a_string_also_as_a_key() {
    let one = id("ST.001.02.03.04.05");
    assert_eq!(serde_json::to_value(one).unwrap(), "ST.001.02.03.04.05");
    let map = std::collections::BTreeMap::from([(one, 1)]);
    assert_eq!(serde_json::to_string(&map).unwrap(), r#"{"ST.001.02.03.04.05":1}"#);
    let error = serde_json::from_str::<PlanId>(r#""T.001""#).unwrap_err();
    assert!(error.to_string().starts_with("`T.001` has 1 number group"), "{error}");
}

/// The pattern of the published schema, without its anchors.
fn pattern() -> String {
    let schema = schemars::schema_for!(PlanId);
    let pattern = schema.get("pattern").and_then(|pattern| pattern.as_str()).unwrap();
    pattern.strip_prefix("^(").unwrap().strip_suffix(")$").unwrap().to_owned()
}

#[test]
fn the_schema_has_one_form_per_level() {
    let pattern = pattern();
    let forms: Vec<&str> = pattern.split('|').collect();
    assert_eq!(forms[..2], [r"E\.[0-9]{3}", r"F\.[0-9]{3}\.[0-9]{2}"]);
    assert_eq!(forms.len(), Level::ALL.len());
}

/// Numbers up to `max`, often small, so that two ids often share their first groups.
fn numbers(max: u16) -> impl Strategy<Value = u16> {
    prop_oneof![0..=1u16, 0..=max]
}

prop_compose! {
    fn ids()(epic in numbers(999), below in prop::collection::vec(numbers(99), 0..DEPTH)) -> PlanId {
        below.into_iter().fold(PlanId::epic(epic).unwrap(), |parent, number| parent.child(number).unwrap())
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(one in ids()) {
        prop_assert_eq!(one.to_string().parse::<PlanId>(), Ok(one));
        let json = serde_json::to_string(&one).unwrap();
        prop_assert_eq!(serde_json::from_str::<PlanId>(&json).unwrap(), one);
    }

    #[test]
    fn what_is_read_is_written_back(text in "(E|F|S|T|ST|A|P)(\\.[0-9]{1,3}){0,7}|.{0,20}") {
        if let Ok(one) = text.parse::<PlanId>() {
            prop_assert_eq!(one.to_string(), text);
        }
    }

    #[test]
    fn what_the_schema_allows_is_read(text in prop::string::string_regex(&pattern()).unwrap()) {
        prop_assert!(text.parse::<PlanId>().is_ok(), "{}", text);
    }

    #[test]
    fn parent_undoes_child(one in ids(), number in 0..=99u16) {
        match one.child(number) {
            Ok(child) => {
                prop_assert_eq!(child.parent(), Some(one));
                prop_assert_eq!(child.level().above(), Some(one.level()));
                prop_assert!(one < child);
            }
            Err(error) => prop_assert_eq!(error, PlanIdError::Atomic { id: one }),
        }
    }

    #[test]
    fn ids_sort_in_tree_order(one in ids(), other in ids()) {
        let groups = |id: PlanId| id.groups[..id.level.depth()].to_vec();
        prop_assert_eq!(one.cmp(&other), groups(one).cmp(&groups(other)));
    }
}
