//! What conditions are read as, what is refused and how that is shown, and what they mean.

use std::sync::Arc;

use proptest::prelude::*;

use super::ast::{Expr, Literal, Op, Operand};
use super::*;
use crate::context::{AttributeValue, CallContext, Principal};
use crate::engine::route::AttributeKind;
use crate::op::{Operation, git::GetFile};

fn schema() -> AttributeSchema {
    let mut schema = AttributeSchema::default();
    schema.declare("weight", AttributeKind::Number).unwrap();
    schema.declare("limit", AttributeKind::Size).unwrap();
    schema
}

fn truth(text: &str, cx: &CallContext) -> Option<bool> {
    let condition: Condition = text.parse().unwrap_or_else(|fault| panic!("{fault:#}"));
    let predicate = condition.compile(&schema()).unwrap_or_else(|faults| panic!("{:#}", faults[0]));
    let operation = GetFile::new("Acme", "Widget", "docs/a/b.md");
    let facts = Facts { meta: GetFile::META, subject: operation.subject(), cx };
    assert_eq!(predicate.holds(&facts), predicate.truth(&facts) == Some(true), "{text}");
    predicate.truth(&facts)
}

#[test]
fn what_holds_what_does_not_and_what_is_unknown() {
    let cx = CallContext::new()
        .attribute("build.size", 11_000_000_000u64)
        .attribute("build.duration", std::time::Duration::from_secs(300))
        .attribute("build.public", "true")
        .attribute("build.labels", ["gpu", "large"])
        .attribute("user.region", "EU")
        .attribute("user.groups", "ops")
        .attribute("priority", "7")
        .attribute("limit", "10 GiB")
        .attribute("weight", "heavy")
        .principal(Principal::user("Ann"));
    let (yes, no, unknown) = (Some(true), Some(false), None);
    for (text, expected) in [
        ("build.size > 10GB", yes),
        ("build.size>10.5gb&&build.size<=11000000000", yes),
        ("12GB < build.size", no),
        ("build.size > limit", yes),
        ("build.size in [1GB, 11GB]", yes),
        ("build.duration == 5m", yes),
        ("build.duration >= '300s'", yes),
        ("build.public", yes),
        ("!build.public || false", no),
        ("build.public != true", no),
        ("private", unknown),
        ("!private", unknown),
        ("private && build.size < 1GB", no),
        ("!private || build.public == true", yes),
        ("priority == 7.0", yes),
        ("priority in [-1, 7e0]", yes),
        ("weight > 1", unknown),
        ("!(weight > 1)", unknown),
        ("user.region == \"EU\"", yes),
        ("user.region == 'eu'", yes),
        ("user.region in ['US', 'APAC']", no),
        ("region != 'us'", unknown),
        ("\"gpu\" in build.labels", yes),
        ("!('arm' in build.labels)", yes),
        ("'ops' in user.groups", yes),
        ("user in user.groups", no),
        ("user == 'ann' && user matches 'A*'", yes),
        ("org == 'acme' && repo == 'ACME/widget'", yes),
        ("repo in ['x', 'acme/widget']", yes),
        ("repo matches 'acme/*' && repo matches 'w?dget'", yes),
        ("repo matches 'widget'", yes),
        ("path matches 'docs/**' && !(path matches 'docs/*')", yes),
        ("service == 'git' && effect == 'read' && operation == 'git.get_file'", yes),
        ("tenant == 'default'", yes),
        ("org == user", no),
        ("build.size in [1, 2] || true", yes),
        ("true && (false || ((true)))", yes),
        ("!!true", yes),
    ] {
        assert_eq!(truth(text, &cx), expected, "{text}");
    }
    assert_eq!(truth("user == 'application'", &CallContext::new()), None, "the application has no name");
}

