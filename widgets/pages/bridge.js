"use strict";
// What the widgets share: the protocol of MCP Apps (2026-01-26) with the host, calls of tools, the cart as it was read
// last, and how a page tells its state. A page defines `page`: `name`, `modes`, `receive(data)`, `draw()`, `act(name,
// element)`.
const config = JSON.parse(document.getElementById("config").textContent);
const root = document.documentElement;
const main = document.getElementById("main");
const host = { can: {}, context: {} };
const waiting = new Map();
let lastId = 0;
let input = null; // the arguments that the host's call had
let cartId = null; // what finds this conversation's cart
let cart = null; // as it was read last
let readAt = 0;
let busy = false;
let ended = false;
let note = null; // what is told above all: { text, again, undo }
let unsettled = null; // a change of which no answer came
let told = []; // the changes that the model does not know from its own calls
let texts = config.texts.en;

const post = message => parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
const notify = (method, params = {}) => post({ method, params });

function ask(method, params, seconds = 30) {
  return new Promise((resolve, reject) => {
    const id = ++lastId;
    const timer = setTimeout(() => { waiting.delete(id); reject(new Error(method)); }, seconds * 1000);
    waiting.set(id, { resolve, reject, timer });
    post({ id, method, params });
  });
}

addEventListener("message", ({ source, data: said }) => {
  if (source !== parent || said?.jsonrpc !== "2.0") return;
  if (said.method === undefined) {
    const asked = waiting.get(said.id);
    if (!asked) return;
    waiting.delete(said.id);
    clearTimeout(asked.timer);
    if (said.error) asked.reject(new Error(String(said.error.message)));
    else asked.resolve(said.result);
  } else if (said.id !== undefined) {
    const known = said.method === "ping" || said.method === "ui/resource-teardown";
    post(known ? { id: said.id, result: {} } : { id: said.id, error: { code: -32601, message: "Method not found" } });
    if (said.method === "ui/resource-teardown") end();
  } else hear(said.method.replace("ui/notifications/", ""), said.params ?? {});
});

function hear(what, params) {
  if (ended) return;
  if (what === "tool-input") {
    input = params.arguments ?? {};
    cartId ??= input.cart_id ?? null;
  } else if (what === "tool-result") receive(params);
  else if (what === "tool-cancelled") fail(texts.error);
  else if (what === "host-context-changed") adapt(params);
}

function receive(result) {
  const data = result.structuredContent;
  if (result.isError || !data || data.error) return fail(words(result));
  cartId = data.cart_id ?? cartId;
  main.dataset.state = "ready";
  page.receive(data);
  draw();
  reread(true);
}

const words = result => result?.structuredContent?.error?.message ?? result?.content?.[0]?.text ?? texts.error;

function fail(text) {
  if (main.dataset.state !== "loading") return say(text);
  main.dataset.state = "error";
  main.replaceChildren(make("p.state", { role: "alert" }, text));
}

function end() {
  ended = true;
  resized.disconnect();
  for (const { timer } of waiting.values()) clearTimeout(timer);
  waiting.clear();
}

// The host's theme, fonts, language, safe area and display mode; it sends what changed.
function adapt(changed) {
  Object.assign(host.context, changed);
  const { theme, styles, locale, safeAreaInsets: safe, displayMode } = host.context;
  if (theme) root.dataset.theme = theme;
  for (const [name, value] of Object.entries(styles?.variables ?? {}))
    if (name.startsWith("--")) root.style.setProperty(name, value ?? "");
  if (styles?.css?.fonts) document.getElementById("fonts").textContent = styles.css.fonts;
  for (const side of ["top", "right", "bottom", "left"]) root.style.setProperty(`--safe-${side}`, `${safe?.[side] || 0}px`);
  root.dataset.mode = displayMode ?? "inline";
  const code = (locale ?? navigator.language ?? "en").slice(0, 2).toLowerCase().replace("iw", "he");
  root.lang = code in config.texts ? code : "en";
  root.dir = root.lang === "he" ? "rtl" : "ltr";
  texts = config.texts[root.lang];
  if (main.dataset.state === "loading") main.replaceChildren(make("p.state", { role: "status" }, texts.loading));
  else if (main.dataset.state === "ready") draw();
}

