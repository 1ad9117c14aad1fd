use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::context::{CallContext, Principal};
use mosaic_core::types::{Secret, TenantId};
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, Value as Field};
use serde_json::json;
use tokio::net::TcpListener;
use tonic::Code;
use tonic::transport::Channel;

use super::*;
use crate::coordination::shared::{AppendEvent, Shared};
use crate::function::{Desk, Gate, Permission};
use crate::security::admission::admission;
use crate::security::{Authenticator, Authenticators, Identity};
use crate::state::{MemoryStore, State};

/// `TENANT:NAME` proves to be that agent.
struct Plain;

#[async_trait]
impl Authenticator for Plain {
    async fn authenticate(&self, token: &Secret) -> Result<Option<Identity>> {
        let Some((tenant, name)) = token.expose().split_once(':') else { return Ok(None) };
        let tenant =
            TenantId::new(tenant).map_err(|_| Error::new(ErrorKind::Unauthenticated, "no tenant"))?;
        Identity::new(tenant, Principal::agent(name)).map(Some)
    }
}

/// Agents may do everything but delete, and only while they are not locked out.
struct Most(Arc<std::sync::atomic::AtomicBool>);

#[async_trait]
impl Gate for Most {
    async fn allow(&self, cx: &CallContext, needed: Permission<'_>) -> Result<()> {
        let open = !self.0.load(std::sync::atomic::Ordering::SeqCst);
        if open && cx.caller().name() != "stranger" && needed.operation != "delete_value" {
            return Ok(());
        }
        Err(Error::new(ErrorKind::PermissionDenied, format!("{needed} is not allowed")))
    }
}

