//! The traffic that the emulators tell of: which distributions there are, and what CloudFront
//! measured for each of them in each minute. [`ecs`] does the same for containers.
//!
//! Everything is a pure function of names and minutes ([`Distribution::datum`]): the emulator
//! answers from it and the tests take it as the truth, so that neither has to remember anything. It
//! knows no protocol, no clock and no account.

pub mod ecs;
mod fleet;
mod noise;
mod statistic;

pub use fleet::{Distribution, Fleet};
pub use statistic::{Datum, Quantiles, Statistic, UnknownStatistic, combine};

use noise::Noise;

/// Published for every distribution that has traffic, at no charge.
pub const DEFAULT_METRICS: [&str; 6] = [
    "Requests",
    "BytesDownloaded",
    "BytesUploaded",
    "4xxErrorRate",
    "5xxErrorRate",
    "TotalErrorRate",
];

/// Published where a monitoring subscription is enabled.
pub const ADDITIONAL_METRICS: [&str; 8] = [
    "CacheHitRate",
    "OriginLatency",
    "401ErrorRate",
    "403ErrorRate",
    "404ErrorRate",
    "502ErrorRate",
    "503ErrorRate",
    "504ErrorRate",
];

/// Seconds in a minute.
pub const MINUTE: i64 = 60;
const MINUTES_A_DAY: i64 = 1440;

impl Distribution {
    /// The metrics that this distribution publishes when it has traffic.
    pub fn metrics(&self) -> impl Iterator<Item = &'static str> {
        let additional: &[&str] = if self.additional_metrics { &ADDITIONAL_METRICS } else { &[] };
        DEFAULT_METRICS.iter().chain(additional).copied()
    }

    /// What CloudFront measured in the minute that starts at `minute` (epoch seconds). `None`:
    /// there was no request in it, or the distribution has no such metric.
    #[must_use]
    pub fn datum(&self, metric: &str, minute: i64) -> Option<Datum> {
        if !self.metrics().any(|published| published == metric) {
            return None;
        }
        let traffic = Traffic::of(self, minute)?;
        Some(match metric {
            "Requests" => Datum::total(traffic.requests),
            "BytesDownloaded" => Datum::total(traffic.bytes_downloaded()),
            "BytesUploaded" => Datum::total(traffic.bytes_uploaded()),
            "CacheHitRate" => traffic.percent_of(traffic.cache_hits()),
            "OriginLatency" => traffic.origin_latency(),
            "4xxErrorRate" => traffic.percent_of(traffic.client_errors()),
            "5xxErrorRate" => traffic.percent_of(traffic.server_errors()),
            "TotalErrorRate" => {
                traffic.percent_of(traffic.client_errors() + traffic.server_errors())
            }
            "401ErrorRate" => traffic.percent_of((traffic.client_errors() * 0.1).floor()),
            "403ErrorRate" => traffic.percent_of((traffic.client_errors() * 0.2).floor()),
            "404ErrorRate" => traffic.percent_of((traffic.client_errors() * 0.6).floor()),
            "502ErrorRate" => traffic.percent_of((traffic.server_errors() * 0.4).floor()),
            "503ErrorRate" => traffic.percent_of((traffic.server_errors() * 0.3).floor()),
            "504ErrorRate" => traffic.percent_of((traffic.server_errors() * 0.2).floor()),
            other => unreachable!("a published metric has a model: {other}"),
        })
    }

    /// What is there of a minute's datum while only this share of its requests has been counted.
    #[must_use]
    pub fn partial_datum(&self, metric: &str, minute: i64, share: f64) -> Option<Datum> {
        // A minute whose requests are all still missing has no datum, rather than one of zero.
        let counted = self.datum("Requests", minute)?.partial(share);
        let datum = self.datum(metric, minute)?;
        (counted.sum >= 1.0).then(|| datum.partial(share))
    }

    /// One statistic of one minute, settled: the truth that tests compare with.
    #[must_use]
    pub fn value(&self, metric: &str, statistic: Statistic, minute: i64) -> Option<f64> {
        combine(&[self.datum(metric, minute)?], statistic)
    }
}

/// One distribution's minute, from which all its metrics follow, so that they fit together.
struct Traffic {
    noise: Noise,
    minute: i64,
    requests: f64,
}

impl Traffic {
    fn of(distribution: &Distribution, minute: i64) -> Option<Self> {
        let noise = Noise::seeded(&distribution.id);
        let expected = distribution.requests_per_minute * time_of_day(&noise, minute);
        // Around the expectation when it is large; when it is below one, a request now and then.
        let requests = (expected * noise.between(0.85, 1.15, "requests", minute)
            + noise.unit("rounding", minute))
        .floor();
        let minute_has_traffic = distribution.traffic && requests >= 1.0;
        minute_has_traffic.then_some(Self { noise, minute, requests })
    }

    fn bytes_downloaded(&self) -> f64 {
        let typical = self.noise.between(8_000.0, 60_000.0, "object size", 0);
        (self.requests * typical * self.noise.between(0.9, 1.1, "downloaded", self.minute)).floor()
    }

    fn bytes_uploaded(&self) -> f64 {
        let typical = self.noise.between(300.0, 900.0, "request size", 0);
        (self.requests * typical * self.noise.between(0.9, 1.1, "uploaded", self.minute)).floor()
    }

    fn cache_hits(&self) -> f64 {
        let typical = self.noise.between(0.6, 0.92, "hit rate", 0);
        (self.requests * typical * self.noise.between(0.95, 1.05, "hits", self.minute)).floor()
    }

