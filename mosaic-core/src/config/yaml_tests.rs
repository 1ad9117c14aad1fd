use super::*;

fn read(text: &str) -> (Option<Node>, Vec<Found>) {
    let mut found = Vec::new();
    let root = parse(&mut Source::new("x", text), &mut found);
    (root, found)
}

fn tree(text: &str) -> Node {
    let (root, found) = read(text);
    assert!(found.is_empty(), "{text:?}: {}", found[0].message);
    root.unwrap()
}

fn fault(text: &str) -> Found {
    let (_, mut found) = read(text);
    assert_eq!(found.len(), 1, "{text:?}");
    found.remove(0)
}

#[test]
fn a_key_without_a_value_has_nothing_and_its_sibling_stays_a_sibling() {
    let root = tree("- default:\n  provider: x\n");
    let rule = &root.items()[0];
    assert!(rule.get("default").unwrap().is_null());
    assert_eq!(rule.get("provider").unwrap().scalar().unwrap().text, "x");
}

#[test]
fn quotes_and_tags_make_texts() {
    let root = tree("a: 1\nb: '1'\nc: !!str 1\nd: !!int 1\ne: |\n  1\n");
    let kinds: Vec<_> = root.entries().iter().map(|entry| entry.value.scalar().unwrap().kind).collect();
    assert_eq!(kinds, [Kind::Plain, Kind::Text, Kind::Text, Kind::Plain, Kind::Text]);
}

#[test]
fn a_block_ends_with_its_last_value() {
    let text = "a:\n  b: one\n\n# note\nc: two\n";
    let root = tree(text);
    assert_eq!(&text[root.get("a").unwrap().span.clone()], "b: one");
}

#[test]
fn aliases_repeat_values_within_bounds() {
    let root = tree("a: &a [1, 2]\nb: *a\n");
    assert!(root.get("a") == root.get("b"));
    let bomb: String = (1..20).fold("a0: &a0 [1]\n".into(), |text, at| {
        format!("{text}a{at}: &a{at} [{}]\n", vec![format!("*a{}", at - 1); 10].join(", "))
    });
    assert_eq!(fault(&bomb).code, Code::TooLarge);
    let tower: String = (1..20).fold("a0: &a0 [[[[[[[[1]]]]]]]]\n".into(), |text, at| {
        format!("{text}a{at}: &a{at} [[[[[[[[*a{}]]]]]]]]\n", at - 1)
    });
    assert_eq!(fault(&tower).code, Code::TooLarge);
    assert_eq!(fault("a: &a [*a]").code, Code::Syntax);
    assert_eq!(fault("a: *nowhere").code, Code::Syntax);
}

#[test]
fn bytes_that_aliases_repeat_are_bounded() {
    let repeated = |times: usize| {
        let aliases = vec!["*long"; times].join(", ");
        format!("a: &long {}\nexample: [{aliases}]\n", "x".repeat(50_000))
    };
    assert!(tree(&repeated(50)).get("example").is_some());
    let fault = fault(&repeated(5_000));
    assert_eq!(fault.code, Code::TooLarge);
    assert!(fault.message.contains(&MOST_BYTES.to_string()), "{}", fault.message);
    let keys =
        format!("a: &long {{ {}: 1 }}\nb: [{}]\n", "k".repeat(1_000), vec!["*long"; 10_000].join(", "));
    assert_eq!(self::fault(&keys).code, Code::TooLarge);
}

#[test]
fn depth_and_length_are_bounded() {
    assert_eq!(fault(&"[".repeat(100_000)).code, Code::Syntax);
    assert_eq!(fault(&"a".repeat(LONGEST + 1)).code, Code::TooLarge);
    let many = format!("[{}]", vec!["1"; MOST + 1].join(","));
    assert_eq!(fault(&many).code, Code::TooLarge);
}

#[test]
fn a_key_is_there_once() {
    let twice = fault("a:\n  - b: 1\n    b: 2\n");
    assert_eq!((twice.code, twice.path.as_str(), twice.span), (Code::DuplicateKey, "a[0].b", Some(16..17)));
    assert_eq!(fault("a: &a {b: 1}\nc:\n  <<: *a\n").code, Code::UnknownKey);
}

#[test]
fn what_is_no_yaml_is_one_fault_with_its_place() {
    for (text, at) in [("a: 'open", 3), ("a: b: c", 4), ("a:\n\t- b", 4), ("a: @x", 3)] {
        let fault = fault(text);
        assert_eq!((fault.code, fault.span), (Code::Syntax, Some(at..at)), "{text:?}: {}", fault.message);
    }
    assert_eq!(fault("a: 1\n---\nb: 2\n").code, Code::Syntax);
    assert_eq!(fault("a: !secret x").code, Code::Syntax);
    assert_eq!(fault("? [a, b]\n: c").code, Code::Syntax);
}

#[test]
fn of_a_text_that_is_no_yaml_only_keys_are_shown() {
    let mut source = Source::new("x", "config:\n  token: 's3cr3t\n  - s3cr3t\ns3cr3t\n");
    assert!(parse(&mut source, &mut Vec::new()).is_none());
    let lines = ["config:", "token: 's", "- s3", "\ns3"].map(|part| source.text().find(part).unwrap() + 1);
    let shown = lines.map(|at| source.show(&(at..at + 1)).text);
    assert_eq!(shown, ["config:", "  token: ***", "  - ***", "***"]);
}
