//! A real nginx, to be probed: HTTP/1.1 and HTTP/2, plain and over TLS.

use std::cell::Cell;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::child::{Child, free_port};
use crate::plain_http;
use crate::targets::certificates::Identity;

/// The password of `/private`: its user is `user`.
pub const PASSWORD: &str = "planted-target-password";

/// A running nginx: one process, which ends with the test.
#[derive(Debug)]
pub struct Nginx {
    child: Child,
    plain: SocketAddr,
    secure: SocketAddr,
}

impl Nginx {
    /// Starts it with the certificate of its TLS port.
    pub fn start(identity: &Identity) -> Self {
        let second = Cell::new(None);
        let (child, plain) = Child::serve(
            |plain, folder| {
                let secure = free_port();
                second.set(Some(secure));
                let file = prepare(folder.path(), identity, plain, secure);
                let mut command = Command::new(program());
                command.arg("-e").arg("stderr").arg("-p").arg(folder.path()).arg("-c").arg(file);
                command
            },
            |addr| plain_http::get(addr, "/", &[]).is_ok_and(|answer| answer.status == 200),
        );
        let secure = second.get().expect("it was started");
        Self { child, plain, secure }
    }

    /// Where it speaks HTTP.
    pub fn plain(&self) -> SocketAddr {
        self.plain
    }

    /// Where it speaks HTTPS: HTTP/2 to those who offer it.
    pub fn secure(&self) -> SocketAddr {
        self.secure
    }

    /// What it says of itself, and one line a request.
    pub fn log(&self) -> String {
        self.child.output()
    }
}

/// Debian keeps servers where only root's PATH looks.
fn program() -> PathBuf {
    let debian = PathBuf::from("/usr/sbin/nginx");
    if debian.is_file() { debian } else { PathBuf::from("nginx") }
}

/// Writes all that it reads into its folder: nothing of the machine's own configuration is used.
fn prepare(folder: &Path, identity: &Identity, plain: SocketAddr, secure: SocketAddr) -> PathBuf {
    let write = |name: &str, text: &[u8]| {
        let file = folder.join(name);
        fs::write(&file, text).expect("a file of nginx");
        file
    };
    fs::create_dir(folder.join("site")).expect("a folder of nginx");
    write("site/index.html", b"<html>here</html>\n");
    write("site/big.html", "a line that compresses well\n".repeat(1000).as_bytes());
    write("site/in.txt", b"in\n");
    write("passwords", format!("user:{{PLAIN}}{PASSWORD}\n").as_bytes());
    write("chain.pem", identity.chain_pem().as_bytes());
    write("key.pem", identity.key_pem().as_bytes());
    let configuration = CONFIGURATION
        .replace("{plain}", &plain.to_string())
        .replace("{secure}", &secure.to_string())
        .replace("{folder}", &folder.display().to_string());
    write("nginx.conf", configuration.as_bytes())
}

/// One process, no daemon: it is ended by the id that it was started with.
const CONFIGURATION: &str = r#"
daemon off;
master_process off;
pid {folder}/pid;
events { worker_connections 512; }
http {
  access_log /dev/stdout;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  types { text/html html; }
  server {
    listen {plain};
    listen {secure} ssl http2;
    ssl_certificate {folder}/chain.pem;
    ssl_certificate_key {folder}/key.pem;
    root {folder}/site;
    gzip_proxied any;
    add_header X-Served-By nginx always;
    location = /gzip { gzip on; gzip_min_length 1; alias {folder}/site/big.html; default_type text/html; }
    location = /private { auth_basic private; auth_basic_user_file {folder}/passwords; alias {folder}/site/in.txt; }
    location = /relative { absolute_redirect off; return 302 /index.html; }
    location = /permanent { absolute_redirect off; return 308 /index.html; }
    location = /to-secure { return 301 https://{secure}/index.html; }
    location = /to-plain { return 301 http://{plain}/index.html; }
    location = /loop { absolute_redirect off; return 302 /loop; }
    location = /twice { absolute_redirect off; return 302 /relative; }
    location = /teapot { return 418 "short and stout\n"; }
    location = /error { return 500 "broken\n"; }
    location = /empty { return 204; }
    location = /json { default_type application/json; return 200 '{"status": "up", "count": 3}'; }
  }
}
"#;
