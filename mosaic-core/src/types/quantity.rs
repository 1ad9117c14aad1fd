//! Sizes and durations as people write them: `10GB`, `1.5 GiB`, `5m`, `250ms`.
//!
//! Both are numbers here: bytes and nanoseconds, exact up to 2^53 of them.

/// A unit by name, and how many of the base unit it is.
pub(crate) type Unit = (&'static str, f64);

/// Units of size, in bytes; read without regard to case. `KB` and its like are powers of ten, `KiB` of 1024.
pub(crate) const SIZES: [Unit; 11] = [
    ("B", 1.0),
    ("KB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("TB", 1e12),
    ("PB", 1e15),
    ("KiB", 1024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
    ("TiB", 1_099_511_627_776.0),
    ("PiB", 1_125_899_906_842_624.0),
];

/// Units of duration, in nanoseconds; in lower case only, so that `M` is never taken for minutes.
pub(crate) const DURATIONS: [Unit; 8] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 6e10),
    ("h", 3.6e12),
    ("d", 8.64e13),
    ("w", 6.048e14),
];

/// The unit of size of that name, in bytes.
pub(crate) fn size_unit(name: &str) -> Option<f64> {
    SIZES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, bytes)| *bytes)
}

/// The unit of duration of that name, in nanoseconds.
pub(crate) fn duration_unit(name: &str) -> Option<f64> {
    DURATIONS.iter().find(|(known, _)| *known == name).map(|(_, nanos)| *nanos)
}

/// A number such as `10`, `-1.5` or `2e6`; nothing else that Rust would take for one, such as `inf`.
pub(crate) fn number(text: &str) -> Option<f64> {
    let plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E');
    if text.is_empty() || !text.bytes().all(plain) {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A size in bytes: a number and a unit, or a number of bytes.
pub(crate) fn size(text: &str) -> Option<f64> {
    let (value, unit) = parts(text);
    Some(number(value)? * if unit.is_empty() { 1.0 } else { size_unit(unit)? })
}

/// A duration in nanoseconds: a number and a unit.
pub(crate) fn duration(text: &str) -> Option<f64> {
    let (value, unit) = parts(text);
    Some(number(value)? * duration_unit(unit)?)
}

/// A number of a base unit as text, in the unit that takes the smallest whole number; in the base unit where none does.
/// Read back, it is the same number.
pub(crate) fn written(value: f64, units: &[Unit]) -> String {
    let whole = |(name, factor): &Unit| {
        let count = value / factor;
        (count.fract() == 0.0 && count.abs() < 9e15 && count * factor == value).then_some((count, *name))
    };
    let smallest = units
        .iter()
        .filter_map(whole)
        .reduce(|best, next| if next.0.abs() < best.0.abs() { next } else { best });
    match (smallest, units.first()) {
        (Some((count, name)), _) => format!("{count}{name}"),
        (None, Some((base, _))) => format!("{value}{base}"),
        (None, None) => value.to_string(),
    }
}

/// What stands before the unit, and the unit. The `e` of an exponent belongs to the number.
fn parts(text: &str) -> (&str, &str) {
    let text = text.trim();
    let unit = text.trim_start_matches(|c: char| {
        !c.is_ascii_alphabetic() || {
            // Only an exponent has a digit or a sign behind its letter; units are letters to the end.
            matches!(c, 'e' | 'E') && text.ends_with(|last: char| last.is_ascii_digit())
        }
    });
    (text[..text.len() - unit.len()].trim_end(), unit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_read() {
        for (text, expected) in [
            ("10GB", Some(1e10)),
            ("10 gb", Some(1e10)),
            ("1.5KiB", Some(1536.0)),
            ("512", Some(512.0)),
            ("2e6", Some(2e6)),
            ("10GBit", None),
            ("GB", None),
            ("inf", None),
            ("", None),
            ("1.2.3GB", None),
        ] {
            assert_eq!(size(text), expected, "{text}");
        }
        for (text, expected) in [
            ("5m", Some(3e11)),
            ("250ms", Some(2.5e8)),
            ("1.5h", Some(5.4e12)),
            ("5", None),
            ("5M", None),
            ("m", None),
        ] {
            assert_eq!(duration(text), expected, "{text}");
        }
    }

    #[test]
    fn the_shortest_whole_form_is_written() {
        for (value, text) in
            [(1e10, "10GB"), (10_737_418_240.0, "10GiB"), (1.5e9, "1500MB"), (0.5, "0.5B"), (0.0, "0B")]
        {
            assert_eq!(written(value, &SIZES), text);
        }
        assert_eq!(written(3e11, &DURATIONS), "5m");
        assert_eq!(written(-2.5e8, &DURATIONS), "-250ms");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value in prop::num::f64::NORMAL | prop::num::f64::ZERO, whole in any::<i32>()) {
            for value in [value, f64::from(whole), f64::from(whole) * 1e6] {
                prop_assert_eq!(size(&written(value, &SIZES)), Some(value));
                prop_assert_eq!(duration(&written(value, &DURATIONS)), Some(value));
            }
        }

        #[test]
        fn any_text_is_read_or_not(text in ".{0,20}") {
            let _ = (size(&text), duration(&text), number(&text));
        }
    }
}