// An element: `tag.class`, attributes if there are any, children. Text becomes text, never HTML.
function make(kind, ...children) {
  const [tag, ...classes] = kind.split(".");
  const made = document.createElement(tag);
  if (classes.length) made.className = classes.join(" ");
  const given = children[0]?.constructor === Object ? children.shift() : {};
  // What is used is found again after the page was drawn anew.
  const use = given["data-act"] ?? given["data-change"];
  if (use) given["data-key"] = `${use} ${given["data-product"] ?? given["data-option"] ?? ""}`;
  for (const [name, value] of Object.entries(given)) made.setAttribute(name, value);
  made.append(...children.filter(child => child || child === 0));
  return made;
}

// A name or an amount in a text keeps its own direction.
const apart = text => `\u2068${text}\u2069`;
const tell = (key, facts = {}) => texts[key].replace(/%\((\w+)\)s/g, (_, name) => apart(facts[name]));
const plain = text => make("bdi", String(text));
const named = (text, name) => ({ "aria-label": `${text}: ${apart(name)}` });
const faint = (...children) => make("p.faint", ...children);
const button = (act, text, more = {}, kind = "") => make(`button${kind}`, { type: "button", "data-act": act, ...more }, text);
const number = (act, value, name, min = 1, more = {}) => make("input", { type: "number", min, max: 999, value, "data-change": act, ...named(texts.quantity, name), ...more });
const whole = ({ value, min }) => Math.min(999, Math.max(min, Math.round(value) || min));
const mayWrite = () => config.writes && Boolean(host.can.serverTools);
const mayCall = () => Boolean(host.can.serverTools) && (cartId !== null || config.shared);

// Our own copy of a product's picture. Its place is there from the start, and stays if it cannot be loaded.
function picture(product) {
  const image = make("img", { alt: "", loading: "lazy", decoding: "async", src: `${config.origin}/widgets/images/${encodeURIComponent(product)}` });
  image.addEventListener("error", () => image.remove());
  return make("span.picture", image);
}

// The shop's accent colour and logo, if it has them; the rest does not wait for it.
function dress(product) {
  const slug = encodeURIComponent(product.split(":")[0]);
  if (!document.getElementById("brand")) document.head.append(make("link", { id: "brand", rel: "stylesheet", href: `${config.origin}/widgets/${slug}.css` }));
}

function draw(keepsTyped = false) {
  if (ended || main.dataset.state !== "ready") return;
  const { activeElement: at } = document;
  const focused = at?.dataset?.key ?? kept;
  page.draw();
  bar.dataset.kind = note?.kind ?? "";
  bar.replaceChildren(...[note && plain(note.text), note?.again && button("again", texts.again), note?.undo && button("undo", texts.undo)].filter(Boolean));
  for (const control of main.querySelectorAll("button, input, select")) control.disabled ||= busy;
  const again = focused && [...main.querySelectorAll("[data-key]")].find(each => each.dataset.key === focused);
  if (!again || again.disabled) return;
  if (keepsTyped && at.dataset?.key === focused && again.localName === "input") again.value = at.value;
  again.focus({ preventScroll: true });
}
let kept = null; // the control that was used last: a disabled one loses the focus

// One element for good: what changes in it is read out.
const bar = make("div.note", { role: "status" });

function modes() {
  const other = root.dataset.mode === "fullscreen" ? "inline" : "fullscreen";
  const offered = page.modes.includes(other) && host.context.availableDisplayModes?.includes(other);
  return offered && button("mode", texts[other], { "data-mode": other }, ".quiet");
}

function say(text, more = {}) {
  note = text ? { text, ...more } : null;
  draw();
}

// One at a time: what is clicked meanwhile does nothing.
async function act(name, element) {
  if (busy || ended) return;
  busy = true;
  kept = element.dataset.key ?? null;
  note = null;
  draw();
  try {
    if (name === "again") await repeat();
    else if (name === "undo") await change("undo_cart_change", {});
    else if (name === "mode") adapt({ displayMode: (await ask("ui/request-display-mode", { mode: element.dataset.mode })).mode });
    else await page.act(name, element);
  } catch (error) {
    note = { text: error.message, again: error.again, kind: "error" };
  }
  busy = false;
  draw();
}

async function call(name, given) {
  const problem = (text, again) => ({ message: text, again });
  if (!navigator.onLine) throw problem(texts.offline, true);
  let result;
  try {
    result = await ask("tools/call", { name, arguments: cartId ? { ...given, cart_id: cartId } : given });
  } catch {
    throw problem(texts.unanswered, true);
  }
  const data = result?.structuredContent;
  if (result?.isError || !data || data.error) throw problem(words(result), data?.error?.code === "uncertain");
  cartId = data.cart_id ?? cartId;
  return data;
}

