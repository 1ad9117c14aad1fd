//! The three places where an application puts layers of its own, and what each of them sees.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mosaic_core::context::{CallContext, Principal};
use mosaic_core::engine::Call;
use mosaic_core::engine::route::Rule;
use mosaic_core::op::Payload;
use mosaic_core::testkit::Fault;
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
async fn a_layer_before_routing_can_steer() {
    let ((a, _), (b, _)) = (forge_with_widget(), forge_with_widget());
    let to_eu = layer_fn(|inner| {
        MapRequest::new(inner, |mut call: Call| {
            call.cx = call.cx.attribute("region", "eu");
            call
        })
    });
    let mosaic = pair(&a, &b)
        .rule(Rule::any().when("region", "eu").to("b"))
        .layer_before_routing(to_eu)
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
