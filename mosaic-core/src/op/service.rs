//! `service!`: one table per service family, from which everything else follows.

/// Declares a service family from one table.
///
/// A row reads `fn METHOD(PARAMS) -> OUTPUT { EFFECT [on FIELD [at PATH] [if PRIVATE] [and OTHER]] [, ttl = SECONDS] [, cost = UNITS] [, tags = [NOUN, ..]]
/// [, invalidates = [NOUN, ..]] [, vendor = true] }`. `on repo` makes `AsSubject::as_subject(&self.repo)` the subject of the call, `at path` adds
/// the path that the field of that name holds, `if private` whether the thing is private, and `and
/// other` a second thing that a write changes. Rows whose
/// answer is a stream stand in a block `streams { .. }` at the end.
///
/// The table below
/// ```text
/// service! {
///     /// Repositories.
///     pub trait GitService, client Git, table GIT = "git";
///     /// Fetch one repository.
///     fn get_repository(GetRepository) -> Repository { Read on repo, ttl = 60, tags = [repository] }
/// }
/// ```
/// expands to
/// ```text
/// impl Operation for GetRepository { type Output = Repository; const META = &OpMeta { name: "git.get_repository", .. }; .. }
///
/// pub trait GitService: Send + Sync {        // what providers and generic code implement, as plain `async fn`
///     fn get_repository(&self, cx: &CallContext, op: GetRepository)
///         -> impl Future<Output = Result<Repository>> + Send { .. Unsupported .. }
/// }
/// impl<C: Caller> GitService for Via<C> { .. }   // .. and what every caller gives
///
/// pub struct Git<C> { .. }                   // what people call
/// impl<C: Caller> Git<C> {
///     pub async fn get_repository(&self, op: GetRepository) -> Result<Answer<Repository>> { .. }
/// }
/// impl Git<()> { pub fn handlers<S: GitService>(service: Arc<S>) -> Handlers { .. } }  // dispatch, for plugins
///
/// pub static GIT: &[&OpDef] = &[ .. ];       // rows of the catalogue
/// ```
macro_rules! service {
    (
        $(#[doc = $tdoc:literal])*
        pub trait $Trait:ident, client $Client:ident, table $TABLE:ident = $service:literal;
        $(
            $(#[doc = $doc:literal])*
            fn $method:ident($Params:ty) -> $Output:ty { $effect:ident $(on $field:ident $(at $path:ident)? $(if $private:ident)? $(and $also:ident)?)? $(, $fact:ident = $value:tt)* }
        )*
        $(streams { $(
            $(#[doc = $sdoc:literal])*
            fn $smethod:ident($SParams:ident) -> $Item:ty { $seffect:ident $(on $sfield:ident)? $(, $sfact:ident = $svalue:tt)* }
        )* })?
    ) => {
        #[expect(non_camel_case_types, reason = "named after the methods, to number them")]
        #[derive(Clone, Copy)]
        enum Row { $($method,)* $($($smethod,)*)? }

        $(impl $crate::op::Operation for $Params {
            type Output = $Output;
            const META: &'static $crate::op::OpMeta = &$crate::op::OpMeta {
                doc: concat!($($doc, "\n"),*),
                $($fact: service!(@fact $fact $value),)*
                ..$crate::op::OpMeta::row(
                    concat!($service, ".", stringify!($method)), stringify!($method), $service,
                    Row::$method as u8, $crate::types::Effect::$effect,
                )
            };
            const DEF: &'static $crate::op::OpDef = &$crate::op::OpDef::value::<Self>();
            $(fn subject(&self) -> $crate::types::Subject<'_> {
                $crate::types::AsSubject::as_subject(&self.$field)
                    $(.at_path(Some(&self.$path)))?
                    $(.private(Some(self.$private)))?
            }
            $(fn also(&self) -> $crate::types::Subject<'_> {
                $crate::types::AsSubject::as_subject(&self.$also)
            })?)?
        })*
        $($(impl $crate::op::StreamOperation for $SParams {
            type Item = $Item;
            const META: &'static $crate::op::OpMeta = &$crate::op::OpMeta {
                doc: concat!($($sdoc, "\n"),*),
                stream: true,
                $($sfact: service!(@fact $sfact $svalue),)*
                ..$crate::op::OpMeta::row(
                    concat!($service, ".", stringify!($smethod)), stringify!($smethod), $service,
                    Row::$smethod as u8, $crate::types::Effect::$seffect,
                )
            };
            const DEF: &'static $crate::op::OpDef = &$crate::op::OpDef::stream::<Self>();
            $(fn subject(&self) -> $crate::types::Subject<'_> {
                $crate::types::AsSubject::as_subject(&self.$sfield)
            })?
        })*)?

        $(#[doc = $tdoc])*
        ///
        /// Providers implement it with plain `async fn`; what they leave out is `Unsupported`. Dropping a returned future
        /// gives the call up.
        pub trait $Trait: Send + Sync + 'static {
            $(
                $(#[doc = $doc])*
                fn $method(
                    &self,
                    cx: &$crate::context::CallContext,
                    op: $Params,
                ) -> impl ::std::future::Future<Output = $crate::error::Result<$Output>> + Send {
                    let _ = (cx, op);
                    async { Err($crate::op::unsupported(<$Params as $crate::op::Operation>::META.name)) }
                }
            )*
            $($(
                $(#[doc = $sdoc])*
                fn $smethod(
                    &self,
                    cx: &$crate::context::CallContext,
                    op: $SParams,
                ) -> impl ::std::future::Future<Output = $crate::error::Result<$crate::op::ItemStream<$Item>>> + Send {
                    let _ = (cx, op);
                    async { Err($crate::op::unsupported(<$SParams as $crate::op::StreamOperation>::META.name)) }
                }
            )*)?
        }

        impl<C: $crate::op::Caller> $Trait for $crate::op::Via<C> {
            $(async fn $method(
                &self,
                cx: &$crate::context::CallContext,
                op: $Params,
            ) -> $crate::error::Result<$Output> {
                self.0.call(cx, op).await.map($crate::op::Answer::into_inner)
            })*
            $($(async fn $smethod(
                &self,
                cx: &$crate::context::CallContext,
                op: $SParams,
            ) -> $crate::error::Result<$crate::op::ItemStream<$Item>> {
                use ::futures_util::stream::StreamExt as _;
                let items = self.0.open(cx, op).await?;
                let items: $crate::op::ItemStream<$Item> =
                    Box::pin(items.map(|item| item.map(::std::sync::Arc::unwrap_or_clone)));
                Ok(items)
            })*)?
        }

        $(#[doc = $tdoc])*
        ///
        /// The client that people call, over anything that can be called.
        ///
        /// ```
        /// use mosaic_core::op::Caller;
        #[doc = concat!("fn client<C: Caller>(caller: C) -> mosaic_core::op::", stringify!($Client), "<C> {")]
        #[doc = concat!("    mosaic_core::op::", stringify!($Client), "::new(caller)")]
        /// }
        /// ```
        #[derive(Debug, Clone)]
        pub struct $Client<C> {
            caller: C,
            cx: $crate::context::CallContext,
        }

        impl<C: $crate::op::Caller> $Client<C> {
            /// A client with a plain context: default tenant, the application itself as caller.
            pub fn new(caller: C) -> Self {
                Self { caller, cx: $crate::context::CallContext::new() }
            }

            /// The same client with another context.
            #[must_use]
            pub fn with(mut self, cx: $crate::context::CallContext) -> Self {
                self.cx = cx;
                self
            }

            /// The items of a list, page by page, at most `limit` of them. Where the parameters name no size of a page, each is
            /// asked for 100 items, or for `limit` where that is less. See [`Pages`](crate::op::Pages).
            pub fn all<O, T>(&self, op: O, limit: usize) -> $crate::op::Pages<T>
            where
                O: $crate::op::Operation<Output = $crate::types::Page<T>> + $crate::types::Paged,
                T: $crate::op::Data,
            {
                $crate::op::Pages::new(self.caller.clone(), self.cx.clone(), op, limit)
            }

            $(
                $(#[doc = $doc])*
                ///
                /// # Errors
                /// See [`ErrorKind`](crate::error::ErrorKind).
                pub fn $method(
                    &self,
                    op: $Params,
                ) -> impl ::std::future::Future<Output = $crate::error::Result<$crate::op::Answer<$Output>>> + Send + '_ {
                    self.caller.call(&self.cx, op)
                }
            )*
            $($(
                $(#[doc = $sdoc])*
                ///
                /// # Errors
                /// See [`ErrorKind`](crate::error::ErrorKind); an error after the first item is the last item.
                pub fn $smethod(
                    &self,
                    op: $SParams,
                ) -> impl ::std::future::Future<Output = $crate::error::Result<$crate::op::Items<$Item>>> + Send + '_ {
                    self.caller.open(&self.cx, op)
                }
            )*)?
        }

        impl $Client<()> {
            /// Shows every operation of the table with its types.
            pub fn visit(visitor: &mut impl $crate::op::Visitor) {
                $(visitor.value::<$Params>();)*
                $($(visitor.stream::<$SParams>();)*)?
            }

            /// The handlers of a plugin: every row of the table, bound to an implementation of the trait.
            pub fn handlers<S: $Trait>(service: ::std::sync::Arc<S>) -> $crate::plugin::Handlers {
                fn rows<S: $Trait>() -> &'static [$crate::plugin::RowFn<S>] {
                    &[
                        $(|service, cx, payload| Box::pin(async move {
                            let op = payload.get::<$Params>()?.clone();
                            service.$method(cx, op).await.map($crate::op::Reply::value)
                        }),)*
                        $($(|service, cx, payload| Box::pin(async move {
                            let op = payload.get::<$SParams>()?.clone();
                            service.$smethod(cx, op).await.map(|items| $crate::op::Reply::stream($crate::op::erase(items)))
                        }),)*)?
                    ]
                }
                $crate::plugin::Handlers::new($crate::types::ServiceKind::from_name($service), service, rows::<S>())
            }
        }

        /// The rows of the table.
        pub static $TABLE: &[&$crate::op::OpDef] = &[
            $(<$Params as $crate::op::Operation>::DEF,)*
            $($(<$SParams as $crate::op::StreamOperation>::DEF,)*)?
        ];
    };
    (@fact tags [$($noun:ident),*]) => { &[$(stringify!($noun)),*] };
    (@fact invalidates [$($noun:ident),*]) => { &[$(stringify!($noun)),*] };
    (@fact $fact:ident $value:literal) => { $value };
}
pub(crate) use service;
