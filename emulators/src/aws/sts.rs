//! Security Token Service: AssumeRole and GetCallerIdentity.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::StatusCode;

use super::error::ServiceError;
use super::front::Context;
use super::protocol::node::{Node, map, time};
use crate::sigv4::Key;

/// The service's XML namespace.
pub(crate) const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

pub(super) fn call(
    context: &Context<'_>,
    operation: &str,
    request: &Node,
) -> Result<Node, ServiceError> {
    match operation {
        "AssumeRole" => assume_role(context, request),
        "GetCallerIdentity" => Ok(caller_identity(context)),
        other => {
            Err(ServiceError::sender("InvalidAction", format!("could not find operation {other}")))
        }
    }
}

fn caller_identity(context: &Context<'_>) -> Node {
    let caller = &context.caller;
    map([
        ("Arn", context.world.principal(&caller.access_key).into()),
        ("UserId", format!("AROAEMULATOR:{}", caller.access_key).into()),
        ("Account", caller.account.as_str().into()),
    ])
}

/// A key of its own for each call, so that what is done with it is seen under the role's account.
fn assume_role(context: &Context<'_>, request: &Node) -> Result<Node, ServiceError> {
    let arn = request.required_text("RoleArn")?;
    let session = request.required_text("RoleSessionName")?;
    let duration = request.integer("DurationSeconds")?.unwrap_or(3600);
    if !(900..=43_200).contains(&duration) {
        return Err(ServiceError::validation("DurationSeconds must be between 900 and 43200"));
    }
    let external_id = request.text("ExternalId")?;
    let role = context.world.roles.iter().find(|role| {
        // A trust policy without the condition does not look at the external id.
        role.arn == arn
            && role.external_id.as_deref().is_none_or(|wanted| external_id == Some(wanted))
    });
    let Some(role) = role else {
        let caller = context.world.principal(&context.caller.access_key);
        let message = format!(
            "User: {caller} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        );
        return Err(ServiceError::new(StatusCode::FORBIDDEN, "AccessDenied", message));
    };

    let key = next_key(role.account());
    let name = role.arn.rsplit('/').next().unwrap_or_default();
    let principal = format!("arn:aws:sts::{}:assumed-role/{name}/{session}", role.account());
    let answer = map([
        (
            "AssumedRoleUser",
            map([
                ("AssumedRoleId", format!("AROAEMULATOR:{session}").into()),
                ("Arn", principal.as_str().into()),
            ]),
        ),
        (
            "Credentials",
            map([
                ("AccessKeyId", key.access_key.as_str().into()),
                ("SecretAccessKey", key.secret.as_str().into()),
                ("SessionToken", key.session_token.clone().into()),
                ("Expiration", time(crate::wall_clock::now() + duration)),
            ]),
        ),
    ]);
    context.world.admit(key, principal);
    Ok(answer)
}

fn next_key(account: &str) -> Key {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    Key {
        access_key: format!("ASIAROLE{number:012}"),
        secret: format!("secret-of-role-key-{number:020}"),
        session_token: Some(format!("session-token-of-role-key-{number}")),
        account: account.to_owned(),
    }
}
