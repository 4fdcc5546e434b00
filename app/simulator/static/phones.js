// Keeps the page fresh: listens to the exchange's events, fetches the parts that changed, and sends forms without leaving the page.
// Without this script every form and link still works.

const phone = document.body.dataset.phone;
const touched = {
  phone: ["phones"],
  message: ["phones", "thread"],
  status: ["thread"],
  call: ["call", "phones"],
  log: ["log"],
  story: ["story"],
  reset: ["phones", "thread", "call", "story", "log"],
};
const waiting = new Set();
let timer = 0;

function fresh(parts) {
  for (const part of parts) waiting.add(part);
  if (!timer) timer = setTimeout(fetchWaiting, 120);
}

async function fetchWaiting() {
  const parts = [...waiting].filter((part) => document.querySelector(`[data-part="${part}"]`));
  waiting.clear();
  await Promise.all(parts.map(replace));
  timer = 0;
  if (waiting.size) fresh([]);
}

async function replace(part) {
  const query = phone ? `?${new URLSearchParams({ phone })}` : "";
  const answer = await fetch(`/simulator/parts/${part}${query}`);
  if (!answer.ok) return;
  const place = document.querySelector(`[data-part="${part}"]`);
  const focused = document.activeElement;
  const typing = place.contains(focused) && focused.matches("input:not([type=hidden])") && focused.value;
  if (typing) return;
  const kept = place.contains(focused) ? focused.getAttribute("value") : null;
  place.innerHTML = await answer.text();
  if (kept) place.querySelector(`[value="${CSS.escape(kept)}"]`)?.focus();
  toEnd(place);
}

function toEnd(root) {
  const lists = root.matches("[data-scroll]") ? [root] : [...root.querySelectorAll("[data-scroll]")];
  for (const list of lists) list.scrollTop = list.scrollHeight;
}

function fail(words) {
  const place = document.querySelector("[data-failure]");
  place.textContent = words;
  place.hidden = !words;
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  event.preventDefault();
  const fields = new FormData(form, event.submitter);
  const given = form.enctype === "multipart/form-data" ? fields : new URLSearchParams(fields);
  const area = form.querySelector("textarea");
  if ("clear" in form.dataset) area.value = "";
  const answer = await fetch(form.action, { method: "POST", body: given, headers: { "X-Simulator": "script" } });
  fail(answer.ok ? "" : await answer.text());
  if (!answer.ok && area) area.value = given.get("body");
  const files = form.querySelector("input[type=file]");
  if (answer.ok && files) {
    files.value = "";
    markFiles(files);
  }
  if (answer.ok && "goto" in form.dataset) location.href = `/simulator/?${new URLSearchParams({ phone: answer.headers.get("X-Phone") })}`;
  else if (answer.ok && form.classList.contains("power")) location.reload();
  else fresh(["call", "thread", "phones", "story"]);
  if (area) area.focus();
});

function markFiles(input) {
  input.closest("label").dataset.count = input.files.length || "";
}

document.querySelector(".attach input")?.addEventListener("change", (event) => markFiles(event.target));

document.querySelector(".composer textarea")?.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
});

const live = document.querySelector("[data-live]");
const events = new EventSource("/simulator/api/events");
for (const [kind, parts] of Object.entries(touched)) events.addEventListener(kind, () => fresh(parts));
events.addEventListener("open", () => {
  live.textContent = live.dataset.on;
  live.className = "live on";
  fresh(Object.values(touched).flat());
});
events.addEventListener("error", () => {
  live.textContent = live.dataset.off;
  live.className = "live";
});

toEnd(document.body);
