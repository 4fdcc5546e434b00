// What the console's pages do beside being pages: keys, "are you sure?", the claim's clock. Without this file every page still works.
"use strict";

document.documentElement.classList.add("scripted");

const typing = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;
const dialog = (id) => document.getElementById(id);

// Ask before what many people will be told. The button carries the question in data-sure.
let sure = null;
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) dialog(opener.dataset.open)?.showModal();
  const button = event.target.closest("button[data-sure]");
  const asking = dialog("sure");
  if (!button || !asking || button === sure) return;
  event.preventDefault();
  asking.querySelector("p").textContent = button.dataset.sure;
  asking.returnValue = "no";
  asking.showModal();
  asking.onclose = () => {
    if (asking.returnValue !== "yes" || !button.form) return;
    sure = button;
    button.form.requestSubmit(button);
    sure = null;
  };
});

// One press, one post: a button that was pressed waits for the next page.
document.addEventListener("submit", (event) => {
  if (event.target.method === "dialog") return;
  if (event.target.dataset.sent) {
    event.preventDefault();
    return;
  }
  event.target.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

// Keys: "g" and a letter goes to a page; single letters press the button or link that names them in data-key; j and k walk a list.
let going = 0;
const walk = (step) => {
  const items = [...document.querySelectorAll("[data-item]")];
  const at = items.indexOf(document.activeElement);
  items[Math.min(Math.max(at + step, 0), items.length - 1)]?.focus();
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
  const key = event.key.toLowerCase();
  if (Date.now() - going < 1500) {
    going = 0;
    document.querySelector(`[data-go="${CSS.escape(key)}"]`)?.click();
  } else if (key === "g") {
    going = Date.now();
  } else if (key === "?") {
    dialog("keys")?.showModal();
  } else if (key === "j" || key === "k") {
    walk(key === "j" ? 1 : -1);
  } else if (/^[a-z]$/.test(key)) {
    document.querySelector(`[data-key="${key}"]:not(:disabled)`)?.click();
  } else {
    return;
  }
  event.preventDefault();
});

// On a phone the menu is a strip that scrolls; where one is stands in the middle of it.
const strip = document.querySelector(".menu");
const here = strip?.querySelector("[aria-current]");
if (here) strip.scrollLeft += here.getBoundingClientRect().left - strip.getBoundingClientRect().left - (strip.clientWidth - here.offsetWidth) / 2;

// The account menu closes like a menu.
document.addEventListener("click", (event) => {
  document.querySelectorAll("details.account[open]").forEach((menu) => menu.contains(event.target) || menu.removeAttribute("open"));
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.account[open]");
  if (menu) {
    menu.removeAttribute("open");
    menu.querySelector("summary").focus();
  }
});

// The clock of a claim, in minutes and seconds.
const tick = () => {
  document.querySelectorAll(".timer[data-until]").forEach((timer) => {
    const left = Math.max(0, Math.round((Date.parse(timer.dataset.until) - Date.now()) / 1000));
    timer.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    timer.classList.toggle("late", left < 60);
  });
};
setInterval(tick, 1000);
tick();

// An invitation's link is chosen whole when touched.
document.addEventListener("focusin", (event) => event.target.matches?.("[data-copy]") && event.target.select());
