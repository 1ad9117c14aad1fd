//! The kinds of faults, by stable names for programs.

use std::fmt;

use serde::{Serialize, Serializer};

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal;)*) => {
        /// What kind of fault it is; the text is stable.
        ///
        /// ```
        /// use mosaic_core::config::Code;
        ///
        /// assert_eq!(Code::UnknownKey.as_str(), "unknown-key");
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])* $name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name in reports.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

codes! {
    /// The file cannot be read.
    Unreadable = "unreadable";
    /// The file is larger, deeper or longer than is read.
    TooLarge = "too-large";
    /// The text is no YAML.
    Syntax = "syntax";
    /// A mapping has a key twice.
    DuplicateKey = "duplicate-key";
    /// A key that nothing reads.
    UnknownKey = "unknown-key";
    /// A key that must be there is not.
    MissingKey = "missing-key";
    /// A value of another type than the key takes.
    WrongType = "wrong-type";
    /// A value of the right type that the key does not take.
    BadValue = "bad-value";
    /// A variable of the environment that is not set and has no default.
    MissingVariable = "missing-variable";
    /// `${` without a name of a variable and `}`.
    BadVariable = "bad-variable";
    /// Two plugins, groups or phases of one name.
    DuplicateId = "duplicate-id";
    /// A text that cannot be the id of a provider.
    BadId = "bad-id";
    /// A name that is no provider and no group.
    UnknownProvider = "unknown-provider";
    /// A provider that is named twice where once is enough.
    RepeatedProvider = "repeated-provider";
    /// Stand-ins that lead back to where they began.
    FallbackCycle = "fallback-cycle";
    /// A rule without a pattern, a condition or `default`, or with what does not go together.
    BadRule = "bad-rule";
    /// A text that is no pattern.
    BadPattern = "bad-pattern";
    /// The part of a pattern before the colon is no selector.
    UndeclaredSelector = "undeclared-selector";
    /// A text that is no condition, or reads what is not declared.
    BadCondition = "bad-condition";
    /// A selector that cannot be declared so.
    BadSelector = "bad-selector";
    /// An attribute that cannot be declared so.
    BadAttribute = "bad-attribute";
    /// Two defaults for one service.
    DuplicateDefault = "duplicate-default";
    /// A service that several providers serve has no default, and some of its calls match no rule.
    MissingDefault = "missing-default";
    /// A rule that never decides and without which all calls would go the same way.
    UnreachableRule = "unreachable-rule";
    /// A rule that never decides because another with other targets always comes before it.
    ShadowedRule = "shadowed-rule";
    /// Two rules of one priority that send some calls to different targets, so that their order decides.
    ConflictingRules = "conflicting-rules";
    /// Another fault of the routing rules.
    BadRouting = "bad-routing";
    /// No plugin of this product and type is compiled in.
    MissingPlugin = "missing-plugin";
    /// The tier of the cache is not compiled in.
    MissingTier = "missing-tier";
    /// It cannot be changed while calls run.
    NotLive = "not-live";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
