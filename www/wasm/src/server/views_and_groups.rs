//! Views, and groups of deployments, for JavaScript.

use redmux::{Error, group::Group};
use wasm_bindgen::prelude::*;

use super::{jobs::Failure, views::Wanted, words::words};
use crate::RawClient;

#[wasm_bindgen]
impl RawClient {
    /// Changes a group: `failOver` to a member, `release`, `remove` a member, or set the `weight` of one. Done with what the
    /// change returns.
    #[wasm_bindgen(js_name = changeGroup)]
    pub fn change_group(&self, task: u32, what: String, name: String, weight: f64) {
        self.run(task, move |muxer| async move {
            let group = muxer.group().ok_or(Failure::Gone("group"))?;
            Ok(change(&group, &what, &name, weight).await?)
        });
    }
}

async fn change(group: &Group, what: &str, name: &str, weight: f64) -> Result<JsValue, Error> {
    match what {
        "failOver" => return Ok(group.fail_over_to(name).await?.into()),
        "release" => group.release().await?,
        "remove" => group.remove(name).await?,
        _ => group.set_weight(name, weight).await?,
    }
    Ok(JsValue::UNDEFINED)
}

#[wasm_bindgen]
impl RawClient {
    /// Makes a view of what has this number, with these differences: names and values, of `node` (an endpoint), `readFrom`,
    /// `retry` and `keyPrefix`; whether that is possible.
    pub fn view(&self, number: u32, place: u32, heads: Vec<u32>, bytes: Vec<u8>) -> bool {
        let text = |word: Vec<u8>| String::from_utf8_lossy(&word).into_owned();
        let steps = words(heads, bytes).into_iter().map(text).collect();
        self.extras.views.want(self.muxer.get(), Wanted { number, place, steps })
    }

    /// Lets go of a view, and of its connection, if it has one.
    #[wasm_bindgen(js_name = dropView)]
    pub fn drop_view(&self, number: u32) {
        self.extras.views.remove(number);
    }

    /// The hash slot of a key.
    #[wasm_bindgen(js_name = hashSlot)]
    pub fn hash_slot(&self, key: &[u8]) -> u32 {
        self.muxer.get().map_or(0, |muxer| muxer.hash_slot(key).into())
    }
}
