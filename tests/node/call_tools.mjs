// Call tools as a client of the TypeScript SDK 1.x does, which validates every structured answer against the tool's
// output schema, refusals too. The calls come as JSON on standard input, their outcomes leave on standard output.
//
//     node call_tools.mjs MODULES URL

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const [modules, url] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { Client } = require("@modelcontextprotocol/sdk/client/index.js");
const { StreamableHTTPClientTransport } = require("@modelcontextprotocol/sdk/client/streamableHttp.js");

const client = new Client({ name: "shopmcp-tests", version: "1.0.0" });
await client.connect(new StreamableHTTPClientTransport(new URL(url)));
await client.listTools(); // from here on the client knows the output schemas

const outcomes = [];
for (const { name, arguments: given } of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    const result = await client.callTool({ name, arguments: given, _meta: { "openai/session": "typescript" } });
    outcomes.push({ refused: Boolean(result.isError), structured: result.structuredContent });
  } catch (error) {
    outcomes.push({ thrown: String(error) });
  }
}
await client.close();
process.stdout.write(JSON.stringify(outcomes));
