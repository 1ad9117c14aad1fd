//! Any texts as the parts of a key of the state: they are taken or refused, come back as they were, and a range below a key holds what
//! is below it and nothing else.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mosaic_mcp::state::{Key, KeyRange};

fuzz_target!(|input: (Vec<&str>, Vec<&str>)| {
    let (parts, others) = input;
    if let Ok(key) = Key::new(parts.join("/")) {
        assert_eq!(key.as_str(), parts.join("/"));
    }
    let (Ok(key), Ok(other)) = (Key::of(&parts), Key::of(&others)) else { return };
    assert!(key.parts().eq(parts.iter().copied()));
    assert_eq!(key.last_part(), parts[parts.len() - 1]);
    assert_eq!(Key::new(key.as_str()).expect("a key is one"), key);
    assert_eq!(key == other, parts == others);
    let below = KeyRange::below(&parts).expect("a key has a range");
    assert_eq!(below.contains(&other), others.len() > parts.len() && others.starts_with(&parts));
});
