//! All operations as rows: look-up by name, JSON both ways, schemas.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use schemars::{Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::feed::weigh;
use super::{Digester, OpMeta, Operation, Payload, Shared, StreamOperation};
use crate::error::{Error, ErrorKind, Result};
use crate::types::nearest::nearest;
use crate::types::{ServiceKind, Subject};

type Inside = dyn Any + Send + Sync;

/// One operation: its facts, and functions that know its types.
///
/// ```
/// use mosaic_core::op::catalogue;
///
/// let def = catalogue().find("git.get_repository")?;
/// let payload = def.decode(serde_json::json!({ "repo": { "owner": "acme", "name": "widget" } }))?;
/// assert_eq!(payload.subject().to_string(), "acme/widget");
/// # Ok::<(), mosaic_core::Error>(())
/// ```
pub struct OpDef {
    /// The facts.
    pub meta: &'static OpMeta,
    pub(super) subject: for<'a> fn(&'a Inside) -> Subject<'a>,
    pub(super) also: for<'a> fn(&'a Inside) -> Subject<'a>,
    pub(super) digest: fn(&Inside, &mut Digester),
    pub(super) encode_params: fn(&Inside) -> Result<Value>,
    decode: fn(Value) -> Result<Shared>,
    encode: fn(&Inside) -> Result<Value>,
    decode_output: fn(Value) -> Result<Shared, serde_json::Error>,
    weigh: fn(&Inside) -> usize,
    params_schema: fn(&mut SchemaGenerator) -> Schema,
    output_schema: fn(&mut SchemaGenerator) -> Schema,
}

impl OpDef {
    /// The row of an operation that answers with a value.
    pub const fn value<O: Operation>() -> Self {
        Self {
            meta: O::META,
            subject: |inside| inside.downcast_ref::<O>().map_or(Subject::NOTHING, O::subject),
            also: |inside| inside.downcast_ref::<O>().map_or(Subject::NOTHING, O::also),
            digest: digest::<O>,
            encode_params: encode::<O>,
            decode: |params| from_params::<O>(params).map(|params| Arc::new(params) as Shared),
            encode: encode::<O::Output>,
            decode_output: decode::<O::Output>,
            weigh: weight::<O::Output>,
            params_schema: |generator| generator.root_schema_for::<O>(),
            output_schema: |generator| generator.root_schema_for::<O::Output>(),
        }
    }

    /// The row of an operation that answers with a stream.
    pub const fn stream<O: StreamOperation>() -> Self {
        Self {
            meta: O::META,
            subject: |inside| inside.downcast_ref::<O>().map_or(Subject::NOTHING, O::subject),
            also: |inside| inside.downcast_ref::<O>().map_or(Subject::NOTHING, O::subject),
            digest: digest::<O>,
            encode_params: encode::<O>,
            decode: |params| from_params::<O>(params).map(|params| Arc::new(params) as Shared),
            encode: encode::<O::Item>,
            decode_output: decode::<O::Item>,
            weigh: weight::<O::Item>,
            params_schema: |generator| generator.root_schema_for::<O>(),
            output_schema: |generator| generator.root_schema_for::<O::Item>(),
        }
    }

    /// Parameters from JSON.
    ///
    /// # Errors
    /// `Invalid`, saying what does not fit.
    pub fn decode(&'static self, params: Value) -> Result<Payload> {
        match (self.decode)(params) {
            Ok(value) => Ok(Payload::decoded(self, value)),
            Err(error) => Err(error.operation(self.meta.name)),
        }
    }

    /// A value, or an item of a stream, as JSON.
    ///
    /// # Errors
    /// `Internal` where the value is of another type or has no JSON form.
    pub fn encode(&self, value: &Shared) -> Result<Value> {
        (self.encode)(&**value).map_err(|error| error.operation(self.meta.name))
    }

    /// A value, or an item of a stream, from JSON: for callers of who answers in JSON.
    ///
    /// ```
    /// use mosaic_core::op::catalogue;
    /// use mosaic_core::types::git::Repository;
    ///
    /// let def = catalogue().find("git.get_repository")?;
    /// let sent = def.encode(&(std::sync::Arc::new(Repository::of(("acme", "widget"), "main")) as _))?;
    /// assert!(def.decode_output(sent)?.is::<Repository>());
    /// assert!(def.decode_output("no repository".into()).is_err());
    /// # Ok::<(), mosaic_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Protocol` where it does not fit; its source says what does not.
    pub fn decode_output(&self, value: Value) -> Result<Shared> {
        (self.decode_output)(value).map_err(|error| {
            Error::new(ErrorKind::Protocol, "the answer has another form than the operation promises")
                .operation(self.meta.name)
                .source(error)
        })
    }

    /// About how many bytes a value, or an item of a stream, takes. Costs a walk over its fields, not over its bytes.
    pub fn weigh(&self, value: &Shared) -> usize {
        (self.weigh)(&**value)
    }

    /// The JSON Schema of the parameters.
    pub fn params_schema(&self) -> Schema {
        (self.params_schema)(&mut super::schema::generator())
    }

    /// The JSON Schema of the answer, or of one item of the stream.
    pub fn output_schema(&self) -> Schema {
        (self.output_schema)(&mut super::schema::generator())
    }
}

fn digest<P: super::Data>(inside: &Inside, digester: &mut Digester) {
    if let Some(params) = inside.downcast_ref::<P>() {
        digester.value(params);
    }
}

