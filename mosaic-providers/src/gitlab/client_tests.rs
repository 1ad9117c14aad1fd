//! What GitLab says of failures, and what is made of it.

use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::*;

fn read(status: u16, body: &Value) -> (Option<String>, Option<ErrorKind>) {
    let said = message(body);
    let text = said.clone().unwrap_or_default();
    let status = StatusCode::from_u16(status).unwrap();
    (said, kind(&Refusal { status, headers: &HeaderMap::new(), body, message: &text }))
}

#[test]
fn messages_have_many_shapes() {
    for (body, said) in [
        (json!({ "message": "404 Project Not Found" }), "404 Project Not Found"),
        (
            json!({ "message": { "name": ["has already been taken"], "path": ["is too long", "is odd"] } }),
            "name has already been taken; path is too long, is odd",
        ),
        (json!({ "message": ["Source branch \"x\" does not exist"] }), "Source branch \"x\" does not exist"),
        (json!({ "message": { "base": ["No."] } }), "No."),
        (json!({ "error": "ref is missing" }), "ref is missing"),
        (
            json!({ "error": "insufficient_scope", "error_description": "More is needed." }),
            "insufficient_scope: More is needed.",
        ),
    ] {
        assert_eq!(message(&body).as_deref(), Some(said));
    }
    assert_eq!(message(&json!({})), None);
    assert_eq!(message(&json!({ "message": null })), None);
}

#[test]
fn some_texts_stand_for_another_kind() {
    for (status, text, expected) in [
        (400, "Branch already exists", Some(ErrorKind::Conflict)),
        (400, "Tag v1 already exists", Some(ErrorKind::Conflict)),
        (400, "name has already been taken; path has already been taken", Some(ErrorKind::Conflict)),
        (400, "Invalid reference name: missing", Some(ErrorKind::NotFound)),
        (400, "Target missing is invalid", Some(ErrorKind::NotFound)),
        (400, "You can only create or edit files when you are on a branch", Some(ErrorKind::NotFound)),
        (400, "A file with this name doesn't exist", Some(ErrorKind::NotFound)),
        (400, "Project has been already marked for deletion", Some(ErrorKind::NotFound)),
        (400, "target_url is blocked", None),
        (422, "Branch cannot be merged", Some(ErrorKind::Conflict)),
        (406, "Branch cannot be merged", Some(ErrorKind::Conflict)),
        (405, "Non GET methods are not allowed for moved projects", Some(ErrorKind::NotFound)),
        (403, "403 Forbidden", None),
    ] {
        assert_eq!(read(status, &json!({ "message": text })).1, expected, "{status} {text}");
    }
}

#[test]
fn owners_may_be_groups_within_groups() {
    let path = project(&RepoRef::new("acme/tools", "widget")).unwrap();
    assert_eq!(path.encoded().unwrap(), "/projects/acme%2Ftools%2Fwidget");
    for bad in ["", "acme/", "/acme", "acme//tools", "../acme", "acme/-x"] {
        assert_eq!(project(&RepoRef::new(bad, "widget")).unwrap_err().kind(), ErrorKind::Invalid, "{bad:?}");
    }
    assert_eq!(project(&RepoRef::new("acme", "a/b")).unwrap_err().kind(), ErrorKind::Invalid);
}
