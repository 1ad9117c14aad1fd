//! A keyed 128-bit digest of any serialisable value: no JSON, no allocation, the same in every process.
//!
//! The key of a cache entry is made with it, so its input must say exactly one thing: every text and sequence carries its
//! length, every variant and field its name, every scalar its width. The function is SipHash-1-3 with 128 bits of output
//! (Aumasson and Bernstein, 2012), a keyed one, so that a tenant cannot search for parameters that collide with another's.

use std::hash::Hasher as _;

use serde::ser::{self, Serialize};
use siphasher::sip128::{Hasher128 as _, SipHasher13};

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
        // The serializer below has no failure of its own; a type that refuses to be serialised says so in the digest.
        if value.serialize(&mut *self).is_err() {
            self.raw(b"\xff!unserialisable");
        }
    }

    /// Adds a text with its length.
    #[inline]
    pub fn text(&mut self, text: &str) {
        self.length(text.len());
        self.raw(text.as_bytes());
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

    #[inline]
    fn length(&mut self, length: usize) {
        match u8::try_from(length) {
            Ok(short) if short < 0xff => self.raw(&[short]),
            _ => {
                self.raw(&[0xff]);
                self.raw(&(length as u64).to_le_bytes());
            }
        }
    }

    #[inline]
    fn raw(&mut self, bytes: &[u8]) {
        if let Some(room) = self.buffer.get_mut(self.used..self.used + bytes.len()) {
            room.copy_from_slice(bytes);
            self.used += bytes.len();
        } else {
            self.spill(bytes);
        }
    }

    #[cold]
    fn spill(&mut self, bytes: &[u8]) {
        self.hasher.write(&self.buffer[..self.used]);
        self.hasher.write(bytes);
        self.used = 0;
    }

    #[inline]
    fn tag(&mut self, tag: u8) {
        self.raw(&[tag]);
    }
}

/// What `Serialize` implementations may report; the digest itself never fails.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unserialisable(String);

impl ser::Error for Unserialisable {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

type Done = Result<(), Unserialisable>;

impl ser::Serializer for &mut Digester {
    type Ok = ();
    type Error = Unserialisable;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    #[inline]
    fn is_human_readable(&self) -> bool {
        false
    }
    #[inline]
    fn serialize_bool(self, v: bool) -> Done {
        self.tag(v as u8);
        Ok(())
    }
    #[inline]
    fn serialize_i8(self, v: i8) -> Done {
        self.serialize_i64(v.into())
    }
    #[inline]
    fn serialize_i16(self, v: i16) -> Done {
        self.serialize_i64(v.into())
    }
    #[inline]
    fn serialize_i32(self, v: i32) -> Done {
        self.serialize_i64(v.into())
    }
    #[inline]
    fn serialize_i64(self, v: i64) -> Done {
        self.raw(&v.to_le_bytes());
        Ok(())
    }
    #[inline]
    fn serialize_u8(self, v: u8) -> Done {
        self.serialize_u64(v.into())
    }
    #[inline]
    fn serialize_u16(self, v: u16) -> Done {
        self.serialize_u64(v.into())
    }
    #[inline]
    fn serialize_u32(self, v: u32) -> Done {
        self.serialize_u64(v.into())
    }
    #[inline]
    fn serialize_u64(self, v: u64) -> Done {
        self.number(v);
        Ok(())
    }
    #[inline]
    fn serialize_f32(self, v: f32) -> Done {
        self.serialize_f64(v.into())
    }
    #[inline]
    fn serialize_f64(self, v: f64) -> Done {
        self.raw(&v.to_bits().to_le_bytes());
        Ok(())
    }
    #[inline]
    fn serialize_char(self, v: char) -> Done {
        self.raw(&(v as u32).to_le_bytes());
        Ok(())
    }
    #[inline]
    fn serialize_str(self, v: &str) -> Done {
        self.text(v);
        Ok(())
    }
    #[inline]
    fn serialize_bytes(self, v: &[u8]) -> Done {
        self.length(v.len());
        self.raw(v);
        Ok(())
    }
    #[inline]
    fn serialize_none(self) -> Done {
        self.tag(0);
        Ok(())
    }
    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        self.tag(1);
        value.serialize(self)
    }
    #[inline]
    fn serialize_unit(self) -> Done {
        self.tag(2);
        Ok(())
    }
    #[inline]
    fn serialize_unit_struct(self, _: &'static str) -> Done {
        self.serialize_unit()
    }
    #[inline]
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Done {
        self.text(variant);
        Ok(())
    }
    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Done {
        value.serialize(self)
    }
    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Done {
        self.text(variant);
        value.serialize(self)
    }
    #[inline]
    fn serialize_seq(self, _: Option<usize>) -> Result<Self, Unserialisable> {
        self.tag(b'[');
        Ok(self)
    }
    #[inline]
    fn serialize_tuple(self, _: usize) -> Result<Self, Unserialisable> {
        self.tag(b'[');
        Ok(self)
    }
    #[inline]
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Unserialisable> {
        self.tag(b'[');
        Ok(self)
    }
    #[inline]
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self, Unserialisable> {
        self.text(variant);
        self.tag(b'[');
        Ok(self)
    }
    #[inline]
    fn serialize_map(self, _: Option<usize>) -> Result<Self, Unserialisable> {
        self.tag(b'{');
        Ok(self)
    }
    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Unserialisable> {
        self.tag(b'{');
        Ok(self)
    }
    #[inline]
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self, Unserialisable> {
        self.text(variant);
        self.tag(b'{');
        Ok(self)
    }
}

impl ser::SerializeSeq for &mut Digester {
    type Ok = ();
    type Error = Unserialisable;
    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        self.tag(b',');
        value.serialize(&mut **self)
    }
    #[inline]
    fn end(self) -> Done {
        self.tag(b']');
        Ok(())
    }
}
impl ser::SerializeTuple for &mut Digester {
    type Ok = ();
    type Error = Unserialisable;
    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        ser::SerializeSeq::serialize_element(self, value)
    }
    #[inline]
    fn end(self) -> Done {
        ser::SerializeSeq::end(self)
    }
}
impl ser::SerializeTupleStruct for &mut Digester {
    type Ok = ();
    type Error = Unserialisable;
    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        ser::SerializeSeq::serialize_element(self, value)
    }
    #[inline]
    fn end(self) -> Done {
        ser::SerializeSeq::end(self)
    }
}
impl ser::SerializeTupleVariant for &mut Digester {
    type Ok = ();
    type Error = Unserialisable;
    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        ser::SerializeSeq::serialize_element(self, value)
    }
    #[inline]
    fn end(self) -> Done {
        ser::SerializeSeq::end(self)
    }
}
impl ser::SerializeMap for &mut Digester {
    type Ok = ();
    type Error = Unserialisable;
    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Done {
        self.tag(b',');
        key.serialize(&mut **self)
    }
    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        value.serialize(&mut **self)
    }
    #[inline]
    fn end(self) -> Done {
        self.tag(b'}');
        Ok(())
    }
}
impl ser::SerializeStruct for &mut Digester {
    type Ok = ();
    type Error = Unserialisable;
    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Done {
        self.text(key);
        value.serialize(&mut **self)
    }
    #[inline]
    fn end(self) -> Done {
        self.tag(b'}');
        Ok(())
    }
}
impl ser::SerializeStructVariant for &mut Digester {
    type Ok = ();
    type Error = Unserialisable;
    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Done {
        ser::SerializeStruct::serialize_field(self, key, value)
    }
    #[inline]
    fn end(self) -> Done {
        ser::SerializeStruct::end(self)
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
