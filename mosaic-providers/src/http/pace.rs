//! How often something that goes on is looked at: soon at first, then in growing steps.

use std::time::Duration;

/// How much longer the longest pause is than the first.
const GROWTH: u32 = 10;

/// The pauses between looks at something that goes on, such as a job. Each is half as long again as the one before, up to ten
/// times the first.
#[derive(Debug, Clone)]
pub struct Pace {
    first: Duration,
    next: Duration,
}

impl Pace {
    /// Pauses that begin with this one.
    pub fn new(first: Duration) -> Self {
        Self { first, next: first }
    }

    /// Waits until the next look. Dropping the future ends the wait.
    pub async fn rest(&mut self) {
        tokio::time::sleep(self.next).await;
        self.next = (self.next + self.next / 2).min(self.first * GROWTH);
    }

    /// Begins with the first pause again, as when something has happened.
    pub fn quicken(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_up_to_ten_times_the_first() {
        let mut pace = Pace::new(Duration::from_millis(100));
        let mut pauses = Vec::new();
        for _ in 0..9 {
            let begin = Instant::now();
            pace.rest().await;
            pauses.push(begin.elapsed().as_millis());
        }
        assert_eq!(pauses[..3], [100, 150, 225]);
        assert_eq!(pauses[7..], [1000, 1000]);
        pace.quicken();
        let begin = Instant::now();
        pace.rest().await;
        assert_eq!(begin.elapsed().as_millis(), 100);
    }
}