    fn client_errors(&self) -> f64 {
        let typical = self.noise.between(0.005, 0.03, "4xx rate", 0);
        self.some_of(typical, "4xx")
    }

    fn server_errors(&self) -> f64 {
        // Mostly none, and now and then a bad minute.
        let is_bad_minute = self.noise.unit("bad minute", self.minute) < 0.02;
        self.some_of(if is_bad_minute { 0.05 } else { 0.001 }, "5xx")
    }

    fn some_of(&self, share: f64, what: &str) -> f64 {
        let expected = self.requests * share * self.noise.between(0.5, 1.5, what, self.minute);
        (expected + self.noise.unit(what, self.minute + 1))
            .floor()
            .min((self.requests / 2.0).floor())
    }

    /// A rate is the mean over requests of 0 or 100, which is what makes longer periods average
    /// rightly.
    fn percent_of(&self, count: f64) -> Datum {
        Datum {
            sample_count: self.requests,
            sum: 100.0 * count,
            minimum: if count < self.requests { 0.0 } else { 100.0 },
            maximum: if count > 0.0 { 100.0 } else { 0.0 },
            quantiles: None,
        }
    }

    /// Milliseconds until the first byte from the origin, for the requests that missed the cache.
    fn origin_latency(&self) -> Datum {
        let typical = self.noise.between(15.0, 180.0, "latency", 0);
        let quantiles = Quantiles {
            median: typical * self.noise.between(0.9, 1.2, "latency", self.minute),
            spread: self.noise.between(0.25, 0.45, "spread", 0),
        };
        let misses = (self.requests - self.cache_hits()).max(1.0);
        Datum {
            sample_count: misses,
            sum: quantiles.at(50.0) * misses,
            minimum: quantiles.at(0.0),
            maximum: quantiles.at(100.0),
            quantiles: Some(quantiles),
        }
    }
}

/// The daily curve around 1: each distribution has its busy hour.
fn time_of_day(noise: &Noise, minute: i64) -> f64 {
    let busiest = noise.between(0.0, 1.0, "busiest hour", 0);
    let minute_of_day = i32::try_from(minute.div_euclid(MINUTE).rem_euclid(MINUTES_A_DAY))
        .expect("a day has 1440 minutes");
    let day = f64::from(minute_of_day) / 1440.0;
    1.0 + 0.6 * (std::f64::consts::TAU * (day - busiest)).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: std::ops::Range<i64> = 0..60;
    /// 2026-11-20T09:00:00Z.
    const START: i64 = 1_795_165_200;

    fn minutes() -> impl Iterator<Item = i64> {
        HOUR.map(|minute| START + MINUTE * minute)
    }

    fn value(
        distribution: &Distribution,
        metric: &str,
        statistic: &str,
        minute: i64,
    ) -> Option<f64> {
        let statistic = statistic.parse().expect("a statistic of the test");
        distribution.value(metric, statistic, minute)
    }

    #[test]
    fn the_same_minute_always_reads_the_same() {
        let [one, two] = [Fleet::demo(), Fleet::demo()];
        for (one, two) in one.distributions.iter().zip(&two.distributions) {
            for minute in minutes() {
                for metric in one.metrics() {
                    assert_eq!(one.datum(metric, minute), two.datum(metric, minute));
                }
            }
        }
    }

    #[test]
    fn values_are_plausible_and_fit_together() {
        for distribution in Fleet::sized(20).distributions {
            for minute in minutes() {
                let sum = |metric| value(&distribution, metric, "Sum", minute).expect("traffic");
                let average =
                    |metric| value(&distribution, metric, "Average", minute).expect("traffic");
                let requests = sum("Requests");
                assert!(requests >= 1.0 && requests.fract() == 0.0, "{requests}");
                assert!(sum("BytesDownloaded") > requests);
                for rate in ["4xxErrorRate", "5xxErrorRate", "TotalErrorRate"] {
                    assert!((0.0..=100.0).contains(&average(rate)), "{rate} {}", average(rate));
                }
                let parts = average("4xxErrorRate") + average("5xxErrorRate");
                assert!((average("TotalErrorRate") - parts).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn latency_percentiles_rise() {
        let fleet = Fleet::demo();
        let with_latency =
            fleet.distributions.iter().find(|d| d.additional_metrics).expect("one in the demo");
        for minute in minutes() {
            let at = |p| value(with_latency, "OriginLatency", p, minute).expect("traffic");
            assert!(at("p50") < at("p90") && at("p90") < at("p99"));
        }
    }

    #[test]
    fn no_traffic_means_no_points_and_little_traffic_means_gaps() {
        let fleet = Fleet::demo();
        let points = |distribution: &Distribution| {
            minutes()
                .filter(|&minute| value(distribution, "Requests", "Sum", minute).is_some())
                .count()
        };
        let silent = fleet.distributions.iter().find(|d| !d.traffic).expect("one in the demo");
        assert_eq!(points(silent), 0);
        let counts: Vec<usize> = fleet.distributions.iter().map(points).collect();
        assert!(counts.iter().any(|&count| count > 0 && count < 60), "one has gaps: {counts:?}");
        assert!(counts.contains(&60), "one is always busy: {counts:?}");
    }

    #[test]
    fn additional_metrics_need_a_subscription() {
        let fleet = Fleet::demo();
        let plain = fleet
            .distributions
            .iter()
            .find(|d| d.traffic && !d.additional_metrics && d.requests_per_minute > 100.0)
            .expect("one in the demo");
        assert_eq!(value(plain, "CacheHitRate", "Average", START), None);
        assert!(value(plain, "Requests", "Sum", START).is_some());
    }
}
