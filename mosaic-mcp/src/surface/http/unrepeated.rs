//! JSON in which no object has a name twice: of other JSON, whoever looks at it on the way may take another part than we do.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Any JSON without a name that is there twice; nothing is kept of it.
pub(super) struct Unrepeated;

/// How many names are compared one by one, which for few is cheaper than a table.
const FEW: usize = 16;

/// The names of an object.
#[derive(Default)]
struct Names<'de> {
    few: Vec<Cow<'de, str>>,
    many: HashSet<Cow<'de, str>>,
}

impl<'de> Names<'de> {
    fn is_new(&mut self, name: Cow<'de, str>) -> bool {
        if self.few.contains(&name) {
            return false;
        }
        if self.few.len() < FEW {
            self.few.push(name);
            return true;
        }
        self.many.insert(name)
    }
}

/// A name, borrowed where nothing in it is escaped.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Unrepeated {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(Looks)
    }
}

struct Looks;

impl<'de> Visitor<'de> for Looks {
    type Value = Unrepeated;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unrepeated, E> {
        Ok(Unrepeated)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Unrepeated, E> {
        Ok(Unrepeated)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unrepeated, E> {
        Ok(Unrepeated)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Unrepeated, E> {
        Ok(Unrepeated)
    }

    fn visit_str<E>(self, _: &str) -> Result<Unrepeated, E> {
        Ok(Unrepeated)
    }

    fn visit_unit<E>(self) -> Result<Unrepeated, E> {
        Ok(Unrepeated)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Unrepeated, A::Error> {
        while items.next_element::<Unrepeated>()?.is_some() {}
        Ok(Unrepeated)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Unrepeated, A::Error> {
        let mut names = Names::default();
        while let Some(Name(name)) = fields.next_key::<Name<'de>>()? {
            if !names.is_new(name) {
                // The words are those of serde for a struct, by which the caller knows it.
                return Err(A::Error::custom("duplicate field"));
            }
            fields.next_value::<Unrepeated>()?;
        }
        Ok(Unrepeated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_there_twice_is_found_however_it_is_written() {
        for (json, twice) in [
            (r#"{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}"#, false),
            (r#"[null,true,-1,18446744073709551615,1.5,"a","a\n"]"#, false),
            (r#"{"a":1,"A":2,"":3}"#, false),
            (r#"{"a":1,"a":1}"#, true),
            (r#"{"a":1,"\u0061":2}"#, true),
            (r#"{"x":[[{"y":{"b":0,"c":0,"b":0}}]]}"#, true),
        ] {
            let found = serde_json::from_str::<Unrepeated>(json).err();
            assert_eq!(found.is_some(), twice, "{json}");
            assert!(found.is_none_or(|error| error.to_string().starts_with("duplicate field")), "{json}");
        }
    }

    #[test]
    fn one_of_many_names_that_is_there_twice_is_found_wherever_it_is() {
        let object = |twice: Option<usize>| {
            let names = (0..40).chain(twice).map(|name| format!("\"{name}\":{name}"));
            format!("{{{}}}", names.collect::<Vec<_>>().join(","))
        };
        assert!(serde_json::from_str::<Unrepeated>(&object(None)).is_ok());
        for twice in [0, FEW - 1, FEW, FEW + 1, 39] {
            assert!(serde_json::from_str::<Unrepeated>(&object(Some(twice))).is_err(), "{twice}");
        }
    }
}
