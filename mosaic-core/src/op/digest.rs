//! A keyed 128-bit digest of any serialisable value: no JSON, no allocation, the same in every process.
//!
//! The key of a cache entry is made with it, so its input must say exactly one thing: every text and sequence carries its
//! length, every variant and field its name, every scalar its width. The function is SipHash-1-3 with 128 bits of output
//! (Aumasson and Bernstein, 2012), a keyed one, so that a tenant cannot search for parameters that collide with another's.

use std::hash::Hasher as _;

use serde::Serialize;
use siphasher::sip128::{Hasher128 as _, SipHasher13};

use super::feed::{Feed, Sink};

/// Feeds what it is given to the hash, through a small buffer, as one call of the hasher costs more than its bytes.
///
/// ```
/// use mosaic_core::op::Digester;
///
/// let mut a = Digester::new([7; 16]);
/// a.value(&("acme", "widget"));
/// let mut b = Digester::new([7; 16]);
/// b.value(&("acmew", "idget"));
/// assert_ne!(a.finish(), b.finish());
/// ```
#[derive(Debug)]
pub struct Digester {
    hasher: SipHasher13,
    buffer: [u8; BUFFER],
    used: usize,
}

const BUFFER: usize = 128;

impl Digester {
    /// A digest under a key.
    #[inline]
    pub fn new(key: [u8; 16]) -> Self {
        Self { hasher: SipHasher13::new_with_key(&key), buffer: [0; BUFFER], used: 0 }
    }

    /// Adds a value.
    #[inline]
    pub fn value<T: Serialize + ?Sized>(&mut self, value: &T) {
        // The serializer has no failure of its own; a type that refuses to be serialised says so in the digest.
        if value.serialize(Feed(&mut *self)).is_err() {
            self.raw(b"\xff!unserialisable");
        }
    }

    /// Adds a text with its length.
    #[inline]
    pub fn text(&mut self, text: &str) {
        Sink::text(self, text);
    }

    /// Adds a text that may be absent; absent is not the same as empty.
    #[inline]
    pub fn optional(&mut self, text: Option<&str>) {
        match text {
            Some(text) => {
                self.tag(1);
                self.text(text);
            }
            None => self.tag(0),
        }
    }

    /// Adds a number.
    #[inline]
    pub fn number(&mut self, number: u64) {
        self.raw(&number.to_le_bytes());
    }

    /// The digest of all that was added.
    #[inline]
    pub fn finish(mut self) -> u128 {
        self.hasher.write(&self.buffer[..self.used]);
        self.hasher.finish128().as_u128()
    }

    #[cold]
    fn spill(&mut self, bytes: &[u8]) {
        self.hasher.write(&self.buffer[..self.used]);
        self.hasher.write(bytes);
        self.used = 0;
    }
}

impl Sink for Digester {
    #[inline]
    fn raw(&mut self, bytes: &[u8]) {
        if let Some(room) = self.buffer.get_mut(self.used..self.used + bytes.len()) {
            room.copy_from_slice(bytes);
            self.used += bytes.len();
        } else {
            self.spill(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn digest<T: Serialize>(value: &T) -> u128 {
        let mut digester = Digester::new([3; 16]);
        digester.value(value);
        digester.finish()
    }

    #[test]
    fn a_known_value_keeps_its_digest() {
        assert_eq!(format!("{:032x}", digest(&("acme", 7u32, Some(true)))), KNOWN);
    }
    const KNOWN: &str = "f5afeb05ac4feb373922377cd1871946";

    #[test]
    fn long_values_take_the_way_around_the_buffer() {
        let long = "x".repeat(1000);
        assert_ne!(digest(&long), digest(&format!("{long}y")));
        assert_eq!(digest(&long), digest(&long.clone()));
    }

    /// A record that leaves absent fields out must still say where it ends.
    #[test]
    fn a_field_is_not_taken_for_one_of_the_record_around_it() {
        #[derive(serde::Serialize)]
        struct Inner {
            #[serde(skip_serializing_if = "Option::is_none")]
            at: Option<u8>,
        }
        #[derive(serde::Serialize)]
        struct Outer {
            inner: Inner,
            #[serde(skip_serializing_if = "Option::is_none")]
            at: Option<u8>,
        }
        let inside = Outer { inner: Inner { at: Some(1) }, at: None };
        let outside = Outer { inner: Inner { at: None }, at: Some(1) };
        assert_ne!(digest(&inside), digest(&outside));
    }

    proptest! {
        #[test]
        fn equal_exactly_when_the_values_are(
            a in prop::collection::vec((".{0,8}", prop::option::of(any::<u16>())), 0..4),
            b in prop::collection::vec((".{0,8}", prop::option::of(any::<u16>())), 0..4),
        ) {
            prop_assert_eq!(digest(&a) == digest(&b), a == b);
        }
    }
}
