//! Access: which roles callers have, and what roles allow. What no role allows is denied, and a denial wins over any permission.
//!
//! A permission is written `service:operation:resource`, each part with `*` for any text:
//!
//! | permission | is for |
//! | --- | --- |
//! | `git:get_file:acme/widget` | one operation on one repository |
//! | `git:@read:acme/*` | what changes nothing, in one organisation |
//! | `project:*:*` | everything in trackers, also what is about nothing in particular, such as "list all projects" |
//! | `state:put_value:plans/*` | a function of the backbone |
//! | `mcp:read_resource:mosaic://operations*` | documents of an MCP server |
//! | `mcp:get_prompt:review_*` | its prompts |
//! | `mcp:call_tool:own_*` | its tools whose source asks nobody |
//! | `audit:read:head` | the head of the audit |
//! | `*:@read:*` | everything that changes nothing |
//!
//! - The resource of an operation is `organisation/name`, with `:path` where it is about something inside. A permission without
//!   a path is for every path; a call about nothing in particular fits only `*`.
//! - What a call in a vendor's own words is about is only what its caller says. So only its full name with every resource allows
//!   it, such as `git:vendor_read:*`, and a denial of it for any resource denies it.
//! - A function on many things, such as `state:list_values` below a place or `state:read_events` of a filter of topics, is denied
//!   where a denial of that function is one of any of them. An operation is denied for what it is about alone: a list of the
//!   repositories of `acme` also names `acme/secret`, whoever is denied that; deny the list, and searches, as well.
//! - Permissions are compared letter by letter, denials without regard to upper and lower case, as many providers take `Acme` for `acme`.
//! - Rules are compiled when they are set: operations into bit sets, each role together with those that it inherits.
mod config;
mod handle;
mod pattern;
mod policy;
mod rule;
mod ticket;

pub use config::{AccessConfig, Binding, RoleConfig};
pub use handle::Access;
