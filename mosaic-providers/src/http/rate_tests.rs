use super::*;
use proptest::prelude::*;

const DATE: &str = "Mon, 23 Nov 2026 08:00:00 GMT";

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers: HeaderMap =
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
    headers.entry("date").or_insert(DATE.parse().unwrap());
    headers
}

fn seconds(number: u64) -> Option<Duration> {
    Some(Duration::from_secs(number))
}

#[test]
fn every_family_says_how_long() {
    let epoch = http_date(DATE).unwrap().as_second();
    type Row<'a> = (&'a [(&'static str, &'a str)], Option<Duration>);
    let table: &[Row<'_>] = &[
        (&[("retry-after", "30")], seconds(30)),
        (&[("retry-after", "Mon, 23 Nov 2026 08:01:00 GMT")], seconds(60)),
        (&[("retry-after", "Mon, 23 Nov 2026 07:00:00 GMT")], seconds(0)),
        (&[("retry-after", "soon")], None),
        (&[("retry-after", "-1")], None),
        (&[("retry-after", "9999999999")], Some(LONGEST)),
        (&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &(epoch + 90).to_string())], seconds(90)),
        (
            &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &((epoch + 90) * 1000).to_string())],
            seconds(90),
        ),
        (&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "2026-11-23T08:00:45Z")], seconds(45)),
        (&[("ratelimit-remaining", "0"), ("ratelimit-reset", &(epoch + 5).to_string())], seconds(5)),
        (&[("ratelimit-remaining", "0"), ("ratelimit-reset", "17")], seconds(17)),
        (&[("ratelimit-remaining", "3"), ("ratelimit-reset", "17")], None),
        (&[], None),
    ];
    for (pairs, expected) in table {
        assert_eq!(wait(&headers(pairs)), *expected, "{pairs:?}");
    }
}

#[test]
fn numbers_with_windows_begin_with_the_one_that_counts() {
    let headers = headers(&[("ratelimit-limit", "100, 100;w=60"), ("ratelimit-remaining", "0;x")]);
    assert_eq!(Told::of(&headers).limit, Some(100));
    assert!(exhausted(&headers));
}

#[tokio::test(start_paused = true)]
async fn what_is_used_up_comes_back_at_the_reset() {
    let (gauge, now) = (Gauge::default(), Instant::now());
    assert_eq!(gauge.left("core", now), Ok(u64::MAX));
    let told = |remaining: &str| {
        headers(&[
            ("x-ratelimit-limit", "10"),
            ("x-ratelimit-remaining", remaining),
            ("x-ratelimit-reset", "60"),
        ])
    };
    gauge.learn("core", &told("2"), false, now);
    assert_eq!(gauge.left("core", now), Ok(2));
    assert_eq!(gauge.left("search", now), Ok(u64::MAX));
    let (one, other) = (gauge.take("core", now), gauge.take("core", now));
    assert_eq!(gauge.left("core", now), Err(Duration::from_secs(60)), "both are on their way");
    gauge.learn("core", &told("1"), false, now);
    drop(one);
    // An older answer that arrives late does not give anything back; one that cost nothing takes nothing.
    gauge.learn("core", &told("2"), false, now);
    drop(other);
    assert_eq!(gauge.left("core", now), Ok(1));
    assert_eq!(gauge.tightest(now), Some((0.9, 1)));
    gauge.learn("core", &told("0"), false, now);
    assert_eq!(gauge.left("core", now), Err(Duration::from_secs(60)));
    assert_eq!(gauge.left("core", now + Duration::from_secs(61)), Ok(u64::MAX));
}

#[tokio::test(start_paused = true)]
async fn the_answer_names_the_budget_that_paid() {
    let (gauge, now) = (Gauge::default(), Instant::now());
    let told = headers(&[
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", "60"),
        ("x-ratelimit-resource", "search"),
    ]);
    gauge.learn("core", &told, false, now);
    assert_eq!(gauge.left("core", now), Ok(u64::MAX));
    assert!(gauge.left("search", now).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_with_a_wait_pauses_everything() {
    let (gauge, now) = (Gauge::default(), Instant::now());
    gauge.learn("core", &headers(&[("retry-after", "30")]), false, now);
    assert_eq!(gauge.left("search", now), Ok(u64::MAX), "a success may say when to come back");
    gauge.learn("core", &headers(&[("retry-after", "30")]), true, now);
    assert_eq!(gauge.left("search", now), Err(Duration::from_secs(30)));
}

proptest! {
    #[test]
    fn any_header_is_read_in_peace(text in "[ -~]{0,40}", number in any::<i128>()) {
        for value in [text, number.to_string()] {
            let Ok(value) = value.parse::<http::HeaderValue>() else { continue };
            let mut headers = HeaderMap::new();
            for name in ["retry-after", "date", "x-ratelimit-limit", "ratelimit-remaining", "x-ratelimit-reset"] {
                headers.insert(name, value.clone());
            }
            prop_assert!(wait(&headers).is_none_or(|wait| wait <= LONGEST));
            Gauge::default().learn("core", &headers, true, Instant::now());
        }
    }
}
