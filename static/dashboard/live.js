// Pages update in place while somebody can see them and has not asked for a pause. What happens has to be seen within
// five seconds: a call is recorded within half a second, and asking every four leaves another half for the answer.
const EVERY = 4000;
const bar = document.querySelector("[data-updates]");
const said = bar.querySelector("[data-said]");
const button = bar.querySelector("[data-pause]");
let paused = false;
let lost = false;

// Whoever looks wants the clock on their own wall.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) document.cookie = `timezone=${zone}; path=/; max-age=31536000; samesite=lax`;

function say() {
  const state = paused ? "off" : lost ? "lost" : "on";
  bar.dataset.state = state;
  if (said.textContent !== said.dataset[state]) said.textContent = said.dataset[state];
  button.textContent = paused ? button.dataset.off : button.dataset.on;
}

function refresh() {
  if (!paused && (!document.hidden || document.querySelector("[data-badge]"))) htmx.trigger(document.getElementById("live"), "refresh");
}

button.addEventListener("click", () => { paused = !paused; say(); refresh(); });
document.addEventListener("visibilitychange", refresh);
// Half an answer, or a page about a fault, must not replace what is there.
document.addEventListener("htmx:before:swap", event => {
  const status = event.detail?.ctx?.response?.status ?? 200;
  if (status >= 400) event.preventDefault();
});
document.addEventListener("htmx:after:request", event => {
  lost = (event.detail?.ctx?.response?.status ?? 0) >= 400;
  say();
});
document.addEventListener("htmx:error", () => { lost = true; say(); });

document.addEventListener("keydown", event => {
  const search = document.querySelector("input[type=search]");
  if (event.key === "/" && search && !event.target.closest("input, textarea, select")) {
    event.preventDefault();
    search.focus();
  }
});

// A tab in the background shows how much is new.
const title = document.title;
function badge() {
  const fresh = Number(document.querySelector("[data-badge]")?.dataset.badge ?? 0);
  document.title = fresh ? `(${fresh}) ${title}` : title;
}
document.addEventListener("htmx:after:swap", badge);
badge();

if (document.querySelector("[data-live]")) {
  bar.hidden = false;
  say();
  setInterval(refresh, EVERY);
}
