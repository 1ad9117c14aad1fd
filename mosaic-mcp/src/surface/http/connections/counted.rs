//! Requests counted as under way, from their head until the last byte of the answer.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use bytes::Bytes;
use http::{Request, Response, StatusCode, Version};
use http_body::Body as HttpBody;
use tower::Service;

use super::open::Activity;
use crate::surface::http::holding::Holding;

/// The routes as one connection sees them.
#[derive(Clone)]
pub(super) struct Counted {
    pub(super) app: Router,
    pub(super) address: SocketAddr,
    pub(super) activity: Arc<Activity>,
}

impl<B> Service<Request<B>> for Counted
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Routes are always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let under_way = self.activity.enter();
        if request.version() == Version::HTTP_2 {
            self.activity.share();
        }
        request.extensions_mut().insert(ConnectInfo(self.address));
        let answer = self.app.call(request);
        Box::pin(async move {
            let response = answer.await?;
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                under_way.stays();
                return Ok(response);
            }
            Ok(response.map(|body| Body::new(Holding::new(body, under_way))))
        })
    }
}
