//! Credentials that JavaScript provides, on each connect and before they expire.

use std::{error::Error as StdError, fmt, rc::Rc};

use futures::channel::oneshot;
use redmux::{
    Endpoint,
    options::{Credentials, CredentialsProvider},
    transport::{BoxFuture, ErrorText},
};
use wasm_bindgen::prelude::*;

use super::asked::Asked;
use crate::{RawClient, hooks::Hooks, options::duration};

/// Asks the JavaScript side
pub(super) struct JsProvider {
    pub(super) hooks: Rc<Hooks>,
    pub(super) asked: Asked,
}

impl CredentialsProvider for JsProvider {
    fn credentials<'a>(
        &'a self,
        server: &'a Endpoint,
    ) -> BoxFuture<'a, Result<Credentials, Box<dyn StdError + Send + Sync>>> {
        Box::pin(async move {
            let (number, answer) = self.asked.ask();
            self.hooks.told(number, "credentials", server.to_string().into());
            match answer.await {
                Ok(Ok(credentials)) => Ok(credentials),
                Ok(Err(text)) => Err(ErrorText(text).into()),
                Err(oneshot::Canceled) => Err(ErrorText("the client is closed".into()).into()),
            }
        })
    }
}

impl fmt::Debug for JsProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JsProvider")
    }
}

#[wasm_bindgen]
impl RawClient {
    /// What was asked for under this number: a password, with a user name and milliseconds that it is valid for, or why
    /// there is none.
    #[wasm_bindgen(js_name = giveCredentials)]
    pub fn give_credentials(
        &self,
        number: u32,
        password: Option<String>,
        username: Option<String>,
        valid_for: Option<f64>,
        failure: String,
    ) {
        let credentials = password.map(|password| {
            let credentials = Credentials::new(password);
            let credentials = match username {
                Some(username) => credentials.username(username),
                None => credentials,
            };
            match valid_for {
                Some(time) => credentials.valid_for(duration(time)),
                None => credentials,
            }
        });
        self.extras.asked.answer(number, credentials.ok_or(failure));
    }
}