#[test]
fn what_is_wrong_is_shown_where_it_is() {
    let render = |text: &str| match text.parse::<Condition>() {
        Err(fault) => format!("{fault:#}"),
        Ok(condition) => match condition.compile(&schema()) {
            Err(faults) => faults.iter().map(|fault| format!("{fault:#}")).collect::<Vec<_>>().join("\n"),
            Ok(_) => format!("{text} is fine"),
        },
    };
    for (text, expected) in [
        ("", "\n^ it ends here; expected an attribute, a value, `!` or `(`"),
        (
            "build.size >",
            "build.size >\n            ^ it ends here; expected an attribute, a value, `!` or `(`",
        ),
        (
            "build.sise > 10GB",
            "build.sise > 10GB\n^^^^^^^^^^ there is no attribute \"build.sise\"; did you mean \"build.size\"?",
        ),
        ("org = 'a'", "org = 'a'\n    ^ `=` is written `==`"),
        ("private and user == 'x'", "private and user == 'x'\n        ^^^ `and` is written `&&`"),
        (
            "build.size > 10GBit",
            "build.size > 10GBit\n             ^^^^^^ \"10GBit\" is no number, no size such as 10GB and no duration such as 5m; did you mean \"10GB\"?",
        ),
        (
            "build.size > 5m",
            "build.size > 5m\n             ^^ \"build.size\" is a size; found 5m, expected a size such as 10GB",
        ),
        (
            "build.duration > 300",
            "build.duration > 300\n                 ^^^ \"build.duration\" is a duration; found 300, expected a duration with its unit, such as 5m",
        ),
        (
            "region < 'b'",
            "region < 'b'\n^^^^^^ \"region\" is a text, which has no order; use ==, !=, in or matches",
        ),
        ("region == eu", "region == eu\n          ^^ there is no attribute \"eu\""),
        (
            "priority == \"high\"",
            "priority == \"high\"\n            ^^^^^^ \"priority\" is a number; found \"high\", expected a number without a unit",
        ),
        (
            "1 < priority < 5",
            "1 < priority < 5\n             ^ comparisons cannot be chained; join two by `&&`",
        ),
        ("!private == true", "!private == true\n         ^^ `!` binds tighter than `==`; write !(a == b)"),
        (
            "(org == 'ä' || private",
            "(org == 'ä' || private\n                      ^ it ends here; expected `)`",
        ),
        (
            "org == 'ä' private",
            "org == 'ä' private\n           ^^^^^^^ found `private`; expected `&&`, `||` or the end",
        ),
        (
            "private &&\n\torgs == 'a'",
            "\torgs == 'a'\n\t^^^^ there is no attribute \"orgs\"; did you mean \"org\"?",
        ),
        ("org", "org\n^^^ \"org\" is a text, which neither holds nor fails; compare it"),
        ("'org'", "'org'\n^^^^^ `'org'` alone neither holds nor fails; expected a comparison"),
        ("1 == 2", "1 == 2\n^^^^^^ this compares no attribute; one side must be one"),
        ("org in []", "org in []\n       ^^ the list is empty, so nothing is in it"),
        ("org in ['a' 'b']", "org in ['a' 'b']\n            ^^^ found `'b'`; expected `,` or `]`"),
        ("org == 'a", "org == 'a\n       ^^ the text is not closed; expected '"),
        (r"org == 'a\d'", "org == 'a\\d'\n         ^^ behind `\\` stands one of \" ' \\ n r t"),
        (
            "service == 'gitt'",
            "service == 'gitt'\n           ^^^^^^ there is no service \"gitt\"; did you mean \"git\"?",
        ),
        (
            "build.labels == 'x'",
            "build.labels == 'x'\n^^^^^^^^^^^^ \"build.labels\" is a list; write \"text\" in build.labels",
        ),
        (
            "build.size > limit && weight == limit",
            "build.size > limit && weight == limit\n                      ^^^^^^^^^^^^^^^ \"weight\" is a number and \"limit\" a size",
        ),
        (
            "a.b > 1 && b > 2",
            "a.b > 1 && b > 2\n^^^ there is no attribute \"a.b\"\na.b > 1 && b > 2\n           ^ there is no attribute \"b\"",
        ),
        ("org == #", "org == #\n       ^ '#' means nothing here; texts stand in quotes"),
    ] {
        assert_eq!(render(text), expected, "{text}");
    }
}

