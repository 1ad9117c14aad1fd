//! Tests of front matter: nothing that was written is lost, by whomever.

use super::*;
use proptest::prelude::*;

fn front(title: &str) -> Front {
    Front { id: Some("d1".into()), title: Some(title.into()), ..Front::default() }
}

#[test]
fn a_new_file_is_easy_to_read() {
    let created_at = Some("2024-05-06T07:08:09.123456Z".parse().unwrap());
    let front = Front { labels: vec!["a".into(), "yes".into()], created_at, ..front("Welcome: all") };
    let file = compose(&front, "Read this.\n").unwrap();
    let expected = "---\nid: d1\ntitle: \"Welcome: all\"\nlabels:\n- a\n- \"yes\"\n\
        created_at: 2024-05-06T07:08:09.123456Z\n---\nRead this.\n";
    assert_eq!(
        file.replace('\'', "\"").replace("  - ", "- ").replace("\"2024", "2024").replace("Z\"", "Z"),
        expected
    );
    let parts = Parts::of(&file);
    assert_eq!((parts.front(), parts.body), (front, "Read this.\n"));
}

#[test]
fn what_a_person_wrote_stays() {
    let file = "---\r\n# mine\r\ntitle: Old # why\r\nauthor: {name: Ann}\n\nlabels:\n  - b\n\n  - a\n# end\nnotes: |\n  one\n\n  two\n---\nBody\n---\n";
    let parts = Parts::of(file);
    assert_eq!(parts.front().title.as_deref(), Some("Old"));
    assert_eq!(parts.front().labels, ["a", "b"]);
    let changed = Front { title: Some("New".into()), id: Some("d1".into()), ..parts.front() };
    let got = parts.with(&changed, parts.body).unwrap();
    let expected = "---\n# mine\r\ntitle: New\nauthor: {name: Ann}\n\nlabels:\n  - b\n\n  - a\n# end\nnotes: |\n  one\n\n  two\nid: d1\n---\nBody\n---\n";
    assert_eq!(got, expected);
    let bare = Parts::of(&got).with(&Front { labels: vec![], ..changed }, "").unwrap();
    assert!(bare.contains("author: {name: Ann}\n\n# end\nnotes"), "{bare}");
}

#[test]
fn shapes_that_lines_do_not_show_are_written_anew() {
    for file in [
        "---\n{title: Old, kept: 1}\n---\nB",
        "---\n\"title\": Old\nkept: 1\n---\nB",
        "---\n? title\n: Old\nkept: 1\n---\nB",
    ] {
        let got = Parts::of(file).with(&front("New"), "B").unwrap();
        let parts = Parts::of(&got);
        assert_eq!((parts.front(), parts.body), (front("New"), "B"), "{got}");
        assert_eq!(parts.front.unwrap().1["kept"], 1, "{got}");
    }
}

#[test]
fn what_is_no_front_matter_is_text() {
    for file in [
        "",
        "---",
        "---\n",
        "---\ntitle: a\n",
        "----\ntitle: a\n---\n",
        " ---\na: 1\n---\n",
        "---\njust words\n---\n",
        "---\n- a\n---\n",
        "---\na: [\n---\nB",
        "---\na: 1\na: 2\n---\nB",
        "text\n---\na: 1\n---\n",
        "--- a\nb: 1\n---\n",
    ] {
        let parts = Parts::of(file);
        assert_eq!((parts.front(), parts.body), (Front::default(), file), "{file:?}");
        let got = parts.with(&front("T"), parts.body).unwrap();
        assert_eq!((Parts::of(&got).front(), Parts::of(&got).body), (front("T"), file));
    }
    assert_eq!(Parts::of("---\n---\nB").body, "B");
    assert_eq!(Parts::of("\u{feff}---\ntitle: a\n---\nB").body, "B");
    let long = format!("---\na: {}\n---\nB", "x".repeat(FRONT_MAX));
    assert_eq!(Parts::of(&long).body, long);
}

#[test]
fn values_of_other_types_are_understood_where_they_can_be() {
    let parts = Parts::of("---\nid: 42\ntitle: 2024\nlabels: one\ncreated_at: soon\n---\n");
    let expected = Front {
        id: Some("42".into()),
        title: Some("2024".into()),
        labels: vec!["one".into()],
        created_at: None,
    };
    assert_eq!(parts.front(), expected);
    let odd = Parts::of("---\nid: a/../b\ntitle: [x]\nlabels: {a: 1}\n---\n");
    assert_eq!(odd.front(), Front::default());
    assert_eq!(Parts::of("---\ntitle: \"a\\n b\"\n---\n").front().title.as_deref(), Some("a b"));
}

/// Texts that are likely to be mistaken for something.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("---\n".to_string()),
        Just("---\r\n".to_string()),
        Just("\n".to_string()),
        Just("\r".to_string()),
        Just("title: x\n".to_string()),
        Just("- a\n".to_string()),
        Just("\u{feff}".to_string()),
        Just("\0".to_string()),
        Just("...\n".to_string()),
        any::<String>(),
    ];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn line() -> impl Strategy<Value = String> {
    "\\PC{1,40}|[-?:,\\[\\]{}#&*!|>'\"%@` ]{0,6}[a-z0-9.~]{1,3}[:#]? ?|yes|null|~|0x1f|1e3|1_000|\\.inf|<<|="
        .prop_filter("control characters are refused before", |text| {
            !text.contains(char::is_control) && one_line(text) == *text
        })
}

proptest! {
    #[test]
    fn any_text_comes_back_as_written(body in text(), title in line(), labels in proptest::collection::btree_set(line(), 0..3)) {
        let front = Front { labels: labels.into_iter().collect(), ..front(&title) };
        let file = compose(&front, &body).unwrap();
        let parts = Parts::of(&file);
        prop_assert_eq!(&parts.front(), &front, "{}", file);
        prop_assert_eq!(parts.body, body.as_str());
    }

    #[test]
    fn any_file_can_be_changed_without_losing_its_text(file in text(), title in line()) {
        let parts = Parts::of(&file);
        let changed = Front { title: Some(title), id: Some("d1".into()), ..parts.front() };
        let got = parts.with(&changed, parts.body).unwrap();
        prop_assert_eq!(&Parts::of(&got).front(), &changed, "{}", got);
        prop_assert_eq!(Parts::of(&got).body, parts.body);
    }
}
