//! What GitHub's answers are taken for.

use http::HeaderMap;
use serde_json::json;

use super::*;

fn kind_of(status: u16, body: &Value) -> Option<ErrorKind> {
    let message = message(body).unwrap_or_default();
    let refusal = Refusal {
        status: StatusCode::from_u16(status).unwrap(),
        headers: &HeaderMap::new(),
        body,
        message: &message,
    };
    kind(&refusal)
}

#[test]
fn answers_have_the_kind_that_github_means() {
    let validation = |error: Value| json!({ "message": "Validation Failed", "errors": [error] });
    let said = |text: &str| json!({ "message": text });
    let table = [
        (403, said("You have exceeded a secondary rate limit. Please wait."), Some(ErrorKind::RateLimited)),
        (403, said("You have triggered an abuse detection mechanism."), Some(ErrorKind::RateLimited)),
        (403, said("API rate limit exceeded for user ID 1."), Some(ErrorKind::RateLimited)),
        (403, said("Repository was archived so is read-only."), Some(ErrorKind::Conflict)),
        (403, said("Resource not accessible by integration"), None),
        (409, said("Git Repository is empty."), Some(ErrorKind::NotFound)),
        (409, said("Merge conflict"), None),
        (422, said("Reference already exists"), Some(ErrorKind::Conflict)),
        (422, said("Reference does not exist"), Some(ErrorKind::NotFound)),
        (422, said("No commit found for SHA: 0123"), Some(ErrorKind::NotFound)),
        (422, said("Validation Failed"), None),
        (
            422,
            validation(json!({ "resource": "Release", "code": "already_exists", "field": "tag_name" })),
            Some(ErrorKind::Conflict),
        ),
        (
            422,
            validation(
                json!({ "resource": "PullRequest", "code": "custom", "message": "A pull request already exists for acme:lid." }),
            ),
            Some(ErrorKind::Conflict),
        ),
        (
            422,
            validation(json!({ "resource": "PullRequest", "field": "base", "code": "invalid" })),
            Some(ErrorKind::NotFound),
        ),
        (422, validation(json!({ "resource": "Issue", "field": "title", "code": "missing_field" })), None),
        (
            422,
            json!({ "message": "Unprocessable Entity", "errors": ["Can not approve your own pull request"] }),
            None,
        ),
        (404, said("Not Found"), None),
    ];
    for (status, body, expected) in table {
        assert_eq!(kind_of(status, &body), expected, "{status} {body}");
    }
}

#[test]
fn messages_say_what_is_wrong_with_each_field() {
    let body = json!({ "message": "Validation Failed", "errors": [
        { "resource": "Label", "code": "already_exists", "field": "name" },
        "Can not approve your own pull request",
        { "message": "name is too long" },
        { "code": "custom" },
    ] });
    let expected =
        "Validation Failed; name: already_exists; Can not approve your own pull request; name is too long";
    assert_eq!(message(&body).as_deref(), Some(expected));
    assert_eq!(message(&json!({ "message": "no", "errors": "plain" })).as_deref(), Some("no; plain"));
    assert_eq!(message(&json!([1, 2])), None);
}
