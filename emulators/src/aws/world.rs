//! Everything the services answer from: accounts, keys, roles, parameters, buckets, the time, and
//! the script.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::cloudwatch::{CustomMetrics, Listings};
use super::ecs::{Memo, Throttle};
use super::options::{Options, Role};
use super::s3::Buckets;
use super::ssm::Parameters;
use crate::faults::{Calls, Faults, locked};
use crate::sigv4::{Key, Verifier};
use crate::traffic::Fleet;
use crate::traffic::ecs::EcsFleet;

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
    pub(crate) listings: Listings,
    pub(crate) ecs_throttle: Throttle,
    pub(crate) ecs_memo: Memo,
    /// By account and region.
    ecs_fleets: Mutex<BTreeMap<(String, String), Arc<EcsFleet>>>,
    fleets: Mutex<BTreeMap<String, Arc<Fleet>>>,
    principals: Mutex<BTreeMap<String, String>>,
    now: Mutex<Option<i64>>,
    settling: Mutex<Settling>,
    listing_lag: Mutex<i64>,
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
        let own = (options.account.as_str(), &options.ecs);
        let ecs_fleets = options
            .roles
            .iter()
            .map(|role| (role.account(), &role.ecs))
            .chain([own])
            .flat_map(|(account, regions)| {
                regions.iter().map(move |(region, fleet)| {
                    ((account.to_owned(), region.clone()), Arc::new(fleet.clone()))
                })
            })
            .collect();
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
            listings: Listings::default(),
            ecs_throttle: Throttle::default(),
            ecs_memo: Memo::default(),
            ecs_fleets: Mutex::new(ecs_fleets),
            fleets: Mutex::new(fleets),
            now: Mutex::new(options.now),
            settling: Mutex::new(Settling { appears: 0, settles: 120 }),
            listing_lag: Mutex::new(15 * 60),
        }
    }

    pub(crate) fn fleet(&self, account: &str) -> Arc<Fleet> {
        locked(&self.fleets).get(account).cloned().unwrap_or_default()
    }

    pub(crate) fn set_fleet(&self, account: &str, fleet: Fleet) {
        locked(&self.fleets).insert(account.to_owned(), Arc::new(fleet));
    }

    /// What an account has of ECS in a region; nothing, where nobody set it up.
    pub(crate) fn ecs_fleet(&self, account: &str, region: &str) -> Arc<EcsFleet> {
        let place = (account.to_owned(), region.to_owned());
        locked(&self.ecs_fleets).get(&place).cloned().unwrap_or_default()
    }

    pub(crate) fn set_ecs_fleet(&self, account: &str, region: &str, fleet: EcsFleet) {
        let place = (account.to_owned(), region.to_owned());
        locked(&self.ecs_fleets).insert(place, Arc::new(fleet));
    }

    /// CloudWatch's and ECS's now, in epoch seconds.
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

    /// How long ECS's new metrics have points before they are listed, in seconds.
    pub(crate) fn listing_lag(&self) -> i64 {
        *locked(&self.listing_lag)
    }

    pub(crate) fn set_listing_lag(&self, lag: Duration) {
        *locked(&self.listing_lag) = i64::try_from(lag.as_secs()).unwrap_or(i64::MAX);
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
