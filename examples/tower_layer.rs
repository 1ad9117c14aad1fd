//! Layers of tower at the three points where an application may put its own: before the cache, before routing, and around a
//! provider.
//!
//! `cargo run --example tower_layer`. At each point stands a layer that counts what passes, and before the cache one of the
//! application's own, which lets nothing be changed during maintenance.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use futures_util::future::{Either, Ready, ready};
use mosaic::engine::Call;
use mosaic::prelude::*;
use tower::util::MapRequestLayer;
use tower::{Layer, Service};

/// Counts the calls that pass a point: a layer that tower has ready.
#[derive(Clone, Default)]
struct Counter(Arc<AtomicU64>);

impl Counter {
    fn layer(&self) -> MapRequestLayer<impl Fn(Call) -> Call + Clone + use<>> {
        let counter = self.clone();
        MapRequestLayer::new(move |call: Call| {
            counter.0.fetch_add(1, Ordering::Relaxed);
            call
        })
    }
}

/// Refuses writes while the switch is on: a layer of the application's own.
#[derive(Clone, Default)]
struct Maintenance(Arc<AtomicBool>);

#[derive(Clone)]
struct Guarded<S> {
    inner: S,
    switch: Arc<AtomicBool>,
}

impl<S> Layer<S> for Maintenance {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, switch: Arc::clone(&self.0) }
    }
}

impl<S: Service<Call, Error = Error>> Service<Call> for Guarded<S> {
    type Response = S::Response;
    type Error = Error;
    type Future = Either<S::Future, Ready<Result<S::Response, Error>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, call: Call) -> Self::Future {
        if self.switch.load(Ordering::Relaxed) && !call.is_read() {
            let error = Error::new(ErrorKind::PermissionDenied, "nothing is changed during maintenance");
            return Either::Right(ready(Err(error)));
        }
        Either::Left(self.inner.call(call))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let (asked, missed, tried) = (Counter::default(), Counter::default(), Counter::default());
    let maintenance = Maintenance::default();
    let mosaic = Mosaic::builder()
        .provider("forge", LocalGit::open(folder.path().join("forge")).await?)
        .layer_before_cache(asked.layer())
        .layer_before_cache(maintenance.clone())
        .layer_before_routing(missed.layer())
        .layer_around_provider(tried.layer())
        .build()
        .await?;

    let git = mosaic.git();
    git.create_repository(CreateRepository::new("acme", "widget")).await?;
    for _ in 0..5 {
        git.get_repository(GetRepository::new("acme", "widget")).await?;
    }
    maintenance.0.store(true, Ordering::Relaxed);
    git.get_repository(GetRepository::new("acme", "widget")).await?;
    if let Err(error) = git.create_repository(CreateRepository::new("acme", "gadget")).await {
        println!("during maintenance: {error}");
    }

    for (point, counter) in
        [("before the cache", asked), ("before routing", missed), ("around the provider", tried)]
    {
        println!("{point:<20} {} calls", counter.0.load(Ordering::Relaxed));
    }
    mosaic.shutdown().await;
    Ok(())
}
