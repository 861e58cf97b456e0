//! HTTP over TLS.

use tests::nginx::Nginx;
use tests::targets::certificates::{Authority, Identity};
use tests::targets::script::{Line, say};
use tests::targets::tls::Tls;
use tests::targets::web::plain;

use super::{Site, cases, compare};

/// nginx, and a server of our own for each kind of certificate.
fn site() -> Site {
    let mut site = Site::new();
    let (authority, strangers) = (Authority::new("test"), Authority::new("stranger"));
    let server = authority.server();
    let nginx = Nginx::start(&server);
    site.place("nginx", nginx.secure());
    site.place("nginx_plain", nginx.plain());
    site.place("nginx_port", nginx.secure().port());
    site.keep(nginx);
    let (own, client) = (Identity::self_signed(), authority.client());
    let kinds = [
        ("chain", server.clone()),
        ("expired", authority.expired()),
        ("other", authority.wrong_host()),
        ("verbose", authority.verbose()),
        ("stranger", strangers.server()),
        ("alone", server.clone().alone()),
        ("self", own.clone()),
    ];
    for (name, identity) in &kinds {
        serve(&mut site, name, &Tls::of(identity));
    }
    serve(&mut site, "old", &Tls { old: true, ..Tls::of(&server) });
    serve(&mut site, "choosy", &Tls { clients: Some(&client), ..Tls::of(&server) });
    site.file("ca", &authority.root_pem());
    site.file("self_ca", own.chain_pem());
    site.file("client_cert", client.chain_pem());
    site.file("client_key", client.key_pem());
    site.place("garbage", site.targets.script(vec![say("220 this is no TLS\r\n"), Line::Stay]));
    site.place("mute", site.targets.script(vec![Line::Stay]));
    site
}

fn serve(site: &mut Site, name: &str, tls: &Tls<'_>) {
    let web = site.targets.web(Some(tls.acceptor()), |_| plain("200 OK", "", b"hello"));
    site.place(name, web.addr);
}

const CASES: &str = include_str!("https.txt");

#[tokio::test]
async fn https_probes_say_what_the_original_says() {
    compare("https", &site(), &cases(CASES)).await;
}
