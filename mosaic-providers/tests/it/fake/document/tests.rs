//! The watch by itself: it sees what is wrong.

use serde_json::json;

use super::*;

fn watch() -> Watch {
    Watch::new(json!({
        "paths": {
            "/things/{id}": { "get": { "responses": { "200": { "$ref": "#/components/responses/thing" } } } },
            "/things/{id}/files/{path}": { "delete": { "responses": { "204": {} } } },
        },
        "components": {
            "responses": { "thing": { "content": { "application/json": {
                "schema": { "$ref": "#/components/schemas/thing" },
            } } } },
            "schemas": { "thing": {
                "type": "object", "required": ["name"],
                "properties": { "name": { "type": "string", "nullable": true }, "of": { "$ref": "#/components/schemas/thing" } },
            } },
        },
    }))
}

#[test]
fn it_sees_what_is_wrong_with_an_answer() {
    let get = |status: u16, body: &Value| {
        let watch = watch();
        watch.check("GET", "/things/7", status, "application/json", body.to_string().as_bytes());
        watch.violations()
    };
    assert_eq!(get(200, &json!({ "name": "a", "of": { "name": null } })), Vec::<String>::new());
    assert_eq!(get(404, &json!({})), Vec::<String>::new());
    for (status, body) in [
        (200, json!({})),
        (200, json!({ "name": 1 })),
        (200, json!({ "name": "a", "of": {} })),
        (201, json!({})),
    ] {
        assert_eq!(get(status, &body).len(), 1, "{status} {body}");
    }
}

#[test]
fn it_sees_paths_and_operations_that_are_not_there() {
    let watch = watch().below("/api").beside("/odd/{id}");
    watch.check("DELETE", "/api/things/7/files/a/b", 204, "", b"");
    watch.check("GET", "/api/odd/1", 200, "", b"");
    watch.check("GET", "/api/none", 404, "", b"");
    assert_eq!(watch.violations(), Vec::<String>::new());
    watch.check("PUT", "/api/things/7", 200, "", b"");
    watch.check("GET", "/api/none", 200, "", b"");
    assert_eq!(watch.violations().len(), 2);
}
