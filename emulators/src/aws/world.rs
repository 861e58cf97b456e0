//! Everything the services answer from: accounts, keys, roles, parameters, buckets, the time, and
//! the script.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::cloudwatch::CustomMetrics;
use super::options::{Options, Role};
use super::s3::Buckets;
use super::ssm::Parameters;
use crate::faults::{Calls, Faults, locked};
use crate::sigv4::{Key, Verifier};
use crate::traffic::Fleet;

/// The state of one emulator.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) verifier: Verifier,
    pub(crate) faults: Faults,
    pub(crate) calls: Calls,
    pub(crate) roles: Vec<Role>,
    pub(crate) parameters: Parameters,
    pub(crate) buckets: Buckets,
    pub(crate) custom_metrics: CustomMetrics,
    fleets: Mutex<BTreeMap<String, Arc<Fleet>>>,
    principals: Mutex<BTreeMap<String, String>>,
    now: Mutex<Option<i64>>,
    settling: Mutex<Settling>,
}

/// When points of a minute are there, in seconds after its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settling {
    /// From then on there is a point.
    pub(crate) appears: i64,
    /// From then on its value is final; before that it grows.
    pub(crate) settles: i64,
}

impl World {
    pub(crate) fn new(options: Options) -> Self {
        let key = options.key();
        let mut fleets: BTreeMap<String, Arc<Fleet>> = options
            .roles
            .iter()
            .map(|role| (role.account().to_owned(), Arc::new(role.fleet.clone())))
            .collect();
        fleets.insert(options.account.clone(), Arc::new(options.fleet));
        let principal = format!("arn:aws:sts::{}:assumed-role/hostless/emulator", options.account);
        Self {
            principals: Mutex::new(BTreeMap::from([(key.access_key.clone(), principal)])),
            verifier: Verifier::new([key]),
            faults: options.faults,
            calls: Calls::default(),
            roles: options.roles,
            parameters: Parameters::of(options.account, options.region),
            buckets: Buckets::named(options.buckets),
            custom_metrics: CustomMetrics::default(),
            fleets: Mutex::new(fleets),
            now: Mutex::new(options.now),
            settling: Mutex::new(Settling { appears: 0, settles: 120 }),
        }
    }

    pub(crate) fn fleet(&self, account: &str) -> Arc<Fleet> {
        locked(&self.fleets).get(account).cloned().unwrap_or_default()
    }

    pub(crate) fn set_fleet(&self, account: &str, fleet: Fleet) {
        locked(&self.fleets).insert(account.to_owned(), Arc::new(fleet));
    }

    /// CloudWatch's now, in epoch seconds.
    pub(crate) fn now(&self) -> i64 {
        locked(&self.now).unwrap_or_else(crate::wall_clock::now)
    }

    pub(crate) fn set_now(&self, now: Option<i64>) {
        *locked(&self.now) = now;
    }

    pub(crate) fn settling(&self) -> Settling {
        *locked(&self.settling)
    }

    pub(crate) fn set_settling(&self, appears: Duration, settles: Duration) {
        let seconds = |age: Duration| i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
        *locked(&self.settling) = Settling { appears: seconds(appears), settles: seconds(settles) };
    }

    /// Makes a key known that calls as `principal`.
    pub(crate) fn admit(&self, key: Key, principal: String) {
        locked(&self.principals).insert(key.access_key.clone(), principal);
        self.verifier.add(key);
    }

    /// The ARN that calls with this key.
    pub(crate) fn principal(&self, access_key: &str) -> String {
        locked(&self.principals).get(access_key).cloned().unwrap_or_default()
    }
}
