"use strict";
// What the widgets share: the protocol of MCP Apps (2026-01-26) with the host, calls of tools, the cart as it was read
// last, and how a page tells its state. A page defines `page`: `name`, `modes`, `receive(data)`, `draw()` (what the page
// is to show now), `choose` (what needs no call, by its name) and `act(name, element)`.
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
let note = null; // what is told: { text, again, undo (the version that this would take back) }
let unsettled = null; // a change of which no answer came
let told = []; // the changes that the model does not know from its own calls
let texts = config.texts.en;

const post = message => parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
const notify = (what, params = {}) => post({ method: `ui/notifications/${what}`, params });

function ask(method, params) {
  return new Promise((resolve, reject) => {
    const id = ++lastId;
    const timer = setTimeout(() => { waiting.delete(id); reject(); }, 30000);
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
    if (said.error) asked.reject();
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
  waiting.clear();
}

// The host's theme, fonts, language, safe area and display mode; it sends what changed.
function adapt(changed) {
  Object.assign(host.context, changed);
  const { theme, styles, locale, safeAreaInsets: safe, displayMode } = host.context;
  if (theme) root.dataset.theme = theme;
  for (const [name, value] of Object.entries(styles?.variables ?? {}))
    root.style.setProperty(name, value ?? "");
  if (styles?.css?.fonts) document.getElementById("fonts").textContent = styles.css.fonts;
  main.style.padding = ["top", "right", "bottom", "left"].map(side => `${Math.max(12, safe?.[side] || 0)}px`).join(" ");
  root.dataset.mode = displayMode ?? "inline";
  const code = (locale ?? navigator.language).slice(0, 2).toLowerCase().replace("iw", "he");
  root.lang = code in config.texts ? code : "en";
  root.dir = root.lang === "he" ? "rtl" : "ltr";
  texts = config.texts[root.lang];
  if (main.dataset.state === "loading") main.replaceChildren(make("p.state", { role: "status" }, texts.loading));
  else draw();
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
const tell = (key, facts) => texts[key].replace(/%\((\w+)\)s/g, (_, name) => apart(facts[name]));
const plain = text => make("bdi", String(text));
const named = (text, name) => ({ "aria-label": `${text}: ${apart(name)}` });
const faint = (...children) => make("p.faint", ...children);
const button = (act, text, more, kind = "") => make(`button${kind}`, { type: "button", "data-act": act, ...more }, text);
const number = (act, value, name, min = 1, more) => make("input", { type: "number", min, max: 999, value, "data-change": act, ...named(texts.quantity, name), ...more });

function typed(field) {
  field.value = Math.min(999, Math.max(field.min, Math.round(field.value) || field.min));
  field.setAttribute("value", field.value);
  return Number(field.value);
}

const mayWrite = () => config.writes && host.can.serverTools;
const mayCall = () => host.can.serverTools && (cartId || config.shared);

// Our own copy of a product's picture. Its place is there from the start, and stays if it cannot be loaded.
function picture(product) {
  const image = make("img", { alt: "", loading: "lazy", decoding: "async", src: `${config.origin}/widgets/images/${encodeURIComponent(product)}` });
  image.addEventListener("error", () => image.remove());
  return make("span.picture", image);
}

// The shop's accent colour and logo, if it has them; the rest does not wait for it.
function dress(product) {
  if (document.getElementById("brand")) return;
  document.head.append(make("link", { id: "brand", rel: "stylesheet", href: `${config.origin}/widgets/${encodeURIComponent(product.split(":")[0])}.css` }));
}

// Only what differs is exchanged: what is pressed, typed, chosen or loaded meanwhile stays as it is.
function settle(place, children) {
  const shell = node => node.cloneNode().outerHTML ?? node.data;
  const shells = children.map(shell);
  for (const old of [...place.childNodes]) if (!shells.includes(shell(old))) old.remove();
  children.forEach((fresh, at) => {
    const old = place.childNodes[at];
    if (old && shell(old) === shells[at]) settle(old, [...fresh.childNodes]);
    else place.insertBefore(fresh, old ?? null);
  });
  while (place.childNodes.length > children.length) place.lastChild.remove();
}

function draw() {
  if (ended || main.dataset.state !== "ready") return;
  const disable = is => { for (const control of main.querySelectorAll("button, input, select")) control.disabled = is; };
  disable(false);
  settling = true;
  settle(main, page.draw());
  settling = false;
  disable(busy);
}
let settling = false; // a field that is taken away while somebody types says that it has changed

// What changes in it is read out.
const bar = () => make("div.note", { role: "status" },
  note && make("bdi", { "data-kind": note.kind ?? "" }, note.text), note?.again && button("again", texts.again), note?.undo && button("undo", texts.undo));

function modes() {
  const other = root.dataset.mode === "fullscreen" ? "inline" : "fullscreen";
  const offered = page.modes.includes(other) && host.context.availableDisplayModes?.includes(other);
  return offered && button("mode", texts[other], { "data-mode": other }, ".quiet");
}

function say(text, more) {
  note = text ? { text, ...more } : null;
  draw();
}

// One at a time: what is clicked meanwhile does nothing.
async function act(name, element) {
  if (busy || ended) return;
  if (page.choose[name]) {
    page.choose[name](element);
    return draw();
  }
  const key = element.dataset.key;
  const undone = note?.undo;
  busy = true;
  note = null;
  if (name !== "again") unsettled = null;
  draw();
  try {
    if (name === "again") await repeat();
    else if (name === "undo") await undo(undone);
    else if (name === "mode") adapt({ displayMode: (await ask("ui/request-display-mode", { mode: element.dataset.mode })).mode });
    else await page.act(name, element);
  } catch (error) {
    note = { text: texts.error, ...error, kind: "error" };
  }
  busy = false;
  draw();
  // A disabled control loses the focus. Somebody who writes elsewhere by now keeps it.
  if (document.hasFocus()) main.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

async function call(name, given) {
  if (!navigator.onLine) throw { text: texts.offline, again: true };
  let result;
  try {
    result = await ask("tools/call", { name, arguments: cartId ? { ...given, cart_id: cartId } : given });
  } catch {
    throw { text: texts.unanswered, again: true };
  }
  const data = result?.structuredContent;
  if (result?.isError || !data || data.error) throw { text: words(result), again: data?.error?.code === "uncertain" };
  cartId = data.cart_id ?? cartId;
  return data;
}

// A change of the cart. It carries an id, by which a repeated one changes nothing.
async function change(tool, given) {
  unsettled = { tool, given: { ...given, request_id: crypto.getRandomValues(new Uint32Array(4)).join("-") } };
  await repeat();
}

// Only that change: of one that came in between, the shopper has not been told.
async function undo(version) {
  const data = await call("view_cart", {});
  if (data.version === version) return change("undo_cart_change", {});
  see(data);
  note = { text: texts.elsewhere };
}

function see(data) {
  cart = data;
  readAt = Date.now();
}

async function repeat() {
  if (!unsettled) return reread(true);
  const { tool, given } = unsettled;
  const known = cart?.version;
  const hadCart = cartId;
  let data;
  try {
    data = await call(tool, given);
  } catch (error) {
    if (!error.again) unsettled = null;
    throw error;
  }
  unsettled = null;
  see(data);
  const elsewhere = data.version > known + 1;
  const said = [...(data.changes ?? []), ...(data.notices ?? []).map(notice => notice.text)];
  if (elsewhere) said.push(texts.elsewhere);
  const undo = data.changes?.length && tool !== "undo_cart_change" && tool !== "apply_coupon" && data.version;
  note = said.length ? { text: said.join("\n"), undo } : null;
  tellModel(data, !hadCart && cartId);
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
    if (busy || unsettled) return;
    return say(error.again && navigator.onLine ? texts.stale : error.text, { again: error.again, kind: "error" });
  }
  if (cart !== known) return; // a change came in between, and its answer is newer
  see(data);
  if (unsettled) return draw(); // the shopper still has to hear of it
  if (known && known.version !== data.version) note = { text: texts.elsewhere };
  else if (note?.kind === "error") note = null;
  page.reread?.();
  draw();
}

async function openLink(url) {
  const refused = () => ({ isError: true });
  const result = host.can.openLinks ? await ask("ui/open-link", { url }).catch(refused) : refused();
  // Where the host opens nothing, the shopper can still copy it.
  if (result?.isError) note = { text: url };
}

let last = ""; // what was clicked last
main.addEventListener("click", event => {
  const clicked = event.target.closest("button[data-act]");
  if (!clicked) return;
  const { act: name, key } = clicked.dataset;
  // The second click of a double click counts for steps alone, and not for what has come under it meanwhile.
  if (event.detail > 1 && (key !== last || !clicked.matches(".step"))) return;
  last = key;
  act(name, clicked);
});
main.addEventListener("change", ({ target }) => {
  if (target.dataset.change && !settling) act(target.dataset.change, target);
});
// A sandboxed frame sends no forms.
main.addEventListener("keydown", ({ key, target }) => {
  if (key === "Enter" && target.dataset.enter) act(target.dataset.enter, target);
});
addEventListener("focus", () => reread());
addEventListener("online", () => {
  if (note?.text === texts.offline && !unsettled) say("");
  reread(true);
});
addEventListener("offline", () => say(texts.offline, { kind: "error", again: true }));
document.addEventListener("visibilitychange", () => document.hidden || reread());

let height = 0;
const resized = new ResizeObserver(() => {
  const size = document.body.getBoundingClientRect();
  const needed = Math.ceil(size.height);
  if (needed !== height) notify("size-changed", { width: Math.ceil(size.width), height: (height = needed) });
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
  notify("initialized");
  resized.observe(document.body);
}
