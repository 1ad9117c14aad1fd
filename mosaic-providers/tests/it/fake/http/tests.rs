//! The parts that the dialects share, by themselves.

use axum::body::Bytes;
use axum::http::Request;

use super::*;

fn ask(uri: &str, headers: &[(&str, &str)]) -> Ask {
    let mut request = Request::builder().uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (parts, ()) = request.body(()).unwrap().into_parts();
    Ask::new(parts, Bytes::new())
}

#[test]
fn requests_are_taken_apart() {
    let ask = ask(
        "/repos/a/b/git/ref/heads%2Fx?q=a+b%26c&empty=&page=2&page=3",
        &[("authorization", "bearer  t0")],
    );
    assert_eq!(ask.parts(), ["repos", "a", "b", "git", "ref", "heads/x"]);
    assert_eq!((ask.query("q"), ask.query("empty"), ask.query("page")), (Some("a b&c"), None, Some("3")));
    assert_eq!(ask.token(&["Bearer", "token"]), Some("t0"));
    assert_eq!(encode_path("a b/c%d/é"), "a%20b/c%25d/%C3%A9");
}

#[test]
fn pages_link_to_each_other() {
    let ask = ask("/list?state=all&page=2&per_page=3", &[]);
    let cut = Paging::read(&ask, "per_page", 30, 100).cut((1..=7).collect());
    assert_eq!((cut.items.as_slice(), cut.total, cut.next_page()), ([4, 5, 6].as_slice(), 7, Some(3)));
    assert_eq!(
        cut.link(&ask, "http://h/list", "per_page").unwrap(),
        "<http://h/list?state=all&per_page=3&page=1>; rel=\"prev\", <http://h/list?state=all&per_page=3&page=3>; \
         rel=\"next\", <http://h/list?state=all&per_page=3&page=3>; rel=\"last\", \
         <http://h/list?state=all&per_page=3&page=1>; rel=\"first\""
    );
    let reply = cut.page_headers(Reply::empty(200));
    assert!(reply.headers.contains(&("x-next-page".into(), "3".into())));
    assert!(reply.headers.contains(&("x-total-pages".into(), "3".into())));
    let small = Paging { page: 1, size: 9 }.cut(vec![1]);
    assert_eq!(
        (small.link(&ask, "http://h", "per_page"), small.next_url(&ask, "http://h", "per_page")),
        (None, None)
    );
    let capped = Paging::read(&ask, "page", 30, 1);
    assert_eq!(capped, Paging { page: 2, size: 1 });
}

#[test]
fn what_the_client_has_is_not_sent_again() {
    let body = serde_json::json!({ "a": 1 });
    let first = Reply::json(200, &body).conditional(&ask("/x", &[]), true);
    let tag = first.headers.iter().find(|(name, _)| name == "etag").unwrap().1.clone();
    assert!(tag.starts_with("W/\"") && first.status == 200);
    for known in [tag.clone(), tag.trim_start_matches("W/").to_owned(), format!("\"other\", {tag}")] {
        let again = Reply::json(200, &body).conditional(&ask("/x", &[("if-none-match", &known)]), true);
        assert_eq!((again.status, again.body.len()), (304, 0));
    }
    let changed =
        Reply::json(200, &serde_json::json!({})).conditional(&ask("/x", &[("if-none-match", &tag)]), true);
    assert_eq!(changed.status, 200);
}

#[test]
fn the_meter_counts_what_is_charged() {
    let meter = Meter::new(10);
    assert!(meter.charge());
    meter.spare();
    assert_eq!((meter.standing().remaining, meter.standing().used), (9, 1));
    meter.set_remaining(0);
    assert!(!meter.charge());
    assert_eq!((meter.charged(), meter.spared(), meter.refused()), (1, 1, 1));
}
