// A vote that every open page sees at once: counts in a hash, changes on a channel.

import { connect } from "redmux";

const CHOICES = ["tea", "coffee", "water"];
const state = document.getElementById("state");
const list = document.getElementById("choices");

const outputs = new Map(
  CHOICES.map((choice) => {
    const line = list.appendChild(document.createElement("li"));
    const button = line.appendChild(document.createElement("button"));
    button.textContent = choice;
    button.addEventListener("click", () => vote(choice));
    const output = line.appendChild(document.createElement("output"));
    output.setAttribute("aria-label", `votes for ${choice}`);
    return [choice, output];
  }),
);

// The gateway that serves the page; Vite's own server passes this path on to it.
const redis = await connect("/redis");
redis.on("connectionFailed", () => (state.textContent = "not connected"));
redis.on("connectionRestored", () => (state.textContent = "connected"));

/** Counts all anew: at the start, and when messages may have been missed. */
async function load() {
  const counts = await redis.hGetAll("votes");
  for (const [choice, output] of outputs) output.textContent = counts[choice] ?? "0";
}

async function vote(choice) {
  try {
    const count = await redis.hIncrBy("votes", choice, 1);
    await redis.publish("votes", JSON.stringify({ choice, count }));
  } catch (error) {
    // "not-sent": it does not count, and can be given again; "maybe-executed": it may count.
    state.textContent = error.delivery === "not-sent" ? "not connected: vote again" : "look whether it counts";
  }
}

function show({ payload }) {
  const { choice, count } = JSON.parse(payload);
  const output = outputs.get(choice);
  // Messages of two voters may come in the other order.
  if (output) output.textContent = Math.max(count, Number(output.textContent));
}

// First the messages, then the counts: nothing is missed between them.
await redis.subscribe("votes", show, { onMissed: load });
await load();
state.textContent = "connected";
