// A page that plays the host of a chat, with the official bridge. Tests drive it by `host`.
const host = {
  calls: [], opened: [], contexts: [], modes: [], heights: [], held: [],
  hold: false, // calls wait until `release()`
  lose: false, // calls are made, and their answers are lost
  refuse: false, // the host makes no call
  deny: false, // the host opens nothing

  async show({ html, csp, server, meta, result, input, context, capabilities, width }) {
    Object.assign(host, { calls: [], opened: [], contexts: [], modes: [], heights: [], held: [], hold: false, lose: false, refuse: false, deny: false });
    document.body.replaceChildren();
    const frame = document.createElement("iframe");
    frame.sandbox = "allow-scripts";
    frame.style = `border: 0; display: block; width: ${width}px; height: 500px`;
    document.body.append(frame);
    const bridge = new Bridge.AppBridge(null, { name: "test host", version: "1" }, capabilities, { hostContext: context });
    host.frame = frame;
    host.bridge = bridge;
    host.call = async (name, given) => {
      const params = { name, arguments: given, _meta: meta };
      const headers = { "Content-Type": "application/json", Accept: "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18" };
      const answer = await fetch(`${server}/mcp`, { method: "POST", headers, body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }) });
      return (await answer.json()).result;
    };
    bridge.oncalltool = async ({ name, arguments: given }) => {
      host.calls.push([name, given]);
      if (host.refuse) throw new Error("the host makes no call");
      if (host.hold) await new Promise(done => host.held.push(done));
      const answer = await host.call(name, given);
      if (host.lose) throw new Error("lost");
      return answer;
    };
    bridge.onopenlink = async ({ url }) => { host.mayOpen(); host.opened.push(url); return {}; };
    bridge.onupdatemodelcontext = async told => { host.contexts.push(told); return {}; };
    bridge.onrequestdisplaymode = async ({ mode }) => { host.mayOpen(); host.modes.push(mode); return { mode }; };
    bridge.onsizechange = ({ height }) => { host.heights.push(height); frame.style.height = `${height}px`; };
    const ready = new Promise(done => { bridge.oninitialized = done; });
    frame.srcdoc = html.replace("<head>", `<head><meta http-equiv="Content-Security-Policy" content="${csp}">`);
    await bridge.connect(new Bridge.PostMessageTransport(frame.contentWindow, frame.contentWindow));
    await ready;
    if (input) await bridge.sendToolInput({ arguments: input });
    if (result) await bridge.sendToolResult(result);
  },
  mayOpen() {
    if (host.deny) throw new Error("denied");
  },
  release() {
    host.hold = false;
    host.held.splice(0).forEach(done => done());
  },
  adapt: context => host.bridge.setHostContext({ ...host.bridge._hostContext, ...context }),
  teardown: () => host.bridge.teardownResource({}),
};
