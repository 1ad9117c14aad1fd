//! The messages of `proto/backbone.proto`; a test holds both alike.

/// Calls a function.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct CallRequest {
    #[prost(string, tag = "1")]
    pub(super) function: String,
    #[prost(string, tag = "2")]
    pub(super) params: String,
}

/// What a function answered.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct CallReply {
    #[prost(string, tag = "1")]
    pub(super) answer: String,
}

/// Asks for the functions.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct FunctionsRequest {}

/// The functions.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct FunctionsReply {
    #[prost(message, repeated, tag = "1")]
    pub(super) functions: Vec<Function>,
}

/// One function.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Function {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "2")]
    pub(super) description: String,
    #[prost(string, tag = "3")]
    pub(super) effect: String,
    #[prost(string, tag = "4")]
    pub(super) params_schema: String,
    #[prost(string, tag = "5")]
    pub(super) answer_schema: String,
}

/// Follows events.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct FollowRequest {
    #[prost(string, tag = "1")]
    pub(super) topic: String,
    #[prost(uint64, optional, tag = "2")]
    pub(super) after: Option<u64>,
}

/// One event.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Event {
    #[prost(uint64, tag = "1")]
    pub(super) offset: u64,
    #[prost(string, tag = "2")]
    pub(super) topic: String,
    #[prost(string, tag = "3")]
    pub(super) kind: String,
    #[prost(string, tag = "4")]
    pub(super) data: String,
    #[prost(int64, tag = "5")]
    pub(super) at_microseconds: i64,
    #[prost(uint64, tag = "6")]
    pub(super) lag: u64,
}
