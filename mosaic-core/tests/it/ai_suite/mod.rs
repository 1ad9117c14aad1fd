//! The behaviour suite of the ai service: an honest provider passes, and every fault is caught by the behaviour that is about
//! it.

mod echo;

use std::sync::Arc;

use mosaic_core::op::ai::{Ai, Complete, CountTokens, Embed, ListModels, StreamCompletion};
use mosaic_core::op::{Direct, OpSet, Operation as _, StreamOperation as _, Via};
use mosaic_core::plugin::{HandlerTable, Plugin, PluginInfo};
use mosaic_core::testkit::suite::{Failure, ai};
use mosaic_core::types::ServiceKind;

use echo::{ECHO, Echo, Fault, POINTS};

fn models() -> ai::Models {
    ai::Models::new(ECHO).embedding(POINTS)
}

async fn verdict(fault: Fault, operations: OpSet) -> Result<(), Failure> {
    ai::run(&Echo::new(Some(fault)), operations, &models()).await
}

#[tokio::test]
async fn an_honest_provider_passes() {
    ai::run(&Echo::new(None), OpSet::service(ServiceKind::Ai), &models()).await.unwrap();
}

#[tokio::test]
async fn every_fault_is_caught_by_its_behaviour() {
    for (fault, behaviour) in [
        (Fault::SaysNothing, "answers_have_text_and_an_end"),
        (Fault::NamesNoModel, "answers_have_text_and_an_end"),
        (Fault::NeverSaysWhy, "answers_have_text_and_an_end"),
        (Fault::CountsNothing, "answers_have_text_and_an_end"),
        (Fault::IgnoresLimit, "answers_keep_to_max_tokens"),
        (Fault::HidesLimit, "answers_keep_to_max_tokens"),
        (Fault::OverstatesOutput, "answers_keep_to_max_tokens"),
        (Fault::ReadsLastOnly, "conversations_are_read_whole"),
        (Fault::StreamsSilence, "streams_come_in_pieces"),
        (Fault::StreamsNothing, "streams_come_in_pieces"),
        (Fault::StreamsWithoutEnd, "streams_come_in_pieces"),
        (Fault::StreamsOn, "streams_come_in_pieces"),
        (Fault::StreamsForever, "streams_come_in_pieces"),
        (Fault::StreamsBeyondLimit, "streams_keep_to_max_tokens"),
        (Fault::KeepsDroppedStreams, "dropped_streams_do_no_harm"),
        (Fault::MakesEachVectorOnce, "every_text_has_a_vector"),
        (Fault::MakesUnevenVectors, "every_text_has_a_vector"),
        (Fault::MakesNoNumbers, "every_text_has_a_vector"),
        (Fault::MakesZeros, "every_text_has_a_vector"),
        (Fault::MakesOneVector, "vectors_tell_texts_apart"),
        (Fault::MakesOtherVectors, "vectors_tell_texts_apart"),
        (Fault::BreaksOnNoTexts, "no_texts_have_no_vectors"),
        (Fault::InventsVectors, "no_texts_have_no_vectors"),
        (Fault::IgnoresLength, "lengths_of_vectors_are_kept"),
        (Fault::CountsCalls, "counts_grow_with_the_text"),
        (Fault::CountsMessages, "counts_grow_with_the_text"),
        (Fault::CountsFirstOnly, "counts_grow_with_the_text"),
        (Fault::ForgetsModels, "models_are_listed"),
        (Fault::RepeatsModels, "models_are_listed"),
        (Fault::TakesEveryCursor, "models_are_listed"),
        (Fault::TakesEveryModel, "unknown_models_are_refused"),
        (Fault::CountsForEveryModel, "unknown_models_are_refused"),
        (Fault::EmbedsWithEveryModel, "unknown_models_are_refused"),
        (Fault::BreaksOnUnknownModels, "unknown_models_are_refused"),
        (Fault::TakesSilence, "empty_conversations_are_refused"),
    ] {
        let failure = verdict(fault, OpSet::service(ServiceKind::Ai)).await.unwrap_err();
        assert_eq!(failure.behaviour(), format!("ai/{behaviour}"), "{fault:?}: {failure}");
    }
}

/// A provider that answers in the order of its own is caught by the behaviour about likeness first; alone, that about order
/// sees it too.
#[tokio::test]
async fn another_order_is_caught() {
    let sorting = Echo::new(Some(Fault::SortsTexts));
    assert!(ai::vectors_keep_the_order_of_texts(&sorting, POINTS).await.is_err());
    assert!(ai::vectors_tell_texts_apart(&sorting, POINTS).await.is_err());
    ai::vectors_keep_the_order_of_texts(&Echo::new(None), POINTS).await.unwrap();
}

#[tokio::test]
async fn what_is_not_declared_is_not_asked_for() {
    let all = OpSet::service(ServiceKind::Ai);
    for (fault, meta) in [
        (Fault::SaysNothing, Complete::META),
        (Fault::StreamsNothing, StreamCompletion::META),
        (Fault::MakesOneVector, Embed::META),
        (Fault::CountsCalls, CountTokens::META),
        (Fault::ForgetsModels, ListModels::META),
    ] {
        verdict(fault, all).await.unwrap_err();
        verdict(fault, all.without(meta)).await.unwrap();
    }
    // A model that makes vectors is needed where that is declared, and nowhere else.
    let (echo, models) = (Echo::new(None), ai::Models::new(ECHO));
    let failure = ai::run(&echo, all, &models).await.unwrap_err();
    assert_eq!(failure.behaviour(), "ai.embed");
    ai::run(&echo, all.without(Embed::META), &models).await.unwrap();
}

struct Plugged {
    info: PluginInfo,
    echo: Arc<Echo>,
}

impl Plugin for Plugged {
    fn info(&self) -> &PluginInfo {
        &self.info
    }
    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Ai::handlers(Arc::clone(&self.echo)))
    }
}

/// The suite takes whatever can be called, such as a plugin behind its handlers.
#[tokio::test]
async fn it_runs_through_a_plugin() {
    let all = OpSet::service(ServiceKind::Ai);
    let plugin = Plugged { info: PluginInfo::new("echo", "1", all), echo: Arc::new(Echo::new(None)) };
    let caller = Via(Arc::new(Direct::new(Arc::new(plugin))));
    ai::run(&caller, all, &models()).await.unwrap();
}
