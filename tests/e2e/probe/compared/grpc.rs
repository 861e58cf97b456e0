//! The health service of gRPC.

use std::collections::BTreeMap;

use tests::targets::certificates::Authority;
use tests::targets::grpc::{Health, Serving};
use tests::targets::script::{Line, say};
use tests::targets::tls::Tls;

use super::{Site, cases, compare};

fn site() -> Site {
    let mut site = Site::new();
    let authority = Authority::new("test");
    let server = authority.server();
    let tls = Tls { protocols: vec![b"h2"], ..Tls::of(&server) }.acceptor();
    let of = |service: &str, serving| (service.to_owned(), serving);
    let health = Health::Of(BTreeMap::from([
        of("", Serving::Serving),
        of("up", Serving::Serving),
        of("down", Serving::NotServing),
        of("odd", Serving::Unknown),
    ]));
    let plain = site.targets.grpc(health.clone(), None).addr;
    site.place("plain", plain);
    site.place("plain_port", plain.port());
    let secure = site.targets.grpc(health, Some(tls)).addr;
    site.place("tls", secure);
    site.place("tls_port", secure.port());
    site.place("bare", site.targets.grpc(Health::Unimplemented, None).addr);
    site.place("garbage", site.targets.script(vec![say("220 this is no HTTP/2\r\n"), Line::Stay]));
    site.place("nobody", site.targets.nobody());
    site.file("ca", &authority.root_pem());
    site
}

const CASES: &str = include_str!("grpc.txt");

#[tokio::test]
async fn grpc_probes_say_what_the_original_says() {
    compare("grpc", &site(), &cases(CASES)).await;
}
