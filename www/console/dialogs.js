// Modal dialogs.

import { button, labelled, make } from "./dom.js";

/** Asks a question; `true` if the answer is yes. The safe answer has the focus. */
export function confirm(title, text, action, { detail = null } = {}) {
  return new Promise((resolve) => {
    const cancel = button("Cancel", () => dialog.close(), { data: { testid: "dialog-cancel" } });
    const yes = button(action, () => dialog.close("yes"), { kind: "danger", data: { testid: "dialog-yes" } });
    const children = [make("p", {}, text)];
    if (detail !== null) children.push(make("pre.well", { tabindex: "0" }, detail));
    const dialog = open(title, children, [cancel, yes], () => resolve(dialog.returnValue === "yes"), "alertdialog");
    cancel.focus();
  });
}

/**
 * Asks for texts. `fields` are `{ name, label, value, note, multiline, type }`; `accept(values)` acts on
 * them; if it throws, the dialog stays open with the error.
 */
export function ask(title, fields, action, accept) {
  return new Promise((resolve) => {
    const inputs = fields.map(({ value = "", multiline = false, type = "text", name }) => {
      const input = multiline ? make("textarea", { rows: "6" }) : make("input", { type });
      input.value = value;
      input.name = name;
      input.spellcheck = false;
      input.autocomplete = "off";
      input.dataset.testid = `dialog-${name}`;
      return input;
    });
    const fault = make("p.fault", { role: "alert", hidden: true, data: { testid: "dialog-fault" } });
    const submit = make("button.primary", { type: "submit", data: { testid: "dialog-yes" } }, action);
    const children = fields.map(({ label, note = null }, at) => labelled(label, inputs[at], note));
    const cancel = button("Cancel", () => dialog.close(), { data: { testid: "dialog-cancel" } });
    const dialog = open(title, [...children, fault], [cancel, submit], () => resolve(dialog.returnValue === "yes"));
    dialog.querySelector("form").addEventListener("submit", async (event) => {
      event.preventDefault();
      submit.disabled = true;
      try {
        await accept(Object.fromEntries(inputs.map((input) => [input.name, input.value])));
        dialog.close("yes");
      } catch (error) {
        fault.textContent = error.serverText ?? error.message;
        fault.hidden = false;
      } finally {
        submit.disabled = false;
      }
    });
    inputs[0]?.focus();
    inputs[0]?.select?.();
  });
}

/** Shows content until the user closes it. */
export function tell(title, ...children) {
  const close = button("Close", () => dialog.close(), { kind: "primary" });
  const dialog = open(title, children, [close], () => {});
  close.focus();
}

let number = 0;

function open(title, children, buttons, closed, role = null) {
  const id = `dialog-${++number}`;
  const before = document.activeElement;
  const form = make(
    "form",
    {},
    make("h2", { id }, title),
    make("div.dialog-body", {}, ...children),
    make("div.dialog-actions", {}, ...buttons),
  );
  const dialog = make("dialog", { "aria-labelledby": id, role, data: { testid: "dialog" } }, form);
  form.addEventListener("submit", (event) => event.preventDefault());
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (before?.isConnected) before.focus();
    closed();
  });
  // A click outside closes the dialog, as Escape does.
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
