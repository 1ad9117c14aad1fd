//! What the command line asks for.

use crate::{Fault, Result};

/// Which rows are measured, and how long.
///
/// ```
/// use mosaic_benches::Options;
///
/// let options = Options::parse(["--quick", "--bench", "3", "12"].map(String::from))?;
/// assert!(options.wants("12") && !options.wants("1"));
/// # Ok::<(), mosaic_benches::Fault>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Options {
    rows: Vec<String>,
    quick: bool,
    gate: bool,
}

impl Options {
    /// Reads arguments: `--quick` for fewer and shorter rounds, `--gate` for a failure where a bar is missed, and the
    /// numbers of rows, all where there is none.
    ///
    /// # Errors
    /// For an option that is not known.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self> {
        let mut options = Self::default();
        for argument in arguments {
            match argument.as_str() {
                // Cargo says that it benches.
                "--bench" => {}
                "--quick" => options.quick = true,
                "--gate" => options.gate = true,
                row if row.parse::<u8>().is_ok() => options.rows.push(argument),
                _ => {
                    let message = format!("{argument:?}: known are --quick, --gate and numbers of rows");
                    return Err(Fault::from(message));
                }
            }
        }
        Ok(options)
    }

    /// The arguments of this process; none in a development build, whose figures would say nothing.
    ///
    /// # Errors
    /// As [`Options::parse`].
    pub fn given() -> Result<Option<Self>> {
        let options = Self::parse(std::env::args().skip(1))?;
        if cfg!(debug_assertions) {
            println!("figures of a development build would say nothing; use cargo bench");
            return Ok(None);
        }
        Ok(Some(options))
    }

    /// Whether a row is asked for.
    pub fn wants(&self, row: &str) -> bool {
        self.rows.is_empty() || self.rows.iter().any(|wanted| wanted == row)
    }

    /// Whether a missed bar is a failure.
    pub fn gate(&self) -> bool {
        self.gate
    }

    /// How many rounds each side has.
    pub fn rounds(&self) -> usize {
        if self.quick { 15 } else { 31 }
    }

    /// How many calls a round has that is made for so many.
    pub fn calls(&self, full: usize) -> usize {
        if self.quick { (full / 4).max(1) } else { full }
    }
}
