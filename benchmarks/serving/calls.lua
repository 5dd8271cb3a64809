-- Calls of tools over many conversations, for wrk. The environment says which:
--   BENCH_TOOL           a tool, or `mixed`: searches, changes and looks at carts
--   BENCH_REVISION       of the protocol
--   BENCH_CONVERSATIONS  how many there are
--   BENCH_PRODUCTS, BENCH_QUERIES  lists with a line for each
-- The last line of the output is the result, as JSON.

local function lines(name)
  local found = {}
  for line in string.gmatch(os.getenv(name), "[^\n]+") do found[#found + 1] = line end
  return found
end

local tool, revision = os.getenv("BENCH_TOOL"), os.getenv("BENCH_REVISION")
local conversations = tonumber(os.getenv("BENCH_CONVERSATIONS"))
local products, queries = lines("BENCH_PRODUCTS"), lines("BENCH_QUERIES")
local is_modern = revision >= "2026"
local number = 0
refused = 0 -- global, so that `done` can read it
local workers = {}

function setup(worker)
  workers[#workers + 1] = worker
  worker:set("place", #workers)
end

function init()
  math.randomseed(7 * place)
end

local function arguments_of(name)
  if name == "add_to_cart" then
    return string.format('{"product_id":"%s"}', products[math.random(#products)])
  elseif name == "search_products" then
    return string.format('{"query":"%s"}', queries[math.random(#queries)])
  end
  return "{}"
end

local function tool_of(turn)
  if tool ~= "mixed" then return tool end
  return ({"search_products", "search_products", "add_to_cart", "add_to_cart", "view_cart"})[turn % 5 + 1]
end

function request()
  number = number + 1
  local name = tool_of(number)
  local headers = {
    ["Content-Type"] = "application/json",
    ["Accept"] = "application/json, text/event-stream",
    ["MCP-Protocol-Version"] = revision,
  }
  local meta = string.format('"openai/session":"bench-%d"', math.random(conversations))
  if is_modern then
    headers["Mcp-Method"], headers["Mcp-Name"] = "tools/call", name
    meta = meta .. string.format(
      ',"io.modelcontextprotocol/protocolVersion":"%s","io.modelcontextprotocol/clientCapabilities":{}', revision)
  end
  local params = string.format('{"name":"%s","arguments":%s,"_meta":{%s}}', name, arguments_of(name), meta)
  local body = string.format('{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":%s}', number, params)
  return wrk.format("POST", "/mcp", headers, body)
end

function response(status, headers, body)
  if status ~= 200 or string.find(body, '"isError":true', 1, true) then refused = refused + 1 end
end

function done(summary, latency)
  local bad = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  for _, worker in ipairs(workers) do bad = bad + worker:get("refused") end
  io.write(string.format(
    '{"calls":%d,"seconds":%.3f,"p50":%.3f,"p99":%.3f,"failed":%d}\n', summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, bad))
end