#[test]
fn conditions_are_bounded() {
    let deep = |depth: usize| format!("{}true{}", "(".repeat(depth), ")".repeat(depth));
    assert!(deep(32).parse::<Condition>().is_ok());
    assert!(deep(33).parse::<Condition>().unwrap_err().to_string().contains("more than 32 deep"));
    assert!(format!("{}true", "!".repeat(4000)).parse::<Condition>().is_err());
    assert!(vec!["true"; 500].join("&&").parse::<Condition>().is_ok());
    assert!(
        vec!["true"; 600].join("&&").parse::<Condition>().unwrap_err().to_string().contains("1024 parts")
    );
    assert!(" ".repeat(8193).parse::<Condition>().unwrap_err().to_string().contains("8193 bytes"));
    let long = format!("{} && orgs", vec!["private"; 100].join(" && "));
    let faults = long.parse::<Condition>().unwrap().compile(&schema()).unwrap_err();
    let shown = format!("{:#}", faults[0]);
    assert!(shown.lines().all(|line| line.chars().count() < 200), "{shown}");
    assert!(shown.contains("orgs\n"), "{shown}");
}

#[test]
fn evaluation_allocates_nothing() {
    let condition: Condition =
        "build.size > 10 && user.region == 'EU' && org matches 'int*-x' && 'a' in build.labels \
                                && build.duration < 5m && user in ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']"
            .parse()
            .unwrap();
    let predicate = condition.compile(&schema()).unwrap();
    let operation = GetFile::new("internal-x", "widget", "a");
    let cx = CallContext::new()
        .attribute("build.size", "12GB")
        .attribute("user.region", "EU")
        .attribute("build.labels", ["a"])
        .attribute("build.duration", 3)
        .principal(Principal::user("h"));
    let facts = Facts { meta: GetFile::META, subject: operation.subject(), cx: &cx };
    let mut holds = false;
    let info = allocation_counter::measure(|| holds = predicate.holds(&facts));
    assert!(holds);
    assert_eq!(info.count_total, 0);
}

/// The meaning of a tree said the slow and obvious way, on texts and numbers by name.
fn interpret(expr: &Expr, cx: &CallContext) -> Option<bool> {
    match expr {
        Expr::Constant(value) => Some(*value),
        Expr::Fact(name) => match cx.attribute_value(&name.text)? {
            AttributeValue::Boolean(value) => Some(*value),
            _ => None,
        },
        Expr::Not(inner) => interpret(inner, cx).map(|truth| !truth),
        Expr::And(parts) => {
            let truths: Vec<_> = parts.iter().map(|part| interpret(part, cx)).collect();
            if truths.contains(&Some(false)) {
                Some(false)
            } else {
                truths.into_iter().collect::<Option<Vec<_>>>().map(|_| true)
            }
        }
        Expr::Or(parts) => {
            let truths: Vec<_> = parts.iter().map(|part| interpret(part, cx)).collect();
            if truths.contains(&Some(true)) {
                Some(true)
            } else {
                truths.into_iter().collect::<Option<Vec<_>>>().map(|_| false)
            }
        }
        Expr::Compare {
            left: Operand::Literal(Literal::Text(text), _),
            op: Op::In,
            right: Operand::Fact(name),
            ..
        } => match cx.attribute_value(&name.text)? {
            AttributeValue::List(texts) => Some(texts.contains(&Arc::from(&**text))),
            _ => None,
        },
        Expr::Compare { left: Operand::Fact(name), op, right, .. } => {
            let value = cx.attribute_value(&name.text)?;
            match (op, right) {
                (Op::In, Operand::List(items, _)) => Some(items.iter().any(|(item, _)| same(value, item))),
                (Op::Equal, Operand::Literal(literal, _)) => Some(same(value, literal)),
                (Op::NotEqual, Operand::Literal(literal, _)) => Some(!same(value, literal)),
                (op, Operand::Literal(Literal::Number(right), _)) => {
                    let AttributeValue::Number(left) = value else { return None };
                    match op {
                        Op::Less => Some(left < right),
                        Op::LessOrEqual => Some(left <= right),
                        Op::Greater => Some(left > right),
                        Op::GreaterOrEqual => Some(left >= right),
                        _ => unreachable!("{op:?}"),
                    }
                }
                other => unreachable!("{other:?}"),
            }
        }
        other => unreachable!("{other}"),
    }
}

