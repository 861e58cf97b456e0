//! No request goes where an answer points: whoever could redirect one would be sent its credentials.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use cloudfront::CloudFront;
use ecs::Ecs;
use emulators::aws::{Options as AwsOptions, Role};
use emulators::faults::{Fault, Rule};
use emulators::traffic::Fleet;
use emulators::traffic::ecs::EcsFleet;
use futures::future::{join, join_all};
use runtime::Function;
use tests::{Setup, World, minute};

const ROLE: &str = "arn:aws:iam::222222222222:role/reader";

/// Long enough for the first answer, and not for all the patience that a run has.
const TIME: Duration = Duration::from_secs(8);

/// Something of each kind that carries credentials.
const CONFIG: &str = "
cloudfront: {roles: [{role_arn: 'arn:aws:iam::222222222222:role/reader'}]}
ecs: {}
remote_write:
  - {name: basic, url: '{receiver}', basic_auth: {username: u, password: planted}}
  - {name: bearer, url: '{receiver}', authorization: {credentials: planted}}
  - {name: aws, url: '{receiver}', sigv4: {region: ap-northeast-1}}
  - {name: oauth, url: '{receiver}', oauth2: {client_id: c, client_secret: planted, token_url: '{receiver}'}}
mackerel:
  - {service: production, api_key_file: 'ssm:/hostless/secret/mackerel-api-key', base_url: '{mackerel}'}
";

/// Somebody who waits for requests that were meant for others.
struct Trap(TcpListener);

impl Trap {
    fn set() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
        listener.set_nonblocking(true).expect("a socket");
        Self(listener)
    }

    fn url(&self) -> String {
        format!("http://{}/", self.0.local_addr().expect("a bound socket has an address"))
    }

    /// Connections wait to be accepted, so that none is missed.
    fn caught_somebody(&self) -> bool {
        self.0.accept().is_ok()
    }
}

fn world() -> World {
    let role = Role {
        arn: ROLE.to_owned(),
        external_id: None,
        fleet: Fleet::demo(),
        ecs: AwsOptions::default().ecs,
    };
    let ecs = BTreeMap::from([("ap-northeast-1".to_owned(), EcsFleet::demo())]);
    let aws = AwsOptions { roles: vec![role], ecs, ..AwsOptions::default() };
    World::new(Setup { config: CONFIG.to_owned(), aws, ..Setup::default() })
}

/// Runs a cold function while every call of `operation`, or of every sink, is answered with `status`.
async fn redirected<F: Function>(operation: Option<&str>, status: u16, trap: &Trap) {
    let world = world();
    let location = ("location".to_owned(), trap.url());
    let fault = Fault::Answer(status, vec![location], String::new());
    let rule = Rule::on(operation.unwrap_or_default(), fault).forever();
    let places = match operation {
        Some(_) => vec![world.aws.faults()],
        None => vec![world.receiver.faults().clone(), world.mackerel.faults().clone()],
    };
    places.iter().for_each(|faults| faults.push(rule.clone()));
    let handler = world.function::<F>(&[]).await;
    let outcome = world.run_within(&handler, minute(5), TIME).await;
    let report = outcome.report.to_json();
    let said = !outcome.report.errors.is_empty() || outcome.failure.is_some();
    assert!(said, "{operation:?} {status}: nothing was redirected: {report}");
    assert!(!trap.caught_somebody(), "{operation:?} {status}: the redirect was followed");
}

#[tokio::test]
async fn no_redirect_of_an_aws_service_is_followed() {
    let trap = Trap::set();
    let operations = ["cloudwatch:", "cloudfront:", "s3:", "ssm:", "sts:"];
    let all = operations.iter().flat_map(|operation| [302, 307].map(|status| (*operation, status)));
    let all =
        all.map(|(operation, status)| redirected::<CloudFront>(Some(operation), status, &trap));
    let of_ecs = [302, 307].map(|status| redirected::<Ecs>(Some("ecs:"), status, &trap));
    join(join_all(all), join_all(of_ecs)).await;
}

#[tokio::test]
async fn no_redirect_of_a_receiver_is_followed() {
    let trap = Trap::set();
    join_all([301, 302, 303, 307, 308].map(|status| redirected::<CloudFront>(None, status, &trap)))
        .await;
}
