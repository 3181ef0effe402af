//! The document: its elements, and what is shown in them. Text only, never HTML: others wrote it.

use wasm_bindgen::prelude::*;
use web_sys::{Document, Element, Event, HtmlButtonElement, HtmlInputElement, Window};

/// Lines that the log shows.
const LOGGED: u32 = 50;
/// Notes that the board shows.
const SHOWN: u32 = 20;

/// What has become of the connection
#[derive(Clone, Copy)]
pub(crate) enum State {
    Connected,
    Reconnecting,
    Closed,
}

/// The elements of `index.html`
pub(crate) struct Page {
    window: Window,
    document: Document,
    state: Element,
    visits: Element,
    notes: Element,
    fault: Element,
    log: Element,
    form: Element,
    note: HtmlInputElement,
    post: HtmlButtonElement,
    leave: HtmlButtonElement,
}

impl Page {
    /// # Errors
    /// The name of an element that is not there.
    pub(crate) fn find() -> Result<Self, JsValue> {
        let window = web_sys::window().ok_or("this is no page")?;
        let document = window.document().ok_or("this is no page")?;
        let find = |id: &str| {
            document.get_element_by_id(id).ok_or_else(|| format!("there is no element {id}"))
        };
        Ok(Self {
            state: find("state")?,
            visits: find("visits")?,
            notes: find("notes")?,
            fault: find("fault")?,
            log: find("log")?,
            form: find("form")?,
            note: find("note")?.dyn_into().map_err(|_| "note is no input")?,
            post: find("post")?.dyn_into().map_err(|_| "post is no button")?,
            leave: find("leave")?.dyn_into().map_err(|_| "leave is no button")?,
            window,
            document,
        })
    }

    /// The WebSocket of the gateway that has served the page.
    pub(crate) fn gateway(&self) -> String {
        let location = self.window.location();
        let secure = location.protocol().is_ok_and(|protocol| protocol == "https:");
        let scheme = if secure { "wss" } else { "ws" };
        format!("{scheme}://{}/redis", location.host().unwrap_or_default())
    }

    pub(crate) fn state(&self, state: State) {
        let (name, text) = match state {
            State::Connected => ("connected", "Connected"),
            State::Reconnecting => ("reconnecting", "Not connected. Trying again …"),
            State::Closed => ("closed", "Closed"),
        };
        // It cannot fail: the name is one of an attribute.
        let _ = self.state.set_attribute("data-state", name);
        self.state.set_text_content(Some(text));
        let closed = matches!(state, State::Closed);
        self.note.set_disabled(closed);
        self.post.set_disabled(closed);
        self.leave.set_disabled(closed);
    }

    pub(crate) fn visits(&self, count: i64) {
        self.visits.set_text_content(Some(&count.to_string()));
    }

    pub(crate) fn clear(&self) {
        self.notes.set_text_content(None);
    }

    /// Adds a note before the others.
    pub(crate) fn add(&self, note: &str) {
        self.first(&self.notes, note, SHOWN);
    }

    pub(crate) fn log(&self, line: &str) {
        self.first(&self.log, line, LOGGED);
    }

    pub(crate) fn fault(&self, text: &str) {
        self.fault.set_text_content(Some(text));
    }

    /// A note has been posted: there is room for the next.
    pub(crate) fn accepted(&self, note: &str) {
        self.fault("");
        // While it was on its way, another may have been begun.
        if self.note.value().trim() == note {
            self.note.set_value("");
        }
    }

    /// Calls back with what was entered, unless that is nothing.
    pub(crate) fn on_note(&self, posted: impl Fn(String) + 'static) {
        let input = self.note.clone();
        listen(&self.form, "submit", move |event| {
            // A form that is submitted loads the page again.
            event.prevent_default();
            let note = input.value();
            if !note.trim().is_empty() {
                posted(note.trim().to_owned());
            }
        });
    }

    pub(crate) fn on_leave(&self, left: impl Fn() + 'static) {
        listen(&self.leave, "click", move |_| left());
    }

    /// Puts an item first in a list that keeps at most `most` items.
    fn first(&self, list: &Element, text: &str, most: u32) {
        let Ok(item) = self.document.create_element("li") else { return };
        item.set_text_content(Some(text));
        // An element takes any other that is not around it.
        let _ = list.insert_before(&item, list.first_child().as_ref());
        while list.child_element_count() > most
            && let Some(last) = list.last_element_child()
        {
            last.remove();
        }
    }
}

/// Listens for as long as the page lives.
fn listen(element: &Element, event: &str, action: impl Fn(Event) + 'static) {
    let listener = Closure::<dyn Fn(Event)>::new(action);
    // It fails only for what is no function.
    let _ = element.add_event_listener_with_callback(event, listener.as_ref().unchecked_ref());
    listener.forget();
}
