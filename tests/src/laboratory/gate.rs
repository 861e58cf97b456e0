//! A door in front of a real receiver, so that it can be away, slow or cut off by script like an emulated one.
//!
//! One request a connection: it is let through as it is, and so is the answer, unless the script says otherwise.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use emulators::faults::{Attempt, Fault, Faults};
use emulators::receivers::remote_write::WRITE;

/// A gate that is open until the script says otherwise; dropping it closes it.
#[derive(Debug)]
pub struct Gate {
    addr: SocketAddr,
    path: String,
    faults: Faults,
    over: Arc<AtomicBool>,
    porter: Option<JoinHandle<()>>,
}

impl Gate {
    /// A gate in front of `http://ADDRESS/PATH`.
    ///
    /// # Panics
    /// When there is no port for it, or the URL is not of that form.
    pub fn before(url: &str) -> Self {
        let inside = url.strip_prefix("http://").expect("a plain URL");
        let (inside, path) = inside.split_once('/').expect("a path");
        let inside: SocketAddr = inside.parse().expect("an address");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
        let addr = listener.local_addr().expect("a bound socket has an address");
        let (faults, over) = (Faults::default(), Arc::new(AtomicBool::new(false)));
        let (script, told) = (faults.clone(), Arc::clone(&over));
        let porter = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if told.load(Ordering::Relaxed) {
                    break;
                }
                let script = script.clone();
                // Whoever is cut off hears nothing, and neither does anybody here.
                thread::spawn(move || pass(stream, inside, &script).ok());
            }
        });
        Self { addr, path: path.to_owned(), faults, over, porter: Some(porter) }
    }

    /// Where to knock instead.
    pub fn url(&self) -> String {
        format!("http://{}/{}", self.addr, self.path)
    }

    /// The script.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes the porter, who looks before he lets anybody in.
        TcpStream::connect(self.addr).ok();
        if let Some(porter) = self.porter.take() {
            porter.join().ok();
        }
    }
}

/// One connection.
fn pass(mut outside: TcpStream, inside: SocketAddr, script: &Faults) -> io::Result<()> {
    let request = read(&outside)?;
    let let_in = || -> io::Result<Vec<u8>> {
        let mut door = TcpStream::connect(inside)?;
        door.write_all(&request)?;
        let mut answer = Vec::new();
        door.read_to_end(&mut answer)?;
        Ok(answer)
    };
    let answer = match script.next(Attempt::of(WRITE)) {
        None => let_in()?,
        Some(Fault::Status(status, body)) => answer(status, &[], &body),
        Some(Fault::Answer(status, headers, body)) => answer(status, &headers, &body),
        Some(Fault::Throttle) => answer(429, &[], "too many requests"),
        Some(Fault::CutAfter) => return let_in().map(drop),
        Some(Fault::CutInBody) => {
            let_in()?;
            b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ncut".to_vec()
        }
        Some(Fault::Delay(time)) => {
            let answer = let_in()?;
            pause(time);
            answer
        }
        Some(Fault::Hang) => {
            // Until the other side has had enough.
            return outside.read(&mut [0]).map(drop);
        }
        Some(_) => return outside.shutdown(Shutdown::Both),
    };
    outside.write_all(&answer)
}

/// A request, told to end its connection so that the answer ends as well.
fn read(stream: &TcpStream) -> io::Result<Vec<u8>> {
    let mut reader = BufReader::new(stream);
    let (mut request, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(|_| io::ErrorKind::InvalidData)?;
        }
        if line.trim().is_empty() {
            request.extend(b"connection: close\r\n\r\n");
            break;
        }
        request.extend(line.as_bytes());
    }
    let head = request.len();
    request.resize(head + length, 0);
    reader.read_exact(&mut request[head..])?;
    Ok(request)
}

fn answer(status: u16, headers: &[(String, String)], body: &str) -> Vec<u8> {
    let length = body.len();
    let mut answer =
        format!("HTTP/1.1 {status} scripted\r\ncontent-length: {length}\r\nconnection: close\r\n");
    for (name, value) in headers {
        answer += &format!("{name}: {value}\r\n");
    }
    (answer + "\r\n" + body).into_bytes()
}

#[expect(clippy::disallowed_methods, reason = "a thread of its own is slow on purpose")]
fn pause(time: std::time::Duration) {
    thread::sleep(time);
}

#[cfg(test)]
mod tests {
    use emulators::faults::Rule;
    use emulators::receivers::remote_write::{Options, RemoteWriteReceiver};

    use super::*;
    use crate::plain_http::send;

    #[test]
    fn a_request_goes_through_or_not_as_the_script_says() {
        let receiver = RemoteWriteReceiver::start(Options::default());
        let gate = Gate::before(&receiver.url());
        let knock = || send(gate.addr, "POST", "/api/v1/write", &[], "no snappy").map(|a| a.status);
        assert_eq!(knock().expect("an answer"), 400);
        gate.faults().push(Rule::on("", Fault::Status(503, "away".to_owned())));
        assert_eq!(knock().expect("an answer"), 503);
        assert_eq!(receiver.requests().len(), 1, "nobody inside heard of it");
        gate.faults().push(Rule::on("", Fault::CutAfter));
        assert!(knock().is_err());
        assert_eq!(receiver.requests().len(), 2, "it was carried out");
        gate.faults().push(Rule::on("", Fault::CutConnection));
        assert!(knock().is_err());
        assert_eq!(receiver.requests().len(), 2);
        assert!(gate.url().ends_with("/api/v1/write"));
    }
}
