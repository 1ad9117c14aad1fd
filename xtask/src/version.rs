//! Major and minor number of a program, as it prints them.

use std::fmt;

/// Major and minor number of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub(crate) u32, pub(crate) u32);

impl Version {
    /// Reads the line that a program prints for `--version`, where the numbers follow `before`.
    pub(crate) fn after(before: &str, line: &str) -> Option<Self> {
        let mut numbers = line.strip_prefix(before)?.split(['.', ' ']);
        Some(Self(numbers.next()?.trim().parse().ok()?, numbers.next()?.trim().parse().ok()?))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_compared_as_numbers() {
        let git = |line| Version::after("git version ", line);
        assert_eq!(git("git version 2.47.3\n"), Some(Version(2, 47)));
        assert_eq!(git("git version 2.39.5 (Apple Git-154)\n"), Some(Version(2, 39)));
        assert_eq!(git("git version 2.45.1.windows.1"), Some(Version(2, 45)));
        assert_eq!(git("hub version 2.14"), None);
        assert_eq!(Version::after("v", "v20.20.2\n"), Some(Version(20, 20)));
        assert!(Version(2, 9) < Version(2, 38) && Version(3, 0) > Version(2, 38));
    }
}
