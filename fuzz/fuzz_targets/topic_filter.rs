//! Any text as a topic and as a filter: it is taken or refused, comes back as it was, and a filter chooses what its segments say.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mosaic_mcp::state::{Topic, TopicFilter};

fn chooses(filter: &[&str], topic: &[&str]) -> bool {
    match (filter, topic) {
        ([">"], [_, ..]) => true,
        ([first, filter @ ..], [segment, topic @ ..]) => {
            (*first == "*" || first == segment) && chooses(filter, topic)
        }
        (filter, topic) => filter.is_empty() && topic.is_empty(),
    }
}

fuzz_target!(|texts: (&str, &str)| {
    let (filter, topic) = texts;
    let parts: Vec<&str> = topic.split(' ').collect();
    if let Ok(made) = Topic::of(&parts) {
        assert_eq!(made.as_str().split('.').count(), parts.len());
        assert!(TopicFilter::all().matches(&made));
    }
    let (Ok(filter), Ok(topic)) = (TopicFilter::new(filter), Topic::new(topic)) else { return };
    assert_eq!((filter.as_str(), topic.as_str()), texts);
    let [segments, wanted] =
        [topic.as_str(), filter.as_str()].map(|text| text.split('.').collect::<Vec<_>>());
    assert_eq!(filter.matches(&topic), chooses(&wanted, &segments));
    if filter.matches(&topic) {
        assert!(topic.as_str().starts_with(filter.literal_prefix()));
        assert!(filter.exact().is_none_or(|exact| exact == topic.as_str()));
    }
});