struct Server {
    channel: Channel,
    shared: Shared,
    locked: Arc<std::sync::atomic::AtomicBool>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve() -> Server {
    serve_behind(|door| door).await
}

async fn serve_behind(bound: impl FnOnce(Door) -> Door) -> Server {
    let state = State::open(MemoryStore::new()).await.unwrap();
    let (shared, locked) = (Shared::new(state.clone()), Arc::default());
    let desk = Desk::builder().room(shared.clone()).gate(Most(Arc::clone(&locked))).build();
    let door = Door::admitting(desk, state, admission(Plain));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let routes = axum::Router::new().route_service(GrpcBackbone::PATH, GrpcBackbone::new(bound(door)));
    let task = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    let channel = Channel::from_shared(address).unwrap().connect().await.unwrap();
    Server { channel, shared, locked, task }
}

fn with<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    if !token.is_empty() {
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    request
}

impl Server {
    async fn unary<Q, A>(&self, token: &str, method: &'static str, message: Q) -> Result<A, Status>
    where
        Q: prost::Message + Send + Sync + 'static,
        A: prost::Message + Default + Send + Sync + 'static,
    {
        let mut client = tonic::client::Grpc::new(self.channel.clone());
        client.ready().await.unwrap();
        let path = http::uri::PathAndQuery::from_static(method);
        let codec = ProstCodec::<Q, A>::default();
        client.unary(with(token, message), path, codec).await.map(Response::into_inner)
    }

    async fn call(&self, token: &str, function: &str, params: Value) -> Result<Value, Status> {
        let request = CallRequest { function: function.to_owned(), params: params.to_string() };
        let reply: CallReply = self.unary(token, "/mosaic.backbone.v1.Backbone/Call", request).await?;
        Ok(serde_json::from_str(&reply.answer).unwrap())
    }

    async fn follow(
        &self,
        token: &str,
        topic: &str,
        after: Option<u64>,
    ) -> Result<tonic::Streaming<Event>, Status> {
        let mut client = tonic::client::Grpc::new(self.channel.clone());
        client.ready().await.unwrap();
        let path = http::uri::PathAndQuery::from_static("/mosaic.backbone.v1.Backbone/Follow");
        let request = FollowRequest { topic: topic.to_owned(), after };
        let codec = ProstCodec::<FollowRequest, Event>::default();
        client.server_streaming(with(token, request), path, codec).await.map(Response::into_inner)
    }
}

fn fault(status: &Status) -> Value {
    let bytes = status.metadata().get_bin(status::FAULT).unwrap().to_bytes().unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn functions_are_listed_and_called() {
    let server = serve().await;
    let path = "/mosaic.backbone.v1.Backbone/Functions";
    let list: FunctionsReply = server.unary("acme:a", path, FunctionsRequest {}).await.unwrap();
    let put = list.functions.iter().find(|function| function.name == "state.put_value").unwrap();
    assert_eq!(put.effect, "idempotent");
    assert!(put.params_schema.contains("seconds"), "{}", put.params_schema);

    let version =
        server.call("acme:a", "state.put_value", json!({ "key": "k", "value": [1] })).await.unwrap();
    let value = server.call("acme:b", "state.get_value", json!({ "key": "k" })).await.unwrap();
    assert_eq!((&value["value"], &value["version"]), (&json!([1]), &version["version"]));
    let other = server.call("umbrella:a", "state.get_value", json!({ "key": "k" })).await.unwrap_err();
    assert_eq!(other.code(), Code::NotFound);
}

#[tokio::test]
async fn who_proves_nothing_or_may_not_is_refused() {
    let server = serve().await;
    let get = || server.call("", "state.get_value", json!({ "key": "k" }));
    assert_eq!(get().await.unwrap_err().code(), Code::Unauthenticated);
    let unknown = server.call("nonsense", "state.get_value", json!({ "key": "k" })).await.unwrap_err();
    assert_eq!(unknown.code(), Code::Unauthenticated);
    let denied = server.call("acme:a", "state.delete_value", json!({ "key": "k" })).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
    assert_eq!(fault(&denied)["operation"], "state.delete_value");
    assert_eq!(server.follow("", ">", None).await.unwrap_err().code(), Code::Unauthenticated);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_advice() {
    let server = serve().await;
    let nothing = server.call("acme:a", "state.burn", json!({})).await.unwrap_err();
    assert_eq!(nothing.code(), Code::Unimplemented);
    let params = server.call("acme:a", "state.get_value", json!({ "name": "k" })).await.unwrap_err();
    assert_eq!(params.code(), Code::InvalidArgument);
    assert!(fault(&params)["advice"].as_str().unwrap().contains("Correct the arguments"));
    let request = CallRequest { function: "state.get_value".to_owned(), params: "{".to_owned() };
    let path = "/mosaic.backbone.v1.Backbone/Call";
    let broken = server.unary::<_, CallReply>("acme:a", path, request).await.unwrap_err();
    assert_eq!(broken.code(), Code::InvalidArgument);
    let path = "/mosaic.backbone.v1.Backbone/Burn";
    let method = server.unary::<_, CallReply>("acme:a", path, FunctionsRequest {}).await.unwrap_err();
    assert_eq!(method.code(), Code::Unimplemented);
}

#[tokio::test]
async fn events_are_followed_from_an_offset_on_and_end_with_the_permission() {
    let server = serve().await;
    let (acme, other) =
        ["acme", "umbrella"].map(|tenant| CallContext::new().tenant(TenantId::new(tenant).unwrap())).into();
    for n in 1..=3 {
        server.shared.append_event(&acme, AppendEvent::new("t", "old", n)).await.unwrap();
        server.shared.append_event(&other, AppendEvent::new("t", "foreign", n)).await.unwrap();
    }
    let mut events = server.follow("acme:a", "shared.>", Some(1)).await.unwrap();
    for offset in [3, 5] {
        let event = events.message().await.unwrap().unwrap();
        assert_eq!((event.offset, &*event.kind, &*event.topic), (offset, "old", "shared.t"));
    }
    let mut fresh = server.follow("acme:a", "", None).await.unwrap();
    server.shared.append_event(&acme, AppendEvent::new("t", "new", json!({ "n": 4 }))).await.unwrap();
    for stream in [&mut events, &mut fresh] {
        let event = stream.message().await.unwrap().unwrap();
        assert_eq!((event.offset, &*event.kind, &*event.data), (7, "new", r#"{"n":4}"#));
    }
    server.locked.store(true, std::sync::atomic::Ordering::SeqCst);
    server.shared.append_event(&acme, AppendEvent::new("t", "hidden", 5)).await.unwrap();
    assert_eq!(events.message().await.unwrap_err().code(), Code::PermissionDenied);
    assert!(events.message().await.unwrap().is_none());
}

#[tokio::test]
async fn the_time_that_a_client_gives_is_kept() {
    let server = serve().await;
    let mut request = with(
        "acme:a",
        CallRequest { function: "state.get_value".to_owned(), params: r#"{"key":"k"}"#.to_owned() },
    );
    request.metadata_mut().insert("grpc-timeout", "soon".parse().unwrap());
    let mut client = tonic::client::Grpc::new(server.channel.clone());
    client.ready().await.unwrap();
    let path = http::uri::PathAndQuery::from_static("/mosaic.backbone.v1.Backbone/Call");
    let codec = ProstCodec::<CallRequest, CallReply>::default();
    assert_eq!(client.unary(request, path, codec).await.unwrap_err().code(), Code::InvalidArgument);
}

/// What one side writes, the other reads, field by field.
#[test]
fn messages_are_those_of_the_file() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/proto");
    let files = protox::compile(["backbone.proto"], [file]).unwrap();
    let pool = DescriptorPool::from_file_descriptor_set(files).unwrap();
    let read = |name: &str, bytes: Vec<u8>| {
        let descriptor = pool.get_message_by_name(&format!("mosaic.backbone.v1.{name}")).unwrap();
        let message = DynamicMessage::decode(descriptor, bytes.as_slice()).unwrap();
        assert_eq!(message.unknown_fields().count(), 0, "{name}");
        message
    };
    let text = |message: &DynamicMessage, field: &str| {
        message.get_field_by_name(field).unwrap().as_str().unwrap().to_owned()
    };
    let call = CallRequest { function: "f".into(), params: "p".into() };
    let call = read("CallRequest", call.encode_to_vec());
    assert_eq!((text(&call, "function"), text(&call, "params")), ("f".into(), "p".into()));
    let reply = read("CallReply", CallReply { answer: "a".into() }.encode_to_vec());
    assert_eq!(text(&reply, "answer"), "a");
    let function = Function {
        name: "n".into(),
        description: "d".into(),
        effect: "e".into(),
        params_schema: "p".into(),
        answer_schema: "a".into(),
    };
    let list = read("FunctionsReply", FunctionsReply { functions: vec![function] }.encode_to_vec());
    let functions = list.get_field_by_name("functions").unwrap().into_owned();
    let Field::List(functions) = functions else { panic!("{functions:?}") };
    let function = functions[0].as_message().unwrap();
    for field in ["name", "description", "effect", "params_schema", "answer_schema"] {
        assert_eq!(text(function, field), field[..1], "{field}");
    }
    let follow = read("FollowRequest", FollowRequest { topic: "t".into(), after: Some(0) }.encode_to_vec());
    assert_eq!(text(&follow, "topic"), "t");
    assert!(follow.has_field_by_name("after"));
    let event = Event {
        offset: 1,
        topic: "t".into(),
        kind: "k".into(),
        data: "d".into(),
        at_microseconds: -2,
        lag: 3,
    };
    let event = read("Event", event.encode_to_vec());
    for field in ["topic", "kind", "data"] {
        assert_eq!(text(&event, field), field[..1], "{field}");
    }
    let number = |field: &str| event.get_field_by_name(field).unwrap().into_owned();
    assert_eq!(
        (number("offset"), number("lag"), number("at_microseconds")),
        (Field::U64(1), Field::U64(3), Field::I64(-2))
    );
    let service = pool.get_service_by_name("mosaic.backbone.v1.Backbone").unwrap();
    let methods: Vec<_> = service.methods().map(|method| method.name().to_owned()).collect();
    assert_eq!(methods, ["Call", "Functions", "Follow"]);
    assert_eq!(SERVICE, format!("/{}/", service.full_name()));
}

#[tokio::test]
async fn one_principal_follows_and_calls_no_more_than_it_may() {
    let server = serve_behind(|door| door.at_once(2)).await;
    let first = server.follow("acme:a", "", None).await.unwrap();
    let _second = server.follow("acme:a", "", None).await.unwrap();
    let error = server.follow("acme:a", "", None).await.unwrap_err();
    assert_eq!(error.code(), Code::ResourceExhausted);
    assert!(fault(&error)["message"].as_str().unwrap().contains("under way"));
    let call = || server.call("acme:a", "state.get_value", json!({ "key": "k" }));
    assert_eq!(call().await.unwrap_err().code(), Code::ResourceExhausted);
    let other = server.call("acme:b", "state.get_value", json!({ "key": "k" })).await.unwrap_err();
    assert_eq!(other.code(), Code::NotFound, "others have their own share");
    drop(first);
    // The place is given back once the server has noticed.
    while call().await.unwrap_err().code() != Code::NotFound {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn calls_that_come_too_often_are_refused() {
    use std::num::NonZeroU32;
    let server = serve_behind(|door| door.rate(NonZeroU32::MIN, NonZeroU32::MIN.saturating_add(2))).await;
    let mut codes = Vec::new();
    for _ in 0..5 {
        let error = server.call("acme:a", "state.get_value", json!({ "key": "k" })).await.unwrap_err();
        codes.push(error.code());
    }
    assert_eq!(codes[..3], [Code::NotFound; 3]);
    assert!(codes[3..].contains(&Code::ResourceExhausted), "{codes:?}");
}

/// The token is the name of a role.
struct Roles;

#[async_trait]
impl Authenticator for Roles {
    async fn authenticate(&self, token: &Secret) -> Result<Option<Identity>> {
        let role = crate::security::RoleName::new(token.expose()).unwrap();
        let identity = Identity::new(TenantId::default_tenant(), Principal::agent("a"))?;
        identity.with_roles([role]).map(Some)
    }
}

/// What each role is shown, it may call, and nothing else.
#[tokio::test]
async fn a_list_has_what_the_role_may_call() {
    use crate::security::access::Access;
    let access = Access::new(
        &serde_json::from_value(json!({ "roles": {
        "reader": { "allow": ["state:@read:*"] },
        "writer": { "inherits": ["reader"], "allow": ["state:put_value:own/*", "state:append_event:*"] },
        "owner": { "allow": ["state:*:*"], "deny": ["state:delete_value:*"] },
        "elsewhere": { "allow": ["task:*:*"] }
    } }))
        .unwrap(),
    )
    .unwrap();
    let state = State::open(MemoryStore::new()).await.unwrap();
    let desk = Desk::builder().room(Shared::new(state.clone())).gate(access.clone()).build();
    let admission = crate::security::Admission::new(Authenticators::new().with(Roles), access);
    let caller = Caller { door: Door::admitting(desk, state.clone(), admission), from: None };
    let calls = [
        ("state.get_value", json!({ "key": "own/k" })),
        ("state.put_value", json!({ "key": "own/k", "value": 1 })),
        ("state.append_event", json!({ "topic": "t", "kind": "k", "data": 1 })),
        ("state.delete_value", json!({ "key": "own/k" })),
    ];
    let matrix = [
        ("reader", [true, false, false, false]),
        ("writer", [true, true, true, false]),
        ("owner", [true, true, true, false]),
        ("elsewhere", [false; 4]),
        ("unknown", [false; 4]),
    ];
    for (role, may) in matrix {
        let list = Lists(caller.clone()).call(with(role, FunctionsRequest {})).await.unwrap().into_inner();
        let mut headers = HeaderMap::new();
        headers.insert("authorization", format!("Bearer {role}").parse().unwrap());
        for ((function, params), may) in calls.iter().zip(may) {
            let shown = list.functions.iter().any(|shown| shown.name == *function);
            let answer = answer(&caller, &headers, function, &params.to_string()).await;
            let denied = answer.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied);
            assert_eq!((shown, denied), (may, !may), "{role} {function}");
        }
    }
    state.close().await.unwrap();
}

#[tokio::test]
async fn the_roles_of_a_token_reach_the_check() {
    use crate::security::access::{Access, AccessConfig};

    let config: AccessConfig = serde_json::from_value(json!({
        "roles": { "reader": { "allow": ["state:@read:*"] }, "writer": { "inherits": ["reader"], "allow": ["state:*:own/*"] } }
    }))
    .unwrap();
    let access = Access::new(&config).unwrap();
    let state = State::open(MemoryStore::new()).await.unwrap();
    let desk = Desk::builder().room(Shared::new(state.clone())).gate(access.clone()).build();
    let admission = crate::security::Admission::new(Authenticators::new().with(Roles), access);
    let caller = Caller { door: Door::admitting(desk, state, admission), from: None };
    let call = async |role: &str, key: &str| {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", format!("Bearer {role}").parse().unwrap());
        let params = json!({ "key": key, "value": 1 }).to_string();
        answer(&caller, &headers, "state.put_value", &params).await.map_err(|error| error.kind())
    };
    call("writer", "own/a").await.unwrap();
    for (role, key) in [("writer", "other/a"), ("reader", "own/a"), ("nothing", "own/a")] {
        assert_eq!(call(role, key).await.unwrap_err(), ErrorKind::PermissionDenied, "{role} {key}");
    }
}