/// Parameters from JSON: an object, or null where there are none.
///
/// ```
/// use mosaic_core::op::{from_params, git::GetRepository};
///
/// let error = from_params::<GetRepository>(serde_json::json!({ "repo": { "owner": "acme", "name": 7 } })).unwrap_err();
/// assert_eq!(error.message(), "parameters: repo.name: invalid type: integer `7`, expected a string");
/// ```
///
/// # Errors
/// `Invalid`, saying which field does not fit, and how.
pub fn from_params<P: DeserializeOwned>(params: Value) -> Result<P> {
    let params = match params {
        Value::Null => Value::Object(Default::default()),
        Value::Object(_) => params,
        // Serde would take a list for the fields in order, which no schema promises.
        _ => return Err(Error::new(ErrorKind::Invalid, "parameters: they are given as an object")),
    };
    serde_path_to_error::deserialize(params).map_err(|error| {
        let text = match error.path().iter().next() {
            None => format!("parameters: {}", error.inner()),
            Some(_) => format!("parameters: {}: {}", error.path(), error.inner()),
        };
        Error::new(ErrorKind::Invalid, text)
    })
}

fn decode<P: super::Data>(value: Value) -> Result<Shared, serde_json::Error> {
    serde_json::from_value::<P>(value).map(|params| Arc::new(params) as Shared)
}

fn weight<T: super::Data>(inside: &Inside) -> usize {
    inside.downcast_ref::<T>().map_or(usize::MAX, weigh)
}

fn encode<T: super::Data>(inside: &Inside) -> Result<Value> {
    let value = inside.downcast_ref::<T>().ok_or_else(super::erased::other_type)?;
    serde_json::to_value(value)
        .map_err(|error| Error::new(ErrorKind::Internal, "the value has no JSON form").source(error))
}

impl fmt::Debug for OpDef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpDef({})", self.meta.name)
    }
}

/// Every operation of every service.
///
/// ```
/// use mosaic_core::op::catalogue;
///
/// assert!(catalogue().all().any(|def| def.meta.name == "project.create_issue"));
/// let error = catalogue().find("git.get_repositry").unwrap_err();
/// assert!(error.message().contains("git.get_repository"), "the nearest name is named");
/// ```
#[derive(Debug)]
pub struct Catalogue {
    services: [&'static [&'static OpDef]; ServiceKind::ALL.len()],
}

static CATALOGUE: Catalogue = Catalogue {
    services: [
        super::git::GIT,
        super::cicd::CICD,
        super::document::DOCS,
        super::project::PROJECT,
        super::ai::AI,
    ],
};

/// The catalogue: constant data.
pub fn catalogue() -> &'static Catalogue {
    &CATALOGUE
}

impl Catalogue {
    /// Every operation, family by family.
    pub fn all(&self) -> impl Iterator<Item = &'static OpDef> {
        self.services.iter().flat_map(|rows| rows.iter().copied())
    }

    /// The operations of one family, in table order.
    pub fn service(&self, service: ServiceKind) -> impl Iterator<Item = &'static OpDef> {
        self.services[service.index()].iter().copied()
    }

    /// The operation of that dotted name.
    ///
    /// # Errors
    /// `Invalid`, naming the nearest name.
    pub fn find(&self, name: &str) -> Result<&'static OpDef> {
        if let Some(def) = self.all().find(|def| def.meta.name == name) {
            return Ok(def);
        }
        let shown: String = name.chars().take(80).collect();
        let message = match nearest(name, self.all().map(|def| def.meta.name)) {
            Some(nearest) => format!("there is no operation {shown:?}; the nearest is {nearest:?}"),
            None => format!("there is no operation {shown:?}; the catalogue lists them all"),
        };
        Err(Error::new(ErrorKind::Invalid, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_stable_and_in_their_family() {
        let mut names: Vec<_> = catalogue().all().map(|def| def.meta.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        let codes: std::collections::HashSet<_> = catalogue().all().map(|def| def.meta.code).collect();
        assert_eq!(codes.len(), count, "two operations share a code");
        for def in catalogue().all() {
            let expected = format!("{}.{}", def.meta.service, def.meta.method);
            assert_eq!(def.meta.name, expected);
            assert!(def.meta.index < 64, "an OpSet has 64 places a family");
        }
        for service in ServiceKind::ALL {
            assert!(catalogue().service(service).enumerate().all(|(at, def)| def.meta.index as usize == at));
        }
    }

    #[test]
    fn only_reads_are_cached_and_every_write_says_what_it_changes() {
        for OpDef { meta, .. } in catalogue().all() {
            if meta.effect.is_read() {
                assert!(meta.invalidates.is_empty(), "{}", meta.name);
                assert!(meta.ttl == 0 || !meta.tags.is_empty(), "{} is cached without a tag", meta.name);
            } else {
                assert_eq!(meta.ttl, 0, "{}", meta.name);
            }
        }
    }

    #[test]
    fn unknown_fields_are_named() {
        let def = catalogue().find("git.get_repository").unwrap();
        let error =
            def.decode(serde_json::json!({"repo": {"owner": "a", "name": "b"}, "depth": 1})).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.message().contains("depth"), "{error}");
    }

    #[test]
    fn parameters_are_an_object_or_nothing() {
        let def = catalogue().find("git.list_repositories").unwrap();
        assert!(def.decode(Value::Null).is_ok());
        for other in [serde_json::json!([null, {}]), serde_json::json!("acme"), serde_json::json!(1)] {
            assert_eq!(def.decode(other).unwrap_err().kind(), ErrorKind::Invalid);
        }
    }
}
