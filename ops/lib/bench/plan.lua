-- One kind of request for wrk, as a plan (a Lua table in the file of the first argument) says:
--   method, path, headers, body; texts may hold {{value}}, a random line of the file `values`, and
--   {{unique}}, sixteen characters that no other request of the run has.
-- Requests are rendered before the clock starts, so that the client's own work is small and the same for all.

local threads = 0

function setup(thread)
  thread:set("thread_number", threads)
  threads = threads + 1
end

local function read_lines(name)
  local lines = {}
  for line in io.lines(name) do lines[#lines + 1] = line end
  return lines
end

local function split(text, marker)
  local pieces, from = {}, 1
  while true do
    local first, last = text:find(marker, from, true)
    if not first then break end
    pieces[#pieces + 1] = text:sub(from, first - 1)
    from = last + 1
  end
  pieces[#pieces + 1] = text:sub(from)
  return pieces
end

function init(args)
  local plan = dofile(args[1])
  local number = wrk.thread:get("thread_number")
  math.randomseed(plan.seed * 64 + number)
  local values = plan.values and read_lines(plan.values) or {}
  local placeholder = "UNIQUE-PLACEHOLD" -- as long as what replaces it

  local function render(value)
    local function fill(text)
      if not text then return nil end
      text = text:gsub("{{value}}", function() return value end)
      return (text:gsub("{{unique}}", placeholder))
    end
    return wrk.format(plan.method, fill(plan.path), plan.headers, fill(plan.body))
  end

  local ready = {}
  for _ = 1, (#values > 0 and plan.rendered or 1) do
    ready[#ready + 1] = render(#values > 0 and values[math.random(#values)] or "")
  end

  local pieces = split(ready[1], placeholder)
  if #pieces > 1 then
    local count = 0
    function request()
      count = count + 1
      return table.concat(pieces, string.format("%s%02x%08x", plan.salt, number, count))
    end
  elseif #ready > 1 then
    local at = 0
    function request()
      at = at % #ready + 1
      return ready[at]
    end
  else
    wrk.method, wrk.path, wrk.body = plan.method, plan.path, plan.body
    for name, value in pairs(plan.headers) do wrk.headers[name] = value end
  end
end

-- Times are microseconds.
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests": %d, "duration": %d, "bytes": %d, "mean": %.1f, "p50": %d, "p90": %d, "p99": %d, "max": %d, ' ..
      '"refused": %d, "broken": %d, "timeouts": %d}\n',
    summary.requests, summary.duration, summary.bytes, latency.mean, latency:percentile(50), latency:percentile(90),
    latency:percentile(99), latency.max, errors.status, errors.connect + errors.read + errors.write, errors.timeout))
end
