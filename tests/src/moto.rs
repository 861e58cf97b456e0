//! moto: other people's emulation of AWS, as a second opinion on what ours says S3, Parameter Store and CloudFront do.
//!
//! It checks no signature, and speaks no protocol that the CloudWatch SDK does: CloudWatch stays with our emulator.
//! What it is to hold is written in AWS's own protocols, by hand.

use std::net::SocketAddr;
use std::process::Command;

use serde_json::{Value, json};

use crate::child::{self, Child};
use crate::plain_http::{self, Answer};

/// A running moto with nothing in it.
#[derive(Debug)]
pub struct Moto {
    _child: Child,
    addr: SocketAddr,
}

impl Moto {
    /// Starts it.
    pub fn start() -> Self {
        let server = child::program("HOSTLESS_VENV", "bin/moto_server");
        let (child, addr) = Child::serve(
            |addr, _| {
                let mut command = Command::new(&server);
                command.args(["-H", &addr.ip().to_string(), "-p", &addr.port().to_string()]);
                command
            },
            |addr| {
                let answer = plain_http::get(addr, "/moto-api/", &[]);
                answer.is_ok_and(|answer| answer.status == 200)
            },
        );
        Self { _child: child, addr }
    }

    /// The endpoint of all its services.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Makes a bucket.
    pub fn create_bucket(&self, name: &str) {
        let place = "<CreateBucketConfiguration><LocationConstraint>ap-northeast-1</LocationConstraint>\
                     </CreateBucketConfiguration>";
        self.ask("s3", "PUT", &format!("/{name}"), &[], place);
    }

    /// An object's body, if it is there.
    pub fn object(&self, bucket: &str, key: &str) -> Option<String> {
        let answer = self.send("s3", "GET", &format!("/{bucket}/{key}"), &[], "");
        (answer.status == 200).then_some(answer.body)
    }

    /// Puts a parameter that is encrypted.
    pub fn put_parameter(&self, name: &str, value: &str) {
        let body = json!({ "Name": name, "Value": value, "Type": "SecureString" }).to_string();
        let headers = [
            ("x-amz-target", "AmazonSSM.PutParameter"),
            ("content-type", "application/x-amz-json-1.1"),
        ];
        let answer: Value = self.ask("ssm", "POST", "/", &headers, &body).json();
        assert_eq!(answer["Version"], 1, "{name}");
    }

    /// Makes a distribution with one alias and gives back its id.
    pub fn create_distribution(&self, alias: &str, comment: &str) -> String {
        let headers = [("content-type", "application/xml")];
        let body = distribution(alias, comment);
        let answer = self.ask("cloudfront", "POST", "/2020-05-31/distribution", &headers, &body);
        let id = answer.body.split_once("<Id>").and_then(|(_, rest)| rest.split_once("</Id>"));
        id.expect("the id of the new distribution").0.to_owned()
    }

    fn ask(
        &self,
        service: &str,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let answer = self.send(service, method, target, headers, body);
        assert!((200..300).contains(&answer.status), "{method} {target}: {answer:?}");
        answer
    }

    /// moto finds the service of a request in the scope of its signature, and looks no further.
    fn send(
        &self,
        service: &str,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let scope = format!("AKIAMOTO000000000000/20261120/ap-northeast-1/{service}/aws4_request");
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none");
        let mut headers = headers.to_vec();
        headers.push(("authorization", &authorization));
        plain_http::send(self.addr, method, target, &headers, body).expect("an answer of moto")
    }
}

/// The least that `CreateDistribution` takes.
fn distribution(alias: &str, comment: &str) -> String {
    format!(
        "<DistributionConfig xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\">\
         <CallerReference>{alias}</CallerReference>\
         <Aliases><Quantity>1</Quantity><Items><CNAME>{alias}</CNAME></Items></Aliases>\
         <Origins><Quantity>1</Quantity><Items><Origin><Id>origin</Id>\
         <DomainName>origin.{alias}</DomainName>\
         <CustomOriginConfig><HTTPPort>80</HTTPPort><HTTPSPort>443</HTTPSPort>\
         <OriginProtocolPolicy>https-only</OriginProtocolPolicy></CustomOriginConfig>\
         </Origin></Items></Origins>\
         <DefaultCacheBehavior><TargetOriginId>origin</TargetOriginId>\
         <ViewerProtocolPolicy>redirect-to-https</ViewerProtocolPolicy>\
         </DefaultCacheBehavior>\
         <Comment>{comment}</Comment><Enabled>true</Enabled></DistributionConfig>"
    )
}
