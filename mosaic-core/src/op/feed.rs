//! A serializer without a format: what a value consists of, for a digest of it or for its weight.

use serde::ser::{self, Serialize};

/// What a value is fed to, piece by piece.
pub(super) trait Sink {
    /// Takes some bytes.
    fn raw(&mut self, bytes: &[u8]);

    /// Takes a length: one byte where it is short.
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

    /// Takes a mark.
    #[inline]
    fn tag(&mut self, tag: u8) {
        self.raw(&[tag]);
    }

    /// Takes a text with its length.
    #[inline]
    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.raw(text.as_bytes());
    }

    /// Takes a number.
    #[inline]
    fn number(&mut self, number: u64) {
        self.raw(&number.to_le_bytes());
    }
}

/// A serializer that writes a value to a sink so that different values are written differently: every text and sequence
/// carries its length, every variant and field its name, every scalar its width.
pub(super) struct Feed<'a, S>(pub(super) &'a mut S);

/// Adds up how many bytes a value has; looks into none of them.
struct Scale(usize);

impl Sink for Scale {
    #[inline]
    fn raw(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }
}

/// About how many bytes a value takes.
pub(super) fn weigh<T: Serialize + ?Sized>(value: &T) -> usize {
    let mut scale = Scale(0);
    match value.serialize(Feed(&mut scale)) {
        Ok(()) => scale.0,
        // What cannot be weighed counts as more than anything may have.
        Err(Unserialisable(_)) => usize::MAX,
    }
}

/// What `Serialize` implementations may report; the sink itself never fails.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unserialisable(String);

impl ser::Error for Unserialisable {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

type Done = Result<(), Unserialisable>;

impl<S: Sink> ser::Serializer for Feed<'_, S> {
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
        self.0.tag(v as u8);
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
        self.0.raw(&v.to_le_bytes());
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
        self.0.number(v);
        Ok(())
    }
    #[inline]
    fn serialize_f32(self, v: f32) -> Done {
        self.serialize_f64(v.into())
    }
    #[inline]
    fn serialize_f64(self, v: f64) -> Done {
        self.0.raw(&v.to_bits().to_le_bytes());
        Ok(())
    }
    #[inline]
    fn serialize_char(self, v: char) -> Done {
        self.0.raw(&(v as u32).to_le_bytes());
        Ok(())
    }
    #[inline]
    fn serialize_str(self, v: &str) -> Done {
        self.0.text(v);
        Ok(())
    }
    #[inline]
    fn serialize_bytes(self, v: &[u8]) -> Done {
        self.0.length(v.len());
        self.0.raw(v);
        Ok(())
    }
    #[inline]
    fn serialize_none(self) -> Done {
        self.0.tag(0);
        Ok(())
    }
    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        self.0.tag(1);
        value.serialize(self)
    }
    #[inline]
    fn serialize_unit(self) -> Done {
        self.0.tag(2);
        Ok(())
    }
    #[inline]
    fn serialize_unit_struct(self, _: &'static str) -> Done {
        self.serialize_unit()
    }
    #[inline]
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Done {
        self.0.text(variant);
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
        self.0.text(variant);
        value.serialize(self)
    }
    #[inline]
    fn serialize_seq(self, _: Option<usize>) -> Result<Self, Unserialisable> {
        self.0.tag(b'[');
        Ok(self)
    }
    #[inline]
    fn serialize_tuple(self, _: usize) -> Result<Self, Unserialisable> {
        self.0.tag(b'[');
        Ok(self)
    }
    #[inline]
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Unserialisable> {
        self.0.tag(b'[');
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
        self.0.text(variant);
        self.0.tag(b'[');
        Ok(self)
    }
    #[inline]
    fn serialize_map(self, _: Option<usize>) -> Result<Self, Unserialisable> {
        self.0.tag(b'{');
        Ok(self)
    }
    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Unserialisable> {
        self.0.tag(b'{');
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
        self.0.text(variant);
        self.0.tag(b'{');
        Ok(self)
    }
}

impl<S: Sink> ser::SerializeSeq for Feed<'_, S> {
    type Ok = ();
    type Error = Unserialisable;
    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        self.0.tag(b',');
        value.serialize(Feed(&mut *self.0))
    }
    #[inline]
    fn end(self) -> Done {
        self.0.tag(b']');
        Ok(())
    }
}
impl<S: Sink> ser::SerializeTuple for Feed<'_, S> {
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
impl<S: Sink> ser::SerializeTupleStruct for Feed<'_, S> {
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
impl<S: Sink> ser::SerializeTupleVariant for Feed<'_, S> {
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
impl<S: Sink> ser::SerializeMap for Feed<'_, S> {
    type Ok = ();
    type Error = Unserialisable;
    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Done {
        self.0.tag(b',');
        key.serialize(Feed(&mut *self.0))
    }
    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        value.serialize(Feed(&mut *self.0))
    }
    #[inline]
    fn end(self) -> Done {
        self.0.tag(b'}');
        Ok(())
    }
}
impl<S: Sink> ser::SerializeStruct for Feed<'_, S> {
    type Ok = ();
    type Error = Unserialisable;
    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Done {
        self.0.text(key);
        value.serialize(Feed(&mut *self.0))
    }
    #[inline]
    fn end(self) -> Done {
        self.0.tag(b'}');
        Ok(())
    }
}
impl<S: Sink> ser::SerializeStructVariant for Feed<'_, S> {
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
    use super::*;
    use crate::types::Blob;

    #[test]
    fn a_value_weighs_what_it_holds() {
        let text = weigh(&"x".repeat(10_000));
        assert!((10_000..10_100).contains(&text), "{text}");
        for blob in [Blob::text("x".repeat(10_000)), Blob::new("image/png", vec![0xff; 10_000])] {
            let weight = weigh(&blob);
            assert!((10_000..10_100).contains(&weight), "{weight}");
        }
        assert!(weigh(&vec!["abc"; 1_000]) > 3_000);
        assert!(weigh(&()) < 10);
    }
}
