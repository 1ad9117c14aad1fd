//! `params!`: records with a constructor from the required fields and a setter for each of the rest.

/// Declares a record: parameters of an operation, or a noun that providers build.
///
/// - `about { repo: RepoRef(owner: String, name: String) }`: the thing the record is about. `new` takes the parts in
///   brackets, `of` takes the whole;
/// - `required { .. }`: taken by `new`, in order, as `impl Into<T>`;
/// - `optional { title: String }`: an `Option<String>`, absent at first, with the setter `.title("..")`;
/// - `defaulted { private: bool }`: begins as `Default::default()`, with a setter;
/// - `paged { page }`: which part of a list is asked for, as a `PageRequest` with a setter; the record is then
///   [`Paged`](crate::types::Paged).
///
/// A block that is empty is left out; the order is as above. Parameters (`pub struct`) refuse unknown JSON fields; nouns
/// (`pub noun`) ignore them.
///
/// ```
/// mosaic_core::params! {
///     /// Rename something.
///     pub struct Rename {
///         required {
///             /// The present name.
///             from: String,
///         }
///         optional {
///             /// The new name.
///             to: String,
///         }
///     }
/// }
/// let rename = Rename::new("a").to("b");
/// assert_eq!((rename.from.as_str(), rename.to.as_deref()), ("a", Some("b")));
/// ```
#[macro_export]
macro_rules! params {
    ($(#[$doc:meta])* pub struct $name:ident { $($body:tt)* } $($rest:tt)*) => {
        $crate::params! { @record [$(#[$doc])* #[serde(deny_unknown_fields)]] $name $($body)* }
        $crate::params! { $($rest)* }
    };
    ($(#[$doc:meta])* pub noun $name:ident { $($body:tt)* } $($rest:tt)*) => {
        $crate::params! { @record [$(#[$doc])*] $name $($body)* }
        $crate::params! { $($rest)* }
    };
    () => {};
    (@record [$($attr:tt)*] $name:ident
        $(about { $(#[$adoc:meta])* $about:ident : $aty:ident ( $($part:ident : $pty:ty),+ ) $(,)? })?
        $(required { $($(#[$rdoc:meta])* $req:ident : $rty:ty),* $(,)? })?
        $(optional { $($(#[$odoc:meta])* $opt:ident : $oty:ty),* $(,)? })?
        $(defaulted { $($(#[$ddoc:meta])* $def:ident : $dty:ty),* $(,)? })?
        $(paged { $page:ident })?
    ) => {
        #[derive(Debug, Clone, PartialEq, ::serde::Serialize, ::serde::Deserialize, ::schemars::JsonSchema)]
        $($attr)*
        #[non_exhaustive]
        pub struct $name {
            $($(#[$adoc])* pub $about: $aty,)?
            $($($(#[$rdoc])* pub $req: $rty,)*)?
            $($($(#[$odoc])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $opt: Option<$oty>,)*)?
            $($($(#[$ddoc])* #[serde(default)] pub $def: $dty,)*)?
            $(/// Which part of the list.
                #[serde(default)] pub $page: $crate::types::PageRequest,)?
        }

        impl $name {
            $crate::params! { @new [$($about : $aty ($($part : $pty),+))?] [$($($req : $rty),*)?]
                [$($($opt),*)?] [$($($def,)*)? $($page)?] }
            $($(
                $(#[$odoc])*
                #[must_use]
                pub fn $opt(mut self, $opt: impl Into<$oty>) -> Self {
                    self.$opt = Some($opt.into());
                    self
                }
            )*)?
            $($(
                $(#[$ddoc])*
                #[must_use]
                pub fn $def(mut self, $def: impl Into<$dty>) -> Self {
                    self.$def = $def.into();
                    self
                }
            )*)?
            $(
                /// Which part of the list.
                #[must_use]
                pub fn $page(mut self, $page: impl Into<$crate::types::PageRequest>) -> Self {
                    self.$page = $page.into();
                    self
                }
            )?
        }

        $(impl $crate::types::Paged for $name {
            fn page_request(&self) -> &$crate::types::PageRequest {
                &self.$page
            }
            fn page_request_mut(&mut self) -> &mut $crate::types::PageRequest {
                &mut self.$page
            }
        })?
    };
    (@new [$about:ident : $aty:ident ($($part:ident : $pty:ty),+)] [$($req:ident : $rty:ty),*]
        [$($opt:ident),*] [$($def:ident),* $(,)?]) => {
        /// From the parts of the thing it is about, then the required fields.
        pub fn new($($part: impl Into<$pty>,)+ $($req: impl Into<$rty>),*) -> Self {
            Self::of($aty::new($($part),+), $($req),*)
        }

        /// From the whole thing it is about, then the required fields.
        pub fn of($about: impl Into<$aty>, $($req: impl Into<$rty>),*) -> Self {
            Self { $about: $about.into(), $($req: $req.into(),)* $($opt: None,)* $($def: Default::default(),)* }
        }
    };
    (@new [] [$($req:ident : $rty:ty),*] [$($opt:ident),*] [$($def:ident),* $(,)?]) => {
        /// From the required fields.
        #[expect(clippy::allow_attributes, reason = "only a record without required fields trips the lint below")]
        #[allow(clippy::new_without_default, reason = "one spelling for every record")]
        pub fn new($($req: impl Into<$rty>),*) -> Self {
            Self { $($req: $req.into(),)* $($opt: None,)* $($def: Default::default(),)* }
        }
    };
}
