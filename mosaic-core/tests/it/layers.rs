//! The three places where an application puts layers of its own, and what each of them sees.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mosaic_core::context::{CallContext, Principal};
use mosaic_core::engine::route::Rule;
use mosaic_core::engine::{BoxStep, Call, Step};
use mosaic_core::error::{Error, ErrorKind, Outcome};
use mosaic_core::op::Payload;
use mosaic_core::testkit::{Fault, Place};
use tower::layer::layer_fn;
use tower::util::MapRequest;
use tower::{Service as _, ServiceExt as _};

use crate::support::*;

#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl Count {
    fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

macro_rules! counting {
    ($count:expr) => {{
        let count = $count.clone();
        layer_fn(move |inner| {
            let count = count.clone();
            MapRequest::new(inner, move |call: Call| {
                count.0.fetch_add(1, Ordering::SeqCst);
                call
            })
        })
    }};
}

#[tokio::test(start_paused = true)]
async fn each_place_sees_what_it_should() {
    let ((a, _), (b, _)) = (forge_with_widget(), forge_with_widget());
    let (cache, routing, provider) = (Count::default(), Count::default(), Count::default());
    let mosaic = pair(&a, &b)
        .layer_before_cache(counting!(cache))
        .layer_before_routing(counting!(routing))
        .layer_around_provider(counting!(provider))
        .build()
        .await
        .unwrap();
    for _ in 0..3 {
        mosaic.git().get_repository(get()).await.unwrap();
    }
    let denied = mosaic.with(CallContext::new().principal(Principal::user("ann")));
    denied.git().get_repository(get()).await.unwrap_err();
    assert_eq!(
        (cache.get(), routing.get(), provider.get()),
        (3, 1, 1),
        "three may be made, one was not cached"
    );

    a.plan(|_, _| Some(Fault::DisconnectBefore));
    mosaic.git().create_repository(create("one")).await.unwrap();
    assert_eq!(
        (cache.get(), routing.get(), provider.get()),
        (4, 2, 3),
        "once for each provider, not for each attempt"
    );
}

#[tokio::test(start_paused = true)]
async fn a_layer_before_the_cache_can_steer() {
    let ((a, _), (b, _)) = (forge_with_widget(), forge_with_widget());
    let to_eu = layer_fn(|inner| {
        MapRequest::new(inner, |mut call: Call| {
            call.cx = call.cx.attribute("region", "eu");
            call
        })
    });
    let mosaic = pair(&a, &b)
        .rule(Rule::any().when("region", "eu").to("b"))
        .layer_before_cache(to_eu)
        .build()
        .await
        .unwrap();
    assert_eq!(mosaic.git().get_repository(get()).await.unwrap().provider().unwrap().as_str(), "b");
}

#[tokio::test(start_paused = true)]
async fn the_orchestrator_is_a_tower_service() {
    let (forge, _) = forge_with_widget();
    let mut mosaic = single(&forge, config()).build().await.unwrap();
    let call = Call::new(CallContext::new(), Payload::new(get()));
    let reply = mosaic.ready().await.unwrap().call(call).await.unwrap();
    let repository = reply.typed::<mosaic_core::types::git::Repository>().unwrap();
    assert_eq!(repository.full_name(), "acme/widget");
}

/// Gives up after so long, and knows nothing of what was sent.
pub(crate) fn impatient(
    limit: Duration,
) -> impl tower::Layer<
    BoxStep,
    Service = impl Clone
              + Send
              + Sync
              + 'static
              + tower::Service<Call, Response = mosaic_core::op::Reply, Error = Error, Future: Send>,
> + Clone {
    layer_fn(move |inner: BoxStep| {
        tower::service_fn(move |call: Call| {
            let inner = inner.clone();
            async move {
                match tokio::time::timeout(limit, Step::call(&inner, &call)).await {
                    Ok(result) => result,
                    Err(_) => Err(Error::new(ErrorKind::Timeout, "the layer gave up")),
                }
            }
        })
    })
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_gives_up_cannot_make_a_write_happen_twice() {
    let ((a, made_a), (b, made_b)) = (forge(), forge());
    let mosaic =
        pair(&a, &b).layer_around_provider(impatient(Duration::from_millis(100))).build().await.unwrap();
    a.fault(Fault::Hang(Place::AfterExecution));
    let error = mosaic.git().create_repository(create("one")).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert_eq!((made_a.lock().unwrap().len(), made_b.lock().unwrap().len()), (1, 0));
    a.fault(Fault::Hang(Place::BeforeSending));
    mosaic.git().create_repository(create("two")).await.unwrap();
    assert_eq!(made_b.lock().unwrap().len(), 1, "what was not sent may move");
}

#[tokio::test(start_paused = true)]
async fn a_write_that_was_made_is_never_reported_as_not_made() {
    let (forge, made) = forge();
    let slow_after = layer_fn(|inner: BoxStep| {
        tower::service_fn(move |call: Call| {
            let inner = inner.clone();
            async move {
                let reply = Step::call(&inner, &call).await;
                tokio::time::sleep(Duration::from_secs(5)).await;
                reply
            }
        })
    });
    let mosaic = single(&forge, config()).layer_before_routing(slow_after).build().await.unwrap();
    let cx = CallContext::new().time_limit(Duration::from_secs(1));
    let error = mosaic.with(cx).git().create_repository(create("one")).await.unwrap_err();
    assert_eq!((error.outcome(), made.lock().unwrap().len()), (Outcome::Unknown, 1));
}

#[tokio::test(start_paused = true)]
async fn what_layers_wait_for_is_no_time_of_the_provider() {
    let slow = || {
        layer_fn(|inner: BoxStep| {
            tower::service_fn(move |call: Call| {
                let inner = inner.clone();
                async move {
                    tokio::time::sleep(Duration::from_secs(12)).await;
                    Step::call(&inner, &call).await
                }
            })
        })
    };
    for around in [false, true] {
        let (forge, _) = forge_with_widget();
        let builder = single(&forge, config());
        let builder =
            if around { builder.layer_around_provider(slow()) } else { builder.layer_before_routing(slow()) };
        let mosaic = builder.build().await.unwrap();
        forge.fault(Fault::Delay(Duration::from_millis(10)));
        assert_eq!(mosaic.git().get_repository(get()).await.unwrap().attempts(), 1);
        let latency = mosaic.status().providers[0].latency;
        assert!(latency < Duration::from_millis(20), "{latency:?}");
    }
}