fn same(value: &AttributeValue, literal: &Literal) -> bool {
    match (value, literal) {
        (AttributeValue::Text(value), Literal::Text(literal)) => **value == **literal,
        (AttributeValue::Number(value), Literal::Number(literal)) => value == literal,
        _ => false,
    }
}

/// Conditions over four attributes, as text.
fn conditions() -> impl Strategy<Value = String> {
    let number = (0i32..4).prop_map(|number| number.to_string());
    let numbers = prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let text = "'[ab]'";
    let leaf = prop_oneof![
        Just("true".to_owned()),
        Just("false".to_owned()),
        Just("build.public".to_owned()),
        (numbers, number.clone()).prop_map(|(op, number)| format!("priority {op} {number}")),
        (number.clone(), number).prop_map(|(a, b)| format!("priority in [{a}, {b}]")),
        (prop::bool::ANY, text)
            .prop_map(|(equal, text)| format!("region {} {text}", if equal { "==" } else { "!=" })),
        (text, text).prop_map(|(a, b)| format!("region in [{a}, {b}]")),
        text.prop_map(|text| format!("{text} in build.labels")),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let joined = |sign: &'static str| {
            prop::collection::vec(inner.clone(), 2..4)
                .prop_map(move |parts| format!("({})", parts.join(sign)))
        };
        prop_oneof![joined(" && "), joined("||"), inner.prop_map(|inner| format!("!({inner})"))]
    })
}

fn contexts() -> impl Strategy<Value = CallContext> {
    let maybe = |values: Vec<AttributeValue>| prop::option::of(prop::sample::select(values));
    let text = AttributeValue::from;
    (
        maybe((0..4).map(AttributeValue::from).collect()),
        maybe(vec![text("a"), text("b"), text("c")]),
        maybe(vec![true.into(), false.into()]),
        maybe(vec![["a"].into(), ["b", "c"].into(), AttributeValue::from(Vec::<String>::new())]),
    )
        .prop_map(|(priority, region, public, labels)| {
            [("priority", priority), ("region", region), ("build.public", public), ("build.labels", labels)]
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)))
                .fold(CallContext::new(), |cx, (name, value)| cx.attribute(name, value))
        })
}

fn rendered(fault: &ConditionFault) -> bool {
    format!("{fault:#}").contains(&fault.message)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn evaluation_is_what_the_obvious_interpreter_says(text in conditions(), cx in contexts()) {
        let condition: Condition = text.parse().unwrap();
        prop_assert_eq!(truth(&text, &cx), interpret(&condition.expr, &cx), "{}", text);
    }

    #[test]
    fn the_canonical_text_is_read_as_the_same_condition(text in conditions()) {
        let condition: Condition = text.parse().unwrap();
        let again: Condition = condition.to_string().parse().unwrap();
        prop_assert_eq!(&again, &condition);
        prop_assert_eq!(again.to_string(), condition.to_string());
    }

    #[test]
    fn any_text_is_a_condition_or_a_fault_in_it(
        text in r#".{0,60}|([a-z.]{1,6}|[0-9.]{1,4}[A-Za-z]{0,3}|'[^']{0,3}|" ?| ?(==|<|&&|\|\||!|in|matches|\(|\)|\[|\]|,) ?){0,12}"#,
    ) {
        match text.parse::<Condition>() {
            Ok(condition) => {
                let again: Condition = condition.to_string().parse().unwrap();
                prop_assert_eq!(&again, &condition);
                if let Err(faults) = condition.compile(&schema()) {
                    prop_assert!(!faults.is_empty());
                    for fault in faults {
                        prop_assert!(text.get(fault.span.clone()).is_some());
                        prop_assert!(rendered(&fault));
                    }
                }
            }
            Err(fault) => {
                prop_assert!(text.get(fault.span.clone()).is_some(), "{:?}", fault);
                prop_assert!(rendered(&fault));
            }
        }
    }

    #[test]
    fn texts_of_any_characters_come_back(value in any::<String>()) {
        let condition = Condition::equals("region", &value);
        prop_assert_eq!(&condition.to_string().parse::<Condition>().unwrap(), &condition);
    }
}
