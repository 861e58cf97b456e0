//! Token buckets, one for each group of operations, account and region ("Request throttling for the
//! Amazon ECS API" of the ECS API reference). They fill in real time, whatever the emulator's now.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use crate::faults::locked;

/// How often operations may be called, by the groups that share a bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EcsRates {
    /// ListClusters, DescribeClusters.
    pub clusters: Rate,
    /// ListServices, DescribeServices.
    pub services: Rate,
    /// ListTasks, DescribeTasks, ListContainerInstances, DescribeContainerInstances.
    pub cluster_resources: Rate,
}

/// The size of a bucket and what flows into it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// So many calls at once.
    pub burst: u32,
    /// So many calls a second for ever.
    pub per_second: f64,
}

impl EcsRates {
    /// What AWS publishes.
    #[must_use]
    pub fn published() -> Self {
        let rate = |burst| Rate { burst, per_second: 20.0 };
        Self { clusters: rate(50), services: rate(100), cluster_resources: rate(100) }
    }

    /// The group that an operation belongs to.
    fn of(&self, operation: &str) -> Option<(&'static str, Rate)> {
        match operation {
            "ListClusters" | "DescribeClusters" => Some(("clusters", self.clusters)),
            "ListServices" | "DescribeServices" => Some(("services", self.services)),
            "ListTasks"
            | "DescribeTasks"
            | "ListContainerInstances"
            | "DescribeContainerInstances" => Some(("cluster resources", self.cluster_resources)),
            _ => None,
        }
    }
}

/// Whose bucket it is: account, region, group.
type Owner = (String, String, &'static str);

/// All buckets. Without rates, every call is admitted.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    inner: Mutex<Buckets>,
}

#[derive(Debug, Default)]
struct Buckets {
    rates: Option<EcsRates>,
    buckets: BTreeMap<Owner, Bucket>,
    refused: u64,
}

/// What is left of a bucket, and when that was.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Duration,
}

impl Throttle {
    /// Begins anew with full buckets.
    pub(crate) fn set(&self, rates: Option<EcsRates>) {
        *locked(&self.inner) = Buckets { rates, ..Buckets::default() };
    }

    /// How many calls were refused.
    pub(crate) fn refused(&self) -> u64 {
        locked(&self.inner).refused
    }

    /// Takes a token, if there is one.
    pub(super) fn admits(&self, account: &str, region: &str, operation: &str) -> bool {
        let mut inner = locked(&self.inner);
        let Some((group, rate)) = inner.rates.and_then(|rates| rates.of(operation)) else {
            return true;
        };
        let now = crate::wall_clock::uptime();
        let owner = (account.to_owned(), region.to_owned(), group);
        let full = Bucket { tokens: f64::from(rate.burst), at: now };
        let bucket = inner.buckets.entry(owner).or_insert(full);
        let is_admitted = bucket.take(rate, now);
        if !is_admitted {
            inner.refused += 1;
        }
        is_admitted
    }
}

impl Bucket {
    fn take(&mut self, rate: Rate, now: Duration) -> bool {
        let flowed = now.saturating_sub(self.at).as_secs_f64() * rate.per_second;
        let tokens = (self.tokens + flowed).min(f64::from(rate.burst));
        let is_admitted = tokens >= 1.0;
        *self = Self { tokens: if is_admitted { tokens - 1.0 } else { tokens }, at: now };
        is_admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_holds_its_burst_and_fills_at_its_rate() {
        let rate = Rate { burst: 3, per_second: 2.0 };
        let mut bucket = Bucket { tokens: 3.0, at: Duration::ZERO };
        let taken = |bucket: &mut Bucket, at: u64| {
            (0..9).filter(|_| bucket.take(rate, Duration::from_millis(at))).count()
        };
        assert_eq!(taken(&mut bucket, 0), 3);
        assert_eq!(taken(&mut bucket, 499), 0);
        assert_eq!(taken(&mut bucket, 500), 1);
        assert_eq!(taken(&mut bucket, 60_000), 3, "never more than the burst");
    }

    #[test]
    fn operations_of_one_group_share_a_bucket_and_regions_do_not() {
        let throttle = Throttle::default();
        let one = Rate { burst: 1, per_second: 0.0 };
        throttle.set(Some(EcsRates { clusters: one, services: one, cluster_resources: one }));
        let cases = [
            ("1", "eu-west-1", "ListTasks", true),
            ("1", "eu-west-1", "DescribeContainerInstances", false),
            ("1", "eu-west-1", "DescribeServices", true),
            ("1", "eu-west-1", "ListServices", false),
            ("1", "eu-west-1", "DescribeClusters", true),
            ("1", "eu-west-1", "ListClusters", false),
            ("1", "us-east-1", "DescribeTasks", true),
            ("2", "eu-west-1", "ListTasks", true),
        ];
        for (account, region, operation, expected) in cases {
            let admitted = throttle.admits(account, region, operation);
            assert_eq!(admitted, expected, "{account} {region} {operation}");
        }
        assert_eq!(throttle.refused(), 3);
        throttle.set(None);
        assert!(throttle.admits("1", "eu-west-1", "ListTasks"));
        assert_eq!(throttle.refused(), 0);
    }
}
