//! Forms of several parts, taken apart.

use crate::fake::http::Ask;

/// A part of a form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) is_file: bool,
    pub(super) value: Vec<u8>,
}

impl Part {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.value).into_owned()
    }
}

/// The parts of a request's body; none where it is no such form.
pub(super) fn parts(ask: &Ask) -> Option<Vec<Part>> {
    let kind = ask.header("content-type")?;
    let boundary = kind.strip_prefix("multipart/form-data; boundary=")?;
    parse(&ask.body, boundary)
}

fn parse(body: &[u8], boundary: &str) -> Option<Vec<Part>> {
    let line = format!("--{boundary}");
    let mut rest = body.strip_prefix(line.as_bytes())?;
    let end = format!("\r\n{line}");
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        rest = rest.strip_prefix(b"\r\n")?;
        let length = find(rest, end.as_bytes())?;
        parts.push(part(&rest[..length])?);
        rest = &rest[length + end.len()..];
    }
    (rest == b"--\r\n").then_some(parts)
}

fn part(bytes: &[u8]) -> Option<Part> {
    let head = find(bytes, b"\r\n\r\n")?;
    let text = std::str::from_utf8(&bytes[..head]).ok()?;
    let disposition = text.lines().find_map(|line| line.strip_prefix("Content-Disposition: form-data; "))?;
    let name = quoted(disposition.strip_prefix("name=\"")?)?;
    let is_file = disposition.contains("; filename=\"");
    Some(Part { name, is_file, value: bytes[head + 4..].to_vec() })
}

fn quoted(text: &str) -> Option<String> {
    let mut value = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next()? {
            '"' => return Some(value),
            '\\' => value.push(chars.next()?),
            other => value.push(other),
        }
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

#[test]
fn forms_are_taken_apart() {
    let body = b"--x\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\nhi\r\n--x\r\nContent-Disposition: form-data; \
                 name=\"/a \\\"b\\\"\"; filename=\"b\"\r\nContent-Type: text/plain\r\n\r\n\r\n\xff\r\n--x--\r\n";
    let parts = parse(body, "x").unwrap();
    let part = |name: &str, is_file, value: &[u8]| Part { name: name.into(), is_file, value: value.into() };
    assert_eq!(parts, [part("message", false, b"hi"), part("/a \"b\"", true, b"\r\n\xff")]);
    assert_eq!(parse(b"--x--\r\n", "x"), Some(vec![]));
    assert_eq!(parse(b"--y", "x"), None);
}
