//! `functions!`: one table per room; and all tables as one catalogue.

use std::any::TypeId;
use std::fmt;

use futures_util::future::BoxFuture;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::{from_params, schema_of};
use mosaic_core::types::Effect;
use schemars::Schema;
use serde_json::Value;

use super::{Desk, Extent, Function, FunctionMeta};

/// Declares the functions of a room.
///
/// A row reads `fn METHOD(PARAMS) -> OUTPUT { EFFECT [EXTENT FIELD, ..] [; METHOD FIELD ..] }`. The room has a method of that name that takes the context
/// and the parameters. The fields, joined by `/`, are the resource; see [`AsResource`](crate::function::AsResource). `on` goes before
/// what names one thing; `all`, `of`, `below` and `matching` are for functions on many, see [`Extent`].
/// What follows after a `;` is asked besides: another method of the room, and the field that says what it is about there.
macro_rules! functions {
    (
        $(#[doc = $tdoc:literal])*
        pub table $TABLE:ident of $Room:ty = $room:literal;
        $(
            $(#[doc = $doc:literal])*
            fn $method:ident($Params:ty) -> $Output:ty {
                $effect:ident $($extent:ident $($field:ident),*)? $(; $also:ident $more:ident)*
            }
        )*
    ) => {
        $(impl $crate::function::Function for $Params {
            type Output = $Output;
            type Room = $Room;
            const META: &'static $crate::function::FunctionMeta = &$crate::function::FunctionMeta::row(
                concat!($room, ".", stringify!($method)), $room, stringify!($method),
                mosaic_core::types::Effect::$effect, $crate::function::extent!($($extent)?),
                concat!($($doc, "\n"),*),
            );
            fn resource(&self) -> String {
                let parts: &[&dyn $crate::function::AsResource] = &[$($(&self.$field),*)?];
                $crate::function::resource(parts)
            }
            fn besides(&self) -> Vec<(&'static str, String)> {
                let parts: &[(&'static str, &dyn $crate::function::AsResource)] =
                    &[$((stringify!($also), &self.$more)),*];
                $crate::function::besides(parts)
            }
            async fn run(
                self,
                room: &$Room,
                cx: &mosaic_core::context::CallContext,
            ) -> mosaic_core::error::Result<$Output> {
                room.$method(cx, self).await
            }
        })*

        $(#[doc = $tdoc])*
        pub static $TABLE: &[$crate::function::FunctionDef] =
            &[$($crate::function::FunctionDef::of::<$Params>()),*];
    };
}
pub(crate) use functions;

/// The extent that a word in a row stands for.
macro_rules! extent {
    () => {
        $crate::function::Extent::One
    };
    (on) => {
        $crate::function::Extent::One
    };
    (all) => {
        $crate::function::Extent::All
    };
    (of) => {
        $crate::function::Extent::Of
    };
    (below) => {
        $crate::function::Extent::Below
    };
    (matching) => {
        $crate::function::Extent::Matching
    };
}
pub(crate) use extent;

/// One function: its facts, and functions that know its types.
///
/// ```
/// use mosaic_mcp::function::Catalogue;
///
/// let put = Catalogue::all().find("state.put_value")?;
/// assert_eq!(put.params_schema().to_value()["type"], "object");
/// # Ok::<(), mosaic_core::Error>(())
/// ```
pub struct FunctionDef {
    /// The facts.
    pub meta: &'static FunctionMeta,
    room: fn() -> TypeId,
    resource: fn(Value) -> Result<String>,
    call: for<'a> fn(&'a Desk, &'a CallContext, Value) -> BoxFuture<'a, Result<Value>>,
    params_schema: fn() -> Schema,
    output_schema: fn() -> Schema,
}

impl FunctionDef {
    /// The row of a function.
    pub const fn of<F: Function>() -> Self {
        Self {
            meta: F::META,
            room: TypeId::of::<F::Room>,
            resource: |params| from_params::<F>(params).map(|function| function.resource()),
            call: |desk, cx, params| Box::pin(call::<F>(desk, cx, params)),
            params_schema: schema_of::<F>,
            output_schema: schema_of::<F::Output>,
        }
    }

    /// Which room does it.
    pub(super) fn room(&self) -> TypeId {
        (self.room)()
    }

    /// What a call with these parameters is about, as its permission names it; empty for nothing in particular.
    ///
    /// # Errors
    /// `Invalid` where the parameters do not fit.
    pub fn resource(&self, params: Value) -> Result<String> {
        (self.resource)(params).map_err(|error| error.operation(self.meta.name))
    }

    /// The JSON Schema of the parameters.
    pub fn params_schema(&self) -> Schema {
        (self.params_schema)()
    }

    /// The JSON Schema of the answer.
    pub fn output_schema(&self) -> Schema {
        (self.output_schema)()
    }

    /// Calls it with JSON.
    ///
    /// # Errors
    /// `Invalid` where the parameters do not fit; those of [`Desk::call`].
    pub async fn call(&self, desk: &Desk, cx: &CallContext, params: Value) -> Result<Value> {
        (self.call)(desk, cx, params).await.map_err(|error| error.operation(self.meta.name))
    }
}

impl fmt::Debug for FunctionDef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FunctionDef").field(&self.meta.name).finish()
    }
}

async fn call<F: Function>(desk: &Desk, cx: &CallContext, params: Value) -> Result<Value> {
    let function: F = from_params(params)?;
    let output = desk.call(cx, function).await?;
    serde_json::to_value(output)
        .map_err(|error| Error::new(ErrorKind::Internal, "the answer has no JSON form").source(error))
}

/// Every function of every room.
///
/// ```
/// use mosaic_mcp::function::Catalogue;
///
/// assert!(Catalogue::all().iter().any(|def| def.meta.name == "state.get_value"));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Catalogue(&'static [&'static [FunctionDef]]);

impl Catalogue {
    /// All of them.
    pub const fn all() -> Self {
        Self(super::desk::TABLES)
    }

    /// The functions, room by room.
    pub fn iter(&self) -> impl Iterator<Item = &'static FunctionDef> + use<> {
        self.0.iter().flat_map(|table| table.iter())
    }

    /// How much a function is about; one thing where there is no such function.
    pub(crate) fn extent(&self, room: &str, method: &str) -> Extent {
        let found = self.iter().find(|def| def.meta.room == room && def.meta.method == method);
        found.map_or(Extent::One, |def| def.meta.extent)
    }

    /// What a function does to the world; none where there is no such function.
    pub(crate) fn effect(&self, room: &str, method: &str) -> Option<Effect> {
        let found = self.iter().find(|def| def.meta.room == room && def.meta.method == method);
        found.map(|def| def.meta.effect)
    }

    /// The function of a name.
    ///
    /// # Errors
    /// `Unsupported` where there is none.
    pub fn find(&self, name: &str) -> Result<&'static FunctionDef> {
        self.iter().find(|def| def.meta.name == name).ok_or_else(|| {
            let shown: String = name.chars().take(80).collect();
            Error::new(ErrorKind::Unsupported, format!("there is no function {shown:?}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_every_function_is_described() {
        let mut names: Vec<_> = Catalogue::all().iter().map(|def| def.meta.name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        for def in Catalogue::all().iter() {
            assert!(!def.meta.doc.trim().is_empty(), "{def:?}");
            for schema in [def.params_schema(), def.output_schema()] {
                let text = schema.to_value().to_string();
                assert!(!text.contains("```") && !text.contains("::") && !text.contains("[`"), "{text}");
            }
        }
    }

    #[test]
    fn a_name_that_is_none_is_refused() {
        let error = Catalogue::all().find("state.burn").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
}
