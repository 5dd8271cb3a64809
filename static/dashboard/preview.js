// Plays the host of a chat for one widget, as MCP Apps (2026-01-26) has it: handshake, the answer of a tool, the widget's
// own calls, links, the model's context, display modes and size.
"use strict";
(() => {
  const { tool, words, meta, chat, seconds } = JSON.parse(document.getElementById("host").textContent);
  const place = document.querySelector("[data-host]");
  const frame = place.querySelector("iframe");
  const told = document.querySelector("[data-told]");
  const looks = Object.fromEntries([...document.querySelectorAll("[data-look]")].map(each => [each.dataset.look, each]));
  const began = Date.now();
  let number = 0;
  let shown = false;

  const post = message => frame.contentWindow.postMessage({ jsonrpc: "2.0", ...message }, "*"); // its origin is opaque
  const notify = (method, params) => post({ method, params });
  const locale = () => looks.locale.value;
  const context = () => ({
    theme: looks.theme.value,
    locale: locale(),
    displayMode: place.dataset.mode ?? "inline",
    availableDisplayModes: ["inline", "fullscreen"],
    platform: looks.width.value === "phone" ? "mobile" : "web",
  });

  // A call of a tool: by the model, which the host names the conversation with, or by the widget, which it does not.
  async function call(name, given, by) {
    if (Date.now() - began > seconds * 1000) location.reload();
    const params = { name, arguments: given, _meta: { ...meta, ...by, "openai/locale": locale() } };
    const answer = await fetch("/mcp", {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25" },
      body: JSON.stringify({ jsonrpc: "2.0", id: ++number, method: "tools/call", params }),
    });
    const { result, error } = await answer.json();
    if (error) throw new Error(error.message);
    return result;
  }

  async function show() {
    const given = {};
    if (tool === "search_products" && words) given.query = words;
    if (tool === "get_product") {
      const found = words || (await call("search_products", { limit: 1 }, chat)).structuredContent?.products?.[0]?.product_id;
      given.product_id = found ?? "-";
    }
    notify("ui/notifications/tool-input", { arguments: given });
    notify("ui/notifications/tool-result", await call(tool, given, chat));
  }

  const answers = {
    "ui/initialize": () => ({
      protocolVersion: "2026-01-26",
      hostInfo: { name: "shopmcp preview", version: "1" },
      hostCapabilities: { openLinks: {}, serverTools: {}, updateModelContext: { text: {}, structuredContent: {} } },
      hostContext: context(),
    }),
    ping: () => ({}),
    "tools/call": params => call(params.name, params.arguments ?? {}, {}),
    "ui/open-link": params => {
      const url = new URL(params.url);
      if (url.protocol !== "https:" && url.protocol !== "http:") return { isError: true };
      open(url.href, "_blank", "noopener");
      return {};
    },
    "ui/update-model-context": params => {
      told.textContent = (params.content ?? []).map(block => block.text ?? "").join("\n");
      return {};
    },
    "ui/request-display-mode": params => {
      place.dataset.mode = params.mode === "fullscreen" ? "fullscreen" : "inline";
      notify("ui/notifications/host-context-changed", { displayMode: place.dataset.mode });
      return { mode: place.dataset.mode };
    },
  };

  addEventListener("message", async ({ source, data }) => {
    if (source !== frame.contentWindow || data?.jsonrpc !== "2.0" || data.method === undefined) return;
    const { id, method, params = {} } = data;
    if (method === "ui/notifications/initialized" && !shown) {
      shown = true;
      show().catch(error => notify("ui/notifications/tool-result", { content: [{ type: "text", text: error.message }], isError: true }));
    } else if (method === "ui/notifications/size-changed") frame.style.height = `${Math.min(20000, Math.max(0, Number(params.height) || 0))}px`;
    if (id === undefined) return;
    if (!Object.hasOwn(answers, method)) return post({ id, error: { code: -32601, message: "Method not found" } });
    try {
      post({ id, result: await answers[method](params) });
    } catch (error) {
      post({ id, error: { code: -32603, message: error.message } });
    }
  });

  for (const look of Object.values(looks))
    look.addEventListener("change", () => {
      place.dataset.width = looks.width.value;
      place.dataset.theme = looks.theme.value;
      notify("ui/notifications/host-context-changed", context());
    });

  if (matchMedia("(prefers-color-scheme: dark)").matches) looks.theme.value = "dark";
  if (innerWidth < 640) looks.width.value = "phone";
  place.dataset.width = looks.width.value;
  place.dataset.theme = looks.theme.value;
  told.textContent = told.dataset.none;
  // Only now: the widget speaks first.
  frame.src = frame.dataset.src;
})();