// A change of the cart. It carries an id, by which a repeated one changes nothing.
async function change(tool, given) {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  unsettled = { tool, given: { ...given, request_id: Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join("") } };
  await repeat();
}

async function repeat() {
  if (!unsettled) return reread(true);
  const { tool, given } = unsettled;
  const known = cart?.version;
  const hadCart = cartId !== null;
  let data;
  try {
    data = await call(tool, given);
  } catch (error) {
    if (!error.again) unsettled = null;
    throw error;
  }
  unsettled = null;
  cart = data;
  readAt = Date.now();
  const elsewhere = known !== undefined && data.version > known + 1;
  const said = [...(data.changes ?? []), ...(data.notices ?? []).map(notice => notice.text)];
  if (elsewhere) said.push(texts.elsewhere);
  const undo = Boolean(data.changes?.length) && tool !== "undo_cart_change" && tool !== "apply_coupon";
  note = said.length ? { text: said.join("\n"), undo } : null;
  tellModel(data, !hadCart && cartId !== null);
}

// One line, which takes the place of the one before.
function tellModel(data, isNew) {
  told = [...told, ...(data.changes ?? [])].slice(-5);
  if (!host.can.updateModelContext || !(told.length || isNew)) return;
  const state = { version: data.version, item_count: data.item_count, total: data.total.amount };
  let text = `The shopper changed the cart by clicking: ${told.join("; ")}. It is at version ${data.version} now: ${data.item_count} items, ${data.total.formatted}.`;
  if (cartId?.startsWith("cart_")) {
    text += ` Pass cart_id ${cartId} with every later cart call.`;
    state.cart_id = cartId;
  }
  ask("ui/update-model-context", { content: [{ type: "text", text }], structuredContent: state }).catch(() => {});
}

// Read the cart again, and say if it changed elsewhere: an earlier message shows what was true then.
async function reread(always = false) {
  if (ended || !mayCall() || main.dataset.state !== "ready" || (!always && (busy || Date.now() - readAt < 1500))) return;
  readAt = Date.now();
  const known = cart;
  let data;
  try {
    data = await call("view_cart", {});
  } catch (error) {
    if (error.again && !busy) say(navigator.onLine ? texts.stale : texts.offline, { again: true, kind: "error" });
    return;
  }
  if (cart !== known) return; // a change came in between, and its answer is newer
  const isNew = JSON.stringify(data.lines) !== JSON.stringify(known?.lines);
  cart = data;
  if (known && known.version !== data.version) note = { text: texts.elsewhere };
  else if (note?.kind === "error") note = null;
  else if (!isNew && page.name !== "cart") return;
  page.reread?.();
  draw(true);
}

async function openLink(url) {
  const result = host.can.openLinks ? await ask("ui/open-link", { url }) : { isError: true };
  // Where the host opens nothing, the shopper can still copy it.
  if (result?.isError) note = { text: url };
}

main.addEventListener("click", event => {
  const clicked = event.target.closest("button[data-act]");
  if (clicked) act(clicked.dataset.act, clicked);
});
main.addEventListener("change", event => {
  if (event.target.dataset.change) act(event.target.dataset.change, event.target);
});
// A sandboxed frame sends no forms.
main.addEventListener("keydown", event => {
  if (event.key === "Enter" && event.target.dataset.enter) act(event.target.dataset.enter, event.target);
});
addEventListener("focus", () => reread());
addEventListener("online", () => reread());
addEventListener("offline", () => say(texts.offline, { kind: "error", again: true }));
document.addEventListener("visibilitychange", () => document.hidden || reread());

let height = 0;
const resized = new ResizeObserver(() => {
  const size = document.body.getBoundingClientRect();
  const needed = Math.ceil(size.height);
  if (needed !== height) notify("ui/notifications/size-changed", { width: Math.ceil(size.width), height: (height = needed) });
});

async function connect() {
  adapt({});
  const found = await ask("ui/initialize", {
    appInfo: { name: `shopmcp-${page.name}`, version: "1" },
    appCapabilities: { availableDisplayModes: page.modes },
    protocolVersion: "2026-01-26",
  });
  host.can = found.hostCapabilities ?? {};
  adapt(found.hostContext ?? {});
  notify("ui/notifications/initialized");
  resized.observe(document.body);
}
