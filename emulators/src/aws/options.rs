//! What an emulator starts with.

use std::collections::BTreeMap;

use crate::faults::Faults;
use crate::sigv4::Key;
use crate::traffic::Fleet;
use crate::traffic::ecs::EcsFleet;

/// How an emulator is set up; take [`Options::default`] and change what matters.
#[derive(Debug, Clone)]
pub struct Options {
    /// The distributions of the caller's own account.
    pub fleet: Fleet,
    /// What the caller's own account has of ECS, by region; nothing by default.
    pub ecs: BTreeMap<String, EcsFleet>,
    /// The caller's own account.
    pub account: String,
    /// The caller's own region; not us-east-1, so that a client that forgets where CloudFront's
    /// metrics live shows.
    pub region: String,
    /// The secret of the caller's key.
    pub secret: String,
    /// The token of the caller's key; on Lambda there always is one.
    pub session_token: Option<String>,
    /// Roles that the caller may assume, each in an account with distributions of its own.
    pub roles: Vec<Role>,
    /// CloudWatch's idea of now (epoch seconds); `None`: real time.
    pub now: Option<i64>,
    /// S3 buckets that are there.
    pub buckets: Vec<String>,
    /// The script of faults, if it is shared with other emulators.
    pub faults: Faults,
}

/// A role in another account.
#[derive(Debug, Clone)]
pub struct Role {
    /// `arn:aws:iam::ACCOUNT:role/NAME`.
    pub arn: String,
    /// What the role's trust policy asks for.
    pub external_id: Option<String>,
    /// The account's distributions.
    pub fleet: Fleet,
    /// What the account has of ECS, by region.
    pub ecs: BTreeMap<String, EcsFleet>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            fleet: Fleet::demo(),
            ecs: BTreeMap::new(),
            account: "123456789012".to_owned(),
            region: "ap-northeast-1".to_owned(),
            secret: "emulator/secret+key/of/forty/characters==".to_owned(),
            session_token: Some("emulator-session-token".to_owned()),
            roles: Vec::new(),
            now: None,
            buckets: vec!["hostless".to_owned()],
            faults: Faults::default(),
        }
    }
}

impl Options {
    pub(super) fn key(&self) -> Key {
        Key {
            access_key: "ASIAEMULATOR00000000".to_owned(),
            secret: self.secret.clone(),
            session_token: self.session_token.clone(),
            account: self.account.clone(),
        }
    }
}

impl Role {
    /// The account that the ARN names.
    pub(super) fn account(&self) -> &str {
        self.arn.split(':').nth(4).unwrap_or_default()
    }
}
