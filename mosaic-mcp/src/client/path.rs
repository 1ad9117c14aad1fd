//! How a tool is addressed in a call in a server's own words: `/tools/NAME`, the arguments as the body.

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::Payload;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use rmcp::model::JsonObject;
use serde_json::Value;

/// What stays as it is in a path.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~');

/// What such a call asks for.
#[derive(Debug, PartialEq)]
pub(super) struct ToolPath {
    pub(super) tool: String,
    pub(super) arguments: JsonObject,
}

/// The path of a tool.
pub(super) fn path_of(tool: &str) -> String {
    format!("/tools/{}", utf8_percent_encode(tool, ENCODED))
}

impl ToolPath {
    /// Reads the parameters of a call in a vendor's own words.
    ///
    /// # Errors
    /// `Invalid`, saying what is to be given instead.
    pub(super) fn read(payload: &Payload) -> Result<Self> {
        let asked = payload.to_json()?;
        let field = |name: &str| asked.get(name).cloned().unwrap_or_default();
        let name = field("path");
        let name = name.as_str().and_then(|path| path.strip_prefix("/tools/")).unwrap_or_default();
        let tool = percent_decode_str(name).decode_utf8().unwrap_or_default().into_owned();
        if tool.is_empty() || name.contains('/') {
            return Err(invalid("the path of a tool is /tools/NAME, percent-encoded"));
        }
        if field("query").as_object().is_some_and(|query| !query.is_empty()) {
            return Err(invalid("tools take no query: the arguments are the body"));
        }
        if field("method").as_str().is_some_and(|method| method != "POST") {
            return Err(invalid("a tool is called by POST"));
        }
        match field("body") {
            Value::Object(arguments) => Ok(Self { tool, arguments }),
            Value::Null => Ok(Self { tool, arguments: JsonObject::new() }),
            _ => Err(invalid("the arguments of a tool are an object, given as the body")),
        }
    }
}

fn invalid(text: &'static str) -> Error {
    Error::new(ErrorKind::Invalid, text)
}

#[cfg(test)]
mod tests {
    use mosaic_core::op::{VendorRead, VendorWrite, vendor::OfDocs};
    use mosaic_core::types::vendor::{ApiPath, VendorMethod};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn write(path: &str) -> VendorWrite<OfDocs> {
        VendorWrite::new(VendorMethod::Post, ApiPath::new(path).unwrap())
    }

    fn read(op: VendorWrite<OfDocs>) -> Result<ToolPath> {
        ToolPath::read(&Payload::new(op))
    }

    #[test]
    fn what_is_no_call_of_a_tool_is_refused() {
        let method = VendorWrite::<OfDocs>::new(VendorMethod::Delete, ApiPath::new("/tools/x").unwrap());
        for op in [
            write("/"),
            write("/tools/"),
            write("/tool/x"),
            write("/tools/x/y"),
            write("/tools/x").body(json!([1])),
            write("/tools/x").query([("a".to_owned(), "b".to_owned())]),
            method,
        ] {
            let shown = format!("{op:?}");
            assert_eq!(read(op).unwrap_err().kind(), ErrorKind::Invalid, "{shown}");
        }
        let asked = Payload::new(
            VendorRead::<OfDocs>::new(ApiPath::new("/tools/x").unwrap()).body(json!({ "a": 1 })),
        );
        assert_eq!(ToolPath::read(&asked).unwrap().arguments["a"], 1);
    }

    proptest! {
        /// But for those that would lead elsewhere where somebody decodes them.
        #[test]
        fn every_name_has_a_path(name in "[^\\p{Cc}]{1,40}") {
            let climbs = name.split(['/', '\\']).any(|part| part == "." || part == "..");
            match ApiPath::new(path_of(&name)) {
                Ok(path) => {
                    let op = VendorWrite::new(VendorMethod::Post, path);
                    prop_assert_eq!(read(op).unwrap().tool, name);
                }
                Err(_) => prop_assert!(climbs, "{}", name),
            }
        }
    }
}
