// Sign a shopper in by the OAuth code of the TypeScript SDK 1.x, then call tools. It writes one line of JSON for the
// address that a browser has to open, reads the code that came back there, and writes one line for each call.
//
//     node sign_in.mjs MODULES URL CALLBACK CALLS

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [modules, url, callback, calls] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { Client } = require("@modelcontextprotocol/sdk/client/index.js");
const { StreamableHTTPClientTransport } = require("@modelcontextprotocol/sdk/client/streamableHttp.js");
const { UnauthorizedError } = require("@modelcontextprotocol/sdk/client/auth.js");

const tell = (told) => process.stdout.write(`${JSON.stringify(told)}\n`);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

const kept = {};
const provider = {
  redirectUrl: callback,
  clientMetadata: {
    client_name: "TypeScript",
    redirect_uris: [callback],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  },
  state: () => "typescript",
  clientInformation: () => kept.client,
  saveClientInformation: (client) => { kept.client = client; },
  tokens: () => kept.tokens,
  saveTokens: (tokens) => { kept.tokens = tokens; },
  codeVerifier: () => kept.verifier,
  saveCodeVerifier: (verifier) => { kept.verifier = verifier; },
  redirectToAuthorization: (address) => tell({ open: address.href }),
};

async function connected() {
  const client = new Client({ name: "shopmcp-tests", version: "1.0.0" });
  const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: provider });
  await client.connect(transport);
  return { client, transport };
}

let { client, transport } = await connected();
for (const { name, arguments: given, chat } of JSON.parse(calls)) {
  const call = () => client.callTool({ name, arguments: given, _meta: { "vscode.conversationId": chat } });
  let result;
  try {
    result = await call();
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    await transport.finishAuth((await lines.next()).value);
    await client.close();
    ({ client, transport } = await connected());
    result = await call();
  }
  tell({ refused: Boolean(result.isError), text: result.content[0].text, structured: result.structuredContent });
}
await client.close();
process.exit(0);
