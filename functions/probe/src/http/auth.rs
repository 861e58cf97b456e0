//! What is added to a request on its way: cookies, credentials, `http_headers`.

use http::{Authorization, basic_authorization};
use http1::header::{AUTHORIZATION, COOKIE};
use http1::{HeaderMap, HeaderName, HeaderValue};
use secrecy::ExposeSecret as _;

use super::cookies::Jar;
use super::redirect::SENSITIVE;
use super::request::Draft;
use crate::frame::{Failure, Probe, Reason};
use crate::module::Http;

/// The credentials of one probe. An OAuth2 token serves the whole chain and no other probe, as in the original: that the
/// token endpoint works is part of what is probed.
#[derive(Debug)]
pub(super) struct Credentials<'a> {
    module: &'a Http,
    authorization: Authorization,
}

impl<'a> Credentials<'a> {
    pub(super) fn new(module: &'a Http, probe: &Probe<'_>) -> Result<Self, Failure> {
        let client = &module.client;
        let equipment = probe.equipment;
        let authorization = equipment
            .factory
            .authorization(client.auth.as_ref(), client.enable_http2, &equipment.secrets)
            .map_err(|error| described(&error))?;
        Ok(Self { module, authorization })
    }

    /// The headers of a request, whole. `is_abroad`: the chain has left the target's host or https, where credentials stay.
    pub(super) async fn headers(
        &self,
        draft: &Draft,
        jar: &Jar,
        is_abroad: bool,
        probe: &Probe<'_>,
    ) -> Result<HeaderMap, Failure> {
        let mut headers = draft.headers.clone();
        add_cookies(&mut headers, draft, jar)?;
        self.add_configured(&mut headers, is_abroad, probe).await?;
        if let Some(user) = draft.url.user.as_ref().filter(|user| !user.is_empty())
            && !headers.contains_key(AUTHORIZATION)
        {
            let value = basic_authorization(&user.name, &user.password);
            headers.insert(AUTHORIZATION, value.map_err(|error| described(&error))?);
        }
        if !is_abroad && !headers.contains_key(AUTHORIZATION) {
            let now = probe.equipment.clock.now();
            let header =
                probe.within("get the credentials", self.authorization.header(now)).await?;
            if let Some(value) = header.map_err(|error| described(&error))? {
                headers.insert(AUTHORIZATION, value);
            }
        }
        Ok(headers)
    }

    /// `http_headers`, beside whatever is there.
    async fn add_configured(
        &self,
        headers: &mut HeaderMap,
        is_abroad: bool,
        probe: &Probe<'_>,
    ) -> Result<(), Failure> {
        for config::Header { name, values } in &self.module.client.http_headers {
            let known = HeaderName::try_from(name)
                .map_err(|_| Failure::new(Reason::Module, format!("{name:?} is no header name")))?;
            if is_abroad && SENSITIVE.contains(&known) {
                continue;
            }
            for secret in values {
                let got = probe.within("get the headers", probe.equipment.secrets.get(secret));
                let text = got.await?.map_err(|error| unavailable(&error))?;
                let mut value =
                    HeaderValue::from_str(text.expose_secret().trim()).map_err(|_| {
                        let message = format!("the value of the header {name} cannot be sent");
                        Failure::new(Reason::Credentials, message)
                    })?;
                value.set_sensitive(true);
                headers.append(&known, value);
            }
        }
        Ok(())
    }

    /// Has referenced secrets read again for the next probe, after this one was refused. Nobody waits for it.
    pub(super) fn refresh(&self, probe: &Probe<'_>) {
        for reference in self.module.client.secrets() {
            let secret = config::Secret::Reference(reference.clone());
            let secrets = probe.equipment.secrets.clone();
            tokio::spawn(async move {
                // What cannot be read now is said by the probe that needs it.
                drop(secrets.refresh(&secret).await);
            });
        }
    }
}

fn add_cookies(headers: &mut HeaderMap, draft: &Draft, jar: &Jar) -> Result<(), Failure> {
    let Some(cookies) = jar.header(&draft.host, &draft.url) else { return Ok(()) };
    let all = match headers.get(COOKIE).and_then(|given| given.to_str().ok()) {
        Some(given) if !given.is_empty() => format!("{given}; {cookies}"),
        _ => cookies,
    };
    let mut value = HeaderValue::from_str(&all).map_err(|_| {
        Failure::new(Reason::Protocol, "the server set cookies that cannot be sent back")
    })?;
    value.set_sensitive(true);
    headers.insert(COOKIE, value);
    Ok(())
}

fn unavailable(error: &aws::SecretError) -> Failure {
    Failure::new(Reason::Credentials, error.to_string())
}

/// An error with its sources.
fn described(error: &http::SendError) -> Failure {
    let mut message = error.to_string();
    if let Some(source) = std::error::Error::source(error) {
        message = format!("{message}: {source}");
    }
    Failure::new(Reason::Credentials, message)
}
