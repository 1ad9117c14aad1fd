//! The backbone over gRPC: `proto/backbone.proto` as a service to mount.

mod message;
mod status;

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{BoxStream, StreamExt as _};
use http::HeaderMap;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Effect;
use serde_json::Value;
use tonic::body::Body;
use tonic::server::{Grpc, ServerStreamingService, UnaryService};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

use self::message::{
    CallReply, CallRequest, Event, FollowRequest, Function, FunctionsReply, FunctionsRequest,
};
use self::status::{status, time_limit};
use super::Door;
use super::door::address;
use super::follow::{Followed, follow};
use super::guest::{Guest, ended};
use crate::function::Catalogue;

/// The name of the service, and the first part of each path.
const SERVICE: &str = "/mosaic.backbone.v1.Backbone/";
/// The largest message that is taken.
const LARGEST: usize = 4 << 20;

/// The service `mosaic.backbone.v1.Backbone`: functions by name, and events as they happen. A `tower` service, to be mounted at the
/// path [`GrpcBackbone::PATH`]; the listener has to speak HTTP/2. Clones share the door.
///
/// ```
/// use mosaic_mcp::live::Door;
/// use mosaic_mcp::live::grpc::GrpcBackbone;
///
/// fn routes(door: Door) -> axum::Router {
///     axum::Router::new().route_service(GrpcBackbone::PATH, GrpcBackbone::new(door))
/// }
/// ```
#[derive(Debug, Clone)]
pub struct GrpcBackbone {
    door: Door,
}

impl GrpcBackbone {
    /// Where a router mounts it.
    pub const PATH: &'static str = "/mosaic.backbone.v1.Backbone/{method}";

    /// Behind a door.
    pub fn new(door: Door) -> Self {
        Self { door }
    }
}

impl<B> tower_service::Service<http::Request<B>> for GrpcBackbone
where
    B: http_body::Body + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let caller = Caller { door: self.door.clone(), from: address(request.extensions()) };
        Box::pin(async move {
            if let Err(error) = caller.door.knock(caller.from) {
                return Ok(status(&error, Effect::Read).into_http());
            }
            let method = request.uri().path().strip_prefix(SERVICE).unwrap_or_default().to_owned();
            Ok(match method.as_str() {
                "Call" => grpc::<CallReply, CallRequest>().unary(Calls(caller), request).await,
                "Functions" => grpc::<FunctionsReply, FunctionsRequest>().unary(Lists(caller), request).await,
                "Follow" => grpc::<Event, FollowRequest>().server_streaming(Follows(caller), request).await,
                _ => Status::unimplemented("there is no such method").into_http(),
            })
        })
    }
}

fn grpc<T, U>() -> Grpc<ProstCodec<T, U>>
where
    T: prost::Message + Send + 'static,
    U: prost::Message + Default + Send + 'static,
{
    Grpc::new(ProstCodec::default()).max_decoding_message_size(LARGEST)
}

/// The headers of a request, where the proof is.
fn headers<T>(request: &mut Request<T>) -> HeaderMap {
    std::mem::take(request.metadata_mut()).into_headers()
}

/// Whoever sends a request, and from where.
#[derive(Clone)]
struct Caller {
    door: Door,
    from: Option<IpAddr>,
}

impl Caller {
    /// Who it is.
    async fn admit(&self, headers: &HeaderMap) -> Result<Arc<Guest>> {
        let guest = self.door.admit(headers, self.from).await?;
        self.door.count(&guest)?;
        Ok(guest)
    }
}

struct Calls(Caller);

impl UnaryService<CallRequest> for Calls {
    type Response = CallReply;
    type Future = BoxFuture<'static, Result<Response<CallReply>, Status>>;

    fn call(&mut self, mut request: Request<CallRequest>) -> Self::Future {
        let caller = self.0.clone();
        Box::pin(async move {
            let headers = headers(&mut request);
            let CallRequest { function, params } = request.into_inner();
            let effect = Catalogue::all().find(&function).map_or(Effect::Read, |def| def.meta.effect);
            let answer = answer(&caller, &headers, &function, &params);
            let answer = answer.await.map_err(|error| status(&error, effect))?;
            Ok(Response::new(CallReply { answer: answer.to_string() }))
        })
    }
}

async fn answer(caller: &Caller, headers: &HeaderMap, function: &str, params: &str) -> Result<Value> {
    let (door, guest) = (&caller.door, caller.admit(headers).await?);
    let _inside = door.begin(&guest)?;
    let cx = guest.cx();
    let params = if params.is_empty() { Ok(Value::Null) } else { serde_json::from_str(params) };
    let params =
        params.map_err(|error| Error::new(ErrorKind::Invalid, format!("params are no JSON: {error}")))?;
    let call = door.desk().call_json(&cx, function, params);
    match time_limit(headers)? {
        None => call.await,
        Some(limit) => tokio::time::timeout(limit, call).await.map_err(|_| {
            Error::new(ErrorKind::DeadlineExceeded, "the time that the client gave is over")
                .delivery(mosaic_core::error::Delivery::Unknown)
        })?,
    }
}

struct Lists(Caller);

impl UnaryService<FunctionsRequest> for Lists {
    type Response = FunctionsReply;
    type Future = BoxFuture<'static, Result<Response<FunctionsReply>, Status>>;

    fn call(&mut self, mut request: Request<FunctionsRequest>) -> Self::Future {
        let caller = self.0.clone();
        Box::pin(async move {
            let guest = caller.admit(&headers(&mut request)).await;
            let guest = guest.map_err(|error| status(&error, Effect::Read))?;
            let functions = caller.door.desk().offered_to(&guest.cx()).map(|def| Function {
                name: def.meta.name.to_owned(),
                description: def.meta.doc.trim().to_owned(),
                effect: def.meta.effect.as_str().to_owned(),
                params_schema: def.params_schema().to_value().to_string(),
                answer_schema: def.output_schema().to_value().to_string(),
            });
            Ok(Response::new(FunctionsReply { functions: functions.collect() }))
        })
    }
}

struct Follows(Caller);

impl ServerStreamingService<FollowRequest> for Follows {
    type Response = Event;
    type ResponseStream = BoxStream<'static, Result<Event, Status>>;
    type Future = BoxFuture<'static, Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, mut request: Request<FollowRequest>) -> Self::Future {
        let caller = self.0.clone();
        Box::pin(async move {
            let admitted = async {
                let guest = caller.admit(&headers(&mut request)).await?;
                let inside = caller.door.begin(&guest)?;
                Ok((guest, inside))
            };
            let (guest, inside) = admitted.await.map_err(|error: Error| status(&error, Effect::Read))?;
            let door = caller.door;
            let FollowRequest { topic, after } = request.into_inner();
            let end = ended(door.clone(), Arc::clone(&guest)).boxed();
            let topic = Some(topic).filter(|topic| !topic.is_empty());
            let events = follow(door, guest, topic, after, Some(end));
            let events = events.map(move |next| {
                // It is under way until the stream is dropped.
                let _inside = &inside;
                next.map(event).map_err(|error| status(&error, Effect::Read))
            });
            Ok(Response::new(events.boxed()))
        })
    }
}

fn event(Followed { event, lag }: Followed) -> Event {
    Event {
        offset: event.offset,
        topic: event.topic,
        kind: event.kind,
        data: event.data.to_string(),
        at_microseconds: event.at.as_microsecond(),
        lag,
    }
}

#[cfg(test)]
mod tests;
