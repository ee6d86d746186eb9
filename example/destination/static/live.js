// Keeps the page up to date: asks for what is new, and puts it on top.

const PAUSE = 1000; // milliseconds between an answer and the next question

const { events: address, most } = document.body.dataset;
const table = document.querySelector("#events");
const body = table.tBodies[0];
const empty = document.querySelector("#empty");
const state = document.querySelector("#state");
const line = document.querySelector("#line");
let newest = Number(body.rows[0]?.dataset.number ?? 0);

// Events come from strangers. As textContent, whatever they hold stays text.
function fill({ number, row }) {
  const filled = line.content.cloneNode(true).querySelector("tr");
  filled.dataset.number = number;
  filled.dataset.source = row.source;
  filled.classList.add("new");
  for (const cell of filled.querySelectorAll("[data-cell]")) {
    cell.textContent = row[cell.dataset.cell];
  }
  return filled;
}

function show(events) {
  for (const event of events) {
    body.prepend(fill(event));
    newest = event.number;
  }
  while (body.rows.length > most) body.rows[body.rows.length - 1].remove();
  table.hidden = body.rows.length === 0;
  empty.hidden = !table.hidden;
}

function say(text) {
  if (state.textContent !== text) state.textContent = text; // a screen reader hears it once
}

async function ask() {
  const response = await fetch(`${address}?after=${newest}`);
  if (!response.ok) throw new Error(`${response.status}`);
  show((await response.json()).events);
}

async function run() {
  try {
    await ask();
    say("The last to arrive comes first.");
  } catch {
    say("The destination does not answer.");
  }
  setTimeout(run, PAUSE);
}

run();
